package eventlogtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

func testExpectedRevision(t *testing.T, open func(t testing.TB) eventlog.Log) {
	for _, test := range []struct {
		holds    int // events in the stream before
		expected eventlog.Revision
		ok       bool
	}{
		{0, eventlog.NoStream, true},
		{0, eventlog.AnyRevision, true},
		{0, 0, false},
		{0, 7, false},
		{1, eventlog.NoStream, false},
		{1, eventlog.AnyRevision, true},
		{1, 0, true},
		{1, 1, false},
		{3, eventlog.NoStream, false},
		{3, eventlog.AnyRevision, true},
		{3, 1, false},
		{3, 2, true},
		{3, 3, false},
	} {
		t.Run(fmt.Sprintf("%dHeldExpected%d", test.holds, test.expected), func(t *testing.T) {
			log := start(t, open)
			mustAppend(t, log, "state-other", eventlog.NoStream, events(5, "other")...)
			if test.holds > 0 {
				mustAppend(t, log, "state-fra", eventlog.NoStream, events(test.holds, "before")...)
			}
			before := readAll(t, log)
			list := events(2, "new")
			got, err := log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: test.expected, Events: list})
			head := eventlog.Revision(test.holds) - 1
			if test.ok {
				if err != nil {
					t.Fatal(err)
				}
				if got.Revision != head+2 {
					t.Errorf("revision %d, want %d", got.Revision, head+2)
				}
				want := append(withoutOffsets(before), recorded("state-fra", head+1, list...)...)
				if d := diff(want, withoutOffsets(readAll(t, log))); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				return
			}
			var wrong *eventlog.WrongRevision
			if !errors.As(err, &wrong) {
				t.Fatalf("error %v, want *WrongRevision", err)
			}
			want := eventlog.WrongRevision{Stream: "state-fra", Expected: test.expected, Actual: head}
			if diff := cmp.Diff(want, *wrong); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d := diff(before, readAll(t, log)); d != "" {
				t.Errorf("a refused step changed the log (-want +got):\n%s", d)
			}
		})
	}
}

func testRefusedLeavesNothing(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(2, "before")...)
	before := readAll(t, log)

	// The last of three is too large: the first two must not be there either.
	list := append(events(2, "fits"), large("state-deu", 2, leaf.MaxSize+1))
	_, err := log.Append(t.Context(), eventlog.Append{Stream: "state-deu", Expected: eventlog.NoStream, Events: list})
	var tooLarge *eventlog.TooLarge
	if !errors.As(err, &tooLarge) {
		t.Fatalf("error %v, want *TooLarge", err)
	}
	if d := diff(before, readAll(t, log)); d != "" {
		t.Errorf("a refused step changed the log (-want +got):\n%s", d)
	}
	if got := readStream(t, log, "state-deu"); len(got) != 0 {
		t.Errorf("a refused step left %d events in its stream", len(got))
	}
	mustAppend(t, log, "state-deu", eventlog.NoStream, events(1, "after")...)
}

func testSenseless(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	change := func(f func(*eventlog.Append)) eventlog.Append {
		step := eventlog.Append{Stream: "state-fra", Expected: eventlog.NoStream, Events: events(2, "x")}
		f(&step)
		return step
	}
	for name, step := range map[string]eventlog.Append{
		"no stream":         change(func(s *eventlog.Append) { s.Stream = "" }),
		"stream not UTF-8":  change(func(s *eventlog.Append) { s.Stream = "state-\xff" }),
		"no events":         change(func(s *eventlog.Append) { s.Events = nil }),
		"no type":           change(func(s *eventlog.Append) { s.Events[1].Type = "" }),
		"type not UTF-8":    change(func(s *eventlog.Append) { s.Events[1].Type = "a\xc3" }),
		"no data":           change(func(s *eventlog.Append) { s.Events[1].Data = nil }),
		"empty data":        change(func(s *eventlog.Append) { s.Events[1].Data = []byte{} }),
		"no metadata":       change(func(s *eventlog.Append) { s.Events[1].Metadata = nil }),
		"no such condition": change(func(s *eventlog.Append) { s.Expected = -3 }),
	} {
		if _, err := log.Append(t.Context(), step); err == nil {
			t.Errorf("Append, %s: no error", name)
		}
		if done, err := log.AppendAll(t.Context(), []eventlog.Append{step}); err == nil || done != 0 {
			t.Errorf("AppendAll, %s: %d done, error %v", name, done, err)
		}
	}
	if got := readAll(t, log); len(got) != 0 {
		t.Errorf("%d events were recorded", len(got))
	}
}

func testNames(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	streams := []string{"state-fra", "state-FRA", "state-fra ", "state", "import-" + strings.Repeat("f", 64), "group-États d'Afrique", `a-"quoted"; DROP TABLE events; --`, "état-a", "état-b", "x-%_*"}
	for i, stream := range streams {
		e := event("Named", stream[:1])
		e.Type = "Type " + stream
		e.Data = []byte("{\"bytes\":\"\x00\u2028 ünï\"}") // A log never looks inside.
		mustAppend(t, log, stream, eventlog.NoStream, e)
		got := readStream(t, log, stream)
		if d := diff(recorded(stream, 0, e), withoutOffsets(got)); d != "" {
			t.Errorf("stream %q (-want +got):\n%s", stream, d)
		}
		if all := readAll(t, log); len(all) != i+1 {
			t.Errorf("%d events after %d appends", len(all), i+1)
		}
	}
}

// large makes an event whose leaf at that place has exactly that many bytes.
func large(stream string, revision int64, size int) eventlog.Event {
	e := event("Large", "")
	empty := len(leaf.Append(nil, e.ID.String(), stream, e.Type, revision, []byte(`""`), e.Metadata))
	e.Data = []byte(`"` + strings.Repeat("x", size-empty) + `"`)
	return e
}

func testLargestLeaf(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	fits, over := large("state-fra", 0, leaf.MaxSize), large("state-fra", 1, leaf.MaxSize+1)
	mustAppend(t, log, "state-fra", eventlog.NoStream, fits)
	_, err := log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: 0, Events: []eventlog.Event{over}})
	var tooLarge *eventlog.TooLarge
	if !errors.As(err, &tooLarge) {
		t.Fatalf("error %v, want *TooLarge", err)
	}
	want := eventlog.TooLarge{Stream: "state-fra", Type: "Large", Size: leaf.MaxSize + 1, Limit: leaf.MaxSize}
	if diff := cmp.Diff(want, *tooLarge); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{large("state-fra", 1, 2*leaf.MaxSize)}})
	if !errors.As(err, &tooLarge) {
		t.Errorf("at any revision: error %v, want *TooLarge", err)
	}
	steps := []eventlog.Append{
		{Stream: "state-fra", Expected: 0, Events: events(1, "small")},
		{Stream: "state-fra", Expected: 1, Events: []eventlog.Event{large("state-fra", 2, leaf.MaxSize+1)}},
	}
	if done, err := log.AppendAll(t.Context(), steps); done != 1 || !errors.As(err, &tooLarge) {
		t.Errorf("AppendAll: %d done, error %v, want 1 and *TooLarge", done, err)
	}
	wantAll := recorded("state-fra", 0, fits, steps[0].Events[0])
	if d := diff(wantAll, withoutOffsets(readAll(t, log))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func testAppendAll(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-0", eventlog.NoStream, events(1, "before")...)
	want := withoutOffsets(readAll(t, log))
	heads := map[string]eventlog.Revision{"state-0": 0, "state-1": -1, "state-2": -1}
	var steps []eventlog.Append
	for i := range 2_500 { // More than any adapter puts into one commit.
		stream := fmt.Sprintf("state-%d", i%3)
		step := eventlog.Append{Stream: stream, Expected: heads[stream], Events: events(1+i%2, fmt.Sprint("step ", i))}
		if i%5 == 4 {
			step.Expected = eventlog.AnyRevision
		}
		want = append(want, recorded(stream, heads[stream]+1, step.Events...)...)
		heads[stream] += eventlog.Revision(len(step.Events))
		steps = append(steps, step)
	}
	if done, err := log.AppendAll(t.Context(), steps); err != nil || done != len(steps) {
		t.Fatalf("%d of %d steps: %v", done, len(steps), err)
	}
	if d := diff(want, withoutOffsets(readAll(t, log))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func testAppendAllStops(t *testing.T, open func(t testing.TB) eventlog.Log) {
	for _, bad := range []int{0, 1, 7, 19} {
		t.Run(fmt.Sprint("AtStep", bad), func(t *testing.T) {
			log := start(t, open)
			var steps []eventlog.Append
			var want []eventlog.Recorded
			for i := range 20 {
				step := eventlog.Append{Stream: "state-fra", Expected: eventlog.Revision(i) - 1, Events: events(1, fmt.Sprint(i))}
				if i == bad {
					step.Expected = 100
				} else if i < bad {
					want = append(want, recorded("state-fra", eventlog.Revision(i), step.Events...)...)
				}
				steps = append(steps, step)
			}
			done, err := log.AppendAll(t.Context(), steps)
			var wrong *eventlog.WrongRevision
			if !errors.As(err, &wrong) || done != bad {
				t.Fatalf("%d done, error %v; want %d and *WrongRevision", done, err, bad)
			}
			if wantErr := (eventlog.WrongRevision{Stream: "state-fra", Expected: 100, Actual: eventlog.Revision(bad) - 1}); *wrong != wantErr {
				t.Errorf("error %+v, want %+v", *wrong, wantErr)
			}
			if d := diff(append([]eventlog.Recorded{}, want...), withoutOffsets(readAll(t, log))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func testAtomic(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	const steps, size = 60, 7
	var group sync.WaitGroup
	var finished atomic.Bool
	group.Go(func() {
		defer finished.Store(true)
		for i := range steps {
			_, err := log.Append(t.Context(), eventlog.Append{Stream: fmt.Sprintf("state-%d", i%2), Expected: eventlog.AnyRevision, Events: events(size, fmt.Sprint(i))})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 2 {
		group.Go(func() {
			for last := 0; ; {
				stop := finished.Load()
				n := 0
				for _, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
					if err != nil {
						t.Error(err)
						return
					}
					n++
				}
				if n%size != 0 {
					t.Errorf("a reader saw %d events: part of a step", n)
					return
				}
				if n < last {
					t.Errorf("a reader saw %d events after it had seen %d", n, last)
					return
				}
				if last = n; stop {
					if n != steps*size {
						t.Errorf("a reader that began after the last append saw %d events of %d", n, steps*size)
					}
					return
				}
			}
		})
	}
	group.Wait()
}

func testOneWins(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	const rounds, writers = 10, 16
	for round := range rounds {
		var group sync.WaitGroup
		var won, lost atomic.Int32
		for w := range writers {
			group.Go(func() {
				_, err := log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: eventlog.Revision(round) - 1, Events: events(1, fmt.Sprint(round, w))})
				var wrong *eventlog.WrongRevision
				switch {
				case err == nil:
					won.Add(1)
				case errors.As(err, &wrong):
					if wrong.Actual != eventlog.Revision(round) {
						t.Errorf("round %d: refused with actual revision %d", round, wrong.Actual)
					}
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 || lost.Load() != writers-1 {
			t.Fatalf("round %d: %d won, %d lost", round, won.Load(), lost.Load())
		}
	}
	if got := readAll(t, log); len(got) != rounds {
		t.Errorf("%d events, want %d", len(got), rounds)
	}
}

func testManyWriters(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	const writers, each = 32, 20
	var group sync.WaitGroup
	var mu sync.Mutex
	answered := make(map[eventlog.ID]eventlog.Appended)
	for w := range writers {
		group.Go(func() {
			own, shared := fmt.Sprintf("state-%d", w), fmt.Sprintf("group-%d", w%3)
			for i := range each {
				step := eventlog.Append{Stream: own, Expected: eventlog.Revision(i) - 1, Events: events(1, fmt.Sprint(w, i))}
				if i%4 == 3 {
					step.Events = append(step.Events, events(1, "second")...)
					step.Stream, step.Expected = shared, eventlog.AnyRevision
				} else {
					step.Expected = eventlog.Revision(i-i/4) - 1
				}
				got, err := log.Append(t.Context(), step)
				if err != nil {
					t.Errorf("writer %d, append %d: %v", w, i, err)
					return
				}
				mu.Lock()
				answered[step.Events[len(step.Events)-1].ID] = got
				mu.Unlock()
			}
		})
	}
	group.Wait()
	all := readAll(t, log)
	if want := writers * each * 5 / 4; len(all) != want {
		t.Fatalf("%d events, want %d", len(all), want)
	}
	next := make(map[string]eventlog.Revision)
	for _, e := range all {
		if e.Revision != next[e.Stream] {
			t.Fatalf("stream %s: revision %d stands where %d should", e.Stream, e.Revision, next[e.Stream])
		}
		next[e.Stream]++
		if got, ok := answered[e.ID]; ok {
			if want := (eventlog.Appended{Revision: e.Revision, Offset: e.Offset}); got != want {
				t.Errorf("answered %+v, stands at %+v", got, want)
			}
			delete(answered, e.ID)
		}
	}
	if len(answered) != 0 {
		t.Errorf("%d acknowledged steps are not in the log", len(answered))
	}
	if d := diff(all, readAll(t, log)); d != "" {
		t.Errorf("a second read has another order (-first +second):\n%s", d)
	}
}
