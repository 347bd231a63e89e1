package convergence_test

import (
	"math/big"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// profile makes a profile of stances, 0 for none.
func profile(stances []domain.Stance) convergence.Profile {
	p := convergence.NewProfile(len(stances))
	for i, s := range stances {
		p.Set(i, s)
	}
	return p
}

func TestMethodAffinity(t *testing.T) {
	rows := method(t, "affinity")
	var pair [2][]domain.Stance
	for i := range pair {
		for _, cell := range rows[i][1:7] {
			stance := domain.Stance(0)
			if cell != "-" {
				stance = domain.Stance(number(t, cell))
			}
			pair[i] = append(pair[i], stance)
		}
	}
	want := convergence.Affinity{Shared: number(t, rows[1][7]), Distance: number(t, rows[1][8])}
	if got := profile(pair[0]).Affinity(profile(pair[1])); got != want || !equal(got.Similarity(), fraction(t, rows[1][9])) {
		t.Errorf("%+v, similarity %+v; METHOD.md says %+v and %s", got, got.Similarity(), want, rows[1][9])
	}
}

// Two radiologists read 85 xeromammograms on a scale of four (Boyd et al., Journal of the National Cancer Institute 68, 1982, as in
// the Stata Base Reference Manual, entry kappa): they agree on 63.53 %, and on 86.67 % with the weights 1 − |i−j|/(k−1).
func TestAffinityOfThePublishedTable(t *testing.T) {
	table := [4][4]int{{21, 12, 0, 0}, {4, 17, 1, 0}, {3, 9, 15, 2}, {0, 0, 0, 1}}
	var one, other []domain.Stance
	equalReadings := 0
	for i, row := range table {
		for j, n := range row {
			for range n {
				one, other = append(one, domain.Stance(i+1)), append(other, domain.Stance(j+1))
			}
		}
		equalReadings += row[i]
	}
	got := profile(one).Affinity(profile(other))
	weighted := new(big.Rat).Sub(big.NewRat(1, 1), big.NewRat(int64(got.Distance), int64(3*got.Shared))) // k−1 is 3 here.
	if got.Shared != 85 || weighted.FloatString(4) != "0.8667" || big.NewRat(int64(equalReadings), 85).FloatString(4) != "0.6353" {
		t.Errorf("over %d readings %s, of which %d are equal; published: 85, 0.8667, 0.6353", got.Shared, weighted.FloatString(4), equalReadings)
	}
}

// Every two stances on a target in any word of a profile, beside a stance that only one of the two has.
func TestAffinityOfAllPairsOfStances(t *testing.T) {
	for target := range 130 {
		for s := range domain.Stance(6) {
			for u := range domain.Stance(6) {
				one, other := make([]domain.Stance, 131), make([]domain.Stance, 131)
				one[target], other[target], one[(target+64)%131] = s, u, 5
				var want convergence.Affinity
				if s != 0 && u != 0 {
					want = convergence.Affinity{Shared: 1, Distance: int(max(s, u) - min(s, u))}
				}
				p := profile(one)
				if got := p.Affinity(profile(other)); got != want {
					t.Fatalf("stances %d and %d on target %d: %+v, want %+v", s, u, target, got, want)
				}
				declared := 1
				if s != 0 {
					declared = 2
				}
				if p.Declared() != declared {
					t.Fatalf("stance %d on target %d: declared on %d", s, target, p.Declared())
				}
			}
		}
	}
}

func TestAffinityOrder(t *testing.T) {
	order := []convergence.Affinity{{Shared: 2}, {Shared: 9, Distance: 1}, {Shared: 3, Distance: 1}, {Shared: 1, Distance: 2}, {Shared: 1, Distance: 4}, {}}
	for i, a := range order {
		for j, b := range order {
			if got := a.Compare(b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%+v and %+v compare as %d", a, b, got)
			}
		}
	}
	if (convergence.Affinity{Shared: 1}).Compare(convergence.Affinity{Shared: 7}) != 0 {
		t.Error("equal similarities differ")
	}
}
