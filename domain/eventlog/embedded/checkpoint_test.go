package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// one appends one event and notes it.
func (h *history) one(log eventlog.Log, n, size int) error {
	a := h.begin(eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(n, size)}})
	_, err := log.Append(context.Background(), a.step)
	h.end(a, err)
	return err
}

// due appends until a checkpoint is due, waits until it has begun, and gives the number of the next event.
func (h *history) due(t *testing.T, log *embedded.Log, began <-chan struct{}) (n int) {
	t.Helper()
	for ; log.Stats().LogPages < int64(config("").CheckpointPages); n++ {
		if err := h.one(log, n, 100); err != nil {
			t.Fatal(err)
		}
	}
	<-began
	return n
}

// A pass that takes its time holds up no append, and whoever is killed meanwhile loses nothing.
func TestAppendsGoOnBesideACheckpoint(t *testing.T) {
	dir := filepath.Join(memoryDir(t), "store")
	began, release := make(chan struct{}), make(chan struct{})
	var once, passed sync.Once
	var synced, left atomic.Bool
	log, err := embedded.OpenThroughAtOnce(config(dir), func(op *embedded.Operation) error {
		if op.Beside {
			switch op.Kind + " " + op.File {
			case "write record.db":
				once.Do(func() { close(began); <-release })
			case "sync record.db":
				synced.Store(true)
			case "sync acknowledged":
				passed.Do(func() { left.Store(!synced.Load()) })
			}
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	h := &history{}
	n := h.due(t, log, began)
	for i := range 5 {
		if err := h.one(log, n+i, 100); err != nil {
			t.Fatal(err)
		}
	}
	if got := log.Stats().Checkpoints; got != 0 {
		t.Errorf("%d checkpoints, though the first is under way", got)
	}
	if err := errors.Join(copyFolder(dir, dir+"-killed"), h.checkFolder(dir+"-killed")); err != nil {
		t.Errorf("killed meanwhile: %v", err)
	}
	close(release)
	embedded.Rest(log)
	if left.Load() {
		t.Error("the first pass left it to the writer to sync what it had written")
	}
	if s := log.Stats(); s.Checkpoints != 1 || s.LogPages != 0 {
		t.Errorf("%d checkpoints, %d pages in the log, want all of it folded back", s.Checkpoints, s.LogPages)
	}
	if err := h.check(log); err != nil {
		t.Error(err)
	}
}

// When a sync fails in a pass, the transaction that is being synced at the same time is not acknowledged, however its own sync
// went: what failed may have been to write its pages.
func TestWhatIsSyncedWhileACheckpointFailsIsUnknown(t *testing.T) {
	dir := filepath.Join(memoryDir(t), "store")
	var log *embedded.Log
	pass, commit := make(chan struct{}), make(chan struct{})
	var once, twice sync.Once
	open, err := embedded.OpenThroughAtOnce(config(dir), func(op *embedded.Operation) error {
		if op.Kind != "sync" || op.File != "record.db-wal" {
			return op.Do()
		}
		var err error
		if op.Beside {
			once.Do(func() {
				close(pass)
				<-commit
				err = syscall.EIO
			})
		} else {
			select {
			case <-pass:
				twice.Do(func() {
					close(commit)
					for embedded.Waiting(log) == 0 { // The pass that is over wakes the writer.
					}
				})
			default:
			}
		}
		if err != nil {
			return err
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	log = open
	defer log.Close()
	h := &history{}
	n := h.due(t, log, pass)
	if err := h.one(log, n, 100); !errors.Is(err, eventlog.ErrUnknown) {
		t.Errorf("error %v, want ErrUnknown", err)
	}
	if got := log.Stats().Events; got != uint64(n) {
		t.Errorf("%d events are shown, %d were acknowledged", got, n)
	}
	if err := h.one(log, n+1, 100); err != nil {
		t.Error(err)
	}
	if got := log.Stats().Reopened; got != 1 {
		t.Errorf("reopened %d times, want once", got)
	}
	if err := h.check(log); err != nil {
		t.Error(err)
	}
}

// Whatever fails in a pass: a broken disk has the store read again, a full one does not, and both lose nothing.
func TestEachOperationOfACheckpointBesideFails(t *testing.T) {
	for _, test := range []struct {
		what  string
		fault syscall.Errno
	}{
		{"sync record.db-wal", syscall.EIO},
		{"sizehint record.db", syscall.EIO},
		{"write record.db", syscall.EIO},
		{"sync record.db", syscall.EIO},
		{"sync acknowledged", syscall.EIO},
		{"sync record.db", syscall.ENOSPC}, // A sync that fails for lack of room is a failed sync.
		{"sizehint record.db", syscall.ENOSPC},
		{"write record.db", syscall.ENOSPC},
	} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v/effect=%v", test.what, test.fault, effect), func(t *testing.T) {
				dir := filepath.Join(memoryDir(t), "store")
				var failed atomic.Bool
				log, err := embedded.OpenThroughAtOnce(config(dir), func(op *embedded.Operation) error {
					if op.Beside && op.Kind+" "+op.File == test.what && failed.CompareAndSwap(false, true) {
						if effect {
							return errors.Join(op.Do(), test.fault)
						}
						return test.fault
					}
					return op.Do()
				})
				if err != nil {
					t.Fatal(err)
				}
				h := &history{}
				for n := 0; n < 60; n++ {
					if err := h.one(log, n, 100); err != nil && !errors.Is(err, eventlog.ErrUnknown) {
						t.Fatal(err)
					}
				}
				embedded.Rest(log)
				for log.Healthy() != nil { // Being asked brings it back; it would wait for ever were it not to.
				}
				s := log.Stats()
				want := uint64(1)
				if test.fault == syscall.ENOSPC && !strings.HasPrefix(test.what, "sync") {
					want = 0
				}
				if !failed.Load() || s.Reopened != want || s.Checkpoints == 0 {
					t.Errorf("failed %v, reopened %d times, want %d; %d checkpoints", failed.Load(), s.Reopened, want, s.Checkpoints)
				}
				if err := h.check(log); err != nil {
					t.Error(err)
				}
				if err := log.Close(); err != nil {
					t.Error(err)
				}
				if err := h.checkFolder(dir); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// What failed in a pass is not done once more by the writer, and nothing else is, before the store is read again.
func TestAFailedCheckpointIsNotTriedAgain(t *testing.T) {
	for _, what := range []string{"sync record.db-wal", "write record.db", "sync record.db", "sync acknowledged"} {
		t.Run(what, func(t *testing.T) {
			began := make(chan struct{})
			var failed, more atomic.Bool
			log, err := embedded.OpenThrough(config(filepath.Join(memoryDir(t), "store")), func(op *embedded.Operation) error {
				if failed.Load() && !op.Beside {
					more.Store(true)
				}
				if op.Beside && op.Kind+" "+op.File == what && failed.CompareAndSwap(false, true) {
					close(began)
					return syscall.EIO
				}
				return op.Do()
			})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			h := &history{}
			h.due(t, log, began)
			for !more.Load() && !embedded.Stopped(log) {
			}
			if more.Load() {
				t.Error("the writer went on")
			}
		})
	}
}

// Who closes the store, for good or to read it again from a disk that failed, waits for the pass under way: nothing is written
// behind their back.
func TestACloseWaitsForACheckpointBeside(t *testing.T) {
	for _, why := range []string{"close", "reopen"} {
		t.Run(why, func(t *testing.T) {
			dir := filepath.Join(memoryDir(t), "store")
			began, release := make(chan struct{}), make(chan struct{})
			var failing atomic.Bool
			var turn sync.Mutex
			var done []string
			var once sync.Once
			log, err := embedded.OpenThroughAtOnce(config(dir), func(op *embedded.Operation) error {
				if op.Beside && op.Kind == "sync" && op.File == "record.db-wal" {
					once.Do(func() { close(began); <-release })
				}
				turn.Lock()
				defer turn.Unlock()
				what := op.Kind + " " + op.File
				if op.Beside {
					what = "beside: " + what
				}
				done = append(done, what)
				if !op.Beside && failing.CompareAndSwap(true, false) {
					return syscall.EIO
				}
				return op.Do()
			})
			if err != nil {
				t.Fatal(err)
			}
			h := &history{}
			n := h.due(t, log, began)
			turn.Lock()
			from := len(done)
			turn.Unlock()
			over := make(chan error)
			if why == "close" {
				go func() { over <- log.Close() }()
			} else {
				failing.Store(true)
				if err := h.one(log, n, 100); !errors.Is(err, eventlog.ErrUnknown) {
					t.Fatalf("error %v, want ErrUnknown", err)
				}
				go func() { over <- h.one(log, n+1, 100) }()
			}
			close(release)
			if err := <-over; err != nil {
				t.Fatal(err)
			}
			turn.Lock()
			rest := slices.Clone(done[from:])
			turn.Unlock()
			// All of the pass comes before the write-ahead log is cut to nothing, with which a store is opened and closed.
			last := slices.Index(rest, "beside: sync acknowledged")
			cut := len(rest) - 1
			for cut >= 0 && rest[cut] != "truncate record.db-wal" {
				cut--
			}
			if last < 0 || cut < last {
				t.Errorf("the pass ended with operation %d, the log was cut with %d: %q", last, cut, rest)
			}
			if why == "reopen" {
				if got := log.Stats().Reopened; got != 1 {
					t.Errorf("reopened %d times, want once", got)
				}
				if err := errors.Join(h.check(log), log.Close()); err != nil {
					t.Error(err)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "record.db-wal")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the write-ahead log is still there: %v", err)
			}
			if err := h.checkFolder(dir); err != nil {
				t.Error(err)
			}
		})
	}
}

// A checkpoint beside a writer is what the WAL-reset bug of SQLite is about (https://sqlite.org/wal.html#walresetbug). It was mended
// in 3.51.3.
func TestSQLiteHasNoWALResetBug(t *testing.T) {
	conn, err := sqlite3.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stmt, _, err := conn.Prepare(`SELECT sqlite_version()`)
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	if !stmt.Step() {
		t.Fatal(stmt.Err())
	}
	var version []int
	for part := range strings.SplitSeq(stmt.ColumnText(0), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			t.Fatal(err)
		}
		version = append(version, n)
	}
	if slices.Compare(version, []int{3, 51, 3}) < 0 {
		t.Errorf("SQLite %v, want 3.51.3 or later", version)
	}
}
