package landscape

import (
	"cmp"
	"math"
	"math/big"
	"slices"
)

// How many clusters there may be; fewer than fewest States are not told apart at all.
const (
	leastClusters = 2
	mostClusters  = 5
	fewest        = 4
)

// clustersOf gives the clusters, the largest first, then that of the lowest State; the members of each in their order.
func clustersOf(d *distances) [][]int {
	if d.n == 0 {
		return nil
	}
	all := make([]int, d.n)
	for i := range all {
		all[i] = i
	}
	if d.n < fewest || d.none {
		return [][]int{all}
	}
	var best [][]int
	var bestSilhouette float64
	cuts := averageLinkage(d)
	for k := leastClusters; k <= min(mostClusters, d.n); k++ {
		if s := silhouette(d, cuts[k]); best == nil || s > bestSilhouette {
			best, bestSilhouette = cuts[k], s
		}
	}
	slices.SortStableFunc(best, func(a, b []int) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	return best
}

// averageLinkage joins the two nearest clusters again and again, beginning with each State alone, and gives the clusters as they were
// when so few were left. The distance of two clusters is the mean of the distances of their States; of equal distances the pair counts
// whose first States come first (Sokal and Michener 1958).
func averageLinkage(d *distances) (cuts [mostClusters + 1][][]int) {
	c := linkage{members: make([][]int, d.n), sums: make([][]*big.Int, d.n), nearest: make([]int, d.n)}
	for j := range d.n {
		c.members[j] = []int{j}
		c.sums[j] = make([]*big.Int, d.n)
		for i := range j {
			c.sums[i][j] = new(big.Int).Set(d.between(i, j)) // Above the diagonal.
		}
	}
	for i := range d.n {
		c.lookAround(i)
	}
	for left := d.n; left >= leastClusters; left-- {
		if left <= mostClusters {
			for _, members := range c.members {
				if members != nil {
					cuts[left] = append(cuts[left], slices.Clone(members))
				}
			}
		}
		c.joinNearest()
	}
	return cuts
}

// linkage is the state of the joining. A cluster stands at the place of its first State; the other places are nil.
type linkage struct {
	members [][]int
	sums    [][]*big.Int // Of the distances between the States of clusters i < j, at [i][j].
	nearest []int        // To each cluster the nearest of those behind it; -1 where there is none.
	x, y    big.Int      // To compare with.
}

// nearer says whether clusters a and b are nearer to each other than c and d: by their means, without dividing.
func (l *linkage) nearer(a, b, c, d int) bool {
	l.x.SetInt64(int64(len(l.members[c])) * int64(len(l.members[d])))
	l.y.SetInt64(int64(len(l.members[a])) * int64(len(l.members[b])))
	l.x.Mul(&l.x, l.sums[a][b])
	l.y.Mul(&l.y, l.sums[c][d])
	return l.x.Cmp(&l.y) < 0
}

func (l *linkage) lookAround(i int) {
	l.nearest[i] = -1
	for j := i + 1; j < len(l.members); j++ {
		if l.members[j] != nil && (l.nearest[i] < 0 || l.nearer(i, j, i, l.nearest[i])) {
			l.nearest[i] = j
		}
	}
}

func (l *linkage) joinNearest() {
	a := -1
	for i, members := range l.members {
		if members != nil && l.nearest[i] >= 0 && (a < 0 || l.nearer(i, l.nearest[i], a, l.nearest[a])) {
			a = i
		}
	}
	b := l.nearest[a]
	for k, members := range l.members {
		if k != a && k != b && members != nil {
			sum := l.sums[min(a, k)][max(a, k)]
			sum.Add(sum, l.sums[min(b, k)][max(b, k)])
		}
	}
	l.members[a] = slices.Sorted(slices.Values(append(l.members[a], l.members[b]...)))
	l.members[b] = nil
	l.lookAround(a)
	for k, members := range l.members[:b] {
		switch {
		case members == nil || k == a:
		case l.nearest[k] == a || l.nearest[k] == b:
			l.lookAround(k)
		case k < a && l.nearer(k, a, k, l.nearest[k]):
			l.nearest[k] = a
		case k < a && a < l.nearest[k] && !l.nearer(k, l.nearest[k], k, a):
			l.nearest[k] = a // As near, and before it.
		}
	}
}

// silhouette gives the mean silhouette of the States in these clusters (Rousseeuw 1987), rounded to nine decimals: means that differ by
// less are a tie. A State alone in its cluster has 0.
func silhouette(d *distances, clusters [][]int) float64 {
	sum := 0.0
	for own, members := range clusters {
		if len(members) == 1 {
			continue
		}
		for _, state := range members {
			var within, apart *big.Rat
			for other, cluster := range clusters {
				total, count := new(big.Int), len(cluster)
				for _, s := range cluster {
					total.Add(total, d.between(state, s))
				}
				if other == own {
					within = new(big.Rat).SetFrac(total, big.NewInt(int64(count-1)))
				} else if mean := new(big.Rat).SetFrac(total, big.NewInt(int64(count))); apart == nil || mean.Cmp(apart) < 0 {
					apart = mean
				}
			}
			larger := within
			if apart.Cmp(within) > 0 {
				larger = apart
			}
			if larger.Sign() > 0 {
				s, _ := new(big.Rat).Quo(new(big.Rat).Sub(apart, within), larger).Float64()
				sum += s
			}
		}
	}
	return math.Round(float64(sum/float64(d.n)*1e9)) / 1e9
}
