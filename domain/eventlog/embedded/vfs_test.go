package embedded

import (
	"bytes"
	"errors"
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

// written gives the bytes of a log without the room behind them.
func written(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }

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
			if b, err := os.ReadFile(path); err != nil || written(b) != "before" {
				t.Errorf("%q, %v: want what was there before", written(b), err)
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
	if b, err := os.ReadFile(path); err != nil || written(b) != "next" {
		t.Errorf("%q, %v: want only what came next", written(b), err)
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

// A log grows in steps, and is not cut short again by what is written before its end.
func TestALogGrowsInSteps(t *testing.T) {
	fail := make(map[string]bool)
	f, path := openLog(t, fail)
	size := func(want int64) {
		t.Helper()
		if err := f.Sync(vfs.SYNC_NORMAL); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != want {
			t.Errorf("%d bytes, %v, want %d", info.Size(), err, want)
		}
	}
	put(t, f, "one", 0)
	size(roomSize)
	put(t, f, "two", 3)
	size(roomSize)
	put(t, f, "four", roomSize-2)
	size(2 * roomSize)
	put(t, f, "ONE", 0)
	size(2 * roomSize)
	if b, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(b, []byte("ONEtwo")) || !bytes.HasPrefix(b[roomSize-2:], []byte("four")) {
		t.Errorf("what stood behind what was written before the end is no longer there (%v)", err)
	}
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	put(t, f, "anew", 0)
	size(roomSize)
}

// Where there is no room for more than what is written, that is written, and nothing is held against it.
func TestALogDoesWithoutRoomBehindIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), walFile)
	inner, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{seam: func(op *operation) error {
		if op.Kind == "write" && op.Offset+int64(len(op.Data)) > 100 {
			return errors.Join(op.Part(100-int(op.Offset)), syscall.ENOSPC)
		}
		return op.Do()
	}}
	f := &file{File: plainFile{file: inner}, disk: d, name: walFile, wal: true}
	defer f.Close()
	put(t, f, "one", 0)
	if err := f.Sync(vfs.SYNC_NORMAL); err != nil {
		t.Fatal(err)
	}
	put(t, f, "two", 3)
	if err := f.Sync(vfs.SYNC_NORMAL); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "onetwo" {
		t.Errorf("%q, %v: want what was written and no more", b, err)
	}
	if broken, full := d.trouble(); broken != nil || full != nil {
		t.Errorf("broken %v, full %v, want neither", broken, full)
	}
}

// A disk that fails the writing of a log that grows has failed: only for want of room is less tried.
func TestALogThatFailsToGrowFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), walFile)
	inner, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	writes := 0
	d := &disk{seam: func(op *operation) error {
		if op.Kind == "write" {
			if writes++; writes == 1 {
				return syscall.EIO
			}
		}
		return op.Do()
	}}
	f := &file{File: plainFile{file: inner}, disk: d, name: walFile, wal: true}
	defer f.Close()
	put(t, f, "frame", 0)
	if err := f.Sync(vfs.SYNC_NORMAL); err == nil || writes != 1 {
		t.Errorf("error %v after %d writes, want one that failed", err, writes)
	}
	if broken, _ := d.trouble(); broken == nil {
		t.Error("not counted as a broken disk")
	}
}
