package embedded_test

import (
	"testing"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
)

func TestEmbeddedPassesTheSuite(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.PerTest(func(t testing.TB) func() eventlog.Log {
		dir := t.TempDir()
		return func() eventlog.Log {
			log, err := embedded.Open(embedded.Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return log
		}
	}))
}
