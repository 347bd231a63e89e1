package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// Config says where the store is and what it may use.
type Config struct {
	// Dir is the store's folder. It is made if it is not there.
	Dir string
	// CheckpointPages is the length of the write-ahead log, in pages of 4 KiB, at which it is folded back into the file;
	// 0 means 4,096. A longer one is folded back less often, and takes more room and a longer start after a crash.
	CheckpointPages int
	// CachePages is the writer's cache in pages of 4 KiB; 0 means 4,096.
	CachePages int

	// What tests set: where the disk fails, and how long a writer that could not reopen its store waits.
	seam       func(*operation) error
	retryAfter time.Duration
}

// Log is the store of one folder.
type Log struct {
	config Config
	disk   *disk
	lock   *os.File
	queue  queue
	done   chan struct{} // closed when the writer has ended
	failed error         // what the writer met when it closed; read it behind done
	pool   pool
	hasher sync.Pool

	// What readers may see. The writer alone changes it, after a group was acknowledged.
	mu     sync.RWMutex
	count  uint64 // events
	root   leaf.Hash
	heads  map[string]head
	names  []string
	grown  chan struct{} // closed and replaced when count grows
	closed bool

	// What the writer says about itself.
	state         atomic.Pointer[error] // why it takes no appends, or nil
	checkpointing atomic.Bool           // from the first pass to the end
	stats         counters
}

var _ eventlog.Log = (*Log)(nil)

// Open opens the store in a folder, or makes one in an empty folder. It reads every page of the store and the hash of every
// event: about a second for a million events. Of what is wrong it says what, where, and what to do: the error wraps
// ErrInUse, ErrFormat, ErrFolder or eventlog.ErrCorrupt.
//
// A store that is refused keeps what it holds. Most of what can be wrong is found before anything is changed; what is found
// after that, a damaged page of the database file, is found when the write-ahead log has been folded back into that file.
// Who wants to look into a damaged store with its log beside it makes a copy of the folder first.
func Open(config Config) (_ *Log, err error) {
	wrap := func(err error) error {
		if isFull(err) || errors.Is(err, sqlite3.FULL) {
			return fmt.Errorf("open the store in %q: %w; make room there and start again", config.Dir, err)
		}
		return fmt.Errorf("open the store in %q: %w", config.Dir, err)
	}
	if config.CheckpointPages <= 0 {
		config.CheckpointPages = 4096
	}
	if config.CachePages <= 0 {
		config.CachePages = 4096
	}
	if config.retryAfter <= 0 {
		config.retryAfter = time.Second
	}
	dir, err := prepareFolder(config.Dir)
	if err != nil {
		return nil, wrap(err)
	}
	if _, err := findStore(dir); errors.Is(err, ErrFolder) {
		return nil, wrap(err) // Before a lock is left in a folder that is somebody else's.
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, wrap(err)
	}
	d := newDisk(dir, config.seam)
	s, err := openFolder(d, config)
	if err != nil {
		d.unregister()
		lock.Close()
		return nil, wrap(err)
	}
	l := &Log{config: config, disk: d, lock: lock, done: make(chan struct{}), grown: make(chan struct{})}
	l.hasher.New = func() any { return new(leaf.Hasher) }
	l.queue.init()
	l.pool.disk = d
	l.show(s)
	s.checkpointer.wake = l.rouse
	w := &writer{log: l, store: s, pending: make(map[string]head)}
	go w.run()
	return l, nil
}

func openFolder(d *disk, config Config) (*store, error) {
	found, err := findStore(d.dir)
	if err != nil {
		return nil, err
	}
	if !found {
		if err := createStore(d); err != nil {
			return nil, fmt.Errorf("make a new store: %w", err)
		}
	}
	return openStore(d, -4*config.CachePages)
}

// show lets readers see all that a store holds.
func (l *Log) show(s *store) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heads = make(map[string]head, len(s.heads))
	for name, h := range s.heads {
		l.heads[name] = h
	}
	l.names = append([]string(nil), s.names...)
	l.count, l.root = s.frontier.Size(), s.frontier.Root()
	l.wake()
}

// shown gives what was acknowledged and shown by this process.
func (l *Log) shown() tally {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return tally{count: l.count, root: l.root}
}

// wake ends the waiting of all who wait. l.mu is held.
func (l *Log) wake() {
	if !l.closed { // Close has ended it for good.
		close(l.grown)
		l.grown = make(chan struct{})
	}
}

// Append records one step.
func (l *Log) Append(ctx context.Context, step eventlog.Append) (eventlog.Appended, error) {
	if err := step.Check(); err != nil {
		return eventlog.Appended{}, err
	}
	r := newRequest()
	if err := l.prepare(ctx, r, step); err != nil {
		return eventlog.Appended{}, err
	}
	if err := l.submit(ctx, r); err != nil {
		return eventlog.Appended{}, wrapAppend(step.Stream, err)
	}
	answer := r.last
	r.free()
	return answer, nil
}

// wrapAppend says what was attempted. The refusals of the port say it themselves.
func wrapAppend(stream string, err error) error {
	switch err.(type) {
	case *eventlog.WrongRevision, *eventlog.TooLarge:
		return err
	}
	return fmt.Errorf("append to %s: %w", stream, err)
}

// AppendAll records many steps, about a thousand events a commit.
func (l *Log) AppendAll(ctx context.Context, steps []eventlog.Append) (done int, err error) {
	for done < len(steps) {
		r := newRequest()
		var refused error
		for _, step := range steps[done:] {
			if refused = step.Check(); refused != nil {
				break
			}
			if refused = l.prepare(ctx, r, step); refused != nil {
				break
			}
			if r.events >= groupEvents || r.bytes >= groupBytes {
				break
			}
		}
		if len(r.steps) > 0 {
			stream := r.steps[0].Stream
			err := l.submit(ctx, r)
			if err != nil && r.abandoned {
				return done, wrapAppend(stream, err)
			}
			done += r.done
			if err != nil {
				return done, wrapAppend(steps[done].Stream, err)
			}
			r.free()
		}
		if refused != nil {
			return done, refused
		}
	}
	return done, nil
}

// submit hands a request to the writer and waits for its answer.
func (l *Log) submit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !l.queue.put(r) {
		return eventlog.ErrClosed
	}
	select {
	case <-r.ready:
		return r.err
	case <-ctx.Done():
		// The writer has it, or is about to: the request belongs to it now, with the copy of the caller's bytes.
		r.abandoned = true
		return fmt.Errorf("%w: %w", eventlog.ErrUnknown, ctx.Err())
	}
}

// Wait returns once an event stands behind the offset.
func (l *Log) Wait(ctx context.Context, after eventlog.Offset) error {
	for {
		l.mu.RLock()
		count, grown, closed := l.count, l.grown, l.closed
		l.mu.RUnlock()
		switch {
		case closed:
			return fmt.Errorf("wait for events: %w", eventlog.ErrClosed)
		case count > after.Commit:
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return fmt.Errorf("wait for events: %w", ctx.Err())
		}
	}
}

// Close finishes the steps under way, folds the write-ahead log back and gives the folder free.
// If the disk fails meanwhile, it says so: what was acknowledged is safe nevertheless.
func (l *Log) Close() error {
	l.mu.Lock()
	first := !l.closed
	if first {
		l.closed = true
		close(l.grown) // Wait sees closed before it would look at the next channel.
	}
	l.mu.Unlock()
	l.queue.close()
	<-l.done
	if first && l.failed != nil {
		return fmt.Errorf("close the store in %s: %w", l.config.Dir, l.failed)
	}
	return nil
}

// Healthy says whether the store can record: nil, or why not. A full disk is tried again here, and a writer that stopped is
// asked to reopen its file, so that a server which gets no writes because it is not ready becomes ready again.
func (l *Log) Healthy() error {
	l.mu.RLock()
	closed := l.closed
	l.mu.RUnlock()
	if closed {
		return eventlog.ErrClosed
	}
	state := l.state.Load()
	if state == nil {
		return nil
	}
	if errors.Is(*state, eventlog.ErrFull) {
		if l.probe() == nil {
			l.state.CompareAndSwap(state, nil)
			return nil
		}
		return *state
	}
	l.rouse()
	return *state
}

// rouse wakes the writer, with a request that is empty.
func (l *Log) rouse() { l.queue.put(newRequest()) }

const (
	probeFile = "probe"
	probeSize = 1 << 20
)

// probe says whether there is room for some appends.
func (l *Log) probe() error {
	path := filepath.Join(l.disk.dir, probeFile)
	defer os.Remove(path)
	return os.WriteFile(path, make([]byte, probeSize), 0o600)
}

// Stats are figures for the operator.
type Stats struct {
	Events      uint64    // acknowledged
	Root        leaf.Hash // their Merkle root
	Streams     int
	Commits     uint64 // transactions since Open
	Appended    uint64 // events since Open; divided by Commits, the events that shared a sync
	Checkpoints uint64 // times the write-ahead log was folded back since Open
	LogPages    int64  // pages in the write-ahead log
	Reopened    uint64 // times the store was reopened because the disk failed
}

type counters struct {
	commits, appended, checkpoints, reopened atomic.Uint64
	logPages                                 atomic.Int64
}

// Stats gives the figures of this moment.
func (l *Log) Stats() Stats {
	l.mu.RLock()
	s := Stats{Events: l.count, Root: l.root, Streams: len(l.names)}
	l.mu.RUnlock()
	s.Commits, s.Appended = l.stats.commits.Load(), l.stats.appended.Load()
	s.Checkpoints, s.LogPages = l.stats.checkpoints.Load(), l.stats.logPages.Load()
	s.Reopened = l.stats.reopened.Load()
	return s
}
