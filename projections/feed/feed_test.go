package feed_test

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/feed"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

func decoded(events []oracle.Event) []projections.Decoded {
	list := make([]projections.Decoded, len(events))
	for i, e := range events {
		list[i] = projections.Decoded{
			Stream: e.Event.Stream(), Revision: e.Revision, Type: strings.TrimPrefix(fmt.Sprintf("%T", e.Event), "domain."),
			Event: e.Event, RecordedAt: e.RecordedAt, RecordedBy: fmt.Sprint("subject-", e.At%3),
		}
	}
	return list
}

func modelOf(t testing.TB, events []oracle.Event) *projections.Model {
	t.Helper()
	m := projections.New()
	if err := m.Apply(decoded(events)...); err != nil {
		t.Fatal(err)
	}
	return m
}

// line is a message in words in which both sides can say it.
type line struct {
	At   uint64
	Says string
}

// all reads a feed from a position to the end of what there is.
func all[M any](t testing.TB, f *feed.Feed[M], after uint64, say func(M) string) []line {
	t.Helper()
	c := f.After(after)
	list, previous := []line{}, after
	for {
		m, ok, err := c.Poll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return list
		}
		if m.PreviousAt != previous || m.At <= previous {
			t.Fatalf("a message at %d behind %d says that the one before it was at %d", m.At, previous, m.PreviousAt)
		}
		previous = m.At
		list = append(list, line{m.At, say(m.Value)})
	}
}

// question is one feed under one filter, asked of both.
type question struct {
	name string
	from func(t testing.TB, f *feed.Feeds, after uint64) []line
	want func(o *oracle.Oracle) []line
}

func sayPosition(m feed.PositionChange) string {
	p := m.Position
	return fmt.Sprintf("%s (%s) %d %s/%d %+v withdrawn %v ended %v", m.Kind, m.Before, p.At, p.Actor.Code(), p.Revision, textOf(p.PositionStated), p.WithdrawnOn != 0, p.EndedOn)
}

func textOf(p domain.PositionStated) string {
	explains := ""
	if p.Explains != nil {
		explains = fmt.Sprint(*p.Explains)
	}
	p.Explains = nil
	return fmt.Sprintf("%s %v %v %s %s %s %s %s %q %v %v", explains, p.AlignedWith, p.Dissociated, p.Target.Key(), p.Stance, p.Form, p.StatedOn, p.Session, p.Summary, p.Points, p.Source)
}

func positions(name string, f projections.PositionFilter) question {
	return question{
		"positionChanged " + name,
		func(t testing.TB, feeds *feed.Feeds, after uint64) []line {
			return all(t, feeds.PositionChanged(f), after, sayPosition)
		},
		func(o *oracle.Oracle) []line {
			list := []line{}
			for _, m := range o.PositionChanged(oracle.PositionFilter{
				Actors: f.Actors, Target: f.Target, Proposal: f.Proposal, Element: f.Element, Stances: f.Stances, Session: f.Session,
				From: f.StatedFrom, To: f.StatedTo, RegionalGroup: f.RegionalGroup,
			}) {
				p := m.Position
				list = append(list, line{m.At, fmt.Sprintf("%s (%s) %d %s/%d %+v withdrawn %v ended %v", m.Kind, m.Before, p.At, p.Actor, p.Revision, textOf(domain.PositionStated{
					AlignedWith: p.AlignedWith, Dissociated: p.Dissociated, Target: p.Target, Stance: p.Stance, Form: p.Form, Explains: p.Explains,
					StatedOn: p.StatedOn, Session: p.Session, Summary: p.Summary, Points: p.Points, Source: p.Source,
				}), p.Withdrawn, p.EndedOn)})
			}
			return list
		},
	}
}

func endorsements(name string, f projections.EndorsementFilter) question {
	return question{
		"endorsementChanged " + name,
		func(t testing.TB, feeds *feed.Feeds, after uint64) []line {
			return all(t, feeds.EndorsementChanged(f), after, func(m feed.EndorsementChange) string {
				says := m.Kind.String()
				for _, e := range m.Endorsements {
					says += fmt.Sprint(" ", e.At, e.VoteAt != 0, e.Actor.Code(), e.Proposal, e.DocumentSymbol, e.Paragraph, e.Kind, e.On, e.WithdrawnOn)
				}
				return says
			})
		},
		func(o *oracle.Oracle) []line {
			list := []line{}
			for _, m := range o.EndorsementChanged(oracle.EndorsementFilter{Actors: f.Actors, Proposal: f.Proposal, Kinds: f.Kinds, DocumentSymbol: f.DocumentSymbol}) {
				says := m.Kind
				for _, e := range m.Endorsements {
					says += fmt.Sprint(" ", e.At, e.Ballot, e.Actor, e.Proposal, e.DocumentSymbol, e.Paragraph, e.Kind, e.On, e.WithdrawnOn)
				}
				list = append(list, line{m.At, says})
			}
			return list
		},
	}
}

func six(t oracle.Tally) [6]int {
	return [6]int{t.Undeclared, t.Counts[0], t.Counts[1], t.Counts[2], t.Counts[3], t.Counts[4]}
}

func null(f *float64) string {
	if f == nil {
		return "null"
	}
	return fmt.Sprintf("%.17g", *f)
}

func served(r *big.Rat) string {
	f, ok := oracle.Served(r)
	if !ok {
		return "null"
	}
	return null(&f)
}

func convergence(events []oracle.Event, target *domain.Target, by float64) question {
	return question{
		fmt.Sprint("convergenceChanged ", target, " by ", by),
		func(t testing.TB, feeds *feed.Feeds, after uint64) []line {
			return all(t, feeds.ConvergenceChanged(target, by), after, func(m feed.ConvergenceChange) (says string) {
				for _, c := range m.Changes {
					for _, p := range []projections.ConvergencePoint{c.Before, c.After} {
						says += fmt.Sprint(c.Target.Key(), " ", p.On, [6]int(p.Tally), null(p.Support), null(p.Agreement), p.Consensus, "; ")
					}
				}
				return says
			})
		},
		func(o *oracle.Oracle) []line {
			list := []line{}
			for _, m := range o.ConvergenceChanged(by) {
				says := ""
				for _, changed := range m.Targets {
					if target != nil && changed != *target {
						continue
					}
					for at := m.At - 1; at <= m.At; at++ {
						c := o.Convergence(oracle.Moment{At: at}, changed)
						says += fmt.Sprint(changed.Key(), " ", domain.DateOf(events[m.At-1].RecordedAt), six(c.Tally), served(c.Support), served(c.Agreement), c.Consensus, "; ")
					}
				}
				if says != "" {
					list = append(list, line{m.At, says})
				}
			}
			return list
		},
	}
}

func recorded(name string, f projections.EventFilter, events []projections.Decoded) question {
	return question{
		"eventRecorded " + name,
		func(t testing.TB, feeds *feed.Feeds, after uint64) []line {
			return all(t, feeds.EventRecorded(f), after, func(e projections.EventRef) string {
				return fmt.Sprint(e.At, e.Stream, e.Revision, e.Type, e.RecordedBy, e.RecordedAt)
			})
		},
		func(*oracle.Oracle) []line {
			list := []line{}
			for i, e := range events {
				if strings.HasPrefix(e.Stream, f.StreamPrefix) && (f.Types == nil || slices.Contains(f.Types, e.Type)) && (f.RecordedBy == "" || e.RecordedBy == f.RecordedBy) {
					list = append(list, line{uint64(i + 1), fmt.Sprint(i+1, e.Stream, e.Revision, e.Type, e.RecordedBy, e.RecordedAt)})
				}
			}
			return list
		},
	}
}

// questionsOn gives every feed without a filter, and under some filters that let part of the messages through.
func questionsOn(events []oracle.Event, r *rand.Rand) []question {
	var targets []domain.Target
	var actors []string
	for _, e := range events {
		switch v := e.Event.(type) {
		case domain.ProposalSubmitted:
			targets = append(targets, domain.OnProposal(v.Proposal))
		case domain.OptionDefined:
			targets = append(targets, domain.OnOption(v.Element, v.Option))
		case domain.StateAdmitted:
			actors = append(actors, v.State)
		case domain.GroupDefined:
			actors = append(actors, v.Group)
		}
	}
	some := func() []string { return []string{actors[r.IntN(len(actors))], actors[r.IntN(len(actors))]} }
	list := []question{
		positions("", projections.PositionFilter{}),
		positions("of actors", projections.PositionFilter{Actors: some()}),
		positions("of nobody", projections.PositionFilter{Actors: []string{}}),
		positions("with stances", projections.PositionFilter{Stances: []domain.Stance{domain.Support, domain.Concerned}}),
		positions("in a session", projections.PositionFilter{Session: "S-1"}),
		positions("of a region", projections.PositionFilter{RegionalGroup: domain.RegionalGroups[r.IntN(5)]}),
		positions("stated between", projections.PositionFilter{StatedFrom: history.FirstDay + 1, StatedTo: history.FirstDay + 3}),
		positions("on options", projections.PositionFilter{Element: "e"}),
		endorsements("", projections.EndorsementFilter{}),
		endorsements("of actors", projections.EndorsementFilter{Actors: some()}),
		endorsements("of kinds", projections.EndorsementFilter{Kinds: []domain.EndorsementKind{domain.VoteNo, domain.Sponsor, domain.VoteAbstain}}),
		endorsements("of a document", projections.EndorsementFilter{DocumentSymbol: "A/1"}),
		convergence(events, nil, 0),
		convergence(events, nil, []float64{0.05, 0.1, 0.25, 0.5, 1}[r.IntN(5)]),
		convergence(events, nil, 3),
		recorded("", projections.EventFilter{}, decoded(events)),
		recorded("of a stream", projections.EventFilter{StreamPrefix: "position-" + actors[0]}, decoded(events)),
		recorded("of types", projections.EventFilter{Types: []string{"PositionStated", "VoteRecorded"}}, decoded(events)),
		recorded("by somebody", projections.EventFilter{RecordedBy: "subject-1"}, decoded(events)),
	}
	if len(targets) > 0 {
		target := targets[r.IntN(len(targets))]
		list = append(list, positions("on "+target.Key(), projections.PositionFilter{Target: &target}), convergence(events, &target, 0), convergence(events, &target, 0.2))
		if target.IsProposal() {
			list = append(list,
				positions("on proposal "+target.Proposal, projections.PositionFilter{Proposal: target.Proposal, Actors: actors[:len(actors)/2]}),
				endorsements("of "+target.Proposal, projections.EndorsementFilter{Proposal: target.Proposal}))
		}
	}
	return list
}

// TestFeedsEqualTheBruteForce compares all messages of all feeds, under many filters, over random histories, and has each feed
// resumed behind every position of the record: what comes is what is left of the whole.
func TestFeedsEqualTheBruteForce(t *testing.T) {
	histories := 30
	switch {
	case os.Getenv("RAPPORTEUR_LONG") != "":
		histories = 3000
	case testing.Short():
		histories = 10
	}
	given := map[string]int{}
	for seed := range uint64(histories) {
		world := history.Small
		if seed%3 == 2 {
			world = history.Friendly
		}
		world.Events = 30 + int(seed%4)*20
		events := history.Random(seed, world)
		o, feeds := oracle.New(events), feed.New(modelOf(t, events))
		for _, q := range questionsOn(events, rand.New(rand.NewPCG(seed, 7))) {
			want := q.want(o)
			if diff := cmp.Diff(want, q.from(t, feeds, 0)); diff != "" {
				t.Fatalf("history %d, %s (-brute force, +feed):\n%s", seed, q.name, diff)
			}
			kind, _, _ := strings.Cut(q.name, " ")
			given[kind] += len(want)
			for after := range uint64(len(events)) + 1 {
				rest := slices.Clone(want)
				rest = slices.DeleteFunc(rest, func(l line) bool { return l.At <= after })
				if diff := cmp.Diff(rest, q.from(t, feeds, after)); diff != "" {
					t.Fatalf("history %d, %s resumed after %d (-what is left, +what came):\n%s", seed, q.name, after, diff)
				}
			}
		}
	}
	for _, kind := range []string{"positionChanged", "endorsementChanged", "convergenceChanged", "eventRecorded"} {
		if given[kind] < 5*histories {
			t.Errorf("%s gave %d messages over %d histories: too few to compare", kind, given[kind], histories)
		}
	}
}

// A follower that reads while the record grows, by one event or by many, gets what one gets who comes when all is over; and what
// was said at a position is said so for ever, though later events change what the position was about.
func TestLiveEqualsLater(t *testing.T) {
	for seed := range uint64(20) {
		events := history.Random(seed, history.Small)
		r := rand.New(rand.NewPCG(seed, 9))
		m := projections.New()
		feeds := feed.New(m)
		live := feeds.PositionChanged(projections.PositionFilter{}).After(0)
		figures := feeds.ConvergenceChanged(nil, 0).After(0)
		var got, moved []line
		list := decoded(events)
		for len(list) > 0 {
			n := 1 + r.IntN(min(5, len(list)))
			if err := m.Apply(list[:n]...); err != nil {
				t.Fatal(err)
			}
			list = list[n:]
			for {
				c, ok, err := live.Poll(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				got = append(got, line{c.At, sayPosition(c.Value)})
			}
			for {
				c, ok, err := figures.Poll(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				moved = append(moved, line{c.At, fmt.Sprint(len(c.Value.Changes))})
			}
		}
		later := feed.New(modelOf(t, events))
		if diff := cmp.Diff(all(t, later.PositionChanged(projections.PositionFilter{}), 0, sayPosition), got); diff != "" {
			t.Fatalf("history %d (-later, +live):\n%s", seed, diff)
		}
		if diff := cmp.Diff(all(t, later.ConvergenceChanged(nil, 0), 0, func(c feed.ConvergenceChange) string { return fmt.Sprint(len(c.Changes)) }), moved); diff != "" {
			t.Fatalf("history %d (-later, +live):\n%s", seed, diff)
		}
	}
}

func TestNextWaitsAndEndsWithItsContext(t *testing.T) {
	events := decoded(history.Random(1, history.Small))
	m := projections.New()
	c := feed.New(m).EventRecorded(projections.EventFilter{}).After(0)
	got := make(chan uint64)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		for {
			message, err := c.Next(ctx)
			if err != nil {
				ended <- err
				return
			}
			got <- message.At
		}
	}()
	for i, e := range events[:5] {
		if err := m.Apply(e); err != nil {
			t.Fatal(err)
		}
		if at := <-got; at != uint64(i+1) {
			t.Fatalf("a message at %d, want one at %d", at, i+1)
		}
	}
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("ended by %v", err)
	}
}

// Whoever looks for little in a long record stops when his context ends, not when he is through.
func TestReadingOnFromFarBackCanBeBrokenOff(t *testing.T) {
	m := projections.New()
	const n = 20_000
	events := make([]projections.Decoded, n)
	for i := range events {
		e := domain.ImportCompleted{SHA256: fmt.Sprint(i)}
		events[i] = projections.Decoded{Stream: e.Stream(), Type: "ImportCompleted", Event: e, RecordedBy: "x"}
	}
	if err := m.Apply(events...); err != nil {
		t.Fatal(err)
	}
	f := feed.New(m).EventRecorded(projections.EventFilter{RecordedBy: "nobody"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := f.First(ctx, 0, n); err != context.Canceled {
		t.Errorf("a search whose context has ended: %v", err)
	}
	if _, _, ok, err := f.First(t.Context(), 0, n); ok || err != nil {
		t.Errorf("a search for nothing: %v, %v", ok, err)
	}
	if _, at, ok, err := feed.New(m).EventRecorded(projections.EventFilter{StreamPrefix: "import-19999"}).First(t.Context(), 0, n); !ok || at != n || err != nil {
		t.Errorf("the last of %d: at %d, %v, %v", n, at, ok, err)
	}
}
