package eventstoredb_test

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb/esdbtest"
)

func open(t testing.TB, connection string) *eventstoredb.Log {
	t.Helper()
	log, err := eventstoredb.Open(t.Context(), eventstoredb.Quick(eventstoredb.Config{ConnectionString: connection}))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestOneServerPassesTheSuite(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.PerTest(func(t testing.TB) func() eventlog.Log {
		c := esdbtest.New(t, 1)
		c.SetNoise(true)
		return func() eventlog.Log { return open(t, c.ConnectionString()) }
	}))
}

// TestAnOldServerPassesTheSuite has servers as they were before 21.10 and 22.10: they do not tell their version and features, nor where in
// $all an event of a stream stands.
func TestAnOldServerPassesTheSuite(t *testing.T) {
	c := esdbtest.New(t, 3)
	c.SetVersion("")
	c.HidePlaces(true)
	c.AppendForeign(100)
	runUnderPrefixes(t, c.ConnectionString(), open)
}

// TestAClusterPassesTheSuite has all stores on one cluster, each under a prefix of its own.
func TestAClusterPassesTheSuite(t *testing.T) {
	c := esdbtest.New(t, 3)
	c.AppendForeign(100)
	runUnderPrefixes(t, c.ConnectionString(), open)
}

// TestARealServerPassesTheSuite runs against the server or cluster at an address, where one is given. What is there already is not
// touched; what the suite records stays there, under prefixes that begin with suite-.
func TestARealServerPassesTheSuite(t *testing.T) {
	address := os.Getenv("RAPPORTEUR_TEST_ESDB")
	if address == "" {
		t.Skip("RAPPORTEUR_TEST_ESDB gives no connection string")
	}
	runUnderPrefixes(t, address, openUsual)
}

func runUnderPrefixes(t *testing.T, address string, open func(testing.TB, string) *eventstoredb.Log) {
	eventlogtest.Run(t, eventlogtest.PerTest(func(t testing.TB) func() eventlog.Log {
		join := "?"
		if strings.Contains(address, "?") {
			join = "&"
		}
		connection := address + join + "rapporteur-prefix=suite-" + strings.ToLower(rand.Text()) + "."
		return func() eventlog.Log { return open(t, connection) }
	}))
}

func openUsual(t testing.TB, connection string) *eventstoredb.Log {
	t.Helper()
	log, err := eventstoredb.Open(t.Context(), eventstoredb.Config{ConnectionString: connection})
	if err != nil {
		t.Fatal(err)
	}
	return log
}
