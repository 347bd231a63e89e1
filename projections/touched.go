package projections

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// about gives what an event that was just taken in is about; of a vote, and of what is neither said nor done, nothing.
func (m *Model) about(event domain.Event, at uint64) (*position, *act) {
	changed := func(actorCode string, revision int64) (*position, *act) {
		p, _ := m.position(actorCode, revision) // It was found a moment ago.
		return p, nil
	}
	switch e := event.(type) {
	case domain.PositionStated:
		return m.positionsAt[at], nil
	case domain.PositionCorrected:
		return changed(e.Actor, e.Position)
	case domain.PositionWithdrawn:
		return changed(e.Actor, e.Position)
	case domain.PositionRetracted:
		return changed(e.Actor, e.Position)
	case domain.EndorsementGiven:
		return nil, m.actsAt[at]
	case domain.EndorsementWithdrawn:
		given, _ := m.endorsementEvent(e.Proposal, e.Endorsement)
		return nil, m.actsAt[given]
	case domain.IntendedBallotDeclared:
		voted, _ := m.endorsementEvent(e.Proposal, e.Vote)
		return nil, m.votesAt[voted].ballot(e.State)
	}
	return nil, nil
}

// Search says which events of the record are looked for; all that is given must hold.
type Search struct {
	EventFilter
	// Streams has the names of streams, in one of which the event is. A nil list asks nothing.
	Streams []string
	// Target is one whose figures the event can have changed, or that it touched otherwise.
	Target *domain.Target
}

// Seek gives the first event behind a position, up to and including another, that is looked for. Streams and Target are found
// by an index; else every event between the two is looked at, so that whoever seeks in a long record does so in stretches.
func (m *Model) Seek(s Search, after, upTo uint64) (at uint64, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	upTo = min(upTo, uint64(len(m.events)))
	for after < upTo {
		at := m.seekIndexed(s, after)
		if at > upTo {
			return 0, false
		}
		if s.holds(&m.events[at-1]) {
			return at, true
		}
		after = at
	}
	return 0, false
}

// seekIndexed gives the first event behind a position that the lists of positions let through.
func (m *Model) seekIndexed(s Search, after uint64) uint64 {
	const none = 1<<64 - 1
	first := func(list []uint64) uint64 {
		if i := sort.Search(len(list), func(i int) bool { return list[i] > after }); i < len(list) {
			return list[i]
		}
		return none
	}
	switch {
	case s.Target != nil:
		t := m.targets[*s.Target]
		if t == nil {
			return none
		}
		return min(first(t.touched), first(m.everywhere))
	case s.Streams != nil:
		next := uint64(none)
		for _, name := range s.Streams {
			if found := m.streams[name]; found != nil {
				next = min(next, first(found.at))
			}
		}
		return next
	}
	return after + 1
}

// PositionOf gives the place of the position that the event at the view's position stated, corrected, withdrew or retracted.
func (v *View) PositionOf() (at uint64, ok bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if e := v.event(); e != nil && e.position != nil {
		return e.position.At, true
	}
	return 0, false
}

// event gives the entry of the event at the view's position.
func (v *View) event() *eventEntry {
	if at := v.moment.At; at > 0 && at <= uint64(len(v.model.events)) {
		return &v.model.events[at-1]
	}
	return nil
}

// PositionIn says whether a position is in the list that a filter lets through at the moment.
func (v *View) PositionIn(f PositionFilter, at uint64) bool {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	p := v.model.positionsAt[at]
	return p != nil && v.counts(p.At, p.version(v.moment.At).StatedOn) && !p.retracted(v.moment.At) && v.listsPosition(p, f)
}

// LastWord gives an actor's latest position in force on a target by its own day, then recording, as the position itself shows it;
// false where it has none. What decides its standing may be another one.
func (v *View) LastWord(actorCode string, t domain.Target) (*Position, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	found := v.target(t)
	if found == nil || found.evidence[actorCode] == nil {
		return nil, false
	}
	var last *position
	compare := func(a, b *position) int {
		return cmp.Or(cmp.Compare(a.version(v.moment.At).StatedOn, b.version(v.moment.At).StatedOn), cmp.Compare(a.At, b.At))
	}
	for _, p := range found.evidence[actorCode].said {
		inForce := v.counts(p.At, p.version(v.moment.At).StatedOn) && !p.retracted(v.moment.At) && !p.withdrawal.counts(v)
		if inForce && (last == nil || compare(p, last) > 0) {
			last = p
		}
	}
	if last == nil {
		return nil, false
	}
	shown := v.position(last)
	return &shown, true
}

// ActsOf gives the acts that the event at the view's position gave or changed and that a filter lets through, as of the moment;
// of a vote all its ballots, by code.
func (v *View) ActsOf(f EndorsementFilter) []Endorsement {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	e := v.event()
	if e == nil {
		return nil
	}
	var acts []*act
	if e.act != nil {
		acts = []*act{e.act}
	} else if vote := v.model.votesAt[v.moment.At]; vote != nil {
		acts = vote.ballots
	}
	var list []Endorsement
	for _, a := range acts {
		if v.counts(a.At, a.on) && v.listsAct(a, f) {
			list = append(list, v.endorsement(a))
		}
	}
	return list
}

// Touched gives the targets whose figures the event at the view's position can have changed, by key.
func (v *View) Touched() []domain.Target {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	e := v.event()
	switch {
	case e == nil:
		return nil
	case e.position != nil:
		return []domain.Target{e.position.target.Target}
	}
	if _, found := slices.BinarySearch(v.model.everywhere, v.moment.At); found {
		list := []domain.Target{}
		for _, t := range v.existingTargets(nil) {
			list = append(list, t.Target)
		}
		return list
	}
	for _, category := range []string{domain.SubmissionCategory, domain.EndorsementCategory} {
		if slug, ok := strings.CutPrefix(e.stream.name, category+"-"); ok {
			return []domain.Target{domain.OnProposal(slug)}
		}
	}
	return nil // An option's definition declares nothing; sessions and imports decide no figure.
}

// Count is what a feed compares of a target's figures.
type Count struct {
	Tally     convergence.Tally
	Support   convergence.Ratio
	Agreement convergence.Ratio
	Consensus convergence.Consensus
}

// Point is the count as a point of a timeline.
func (c Count) Point(on domain.Date) ConvergencePoint {
	return ConvergencePoint{On: on, Tally: c.Tally, Support: nullable(c.Support), Agreement: nullable(c.Agreement), Consensus: c.Consensus}
}

// Count gives the figures of a target that is on record. Where it does not exist at the moment, it counts as one on which nobody
// has declared.
func (v *View) Count(of domain.Target) Count {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	c := v.count(v.model.targets[of])
	f := convergence.Figures{Tally: c.tally, Agreed: c.agreed}
	for region, n := range c.ownSupport {
		f.OwnSupport[region] = n > 0
	}
	return Count{Tally: c.tally, Support: f.Support(), Agreement: f.Agreement(), Consensus: f.Consensus()}
}

// count is what consensus, support and agreement follow from. Unlike Figures it can go from one event to the next.
type count struct {
	tally      convergence.Tally
	ownSupport [5]int // By regional group: how many Member States support in their own name.
	agreed     bool
}

func (c *count) add(s *State, st Standing, n int) {
	c.tally[st.Stance] += n
	if st.Basis.Own() && (st.Stance == domain.Support || st.Stance == domain.SupportWithReservations) {
		c.ownSupport[s.RegionalGroup-1] += n
	}
}

// count counts the standings on a target, from what was counted before the last event that touched it where that is at hand: most
// events are of one State, and to count all 193 for each takes a hundred times as long.
func (v *View) count(t *target) count {
	key := boardKey{t, v.lastTouch(t), v.moment.On}
	if c, ok := v.model.counts.Get(key); ok {
		return c
	}
	c, ok := v.countOn(t, key.at)
	if !ok {
		c = v.countAll(t)
	}
	v.model.counts.Add(key, c)
	return c
}

// countOn counts a target whose last touch was at a position from what was counted just before; false where that is not known, or
// where the event may have changed the standing of more than one State.
func (v *View) countOn(t *target, touch uint64) (c count, ok bool) {
	if touch == 0 || !v.exists(t) {
		return c, false
	}
	var by *actor
	switch e := &v.model.events[touch-1]; {
	case e.position != nil && e.position.target == t:
		by = e.position.actor
	case e.act != nil && e.act.proposal.target == t:
		by = e.act.actor
	}
	if by == nil || by.State == nil {
		return c, false
	}
	before := &View{model: v.model, moment: Moment{At: touch - 1, On: v.moment.On}}
	if c, ok = v.model.counts.Get(boardKey{t, before.lastTouch(t), v.moment.On}); !ok || !v.member(by.State) {
		return c, ok
	}
	c.add(by.State, before.standingOf(t, by.State), -1)
	c.add(by.State, v.standingOf(t, by.State), 1)
	return c, true
}

// standingOf gives the standing of one State, without its place among all.
func (v *View) standingOf(t *target, s *State) Standing {
	var groups spoken
	if _, own := v.latestOwn(t.evidence[s.Code]); !own {
		groups = v.groupsOn(t, s)[s.index]
	}
	st, _ := v.resolveStanding(t, s, groups)
	return st
}

func (v *View) countAll(t *target) (c count) {
	exists, groups := v.exists(t), []spoken(nil)
	if exists {
		groups = v.groupsOn(t, nil)
		c.agreed = v.agreed(t)
	}
	for _, s := range v.model.states {
		if !v.member(s) {
			continue
		}
		st := Standing{Basis: convergence.None}
		if exists {
			st, _ = v.resolveStanding(t, s, groups[s.index])
		}
		c.add(s, st, 1)
	}
	return c
}
