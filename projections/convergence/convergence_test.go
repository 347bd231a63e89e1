package convergence_test

import (
	"math/big"
	"testing"

	"github.com/rapporteur/rapporteur/projections/convergence"
)

// The values are those that RULES.md, section 5, gives for single patterns and worked counts.
func TestAgreementHasThePublishedValues(t *testing.T) {
	for _, c := range []struct {
		counts   [5]int
		num, den int64
	}{
		{[5]int{1, 0, 0, 0, 0}, 1, 1}, {[5]int{1, 1, 0, 0, 0}, 3, 4}, {[5]int{1, 0, 1, 0, 0}, 1, 6}, {[5]int{1, 0, 0, 1, 0}, -5, 12},
		{[5]int{1, 0, 0, 0, 1}, -1, 1}, {[5]int{1, 1, 1, 0, 0}, 1, 2}, {[5]int{1, 1, 0, 1, 0}, 1, 9}, {[5]int{1, 1, 0, 0, 1}, -5, 18},
		{[5]int{1, 0, 1, 0, 1}, -5, 18}, {[5]int{1, 1, 1, 1, 0}, 1, 4}, {[5]int{1, 1, 1, 0, 1}, -1, 24}, {[5]int{1, 1, 0, 1, 1}, -5, 36},
		{[5]int{1, 1, 1, 1, 1}, 0, 1},
		{[5]int{7, 1, 0, 1, 1}, 49, 90}, {[5]int{50, 40, 20, 8, 3}, 63, 121}, {[5]int{80, 40, 30, 25, 18}, 139, 386},
		{[5]int{158, 0, 12, 0, 10}, 83, 108}, {[5]int{3, 0, 0, 0, 1}, 0, 1},
	} {
		mirrored := c.counts
		for i, n := range c.counts {
			mirrored[4-i] = n
		}
		for _, counts := range [][5]int{c.counts, mirrored} {
			got := convergence.Agreement(counts)
			if big.NewRat(got.Num, got.Den).Cmp(big.NewRat(c.num, c.den)) != 0 {
				t.Errorf("Agreement(%v) = %d/%d, want %d/%d", counts, got.Num, got.Den, c.num, c.den)
			}
		}
	}
	if got := convergence.Agreement([5]int{}); !got.Null() {
		t.Errorf("Agreement of nothing = %v, want null", got)
	}
}

// Van der Eijk's own example has seven places; its value is given with it in the documentation of the R package agrmt (D. Ruedin).
func TestAgreementOfItsAuthorsExample(t *testing.T) {
	if got := convergence.AgreementOf(30, 40, 210, 130, 530, 50, 10).FloatString(7); got != "0.6113333" {
		t.Errorf("A is %s, want 0.6113333", got)
	}
	// Over five places it is what is served.
	counts := [5]int{80, 40, 30, 25, 18}
	if got, want := convergence.AgreementOf(counts[:]...), convergence.Agreement(counts); got.Cmp(big.NewRat(want.Num, want.Den)) != 0 {
		t.Errorf("over five places %s, and %d/%d by the table", got, want.Num, want.Den)
	}
}

func TestConsensusBoundaries(t *testing.T) {
	figures := func(tally convergence.Tally, own [5]bool, agreed bool) *convergence.Figures {
		return &convergence.Figures{Tally: tally, OwnSupport: own, Agreed: agreed}
	}
	all := [5]bool{true, true, true, true, true}
	four := [5]bool{true, true, true, true, false}
	for _, c := range []struct {
		name string
		f    *convergence.Figures
		want convergence.Consensus
	}{
		{"adopted without a vote, whatever was said", figures(convergence.Tally{0, 1, 0, 0, 0, 9}, four, true), convergence.Agreed},
		{"nobody", figures(convergence.Tally{10, 0, 0, 0, 0, 0}, [5]bool{}, false), convergence.Silent},
		{"one objects", figures(convergence.Tally{0, 9, 0, 0, 0, 1}, all, false), convergence.Contested},
		{"exactly half", figures(convergence.Tally{5, 5, 0, 0, 0, 0}, all, false), convergence.Converged},
		{"less than half", figures(convergence.Tally{6, 5, 0, 0, 0, 0}, all, false), convergence.NoObjection},
		{"one is concerned", figures(convergence.Tally{0, 9, 0, 0, 1, 0}, all, false), convergence.NoObjection},
		{"a regional group without own support", figures(convergence.Tally{0, 10, 0, 0, 0, 0}, four, false), convergence.NoObjection},
	} {
		if got := c.f.Consensus(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
