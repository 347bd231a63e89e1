package embedded

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// A batch is what a reader takes in one transaction. Between batches it holds nothing, so that the write-ahead log can be
// folded back under a reader that takes its time.
const (
	firstBatch = 32  // Who wants only the next few events pays for no more.
	batchRows  = 512 // some 400 KiB of usual events
	batchBytes = 4 << 20
)

// pool holds the readers that are not reading.
type pool struct {
	disk   *disk
	gate   sync.RWMutex // held for reading while a reader is in use
	mu     sync.Mutex
	idle   []*reader
	closed bool
}

// take gives a reader, which is the caller's until it is put back.
func (p *pool) take() (*reader, error) {
	p.gate.RLock()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		p.gate.RUnlock()
		return nil, eventlog.ErrClosed
	}
	if n := len(p.idle); n > 0 {
		r := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return r, nil
	}
	p.mu.Unlock()
	r, err := openReader(p.disk)
	if err != nil {
		p.gate.RUnlock()
		return nil, err
	}
	return r, nil
}

func (p *pool) put(r *reader, sound bool) {
	defer p.gate.RUnlock()
	p.mu.Lock()
	if sound && len(p.idle) < runtime.GOMAXPROCS(0)+2 {
		p.idle = append(p.idle, r)
		r = nil
	}
	p.mu.Unlock()
	if r != nil {
		r.close()
	}
}

// pause waits until nobody reads, closes all readers, and holds up new ones until resume.
func (p *pool) pause() (resume func()) {
	p.gate.Lock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.idle {
		r.close()
	}
	p.idle = nil
	return p.gate.Unlock
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.pause()()
}

// reader is a connection that only reads. It serves one goroutine at a time.
type reader struct {
	conn        *sqlite3.Conn
	all, stream *sqlite3.Stmt
	hasher      leaf.Hasher
	types       map[string]string // few, and each event has one
}

func openReader(d *disk) (*reader, error) {
	conn, err := connect(d, recordFile, "query_only=ON", "cache_size=-1024")
	if err != nil {
		return nil, err
	}
	r := &reader{conn: conn, types: make(map[string]string)}
	for stmt, sql := range map[**sqlite3.Stmt]string{
		&r.all:    `SELECT position, stream, revision, type, id, leaf, data, metadata FROM events WHERE position > ? AND position <= ? ORDER BY position`,
		&r.stream: `SELECT position, stream, revision, type, id, leaf, data, metadata FROM events WHERE stream = ? AND revision >= ? AND revision <= ? ORDER BY revision`,
	} {
		if *stmt, _, err = conn.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *reader) close() {
	r.all.Close()
	r.stream.Close()
	r.conn.Close()
}

// event makes an event of a row, and checks it.
func (r *reader) event(row *sqlite3.Stmt, names []string) (eventlog.Recorded, error) {
	var e eventlog.Recorded
	position, stream := row.ColumnInt64(0), row.ColumnInt64(1)
	e.Revision = eventlog.Revision(row.ColumnInt64(2))
	e.Offset.Commit = uint64(position)
	if stream < 1 || stream > int64(len(names)) {
		return e, refuse(eventlog.ErrCorrupt, "position %d: there is no stream number %d", position, stream)
	}
	e.Stream = names[stream-1]
	raw := row.ColumnRawBlob(3)
	typ, ok := r.types[string(raw)]
	if !ok {
		typ = string(raw)
		r.types[typ] = typ
	}
	e.Type = typ
	id := row.ColumnRawBlob(4)
	idSize := copy(e.ID[:], id)
	hash := row.ColumnRawBlob(5)
	var want leaf.Hash
	hashSize := copy(want[:], hash)
	// The one copy: both in one piece that is the caller's own. The data may not grow into the metadata.
	data := row.ColumnRawBlob(6)
	size := len(data)
	own := append(make([]byte, 0, size+256), data...)
	own = append(own, row.ColumnRawBlob(7)...)
	e.Data, e.Metadata = own[:size:size], own[size:]
	got, _ := r.hasher.Hash(e.ID, e.Stream, e.Type, int64(e.Revision), e.Data, e.Metadata)
	if got != want || len(id) != idSize || idSize != len(e.ID) || len(hash) != hashSize || hashSize != len(want) {
		return e, refuse(eventlog.ErrCorrupt, "position %d, stream %s, revision %d: the event does not match its leaf %x", position, e.Stream, e.Revision, hash)
	}
	return e, nil
}

// view is what a reading may see: fixed when its call begins.
type view struct {
	count  uint64
	names  []string
	head   head
	exists bool
	closed bool
}

func (l *Log) view(stream string) view {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v := view{count: l.count, names: l.names, closed: l.closed}
	v.head, v.exists = l.heads[stream]
	return v
}

// ReadAll gives the events of all streams behind an offset.
func (l *Log) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	v := l.view("")
	return func(yield func(eventlog.Recorded, error) bool) {
		next := after.Commit + 1
		// Revisions must follow one another within each stream; the first one seen of a stream may be any.
		revisions := make([]eventlog.Revision, len(v.names))
		l.read(ctx, yield, func(r *reader) *sqlite3.Stmt {
			if next > v.count {
				return nil
			}
			bind(r.all, int64(next)-1, int64(v.count))
			return r.all
		}, v.names, func(e eventlog.Recorded, stream int64) error {
			if e.Offset.Commit != next {
				return refuse(eventlog.ErrCorrupt, "position %d stands where %d should", e.Offset.Commit, next)
			}
			last := revisions[stream-1] // plus one, so that zero is none
			if e.Revision != last && (last != 0 || after.Commit == 0) {
				return refuse(eventlog.ErrCorrupt, "position %d, stream %s: revision %d stands where %d should", e.Offset.Commit, e.Stream, e.Revision, last)
			}
			revisions[stream-1] = e.Revision + 1
			next++
			return nil
		}, func() error {
			if next <= v.count {
				return refuse(eventlog.ErrCorrupt, "position %d is missing", next)
			}
			return nil
		}, "read the log")
	}
}

// ReadStream gives the events of one stream from a revision on.
func (l *Log) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	v := l.view(stream)
	return func(yield func(eventlog.Recorded, error) bool) {
		next := max(from, 0)
		l.read(ctx, yield, func(r *reader) *sqlite3.Stmt {
			if !v.exists || next > v.head.revision {
				return nil
			}
			bind(r.stream, v.head.id, int64(next), int64(v.head.revision))
			return r.stream
		}, v.names, func(e eventlog.Recorded, _ int64) error {
			if e.Revision != next || e.Stream != stream || e.Offset.Commit > v.count {
				return refuse(eventlog.ErrCorrupt, "position %d, stream %s, revision %d stands where stream %s, revision %d should", e.Offset.Commit, e.Stream, e.Revision, stream, next)
			}
			next++
			return nil
		}, func() error {
			if v.exists && next <= v.head.revision {
				return refuse(eventlog.ErrCorrupt, "stream %s, revision %d is missing", stream, next)
			}
			return nil
		}, "read stream "+stream)
	}
}

func bind(stmt *sqlite3.Stmt, params ...int64) {
	for i, p := range params {
		// unreachable: the statement has these parameters, and an integer needs no memory.
		if err := stmt.BindInt64(i+1, p); err != nil {
			panic(err)
		}
	}
}

// read gives batch after batch until start finds that all was read.
func (l *Log) read(ctx context.Context, yield func(eventlog.Recorded, error) bool, start func(*reader) *sqlite3.Stmt, names []string,
	check func(eventlog.Recorded, int64) error, end func() error, what string) {
	var batch []eventlog.Recorded
	for rows := firstBatch; ; rows = batchRows {
		var more bool
		var err error
		batch, more, err = l.batch(ctx, batch[:0], rows, start, names, check)
		for i := range batch {
			e := batch[i]
			batch[i] = eventlog.Recorded{} // The caller's alone.
			if ctxErr := ctx.Err(); ctxErr != nil {
				yield(eventlog.Recorded{}, fmt.Errorf("%s: %w", what, ctxErr))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if err == nil && !more {
			err = end()
		}
		if err != nil {
			yield(eventlog.Recorded{}, fmt.Errorf("%s: %w", what, asCorrupt(err)))
			return
		}
		if !more {
			return
		}
	}
}

// batch reads some rows in one transaction.
func (l *Log) batch(ctx context.Context, batch []eventlog.Recorded, rows int, start func(*reader) *sqlite3.Stmt, names []string,
	check func(eventlog.Recorded, int64) error) (_ []eventlog.Recorded, more bool, err error) {
	l.mu.RLock()
	closed := l.closed
	l.mu.RUnlock()
	if closed {
		return batch, false, eventlog.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return batch, false, err
	}
	r, err := l.pool.take()
	if err != nil {
		return batch, false, err
	}
	defer func() { l.pool.put(r, err == nil) }()
	stmt := start(r)
	if stmt == nil {
		return batch, false, nil
	}
	size := 0
	for stmt.Step() {
		e, err := r.event(stmt, names)
		if err == nil {
			err = check(e, stmt.ColumnInt64(1))
		}
		if err != nil {
			return batch, false, errors.Join(err, stmt.Reset())
		}
		batch = append(batch, e)
		if size += len(e.Data) + len(e.Metadata); len(batch) >= rows || size >= batchBytes {
			more = true
			break
		}
	}
	if err := stmt.Err(); err != nil {
		return batch, false, err
	}
	return batch, more, stmt.Reset()
}
