package landscape

import "math"

// negligible is the part of the largest eigenvalue up to which another one is taken for 0: it is what rounding leaves of it.
const negligible = 1e-10

// scale places the States on two axes by classical scaling (Torgerson 1952, Gower 1966): the squared distances, centred twice, are the
// inner products of points around their mean; the axes are the eigenvectors of the two largest eigenvalues, each as long as the root
// of its eigenvalue. An axis without a positive eigenvalue is 0 for all.
func scale(d *distances) (x, y []float64) {
	squares := make([][]float64, d.n)
	for i := range squares {
		squares[i] = make([]float64, d.n)
	}
	for j := range d.n {
		for i := range j {
			f := d.nearest(i, j)
			squares[i][j] = float64(f * f)
			squares[j][i] = squares[i][j]
		}
	}
	axes := principalAxes(squares)
	for _, axis := range axes {
		orient(axis)
	}
	return axes[0], axes[1]
}

// principalAxes gives the first two axes of the points with these squared distances.
func principalAxes(squares [][]float64) (axes [2][]float64) {
	n := len(squares)
	axes = [2][]float64{make([]float64, n), make([]float64, n)}
	values, vectors := eigen(centred(squares))
	first := -1
	for a := range axes {
		// The largest left; of equal ones, that found first.
		best := -1
		for i, v := range values {
			if i != first && (best < 0 || v > values[best]) {
				best = i
			}
		}
		if best < 0 || values[best] <= 0 || a > 0 && values[best] <= float64(negligible*values[first]) {
			break
		}
		if a == 0 {
			first = best
		}
		length := math.Sqrt(values[best])
		for i, v := range vectors[best] {
			axes[a][i] = float64(v * length)
		}
	}
	return axes
}

// centred gives −½ J·S·J with J = I − 1/n.
func centred(squares [][]float64) [][]float64 {
	n := len(squares)
	means, all := make([]float64, n), 0.0
	for i, row := range squares {
		sum := 0.0
		for _, s := range row {
			sum += s
		}
		means[i] = sum / float64(n)
		all += sum
	}
	all = all / float64(n) / float64(n)
	b := make([][]float64, n)
	for i, row := range squares {
		b[i] = make([]float64, n)
		for j, s := range row {
			b[i][j] = (means[i] + means[j] - s - all) / 2
		}
	}
	return b
}

// orient rounds the coordinates on an axis to six decimals, and turns it so that the largest, whatever its sign, is positive; of equal
// ones, that of the first State. Both are judged after rounding, so that what differs by less is a tie.
func orient(axis []float64) {
	largest := 0.0
	for i, v := range axis {
		axis[i] = math.Round(float64(v*1e6)) / 1e6
		if size := math.Abs(axis[i]); size > math.Abs(largest) {
			largest = axis[i]
		}
	}
	for i, v := range axis {
		if largest < 0 {
			axis[i] = -v
		}
		if v == 0 {
			axis[i] = 0 // Never a negative zero.
		}
	}
}
