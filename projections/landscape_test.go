package projections_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

func TestLandscapeEqualsTheBruteForce(t *testing.T) {
	clustered, bridged, apart, drawn := 0, 0, 0, 0
	for seed := range daily(5, 300) {
		world := history.Small
		world.States, world.Options, world.Events = 7+int(seed%3), 3+int(seed%3), 110+int(seed%4)*30
		events := history.Random(seed, world)
		m, o, r := modelOf(t, events), oracle.New(events), rand.New(rand.NewPCG(seed, 9))
		for _, at := range randomMoments(r, events, daysOf(events), 2) {
			minDeclared := r.IntN(4)
			name := fmt.Sprintf("history %d at %+v, at least %d", seed, at, minDeclared)
			got, want := m.View(projections.Moment{At: at.At, On: at.On}).Landscape(minDeclared), o.Landscape(at, minDeclared)
			var places []string
			for _, p := range got.Places {
				places = append(places, p.State.Code)
			}
			if diff := differ(want.Places, places); diff != "" {
				t.Fatalf("%s: places (-brute force +read model):\n%s", name, diff)
			}
			var clusters [][]string
			for i, c := range got.Clusters {
				clusters = append(clusters, codesOf(c.Members))
				if c.Number != i+1 {
					t.Errorf("%s: cluster %d has the number %d", name, i, c.Number)
				}
				for _, s := range c.Members {
					if p := got.Places[slices.Index(places, s.Code)]; p.Cluster != c.Number {
						t.Errorf("%s: %s is placed in cluster %d and a member of %d", name, s.Code, p.Cluster, c.Number)
					}
				}
			}
			if diff := differ(want.Clusters, clusters); diff != "" {
				t.Fatalf("%s: clusters (-brute force +read model):\n%s", name, diff)
			}
			var bridges []oracle.Bridge
			for _, b := range got.Bridges {
				bridges = append(bridges, oracle.Bridge{State: b.State.Code, A: b.Clusters[0], B: b.Clusters[1]})
			}
			if diff := differ(o.Bridges(at, clusters), bridges); diff != "" {
				t.Fatalf("%s: bridges (-brute force +read model):\n%s", name, diff)
			}
			for i, c := range got.Clusters {
				var others []string
				for j, other := range clusters {
					if j != i {
						others = append(others, other...)
					}
				}
				var want []domain.Target
				if len(clusters) > 1 {
					want = o.Distinguishing(at, clusters[i], others)
				}
				if diff := differ(want, c.Distinguishing); diff != "" {
					t.Fatalf("%s: what sets cluster %d apart (-brute force +read model):\n%s", name, i+1, diff)
				}
				apart += len(want)
			}
			if want.Gap > 1e-4 {
				drawn++
				for axis, coordinates := range [][]float64{want.X, want.Y} {
					compareAxis(t, fmt.Sprint(name, ": axis ", axis), coordinates, got.Places, axis)
				}
			}
			if len(clusters) > 1 {
				clustered++
			}
			bridged += len(bridges)
		}
	}
	if clustered < 3 || bridged < 3 || apart < 3 || drawn < 2 {
		t.Errorf("%d landscapes with clusters, %d bridges, %d distinguishing targets, %d maps compared: that shows little", clustered, bridged, apart, drawn)
	}
}

// compareAxis compares coordinates, of which those wanted may point the other way.
func compareAxis(t *testing.T, name string, want []float64, places []projections.Place, axis int) {
	t.Helper()
	got := make([]float64, len(places))
	largest := 0.0
	for i, p := range places {
		got[i] = [2]float64{p.X, p.Y}[axis]
		if math.Abs(got[i]) > math.Abs(largest) {
			largest = got[i]
		}
		if got[i] == 0 && math.Signbit(got[i]) || math.Abs(got[i]*1e6-math.Round(got[i]*1e6)) > 1e-6 {
			t.Errorf("%s: %v is not rounded to six decimals", name, got[i])
		}
	}
	if largest < 0 {
		t.Errorf("%s: the largest coordinate is %v", name, largest)
	}
	for _, sign := range []float64{1, -1} {
		if !slices.ContainsFunc(places, func(p projections.Place) bool {
			i := slices.Index(places, p)
			return math.Abs(got[i]-sign*want[i]) > 1e-6
		}) {
			return
		}
	}
	t.Errorf("%s: %v, want %v either way", name, got, want)
}

// What is kept is what is computed.
func TestLandscapeIsKept(t *testing.T) {
	m := benchmarkTargets(t, 5)
	v := m.Newest()
	first := v.Landscape(3)
	if v.Landscape(3) != first || v.Landscape(2) == first || m.View(projections.Moment{At: v.Moment().At, On: 200}).Landscape(3) == first {
		t.Error("a landscape is kept by position, day and least number")
	}
	m.ForgetLandscapes()
	if again := v.Landscape(3); again == first || fmt.Sprint(again.Clusters, again.Bridges) != fmt.Sprint(first.Clusters, first.Bridges) {
		t.Error("computed again it is otherwise")
	}
}

// BenchmarkLandscape draws 193 Member States anew, beside the time that the comparison of all their pairs takes.
func BenchmarkLandscape(b *testing.B) {
	for _, targets := range []int{51, 510} {
		m := benchmarkTargets(b, targets)
		v := m.Newest()
		b.Run(fmt.Sprint(targets, "/cold"), func(b *testing.B) {
			for b.Loop() {
				m.ForgetLandscapes()
				v.Landscape(3)
			}
		})
		b.Run(fmt.Sprint(targets, "/kept"), func(b *testing.B) {
			for b.Loop() {
				v.Landscape(3)
			}
		})
		b.Run(fmt.Sprint(targets, "/affinities"), func(b *testing.B) {
			for b.Loop() {
				v.Affinities(nil, 1, projections.Page[projections.AffinityKey]{First: 1})
			}
		})
	}
}
