package eventlogtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// patience bounds what must happen soon. It is no measure of speed: a test that runs into it would wait for ever.
const patience = 30 * time.Second

// Run runs the suite. open gives a log over an empty store that belongs to the test; called again with the same t, after
// the first log was closed, it opens the same store. PerTest makes such a function. The store is quiet: nobody else
// writes events to it that ReadAll would give. The suite closes what it opens.
func Run(t *testing.T, open func(t testing.TB) eventlog.Log) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, open func(t testing.TB) eventlog.Log)
	}{
		{"AnEmptyLogHasNoEvents", testEmpty},
		{"WhatWasAppendedIsRead", testAppendedIsRead},
		{"ExpectedRevisionIsHeld", testExpectedRevision},
		{"ARefusedStepLeavesNothing", testRefusedLeavesNothing},
		{"AStepWithoutSenseIsRefused", testSenseless},
		{"NamesAreOnlyNames", testNames},
		{"ALeafHasItsLargestSize", testLargestLeaf},
		{"ReadAllContinuesAtAnyOffset", testReadAllFromAnyOffset},
		{"ReadStreamBeginsAtARevision", testReadStreamFrom},
		{"AReaderMayStopAnywhere", testReaderStops},
		{"BytesBelongToTheCaller", testBytesBelongToCaller},
		{"AppendAllKeepsTheOrder", testAppendAll},
		{"AppendAllStopsAtTheFirstFailure", testAppendAllStops},
		{"AReadIsASnapshot", testSnapshot},
		{"AWriterMayAppendInsideARead", testAppendInsideRead},
		{"AStepIsSeenWholeOrNotAtAll", testAtomic},
		{"OneOfManyWritersWins", testOneWins},
		{"ManyWritersShareOneOrder", testManyWriters},
		{"WaitReturnsForAnEvent", testWaitReturns},
		{"WaitEndsWithItsContext", testWaitContext},
		{"WaitEndsWithTheLog", testWaitClose},
		{"AFollowerMissesNothing", testFollower},
		{"ACancelledContextIsAnError", testCancelled},
		{"AClosedLogSaysSo", testClosed},
		{"AReopenedLogIsTheSame", testReopen},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

// PerTest makes what Run asks for from a function that makes a store for a test and gives the function that opens it.
func PerTest(store func(t testing.TB) (open func() eventlog.Log)) func(t testing.TB) eventlog.Log {
	var mu sync.Mutex
	stores := make(map[testing.TB]func() eventlog.Log)
	return func(t testing.TB) eventlog.Log {
		mu.Lock()
		open, ok := stores[t]
		if !ok {
			open = store(t)
			stores[t] = open
			t.Cleanup(func() {
				mu.Lock()
				delete(stores, t)
				mu.Unlock()
			})
		}
		mu.Unlock()
		return open()
	}
}

// start opens a log and closes it with the test.
func start(t testing.TB, open func(t testing.TB) eventlog.Log) eventlog.Log {
	t.Helper()
	log := open(t)
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return log
}

var lastID atomic.Uint64

// event makes an event like those of the record: canonical JSON, an id of its own.
func event(typ, text string) eventlog.Event {
	e := eventlog.Event{Type: typ, Data: fmt.Appendf(nil, `{"text":"%s"}`, text), Metadata: []byte(`{"recordedBy":"suite"}`)}
	binary.BigEndian.PutUint64(e.ID[8:], lastID.Add(1))
	e.ID[0] = 0xee
	return e
}

func events(n int, text string) []eventlog.Event {
	list := make([]eventlog.Event, n)
	for i := range list {
		list[i] = event("Noted", fmt.Sprintf("%s %d", text, i))
	}
	return list
}

func mustAppend(t testing.TB, log eventlog.Log, stream string, expected eventlog.Revision, list ...eventlog.Event) eventlog.Appended {
	t.Helper()
	appended, err := log.Append(t.Context(), eventlog.Append{Stream: stream, Expected: expected, Events: list})
	if err != nil {
		t.Fatalf("append %d events to %s at %d: %v", len(list), stream, expected, err)
	}
	return appended
}

func collect(t testing.TB, seq iter.Seq2[eventlog.Recorded, error]) []eventlog.Recorded {
	t.Helper()
	list := []eventlog.Recorded{}
	for e, err := range seq {
		if err != nil {
			t.Fatalf("read, after %d events: %v", len(list), err)
		}
		list = append(list, e)
	}
	return list
}

func readAll(t testing.TB, log eventlog.Log) []eventlog.Recorded {
	t.Helper()
	return collect(t, log.ReadAll(t.Context(), eventlog.Offset{}))
}

func readStream(t testing.TB, log eventlog.Log, stream string) []eventlog.Recorded {
	t.Helper()
	return collect(t, log.ReadStream(t.Context(), stream, 0))
}

// recorded is what events look like once they stand in a stream, from a revision on. Offsets are the store's own.
func recorded(stream string, from eventlog.Revision, list ...eventlog.Event) []eventlog.Recorded {
	out := []eventlog.Recorded{}
	for i, e := range list {
		out = append(out, eventlog.Recorded{Event: e, Stream: stream, Revision: from + eventlog.Revision(i)})
	}
	return out
}

// diff is cmp.Diff for lists of events, which are long here and nearly always equal: cmp is asked only when they are not.
func diff(want, got []eventlog.Recorded) string {
	if slices.EqualFunc(want, got, func(a, b eventlog.Recorded) bool {
		return a.ID == b.ID && a.Type == b.Type && bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Metadata, b.Metadata) &&
			a.Stream == b.Stream && a.Revision == b.Revision && a.Offset == b.Offset
	}) {
		return ""
	}
	return cmp.Diff(want, got)
}

func withoutOffsets(list []eventlog.Recorded) []eventlog.Recorded {
	out := slices.Clone(list)
	for i := range out {
		out[i].Offset = eventlog.Offset{}
	}
	return out
}

func testEmpty(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	if got := readAll(t, log); len(got) != 0 {
		t.Errorf("ReadAll gives %d events", len(got))
	}
	if got := readStream(t, log, "state-fra"); len(got) != 0 {
		t.Errorf("ReadStream gives %d events", len(got))
	}
	if done, err := log.AppendAll(t.Context(), nil); done != 0 || err != nil {
		t.Errorf("AppendAll of nothing: %d, %v", done, err)
	}
}

func testAppendedIsRead(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	a, b, c := events(1, "a"), events(3, "b"), events(2, "c")
	first := mustAppend(t, log, "state-fra", eventlog.NoStream, a...)
	second := mustAppend(t, log, "state-deu", eventlog.NoStream, b...)
	third := mustAppend(t, log, "state-fra", 0, c...)

	all := readAll(t, log)
	want := slices.Concat(recorded("state-fra", 0, a...), recorded("state-deu", 0, b...), recorded("state-fra", 1, c...))
	if d := diff(want, withoutOffsets(all)); d != "" {
		t.Fatalf("ReadAll (-want +got):\n%s", d)
	}
	for i, want := range []struct {
		got      eventlog.Appended
		revision eventlog.Revision
		last     int
	}{{first, 0, 0}, {second, 2, 3}, {third, 2, 5}} {
		if diff := cmp.Diff(eventlog.Appended{Revision: want.revision, Offset: all[want.last].Offset}, want.got); diff != "" {
			t.Errorf("answer %d (-want +got):\n%s", i+1, diff)
		}
	}
	seen := map[eventlog.Offset]bool{{}: true}
	for _, e := range all {
		if seen[e.Offset] {
			t.Errorf("offset %v stands twice, or is zero", e.Offset)
		}
		seen[e.Offset] = true
	}
	if d := diff([]eventlog.Recorded{all[0], all[4], all[5]}, readStream(t, log, "state-fra")); d != "" {
		t.Errorf("ReadStream (-want +got):\n%s", d)
	}
	if d := diff(all[1:4], readStream(t, log, "state-deu")); d != "" {
		t.Errorf("ReadStream (-want +got):\n%s", d)
	}
}

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

func testReadAllFromAnyOffset(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	for i := range 30 {
		mustAppend(t, log, fmt.Sprintf("state-%d", i%4), eventlog.AnyRevision, events(1+i%3, fmt.Sprint("step ", i))...)
	}
	all := readAll(t, log)
	if len(all) != 60 {
		t.Fatalf("%d events, want 60", len(all))
	}
	for i, e := range all {
		if d := diff(all[i+1:], collect(t, log.ReadAll(t.Context(), e.Offset))); d != "" {
			t.Fatalf("behind event %d (-want +got):\n%s", i, d)
		}
	}
}

func testReadStreamFrom(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	for i := range 10 {
		mustAppend(t, log, "state-fra", eventlog.AnyRevision, events(2, fmt.Sprint("fra ", i))...)
		mustAppend(t, log, "state-deu", eventlog.AnyRevision, events(1, fmt.Sprint("deu ", i))...)
	}
	all := readStream(t, log, "state-fra")
	if len(all) != 20 {
		t.Fatalf("%d events, want 20", len(all))
	}
	for from := range 22 {
		want := []eventlog.Recorded{}
		if from < 20 {
			want = all[from:]
		}
		got := collect(t, log.ReadStream(t.Context(), "state-fra", eventlog.Revision(from)))
		if d := diff(want, got); d != "" {
			t.Fatalf("from revision %d (-want +got):\n%s", from, d)
		}
	}
}

func testReaderStops(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(50, "x")...)
	for stop := 1; stop <= 50; stop += 7 {
		for _, seq := range []iter.Seq2[eventlog.Recorded, error]{
			log.ReadAll(t.Context(), eventlog.Offset{}),
			log.ReadStream(t.Context(), "state-fra", 0),
		} {
			n := 0
			for _, err := range seq {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n == stop {
					break
				}
			}
		}
	}
	// What was left half read must not hold up a writer or a reader.
	mustAppend(t, log, "state-fra", 49, events(1, "y")...)
	if got := readAll(t, log); len(got) != 51 {
		t.Errorf("%d events, want 51", len(got))
	}
}

func testBytesBelongToCaller(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	list := events(3, "original")
	want := recorded("state-fra", 0, cloneEvent(list[0]), cloneEvent(list[1]), cloneEvent(list[2]))
	mustAppend(t, log, "state-fra", eventlog.NoStream, list...)
	scribble := func(e eventlog.Event) {
		for _, b := range [][]byte{e.Data, e.Metadata} {
			clear(b)
			_ = append(b, "behind the end"...) // Must not run into the neighbour's bytes.
		}
	}
	for _, e := range list { // The writer's bytes are its own again.
		scribble(e)
	}
	check := func(what string, got []eventlog.Recorded) {
		t.Helper()
		if d := diff(want, withoutOffsets(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	first, second := readAll(t, log), readStream(t, log, "state-fra")
	check("ReadAll", first)
	check("ReadStream", second)
	_ = append(first[0].Data, "must not run into the metadata"...)
	_ = append(first[0].Metadata, "nor into the next event"...)
	check("ReadAll after a reader appended to its bytes", first)
	scribble(first[1].Event)
	scribble(second[1].Event)
	if d := diff([]eventlog.Recorded{want[0], want[2]}, withoutOffsets([]eventlog.Recorded{first[0], first[2]})); d != "" {
		t.Errorf("an event shares bytes with its neighbour (-want +got):\n%s", d)
	}
	check("ReadAll after a reader wrote into its events", readAll(t, log))
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

func testSnapshot(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(3, "before")...)
	all := log.ReadAll(t.Context(), eventlog.Offset{})
	stream := log.ReadStream(t.Context(), "state-fra", 0)
	mustAppend(t, log, "state-fra", 2, events(3, "after")...)
	if got := collect(t, all); len(got) != 3 {
		t.Errorf("ReadAll gives %d events, want the 3 that were there when the call began", len(got))
	}
	if got := collect(t, stream); len(got) != 3 {
		t.Errorf("ReadStream gives %d events, want the 3 that were there when the call began", len(got))
	}
	if got := readAll(t, log); len(got) != 6 {
		t.Errorf("a later ReadAll gives %d events, want 6", len(got))
	}
}

func testAppendInsideRead(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(20, "before")...)
	n := 0
	for e, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		if int(e.Revision) != n {
			t.Fatalf("event %d of the read has revision %d", n, e.Revision)
		}
		mustAppend(t, log, "state-fra", eventlog.Revision(19+n), events(1, "inside")...)
		n++
	}
	if n != 20 {
		t.Errorf("the read gave %d events, want 20", n)
	}
	if got := readAll(t, log); len(got) != 40 {
		t.Errorf("%d events, want 40", len(got))
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

func testWaitReturns(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	after := eventlog.Offset{}
	for i := range 5 {
		woken := make(chan error)
		for range 3 {
			go func() {
				err := log.Wait(ctx, after)
				if err == nil { // Woken means readable, without another look.
					n := 0
					for _, readErr := range log.ReadAll(ctx, after) {
						err = errors.Join(err, readErr)
						n++
					}
					if n == 0 {
						err = errors.Join(err, errors.New("woken, but there is nothing to read"))
					}
				}
				woken <- err
			}()
		}
		select {
		case err := <-woken:
			t.Fatalf("round %d: Wait returned before there was an event: %v", i, err)
		case <-time.After(20 * time.Millisecond):
		}
		appended := mustAppend(t, log, "state-fra", eventlog.AnyRevision, events(2, fmt.Sprint(i))...)
		for range 3 {
			if err := <-woken; err != nil {
				t.Fatal(err)
			}
		}
		// What is there already needs no waiting, from wherever one looks.
		if err := log.Wait(ctx, after); err != nil {
			t.Fatal(err)
		}
		if err := log.Wait(ctx, eventlog.Offset{}); err != nil {
			t.Fatal(err)
		}
		after = appended.Offset
	}
}

func testWaitContext(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	appended := mustAppend(t, log, "state-fra", eventlog.NoStream, events(1, "x")...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- log.Wait(ctx, appended.Offset) }()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	case <-time.After(patience):
		t.Fatal("Wait did not end with its context")
	}
}

func testWaitClose(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := open(t)
	appended := mustAppend(t, log, "state-fra", eventlog.NoStream, events(1, "x")...)
	done := make(chan error)
	for range 3 {
		go func() { done <- log.Wait(t.Context(), appended.Offset) }()
	}
	time.Sleep(5 * time.Millisecond) // Some wait by now, some not yet: either way the answer is the same.
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		select {
		case err := <-done:
			if !errors.Is(err, eventlog.ErrClosed) {
				t.Errorf("error %v, want ErrClosed", err)
			}
		case <-time.After(patience):
			t.Fatal("Wait did not end with the log")
		}
	}
}

func testFollower(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const writers, each = 8, 40
	var group sync.WaitGroup
	follow := func() ([]eventlog.ID, error) {
		var after eventlog.Offset
		var got []eventlog.ID
		for len(got) < writers*each {
			if err := log.Wait(ctx, after); err != nil {
				return got, err
			}
			for e, err := range log.ReadAll(ctx, after) {
				if err != nil {
					return got, err
				}
				got, after = append(got, e.ID), e.Offset
			}
		}
		return got, nil
	}
	var got [2][]eventlog.ID
	for i := range got {
		group.Go(func() {
			var err error
			if got[i], err = follow(); err != nil {
				t.Errorf("follower, after %d events of %d: %v", len(got[i]), writers*each, err)
			}
		})
	}
	for w := range writers {
		group.Go(func() {
			for i := range each {
				_, err := log.Append(ctx, eventlog.Append{Stream: fmt.Sprintf("state-%d", w), Expected: eventlog.Revision(i) - 1, Events: events(1, fmt.Sprint(w, i))})
				if err != nil {
					t.Error(err)
					cancel()
					return
				}
			}
		})
	}
	group.Wait()
	want := []eventlog.ID{}
	for _, e := range readAll(t, log) {
		want = append(want, e.ID)
	}
	for i := range got {
		if !slices.Equal(want, got[i]) {
			t.Errorf("follower %d saw %d events, in another order or not these %d", i, len(got[i]), len(want))
		}
	}
}

func testCancelled(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(10, "x")...)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	for _, err := range log.ReadAll(ctx, eventlog.Offset{}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("read: error %v, want context.Canceled", err)
			}
			break
		}
		n++
		cancel()
	}
	if n > 10 {
		t.Errorf("%d events of 10", n)
	}
	cancel()
	before := readAll(t, log)
	if _, err := log.Append(ctx, eventlog.Append{Stream: "state-fra", Expected: 9, Events: events(1, "y")}); err == nil {
		t.Error("append with a cancelled context: no error")
	} else if !errors.Is(err, context.Canceled) && !errors.Is(err, eventlog.ErrUnknown) {
		t.Errorf("append: error %v, want context.Canceled or ErrUnknown", err)
	} else if !errors.Is(err, eventlog.ErrUnknown) {
		if d := diff(before, readAll(t, log)); d != "" {
			t.Errorf("not unknown, but recorded (-want +got):\n%s", d)
		}
	}
	// Contexts that end at any moment never leave part of a step, and what was acknowledged is there.
	log2 := start(t, func(t testing.TB) eventlog.Log { return log })
	var acknowledged []eventlog.ID
	for i := range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
			cancel()
		}()
		list := events(3, fmt.Sprint(i))
		_, err := log2.Append(ctx, eventlog.Append{Stream: "state-deu", Expected: eventlog.AnyRevision, Events: list})
		if err == nil {
			acknowledged = append(acknowledged, list[0].ID)
		}
		for _, e := range list { // The bytes belong to the caller again, whatever became of the step.
			clear(e.Data)
		}
		cancel()
	}
	mustAppend(t, log, "state-fra", eventlog.AnyRevision, events(1, "last")...)
	deu := readStream(t, log, "state-deu")
	if len(deu)%3 != 0 {
		t.Errorf("%d events of steps of 3", len(deu))
	}
	there := make(map[eventlog.ID]bool)
	for i, e := range deu {
		there[e.ID] = true
		if e.Revision != eventlog.Revision(i) || bytes.Contains(e.Data, []byte{0}) {
			t.Errorf("event %d: revision %d, data %q", i, e.Revision, e.Data)
		}
	}
	for _, id := range acknowledged {
		if !there[id] {
			t.Errorf("acknowledged event %s is not there", id)
		}
	}
}

func testClosed(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := open(t)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(5, "x")...)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	step := eventlog.Append{Stream: "state-fra", Expected: 4, Events: events(1, "y")}
	_, appendErr := log.Append(t.Context(), step)
	done, appendAllErr := log.AppendAll(t.Context(), []eventlog.Append{step})
	if done != 0 {
		t.Errorf("AppendAll: %d done", done)
	}
	last := func(seq iter.Seq2[eventlog.Recorded, error]) (last error) {
		for _, err := range seq {
			if last = err; err == nil {
				t.Error("a closed log gave an event")
			}
		}
		return last
	}
	for name, err := range map[string]error{
		"Append":     appendErr,
		"AppendAll":  appendAllErr,
		"ReadAll":    last(log.ReadAll(t.Context(), eventlog.Offset{})),
		"ReadStream": last(log.ReadStream(t.Context(), "state-fra", 0)),
		"Wait":       log.Wait(t.Context(), eventlog.Offset{}),
	} {
		if !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("%s: error %v, want ErrClosed", name, err)
		}
	}
	if err := log.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

func testReopen(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := open(t)
	var all []eventlog.Recorded
	for round := range 4 {
		// Steps under way when the log closes are finished or refused, never lost.
		var group sync.WaitGroup
		var mu sync.Mutex
		acknowledged := make(map[eventlog.ID]bool)
		for w := range 4 {
			group.Go(func() {
				for i := range 300 { // Enough to be cut off by Close on a disk, not so many that memory fills with them.
					list := events(2, fmt.Sprint(round, w, i))
					_, err := log.Append(context.Background(), eventlog.Append{Stream: fmt.Sprintf("state-%d", w), Expected: eventlog.AnyRevision, Events: list})
					if err != nil {
						if !errors.Is(err, eventlog.ErrClosed) && !errors.Is(err, eventlog.ErrUnknown) {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					acknowledged[list[1].ID] = true
					mu.Unlock()
				}
			})
		}
		time.Sleep(10 * time.Millisecond)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		group.Wait()

		log = open(t)
		again := readAll(t, log)
		if len(again) < len(all) {
			t.Fatalf("reopened with %d events, had %d", len(again), len(all))
		}
		if d := diff(all, again[:len(all)]); d != "" {
			t.Fatalf("reopened with another past (-want +got):\n%s", d)
		}
		next := make(map[string]eventlog.Revision)
		for _, e := range again {
			if e.Revision != next[e.Stream] {
				t.Fatalf("stream %s: revision %d stands where %d should", e.Stream, e.Revision, next[e.Stream])
			}
			next[e.Stream]++
			delete(acknowledged, e.ID)
		}
		if len(acknowledged) != 0 {
			t.Fatalf("%d acknowledged steps were lost", len(acknowledged))
		}
		// The heads are known again.
		_, err := log.Append(t.Context(), eventlog.Append{Stream: "state-0", Expected: eventlog.NoStream, Events: events(1, "late")})
		var wrong *eventlog.WrongRevision
		if !errors.As(err, &wrong) || wrong.Actual != next["state-0"]-1 {
			t.Fatalf("error %v, want *WrongRevision with actual %d", err, next["state-0"]-1)
		}
		mustAppend(t, log, "state-0", next["state-0"]-1, events(1, "right")...)
		all = readAll(t, log)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}
