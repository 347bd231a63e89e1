package embedded

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
)

// plainFile is a file of the system, with as much of what SQLite wants of one as is tried here.
type plainFile struct {
	vfs.File // nil
	file     *os.File
}

func (f plainFile) ReadAt(p []byte, off int64) (int, error)  { return f.file.ReadAt(p, off) }
func (f plainFile) WriteAt(p []byte, off int64) (int, error) { return f.file.WriteAt(p, off) }
func (f plainFile) Truncate(size int64) error                { return f.file.Truncate(size) }
func (f plainFile) Sync(vfs.SyncFlag) error                  { return f.file.Sync() }
func (f plainFile) Close() error                             { return f.file.Close() }

// openLog opens a write-ahead log by itself. What is in fail fails for want of room.
func openLog(t *testing.T, fail map[string]bool) (f *file, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), walFile)
	inner, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{seam: func(op *operation) error {
		if fail[op.Kind] {
			return syscall.ENOSPC
		}
		return op.Do()
	}}
	f = &file{File: plainFile{file: inner}, disk: d, name: walFile, wal: true}
	t.Cleanup(func() { f.Close() })
	return f, path
}

func put(t *testing.T, f *file, s string, at int64) {
	t.Helper()
	if _, err := f.WriteAt([]byte(s), at); err != nil {
		t.Fatal(err)
	}
}

// Were SQLite to go on after a reading that failed for the sake of a write, the sync would fail, and with it the commit: so
// nothing of it may be left, wherever its mark is by then.
func TestALateErrorFailsTheSyncAndLeavesNothing(t *testing.T) {
	for _, test := range []struct {
		name    string
		written bool // the mark, before the sync
	}{{"MarkGathered", false}, {"MarkWritten", true}} {
		t.Run(test.name, func(t *testing.T) {
			fail := make(map[string]bool)
			f, path := openLog(t, fail)
			put(t, f, "before", 0)
			if err := f.Sync(vfs.SYNC_NORMAL); err != nil {
				t.Fatal(err)
			}
			put(t, f, "frame", 6)
			fail["write"] = true
			if _, err := f.ReadAt(make([]byte, 1), 0); err == nil {
				t.Fatal("the write that failed was passed over")
			}
			fail["write"] = false
			put(t, f, "mark", 11)
			if test.written {
				if _, err := f.ReadAt(make([]byte, 1), 0); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.Sync(vfs.SYNC_NORMAL); err == nil {
				t.Error("synced without what was lost")
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != "before" {
				t.Errorf("%q, %v: want what was there before", b, err)
			}
			put(t, f, "after", 6)
			if err := f.Sync(vfs.SYNC_NORMAL); err != nil {
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

// What is forgotten is neither written nor held against anyone.
func TestForget(t *testing.T) {
	fail := make(map[string]bool)
	f, path := openLog(t, fail)
	put(t, f, "frame", 0)
	fail["write"] = true
	if _, err := f.Size(); err == nil {
		t.Fatal("the write that failed was passed over")
	}
	fail["write"] = false
	put(t, f, "mark", 5)
	f.forget()
	put(t, f, "next", 0)
	if err := f.Sync(vfs.SYNC_NORMAL); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "next" {
		t.Errorf("%q, %v: want only what came next", b, err)
	}
}

// A full disk on which not even what did not fit can be cut off is a broken one: it may come back.
func TestWhatCannotBeCutOffIsNoFullDisk(t *testing.T) {
	f, _ := openLog(t, map[string]bool{"write": true, "truncate": true})
	put(t, f, "frame", 0)
	if err := f.Sync(vfs.SYNC_NORMAL); err == nil {
		t.Fatal("synced though it could not be written")
	}
	if broken, _ := f.disk.trouble(); broken == nil {
		t.Error("counted as a full disk")
	}
}
