package model

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
)

// SubmitProposalInput records that a proposal was brought in.
type SubmitProposalInput struct {
	Slug              string         `json:"slug"`
	Title             string         `json:"title"`
	Summary           *string        `json:"summary,omitempty"`
	Submitters        []string       `json:"submitters"`
	InCapacityOfChair bool           `json:"inCapacityOfChair"`
	On                domain.Date    `json:"on"`
	Document          *DocumentInput `json:"document,omitempty"`
	Options           []OptionRef    `json:"options,omitempty"`
	Source            SourceInput    `json:"source"`
	IdempotencyKey    *string        `json:"-"`
}

// ReviseProposalInput records that a later version was brought in. What is absent stays as the version before has it; null clears.
type ReviseProposalInput struct {
	Slug              string                         `json:"slug"`
	Title             graphql.Omittable[*string]     `json:"title,omitzero"`
	Summary           graphql.Omittable[*string]     `json:"summary,omitzero"`
	Submitters        graphql.Omittable[[]string]    `json:"submitters,omitzero"`
	InCapacityOfChair bool                           `json:"inCapacityOfChair"`
	On                domain.Date                    `json:"on"`
	Document          *DocumentInput                 `json:"document,omitempty"`
	Options           graphql.Omittable[[]OptionRef] `json:"options,omitzero"`
	Source            SourceInput                    `json:"source"`
	IdempotencyKey    *string                        `json:"-"`
	ExpectedRevision  *int64                         `json:"expectedRevision,omitempty"`
}

// MergeProposalInput records that a proposal went into another.
type MergeProposalInput struct {
	Slug             string      `json:"slug"`
	Into             string      `json:"into"`
	On               domain.Date `json:"on"`
	Source           SourceInput `json:"source"`
	IdempotencyKey   *string     `json:"-"`
	ExpectedRevision *int64      `json:"expectedRevision,omitempty"`
}

// SupersedeProposalInput records that another proposal took a proposal's place.
type SupersedeProposalInput struct {
	Slug             string      `json:"slug"`
	By               string      `json:"by"`
	On               domain.Date `json:"on"`
	Source           SourceInput `json:"source"`
	IdempotencyKey   *string     `json:"-"`
	ExpectedRevision *int64      `json:"expectedRevision,omitempty"`
}

// WithdrawProposalInput records that its submitters took a proposal back.
type WithdrawProposalInput struct {
	Slug             string      `json:"slug"`
	On               domain.Date `json:"on"`
	Source           SourceInput `json:"source"`
	IdempotencyKey   *string     `json:"-"`
	ExpectedRevision *int64      `json:"expectedRevision,omitempty"`
}

// AdoptProposalInput records that a body adopted a proposal.
type AdoptProposalInput struct {
	Slug             string      `json:"slug"`
	Symbol           *string     `json:"symbol,omitempty"`
	By               string      `json:"by"`
	WithoutVote      bool        `json:"withoutVote"`
	On               domain.Date `json:"on"`
	Source           SourceInput `json:"source"`
	IdempotencyKey   *string     `json:"-"`
	ExpectedRevision *int64      `json:"expectedRevision,omitempty"`
}

// DocumentInput is a document that carries a proposal.
type DocumentInput struct {
	Symbol     *string          `json:"symbol,omitempty"`
	Title      string           `json:"title"`
	Language   domain.Language  `json:"language,omitzero"`
	IssuedOn   domain.Date      `json:"issuedOn,omitzero"`
	URL        *string          `json:"url,omitempty"`
	Sha256     *string          `json:"sha256,omitempty"`
	Paragraphs []ParagraphInput `json:"paragraphs,omitempty"`
}

// ParagraphInput is one numbered paragraph of a document.
type ParagraphInput struct {
	Kind   domain.ParagraphKind `json:"kind"`
	Number int                  `json:"number"`
	Text   string               `json:"text"`
}

// ProposalPayload answers a command on a proposal.
type ProposalPayload struct {
	Proposal *Proposal
	Revision int64
	At       uint64
}
