package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// vitals are what a process holds.
type vitals struct{ resident, goroutines, descriptors float64 }

// vitalsOf reads them from /metrics.
func vitalsOf(address string) (v vitals, subscriptions float64, err error) {
	_, text, err := asked(address, "/metrics")
	if err != nil {
		return v, 0, err
	}
	value := func(name string) float64 {
		m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
		if m == nil {
			err = errors.Join(err, fmt.Errorf("/metrics has no %s", name))
			return 0
		}
		n, wrong := strconv.ParseFloat(m[1], 64)
		err = errors.Join(err, wrong)
		return n
	}
	v = vitals{value("process_resident_memory_bytes"), value("go_goroutines"), value("process_open_fds")}
	return v, value("rapporteur_subscriptions"), err
}

// What may be more in the end than after warming up.
const (
	// For each event that is recorded: the read model holds all of them.
	kept = 2 << 10
	// The read model keeps the 2,048 boards that were asked for last, of about 45 KiB each, and the API 64 MiB of answers. Each event
	// makes new ones, so that they are full only after as many events; twice as much, since the collector lets the heap grow.
	boards = 2 * (92 + 64) << 20
	// The store keeps a few connections open for who reads next, of three files each.
	readers = 12
)

// Under writers, questions, and feeds that come and go, the program takes no more of anything in the end than after some minutes, but for
// the events that it holds more, and for caches that are bounded and not full yet. RAPPORTEUR_SOAK says how long (5m), of which the first
// fifth is to warm up; a leak of memory shows in hours.
func TestSoak(t *testing.T) {
	if !long {
		t.Skip("it takes minutes: RAPPORTEUR_LONG is not set")
	}
	length := 5 * time.Minute
	if text := os.Getenv("RAPPORTEUR_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "store")
	newDemoStore(t, dir)
	p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(syscall.SIGKILL)

	var all tallies
	var questions, lines atomic.Int64
	number := 0
	// load keeps the program busy for a while. It gives the memory in the last fifth of it, the middle of many looks, and what else it
	// holds when everybody has left.
	load := func(during time.Duration) vitals {
		t.Helper()
		var work sync.WaitGroup
		var mu sync.Mutex
		var wrong error
		stop := make(chan struct{})
		fail := func(err error) {
			mu.Lock()
			wrong = errors.Join(wrong, err)
			mu.Unlock()
		}
		pause := func(longest time.Duration) bool { // Says whether to go on.
			select {
			case <-stop:
				return false
			case <-time.After(rand.N(longest)):
				return true
			}
		}
		for range 4 {
			w := &writer{number: number, random: rand.New(rand.NewPCG(rand.Uint64(), 1))}
			number++
			work.Go(func() {
				for pause(800 * time.Millisecond) {
					a := w.next()
					id, err := a.send(p.address)
					if err != nil {
						fail(err)
						return
					}
					all.acknowledged.Add(1)
					if a.query == recordPosition {
						w.position, w.actor = id, strings.TrimPrefix(a.stream, "position-")
					}
				}
			})
			work.Go(func() {
				for pause(200 * time.Millisecond) {
					var answer map[string]any
					at := 1 + rand.IntN(828)
					query := [...]string{
						demoQuery, "{ matrix { rows } }", `{ positions(first: 50, filter: {text: "mechanism"}) { nodes { id summary } } }`,
						fmt.Sprintf(`{ matrix(asOf: {log: "%d"}) { rows } }`, at), fmt.Sprintf(`{ events(first: 20, after: "%d") { nodes { leaf } } }`, at),
					}[rand.IntN(5)]
					if err := ask(p.address, query, nil, &answer); err != nil {
						fail(fmt.Errorf("%s: %w", query, err))
						return
					}
					questions.Add(1)
				}
			})
		}
		newest, err := position(p.address)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			c := &chain{sse: i%2 == 0}
			c.at.Store(newest)
			work.Go(func() {
				for pause(time.Second) {
					_, err := c.follow(p.address, func(hangUp func()) {
						lines.Add(1)
						go func() {
							pause(3 * time.Second)
							hangUp()
						}()
					})
					if errors.Is(err, errBrokenChain) {
						fail(err)
						return
					}
				}
			})
		}
		var resident []float64
		for begun := time.Now(); time.Since(begun) < during; time.Sleep(min(time.Second, during/50)) {
			v, _, err := vitalsOf(p.address)
			if err != nil {
				t.Fatal(err)
			}
			if time.Since(begun) > during*4/5 {
				resident = append(resident, v.resident)
			}
		}
		close(stop)
		work.Wait()
		if wrong != nil {
			t.Fatalf("%v; it says %s", wrong, p.err.tail())
		}
		poster.CloseIdleConnections()
		var idle vitals
		calm := 0 // How often in turn it was found with no feeds and no more goroutines than before.
		if err := eventually("all have left", p, func() bool {
			v, subscriptions, err := vitalsOf(p.address)
			if err != nil || subscriptions > 0 || v.goroutines < idle.goroutines || calm == 0 {
				calm = 0
			}
			calm++
			idle = v
			time.Sleep(100 * time.Millisecond)
			return calm > 20
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(resident)
		idle.resident = resident[len(resident)/2]
		return idle
	}
	warm := load(length / 5)
	recorded := all.acknowledged.Load()
	end := load(length - length/5)
	more := all.acknowledged.Load() - recorded
	t.Logf("%v: %d mutations, %d questions, %d lines of feeds; memory %.1f MiB after warming up and %.1f in the end, with %d events more; goroutines %v and %v, descriptors %v and %v when all had left",
		length, all.acknowledged.Load(), questions.Load(), lines.Load(), warm.resident/(1<<20), end.resident/(1<<20), more, warm.goroutines, end.goroutines, warm.descriptors, end.descriptors)
	for what, v := range map[string][2]float64{
		"bytes of memory, less those of events and boards": {warm.resident, end.resident - float64(more*kept) - boards},
		"goroutines": {warm.goroutines, end.goroutines},
		"descriptors, less those of kept connections": {warm.descriptors, end.descriptors - readers},
	} {
		if v[1] > 1.1*v[0] {
			t.Errorf("%v %s, after %v", v[1], what, v[0])
		}
	}
	if status := p.stop(syscall.SIGTERM); status != statusDone {
		t.Errorf("it ended with status %d: %s", status, p.err.tail())
	}
}
