package resolver

import (
	"cmp"
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/relay"
)

// Positions, acts and votes.

// nameless is a key that nothing can have, for one that was given and is empty: what is empty in a command was not given at all.
const nameless = "?"

// positionPayload shows the position that was recorded at a place; at zero, what the command itself recorded.
func positionPayload(at uint64) func(model.Moment, recorder.Result) *model.PositionPayload {
	return func(m model.Moment, result recorder.Result) *model.PositionPayload {
		return &model.PositionPayload{Position: model.FindPosition(m, cmp.Or(at, result.At)), Revision: int64(result.Last), At: result.At}
	}
}

func (r *Resolver) recordPosition(ctx context.Context, in model.RecordPositionInput) (*model.PositionPayload, error) {
	explains, fault := r.explained(in.Explains, nfc(in.Actor))
	c := domain.RecordPosition{
		Actor: nfc(in.Actor), AlignedWith: nfcAll(in.AlignedWith), Dissociated: nfcAll(in.Dissociated), Target: in.Target.Domain(),
		Stance: in.Stance, Form: in.Form, Explains: explains, StatedOn: in.StatedOn, Session: nfcOf(in.Session), Summary: nfc(in.Summary),
		Points: points(in.Points), Source: source(in.Source),
	}
	input := in
	input.Explains = plainOf(in.Explains)
	if in.Session != nil && *in.Session == "" {
		c.Session = nameless
	}
	payload, err := recorded(ctx, r, request{"recordPosition", input, in.IdempotencyKey, in.ExpectedRevision, c}, positionPayload(0))
	return payload, withFaults(err, fault)
}

func (r *Resolver) correctPosition(ctx context.Context, in model.CorrectPositionInput) (*model.PositionPayload, error) {
	if err := r.mayChange(ctx, "correctPosition", in.Position); err != nil {
		return nil, err
	}
	at, actor, revision, fault := r.position(in.Position)
	var ofExplains *domain.Fault
	c := domain.CorrectPosition{Actor: actor, Position: revision, Reason: nfc(in.Reason), Changes: domain.PositionChanges{
		Stance: change(in.Stance, value[domain.Stance]),
		Form:   change(in.Form, value[domain.StatementForm]),
		Explains: change(in.Explains, func(id *string) domain.ActRef {
			explains, f := r.explained(id, actor)
			ofExplains = f
			return value(explains)
		}),
		StatedOn: change(in.StatedOn, value[domain.Date]),
		Session: change(in.Session, func(key *string) string {
			if key != nil && *key == "" {
				return nameless
			}
			return nfcOf(key)
		}),
		Summary:     change(in.Summary, nfcOf),
		Points:      change(in.Points, points),
		Source:      change(in.Source, func(s *model.SourceInput) domain.Source { return source(value(s)) }),
		AlignedWith: change(in.AlignedWith, nfcAll),
		Dissociated: change(in.Dissociated, nfcAll),
	}}
	input := in
	input.Position = plain(in.Position)
	if id, ok := in.Explains.ValueOK(); ok {
		input.Explains = graphql.OmittableOf(plainOf(id))
	}
	payload, err := recorded(ctx, r, request{mutation: "correctPosition", input: input, key: in.IdempotencyKey, command: c}, positionPayload(at))
	return payload, withFaults(err, fault, ofExplains)
}

func (r *Resolver) withdrawPosition(ctx context.Context, in model.WithdrawPositionInput) (*model.PositionPayload, error) {
	at, actor, revision, fault := r.position(in.Position)
	input := in
	input.Position = plain(in.Position)
	payload, err := recorded(ctx, r, request{
		mutation: "withdrawPosition", input: input, key: in.IdempotencyKey,
		command: domain.WithdrawPosition{Actor: actor, Position: revision, On: in.On, Source: source(in.Source)},
	}, positionPayload(at))
	return payload, withFaults(err, fault)
}

func (r *Resolver) retractPosition(ctx context.Context, in model.RetractPositionInput) (*model.PositionPayload, error) {
	if err := r.mayChange(ctx, "retractPosition", in.Position); err != nil {
		return nil, err
	}
	at, actor, revision, fault := r.position(in.Position)
	input := in
	input.Position = plain(in.Position)
	payload, err := recorded(ctx, r, request{
		mutation: "retractPosition", input: input, key: in.IdempotencyKey,
		command: domain.RetractPosition{Actor: actor, Position: revision, Reason: nfc(in.Reason)},
	}, func(_ model.Moment, result recorder.Result) *model.PositionPayload {
		// The position is shown as just before: afterwards there is none.
		return positionPayload(at)(r.recordedAt(result.At-1), result)
	})
	return payload, withFaults(err, fault)
}

func endorsementPayload(at uint64) func(model.Moment, recorder.Result) *model.EndorsementPayload {
	return func(m model.Moment, result recorder.Result) *model.EndorsementPayload {
		return &model.EndorsementPayload{Endorsement: model.FindEndorsement(m, cmp.Or(at, result.At), ""), Revision: int64(result.Last), At: result.At}
	}
}

func (r *Resolver) recordEndorsement(ctx context.Context, in model.RecordEndorsementInput) (*model.EndorsementPayload, error) {
	c := domain.RecordEndorsement{
		Actor: nfc(in.Actor), Proposal: nfc(in.Proposal), DocumentSymbol: nfcOf(in.DocumentSymbol), Paragraph: nfcOf(in.Paragraph),
		Kind: in.Kind, On: in.On, Source: source(in.Source),
	}
	return recorded(ctx, r, request{"recordEndorsement", in, in.IdempotencyKey, in.ExpectedRevision, c}, endorsementPayload(0))
}

func (r *Resolver) withdrawEndorsement(ctx context.Context, in model.WithdrawEndorsementInput) (*model.EndorsementPayload, error) {
	id, slug, revision, fault := r.act("endorsement", in.Endorsement)
	input := in
	input.Endorsement = plain(in.Endorsement)
	payload, err := recorded(ctx, r, request{
		mutation: "withdrawEndorsement", input: input, key: in.IdempotencyKey,
		command: domain.WithdrawEndorsement{Proposal: slug, Endorsement: revision, On: in.On, Source: source(in.Source)},
	}, endorsementPayload(id.At))
	return payload, withFaults(err, fault)
}

func votePayload(at uint64) func(model.Moment, recorder.Result) *model.VotePayload {
	return func(m model.Moment, result recorder.Result) *model.VotePayload {
		return &model.VotePayload{Vote: model.FindVote(m, cmp.Or(at, result.At)), Revision: int64(result.Last), At: result.At}
	}
}

func (r *Resolver) recordVote(ctx context.Context, in model.RecordVoteInput) (*model.VotePayload, error) {
	c := domain.RecordVote{
		Proposal: nfc(in.Proposal), DocumentSymbol: nfc(in.DocumentSymbol), Paragraph: nfcOf(in.Paragraph), Body: nfc(in.Body), On: in.On,
		Adopted: in.Adopted, Yes: in.Yes, No: in.No, Abstain: in.Abstain, Absent: in.Absent, Complete: in.Complete,
		Ballots: make([]domain.CastBallot, len(in.Ballots)), Source: source(in.Source),
	}
	for i, b := range in.Ballots {
		c.Ballots[i] = domain.CastBallot{State: nfc(b.State), Ballot: b.Ballot}
	}
	return recorded(ctx, r, request{mutation: "recordVote", input: in, key: in.IdempotencyKey, command: c}, votePayload(0))
}

func (r *Resolver) declareIntendedBallot(ctx context.Context, in model.DeclareIntendedBallotInput) (*model.VotePayload, error) {
	id, slug, revision, fault := r.recordedAs("vote", in.Vote, relay.Vote, domain.EndorsementCategory, "VoteRecorded")
	input := in
	input.Vote = plain(in.Vote)
	payload, err := recorded(ctx, r, request{
		mutation: "declareIntendedBallot", input: input, key: in.IdempotencyKey,
		command: domain.DeclareIntendedBallot{
			Proposal: slug, Vote: revision, State: nfc(in.State), Intended: in.Intended, On: in.On, Source: source(in.Source),
		},
	}, votePayload(id.At))
	return payload, withFaults(err, fault)
}
