package resolver

import (
	"context"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/model"
)

// Proposals: their versions and their ends.

func proposalPayload(slug string) func(model.Moment, recorder.Result) *model.ProposalPayload {
	return func(m model.Moment, result recorder.Result) *model.ProposalPayload {
		return &model.ProposalPayload{Proposal: model.FindProposal(m, slug), Revision: int64(result.Last), At: result.At}
	}
}

func (r *Resolver) submitProposal(ctx context.Context, in model.SubmitProposalInput) (*model.ProposalPayload, error) {
	c := domain.SubmitProposal{
		Slug: nfc(in.Slug), Title: nfc(in.Title), Summary: nfcOf(in.Summary), Submitters: nfcAll(in.Submitters),
		InCapacityOfChair: in.InCapacityOfChair, On: in.On, Document: document(in.Document), Options: options(in.Options), Source: source(in.Source),
	}
	return recorded(ctx, r, request{mutation: "submitProposal", input: in, key: in.IdempotencyKey, command: c}, proposalPayload(c.Slug))
}

func (r *Resolver) reviseProposal(ctx context.Context, in model.ReviseProposalInput) (*model.ProposalPayload, error) {
	c := domain.ReviseProposal{
		Slug: nfc(in.Slug), Title: change(in.Title, nfcOf), Summary: change(in.Summary, nfcOf), Submitters: change(in.Submitters, nfcAll),
		InCapacityOfChair: in.InCapacityOfChair, On: in.On, Document: document(in.Document), Options: change(in.Options, options),
		Source: source(in.Source),
	}
	return recorded(ctx, r, request{"reviseProposal", in, in.IdempotencyKey, in.ExpectedRevision, c}, proposalPayload(c.Slug))
}

func (r *Resolver) mergeProposal(ctx context.Context, in model.MergeProposalInput) (*model.ProposalPayload, error) {
	c := domain.MergeProposal{Slug: nfc(in.Slug), Into: nfc(in.Into), On: in.On, Source: source(in.Source)}
	return recorded(ctx, r, request{"mergeProposal", in, in.IdempotencyKey, in.ExpectedRevision, c}, proposalPayload(c.Slug))
}

func (r *Resolver) supersedeProposal(ctx context.Context, in model.SupersedeProposalInput) (*model.ProposalPayload, error) {
	c := domain.SupersedeProposal{Slug: nfc(in.Slug), By: nfc(in.By), On: in.On, Source: source(in.Source)}
	return recorded(ctx, r, request{"supersedeProposal", in, in.IdempotencyKey, in.ExpectedRevision, c}, proposalPayload(c.Slug))
}

func (r *Resolver) withdrawProposal(ctx context.Context, in model.WithdrawProposalInput) (*model.ProposalPayload, error) {
	c := domain.WithdrawProposal{Slug: nfc(in.Slug), On: in.On, Source: source(in.Source)}
	return recorded(ctx, r, request{"withdrawProposal", in, in.IdempotencyKey, in.ExpectedRevision, c}, proposalPayload(c.Slug))
}

func (r *Resolver) adoptProposal(ctx context.Context, in model.AdoptProposalInput) (*model.ProposalPayload, error) {
	c := domain.AdoptProposal{
		Slug: nfc(in.Slug), Symbol: nfcOf(in.Symbol), By: nfc(in.By), WithoutVote: in.WithoutVote, On: in.On, Source: source(in.Source),
	}
	return recorded(ctx, r, request{"adoptProposal", in, in.IdempotencyKey, in.ExpectedRevision, c}, proposalPayload(c.Slug))
}

func document(in *model.DocumentInput) *domain.Document {
	if in == nil {
		return nil
	}
	d := &domain.Document{
		Symbol: nfcOf(in.Symbol), Title: nfc(in.Title), Language: in.Language, IssuedOn: in.IssuedOn, URL: nfcOf(in.URL), SHA256: nfcOf(in.Sha256),
	}
	for _, p := range in.Paragraphs {
		d.Paragraphs = append(d.Paragraphs, domain.Paragraph{Kind: p.Kind, Number: p.Number, Text: nfc(p.Text)})
	}
	return d
}

func options(in []model.OptionRef) []domain.OptionRef {
	var list []domain.OptionRef
	for _, ref := range in {
		list = append(list, domain.OptionRef{Element: nfc(ref.Element), Option: nfc(ref.Key)})
	}
	return list
}
