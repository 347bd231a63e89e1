package oracle_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
)

// The world of the cases. Five Member States, one a regional group:
//
//	AAA WEOG, BBB AFRICAN, CCC ASIA_PACIFIC, DDD EASTERN_EUROPEAN, EEE GRULAC, admitted long ago; the observer OBS.
//
// The standing group G has always had AAA as member, and BBB on days 3 and 4 (from 3, until 5); the standing group H has always
// had AAA; the ad hoc group J has AAA. One option, o. One proposal, p, submitted by EEE as chair on day 1.
// Events of a case are numbered from 1, after those of the world.
var world = []domain.Event{
	admitted("AAA", domain.WEOG), admitted("BBB", domain.African), admitted("CCC", domain.AsiaPacific),
	admitted("DDD", domain.EasternEuropean), admitted("EEE", domain.GRULAC),
	domain.StateAdmitted{State: "OBS", Observer: true},
	domain.GroupDefined{Group: "G", Kind: domain.Standing}, domain.GroupDefined{Group: "H", Kind: domain.Standing}, domain.GroupDefined{Group: "J", Kind: domain.AdHoc},
	domain.MemberJoined{Group: "G", State: "AAA"},
	domain.MemberJoined{Group: "G", State: "BBB", From: 1003}, domain.MemberLeft{Group: "G", State: "BBB", From: 1003, Until: 1005},
	domain.MemberJoined{Group: "H", State: "AAA"}, domain.MemberJoined{Group: "J", State: "AAA"},
	domain.ElementDefined{Element: "e"}, domain.OptionDefined{Element: "e", Option: "o"},
	domain.ProposalSubmitted{Proposal: "p", Title: "p", Submitters: []string{"EEE"}, InCapacityOfChair: true, On: 1001},
}

var p, o, b = domain.OnProposal("p"), domain.OnOption("e", "o"), domain.OnOption("e", "b")

const (
	yes         = domain.Support
	reserved    = domain.SupportWithReservations
	neutral     = domain.Neutral
	concerned   = domain.Concerned
	no          = domain.Oppose
	none        = domain.Stance(0)
	day0        = domain.Date(1000) // Day n is day0 + n.
	longAgo     = domain.Date(10)
	dissociated = domain.Dissociated
)

func admitted(code string, g domain.RegionalGroup) domain.StateAdmitted {
	return domain.StateAdmitted{State: code, RegionalGroup: g, AdmittedOn: longAgo}
}

func says(actor string, t domain.Target, s domain.Stance, day domain.Date) domain.PositionStated {
	return domain.PositionStated{Actor: actor, Target: t, Stance: s, StatedOn: day0 + day}
}

// joint is a group's statement with those who align, and those who set themselves apart ("-AAA").
func joint(group string, s domain.Stance, day domain.Date, signers ...string) domain.PositionStated {
	e := says(group, p, s, day)
	for _, code := range signers {
		if apart, ok := strings.CutPrefix(code, "-"); ok {
			e.Dissociated = append(e.Dissociated, apart)
		} else {
			e.AlignedWith = append(e.AlignedWith, code)
		}
	}
	return e
}

func explaining(e domain.PositionStated, revision int64) domain.PositionStated {
	e.Explains = &domain.ActRef{Proposal: "p", Revision: revision}
	return e
}

func points(e domain.PositionStated, kinds ...domain.PointKind) domain.PositionStated {
	for _, k := range kinds {
		e.Points = append(e.Points, domain.Point{Kind: k})
	}
	return e
}

func takesBack(actor string, revision int64, day domain.Date) domain.Event {
	return domain.PositionWithdrawn{Actor: actor, Position: revision, On: day0 + day}
}

func retract(actor string, revision int64) domain.Event {
	return domain.PositionRetracted{Actor: actor, Position: revision}
}

func correct(actor string, revision int64, c domain.PositionChanges) domain.Event {
	return domain.PositionCorrected{Actor: actor, Position: revision, Changes: c}
}

func acts(actor string, k domain.EndorsementKind, day domain.Date) domain.EndorsementGiven {
	return domain.EndorsementGiven{Proposal: "p", Actor: actor, Kind: k, On: day0 + day}
}

func onParagraph(e domain.EndorsementGiven) domain.Event {
	e.Paragraph = "OP6"
	return e
}

func actWithdrawn(revision int64, day domain.Date) domain.Event {
	return domain.EndorsementWithdrawn{Proposal: "p", Endorsement: revision, On: day0 + day}
}

// vote is a vote with ballots such as "AAA+" (yes), "BBB-" (no), "CCC=" (abstain), "DDD." (absent).
func vote(day domain.Date, paragraph string, ballots ...string) domain.VoteRecorded {
	v := domain.VoteRecorded{Proposal: "p", DocumentSymbol: "A/1", Paragraph: paragraph, On: day0 + day}
	for _, b := range ballots {
		v.Ballots = append(v.Ballots, domain.CastBallot{State: b[:3], Ballot: domain.Ballot(1 + strings.Index("+-=.", b[3:]))})
	}
	return v
}

func intends(revision int64, state string, b domain.Ballot, day domain.Date) domain.Event {
	return domain.IntendedBallotDeclared{Proposal: "p", Vote: revision, State: state, Intended: b, On: day0 + day}
}

func revised(day domain.Date, submitters ...string) domain.ProposalRevised {
	e := domain.ProposalRevised{Proposal: "p", On: day0 + day, InCapacityOfChair: true}
	if submitters != nil {
		e.Submitters, e.InCapacityOfChair = domain.To(submitters), false
	}
	return e
}

func submitted(slug string, day domain.Date, submitters ...string) domain.ProposalSubmitted {
	return domain.ProposalSubmitted{Proposal: slug, Title: slug, Submitters: submitters, On: day0 + day}
}

// record numbers the events of the world and of a case.
func record(events []domain.Event) []oracle.Event {
	revisions := map[string]int64{}
	var h []oracle.Event
	for i, e := range slices.Concat(world, events) {
		h = append(h, oracle.Event{At: uint64(i + 1), RecordedAt: time.Unix(int64(i), 0), Revision: revisions[e.Stream()], Event: e})
		revisions[e.Stream()]++
	}
	return h
}

// A question is asked at the end of the record, or earlier, and gives its answer in words.
type question func(*oracle.Oracle, oracle.Moment) string

func at(n uint64) string { return fmt.Sprint(int64(n) - int64(len(world))) }

// standing answers "STANCE BASIS evidence…", with < where it is on an earlier version.
func standing(state string, t domain.Target) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		s := q.Standing(m, state, t)
		words := []string{s.Stance.String(), string(s.Basis)}
		if s.Stance == 0 {
			words[0] = "-"
		}
		if s.OnEarlierVersion {
			words[1] += "<"
		}
		for _, e := range s.Evidence {
			words = append(words, string(e.Kind)[:1]+at(e.At)+e.State)
		}
		return strings.Join(words, " ")
	}
}

func targets(q *oracle.Oracle, m oracle.Moment) string {
	var keys []string
	for _, t := range q.Targets(m) {
		keys = append(keys, t.Key())
	}
	return strings.Join(keys, " ")
}

func memberStates(q *oracle.Oracle, m oracle.Moment) string {
	return strings.Join(q.MemberStates(m), " ")
}

func members(group string) question {
	return func(q *oracle.Oracle, m oracle.Moment) string { return strings.Join(q.Members(m, group), " ") }
}

func status(slug string) question {
	return func(q *oracle.Oracle, m oracle.Moment) string { return string(q.Status(m, slug)) }
}

func submitters(q *oracle.Oracle, m oracle.Moment) string {
	return strings.Join(q.Submitters(m, "p"), " ")
}

func options(q *oracle.Oracle, m oracle.Moment) string { return fmt.Sprint(q.Options(m, "p")) }

// positions answers the list, each with the day on which it ended.
func positions(f oracle.PositionFilter) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		var words []string
		for _, r := range q.Positions(m, f) {
			word := at(r.At)
			if r.EndedOn != 0 {
				word += fmt.Sprintf("†%d", r.EndedOn-day0)
			}
			words = append(words, word)
		}
		return strings.Join(words, " ")
	}
}

func endorsements(f oracle.EndorsementFilter) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		var words []string
		for _, r := range q.Endorsements(m, f) {
			word := at(r.At) + r.Actor + ":" + r.Kind.String()
			if r.WithdrawnOn != 0 {
				word += fmt.Sprintf("†%d", r.WithdrawnOn-day0)
			}
			words = append(words, word)
		}
		return strings.Join(words, " ")
	}
}

func openPoints(kinds ...domain.PointKind) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		var words []string
		for _, r := range q.OpenPoints(m, p, kinds) {
			words = append(words, fmt.Sprintf("%s.%d", at(r.At), r.Index))
		}
		return strings.Join(words, " ")
	}
}

func consensus(t domain.Target) question {
	return func(q *oracle.Oracle, m oracle.Moment) string { return string(q.Convergence(m, t).Consensus) }
}

func tally(c oracle.Tally) string {
	return strings.Trim(fmt.Sprint(c.Counts), "[]") + " " + fmt.Sprint(c.Undeclared)
}

// figures answers tally | own tally | declared support supportAtLeast supportAtMost agreement crossRegional | objectors |
// undeclared | how many on an earlier version.
func figures(q *oracle.Oracle, m oracle.Moment) string {
	c := q.Convergence(m, p)
	var rats []string
	for _, r := range []*big.Rat{c.Declared, c.Support, c.SupportAtLeast, c.SupportAtMost, c.Agreement, c.CrossRegional} {
		if r == nil {
			rats = append(rats, "null")
		} else {
			rats = append(rats, r.RatString())
		}
	}
	return strings.Join([]string{
		tally(c.Tally), tally(c.OwnTally), strings.Join(rats, " "), strings.Join(c.Objectors, " "), strings.Join(c.Undeclared, " "), fmt.Sprint(c.OnEarlierVersion),
	}, " | ")
}

func matrix(states ...string) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		var rows []string
		for _, s := range states {
			rows = append(rows, q.MatrixRow(m, s, q.Targets(m)))
		}
		return strings.Join(rows, " ")
	}
}

func timeline(from, to domain.Date) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		if from != 0 {
			from += day0
		}
		if to != 0 {
			to += day0
		}
		var words []string
		for _, point := range q.Timeline(m, p, from, to) {
			words = append(words, fmt.Sprintf("%d:%s/%d", point.On-day0, point.Consensus, point.Tally.Undeclared))
		}
		return strings.Join(words, " ")
	}
}

func order(q *oracle.Oracle, m oracle.Moment) string {
	var keys []string
	targets := q.Targets(m)
	slices.Reverse(targets) // Whatever the order asked for.
	for _, t := range q.Order(m, targets) {
		keys = append(keys, t.Key())
	}
	return strings.Join(keys, " ")
}

func commonGround(minSupport, minDeclared, minBreadth float64) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		var keys []string
		for _, t := range q.CommonGround(m, minSupport, minDeclared, minBreadth) {
			keys = append(keys, t.Key())
		}
		return strings.Join(keys, " ")
	}
}

func affinity(a, b string) question {
	return func(q *oracle.Oracle, m oracle.Moment) string {
		similarity, shared := q.Affinity(m, a, b)
		if similarity == nil {
			return fmt.Sprint("null ", shared)
		}
		return fmt.Sprint(similarity.RatString(), " ", shared)
	}
}

type events = []domain.Event

func TestHandWorked(t *testing.T) {
	adopted := domain.ProposalAdopted{Proposal: "p", By: "GA", WithoutVote: true, On: day0 + 4}
	byVote := adopted
	byVote.WithoutVote = false
	withdrawn := domain.ProposalWithdrawn{Proposal: "p", On: day0 + 4}
	late := admitted("NEW", domain.African)
	late.AdmittedOn = day0 + 3
	secondOption := domain.OptionDefined{Element: "e", Option: "b"}
	allSupport := events{says("AAA", p, yes, 1), says("BBB", p, yes, 1), says("CCC", p, yes, 1), says("DDD", p, yes, 1), says("EEE", p, reserved, 1)}
	bySymbol := acts("AAA", domain.Sponsor, 1)
	bySymbol.DocumentSymbol = "A/2"

	for _, c := range []struct {
		rule   string
		events events
		on     domain.Date // Day n; 0: no limit.
		ask    question
		want   string
	}{
		// 1. Moments, targets, memberships.
		{"a fact counts from its own day on", events{says("AAA", p, yes, 3)}, 2, standing("AAA", p), "- NONE"},
		{"a fact counts on its own day", events{says("AAA", p, yes, 3)}, 3, standing("AAA", p), "SUPPORT OWN_STATEMENT P1"},
		{"an option exists for every D", nil, -5, targets, "option:e/o"},
		{"a proposal exists from the day of its first submission on", nil, 1, targets, "option:e/o proposal:p"},
		{"retiring an option keeps it in lists", events{domain.OptionRetired{Element: "e", Option: "o"}}, 0, targets, "option:e/o proposal:p"},
		{"keys compare bytewise: - before /, / before 0", events{domain.OptionDefined{Element: "e-1", Option: "o"}, domain.OptionDefined{Element: "e0", Option: "o"}}, -5, targets, "option:e-1/o option:e/o option:e0/o"},
		// q is submitted on day 5; what AAA said of it on day 2 decides nothing on day 4 and keeps its day on day 5.
		{"a position before the first submission decides nothing before it", events{submitted("q", 5, "CCC"), says("AAA", domain.OnProposal("q"), no, 2)}, 4, standing("AAA", domain.OnProposal("q")), "- NONE"},
		{"a position before the first submission is in no list before it", events{submitted("q", 5, "CCC"), says("AAA", domain.OnProposal("q"), no, 2)}, 4, positions(oracle.PositionFilter{}), ""},
		{"a position before the first submission keeps its day", events{submitted("q", 5, "CCC"), says("AAA", domain.OnProposal("q"), no, 2), says("AAA", p, no, 3)}, 5, positions(oracle.PositionFilter{}), "3 2"},
		{"observers are not counted", nil, 0, memberStates, "AAA BBB CCC DDD EEE"},
		{"a State is counted from its admission on", events{late}, 2, memberStates, "AAA BBB CCC DDD EEE"},
		{"a State is counted on the day of its admission", events{late}, 3, memberStates, "AAA BBB CCC DDD EEE NEW"},
		{"a State not yet admitted has a standing all the same", events{late, says("NEW", p, no, 1)}, 2, standing("NEW", p), "OPPOSE OWN_STATEMENT P2"},
		{"a member from its first day", nil, 3, members("G"), "AAA BBB"},
		{"a member to the day before until", nil, 4, members("G"), "AAA BBB"},
		{"no member on the day of until", nil, 5, members("G"), "AAA"},
		{"without D the members are those whose span has no end", nil, 0, members("G"), "AAA"},
		{"an ad hoc group has members too", nil, 0, members("J"), "AAA"},

		// 1. Proposals.
		{"the status is what happened last by day", events{revised(5), adopted}, 0, status("p"), "REVISED"},
		{"the status of a day", events{revised(5), adopted}, 4, status("p"), "ADOPTED"},
		{"the status before all that", events{revised(5), adopted}, 3, status("p"), "SUBMITTED"},
		{"on one day the status is what was recorded last", events{revised(4), adopted}, 4, status("p"), "ADOPTED"},
		{"a revision without submitters has those before, by day", events{revised(5), revised(3, "CCC", "AAA")}, 5, submitters, "AAA CCC"},
		{"submitters of a day", events{revised(5, "DDD"), revised(3, "CCC", "AAA")}, 4, submitters, "AAA CCC"},
		{"a revision without options keeps those before, by day", events{revised(5), domain.ProposalRevised{Proposal: "p", On: day0 + 3, Options: domain.To([]domain.OptionRef{o.Option})}}, 0, options, "[{e o}]"},
		{"a revision can clear the options", events{domain.ProposalRevised{Proposal: "p", On: day0 + 3, Options: domain.To([]domain.OptionRef{o.Option})}, domain.ProposalRevised{Proposal: "p", On: day0 + 4, Options: domain.To([]domain.OptionRef(nil))}}, 0, options, "[]"},

		// 2. What is in force.
		{"a correction holds for every D", events{says("AAA", p, yes, 1), correct("AAA", 0, domain.PositionChanges{Stance: domain.To(no)})}, 1, standing("AAA", p), "OPPOSE OWN_STATEMENT P1"},
		{"null clears the stance", events{says("AAA", p, yes, 1), correct("AAA", 0, domain.PositionChanges{Stance: domain.To(none)})}, 0, standing("AAA", p), "- NONE"},
		{"a corrected day counts", events{says("AAA", p, yes, 1), says("AAA", p, no, 2), correct("AAA", 0, domain.PositionChanges{StatedOn: domain.To(day0 + 3)})}, 0, standing("AAA", p), "SUPPORT OWN_STATEMENT P1 P2"},
		{"a correction keeps the place in the order of recording", events{says("AAA", p, yes, 2), says("AAA", p, no, 2), correct("AAA", 0, domain.PositionChanges{Stance: domain.To(neutral)})}, 0, standing("AAA", p), "OPPOSE OWN_STATEMENT P2 P1"},
		{"a correction clears what a position explains", events{acts("AAA", dissociated, 5), explaining(says("AAA", p, yes, 1), 0), says("AAA", p, no, 2), correct("AAA", 0, domain.PositionChanges{Explains: domain.To(domain.ActRef{})})}, 0, standing("AAA", p), "CONCERNED OWN_ACT E1 P3 P2"},
		{"a retraction holds for every D", events{says("AAA", p, yes, 1), retract("AAA", 0)}, 1, standing("AAA", p), "- NONE"},
		{"a retracted position is in no list", events{says("AAA", p, yes, 1), retract("AAA", 0)}, 0, positions(oracle.PositionFilter{}), ""},
		{"a withdrawal removes from its day on", events{says("AAA", p, yes, 1), takesBack("AAA", 0, 3)}, 3, standing("AAA", p), "- NONE"},
		{"before its withdrawal a position did hold", events{says("AAA", p, yes, 1), takesBack("AAA", 0, 3)}, 2, standing("AAA", p), "SUPPORT OWN_STATEMENT P1"},
		{"what a withdrawn position had replaced is in force again", events{says("AAA", p, yes, 1), says("AAA", p, no, 2), takesBack("AAA", 1, 3)}, 0, standing("AAA", p), "SUPPORT OWN_STATEMENT P1"},
		{"a withdrawal removes an act from its day on", events{acts("AAA", domain.Sponsor, 1), actWithdrawn(0, 3)}, 3, standing("AAA", p), "- NONE"},
		{"before its withdrawal an act did hold", events{acts("AAA", domain.Sponsor, 1), actWithdrawn(0, 3)}, 2, standing("AAA", p), "SUPPORT OWN_ACT E1"},
		{"a withdrawn proposal supports nothing any more", events{revised(2, "CCC"), withdrawn}, 4, standing("CCC", p), "- NONE"},
		{"before its withdrawal a proposal was supported by its submitters", events{revised(2, "CCC"), withdrawn}, 3, standing("CCC", p), "SUPPORT OWN_ACT S1"},
		{"what others said and did of a withdrawn proposal stays", events{acts("AAA", domain.Cosponsor, 1), withdrawn}, 0, standing("AAA", p), "SUPPORT OWN_ACT E1"},
		{"what a submitter itself said of a withdrawn proposal stays", events{revised(2, "CCC"), withdrawn, says("CCC", p, yes, 3)}, 0, standing("CCC", p), "SUPPORT OWN_STATEMENT P3"},
		{"an intended ballot counts from its day on", events{vote(1, "", "AAA-"), intends(0, "AAA", domain.Yes, 3)}, 3, standing("AAA", p), "SUPPORT OWN_ACT E1AAA"},
		{"before that day the ballot counts as cast", events{vote(1, "", "AAA-"), intends(0, "AAA", domain.Yes, 3)}, 2, standing("AAA", p), "OPPOSE OWN_ACT E1AAA"},
		{"the latest intention is the latest by day", events{vote(1, "", "AAA-"), intends(0, "AAA", domain.Yes, 3), intends(0, "AAA", domain.Abstain, 2)}, 0, standing("AAA", p), "SUPPORT OWN_ACT E1AAA"},
		{"on one day the intention recorded later counts", events{vote(1, "", "AAA-"), intends(0, "AAA", domain.Yes, 3), intends(0, "AAA", domain.Abstain, 3)}, 0, standing("AAA", p), "NEUTRAL OWN_ACT E1AAA"},
		{"the act keeps the day of the vote", events{vote(1, "", "AAA-"), says("AAA", p, concerned, 2), intends(0, "AAA", domain.Yes, 3)}, 0, standing("AAA", p), "CONCERNED OWN_STATEMENT P2 E1AAA"},
		{"an intention changes one State's ballot", events{vote(1, "", "AAA-", "BBB-"), intends(0, "AAA", domain.Yes, 3)}, 0, standing("BBB", p), "OPPOSE OWN_ACT E1BBB"},
		{"lists show newest day first, then what was recorded later", events{says("AAA", p, yes, 2), says("BBB", p, yes, 3), says("CCC", p, yes, 2)}, 0, positions(oracle.PositionFilter{}), "2 3 1"},
		{"lists go by the position's own day", events{acts("AAA", dissociated, 5), explaining(says("AAA", p, yes, 1), 0), says("BBB", p, no, 2)}, 0, positions(oracle.PositionFilter{}), "3 2"},
		{"lists show the replaced and the withdrawn", events{says("AAA", p, yes, 1), says("AAA", p, none, 2), takesBack("AAA", 0, 3)}, 0, positions(oracle.PositionFilter{}), "2 1†2"},
		{"endedOn as of the moment", events{says("AAA", p, yes, 1), says("AAA", p, no, 3)}, 2, positions(oracle.PositionFilter{}), "1"},
		{"a withdrawn replacement ends nothing", events{says("AAA", p, yes, 1), says("AAA", p, no, 2), takesBack("AAA", 1, 3)}, 0, positions(oracle.PositionFilter{}), "2†3 1"},
		{"another target replaces nothing", events{says("AAA", p, yes, 1), says("AAA", o, no, 2)}, 0, positions(oracle.PositionFilter{}), "2 1"},
		{"filters look at the position as corrected", events{says("AAA", p, yes, 1), says("BBB", p, yes, 1), correct("AAA", 0, domain.PositionChanges{Stance: domain.To(no)})}, 0, positions(oracle.PositionFilter{Stances: []domain.Stance{no}}), "1"},
		{"filter by regional group finds no groups and no observers", events{says("AAA", p, yes, 1), says("G", p, yes, 1), says("OBS", p, yes, 1)}, 0, positions(oracle.PositionFilter{RegionalGroup: domain.WEOG}), "1"},
		{"filter by element", events{says("AAA", p, yes, 1), says("AAA", o, yes, 1)}, 0, positions(oracle.PositionFilter{Element: "e"}), "2"},
		{"ballots of one vote by code, after what was recorded later", events{vote(2, "", "AAA+", "CCC-"), acts("BBB", domain.Sponsor, 2), acts("BBB", domain.Sponsor, 3), actWithdrawn(1, 4)}, 0, endorsements(oracle.EndorsementFilter{}), "3BBB:SPONSOR 2BBB:SPONSOR†4 1AAA:VOTE_YES 1CCC:VOTE_NO"},
		{"acts of an earlier day come after, whatever was recorded later; ballots by code", events{vote(3, "", "CCC-", "AAA+"), acts("BBB", domain.Sponsor, 2)}, 0, endorsements(oracle.EndorsementFilter{}), "1AAA:VOTE_YES 1CCC:VOTE_NO 2BBB:SPONSOR"},
		{"kinds as meant at the moment", events{vote(1, "", "AAA-"), intends(0, "AAA", domain.Yes, 3)}, 0, endorsements(oracle.EndorsementFilter{Kinds: []domain.EndorsementKind{domain.VoteYes}}), "1AAA:VOTE_YES"},
		{"filter by symbol", events{acts("BBB", domain.Sponsor, 1), bySymbol}, 0, endorsements(oracle.EndorsementFilter{DocumentSymbol: "A/2"}), "2AAA:SPONSOR"},

		// 3. What declares a stance.
		{"a position without a stance declares nothing", events{says("AAA", p, yes, 1), says("AAA", p, none, 2)}, 0, standing("AAA", p), "SUPPORT OWN_STATEMENT P1"},
		{"a submission as chair declares nothing", nil, 0, standing("EEE", p), "- NONE"},
		{"each submitter supports", events{revised(2, "AAA", "CCC")}, 0, standing("CCC", p), "SUPPORT OWN_ACT S1"},
		{"co-sponsors and joint statements support", events{acts("AAA", domain.Cosponsor, 1), acts("AAA", domain.JointStatement, 1)}, 0, standing("AAA", p), "SUPPORT OWN_ACT E2 E1"},
		{"an abstention is neutral", events{vote(1, "", "AAA=")}, 0, standing("AAA", p), "NEUTRAL OWN_ACT E1AAA"},
		{"absence declares nothing", events{vote(1, "", "AAA.")}, 0, standing("AAA", p), "- NONE"},
		{"joining consensus declares nothing", events{acts("AAA", domain.JoinedConsensus, 1)}, 0, standing("AAA", p), "- NONE"},
		{"dissociation is concern", events{acts("AAA", dissociated, 1)}, 0, standing("AAA", p), "CONCERNED OWN_ACT E1"},
		{"an act on a paragraph declares nothing", events{onParagraph(acts("AAA", dissociated, 1)), vote(1, "OP6", "AAA-")}, 0, standing("AAA", p), "- NONE"},
		{"an act on a paragraph is listed", events{onParagraph(acts("AAA", dissociated, 1))}, 0, endorsements(oracle.EndorsementFilter{}), "1AAA:DISSOCIATED"},
		{"supporting a proposal says nothing on its options", events{domain.ProposalRevised{Proposal: "p", On: day0 + 2, Submitters: domain.To([]string{"AAA"}), Options: domain.To([]domain.OptionRef{o.Option})}}, 0, standing("AAA", o), "- NONE"},

		// 4.1 Own evidence.
		{"the latest day decides", events{says("AAA", p, no, 3), acts("AAA", domain.Sponsor, 2)}, 0, standing("AAA", p), "OPPOSE OWN_STATEMENT P1 E2"},
		{"a later act decides over a statement", events{says("AAA", p, no, 2), acts("AAA", domain.Sponsor, 3)}, 0, standing("AAA", p), "SUPPORT OWN_ACT E2 P1"},
		{"on the same day a statement decides over an act", events{says("AAA", p, no, 2), acts("AAA", domain.Sponsor, 2)}, 0, standing("AAA", p), "OPPOSE OWN_STATEMENT P1 E2"},
		{"on the same day the statement recorded later decides", events{says("AAA", p, no, 2), says("AAA", p, yes, 2)}, 0, standing("AAA", p), "SUPPORT OWN_STATEMENT P2 P1"},
		{"on the same day the act recorded later decides", events{acts("AAA", dissociated, 2), acts("AAA", domain.Sponsor, 2)}, 0, standing("AAA", p), "SUPPORT OWN_ACT E2 E1"},
		{"a submission too has its place in the order of recording", events{acts("AAA", dissociated, 2), revised(2, "AAA")}, 0, standing("AAA", p), "SUPPORT OWN_ACT S2 E1"},
		{"an explanation counts with the day of the act", events{acts("AAA", domain.Sponsor, 5), explaining(says("AAA", p, reserved, 2), 0)}, 0, standing("AAA", p), "SUPPORT_WITH_RESERVATIONS OWN_STATEMENT P2 E1"},
		{"before the act's day it counts with its own", events{acts("AAA", domain.Sponsor, 5), explaining(says("AAA", p, reserved, 2), 0), says("AAA", p, no, 3)}, 4, standing("AAA", p), "OPPOSE OWN_STATEMENT P3 P2"},
		{"an explanation after the act keeps its own day", events{acts("AAA", domain.Sponsor, 2), explaining(says("AAA", p, reserved, 4), 0), says("AAA", p, no, 3)}, 0, standing("AAA", p), "SUPPORT_WITH_RESERVATIONS OWN_STATEMENT P2 P3 E1"},
		{"whether or not the act is still in force", events{acts("AAA", domain.Sponsor, 5), explaining(says("AAA", p, reserved, 2), 0), says("AAA", p, no, 4), actWithdrawn(0, 6)}, 0, standing("AAA", p), "SUPPORT_WITH_RESERVATIONS OWN_STATEMENT P2 P3"},
		{"an explanation dated after D does not count", events{acts("AAA", domain.Sponsor, 2), explaining(says("AAA", p, no, 4), 0)}, 3, standing("AAA", p), "SUPPORT OWN_ACT E1"},

		// 4.2 Groups.
		{"a standing group speaks for its members", events{says("G", p, yes, 1)}, 0, standing("AAA", p), "SUPPORT GROUP_STATEMENT P1"},
		{"a standing group speaks for nobody else", events{says("G", p, yes, 1)}, 0, standing("CCC", p), "- NONE"},
		{"a member on the day of the statement, not of the question", events{says("G", p, yes, 4)}, 9, standing("BBB", p), "SUPPORT GROUP_STATEMENT P1"},
		{"no member before it joined", events{says("G", p, yes, 2)}, 4, standing("BBB", p), "- NONE"},
		{"no member on the day it left", events{says("G", p, yes, 5)}, 5, standing("BBB", p), "- NONE"},
		// The group's explanation of day 2 counts with day 4, but BBB was no member on day 2.
		{"membership goes by the own day of an explanation", events{acts("G", domain.Sponsor, 4), explaining(says("G", p, no, 2), 0)}, 0, standing("BBB", p), "SUPPORT GROUP_STATEMENT E1"},
		{"of each group the latest that concerns the State", events{says("G", p, yes, 3), says("G", p, no, 5)}, 0, standing("BBB", p), "SUPPORT GROUP_STATEMENT P1"},
		{"an ad hoc group binds nobody by membership", events{says("J", p, yes, 1)}, 0, standing("AAA", p), "- NONE"},
		{"an ad hoc group speaks for those who sign", events{joint("J", yes, 1, "CCC")}, 0, standing("CCC", p), "SUPPORT GROUP_STATEMENT P1"},
		{"a standing group speaks for those who align", events{joint("G", yes, 1, "CCC")}, 0, standing("CCC", p), "SUPPORT GROUP_STATEMENT P1"},
		{"a group says nothing for who is dissociated", events{joint("G", yes, 1, "-AAA")}, 0, standing("AAA", p), "- NONE"},
		{"nor does what it said before", events{joint("G", yes, 1), joint("G", no, 2, "-AAA")}, 0, standing("AAA", p), "- NONE"},
		{"a later statement speaks for it again", events{joint("G", yes, 1, "-AAA"), joint("G", no, 2)}, 0, standing("AAA", p), "OPPOSE GROUP_STATEMENT P2"},
		{"dissociation concerns who is no member, too", events{joint("G", yes, 1, "CCC"), joint("G", no, 2, "-CCC")}, 0, standing("CCC", p), "- NONE"},
		{"dissociation from one without a stance changes nothing", events{joint("G", yes, 1), joint("G", none, 2, "-AAA")}, 0, standing("AAA", p), "SUPPORT GROUP_STATEMENT P1"},
		{"a statement that one aligned with does not bind for ever", events{joint("J", yes, 1, "CCC"), joint("J", no, 2)}, 0, standing("CCC", p), "SUPPORT GROUP_STATEMENT P1"},
		{"groups of one stance", events{says("G", p, yes, 2), says("H", p, yes, 1)}, 0, standing("AAA", p), "SUPPORT GROUP_STATEMENT P1 P2"},
		{"groups of different stances", events{says("G", p, yes, 1), says("H", p, reserved, 2)}, 0, standing("AAA", p), "- GROUPS_DIVERGE P2 P1"},
		{"what a group does counts too", events{acts("G", dissociated, 1)}, 0, standing("AAA", p), "CONCERNED GROUP_STATEMENT E1"},
		{"what a group submits counts too", events{revised(2, "G")}, 0, standing("AAA", p), "SUPPORT GROUP_STATEMENT S1"},
		{"a group's withdrawn statement says nothing", events{says("G", p, yes, 1), takesBack("G", 0, 2)}, 0, standing("AAA", p), "- NONE"},
		{"a group speaks only where the State is silent", events{says("G", p, yes, 3), says("AAA", p, no, 1)}, 0, standing("AAA", p), "OPPOSE OWN_STATEMENT P2 P1"},
		{"groups of different stances beside own evidence", events{says("G", p, yes, 3), says("H", p, no, 3), says("AAA", p, neutral, 1)}, 0, standing("AAA", p), "NEUTRAL OWN_STATEMENT P3 P2 P1"},

		// 4.3, 4.4.
		{"each object once", events{revised(2, "AAA", "G", "H")}, 0, standing("AAA", p), "SUPPORT OWN_ACT S1"},
		{"each object once among groups", events{revised(2, "G", "H")}, 0, standing("AAA", p), "SUPPORT GROUP_STATEMENT S1"},
		{"on an earlier version", events{says("AAA", p, yes, 2), revised(3)}, 0, standing("AAA", p), "SUPPORT OWN_STATEMENT< P1"},
		{"not on the day of the version", events{says("AAA", p, yes, 3), revised(3)}, 0, standing("AAA", p), "SUPPORT OWN_STATEMENT P1"},
		{"not before the version", events{says("AAA", p, yes, 2), revised(4)}, 3, standing("AAA", p), "SUPPORT OWN_STATEMENT P1"},
		{"one submission is no earlier version", events{submitted("q", 5, "CCC"), says("AAA", domain.OnProposal("q"), yes, 2)}, 0, standing("AAA", domain.OnProposal("q")), "SUPPORT OWN_STATEMENT P2"},
		{"an explanation has the day of its act here too", events{acts("AAA", domain.Sponsor, 4), explaining(says("AAA", p, yes, 2), 0), revised(3)}, 0, standing("AAA", p), "SUPPORT OWN_STATEMENT P2 E1"},
		{"a group's evidence can be on an earlier version", events{says("G", p, yes, 2), revised(3)}, 0, standing("AAA", p), "SUPPORT GROUP_STATEMENT< P1"},
		{"where groups diverge nothing is on an earlier version", events{says("G", p, yes, 2), says("H", p, no, 2), revised(3)}, 0, standing("AAA", p), "- GROUPS_DIVERGE P2 P1"},

		// 5. Figures.
		{"silence", nil, 0, figures, "0 0 0 0 0 5 | 0 0 0 0 0 5 | 0 null 0 1 null 0 |  | AAA BBB CCC DDD EEE | 0"},
		{"nobody is a member yet", nil, longAgo - 1 - day0, figures, "0 0 0 0 0 0 | 0 0 0 0 0 0 | 0 null 0 0 null 0 |  |  | 0"},
		// AAA's groups diverge; BBB supports by its group, CCC opposes, DDD is concerned. M = 5, N = 3, (1,0,0,1,1).
		// A: one layer 10011 of weight 1. Triples: 110/011 with ones at i,j or j,l: 011 -> (2,4,5) (3,4,5) = 2; 110: none; TU = 2;
		// 101: (1,2,4) (1,3,4) (1,2,5) (1,3,5) = 4; U = (3·2 − 4·4)/(3·6) = −10/18; A = −5/9 · (1 − 2/4) = −5/18.
		{"all of it", events{joint("G", yes, 3, "-AAA"), joint("J", yes, 3, "AAA"), says("H", p, no, 3), says("CCC", p, no, 3), acts("DDD", dissociated, 3), revised(4), says("OBS", p, no, 5)}, 0, figures,
			"1 0 0 1 1 2 | 0 0 0 1 1 3 | 3/5 1/3 1/5 3/5 -5/18 0 | CCC | AAA EEE | 3"},
		// Support among the declared: WEOG 1/1, AFRICAN (BBB yes, NEW no) 1/2, the others 1.
		// A of (4,1,0,1,0): 11010 once, weight 3/6, 1/9; 10000 three times, weight 3/6, 1; 1/18 + 1/2 = 5/9.
		{"crossRegional is the least of the five", append(events{late, says("NEW", p, concerned, 4)}, allSupport...), 0, figures, "4 1 0 1 0 0 | 4 1 0 1 0 0 | 1 5/6 5/6 5/6 5/9 1/2 |  |  | 0"},
		{"silent", nil, 0, consensus(p), "SILENT"},
		{"contested", append(events{says("AAA", p, no, 2)}, allSupport[1:]...), 0, consensus(p), "CONTESTED"},
		{"converged", allSupport, 0, consensus(p), "CONVERGED"},
		{"concern keeps from convergence", append(events{late, says("NEW", p, concerned, 4)}, allSupport...), 0, consensus(p), "NO_OBJECTION"},
		{"neutrality does not", append(events{late, says("NEW", p, neutral, 4)}, allSupport...), 0, consensus(p), "CONVERGED"},
		{"a regional group without support of its own keeps from convergence", append(events{says("G", p, yes, 1)}, allSupport[1:]...), 0, consensus(p), "NO_OBJECTION"},
		{"half of the Member States suffice", append(events{admitted("AAB", domain.WEOG), admitted("AAC", domain.WEOG), admitted("AAD", domain.WEOG), admitted("AAE", domain.WEOG), admitted("AAF", domain.WEOG)}, allSupport...), 0, consensus(p), "CONVERGED"},
		{"fewer do not", append(events{admitted("AAB", domain.WEOG), admitted("AAC", domain.WEOG), admitted("AAD", domain.WEOG), admitted("AAE", domain.WEOG), admitted("AAF", domain.WEOG), admitted("AAG", domain.WEOG)}, allSupport...), 0, consensus(p), "NO_OBJECTION"},
		{"adopted without a vote is agreed, whatever was said", events{says("AAA", p, no, 1), adopted}, 4, consensus(p), "AGREED"},
		{"before the adoption it was not", events{says("AAA", p, no, 1), adopted}, 3, consensus(p), "CONTESTED"},
		{"adopted by vote is not agreed", events{byVote}, 4, consensus(p), "SILENT"},
		{"an option is never agreed", events{adopted}, 0, consensus(o), "SILENT"},

		// 6. Lists, pairs.
		{"matrix: letters", events{says("AAA", p, reserved, 1), says("BBB", p, neutral, 1), acts("CCC", dissociated, 1), says("DDD", o, no, 1), says("DDD", p, yes, 1)}, 0, matrix("AAA", "BBB", "CCC", "DDD", "EEE"), "-R -N -C OS --"},
		{"matrix: groups in lower case, divergence", events{says("G", p, reserved, 3), says("H", p, yes, 3), says("G", o, concerned, 3)}, 0, matrix("AAA", "BBB"), "c! cr"},
		{"order: agreed before silent before nothing else", events{adopted}, 0, order, "proposal:p option:e/o"},
		{"order: silent after contested", events{says("AAA", p, no, 1)}, 0, order, "proposal:p option:e/o"},
		{"order: supportAtLeast after consensus", events{secondOption, says("AAA", o, yes, 1), says("BBB", o, yes, 1), says("AAA", b, yes, 1)}, 1, order, "option:e/o option:e/b proposal:p"},
		{"order: then by key", events{secondOption}, -5, order, "option:e/b option:e/o"},
		// o: 5 of 9 support, in GRULAC 1 of 2; b: 7 of 9 support, in GRULAC 0 of 1. Both CONTESTED.
		{"order: crossRegional before supportAtLeast", events{
			secondOption, admitted("AAB", domain.WEOG), admitted("AAC", domain.WEOG), admitted("AAD", domain.WEOG), admitted("EEF", domain.GRULAC),
			says("AAA", o, yes, 1), says("BBB", o, yes, 1), says("CCC", o, yes, 1), says("DDD", o, yes, 1), says("EEE", o, yes, 1), says("EEF", o, no, 1),
			says("AAA", b, yes, 1), says("AAB", b, yes, 1), says("AAC", b, yes, 1), says("AAD", b, yes, 1), says("BBB", b, yes, 1), says("CCC", b, yes, 1), says("DDD", b, yes, 1), says("EEE", b, no, 1),
		}, 0, order, "option:e/o option:e/b proposal:p"},
		// o: 2 of 5 support, A = 3/4; b: 1 of 5 supports, A = 1.
		{"order: then supportAtLeast", events{secondOption, says("AAA", o, yes, 1), says("BBB", o, reserved, 1), says("AAA", b, yes, 1)}, 1, order, "option:e/o option:e/b proposal:p"},
		// o: (1,1,0,0,0), A = 3/4; b: (2,0,1,0,0), A = 2/3·1/6 + 1/3 = 4/9; both supported by 2 of 5.
		{"order: then agreement", events{secondOption, says("AAA", o, yes, 1), says("BBB", o, reserved, 1), says("AAA", b, yes, 1), says("BBB", b, yes, 1), says("CCC", b, neutral, 1)}, 1, order, "option:e/o option:e/b proposal:p"},
		{"order: then declared", events{secondOption, says("AAA", o, neutral, 1), says("BBB", o, neutral, 1), says("AAA", b, neutral, 1)}, 1, order, "option:e/o option:e/b proposal:p"},
		{"order: null agreement after any", events{submitted("q", 1, "EEE"), domain.ProposalAdopted{Proposal: "q", WithoutVote: true, On: day0 + 2}, says("EEE", domain.OnProposal("q"), neutral, 2), adopted}, 0, order, "proposal:q proposal:p option:e/o"},
		{"common ground: options only, nobody opposes, somebody declared", events{secondOption, says("AAA", o, yes, 1), says("AAA", p, yes, 1)}, 0, commonGround(0, 0, 0), "option:e/o"},
		{"common ground: nobody opposes", events{says("AAA", o, yes, 1), says("BBB", o, no, 1)}, 0, commonGround(0, 0, 0), ""},
		{"common ground: at least the limits", events{says("AAA", o, yes, 1), says("BBB", o, neutral, 1)}, 0, commonGround(0.5, 0.4, 0), "option:e/o"},
		{"common ground: below a limit", events{says("AAA", o, yes, 1), says("BBB", o, neutral, 1)}, 0, commonGround(0.5, 0.41, 0), ""},
		{"common ground: breadth", events{says("AAA", o, yes, 1)}, 0, commonGround(0, 0, 0.1), ""},
		{"common ground: support", events{says("AAA", o, yes, 1), says("BBB", o, neutral, 1)}, 0, commonGround(0.51, 0, 0), ""},
		// Distance 4 on p and 1 on o of 8: 1 − 5/8.
		{"affinity", events{says("AAA", p, yes, 1), says("BBB", p, no, 1), says("AAA", o, yes, 1), says("BBB", o, reserved, 1)}, 0, affinity("AAA", "BBB"), "3/8 2"},
		{"affinity leaves out what a group says", events{says("G", p, yes, 3), says("BBB", p, no, 3)}, 0, affinity("AAA", "BBB"), "null 0"},
		{"open points: of the latest own position, with or without a stance", events{points(says("CCC", p, yes, 1), domain.Concern), points(says("CCC", p, none, 2), domain.Need, domain.View, domain.Condition)}, 0, openPoints(), "2.0 2.2"},
		{"open points: four kinds are open", events{points(says("CCC", p, yes, 1), domain.View, domain.Concern, domain.Interest, domain.Condition, domain.Need, domain.Offer)}, 0, openPoints(), "1.1 1.2 1.3 1.4"},
		{"open points: kinds narrow them", events{points(says("CCC", p, yes, 1), domain.View, domain.Concern, domain.Interest)}, 0, openPoints(domain.View, domain.Interest), "1.2"},
		{"open points: a group's where the State has said nothing", events{points(says("G", p, yes, 1), domain.Concern)}, 0, openPoints(), "1.0"},
		{"open points: an own position keeps the group's away", events{points(says("H", p, yes, 1), domain.Concern), says("AAA", p, none, 1)}, 0, openPoints(), ""},
		{"open points: an own act does not", events{points(says("H", p, yes, 1), domain.Concern), acts("AAA", domain.Sponsor, 2)}, 0, openPoints(), "1.0"},
		{"open points: not of those from whom the State is apart", events{points(joint("H", yes, 1, "-AAA"), domain.Concern)}, 0, openPoints(), ""},
		{"open points: nor of what the group said before", events{points(joint("H", yes, 1), domain.Concern), joint("H", none, 2, "-AAA")}, 0, openPoints(), ""},
		{"open points: a position once, newest first", events{points(says("G", p, yes, 3), domain.Concern), points(says("CCC", p, yes, 4), domain.Need), points(says("DDD", p, yes, 4), domain.Need)}, 0, openPoints(), "3.0 2.0 1.0"},
		{"open points: not of observers", events{points(says("OBS", p, yes, 3), domain.Concern)}, 0, openPoints(), ""},
		{"open points: the withdrawn bears none", events{points(says("CCC", p, yes, 1), domain.Concern), points(says("CCC", p, yes, 2), domain.Need), takesBack("CCC", 1, 3)}, 0, openPoints(), "1.0"},
		{"timeline: begins with the first stance", events{late, says("AAA", p, yes, 2), says("BBB", p, no, 5)}, 0, timeline(0, 0), "2:NO_OBJECTION/4 3:NO_OBJECTION/5 5:CONTESTED/4"},
		{"timeline: never two a day", events{says("AAA", p, yes, 2), says("AAA", p, no, 2), says("BBB", p, no, 2)}, 0, timeline(0, 0), "2:CONTESTED/3"},
		{"timeline: none after D", events{says("AAA", p, yes, 2), says("BBB", p, no, 5)}, 4, timeline(0, 0), "2:NO_OBJECTION/4"},
		{"timeline: from shows the state of its day", events{says("AAA", p, yes, 2), says("BBB", p, no, 5)}, 0, timeline(3, 0), "3:NO_OBJECTION/4 5:CONTESTED/3"},
		{"timeline: from after D", events{says("AAA", p, yes, 2)}, 4, timeline(5, 0), ""},
		{"timeline: to", events{says("AAA", p, yes, 2), says("BBB", p, no, 5)}, 0, timeline(1, 4), "1:SILENT/5 2:NO_OBJECTION/4"},
		{"timeline: begins with the adoption", events{adopted}, 0, timeline(0, 0), "4:AGREED/5"},
		{"timeline: the adoption is a change though no tally is", events{says("AAA", p, yes, 2), adopted}, 0, timeline(0, 0), "2:NO_OBJECTION/4 4:AGREED/4"},
		{"timeline: a withdrawal is a change", events{says("AAA", p, yes, 2), takesBack("AAA", 0, 3)}, 0, timeline(0, 0), "2:NO_OBJECTION/4 3:SILENT/5"},
		{"timeline: the day of the act shifts its explanation", events{acts("AAA", dissociated, 4), explaining(says("AAA", p, yes, 2), 0), says("AAA", p, no, 3)}, 0, timeline(0, 0), "2:NO_OBJECTION/4 3:CONTESTED/4 4:NO_OBJECTION/4"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			h := record(c.events)
			m := oracle.Moment{At: uint64(len(h))}
			if c.on != 0 {
				m.On = day0 + c.on
			}
			if got := c.ask(oracle.New(h), m); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// What is recorded after P does not count, whatever its day.
func TestOnlyTheFirstEventsCount(t *testing.T) {
	h := record(events{
		says("AAA", p, yes, 1), correct("AAA", 0, domain.PositionChanges{Stance: domain.To(no)}), retract("AAA", 0),
		submitted("q", 1, "BBB"), domain.ProposalMerged{Proposal: "p", Into: "q", On: day0 + 2},
	})
	q := oracle.New(h)
	for i, want := range []string{"- NONE", "SUPPORT OWN_STATEMENT P1", "OPPOSE OWN_STATEMENT P1", "- NONE"} {
		if got := standing("AAA", p)(q, oracle.Moment{At: uint64(len(world) + i)}); got != want {
			t.Errorf("after %d events: got %s, want %s", i, got, want)
		}
	}
	all := uint64(len(h))
	if got := q.MergedInto(oracle.Moment{At: all}, "p"); got != "q" {
		t.Errorf("merged into %q", got)
	}
	if got := q.MergedInto(oracle.Moment{At: all, On: day0 + 1}, "p"); got != "" {
		t.Errorf("merged into %q before that day", got)
	}
	if got := q.MergedInto(oracle.Moment{At: all - 1}, "p"); got != "" {
		t.Errorf("merged into %q before that position", got)
	}
	if got := targets(q, oracle.Moment{At: all - 2}); got != "option:e/o proposal:p" {
		t.Errorf("targets before q is recorded: %s", got)
	}
	if got := q.SupersededBy(oracle.Moment{At: all}, "p"); got != "" {
		t.Errorf("superseded by %q", got)
	}
}

// "running maximum of recordedAt, so a clock that stepped back cannot hide an event; kept … to the microsecond; equal is not
// after"
func TestPositionAsOf(t *testing.T) {
	base := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var h []oracle.Event
	for i, after := range []time.Duration{10 * time.Second, 20*time.Second + 999, 15 * time.Second, 30 * time.Second} {
		h = append(h, oracle.Event{At: uint64(i + 1), RecordedAt: base.Add(after), Revision: int64(i), Event: domain.ElementDefined{Element: "e"}})
	}
	q := oracle.New(h)
	for _, c := range []struct {
		after time.Duration
		want  uint64
	}{
		{0, 0}, {10*time.Second - 1, 0}, {10 * time.Second, 1},
		{17 * time.Second, 1}, // The third was recorded by then, but the second was not.
		{20 * time.Second, 3}, // Nanoseconds are not kept.
		{29 * time.Second, 3}, {time.Hour, 4},
	} {
		if got := q.PositionAsOf(base.Add(c.after)); got != c.want {
			t.Errorf("after %v: got %d, want %d", c.after, got, c.want)
		}
	}
}

// The values that the rules give for single patterns, and their mirror images.
func TestAgreementOfPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"10000": "1", "01000": "1", "00100": "1", "11000": "3/4", "01100": "3/4", "10100": "1/6", "01010": "1/6", "10010": "-5/12", "10001": "-1",
		"11100": "1/2", "01110": "1/2", "11010": "1/9", "11001": "-5/18", "10101": "-5/18", "11110": "1/4", "11101": "-1/24", "11011": "-5/36", "11111": "0",
	} {
		var counts, mirror oracle.Counts
		for i, c := range pattern {
			counts[i], mirror[4-i] = int(c-'0'), int(c-'0')
		}
		for _, c := range []oracle.Counts{counts, mirror} {
			if got := oracle.Agreement(c).RatString(); got != want {
				t.Errorf("%v: got %s, want %s", c, got, want)
			}
		}
	}
}

// The worked values of the rules.
func TestAgreementWorked(t *testing.T) {
	for counts, want := range map[oracle.Counts]string{
		{7, 1, 0, 1, 1}: "49/90", {50, 40, 20, 8, 3}: "63/121", {80, 40, 30, 25, 18}: "139/386", {158, 0, 12, 0, 10}: "83/108", {3, 0, 0, 0, 1}: "0",
	} {
		if got := oracle.Agreement(counts).RatString(); got != want {
			t.Errorf("%v: got %s, want %s", counts, got, want)
		}
	}
	if got := oracle.Agreement(oracle.Counts{}); got != nil {
		t.Errorf("nobody: got %s, want null", got)
	}
}

func TestServedIsTheNearest(t *testing.T) {
	if got, ok := oracle.Served(big.NewRat(1, 10)); !ok || got != 0.1 {
		t.Errorf("got %v, %v", got, ok)
	}
	if _, ok := oracle.Served(nil); ok {
		t.Error("null is served as a value")
	}
}

func TestByRegionalGroup(t *testing.T) {
	q := oracle.New(record(events{says("AAA", p, yes, 1), says("CCC", p, no, 1), says("OBS", p, no, 1)}))
	c := q.Convergence(oracle.Moment{At: uint64(len(world) + 3)}, p)
	var rows []string
	for _, r := range c.ByRegionalGroup {
		rows = append(rows, tally(r))
	}
	want := "0 0 0 0 0 1, 0 0 0 0 1 0, 0 0 0 0 0 1, 0 0 0 0 0 1, 1 0 0 0 0 0"
	if got := strings.Join(rows, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
