package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
	"github.com/rapporteur/rapporteur/projections"
)

// snapshotFlags say where the read model is kept for the next start.
type snapshotFlags struct {
	Snapshot      string `placeholder:"DIR" help:"Keep a snapshot of the read model in this folder, so that the next start reads only what was recorded since; off keeps none (default: the folder of an embedded store; on a cluster, none). It is a cache: in doubt it is not used, and it may be removed at any time."`
	SnapshotEvery uint64 `default:"50000" placeholder:"N" help:"Write it anew after so many events, and at the end (default ${default})."`
}

// keeper gives what keeps the snapshots of a node; nil where none are kept.
func (f snapshotFlags) keeper(store storeName, n *node) (*snapshots, error) {
	dir := f.Snapshot
	switch {
	case f.SnapshotEvery == 0:
		return nil, &usage{"--snapshot-every 0 is no number of events; give --snapshot off to keep no snapshot"}
	case dir == "off" || dir == "" && store.remote():
		return nil, nil
	case dir == "":
		var err error
		if dir, err = store.dir(); err != nil {
			return nil, err
		}
	default:
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("the folder of the snapshot: %w; name another with --snapshot DIR, or give --snapshot off", err)
		}
	}
	s := &snapshots{node: n, file: filepath.Join(dir, embedded.Snapshot), every: f.SnapshotEvery, program: sync.OnceValues(programSum)}
	go func() { _, _ = s.program() }() // It takes a moment, and whoever needs it later is told.
	s.meters(n.metrics)
	return s, nil
}

// programSum is the SHA-256 of the program that runs: of its file as it was when it was started, where the system keeps hold of that.
func programSum() (sum [sha256.Size]byte, err error) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		name, err := os.Executable()
		if err != nil {
			return sum, err
		}
		if f, err = os.Open(name); err != nil {
			return sum, err
		}
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}

// snapshots keep the read model of a node in a file. The nil *snapshots keeps nothing.
type snapshots struct {
	node    *node
	file    string
	every   uint64 // Events.
	program func() ([sha256.Size]byte, error)

	mu      sync.Mutex // Held by who writes.
	written uint64     // Position of the one in the file, as far as it was found good.

	started, position, size prometheus.Gauge
	done, failed            prometheus.Counter
}

func (s *snapshots) meters(registry prometheus.Registerer) {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "rapporteur_snapshot_" + name, Help: help})
		registry.MustRegister(g)
		return g
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "rapporteur_snapshot_" + name, Help: help})
		registry.MustRegister(c)
		return c
	}
	s.started = gauge("started_position", "Position of the snapshot that this node started from; 0 where it read the whole record.")
	s.position = gauge("position", "Position of the snapshot that is kept; 0 where there is none.")
	s.size = gauge("bytes", "Size of the snapshot that was written last.")
	s.done = counter("written_total", "Snapshots that were written.")
	s.failed = counter("failed_total", "Snapshots that could not be written.")
}

// load gives the model of the snapshot that is kept; nil where there is none to trust.
func (s *snapshots) load(ctx context.Context) *projections.Model {
	if s == nil {
		return nil
	}
	if unfinished, err := filepath.Glob(filepath.Join(filepath.Dir(s.file), "."+embedded.Snapshot+"*")); err == nil {
		for _, name := range unfinished {
			_ = os.Remove(name) // Of a program that was killed. It harms nobody.
		}
	}
	f, err := os.Open(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		s.distrust(err)
		return nil
	}
	defer f.Close()
	begun := time.Now()
	m, err := projections.LoadSnapshot(f, func(seal projections.Seal) error { return s.trust(ctx, seal) })
	if err != nil {
		s.distrust(err)
		return nil
	}
	s.node.logger.Info("started from the snapshot; what was recorded since is read", "file", s.file, "at", m.At(), "took", time.Since(begun).Round(time.Millisecond))
	s.written = m.At()
	s.started.Set(float64(m.At()))
	s.position.Set(float64(m.At()))
	return m
}

// distrust says why a snapshot is not used.
func (s *snapshots) distrust(why error) {
	s.written = 0
	s.started.Set(0)
	s.position.Set(0)
	s.node.logger.Warn("the snapshot is not used, and the whole record is read", "file", s.file, "why", why)
}

// trust says why a snapshot is not one that this program wrote of this record, or nothing.
func (s *snapshots) trust(ctx context.Context, seal projections.Seal) error {
	program, err := s.program()
	switch {
	case err != nil:
		return fmt.Errorf("it cannot be told whether this program wrote it: %w", err)
	case seal.Program != program:
		return errors.New("it was written by another version of the program")
	case len(seal.Marks) == 0 || seal.Marks[len(seal.Marks)-1].At != seal.At:
		return errors.New("it does not say of what it is") // unreachable: none is written so.
	}
	// The last first: whether the record goes so far at all.
	for i := len(seal.Marks) - 1; i >= 0; i-- {
		want := seal.Marks[i]
		got, err := s.mark(ctx, want.At, want.Before)
		switch {
		case err != nil:
			return fmt.Errorf("it cannot be compared with the record: %w", err)
		case got.Place == (eventlog.Offset{}):
			return fmt.Errorf("it is of another record, or of this one before events were lost: it goes to position %d, and the record does not", want.At)
		case got != want:
			return fmt.Errorf("it is of another record, or of another store of it: the event at position %d is not the one here", want.At)
		}
	}
	return nil
}

// mark reads back the event at a position, which stands behind a place in the log. Its place is zero where there is none.
func (s *snapshots) mark(ctx context.Context, at uint64, before eventlog.Offset) (projections.Mark, error) {
	for e, err := range s.node.log.ReadAll(ctx, before) {
		if err != nil {
			return projections.Mark{}, err
		}
		var hasher leaf.Hasher
		sum, _ := hasher.Hash(e.ID, e.Stream, e.Type, int64(e.Revision), e.Data, e.Metadata)
		return projections.Mark{At: at, Before: before, Place: e.Offset, Leaf: sum}, nil
	}
	return projections.Mark{}, nil
}

// marks are how many events a record is known again by: the last, and others all along.
const marks = 8

// seal says what a snapshot at a position is of.
func (s *snapshots) seal(ctx context.Context, at uint64) (projections.Seal, error) {
	program, err := s.program()
	seal := projections.Seal{Program: program, At: at}
	last := uint64(0)
	for i := range uint64(marks) {
		next := (at*(i+1) + marks - 1) / marks
		if err != nil || next == last {
			continue
		}
		last = next
		var m projections.Mark
		m, err = s.mark(ctx, next, s.node.model.OffsetAt(next-1))
		if err == nil && m.Place != s.node.model.OffsetAt(next) {
			err = fmt.Errorf("the event at position %d does not stand where it was read", next)
		}
		seal.Marks = append(seal.Marks, m)
	}
	return seal, err
}

// keep writes snapshots beside serving, until the context ends: one when there is much that the one in the file does not have, and then
// after so many events each.
func (s *snapshots) keep(ctx context.Context) {
	if s == nil {
		return
	}
	if s.behind() {
		s.write(ctx)
	}
	for {
		if s.node.model.WaitAt(ctx, s.due()) != nil || ctx.Err() != nil {
			return
		}
		s.write(ctx)
	}
}

func (s *snapshots) due() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written + s.every
}

// behind says whether it would be of use to write another one. A record so short that it is read in a moment needs none.
func (s *snapshots) behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.node.model.At() >= s.written+max(s.every/50, 1)
}

// last writes a snapshot when the node has stopped well, unless that takes too long.
func (s *snapshots) last(ctx context.Context) {
	if s == nil || !s.behind() {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), lastSnapshot)
	defer stop()
	s.write(ctx)
}

// lastSnapshot is how long a snapshot at the end may take: with what requests under way may take, less than services are given to stop.
const lastSnapshot = 5 * time.Second

// write writes a snapshot. That it could not be written is told, and harms nothing; the next one may succeed.
func (s *snapshots) write(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot := s.node.model.Snapshot()
	size, err := s.replace(ctx, snapshot)
	if errors.Is(err, context.Canceled) {
		return // The node ends; the last one is still to come.
	}
	s.written = snapshot.At() // Also where it failed: it is tried again after as many events, not at once.
	if err != nil {
		s.failed.Inc()
		s.node.logger.Warn("the snapshot could not be written; the next start reads more of the record", "file", s.file, "error", err)
		return
	}
	s.done.Inc()
	s.position.Set(float64(s.written))
	s.size.Set(float64(size))
}

// replace writes the file anew. A crash leaves the one before, or the new one whole.
func (s *snapshots) replace(ctx context.Context, snapshot *projections.Snapshot) (size int64, err error) {
	seal, err := s.seal(ctx, snapshot.At())
	if err != nil {
		return 0, err
	}
	f, err := renameio.NewPendingFile(s.file, renameio.WithTempDir(filepath.Dir(s.file)), renameio.WithPermissions(0o600))
	if err != nil {
		return 0, err
	}
	defer f.Cleanup()
	if err := snapshot.Write(timely{ctx, f}, seal); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err == nil {
		err = f.CloseAtomicallyReplace()
	}
	if err != nil {
		return 0, err
	}
	folder, err := os.Open(filepath.Dir(s.file))
	if err == nil {
		err = errors.Join(folder.Sync(), folder.Close())
	}
	return info.Size(), err
}

// timely is a writer until a context ends.
type timely struct {
	ctx context.Context
	io.Writer
}

func (w timely) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(b)
}
