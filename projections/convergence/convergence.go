package convergence

import "github.com/rapporteur/rapporteur/domain"

// Basis says on what a standing rests.
type Basis uint8

// The bases, in the order of the public schema.
const (
	OwnStatement Basis = 1 + iota
	OwnAct
	GroupStatement
	GroupsDiverge
	None
)

var basisNames = [...]string{"", "OWN_STATEMENT", "OWN_ACT", "GROUP_STATEMENT", "GROUPS_DIVERGE", "NONE"}

// String gives the public schema's word.
func (b Basis) String() string { return basisNames[b] }

// Own says whether the State spoke or acted for itself.
func (b Basis) Own() bool { return b == OwnStatement || b == OwnAct }

// Consensus is the state of views on a target, most agreed first.
type Consensus uint8

// The states of consensus, in the order of the public schema, which is also the order of lists.
const (
	Agreed Consensus = 1 + iota
	Converged
	NoObjection
	Contested
	Silent
)

var consensusNames = [...]string{"", "AGREED", "CONVERGED", "NO_OBJECTION", "CONTESTED", "SILENT"}

// String gives the public schema's word.
func (c Consensus) String() string { return consensusNames[c] }

// Ratio is an exact figure. A Ratio with Den 0 is one that cannot be had (null).
// Both parts are far below 2^53, so that the float64 quotient of the two is the float64 nearest to the exact value.
type Ratio struct{ Num, Den int64 }

// Null says that the figure cannot be had.
func (r Ratio) Null() bool { return r.Den == 0 }

// Less compares two figures exactly; a null is less than any value.
func (r Ratio) Less(s Ratio) bool {
	if r.Null() || s.Null() {
		return r.Null() && !s.Null()
	}
	return r.Num*s.Den < s.Num*r.Den
}

// Tally counts Member States: at 0 those without a stance on record, at 1 to 5 those of each stance.
type Tally [6]int

// Add counts one State.
func (t *Tally) Add(s domain.Stance) { t[s]++ }

// Members is M, the number of Member States.
func (t Tally) Members() int { return t[0] + t.Declared() }

// Declared is N, the number of those with a stance.
func (t Tally) Declared() int { return t[1] + t[2] + t[3] + t[4] + t[5] }

// Supporting is the number of those that support, with or without reservations.
func (t Tally) Supporting() int { return t[domain.Support] + t[domain.SupportWithReservations] }

// share is a/b, and 0 where b is 0.
func share(a, b int) Ratio {
	if b == 0 {
		return Ratio{0, 1}
	}
	return Ratio{int64(a), int64(b)}
}

// Figures are the figures of a target over its tallies (RULES, section 5).
type Figures struct {
	Tally      Tally    // Of all Member States.
	Own        Tally    // Of those whose basis is their own; all others are undeclared in it.
	Regional   [5]Tally // By regional group, in the order of domain.RegionalGroups.
	OwnSupport [5]bool  // In this regional group a Member State supports, with or without reservations, in its own name.
	Agreed     bool     // The target is a proposal adopted without a vote, and the adoption stands.
}

// Count counts one Member State's standing.
func (f *Figures) Count(region domain.RegionalGroup, stance domain.Stance, basis Basis) {
	f.Tally.Add(stance)
	own := stance
	if !basis.Own() {
		own = 0
	}
	f.Own.Add(own)
	if region == 0 {
		return // unreachable: a Member State has a regional group.
	}
	f.Regional[region-1].Add(stance)
	if own == domain.Support || own == domain.SupportWithReservations {
		f.OwnSupport[region-1] = true
	}
}

// Declared is N/M, 0 while there is no Member State.
func (f *Figures) Declared() Ratio { return share(f.Tally.Declared(), f.Tally.Members()) }

// Support is the share of the declared that support; null while nobody has declared.
func (f *Figures) Support() Ratio {
	return Ratio{int64(f.Tally.Supporting()), int64(f.Tally.Declared())}
}

// SupportAtLeast is the share of all Member States that support: what holds even if nobody else does.
func (f *Figures) SupportAtLeast() Ratio { return share(f.Tally.Supporting(), f.Tally.Members()) }

// SupportAtMost is that share if all who have no stance on record supported the target.
func (f *Figures) SupportAtMost() Ratio {
	return share(f.Tally.Supporting()+f.Tally[0], f.Tally.Members())
}

// Agreement is van der Eijk's A over the five counts; null while nobody has declared.
func (f *Figures) Agreement() Ratio {
	return Agreement([5]int{f.Tally[1], f.Tally[2], f.Tally[3], f.Tally[4], f.Tally[5]})
}

// CrossRegional is the least, over the five regional groups, of the support among their declared members; a group without
// a declared member counts as 0.
func (f *Figures) CrossRegional() Ratio {
	least := share(f.Regional[0].Supporting(), f.Regional[0].Declared())
	for _, t := range f.Regional[1:] {
		if r := share(t.Supporting(), t.Declared()); r.Less(least) {
			least = r
		}
	}
	return least
}

// Consensus is the state of views on the target.
func (f *Figures) Consensus() Consensus {
	n, m := f.Tally.Declared(), f.Tally.Members()
	switch {
	case f.Agreed:
		return Agreed
	case n == 0:
		return Silent
	case f.Tally[domain.Oppose] > 0:
		return Contested
	case f.Tally[domain.Concerned] == 0 && 2*n >= m && f.OwnSupport == [5]bool{true, true, true, true, true}:
		return Converged
	}
	return NoObjection
}
