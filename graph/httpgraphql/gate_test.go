package httpgraphql_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// The many feeds of one client wait for one another; those of others, and of this machine, have a place meanwhile.
func TestFeedsOfOneClientTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := httpgraphql.FeedPlaces(8) // Of which feeds have four.
		take := func(client string) func() {
			release, err := place(t.Context(), client)
			if err != nil {
				t.Fatal(err)
			}
			return release
		}
		first := take("192.0.2.7")
		got := 0
		for range 10 {
			go func() {
				release := take("192.0.2.7")
				got++
				release()
			}()
		}
		synctest.Wait()
		others := []func(){take("192.0.2.8"), take(""), take("")}
		if got != 0 {
			t.Errorf("%d more of the same client have a place", got)
		}
		// All four are taken: whoever comes now waits, and can leave.
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := place(ctx, "192.0.2.9")
			failed <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-failed; err != context.Canceled {
			t.Errorf("who left while waiting: %v", err)
		}
		first()
		synctest.Wait()
		if got != 10 {
			t.Errorf("%d of ten had their turn", got)
		}
		for _, release := range others {
			release()
		}
		for range 4 { // All places are free again, and stay so.
			defer take("")()
		}
	})
}

// Who waits for a disk gives its slot to another meanwhile, counts as one that waits, and has a slot again before it goes on.
func TestWhoIsAsideGivesItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := httpgraphql.New(newWorld(), httpgraphql.Config{InFlight: 1, Waiting: 2, Logger: quiet()})
		enter := func(ctx context.Context) (context.Context, func()) {
			within, end, refusal := h.Enter(ctx)
			if refusal != nil {
				t.Fatal(refusal)
			}
			return within, end
		}
		is := func(what string, running, waiting int) {
			t.Helper()
			synctest.Wait()
			if r, w := h.InFlight(); r != running || w != waiting {
				t.Errorf("%s: %d run and %d wait, want %d and %d", what, r, w, running, waiting)
			}
		}
		disk, back, ended := make(chan struct{}), false, make(chan struct{})
		mutation := func(ctx context.Context) {
			ctx, end := enter(ctx)
			defer end()
			httpgraphql.Aside(ctx, func() { <-disk })
			back = true
			ended <- struct{}{}
		}
		go mutation(t.Context())
		is("one aside", 0, 1)
		_, end := enter(t.Context())
		is("another runs", 1, 1)
		disk <- struct{}{}
		is("it waits to go on", 1, 1)
		if back {
			t.Error("it goes on without a slot")
		}
		end()
		<-ended
		is("it has ended", 0, 0)

		// Only so many may wait: the third keeps its slot.
		for range 2 {
			go mutation(t.Context())
			synctest.Wait()
		}
		is("two aside", 0, 2)
		go mutation(t.Context())
		is("a third", 1, 2)
		for range 3 {
			disk <- struct{}{}
		}
		for range 3 {
			<-ended
		}
		is("all have ended", 0, 0)

		// Who runs out of time while it waits for its slot goes on without, and leaves nothing behind.
		ctx, cancel := context.WithCancel(t.Context())
		go mutation(ctx)
		synctest.Wait()
		_, end = enter(t.Context())
		disk <- struct{}{}
		is("out of time", 1, 1)
		cancel()
		<-ended
		is("it has ended without a slot", 1, 0)
		end()
		is("nothing is left", 0, 0)
	})
}
