package landscape

import "math/big"

// FromTable makes distances of a table of whole numbers, with every pair shared, so that published tables can be tried.
func FromTable(table [][]int64, unit int64) *Distances {
	d := &distances{n: len(table), unit: big.NewInt(unit), none: true}
	for j, row := range table {
		d.of, d.shared = append(d.of, make([]*big.Int, j)), append(d.shared, make([]bool, j))
		for i := range j {
			d.of[j][i], d.shared[j][i] = big.NewInt(row[i]), true
			d.none = d.none && row[i] == 0
		}
	}
	return &Distances{d}
}

// Distances are the distances of a table.
type Distances struct{ *distances }

// Scale gives the two axes.
func (d *Distances) Scale() (x, y []float64) { return scale(d.distances) }

// Clusters gives the clusters that are chosen.
func (d *Distances) Clusters() [][]int { return clustersOf(d.distances) }

// Cut gives the clusters when k are left.
func (d *Distances) Cut(k int) [][]int { return averageLinkage(d.distances)[k] }

// Silhouette gives the mean silhouette of clusters.
func (d *Distances) Silhouette(clusters [][]int) float64 { return silhouette(d.distances, clusters) }

// Eigen is eigen.
var Eigen = eigen
