package oracle

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Counts are the numbers of States with each stance, SUPPORT first.
type Counts [5]int

// Sum gives how many there are.
func (c Counts) Sum() int { return c[0] + c[1] + c[2] + c[3] + c[4] }

// supporting counts support, with or without reservations.
func (c Counts) supporting() int { return c[0] + c[1] }

// Tally is the counts and the number of those without a stance on record.
type Tally struct {
	Counts     Counts
	Undeclared int
}

func (t *Tally) count(s domain.Stance) {
	if s == 0 {
		t.Undeclared++
	} else {
		t.Counts[s-1]++
	}
}

// Consensus is in the words of the public schema.
type Consensus string

// The kinds of consensus.
const (
	Agreed      Consensus = "AGREED"
	Converged   Consensus = "CONVERGED"
	NoObjection Consensus = "NO_OBJECTION"
	Contested   Consensus = "CONTESTED"
	Silent      Consensus = "SILENT"
)

// consensusOrder is the order of Query.convergence, the most agreed first.
var consensusOrder = []Consensus{Agreed, Converged, NoObjection, Contested, Silent}

// Convergence is where the Member States stand on a target. A figure that is nil is null.
type Convergence struct {
	Tally, OwnTally Tally

	Declared, Support, SupportAtLeast, SupportAtMost, Agreement, CrossRegional *big.Rat

	Consensus             Consensus
	Objectors, Undeclared []string // By code.
	OnEarlierVersion      int
	ByRegionalGroup       [5]Tally // In the order of domain.RegionalGroups.
}

// Convergence gives the figures of a target. A target that does not exist at the moment counts as one on which nobody has
// declared (RULES, section 7).
func (o *Oracle) Convergence(m Moment, t domain.Target) Convergence {
	w := o.fold(m.At)
	var c Convergence
	var supportsItself [5]bool // A member of the regional group supports in its own name.
	members := w.counted(m.On)
	for _, state := range members {
		s, _ := w.standing(state.State, t, m.On)
		region := state.RegionalGroup - 1
		c.Tally.count(s.Stance)
		c.ByRegionalGroup[region].count(s.Stance)
		// "ownTally: the tally of those whose basis is OWN_STATEMENT or OWN_ACT; all others are `undeclared` in it"
		if s.Basis.IsOwn() {
			c.OwnTally.count(s.Stance)
			if s.Stance == domain.Support || s.Stance == domain.SupportWithReservations {
				supportsItself[region] = true
			}
		} else {
			c.OwnTally.count(0)
		}
		// "objectors, undeclared: stance OPPOSE; no stance (GROUPS_DIVERGE included)"
		switch s.Stance {
		case domain.Oppose:
			c.Objectors = append(c.Objectors, state.State)
		case 0:
			c.Undeclared = append(c.Undeclared, state.State)
		}
		// "onEarlierVersion: how many of the N have `onEarlierVersion`"
		if s.OnEarlierVersion {
			c.OnEarlierVersion++
		}
	}

	M, N, supporting := len(members), c.Tally.Counts.Sum(), c.Tally.Counts.supporting()
	c.Declared = share(N, M)                   // "N / M; 0 if M = 0"
	c.SupportAtLeast = share(supporting, M)    // "(n1+n2) / M … 0 if M = 0"
	c.SupportAtMost = share(supporting+M-N, M) // "(n1+n2 + M−N) / M … 0 if M = 0"
	c.Agreement = Agreement(c.Tally.Counts)    // "van der Eijk's A over the five counts (below); null if N = 0"
	c.CrossRegional = crossRegional(c.ByRegionalGroup)
	if N > 0 {
		c.Support = share(supporting, N) // "(n1+n2) / N; null if N = 0"
	}

	// "AGREED if the target is a proposal adopted without a vote, and the adoption stands at (P, D); else SILENT if N = 0;
	// CONTESTED if n5 > 0; CONVERGED if n4 = 0, 2N ≥ M, and in each of the five regional groups a member has SUPPORT or
	// SUPPORT_WITH_RESERVATIONS on the basis OWN_STATEMENT or OWN_ACT; else NO_OBJECTION"
	adoption := o.Adoption(m, t.Proposal)
	switch {
	case t.IsProposal() && adoption != nil && adoption.WithoutVote:
		c.Consensus = Agreed
	case N == 0:
		c.Consensus = Silent
	case c.Tally.Counts[4] > 0:
		c.Consensus = Contested
	case c.Tally.Counts[3] == 0 && 2*N >= M && supportsItself == [5]bool{true, true, true, true, true}:
		c.Consensus = Converged
	default:
		c.Consensus = NoObjection
	}
	return c
}

// share is part / whole, and 0 of nothing.
func share(part, whole int) *big.Rat {
	if whole == 0 {
		return new(big.Rat)
	}
	return big.NewRat(int64(part), int64(whole))
}

// crossRegional is "the least, over the five regional groups, of support among its declared members; a group without a
// declared member counts as 0".
func crossRegional(tallies [5]Tally) *big.Rat {
	var shares []*big.Rat
	for _, t := range tallies {
		shares = append(shares, share(t.Counts.supporting(), t.Counts.Sum()))
	}
	return slices.MinFunc(shares, (*big.Rat).Cmp)
}

// Agreement is van der Eijk's A; nil where nobody is counted.
//
// "peel the counts into layers. A layer's pattern has 1 where a count is left, its weight is (smallest count left · number of
// ones) / N; then subtract that smallest count everywhere it is left. … A = Σ weight · A_layer."
func Agreement(left Counts) *big.Rat {
	N := left.Sum()
	if N == 0 {
		return nil
	}
	sum := new(big.Rat)
	for left.Sum() > 0 {
		var pattern [5]bool
		smallest, ones := 0, 0
		for i, n := range left {
			if n > 0 {
				pattern[i] = true
				ones++
				if smallest == 0 || n < smallest {
					smallest = n
				}
			}
		}
		weight := big.NewRat(int64(smallest*ones), int64(N))
		sum.Add(sum, weight.Mul(weight, patternAgreement(pattern)))
		for i := range left {
			if pattern[i] {
				left[i] -= smallest
			}
		}
	}
	return sum
}

// patternAgreement is the A of one layer.
//
// "TU = number of triples i<j<l of shape 110 or 011, TDU = of shape 101; U = ((k−2)·TU − (k−1)·TDU) / ((k−2)·(TU+TDU));
// A_layer = U · (1 − (S−1)/(k−1)), but 1 for S = 1 and 0 for S = 5."
func patternAgreement(pattern [5]bool) *big.Rat {
	const k = 5
	var S, TU, TDU int64
	for _, one := range pattern {
		if one {
			S++
		}
	}
	switch S {
	case 1:
		return big.NewRat(1, 1)
	case 5:
		return new(big.Rat)
	}
	for i := range k {
		for j := i + 1; j < k; j++ {
			for l := j + 1; l < k; l++ {
				switch [3]bool{pattern[i], pattern[j], pattern[l]} {
				case [3]bool{true, true, false}, [3]bool{false, true, true}:
					TU++
				case [3]bool{true, false, true}:
					TDU++
				}
			}
		}
	}
	U := big.NewRat((k-2)*TU-(k-1)*TDU, (k-2)*(TU+TDU))
	return U.Mul(U, big.NewRat((k-1)-(S-1), k-1))
}

// Served gives the figure as it is served; ok is false for null.
//
// "Every figure is the float64 nearest to the exact value."
func Served(r *big.Rat) (figure float64, ok bool) {
	if r == nil {
		return 0, false
	}
	figure, _ = r.Float64()
	return figure, true
}

// Order puts targets in the order of Query.convergence.
//
// "Most agreed first: by consensus (AGREED, CONVERGED, NO_OBJECTION, CONTESTED, SILENT), then crossRegional, supportAtLeast,
// agreement and declared, each highest first, then by targetKey." (schema); "Order as the schema says, on the served values."
func (o *Oracle) Order(m Moment, targets []domain.Target) []domain.Target {
	figures := map[domain.Target]Convergence{}
	for _, t := range targets {
		figures[t] = o.Convergence(m, t)
	}
	targets = slices.Clone(targets)
	slices.SortFunc(targets, func(t, u domain.Target) int {
		a, b := figures[t], figures[u]
		return cmp.Or(
			cmp.Compare(slices.Index(consensusOrder, a.Consensus), slices.Index(consensusOrder, b.Consensus)),
			highestFirst(a.CrossRegional, b.CrossRegional),
			highestFirst(a.SupportAtLeast, b.SupportAtLeast),
			highestFirst(a.Agreement, b.Agreement),
			highestFirst(a.Declared, b.Declared),
			t.Compare(u),
		)
	})
	return targets
}

// highestFirst compares served values; null comes after every value.
func highestFirst(a, b *big.Rat) int {
	x, hasX := Served(a)
	y, hasY := Served(b)
	switch {
	case hasX && hasY:
		return cmp.Compare(y, x)
	case hasX:
		return -1
	case hasY:
		return 1
	}
	return 0
}

// CommonGround gives the options on which views converge, in the order of Query.convergence.
//
// "The options on which views converge: nobody opposes, and at least this support, declared share and cross-regional breadth"
// (schema); "options only, never one on which nobody has declared; the served values are compared with the limits."
func (o *Oracle) CommonGround(m Moment, minSupport, minDeclared, minCrossRegional float64) []domain.Target {
	var common []domain.Target
	for _, t := range o.Targets(m) {
		if t.IsProposal() {
			continue
		}
		c := o.Convergence(m, t)
		support, anybody := Served(c.Support)
		declared, _ := Served(c.Declared)
		breadth, _ := Served(c.CrossRegional)
		if anybody && len(c.Objectors) == 0 && support >= minSupport && declared >= minDeclared && breadth >= minCrossRegional {
			common = append(common, t)
		}
	}
	return o.Order(m, common)
}

// MatrixRow gives one State's row over the targets, in the order given.
//
// "one letter a target …: S support, R with reservations, N neutral, C concerned, O oppose, - nothing declared; lower case
// where a group's statement decides; ! where its groups diverge." (schema)
func (o *Oracle) MatrixRow(m Moment, state string, targets []domain.Target) string {
	var row []byte
	for _, t := range targets {
		s := o.Standing(m, state, t)
		switch s.Basis {
		case OwnStatement, OwnAct:
			row = append(row, "SRNCO"[s.Stance-1])
		case GroupStatement:
			row = append(row, "srnco"[s.Stance-1])
		case GroupsDiverge:
			row = append(row, '!')
		default:
			row = append(row, '-')
		}
	}
	return string(row)
}

// Affinity gives how alike two States are: similarity is nil where they share no target.
//
// "over targets on which both have a stance of basis OWN_STATEMENT or OWN_ACT …, d = distance of the two on 1..5; similarity =
// 1 − Σd / (4·shared)."
func (o *Oracle) Affinity(m Moment, a, b string) (similarity *big.Rat, shared int) {
	var distance int64
	for _, t := range o.Targets(m) {
		s, u := o.Standing(m, a, t), o.Standing(m, b, t)
		if s.Basis.IsOwn() && u.Basis.IsOwn() {
			shared++
			distance += int64(max(s.Stance, u.Stance) - min(s.Stance, u.Stance))
		}
	}
	if shared == 0 {
		return nil, 0
	}
	all := int64(4 * shared)
	return big.NewRat(all-distance, all), shared
}
