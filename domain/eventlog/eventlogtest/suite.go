package eventlogtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
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
