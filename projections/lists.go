package projections

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// cursor walks a list in a cell, newest first, over what a filter lets through.
type cursor[T any] struct {
	cell *bitemporal.Cell[T]
	// holds says whether an item is in the list; the order is that of its entry.
	holds func(T) bool
}

// page cuts a page out of the list: what lies behind the place from, and for which behind says so where places are equal.
func walk[T any](v *View, c cursor[T], first int, from *bitemporal.Order, behind func(T) bool) (items []T, more, before bool, total func() int) {
	day := v.day()
	start := bitemporal.Order{Day: day, Rank: 1<<8 - 1, At: bitemporal.EndOfRecord}
	if from != nil {
		start = *from
	}
	items = []T{}
	c.cell.NewestFrom(start, v.moment.At, day, func(o bitemporal.Order, item T) bool {
		if !c.holds(item) || from != nil && o == *from && !behind(item) {
			return true
		}
		if len(items) == first {
			more = true
			return false
		}
		items = append(items, item)
		return true
	})
	return items, more, from != nil, func() int {
		v.model.mu.RLock()
		defer v.model.mu.RUnlock()
		n := 0
		c.cell.Newest(v.moment.At, day, func(_ bitemporal.Order, item T) bool {
			if c.holds(item) {
				n++
			}
			return true
		})
		return n
	}
}

// ---- Positions.

// Positions gives the positions that are recorded, dated on or before the moment's day and not retracted, the withdrawn and the
// replaced included: newest day first, on the same day what was recorded later first.
func (v *View) Positions(f PositionFilter, page Page[PositionKey]) Slice[Position] {
	if w := searchWords(f.Text); !w.none() {
		return v.positionsFound(f, w, page)
	}
	f.Text = ""
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	c := cursor[*position]{cell: v.positionCell(f), holds: func(p *position) bool { return v.listsPosition(p, f) }}
	var from *bitemporal.Order
	if page.After != nil {
		from = &bitemporal.Order{Day: int32(page.After.On), At: page.After.At}
	}
	items, more, before, total := walk(v, c, page.First, from, func(*position) bool { return false })
	s := Slice[Position]{Items: make([]Position, len(items)), Total: total, HasNext: more, HasPrevious: before}
	for i, p := range items {
		s.Items[i] = v.position(p)
	}
	return s
}

// positionsFound is Positions with words to look for: what the index has of them is put in order.
func (v *View) positionsFound(f PositionFilter, w words, page Page[PositionKey]) Slice[Position] {
	_ = v.model.fillTexts(context.Background(), v.moment.At) // It always comes to an end.
	f.Text = ""
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	order := func(p *position) bitemporal.Order {
		return bitemporal.Order{Day: int32(p.version(v.moment.At).StatedOn), At: p.At}
	}
	list := slices.DeleteFunc(v.positionsWith(w), func(p *position) bool {
		return !v.counts(p.At, p.version(v.moment.At).StatedOn) || p.retracted(v.moment.At) || !v.listsPosition(p, f)
	})
	total := len(list)
	if page.After != nil {
		from := bitemporal.Order{Day: int32(page.After.On), At: page.After.At}
		list = slices.DeleteFunc(list, func(p *position) bool { return order(p).Compare(from) >= 0 })
	}
	slices.SortFunc(list, func(p, q *position) int { return order(q).Compare(order(p)) })
	s := Slice[Position]{Items: []Position{}, Total: func() int { return total }, HasNext: len(list) > page.First, HasPrevious: page.After != nil}
	for _, p := range list[:min(len(list), page.First)] {
		s.Items = append(s.Items, v.position(p))
	}
	return s
}

// positionCell picks the shortest list that has all that the filter can let through.
func (v *View) positionCell(f PositionFilter) *bitemporal.Cell[*position] {
	t := f.Target
	if t == nil && f.Proposal != "" {
		on := domain.OnProposal(f.Proposal)
		t = &on
	}
	switch {
	case t != nil:
		if found := v.model.targets[*t]; found != nil {
			return &found.positions
		}
		return &bitemporal.Cell[*position]{}
	case len(f.Actors) == 1:
		if a := v.model.actors[f.Actors[0]]; a != nil {
			return &a.positions
		}
		return &bitemporal.Cell[*position]{}
	}
	return &v.model.positions
}

func (v *View) listsPosition(p *position, f PositionFilter) bool {
	if !v.exists(p.target) ||
		f.Actors != nil && !slices.Contains(f.Actors, p.actor.Code()) ||
		f.Target != nil && p.target.Target != *f.Target ||
		f.Proposal != "" && p.target.Target.Proposal != f.Proposal ||
		f.Element != "" && p.target.Target.Option.Element != f.Element ||
		f.RegionalGroup != 0 && (p.actor.State == nil || p.actor.State.RegionalGroup != f.RegionalGroup) {
		return false
	}
	version := p.version(v.moment.At)
	return (f.Stances == nil || slices.Contains(f.Stances, version.Stance)) &&
		(f.Session == "" || version.Session == f.Session) &&
		(f.StatedFrom == 0 || version.StatedOn >= f.StatedFrom) &&
		(f.StatedTo == 0 || version.StatedOn <= f.StatedTo) &&
		(f.Text == "" || searchWords(f.Text).in(version.texts()...))
}

// Position gives the position that was recorded at a position of the record; false where there is none at the moment.
func (v *View) Position(at uint64) (*Position, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	p := v.model.positionsAt[at]
	if p == nil || !v.counts(p.At, p.version(v.moment.At).StatedOn) || p.retracted(v.moment.At) || !v.exists(p.target) {
		return nil, false
	}
	found := v.position(p)
	return &found, true
}

func (v *View) position(p *position) Position {
	version := p.version(v.moment.At)
	shown := Position{
		Provenance: p.Provenance, PositionStated: p.stated(version), Revision: p.revision, Actor: p.actor.Actor,
		EndedOn: v.endedOn(p), Corrections: v.corrections(p),
	}
	shown.AlignedWith = slices.Sorted(slices.Values(shown.AlignedWith))
	shown.Dissociated = slices.Sorted(slices.Values(shown.Dissociated))
	if version.explains != nil {
		shown.ExplainsAt = version.explains.At
	}
	if p.withdrawal.counts(v) {
		shown.WithdrawnOn = p.withdrawal.on
	}
	return shown
}

// endedOn gives the day on which the actor took the position back or said something later on the same target, whichever comes
// first; zero while it is its last word. What was withdrawn or retracted ends nothing: what it had replaced is in force again.
func (v *View) endedOn(p *position) domain.Date {
	ended := domain.Date(0)
	if p.withdrawal.counts(v) {
		ended = p.withdrawal.on
	}
	day := p.version(v.moment.At).StatedOn
	for _, q := range p.target.evidence[p.actor.Code()].said {
		if q == p || q.At > v.moment.At || q.retracted(v.moment.At) || q.withdrawal.counts(v) {
			continue
		}
		other := q.version(v.moment.At).StatedOn
		if !v.counts(q.At, other) || cmp.Or(cmp.Compare(other, day), cmp.Compare(q.At, p.At)) < 0 {
			continue
		}
		if ended == 0 || other < ended {
			ended = other
		}
	}
	return ended
}

// corrections gives the repairs known at the moment, field by field, oldest first.
func (v *View) corrections(p *position) []Correction {
	list := []Correction{}
	for i, c := range p.corrections {
		if c.At > v.moment.At {
			break
		}
		before, after := fieldTexts(&p.versions[i]), fieldTexts(&p.versions[i+1])
		for _, field := range changedFields(c.changes) {
			list = append(list, Correction{
				Provenance: c.Provenance, Reason: c.reason, Field: field, Before: optional(before[field]), After: optional(after[field]),
			})
		}
	}
	return list
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// changedFields names the fields that a correction replaces, in the order of the public schema.
func changedFields(c domain.PositionChanges) []string {
	var list []string
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"stance", c.Stance.Given}, {"form", c.Form.Given}, {"explains", c.Explains.Given}, {"statedOn", c.StatedOn.Given},
		{"session", c.Session.Given}, {"summary", c.Summary.Given}, {"points", c.Points.Given}, {"source", c.Source.Given},
		{"alignedWith", c.AlignedWith.Given}, {"dissociated", c.Dissociated.Given},
	} {
		if f.given {
			list = append(list, f.name)
		}
	}
	return list
}

// fieldTexts writes the fields of a position as text: words and days as they are, lists and objects as JSON, the act that it
// explains as the position in the record at which the act stands. What is not set is empty.
func fieldTexts(v *positionVersion) map[string]string {
	alignedWith, dissociated := v.names.lists()
	texts := map[string]string{
		"stance": v.Stance.String(), "form": v.Form.String(), "statedOn": v.StatedOn.String(), "session": v.Session, "summary": v.Summary,
		"points": listText(v.Points), "source": listText([]domain.Source{v.Source}), "alignedWith": listText(alignedWith), "dissociated": listText(dissociated),
	}
	texts["source"] = texts["source"][1 : len(texts["source"])-1]
	if v.explains != nil {
		texts["explains"] = LogPosition(v.explains.At)
	}
	return texts
}

func listText[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // unreachable: what was decoded from JSON can be encoded.
	}
	return string(text)
}

// ---- Endorsements.

// Endorsements gives the formal acts that are recorded and dated on or before the moment's day, ballots and the withdrawn
// included: newest day first, on the same day what was recorded later first, ballots of one vote by code.
func (v *View) Endorsements(f EndorsementFilter, page Page[EndorsementKey]) Slice[Endorsement] {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	c := cursor[*act]{cell: v.actCell(f), holds: func(a *act) bool { return v.listsAct(a, f) }}
	var from *bitemporal.Order
	if page.After != nil {
		from = &bitemporal.Order{Day: int32(page.After.On), At: page.After.At}
	}
	items, more, before, total := walk(v, c, page.First, from, func(a *act) bool { return a.vote != nil && a.actor.Code() > page.After.Actor })
	s := Slice[Endorsement]{Items: make([]Endorsement, len(items)), Total: total, HasNext: more, HasPrevious: before}
	for i, a := range items {
		s.Items[i] = v.endorsement(a)
	}
	return s
}

func (v *View) actCell(f EndorsementFilter) *bitemporal.Cell[*act] {
	switch {
	case f.Proposal != "":
		if pr := v.model.proposals[f.Proposal]; pr != nil {
			return &pr.acts
		}
		return &bitemporal.Cell[*act]{}
	case len(f.Actors) == 1:
		if a := v.model.actors[f.Actors[0]]; a != nil {
			return &a.endorsements
		}
		return &bitemporal.Cell[*act]{}
	}
	return &v.model.endorsements
}

func (v *View) listsAct(a *act, f EndorsementFilter) bool {
	return v.exists(a.proposal.target) &&
		(f.Actors == nil || slices.Contains(f.Actors, a.actor.Code())) &&
		(f.Proposal == "" || a.proposal.slug == f.Proposal) &&
		(f.DocumentSymbol == "" || a.symbol == f.DocumentSymbol) &&
		(f.Kinds == nil || slices.Contains(f.Kinds, a.kindOn(v.moment.At, v.moment.On)))
}

// Endorsement gives the act that was recorded at a position; of a vote, the ballot of the State named.
func (v *View) Endorsement(at uint64, state string) (*Endorsement, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	a := v.model.actsAt[at]
	if vote := v.model.votesAt[at]; vote != nil {
		a = vote.ballot(state)
	}
	if a == nil || !v.counts(a.At, a.on) || !v.exists(a.proposal.target) {
		return nil, false
	}
	found := v.endorsement(a)
	return &found, true
}

func (v *View) endorsement(a *act) Endorsement {
	e := Endorsement{
		Provenance: a.Provenance, Actor: a.actor.Actor, Proposal: a.proposal.slug, Revision: a.revision, DocumentSymbol: a.symbol,
		Paragraph: a.paragraph, Kind: a.kindOn(v.moment.At, v.moment.On), On: a.on, Source: *a.source,
	}
	if a.vote != nil {
		e.VoteAt = a.vote.At
	}
	if a.withdrawal.counts(v) {
		e.WithdrawnOn = a.withdrawal.on
	}
	return e
}

// Votes gives the recorded votes on a proposal, oldest first.
func (v *View) Votes(slug string) []Vote {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	list := []Vote{}
	if t := v.target(domain.OnProposal(slug)); t != nil {
		for _, vote := range t.proposal.votes {
			if v.counts(vote.At, vote.On) {
				list = append(list, v.vote(vote))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Vote) int { return cmp.Compare(a.On, b.On) })
	return list
}

// Vote gives the vote that was recorded at a position.
func (v *View) Vote(at uint64) (*Vote, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	vote := v.model.votesAt[at]
	if vote == nil || !v.counts(vote.At, vote.On) || !v.exists(vote.proposal.target) {
		return nil, false
	}
	found := v.vote(vote)
	return &found, true
}

func (v *View) vote(recorded *vote) Vote {
	shown := Vote{Provenance: recorded.Provenance, VoteRecorded: recorded.VoteRecorded, Revision: recorded.revision, Intended: map[string]domain.Ballot{}}
	shown.Ballots = make([]domain.CastBallot, len(recorded.ballots))
	for i, b := range recorded.ballots {
		code := b.actor.Code()
		for _, intended := range b.intended {
			if v.counts(intended.at, intended.on) {
				shown.Intended[code] = intended.ballot
			}
		}
		shown.Ballots[i] = domain.CastBallot{State: code, Ballot: b.kind.Ballot()}
	}
	return shown
}

// Counts gives how many positions and formal acts, ballots included, the lists have at the moment.
func (v *View) Counts() (positions, acts int) {
	return v.Positions(PositionFilter{}, Page[PositionKey]{}).Total(), v.Endorsements(EndorsementFilter{}, Page[EndorsementKey]{}).Total()
}
