package domain_test

import (
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
)

func TestAFaultGoesBackToItsCell(t *testing.T) {
	row := domain.Row{
		File: "positions.csv", Line: 7,
		Columns: map[string]string{"points": "points", "actor": "actor", "options.0": "proposal-options.csv:17:option"},
		Cells:   map[string]string{"points": "VIEW: x", "proposal-options.csv:17:option": "two"},
	}
	for path, want := range map[string]string{
		"points.0.text": `positions.csv:7: points "VIEW: x": No.`,
		"actor":         "positions.csv:7: actor: No.",
		"options.0":     `proposal-options.csv:17: option "two": No.`,
		"source.title":  "positions.csv:7: No.",
		"":              "positions.csv:7: No.",
	} {
		if got := row.Fault(domain.Fault{Path: path, Message: "No."}).String(); got != want {
			t.Errorf("at %q: %s, want %s", path, got, want)
		}
	}
}

func TestALongCellIsCutInMessages(t *testing.T) {
	f := domain.RowFault{File: "f.csv", Line: 2, Column: "c", Value: strings.Repeat("é", 61), Message: "No."}
	if got, want := f.String(), `f.csv:2: c "`+strings.Repeat("é", 60)+`…": No.`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	f.Value = strings.Repeat("é", 60)
	if got := f.String(); strings.Contains(got, "…") {
		t.Error(got)
	}
}
