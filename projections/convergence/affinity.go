package convergence

import (
	"cmp"
	"math/bits"

	"github.com/rapporteur/rapporteur/domain"
)

// Affinity is how alike two States are in what is recorded of their own words and acts (RULES, section 6).
type Affinity struct {
	Shared   int // On how many targets both have a stance of their own.
	Distance int // The sum, over these, of the distances of the two stances on the scale of five.
}

// Similarity is 1 less the mean share of the distance taken, 0 to 1; null where no target is shared.
func (a Affinity) Similarity() Ratio {
	return Ratio{int64(4*a.Shared - a.Distance), int64(4 * a.Shared)}
}

// Compare orders by similarity, exactly: the most alike first, those that share nothing last.
func (a Affinity) Compare(b Affinity) int {
	if a.Shared == 0 || b.Shared == 0 {
		return cmp.Compare(min(b.Shared, 1), min(a.Shared, 1))
	}
	return cmp.Compare(a.Distance*b.Shared, b.Distance*a.Shared)
}

// Profile has one State's own stances on a list of targets, packed, so that two are compared 64 targets at a time.
type Profile []profileWord

// profileWord has 64 targets, a bit each: in the first word whether there is a stance, in the n-th of the others whether it is
// beyond place n of the scale. The distance of two stances is then the number of places beyond which one is and the other is not.
type profileWord [5]uint64

// NewProfile makes a profile over so many targets, with no stance on any.
func NewProfile(targets int) Profile { return make(Profile, (targets+63)/64) }

// Set gives the stance on one of the targets; each is set at most once.
func (p Profile) Set(target int, stance domain.Stance) {
	for place := range int(stance) {
		p[target/64][place] |= 1 << (target % 64)
	}
}

// Stance gives the stance on one of the targets, zero for none.
func (p Profile) Stance(target int) (s domain.Stance) {
	for _, word := range p[target/64] {
		s += domain.Stance(word >> (target % 64) & 1)
	}
	return s
}

// Declared is the number of targets on which there is a stance.
func (p Profile) Declared() (n int) {
	for i := range p {
		n += bits.OnesCount64(p[i][0])
	}
	return n
}

// Affinity compares two profiles over the same list of targets.
func (p Profile) Affinity(q Profile) (a Affinity) {
	for i := range p {
		both := p[i][0] & q[i][0]
		if both == 0 {
			continue
		}
		a.Shared += bits.OnesCount64(both)
		for place := 1; place < len(p[i]); place++ {
			a.Distance += bits.OnesCount64((p[i][place] ^ q[i][place]) & both)
		}
	}
	return a
}
