package domain

// ---- Events of submission-<proposal>.

// ProposalSubmitted brings a proposal in. It is the first event of its stream; the document, where there is one, follows in
// the same append as DocumentParts events DocumentRecorded.
type ProposalSubmitted struct {
	Proposal          string      `json:"proposal"`
	Title             string      `json:"title"`
	Summary           string      `json:"summary,omitzero"`
	Submitters        []string    `json:"submitters"`
	InCapacityOfChair bool        `json:"inCapacityOfChair,omitzero"`
	On                Date        `json:"on"`
	Options           []OptionRef `json:"options,omitempty"`
	DocumentParts     int         `json:"documentParts,omitzero"`
	Source            Source      `json:"source"`
}

// ProposalRevised brings a revision in. What is not given stays as the submission before it, by day, has it.
type ProposalRevised struct {
	Proposal          string              `json:"proposal"`
	Title             Change[string]      `json:"title,omitzero"`
	Summary           Change[string]      `json:"summary,omitzero"`
	Submitters        Change[[]string]    `json:"submitters,omitzero"`
	InCapacityOfChair bool                `json:"inCapacityOfChair,omitzero"`
	On                Date                `json:"on"`
	Options           Change[[]OptionRef] `json:"options,omitzero"`
	DocumentParts     int                 `json:"documentParts,omitzero"`
	Source            Source              `json:"source"`
}

// DocumentRecorded is one part of the document of a submission. Part 1 carries the head; each part carries paragraphs,
// so many that the event stays well below the largest leaf.
type DocumentRecorded struct {
	Proposal string `json:"proposal"`
	// Submission is the revision, in the same stream, of the ProposalSubmitted or ProposalRevised that brought it in.
	Submission int64       `json:"submission"`
	Part       int         `json:"part"` // From 1.
	Parts      int         `json:"parts"`
	Symbol     string      `json:"symbol,omitzero"`
	Title      string      `json:"title,omitzero"`
	Language   Language    `json:"language,omitzero"`
	IssuedOn   Date        `json:"issuedOn,omitzero"`
	URL        string      `json:"url,omitzero"`
	SHA256     string      `json:"sha256,omitzero"`
	Paragraphs []Paragraph `json:"paragraphs,omitempty"`
}

// ProposalMerged ends a proposal: it went into another.
type ProposalMerged struct {
	Proposal string `json:"proposal"`
	Into     string `json:"into"`
	On       Date   `json:"on"`
	Source   Source `json:"source"`
}

// ProposalSuperseded ends a proposal: another took its place.
type ProposalSuperseded struct {
	Proposal string `json:"proposal"`
	By       string `json:"by"`
	On       Date   `json:"on"`
	Source   Source `json:"source"`
}

// ProposalWithdrawn ends a proposal: its submitters took it back. From that day on their submissions express no support.
type ProposalWithdrawn struct {
	Proposal string `json:"proposal"`
	On       Date   `json:"on"`
	Source   Source `json:"source"`
}

// ProposalAdopted ends a proposal: a body adopted it, with or without a vote.
type ProposalAdopted struct {
	Proposal    string `json:"proposal"`
	Symbol      string `json:"symbol,omitzero"` // Of the adopted document.
	By          string `json:"by"`              // The body.
	WithoutVote bool   `json:"withoutVote,omitzero"`
	On          Date   `json:"on"`
	Source      Source `json:"source"`
}

func (e ProposalSubmitted) Stream() string  { return submissionStream(e.Proposal) }
func (e ProposalRevised) Stream() string    { return submissionStream(e.Proposal) }
func (e DocumentRecorded) Stream() string   { return submissionStream(e.Proposal) }
func (e ProposalMerged) Stream() string     { return submissionStream(e.Proposal) }
func (e ProposalSuperseded) Stream() string { return submissionStream(e.Proposal) }
func (e ProposalWithdrawn) Stream() string  { return submissionStream(e.Proposal) }
func (e ProposalAdopted) Stream() string    { return submissionStream(e.Proposal) }

func (ProposalSubmitted) isEvent()  {}
func (ProposalRevised) isEvent()    {}
func (DocumentRecorded) isEvent()   {}
func (ProposalMerged) isEvent()     {}
func (ProposalSuperseded) isEvent() {}
func (ProposalWithdrawn) isEvent()  {}
func (ProposalAdopted) isEvent()    {}

// ---- Commands.

// SubmitProposal brings a proposal in under a slug that is not taken.
type SubmitProposal struct {
	Slug              string
	Title             string
	Summary           string
	Submitters        []string
	InCapacityOfChair bool
	On                Date
	Document          *Document
	Options           []OptionRef
	Source            Source
}

// ReviseProposal brings a revision in.
type ReviseProposal struct {
	Slug              string
	Title             Change[string]
	Summary           Change[string]
	Submitters        Change[[]string]
	InCapacityOfChair bool
	On                Date
	Document          *Document
	Options           Change[[]OptionRef]
	Source            Source
}

// MergeProposal records that a proposal went into another.
type MergeProposal struct {
	Slug, Into string
	On         Date
	Source     Source
}

// SupersedeProposal records that another proposal took a proposal's place.
type SupersedeProposal struct {
	Slug, By string
	On       Date
	Source   Source
}

// WithdrawProposal records that its submitters took a proposal back.
type WithdrawProposal struct {
	Slug   string
	On     Date
	Source Source
}

// AdoptProposal records that a body adopted a proposal.
type AdoptProposal struct {
	Slug, Symbol, By string
	WithoutVote      bool
	On               Date
	Source           Source
}

func (c SubmitProposal) Stream() string    { return submissionStream(c.Slug) }
func (c ReviseProposal) Stream() string    { return submissionStream(c.Slug) }
func (c MergeProposal) Stream() string     { return submissionStream(c.Slug) }
func (c SupersedeProposal) Stream() string { return submissionStream(c.Slug) }
func (c WithdrawProposal) Stream() string  { return submissionStream(c.Slug) }
func (c AdoptProposal) Stream() string     { return submissionStream(c.Slug) }

func (SubmitProposal) isCommand()    {}
func (ReviseProposal) isCommand()    {}
func (MergeProposal) isCommand()     {}
func (SupersedeProposal) isCommand() {}
func (WithdrawProposal) isCommand()  {}
func (AdoptProposal) isCommand()     {}
