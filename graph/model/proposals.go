package model

import (
	"slices"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// Target is what a position is about: a Proposal or an Option.
type Target interface {
	Node
	IsTarget()
}

// NewTarget gives the proposal or option as of a moment, nil where it does not exist then.
func NewTarget(m Moment, t domain.Target) Target {
	if t.IsProposal() {
		if p := FindProposal(m, t.Proposal); p != nil {
			return p
		}
	} else if o := FindOption(m, t.Option); o != nil {
		return o
	}
	return nil
}

// Proposal is a proposal as of a moment.
type Proposal struct {
	proposal *projections.Proposal
	M        Moment
}

// FindProposal gives the proposal with this slug, nil where it does not exist at the moment.
func FindProposal(m Moment, slug string) *Proposal {
	if slug == "" {
		return nil
	}
	if p, ok := m.Proposal(slug); ok {
		return NewProposal(m, p)
	}
	return nil
}

// NewProposal makes the Proposal.
func NewProposal(m Moment, p *projections.Proposal) *Proposal { return &Proposal{proposal: p, M: m} }

// NewProposals makes a list.
func NewProposals(m Moment, proposals []*projections.Proposal) []*Proposal {
	list := make([]*Proposal, len(proposals))
	for i, p := range proposals {
		list[i] = NewProposal(m, p)
	}
	return list
}

func (*Proposal) IsNode()   {}
func (*Proposal) IsTarget() {}

func (p *Proposal) ID() string                         { return p.M.keyed(relay.Proposal, p.proposal.Slug) }
func (p *Proposal) Slug() string                       { return p.proposal.Slug }
func (p *Proposal) Target() domain.Target              { return p.proposal.Target() }
func (p *Proposal) TargetKey() string                  { return p.proposal.Target().Key() }
func (p *Proposal) Label() string                      { return p.proposal.Title }
func (p *Proposal) Title() string                      { return p.proposal.Title }
func (p *Proposal) Summary() *string                   { return optional(p.proposal.Summary) }
func (p *Proposal) Revision() int64                    { return p.proposal.Revision }
func (p *Proposal) EndorsementRevision() int64         { return p.proposal.EndorsementRevision }
func (p *Proposal) Status() projections.ProposalStatus { return p.proposal.Status }
func (p *Proposal) SubmittedOn() domain.Date           { return p.proposal.SubmittedOn }
func (p *Proposal) Submitters() []Actor                { return newActors(p.M, p.proposal.Submitters) }
func (p *Proposal) Options() []*Option                 { return optionsOf(p.M, p.proposal.Options) }
func (p *Proposal) MergedInto() *Proposal              { return FindProposal(p.M, p.proposal.MergedInto) }
func (p *Proposal) SupersededBy() *Proposal            { return FindProposal(p.M, p.proposal.SupersededBy) }

// Adoption gives how the proposal was adopted. It stands, as in the consensus, also where a revision recorded before it is dated
// later and gives the status.
func (p *Proposal) Adoption() *Adoption {
	if p.proposal.Adoption == nil {
		return nil
	}
	return &Adoption{p.proposal.Adoption}
}

// Submissions gives the first submission and every revision.
func (p *Proposal) Submissions() []*Submission {
	list := make([]*Submission, len(p.proposal.Submissions))
	for i := range p.proposal.Submissions {
		list[i] = NewSubmission(p.M, &p.proposal.Submissions[i])
	}
	return list
}

// Documents gives the documents of the submissions.
func (p *Proposal) Documents() []*Document {
	list := []*Document{}
	for i := range p.proposal.Submissions {
		if d := p.proposal.Submissions[i].Document; d != nil {
			list = append(list, &Document{d})
		}
	}
	return list
}

// FindOverlap sets the latest versions of two proposals side by side; nil where one of them does not exist at the moment.
func FindOverlap(m Moment, one, other string) *Overlap {
	p, q := FindProposal(m, one), FindProposal(m, other)
	if p == nil || q == nil {
		return nil
	}
	ours, theirs := p.proposal.Options, q.proposal.Options
	o := &Overlap{Shared: optionsOf(m, slices.DeleteFunc(slices.Clone(ours), func(ref domain.OptionRef) bool {
		return !slices.Contains(theirs, ref)
	}))}
	for _, e := range m.Elements() {
		of := func(refs []domain.OptionRef) []domain.OptionRef {
			return slices.DeleteFunc(slices.Clone(refs), func(ref domain.OptionRef) bool { return ref.Element != e.Element })
		}
		// Options of a proposal stand by key, so equal sets are equal lists.
		if a, b := of(ours), of(theirs); !slices.Equal(a, b) {
			o.Differing = append(o.Differing, &ElementDifference{Element: NewElement(m, e), Ours: optionsOf(m, a), Theirs: optionsOf(m, b)})
		}
	}
	return o
}

// Overlap says where two proposals meet and where they part.
type Overlap struct {
	Shared    []*Option
	Differing []*ElementDifference
}

// ElementDifference is one element on which they part.
type ElementDifference struct {
	Element      *Element
	Ours, Theirs []*Option
}

// Adoption is the decision of a body by which a proposal was adopted.
type Adoption struct{ adopted *domain.ProposalAdopted }

func (a *Adoption) On() domain.Date   { return a.adopted.On }
func (a *Adoption) By() string        { return a.adopted.By }
func (a *Adoption) Symbol() *string   { return optional(a.adopted.Symbol) }
func (a *Adoption) WithoutVote() bool { return a.adopted.WithoutVote }
func (a *Adoption) Source() *Source   { return &Source{&a.adopted.Source} }

// Submission is the act of bringing a proposal or a revision of it in.
type Submission struct {
	submission *projections.Submission
	m          Moment
}

// NewSubmission makes the Submission.
func NewSubmission(m Moment, s *projections.Submission) *Submission {
	return &Submission{submission: s, m: m}
}

// FindSubmission gives the submission that was recorded at a place, nil where it does not count at the moment.
func FindSubmission(m Moment, at uint64) *Submission {
	if s, ok := m.Submission(at); ok {
		return NewSubmission(m, s)
	}
	return nil
}

func (*Submission) IsNode()     {}
func (*Submission) IsEvidence() {}

func (s *Submission) ID() string              { return s.m.recorded(relay.Submission, s.submission.At) }
func (s *Submission) Proposal() *Proposal     { return FindProposal(s.m, s.submission.Proposal) }
func (s *Submission) Submitters() []Actor     { return newActors(s.m, s.submission.Submitters) }
func (s *Submission) InCapacityOfChair() bool { return s.submission.InCapacityOfChair }
func (s *Submission) Options() []*Option      { return optionsOf(s.m, s.submission.Options) }
func (s *Submission) On() domain.Date         { return s.submission.On }
func (s *Submission) Source() *Source         { return &Source{&s.submission.Source} }
func (s *Submission) RecordedAt() time.Time   { return s.submission.RecordedAt }
func (s *Submission) RecordedBy() string      { return s.submission.RecordedBy }
func (s *Submission) At() uint64              { return s.submission.At }

// Document gives the document that carries this version.
func (s *Submission) Document() *Document {
	if s.submission.Document == nil {
		return nil
	}
	return &Document{s.submission.Document}
}

// Document carries a proposal.
type Document struct{ document *domain.Document }

func (d *Document) Symbol() *string                { return optional(d.document.Symbol) }
func (d *Document) Title() string                  { return d.document.Title }
func (d *Document) Language() domain.Language      { return d.document.Language }
func (d *Document) IssuedOn() domain.Date          { return d.document.IssuedOn }
func (d *Document) URL() *string                   { return optional(d.document.URL) }
func (d *Document) Sha256() *string                { return optional(d.document.SHA256) }
func (d *Document) Paragraphs() []domain.Paragraph { return d.document.Paragraphs }

// Element is an aspect on which proposals differ.
type Element struct {
	element projections.Element
	m       Moment
}

// NewElement makes the Element.
func NewElement(m Moment, e projections.Element) *Element { return &Element{element: e, m: m} }

// FindElement gives the element with this key, nil where it does not exist at the moment.
func FindElement(m Moment, key string) *Element {
	if e, ok := m.Element(key); ok {
		return NewElement(m, e)
	}
	return nil
}

// NewElements makes a list.
func NewElements(m Moment, elements []projections.Element) []*Element {
	list := make([]*Element, len(elements))
	for i, e := range elements {
		list[i] = NewElement(m, e)
	}
	return list
}

func (*Element) IsNode() {}

func (e *Element) ID() string           { return e.m.keyed(relay.Element, e.element.Element) }
func (e *Element) Key() string          { return e.element.Element }
func (e *Element) Label() string        { return e.element.Label }
func (e *Element) Description() *string { return optional(e.element.Description) }

// Options gives the answers that are defined for the element.
func (e *Element) Options() []*Option {
	list := make([]*Option, len(e.element.Options))
	for i, o := range e.element.Options {
		list[i] = &Option{option: o, M: e.m}
	}
	return list
}

// Option is one answer to an element.
type Option struct {
	option projections.Option
	M      Moment
}

// FindOption gives the option, nil where it does not exist at the moment.
func FindOption(m Moment, ref domain.OptionRef) *Option {
	if o, ok := m.Option(ref); ok {
		return &Option{option: o, M: m}
	}
	return nil
}

func optionsOf(m Moment, refs []domain.OptionRef) []*Option {
	list := make([]*Option, 0, len(refs))
	for _, ref := range refs {
		if o := FindOption(m, ref); o != nil {
			list = append(list, o)
		}
	}
	return list
}

func (*Option) IsNode()   {}
func (*Option) IsTarget() {}

func (o *Option) ID() string            { return o.M.keyed(relay.Option, o.option.Element+"/"+o.option.Option) }
func (o *Option) Key() string           { return o.option.Option }
func (o *Option) Target() domain.Target { return domain.Target{Option: o.option.Ref()} }
func (o *Option) TargetKey() string     { return o.Target().Key() }
func (o *Option) Label() string         { return o.option.Label }
func (o *Option) Description() *string  { return optional(o.option.Description) }
func (o *Option) Element() *Element     { return FindElement(o.M, o.option.Element) }
func (o *Option) Retired() bool         { return o.option.Retired }
