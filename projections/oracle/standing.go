package oracle

import (
	"cmp"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Basis says what a standing rests on, in the words of the public schema.
type Basis string

// The bases.
const (
	OwnStatement   Basis = "OWN_STATEMENT"
	OwnAct         Basis = "OWN_ACT"
	GroupStatement Basis = "GROUP_STATEMENT"
	GroupsDiverge  Basis = "GROUPS_DIVERGE"
	None           Basis = "NONE"
)

// IsOwn says whether the State itself spoke or acted.
func (b Basis) IsOwn() bool { return b == OwnStatement || b == OwnAct }

// Kind says what an item of evidence is.
type Kind string

// The kinds of evidence.
const (
	PositionEvidence    Kind = "Position"
	SubmissionEvidence  Kind = "Submission"
	EndorsementEvidence Kind = "Endorsement"
)

// EvidenceRef names one item of evidence.
type EvidenceRef struct {
	Kind Kind
	At   uint64 // Where it was first recorded; of a ballot, the vote's.
	// State is set for a ballot alone: whose it is.
	State string
}

// Standing is a State's resolved stance on a target.
type Standing struct {
	Stance           domain.Stance // Zero: none.
	Basis            Basis
	Evidence         []EvidenceRef // What decides first.
	OnEarlierVersion bool
}

// item is something that is in force and declares a stance.
type item struct {
	ref       EvidenceRef
	stance    domain.Stance
	own       domain.Date // The day of the fact.
	day       domain.Date // The day it counts with.
	statement bool
	actor     string

	alignedWith, dissociated []string // Of a group's position.
}

// earlier orders evidence, latest last.
//
// "the one with the latest day decides; on the same day a statement decides over an act (it explains it), else the one
// recorded later (log position of its first recording). … This order is meant wherever "latest" or "later" is said of
// evidence"
func earlier(a, b item) int {
	statement := func(i item) int {
		if i.statement {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(statement(a), statement(b)), cmp.Compare(a.ref.At, b.ref.At))
}

// declaring gives all that an actor said and did on a target that is in force and declares a stance, newest first.
func (w *world) declaring(actor string, t domain.Target, on domain.Date) []item {
	var items []item
	// "position: its stance; without a stance nothing"
	for _, p := range w.positionsInForce(actor, t, on) {
		if p.said.Stance != 0 {
			items = append(items, w.itemOf(p, on))
		}
	}
	items = append(items, w.acted(actor, t, on)...)
	slices.SortFunc(items, earlier)
	slices.Reverse(items)
	return items
}

// positionsInForce gives an actor's positions on a target that are in force on a day, with or without a stance.
func (w *world) positionsInForce(actor string, t domain.Target, on domain.Date) []*position {
	var positions []*position
	for _, p := range w.positions {
		if p.said.Actor == actor && p.said.Target == t && w.inForce(p, on) {
			positions = append(positions, p)
		}
	}
	return positions
}

// inForce says whether a position is in force.
//
// "A withdrawal removes a position or an endorsement from the day of the withdrawal on (it did hold before)."
func (w *world) inForce(p *position, on domain.Date) bool {
	return w.listed(p, on) && !(p.withdrawn && reached(p.withdrawnOn, on))
}

// listed says whether a position is recorded, dated on or before the day and not retracted.
//
// "A position or act dated before its proposal's first submission may be recorded: it is in no list and decides nothing at a
// D before that submission, but its day stays its own."
func (w *world) listed(p *position, on domain.Date) bool {
	return w.exists(p.said.Target, on) && reached(p.said.StatedOn, on) && !p.retracted
}

// itemOf gives a position as evidence.
//
// "A position that `explains` an act counts, for a D on or after the act's day, with the later of the two days, whether or
// not the act is still in force."
func (w *world) itemOf(p *position, on domain.Date) item {
	i := item{
		ref: EvidenceRef{Kind: PositionEvidence, At: p.at}, stance: p.said.Stance, own: p.said.StatedOn, day: p.said.StatedOn, statement: true, actor: p.said.Actor,
		alignedWith: p.said.AlignedWith, dissociated: p.said.Dissociated,
	}
	if p.said.Explains != nil {
		for _, a := range w.acts {
			if a.done.Proposal == p.said.Explains.Proposal && a.revision == p.said.Explains.Revision && reached(a.done.On, on) {
				i.day = max(i.own, a.done.On)
			}
		}
	}
	return i
}

// acted gives the acts of an actor on a target that are in force and declare a stance, submissions included.
func (w *world) acted(actor string, t domain.Target, on domain.Date) []item {
	if !t.IsProposal() || !w.exists(t, on) {
		return nil // "Supporting a proposal says nothing on its options, and the other way round."
	}
	var items []item
	// "submission (each submitter): SUPPORT; nothing where submitted as chair".
	// "A proposal withdrawn by its submitters ends the support that its submissions had expressed, from that day on; what
	// others said and did stays."
	if _, withdrawn := w.ended(t.Proposal, Withdrawn, on); !withdrawn {
		for _, s := range w.proposal(t.Proposal).versions(on) {
			if !s.InCapacityOfChair && slices.Contains(s.Submitters, actor) {
				items = append(items, item{ref: EvidenceRef{Kind: SubmissionEvidence, At: s.At}, stance: domain.Support, own: s.On, day: s.On, actor: actor})
			}
		}
	}
	for _, a := range w.acts {
		if a.done.Actor != actor || a.done.Proposal != t.Proposal || !reached(a.done.On, on) || a.withdrawn && reached(a.withdrawnOn, on) {
			continue
		}
		// "any act with a `paragraph`: nothing (shown as a reservation, a paragraph vote)"
		if stance := stanceOf(a.kind(on)); stance != 0 && a.done.Paragraph == "" {
			items = append(items, item{ref: a.ref(), stance: stance, own: a.done.On, day: a.done.On, actor: actor})
		}
	}
	return items
}

func (a *act) ref() EvidenceRef {
	ref := EvidenceRef{Kind: EndorsementEvidence, At: a.at}
	if a.ballot {
		ref.State = a.done.Actor
	}
	return ref
}

// kind gives the kind of an act as of a day.
//
// "An intended ballot replaces the kind of the ballot from the day of its declaration on (the latest declaration on or before
// D); the act keeps the day and recording of the vote"
func (a *act) kind(on domain.Date) domain.EndorsementKind {
	kind, latest := a.done.Kind, domain.Date(0)
	for _, i := range a.intended {
		if reached(i.on, on) && i.on >= latest {
			kind, latest = i.kind, i.on
		}
	}
	return kind
}

// stanceOf gives what an act on a whole document declares.
//
// "SPONSOR, COSPONSOR, JOINT_STATEMENT, VOTE_YES: SUPPORT. VOTE_NO: OPPOSE. VOTE_ABSTAIN: NEUTRAL. DISSOCIATED: CONCERNED.
// VOTE_ABSENT, JOINED_CONSENSUS: nothing."
func stanceOf(kind domain.EndorsementKind) domain.Stance {
	switch kind {
	case domain.Sponsor, domain.Cosponsor, domain.JointStatement, domain.VoteYes:
		return domain.Support
	case domain.VoteNo:
		return domain.Oppose
	case domain.VoteAbstain:
		return domain.Neutral
	case domain.Dissociated:
		return domain.Concerned
	}
	return 0
}

// concerns says whether what a group said or did concerns a State.
//
// "concerns a State that was a member on that day (of a STANDING group; an AD_HOC group binds nobody by membership), or is in
// `alignedWith`, or is in `dissociated`." "membership, … go by the position's own day."
func (g *group) concerns(state string, i item) bool {
	return g.kind == domain.Standing && g.hadMember(state, i.own) ||
		slices.Contains(i.alignedWith, state) || slices.Contains(i.dissociated, state)
}

// Standing gives where a State stands on a target, and what decides it. On a target that does not exist at the moment nobody
// has declared anything.
func (o *Oracle) Standing(m Moment, state string, t domain.Target) Standing {
	s, _ := o.fold(m.At).standing(state, t, m.On)
	return s
}

// standing also gives what decides; nil where nothing does.
func (w *world) standing(state string, t domain.Target, on domain.Date) (Standing, *item) {
	own := w.declaring(state, t, on)

	// "For each group take the latest of those that concern the State. If the State is in its `dissociated`, this group says
	// nothing for it."
	var said []item
	for _, g := range w.groups {
		items := w.declaring(g.code, t, on)
		items = slices.DeleteFunc(items, func(i item) bool { return !g.concerns(state, i) })
		if len(items) > 0 && !slices.Contains(items[0].dissociated, state) {
			said = append(said, items[0])
		}
	}
	slices.SortFunc(said, earlier)
	slices.Reverse(said)

	var s Standing
	var decides *item
	switch {
	case len(own) > 0:
		// "Of the State's own statements and acts in force that declare a stance, the one with the latest day decides"
		s.Stance, s.Basis, decides = own[0].stance, OwnAct, &own[0]
		if own[0].statement {
			s.Basis = OwnStatement
		}
	case len(said) == 0:
		// "None left: basis NONE."
		s.Basis = None
	case slices.ContainsFunc(said, func(i item) bool { return i.stance != said[0].stance }):
		// "Different stances: no stance, basis GROUPS_DIVERGE."
		s.Basis = GroupsDiverge
	default:
		// "All remaining groups of one stance: that stance, basis GROUP_STATEMENT."
		s.Stance, s.Basis, decides = said[0].stance, GroupStatement, &said[0]
	}

	// "all own evidence in force that declares, then of each group that says something for the State the one item taken (also
	// where step 1 decided), each part newest first, each object once."
	for _, i := range slices.Concat(own, said) {
		if !slices.Contains(s.Evidence, i.ref) {
			s.Evidence = append(s.Evidence, i.ref)
		}
	}

	// "`onEarlierVersion`: the target is a proposal with at least two submissions at (P, D), and the day of the deciding
	// evidence is before the day of the proposal's latest submission at (P, D)."
	if decides != nil && t.IsProposal() {
		versions := w.proposal(t.Proposal).versions(on)
		s.OnEarlierVersion = len(versions) >= 2 && decides.day < versions[len(versions)-1].On
	}
	return s, decides
}
