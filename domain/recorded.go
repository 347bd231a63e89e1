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

// matched is Same or Different.
func matched(equal bool) Match {
	if equal {
		return Same
	}
	return Different
}

// Recorded says whether what the command would record is on record already, under its natural key. Lists without an order
// (States, submitters, options, names, aliases) are equal in whatever order. Commands that no import has are compared under the
// nearest thing to a key, CorrectPosition never.
func (w *World) Recorded(c Command) Match {
	switch c := c.(type) {
	case AdmitState:
		return w.recordedState(c)
	case DefineGroup:
		g := stream[*GroupStream](w, c.Stream()).defined
		if g == nil {
			return Missing
		}
		return matched(g.Kind == c.Kind && sameSet(g.Names, c.Names))
	case ChangeGroupMembership:
		return w.recordedMembership(c)
	case DefineSession:
		s := stream[*SessionStream](w, c.Stream()).defined
		if s == nil {
			return Missing
		}
		return matched(*s == c.event())
	case DefineElement:
		e := stream[*ElementStream](w, c.Stream()).defined
		if e == nil {
			return Missing
		}
		return matched(e.Label == c.Label && e.Description == c.Description)
	case DefineOption:
		o := stream[*ElementStream](w, c.Stream()).options[c.Key]
		if o == nil {
			return Missing
		}
		return matched(o.Label == c.Label && o.Description == c.Description)
	case RetireOption:
		o := stream[*ElementStream](w, c.Stream()).options[c.Key]
		if o == nil || o.retired == nil {
			return Missing
		}
		return matched(o.retired.Reason == c.Reason)
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
		return Missing // A correction has no key: what it names was recorded before it.
	case WithdrawPosition:
		p := stream[*Positions](w, c.Stream()).byRevision[c.Position]
		if p == nil || p.withdrawn == nil || p.withdrawn.On != c.On {
			return Missing
		}
		return matched(p.withdrawn.Source == c.Source)
	case RetractPosition:
		p := stream[*Positions](w, c.Stream()).byRevision[c.Position]
		if p == nil || p.retracted == nil {
			return Missing
		}
		return matched(p.retracted.Reason == c.Reason)
	case RecordEndorsement:
		a := stream[*Endorsements](w, c.Stream()).actByKey[c.event().key()]
		if a == nil {
			return Missing
		}
		return matched(a.EndorsementGiven == c.event())
	case WithdrawEndorsement:
		a := stream[*Endorsements](w, c.Stream()).acts[c.Endorsement]
		if a == nil || a.withdrawn == nil || a.withdrawn.On != c.On {
			return Missing
		}
		return matched(a.withdrawn.Source == c.Source)
	case RecordVote:
		return w.recordedVote(c.event())
	case DeclareIntendedBallot:
		v := stream[*Endorsements](w, c.Stream()).votes[c.Vote]
		if v == nil || !slices.Contains(v.declared, IntendedBallotDeclared(c)) {
			return Missing // A ballot can be declared again, with another intention.
		}
		return Same
	case CompleteImport:
		// The input is the content: a second run of it records less and skips more, and is still the same import.
		if stream[*ImportStream](w, c.Stream()).completed == nil {
			return Missing
		}
		return Same
	}
	panic(fmt.Sprintf("domain: %T is no command of ours", c))
}

func (w *World) recordedState(c AdmitState) Match {
	s := stream[*StateStream](w, c.Stream()).admitted
	if s == nil {
		return Missing
	}
	return matched(sameSet(s.Names, c.Names) && s.RegionalGroup == c.RegionalGroup && s.Observer == c.Observer &&
		s.AdmittedOn == c.AdmittedOn && sameSet(s.Aliases, c.Aliases))
}

// recordedMembership compares by group, member and from. A span that was recorded without an end and ended later equals the
// membership as it was recorded and as it stands.
func (w *World) recordedMembership(c ChangeGroupMembership) Match {
	for _, m := range stream[*GroupStream](w, c.Stream()).spans[c.State] {
		switch {
		case c.From == 0 && c.Until != 0: // Ends the open span, whenever that began.
			if m.until == c.Until {
				return matched(sameSource(m.left, c.Source))
			}
		case m.from == c.From && c.Until == 0:
			return matched(sameSource(m.joined, c.Source))
		case m.from == c.From:
			return matched(m.until == c.Until && sameSource(m.joined, c.Source) && sameSource(m.left, c.Source))
		}
	}
	return Missing
}

func (s *Submission) recordedSubmission(c SubmitProposal) Match {
	p := s.submitted
	if p == nil {
		return Missing
	}
	return matched(p.Title == c.Title && p.Summary == c.Summary && sameSet(p.Submitters, c.Submitters) &&
		p.InCapacityOfChair == c.InCapacityOfChair && p.On == c.On && sameSet(p.Options, c.Options) && p.Source == c.Source &&
		sameDocument(ReadDocument(s.versions[0].parts), c.Document))
}

// recordedRevision compares by proposal, day and document symbol. Several revisions may have one key: one that is equal counts.
func (s *Submission) recordedRevision(c ReviseProposal) Match {
	match := Missing
	for _, v := range s.versions {
		document := ReadDocument(v.parts)
		if r := v.revised; r != nil && r.On == c.On && document.symbol() == c.Document.symbol() {
			if r.Title == c.Title && r.Summary == c.Summary &&
				r.Submitters.Given == c.Submitters.Given && sameSet(r.Submitters.Value, c.Submitters.Value) &&
				r.InCapacityOfChair == c.InCapacityOfChair &&
				r.Options.Given == c.Options.Given && sameSet(r.Options.Value, c.Options.Value) &&
				r.Source == c.Source && sameDocument(document, c.Document) {
				return Same
			}
			match = Different
		}
	}
	return match
}

// symbol gives the symbol of a document of which there may be none.
func (d *Document) symbol() string {
	if d == nil {
		return ""
	}
	return d.Symbol
}

func (s *Submission) recordedEnd(end Event) Match {
	if s.end == nil {
		return Missing
	}
	return matched(s.end == end)
}

// recordedPosition compares by day, actor and target. A position that was corrected equals what was first recorded, what it
// was corrected to, and what stood between. One that was retracted is the same if it is equal, so that a second import does
// not bring back what should never have been recorded; with other content it is as if it were not there.
func (s *Positions) recordedPosition(c PositionStated) Match {
	match := Missing
	for _, p := range s.inOrder {
		if slices.ContainsFunc(p.versions, func(v PositionStated) bool { return samePosition(v, c) }) {
			return Same
		}
		if is := p.now(); p.retracted == nil && is.StatedOn == c.StatedOn && is.Target == c.Target {
			match = Different
		}
	}
	return match
}

func samePosition(a, b PositionStated) bool {
	return a.Actor == b.Actor && sameSet(a.AlignedWith, b.AlignedWith) && sameSet(a.Dissociated, b.Dissociated) && a.Target == b.Target &&
		a.Stance == b.Stance && a.Form == b.Form && sameAct(a.Explains, b.Explains) && a.StatedOn == b.StatedOn && a.Session == b.Session &&
		a.Summary == b.Summary && slices.Equal(a.Points, b.Points) && a.Source == b.Source
}

// recordedVote compares by document symbol and paragraph, under whatever proposal.
func (w *World) recordedVote(e VoteRecorded) Match {
	proposal, ok := w.votes[e.key()]
	if !ok {
		return Missing
	}
	v := stream[*Endorsements](w, endorsementStream(proposal)).voteByKey[e.key()].VoteRecorded
	return matched(v.Proposal == e.Proposal && v.Body == e.Body && v.On == e.On && v.Adopted == e.Adopted &&
		v.Yes == e.Yes && v.No == e.No && v.Abstain == e.Abstain && v.Absent == e.Absent && v.Complete == e.Complete &&
		sameSet(v.Ballots, e.Ballots) && v.Source == e.Source)
}
