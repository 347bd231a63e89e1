package embedded

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// A checkpoint folds the write-ahead log back into the database file, so that the log can begin anew. Most of it is done by
// passes beside the writer, on a connection and in a goroutine of their own: they copy what the log holds, while the writer
// goes on appending to it, and sync the database file. What the log has got since then is a small part of it. That the
// writer folds back by itself between two groups, since only while nobody appends does the log come to its end.
//
// Why a pass is safe beside a commit:
//   - It reads of the log only what was committed: SQLite shows frames to other connections when the sync of their
//     transaction has returned, and what the writer gathers (file.WriteAt) is no frame yet. It takes no lock of the
//     writer's, and gets none in its way.
//   - It syncs the log before it writes into the database file, so that what is in the file is never newer than the log.
//   - The log begins anew only when all of it is in the database file and that file was synced after the last of it. SQLite
//     sees to that: whichever pass or checkpoint gets to the end of the log syncs.
//   - Nobody folds back while another does, and nobody starts to while nothing is left to be folded back. So what SQLite calls
//     the WAL-reset bug (before 3.51.3: a checkpoint that finds nothing to do while another connection begins the log anew)
//     could not happen here.
//   - Its failures are its own (disk.beside) and the writer's concern: once a write or a sync of a pass has failed, nothing
//     is acknowledged until the store has been read from the disk again. See writer.heed.
//   - Whoever closes the store, at its end or to reopen it, first waits for the pass under way.
const (
	// maxPasses bounds the passes of one checkpoint: each leaves the part that the writer appended meanwhile.
	maxPasses = 3
	// A part of CheckpointPages that the writer folds back by itself.
	ownShare = 8
	// maxLength times CheckpointPages is the length of the log at which the writer waits for a pass: a disk that takes
	// the log faster than what is folded back must not make it grow without bound.
	maxLength = 4
)

// checkpointer makes the passes. Its methods are the writer's to call.
type checkpointer struct {
	disk  *disk         // its own: what fails here must not be taken for the writer's
	count *acknowledged // of which only the file is used, to sync it
	wake  func()        // tells the writer that a pass is over

	passes   int // of this checkpoint
	underway bool
	over     chan pass

	conn *sqlite3.Conn // opened by the first pass; the pass's while one is under way
}

// pass is what became of one.
type pass struct {
	folded int // pages of the log that are in the database file now, from its beginning
	err    error
}

func newCheckpointer(d *disk, count *acknowledged) *checkpointer {
	return &checkpointer{disk: d, count: count, over: make(chan pass, 1)}
}

// start begins a pass.
func (c *checkpointer) start() {
	c.passes++
	c.underway = true
	wake := c.wake
	go func() {
		folded, err := c.fold()
		c.over <- pass{folded, err}
		wake()
	}()
}

// fold is the pass itself.
func (c *checkpointer) fold() (folded int, err error) {
	if c.conn == nil {
		if c.conn, err = connect(c.disk, recordFile, "synchronous=FULL", "cache_size=-256"); err != nil {
			c.conn = nil
			return 0, err
		}
	}
	// PASSIVE waits for nobody: it leaves what a reader still needs to have where it is.
	if _, folded, err = c.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE); err != nil {
		return 0, err
	}
	// SQLite syncs the file when it got to the end of the log, and beside a writer it seldom does. Who gets there, the writer, is to
	// find little to sync.
	f, err := c.conn.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return 0, err
	}
	record, ok := f.(vfs.File)
	if !ok {
		return 0, errors.New("SQLite's file is no file") // unreachable: all that it opens is one.
	}
	if err := record.Sync(vfs.SYNC_FULL); err != nil {
		return 0, err
	}
	// Also with a reader in the way, which keeps the log from its end: the count is not to fall behind the longer the reader
	// stays.
	return folded, c.disk.sync(c.count.file)
}

// poll gives the pass that is over, if it is. With wait it waits for it.
func (c *checkpointer) poll(wait bool) (p pass, over bool) {
	if wait {
		p = <-c.over
		c.underway = false
		return p, true
	}
	select {
	case p = <-c.over:
		c.underway = false
		return p, true
	default:
		return pass{}, false
	}
}

// close waits for the pass under way and closes the connection.
func (c *checkpointer) close() error {
	if c == nil {
		return nil
	}
	if c.underway {
		c.poll(true)
	}
	var err error
	if c.conn != nil {
		err = c.conn.Close()
		c.conn = nil
	}
	c.disk.unregister()
	return err
}

// heed says whether the disk failed in a pass, and then stops the writer: a sync that failed there may have been to write
// what the writer wrote.
func (w *writer) heed() error {
	broken, _ := w.store.checkpointer.disk.trouble()
	if broken != nil && w.broken == nil {
		w.stop(broken)
	}
	return broken
}

// checkpoint moves a checkpoint on, or begins one, between two groups. Nobody waits for its outcome: the events are on the
// disk either way.
func (w *writer) checkpoint() {
	s := w.store
	c := s.checkpointer
	pages := w.log.config.CheckpointPages
	if !c.underway {
		if s.logPages >= max(s.nextCheckpoint, pages) {
			w.log.checkpointing.Store(true)
			c.passes = 0
			c.start()
		}
		return
	}
	p, over := c.poll(s.logPages >= maxLength*pages)
	if !over {
		return
	}
	left := s.logPages - p.folded
	switch {
	case w.heed() != nil:
	case p.err != nil:
		// Whatever was in the way of the pass, here it is either not or is told. The count is synced all the same.
		w.foldBack(s.acknowledged.sync())
	case left <= 0:
		// Nothing was appended meanwhile, or so little that SQLite has begun the log anew by itself.
		w.folded()
	case left > pages/ownShare && c.passes < maxPasses:
		c.start()
		return
	default:
		w.foldBack(nil)
	}
	w.log.checkpointing.Store(false)
}

// foldBack folds back what is left of the log, unless there is an error already.
func (w *writer) foldBack(err error) {
	s := w.store
	if err == nil {
		err = foldBack(s.conn, sqlite3.CHECKPOINT_RESTART)
	}
	broken, full := w.log.disk.trouble()
	w.log.disk.reset()
	switch {
	case broken != nil:
		w.stop(broken)
	case err == nil:
		w.folded()
	case errors.Is(err, sqlite3.BUSY) || full != nil:
		// A reader was in the way, or the file could not grow. The log grows meanwhile; try again later.
		s.nextCheckpoint = s.logPages + w.log.config.CheckpointPages
	default:
		w.stop(asCorrupt(err))
	}
}

// folded notes that all of the log is in the database file.
func (w *writer) folded() {
	w.store.nextCheckpoint, w.store.logPages = 0, 0
	w.log.stats.checkpoints.Add(1)
	w.log.stats.logPages.Store(0)
}
