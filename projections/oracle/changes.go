package oracle

import (
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Cause is in the words of the public schema.
type Cause string

// The causes, in the order in which they are tried.
const (
	Corrected  Cause = "CORRECTED"
	Withdrew   Cause = "WITHDREW"
	Learned    Cause = "LEARNED"
	OtherText  Cause = "OTHER_TEXT"
	Moved      Cause = "MOVED"
	GroupMoved Cause = "GROUP_MOVED"
	Membership Cause = "MEMBERSHIP"
)

// Change is a change of a State's standing between two moments.
type Change struct {
	Target        domain.Target
	State         string
	Before, After domain.Stance
	Cause         Cause
	First         EvidenceRef // The first of its evidence.
}

// Changes gives the changes between two moments, by target, then State.
//
// "every Member State at `to` and target at `to` whose stance differs (a target missing at `from` had no stance)."
func (o *Oracle) Changes(from, to Moment) []Change {
	var changes []Change
	for _, t := range o.Targets(to) {
		for _, state := range o.MemberStates(to) {
			before, b := o.fold(from.At).standing(state, t, from.On)
			after, e := o.fold(to.At).standing(state, t, to.On)
			if before.Stance == after.Stance {
				continue
			}
			c := Change{Target: t, State: state, Before: before.Stance, After: after.Stance, Cause: o.cause(from, to, state, t, b, e)}
			// "first what decides after (or, where nothing does, what had decided before)."
			if e != nil {
				c.First = e.ref
			} else {
				c.First = b.ref
			}
			changes = append(changes, c)
		}
	}
	return changes
}

// cause gives "the first that holds". "With B = what decided before and E = what decides after (none under GROUPS_DIVERGE)".
func (o *Oracle) cause(from, to Moment, state string, t domain.Target, b, e *item) Cause {
	// "D1 = `from.statedOn`, or the UTC day on which event P1 was recorded (none for P1 = 0: then nothing is LEARNED)."
	d1 := from.On
	if d1 == 0 && from.At > 0 {
		d1 = domain.DateOf(o.events[from.At-1].RecordedAt)
	}
	w, known := o.fold(to.At), o.fold(max(from.At, to.At)) // Which is the same, unless `from` lies behind `to`.
	// B's day as it counts at `to`, where it can be compared with E's.
	if b != nil {
		for _, p := range w.positions {
			if p.at == b.ref.At {
				again := w.itemOf(p, to.On)
				b = &again
			}
		}
	}
	since := func(at uint64) bool { return from.At < at && at <= to.At } // "(P1, P2]"
	later := b != nil && e != nil && earlier(*b, *e) < 0
	own := func(i *item) bool { return i != nil && i.actor == state }
	switch {
	// "a correction or retraction recorded in (P1, P2] touched B or E."
	case o.repaired(b, since), o.repaired(e, since):
		return Corrected
	// "a withdrawal (of a position, an act, a proposal) removed B, and E is none or not later than B."
	case b != nil && w.takenBack(b, t, to.On) && !later:
		return Withdrew
	// "E was recorded in (P1, P2] and its day is on or before D1."
	case e != nil && since(e.ref.At) && d1 != 0 && e.own <= d1:
		return Learned
	// "B and E are both acts (submissions included) of the State itself, on documents with different symbols."
	case own(b) && own(e) && !b.statement && !e.statement && differ(known.symbol(b, t), known.symbol(e, t)):
		return OtherText
	// "E is the State's own; or an intended ballot took or gave the stance."
	case own(e), b != nil && b.ref.State != "" && o.meantOtherwise(from, to, b.ref):
		return Moved
	// "E is a group's and later than B, or B is none and E was recorded after P1 or is dated after D1."
	case e != nil && (later || b == nil && (e.ref.At > from.At || d1 != 0 && e.own > d1)):
		return GroupMoved
	}
	return Membership
}

// repaired says whether a correction or retraction in those positions of the record touched the position i.
func (o *Oracle) repaired(i *item, since func(uint64) bool) bool {
	if i == nil || i.ref.Kind != PositionEvidence {
		return false
	}
	said := o.events[i.ref.At-1]
	return slices.ContainsFunc(o.events, func(e Event) bool {
		if !since(e.At) || e.Event.Stream() != said.Event.Stream() {
			return false
		}
		switch v := e.Event.(type) {
		case domain.PositionCorrected:
			return v.Position == said.Revision
		case domain.PositionRetracted:
			return v.Position == said.Revision
		}
		return false
	})
}

// takenBack says whether a withdrawal has removed i by that day.
func (w *world) takenBack(i *item, t domain.Target, on domain.Date) bool {
	switch i.ref.Kind {
	case PositionEvidence:
		return slices.ContainsFunc(w.positions, func(p *position) bool {
			return p.at == i.ref.At && p.withdrawn && reached(p.withdrawnOn, on)
		})
	case EndorsementEvidence:
		return slices.ContainsFunc(w.acts, func(a *act) bool { return a.ref() == i.ref && a.withdrawn && reached(a.withdrawnOn, on) })
	}
	_, withdrawn := w.ended(t.Proposal, Withdrawn, on)
	return withdrawn
}

// symbol gives the symbol of the document of an act or submission; empty where it has none.
func (w *world) symbol(i *item, t domain.Target) string {
	for _, s := range w.proposal(t.Proposal).submissions {
		if s.at == i.ref.At {
			return s.symbol
		}
	}
	for _, a := range w.acts {
		if a.ref() == i.ref {
			return a.done.DocumentSymbol
		}
	}
	return ""
}

// differ says whether two documents have different symbols; one without a symbol has none that could differ.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// meantOtherwise says whether a ballot that is on record at both moments was meant otherwise at the second.
func (o *Oracle) meantOtherwise(from, to Moment, ref EvidenceRef) bool {
	kind := func(m Moment) domain.EndorsementKind {
		for _, a := range o.fold(m.At).acts {
			if a.ref() == ref && reached(a.done.On, m.On) {
				return a.kind(m.On)
			}
		}
		return 0
	}
	return kind(from) != 0 && kind(to) != 0 && kind(from) != kind(to)
}
