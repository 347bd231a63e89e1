package recorder_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// model is a read model that folds the log whenever it is asked, unless it is held back.
type model struct {
	log eventlog.Log

	mu     sync.Mutex
	held   bool
	moved  chan struct{} // Closed and replaced when it is let go.
	world  *domain.World
	keys   map[[2]string]recorder.KeyUse
	at     map[string]uint64 // By stream and revision.
	offset eventlog.Offset
}

func newModel(log eventlog.Log) *model {
	return &model{log: log, moved: make(chan struct{}), world: domain.NewWorld(), keys: map[[2]string]recorder.KeyUse{}, at: map[string]uint64{}}
}

// hold keeps the model where it is.
func (m *model) hold() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.catchUp()
	m.held = true
}

func (m *model) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = false
	close(m.moved)
	m.moved = make(chan struct{})
}

func (m *model) catchUp() {
	if m.held {
		return
	}
	for e, err := range m.log.ReadAll(context.Background(), m.offset) {
		if err != nil {
			panic(err)
		}
		metadata, err := codec.DecodeMetadata(e.Metadata)
		if err != nil {
			panic(err)
		}
		event, err := codec.Decode(e.Type, metadata.SchemaVersion, e.Data)
		if err != nil {
			panic(err)
		}
		m.world.Apply(event)
		m.at[place(e.Stream, e.Revision)] = uint64(len(m.at)) + 1
		if key := ([2]string{metadata.RecordedBy, metadata.IdempotencyKey}); key[1] != "" {
			use, ok := m.keys[key]
			if !ok {
				use = recorder.KeyUse{Stream: e.Stream, First: e.Revision, InputHash: metadata.InputHash}
			}
			use.Last = e.Revision
			m.keys[key] = use
		}
		m.offset = e.Offset
	}
}

func place(stream string, revision eventlog.Revision) string {
	return fmt.Sprintf("%s@%d", stream, revision)
}

func (m *model) Key(subject, key string) (recorder.KeyUse, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.catchUp()
	use, ok := m.keys[[2]string{subject, key}]
	return use, ok
}

func (m *model) Wait(ctx context.Context, stream string, revision eventlog.Revision) (uint64, error) {
	for {
		m.mu.Lock()
		m.catchUp()
		at, ok := m.at[place(stream, revision)]
		moved := m.moved
		m.mu.Unlock()
		if ok {
			return at, nil
		}
		select {
		case <-moved:
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (m *model) Facts(today domain.Date) domain.Facts { return facts{m, today} }

// facts are those of the model, one at a time.
type facts struct {
	m     *model
	today domain.Date
}

func (f facts) now() (domain.Facts, func()) {
	f.m.mu.Lock()
	f.m.catchUp()
	return f.m.world.Facts(f.today), f.m.mu.Unlock
}

func (f facts) Today() domain.Date { return f.today }
func (f facts) State(code string) bool {
	w, done := f.now()
	defer done()
	return w.State(code)
}
func (f facts) Group(code string) (domain.GroupKind, bool) {
	w, done := f.now()
	defer done()
	return w.Group(code)
}
func (f facts) Session(key string) bool {
	w, done := f.now()
	defer done()
	return w.Session(key)
}
func (f facts) Element(key string) bool {
	w, done := f.now()
	defer done()
	return w.Element(key)
}
func (f facts) Option(ref domain.OptionRef) (retired, ok bool) {
	w, done := f.now()
	defer done()
	return w.Option(ref)
}
func (f facts) Proposal(slug string) (domain.Date, bool) {
	w, done := f.now()
	defer done()
	return w.Proposal(slug)
}
func (f facts) Act(ref domain.ActRef, actor string) (domain.Date, bool) {
	w, done := f.now()
	defer done()
	return w.Act(ref, actor)
}
func (f facts) Vote(symbol, paragraph string) (string, bool) {
	w, done := f.now()
	defer done()
	return w.Vote(symbol, paragraph)
}
func (f facts) Near(kind domain.KeyKind, word string) []string {
	w, done := f.now()
	defer done()
	return w.Near(kind, word)
}

// hooked is a log that does something before it appends or reads a stream.
type hooked struct {
	eventlog.Log
	beforeAppend func(eventlog.Append)
	beforeRead   func(stream string) error
}

func (h *hooked) Append(ctx context.Context, step eventlog.Append) (eventlog.Appended, error) {
	if h.beforeAppend != nil {
		h.beforeAppend(step)
	}
	return h.Log.Append(ctx, step)
}

func (h *hooked) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	if h.beforeRead != nil {
		if err := h.beforeRead(stream); err != nil {
			return func(yield func(eventlog.Recorded, error) bool) { yield(eventlog.Recorded{}, err) }
		}
	}
	return h.Log.ReadStream(ctx, stream, from)
}

var (
	monday = time.Date(2024, time.March, 4, 12, 0, 0, 0, time.UTC)
	today  = domain.DateOf(monday)
	config = recorder.Config{Clock: func() time.Time { return monday }, Patience: time.Second}
	source = domain.Source{Title: "Statement", Grade: domain.DelegationText}
	target = domain.OnOption("decision-making", "consensus")
)

// position is what a State said on a day.
func position(state string, stance domain.Stance, summary string) domain.RecordPosition {
	return domain.RecordPosition{Actor: state, Target: target, Stance: stance, StatedOn: today, Summary: summary, Source: source}
}

// vocabulary are the commands that a small record begins with.
func vocabulary() []domain.Command {
	state := func(code string, group domain.RegionalGroup) domain.AdmitState {
		return domain.AdmitState{Code: code, RegionalGroup: group, AdmittedOn: domain.NewDate(1945, time.October, 24),
			Names: []domain.LocalizedName{{Language: domain.English, Name: "State " + code}}}
	}
	return []domain.Command{
		state("FRA", domain.WEOG), state("EGY", domain.African),
		domain.DefineElement{Key: "decision-making", Label: "Decision-making"},
		domain.DefineOption{Element: "decision-making", Key: "consensus", Label: "By consensus"},
	}
}

// begin gives a log that has the vocabulary.
func begin(t testing.TB, log eventlog.Log) {
	t.Helper()
	r := recorder.New(log, newModel(log), config)
	for _, c := range vocabulary() {
		if _, err := r.Record(context.Background(), recorder.Request{Command: c, By: "begin"}); err != nil {
			t.Fatal(err)
		}
	}
}

// events gives what a stream holds.
func events(t testing.TB, log eventlog.Log, stream string) (all []eventlog.Recorded) {
	t.Helper()
	for e, err := range log.ReadStream(context.Background(), stream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// size gives how many events the log has.
func size(t testing.TB, log eventlog.Log) (n int) {
	t.Helper()
	for _, err := range log.ReadAll(context.Background(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
