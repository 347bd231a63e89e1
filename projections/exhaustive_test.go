package projections_test

import (
	"os"
	"runtime"
	"sync"
	"testing"

	"slices"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// TestEveryShortHistoryEqualsTheBruteForce compares all histories of up to five events over two actors, two targets and three
// days, at every day and, since what was answered at a position is answered so for ever, at every position of the shorter
// ones. Of four events every 40th is taken; RAPPORTEUR_LONG=1 asks for all 41,389, and for the 856,115 of five.
func TestEveryShortHistoryEqualsTheBruteForce(t *testing.T) {
	long := os.Getenv("RAPPORTEUR_LONG") != ""
	days := []domain.Date{0, history.FirstDay - 1, history.FirstDay, history.SecondDay, history.ThirdDay}
	prelude := uint64(len(history.Prelude()))
	compareAll := func(h []oracle.Event, from uint64) bool {
		m, o := modelOf(t, h), oracle.New(h)
		for at := from; at <= uint64(len(h)); at++ {
			for _, on := range days {
				if !compare(t, m, o, h, oracle.Moment{At: at, On: on}) {
					return false
				}
			}
		}
		return true
	}
	// Of five events the standings of both States on both targets, with their evidence, are compared at every day: every other
	// figure follows from them, and is compared over the shorter histories.
	compareStandings := func(h []oracle.Event) {
		m, o := modelOf(t, h), oracle.New(h)
		for _, on := range days {
			at := oracle.Moment{At: uint64(len(h)), On: on}
			v := m.View(projections.Moment{At: at.At, On: on})
			for _, target := range []domain.Target{history.Proposal, history.Option} {
				for _, state := range []string{history.State, history.Chair} {
					st, ok := v.Standing(state, target)
					if !ok {
						continue // The target does not exist at the moment, as the histories of fewer events show.
					}
					if got, want := standingText(v, st), oracleStanding(o.Standing(at, state, target)); got != want {
						t.Errorf("%s on %s at %d on %q: %s, want %s, after %+v", state, target.Key(), at.At, on, got, want, h[prelude:])
					}
				}
			}
		}
	}
	for n := range 4 {
		if n == 3 && testing.Short() {
			break
		}
		count := 0
		for h := range history.All(n) {
			count++
			from := uint64(len(h))
			if n < 3 {
				from = prelude
			}
			if !compareAll(h, from) {
				t.Fatalf("after %d histories of %d events", count, n)
			}
		}
		if count != history.Counts[n] {
			t.Errorf("%d histories of %d events, want %d", count, n, history.Counts[n])
		}
	}
	lengths, every := []int{4}, 40
	if long {
		lengths, every = []int{4, 5}, 1
	}
	if testing.Short() {
		return
	}
	for _, n := range lengths {
		work := make(chan []oracle.Event)
		var workers sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			workers.Go(func() {
				for h := range work {
					switch {
					case t.Failed():
					case n == 5:
						compareStandings(h)
					default:
						compareAll(h, uint64(len(h)))
					}
				}
			})
		}
		i := 0
		for h := range history.All(n) {
			if i++; i%every == 0 {
				work <- slices.Clone(h)
			}
			if t.Failed() {
				break
			}
		}
		close(work)
		workers.Wait()
	}
}
