package oracle

import (
	"cmp"
	"math"
	"math/big"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Landscape is which States stand together.
type Landscape struct {
	Places   []string     // By code.
	X, Y     []float64    // Before rounding, and either way round.
	Clusters [][]string   // By number.
	Gap      float64      // The least relative distance of the first two eigenvalues to the next: where it is small the axes are undetermined.
	Margin   float64      // By how much the best mean silhouette exceeds the next best.
	distance [][]*big.Rat // Of the places.
}

// Landscape draws the map.
//
// "places only for States with a stance of basis OWN_STATEMENT or OWN_ACT on at least `minDeclared` targets; distance = 1 − similarity,
// a pair without a shared target takes the mean of all defined distances; classical scaling on two axes …; clusters by average linkage
// on the same distances, cut at the k in 2..5 with the best mean silhouette (smallest k on a tie; one cluster where all distances are 0
// or fewer than four States are placed), numbered from 1 by size, then by lowest code."
func (o *Oracle) Landscape(m Moment, minDeclared int) Landscape {
	var l Landscape
	for _, state := range o.MemberStates(m) {
		declared := 0
		for _, t := range o.Targets(m) {
			if o.Standing(m, state, t).Basis.IsOwn() {
				declared++
			}
		}
		if declared >= minDeclared {
			l.Places = append(l.Places, state)
		}
	}
	n := len(l.Places)
	sum, defined := new(big.Rat), int64(0)
	l.distance = make([][]*big.Rat, n)
	for i := range l.distance {
		l.distance[i] = make([]*big.Rat, n)
		l.distance[i][i] = new(big.Rat)
		for j := range i {
			if similarity, _ := o.Affinity(m, l.Places[i], l.Places[j]); similarity != nil {
				d := new(big.Rat).Sub(big.NewRat(1, 1), similarity)
				l.distance[i][j], l.distance[j][i] = d, d
				sum.Add(sum, d)
				defined++
			}
		}
	}
	if defined > 0 {
		sum.Quo(sum, big.NewRat(defined, 1))
	}
	for i := range n {
		for j := range n {
			if l.distance[i][j] == nil {
				l.distance[i][j] = sum
			}
		}
	}
	l.X, l.Y, l.Gap = l.axes()
	l.cluster(sum.Sign() == 0)
	return l
}

// cluster tries every k. Of clusters at equal distances those with the lowest States join first.
func (l *Landscape) cluster(allZero bool) {
	var clusters [][]int
	for i := range l.Places {
		clusters = append(clusters, []int{i})
	}
	mean := func(a, b []int) *big.Rat {
		sum := new(big.Rat)
		for _, i := range a {
			for _, j := range b {
				sum.Add(sum, l.distance[i][j])
			}
		}
		return sum.Quo(sum, big.NewRat(int64(len(a)*len(b)), 1))
	}
	silhouette := func() float64 {
		sum := 0.0
		for c, own := range clusters {
			for _, i := range own {
				if len(own) == 1 {
					continue
				}
				// The mean over the others of the own cluster: i itself adds 0.
				a := new(big.Rat).Mul(mean([]int{i}, own), big.NewRat(int64(len(own)), int64(len(own)-1)))
				var b *big.Rat
				for d, other := range clusters {
					if d != c {
						if away := mean([]int{i}, other); b == nil || away.Cmp(b) < 0 {
							b = away
						}
					}
				}
				largest := b
				if a.Cmp(b) > 0 {
					largest = a
				}
				if largest.Sign() > 0 {
					s, _ := new(big.Rat).Quo(new(big.Rat).Sub(b, a), largest).Float64()
					sum += s
				}
			}
		}
		return sum / float64(len(l.Places))
	}
	best := [][]int{nil}
	for i := range l.Places {
		best[0] = append(best[0], i)
	}
	if len(l.Places) == 0 {
		return
	}
	if len(l.Places) >= 4 && !allZero {
		var means []float64
		top := math.Inf(-1)
		for len(clusters) > 1 {
			if k := len(clusters); k <= 5 {
				s := silhouette()
				means = append(means, s)
				if s >= top-1e-9 { // A tie takes the smaller k, which comes later.
					best = nil
					for _, c := range clusters {
						best = append(best, slices.Clone(c))
					}
				}
				top = max(top, s)
			}
			x, y := 0, 1
			for i := range clusters {
				for j := i + 1; j < len(clusters); j++ {
					if mean(clusters[i], clusters[j]).Cmp(mean(clusters[x], clusters[y])) < 0 {
						x, y = i, j
					}
				}
			}
			clusters[x] = append(clusters[x], clusters[y]...)
			slices.Sort(clusters[x])
			clusters = slices.Delete(clusters, y, y+1)
		}
		slices.Sort(means)
		l.Margin = 1
		if len(means) > 1 {
			l.Margin = means[len(means)-1] - means[len(means)-2]
		}
	}
	slices.SortFunc(best, func(a, b []int) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0])) })
	for _, c := range best {
		var codes []string
		for _, i := range c {
			codes = append(codes, l.Places[i])
		}
		l.Clusters = append(l.Clusters, codes)
	}
}

// axes gives the first two axes of classical scaling, by Jacobi's rotations until nothing is left beside the diagonal.
func (l *Landscape) axes() (x, y []float64, gap float64) {
	n := len(l.Places)
	b, vectors := make([][]float64, n), make([][]float64, n)
	square := func(i, j int) float64 { f, _ := l.distance[i][j].Float64(); return f * f }
	for i := range n {
		b[i], vectors[i] = make([]float64, n), make([]float64, n)
		vectors[i][i] = 1
		for j := range n {
			row, column, all := 0.0, 0.0, 0.0
			for k := range n {
				row += square(i, k) / float64(n)
				column += square(k, j) / float64(n)
				for m := range n {
					all += square(k, m) / float64(n*n)
				}
			}
			b[i][j] = -(square(i, j) - row - column + all) / 2
		}
	}
	for range 60 {
		for p := range n {
			for q := p + 1; q < n; q++ {
				if math.Abs(b[p][q]) < 1e-300 {
					continue
				}
				angle := math.Atan2(2*b[p][q], b[q][q]-b[p][p]) / 2
				c, s := math.Cos(angle), math.Sin(angle)
				for k := range n {
					b[k][p], b[k][q] = c*b[k][p]-s*b[k][q], s*b[k][p]+c*b[k][q]
				}
				for k := range n {
					b[p][k], b[q][k] = c*b[p][k]-s*b[q][k], s*b[p][k]+c*b[q][k]
				}
				for k := range n {
					vectors[k][p], vectors[k][q] = c*vectors[k][p]-s*vectors[k][q], s*vectors[k][p]+c*vectors[k][q]
				}
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(b[j][j], b[i][i]) })
	value := func(rank int) float64 {
		if rank < n {
			return max(b[order[rank]][order[rank]], 0)
		}
		return 0
	}
	axis := func(rank int) []float64 {
		list := make([]float64, n)
		if rank < n {
			for i := range list {
				list[i] = vectors[i][order[rank]] * math.Sqrt(value(rank))
			}
		}
		return list
	}
	return axis(0), axis(1), min(value(0)-value(1), value(1)-value(2)) / max(value(0), 1e-300)
}

// meanDistance gives the mean distance of the pairs that share a target; nil where there is none. Used of a State and a cluster, and of
// two clusters.
func (o *Oracle) meanDistance(m Moment, a, b []string) *big.Rat {
	sum, n := new(big.Rat), int64(0)
	for _, one := range a {
		for _, other := range b {
			if similarity, _ := o.Affinity(m, one, other); one != other && similarity != nil {
				sum.Add(sum, new(big.Rat).Sub(big.NewRat(1, 1), similarity))
				n++
			}
		}
	}
	if n == 0 {
		return nil
	}
	return sum.Quo(sum, big.NewRat(n, 1))
}

// Bridge is a State between two clusters, by their numbers.
type Bridge struct {
	State string
	A, B  int
}

// Bridges gives the bridges between clusters (landscape/METHOD.md).
func (o *Oracle) Bridges(m Moment, clusters [][]string) []Bridge {
	type bridge struct {
		Bridge
		strength *big.Rat
	}
	var list []bridge
	var states []string
	for _, c := range clusters {
		states = append(states, c...)
	}
	slices.Sort(states)
	without := func(c []string, state string) []string {
		return slices.DeleteFunc(slices.Clone(c), func(s string) bool { return s == state })
	}
	for _, state := range states {
		var best *bridge
		for i := range clusters {
			for j := i + 1; j < len(clusters); j++ {
				a, b := without(clusters[i], state), without(clusters[j], state)
				apart, toA, toB := o.meanDistance(m, a, b), o.meanDistance(m, []string{state}, a), o.meanDistance(m, []string{state}, b)
				if apart == nil || toA == nil || toB == nil {
					continue
				}
				if toA.Cmp(toB) < 0 {
					toA = toB
				}
				if strength := apart.Sub(apart, toA); strength.Sign() > 0 && (best == nil || strength.Cmp(best.strength) > 0) {
					best = &bridge{Bridge{state, i + 1, j + 1}, strength}
				}
			}
		}
		if best != nil {
			list = append(list, *best)
		}
	}
	slices.SortStableFunc(list, func(a, b bridge) int { return b.strength.Cmp(a.strength) })
	var bridges []Bridge
	for _, b := range list {
		bridges = append(bridges, b.Bridge)
	}
	return bridges
}

// Distinguishing gives the targets that set a cluster apart from the others (landscape/METHOD.md).
func (o *Oracle) Distinguishing(m Moment, cluster, others []string) []domain.Target {
	difference := map[domain.Target]*big.Rat{}
	var list []domain.Target
	for _, t := range o.Targets(m) {
		mean := func(states []string) (*big.Rat, int) {
			sum, n := int64(0), 0
			for _, s := range states {
				if st := o.Standing(m, s, t); st.Basis.IsOwn() {
					sum += int64(st.Stance)
					n++
				}
			}
			if n == 0 {
				return nil, 0
			}
			return big.NewRat(sum, int64(n)), n
		}
		in, n := mean(cluster)
		out, _ := mean(others)
		if in == nil || out == nil || 2*n < len(cluster) {
			continue
		}
		if d := new(big.Rat).Sub(in, out); d.Abs(d).Cmp(big.NewRat(1, 2)) >= 0 {
			difference[t] = d
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b domain.Target) int { return difference[b].Cmp(difference[a]) })
	return list
}
