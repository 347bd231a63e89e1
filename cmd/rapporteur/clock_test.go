package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
)

// wrongClock is the program on a store, in this process, with a clock that the test sets.
type wrongClock struct {
	address string
	now     atomic.Pointer[time.Time]
}

func (c *wrongClock) set(now time.Time) { c.now.Store(&now) }

// serveByClock serves a store until the test ends.
func serveByClock(t *testing.T, dir string) *wrongClock {
	t.Helper()
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNode(t.Context(), log, output{io.Discard, io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	c := &wrongClock{}
	c.set(time.Now())
	n.recorder = recorder.New(log, graph.NewReader(n.model), recorder.Config{Clock: func() time.Time { return *c.now.Load() }})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.address = listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.serve(ctx, listener, graph.Config{}, func(string) {}) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-served, log.Close()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// resolved gives the position that an operation was answered at.
func resolved(address, query string, variables map[string]any) (at string, err error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return "", err
	}
	_, text, err := post(address, string(body))
	if err != nil {
		return "", err
	}
	var answer struct {
		Extensions struct{ At string }
		Errors     json.RawMessage
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Errors != nil {
		return "", fmt.Errorf("%s (%w)", text, err)
	}
	return answer.Extensions.At, nil
}

// However the clock steps, what is recorded is told with the time that the clock showed, in the order in which it was recorded; an answer
// that is pinned to a position stays what it was; and an instant means the longest beginning of the record of which nothing was recorded
// later (RULES, section 1).
func TestTheClockMayStep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	newDemoStore(t, dir)
	c := serveByClock(t, dir)
	feed := &chain{}
	feed.at.Store(828)
	go func() { _, _ = feed.follow(c.address, nil) }()

	start := time.Now().UTC().Truncate(time.Microsecond)
	instants := []time.Time{
		start, start.Add(-time.Hour), start, start, start.AddDate(10, 0, 0), time.Unix(0, 0).UTC(), time.Unix(0, 1000).UTC(),
		time.Date(2028, 2, 28, 23, 59, 59, 999_999_000, time.UTC), time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC),
		time.Unix(1<<31-1, 0).UTC(), time.Unix(1<<31, 0).UTC(), start.Add(time.Microsecond),
	}
	const pinned = `query($at: LogPosition!) { matrix(asOf: {log: $at}) { rows } positions(first: 3, asOf: {log: $at}) { totalCount nodes { id statedOn recordedAt } } }`
	pin := func(at int) string {
		_, text, err := post(c.address, fmt.Sprintf(`{"query":%q,"variables":{"at":"%d"}}`, pinned, at))
		if err != nil || strings.Contains(string(text), `"errors"`) {
			t.Fatalf("at %d: %s, %v", at, text, err)
		}
		return string(text)
	}
	said := map[int]string{828: pin(828)}
	var first *attempt
	at := 828
	for i, now := range instants {
		c.set(now)
		today := now.Truncate(24 * time.Hour)
		for days := range 3 { // Today, tomorrow, and the day after, which is refused.
			a := (&writer{number: i*3 + days}).statement(today.AddDate(0, 0, days))
			_, err := a.send(c.address)
			if days == 2 {
				if wrong := (*answered)(nil); !errors.As(err, &wrong) || !strings.Contains(wrong.text, "BAD_USER_INPUT") {
					t.Errorf("%v: the day after tomorrow: %v", now, err)
				}
				continue
			}
			if at++; err != nil || a.at != uint64(at) || !strings.Contains(a.answer, `"recordedAt":"`+now.Format("2006-01-02T15:04:05.000000Z")+`"`) {
				t.Fatalf("%v: %v, %s", now, err, a.answer)
			}
			if first == nil {
				first = a
			}
			said[at] = pin(at)
		}
		if _, err := first.send(c.address); err != nil { // Its key is known, and it is answered as it was.
			t.Errorf("%v: %v", now, err)
		}
	}

	var times []time.Time // Of each event, by position.
	for len(times) < at {
		var page struct {
			Events struct {
				Nodes []struct{ RecordedAt time.Time }
			}
		}
		if err := ask(c.address, "query($after: String) { events(first: 500, after: $after) { nodes { recordedAt } } }", map[string]any{"after": fmt.Sprint(len(times))}, &page); err != nil || len(page.Events.Nodes) == 0 {
			t.Fatalf("behind %d: %v", len(times), err)
		}
		for _, e := range page.Events.Nodes {
			times = append(times, e.RecordedAt)
		}
	}
	for i, now := range instants {
		for n := range 2 {
			if got := times[828+2*i+n]; !got.Equal(now) {
				t.Errorf("position %d was recorded at %v, says the record; the clock showed %v", 829+2*i+n, got, now)
			}
		}
	}
	asks := append([]time.Time{time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), times[0], times[400], times[827], time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}, instants...)
	for _, instant := range asks {
		for _, t0 := range []time.Time{instant.Add(-time.Microsecond), instant, instant.Add(time.Microsecond)} {
			want := 0
			for want < len(times) && !times[want].After(t0) {
				want++
			}
			got, err := resolved(c.address, `query($t: DateTime!) { convergence(asOf: {recordedAt: $t}) { at } }`, map[string]any{"t": t0.Format(time.RFC3339Nano)})
			if err != nil || got != fmt.Sprint(want) {
				t.Errorf("%v is position %s, %v; want %d", t0, got, err, want)
			}
		}
	}
	for at, text := range said {
		if again := pin(at); again != text {
			t.Errorf("at %d it is answered\n%s\nand was answered\n%s", at, again, text)
		}
	}
	for deadline := time.Now().Add(patience); feed.at.Load() < uint64(at); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the feed came to %d of %d", feed.at.Load(), at)
		}
	}
}

// statement is a position that is stated on a day.
func (w *writer) statement(on time.Time) *attempt {
	key := fmt.Sprintf("writer %d, %s", w.number, on.Format(time.DateOnly))
	return &attempt{key: key, query: recordPosition, input: map[string]any{
		"actor": "URY", "target": map[string]any{"proposal": "programme-of-action"}, "stance": "SUPPORT", "statedOn": on.Format(time.DateOnly),
		"summary": key, "source": map[string]any{"title": "Example source, not a real one"}, "idempotencyKey": key,
	}}
}
