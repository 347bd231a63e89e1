package history_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

func TestRandomIsDeterministic(t *testing.T) {
	a, b := history.Random(7, history.Small), history.Random(7, history.Small)
	if !reflect.DeepEqual(a, b) {
		t.Error("one seed gave two histories")
	}
	if reflect.DeepEqual(a, history.Random(8, history.Small)) {
		t.Error("two seeds gave one history")
	}
}

func TestRandomIsValid(t *testing.T) {
	large := history.World{States: 40, Observers: 2, StandingGroups: 5, AdHocGroups: 2, Proposals: 3, Options: 8, Sessions: 3, Days: 30, Events: 600}
	for seed := range uint64(100) {
		for _, w := range []history.World{history.Small, history.Friendly} {
			if err := history.Check(history.Random(seed, w)); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
	if err := history.Check(history.Random(1, large)); err != nil {
		t.Errorf("large: %v", err)
	}
}

// What holds of every valid history, looked at anew, without Check.
func TestRandomInvariants(t *testing.T) {
	for seed := range uint64(100) {
		h := history.Random(seed, history.Small)
		if len(h) < history.Small.Events {
			t.Errorf("seed %d: %d events", seed, len(h))
		}
		revisions := map[string]int64{}
		ended := map[string]bool{}
		retracted := map[string]bool{}
		withdrawn := map[string]bool{}
		deeds := map[string]bool{}
		states := map[string]bool{}
		for i, e := range h {
			fail := func(format string, args ...any) {
				t.Errorf("seed %d, event %d: %s", seed, e.At, fmt.Sprintf(format, args...))
			}
			if e.At != uint64(i+1) {
				fail("is the %d-th", i+1)
			}
			if e.Revision != revisions[e.Event.Stream()] {
				fail("revision %d, want %d", e.Revision, revisions[e.Event.Stream()])
			}
			revisions[e.Event.Stream()]++
			tomorrow := domain.DateOf(e.RecordedAt) + 1
			switch v := e.Event.(type) {
			case domain.StateAdmitted:
				if v.Observer == (v.RegionalGroup != 0) || !v.Observer && v.AdmittedOn == 0 {
					fail("%+v", v)
				}
				states[v.State] = true
			case domain.ProposalRevised:
				if ended[v.Proposal] {
					fail("revised after the end")
				}
			case domain.ProposalMerged, domain.ProposalSuperseded, domain.ProposalWithdrawn, domain.ProposalAdopted:
				slug := reflect.ValueOf(v).FieldByName("Proposal").String()
				if ended[slug] {
					fail("ended twice")
				}
				ended[slug] = true
			case domain.PositionStated:
				if v.StatedOn > tomorrow {
					fail("stated on %s", v.StatedOn)
				}
				if states[v.Actor] && len(v.AlignedWith)+len(v.Dissociated) > 0 {
					fail("a State's statement with signers")
				}
			case domain.PositionRetracted:
				key := fmt.Sprint(v.Actor, v.Position)
				if retracted[key] {
					fail("retracted twice")
				}
				retracted[key] = true
			case domain.PositionCorrected:
				if retracted[fmt.Sprint(v.Actor, v.Position)] || reflect.ValueOf(v.Changes).IsZero() {
					fail("corrected though retracted, or nothing corrected")
				}
			case domain.PositionWithdrawn:
				key := fmt.Sprint(v.Actor, v.Position)
				if retracted[key] || withdrawn[key] {
					fail("withdrawn though withdrawn or retracted")
				}
				withdrawn[key] = true
			case domain.EndorsementGiven:
				key := fmt.Sprint(v.Proposal, v.Actor, v.DocumentSymbol, v.Paragraph, v.Kind, v.On)
				if deeds[key] || v.Kind.IsBallot() {
					fail("an act twice, or a ballot")
				}
				deeds[key] = true
			case domain.VoteRecorded:
				if len(v.Ballots) > v.Yes+v.No+v.Abstain+v.Absent || v.Complete && len(v.Ballots) != v.Yes+v.No+v.Abstain+v.Absent {
					fail("totals")
				}
			}
		}
	}
}

// Everything that can happen does.
func TestRandomCovers(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(60) {
		h := history.Random(seed, history.Small)
		first := map[string]domain.Date{}
		for i, e := range h {
			seen[fmt.Sprintf("%T", e.Event)] = true
			if i > 0 {
				seen["the clock steps back"] = seen["the clock steps back"] || e.RecordedAt.Before(h[i-1].RecordedAt)
				seen["the clock stands still"] = seen["the clock stands still"] || e.RecordedAt.Equal(h[i-1].RecordedAt)
			}
			note := func(what string, holds bool) { seen[what] = seen[what] || holds }
			switch v := e.Event.(type) {
			case domain.StateAdmitted:
				note("an observer", v.Observer)
				note("a late admission", v.AdmittedOn > history.FirstDay)
				note("a State recorded late", i > len(h)/2)
			case domain.GroupDefined:
				note("an ad hoc group", v.Kind == domain.AdHoc)
			case domain.MemberJoined:
				note("always a member", v.From == 0)
			case domain.MemberLeft:
				note("a span since ever that ends", v.From == 0)
			case domain.ProposalSubmitted:
				first[v.Proposal] = v.On
				note("submitted as chair", v.InCapacityOfChair)
			case domain.ProposalRevised:
				note("a revision without submitters", !v.Submitters.Given)
				note("a revision that clears the options", v.Options.Given && len(v.Options.Value) == 0)
			case domain.ProposalAdopted:
				note("adopted without a vote", v.WithoutVote)
				note("adopted by vote", !v.WithoutVote)
			case domain.PositionStated:
				note("without a stance", v.Stance == 0)
				note("aligned", len(v.AlignedWith) > 0)
				note("dissociated", len(v.Dissociated) > 0)
				note("explains", v.Explains != nil)
				note("before the first submission", v.Target.IsProposal() && v.StatedOn < first[v.Target.Proposal])
				note("two points", len(v.Points) == 2)
				note("in a session", v.Session != "")
			case domain.PositionCorrected:
				c := reflect.ValueOf(v.Changes)
				for i := range c.NumField() {
					note("corrects "+c.Type().Field(i).Name, c.Field(i).FieldByName("Given").Bool())
				}
				note("clears the stance", v.Changes.Stance.Given && v.Changes.Stance.Value == 0)
				note("clears what is explained", v.Changes.Explains.Given && v.Changes.Explains.Value.Proposal == "")
			case domain.EndorsementGiven:
				note(v.Kind.String(), true)
				note("an act on a paragraph", v.Paragraph != "")
			case domain.VoteRecorded:
				note("a vote on a paragraph", v.Paragraph != "")
				note("partial ballots", !v.Complete && len(v.Ballots) > 0)
				note("all ballots", v.Complete && len(v.Ballots) > 2)
			}
		}
	}
	want := []string{
		"the clock steps back", "the clock stands still", "an observer", "a late admission", "a State recorded late", "an ad hoc group",
		"always a member", "a span since ever that ends", "submitted as chair", "a revision without submitters", "a revision that clears the options",
		"adopted without a vote", "adopted by vote", "without a stance", "aligned", "dissociated", "explains", "before the first submission", "two points",
		"in a session", "clears the stance", "clears what is explained", "an act on a paragraph", "a vote on a paragraph", "partial ballots", "all ballots",
		"SPONSOR", "COSPONSOR", "JOINT_STATEMENT", "JOINED_CONSENSUS", "DISSOCIATED",
	}
	for _, e := range domain.EventTypes {
		want = append(want, fmt.Sprintf("%T", e))
	}
	changes := reflect.TypeFor[domain.PositionChanges]()
	for i := range changes.NumField() {
		want = append(want, "corrects "+changes.Field(i).Name)
	}
	for _, what := range want {
		if !seen[what] {
			t.Errorf("never happens: %s", what)
		}
	}
}

// The answers over random histories are of every kind, so that comparing them compares something.
func TestRandomHistoriesHaveEveryAnswer(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(60) {
		w := history.Small
		if seed%2 == 1 {
			w = history.Friendly
		}
		h := history.Random(seed, w)
		q := oracle.New(h)
		for _, m := range []oracle.Moment{{At: uint64(len(h))}, {At: uint64(len(h)) * 2 / 3, On: w.Day(3)}} {
			for _, target := range q.Targets(m) {
				seen[string(q.Convergence(m, target).Consensus)] = true
				for _, state := range q.MemberStates(m) {
					s := q.Standing(m, state, target)
					seen[string(s.Basis)] = true
					seen["an earlier version"] = seen["an earlier version"] || s.OnEarlierVersion
					for _, e := range s.Evidence {
						seen[string(e.Kind)] = true
					}
				}
			}
		}
	}
	for _, what := range []string{
		"AGREED", "CONVERGED", "NO_OBJECTION", "CONTESTED", "SILENT", "OWN_STATEMENT", "OWN_ACT", "GROUP_STATEMENT", "GROUPS_DIVERGE", "NONE",
		"Position", "Submission", "Endorsement", "an earlier version",
	} {
		if !seen[what] {
			t.Errorf("never answered: %s", what)
		}
	}
}

func TestAllCounts(t *testing.T) {
	for n, want := range history.Counts {
		if n == 5 && testing.Short() {
			continue
		}
		got := 0
		for range history.All(n) {
			got++
		}
		if got != want {
			t.Errorf("%d events: %d histories, want %d", n, got, want)
		}
	}
}

func TestAllAreValidAndDistinct(t *testing.T) {
	for n := range 4 {
		seen := map[string]bool{}
		for h := range history.All(n) {
			if err := history.Check(h); err != nil {
				t.Fatal(err)
			}
			if len(h) != len(history.Prelude())+n {
				t.Fatalf("%d events after the prelude", len(h)-len(history.Prelude()))
			}
			var key string
			for _, e := range h {
				key += fmt.Sprintf("%T%+v;", e.Event, e.Event)
				if p, ok := e.Event.(domain.PositionStated); ok && p.Explains != nil {
					key += "explains"
				}
			}
			if seen[key] {
				t.Fatalf("twice: %s", key)
			}
			seen[key] = true
		}
	}
}

func TestAllCanBeLeft(t *testing.T) {
	n := 0
	for range history.All(3) {
		if n++; n == 5 {
			break
		}
	}
	if n != 5 {
		t.Errorf("left after %d", n)
	}
}

// What the rules refuse.
func TestCheckRefuses(t *testing.T) {
	prelude := history.Prelude()
	clock := prelude[len(prelude)-1].RecordedAt
	tomorrow := domain.DateOf(clock) + 1
	said := domain.PositionStated{Actor: history.State, Target: history.Proposal, Stance: domain.Support, StatedOn: history.SecondDay, Source: domain.Source{Title: "s"}}
	with := func(change func(*domain.PositionStated)) domain.PositionStated {
		s := said
		change(&s)
		return s
	}
	correct := func(c domain.PositionChanges) domain.Event {
		return domain.PositionCorrected{Actor: history.State, Changes: c}
	}
	act := domain.EndorsementGiven{Proposal: "p", Actor: history.State, Kind: domain.Sponsor, On: history.SecondDay}
	vote := domain.VoteRecorded{Proposal: "p", DocumentSymbol: "A/1", On: history.SecondDay, Yes: 1, Ballots: []domain.CastBallot{{State: history.State, Ballot: domain.Yes}}}
	intends := domain.IntendedBallotDeclared{Proposal: "p", State: history.State, Intended: domain.No, On: history.ThirdDay}
	withdrawn := domain.ProposalWithdrawn{Proposal: "p", On: history.ThirdDay}
	type events = []domain.Event

	for _, c := range []struct {
		why    string
		events events // The last is refused.
	}{
		{"a State twice", events{domain.StateAdmitted{State: history.State, Observer: true}}},
		{"a member without a regional group", events{domain.StateAdmitted{State: "NEW", AdmittedOn: 5}}},
		{"an observer with one", events{domain.StateAdmitted{State: "NEW", Observer: true, RegionalGroup: domain.WEOG}}},
		{"a group twice", events{domain.GroupDefined{Group: history.Group, Kind: domain.Standing}}},
		{"overlapping spans", events{domain.MemberJoined{Group: history.Group, State: history.State, From: history.ThirdDay}}},
		{"a span before an open one", events{domain.MemberJoined{Group: history.Group, State: history.State}}},
		{"leaving without a span", events{domain.MemberLeft{Group: history.Group, State: history.Chair, Until: history.ThirdDay}}},
		{"leaving on the day of joining", events{domain.MemberLeft{Group: history.Group, State: history.State, From: history.SecondDay, Until: history.SecondDay}}},
		{"an element twice", events{domain.ElementDefined{Element: "e"}}},
		{"an option twice", events{domain.OptionDefined{Element: "e", Option: "o"}}},
		{"an option of no element", events{domain.OptionDefined{Element: "f", Option: "o"}}},
		{"retired twice", events{domain.OptionRetired{Element: "e", Option: "o"}, domain.OptionRetired{Element: "e", Option: "o"}}},
		{"a position on a retired option", events{domain.OptionRetired{Element: "e", Option: "o"}, with(func(s *domain.PositionStated) { s.Target = history.Option })}},
		{"a slug twice", events{domain.ProposalSubmitted{Proposal: "p", Submitters: []string{history.State}, On: history.FirstDay}}},
		{"no submitters", events{domain.ProposalSubmitted{Proposal: "q", On: history.FirstDay}}},
		{"a revision before the first submission", events{domain.ProposalRevised{Proposal: "p", On: history.FirstDay - 1}}},
		{"a revision after an end", events{withdrawn, domain.ProposalRevised{Proposal: "p", On: history.FirstDay}}},
		{"a second end", events{withdrawn, domain.ProposalAdopted{Proposal: "p", On: history.ThirdDay}}},
		{"an end before the first submission", events{domain.ProposalWithdrawn{Proposal: "p", On: history.FirstDay - 1}}},
		{"merged into itself", events{domain.ProposalMerged{Proposal: "p", Into: "p", On: history.ThirdDay}}},
		{"a position of nobody", events{with(func(s *domain.PositionStated) { s.Actor = "XXX" })}},
		{"a position on nothing", events{with(func(s *domain.PositionStated) { s.Target = domain.OnProposal("q") })}},
		{"a position after tomorrow", events{with(func(s *domain.PositionStated) { s.StatedOn = tomorrow + 1 })}},
		{"signers of a State's statement", events{with(func(s *domain.PositionStated) { s.AlignedWith = []string{history.Chair} })}},
		{"explains another's act", events{act, with(func(s *domain.PositionStated) {
			s.Actor, s.Explains = history.Chair, &domain.ActRef{Proposal: "p"}
		})}},
		{"corrected to the value it has", events{said, correct(domain.PositionChanges{Stance: domain.To(domain.Support)})}},
		{"nothing corrected", events{said, correct(domain.PositionChanges{})}},
		{"no summary", events{said, correct(domain.PositionChanges{Summary: domain.To("")})}},
		{"corrected to a day after its withdrawal", events{said, domain.PositionWithdrawn{Actor: history.State, On: history.SecondDay}, correct(domain.PositionChanges{StatedOn: domain.To(history.ThirdDay)})}},
		{"withdrawn before it was said", events{said, domain.PositionWithdrawn{Actor: history.State, On: history.FirstDay}}},
		{"withdrawn twice", events{said, domain.PositionWithdrawn{Actor: history.State, On: history.ThirdDay}, domain.PositionWithdrawn{Actor: history.State, On: history.ThirdDay}}},
		{"corrected though retracted", events{said, domain.PositionRetracted{Actor: history.State}, correct(domain.PositionChanges{Stance: domain.To(domain.Oppose)})}},
		{"an act twice", events{act, act}},
		{"a ballot as an act", events{domain.EndorsementGiven{Proposal: "p", Actor: history.State, Kind: domain.VoteYes, On: history.SecondDay}}},
		{"an act withdrawn before it", events{act, domain.EndorsementWithdrawn{Proposal: "p", On: history.FirstDay}}},
		{"a ballot withdrawn", events{vote, domain.EndorsementWithdrawn{Proposal: "p", On: history.ThirdDay}}},
		{"a vote twice", events{vote, vote}},
		{"an intention of who did not vote", events{vote, domain.IntendedBallotDeclared{Proposal: "p", State: history.Chair, Intended: domain.No, On: history.ThirdDay}}},
		{"an intention before the vote", events{vote, domain.IntendedBallotDeclared{Proposal: "p", State: history.State, Intended: domain.No, On: history.FirstDay}}},
		{"the same intention again", events{vote, intends, intends}},
	} {
		t.Run(c.why, func(t *testing.T) {
			h := slices.Clone(prelude)
			for i, e := range c.events {
				var revision int64
				for _, other := range h {
					if other.Event.Stream() == e.Stream() {
						revision++
					}
				}
				h = append(h, oracle.Event{At: uint64(len(h) + 1), RecordedAt: clock, Revision: revision, Event: e})
				err := history.Check(h)
				if last := i == len(c.events)-1; last != (err != nil) {
					t.Errorf("after %T: %v", e, err)
				}
			}
		})
	}
	h := slices.Clone(prelude)
	h[3].Revision++
	if history.Check(h) == nil {
		t.Error("a revision too high is accepted")
	}
	h = slices.Clone(prelude)
	h[3].At++
	if history.Check(h) == nil {
		t.Error("a gap in the positions is accepted")
	}
}
