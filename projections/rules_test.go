package projections_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// everything is a page that holds any list of a test.
const everything = 1 << 20

// modelOf applies a history to an empty model.
func modelOf(t testing.TB, events []oracle.Event) *projections.Model {
	t.Helper()
	m := projections.New()
	if err := m.Apply(decoded(t, events)...); err != nil {
		t.Fatal(err)
	}
	return m
}

func decoded(t testing.TB, events []oracle.Event) []projections.Decoded {
	t.Helper()
	list := make([]projections.Decoded, len(events))
	for i, e := range events {
		list[i] = projections.Decoded{
			Stream: e.Event.Stream(), Revision: e.Revision, Type: strings.TrimPrefix(fmt.Sprintf("%T", e.Event), "domain."),
			Event: e.Event, RecordedAt: e.RecordedAt, RecordedBy: "test",
		}
	}
	return list
}

// randomMoments gives moments over a history, the newest without a limit of days among them.
func randomMoments(r *rand.Rand, events []oracle.Event, days []domain.Date, n int) []oracle.Moment {
	newest := uint64(len(events))
	list := []oracle.Moment{{At: newest}}
	for len(list) < n {
		m := oracle.Moment{At: newest}
		if r.IntN(4) > 0 {
			m.At = uint64(r.IntN(len(events) + 1))
		}
		if r.IntN(4) > 0 {
			m.On = days[r.IntN(len(days))] + domain.Date(r.IntN(3)-1)
		}
		list = append(list, m)
	}
	return list
}

// daysOf gives the days that a history names in the facts that figures rest on.
func daysOf(events []oracle.Event) []domain.Date {
	days := []domain.Date{domain.NewDate(2024, 1, 1)}
	for _, e := range events {
		switch v := e.Event.(type) {
		case domain.PositionStated:
			days = append(days, v.StatedOn)
		case domain.PositionWithdrawn:
			days = append(days, v.On)
		case domain.ProposalSubmitted:
			days = append(days, v.On)
		case domain.ProposalRevised:
			days = append(days, v.On)
		case domain.EndorsementGiven:
			days = append(days, v.On)
		case domain.EndorsementWithdrawn:
			days = append(days, v.On)
		case domain.VoteRecorded:
			days = append(days, v.On)
		case domain.IntendedBallotDeclared:
			days = append(days, v.On)
		case domain.ProposalWithdrawn:
			days = append(days, v.On)
		case domain.ProposalAdopted:
			days = append(days, v.On)
		}
	}
	return days
}

// known gives all targets, actors and groups that a history names.
func known(events []oracle.Event) (targets []domain.Target, states, groups, slugs []string) {
	for _, e := range events {
		switch v := e.Event.(type) {
		case domain.OptionDefined:
			targets = append(targets, domain.OnOption(v.Element, v.Option))
		case domain.ProposalSubmitted:
			targets = append(targets, domain.OnProposal(v.Proposal))
			slugs = append(slugs, v.Proposal)
		case domain.StateAdmitted:
			states = append(states, v.State)
		case domain.GroupDefined:
			groups = append(groups, v.Group)
		}
	}
	return targets, states, groups, slugs
}

// answers is everything that is asked of a moment, in words in which both sides can say it.
type answers struct {
	Targets, Members []string
	Groups           map[string][]string
	Standings        map[string]string // "<state> on <target>"
	Figures          map[string]figures
	Order, Common    []string
	Matrix           []string
	Positions        []positionAnswer
	Endorsements     []string
	OpenPoints       map[string][]string
	Timelines        map[string][]string
	Proposals        map[string]string
}

type figures struct {
	Tally, Own                               [6]int
	Regional                                 [5][6]int
	Declared, AtLeast, AtMost, CrossRegional string
	Support, Agreement                       string
	Consensus                                string
	Objectors, Undeclared                    []string
	OnEarlierVersion                         int
}

type positionAnswer struct {
	At            uint64
	Actor, Target string
	Fields        domain.PositionStated
	EndedOn       domain.Date
	Withdrawn     bool
	Revision      int64
}

func compare(t *testing.T, m *projections.Model, o *oracle.Oracle, events []oracle.Event, at oracle.Moment) bool {
	t.Helper()
	got, want := answersOf(m, events, at), oracleAnswers(o, events, at)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("at %d on %q (-brute force, +read model):\n%s", at.At, at.On, diff)
		return false
	}
	return true
}

func float(f *float64) string {
	if f == nil {
		return "null"
	}
	return fmt.Sprintf("%.17g", *f)
}

func rat(r *big.Rat) string {
	f, ok := oracle.Served(r)
	if !ok {
		return "null"
	}
	return float(&f)
}

func answersOf(m *projections.Model, events []oracle.Event, at oracle.Moment) answers {
	v := m.View(projections.Moment{At: at.At, On: at.On})
	targets, states, groups, slugs := known(events)
	a := answers{
		Groups: map[string][]string{}, Standings: map[string]string{}, Figures: map[string]figures{},
		OpenPoints: map[string][]string{}, Timelines: map[string][]string{}, Proposals: map[string]string{},
	}
	for _, t := range v.Targets() {
		a.Targets = append(a.Targets, t.Key())
	}
	a.Members = codesOf(v.MemberStates())
	for _, g := range groups {
		a.Groups[g] = codesOf(v.Members(g))
	}
	for _, t := range targets {
		c, ok := v.Convergence(t)
		if !ok {
			continue
		}
		a.Figures[t.Key()] = figuresOf(c)
		for _, s := range states {
			st, ok := v.Standing(s, t)
			if !ok {
				continue
			}
			a.Standings[s+" on "+t.Key()] = standingText(v, st)
		}
		for _, p := range v.OpenPoints(t, nil, projections.Page[projections.OpenPointKey]{First: everything}).Items {
			a.OpenPoints[t.Key()] = append(a.OpenPoints[t.Key()], fmt.Sprint(p.PositionAt, ".", p.Index, p.Kind))
		}
		a.Timelines[t.Key()] = timelineText(v.Timeline(t, 0, 0))
	}
	for _, c := range v.Convergences(nil) {
		a.Order = append(a.Order, c.Target.Key())
	}
	for _, c := range v.CommonGround(0.5, 0, 0) {
		a.Common = append(a.Common, c.Target.Key())
	}
	matrix := v.Matrix(nil, nil, "")
	for i, s := range matrix.States {
		a.Matrix = append(a.Matrix, s.Code+" "+matrix.Row(i))
	}
	for _, p := range v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items {
		a.Positions = append(a.Positions, positionAnswer{
			At: p.At, Actor: p.Actor.Code(), Target: p.Target.Key(), Fields: p.PositionStated, EndedOn: p.EndedOn, Withdrawn: p.WithdrawnOn != 0, Revision: p.Revision,
		})
	}
	for _, e := range v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything}).Items {
		a.Endorsements = append(a.Endorsements, fmt.Sprint(e.At, e.VoteAt != 0, e.Actor.Code(), e.Proposal, e.DocumentSymbol, e.Paragraph, e.Kind, e.On, e.WithdrawnOn))
	}
	for _, slug := range slugs {
		p, ok := v.Proposal(slug)
		if !ok {
			continue
		}
		var versions []string
		for _, s := range p.Submissions {
			versions = append(versions, fmt.Sprint(s.At, s.On, codes(s.Submitters), s.InCapacityOfChair, s.Options))
		}
		a.Proposals[slug] = fmt.Sprint(p.Title, p.Summary, p.Status.String(), p.Adoption != nil, p.MergedInto, p.SupersededBy, codes(p.Submitters), p.Options, versions)
	}
	return a
}

func figuresOf(c *projections.Convergence) figures {
	f := figures{
		Tally: c.Figures.Tally, Own: c.Figures.Own, Declared: float(&c.Declared), AtLeast: float(&c.SupportAtLeast), AtMost: float(&c.SupportAtMost),
		CrossRegional: float(&c.CrossRegional), Support: float(c.Support), Agreement: float(c.Agreement), Consensus: c.Consensus.String(),
		OnEarlierVersion: c.OnEarlierVersion,
	}
	for i, r := range c.Figures.Regional {
		f.Regional[i] = r
	}
	for _, s := range c.Standings {
		switch s.Stance {
		case domain.Oppose:
			f.Objectors = append(f.Objectors, s.State.Code)
		case 0:
			f.Undeclared = append(f.Undeclared, s.State.Code)
		}
	}
	return f
}

func oracleFigures(c oracle.Convergence) figures {
	f := figures{
		Tally: six(c.Tally), Own: six(c.OwnTally), Declared: rat(c.Declared), AtLeast: rat(c.SupportAtLeast), AtMost: rat(c.SupportAtMost),
		CrossRegional: rat(c.CrossRegional), Support: rat(c.Support), Agreement: rat(c.Agreement), Consensus: string(c.Consensus),
		Objectors: c.Objectors, Undeclared: c.Undeclared, OnEarlierVersion: c.OnEarlierVersion,
	}
	for i, r := range c.ByRegionalGroup {
		f.Regional[i] = six(r)
	}
	return f
}

func standingText(v *projections.View, st projections.Standing) string {
	var evidence []string
	for _, e := range v.Evidence(st.State.Code, st.Target) {
		kind := map[projections.EvidenceKind]string{
			projections.PositionEvidence: "Position", projections.SubmissionEvidence: "Submission", projections.EndorsementEvidence: "Endorsement",
		}[e.Kind]
		evidence = append(evidence, fmt.Sprint(kind, e.At))
	}
	return fmt.Sprint(st.Stance, " ", st.Basis, " ", st.OnEarlierVersion, " ", evidence)
}

func oracleStanding(st oracle.Standing) string {
	var evidence []string
	for _, e := range st.Evidence {
		evidence = append(evidence, fmt.Sprint(string(e.Kind), e.At))
	}
	return fmt.Sprint(st.Stance, " ", st.Basis, " ", st.OnEarlierVersion, " ", evidence)
}

func timelineText(points []projections.ConvergencePoint) (list []string) {
	for _, p := range points {
		list = append(list, fmt.Sprint(p.On, [6]int(p.Tally), float(p.Support), float(p.Agreement), p.Consensus))
	}
	return list
}

func oracleTimeline(points []oracle.TimelinePoint) (list []string) {
	for _, p := range points {
		list = append(list, fmt.Sprint(p.On, six(p.Tally), rat(p.Support), rat(p.Agreement), p.Consensus))
	}
	return list
}

func codesOf(states []*projections.State) []string {
	var list []string
	for _, s := range states {
		list = append(list, s.Code)
	}
	return list
}

func codes(actors []projections.Actor) []string {
	list := []string{}
	for _, a := range actors {
		list = append(list, a.Code())
	}
	return list
}

// six puts the undeclared first, as a tally of the read model does.
func six(t oracle.Tally) [6]int {
	return [6]int{t.Undeclared, t.Counts[0], t.Counts[1], t.Counts[2], t.Counts[3], t.Counts[4]}
}

func oracleAnswers(o *oracle.Oracle, events []oracle.Event, at oracle.Moment) answers {
	targets, states, groups, slugs := known(events)
	a := answers{
		Groups: map[string][]string{}, Standings: map[string]string{}, Figures: map[string]figures{},
		OpenPoints: map[string][]string{}, Timelines: map[string][]string{}, Proposals: map[string]string{},
	}
	existing := o.Targets(at)
	for _, t := range existing {
		a.Targets = append(a.Targets, t.Key())
	}
	a.Members = o.MemberStates(at)
	for _, g := range groups {
		a.Groups[g] = o.Members(at, g)
	}
	for _, t := range targets {
		if !slices.Contains(existing, t) {
			continue
		}
		a.Figures[t.Key()] = oracleFigures(o.Convergence(at, t))
		for _, s := range states {
			if !stateKnown(events, s, at.At) {
				continue
			}
			a.Standings[s+" on "+t.Key()] = oracleStanding(o.Standing(at, s, t))
		}
		for _, p := range o.OpenPoints(at, t, nil) {
			a.OpenPoints[t.Key()] = append(a.OpenPoints[t.Key()], fmt.Sprint(p.At, ".", p.Index, p.Kind))
		}
		a.Timelines[t.Key()] = oracleTimeline(o.Timeline(at, t, 0, 0))
	}
	for _, t := range o.Order(at, existing) {
		a.Order = append(a.Order, t.Key())
	}
	for _, t := range o.CommonGround(at, 0.5, 0, 0) {
		a.Common = append(a.Common, t.Key())
	}
	for _, s := range a.Members {
		a.Matrix = append(a.Matrix, s+" "+o.MatrixRow(at, s, existing))
	}
	for _, p := range o.Positions(at, oracle.PositionFilter{}) {
		a.Positions = append(a.Positions, positionAnswer{
			At: p.At, Actor: p.Actor, Target: p.Target.Key(), EndedOn: p.EndedOn, Withdrawn: p.Withdrawn, Revision: p.Revision,
			Fields: domain.PositionStated{
				Actor: p.Actor, AlignedWith: p.AlignedWith, Dissociated: p.Dissociated, Target: p.Target, Stance: p.Stance, Form: p.Form, Explains: p.Explains,
				StatedOn: p.StatedOn, Session: p.Session, Summary: p.Summary, Points: p.Points, Source: p.Source,
			},
		})
	}
	for _, e := range o.Endorsements(at, oracle.EndorsementFilter{}) {
		a.Endorsements = append(a.Endorsements, fmt.Sprint(e.At, e.Ballot, e.Actor, e.Proposal, e.DocumentSymbol, e.Paragraph, e.Kind, e.On, e.WithdrawnOn))
	}
	for _, slug := range slugs {
		submissions := o.Submissions(at, slug)
		if len(submissions) == 0 {
			continue
		}
		var versions []string
		for _, s := range submissions {
			versions = append(versions, fmt.Sprint(s.At, s.On, s.Submitters, s.InCapacityOfChair, s.Options))
		}
		last := submissions[len(submissions)-1]
		a.Proposals[slug] = fmt.Sprint(last.Title, last.Summary, string(o.Status(at, slug)), o.Adoption(at, slug) != nil,
			endOf(events, slug, at, true), endOf(events, slug, at, false), o.Submitters(at, slug), o.Options(at, slug), versions)
	}
	return a
}

// endOf gives the slug into which a proposal went or by which it was superseded; the brute force gives it only where that
// proposal exists at the moment, the read model leaves that to whoever shows it.
func endOf(events []oracle.Event, slug string, at oracle.Moment, merged bool) string {
	for _, e := range events {
		if e.At > at.At {
			break
		}
		switch v := e.Event.(type) {
		case domain.ProposalMerged:
			if merged && v.Proposal == slug && (at.On == 0 || v.On <= at.On) {
				return v.Into
			}
		case domain.ProposalSuperseded:
			if !merged && v.Proposal == slug && (at.On == 0 || v.On <= at.On) {
				return v.By
			}
		}
	}
	return ""
}

func stateKnown(events []oracle.Event, code string, at uint64) bool {
	for _, e := range events {
		if s, ok := e.Event.(domain.StateAdmitted); ok && s.State == code {
			return e.At <= at
		}
	}
	return false
}

func TestFiguresOfRandomHistoriesEqualTheBruteForce(t *testing.T) {
	histories, moments := 120, 8
	if testing.Short() {
		histories = 20
	}
	for seed := range uint64(histories) {
		world := history.Small
		world.Days += int(seed % 12)
		world.States += int(seed % 5)
		world.Events = 30 + int(seed%5)*30
		events := history.Random(seed, world)
		m, o := modelOf(t, events), oracle.New(events)
		r := rand.New(rand.NewPCG(seed, 1))
		for _, at := range randomMoments(r, events, daysOf(events), moments) {
			if !compare(t, m, o, events, at) {
				t.Fatalf("history %d of %+v", seed, world)
			}
		}
	}
}
