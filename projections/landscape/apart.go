package landscape

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/rapporteur/rapporteur/projections/convergence"
)

// distinguish finds the targets that set each cluster apart from the rest of the map: on which at least half of its members and at least
// one other State have a stance of their own, and the mean of the members' stances lies at least half a place of the scale from that of
// the others. The strongest, the one with the largest difference, comes first; of equal ones, the first target.
func distinguish(m Map, profiles []convergence.Profile, targets int) {
	if len(m.Clusters) < 2 {
		return
	}
	type count struct{ sum, n int64 }
	for c := range m.Clusters {
		cluster := &m.Clusters[c]
		difference := map[int]convergence.Ratio{}
		for t := range targets {
			var in, out count
			for state, p := range profiles {
				if s := int64(p.Stance(t)); s != 0 {
					side := &out
					if m.Places[state].Cluster == c+1 {
						side = &in
					}
					side.sum += s
					side.n++
				}
			}
			if 2*in.n < int64(len(cluster.Members)) || out.n == 0 {
				continue
			}
			r := convergence.Ratio{Num: in.sum*out.n - out.sum*in.n, Den: in.n * out.n}
			if r.Num = max(r.Num, -r.Num); 2*r.Num >= r.Den {
				difference[t] = r
				cluster.Distinguishing = append(cluster.Distinguishing, t)
			}
		}
		slices.SortStableFunc(cluster.Distinguishing, func(a, b int) int {
			switch x, y := difference[a], difference[b]; {
			case y.Less(x):
				return -1
			case x.Less(y):
				return 1
			}
			return 0
		})
	}
}

// bridgesOf finds the States that agree with two clusters more than those agree with each other. How far a State and a cluster, or two
// clusters, agree is the mean similarity of their pairs that share a target, the State itself left out of both clusters. The strength is
// by how much the State's lesser agreement exceeds that of the clusters. Each State comes once, with the two clusters between
// which it is strongest, the strongest State first; of equal ones, the first clusters, the first State.
func bridgesOf(m Map, d *distances) []Bridge {
	k := len(m.Clusters)
	// near[i][c] is the sum of the distances of State i to the members of c that share a target with it, and between[a][b] that of
	// all pairs of two clusters: where the distance is less the similarity is more.
	near, between := make([][]total, d.n), make([][]total, k)
	for c := range between {
		between[c] = make([]total, k)
	}
	for i := range near {
		near[i] = make([]total, k)
		own := m.Places[i].Cluster - 1
		for j := range d.n {
			if i != j && d.share(i, j) {
				c := m.Places[j].Cluster - 1
				near[i][c].add(d.between(i, j))
				between[own][c].add(d.between(i, j))
			}
		}
	}
	type found struct {
		Bridge
		strength *big.Rat
	}
	var list []found
	for i := range d.n {
		best := found{Bridge: Bridge{State: i}}
		own := m.Places[i].Cluster - 1
		for a := range k {
			for b := a + 1; b < k; b++ {
				apart := &between[a][b]
				switch own {
				case a:
					apart = apart.less(&near[i][b])
				case b:
					apart = apart.less(&near[i][a])
				}
				if apart.n == 0 || near[i][a].n == 0 || near[i][b].n == 0 {
					continue
				}
				farther := near[i][a].mean()
				if other := near[i][b].mean(); other.Cmp(farther) > 0 {
					farther = other
				}
				strength := new(big.Rat).Sub(apart.mean(), farther)
				if strength.Sign() > 0 && (best.strength == nil || strength.Cmp(best.strength) > 0) {
					best.strength, best.Clusters = strength, [2]int{a + 1, b + 1}
				}
			}
		}
		if best.strength != nil {
			list = append(list, best)
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return cmp.Or(b.strength.Cmp(a.strength), cmp.Compare(a.State, b.State)) })
	bridges := make([]Bridge, len(list))
	for i, f := range list {
		bridges[i] = f.Bridge
	}
	return bridges
}

// total is a sum of distances, and of how many.
type total struct {
	sum big.Int
	n   int64
}

func (t *total) add(distance *big.Int) {
	t.sum.Add(&t.sum, distance)
	t.n++
}

// less gives t without what u counts.
func (t *total) less(u *total) *total {
	rest := &total{n: t.n - u.n}
	rest.sum.Sub(&t.sum, &u.sum)
	return rest
}

func (t *total) mean() *big.Rat { return new(big.Rat).SetFrac(&t.sum, big.NewInt(t.n)) }
