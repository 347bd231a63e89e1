package projections_test

import (
	"os"
	"runtime"
	"sync"
	"testing"

	"slices"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// TestEveryShortHistoryEqualsTheBruteForce compares all histories of up to five events over two actors, two targets and three
// days, at every day and, since what was answered at a position is answered so for ever, at every position of the shorter
// ones. Five events are 856,115 histories: RAPPORTEUR_LONG=1 asks for them; without it every 40th of those of four is taken.
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
					if !t.Failed() {
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
