package projections_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
)

// demoHistory records the built-in negotiation and gives it as the brute force reads it.
func demoHistory(t testing.TB) []oracle.Event {
	t.Helper()
	log := eventlogtest.NewMemory()
	input, faults := intake.Dataset(demo.Files)
	if _, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), input.Rows, recorder.AllOptions{By: "import", Faults: faults}); err != nil {
		t.Fatal(err)
	}
	var events []oracle.Event
	for recorded, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		d, err := projections.Decode(recorded)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, oracle.Event{At: uint64(len(events)) + 1, RecordedAt: d.RecordedAt, Revision: d.Revision, Event: d.Event})
	}
	return events
}

// TestFiguresOfTheDemoEqualTheBruteForce compares the built-in negotiation at 200 random moments: on four targets drawn for each
// moment all figures and, for ten States drawn, the standing with its evidence. The brute force takes tens of milliseconds a
// target, and seconds a timeline: RAPPORTEUR_LONG=1 asks for all targets and States, and for one timeline at every fourth moment.
func TestFiguresOfTheDemoEqualTheBruteForce(t *testing.T) {
	events := demoHistory(t)
	m, o := modelOf(t, events), oracle.New(events)
	moments, drawn := 200, 4
	long := os.Getenv("RAPPORTEUR_LONG") != ""
	if testing.Short() {
		moments = 10
	}
	r := rand.New(rand.NewPCG(237, 78))
	work := make(chan func())
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for check := range work {
				check()
			}
		})
	}
	for i, at := range randomMoments(r, events, daysOf(events), moments) {
		targets, states := o.Targets(at), o.MemberStates(at)
		if got := m.View(projections.Moment{At: at.At, On: at.On}).Targets(); !slices.Equal(got, targets) {
			t.Fatalf("at %d on %q: targets %v, want %v", at.At, at.On, got, targets)
		}
		r.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
		r.Shuffle(len(states), func(i, j int) { states[i], states[j] = states[j], states[i] })
		if !long {
			targets, states = targets[:min(drawn, len(targets))], states[:min(10, len(states))]
		}
		for j, target := range targets {
			timeline := long && j == 0 && i%4 == 0
			work <- func() { compareTarget(t, m, o, at, target, states, timeline) }
		}
	}
	close(work)
	workers.Wait()
}

// compareTarget compares what is answered of one target of a large record.
func compareTarget(t *testing.T, m *projections.Model, o *oracle.Oracle, at oracle.Moment, target domain.Target, states []string, timeline bool) {
	v := m.View(projections.Moment{At: at.At, On: at.On})
	report := func(what string, want, got any) {
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s of %s at %d on %q (-brute force, +read model):\n%s", what, target.Key(), at.At, at.On, diff)
		}
	}
	c, ok := v.Convergence(target)
	if !ok {
		t.Errorf("%s does not exist at %d on %q", target.Key(), at.At, at.On)
		return
	}
	report("figures", oracleFigures(o.Convergence(at, target)), figuresOf(c))
	for _, s := range states {
		st, _ := v.Standing(s, target)
		report("standing of "+s, oracleStanding(o.Standing(at, s, target)), standingText(v, st))
	}
	var got, want []string
	for _, p := range v.OpenPoints(target, nil, projections.Page[projections.OpenPointKey]{First: everything}).Items {
		got = append(got, fmt.Sprint(p.PositionAt, ".", p.Index, p.Kind))
	}
	for _, p := range o.OpenPoints(at, target, nil) {
		want = append(want, fmt.Sprint(p.At, ".", p.Index, p.Kind))
	}
	report("open points", want, got)
	if timeline {
		report("timeline", oracleTimeline(o.Timeline(at, target, 0, 0)), timelineText(v.Timeline(target, 0, 0)))
	}
}
