package eventstoredb_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb/esdbtest"
)

// With the times of a program as it runs: how long nobody can record when the leader goes, in each of the ways in which it goes, and how
// long a subscription that says nothing keeps anybody waiting. Ten seconds are what is promised of both.
func TestTenSecondsAreEnough(t *testing.T) {
	if os.Getenv("RAPPORTEUR_LONG") == "" {
		t.Skip("RAPPORTEUR_LONG is not set: this waits as long as a program waits")
	}
	const promised = 10 * time.Second
	for name, harm := range map[string]func(*esdbtest.Cluster){
		"Killed": func(c *esdbtest.Cluster) {
			c.Kill(0)
			time.Sleep(2 * time.Second) // The election.
			c.SetLeader(1)
		},
		"Hung": func(c *esdbtest.Cluster) {
			c.Hang(0, true)
			c.SetLeader(1)
		},
		"Moved": func(c *esdbtest.Cluster) {
			c.RefuseOnFollowers(true)
			c.SetLeader(2)
		},
		"Silent": func(c *esdbtest.Cluster) { c.Silence(0, true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := esdbtest.New(t, 3)
			log, other := openUsual(t, c.ConnectionString()), openUsual(t, c.ConnectionString())
			defer log.Close()
			defer other.Close()
			at := mustAppend(t, log, step("a", eventlog.NoStream, 1))
			mustAppend(t, other, step("b", eventlog.NoStream, 1))
			for range log.ReadAll(t.Context(), eventlog.Offset{}) {
				at = eventlog.Appended{}
			}
			at.Offset = log.Newest()
			woken := make(chan time.Time, 1)
			go func() {
				_ = log.Wait(context.Background(), at.Offset)
				woken <- time.Now()
			}()
			eventually(t, func() bool { return c.Calls(esdbtest.Subscribe) == 1 })
			begin := time.Now()
			harm(c)
			mustAppend(t, other, step("b", 0, 1))
			recorded := time.Now()
			noticed := <-woken
			t.Logf("recorded after %v, noticed %v later", recorded.Sub(begin).Round(time.Millisecond), noticed.Sub(recorded).Round(time.Millisecond))
			if recorded.Sub(begin) > promised || noticed.Sub(recorded) > promised {
				t.Errorf("longer than %v", promised)
			}
		})
	}
}
