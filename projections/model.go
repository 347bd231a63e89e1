package projections

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/roster"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// Model is the read model of one record. Create it with New; feed it with Apply; read it through a View.
type Model struct {
	// mu guards everything below it: Apply holds it to write, each method of a View to read.
	mu sync.RWMutex

	// The log as such. Index 0 of events is the event at position 1.
	events  []eventEntry
	newest  []int64 // For each event the largest recordedAt so far, in microseconds: RULES, section 1.
	streams map[string]*stream
	keys    map[subjectKey]*KeyUse
	keyed   []keyed // The same, by order of recording.

	// Who speaks.
	states   []*State // By order of recording; State.index is the place here.
	byCode   []*State // By code.
	groups   []*group // By order of recording; Group.index is the place here.
	actors   map[string]*actor
	names    *roster.Index
	sessions []*Session
	session  map[string]*Session

	// What is proposed, and on what positions are taken.
	elements  map[string]*element
	proposals map[string]*proposal
	targets   map[domain.Target]*target
	ordered   []*target // By key.

	// What is said and done.
	positions     bitemporal.Cell[*position] // All that are listed, by their own day.
	endorsements  bitemporal.Cell[*act]
	positionsAt   map[uint64]*position
	submissionsAt map[uint64]*submission
	actsAt        map[uint64]*act // Acts other than ballots.
	votesAt       map[uint64]*vote
	votesOn       map[voteKey]*vote

	// texts is the index of their words. It locks itself.
	texts texts

	// everywhere has the positions of events that can change the figures of every target: States and memberships.
	everywhere []uint64

	// applied is closed and replaced whenever events were applied.
	applied chan struct{}

	// boards keeps computed figures by target and by what they depend on; they never go stale. It locks itself.
	boards *lru.Cache[boardKey, *board]
	// timelines keeps them in the same way.
	timelines *lru.Cache[timelineKey, []ConvergencePoint]
	// landscapes keeps them in the same way.
	landscapes *lru.Cache[landscapeKey, *Landscape]
	// told keeps proposals as they are told, in the same way.
	told *lru.Cache[toldKey, *Proposal]
	// counts keeps the figures that feeds compare, in the same way.
	counts *lru.Cache[boardKey, count]
}

// eventEntry is what the model keeps of each event for the history; its bytes stay in the log.
type eventEntry struct {
	stream     *stream
	revision   int64
	typ        string
	recordedAt int64 // Microseconds since 1970.
	recordedBy string
	offset     eventlog.Offset
	// What the event was about: a position that it stated or changed, an act that it gave or changed. Of a vote neither is set.
	position *position
	act      *act
}

// stream is one stream of the log: entry r is the position of its revision r.
type stream struct {
	name  string
	index int // Among all, by order of recording.
	at    []uint64
}

// revision gives the stream's last revision at a position, -1 where it has none.
func (s *stream) revision(at uint64) int64 {
	if s == nil {
		return -1
	}
	return int64(sort.Search(len(s.at), func(i int) bool { return s.at[i] > at })) - 1
}

type subjectKey struct{ subject, key string }

// keyed is a key with what it recorded.
type keyed struct {
	subjectKey
	*KeyUse
}

// KeyUse is what an idempotency key recorded: one append of one stream.
type KeyUse struct {
	Stream      string
	First, Last int64 // Revisions.
	InputHash   string
}

// Bounds of the caches: a board takes about 45 KiB, so that they take some 90 MiB, a timeline of fifty days 6 KiB, a count 200 bytes,
// a landscape of all Member States up to 100 KiB.
const (
	boardsKept     = 2048
	timelinesKept  = 1024
	countsKept     = 32768
	landscapesKept = 64
	toldKept       = 512
)

// New makes an empty model.
func New() *Model {
	boards, err := lru.New[boardKey, *board](boardsKept)
	timelines, err2 := lru.New[timelineKey, []ConvergencePoint](timelinesKept)
	counts, err3 := lru.New[boardKey, count](countsKept)
	landscapes, err4 := lru.New[landscapeKey, *Landscape](landscapesKept)
	told, err5 := lru.New[toldKey, *Proposal](toldKept)
	if err != nil || err2 != nil || err3 != nil || err4 != nil || err5 != nil {
		panic("projections: a cache without a size") // unreachable: the sizes are positive.
	}
	return &Model{
		streams:       map[string]*stream{},
		keys:          map[subjectKey]*KeyUse{},
		actors:        map[string]*actor{},
		names:         roster.NewIndex(),
		session:       map[string]*Session{},
		elements:      map[string]*element{},
		proposals:     map[string]*proposal{},
		targets:       map[domain.Target]*target{},
		positionsAt:   map[uint64]*position{},
		submissionsAt: map[uint64]*submission{},
		actsAt:        map[uint64]*act{},
		votesAt:       map[uint64]*vote{},
		votesOn:       map[voteKey]*vote{},
		applied:       make(chan struct{}),
		boards:        boards,
		timelines:     timelines,
		counts:        counts,
		landscapes:    landscapes,
		told:          told,
	}
}

// Decoded is an event of the log, ready to be applied. Decoding is apart so that it can run ahead of Apply.
type Decoded struct {
	Stream     string
	Revision   int64
	Type       string
	Offset     eventlog.Offset
	Event      domain.Event
	RecordedAt time.Time
	RecordedBy string
	Key, Input string // Idempotency key and hash of the input; empty without.
}

// Decode reads an event's data and metadata. The error names the event.
func Decode(r eventlog.Recorded) (Decoded, error) {
	return decode(r, codec.DecodeMetadata, codec.Decode)
}

// Decoder decodes events that are applied one after another, so that what repeats in them takes memory once. It is used by one
// goroutine at a time.
type Decoder struct{ codec *codec.Decoder }

// NewDecoder makes a decoder.
func NewDecoder() *Decoder { return &Decoder{codec.NewDecoder()} }

// Decode is as the package's Decode.
func (d *Decoder) Decode(r eventlog.Recorded) (Decoded, error) {
	return decode(r, d.codec.DecodeMetadata, d.codec.Decode)
}

func decode(r eventlog.Recorded, metadata func([]byte) (codec.Metadata, error), event func(string, int, []byte) (domain.Event, error)) (Decoded, error) {
	meta, err := metadata(r.Metadata)
	if err == nil {
		var e domain.Event
		if e, err = event(r.Type, meta.SchemaVersion, r.Data); err == nil {
			return Decoded{
				Stream: r.Stream, Revision: int64(r.Revision), Type: r.Type, Offset: r.Offset, Event: e,
				RecordedAt: meta.RecordedAt, RecordedBy: meta.RecordedBy, Key: meta.IdempotencyKey, Input: meta.InputHash,
			}, nil
		}
	}
	return Decoded{}, fmt.Errorf("%s, revision %d of %s: %w", r.Type, r.Revision, r.Stream, err)
}

// Apply takes in the next events of the log, in its order. It is the only writer of the model. After an error the model must
// not be asked any more: it holds what lies before the event that the error names.
func (m *Model) Apply(events ...Decoded) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range events {
		if err := m.apply(&events[i]); err != nil {
			return fmt.Errorf("apply the event at position %d (%s, revision %d of %s): %w",
				len(m.events)+1, events[i].Type, events[i].Revision, events[i].Stream, err)
		}
	}
	close(m.applied)
	m.applied = make(chan struct{})
	return nil
}

func (m *Model) apply(d *Decoded) error {
	at := uint64(len(m.events)) + 1
	if at > bitemporal.LastPosition {
		return fmt.Errorf("the read model holds no more than %d events", bitemporal.LastPosition) // unreachable: they would take a terabyte.
	}
	s := m.streams[d.Stream]
	if s == nil {
		s = &stream{name: d.Stream, index: len(m.streams)}
	}
	if d.Revision != int64(len(s.at)) {
		return fmt.Errorf("the stream's next revision is %d", len(s.at))
	}
	p := Provenance{At: at, RecordedAt: d.RecordedAt, RecordedBy: d.RecordedBy}
	if err := m.take(d.Event, d.Revision, p); err != nil {
		return err
	}
	m.streams[d.Stream] = s
	s.at = append(s.at, at)
	micros := d.RecordedAt.UnixMicro()
	entry := eventEntry{stream: s, revision: d.Revision, typ: d.Type, recordedAt: micros, recordedBy: d.RecordedBy, offset: d.Offset}
	entry.position, entry.act = m.about(d.Event, at)
	m.events = append(m.events, entry)
	if n := len(m.newest); n > 0 {
		micros = max(micros, m.newest[n-1])
	}
	m.newest = append(m.newest, micros)
	if d.Key != "" {
		k := subjectKey{d.RecordedBy, d.Key}
		switch use := m.keys[k]; {
		case use == nil:
			use = &KeyUse{Stream: d.Stream, First: d.Revision, Last: d.Revision, InputHash: d.Input}
			m.keys[k] = use
			m.keyed = append(m.keyed, keyed{k, use})
		case use.Stream == d.Stream && use.Last == d.Revision-1: // A key is used for one append; should it stand twice, the first use counts.
			use.Last = d.Revision
		}
	}
	return nil
}

// take dispatches an event to the part of the model that it concerns.
func (m *Model) take(event domain.Event, revision int64, p Provenance) error {
	switch e := event.(type) {
	case domain.StateAdmitted:
		return m.stateAdmitted(e, p)
	case domain.GroupDefined:
		return m.groupDefined(e, p)
	case domain.MemberJoined:
		return m.memberJoined(e, p)
	case domain.MemberLeft:
		return m.memberLeft(e, p)
	case domain.SessionDefined:
		return m.sessionDefined(e, p)
	case domain.ElementDefined:
		return m.elementDefined(e, p)
	case domain.OptionDefined:
		return m.optionDefined(e, p)
	case domain.OptionRetired:
		return m.optionRetired(e, p)
	case domain.ProposalSubmitted:
		return m.proposalSubmitted(e, revision, p)
	case domain.ProposalRevised:
		return m.proposalRevised(e, revision, p)
	case domain.DocumentRecorded:
		return m.documentRecorded(e, p)
	case domain.ProposalMerged:
		return m.proposalEnded(e.Proposal, end{Provenance: p, on: e.On, status: Merged, other: e.Into, source: e.Source})
	case domain.ProposalSuperseded:
		return m.proposalEnded(e.Proposal, end{Provenance: p, on: e.On, status: Superseded, other: e.By, source: e.Source})
	case domain.ProposalWithdrawn:
		return m.proposalEnded(e.Proposal, end{Provenance: p, on: e.On, status: Withdrawn, source: e.Source})
	case domain.ProposalAdopted:
		return m.proposalEnded(e.Proposal, end{Provenance: p, on: e.On, status: Adopted, adoption: &e, source: e.Source})
	case domain.PositionStated:
		return m.positionStated(e, revision, p)
	case domain.PositionCorrected:
		return m.positionCorrected(e, p)
	case domain.PositionWithdrawn:
		return m.positionWithdrawn(e, p)
	case domain.PositionRetracted:
		return m.positionRetracted(e, p)
	case domain.EndorsementGiven:
		return m.endorsementGiven(e, revision, p)
	case domain.EndorsementWithdrawn:
		return m.endorsementWithdrawn(e, p)
	case domain.VoteRecorded:
		return m.voteRecorded(e, revision, p)
	case domain.IntendedBallotDeclared:
		return m.intendedBallotDeclared(e, p)
	case domain.ImportCompleted:
		return nil // It decides no figure; it stands in the history.
	}
	return fmt.Errorf("an event of type %T is not known here", event)
}

// At gives the newest position.
func (m *Model) At() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return uint64(len(m.events))
}

// Newest gives the view without a limit of days at the newest position.
func (m *Model) Newest() *View { return m.View(Moment{At: m.At()}) }

// View gives the model as of a moment. The moment's position must not be beyond the newest.
func (m *Model) View(moment Moment) *View { return &View{model: m, moment: moment} }

// PositionAsOf gives the largest position such that no event up to it was recorded after t (RULES, section 1).
func (m *Model) PositionAsOf(t time.Time) uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	micros := t.UnixMicro() // Floors to what is kept and shown, so that equal is not after.
	return uint64(sort.Search(len(m.newest), func(i int) bool { return m.newest[i] > micros }))
}

// Key gives what a subject's idempotency key recorded.
func (m *Model) Key(subject, key string) (KeyUse, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if use := m.keys[subjectKey{subject, key}]; use != nil {
		return *use, true
	}
	return KeyUse{}, false
}

// Wait returns once the model has applied the event with this revision of a stream, and gives the event's position.
// The error is the context's.
func (m *Model) Wait(ctx context.Context, streamName string, revision int64) (at uint64, err error) {
	err = m.until(ctx, func() bool {
		if s := m.streams[streamName]; s != nil && revision < int64(len(s.at)) {
			at = s.at[revision]
			return true
		}
		return false
	})
	return at, err
}

// WaitAt returns once the model has reached a position. The error is the context's.
func (m *Model) WaitAt(ctx context.Context, at uint64) error {
	return m.until(ctx, func() bool { return uint64(len(m.events)) >= at })
}

func (m *Model) until(ctx context.Context, done func() bool) error {
	for {
		m.mu.RLock()
		ok, applied := done(), m.applied
		m.mu.RUnlock()
		if ok {
			return nil
		}
		select {
		case <-applied:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// EventPosition gives the position of a revision of a stream, whatever the moment.
func (m *Model) EventPosition(category, key string, revision int64) (uint64, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := m.streams[category+"-"+key]
	if s == nil || revision < 0 || revision >= int64(len(s.at)) {
		return 0, false
	}
	return s.at[revision], true
}

// day gives the day of a view for cells.
func (v *View) day() int32 { return cellDay(v.moment.On) }

func cellDay(d domain.Date) int32 {
	if d == 0 {
		return bitemporal.NoLimit
	}
	return int32(d)
}

// counts says whether a fact of a day counts at the moment: a fact without a day always does.
func (v *View) counts(at uint64, on domain.Date) bool {
	return at != 0 && at <= v.moment.At && (v.moment.On == 0 || on <= v.moment.On)
}
