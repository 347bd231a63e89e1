package projections_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// changeText writes a change; ref names the first of its evidence.
func changeText(target domain.Target, state string, before, after domain.Stance, cause string, kind projections.EvidenceKind, at uint64) string {
	return fmt.Sprint(target.Key(), " ", state, " ", before, ">", after, " ", cause, " by ", kind, at)
}

func changesText(from, to *projections.View, changes []projections.StandingChange) (list []string) {
	for _, c := range changes {
		_, evidence := c.Evidence(from, to)
		first := projections.Evidence{}
		if len(evidence) > 0 {
			first = evidence[0]
		}
		list = append(list, changeText(c.Target, c.State.Code, c.Before, c.After, c.Cause.String(), first.Kind, first.At))
	}
	return list
}

var evidenceKinds = map[oracle.Kind]projections.EvidenceKind{
	oracle.PositionEvidence: projections.PositionEvidence, oracle.SubmissionEvidence: projections.SubmissionEvidence,
	oracle.EndorsementEvidence: projections.EndorsementEvidence,
}

func changes(v *projections.View, from projections.Moment, f projections.ChangeFilter) func(projections.Page[projections.ChangeKey]) projections.Slice[projections.StandingChange] {
	return func(p projections.Page[projections.ChangeKey]) projections.Slice[projections.StandingChange] {
		return v.Changes(from, f, p)
	}
}

// TestChangesEqualTheBruteForce compares thousands of random histories at random pairs of moments in both times, the first of which
// is as often as not behind the second in one of them.
func TestChangesEqualTheBruteForce(t *testing.T) {
	met := map[oracle.Cause]int{}
	for seed := range daily(350, 4000) {
		world := history.Small
		world.Days, world.Events = 4+int(seed%8), 30+int(seed%4)*25
		events := history.Random(seed, world)
		m, o, r := modelOf(t, events), oracle.New(events), rand.New(rand.NewPCG(seed, 8))
		moments := randomMoments(r, events, daysOf(events), 4)
		for range 3 {
			from, to := moments[r.IntN(len(moments))], moments[r.IntN(len(moments))]
			if r.IntN(4) > 0 && from.At > to.At {
				from, to = to, from
			}
			name := fmt.Sprintf("history %d of %+v from %+v to %+v", seed, world, from, to)
			var want []string
			for _, c := range o.Changes(from, to) {
				met[c.Cause]++
				want = append(want, changeText(c.Target, c.State, c.Before, c.After, string(c.Cause), evidenceKinds[c.First.Kind], c.First.At))
			}
			before, v := projections.Moment{At: from.At, On: from.On}, m.View(projections.Moment{At: to.At, On: to.On})
			whole := v.Changes(before, projections.ChangeFilter{}, projections.Page[projections.ChangeKey]{First: everything}).Items
			if diff := differ(want, changesText(m.View(before), v, whole)); diff != "" {
				t.Fatalf("%s (-brute force +read model):\n%s", name, diff)
			}
		}
	}
	for _, cause := range []oracle.Cause{
		oracle.Corrected, oracle.Withdrew, oracle.Learned, oracle.OtherText, oracle.Moved, oracle.GroupMoved, oracle.Membership,
	} {
		if met[cause] < 10 {
			t.Errorf("only %d changes of the cause %s were met: that shows little", met[cause], cause)
		}
	}
}

func TestChangesInPagesAndFiltered(t *testing.T) {
	eachRandomView(t, 15, func(t *testing.T, r *rand.Rand, events []oracle.Event, v *projections.View) {
		from := projections.Moment{At: uint64(r.IntN(len(events) + 1))}
		targets, states, _, _ := known(events)
		whole := pages(t, "changes", changes(v, from, projections.ChangeFilter{}), projections.StandingChange.Key)
		f := projections.ChangeFilter{
			States: orSome(r, states...), Targets: orSome(r, targets...),
			Causes: orSome(r, projections.Moved, projections.GroupMoved, projections.Learned, projections.Corrected, projections.Membership, projections.Withdrew, projections.OtherText),
		}
		want := slices.DeleteFunc(slices.Clone(whole), func(c projections.StandingChange) bool {
			return !anyOf(f.States, c.State.Code) || !anyOf(f.Targets, c.Target) || !anyOf(f.Causes, c.Cause)
		})
		got := pages(t, "some changes", changes(v, from, f), projections.StandingChange.Key)
		if diff := differ(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", f, diff)
		}
		behind := projections.ChangeKey{Target: "option:e/p", State: "M"}
		want = slices.DeleteFunc(slices.Clone(whole), func(c projections.StandingChange) bool {
			return c.Target.Key() < behind.Target || c.Target.Key() == behind.Target && c.State.Code <= behind.State
		})
		if diff := differ(want, v.Changes(from, projections.ChangeFilter{}, projections.Page[projections.ChangeKey]{First: everything, After: &behind}).Items); diff != "" {
			t.Errorf("behind %+v (-want +got):\n%s", behind, diff)
		}
	})
}

// BenchmarkChanges asks what changed between two moments of a long record, cold, when no figure of either is kept, and warm; beside it
// two matrices of the same moments, which have the stances of both and no cause.
func BenchmarkChanges(b *testing.B) {
	n := benchmarkEvents
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		n = 1_000_000
	}
	m := syntheticModel(b, n)
	from, to := projections.Moment{At: uint64(n / 2)}, projections.Moment{At: uint64(n)}
	v, page := m.View(to), projections.Page[projections.ChangeKey]{First: 50}
	total := v.Changes(from, projections.ChangeFilter{}, page).Total()
	for _, c := range []struct {
		name string
		cold bool
	}{{"cold", true}, {"warm", false}} {
		run := func(name string, do func()) {
			b.Run(fmt.Sprint(n, "/", c.name, "/", name), func(b *testing.B) {
				for b.Loop() {
					if c.cold {
						m.ForgetBoards()
					}
					do()
				}
				b.ReportMetric(float64(total), "changes")
			})
		}
		run("page", func() { v.Changes(from, projections.ChangeFilter{}, page) })
		run("all", func() {
			v.Changes(from, projections.ChangeFilter{}, projections.Page[projections.ChangeKey]{First: everything})
		})
		run("two-matrices", func() {
			m.View(from).Matrix(nil, nil, "")
			v.Matrix(nil, nil, "")
		})
	}
}
