package history

import (
	"iter"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
)

// The tiny world of All: a State that is a member of a group from the second of three days on, another State that brings the
// proposal in as chair on the first day and revises it on the third, and one option.
const (
	State = "AAA"
	Chair = "BBB"
	Group = "G"
)

// The three days of All's histories. Random's begin on FirstDay too.
var (
	FirstDay  = domain.NewDate(2024, time.March, 1)
	SecondDay = FirstDay + 1
	ThirdDay  = FirstDay + 2
)

// The two targets of All's histories.
var (
	Proposal = domain.OnProposal("p")
	Option   = domain.OnOption("e", "o")
)

// The order in which the statements of a history take their stances, so that two statements differ.
var stances = [5]domain.Stance{domain.Support, domain.Oppose, 0, domain.Concerned, domain.Support}

// Prelude is how all of All's histories begin.
func Prelude() []oracle.Event {
	source := domain.Source{Title: "source"}
	return number([]domain.Event{
		domain.StateAdmitted{State: State, RegionalGroup: domain.WEOG, AdmittedOn: FirstDay - 100, Names: names(State)},
		domain.StateAdmitted{State: Chair, RegionalGroup: domain.African, AdmittedOn: FirstDay - 100, Names: names(Chair)},
		domain.GroupDefined{Group: Group, Kind: domain.Standing, Names: names(Group)},
		domain.MemberJoined{Group: Group, State: State, From: SecondDay},
		domain.ElementDefined{Element: "e", Label: "e"},
		domain.OptionDefined{Element: "e", Option: "o", Label: "o"},
		domain.ProposalSubmitted{Proposal: "p", Title: "p", Submitters: []string{Chair}, InCapacityOfChair: true, On: FirstDay, Source: source},
		domain.ProposalRevised{Proposal: "p", InCapacityOfChair: true, On: ThirdDay, Source: source},
	})
}

// All yields every history of exactly n events, after Prelude, over this alphabet:
//   - the State, or the group, states on the proposal on any of the three days, or on the option on the second day; the
//     stances follow each other in a fixed order: SUPPORT, OPPOSE, none, CONCERNED, SUPPORT;
//   - the State, or the group, dissociates itself from (the State) or sponsors (the group) the proposal on the second day;
//   - the State states on the first day on the proposal, explaining its act;
//   - an act is withdrawn on the third day;
//   - a position is withdrawn on the day after its own, or on the third;
//   - a position is corrected to the day after its own (from the third to the first), or to another stance, or, a group's,
//     to one from which the State dissociates itself;
//   - a position is retracted.
//
// What the rules would refuse is left out as soon as it comes up. A history is an append to Prelude; the slice that is
// yielded is used again for the next one.
//
// There are Counts[n] of them.
func All(n int) iter.Seq[[]oracle.Event] {
	return func(yield func([]oracle.Event) bool) {
		extend(Prelude(), n, yield)
	}
}

// Counts are the numbers of histories that All yields, by n.
var Counts = [6]int{1, 10, 137, 2228, 41389, 856115}

// extend yields all extensions of a history by n events; it is false where the caller wants no more.
func extend(h []oracle.Event, n int, yield func([]oracle.Event) bool) bool {
	if n == 0 {
		return yield(h)
	}
	for _, e := range letters(h) {
		if !extend(record(h, e, clock(len(h))), n-1, yield) {
			return false
		}
	}
	return true
}

// clock is when event i of All's histories is recorded: after the three days, one an hour.
func clock(i int) time.Time {
	return ThirdDay.Time().AddDate(0, 0, 1).Add(time.Duration(i) * time.Hour)
}

func number(events []domain.Event) []oracle.Event {
	var h []oracle.Event
	for i, e := range events {
		h = record(h, e, clock(i))
	}
	return h
}

// record appends an event to a history.
func record(h []oracle.Event, e domain.Event, at time.Time) []oracle.Event {
	var revision int64
	for _, other := range h {
		if other.Event.Stream() == e.Stream() {
			revision++
		}
	}
	return append(h, oracle.Event{At: uint64(len(h)) + 1, RecordedAt: at, Revision: revision, Event: e})
}

func names(name string) []domain.LocalizedName {
	return []domain.LocalizedName{{Language: domain.English, Name: name}}
}

// letters gives what may be recorded next.
func letters(h []oracle.Event) []domain.Event {
	b := newBook()
	var positions []positionKey
	var acts []domain.ActRef
	for _, e := range h {
		if err := b.take(e, nil); err != nil {
			panic(err) // unreachable: what was refused was left out.
		}
		switch v := e.Event.(type) {
		case domain.PositionStated:
			positions = append(positions, positionKey{v.Actor, e.Revision})
		case domain.EndorsementGiven:
			acts = append(acts, domain.ActRef{Proposal: v.Proposal, Revision: e.Revision})
		}
	}

	source := domain.Source{Title: "source"}
	stated := domain.PositionStated{
		Stance: stances[len(positions)%len(stances)], Summary: "said", Points: []domain.Point{{Kind: domain.Concern, Text: "concern"}}, Source: source,
	}
	var next []domain.Event
	for _, actor := range []string{State, Group} {
		stated := stated
		stated.Actor, stated.Target = actor, Proposal
		for _, day := range []domain.Date{FirstDay, SecondDay, ThirdDay} {
			stated.StatedOn = day
			next = append(next, stated)
		}
		stated.StatedOn, stated.Target = SecondDay, Option
		next = append(next, stated)
	}
	next = append(next,
		domain.EndorsementGiven{Proposal: Proposal.Proposal, Actor: State, Kind: domain.Dissociated, On: SecondDay, Source: source},
		domain.EndorsementGiven{Proposal: Proposal.Proposal, Actor: Group, Kind: domain.Sponsor, On: SecondDay, Source: source})
	for _, ref := range acts {
		if b.acts[ref].given.Actor == State {
			explanation := stated
			explanation.Actor, explanation.Target, explanation.StatedOn, explanation.Explains = State, Proposal, FirstDay, &ref
			next = append(next, explanation)
		}
		next = append(next, domain.EndorsementWithdrawn{Proposal: ref.Proposal, Endorsement: ref.Revision, On: ThirdDay, Source: source})
	}
	for _, key := range positions {
		said := b.positions[key].said
		correct := func(c domain.PositionChanges) {
			next = append(next, domain.PositionCorrected{Actor: key.actor, Position: key.revision, Reason: "slip", Changes: c})
		}
		day := said.StatedOn + 1
		next = append(next, domain.PositionWithdrawn{Actor: key.actor, Position: key.revision, On: min(day, ThirdDay), Source: source})
		if day > ThirdDay {
			day = FirstDay
		}
		correct(domain.PositionChanges{StatedOn: domain.To(day)})
		correct(domain.PositionChanges{Stance: domain.To((said.Stance + 2) % 6)})
		if key.actor == Group {
			correct(domain.PositionChanges{Dissociated: domain.To([]string{State})})
		}
		next = append(next, domain.PositionRetracted{Actor: key.actor, Position: key.revision, Reason: "slip"})
	}

	// What the rules would refuse is left out.
	accepted := next[:0]
	for _, e := range next {
		if b.refuse(record(h, e, clock(len(h)))[len(h)], nil) == nil {
			accepted = append(accepted, e)
		}
	}
	return accepted
}
