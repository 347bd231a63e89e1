package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What names many things wrongly, or waits for many positions that will not come, is refused quickly and in few words.
func TestLongListsAreBounded(t *testing.T) {
	bed := readOnly(t)
	words := func(n int) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = fmt.Sprintf("Q%04d", i)
		}
		return list
	}
	for _, c := range []struct {
		name, query string
		variables   map[string]any
		want        string
	}{
		{"too many codes", `query($a: [String!]) { positions(filter: {actors: $a}) { totalCount } }`, map[string]any{"a": words(1001)}, "the limit is 1,000"},
		{"a thousand unknown codes", `query($a: [String!]) { positions(filter: {actors: $a}) { totalCount } }`, map[string]any{"a": words(1000)}, "1000 faults, of which the first 50 are told: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := bed.post(c.query, "a", c.variables["a"]).Body.String()
			if !strings.Contains(answer, c.want) || len(answer) > 100<<10 {
				t.Errorf("%d bytes, want %q in %.400s", len(answer), c.want, answer)
			}
		})
	}
}

// One operation has one patience for positions beyond the newest, however many of its fields ask for one.
func TestAnOperationWaitsOnce(t *testing.T) {
	bed := readOnly(t)
	var query strings.Builder
	query.WriteString("{")
	for i := range 40 {
		fmt.Fprintf(&query, ` a%d: convergence(asOf: {log: "%d"}) { consensus }`, i, 1_000_000+i)
	}
	query.WriteString("}")
	begin := time.Now()
	answer := bed.post(query.String()).Body.String()
	if n := strings.Count(answer, "is beyond the newest"); n != 2*40 { // In the message and in the fault of each.
		t.Errorf("%d times it is told, of 40 fields: %.300s", n, answer)
	}
	if took := time.Since(begin); took > 10*time.Second { // Forty times half a second one after the other would be twenty.
		t.Errorf("it took %v", took)
	}
}

// TestManyRefusalsAreAShortAnswer: fifty commands that each have a thousand faults are not answered with all that is wrong.
func TestManyRefusalsAreAShortAnswer(t *testing.T) {
	b := readOnly(t)
	targets := make([]any, 900)
	for i := range targets {
		targets[i] = map[string]any{"proposal": fmt.Sprintf("there-is-no-such-proposal-as-this-one-%d", i)}
	}
	var document strings.Builder
	for i := range 50 {
		fmt.Fprintf(&document, " a%d: convergence(targets: $targets) { support }", i)
	}
	answer := b.post("query ($targets: [TargetRef!]) {"+document.String()+" }", "targets", targets).Body.String()
	if n := len(answer); n > 100<<10 || !strings.Contains(answer, `"errorsOmitted":`) {
		t.Errorf("%d bytes: %.300s", n, answer)
	}
}
