package projections

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// A snapshot is a cache of the read model: a program that finds one reads of the record only what was recorded since. It holds what
// the record's events have come to, as tables (snapshot_fields.go, snapshot_world.go, snapshot_said.go) in frames (snapshot_frames.go).
// What follows from these is not in it and is made anew (snapshot_load.go): lists by actor, target and proposal, maps, words, figures.
//
// It is never more than a cache. Its bytes are a function of the program and of the record up to its position, so that whoever replays
// the record can compare them; nothing of it is believed before its SHA-256 was compared; and it bears a Seal, by which whoever has the
// log judges whether it is one of this program and of this record.

// Seal says what a snapshot is a snapshot of.
type Seal struct {
	// Program is the program that wrote it. Another one may have other tables, or other rules.
	Program [32]byte
	// At is the position in the record.
	At uint64
	// Marks are events of the record, by position, the one at At among them, by which to know it again.
	Marks []Mark
}

// Mark is an event of the record.
type Mark struct {
	At            uint64
	Before, Place eventlog.Offset // The place in the log of the event before it, and its own.
	Leaf          [32]byte        // The hash of its leaf.
}

// tables are what has a place in a snapshot, by which it is named there.
type tables struct {
	model  *Model
	at     uint64 // The position of the snapshot.
	states int    // How many there are.

	// While writing.
	place       []uint32 // By position in the record: of the position, the submission, the act or the vote's first ballot recorded there.
	targetPlace map[*target]int

	// While reading.
	actors      []actor // States before groups.
	targets     []target
	positions   []position
	submissions []submission
	acts        []act // Ballots behind the others.
	votes       []vote
	streams     []stream
}

// sizes are how long the tables are, so that whoever reads can make them first.
type sizes struct {
	events, streams, keys, groups, targets, positions, submissions, acts, ballots, votes, listed, acted int
}

// Snapshot is the model as of a position, to be written while the model goes on.
type Snapshot struct {
	tables
	size        sizes
	events      []eventEntry
	keyed       []keyed
	groups      []*group
	targets     []*target // By key.
	submissions []*submission
	votes       []*vote
	positions   []*position
	acts        []*act // Without ballots.
	streams     []*stream
}

// Snapshot fixes the newest position, and gives the model as of there.
func (m *Model) Snapshot() *Snapshot {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := &Snapshot{
		tables: tables{model: m, at: uint64(len(m.events)), states: len(m.states), targetPlace: map[*target]int{}},
		events: slices.Clip(m.events), keyed: slices.Clip(m.keyed), groups: slices.Clip(m.groups), targets: slices.Clone(m.ordered),
		size: sizes{listed: m.positions.Len(), acted: m.endorsements.Len()},
	}
	for i, t := range s.targets {
		s.targetPlace[t] = i
		if t.proposal != nil {
			s.votes = append(s.votes, t.proposal.votes...)
			s.submissions = append(s.submissions, t.proposal.submissions...)
		}
	}
	return s
}

// At gives the position of the snapshot.
func (s *Snapshot) At() uint64 { return s.at }

// number gives everything that others name its place. What it looks at never changes.
func (s *Snapshot) number() {
	slices.SortFunc(s.votes, func(a, b *vote) int { return cmp.Compare(a.At, b.At) })
	slices.SortFunc(s.submissions, func(a, b *submission) int { return cmp.Compare(a.At, b.At) })
	s.place = make([]uint32, s.at+1)
	for i := range s.events {
		e, at := &s.events[i], uint64(i)+1
		if e.revision == 0 {
			s.streams = append(s.streams, e.stream)
		}
		if e.position != nil && e.position.At == at {
			s.place[at] = uint32(len(s.positions))
			s.positions = append(s.positions, e.position)
		}
		if e.act != nil && e.act.At == at {
			s.place[at] = uint32(len(s.acts))
			s.acts = append(s.acts, e.act)
		}
	}
	ballots := 0
	for _, v := range s.votes {
		s.place[v.At] = uint32(len(s.acts) + ballots)
		ballots += len(v.ballots)
	}
	for i, r := range s.submissions {
		s.place[r.At] = uint32(i)
	}
	s.size = sizes{
		events: len(s.events), streams: len(s.streams), keys: len(s.keyed), groups: len(s.groups), targets: len(s.targets),
		positions: len(s.positions), submissions: len(s.submissions), acts: len(s.acts), ballots: ballots, votes: len(s.votes),
		listed: s.size.listed, acted: s.size.acted,
	}
}

// The kinds of frames. The first three come first; of the others there are as many as it takes.
const (
	frameSeal uint8 = iota + 1
	frameIndex
	frameWorld
	frameEvents
	frameKeys
	framePositions
	frameActs
	frameVotes
	frameListed
	frameActed
	frameEvidence
	frameEnd
)

// How many things, and entries of cells, go into a frame. For each the model is held: about a millisecond.
const (
	inFrame      = 1024
	votesInFrame = 16
)

// Write writes the snapshot. What is recorded meanwhile is no part of it; the model is held for a frame at a time, so that it takes in
// events and answers almost as if nothing were. A snapshot is written once. The error is the writer's.
func (s *Snapshot) Write(w io.Writer, seal Seal) error {
	if seal.At != s.at {
		return fmt.Errorf("the seal of position %d on a snapshot of position %d", seal.At, s.at)
	}
	s.number()
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := newFrames(buffered)
	f := &fields{tables: &s.tables, places: map[string]uint64{}}
	frame := func(kind uint8, each func()) {
		if out.err == nil {
			s.model.mu.RLock()
			each()
			s.model.mu.RUnlock()
			out.write(kind, f.block())
		}
	}
	// A table goes into frames that say how many of it stand in those before.
	table := func(kind uint8, length, size int, each func(i int)) {
		for first := 0; first < length; first += size {
			frame(kind, func() {
				f.append(uint64(first))
				for i := first; i < min(first+size, length); i++ {
					each(i)
				}
			})
		}
	}
	frame(frameSeal, func() {
		f.seal(&seal)
		f.sizes(&s.size)
		num(f, &s.states)
	})
	frame(frameIndex, func() { s.index(f) })
	frame(frameWorld, func() { s.world(f) })
	before := new(eventEntry)
	table(frameEvents, s.size.events, inFrame, func(i int) {
		if i%inFrame == 0 {
			before = new(eventEntry)
		}
		f.event(&s.events[i], before)
		before = &s.events[i]
	})
	table(frameKeys, s.size.keys, inFrame, func(i int) { f.keyedItem(&s.keyed[i]) })
	table(framePositions, s.size.positions, inFrame, func(i int) { f.positionItem(s.positions[i]) })
	table(frameActs, s.size.acts, inFrame, func(i int) { f.actItem(s.acts[i]) })
	table(frameVotes, s.size.votes, votesInFrame, func(i int) { f.voteItem(s.votes[i]) })
	listed(s, &s.model.positions, func(each func()) { frame(frameListed, each) }, f, f.positionEntry)
	listed(s, &s.model.endorsements, func(each func()) { frame(frameActed, each) }, f, f.actEntry)
	s.evidence(f, out, func(each func()) { frame(frameEvidence, each) })
	if err := out.end(); err != nil {
		return err
	}
	return buffered.Flush()
}

// index has where in the record everything was recorded that has a place.
func (s *Snapshot) index(f *fields) {
	var ats []uint64
	rising := func() {
		f.rising(&ats)
		ats = ats[:0]
	}
	for _, p := range s.positions {
		ats = append(ats, p.At)
	}
	rising()
	for _, a := range s.acts {
		ats = append(ats, a.At)
	}
	rising()
	for _, r := range s.submissions {
		ats = append(ats, r.At)
	}
	rising()
	for _, v := range s.votes {
		ats = append(ats, v.At)
	}
	rising()
	for _, v := range s.votes {
		f.append(uint64(len(v.ballots)))
	}
	for _, t := range s.streams {
		f.str(&t.name)
	}
}

// world has all that there is little of. What was recorded beyond the snapshot's position is left out.
func (s *Snapshot) world(f *fields) {
	m := s.model
	for i, state := range m.states[:s.states] {
		f.stateItem(state, i)
	}
	for i, g := range s.groups {
		f.groupItem(g, i)
	}
	var sessions []*Session
	for _, known := range m.sessions {
		if known.At <= s.at {
			sessions = append(sessions, known)
		}
	}
	list(f, &sessions, func(known **Session) { f.session(*known) })
	var elements []*element
	for _, key := range slices.Sorted(maps.Keys(m.elements)) {
		if e := m.elements[key]; e.at <= s.at {
			elements = append(elements, e)
		}
	}
	list(f, &elements, func(e **element) { f.element(*e) })
	for _, t := range s.targets {
		f.targetItem(t)
	}
	for _, t := range s.targets {
		if t.proposal != nil {
			f.proposalItem(t.proposal)
		}
	}
	f.rising(&m.everywhere)
}

// listed writes a list in frames. Where one ends is told by a place in the list's order, since the list grows at any place meanwhile.
func listed[T any](s *Snapshot, c *bitemporal.Cell[T], frame func(func()), f *fields, each func(e *bitemporal.Entry[T], day int32)) {
	after, first, more := bitemporal.Before, 0, true
	for more {
		more = false
		frame(func() {
			f.append(uint64(first))
			n, day := 0, int32(0)
			for e := range c.After(after) {
				if e.Since > s.at {
					continue
				}
				if n >= inFrame && e.Order != after {
					more = true
					break
				}
				each(&e, day)
				n, day, after = n+1, e.Day, e.Order
			}
			first += n
		})
	}
}

// evidence writes what stands in the cells of targets.
func (s *Snapshot) evidence(f *fields, out *frames, frame func(func())) {
	for _, t := range s.targets {
		next, end := 0, s.states+len(s.groups)
		for next < end && out.err == nil {
			frame(func() {
				for n := 0; next < end && n < inFrame; next++ {
					e := t.evidence[s.actorAt(next)]
					if e == nil || !begun(&e.positions, s.at) && !begun(&e.declared, s.at) {
						continue
					}
					n += f.evidenceItem(e, &t)
				}
			})
		}
	}
}

// actorAt gives the code of the actor with a place.
func (s *Snapshot) actorAt(place int) string {
	if place < s.states {
		return s.model.states[place].Code
	}
	return s.groups[place-s.states].Code
}

// begun says whether a cell has an entry from a position.
func begun[T any](c *bitemporal.Cell[T], at uint64) bool {
	for e := range c.After(bitemporal.Before) {
		if e.Since <= at {
			return true
		}
	}
	return false
}
