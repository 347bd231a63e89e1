package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// operations counts what the small work does to files from the making of the store to its close.
func operations(t *testing.T) (total int) {
	t.Helper()
	var n, beside atomic.Int64
	h := &history{}
	dir := filepath.Join(memoryDir(t), "store")
	log, err := embedded.OpenThrough(config(dir), func(op *embedded.Operation) error {
		n.Add(1)
		if op.Beside {
			beside.Add(1)
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	work(log, h)
	if err := h.check(log); err != nil {
		t.Fatal(err)
	}
	for i, a := range h.steps {
		if a.outcome != acknowledged {
			t.Fatalf("step %d failed though nothing was made to fail", i)
		}
	}
	embedded.Rest(log)
	if s := log.Stats(); s.Checkpoints == 0 || beside.Load() < 10 {
		t.Fatalf("%d checkpoints, %d operations of them beside the writer: the work is too small to try them", s.Checkpoints, beside.Load())
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return int(n.Load())
}

// fault is one way in which one operation fails.
type fault struct {
	name string
	do   func(op *embedded.Operation) error
}

var faults = []fault{
	{"EIO without effect", func(op *embedded.Operation) error { return syscall.EIO }},
	{"EIO with effect", func(op *embedded.Operation) error { return errors.Join(op.Do(), syscall.EIO) }},
	{"ENOSPC without effect", func(op *embedded.Operation) error { return syscall.ENOSPC }},
	{"ENOSPC with effect", func(op *embedded.Operation) error { return errors.Join(op.Do(), syscall.ENOSPC) }},
	{"ENOSPC half way", func(op *embedded.Operation) error {
		if op.Part != nil {
			return errors.Join(op.Part(len(op.Data)/2), syscall.ENOSPC)
		}
		return syscall.ENOSPC
	}},
}

func TestEachOperationFailsWithAndWithoutEffect(t *testing.T) {
	total := operations(t)
	base := memoryDir(t)
	tried := 0
	var wait sync.WaitGroup
	gate := make(chan struct{}, 2)
	for i := range total {
		for j, f := range faults {
			// All of them by night; by day each operation fails in one way, and each way is tried all along the work.
			if !long && i%len(faults) != j {
				continue
			}
			tried++
			gate <- struct{}{}
			wait.Go(func() {
				defer func() { <-gate }()
				dir := filepath.Join(base, fmt.Sprintf("%d-%d", i, j))
				if err := tryFault(dir, int64(i), f); err != nil {
					t.Errorf("operation %d of %d, %s: %v", i, total, f.name, err)
				}
			})
		}
	}
	wait.Wait()
	t.Logf("%d operations, %d faults", total, tried)
}

func tryFault(dir string, at int64, f fault) error {
	var n atomic.Int64
	var what atomic.Value
	h := &history{}
	log, err := embedded.OpenThrough(config(dir), func(op *embedded.Operation) error {
		if n.Add(1)-1 == at {
			what.Store(op.Kind + " " + op.File)
			return f.do(op)
		}
		return op.Do()
	})
	fail := func(when string, err error) error { return fmt.Errorf("%v: %s: %w", what.Load(), when, err) }
	if err == nil {
		work(log, h)
		// The disk failed once: what could not be recorded at first was recorded by the last try.
		if last := h.steps[len(h.steps)-1]; last.outcome != acknowledged {
			return fail("work", errors.New("the store does not record again"))
		}
		// It may have failed after the last answer. Being asked brings it back.
		for start := time.Now(); log.Healthy() != nil; {
			if time.Since(start) > time.Minute {
				return fail("healthy", log.Healthy())
			}
		}
		if err := h.check(log); err != nil {
			return fail("before the close", err)
		}
		embedded.Rest(log)
		if err := copyFolder(dir, dir+"-killed"); err != nil {
			return err
		}
		if err := h.checkFolder(dir + "-killed"); err != nil {
			return fail("killed and reopened", err)
		}
		_ = log.Close() // May say that the disk failed.
	}
	if err := h.checkFolder(dir); err != nil {
		return fail("closed and reopened", err)
	}
	return nil
}

// spilling is the config of a store whose cache holds less than its transactions: pages go into the write-ahead log before
// the commit, are read from there and changed again.
func spilling(dir string) embedded.Config { return embedded.Config{Dir: dir, CachePages: 8} }

// spill writes one transaction that is much larger than the cache.
func spill(log eventlog.Log, h *history) error {
	var steps []eventlog.Append
	var attempts []*attempt
	for i := range 12 {
		step := eventlog.Append{Stream: fmt.Sprintf("spill-%d", i%5), Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(1_000+i, 30_000)}}
		steps = append(steps, step)
		attempts = append(attempts, h.begin(step))
	}
	done, err := log.AppendAll(context.Background(), steps)
	for i, a := range attempts {
		if i < done {
			h.end(a, nil)
		} else {
			h.end(a, err)
		}
	}
	return err
}

// A disk that fails while a transaction spills, at whatever operation, takes nothing of the next transaction with it: that one
// is recorded at once. And of what was refused nothing comes back, whenever the program is killed.
func TestATransactionThatSpillsFailsWholeAndAlone(t *testing.T) {
	base := memoryDir(t)
	operations, err := trySpill(filepath.Join(base, "none"), -1, fault{})
	if err != nil {
		t.Fatal(err)
	}
	// Several writes for each event: else no pages were read again before they were written.
	if operations < 48 {
		t.Fatalf("%d operations: the transaction is too small to spill", operations)
	}
	tried := 0
	for at := range operations {
		for i, f := range faults {
			if !long && at%len(faults) != i {
				continue
			}
			tried++
			dir := filepath.Join(base, fmt.Sprintf("%d-%d", at, i))
			if _, err := trySpill(dir, at, f); err != nil {
				t.Errorf("operation %d of %d, %s: %v", at, operations, f.name, err)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d operations, %d faults", operations, tried)
}

func trySpill(dir string, at int, f fault) (operations int, err error) {
	var armed atomic.Bool
	var n atomic.Int64
	var what atomic.Value
	var offset int64
	log, err := embedded.OpenThrough(spilling(filepath.Join(dir, "store")), func(op *embedded.Operation) error {
		if armed.Load() {
			this := n.Add(1) - 1
			if this == int64(at) {
				what.Store(op.Kind + " " + op.File)
				offset = op.Offset
				return f.do(op)
			}
			// A write for which there was no room is done once more, without the room behind it: there is none for it either.
			if strings.HasPrefix(f.name, "ENOSPC") && this <= int64(at)+2 && this > int64(at) && at >= 0 && op.Kind == "write" && what.Load() == "write record.db-wal" && op.Offset == offset {
				return f.do(op)
			}
		}
		return op.Do()
	})
	if err != nil {
		return 0, err
	}
	defer log.Close()
	fail := func(when string, err error) (int, error) { return 0, fmt.Errorf("%v: %s: %w", what.Load(), when, err) }
	h := &history{}
	one := func(i int) error {
		a := h.begin(eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(i, 100)}})
		_, err := log.Append(context.Background(), a.step)
		h.end(a, err)
		return err
	}
	for i := range 3 {
		if err := one(i); err != nil {
			return fail("before", err)
		}
	}
	armed.Store(true)
	told := spill(log, h)
	armed.Store(false)
	operations = int(n.Load())
	killed := func(name string) error {
		to := filepath.Join(dir, name)
		return errors.Join(copyFolder(filepath.Join(dir, "store"), to), h.checkFolder(to))
	}
	if at >= 0 && told == nil {
		return fail("spill", errors.New("a fault was passed over"))
	}
	if err := killed("killed"); err != nil {
		return fail("killed and reopened", err)
	}
	if err := errors.Join(one(3), killed("killed-later")); err != nil {
		return fail("the next transaction, killed and reopened", err)
	}
	if err := h.check(log); err != nil {
		return fail("before the close", err)
	}
	if err := log.Close(); err != nil {
		return fail("close", err)
	}
	if err := h.checkFolder(filepath.Join(dir, "store")); err != nil {
		return fail("closed and reopened", err)
	}
	return operations, nil
}

func TestAKillAtAnyOperationLosesNothing(t *testing.T) {
	base := memoryDir(t)
	var n atomic.Int64
	h := &history{}
	type left struct {
		dir, what string
		h         *history
	}
	var lefts []left
	dir := filepath.Join(base, "store")
	log, err := embedded.OpenThrough(config(dir), func(op *embedded.Operation) error {
		i := n.Add(1)
		if long || i%3 == 0 {
			// What is there just before this operation is what a kill just after the last one leaves. Half of a write, too.
			l := left{filepath.Join(base, fmt.Sprint(i)), fmt.Sprintf("before operation %d, %s %s", i, op.Kind, op.File), h.snapshot()}
			if err := copyFolder(dir, l.dir); err != nil {
				t.Error(err)
			}
			lefts = append(lefts, l)
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	work(log, h)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, l := range lefts {
		if err := l.h.checkFolder(l.dir); err != nil {
			t.Errorf("killed %s: %v", l.what, err)
		}
	}
	t.Logf("%d operations, %d kills", n.Load(), len(lefts))
}

// A full disk is not a broken one: what did not fit is refused as such, and once there is room the same log goes on
// without being reopened. Reads go on all the while.
func TestAFullDiskIsSaidAndOver(t *testing.T) {
	var full atomic.Bool
	var way atomic.Int64 // nothing fits, half of it, or all and yet the disk says no
	dir := filepath.Join(memoryDir(t), "store")
	log, err := embedded.OpenThrough(config(dir), func(op *embedded.Operation) error {
		if full.Load() && (op.Kind == "write" || op.Kind == "sizehint") && op.File != "acknowledged" {
			if op.Part != nil {
				return errors.Join(op.Part(len(op.Data)*int(way.Load())/2), syscall.ENOSPC)
			}
			return syscall.ENOSPC
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &history{}
	for round := range 6 {
		way.Store(int64(round % 3))
		work2 := func(n int) error {
			a := h.begin(eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(100*round+n, 500), testEvent(100*round+n+50, 500)}})
			_, err := log.Append(t.Context(), a.step)
			h.end(a, err)
			return err
		}
		for n := range 5 {
			if err := work2(n); err != nil {
				t.Fatal(err)
			}
		}
		full.Store(true)
		for n := range 5 {
			err := work2(10 + n)
			if !errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, eventlog.ErrUnknown) {
				t.Fatalf("on a full disk: error %v, want ErrUnavailable", err)
			}
			if err := h.check(log); err != nil {
				t.Fatal(err)
			}
		}
		embedded.Rest(log)
		if err := copyFolder(dir, fmt.Sprint(dir, round)); err != nil {
			t.Fatal(err)
		}
		if err := h.checkFolder(fmt.Sprint(dir, round)); err != nil {
			t.Fatalf("killed while full: %v", err)
		}
		full.Store(false)
		if err := work2(20); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		if err := log.Healthy(); err != nil {
			t.Errorf("with room again: %v", err)
		}
	}
	if n := log.Stats().Reopened; n != 0 {
		t.Errorf("reopened %d times for want of room", n)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.checkFolder(dir); err != nil {
		t.Fatal(err)
	}
}

// A store that could not record says so to whoever asks whether it is ready, and gets ready by being asked.
func TestHealthyBringsTheStoreBack(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault syscall.Errno
	}{{"Broken", syscall.EIO}, {"Full", syscall.ENOSPC}} {
		t.Run(test.name, func(t *testing.T) {
			var failing atomic.Bool
			log, err := embedded.OpenThrough(config(filepath.Join(memoryDir(t), "store")), func(op *embedded.Operation) error {
				if failing.Load() {
					return test.fault
				}
				return op.Do()
			})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			step := eventlog.Append{Stream: "state-fra", Expected: eventlog.NoStream, Events: []eventlog.Event{testEvent(1, 10)}}
			if err := log.Healthy(); err != nil {
				t.Fatal(err)
			}
			failing.Store(true)
			if _, err := log.Append(t.Context(), step); err == nil {
				t.Fatal("recorded on a failing disk")
			}
			if test.fault == syscall.EIO {
				for range 3 {
					if err := log.Healthy(); err == nil {
						t.Fatal("healthy on a broken disk")
					}
				}
				if _, err := log.Append(t.Context(), step); !errors.Is(err, eventlog.ErrUnavailable) {
					t.Fatalf("error %v, want ErrUnavailable", err)
				}
			}
			failing.Store(false)
			for log.Healthy() != nil { // Would wait for ever, were it not to come back.
			}
			if _, err := log.Append(t.Context(), step); err != nil {
				t.Errorf("after the disk came back: %v", err)
			}
		})
	}
}

// After a sync that failed nothing is acknowledged before the store was closed and read again from the disk.
func TestAFailedSyncIsNeverTriedAgain(t *testing.T) {
	var failing atomic.Bool
	var after []string
	dir := filepath.Join(memoryDir(t), "store")
	log, err := embedded.OpenThrough(config(dir), func(op *embedded.Operation) error {
		if failing.Load() {
			const sync = "sync record.db-wal"
			first := !slices.Contains(after, sync)
			after = append(after, op.Kind+" "+op.File)
			if first && after[len(after)-1] == sync {
				return syscall.EIO
			}
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	step := func(n int) eventlog.Append {
		return eventlog.Append{Stream: fmt.Sprint("state-", n), Expected: eventlog.NoStream, Events: []eventlog.Event{testEvent(n, 10)}}
	}
	if _, err := log.Append(t.Context(), step(1)); err != nil {
		t.Fatal(err)
	}
	failing.Store(true)
	if _, err := log.Append(t.Context(), step(2)); !errors.Is(err, eventlog.ErrUnknown) {
		t.Fatalf("error %v, want ErrUnknown", err)
	}
	if got := log.Stats(); got.Events != 1 || got.Reopened != 0 {
		t.Errorf("after the failure: %+v, want 1 event", got)
	}
	if _, err := log.Append(t.Context(), step(3)); err != nil {
		t.Fatal(err)
	}
	if got := log.Stats(); got.Reopened != 1 {
		t.Errorf("reopened %d times, want once", got.Reopened)
	}
}

// A disk that fails a sync may come back with older bytes of every file, which agree with one another. What this process
// acknowledged it knows without the disk: no position is given twice, and nobody who reads is given a shorter record.
func TestADiskThatComesBackOlderIsRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		want string
		then func(dir string) error // what the disk holds instead, beside the old count
	}{
		{"Shorter", "the record holds 0 events, 10 were acknowledged", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "record.db-wal"), 0)
		}},
		{"Another", "the record's first 10 events have the Merkle root", func(dir string) error {
			// As long as it was, but with other events: those of a store that began with the same bytes.
			other := dir + "-other"
			log, err := embedded.Open(neverFoldedBack(other))
			if err != nil {
				return err
			}
			for n := range 10 {
				step := eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(100+n, 10)}}
				if _, err := log.Append(context.Background(), step); err != nil {
					return err
				}
			}
			wal, err := os.ReadFile(filepath.Join(other, "record.db-wal"))
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(filepath.Join(dir, "record.db-wal"), wal, 0o600), log.Close())
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(memoryDir(t), "store")
			first, err := embedded.Open(neverFoldedBack(dir))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(first.Close(), copyFolder(dir, dir+"-other"), copyFolder(dir, dir+"-old")); err != nil {
				t.Fatal(err)
			}
			var failing atomic.Bool
			log, err := embedded.OpenThrough(neverFoldedBack(dir), func(op *embedded.Operation) error {
				if op.Kind == "sync" && op.File == "record.db-wal" && failing.CompareAndSwap(true, false) {
					old, err := os.ReadFile(filepath.Join(dir+"-old", "acknowledged"))
					if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "acknowledged"), old, 0o600), test.then(dir)); err != nil {
						t.Error(err)
					}
					return syscall.EIO
				}
				return op.Do()
			})
			if err != nil {
				t.Fatal(err)
			}
			step := func(n int) eventlog.Append {
				return eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(n, 10)}}
			}
			for n := range 10 {
				if _, err := log.Append(t.Context(), step(n)); err != nil {
					t.Fatal(err)
				}
			}
			before := log.Stats()
			failing.Store(true)
			if _, err := log.Append(t.Context(), step(10)); !errors.Is(err, eventlog.ErrUnknown) {
				t.Fatalf("error %v, want ErrUnknown", err)
			}
			for range 3 { // However often it is tried.
				if at, err := log.Append(t.Context(), step(11)); !errors.Is(err, eventlog.ErrUnavailable) {
					t.Fatalf("recorded at %d, error %v, want ErrUnavailable", at.Offset.Commit, err)
				}
				if err := log.Healthy(); !errors.Is(err, eventlog.ErrCorrupt) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("healthy: %v, want %q", err, test.want)
				}
			}
			if got := log.Stats(); got.Events != before.Events || got.Root != before.Root || got.Reopened != 0 {
				t.Errorf("%+v, want what was acknowledged: %+v", got, before)
			}
			if test.name == "Shorter" {
				var last error
				for _, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
					last = err
				}
				if !errors.Is(last, eventlog.ErrCorrupt) {
					t.Errorf("read: %v, want ErrCorrupt", last)
				}
			}
			if err := log.Close(); !errors.Is(err, eventlog.ErrCorrupt) {
				t.Errorf("close: %v, want ErrCorrupt", err)
			}
		})
	}
}

// What a group that failed answers rests on nothing of that group: no step of it is counted, and no refusal is given that
// names a revision which was never recorded.
func TestAFailedGroupAnswersNothingElse(t *testing.T) {
	var failing atomic.Bool
	log, err := embedded.OpenThrough(config(filepath.Join(memoryDir(t), "store")), func(op *embedded.Operation) error {
		if op.Kind == "sync" && failing.CompareAndSwap(true, false) {
			return syscall.EIO
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	steps := []eventlog.Append{
		{Stream: "state-fra", Expected: eventlog.NoStream, Events: []eventlog.Event{testEvent(1, 10)}},
		{Stream: "state-fra", Expected: 7, Events: []eventlog.Event{testEvent(2, 10)}},
	}
	failing.Store(true)
	if done, err := log.AppendAll(t.Context(), steps); done != 0 || !errors.Is(err, eventlog.ErrUnknown) {
		t.Errorf("%d done, error %v, want 0 and ErrUnknown", done, err)
	}
}

// Where the system makes a difference, a sync that ends in the disk's own cache is none.
func TestEachSyncGoesThroughTheCacheOfTheDisk(t *testing.T) {
	synced := make(map[string]int)
	dir := filepath.Join(memoryDir(t), "store")
	log, err := embedded.OpenThrough(config(dir), func(op *embedded.Operation) error {
		if op.Kind == "sync" {
			if synced[op.File]++; !op.Full {
				t.Errorf("sync %s: not in full", op.File)
			}
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	work(log, &history{})
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"record.db.new", "record.db", "record.db-wal", "acknowledged"} {
		if synced[name] == 0 {
			t.Errorf("%s was never synced", name)
		}
	}
}

// A reader that keeps the log from being folded back keeps nothing from being counted for certain.
func TestTheCountIsSyncedThoughAReaderIsInTheWay(t *testing.T) {
	var synced atomic.Int64
	log, err := embedded.OpenThrough(config(filepath.Join(memoryDir(t), "store")), func(op *embedded.Operation) error {
		if op.Kind == "sync" && op.File == "acknowledged" {
			synced.Add(1)
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	step := func(n int) eventlog.Append {
		return eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(n, 30_000)}}
	}
	if _, err := log.Append(t.Context(), step(1)); err != nil {
		t.Fatal(err)
	}
	reader, err := embedded.Connect(log)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := reader.Exec(`BEGIN; SELECT count(*) FROM events`); err != nil {
		t.Fatal(err)
	}
	before := synced.Load()
	for n := range 4 {
		if _, err := log.Append(t.Context(), step(2+n)); err != nil {
			t.Fatal(err)
		}
	}
	embedded.Rest(log)
	if n := log.Stats().Checkpoints; n != 0 {
		t.Fatalf("%d checkpoints: the reader was not in the way", n)
	}
	if synced.Load() == before {
		t.Error("the count was not synced")
	}
	if err := log.Healthy(); err != nil {
		t.Error(err)
	}
}

// The names in the folder are made durable one after the other: with the record's the store is there, so the others' come
// before.
func TestTheFolderIsSynced(t *testing.T) {
	var names []string
	log, err := embedded.OpenThrough(config(filepath.Join(memoryDir(t), "store")), func(op *embedded.Operation) error {
		if op.Kind == "rename" || op.Kind == "syncdir" {
			names = append(names, op.Kind+" "+op.File)
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if want := []string{"rename acknowledged", "syncdir .", "rename record.db", "syncdir ."}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
