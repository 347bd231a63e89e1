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
