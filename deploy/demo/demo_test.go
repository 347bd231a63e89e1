package demo_test

import (
	"testing"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// The built-in negotiation is read, and every row of it recorded, without a fault.
func TestEveryRowIsRecorded(t *testing.T) {
	in, faults := intake.Dataset(demo.Files)
	report, err := recorder.New(eventlogtest.NewMemory(), nil, recorder.Config{}).RecordAll(t.Context(), in.Rows, recorder.AllOptions{
		By: "import", Today: domain.NewDate(2026, 10, 1), Faults: faults,
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Skipped != 0 || report.Events < len(in.Rows) || len(in.Rows) == 0 {
		t.Errorf("%d rows gave %d events, %d rows skipped", len(in.Rows), report.Events, report.Skipped)
	}
}
