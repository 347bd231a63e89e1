package embedded_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// emptyStore makes a store with one event in it and closes it.
func emptyStore(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(memoryDir(t), "store")
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: eventlog.NoStream, Events: []eventlog.Event{testEvent(1, 10)}})
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The path to a store may be new for several levels: each is an entry of the one above.
func TestEachNewFolderIsSynced(t *testing.T) {
	base := t.TempDir()
	t.Chdir(base)
	write(t, "file", "x")
	for _, test := range []struct {
		dir  string
		want []string // the folders that got an entry
	}{
		{filepath.Join(base, "a"), []string{base}},
		{filepath.Join(base, "a", "b", "c", "d"), []string{base + "/a", base + "/a/b", base + "/a/b/c"}},
		{"e/f/", []string{".", "e"}},
	} {
		var got []string
		err := embedded.MakeFolder(test.dir, func(dir string) error {
			got = append(got, dir)
			return nil
		})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: synced %q, error %v, want %q", test.dir, got, err, test.want)
		}
		if info, err := os.Stat(test.dir); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", test.dir, err)
		}
	}
	broken := errors.New("broken")
	if err := embedded.MakeFolder("g/h", func(string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the sync", err)
	}
}

func TestWhatIsNoStoreIsRefusedInASentence(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(t *testing.T) (dir string)
		is   error
		want string
	}{
		{"NoName", func(t *testing.T) string { return "" }, embedded.ErrFolder, "no folder was named"},
		{"AFile", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			write(t, path, "x")
			return path
		}, embedded.ErrFolder, "it is a file; name the folder that holds record.db, or a new one"},
		{"BelowAFile", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			write(t, path, "x")
			return filepath.Join(path, "below")
		}, embedded.ErrFolder, "not a directory"},
		{"ForeignFiles", func(t *testing.T) string {
			dir := t.TempDir()
			for _, name := range []string{"holiday.jpg", "a.txt", "b.txt", "c.txt"} {
				write(t, filepath.Join(dir, name), "x")
			}
			return dir
		}, embedded.ErrFolder, "it holds no record.db but other files (a.txt, b.txt, c.txt, …); name the folder of a store, or an empty one"},
		{"AnotherDatabase", func(t *testing.T) string {
			dir := t.TempDir()
			execute(t, filepath.Join(dir, "record.db"), `CREATE TABLE x (y)`)
			return dir
		}, embedded.ErrFolder, "record.db is an SQLite database, but of another program"},
		{"NoDatabase", func(t *testing.T) string {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "record.db"), strings.Repeat("what is this? ", 1000))
			return dir
		}, eventlog.ErrCorrupt, "it does not begin as an SQLite database does"},
		{"LaterFormat", func(t *testing.T) string {
			dir := emptyStore(t)
			execute(t, filepath.Join(dir, "record.db"), `PRAGMA user_version = 2`)
			return dir
		}, embedded.ErrFormat, "record.db has format 2, and this release knows only up to 1; use the release that wrote it, or a later one"},
		{"NoFormat", func(t *testing.T) string {
			dir := emptyStore(t)
			execute(t, filepath.Join(dir, "record.db"), `PRAGMA user_version = 0`)
			return dir
		}, eventlog.ErrCorrupt, "it says format 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := test.make(t)
			log, err := embedded.Open(embedded.Config{Dir: dir})
			if err == nil {
				t.Fatal(errors.Join(errors.New("opened"), log.Close()))
			}
			t.Log(err)
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error %q, want %q and %q", err, test.want, test.is)
			}
			if _, again := embedded.Open(embedded.Config{Dir: dir}); again == nil || again.Error() != err.Error() {
				t.Errorf("a second try says %v", again)
			}
		})
	}
}

func TestAFolderThatCannotBeReadIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root may read everything; the same test runs as somebody else.
		if os.Getenv("RAPPORTEUR_CHILD") == "" {
			base, err := os.MkdirTemp("/tmp", "rapporteur-test-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(base) })
			exe := filepath.Join(base, "test")
			b, err := os.ReadFile(os.Args[0])
			if err == nil {
				err = os.WriteFile(exe, b, 0o755)
			}
			if err = errors.Join(err, os.Chmod(base, 0o777)); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(exe, "-test.run=^TestAFolderThatCannotBeReadIsNamed$", "-test.v")
			cmd.Env = append(os.Environ(), "RAPPORTEUR_CHILD=unreadable", "TMPDIR="+base)
			cmd.Dir = base
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestAFolderThatCannotBeReadIsNamed") {
				t.Fatalf("%v\n%s", err, out)
			}
			return
		}
		t.Fatal("still root")
	}
	base := t.TempDir()
	for name, mode := range map[string]os.FileMode{"unreadable": 0o000, "unwritable": 0o500} {
		dir := filepath.Join(base, name)
		if err := os.Mkdir(dir, mode); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{dir, filepath.Join(dir, "below")} {
			_, err := embedded.Open(embedded.Config{Dir: dir})
			if !errors.Is(err, embedded.ErrFolder) || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), "name another") {
				t.Errorf("%s: error %v", dir, err)
			}
			t.Log(err)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnEmptyFolderBecomesAStore(t *testing.T) {
	base := t.TempDir()
	link := filepath.Join(base, "link")
	for _, dir := range []string{base + "/empty", base + "/not/there/yet", base + "/of a file system?with=odd&name#%20é", link} {
		switch filepath.Base(dir) {
		case "empty":
			if err := os.MkdirAll(filepath.Join(dir, "lost+found"), 0o700); err != nil {
				t.Fatal(err)
			}
		case "link":
			if err := errors.Join(os.Mkdir(base+"/target", 0o700), os.Symlink("target", link)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 2 {
			log, err := embedded.Open(embedded.Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			_, err = log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: eventlog.Revision(i) - 1, Events: []eventlog.Event{testEvent(i, 10)}})
			if err = errors.Join(err, log.Close()); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if got := strings.TrimSuffix(strings.Join(names, " "), " record.db"); got != "acknowledged lock" && got != "acknowledged lock lost+found" {
			t.Errorf("a closed store holds %q", names)
		}
	}
}

func TestASecondOpenIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	want := fmt.Sprintf("in use by this process already (pid %d); stop that process first, or ask it with --server URL where the command has that flag", os.Getpid())
	for range 2 {
		if _, err := embedded.Open(embedded.Config{Dir: dir}); !errors.Is(err, embedded.ErrInUse) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// Another process has the store: it is refused to us as long as that one lives, and ours as soon as it was killed, with
// all that it was told was recorded.
func TestAKilledProcessLeavesTheStoreToTheNext(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	if at := os.Getenv("RAPPORTEUR_CHILD"); at != "" {
		log, err := embedded.Open(embedded.Config{Dir: at, CheckpointPages: 20})
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			_, err := log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: eventlog.AnyRevision, Events: []eventlog.Event{testEvent(i, 200)}})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Printf("acknowledged %d\n", i)
		}
	}
	rounds := 3
	if long {
		rounds = 100
	}
	n := 0
	for range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAKilledProcessLeavesTheStoreToTheNext$")
		cmd.Env = append(os.Environ(), "RAPPORTEUR_CHILD="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if !strings.HasPrefix(lines.Text(), "acknowledged ") {
				t.Errorf("the other process says: %s", lines.Text())
				continue
			}
			acknowledged++
			if acknowledged == 1 {
				want := fmt.Sprintf("in use by another process (pid %d); stop that process first, or ask it with --server URL where the command has that flag", cmd.Process.Pid)
				if _, err := embedded.Open(embedded.Config{Dir: dir}); !errors.Is(err, embedded.ErrInUse) || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q", err, want)
				}
			}
			if acknowledged == 50 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		log, err := embedded.Open(embedded.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for e, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
			if err != nil {
				t.Fatal(err)
			}
			if int(e.Revision) != got {
				t.Fatalf("revision %d stands where %d should", e.Revision, got)
			}
			got++
		}
		// One more may have been recorded than the other process could tell.
		if got < n+acknowledged || got > n+acknowledged+1 {
			t.Errorf("%d events, want %d or one more", got, n+acknowledged)
		}
		n = got
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
