package oracle

import (
	"cmp"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// PositionFilter says which positions are asked for. All that is given must hold; of a list, one value. A nil list, a zero
// value is not given. The filter by words is left out: it needs Unicode tables that are not in the standard library.
type PositionFilter struct {
	Actors        []string
	Target        *domain.Target
	Proposal      string // On this proposal itself.
	Element       string // On any option of this element.
	Stances       []domain.Stance
	Session       string
	From, To      domain.Date
	RegionalGroup domain.RegionalGroup
}

// PositionRef is a position as it is listed at a moment: every field as corrected by then.
type PositionRef struct {
	At                       uint64
	Actor                    string
	Revision                 int64
	AlignedWith, Dissociated []string // By code.
	Target                   domain.Target
	Stance                   domain.Stance
	Form                     domain.StatementForm
	Explains                 *domain.ActRef
	StatedOn                 domain.Date
	Session                  string
	Summary                  string
	Points                   []domain.Point
	Source                   domain.Source
	EndedOn                  domain.Date // Zero: not ended.
	Withdrawn                bool        // Taken back on or before the day.
}

// Positions gives the list of positions.
//
// "Lists (`positions`, `endorsements`) show all that is recorded, dated on or before D and not retracted, the withdrawn and
// the replaced included …: newest day first, on the same day what was recorded later first"; "lists and feeds go by the
// position's own day."
func (o *Oracle) Positions(m Moment, f PositionFilter) []PositionRef {
	w := o.fold(m.At)
	var list []PositionRef
	for _, p := range w.positions {
		if w.listed(p, m.On) && w.matches(p, f) {
			list = append(list, w.refOf(p, m.On))
		}
	}
	slices.SortFunc(list, func(a, b PositionRef) int {
		return cmp.Or(cmp.Compare(b.StatedOn, a.StatedOn), cmp.Compare(b.At, a.At))
	})
	return list
}

func (w *world) refOf(p *position, on domain.Date) PositionRef {
	return PositionRef{
		At: p.at, Actor: p.said.Actor, Revision: p.revision,
		AlignedWith: sorted(p.said.AlignedWith), Dissociated: sorted(p.said.Dissociated),
		Target: p.said.Target, Stance: p.said.Stance, Form: p.said.Form, Explains: p.said.Explains, StatedOn: p.said.StatedOn,
		Session: p.said.Session, Summary: p.said.Summary, Points: p.said.Points, Source: p.said.Source,
		EndedOn: w.endedOn(p, on), Withdrawn: p.withdrawn && reached(p.withdrawnOn, on),
	}
}

// endedOn gives the day on which a position ceased to be its actor's last word on its target.
//
// "Set once the actor took the position back, or said something later on the same target" (schema); "What a withdrawn or
// retracted position had replaced is in force again." So it is the first of the day of its own withdrawal and the days of all
// later positions that are in force.
func (w *world) endedOn(p *position, on domain.Date) domain.Date {
	var days []domain.Date
	if p.withdrawn && reached(p.withdrawnOn, on) {
		days = append(days, p.withdrawnOn)
	}
	for _, q := range w.positionsInForce(p.said.Actor, p.said.Target, on) {
		if cmp.Or(cmp.Compare(p.said.StatedOn, q.said.StatedOn), cmp.Compare(p.at, q.at)) < 0 {
			days = append(days, q.said.StatedOn)
		}
	}
	if len(days) == 0 {
		return 0
	}
	return slices.Min(days)
}

func (w *world) matches(p *position, f PositionFilter) bool {
	is := p.said
	switch {
	case f.Actors != nil && !slices.Contains(f.Actors, is.Actor),
		f.Target != nil && *f.Target != is.Target,
		f.Proposal != "" && f.Proposal != is.Target.Proposal,
		f.Element != "" && f.Element != is.Target.Option.Element,
		f.Stances != nil && !slices.Contains(f.Stances, is.Stance),
		f.Session != "" && f.Session != is.Session,
		f.From != 0 && is.StatedOn < f.From,
		f.To != 0 && is.StatedOn > f.To,
		f.RegionalGroup != 0 && w.regionalGroup(is.Actor) != f.RegionalGroup:
		return false
	}
	return true
}

// regionalGroup gives a State's; zero for an observer and for a group.
func (w *world) regionalGroup(actor string) domain.RegionalGroup {
	for _, s := range w.states {
		if s.State == actor {
			return s.RegionalGroup
		}
	}
	return 0
}

// EndorsementFilter says which endorsements are asked for; nil lists and zero values are not given.
type EndorsementFilter struct {
	Actors         []string
	Proposal       string
	Kinds          []domain.EndorsementKind
	DocumentSymbol string
}

// EndorsementRef is an act, or a ballot, as it is listed at a moment.
type EndorsementRef struct {
	At             uint64 // Of a ballot, the vote's.
	Ballot         bool
	Actor          string
	Proposal       string
	DocumentSymbol string
	Paragraph      string
	Kind           domain.EndorsementKind // Of a ballot, what was meant.
	Cast           domain.EndorsementKind // Of a ballot, what was cast.
	On             domain.Date
	WithdrawnOn    domain.Date // Zero: not withdrawn.
}

// Endorsements gives the list of acts, every ballot included.
//
// "newest day first, on the same day what was recorded later first, ballots of one vote by code."
func (o *Oracle) Endorsements(m Moment, f EndorsementFilter) []EndorsementRef {
	w := o.fold(m.At)
	var list []EndorsementRef
	for _, a := range w.acts {
		if !w.exists(domain.OnProposal(a.done.Proposal), m.On) || !reached(a.done.On, m.On) {
			continue
		}
		e := EndorsementRef{
			At: a.at, Ballot: a.ballot, Actor: a.done.Actor, Proposal: a.done.Proposal, DocumentSymbol: a.done.DocumentSymbol,
			Paragraph: a.done.Paragraph, Kind: a.kind(m.On), Cast: a.done.Kind, On: a.done.On,
		}
		if a.withdrawn && reached(a.withdrawnOn, m.On) {
			e.WithdrawnOn = a.withdrawnOn
		}
		if f.Actors != nil && !slices.Contains(f.Actors, e.Actor) || f.Proposal != "" && f.Proposal != e.Proposal ||
			f.Kinds != nil && !slices.Contains(f.Kinds, e.Kind) || f.DocumentSymbol != "" && f.DocumentSymbol != e.DocumentSymbol {
			continue
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b EndorsementRef) int {
		return cmp.Or(cmp.Compare(b.On, a.On), cmp.Compare(b.At, a.At), cmp.Compare(a.Actor, b.Actor))
	})
	return list
}

// PointRef names a point of a position.
type PointRef struct {
	At    uint64 // Of the position.
	Index int    // Among all points of the position, from 0.
	Kind  domain.PointKind
}

// openKinds are the kinds of points that stand between here and agreement.
var openKinds = []domain.PointKind{domain.Concern, domain.Interest, domain.Condition, domain.Need}

// OpenPoints gives the open points on a target; of the kinds given, or of all open kinds where kinds is nil.
//
// "the points of kind CONCERN, INTEREST, CONDITION, NEED of each Member State's own latest position in force on the target
// (with or without a stance, whether or not it decides), and, for each Member State without a position of its own in force, of
// each group's latest position in force (with or without a stance) that concerns it, unless it is in its `dissociated`. An act
// of its own keeps nothing away; newest first, a position once, its points in their order."
func (o *Oracle) OpenPoints(m Moment, t domain.Target, kinds []domain.PointKind) []PointRef {
	w := o.fold(m.At)
	// latestOf gives an actor's latest position in force, of those that count; "latest" is meant as for all evidence.
	latestOf := func(actor string, counts func(item) bool) (*position, bool) {
		var latest *position
		for _, p := range w.positionsInForce(actor, t, m.On) {
			if counts(w.itemOf(p, m.On)) && (latest == nil || earlier(w.itemOf(latest, m.On), w.itemOf(p, m.On)) < 0) {
				latest = p
			}
		}
		return latest, latest != nil
	}
	var bearing []*position
	for _, state := range w.counted(m.On) {
		if p, ok := latestOf(state.State, func(item) bool { return true }); ok {
			bearing = append(bearing, p)
			continue
		}
		for _, g := range w.groups {
			p, ok := latestOf(g.code, func(i item) bool { return g.concerns(state.State, i) })
			if ok && !slices.Contains(p.said.Dissociated, state.State) && !slices.Contains(bearing, p) {
				bearing = append(bearing, p)
			}
		}
	}
	slices.SortFunc(bearing, func(p, q *position) int {
		return cmp.Or(cmp.Compare(q.said.StatedOn, p.said.StatedOn), cmp.Compare(q.at, p.at))
	})
	var points []PointRef
	for _, p := range bearing {
		for i, point := range p.said.Points {
			if slices.Contains(openKinds, point.Kind) && (kinds == nil || slices.Contains(kinds, point.Kind)) {
				points = append(points, PointRef{p.at, i, point.Kind})
			}
		}
	}
	return points
}
