package landscape

import "math"

// eigen gives the eigenvalues of a symmetric matrix, which it uses up, in no order, and to each its eigenvector of length 1: first the
// matrix is brought to three diagonals by reflections (Householder), then to one by rotations (the QL algorithm with implicit shifts;
// Wilkinson and Reinsch, Handbook for Automatic Computation II, 1971, contributions II/2 and II/4).
func eigen(a [][]float64) (values []float64, vectors [][]float64) {
	diagonal, beside, basis := tridiagonal(a)
	diagonalise(diagonal, beside, basis)
	return diagonal, basis
}

// tiny is a sum of squares of a column below which it is taken for 0. Where many rows are alike, each reflection leaves no more than the
// rounding of the one before, until the squares of what is left are no numbers that can be divided by; 1e-50 is nothing long before.
const tiny = 1e-100

// tridiagonal gives the diagonal and what stands beside it (beside[i] between i and i+1) of a matrix T with A = Qᵀ·T·Q, and Q, whose
// rows are the basis in which A is T.
func tridiagonal(a [][]float64) (diagonal, beside []float64, q [][]float64) {
	n := len(a)
	q = make([][]float64, n)
	for i := range q {
		q[i] = make([]float64, n)
		q[i][i] = 1
	}
	v, w := make([]float64, n), make([]float64, n)
	for k := 0; k < n-2; k++ {
		// The reflection I − 2·v·vᵀ/(vᵀv) takes what stands below the diagonal in column k to its first place.
		square := 0.0
		for i := k + 1; i < n; i++ {
			v[i] = a[i][k]
			square += float64(v[i] * v[i])
		}
		if square < tiny {
			continue
		}
		first := -math.Copysign(math.Sqrt(square), v[k+1])
		v[k+1] -= first
		square = 0
		for i := k + 1; i < n; i++ {
			square += float64(v[i] * v[i])
		}
		factor := 2 / square
		a[k+1][k], a[k][k+1] = first, first
		for i := k + 2; i < n; i++ {
			a[i][k], a[k][i] = 0, 0
		}
		// A becomes A − v·wᵀ − w·vᵀ with p = factor·A·v and w = p − (factor/2)·(pᵀv)·v.
		product := 0.0
		for i := k + 1; i < n; i++ {
			sum := 0.0
			for j := k + 1; j < n; j++ {
				sum += float64(a[i][j] * v[j])
			}
			w[i] = float64(factor * sum)
			product += float64(w[i] * v[i])
		}
		half := float64(factor*product) / 2
		for i := k + 1; i < n; i++ {
			w[i] -= float64(half * v[i])
		}
		for i := k + 1; i < n; i++ {
			for j := k + 1; j < n; j++ {
				a[i][j] -= float64(v[i]*w[j]) + float64(w[i]*v[j])
			}
		}
		// So does the basis: Q becomes Q − factor·v·(vᵀQ).
		clear(w)
		for i := k + 1; i < n; i++ {
			for j, value := range q[i] {
				w[j] += float64(v[i] * value)
			}
		}
		for i := k + 1; i < n; i++ {
			f := float64(factor * v[i])
			for j := range q[i] {
				q[i][j] -= float64(f * w[j])
			}
		}
	}
	diagonal, beside = make([]float64, n), make([]float64, n)
	for i := range n {
		diagonal[i] = a[i][i]
		if i+1 < n {
			beside[i] = a[i+1][i]
		}
	}
	return diagonal, beside, q
}

// mostRounds bounds the rounds for one eigenvalue; in practice two are enough.
const mostRounds = 200

// diagonalise brings a matrix of three diagonals to its diagonal, and turns the basis along.
func diagonalise(d, e []float64, basis [][]float64) {
	n := len(d)
	for l := range n {
		for range mostRounds {
			// Below the first place where the matrix falls apart nothing has to be done.
			m := l
			for ; m < n-1; m++ {
				size := math.Abs(d[m]) + math.Abs(d[m+1])
				if size+math.Abs(e[m]) == size {
					break
				}
			}
			if m == l {
				break
			}
			rotate(d, e, basis, l, m)
		}
	}
}

// rotate does one round of the QL algorithm on the part from l to m.
func rotate(d, e []float64, basis [][]float64, l, m int) {
	// The shift is the eigenvalue of the first two rows that lies nearer to the first.
	g := (d[l+1] - d[l]) / float64(2*e[l])
	r := math.Sqrt(float64(g*g) + 1)
	g = d[m] - d[l] + e[l]/(g+math.Copysign(r, g))
	sin, cos, p := 1.0, 1.0, 0.0
	for i := m - 1; i >= l; i-- {
		f, b := float64(sin*e[i]), float64(cos*e[i])
		r = math.Sqrt(float64(f*f) + float64(g*g))
		e[i+1] = r
		if r == 0 { // The matrix falls apart here.
			d[i+1] -= p
			e[m] = 0
			return
		}
		sin, cos = f/r, g/r
		g = d[i+1] - p
		r = float64((d[i]-g)*sin) + float64(float64(2*cos)*b)
		p = float64(sin * r)
		d[i+1] = g + p
		g = float64(cos*r) - b
		one, other := basis[i], basis[i+1]
		for k, v := range other {
			u := one[k]
			other[k] = float64(sin*u) + float64(cos*v)
			one[k] = float64(cos*u) - float64(sin*v)
		}
	}
	d[l] -= p
	e[l] = g
	e[m] = 0
}
