package projections

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"slices"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// LogPosition writes a position in the record as the public schema does: a decimal number.
func LogPosition(at uint64) string { return strconv.FormatUint(at, 10) }

// Revision gives the last revision of a stream at the moment's position, -1 where it has none.
func (v *View) Revision(streamName string) int64 {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return v.model.streams[streamName].revision(v.moment.At)
}

// Event gives the event at a position; false beyond the moment's.
func (v *View) Event(at uint64) (EventRef, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if at == 0 || at > v.moment.At || at > uint64(len(v.model.events)) {
		return EventRef{}, false
	}
	return v.model.event(at), true
}

func (m *Model) event(at uint64) EventRef {
	e := &m.events[at-1]
	ref := EventRef{
		Provenance: Provenance{At: at, RecordedAt: time.UnixMicro(e.recordedAt).UTC(), RecordedBy: e.recordedBy},
		Stream:     e.stream.name, Revision: e.revision, Type: e.typ,
	}
	if at > 1 {
		ref.Before = m.events[at-2].offset
	}
	return ref
}

func (f *EventFilter) holds(e *eventEntry) bool {
	return strings.HasPrefix(e.stream.name, f.StreamPrefix) &&
		(f.Types == nil || slices.Contains(f.Types, e.typ)) &&
		(f.RecordedBy == "" || e.recordedBy == f.RecordedBy)
}

// Events gives the events up to the moment's position, oldest first; their key is their position.
func (v *View) Events(f EventFilter, page Page[uint64]) Slice[EventRef] {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	holds := func(at uint64) bool { return f.holds(&v.model.events[at-1]) }
	newest := min(v.moment.At, uint64(len(v.model.events)))
	from := uint64(0)
	if page.After != nil {
		from = *page.After
	}
	s := Slice[EventRef]{Items: []EventRef{}, HasPrevious: from > 0}
	for at := from + 1; at <= newest; at++ {
		if !holds(at) {
			continue
		}
		if len(s.Items) == page.First {
			s.HasNext = true
			break
		}
		s.Items = append(s.Items, v.model.event(at))
	}
	s.Total = func() int {
		if f.StreamPrefix == "" && f.Types == nil && f.RecordedBy == "" {
			return int(newest)
		}
		v.model.mu.RLock()
		defer v.model.mu.RUnlock()
		n := 0
		for at := uint64(1); at <= newest; at++ {
			if holds(at) {
				n++
			}
		}
		return n
	}
	return s
}

// History gives every event that touched a proposal, oldest first: its submissions, ends, endorsements and votes, and the
// positions on it.
func (v *View) History(slug string, page Page[uint64]) Slice[EventRef] {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	var touched []uint64
	if t := v.target(domain.OnProposal(slug)); t != nil {
		touched = t.touched[:sort.Search(len(t.touched), func(i int) bool { return t.touched[i] > v.moment.At })]
	}
	s := sliceOf(touched, page, func(at uint64) uint64 { return at }, func(at, after uint64) bool { return at > after })
	refs := Slice[EventRef]{Items: make([]EventRef, len(s.Items)), Total: s.Total, HasNext: s.HasNext, HasPrevious: s.HasPrevious}
	for i, at := range s.Items {
		refs.Items[i] = v.model.event(at)
	}
	return refs
}

// OffsetAt gives the place in the log behind the event at a position; that of 0 lies before the first event.
func (m *Model) OffsetAt(at uint64) eventlog.Offset {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if at == 0 || at > uint64(len(m.events)) {
		return eventlog.Offset{}
	}
	return m.events[at-1].offset
}
