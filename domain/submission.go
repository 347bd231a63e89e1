package domain

import (
	"cmp"
	"fmt"
	"slices"
)

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

// ---- The folded state.

// Submission is a proposal with its submissions and its end, folded from its stream.
type Submission struct {
	revisions
	submitted *ProposalSubmitted
	versions  []version // The first submission and every revision, in the order of recording.
	end       Event     // One of the four that end a proposal, nil before.
}

// version is one submission as recorded, and with what it took over.
type version struct {
	revision int64
	revised  *ProposalRevised // Nil for the first submission.
	on       Date
	options  []OptionRef // Those that this version takes, given or taken over.
	parts    []DocumentRecorded
}

// Evolve takes the stream's next event in.
func (s *Submission) Evolve(e Event) {
	revision := s.next()
	switch e := e.(type) {
	case ProposalSubmitted:
		s.submitted = &e
		s.versions = append(s.versions, version{revision: revision, on: e.On, options: e.Options})
	case ProposalRevised:
		s.versions = append(s.versions, version{revision: revision, revised: &e, on: e.On})
		s.takeOver()
	case DocumentRecorded:
		for i := range s.versions {
			if s.versions[i].revision == e.Submission {
				s.versions[i].parts = append(s.versions[i].parts, e)
			}
		}
	case ProposalMerged, ProposalSuperseded, ProposalWithdrawn, ProposalAdopted:
		s.end = e
	default:
		strayEvent(SubmissionCategory, e)
	}
}

// takeOver works out the options of every revision: a revision without options keeps those of the version before it, by day,
// then recording (RULES, section 2). A revision that is dated between two others changes what the later one keeps.
func (s *Submission) takeOver() {
	order := make([]*version, len(s.versions))
	for i := range s.versions {
		order[i] = &s.versions[i]
	}
	slices.SortStableFunc(order, func(a, b *version) int { return cmp.Compare(a.on, b.on) })
	var before []OptionRef
	for _, v := range order {
		if v.revised != nil {
			v.options = v.revised.Options.Apply(before)
		}
		before = v.options
	}
}

// optionsOn gives the options that the proposal takes on a day, those of the latest version of that day or before.
func (s *Submission) optionsOn(d Date) []OptionRef {
	var latest *version
	for i, v := range s.versions {
		if v.on <= d && (latest == nil || v.on >= latest.on) {
			latest = &s.versions[i]
		}
	}
	if latest == nil {
		return nil
	}
	return latest.options
}

// Decide gives the events that the command yields.
func (s *Submission) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case SubmitProposal:
		return s.submit(c, facts)
	case ReviseProposal:
		return s.revise(c, facts)
	case MergeProposal:
		return s.merge(c, facts)
	case SupersedeProposal:
		return s.supersede(c, facts)
	case WithdrawProposal:
		return s.withdraw(c, facts)
	case AdoptProposal:
		return s.adopt(c, facts)
	}
	strayCommand(SubmissionCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *Submission) submit(c SubmitProposal, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.key("slug", c.Slug, slugForm)
	if s.submitted != nil { // The same key defined twice (RULES, section 2).
		k.conflict("slug", "The slug %s is taken by a proposal that was submitted on %s; give the new one another slug, or revise that one.", c.Slug, s.submitted.On)
	}
	k.text("title", "title", c.Title, nameLimit, required)
	k.text("summary", "summary", c.Summary, summaryLimit, multiline)
	k.submitters(c.Submitters)
	k.day("on", "day of the submission", c.On, true)
	if c.Document != nil {
		c.Document.check(&k)
	}
	k.options(c.Options, nil)
	k.source("source", c.Source)
	return k.yield(c.events(s.Revision() + 1)...)
}

// events gives what the command records where its first event has a revision.
func (c SubmitProposal) events(revision int64) []Event {
	parts := c.Document.parts(c.Slug, revision)
	return appendParts([]Event{ProposalSubmitted{Proposal: c.Slug, Title: c.Title, Summary: c.Summary, Submitters: cloned(c.Submitters),
		InCapacityOfChair: c.InCapacityOfChair, On: c.On, Options: cloned(c.Options), DocumentParts: len(parts), Source: c.Source}}, parts)
}

func (s *Submission) revise(c ReviseProposal, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	s.change(&k, c.Slug, "day of the revision", c.On)
	// What is given replaces; null clears what can be cleared.
	if c.Title.Given {
		k.text("title", "title", c.Title.Value, nameLimit, required)
	}
	k.text("summary", "summary", c.Summary.Value, summaryLimit, multiline)
	if c.Submitters.Given {
		k.submitters(c.Submitters.Value)
	}
	if c.Document != nil {
		c.Document.check(&k)
	}
	k.options(c.Options.Value, s.optionsOn(c.On))
	k.source("source", c.Source)
	return k.yield(c.events(s.Revision() + 1)...)
}

// events gives what the command records where its first event has a revision.
func (c ReviseProposal) events(revision int64) []Event {
	parts := c.Document.parts(c.Slug, revision)
	return appendParts([]Event{ProposalRevised{Proposal: c.Slug, Title: c.Title, Summary: c.Summary, Submitters: clonedChange(c.Submitters),
		InCapacityOfChair: c.InCapacityOfChair, On: c.On, Options: clonedChange(c.Options), DocumentParts: len(parts), Source: c.Source}}, parts)
}

func (s *Submission) merge(c MergeProposal, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	s.change(&k, c.Slug, "day of the merger", c.On)
	k.successor("into", c.Slug, c.Into)
	k.source("source", c.Source)
	return k.yield(c.event())
}

func (s *Submission) supersede(c SupersedeProposal, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	s.change(&k, c.Slug, "day on which it was superseded", c.On)
	k.successor("by", c.Slug, c.By)
	k.source("source", c.Source)
	return k.yield(c.event())
}

func (s *Submission) withdraw(c WithdrawProposal, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	s.change(&k, c.Slug, "day of the withdrawal", c.On)
	k.source("source", c.Source)
	return k.yield(c.event())
}

func (s *Submission) adopt(c AdoptProposal, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	s.change(&k, c.Slug, "day of the adoption", c.On)
	k.symbol("symbol", "symbol of the adopted document", c.Symbol, 0)
	k.text("by", "body that adopted it", c.By, nameLimit, required)
	k.source("source", c.Source)
	return k.yield(c.event())
}

func (c MergeProposal) event() Event {
	return ProposalMerged{Proposal: c.Slug, Into: c.Into, On: c.On, Source: c.Source}
}

func (c SupersedeProposal) event() Event {
	return ProposalSuperseded{Proposal: c.Slug, By: c.By, On: c.On, Source: c.Source}
}

func (c WithdrawProposal) event() Event {
	return ProposalWithdrawn{Proposal: c.Slug, On: c.On, Source: c.Source}
}

func (c AdoptProposal) event() Event {
	return ProposalAdopted{Proposal: c.Slug, Symbol: c.Symbol, By: c.By, WithoutVote: c.WithoutVote, On: c.On, Source: c.Source}
}

// change checks what every command on a proposal shares that was submitted before: a revision or an end.
func (s *Submission) change(k *check, slug, noun string, on Date) {
	k.known("slug", ProposalKey, "proposal", slug, s.submitted != nil)
	day := k.day("on", noun, on, true)
	if s.submitted == nil {
		return
	}
	if day && on < s.submitted.On { // RULES, section 2, "Order of days".
		k.bad("on", "The %s, %s, is before the first submission of %s on %s; it is that day or later.", noun, on, slug, s.submitted.On)
	}
	if s.end != nil { // RULES, section 1, "Status"; whatever the days, since the end stands in the record.
		k.conflict("slug", "The proposal %s %s; after that it can be neither revised nor ended.", slug, endWords(s.end))
	}
}

// endWords tells how a proposal ended.
func endWords(end Event) string {
	switch e := end.(type) {
	case ProposalMerged:
		return fmt.Sprintf("was merged into %s on %s", e.Into, e.On)
	case ProposalSuperseded:
		return fmt.Sprintf("was superseded by %s on %s", e.By, e.On)
	case ProposalWithdrawn:
		return fmt.Sprintf("was withdrawn on %s", e.On)
	case ProposalAdopted:
		return fmt.Sprintf("was adopted by %s on %s", e.By, e.On)
	}
	return "has ended" // unreachable: there are four ends.
}

// submitters checks who brings a proposal in: one actor or more, each named once.
func (c *check) submitters(codes []string) {
	if len(codes) == 0 {
		c.bad("submitters", "There is no submitter; name the State or group that brought the proposal in.")
	}
	for i, code := range codes {
		path := fmt.Sprintf("submitters.%d", i)
		if _, ok := c.actor(path, code); ok && slices.Contains(codes[:i], code) {
			c.bad(path, "%s is named more than once; name each submitter once.", code)
		}
	}
}

// options checks the options that a version takes, each named once. A retired option refuses only what is new (RULES,
// section 1, "Targets"): a version may keep it where the version before took it.
func (c *check) options(refs, before []OptionRef) {
	for i, ref := range refs {
		path := fmt.Sprintf("options.%d", i)
		retired, ok := c.option(path, ref)
		if ok && slices.Contains(refs[:i], ref) {
			c.bad(path, "The option %s/%s is named more than once; name each option once.", ref.Element, ref.Option)
		}
		if retired && !slices.Contains(before, ref) {
			c.conflict(path, "The option %s/%s is retired; a proposal can no longer take it.", ref.Element, ref.Option)
		}
	}
}

// successor checks the proposal into which another went, or which took its place.
func (c *check) successor(path, slug, other string) {
	if slug == other && slug != "" {
		c.bad(path, "A proposal cannot take its own place; name another than %s.", slug)
		return
	}
	c.proposal(path, other)
}

// appendParts adds the parts of a document to the events of one append.
func appendParts(events []Event, parts []DocumentRecorded) []Event {
	for _, p := range parts {
		events = append(events, p)
	}
	return events
}
