package embedded_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// long says whether the tests take all the time they could use.
var long = os.Getenv("RAPPORTEUR_LONG") == "1"

// memoryDir gives a folder in memory where there is one: tests that make thousands of stores and judge what lies in the
// files, not whether a disk obeys, need not wait for one.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "rapporteur-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// history is a small world: what a writer tried, what it was told, and so what a store may hold.
type history struct {
	mu    sync.Mutex // the seam looks from the writer's goroutine
	steps []*attempt
}

type attempt struct {
	step    eventlog.Append
	outcome outcome
}

type outcome int

const (
	underway outcome = iota // not answered: whole or not there
	acknowledged
	refused // certainly not there
	unknown // whole or not there
)

func (h *history) begin(step eventlog.Append) *attempt {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := &attempt{step: step}
	h.steps = append(h.steps, a)
	return a
}

func (h *history) end(a *attempt, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		a.outcome = acknowledged
	case errors.Is(err, eventlog.ErrUnknown):
		a.outcome = unknown
	default:
		a.outcome = refused
	}
}

// snapshot gives the history up to now.
func (h *history) snapshot() *history {
	h.mu.Lock()
	defer h.mu.Unlock()
	copied := &history{}
	for _, a := range h.steps {
		c := *a
		copied.steps = append(copied.steps, &c)
	}
	return copied
}

// check says what is wrong with a log after that history: an acknowledged step that is not there, or not whole, or not in
// its order; one that was refused and is there; one that nobody tried.
func (h *history) check(log eventlog.Log) error {
	ctx := context.Background()
	var all []eventlog.Recorded
	for e, err := range log.ReadAll(ctx, eventlog.Offset{}) {
		if err != nil {
			return fmt.Errorf("read all, after %d events: %w", len(all), err)
		}
		all = append(all, e)
	}
	rest := all
	revisions := make(map[string]eventlog.Revision)
	for i, a := range h.steps {
		there := len(rest) > 0 && rest[0].ID == a.step.Events[0].ID
		switch {
		case !there && a.outcome == acknowledged:
			return fmt.Errorf("step %d was acknowledged and is not there: the log goes on after %d events", i, len(all)-len(rest))
		case there && a.outcome == refused:
			return fmt.Errorf("step %d was refused and is there", i)
		case !there:
			continue
		}
		if len(rest) < len(a.step.Events) {
			return fmt.Errorf("step %d is there in part", i)
		}
		for j, want := range a.step.Events {
			got := rest[j]
			if got.ID != want.ID || got.Type != want.Type || !bytes.Equal(got.Data, want.Data) || !bytes.Equal(got.Metadata, want.Metadata) ||
				got.Stream != a.step.Stream || got.Revision != revisions[got.Stream] || got.Offset.Commit != uint64(len(all)-len(rest)+j+1) {
				return fmt.Errorf("step %d, event %d: not what was recorded: %s", i, j, cmp.Diff(want, got.Event))
			}
			revisions[got.Stream]++
		}
		rest = rest[len(a.step.Events):]
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d events at the end that nobody recorded, the first is %s", len(rest), rest[0].ID)
	}
	for stream, next := range revisions {
		var of []eventlog.Recorded
		for e, err := range log.ReadStream(ctx, stream, 0) {
			if err != nil {
				return fmt.Errorf("read stream %s: %w", stream, err)
			}
			of = append(of, e)
		}
		want := slices.DeleteFunc(slices.Clone(all), func(e eventlog.Recorded) bool { return e.Stream != stream })
		if len(of) != int(next) || !slices.EqualFunc(of, want, func(a, b eventlog.Recorded) bool { return a.ID == b.ID && a.Offset == b.Offset }) {
			return fmt.Errorf("stream %s has %d events in ReadStream and %d in ReadAll, or others", stream, len(of), len(want))
		}
	}
	return nil
}

func testEvent(n int, size int) eventlog.Event {
	e := eventlog.Event{
		Type:     "PositionStated",
		Data:     fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, n, strings.Repeat("abcdefgh", size/8)),
		Metadata: []byte(`{"recordedAt":"2026-11-24T00:00:00Z","recordedBy":"test"}`),
	}
	binary.BigEndian.PutUint64(e.ID[8:], uint64(n))
	e.ID[0] = 0xaa
	return e
}

// work writes a small history: several streams, steps of one and of many events, events of many pages, an import.
// It does what a recorder does: after an unknown outcome it reads the stream before it goes on; what is unavailable it
// tries again, a few times.
func work(log eventlog.Log, h *history) {
	n := 0
	events := func(count, size int) []eventlog.Event {
		list := make([]eventlog.Event, count)
		for i := range list {
			n++
			list[i] = testEvent(n, size)
		}
		return list
	}
	ctx := context.Background()
	record := func(stream string, list []eventlog.Event) {
		for range 3 {
			head := eventlog.NoStream
			there := false
			for e, err := range log.ReadStream(ctx, stream, 0) {
				if err != nil {
					return
				}
				head = e.Revision
				there = there || e.ID == list[0].ID
			}
			if there {
				return
			}
			a := h.begin(eventlog.Append{Stream: stream, Expected: head, Events: list})
			_, err := log.Append(ctx, a.step)
			h.end(a, err)
			if err == nil {
				return
			}
			n++ // What is tried again is another attempt; its events get ids of their own, so that each is judged alone.
			list = slices.Clone(list)
			for i := range list {
				list[i].ID[1]++
			}
		}
	}
	for i := range 12 {
		size := 100
		if i%4 == 3 {
			size = 9_000 // Overflow pages.
		}
		record(fmt.Sprintf("state-%d", i%3), events(1+i%3, size))
	}
	var steps []eventlog.Append
	var attempts []*attempt
	for i := range 20 {
		step := eventlog.Append{Stream: fmt.Sprintf("import-%d", i%2), Expected: eventlog.AnyRevision, Events: events(2, 300)}
		steps = append(steps, step)
		attempts = append(attempts, h.begin(step))
	}
	done, err := log.AppendAll(ctx, steps)
	for i, a := range attempts {
		switch {
		case i < done:
			h.end(a, nil)
		case errors.Is(err, eventlog.ErrUnknown):
			h.end(a, err)
		default:
			h.end(a, errors.Join(err, errors.New("not reached")))
		}
	}
	record("state-0", events(1, 100))
}

// config is that of a store which folds its log back several times within that work.
func config(dir string) embedded.Config {
	return embedded.Config{Dir: dir, CheckpointPages: 12, CachePages: 16}
}

// neverFoldedBack is that of a store whose whole work stays in the write-ahead log until it is closed.
func neverFoldedBack(dir string) embedded.Config { return embedded.Config{Dir: dir} }

// checkFolder opens the store that a crash left and judges it, twice: what was opened once must open again. And it must
// take events.
func (h *history) checkFolder(dir string) error {
	for again := range 2 {
		log, err := embedded.Open(config(dir))
		if err != nil {
			return err
		}
		err = h.check(log)
		if err == nil {
			err = log.Healthy()
		}
		if err == nil && again == 1 {
			_, err = log.Append(context.Background(), eventlog.Append{Stream: "after", Expected: eventlog.NoStream, Events: []eventlog.Event{testEvent(1<<20, 10)}})
		}
		if err = errors.Join(err, log.Close()); err != nil {
			return err
		}
	}
	return nil
}

// copyFolder copies what a killed process leaves: the files as the kernel has them. The index of the write-ahead log comes
// along, as after a kill; the lock is gone with the process.
func copyFolder(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}
