package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// disk is the store's only way to write: SQLite goes through it as a VFS, the file `acknowledged` directly.
//
// It is there for two things. It keeps the system's own error and tells a full disk (go on when there is room) from a
// broken one (stop), which SQLite reports alike once a commit has failed. And it is the seam where tests make a write,
// a sync or a truncation fail, with and without effect.
type disk struct {
	dir  string
	name string // under which it is registered with SQLite
	os   vfs.VFSFilename
	seam func(*operation) error // nil but in tests

	isBeside bool

	mu     sync.Mutex
	broken error // the first failure since reset that was no full disk
	full   error // the last refusal for lack of room since reset
}

// operation is one change of a file as a test sees it.
type operation struct {
	Kind   string // "write", "sync", "truncate", "sizehint", "delete", "rename", "syncdir"
	File   string // its name within the folder
	From   string // of a rename: the name it had
	Offset int64  // of a write; the new size for truncate and sizehint
	Data   []byte // of a write
	Beside bool   // by a checkpoint beside the writer
	Full   bool   // of a sync: through the disk's own cache, too, where the system makes a difference
	Do     func() error
	Part   func(n int) error // writes only the first n bytes
}

var disks atomic.Uint64

func newDisk(dir string, seam func(*operation) error) *disk {
	d := &disk{
		dir:  dir,
		name: fmt.Sprintf("rapporteur-%d", disks.Add(1)),
		os:   vfs.Find("os").(vfs.VFSFilename),
		seam: seam,
	}
	// A VFS for each store and not one for all: what went wrong belongs to one store.
	vfs.Register(d.name, d)
	return d
}

// beside gives another way to the same files, for who writes beside the writer: what goes wrong there is told there.
func (d *disk) beside() *disk {
	b := newDisk(d.dir, d.seam)
	b.isBeside = true
	return b
}

func (d *disk) unregister() { vfs.Unregister(d.name) }

// run does an operation, through the seam if there is one, and keeps what went wrong.
func (d *disk) run(op operation) error {
	var err error
	op.Beside = d.isBeside
	if d.seam != nil {
		err = d.seam(&op)
	} else {
		err = op.Do()
	}
	if err == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	// A sync that fails for lack of room is a failed sync: what it was to write may be lost. What cannot be cut off may come
	// back. And what was synced but could not be counted as acknowledged cannot be taken back.
	if isFull(err) && op.Kind != "sync" && op.Kind != "syncdir" && op.Kind != "truncate" && op.File != acknowledgedFile {
		d.full = err
		return err
	}
	if d.broken == nil {
		d.broken = fmt.Errorf("%s %s: %w", op.Kind, op.File, err)
	}
	return err
}

// trouble gives what went wrong since the last call of reset.
func (d *disk) trouble() (broken, full error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken, d.full
}

func (d *disk) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken, d.full = nil, nil
}

// forgive forgets a refusal for lack of room that did no harm.
func (d *disk) forgive() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = nil
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// syncDir makes the creation, renaming and removal of files in the folder durable.
func (d *disk) syncDir() error {
	return d.run(operation{Kind: "syncdir", File: ".", Do: func() error { return syncFolder(d.dir) }})
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d *disk) rename(from, to string) error {
	return d.run(operation{Kind: "rename", File: to, From: from, Do: func() error {
		return os.Rename(filepath.Join(d.dir, from), filepath.Join(d.dir, to))
	}})
}

func (d *disk) remove(name string) error {
	return d.run(operation{Kind: "delete", File: name, Do: func() error {
		err := os.Remove(filepath.Join(d.dir, name))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}})
}

func (d *disk) writeAt(f *os.File, data []byte, offset int64) error {
	part := func(n int) error {
		_, err := f.WriteAt(data[:n], offset)
		return err
	}
	return d.run(operation{
		Kind: "write", File: filepath.Base(f.Name()), Offset: offset, Data: data,
		Do: func() error { return part(len(data)) }, Part: part,
	})
}

func (d *disk) sync(f *os.File) error {
	// The library's Sync goes through the disk's own cache on every system.
	return d.run(operation{Kind: "sync", File: filepath.Base(f.Name()), Full: true, Do: f.Sync})
}

// Open is not called: SQLite takes OpenFilename where there is one.
func (d *disk) Open(string, vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return nil, 0, sqlite3.CANTOPEN
}

// OpenFilename opens a file of the system and wraps it.
func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	inner, flags, err := d.os.OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &file{
		File: inner,
		disk: d,
		name: filepath.Base(name.String()),
		wal:  flags&vfs.OPEN_WAL != 0,
	}, flags, nil
}

// Delete removes a file.
func (d *disk) Delete(name string, syncDir bool) error {
	return d.run(operation{Kind: "delete", File: filepath.Base(name), Do: func() error { return d.os.Delete(name, syncDir) }})
}

// Access says whether a file is there.
func (d *disk) Access(name string, flags vfs.AccessFlag) (bool, error) {
	return d.os.Access(name, flags)
}

// FullPathname makes a name absolute.
func (d *disk) FullPathname(name string) (string, error) { return d.os.FullPathname(name) }

// file is a file of the system whose changes go through the disk. It offers what SQLite needs of it for a write-ahead
// log, and no memory mapping: through a mapping a read error is a signal and a checksum is not looked at.
//
// In the write-ahead log, writes that follow one another are gathered and done in one call: SQLite writes a commit as two
// calls a page, which cost more than all else of it. They are done before the file is synced, read, cut, measured or closed.
// That is early enough: SQLite shows a commit to other connections only when the sync has returned. An error is told with
// the sync, at which SQLite gives the transaction up as it does at a write. In the database file nothing is gathered: a
// page that was folded back is read from there by others at once, without a sync, when readers kept the log from being
// folded back whole.
type file struct {
	vfs.File
	disk *disk
	name string
	wal  bool

	gathered []byte
	at       int64 // where they belong
	room     int64 // how far the write-ahead log reaches, with the zeros behind its last frame
	late     error // of gathered bytes, met where SQLite might pass over it: the transaction's sync fails with it
	lateAt   int64 // where these bytes belong
}

// gatherSize bounds what is gathered: a commit of a thousand events has some megabytes.
const gatherSize = 1 << 20

var (
	_ vfs.FileLockState          = (*file)(nil)
	_ vfs.FileSizeHint           = (*file)(nil)
	_ vfs.FileHasMoved           = (*file)(nil)
	_ vfs.FilePersistWAL         = (*file)(nil)
	_ vfs.FilePowersafeOverwrite = (*file)(nil)
	_ vfs.FileSharedMemory       = (*file)(nil)
)

// WriteAt writes a page, or takes a piece of a frame.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if !f.wal {
		if err := f.write(p, off); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	if len(f.gathered) > 0 && (off != f.at+int64(len(f.gathered)) || len(f.gathered)+len(p) > gatherSize) {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(f.gathered) == 0 {
		f.at = off
	}
	f.gathered = append(f.gathered, p...)
	return len(p), nil
}

// roomSize is the step in which the write-ahead log grows. To sync a file that has grown costs the file system a
// transaction of its own, nearly as much as the sync itself; so a log that grows gets zeros behind it, once for many commits. To
// SQLite they are the end of the log: no frame is of page 0.
const roomSize = 256 << 10

// flush writes what was gathered.
func (f *file) flush() error {
	if len(f.gathered) == 0 {
		return nil
	}
	p := f.gathered
	f.gathered = p[:0]
	end := f.at + int64(len(p))
	if end <= f.room {
		return f.write(p, f.at)
	}
	// Behind the farthest of all that was written here there is nothing to be overwritten.
	room := (end + roomSize - 1) / roomSize * roomSize
	p = append(p, make([]byte, room-end)...)
	f.gathered = p[:0]
	switch err := f.disk.run(f.writing(p, f.at)); {
	case err == nil:
		f.room = room
		return nil
	case !isFull(err):
		return f.failed(err, f.at)
	}
	// What is needed may still find room, and what is not gives its own back.
	if err := f.truncate(f.at); err != nil {
		return vfs.SystemError(err, sqlite3.IOERR_TRUNCATE)
	}
	f.disk.forgive()
	return f.write(p[:end-f.at], f.at)
}

func (f *file) write(p []byte, off int64) error {
	if err := f.disk.run(f.writing(p, off)); err != nil {
		return f.failed(err, off)
	}
	return nil
}

// writing is the writing of some bytes.
func (f *file) writing(p []byte, off int64) operation {
	part := func(n int) error {
		_, err := f.File.WriteAt(p[:n], off)
		return err
	}
	return operation{
		Kind: "write", File: f.name, Offset: off, Data: p,
		Do: func() error { return part(len(p)) }, Part: part,
	}
}

// failed says what a write that failed means, and cuts off what came of it.
func (f *file) failed(err error, off int64) error {
	if f.wal {
		// Only the one writer writes here, one frame behind the other, so what lies from this place on is either of the
		// transaction that fails now or left over from a log that was folded back. Cutting it off makes sure that no later
		// recovery finds a commit whose author was told that nothing was recorded. If it cannot be cut, that is kept as a
		// broken disk, and the outcome is called unknown.
		if cut := f.truncate(off); cut != nil {
			err = errors.Join(err, cut)
		}
	}
	if isFull(err) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return vfs.SystemError(err, sqlite3.IOERR_WRITE)
}

// flushLate writes what was gathered where SQLite does not expect a write to fail. It hears of it and gives the transaction
// up, as it seems; should it not, then the transaction has lost bytes and its sync must fail.
func (f *file) flushLate() error {
	at := f.at
	err := f.flush()
	if err != nil && f.late == nil {
		f.late, f.lateAt = err, at
	}
	return err
}

// forget is for the end of a transaction that is rolled back: of what it gathered nothing is written any more, and what went
// wrong with it is not held against the next one.
func (f *file) forget() { f.gathered, f.late = f.gathered[:0], nil }

// ReadAt reads a page or a frame.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.flushLate(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

// Size gives the size.
func (f *file) Size() (int64, error) {
	if err := f.flushLate(); err != nil {
		return 0, err
	}
	return f.File.Size()
}

// Truncate sets the size.
func (f *file) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.truncate(size)
}

func (f *file) truncate(size int64) error {
	f.room = min(f.room, size)
	return f.disk.run(operation{Kind: "truncate", File: f.name, Offset: size, Do: func() error { return f.File.Truncate(size) }})
}

// Sync makes what was written durable.
func (f *file) Sync(flags vfs.SyncFlag) error {
	if err := f.late; err != nil {
		// The commit mark may be among what was gathered or among what was written since. It must not get to the disk, or
		// stay there: whose sync fails here is told that nothing was recorded.
		f.forget()
		if cut := f.truncate(f.lateAt); cut != nil {
			err = errors.Join(err, cut)
		}
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	full := flags&vfs.SYNC_FULL == vfs.SYNC_FULL
	return f.disk.run(operation{Kind: "sync", File: f.name, Full: full, Do: func() error { return f.File.Sync(flags) }})
}

// Close closes the file. What was not synced was promised to nobody.
func (f *file) Close() error {
	err := f.flush()
	return errors.Join(err, f.File.Close())
}

// SizeHint reserves room.
func (f *file) SizeHint(size int64) error {
	inner, ok := f.File.(vfs.FileSizeHint)
	if !ok {
		return nil
	}
	return f.disk.run(operation{Kind: "sizehint", File: f.name, Offset: size, Do: func() error { return inner.SizeHint(size) }})
}

// LockState says which lock is held.
func (f *file) LockState() vfs.LockLevel {
	if inner, ok := f.File.(vfs.FileLockState); ok {
		return inner.LockState()
	}
	return vfs.LOCK_EXCLUSIVE + 1 // Not known: SQLite then asks no further.
}

// HasMoved says whether the file was renamed or removed under the store.
func (f *file) HasMoved() (bool, error) {
	if inner, ok := f.File.(vfs.FileHasMoved); ok {
		return inner.HasMoved()
	}
	return false, nil
}

// PersistWAL says whether the write-ahead log stays when the last connection closes.
func (f *file) PersistWAL() bool {
	inner, ok := f.File.(vfs.FilePersistWAL)
	return ok && inner.PersistWAL()
}

// SetPersistWAL sets whether the write-ahead log stays.
func (f *file) SetPersistWAL(keep bool) {
	if inner, ok := f.File.(vfs.FilePersistWAL); ok {
		inner.SetPersistWAL(keep)
	}
}

// PowersafeOverwrite says that a write does not disturb the bytes beside it.
func (f *file) PowersafeOverwrite() bool {
	inner, ok := f.File.(vfs.FilePowersafeOverwrite)
	return ok && inner.PowersafeOverwrite()
}

// SetPowersafeOverwrite sets it.
func (f *file) SetPowersafeOverwrite(safe bool) {
	if inner, ok := f.File.(vfs.FilePowersafeOverwrite); ok {
		inner.SetPowersafeOverwrite(safe)
	}
}

// SharedMemory is the index of the write-ahead log, shared by our connections.
func (f *file) SharedMemory() vfs.SharedMemory {
	if inner, ok := f.File.(vfs.FileSharedMemory); ok {
		return inner.SharedMemory()
	}
	return nil
}

// Unwrap gives the file of the system.
func (f *file) Unwrap() vfs.File { return f.File }
