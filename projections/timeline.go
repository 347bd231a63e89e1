package projections

import (
	"slices"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// Timeline gives one point for each day on which tally, support, agreement or consensus differ from the day before, none after
// the moment's day or after to. Without from it begins on the first day on which anybody had declared or the target was
// adopted; with from, the first point is the state of that day. A zero day is no bound.
func (v *View) Timeline(t domain.Target, from, to domain.Date) []ConvergencePoint {
	if v.moment.On != 0 && (to == 0 || v.moment.On < to) {
		to = v.moment.On
	}
	v.model.mu.RLock()
	found := v.model.targets[t]
	if !v.exists(found) || from != 0 && to != 0 && from > to {
		v.model.mu.RUnlock()
		return []ConvergencePoint{}
	}
	key := timelineKey{found, v.lastTouch(found), from, to}
	days := v.daysOf(found)
	v.model.mu.RUnlock()
	if list, ok := v.model.timelines.Get(key); ok {
		return list
	}
	if from != 0 {
		days = append(slices.DeleteFunc(days, func(d domain.Date) bool { return d <= from }), from)
	}
	slices.Sort(days)
	list := []ConvergencePoint{}
	for _, day := range slices.Compact(days) {
		if to != 0 && day > to {
			break
		}
		point, begun := v.pointOn(found, day)
		if n := len(list); n > 0 && list[n-1].same(point) || n == 0 && from == 0 && !begun {
			continue
		}
		list = append(list, point)
	}
	v.model.timelines.Add(key, list)
	return list
}

// timelineKey names what a timeline depends on; its days are bounded by to, so that the moment's day is none of it.
type timelineKey struct {
	target   *target
	at       uint64
	from, to domain.Date
}

// adoptedBy says whether the target was adopted, with or without a vote, on or before a day.
func (v *View) adoptedBy(t *target, day domain.Date) bool {
	return t.proposal != nil && slices.ContainsFunc(t.proposal.ends, func(e end) bool {
		return e.adoption != nil && e.At <= v.moment.At && e.on <= day
	})
}

// same says whether no figure differs; support and agreement follow from the tally.
func (p ConvergencePoint) same(q ConvergencePoint) bool {
	return p.Tally == q.Tally && p.Consensus == q.Consensus
}

// daysOf gives the days on which a figure of the target can differ from the day before, in no order.
func (v *View) daysOf(t *target) []domain.Date {
	seen := map[int32]bool{}
	for _, e := range t.evidence {
		e.declared.Days(v.moment.At, func(day int32) { seen[day] = true })
	}
	if t.proposal != nil {
		for _, s := range t.proposal.submissions {
			if s.At <= v.moment.At {
				seen[int32(s.on)] = true
			}
		}
		for _, e := range t.proposal.ends {
			if e.At <= v.moment.At {
				seen[int32(e.on)] = true
			}
		}
	}
	for _, s := range v.model.states {
		if s.At <= v.moment.At && s.AdmittedOn != 0 {
			seen[int32(s.AdmittedOn)] = true
		}
	}
	days := make([]domain.Date, 0, len(seen))
	for day := range seen {
		days = append(days, domain.Date(day))
	}
	return days
}

// pointOn gives the figures on a day, and whether anybody had declared or the target was adopted by then. The model is held for one day only, so that a long timeline holds up
// neither what is recorded nor who else asks.
func (v *View) pointOn(t *target, day domain.Date) (point ConvergencePoint, begun bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	on := &View{model: v.model, moment: Moment{At: v.moment.At, On: day}}
	f := on.figures(t)
	return ConvergencePoint{
		On: day, Tally: f.Tally, Support: nullable(f.Support()), Agreement: nullable(f.Agreement()), Consensus: f.Consensus(),
	}, f.Tally.Declared() > 0 || v.adoptedBy(t, day)
}

// figures counts the standings on a target without keeping them. A target that does not exist at the moment counts as one on
// which nobody has declared.
func (v *View) figures(t *target) (f convergence.Figures) {
	if !v.exists(t) {
		for _, s := range v.model.states {
			if v.member(s) {
				f.Count(s.RegionalGroup, 0, convergence.None)
			}
		}
		return f
	}
	groups := v.groupsOn(t, nil)
	for _, s := range v.model.states {
		if v.member(s) {
			st, _ := v.resolveStanding(t, s, groups[s.index])
			f.Count(s.RegionalGroup, st.Stance, st.Basis)
		}
	}
	f.Agreed = v.agreed(t)
	return f
}

// OpenPoints gives the points of kind CONCERN, INTEREST, CONDITION and NEED, or those of the kinds asked for, that stand
// between here and agreement on a target: of each Member State's own latest position in force, with or without a stance; of
// one that has none, those in the latest of each group that concern it, unless it sets itself apart there (RULES, section 6).
// Newest first, a position once, its points in their order.
func (v *View) OpenPoints(t domain.Target, kinds []domain.PointKind, page Page[OpenPointKey]) Slice[OpenPoint] {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	list := []OpenPoint{}
	days := map[uint64]domain.Date{}
	if found := v.target(t); found != nil {
		for _, p := range v.lastWords(found) {
			version := p.version(v.moment.At)
			days[p.At] = version.StatedOn
			for i, point := range version.Points {
				if open(point.Kind) && (kinds == nil || slices.Contains(kinds, point.Kind)) {
					list = append(list, OpenPoint{PositionAt: p.At, Index: i, Point: point})
				}
			}
		}
	}
	key := func(o OpenPoint) OpenPointKey {
		return OpenPointKey{On: days[o.PositionAt], At: o.PositionAt, Index: o.Index}
	}
	return sliceOf(list, page, key, func(k, after OpenPointKey) bool {
		switch {
		case k.On != after.On:
			return k.On < after.On
		case k.At != after.At:
			return k.At < after.At
		}
		return k.Index > after.Index
	})
}

// open says whether points of a kind stand between here and agreement.
func open(kind domain.PointKind) bool {
	return kind == domain.Concern || kind == domain.Interest || kind == domain.Condition || kind == domain.Need
}

// lastWords gives the positions whose points are open, newest first by their own day.
func (v *View) lastWords(t *target) []*position {
	words := map[*position]bool{}
	silent := map[int]bool{} // Member States without a position of their own in force, by State.index.
	for _, s := range v.model.states {
		if !v.member(s) {
			continue
		}
		own := false
		if e := t.evidence[s.Code]; e != nil {
			e.positions.Newest(v.moment.At, v.day(), func(_ bitemporal.Order, p *position) bool {
				own, words[p] = true, true
				return false
			})
		}
		if !own {
			silent[s.index] = true
		}
	}
	for _, e := range t.evidence {
		if e.actor.Group == nil {
			continue
		}
		g := v.model.groups[e.actor.Group.index]
		concerned := slices.DeleteFunc(v.mayConcern(g, e, nil), func(state int) bool { return !silent[state] })
		e.positions.Newest(v.moment.At, v.day(), func(_ bitemporal.Order, p *position) bool {
			version := p.version(v.moment.At)
			concerned = slices.DeleteFunc(concerned, func(state int) bool {
				if version.names != nil && slices.Contains(version.names.dissociated, state) {
					return true
				}
				if version.names != nil && slices.Contains(version.names.aligned, state) || v.speaksFor(g, state, version.StatedOn) {
					words[p] = true
					return true
				}
				return false
			})
			return len(concerned) > 0
		})
	}
	list := make([]*position, 0, len(words))
	for p := range words {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *position) int {
		return -bitemporal.Order{Day: int32(a.version(v.moment.At).StatedOn), At: a.At}.
			Compare(bitemporal.Order{Day: int32(b.version(v.moment.At).StatedOn), At: b.At})
	})
	return list
}
