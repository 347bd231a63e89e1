package embedded

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// A group is what shares one transaction: at most so many events, or bytes, and at least one request.
const (
	groupEvents = 1000
	groupBytes  = 8 << 20
)

// request is what a caller hands to the writer: steps that are recorded in their order, each whole, until one is refused.
type request struct {
	steps  []eventlog.Append
	hashes []leaf.Hash // of the events of the steps, in their order; those of a step at AnyRevision are not known yet
	events int
	bytes  int

	// The answer, once ready has been sent to.
	done  int
	last  eventlog.Appended
	err   error
	ready chan struct{}

	abandoned bool // by the caller, whose context ended
}

var requests = sync.Pool{New: func() any { return &request{ready: make(chan struct{}, 1)} }}

func newRequest() *request { return requests.Get().(*request) }

// free gives a request back that was answered. One whose caller left before the answer is never given back.
func (r *request) free() {
	clear(r.steps)
	*r = request{steps: r.steps[:0], hashes: r.hashes[:0], ready: r.ready}
	requests.Put(r)
}

// prepare adds a step to a request and does in the caller's goroutine what need not be done in the writer's.
func (l *Log) prepare(ctx context.Context, r *request, step eventlog.Append) error {
	// A caller whose context ends gets its bytes back while the writer may still read them. A changed byte under a hash
	// that was made before would damage the record for ever, so the writer gets its own.
	if ctx.Done() != nil {
		events := make([]eventlog.Event, len(step.Events))
		for i, e := range step.Events {
			both := append(append(make([]byte, 0, len(e.Data)+len(e.Metadata)), e.Data...), e.Metadata...)
			e.Data, e.Metadata = both[:len(e.Data)], both[len(e.Data):]
			events[i] = e
		}
		step.Events = events
	}
	known := step.Expected != eventlog.AnyRevision
	hasher := l.hasher.Get().(*leaf.Hasher)
	defer l.hasher.Put(hasher)
	for i, e := range step.Events {
		var hash leaf.Hash
		if known {
			var size int
			hash, size = hasher.Hash(e.ID, step.Stream, e.Type, int64(step.Expected)+1+int64(i), e.Data, e.Metadata)
			if size > leaf.MaxSize {
				r.hashes = r.hashes[:r.events]
				return &eventlog.TooLarge{Stream: step.Stream, Type: e.Type, Size: size, Limit: leaf.MaxSize}
			}
		}
		r.hashes = append(r.hashes, hash)
		r.bytes += len(e.Data) + len(e.Metadata)
	}
	r.steps = append(r.steps, step)
	r.events += len(step.Events)
	return nil
}

// queue holds the requests that wait. A slice under a mutex and not a channel: the writer takes all of them at once.
type queue struct {
	mu      sync.Mutex
	filled  sync.Cond
	waiting []*request
	closed  bool
}

func (q *queue) init() { q.filled.L = &q.mu }

func (q *queue) put(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.waiting = append(q.waiting, r)
	if len(q.waiting) == 1 {
		q.filled.Signal()
	}
	return true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Signal()
}

// take waits for requests and appends a group of them to group. It gives none when the queue was closed and is empty.
func (q *queue) take(group []*request) []*request {
	q.mu.Lock()
	for len(q.waiting) == 0 && !q.closed {
		q.filled.Wait()
	}
	events, size := 0, 0
	room := true
	move := func() {
		n := 0
		for _, r := range q.waiting {
			if room = n+len(group) == 0 || events+r.events <= groupEvents && size+r.bytes <= groupBytes; !room {
				break
			}
			events, size = events+r.events, size+r.bytes
			n++
		}
		group = append(group, q.waiting[:n]...)
		rest := copy(q.waiting, q.waiting[n:])
		clear(q.waiting[rest:])
		q.waiting = q.waiting[:rest]
	}
	move()
	q.mu.Unlock()
	if room && len(group) > 0 {
		// Callers who were just answered are about to come back. Letting them run once fills the group; waiting for a
		// time would make a single writer slower.
		runtime.Gosched()
		q.mu.Lock()
		move()
		q.mu.Unlock()
	}
	return group
}

// writer is the one goroutine that changes the store.
type writer struct {
	log     *Log
	store   *store // nil while the store could not be reopened
	broken  error  // why it writes no more, until it was reopened
	retried time.Time

	pending map[string]head // heads as the group under way moves them
	named   []string        // streams that are new in it
	hasher  leaf.Hasher
}

func (w *writer) run() {
	defer close(w.log.done)
	var group []*request
	for {
		clear(group)
		group = w.log.queue.take(group[:0])
		if len(group) == 0 {
			break
		}
		w.record(group)
	}
	w.close()
}

func (w *writer) close() {
	l := w.log
	l.pool.close()
	if w.store != nil {
		w.store.checkpointer.close()
		w.heed()
	}
	switch {
	case w.store == nil:
		l.failed = w.broken
	case w.broken != nil:
		w.store.abandon()
		l.failed = w.broken
	default:
		l.failed = w.store.finish()
	}
	l.disk.unregister()
	// The last thing: whoever gets the lock now finds the store closed.
	l.failed = errors.Join(l.failed, l.lock.Close())
}

// record takes a group through all its steps: check and insert, commit with one sync, count as acknowledged, show, answer.
func (w *writer) record(group []*request) {
	if w.broken != nil && !w.reopen() {
		fail(group, fmt.Errorf("the store stopped writing and could not be reopened yet: %v: %w", w.broken, eventlog.ErrUnavailable))
		return
	}
	s := w.store
	clear(w.pending)
	w.named = w.named[:0]
	frontier := s.frontier.Clone()
	began := false
	for _, r := range group {
		if err := w.insert(r, &frontier, &began); err != nil {
			// No commit was written: whatever the disk took of this group, a recovery passes over it.
			w.rollback()
			fail(group, w.judge(err, false))
			return
		}
	}
	if began {
		// Before this line nothing counts. A crash within it leaves the whole group or none of it: the frames of one
		// transaction have one commit mark. A crash after it leaves the group, which nobody was told yet.
		if err := s.commit.Exec(); err != nil {
			w.rollback()
			fail(group, w.judge(err, true))
			return
		}
		if err := w.heed(); err != nil {
			fail(group, fmt.Errorf("the disk failed while the events were being written: %v: %w", err, eventlog.ErrUnknown))
			return
		}
		// A crash before this line leaves a log that is longer than what was acknowledged, which is nothing wrong.
		if err := s.acknowledged.write(tally{frontier.Size(), frontier.Root()}); err != nil {
			// The transaction cannot be taken back, and it must not be shown: only a reopening can follow.
			fail(group, w.judge(err, true))
			return
		}
		w.show(frontier)
		w.log.state.Store(nil)
	}
	for _, r := range group {
		r.ready <- struct{}{}
	}
	w.checkpoint()
}

// insert puts the steps of a request into the transaction, up to the first that is refused. Its error is the disk's.
func (w *writer) insert(r *request, frontier *leaf.Frontier, began *bool) error {
	hashes := r.hashes
	for _, step := range r.steps {
		at, ok := w.pending[step.Stream]
		if !ok {
			if at, ok = w.store.heads[step.Stream]; !ok {
				at = head{revision: eventlog.NoStream}
			}
		}
		if step.Expected == eventlog.AnyRevision {
			for i, e := range step.Events {
				hash, size := w.hasher.Hash(e.ID, step.Stream, e.Type, int64(at.revision)+1+int64(i), e.Data, e.Metadata)
				if size > leaf.MaxSize {
					r.err = &eventlog.TooLarge{Stream: step.Stream, Type: e.Type, Size: size, Limit: leaf.MaxSize}
					return nil
				}
				hashes[i] = hash
			}
		} else if step.Expected != at.revision {
			r.err = &eventlog.WrongRevision{Stream: step.Stream, Expected: step.Expected, Actual: at.revision}
			return nil
		}
		if !*began {
			if err := w.store.begin.Exec(); err != nil {
				return err
			}
			*began = true
		}
		if at.id == 0 {
			at.id = int64(len(w.store.names) + len(w.named) + 1)
			w.named = append(w.named, step.Stream)
			if err := w.insertName(at.id, step.Stream); err != nil {
				return err
			}
		}
		for i, e := range step.Events {
			at.revision++
			frontier.Append(hashes[i])
			if err := w.insertEvent(int64(frontier.Size()), at, e, hashes[i]); err != nil {
				return err
			}
		}
		hashes = hashes[len(step.Events):]
		w.pending[step.Stream] = at
		r.done++
		r.last = eventlog.Appended{Revision: at.revision, Offset: eventlog.Offset{Commit: frontier.Size()}}
	}
	return nil
}

func (w *writer) insertName(id int64, name string) error {
	stmt := w.store.insertName
	return errors.Join(stmt.BindInt64(1, id), stmt.BindText(2, name), stmt.Exec())
}

func (w *writer) insertEvent(position int64, at head, e eventlog.Event, hash leaf.Hash) error {
	stmt := w.store.insertEvent
	// SQLite copies what is bound. The column is TEXT for the sake of who reads it in a shell.
	for _, err := range [...]error{
		stmt.BindInt64(1, position),
		stmt.BindInt64(2, at.id),
		stmt.BindInt64(3, int64(at.revision)),
		stmt.BindText(4, e.Type),
		stmt.BindBlob(5, e.ID[:]),
		stmt.BindBlob(6, hash[:]),
		stmt.BindRawText(7, e.Data),
		stmt.BindRawText(8, e.Metadata),
	} {
		if err != nil {
			return err
		}
	}
	return stmt.Exec()
}

// rollback takes back what a group did, if SQLite has not done so by itself.
func (w *writer) rollback() {
	if f, err := w.store.conn.FileControl("main", sqlite3.FCNTL_JOURNAL_POINTER); err == nil {
		if log, ok := f.(*file); ok {
			log.forget()
		}
	}
	if !w.store.conn.GetAutocommit() {
		if err := w.store.rollback.Exec(); err != nil && w.broken == nil {
			w.stop(fmt.Errorf("roll back: %w", err))
		}
	}
}

// judge says what a failed transaction means for those whose steps it held, and for the writer.
func (w *writer) judge(err error, committing bool) error {
	broken, full := w.log.disk.trouble()
	w.log.disk.reset()
	if broken == nil && (full != nil || isFull(err) || errors.Is(err, sqlite3.FULL)) {
		// What did not fit was cut off again (file.WriteAt), so nothing of it can come back.
		state := fmt.Errorf("%w (%v)", eventlog.ErrFull, err)
		w.log.state.Store(&state)
		return fmt.Errorf("nothing was recorded; make room in %s and try again: %w", w.log.config.Dir, eventlog.ErrFull)
	}
	if broken == nil {
		broken = asCorrupt(err)
	}
	w.stop(broken)
	if committing {
		return fmt.Errorf("the disk failed while the events were being written: %v: %w", broken, eventlog.ErrUnknown)
	}
	return fmt.Errorf("the disk failed before the events were written: %v: %w", broken, eventlog.ErrUnavailable)
}

// stop ends writing until the store was reopened.
func (w *writer) stop(err error) {
	w.broken = err
	w.retried = time.Time{}
	state := fmt.Errorf("the store stopped writing: %v: %w", err, eventlog.ErrUnavailable)
	w.log.state.Store(&state)
}

// reopen closes everything and opens the store as at a start. It never happens while a transaction is under way.
func (w *writer) reopen() bool {
	if time.Since(w.retried) < w.log.config.retryAfter {
		return false
	}
	defer func() { w.retried = time.Now() }()
	// The readers' connections share the index of the write-ahead log: as long as one is open, SQLite reads what it knows
	// and not what the disk has.
	resume := w.log.pool.pause()
	defer resume()
	if w.store != nil {
		w.store.abandon()
		w.store = nil
	}
	w.log.disk.reset()
	s, err := openStore(w.log.disk, -4*w.log.config.CachePages, w.log.shown())
	if err != nil {
		w.broken = err
		state := fmt.Errorf("the store stopped writing and could not be reopened: %w: %w", err, eventlog.ErrUnavailable)
		w.log.state.Store(&state)
		return false
	}
	w.log.disk.reset()
	s.checkpointer.wake = w.log.rouse
	w.store, w.broken = s, nil
	w.log.checkpointing.Store(false)
	w.log.state.Store(nil)
	w.log.stats.reopened.Add(1)
	w.log.show(s) // What came through although nobody was told is part of the record now.
	return true
}

// show makes a group that was acknowledged part of what is known and seen.
func (w *writer) show(frontier leaf.Frontier) {
	s, l := w.store, w.log
	l.stats.commits.Add(1)
	l.stats.appended.Add(frontier.Size() - s.frontier.Size())
	l.stats.logPages.Store(int64(s.logPages))
	s.frontier = frontier
	s.names = append(s.names, w.named...)
	root := frontier.Root()
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, h := range w.pending {
		s.heads[name] = h
		l.heads[name] = h
	}
	l.names = append(l.names, w.named...)
	l.count, l.root = frontier.Size(), root
	l.wake()
}

// fail answers a group of which nothing is known to be recorded. A refusal in it is answered alike: it may rest on a step
// that was taken back.
func fail(group []*request, err error) {
	for _, r := range group {
		r.done, r.last, r.err = 0, eventlog.Appended{}, err
		r.ready <- struct{}{}
	}
}
