package convergence

import (
	"math/big"
	"slices"
)

// AgreementOf is Agreement over any number of places from three on, by the same steps.
func AgreementOf(counts ...int) *big.Rat {
	k, n, sum := len(counts), int64(0), new(big.Rat)
	for _, c := range counts {
		n += int64(c)
	}
	peel(slices.Clone(counts), func(pattern int, mass int64) {
		num, den := layerAgreement(pattern, k)
		sum.Add(sum, new(big.Rat).Mul(big.NewRat(mass, n), big.NewRat(num, den)))
	})
	return sum
}
