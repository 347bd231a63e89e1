package eventlogtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

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
