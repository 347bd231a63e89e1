package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

const (
	applicationID = 0x52505254 // "RPRT"
	formatVersion = 1
	pageSize      = 4096
	pageSumSize   = 8
)

// schema is compared with what a store holds, word for word: FORMAT.md shows it.
var schema = []string{
	`CREATE TABLE store (id BLOB NOT NULL) STRICT`,
	`CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT`,
	`CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, type TEXT NOT NULL, id BLOB NOT NULL, leaf BLOB NOT NULL, data TEXT NOT NULL, metadata TEXT NOT NULL) STRICT`,
	`CREATE INDEX events_by_stream ON events (stream, revision)`,
}

// head is where a stream ends.
type head struct {
	id       int64 // in the table streams
	revision eventlog.Revision
}

// store is the opened file as the writer holds it: what a reopening replaces.
type store struct {
	conn                                             *sqlite3.Conn
	begin, commit, rollback, insertEvent, insertName *sqlite3.Stmt
	acknowledged                                     *acknowledged
	checkpointer                                     *checkpointer

	heads    map[string]head
	names    []string // names[i] is the stream with id i+1
	frontier leaf.Frontier

	logPages       int // of the write-ahead log
	nextCheckpoint int // pages at which it is folded back
}

// connect opens a connection to a database file of the folder.
func connect(d *disk, name string, pragmas ...string) (*sqlite3.Conn, error) {
	u := url.URL{Scheme: "file", Path: filepath.Join(d.dir, name), RawQuery: "vfs=" + d.name}
	conn, err := sqlite3.Open(u.String())
	if err != nil {
		return nil, err
	}
	// Closing must not fold the write-ahead log back by the way: a store that is refused before that keeps its files as they
	// are.
	if _, err := conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		conn.Close()
		return nil, err
	}
	// First of all: to set the size of the cache reads the schema, and after a writer that could not reopen the store the first
	// readers recover the index of the write-ahead log, one while the others wait.
	if err := conn.BusyTimeout(lockPatience); err != nil {
		conn.Close()
		return nil, err
	}
	// On macOS an fsync may end in the disk's own cache; these two go through it. Elsewhere they change nothing.
	always := []string{"fullfsync=ON", "checkpoint_fullfsync=ON", "temp_store=MEMORY", "trusted_schema=OFF"}
	for _, pragma := range append(always, pragmas...) {
		if err := conn.Exec("PRAGMA " + pragma); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// createStore makes an empty store. It becomes one with the last step, the renaming of the record: a crash before leaves
// files that the next start makes again, a crash after it a whole store.
func createStore(d *disk) error {
	const making = recordFile + newSuffix
	for _, name := range []string{making, making + "-wal", making + "-shm", making + "-journal", acknowledgedFile + newSuffix} {
		if err := d.remove(name); err != nil {
			return err
		}
	}
	var id [16]byte
	rand.Read(id[:])
	conn, err := connect(d, making)
	if err != nil {
		return err
	}
	err = func() error {
		// Checksums first: they are a property of the page size, which only an empty file can change.
		if err := conn.EnableChecksums("main"); err != nil {
			return err
		}
		if err := conn.Exec(fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", applicationID, formatVersion)); err != nil {
			return err
		}
		sql := "BEGIN;"
		for _, s := range schema {
			sql += s + ";"
		}
		if err := conn.Exec(sql + fmt.Sprintf("INSERT INTO store VALUES (x'%x'); COMMIT;", id)); err != nil {
			return err
		}
		return foldBack(conn, sqlite3.CHECKPOINT_TRUNCATE)
	}()
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	for _, name := range []string{making + "-wal", making + "-shm"} {
		if err := d.remove(name); err != nil {
			return err
		}
	}
	if err := createAcknowledged(d, acknowledgedFile+newSuffix, id); err != nil {
		return err
	}
	if err := d.rename(acknowledgedFile+newSuffix, acknowledgedFile); err != nil {
		return err
	}
	if err := d.syncDir(); err != nil { // A power cut must not leave the second renaming without the first.
		return err
	}
	if err := d.rename(making, recordFile); err != nil {
		return err
	}
	return d.syncDir()
}

// foldBack checkpoints the write-ahead log: its pages go into the database file, which is synced before the log is reused.
func foldBack(conn *sqlite3.Conn, mode sqlite3.CheckpointMode) error {
	if err := conn.BusyTimeout(checkpointPatience); err != nil {
		return err
	}
	defer conn.BusyTimeout(lockPatience)
	_, _, err := conn.WALCheckpoint("main", mode)
	return err
}

// checkpointPatience bounds the wait for readers, whose batches take some milliseconds. It is a busy time-out: the
// log that cannot be folded back now is folded back later.
const checkpointPatience = 200 * time.Millisecond

// lockPatience bounds the wait for the locks that connections hold for some microseconds while they begin or end. Nobody but
// the writer writes, so a lock that is not to be had for so long is a fault.
const lockPatience = 10 * time.Second

// openStore opens what lies in the folder, and checks it: it is the way of every start, of a start after a crash,
// and of a reopening after the disk failed.
//
// Beside what the file `acknowledged` says, the record must hold what this process knows to be acknowledged: a disk that
// failed may come back with an older record and an older count, which agree with one another.
func openStore(d *disk, cachePages int, known ...tally) (_ *store, err error) {
	if err := checkHeader(d.dir); err != nil {
		return nil, err
	}
	// A process that was killed may have met a failed sync before, so every start reads what the disk has.
	for _, name := range []string{recordFile, walFile} {
		if f, err := os.Open(filepath.Join(d.dir, name)); err == nil {
			dropCache(f)
			f.Close()
		}
	}
	s := &store{heads: make(map[string]head)}
	defer func() {
		if err != nil {
			s.abandon()
			err = asCorrupt(err)
		}
	}()
	if s.conn, err = connect(d, recordFile, "synchronous=FULL", fmt.Sprintf("cache_size=%d", cachePages)); err != nil {
		return nil, err
	}
	if err := s.conn.WALAutoCheckpoint(0); err != nil { // The writer says when.
		return nil, err
	}
	id, err := checkSchema(s.conn)
	if err != nil {
		return nil, err
	}
	var counted tally
	if s.acknowledged, counted, err = openAcknowledged(d, id); err != nil {
		return nil, err
	}
	if err := s.load(append([]tally{counted}, known...)); err != nil {
		return nil, err
	}
	// Until here neither the record nor its log nor the count was changed. Now the write-ahead log is folded back with a
	// sync of its own, so that what is answered from here on is on the disk, whatever became of earlier syncs. A store that is
	// refused from here on holds the same, but its log is empty.
	if err := foldBack(s.conn, sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		return nil, fmt.Errorf("fold the write-ahead log back: %w", err)
	}
	if err := checkPages(d.dir); err != nil {
		return nil, err
	}
	// Events beyond the acknowledged ones were synced, but the program ended before it could say so. From now on they can
	// be read, so they count.
	if err := s.acknowledged.settle(s.tally()); err != nil {
		return nil, fmt.Errorf("write %s: %w", acknowledgedFile, err)
	}
	for stmt, sql := range map[**sqlite3.Stmt]string{
		&s.begin:       `BEGIN IMMEDIATE`,
		&s.commit:      `COMMIT`,
		&s.rollback:    `ROLLBACK`,
		&s.insertEvent: `INSERT INTO events (position, stream, revision, type, id, leaf, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		&s.insertName:  `INSERT INTO streams (id, name) VALUES (?, ?)`,
	} {
		if *stmt, _, err = s.conn.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
	}
	s.checkpointer = newCheckpointer(d.beside(), s.acknowledged)
	s.conn.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		s.logPages = pages
		return nil
	})
	return s, nil
}

func (s *store) tally() tally { return tally{count: s.frontier.Size(), root: s.frontier.Root()} }

// checkSchema says whether the database is ours and gives the store's id.
func checkSchema(conn *sqlite3.Conn) (id [16]byte, err error) {
	ints := make(map[string]int64)
	for _, name := range []string{"application_id", "user_version"} {
		err := query(conn, "PRAGMA "+name, func(row *sqlite3.Stmt) error {
			ints[name] = row.ColumnInt64(0)
			return nil
		})
		if err != nil {
			return id, err
		}
	}
	if ints["application_id"] != applicationID || ints["user_version"] != formatVersion {
		return id, refuse(eventlog.ErrCorrupt, "%s says application %d, format %d", recordFile, ints["application_id"], ints["user_version"])
	}
	var found []string
	err = query(conn, `SELECT sql FROM sqlite_schema ORDER BY rowid`, func(row *sqlite3.Stmt) error {
		found = append(found, row.ColumnText(0))
		return nil
	})
	if err != nil {
		return id, err
	}
	for i := range max(len(schema), len(found)) {
		if i >= len(found) || i >= len(schema) || found[i] != schema[i] {
			return id, refuse(eventlog.ErrCorrupt, "the tables of %s are not those of format %d", recordFile, formatVersion)
		}
	}
	rows := 0
	err = query(conn, `SELECT id FROM store`, func(row *sqlite3.Stmt) error {
		rows++
		if copy(id[:], row.ColumnRawBlob(0)) != len(id) {
			rows = -1
		}
		return nil
	})
	if err == nil && rows != 1 {
		err = refuse(eventlog.ErrCorrupt, "the table store of %s is damaged", recordFile)
	}
	return id, err
}

// load reads the streams and the hash of each event's leaf, and compares them with what was acknowledged: of each tally
// all events must be there, and have its root. The events themselves are checked whenever they are read.
func (s *store) load(acknowledged []tally) error {
	damaged := func(format string, args ...any) error {
		return refuse(eventlog.ErrCorrupt, "%s", fmt.Sprintf(format, args...))
	}
	err := query(s.conn, `SELECT id, name FROM streams ORDER BY id`, func(row *sqlite3.Stmt) error {
		id, name := row.ColumnInt64(0), row.ColumnText(1)
		if id != int64(len(s.names))+1 {
			return damaged("stream number %d stands where %d should", id, len(s.names)+1)
		}
		if other, ok := s.heads[name]; ok || name == "" {
			return damaged("streams number %d and %d have the same name %q", other.id, id, name)
		}
		s.names = append(s.names, name)
		s.heads[name] = head{id: id, revision: eventlog.NoStream}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the streams: %w", err)
	}

	revisions := make([]int64, len(s.names)) // the next of each stream
	var streams []uint32                     // of each event
	roots := make([]leaf.Hash, len(acknowledged))
	mark := func() {
		for i, t := range acknowledged {
			if s.frontier.Size() == t.count {
				roots[i] = s.frontier.Root()
			}
		}
	}
	mark() // Nothing may have been acknowledged yet.
	err = query(s.conn, `SELECT position, stream, revision, leaf FROM events ORDER BY position`, func(row *sqlite3.Stmt) error {
		position, stream, revision := row.ColumnInt64(0), row.ColumnInt64(1), row.ColumnInt64(2)
		if position != int64(s.frontier.Size())+1 {
			return damaged("position %d stands where %d should", position, s.frontier.Size()+1)
		}
		if stream < 1 || stream > int64(len(s.names)) {
			return damaged("position %d: there is no stream number %d", position, stream)
		}
		if revision != revisions[stream-1] {
			return damaged("position %d, stream %s: revision %d stands where %d should", position, s.names[stream-1], revision, revisions[stream-1])
		}
		hash := row.ColumnRawBlob(3)
		if len(hash) != len(leaf.Hash{}) {
			return damaged("position %d, stream %s, revision %d: the leaf has %d bytes", position, s.names[stream-1], revision, len(hash))
		}
		revisions[stream-1]++
		streams = append(streams, uint32(stream))
		s.frontier.Append(leaf.Hash(hash))
		mark()
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the leaves, after position %d: %w", s.frontier.Size(), err)
	}
	for i, t := range acknowledged {
		if s.frontier.Size() < t.count {
			return damaged("the record holds %d events, %d were acknowledged; put the store back from a backup that holds them all", s.frontier.Size(), t.count)
		}
		if roots[i] != t.root {
			return damaged("the record's first %d events have the Merkle root %x, acknowledged was %x; put the store back from a backup", t.count, roots[i], t.root)
		}
	}
	for i, name := range s.names {
		// A stream and its first event are one transaction.
		if revisions[i] == 0 {
			return damaged("stream %s has no events", name)
		}
		s.heads[name] = head{id: int64(i) + 1, revision: eventlog.Revision(revisions[i]) - 1}
	}

	// The index must lead to exactly these events: else a stream would be read short, or an event twice.
	indexed := 0
	lastStream, lastRevision := int64(0), int64(-1)
	err = query(s.conn, `SELECT stream, revision, position FROM events INDEXED BY events_by_stream ORDER BY stream, revision`, func(row *sqlite3.Stmt) error {
		stream, revision, position := row.ColumnInt64(0), row.ColumnInt64(1), row.ColumnInt64(2)
		if stream != lastStream {
			lastStream, lastRevision = stream, -1
		}
		if position < 1 || position > int64(len(streams)) || int64(streams[position-1]) != stream || revision != lastRevision+1 {
			return damaged("the index of streams does not match the events at position %d", position)
		}
		lastRevision = revision
		indexed++
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the index of streams: %w", err)
	}
	if indexed != len(streams) {
		return damaged("the index of streams has %d entries for %d events", indexed, len(streams))
	}
	return nil
}

// query runs a statement once.
func query(conn *sqlite3.Conn, sql string, each func(*sqlite3.Stmt) error) error {
	stmt, _, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for stmt.Step() {
		if err := each(stmt); err != nil {
			return err
		}
	}
	return stmt.Err()
}

// abandon closes without touching what lies on the disk.
func (s *store) abandon() {
	s.checkpointer.close()
	if s.acknowledged != nil {
		s.acknowledged.close()
	}
	s.closeConn()
}

func (s *store) closeConn() error {
	if s.conn == nil {
		return nil
	}
	s.conn.SetInterrupt(context.Background())
	for _, stmt := range []*sqlite3.Stmt{s.begin, s.commit, s.rollback, s.insertEvent, s.insertName} {
		stmt.Close()
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

// finish closes for good: the write-ahead log is folded back and gone, the acknowledged count synced. The readers and the
// checkpointer have been closed before.
func (s *store) finish() error {
	err := foldBack(s.conn, sqlite3.CHECKPOINT_TRUNCATE)
	if err == nil {
		err = s.acknowledged.settle(s.tally())
	}
	if err == nil {
		// Nothing is left in the log, so SQLite may do what it does at the last close: remove it and its index.
		_, err = s.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false)
	}
	return errors.Join(err, s.acknowledged.close(), s.closeConn())
}

// asCorrupt gives SQLite's errors about damaged files our name.
func asCorrupt(err error) error {
	if err == nil || errors.Is(err, eventlog.ErrCorrupt) {
		return err
	}
	for _, code := range []error{sqlite3.CORRUPT, sqlite3.NOTADB, sqlite3.IOERR_DATA, sqlite3.IOERR_SHORT_READ, sqlite3.IOERR_CORRUPTFS} {
		if errors.Is(err, code) {
			return fmt.Errorf("%s is damaged: %w: %w", recordFile, err, eventlog.ErrCorrupt)
		}
	}
	return err
}
