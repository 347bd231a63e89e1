package eventlogtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

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
