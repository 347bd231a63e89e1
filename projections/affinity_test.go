package projections_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/convergence"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// daily says how many random histories to compare: so many every day, so many with RAPPORTEUR_LONG=1, and few with -short.
func daily(histories, long uint64) uint64 {
	switch {
	case testing.Short():
		return min(histories, 8)
	case os.Getenv("RAPPORTEUR_LONG") != "":
		return long
	}
	return histories
}

func affinityText(a, b string, similarity string, shared int) string {
	return fmt.Sprint(a, "-", b, " ", similarity, " of ", shared)
}

// oraclePairs gives every pair among States as the brute force has it: most alike first, null last, then by codes.
func oraclePairs(o *oracle.Oracle, at oracle.Moment, among []string, minShared int) (list []string) {
	type pair struct {
		text       string
		similarity *big.Rat
	}
	among = slices.Compact(slices.Sorted(slices.Values(among)))
	var pairs []pair
	for i, a := range among {
		for _, b := range among[i+1:] {
			similarity, shared := o.Affinity(at, a, b)
			if shared >= minShared {
				pairs = append(pairs, pair{affinityText(a, b, rat(similarity), shared), similarity})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		switch {
		case a.similarity == nil && b.similarity == nil:
			return 0
		case a.similarity == nil:
			return 1
		case b.similarity == nil:
			return -1
		}
		return b.similarity.Cmp(a.similarity)
	})
	for _, p := range pairs {
		list = append(list, p.text)
	}
	return list
}

func affinityKey(a projections.Affinity) projections.AffinityKey { return a.Key() }

func affinities(v *projections.View, among []string, minShared int) func(projections.Page[projections.AffinityKey]) projections.Slice[projections.Affinity] {
	return func(p projections.Page[projections.AffinityKey]) projections.Slice[projections.Affinity] {
		return v.Affinities(among, minShared, p)
	}
}

func TestAffinitiesEqualTheBruteForce(t *testing.T) {
	histories := daily(30, 300)
	pairs, shared, apart := 0, 0, 0
	for seed := range histories {
		world := history.Small
		world.Options, world.Events = 3+int(seed%4), 40+int(seed%4)*40
		events := history.Random(seed, world)
		m, o, r := modelOf(t, events), oracle.New(events), rand.New(rand.NewPCG(seed, 6))
		_, states, _, _ := known(events)
		for _, at := range randomMoments(r, events, daysOf(events), 4) {
			v := m.View(projections.Moment{At: at.At, On: at.On})
			var there []string
			for _, s := range states {
				if stateKnown(events, s, at.At) {
					there = append(there, s)
				}
			}
			for _, a := range states {
				for _, b := range states {
					got, ok := v.Affinity(a, b)
					if want := slices.Contains(there, a) && slices.Contains(there, b); ok != want {
						t.Fatalf("history %d at %+v: affinity of %s and %s: %v", seed, at, a, b, ok)
					} else if !ok {
						continue
					}
					similarity, n := o.Affinity(at, a, b)
					got1, want1 := affinityText(got.A.Code, got.B.Code, float(got.Similarity()), got.Shared), affinityText(a, b, rat(similarity), n)
					if got1 != want1 {
						t.Fatalf("history %d at %+v: %s, want %s", seed, at, got1, want1)
					}
					pairs++
					if n > 0 {
						shared++
						if *got.Similarity() < 1 {
							apart++
						}
					}
				}
			}
			some := slices.DeleteFunc(slices.Clone(states), func(string) bool { return r.IntN(3) == 0 })
			some = append(some, some...) // A State named twice counts once.
			for _, c := range []struct {
				among, want []string
				minShared   int
			}{{nil, o.MemberStates(at), r.IntN(3)}, {some, slices.DeleteFunc(slices.Clone(some), func(s string) bool { return !slices.Contains(there, s) }), r.IntN(3)}} {
				var got []string
				name := fmt.Sprintf("history %d at %+v among %v, at least %d", seed, at, c.among, c.minShared)
				for _, a := range pages(t, name, affinities(v, c.among, c.minShared), affinityKey) {
					got = append(got, affinityText(a.A.Code, a.B.Code, float(a.Similarity()), a.Shared))
				}
				if diff := differ(oraclePairs(o, at, c.want, c.minShared), got); diff != "" {
					t.Fatalf("%s (-brute force +read model):\n%s", name, diff)
				}
			}
		}
	}
	if shared < pairs/20 || apart < shared/20 {
		t.Errorf("of %d pairs %d share a target, and %d stand apart there: that shows little", pairs, shared, apart)
	}
}

// A cursor that was answered before the record went on still has its place.
func TestAffinitiesGoOnBehindAnyPlace(t *testing.T) {
	eachRandomView(t, 15, func(t *testing.T, r *rand.Rand, _ []oracle.Event, v *projections.View) {
		all := affinities(v, nil, 0)
		whole := all(projections.Page[projections.AffinityKey]{First: everything}).Items
		after := projections.AffinityKey{A: "M", B: "Q"}
		after.Shared = r.IntN(4)
		after.Distance = r.IntN(4*after.Shared + 1)
		want := slices.DeleteFunc(slices.Clone(whole), func(a projections.Affinity) bool { return a.Key().Compare(after) <= 0 })
		if diff := differ(want, all(projections.Page[projections.AffinityKey]{First: everything, After: &after}).Items); diff != "" {
			t.Errorf("behind %+v (-want +got):\n%s", after, diff)
		}
	})
}

// Long lists are cut while they are gathered; the first page is the beginning of the whole list all the same.
func TestManyAffinities(t *testing.T) {
	m := syntheticModel(t, 5_000)
	v := m.Newest()
	whole := v.Affinities(nil, 0, projections.Page[projections.AffinityKey]{First: everything})
	if n := len(v.MemberStates()); len(whole.Items) != n*(n-1)/2 || n != 193 {
		t.Fatalf("%d pairs of %d States", len(whole.Items), n)
	}
	if !slices.IsSortedFunc(whole.Items, func(a, b projections.Affinity) int { return a.Key().Compare(b.Key()) }) {
		t.Error("the list is not in its order")
	}
	page := projections.Page[projections.AffinityKey]{First: 500}
	for read := 0; read < len(whole.Items); {
		s := v.Affinities(nil, 0, page)
		if diff := differ(whole.Items[read:min(read+500, len(whole.Items))], s.Items); diff != "" || s.Total() != len(whole.Items) {
			t.Fatalf("from %d on, of %d (-whole list +page):\n%s", read, s.Total(), diff)
		}
		read += len(s.Items)
		key := s.Items[len(s.Items)-1].Key()
		page.After = &key
	}
}

// benchmarkTargets makes a model of 193 Member States with an own stance each on three of four targets.
func benchmarkTargets(tb testing.TB, targets int) *projections.Model {
	tb.Helper()
	r, rnd := newRecord(tb), rand.New(rand.NewPCG(7, 7))
	r.record(domain.ElementDefined{Element: "e", Label: "e"})
	for i := range targets {
		r.record(domain.OptionDefined{Element: "e", Option: fmt.Sprint("o", i), Label: "o"})
	}
	for s := range 193 {
		code := fmt.Sprintf("%c%c%c", 'A'+s/100, 'A'+s/10%10, 'A'+s%10)
		r.record(domain.StateAdmitted{State: code, RegionalGroup: domain.RegionalGroups[s%5], AdmittedOn: 1, Names: names(code)})
		for i := range targets {
			if rnd.IntN(4) > 0 {
				// Five camps along the scale, and who wavers between them.
				stance := domain.Stance(1 + (s%5+i%5+rnd.IntN(2))%5)
				r.record(domain.PositionStated{Actor: code, Target: domain.OnOption("e", fmt.Sprint("o", i)), Stance: stance, StatedOn: 100, Summary: "s"})
			}
		}
	}
	return r.model
}

// BenchmarkAffinities compares all 18,528 pairs of 193 Member States and gives the first page, beside a plain loop over the
// stances that does the same comparisons and keeps nothing.
func BenchmarkAffinities(b *testing.B) {
	for _, targets := range []int{51, 510} {
		m := benchmarkTargets(b, targets)
		v := m.Newest()
		page := projections.Page[projections.AffinityKey]{First: 50}
		v.Affinities(nil, 1, page)
		b.Run(fmt.Sprint(targets, "/ours"), func(b *testing.B) {
			for b.Loop() {
				v.Affinities(nil, 1, page)
			}
		})
		b.Run(fmt.Sprint(targets, "/plain-loop"), func(b *testing.B) {
			matrix := v.Matrix(nil, nil, "")
			stances := make([][]domain.Stance, len(matrix.States))
			for i := range stances {
				for j := range matrix.Targets {
					stances[i] = append(stances[i], matrix.Standing(i, j).Stance)
				}
			}
			for b.Loop() {
				for i := range stances {
					for j := range i {
						var a convergence.Affinity
						for k, s := range stances[i] {
							if u := stances[j][k]; s != 0 && u != 0 {
								a.Shared++
								a.Distance += max(int(s), int(u)) - min(int(s), int(u))
							}
						}
						if a.Shared == 1<<40 {
							b.Fatal(a)
						}
					}
				}
			}
		})
	}
}
