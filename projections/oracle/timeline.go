package oracle

import (
	"math/big"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// TimelinePoint is the state of one day.
type TimelinePoint struct {
	On                 domain.Date
	Tally              Tally
	Support, Agreement *big.Rat
	Consensus          Consensus
}

// Timeline gives one point for each day on which a figure changed; a zero from or to is not given.
//
// "for each day on which tally, support, agreement or consensus differ from the day before, one point, never two a day, none
// after D; without `from` it begins on the first day on which anybody had declared or it was adopted; with `from`, the first
// point is the state of that day."
func (o *Oracle) Timeline(m Moment, t domain.Target, from, to domain.Date) []TimelinePoint {
	point := func(day domain.Date) TimelinePoint {
		c := o.Convergence(Moment{m.At, day}, t)
		return TimelinePoint{day, c.Tally, c.Support, c.Agreement, c.Consensus}
	}
	var points []TimelinePoint
	begun := false
	for _, day := range o.days(m.At, from) {
		if day < from || to != 0 && day > to || !reached(day, m.On) {
			continue
		}
		p := point(day)
		if !begun {
			// The first day in question: of the state itself, not of a difference.
			begun = day == from || from == 0 && (p.Tally.Counts.Sum() > 0 || o.Adoption(Moment{m.At, day}, t.Proposal) != nil)
			if begun {
				points = append(points, p)
			}
			continue
		}
		// Support and agreement are functions of the tally.
		if before := point(day - 1); p.Tally != before.Tally || p.Consensus != before.Consensus {
			points = append(points, p)
		}
	}
	return points
}

// days gives every day that the first P events name, and one more, in order: how things stand can differ from the day before
// on these days alone, since a day is only ever compared with them.
func (o *Oracle) days(p uint64, more domain.Date) []domain.Date {
	days := []domain.Date{more}
	for _, e := range o.events {
		if e.At > p {
			break
		}
		switch v := e.Event.(type) {
		case domain.StateAdmitted:
			days = append(days, v.AdmittedOn)
		case domain.MemberJoined:
			days = append(days, v.From)
		case domain.MemberLeft:
			days = append(days, v.Until)
		case domain.ProposalSubmitted:
			days = append(days, v.On)
		case domain.ProposalRevised:
			days = append(days, v.On)
		case domain.ProposalMerged:
			days = append(days, v.On)
		case domain.ProposalSuperseded:
			days = append(days, v.On)
		case domain.ProposalWithdrawn:
			days = append(days, v.On)
		case domain.ProposalAdopted:
			days = append(days, v.On)
		case domain.PositionStated:
			days = append(days, v.StatedOn)
		case domain.PositionCorrected:
			days = append(days, v.Changes.StatedOn.Value)
		case domain.PositionWithdrawn:
			days = append(days, v.On)
		case domain.EndorsementGiven:
			days = append(days, v.On)
		case domain.EndorsementWithdrawn:
			days = append(days, v.On)
		case domain.VoteRecorded:
			days = append(days, v.On)
		case domain.IntendedBallotDeclared:
			days = append(days, v.On)
		}
	}
	slices.Sort(days)
	days = slices.Compact(days)
	if days[0] == 0 { // No day.
		days = days[1:]
	}
	return days
}
