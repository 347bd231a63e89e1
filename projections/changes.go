package projections

import (
	"cmp"
	"slices"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// ChangeCause is why a standing changed between two moments.
type ChangeCause uint8

// The causes, in the order of the public schema. Which one it is, is decided in another order (see View.cause).
const (
	Moved ChangeCause = 1 + iota
	GroupMoved
	Membership
	OtherText
	Withdrew
	Learned
	Corrected
)

// String gives the public schema's word.
func (c ChangeCause) String() string {
	return [...]string{"", "MOVED", "GROUP_MOVED", "MEMBERSHIP", "OTHER_TEXT", "WITHDREW", "LEARNED", "CORRECTED"}[c]
}

// StandingChange is a change of a State's stance on a target between two moments.
type StandingChange struct {
	State         *State
	Target        domain.Target
	Before, After domain.Stance // Zero for none; the two differ.
	Cause         ChangeCause
}

// ChangeFilter narrows a list of changes; of a list one value must hold, a nil list asks nothing, an empty one matches nothing.
type ChangeFilter struct {
	States  []string
	Targets []domain.Target
	Causes  []ChangeCause
}

// ChangeKey is the place of a change in the list: by target, then State.
type ChangeKey struct{ Target, State string }

// Key gives the change's place in the list.
func (c StandingChange) Key() ChangeKey { return ChangeKey{c.Target.Key(), c.State.Code} }

// Evidence gives what bears on the standing, what decides first: of the standing afterwards, as of the moment to, or where
// nothing decides that, of the standing before, as of the moment from. It also gives the view that the evidence is named in.
func (c StandingChange) Evidence(from, to *View) (*View, []Evidence) {
	v := to
	if c.After == 0 {
		v = from
	}
	return v, v.Evidence(c.State.Code, c.Target)
}

// Changes gives what changed from another moment to the view's: every Member State and target of the view's moment whose stance
// differs, each with its cause, by target, then State (RULES, section 6). A target, or a State, missing at from had no stance. From
// may lie behind the view's moment in either time.
func (v *View) Changes(from Moment, f ChangeFilter, page Page[ChangeKey]) Slice[StandingChange] {
	s := Slice[StandingChange]{Items: []StandingChange{}, HasPrevious: page.After != nil}
	v.eachChange(from, f, page.After, func(c StandingChange) bool {
		if s.HasNext = len(s.Items) == page.First; !s.HasNext {
			s.Items = append(s.Items, c)
		}
		return !s.HasNext
	})
	s.Total = func() int {
		n := 0
		v.eachChange(from, f, nil, func(StandingChange) bool {
			n++
			return true
		})
		return n
	}
	return s
}

// eachChange calls yield with the changes behind a place, in their order, until yield gives false. The model is held for one target
// at a time: both moments are fixed, so that what is recorded meanwhile changes no answer.
func (v *View) eachChange(from Moment, f ChangeFilter, after *ChangeKey, yield func(StandingChange) bool) {
	before := v.model.View(from)
	v.model.mu.RLock()
	targets := v.existingTargets(f.Targets)
	states := v.statesWhere(func(s *State) bool { return v.member(s) && (f.States == nil || slices.Contains(f.States, s.Code)) })
	v.model.mu.RUnlock()
	for _, t := range targets {
		if after != nil && t.key < after.Target {
			continue
		}
		for _, c := range v.changesOn(before, t, states) {
			if after != nil && cmp.Or(cmp.Compare(t.key, after.Target), cmp.Compare(c.State.Code, after.State)) <= 0 {
				continue
			}
			if (f.Causes == nil || slices.Contains(f.Causes, c.Cause)) && !yield(c) {
				return
			}
		}
	}
}

// changesOn gives the changes on one target.
func (v *View) changesOn(before *View, t *target, states []*State) (list []StandingChange) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	now, was := v.board(t), (*board)(nil)
	if before.exists(t) {
		was = before.board(t)
	}
	for _, s := range states {
		b := decider{Standing: &Standing{}}
		if was != nil && s.At <= before.moment.At { // A board has no place for States recorded since.
			b = was.decider(s)
		}
		if e := now.decider(s); e.Stance != b.Stance {
			list = append(list, StandingChange{State: s, Target: t.Target, Before: b.Stance, After: e.Stance, Cause: v.cause(before, b, e)})
		}
	}
	return list
}

// decider is a standing with what decides it; by is nil where nothing does.
type decider struct {
	*Standing
	by *ranked
}

func (b *board) decider(s *State) decider {
	d := decider{Standing: &b.byState[s.index]}
	if by := &b.decides[s.index]; by.declaration != nil {
		d.by = by
	}
	return d
}

// own says that the State itself said or did what decides.
func (d decider) own() bool { return d.Basis.Own() }

// cause gives why a standing changed: the first that holds of CORRECTED, WITHDREW, LEARNED, OTHER_TEXT, MOVED, GROUP_MOVED and
// MEMBERSHIP, b being what decided before and e what decides after (RULES, section 6).
func (v *View) cause(before *View, b, e decider) ChangeCause {
	d1, p1 := before.learnedBy(), before.moment.At
	since := func(at uint64) bool { return p1 < at && at <= v.moment.At }
	later := b.by != nil && e.by != nil && v.orderNow(b.by).Compare(e.by.Order) < 0
	switch {
	case b.by.repaired(since), e.by.repaired(since):
		return Corrected
	case b.by != nil && v.takenBack(b.by) && !later:
		return Withdrew
	case e.by != nil && since(e.by.Order.At) && d1 != 0 && e.by.own <= d1:
		return Learned
	case b.own() && e.own() && otherText(b.by, e.by, max(p1, v.moment.At)):
		return OtherText
	case e.own(), b.by != nil && v.meantOtherwise(before, b.by.act):
		return Moved
	case e.by != nil && (later || b.by == nil && (e.by.Order.At > p1 || d1 != 0 && e.by.own > d1)):
		return GroupMoved
	}
	return Membership
}

// learnedBy gives D1: the day up to which what is recorded after the moment had been said before it; zero where there is none. It is
// the moment's day, or that on which its last event was recorded.
func (v *View) learnedBy() domain.Date {
	switch {
	case v.moment.On != 0:
		return v.moment.On
	case v.moment.At == 0:
		return 0
	}
	return domain.DateOf(time.UnixMicro(v.model.events[v.moment.At-1].recordedAt))
}

// repaired says whether one of those events of the record corrected or retracted the position that decides.
func (r *ranked) repaired(since func(at uint64) bool) bool {
	if r == nil || r.position == nil {
		return false
	}
	p := r.position
	return since(p.retractedAt) || slices.ContainsFunc(p.corrections, func(c correction) bool { return since(c.At) })
}

// takenBack says whether by the moment a withdrawal, of a position, of an act or of the proposal that was submitted, took away what
// decided.
func (v *View) takenBack(r *ranked) bool {
	switch {
	case r.position != nil:
		return r.position.withdrawal.counts(v)
	case r.act != nil:
		return r.act.withdrawal.counts(v)
	}
	return slices.ContainsFunc(r.submission.proposal.ends, func(e end) bool { return e.status == Withdrawn && v.counts(e.At, e.on) })
}

// orderNow gives the place of what decided before as it counts at the moment, where a later day may explain it or a correction may have
// moved it; what is not on record at the moment keeps the place that it had.
func (v *View) orderNow(r *ranked) bitemporal.Order {
	if r.position == nil || r.position.At > v.moment.At {
		return r.Order
	}
	version := r.position.version(v.moment.At)
	day := version.StatedOn
	if act := version.explains; act != nil && (v.moment.On == 0 || act.on <= v.moment.On) {
		day = max(day, act.on)
	}
	return bitemporal.Order{Day: int32(day), Rank: rankStatement, At: r.position.At}
}

// otherText says whether both are acts, submissions included, on documents with different symbols; one without a symbol has none that
// could differ.
func otherText(b, e *ranked, at uint64) bool {
	if b.position != nil || e.position != nil {
		return false
	}
	one, other := b.symbol(at), e.symbol(at)
	return one != "" && other != "" && one != other
}

// symbol gives that of the document acted on, or brought in, as known at a position of the record.
func (d *declaration) symbol(at uint64) string {
	if d.act != nil {
		return d.act.symbol
	}
	for _, part := range d.submission.parts {
		if part.Part == 1 && part.at <= at {
			return part.Symbol
		}
	}
	return ""
}

// meantOtherwise says whether a ballot that is on record at both moments was meant otherwise at the second.
func (v *View) meantOtherwise(before *View, a *act) bool {
	return a != nil && a.vote != nil && v.counts(a.At, a.on) &&
		a.kindOn(before.moment.At, before.moment.On) != a.kindOn(v.moment.At, v.moment.On)
}
