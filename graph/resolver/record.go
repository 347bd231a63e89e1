package resolver

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/model"
)

func (r *Resolver) recordPosition(ctx context.Context, in model.RecordPositionInput) (*model.PositionPayload, error) {
	explains, fault := r.explained(in.Explains, nfc(in.Actor))
	c := domain.RecordPosition{
		Actor: nfc(in.Actor), AlignedWith: nfcAll(in.AlignedWith), Dissociated: nfcAll(in.Dissociated), Target: in.Target.Domain(),
		Stance: in.Stance, Form: in.Form, Explains: explains, StatedOn: in.StatedOn, Session: nfcOf(in.Session), Summary: nfc(in.Summary),
		Points: points(in.Points), Source: source(in.Source),
	}
	input := in
	input.Explains = plainOf(in.Explains)
	result, err := r.record(ctx, request{"recordPosition", input, in.IdempotencyKey, in.ExpectedRevision, c})
	if err != nil {
		return nil, withFault(err, fault)
	}
	return &model.PositionPayload{
		Position: model.FindPosition(r.recordedAt(result.At), result.At), Revision: int64(result.Last), At: result.At,
	}, nil
}

func (r *Resolver) correctPosition(ctx context.Context, in model.CorrectPositionInput) (*model.PositionPayload, error) {
	at, actor, revision, err := r.position(in.Position)
	if err != nil {
		return nil, err
	}
	var fault *domain.Fault
	c := domain.CorrectPosition{Actor: actor, Position: revision, Reason: nfc(in.Reason), Changes: domain.PositionChanges{
		Stance: change(in.Stance, value[domain.Stance]),
		Form:   change(in.Form, value[domain.StatementForm]),
		Explains: change(in.Explains, func(id *string) domain.ActRef {
			explains, f := r.explained(id, actor)
			fault = f
			return value(explains)
		}),
		StatedOn:    change(in.StatedOn, value[domain.Date]),
		Session:     change(in.Session, nfcOf),
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
	result, err := r.record(ctx, request{mutation: "correctPosition", input: input, key: in.IdempotencyKey, command: c})
	if err != nil {
		return nil, withFault(err, fault)
	}
	return &model.PositionPayload{
		Position: model.FindPosition(r.recordedAt(result.At), at), Revision: int64(result.Last), At: result.At,
	}, nil
}

func (r *Resolver) retractPosition(ctx context.Context, in model.RetractPositionInput) (*model.PositionPayload, error) {
	at, actor, revision, err := r.position(in.Position)
	if err != nil {
		return nil, err
	}
	input := in
	input.Position = plain(in.Position)
	result, err := r.record(ctx, request{
		mutation: "retractPosition", input: input, key: in.IdempotencyKey,
		command: domain.RetractPosition{Actor: actor, Position: revision, Reason: nfc(in.Reason)},
	})
	if err != nil {
		return nil, err
	}
	// The position is shown as just before: afterwards there is none.
	return &model.PositionPayload{
		Position: model.FindPosition(r.recordedAt(result.At-1), at), Revision: int64(result.Last), At: result.At,
	}, nil
}

func (r *Resolver) recordEndorsement(ctx context.Context, in model.RecordEndorsementInput) (*model.EndorsementPayload, error) {
	c := domain.RecordEndorsement{
		Actor: nfc(in.Actor), Proposal: nfc(in.Proposal), DocumentSymbol: nfcOf(in.DocumentSymbol), Paragraph: nfcOf(in.Paragraph),
		Kind: in.Kind, On: in.On, Source: source(in.Source),
	}
	result, err := r.record(ctx, request{"recordEndorsement", in, in.IdempotencyKey, in.ExpectedRevision, c})
	if err != nil {
		return nil, err
	}
	return &model.EndorsementPayload{
		Endorsement: model.FindEndorsement(r.recordedAt(result.At), result.At, ""), Revision: int64(result.Last), At: result.At,
	}, nil
}
