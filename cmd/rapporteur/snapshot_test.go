package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

// recorded makes a store with so many synthetic events in a folder.
func recorded(t testing.TB, dir string, events int, seed uint64) {
	t.Helper()
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err == nil {
		err = errors.Join(synthetic.Append(context.Background(), log, events, seed), log.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// unreadable is a store that cannot be read while it is asked to be.
type unreadable struct {
	store
	now bool
}

func (u *unreadable) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	if u.now {
		return func(yield func(eventlog.Recorded, error) bool) { yield(eventlog.Recorded{}, eventlog.ErrUnavailable) }
	}
	return u.store.ReadAll(ctx, after)
}

// What a snapshot is not used for is told, and so is nothing where it is.
func TestSnapshotIsUsedByItsProgramOnItsRecordAlone(t *testing.T) {
	dir := t.TempDir()
	recorded(t, dir, 900, 1)
	open, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	log := &unreadable{store: open}
	var told bytes.Buffer
	node := func(program byte) *node {
		n := makeNode(log, output{io.Discard, io.Discard})
		n.logger = slog.New(slog.NewTextHandler(&told, nil))
		if n.snapshots, err = (snapshotFlags{Snapshot: t.TempDir(), SnapshotEvery: 1}).keeper("file:x", n); err != nil {
			t.Fatal(err)
		}
		n.snapshots.file = filepath.Join(dir, embedded.Snapshot)
		n.snapshots.program = func() ([sha256.Size]byte, error) { return [sha256.Size]byte{program}, nil }
		return n
	}
	first := node(1)
	if err := first.start(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	first.snapshots.write(t.Context())
	want, err := first.model.Newest().Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, told string
		program    byte
		unreadable bool
	}{
		{"the same", `level=INFO msg="started from the snapshot`, 1, false},
		{"another program", `why="it was written by another version of the program"`, 2, false},
		{"a store that cannot be read", `why="it cannot be compared with the record: store unavailable"`, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			told.Reset()
			log.now = c.unreadable
			n := node(c.program)
			err := n.start(t.Context(), io.Discard)
			if !strings.Contains(told.String(), c.told) {
				t.Errorf("told %q, want %q", told.String(), c.told)
			}
			if log.now = false; c.unreadable {
				if !errors.Is(err, eventlog.ErrUnavailable) {
					t.Errorf("started: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := n.model.Newest().Digest(); got != want || err != nil {
				t.Errorf("digest %s, %v; want %s", got, err, want)
			}
		})
	}
}

// A program that is killed while it writes a snapshot, at any moment, leaves the one before or the new one, and nothing half. What it
// leaves behind otherwise the next start removes.
func TestKilledWhileItWritesASnapshot(t *testing.T) {
	rounds := 4
	if long {
		rounds = 200
	}
	dir := t.TempDir()
	store := filepath.Join(dir, "record")
	recorded(t, store, 1500, 1)
	args := []string{"serve", "--store", "file:record", "--listen", "127.0.0.1:0", "--snapshot-every", "1", "--empty"}
	random := rand.New(rand.NewPCG(1, 2))
	file := filepath.Join(store, embedded.Snapshot)
	used := 0
	for range rounds {
		// Without a snapshot the program writes one as soon as it serves.
		if random.IntN(2) == 0 {
			_ = os.Remove(file)
		}
		p, err := start(dir, nil, args...)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p.err.String(), "started from the snapshot") {
			used++
		}
		if strings.Contains(p.err.String(), "is not used") {
			t.Fatalf("something half was left: %s", p.err)
		}
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		p.stop(syscall.SIGKILL)
	}
	p, err := start(dir, nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	if status := p.stop(syscall.SIGTERM); status != statusDone || strings.Contains(p.err.String(), "is not used") {
		t.Errorf("status %d, %s", status, p.err)
	}
	if left, err := filepath.Glob(filepath.Join(store, ".*")); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	t.Logf("%d of %d starts were from a snapshot", used, rounds)
}
