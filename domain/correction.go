package domain

import (
	"fmt"
	"slices"
)

// The correction of a position, and the checks that it shares with the recording of one.

// correct decides a correction (RULES, section 2). A withdrawn position can be corrected, a retracted one not.
func (s *Positions) correct(c CorrectPosition, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	p := s.named(&k, c.Actor, c.Position)
	k.text("reason", "reason", c.Reason, summaryLimit, required|multiline)
	d := c.Changes
	if !d.any() {
		k.bad("", "Nothing is corrected; give at least one field with its right value.")
	}

	// In a correction null clears stance, form, explains, session, points and lists, and is BAD_USER_INPUT elsewhere.
	if d.StatedOn.Given && d.StatedOn.Value == 0 {
		k.bad("statedOn", "The day of the statement cannot be cleared; give the right one, or leave the field out.")
	} else if d.StatedOn.Given && k.day("statedOn", "day of the statement", d.StatedOn.Value, true) {
		if p != nil && p.withdrawn != nil && d.StatedOn.Value > p.withdrawn.On {
			k.bad("statedOn", "The position was withdrawn on %s and cannot have been stated on %s; it was stated that day or before.", p.withdrawn.On, d.StatedOn.Value)
		}
	}
	if d.Summary.Given && d.Summary.Value == "" {
		k.bad("summary", "The summary cannot be cleared; give the right one, or leave the field out.")
	} else {
		k.text("summary", "summary", d.Summary.Value, summaryLimit, multiline)
	}
	if d.Source.Given && d.Source.Value == (Source{}) {
		k.bad("source", "The source cannot be cleared; give the right one, or leave the field out.")
	} else if d.Source.Given {
		k.source("source", d.Source.Value)
	}
	k.word("stance", "stance", int(d.Stance.Value), stanceNames, false)
	k.word("form", "form of a statement", int(d.Form.Value), formNames, false)
	k.session(d.Session.Value)
	k.points(d.Points.Value)
	if p != nil {
		was := p.now()
		if ref := d.Explains.Value; ref != (ActRef{}) {
			k.explains(ref, was.Actor, was.Target, true)
		}
		k.correctedLists(d, was)
		k.unchanged(d, was)
	}
	d.Points, d.AlignedWith, d.Dissociated = clonedChange(d.Points), clonedChange(d.AlignedWith), clonedChange(d.Dissociated)
	return k.yield(PositionCorrected{Actor: c.Actor, Position: c.Position, Reason: c.Reason, Changes: d})
}

// any says whether there is a field to correct.
func (c PositionChanges) any() bool {
	return c.Stance.Given || c.Form.Given || c.Explains.Given || c.StatedOn.Given || c.Session.Given || c.Summary.Given ||
		c.Points.Given || c.Source.Given || c.AlignedWith.Given || c.Dissociated.Given
}

// correctedLists checks the lists of States as they will stand: what one list gains must not be in the other.
func (c *check) correctedLists(d PositionChanges, was PositionStated) {
	if _, group := c.facts.Group(was.Actor); !group {
		c.ownStatement(was.Actor, d.AlignedWith.Value, d.Dissociated.Value)
		return
	}
	c.states("alignedWith", d.AlignedWith.Value)
	c.states("dissociated", d.Dissociated.Value)
	if d.Dissociated.Given {
		c.apart("dissociated", d.Dissociated.Value, d.AlignedWith.Apply(was.AlignedWith))
	} else {
		c.apart("alignedWith", d.AlignedWith.Value, was.Dissociated)
	}
}

// unchanged refuses every field that is corrected to the value it has (RULES, section 2). The lists of States have no order.
func (c *check) unchanged(d PositionChanges, was PositionStated) {
	is := d.Apply(was)
	for _, field := range []struct {
		path, noun  string
		given, same bool
	}{
		{"stance", "stance", d.Stance.Given, is.Stance == was.Stance},
		{"form", "form", d.Form.Given, is.Form == was.Form},
		{"explains", "act that is explained", d.Explains.Given, sameAct(is.Explains, was.Explains)},
		{"statedOn", "day of the statement", d.StatedOn.Given, is.StatedOn == was.StatedOn},
		{"session", "session", d.Session.Given, is.Session == was.Session},
		{"summary", "summary", d.Summary.Given, is.Summary == was.Summary},
		{"points", "list of points", d.Points.Given, slices.Equal(is.Points, was.Points)},
		{"source", "source", d.Source.Given, is.Source == was.Source},
		{"alignedWith", "list of those aligned", d.AlignedWith.Given, sameSet(is.AlignedWith, was.AlignedWith)},
		{"dissociated", "list of those dissociated", d.Dissociated.Given, sameSet(is.Dissociated, was.Dissociated)},
	} {
		if field.given && field.same {
			c.bad(field.path, "The %s is so already; give another value, or leave the field out.", field.noun)
		}
	}
}

// ---- Checks that recording and correcting share.

// ownStatement refuses lists of States where a State spoke: only a group's statement has others that align with it or set
// themselves apart.
func (c *check) ownStatement(actor string, alignedWith, dissociated []string) {
	if len(alignedWith) > 0 {
		c.bad("alignedWith", "%s is a State; others align themselves only with the statement of a group.", actor)
	}
	if len(dissociated) > 0 {
		c.bad("dissociated", "%s is a State; others set themselves apart only from the statement of a group.", actor)
	}
}

// apart checks that no State is in both lists.
func (c *check) apart(path string, list, other []string) {
	for i, code := range list {
		if slices.Contains(other, code) {
			c.bad(fmt.Sprintf("%s.%d", path, i), "%s cannot both align itself and set itself apart; name it in one of the two lists.", code)
		}
	}
}

// target checks what a position is about. A retired option refuses new positions (RULES, section 1, "Targets").
func (c *check) target(path string, t Target) {
	onOption := t.Option != OptionRef{}
	switch {
	case t.IsProposal() && onOption:
		c.bad(path, "Both a proposal and an option are named; a position is on one of the two.")
	case t.IsProposal():
		c.proposal(path+".proposal", t.Proposal)
	case onOption:
		if retired, ok := c.option(path+".option", t.Option); ok && retired {
			c.conflict(path+".option", "The option %s/%s is retired; no new position can be taken on it.", t.Option.Element, t.Option.Option)
		}
	default:
		c.bad(path, "The target is missing; name a proposal or an option.")
	}
}

// explains checks that a position explains an act, or ballot, of the same actor on the same proposal. Whether the act is
// still in force does not matter (RULES, section 4).
func (c *check) explains(ref ActRef, actor string, t Target, actorKnown bool) {
	switch {
	case !t.IsProposal():
		c.bad("explains", "Only a position on a proposal explains an act; leave it out for an option.")
	case ref.Proposal != t.Proposal:
		c.bad("explains", "The act was on %s, the position is on %s; it explains an act on the same proposal.", quoted(ref.Proposal), quoted(t.Proposal))
	case actorKnown:
		if _, ok := c.facts.Act(ref, actor); !ok {
			c.missing("explains", "There is no such act or ballot of %s on %s; name one of the same actor.", actor, quoted(t.Proposal))
		}
	}
}

// session checks the session of a statement, which may be left out.
func (c *check) session(key string) {
	if key != "" {
		c.known("session", SessionKey, "session", key, c.facts.Session(key))
	}
}

func (c *check) points(points []Point) {
	for i, p := range points {
		path := fmt.Sprintf("points.%d", i)
		c.word(path+".kind", "kind of point", int(p.Kind), pointNames, true)
		c.text(path+".text", "text of the point", p.Text, summaryLimit, required|multiline)
	}
}

// sameAct compares references of which there may be none.
func sameAct(a, b *ActRef) bool { return a == b || a != nil && b != nil && *a == *b }
