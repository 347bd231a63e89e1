package demo_test

import (
	"testing"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/intake"
)

// The built-in negotiation is read, and every row of it recorded, without a fault.
func TestEveryRowIsRecorded(t *testing.T) {
	in, faults := intake.Dataset(demo.Files)
	faults = append(faults, in.Check(domain.NewWorld(), domain.NewDate(2026, 10, 1))...)
	for _, f := range faults {
		t.Error(f)
	}
	if len(in.Rows) == 0 {
		t.Error("there are no rows")
	}
}
