package domain

import (
	"fmt"
	"slices"
)

// What is on record already, under the natural keys of imports (RULES, section 10).

// Match says whether what a command would record is on record already.
type Match uint8

// The matches.
const (
	Missing   Match = iota // Nothing is on record under the natural key.
	Same                   // It is, with equal content.
	Different              // It is, with other content.
)

// Recorded says whether what the command would record is on record already, under its natural key. Lists without an order
// (States, submitters, options, names, aliases) are equal in whatever order. Commands that no import has are compared under the
// nearest thing to a key, CorrectPosition never.
func (w *World) Recorded(c Command) Match {
	match, _ := w.Compare(c)
	return match
}

// Compare says the same as Recorded, and where the content is another in which fields it differs.
func (w *World) Compare(c Command) (Match, []Difference) {
	var d differences
	switch c := c.(type) {
	case AdmitState:
		return w.recordedState(c)
	case DefineGroup:
		g := stream[*GroupStream](w, c.Stream()).defined
		if g == nil {
			return Missing, nil
		}
		differ(&d, "kind", g.Kind, c.Kind)
		differSets(&d, "names", g.Names, c.Names)
		return d.match()
	case ChangeGroupMembership:
		return w.recordedMembership(c)
	case DefineSession:
		s := stream[*SessionStream](w, c.Stream()).defined
		if s == nil {
			return Missing, nil
		}
		differ(&d, "name", s.Name, c.Name)
		differ(&d, "forum", s.Forum, c.Forum)
		differ(&d, "startsOn", s.StartsOn, c.StartsOn)
		differ(&d, "endsOn", s.EndsOn, c.EndsOn)
		differ(&d, "decisionRule", s.DecisionRule, c.DecisionRule)
		return d.match()
	case DefineElement:
		e := stream[*ElementStream](w, c.Stream()).defined
		if e == nil {
			return Missing, nil
		}
		differ(&d, "label", e.Label, c.Label)
		differ(&d, "description", e.Description, c.Description)
		return d.match()
	case DefineOption:
		o := stream[*ElementStream](w, c.Stream()).options[c.Key]
		if o == nil {
			return Missing, nil
		}
		differ(&d, "label", o.Label, c.Label)
		differ(&d, "description", o.Description, c.Description)
		return d.match()
	case RetireOption:
		o := stream[*ElementStream](w, c.Stream()).options[c.Key]
		if o == nil || o.retired == nil {
			return Missing, nil
		}
		differ(&d, "reason", o.retired.Reason, c.Reason)
		return d.match()
	case SubmitProposal:
		return stream[*Submission](w, c.Stream()).recordedSubmission(c)
	case ReviseProposal:
		return stream[*Submission](w, c.Stream()).recordedRevision(c)
	case MergeProposal:
		return stream[*Submission](w, c.Stream()).recordedEnd(c.event())
	case SupersedeProposal:
		return stream[*Submission](w, c.Stream()).recordedEnd(c.event())
	case WithdrawProposal:
		return stream[*Submission](w, c.Stream()).recordedEnd(c.event())
	case AdoptProposal:
		return stream[*Submission](w, c.Stream()).recordedEnd(c.event())
	case RecordPosition:
		return stream[*Positions](w, c.Stream()).recordedPosition(c.event())
	case CorrectPosition:
		return Missing, nil // A correction has no key: what it names was recorded before it.
	case WithdrawPosition:
		p := stream[*Positions](w, c.Stream()).byRevision[c.Position]
		if p == nil || p.withdrawn == nil || p.withdrawn.On != c.On {
			return Missing, nil
		}
		d.sources(&p.withdrawn.Source, &c.Source)
		return d.match()
	case RetractPosition:
		p := stream[*Positions](w, c.Stream()).byRevision[c.Position]
		if p == nil || p.retracted == nil {
			return Missing, nil
		}
		differ(&d, "reason", p.retracted.Reason, c.Reason)
		return d.match()
	case RecordEndorsement:
		a := stream[*Endorsements](w, c.Stream()).actByKey[c.event().key()]
		if a == nil {
			return Missing, nil
		}
		d.sources(&a.Source, &c.Source) // All else is the key.
		return d.match()
	case WithdrawEndorsement:
		a := stream[*Endorsements](w, c.Stream()).acts[c.Endorsement]
		if a == nil || a.withdrawn == nil || a.withdrawn.On != c.On {
			return Missing, nil
		}
		d.sources(&a.withdrawn.Source, &c.Source)
		return d.match()
	case RecordVote:
		return w.recordedVote(c.event())
	case DeclareIntendedBallot:
		v := stream[*Endorsements](w, c.Stream()).votes[c.Vote]
		if v == nil || !slices.Contains(v.declared, IntendedBallotDeclared(c)) {
			return Missing, nil // A ballot can be declared again, with another intention.
		}
		return Same, nil
	case CompleteImport:
		// The input is the content: a second run of it records less and skips more, and is still the same import.
		if stream[*ImportStream](w, c.Stream()).completed == nil {
			return Missing, nil
		}
		return Same, nil
	}
	panic(fmt.Sprintf("domain: %T is no command of ours", c))
}

func (w *World) recordedState(c AdmitState) (Match, []Difference) {
	s := stream[*StateStream](w, c.Stream()).admitted
	if s == nil {
		return Missing, nil
	}
	var d differences
	differSets(&d, "names", s.Names, c.Names)
	differ(&d, "regionalGroup", s.RegionalGroup, c.RegionalGroup)
	differ(&d, "observer", s.Observer, c.Observer)
	differ(&d, "admittedOn", s.AdmittedOn, c.AdmittedOn)
	differSets(&d, "aliases", s.Aliases, c.Aliases)
	return d.match()
}

// recordedMembership compares by group, member and from. A span that was recorded without an end and ended later equals the
// membership as it was recorded and as it stands.
func (w *World) recordedMembership(c ChangeGroupMembership) (Match, []Difference) {
	var d differences
	for _, m := range stream[*GroupStream](w, c.Stream()).spans[c.State] {
		switch {
		case c.From == 0 && c.Until != 0: // Ends the open span, whenever that began.
			if m.until == c.Until {
				d.sources(m.left, c.Source)
				return d.match()
			}
		case m.from == c.From && c.Until == 0:
			d.sources(m.joined, c.Source)
			return d.match()
		case m.from == c.From:
			differ(&d, "until", m.until, c.Until)
			d.sources(m.joined, c.Source)
			if len(d) == 0 {
				d.sources(m.left, c.Source)
			}
			return d.match()
		}
	}
	return Missing, nil
}

func (s *Submission) recordedSubmission(c SubmitProposal) (Match, []Difference) {
	p := s.submitted
	if p == nil {
		return Missing, nil
	}
	var d differences
	differ(&d, "title", p.Title, c.Title)
	differ(&d, "summary", p.Summary, c.Summary)
	differSets(&d, "submitters", p.Submitters, c.Submitters)
	differ(&d, "inCapacityOfChair", p.InCapacityOfChair, c.InCapacityOfChair)
	differ(&d, "on", p.On, c.On)
	differSets(&d, "options", p.Options, c.Options)
	d.sources(&p.Source, &c.Source)
	d.documents(ReadDocument(s.versions[0].parts), c.Document)
	return d.match()
}

// recordedRevision compares by proposal, day and document symbol. Several revisions may have one key: one that is equal counts.
func (s *Submission) recordedRevision(c ReviseProposal) (Match, []Difference) {
	var last differences
	found := false
	for _, v := range s.versions {
		document := ReadDocument(v.parts)
		r := v.revised
		if r == nil || r.On != c.On || document.symbol() != c.Document.symbol() {
			continue
		}
		var d differences
		differ(&d, "title", r.Title, c.Title)
		differ(&d, "summary", r.Summary, c.Summary)
		differ(&d, "submitters", r.Submitters.Given, c.Submitters.Given)
		differSets(&d, "submitters", r.Submitters.Value, c.Submitters.Value)
		differ(&d, "inCapacityOfChair", r.InCapacityOfChair, c.InCapacityOfChair)
		differ(&d, "options", r.Options.Given, c.Options.Given)
		differSets(&d, "options", r.Options.Value, c.Options.Value)
		d.sources(&r.Source, &c.Source)
		d.documents(document, c.Document)
		if len(d) == 0 {
			return Same, nil
		}
		found, last = true, d
	}
	if !found {
		return Missing, nil
	}
	return last.match()
}

// symbol gives the symbol of a document of which there may be none.
func (d *Document) symbol() string {
	if d == nil {
		return ""
	}
	return d.Symbol
}

func (s *Submission) recordedEnd(end Event) (Match, []Difference) {
	switch s.end {
	case nil:
		return Missing, nil
	case end:
		return Same, nil
	}
	return Different, differencesOfEnds(s.end, end)
}

// recordedPosition compares by day, actor and target. A position that was corrected equals what was first recorded, what it
// was corrected to, and what stood between. One that was retracted is the same if it is equal, so that a second import does
// not bring back what should never have been recorded; with other content it is as if it were not there.
func (s *Positions) recordedPosition(c PositionStated) (Match, []Difference) {
	var found *PositionStated
	for _, p := range s.inOrder {
		if slices.ContainsFunc(p.versions, func(v PositionStated) bool {
			return v.StatedOn == c.StatedOn && v.Target == c.Target && len(differencesOfPositions(v, c)) == 0
		}) {
			return Same, nil
		}
		if is := p.now(); p.retracted == nil && is.StatedOn == c.StatedOn && is.Target == c.Target {
			found = &is
		}
	}
	if found == nil {
		return Missing, nil
	}
	return Different, differencesOfPositions(*found, c)
}

// recordedVote compares by document symbol and paragraph, under whatever proposal.
func (w *World) recordedVote(e VoteRecorded) (Match, []Difference) {
	v, ok := w.Vote(e.DocumentSymbol, e.Paragraph)
	if !ok {
		return Missing, nil
	}
	var d differences
	differ(&d, "proposal", v.Proposal, e.Proposal)
	differ(&d, "body", v.Body, e.Body)
	differ(&d, "on", v.On, e.On)
	differ(&d, "adopted", v.Adopted, e.Adopted)
	differ(&d, "yes", v.Yes, e.Yes)
	differ(&d, "no", v.No, e.No)
	differ(&d, "abstain", v.Abstain, e.Abstain)
	differ(&d, "absent", v.Absent, e.Absent)
	differ(&d, "complete", v.Complete, e.Complete)
	differSets(&d, "ballots", v.Ballots, e.Ballots)
	d.sources(&v.Source, &e.Source)
	return d.match()
}
