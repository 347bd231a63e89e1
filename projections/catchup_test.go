package projections_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// appendTo records events of a history in a log, each as its own append.
func appendTo(t testing.TB, log eventlog.Log, events ...oracle.Event) {
	t.Helper()
	for _, e := range events {
		typ, version, data, err := codec.Encode(e.Event)
		if err != nil {
			t.Fatal(err)
		}
		metadata, err := codec.EncodeMetadata(codec.Metadata{RecordedBy: "test", RecordedAt: e.RecordedAt, SchemaVersion: version})
		if err != nil {
			t.Fatal(err)
		}
		id := eventlog.ID{15: byte(e.At), 14: byte(e.At >> 8)}
		if _, err := log.Append(context.Background(), eventlog.Append{
			Stream: e.Event.Stream(), Expected: eventlog.Revision(e.Revision - 1), Events: []eventlog.Event{{ID: id, Type: typ, Data: data, Metadata: metadata}},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// failing is a log of which reading fails behind a number of events.
type failing struct {
	eventlog.Log
	after int // Negative never.
	err   error
}

func (f *failing) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		n := 0
		for r, err := range f.Log.ReadAll(ctx, after) {
			if n == f.after {
				yield(eventlog.Recorded{}, f.err)
				return
			}
			if n++; !yield(r, err) {
				return
			}
		}
	}
}

func longHistory() []oracle.Event {
	world := history.Small
	world.Events = 2500 // More than two batches.
	return history.Random(4, world)
}

func TestCatchUp(t *testing.T) {
	ctx, log, events := context.Background(), eventlogtest.NewMemory(), longHistory()
	m := projections.New()
	if n, err := m.CatchUp(ctx, log, nil); n != 0 || err != nil {
		t.Errorf("from an empty log: %d, %v", n, err)
	}
	appendTo(t, log, events...)
	var told []int
	n, err := m.CatchUp(ctx, log, func(applied int) { told = append(told, applied) })
	if n != len(events) || err != nil || m.At() != uint64(n) {
		t.Fatalf("applied %d of %d, at %d, %v", n, len(events), m.At(), err)
	}
	if len(told) < 3 || told[len(told)-1] != n {
		t.Errorf("told %v of %d events", told, n)
	}
	for i := 1; i < len(told); i++ {
		if told[i] <= told[i-1] {
			t.Errorf("told %v, which does not grow", told)
		}
	}
	if got, want := digest(t, m.Newest()), digest(t, modelOf(t, events).Newest()); got != want {
		t.Errorf("digest %s, of the same events applied at once %s", got, want)
	}
	if n, err := m.CatchUp(ctx, log, nil); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	// Before an event is the place in the log from which it is read next.
	for _, e := range m.Newest().Events(projections.EventFilter{}, projections.Page[uint64]{First: everything}).Items {
		for r, err := range log.ReadAll(ctx, e.Before) {
			if err != nil || r.Stream != e.Stream || int64(r.Revision) != e.Revision {
				t.Fatalf("behind the place before event %d stands revision %d of %s, %v", e.At, r.Revision, r.Stream, err)
			}
			break
		}
		for r, err := range log.ReadAll(ctx, m.OffsetAt(e.At-1)) {
			if err != nil || r.Stream != e.Stream || int64(r.Revision) != e.Revision {
				t.Fatalf("behind the place at %d stands revision %d of %s, %v", e.At-1, r.Revision, r.Stream, err)
			}
			break
		}
	}
	if got := m.OffsetAt(m.At() + 1); got != (eventlog.Offset{}) {
		t.Errorf("a position beyond the newest has the place %v", got)
	}
}

func TestCatchUpTo(t *testing.T) {
	ctx, log, events := context.Background(), eventlogtest.NewMemory(), longHistory()
	appendTo(t, log, events...)
	whole := modelOf(t, events)
	m := projections.New()
	for _, c := range []struct{ to, at uint64 }{{0, 0}, {1, 1}, {1, 1}, {700, 700}, {600, 700}, {1024, 1024}, {2100, 2100}, {1 << 40, uint64(len(events))}} {
		before := m.At()
		n, err := m.CatchUpTo(ctx, log, c.to, nil)
		if err != nil || m.At() != c.at || before+uint64(n) != c.at {
			t.Fatalf("to %d: %d applied, at %d, %v; want to be at %d", c.to, n, m.At(), err, c.at)
		}
		if got, want := digest(t, m.Newest()), digest(t, whole.View(projections.Moment{At: c.at})); got != want {
			t.Errorf("digest at %d: %s, want %s", c.at, got, want)
		}
	}
}

func TestFaultOfReadingIsTold(t *testing.T) {
	events, broken := longHistory(), errors.New("the disk is gone")
	for _, after := range []int{0, 1, 511, 512, 513, 1023, 1024, 1025, 2000} {
		log := eventlogtest.NewMemory()
		appendTo(t, log, events...)
		faulty := &failing{Log: log, after: after, err: broken}
		m := projections.New()
		n, err := m.CatchUp(context.Background(), faulty, nil)
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "behind position") {
			t.Errorf("a fault after %d events: %v", after, err)
		}
		// What was read whole stands in the record, and is applied.
		if m.At() != uint64(after) {
			t.Errorf("a fault after %d events: at %d", after, m.At())
		}
		if got := uint64(n); got != m.At() {
			t.Errorf("a fault after %d events: %d said to be applied, at %d", after, n, m.At())
		}
		// From there it goes on.
		faulty.after = -1
		if _, err := m.CatchUp(context.Background(), faulty, nil); err != nil || m.At() != uint64(len(events)) {
			t.Errorf("after the fault: at %d, %v", m.At(), err)
		}
	}
}

// waiting is a log of which reading goes on, behind a number of events, only until its context ends.
type waiting struct {
	eventlog.Log
	after int
}

func (w *waiting) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		n := 0
		for r, err := range w.Log.ReadAll(ctx, after) {
			if n == w.after {
				<-ctx.Done()
				yield(eventlog.Recorded{}, ctx.Err())
				return
			}
			if n++; !yield(r, err) {
				return
			}
		}
	}
}

// Reading ahead ends with CatchUp, whatever ends that: in the bubble every goroutine must have ended.
func TestNobodyReadsOnBehindCatchUp(t *testing.T) {
	events := longHistory()
	for name, c := range map[string]struct {
		bad    eventlog.Event // Stands at position 1501.
		during func(stop context.CancelFunc)
		want   func(error) bool
		at     uint64 // 0 where any is right.
	}{
		"an event that cannot be read": {
			bad: eventlog.Event{Type: "Unknown", Data: []byte(`{}`)}, at: 1500,
			want: func(err error) bool { return strings.Contains(err.Error(), "Unknown, revision 0 of element-x") },
		},
		"an event that cannot be taken in": {
			bad: eventlog.Event{Type: "OptionDefined", Data: []byte(`{"element":"x","label":"x","option":"o"}`)}, at: 1500,
			want: func(err error) bool { return strings.Contains(err.Error(), "apply the event at position 1501 ") },
		},
		"the context": {
			bad:    eventlog.Event{Type: "ElementDefined", Data: []byte(`{"element":"x","label":"x"}`)},
			during: func(stop context.CancelFunc) { stop() },
			want:   func(err error) bool { return errors.Is(err, context.Canceled) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := eventlogtest.NewMemory()
			appendTo(t, log, events[:1500]...)
			var err error
			if c.bad.Metadata, err = codec.EncodeMetadata(codec.Metadata{RecordedAt: firstMinute, SchemaVersion: 1}); err != nil {
				t.Fatal(err)
			}
			if _, err := log.Append(t.Context(), eventlog.Append{Stream: "element-x", Expected: eventlog.NoStream, Events: []eventlog.Event{c.bad}}); err != nil {
				t.Fatal(err)
			}
			appendTo(t, log, events[1500:]...)
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				m := projections.New()
				n, err := m.CatchUp(ctx, &waiting{log, 2400}, func(int) {
					if c.during != nil {
						c.during(stop)
					}
				})
				if err == nil || !c.want(err) {
					t.Errorf("%v", err)
				}
				if c.at != 0 && m.At() != c.at {
					t.Errorf("at %d, want %d", m.At(), c.at)
				}
				if c.at == 0 && uint64(n) != m.At() {
					t.Errorf("%d said to be applied, at %d", n, m.At())
				}
			})
		})
	}
}

func TestUndecodableEventStopsTheModel(t *testing.T) {
	events := history.Random(4, history.Small)[:20]
	good, err := codec.EncodeMetadata(codec.Metadata{RecordedBy: "test", RecordedAt: firstMinute, SchemaVersion: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		bad  eventlog.Event
		want string
	}{
		{"type", eventlog.Event{Type: "Unknown", Data: []byte(`{}`), Metadata: good}, "Unknown"},
		{"data", eventlog.Event{Type: "ElementDefined", Data: []byte(`{"element":`), Metadata: good}, "ElementDefined"},
		{"metadata", eventlog.Event{Type: "ElementDefined", Data: []byte(`{"element":"x","label":"x"}`), Metadata: []byte(`[]`)}, "metadata"},
		{"version", eventlog.Event{Type: "ElementDefined", Data: []byte(`{"element":"x","label":"x"}`), Metadata: []byte(strings.Replace(string(good), `:1}`, `:99}`, 1))}, "ElementDefined"},
		{"what is not on record", eventlog.Event{Type: "OptionDefined", Data: []byte(`{"element":"x","label":"x","option":"o"}`), Metadata: good}, "the element x is not defined"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := eventlogtest.NewMemory()
			appendTo(t, log, events...)
			if _, err := log.Append(context.Background(), eventlog.Append{Stream: "element-x", Expected: eventlog.NoStream, Events: []eventlog.Event{c.bad}}); err != nil {
				t.Fatal(err)
			}
			m := projections.New()
			n, err := m.CatchUp(context.Background(), log, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "revision 0 of element-x") {
				t.Errorf("%d applied, %v; want an error that names %q and its place", n, err, c.want)
			}
			if m.At() != uint64(len(events)) {
				t.Errorf("at %d, want all before the bad one", m.At())
			}
		})
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	m := projections.New()
	ctx, stop := context.WithTimeout(context.Background(), time.Millisecond)
	defer stop()
	if _, err := m.Wait(ctx, "element-x", 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait: %v", err)
	}
	if err := m.WaitAt(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("WaitAt: %v", err)
	}
	if err := m.WaitAt(ctx, 0); err != nil {
		t.Errorf("a position that is reached: %v", err)
	}
}

// What the log gives is what Decode makes of it.
func TestDecodeKeepsWhatIsRecorded(t *testing.T) {
	metadata, err := codec.EncodeMetadata(codec.Metadata{RecordedBy: "ann", RecordedAt: firstMinute, SchemaVersion: 1, IdempotencyKey: "k", InputHash: "h"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := projections.Decode(eventlog.Recorded{
		Event: eventlog.Event{Type: "ElementDefined", Data: []byte(`{"element":"x","label":"y"}`), Metadata: metadata}, Stream: "element-x", Revision: 3, Offset: eventlog.Offset{Commit: 7, Prepare: 6},
	})
	want := projections.Decoded{
		Stream: "element-x", Revision: 3, Type: "ElementDefined", Offset: eventlog.Offset{Commit: 7, Prepare: 6}, Event: domain.ElementDefined{Element: "x", Label: "y"},
		RecordedAt: firstMinute, RecordedBy: "ann", Key: "k", Input: "h",
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}
