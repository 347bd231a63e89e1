package landscape

import (
	"math/big"

	"github.com/rapporteur/rapporteur/projections/convergence"
)

// distances has the distance of every two States, exactly, as whole numbers of one unit: 1/unit is the distance of States that have
// nothing but opposite stances.
type distances struct {
	n      int
	of     [][]*big.Int // The distance of i and j for i < j, at [j][i].
	shared [][]bool     // Whether i and j share a target, at [j][i]; where they do not, their distance is the mean of all others.
	unit   *big.Int
	none   bool // All distances are 0.
}

// distancesOf gives 1 − similarity of every two profiles, Σd/(4·shared), and for those that share no target the mean of all
// that do; 0 where nobody shares any.
func distancesOf(profiles []convergence.Profile) *distances {
	d := &distances{n: len(profiles), unit: big.NewInt(1), none: true}
	pairs := make([][]convergence.Affinity, d.n)
	known := map[int]bool{} // Numbers of shared targets that occur.
	count := int64(0)
	for j := range d.n {
		pairs[j] = make([]convergence.Affinity, j)
		for i := range j {
			a := profiles[i].Affinity(profiles[j])
			pairs[j][i] = a
			if a.Shared > 0 {
				count++
				known[a.Shared] = true
			}
		}
	}
	// The unit divides every Σd/(4·shared) without rest, and so, times the number of these, their mean.
	for shared := range known {
		s := big.NewInt(int64(shared))
		d.unit.Mul(d.unit, new(big.Int).Div(s, new(big.Int).GCD(nil, nil, d.unit, s)))
	}
	d.unit.Mul(d.unit, big.NewInt(4*max(count, 1)))
	per := map[int]*big.Int{} // unit / (4·shared).
	for shared := range known {
		per[shared] = new(big.Int).Div(d.unit, big.NewInt(int64(4*shared)))
	}
	sum := new(big.Int)
	for j := range d.n {
		d.of, d.shared = append(d.of, make([]*big.Int, j)), append(d.shared, make([]bool, j))
		for i, a := range pairs[j] {
			if d.shared[j][i] = a.Shared > 0; a.Shared > 0 {
				d.of[j][i] = new(big.Int).Mul(big.NewInt(int64(a.Distance)), per[a.Shared])
				sum.Add(sum, d.of[j][i])
			}
		}
	}
	d.none = sum.Sign() == 0
	mean := new(big.Int).Div(sum, big.NewInt(max(count, 1)))
	for j := range d.n {
		for i := range j {
			if d.of[j][i] == nil {
				d.of[j][i] = mean
			}
		}
	}
	return d
}

// between gives the distance of two States, which is not to be changed.
func (d *distances) between(i, j int) *big.Int {
	switch {
	case i < j:
		return d.of[j][i]
	case i > j:
		return d.of[i][j]
	}
	return zero
}

var zero = new(big.Int)

// share says whether two different States share a target.
func (d *distances) share(i, j int) bool { return d.shared[max(i, j)][min(i, j)] }

// nearest gives the float64 nearest to the distance of two States.
func (d *distances) nearest(i, j int) float64 {
	f, _ := new(big.Rat).SetFrac(d.between(i, j), d.unit).Float64()
	return f
}
