package oracle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
)

// changes answers "STATE target BEFORE>AFTER CAUSE first evidence" of each change.
func changes(q *oracle.Oracle, from, to oracle.Moment) string {
	var words []string
	for _, c := range q.Changes(from, to) {
		words = append(words, fmt.Sprintf("%s %s %s>%s %s %s%s%s", c.State, c.Target.Key(), c.Before, c.After, c.Cause, string(c.First.Kind)[:1], at(c.First.At), c.First.State))
	}
	return strings.Join(words, ", ")
}

func TestChanges(t *testing.T) {
	withSymbol := func(e domain.EndorsementGiven, symbol string) domain.EndorsementGiven {
		e.DocumentSymbol = symbol
		return e
	}
	submittedAgain := revised(3, "AAA")
	submittedAgain.DocumentParts = 1
	document := domain.DocumentRecorded{Proposal: "p", Submission: 1, Part: 1, Parts: 1, Symbol: "A/2"}
	for _, c := range []struct {
		rule     string
		events   events
		recorded int         // How many of the events are recorded at `from`.
		from, to domain.Date // Days; 0: no limit.
		want     string
	}{
		{"no change", events{says("AAA", p, yes, 1), says("AAA", p, yes, 2)}, 1, 0, 0, ""},
		{"moved by a statement", events{says("AAA", p, yes, 1), says("AAA", p, no, 2)}, 2, 1, 2, "AAA proposal:p SUPPORT>OPPOSE MOVED P2"},
		{"moved: recorded later and dated after D1", events{says("AAA", p, yes, 1), says("AAA", p, no, 2)}, 1, 1, 0, "AAA proposal:p SUPPORT>OPPOSE MOVED P2"},
		{"a target missing before had no stance", events{submitted("q", 2, "AAA")}, 0, 1, 0, "AAA proposal:q >SUPPORT MOVED S1"},
		{"by target, then State", events{says("BBB", p, yes, 2), says("AAA", p, yes, 2), says("BBB", o, yes, 2)}, 3, 1, 0, "BBB option:e/o >SUPPORT MOVED P3, AAA proposal:p >SUPPORT MOVED P2, BBB proposal:p >SUPPORT MOVED P1"},
		{"learned: recorded since, dated on D1", events{says("AAA", p, yes, 1)}, 0, 1, 0, "AAA proposal:p >SUPPORT LEARNED P1"},
		// Without `from.statedOn` D1 is the day of recording of event P1, in 1970: long after day 1.
		{"learned: D1 is the day on which event P1 was recorded", events{says("AAA", p, yes, 1)}, 0, 0, 0, "AAA proposal:p >SUPPORT LEARNED P1"},
		{"nothing is learned after the empty record", events{says("AAA", p, yes, 1)}, -len(world), 0, 0, "AAA proposal:p >SUPPORT MOVED P1"},
		{"corrected", events{says("AAA", p, yes, 1), correct("AAA", 0, domain.PositionChanges{Stance: domain.To(no)})}, 1, 0, 0, "AAA proposal:p SUPPORT>OPPOSE CORRECTED P1"},
		{"retracted is corrected", events{says("AAA", p, yes, 1), retract("AAA", 0)}, 1, 0, 0, "AAA proposal:p SUPPORT> CORRECTED P1"},
		{"corrected: what decides after", events{says("AAA", p, yes, 1), says("AAA", p, none, 2), correct("AAA", 1, domain.PositionChanges{Stance: domain.To(no)})}, 2, 0, 0, "AAA proposal:p SUPPORT>OPPOSE CORRECTED P2"},
		{"a correction recorded before P1 is none", events{says("AAA", p, yes, 1), correct("AAA", 0, domain.PositionChanges{Stance: domain.To(no)})}, 2, -1, 1, "AAA proposal:p >OPPOSE MOVED P1"},
		{"withdrew", events{says("AAA", p, yes, 1), takesBack("AAA", 0, 3)}, 2, 2, 3, "AAA proposal:p SUPPORT> WITHDREW P1"},
		{"withdrew: an earlier statement decides again", events{says("AAA", p, yes, 1), says("AAA", p, no, 2), takesBack("AAA", 1, 3)}, 3, 2, 3, "AAA proposal:p OPPOSE>SUPPORT WITHDREW P1"},
		{"moved: it took back and said something later", events{says("AAA", p, yes, 1), takesBack("AAA", 0, 3), says("AAA", p, no, 3)}, 3, 2, 3, "AAA proposal:p SUPPORT>OPPOSE MOVED P3"},
		{"withdrew: an act", events{acts("AAA", domain.Sponsor, 1), actWithdrawn(0, 3)}, 2, 2, 3, "AAA proposal:p SUPPORT> WITHDREW E1"},
		{"withdrew: a proposal", events{revised(2, "AAA"), domain.ProposalWithdrawn{Proposal: "p", On: day0 + 3}}, 2, 2, 3, "AAA proposal:p SUPPORT> WITHDREW S1"},
		{"other text", events{withSymbol(acts("AAA", dissociated, 1), "A/1"), withSymbol(acts("AAA", domain.Sponsor, 3), "A/2")}, 2, 2, 3, "AAA proposal:p CONCERNED>SUPPORT OTHER_TEXT E2"},
		{"other text: a submission", events{withSymbol(acts("AAA", dissociated, 1), "A/1"), submittedAgain, document}, 3, 2, 3, "AAA proposal:p CONCERNED>SUPPORT OTHER_TEXT S2"},
		{"one text", events{withSymbol(acts("AAA", dissociated, 1), "A/2"), submittedAgain, document}, 3, 2, 3, "AAA proposal:p CONCERNED>SUPPORT MOVED S2"},
		{"a statement is on no text", events{withSymbol(acts("AAA", dissociated, 1), "A/1"), says("AAA", p, yes, 3)}, 2, 2, 3, "AAA proposal:p CONCERNED>SUPPORT MOVED P2"},
		{"moved: an intended ballot gave the stance", events{vote(1, "", "AAA."), intends(0, "AAA", domain.No, 3)}, 2, 2, 3, "AAA proposal:p >OPPOSE MOVED E1AAA"},
		{"moved: an intended ballot took the stance", events{vote(1, "", "AAA+"), intends(0, "AAA", domain.Absent, 3)}, 2, 2, 3, "AAA proposal:p SUPPORT> MOVED E1AAA"},
		{"a group moved", events{says("H", p, yes, 1), says("H", p, no, 3)}, 2, 2, 3, "AAA proposal:p SUPPORT>OPPOSE GROUP_MOVED P2"},
		{"a group moved where nothing had decided", events{says("H", p, yes, 3)}, 1, 2, 3, "AAA proposal:p >SUPPORT GROUP_MOVED P1"},
		{"a group moved: recorded after the empty record", events{says("H", p, yes, 1)}, -len(world), 0, 0, "AAA proposal:p >SUPPORT GROUP_MOVED P1"},
		{"withdrew: not later than the explanation, which has the day of its act", events{acts("AAA", domain.Sponsor, 5), explaining(says("AAA", p, yes, 2), 0), says("AAA", p, no, 3), actWithdrawn(0, 6), takesBack("AAA", 0, 6)}, 2, 4, 6, "AAA proposal:p SUPPORT>OPPOSE WITHDREW P3"},
		// H's earlier statement is recorded since, and later than nothing: GROUPS_DIVERGE decides nothing.
		{"membership: groups came to diverge", events{says("H", p, yes, 1), says("G", p, no, 3)}, 2, 2, 3, "AAA proposal:p SUPPORT> MEMBERSHIP P1, BBB proposal:p >OPPOSE GROUP_MOVED P2"},
		{"membership: it joined", events{says("H", p, yes, 1), domain.MemberJoined{Group: "H", State: "CCC"}}, 1, 0, 0, "CCC proposal:p >SUPPORT MEMBERSHIP P1"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			h := record(c.events)
			from, to := oracle.Moment{At: uint64(len(world) + c.recorded)}, oracle.Moment{At: uint64(len(h))}
			if c.from != 0 {
				from.On = day0 + c.from
			}
			if c.to != 0 {
				to.On = day0 + c.to
			}
			if got := changes(oracle.New(h), from, to); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPositionChanged(t *testing.T) {
	h := record(events{
		says("AAA", p, yes, 2),     // 1: the first.
		says("AAA", p, no, 3),      // 2: replaces 1.
		says("AAA", p, neutral, 1), // 3: dated before 2, replaces nothing.
		takesBack("AAA", 1, 4),     // 4: takes back 2.
		says("AAA", p, none, 2),    // 5: replaces 1: 2 is no longer in force.
		correct("AAA", 0, domain.PositionChanges{Stance: domain.To(none)}), // 6
		correct("AAA", 0, domain.PositionChanges{Stance: domain.To(yes)}),  // 7
		retract("AAA", 0),      // 8
		says("AAA", o, yes, 9), // 9: another target.
		acts("AAA", domain.Sponsor, 9),
	})
	answer := func(f oracle.PositionFilter) string {
		var words []string
		for _, m := range oracle.New(h).PositionChanged(f) {
			words = append(words, fmt.Sprintf("%s %s %s (%s) %s", at(m.At), m.Kind, at(m.Position.At), m.Before, m.Position.Stance))
		}
		return strings.Join(words, ", ")
	}
	want := "1 STATED 1 () SUPPORT, 2 REPLACED 2 (SUPPORT) OPPOSE, 3 STATED 3 () NEUTRAL, 4 WITHDRAWN 2 (OPPOSE) OPPOSE, 5 REPLACED 5 (SUPPORT) , " +
		"6 CORRECTED 1 (SUPPORT) , 7 CORRECTED 1 () SUPPORT, 8 RETRACTED 1 (SUPPORT) SUPPORT, 9 STATED 9 () SUPPORT"
	if got := answer(oracle.PositionFilter{}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// The filter looks at the position as the message shows it: not at 6, where it has no stance.
	want = "1 STATED 1 () SUPPORT, 7 CORRECTED 1 () SUPPORT, 8 RETRACTED 1 (SUPPORT) SUPPORT"
	if got := answer(oracle.PositionFilter{Stances: []domain.Stance{yes}, Proposal: "p"}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestConvergenceChanged(t *testing.T) {
	h := record(events{
		says("AAA", p, yes, 1),                          // 1: SILENT to NO_OBJECTION, A null to 1.
		says("BBB", p, reserved, 1),                     // 2: A 1 to 3/4.
		says("CCC", p, reserved, 1),                     // 3: A (1,2,0,0,0): 3/4·2/3 + 1/3 = 5/6, by 1/12.
		says("DDD", p, none, 1),                         // 4: nothing.
		admitted("NEW", domain.WEOG),                    // 5: the tallies alone.
		domain.OptionDefined{Element: "e", Option: "b"}, // 6: nothing.
		says("DDD", p, no, 1),                           // 7: CONTESTED.
	})
	answer := func(by float64) string {
		var words []string
		for _, m := range oracle.New(h).ConvergenceChanged(by) {
			if m.At > uint64(len(world)) {
				words = append(words, fmt.Sprint(at(m.At), "/", len(m.Targets)))
			}
		}
		return strings.Join(words, " ")
	}
	for _, c := range []struct {
		by   float64
		want string
	}{{0, "1/1 2/1 3/1 5/2 7/1"}, {0.08, "1/1 2/1 3/1 7/1"}, {0.25, "1/1 2/1 7/1"}, {0.26, "1/1 7/1"}, {2, "1/1 7/1"}} {
		if got := answer(c.by); got != c.want {
			t.Errorf("by %v: got %s, want %s", c.by, got, c.want)
		}
	}
}

func TestSubmissionsAndEnds(t *testing.T) {
	title := domain.ProposalRevised{Proposal: "p", On: day0 + 5, Title: domain.To("new")}
	h := record(events{
		title, revised(3, "CCC"), submitted("q", 6, "BBB"),
		domain.ProposalSuperseded{Proposal: "p", By: "q", On: day0 + 5},
		domain.ProposalAdopted{Proposal: "q", By: "GA", On: day0 + 7},
	})
	q, all := oracle.New(h), uint64(len(h))
	var words []string
	for _, s := range q.Submissions(oracle.Moment{At: all}, "p") {
		words = append(words, fmt.Sprintf("%s %d %s %s %t", at(s.At), s.On-day0, s.Title, s.Submitters, s.InCapacityOfChair))
	}
	// The revision of day 5 keeps what that of day 3, recorded after it, has.
	if want := []string{"0 1 p [EEE] true", "2 3 p [CCC] false", "1 5 new [CCC] false"}; !slices.Equal(words, want) {
		t.Errorf("got %q, want %q", words, want)
	}
	// On day 5 its successor does not exist.
	if got := q.SupersededBy(oracle.Moment{At: all, On: day0 + 5}, "p"); got != "" {
		t.Errorf("superseded by %q, which does not exist", got)
	}
	if got := q.SupersededBy(oracle.Moment{At: all, On: day0 + 6}, "p"); got != "q" {
		t.Errorf("superseded by %q", got)
	}
	if got := q.Adoption(oracle.Moment{At: all, On: day0 + 6}, "q"); got != nil {
		t.Errorf("adopted before that day: %v", got)
	}
	if got := q.Adoption(oracle.Moment{At: all}, "q"); got == nil || got.By != "GA" {
		t.Errorf("adoption: %v", got)
	}
	if got := q.Status(oracle.Moment{At: all, On: day0 + 5}, "q"); got != "" {
		t.Errorf("status of what does not exist: %s", got)
	}
}

// What is asked leaves what was given alone.
func TestAnswersChangeNothing(t *testing.T) {
	h := record(events{joint("G", yes, 1, "CCC", "BBB"), revised(2, "CCC", "AAA"), correct("G", 0, domain.PositionChanges{Stance: domain.To(no)})})
	before := fmt.Sprintf("%+v", h)
	q, m := oracle.New(h), oracle.Moment{At: uint64(len(h))}
	first := fmt.Sprintf("%+v", q.Positions(m, oracle.PositionFilter{}))
	q.Convergence(m, p)
	q.Submissions(m, "p")
	q.PositionAsOf(time.Now())
	if got := fmt.Sprintf("%+v", q.Positions(m, oracle.PositionFilter{})); got != first {
		t.Errorf("the second answer differs: %s, %s", first, got)
	}
	if fmt.Sprintf("%+v", h) != before {
		t.Error("the events were changed")
	}
}
