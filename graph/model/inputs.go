package model

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
)

// The tags of inputs are the schema's names: by them an input is written down to be compared with another (resolver.inputHash).

// StateRef names a State by its code or by a name.
type StateRef struct {
	Code *string
	Name *string
}

// OptionRef names an option.
type OptionRef struct {
	Element string `json:"element"`
	Key     string `json:"key"`
}

// TargetRef names a target: one of the two is set.
type TargetRef struct {
	Proposal *string    `json:"proposal,omitempty"`
	Option   *OptionRef `json:"option,omitempty"`
}

// Domain gives the target that is named.
func (r TargetRef) Domain() domain.Target {
	switch {
	case r.Proposal != nil:
		return domain.OnProposal(*r.Proposal)
	case r.Option != nil:
		return domain.OnOption(r.Option.Element, r.Option.Key)
	}
	return domain.Target{} // unreachable: @oneOf.
}

// PositionFilter narrows a list of positions.
type PositionFilter struct {
	Actors        []string
	Target        *TargetRef
	Proposal      *string
	Element       *string
	Stances       []domain.Stance
	Session       *string
	StatedFrom    domain.Date
	StatedTo      domain.Date
	RegionalGroup domain.RegionalGroup
	Text          *string
}

// EndorsementFilter narrows a list of formal acts.
type EndorsementFilter struct {
	Actors         []string
	Proposal       *string
	Kinds          []domain.EndorsementKind
	DocumentSymbol *string
}

// ProposalFilter narrows a list of proposals.
type ProposalFilter struct {
	Statuses  []projections.ProposalStatus
	Submitter *string
	Text      *string
}

// EventFilter narrows the list of events.
type EventFilter struct {
	StreamPrefix *string
	Types        []string
	RecordedBy   *string
}

// SourceInput says where it can be read.
type SourceInput struct {
	Title    string             `json:"title"`
	URL      *string            `json:"url,omitempty"`
	Symbol   *string            `json:"symbol,omitempty"`
	Locator  *string            `json:"locator,omitempty"`
	Language domain.Language    `json:"language,omitzero"`
	Quote    *string            `json:"quote,omitempty"`
	Grade    domain.SourceGrade `json:"grade,omitzero"`
}

// PointInput is one point that an actor made.
type PointInput struct {
	Kind domain.PointKind `json:"kind"`
	Text string           `json:"text"`
}

// RecordPositionInput records what an actor said.
type RecordPositionInput struct {
	Actor            string               `json:"actor"`
	AlignedWith      []string             `json:"alignedWith,omitempty"`
	Dissociated      []string             `json:"dissociated,omitempty"`
	Target           TargetRef            `json:"target"`
	Stance           domain.Stance        `json:"stance,omitzero"`
	Form             domain.StatementForm `json:"form,omitzero"`
	Explains         *string              `json:"explains,omitempty"`
	StatedOn         domain.Date          `json:"statedOn"`
	Session          *string              `json:"session,omitempty"`
	Summary          string               `json:"summary"`
	Points           []PointInput         `json:"points,omitempty"`
	Source           SourceInput          `json:"source"`
	IdempotencyKey   *string              `json:"-"`
	ExpectedRevision *int64               `json:"expectedRevision,omitempty"`
}

// CorrectPositionInput repairs a recording error. What is absent stays as it is; null clears.
type CorrectPositionInput struct {
	Position       string                                   `json:"position"`
	Reason         string                                   `json:"reason"`
	Stance         graphql.Omittable[*domain.Stance]        `json:"stance,omitzero"`
	Form           graphql.Omittable[*domain.StatementForm] `json:"form,omitzero"`
	Explains       graphql.Omittable[*string]               `json:"explains,omitzero"`
	StatedOn       graphql.Omittable[*domain.Date]          `json:"statedOn,omitzero"`
	Session        graphql.Omittable[*string]               `json:"session,omitzero"`
	Summary        graphql.Omittable[*string]               `json:"summary,omitzero"`
	Points         graphql.Omittable[[]PointInput]          `json:"points,omitzero"`
	Source         graphql.Omittable[*SourceInput]          `json:"source,omitzero"`
	AlignedWith    graphql.Omittable[[]string]              `json:"alignedWith,omitzero"`
	Dissociated    graphql.Omittable[[]string]              `json:"dissociated,omitzero"`
	IdempotencyKey *string                                  `json:"-"`
}

// WithdrawPositionInput says that the actor took a position back.
type WithdrawPositionInput struct {
	Position       string      `json:"position"`
	On             domain.Date `json:"on"`
	Source         SourceInput `json:"source"`
	IdempotencyKey *string     `json:"-"`
}

// RetractPositionInput takes a position out.
type RetractPositionInput struct {
	Position       string  `json:"position"`
	Reason         string  `json:"reason"`
	IdempotencyKey *string `json:"-"`
}

// PositionPayload answers a command on a position.
type PositionPayload struct {
	Position *Position
	Revision int64
	At       uint64
}

// RecordEndorsementInput records a formal act.
type RecordEndorsementInput struct {
	Actor            string                 `json:"actor"`
	Proposal         string                 `json:"proposal"`
	DocumentSymbol   *string                `json:"documentSymbol,omitempty"`
	Paragraph        *string                `json:"paragraph,omitempty"`
	Kind             domain.EndorsementKind `json:"kind"`
	On               domain.Date            `json:"on"`
	Source           SourceInput            `json:"source"`
	IdempotencyKey   *string                `json:"-"`
	ExpectedRevision *int64                 `json:"expectedRevision,omitempty"`
}

// WithdrawEndorsementInput says that the actor took an act back.
type WithdrawEndorsementInput struct {
	Endorsement    string      `json:"endorsement"`
	On             domain.Date `json:"on"`
	Source         SourceInput `json:"source"`
	IdempotencyKey *string     `json:"-"`
}

// EndorsementPayload answers a command on a formal act.
type EndorsementPayload struct {
	Endorsement *Endorsement
	Revision    int64
	At          uint64
}

// BallotInput is what one State cast.
type BallotInput struct {
	State  string        `json:"state"`
	Ballot domain.Ballot `json:"ballot"`
}

// RecordVoteInput records a vote.
type RecordVoteInput struct {
	Proposal       string        `json:"proposal"`
	DocumentSymbol string        `json:"documentSymbol"`
	Paragraph      *string       `json:"paragraph,omitempty"`
	Body           string        `json:"body"`
	On             domain.Date   `json:"on"`
	Adopted        bool          `json:"adopted"`
	Yes            int           `json:"yes"`
	No             int           `json:"no"`
	Abstain        int           `json:"abstain"`
	Absent         int           `json:"absent"`
	Complete       bool          `json:"complete"`
	Ballots        []BallotInput `json:"ballots"`
	Source         SourceInput   `json:"source"`
	IdempotencyKey *string       `json:"-"`
}

// DeclareIntendedBallotInput records what a delegation says it had meant to cast.
type DeclareIntendedBallotInput struct {
	Vote           string        `json:"vote"`
	State          string        `json:"state"`
	Intended       domain.Ballot `json:"intended"`
	On             domain.Date   `json:"on"`
	Source         SourceInput   `json:"source"`
	IdempotencyKey *string       `json:"-"`
}

// VotePayload answers a command on a vote.
type VotePayload struct {
	Vote     *Vote
	Revision int64
	At       uint64
}
