package projections

import (
	"cmp"
	"slices"
	"sort"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// ranked is a declaration with its place in the order by which the latest decides.
type ranked struct {
	bitemporal.Order
	*declaration
}

// latestOwn gives what decides of an actor's own evidence on a target (RULES, section 4, step 1).
func (v *View) latestOwn(e *evidence) (latest ranked, ok bool) {
	if e == nil {
		return ranked{}, false
	}
	e.declared.Newest(v.moment.At, v.day(), func(o bitemporal.Order, d *declaration) bool {
		latest, ok = ranked{o, d}, true
		return false
	})
	return latest, ok
}

// spoken is what the groups say for one State on a target.
type spoken []ranked

// stance gives the stance that all groups share, and its basis.
func (s spoken) stance() (domain.Stance, convergence.Basis) {
	if len(s) == 0 {
		return 0, convergence.None
	}
	for _, r := range s[1:] {
		if r.stance != s[0].stance {
			return 0, convergence.GroupsDiverge
		}
	}
	return s[0].stance, convergence.GroupStatement
}

// groupsOn gives, by State.index, what each group that says something for a State says on a target, latest first
// (RULES, section 4, step 2): of each group the latest that concerns the State, unless it sets itself apart in it. Where one
// State is named, what concerns the others is left out.
func (v *View) groupsOn(t *target, alone *State) []spoken {
	said := make([]spoken, len(v.model.states))
	for _, e := range t.evidence {
		if e.actor.Group == nil || e.declared.Len() == 0 {
			continue
		}
		g := v.model.groups[e.actor.Group.index]
		concerned := v.mayConcern(g, e, alone)
		e.declared.Newest(v.moment.At, v.day(), func(o bitemporal.Order, d *declaration) bool {
			concerned = slices.DeleteFunc(concerned, func(state int) bool {
				apart := d.names != nil && slices.Contains(d.names.dissociated, state)
				switch {
				case apart:
				case d.names != nil && slices.Contains(d.names.aligned, state), v.speaksFor(g, state, d.own):
					said[state] = append(said[state], ranked{o, d})
				default:
					return false // It does not concern this State; an earlier one may.
				}
				return true
			})
			return len(concerned) > 0
		})
	}
	for _, s := range said {
		slices.SortFunc(s, func(a, b ranked) int { return b.Compare(a.Order) })
	}
	return said
}

// speaksFor says whether what a group said on a day concerns a State as its member.
func (v *View) speaksFor(g *group, state int, on domain.Date) bool {
	return g.Kind == domain.Standing && g.member(state, v.moment.At, on)
}

// mayConcern gives the States, by State.index, that anything the group said on a target could concern: its members of all
// days, and those it named; or the one that is named here, if it is among them.
func (v *View) mayConcern(g *group, e *evidence, alone *State) []int {
	if alone != nil {
		if g.Kind == domain.Standing && g.members[alone.index] != nil || e.named[alone.index] {
			return []int{alone.index}
		}
		return nil
	}
	list := make([]int, 0, len(g.members)+len(e.named))
	if g.Kind == domain.Standing {
		for state := range g.members {
			list = append(list, state)
		}
	}
	for state := range e.named {
		if g.Kind != domain.Standing || g.members[state] == nil {
			list = append(list, state)
		}
	}
	return list
}

// resolveStanding gives a State's standing on a target, and what decides it.
func (v *View) resolveStanding(t *target, s *State, groups spoken) (Standing, *ranked) {
	st := Standing{State: s, Target: t.Target}
	var decides *ranked
	if own, ok := v.latestOwn(t.evidence[s.Code]); ok {
		st.Stance, st.Basis, decides = own.stance, convergence.OwnAct, &own
		if own.position != nil {
			st.Basis = convergence.OwnStatement
		}
	} else {
		st.Stance, st.Basis = groups.stance()
		if st.Basis == convergence.GroupStatement {
			decides = &groups[0]
		}
	}
	if decides != nil && t.proposal != nil {
		if count, latest := v.latestSubmission(t.proposal); count > 1 {
			st.OnEarlierVersion = decides.Day < int32(latest)
		}
	}
	return st, decides
}

// latestSubmission gives the number of a proposal's submissions at the moment and the day of the latest.
func (v *View) latestSubmission(pr *proposal) (count int, on domain.Date) {
	for _, s := range pr.submissions {
		if v.counts(s.At, s.on) {
			count++
			on = max(on, s.on)
		}
	}
	return count, on
}

// ---- Boards: all standings on one target at one moment, computed once.

// boardKey names what a board depends on: the target, the last event up to the moment that could bear on it, and the day.
type boardKey struct {
	target *target
	at     uint64
	on     domain.Date
}

type board struct {
	Convergence
	byState []Standing // By State.index, of all States known: observers and those not yet admitted, too.
	letters []byte     // Of these: a row of a matrix reads one of each board, which are far apart in memory.
	decides []ranked   // What decides each of these; without a declaration where nothing does.
}

// lastTouch gives the last position up to the moment's at which the figures of a target could have changed.
func (v *View) lastTouch(t *target) uint64 {
	last := func(list []uint64) uint64 {
		i := sort.Search(len(list), func(i int) bool { return list[i] > v.moment.At })
		if i == 0 {
			return 0
		}
		return list[i-1]
	}
	return max(last(t.touched), last(v.model.everywhere))
}

// board gives the standings on a target that exists at the moment.
func (v *View) board(t *target) *board {
	key := boardKey{t, v.lastTouch(t), v.moment.On}
	if b, ok := v.model.boards.Get(key); ok {
		return b
	}
	b := v.computeBoard(t)
	v.model.boards.Add(key, b)
	return b
}

func (v *View) computeBoard(t *target) *board {
	b := &board{Convergence: Convergence{Target: t.Target}}
	b.byState, b.decides = make([]Standing, len(v.model.states)), make([]ranked, len(v.model.states))
	b.letters = make([]byte, len(v.model.states))
	groups := v.groupsOn(t, nil)
	for _, s := range v.model.byCode {
		if s.At > v.moment.At {
			continue
		}
		st, decides := v.resolveStanding(t, s, groups[s.index])
		b.byState[s.index], b.letters[s.index] = st, st.Letter()
		if decides != nil {
			b.decides[s.index] = *decides
		}
		if v.member(s) {
			b.Standings = append(b.Standings, st)
			b.Figures.Count(s.RegionalGroup, st.Stance, st.Basis)
			if st.OnEarlierVersion {
				b.OnEarlierVersion++
			}
		}
	}
	b.Figures.Agreed = v.agreed(t)
	b.serve()
	return b
}

// agreed says whether the target is a proposal adopted without a vote, and the adoption stands at the moment.
func (v *View) agreed(t *target) bool {
	return t.proposal != nil && slices.ContainsFunc(t.proposal.ends, func(e end) bool {
		return e.adoption != nil && e.adoption.WithoutVote && v.counts(e.At, e.on)
	})
}

// serve divides each figure once: the float64 nearest to the exact value.
func (c *Convergence) serve() {
	f := &c.Figures
	c.Consensus = f.Consensus()
	c.Declared = nearest(f.Declared())
	c.Support = nullable(f.Support())
	c.SupportAtLeast = nearest(f.SupportAtLeast())
	c.SupportAtMost = nearest(f.SupportAtMost())
	c.Agreement = nullable(f.Agreement())
	c.CrossRegional = nearest(f.CrossRegional())
}

// nearest is the float64 nearest to the exact value: both parts are exact as float64, and a quotient is rounded once (IEEE 754).
func nearest(r convergence.Ratio) float64 { return float64(r.Num) / float64(r.Den) }

func nullable(r convergence.Ratio) *float64 {
	if r.Null() {
		return nil
	}
	f := nearest(r)
	return &f
}

// ---- Reading.

// Standing gives where a State stands on a target; false where one of the two does not exist at the moment.
func (v *View) Standing(state string, t domain.Target) (Standing, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	a, found := v.actor(state), v.target(t)
	if a == nil || a.State == nil || found == nil {
		return Standing{}, false
	}
	return v.board(found).byState[a.State.index], true
}

// Evidence gives everything that bears on a State's standing on a target and is in force, what decides first: its own, then of
// each group that says something for it the one item taken, each part newest first, each object once (RULES, section 4, step 3).
func (v *View) Evidence(state string, t domain.Target) []Evidence {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	a, found := v.actor(state), v.target(t)
	if a == nil || a.State == nil || found == nil {
		return []Evidence{}
	}
	return v.evidenceOf(a.State, found, v.groupsOn(found, a.State)[a.State.index])
}

// EvidenceOn gives, of each Member State at the moment, by code, what Evidence gives of it: nil where the target does not exist.
func (v *View) EvidenceOn(t domain.Target) [][]Evidence {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	found := v.target(t)
	if found == nil {
		return nil
	}
	groups := v.groupsOn(found, nil)
	members := v.statesWhere(v.member)
	list := make([][]Evidence, len(members))
	for i, s := range members {
		list[i] = v.evidenceOf(s, found, groups[s.index])
	}
	return list
}

func (v *View) evidenceOf(s *State, t *target, groups spoken) []Evidence {
	list := []Evidence{}
	add := func(d *declaration) {
		if named := d.evidence(); !slices.Contains(list, named) {
			list = append(list, named)
		}
	}
	if own := t.evidence[s.Code]; own != nil {
		own.declared.Newest(v.moment.At, v.day(), func(_ bitemporal.Order, d *declaration) bool {
			add(d)
			return true
		})
	}
	for _, r := range groups {
		add(r.declaration)
	}
	return list
}

// evidence names the object that declares.
func (d *declaration) evidence() Evidence {
	switch {
	case d.position != nil:
		return Evidence{Kind: PositionEvidence, At: d.position.At}
	case d.submission != nil:
		return Evidence{Kind: SubmissionEvidence, At: d.submission.At}
	}
	return Evidence{Kind: EndorsementEvidence, At: d.act.At, Actor: d.act.actor.Code()}
}

// Convergence gives where views stand on a target; false where it does not exist at the moment.
func (v *View) Convergence(t domain.Target) (*Convergence, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if found := v.target(t); found != nil {
		return &v.board(found).Convergence, true
	}
	return nil, false
}

// Convergences gives where views stand on each of the targets that exist at the moment, or on all if targets is nil: most
// agreed first, by consensus, then crossRegional, supportAtLeast, agreement and declared, each highest first, then by key.
func (v *View) Convergences(targets []domain.Target) []*Convergence {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return v.convergences(targets)
}

func (v *View) convergences(targets []domain.Target) []*Convergence {
	list := []*Convergence{}
	for _, t := range v.existingTargets(targets) {
		list = append(list, &v.board(t).Convergence)
	}
	// The targets come by key, and a stable sort leaves them so where all figures are equal.
	slices.SortStableFunc(list, func(a, b *Convergence) int {
		return cmp.Or(cmp.Compare(a.Consensus, b.Consensus), cmp.Compare(b.CrossRegional, a.CrossRegional),
			cmp.Compare(b.SupportAtLeast, a.SupportAtLeast), compareNullable(b.Agreement, a.Agreement), cmp.Compare(b.Declared, a.Declared))
	})
	return list
}

func compareNullable(a, b *float64) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(boolInt(a != nil), boolInt(b != nil))
	}
	return cmp.Compare(*a, *b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// existingTargets gives those of the targets that exist at the moment, all if targets is nil, each once, by key.
func (v *View) existingTargets(targets []domain.Target) []*target {
	var list []*target
	for _, t := range v.model.ordered {
		if v.exists(t) && (targets == nil || slices.Contains(targets, t.Target)) {
			list = append(list, t)
		}
	}
	return list
}

// TargetsWhere gives the targets for which everything asked holds: among those named, an option of one of the elements, a proposal
// only where proposals are wanted (RULES, section 6). A nil list asks nothing; nil is given where all are meant.
func (v *View) TargetsWhere(named []domain.Target, elements []string, proposals bool) []domain.Target {
	if elements == nil && proposals {
		return named
	}
	if named == nil {
		named = v.Targets()
	}
	return slices.DeleteFunc(slices.Clone(named), func(t domain.Target) bool {
		return t.IsProposal() && !proposals || elements != nil && !slices.Contains(elements, t.Option.Element)
	})
}

// CommonGround gives the options on which somebody has declared, nobody opposes, and support, declared share and
// cross-regional breadth reach the limits; in the order of Convergences.
func (v *View) CommonGround(minSupport, minDeclared, minCrossRegional float64) []*Convergence {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return slices.DeleteFunc(v.convergences(nil), func(c *Convergence) bool {
		return c.Target.IsProposal() || c.Support == nil || c.Figures.Tally[domain.Oppose] > 0 ||
			*c.Support < minSupport || c.Declared < minDeclared || c.CrossRegional < minCrossRegional
	})
}

// Matrix gives the standings of States on targets. Without codes and group the rows are the Member States at the moment; with
// either, the States that are named or are members of the group, with both, those that are both. All targets if targets is nil.
func (v *View) Matrix(targets []domain.Target, codes []string, groupCode string) *Matrix {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	m := &Matrix{Targets: []domain.Target{}}
	m.States = v.statesWhere(func(s *State) bool {
		if codes == nil && groupCode == "" {
			return v.member(s)
		}
		return (codes == nil || slices.Contains(codes, s.Code)) && (groupCode == "" || v.belongs(v.group(groupCode), s))
	})
	for _, t := range v.existingTargets(targets) {
		m.Targets = append(m.Targets, t.Target)
		m.boards = append(m.boards, v.board(t))
	}
	return m
}

// Letter gives the standing as the public schema's matrix draws it: S support, R with reservations, N neutral, C concerned,
// O oppose, - nothing declared; lower case where a group's statement decides; ! where groups diverge.
func (s Standing) Letter() byte {
	const upper, lower = "-SRNCO", "-srnco"
	switch s.Basis {
	case convergence.GroupsDiverge:
		return '!'
	case convergence.GroupStatement:
		return lower[s.Stance]
	}
	return upper[s.Stance]
}
