package domain

import (
	"cmp"
	"fmt"
	"slices"
)

// Recorded votes and intended ballots, of the streams endorsement-<proposal>.

// vote is a recorded vote with what was later declared to have been meant.
type vote struct {
	VoteRecorded
	revision int64
	ballots  map[string]Ballot        // As cast, by State's code.
	declared []IntendedBallotDeclared // In the order of recording.
}

// voteKey is what makes two votes the same (RULES, section 2).
type voteKey struct{ symbol, paragraph string }

func (e VoteRecorded) key() voteKey { return voteKey{symbol: e.DocumentSymbol, paragraph: e.Paragraph} }

func newVote(e VoteRecorded, revision int64) *vote {
	v := &vote{VoteRecorded: e, revision: revision, ballots: map[string]Ballot{}}
	for _, b := range e.Ballots {
		v.ballots[b.State] = b.Ballot
	}
	return v
}

// meant gives what a State had meant to cast, as declared on a day or before (the latest declaration, by day, then
// recording); without a declaration, what it cast.
func (v *vote) meant(state string, on Date) (intended Ballot, declaredOn Date) {
	intended = v.ballots[state]
	for _, d := range v.declared {
		if d.State == state && d.On <= on && d.On >= declaredOn {
			intended, declaredOn = d.Intended, d.On
		}
	}
	return intended, declaredOn
}

func (s *Endorsements) recordVote(c RecordVote, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.proposal("proposal", c.Proposal)
	k.symbol("documentSymbol", "document symbol", c.DocumentSymbol, required)
	k.text("paragraph", "paragraph", c.Paragraph, symbolLimit, exact)
	k.text("body", "body that voted", c.Body, nameLimit, required)
	k.day("on", "day of the vote", c.On, true)

	cast := [Absent + 1]int{}
	seen := map[string]bool{}
	for i, b := range c.Ballots {
		path := fmt.Sprintf("ballots.%d", i)
		if k.state(path+".state", b.State) && seen[b.State] { // Each State at most once.
			k.bad(path+".state", "%s has more than one ballot; a State casts one.", b.State)
		}
		seen[b.State] = true
		if k.word(path+".ballot", "ballot", int(b.Ballot), ballotNames, true) {
			cast[b.Ballot]++
		}
	}
	for _, t := range []struct {
		path   string
		ballot Ballot
		total  int
	}{{"yes", Yes, c.Yes}, {"no", No, c.No}, {"abstain", Abstain, c.Abstain}, {"absent", Absent, c.Absent}} {
		// The ballots of a kind are no more than its official total, and as many where all are known.
		switch n := cast[t.ballot]; {
		case t.total < 0:
			k.bad(t.path, "A total of %d is not possible; it is 0 or more.", t.total)
		case n > t.total:
			k.bad(t.path, "The total of %s is %d, but the number of such ballots given is %d; correct one of the two.", t.ballot, t.total, n)
		case c.Complete && n < t.total:
			k.bad(t.path, "The total of %s is %d, but the number of such ballots given is %d; give all, or say that the vote is not complete.", t.ballot, t.total, n)
		}
	}
	k.source("source", c.Source)

	// The same vote twice (RULES, section 2): the key does not name the proposal. What this stream has is certain, what another
	// has is a fact.
	recorded := c.event()
	if s.voteByKey[recorded.key()] != nil {
		k.conflict("documentSymbol", "The vote on %s is on record already.", recorded.key())
	} else if other, ok := facts.Vote(c.DocumentSymbol, c.Paragraph); ok && other != c.Proposal {
		k.conflict("documentSymbol", "The vote on %s is on record already, under the proposal %s.", recorded.key(), other)
	}
	return k.yield(recorded)
}

// String tells on what was voted.
func (v voteKey) String() string {
	if v.paragraph == "" {
		return v.symbol
	}
	return fmt.Sprintf("paragraph %s of %s", v.paragraph, v.symbol)
}

// event gives what the command records, with the ballots by State's code.
func (c RecordVote) event() VoteRecorded {
	ballots := append([]CastBallot{}, c.Ballots...)
	slices.SortStableFunc(ballots, func(a, b CastBallot) int { return cmp.Compare(a.State, b.State) })
	return VoteRecorded{Proposal: c.Proposal, DocumentSymbol: c.DocumentSymbol, Paragraph: c.Paragraph, Body: c.Body, On: c.On,
		Adopted: c.Adopted, Yes: c.Yes, No: c.No, Abstain: c.Abstain, Absent: c.Absent, Complete: c.Complete, Ballots: ballots, Source: c.Source}
}

// declare decides an intended ballot (RULES, section 2). A ballot can be declared again, with another intention.
func (s *Endorsements) declare(c DeclareIntendedBallot, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	intends := k.word("intended", "ballot", int(c.Intended), ballotNames, true)
	day := k.day("on", "day of the declaration", c.On, true)
	v := s.votes[c.Vote]
	switch {
	case v == nil:
		k.missing("vote", "There is no such vote on %s.", quoted(c.Proposal))
	case !k.state("state", c.State):
	case v.ballots[c.State] == 0:
		k.missing("state", "No ballot of %s is on record in the vote on %s; only a State with a ballot declares what it had meant.", c.State, v.key())
	case day && c.On < v.On: // Order of days.
		k.bad("on", "The declaration on %s is before the vote, which was on %s; it is that day or later.", c.On, v.On)
	case day && intends:
		// The same declaration again is CONFLICT. So is one that says what was cast where none was made before: it would change nothing.
		if meant, declaredOn := v.meant(c.State, c.On); meant == c.Intended && declaredOn != 0 {
			k.conflict("intended", "%s declared already, on %s, that it had meant %s.", c.State, declaredOn, meant)
		} else if meant == c.Intended {
			k.conflict("intended", "%s cast %s; that it had meant the same changes nothing.", c.State, meant)
		}
	}
	k.source("source", c.Source)
	return k.yield(IntendedBallotDeclared(c))
}
