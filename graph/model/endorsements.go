package model

import (
	"slices"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// Endorsement is a formal act, a ballot of a recorded vote included, as of a moment.
type Endorsement struct {
	act *projections.Endorsement
	m   Moment
}

// NewEndorsement makes the Endorsement.
func NewEndorsement(m Moment, e *projections.Endorsement) *Endorsement {
	return &Endorsement{act: e, m: m}
}

// FindEndorsement gives the act that was recorded at a place or, of a vote, the ballot of a State; nil where it does not count
// at the moment. An act that is no ballot has no State to be told apart by.
func FindEndorsement(m Moment, at uint64, state string) *Endorsement {
	if e, ok := m.Endorsement(at, state); ok && (e.VoteAt != 0) == (state != "") {
		return NewEndorsement(m, e)
	}
	return nil
}

func (*Endorsement) IsNode()     {}
func (*Endorsement) IsEvidence() {}

// ID gives the id; ballots of one vote share its position and differ in the State.
func (e *Endorsement) ID() string {
	id := relay.ID{Kind: relay.Endorsement, At: e.act.At, Mark: e.m.Mark()}
	if e.act.VoteAt != 0 {
		id.Key = e.act.Actor.Code()
	}
	return id.String()
}

func (e *Endorsement) Actor() Actor                 { return NewActor(e.m, e.act.Actor) }
func (e *Endorsement) Proposal() *Proposal          { return FindProposal(e.m, e.act.Proposal) }
func (e *Endorsement) DocumentSymbol() *string      { return optional(e.act.DocumentSymbol) }
func (e *Endorsement) Paragraph() *string           { return optional(e.act.Paragraph) }
func (e *Endorsement) Kind() domain.EndorsementKind { return e.act.Kind }
func (e *Endorsement) On() domain.Date              { return e.act.On }
func (e *Endorsement) Source() *Source              { return &Source{&e.act.Source} }
func (e *Endorsement) WithdrawnOn() domain.Date     { return e.act.WithdrawnOn }
func (e *Endorsement) RecordedAt() time.Time        { return e.act.RecordedAt }
func (e *Endorsement) RecordedBy() string           { return e.act.RecordedBy }
func (e *Endorsement) At() uint64                   { return e.act.At }

// Vote gives the recorded vote of which this is a ballot.
func (e *Endorsement) Vote() *Vote {
	if e.act.VoteAt == 0 {
		return nil
	}
	return FindVote(e.m, e.act.VoteAt)
}

// Vote is a recorded vote as of a moment.
type Vote struct {
	vote *projections.Vote
	m    Moment
}

// FindVote gives the vote that was recorded at a place, nil where it does not count at the moment.
func FindVote(m Moment, at uint64) *Vote {
	if v, ok := m.Vote(at); ok {
		return &Vote{vote: v, m: m}
	}
	return nil
}

// NewVotes makes a list.
func NewVotes(m Moment, votes []projections.Vote) []*Vote {
	list := make([]*Vote, len(votes))
	for i := range votes {
		list[i] = &Vote{vote: &votes[i], m: m}
	}
	return list
}

func (*Vote) IsNode() {}

func (v *Vote) ID() string             { return v.m.recorded(relay.Vote, v.vote.At) }
func (v *Vote) Proposal() *Proposal    { return FindProposal(v.m, v.vote.Proposal) }
func (v *Vote) DocumentSymbol() string { return v.vote.DocumentSymbol }
func (v *Vote) Paragraph() *string     { return optional(v.vote.Paragraph) }
func (v *Vote) Body() string           { return v.vote.Body }
func (v *Vote) On() domain.Date        { return v.vote.On }
func (v *Vote) Adopted() bool          { return v.vote.Adopted }
func (v *Vote) Yes() int               { return v.vote.Yes }
func (v *Vote) No() int                { return v.vote.No }
func (v *Vote) Abstain() int           { return v.vote.Abstain }
func (v *Vote) Absent() int            { return v.vote.Absent }
func (v *Vote) Complete() bool         { return v.vote.Complete }
func (v *Vote) Source() *Source        { return &Source{&v.vote.Source} }
func (v *Vote) At() uint64             { return v.vote.At }

// Ballots gives the ballots that are known: all, or those cast in one of these ways.
func (v *Vote) Ballots(ballots []domain.Ballot) []*CastBallot {
	list := []*CastBallot{}
	for _, b := range v.vote.Ballots {
		if ballots == nil || slices.Contains(ballots, b.Ballot) {
			list = append(list, &CastBallot{Ballot: b.Ballot, Intended: v.vote.Intended[b.State], State: NewState(v.m, v.m.State(b.State))})
		}
	}
	slices.SortStableFunc(list, func(a, b *CastBallot) int { return compareCodes(a.State, b.State) })
	return list
}

// CastBallot is one State's ballot in a recorded vote.
type CastBallot struct {
	State            *State
	Ballot, Intended domain.Ballot
}
