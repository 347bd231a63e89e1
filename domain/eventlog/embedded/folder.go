package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

const (
	recordFile = "record.db"
	walFile    = recordFile + "-wal"
	shmFile    = recordFile + "-shm"
	lockFile   = "lock"
	// TokenKeys is a file that who serves the store keeps in its folder: the keys that sign tokens. It is no part of the store, and
	// may be there before it.
	TokenKeys = "token-keys.pem"
	// Snapshot is another such file: what the record has come to up to a position, so that who serves it need not read it all again. It may
	// be left behind by a store, and what is being made of it begins with a dot.
	Snapshot = "read-model.snapshot"
	// newSuffix marks a file that is being made; a start that finds one makes it again.
	newSuffix = ".new"
)

var (
	// ErrInUse says that another process has the store open. The error that wraps it says which.
	ErrInUse = errors.New("store in use")
	// ErrFormat says that the store was written by a later release, in a format that this one does not know.
	ErrFormat = errors.New("unknown format")
	// ErrFolder says that the folder is none in which a store is or could be.
	ErrFolder = errors.New("no folder for a store")
)

// refusal is an error that is one of those named above and says in its own words what is wrong and what to do.
type refusal struct {
	is   error
	text string
}

func (e *refusal) Error() string { return e.text }
func (e *refusal) Unwrap() error { return e.is }

func refuse(is error, format string, args ...any) error {
	return &refusal{is: is, text: fmt.Sprintf(format, args...)}
}

// prepareFolder makes the folder if it is not there and gives its full name.
func prepareFolder(dir string) (string, error) {
	if dir == "" {
		return "", refuse(ErrFolder, "no folder was named")
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := makeFolder(dir, syncFolder); err != nil {
			return "", err
		}
	case errors.Is(err, fs.ErrPermission):
		return "", refuse(ErrFolder, "this user may not look into it (%v); change its owner or mode, or name another folder", err)
	case err != nil:
		return "", refuse(ErrFolder, "%v; name another folder", err)
	case !info.IsDir():
		return "", refuse(ErrFolder, "it is a file; name the folder that holds %s, or a new one", recordFile)
	}
	// SQLite follows no links on its own; the links of the operator's file system are none of its business.
	full, err := filepath.EvalSymlinks(dir)
	if err == nil {
		full, err = filepath.Abs(full)
	}
	if err != nil {
		return "", refuse(ErrFolder, "%v", err)
	}
	return full, nil
}

// makeFolder makes a folder, and those above it that are not there either, and makes all of them durable.
func makeFolder(dir string, sync func(string) error) error {
	var grown []string // the folders that get an entry
	for missing := filepath.Clean(dir); ; {
		above := filepath.Dir(missing)
		grown = append(grown, above)
		if _, err := os.Stat(above); !errors.Is(err, fs.ErrNotExist) || above == missing {
			break
		}
		missing = above
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return refuse(ErrFolder, "the folder could not be made (%v); make it, or name another one", err)
	}
	for _, name := range grown {
		if err := sync(name); err != nil {
			return err
		}
	}
	return nil
}

// takeLock takes the store for this process until the file is closed.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, refuse(ErrFolder, "the file %s cannot be written (%v); change the folder's owner or mode, or name another folder", lockFile, err)
	}
	ok, err := lockExclusively(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock: %w", err)
	}
	if !ok {
		defer f.Close()
		holder := "another process"
		// Read once more than written: between its lock and its writing of the number the file is empty.
		if b, err := io.ReadAll(io.LimitReader(f, 32)); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
				holder = fmt.Sprintf("another process (pid %d)", pid)
				if pid == os.Getpid() {
					holder = fmt.Sprintf("this process already (pid %d)", pid)
				}
			}
		}
		return nil, refuse(ErrInUse, "in use by %s; stop that process first, or ask it with --server URL where the command has that flag", holder)
	}
	// Only for people who ask who it is: that the number is stale after a crash harms nothing, the lock itself is gone.
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
		if err != nil && !isFull(err) {
			f.Close()
			return nil, fmt.Errorf("write %s: %w", lockFile, err)
		}
	}
	return f, nil
}

// CheckFolder says whether a folder is that of a store, or could become one, and if not why. It changes nothing.
func CheckFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.IsDir():
		err = refuse(ErrFolder, "it is a file; name the folder that holds %s, or a new one", recordFile)
	case err == nil:
		if _, err = findStore(dir); !errors.Is(err, ErrFolder) {
			return nil // Whether the store is whole is found out when it is opened.
		}
	}
	return fmt.Errorf("the folder of the store %q: %w", dir, err)
}

// findStore says whether the folder holds a store, or is one in which a store can be made.
func findStore(dir string) (found bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, refuse(ErrFolder, "this user may not look into it (%v); change its owner or mode, or name another folder", err)
	}
	names := make(map[string]bool)
	var foreign []string
	for _, e := range entries {
		name := e.Name()
		names[name] = true
		switch name {
		case recordFile, walFile, shmFile, acknowledgedFile, lockFile, acknowledgedFile + newSuffix,
			recordFile + newSuffix, recordFile + newSuffix + "-wal", recordFile + newSuffix + "-shm", recordFile + newSuffix + "-journal",
			probeFile,
			"lost+found": // of a file system of its own
		default:
			if name != TokenKeys && !strings.HasPrefix(name, TokenKeys+newSuffix) && !strings.HasPrefix(strings.TrimPrefix(name, "."), Snapshot) {
				foreign = append(foreign, name)
			}
		}
	}
	if names[recordFile] {
		return true, nil // What else lies beside it is not ours to judge.
	}
	if len(foreign) > 0 {
		return false, fmt.Errorf("it holds no %s but other files (%s%s); name the folder of a store, or an empty one: %w",
			recordFile, strings.Join(foreign[:min(3, len(foreign))], ", "), map[bool]string{true: ", …"}[len(foreign) > 3], ErrFolder)
	}
	if names[walFile] {
		return false, refuse(eventlog.ErrCorrupt, "%s is missing, but its write-ahead log %s is there; put back what was moved or removed", recordFile, walFile)
	}
	if names[acknowledgedFile] {
		// Making a store was cut off before the last step, or its record is gone. Only if nothing was ever acknowledged
		// is it the first.
		data, err := os.ReadFile(filepath.Join(dir, acknowledgedFile))
		if err != nil {
			return false, err
		}
		var store [16]byte
		if len(data) >= slotFixed {
			copy(store[:], data[16:32])
		}
		_, t, err := decodeAcknowledged(data, store)
		if err != nil {
			return false, fmt.Errorf("%s is missing, and %w", recordFile, err)
		}
		if t.count > 0 {
			return false, refuse(eventlog.ErrCorrupt, "%s is missing, but %d events were acknowledged; put it back from a backup", recordFile, t.count)
		}
	}
	return false, nil
}

// Places in the header of an SQLite file (https://sqlite.org/fileformat2.html, section 1.3).
const (
	headerMagic       = "SQLite format 3\x00"
	headerPageSize    = 16
	headerWAL         = 18 // two bytes, 2 and 2
	headerReserved    = 20
	headerPages       = 28
	headerUserVersion = 60
	headerApplication = 68
)

// checkHeader looks at the first page before SQLite does, so that what is not our store is told in our words.
func checkHeader(dir string) error {
	f, err := os.Open(filepath.Join(dir, recordFile))
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return refuse(ErrFolder, "this user may not read %s (%v); change its owner or mode", recordFile, err)
		}
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return refuse(ErrFolder, "%s is no regular file", recordFile)
	}
	page := make([]byte, pageSize)
	n, err := io.ReadFull(f, page)
	if err != nil && n < 100 {
		return refuse(eventlog.ErrCorrupt, "%s is no database: it has only %d bytes; put it back from a backup", recordFile, n)
	}
	sound := n == pageSize && pageSound(page)
	damaged := func(what string) error {
		return refuse(eventlog.ErrCorrupt, "the first page of %s is damaged: %s; put it back from a backup", recordFile, what)
	}
	switch {
	case !bytes.HasPrefix(page, []byte(headerMagic)):
		return damaged("it does not begin as an SQLite database does")
	case binary.BigEndian.Uint32(page[headerApplication:]) != applicationID:
		if page[headerReserved] == pageSumSize {
			return damaged("the application id is not that of a record")
		}
		return refuse(ErrFolder, "%s is an SQLite database, but of another program; name the folder of a store, or an empty one", recordFile)
	}
	if version := binary.BigEndian.Uint32(page[headerUserVersion:]); version != formatVersion {
		if version > formatVersion && (sound || page[headerReserved] != pageSumSize) {
			return refuse(ErrFormat, "%s has format %d, and this release knows only up to %d; use the release that wrote it, or a later one", recordFile, version, formatVersion)
		}
		return damaged(fmt.Sprintf("it says format %d", version))
	}
	if size := binary.BigEndian.Uint16(page[headerPageSize:]); size != pageSize {
		return damaged(fmt.Sprintf("it says pages of %d bytes", size))
	}
	if page[headerReserved] != pageSumSize {
		return damaged("it says that pages have no checksum")
	}
	if page[headerWAL] != 2 || page[headerWAL+1] != 2 {
		return damaged("it says that there is no write-ahead log")
	}
	// Whether its checksum is right says nothing yet: a crash while the write-ahead log was folded back leaves a torn page
	// here and the whole one there. It is looked at once the log has been folded back.
	return nil
}

// pageSum is the checksum of a page (https://sqlite.org/cksumvfs.html): its last eight bytes.
func pageSum(page []byte) uint64 {
	var s1, s2 uint32
	for b := page[:pageSize-pageSumSize]; len(b) >= 8; b = b[8:] {
		s1 += binary.LittleEndian.Uint32(b) + s2
		s2 += binary.LittleEndian.Uint32(b[4:]) + s1
	}
	return uint64(s1) | uint64(s2)<<32
}

func pageSound(page []byte) bool {
	sum := pageSum(page)
	if sum == 0 && len(bytes.Trim(page, "\x00")) == 0 {
		return false // Zeros sum up to zero, but SQLite writes no such page; a file system that lost a block gives one.
	}
	return sum == binary.LittleEndian.Uint64(page[pageSize-pageSumSize:])
}

// checkPages looks at every byte of the database file: also at those that no query reads. The write-ahead log has been
// folded back before, so each page is the newest.
func checkPages(dir string) error {
	f, err := os.Open(filepath.Join(dir, recordFile))
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 256*pageSize)
	pages := uint32(0)
	for n := uint32(1); ; {
		got, err := io.ReadFull(f, buf)
		for b := buf[:got]; len(b) >= pageSize; b = b[pageSize:] {
			if n == 1 {
				pages = binary.BigEndian.Uint32(b[headerPages:])
			}
			// The page with the lock byte is never written (file format, section 1.4).
			if n != lockBytePage && !pageSound(b[:pageSize]) {
				return refuse(eventlog.ErrCorrupt, "page %d of %s does not match its checksum; put the store back from a backup", n, recordFile)
			}
			n++
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			if got%pageSize != 0 || n-1 != pages {
				return refuse(eventlog.ErrCorrupt, "%s has %d pages and %d bytes, and says that it has %d pages; put the store back from a backup", recordFile, n-1, got%pageSize, pages)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", recordFile, err)
		}
	}
}

// lockBytePage is the page that holds byte 0x40000000.
const lockBytePage = 0x40000000/pageSize + 1
