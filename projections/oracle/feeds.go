package oracle

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// PositionMessage is a message of the feed positionChanged.
type PositionMessage struct {
	At       uint64
	Kind     string        // STATED, REPLACED, CORRECTED, WITHDRAWN or RETRACTED.
	Before   domain.Stance // Zero: null.
	Position PositionRef   // As the message shows it.
}

// PositionChanged gives all messages of the feed positionChanged.
//
// "one message per event that touches a position, showing it as of that event, no D (a retracted one as just before).
// STATED; REPLACED where the new position becomes its actor's latest on the target (day, then recording) while an earlier one
// was in force: `before` is that one's stance; CORRECTED, WITHDRAWN, RETRACTED: `before` is the position's own stance before
// the event (null if it had none). The filter looks at the position as the message shows it."
func (o *Oracle) PositionChanged(f PositionFilter) []PositionMessage {
	var messages []PositionMessage
	for _, e := range o.events {
		before, after := o.fold(e.At-1), o.fold(e.At)
		message := PositionMessage{At: e.At}
		shown, shows := after, (*position)(nil)
		switch v := e.Event.(type) {
		case domain.PositionStated:
			shows = after.position(v.Actor, e.Revision)
			message.Kind = "STATED"
			byDay := func(p, q *position) int {
				return cmp.Or(cmp.Compare(p.said.StatedOn, q.said.StatedOn), cmp.Compare(p.at, q.at))
			}
			if inForce := before.positionsInForce(v.Actor, v.Target, 0); len(inForce) > 0 {
				if latest := slices.MaxFunc(inForce, byDay); byDay(latest, shows) < 0 {
					message.Kind, message.Before = "REPLACED", latest.said.Stance
				}
			}
		case domain.PositionCorrected:
			shows = after.position(v.Actor, v.Position)
			message.Kind, message.Before = "CORRECTED", before.position(v.Actor, v.Position).said.Stance
		case domain.PositionWithdrawn:
			shows = after.position(v.Actor, v.Position)
			message.Kind, message.Before = "WITHDRAWN", before.position(v.Actor, v.Position).said.Stance
		case domain.PositionRetracted:
			shown, shows = before, before.position(v.Actor, v.Position)
			message.Kind, message.Before = "RETRACTED", shows.said.Stance
		default:
			continue
		}
		if shown.matches(shows, f) {
			message.Position = shown.refOf(shows, 0)
			messages = append(messages, message)
		}
	}
	return messages
}

// EndorsementMessage is a message of the feed endorsementChanged.
type EndorsementMessage struct {
	At           uint64
	Kind         string           // GIVEN or WITHDRAWN.
	Endorsements []EndorsementRef // By code.
}

// EndorsementChanged gives all messages of the feed endorsementChanged.
//
// "A recorded vote gives all its ballots in one message." (schema) What the filter does not let through is left out of it. The
// declaration of an intended ballot gives the ballot anew, as it is meant from then on.
func (o *Oracle) EndorsementChanged(f EndorsementFilter) []EndorsementMessage {
	var messages []EndorsementMessage
	for _, e := range o.events {
		message := EndorsementMessage{At: e.At, Kind: "GIVEN"}
		about := func(uint64, string) bool { return false } // Whether the event is about the act at this place, of this actor.
		switch v := e.Event.(type) {
		case domain.EndorsementGiven, domain.VoteRecorded:
			about = func(at uint64, _ string) bool { return at == e.At }
		case domain.EndorsementWithdrawn:
			message.Kind = "WITHDRAWN"
			about = func(at uint64, _ string) bool { return at == o.placeOf(v.Stream(), v.Endorsement) }
		case domain.IntendedBallotDeclared:
			about = func(at uint64, actor string) bool { return at == o.placeOf(v.Stream(), v.Vote) && actor == v.State }
		}
		for _, a := range o.Endorsements(Moment{At: e.At}, f) {
			if about(a.At, a.Actor) {
				message.Endorsements = append(message.Endorsements, a)
			}
		}
		if message.Endorsements != nil {
			messages = append(messages, message)
		}
	}
	return messages
}

// placeOf gives the position in the record of a revision of a stream.
func (o *Oracle) placeOf(stream string, revision int64) uint64 {
	for _, e := range o.events {
		if e.Event.Stream() == stream && e.Revision == revision {
			return e.At
		}
	}
	return 0
}

// ConvergenceMessage is a message of the feed convergenceChanged: the targets whose figures changed, by key.
type ConvergenceMessage struct {
	At      uint64
	Targets []domain.Target
}

// ConvergenceChanged gives all messages of the feed convergenceChanged.
//
// "follows the figures at (position of the event, no D), each against the figures one position earlier (a target that did not
// exist counts as one on which nobody had declared): one message per event, with every target whose consensus differs, or
// whose agreement differs and by at least `by` (null differs from any value), or, with `by` 0, whose tally differs."
func (o *Oracle) ConvergenceChanged(by float64) []ConvergenceMessage {
	var messages []ConvergenceMessage
	for _, e := range o.events {
		message := ConvergenceMessage{At: e.At}
		for _, t := range o.Targets(Moment{At: e.At}) {
			before, after := o.Convergence(Moment{At: e.At - 1}, t), o.Convergence(Moment{At: e.At}, t)
			if before.Consensus != after.Consensus || moved(before.Agreement, after.Agreement, by) || by == 0 && before.Tally != after.Tally {
				message.Targets = append(message.Targets, t)
			}
		}
		if message.Targets != nil {
			messages = append(messages, message)
		}
	}
	return messages
}

// moved says whether an agreement differs, and by at least so much. The difference is a figure: exact, then served.
func moved(a, b *big.Rat, by float64) bool {
	if a == nil || b == nil {
		return a != b
	}
	difference := new(big.Rat).Sub(a, b)
	served, _ := Served(difference.Abs(difference))
	return a.Cmp(b) != 0 && served >= by
}
