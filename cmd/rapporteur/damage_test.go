package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// stored is a store as a stop or a kill left it, and what it answers when it is sound. It is only ever copied.
type stored struct {
	name, dir string
	report    replayReport
	leaves    []string
	answer    string // To the query of the demo.
}

// memoryFolder makes a folder that costs no disk, where the system has one.
func memoryFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "rapporteur-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// stores makes a store that was closed, and one that was killed with some of the record in its write-ahead log alone.
func stores(t *testing.T, base string) (closed, killed *stored) {
	t.Helper()
	record := func(dir string, n int, signal os.Signal) {
		p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w := &writer{number: n, random: rand.New(rand.NewPCG(1, uint64(n)))}
		for range 30 {
			if _, err := w.next().send(p.address); err != nil {
				t.Fatal(err)
			}
		}
		p.stop(signal)
	}
	closed = &stored{name: "closed", dir: filepath.Join(base, "closed")}
	newDemoStore(t, closed.dir)
	record(closed.dir, 1, syscall.SIGINT)
	killed = &stored{name: "killed", dir: filepath.Join(base, "killed")}
	copyFolder(t, closed.dir, killed.dir)
	record(killed.dir, 2, syscall.SIGKILL)
	if info, err := os.Stat(filepath.Join(killed.dir, "record.db-wal")); err != nil || info.Size() == 0 {
		t.Fatalf("the killed store has no write-ahead log: %v", err)
	}
	for _, s := range []*stored{closed, killed} {
		var status int
		var stderr string
		dir := s.copy(t, base, "sound")
		if s.report, status, stderr = replayed(dir); status != statusDone {
			t.Fatalf("%s: %s", s.name, stderr)
		}
		p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.leaves, s.answer, err = answers(p.address)
		if p.stop(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if uint64(len(s.leaves)) != s.report.At {
			t.Fatalf("%s: %d leaves, %d events", s.name, len(s.leaves), s.report.At)
		}
	}
	return closed, killed
}

// answers asks for what must not be false: all leaf hashes, and the figures.
func answers(address string) (leaves []string, figures string, err error) {
	if leaves, err = served(address); err != nil {
		return nil, "", err
	}
	var answer json.RawMessage
	err = ask(address, demoQuery, nil, &answer)
	return leaves, string(answer), err
}

func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// copy makes a copy that may be damaged.
func (s *stored) copy(t testing.TB, base, name string) string {
	t.Helper()
	dir := filepath.Join(base, s.name+"-"+name)
	copyFolder(t, s.dir, dir)
	return dir
}

// namesIt is what a message must have in it: the file, the place in the record, or what is wrong with the two together.
var namesIt = regexp.MustCompile(`record\.db|acknowledged|write-ahead log|position \d+|page \d+`)

// judge runs replay and serve on a damaged store. Each refuses in a sentence that names what is wrong, and gives its first line; or
// it gives exactly what the sound store gives, and found is empty. All else is an error.
func (s *stored) judge(dir string) (found string, err error) {
	// Whoever opens a store folds its write-ahead log back: each gets a copy of its own.
	if err := os.CopyFS(dir+"-served", os.DirFS(dir)); err != nil {
		return "", err
	}
	defer os.RemoveAll(dir + "-served")
	refused := func(command string, status int, stderr string) (string, error) {
		line, _, _ := strings.Cut(stderr, "\n")
		switch {
		case strings.Contains(stderr, "goroutine "):
			return "", fmt.Errorf("%s panics: %s", command, stderr)
		case status != statusFailed || !strings.HasPrefix(line, "rapporteur: ") || !namesIt.MatchString(line):
			return "", fmt.Errorf("%s does not name what is wrong, with status %d: %s", command, status, stderr)
		}
		return line, nil
	}
	report, status, stderr := replayed(dir)
	if status != statusDone {
		if found, err = refused("replay", status, stderr); err != nil {
			return "", err
		}
	} else if report.At != s.report.At || report.Digest != s.report.Digest {
		return "", fmt.Errorf("replay gives %d events with digest %s, not %d with %s", report.At, report.Digest, s.report.At, s.report.Digest)
	}

	p, err := begin("", nil, "serve", "--store", "file:"+dir+"-served", "--listen", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	if err := p.serving(); err != nil {
		line, err := refused("serve", p.cmd.ProcessState.ExitCode(), p.err.String())
		if err == nil && found == "" {
			return "", fmt.Errorf("replay takes what serve refuses: %s", line)
		}
		return found, err
	}
	defer p.stop(syscall.SIGKILL)
	leaves, figures, err := answers(p.address)
	switch {
	case found != "":
		return "", fmt.Errorf("serve takes what replay refuses: %s", found)
	case err != nil:
		return "", fmt.Errorf("serve takes it and then fails: %w", err)
	case !slices.Equal(leaves, s.leaves) || figures != s.answer:
		return "", fmt.Errorf("serve answers with %d events, or figures, that are false", len(leaves))
	}
	return "", nil
}

// trial is one damage.
type trial struct {
	store  *stored
	file   string
	what   string
	damage func(dir string) error
}

// damageAll judges all trials and gives how many were found, by store and file.
func damageAll(t *testing.T, base string, trials []trial, found func(trial, string)) {
	t.Helper()
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		next = make(chan int)
	)
	for range max(2, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for n := range next {
				tr := trials[n]
				dir := filepath.Join(base, "trial-"+strconv.Itoa(n))
				err := os.CopyFS(dir, os.DirFS(tr.store.dir))
				if err == nil {
					err = tr.damage(dir)
				}
				what := ""
				if err == nil {
					what, err = tr.store.judge(dir)
				}
				os.RemoveAll(dir)
				mu.Lock()
				if err != nil {
					t.Errorf("%s store, %s, %s: %v", tr.store.name, tr.file, tr.what, err)
				} else {
					found(tr, what)
				}
				mu.Unlock()
			}
		})
	}
	for n := range trials {
		next <- n
	}
	close(next)
	wait.Wait()
}

// flip turns one bit of a file.
func flip(file string, at int64, bit uint) func(dir string) error {
	return func(dir string) error {
		return change(filepath.Join(dir, file), func(b []byte) []byte {
			b[at] ^= 1 << bit
			return b
		})
	}
}

func change(path string, f func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, f(b), 0o600)
}

// A flipped bit, anywhere in any file of a store, is refused by name or harmless; and so is a file cut anywhere.
func TestDamage(t *testing.T) {
	share := 1.0 // Of 200 flips.
	switch {
	case long:
		share = 10
	case testing.Short():
		share = 0.1
	}
	base := memoryFolder(t)
	closed, killed := stores(t, base)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	begun := time.Now()
	var trials []trial
	flips := 0
	for _, part := range []struct {
		store *stored
		file  string
		flips int
		cuts  int
	}{
		{closed, "record.db", 40, 6}, {closed, "acknowledged", 30, 3}, {closed, "lock", 3, 1},
		{killed, "record.db", 20, 4}, {killed, "record.db-wal", 70, 12}, {killed, "record.db-shm", 12, 2}, {killed, "acknowledged", 20, 3}, {killed, "lock", 3, 1},
	} {
		info, err := os.Stat(filepath.Join(part.store.dir, part.file))
		if err != nil {
			t.Fatal(err)
		}
		n := max(1, int(share*float64(part.flips)))
		flips += n
		for i := range n {
			at := random.Int64N(info.Size())
			if i%4 == 0 { // Where a bit means most; the second slot of acknowledged begins at the second page.
				at = random.Int64N(min(info.Size(), 128))
				if part.file == "acknowledged" && i%8 == 0 {
					at += 4096
				}
			}
			bit := uint(random.IntN(8))
			trials = append(trials, trial{part.store, part.file, fmt.Sprintf("bit %d of byte %d", bit, at), flip(part.file, at, bit)})
		}
		for range max(1, int(share*float64(part.cuts))) {
			size := random.Int64N(info.Size())
			trials = append(trials, trial{part.store, part.file, fmt.Sprintf("cut to %d of %d bytes", size, info.Size()),
				func(dir string) error { return os.Truncate(filepath.Join(dir, part.file), size) }})
		}
	}
	type count struct{ found, harmless int }
	counts := map[string]*count{}
	damageAll(t, base, trials, func(tr trial, what string) {
		name := tr.store.name + " " + tr.file
		if counts[name] == nil {
			counts[name] = &count{}
		}
		if what != "" {
			counts[name].found++
			return
		}
		counts[name].harmless++
		if tr.store == closed && tr.file != "lock" {
			t.Errorf("%s: %s was not found, though every byte of a closed store has its checksum", name, tr.what)
		}
	})
	for name, c := range counts {
		t.Logf("%-22s %3d found, %3d harmless", name, c.found, c.harmless)
	}
	t.Logf("seed %d: %d bits flipped, %d files cut, in %v", seed, flips, len(trials)-flips, time.Since(begun).Round(time.Second))
}

// What operators, file systems and forgers do to a store is refused, with the sentence that says what it was.
func TestDamageIsNamed(t *testing.T) {
	base := memoryFolder(t)
	closed, killed := stores(t, base)
	in := func(name string, f func(path string) error) func(string) error {
		return func(dir string) error { return f(filepath.Join(dir, name)) }
	}
	fromOther := func(s *stored, names ...string) func(string) error {
		return func(dir string) error {
			for _, name := range names {
				b, err := os.ReadFile(filepath.Join(s.dir, name))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
					return err
				}
			}
			return nil
		}
	}
	other := &stored{name: "other", dir: filepath.Join(base, "other")}
	newDemoStore(t, other.dir)
	last := len(closed.leaves)
	sql := func(format string, args ...any) func(string) error {
		return in("record.db", func(path string) error { return execute(path, fmt.Sprintf(format, args...)) })
	}
	tests := []struct {
		name   string
		store  *stored
		damage func(dir string) error
		want   string
	}{
		{"RecordGone", closed, in("record.db", os.Remove), fmt.Sprintf(`record\.db is missing, but %d events were acknowledged`, last)},
		{"RecordEmpty", closed, in("record.db", func(p string) error { return os.Truncate(p, 0) }), `record\.db is no database: it has only 0 bytes`},
		{"RecordOfOlderDay", killed, func(dir string) error { // Put back from a backup, alone.
			if err := os.Remove(filepath.Join(dir, "record.db-wal")); err != nil {
				return err
			}
			return fromOther(closed, "record.db")(dir)
		}, fmt.Sprintf(`%d events, %d were acknowledged`, last, len(killed.leaves))},
		{"RecordOfOtherStore", closed, fromOther(other, "record.db"), `acknowledged.* store`},
		{"LogGone", killed, in("record.db-wal", os.Remove), fmt.Sprintf(`%d were acknowledged`, len(killed.leaves))},
		{"LogEmpty", killed, in("record.db-wal", func(p string) error { return os.Truncate(p, 0) }), fmt.Sprintf(`%d were acknowledged`, len(killed.leaves))},
		{"LogZeroed", killed, in("record.db-wal", func(p string) error {
			return change(p, func(b []byte) []byte { clear(b[len(b)/3:]); return b })
		}), `were acknowledged`},
		{"LogAlone", killed, in("record.db", os.Remove), `record\.db is missing, but its write-ahead log record\.db-wal is there`},
		{"CountGone", closed, in("acknowledged", os.Remove), `acknowledged, which says how many events were acknowledged, is missing`},
		{"CountGoneAfterKill", killed, in("acknowledged", os.Remove), `acknowledged, which says how many events were acknowledged, is missing`},
		{"CountOfOtherStore", closed, fromOther(other, "acknowledged"), `acknowledged`},
		{"CountOfLaterDay", closed, fromOther(killed, "acknowledged"), fmt.Sprintf(`%d events, %d were acknowledged`, last, len(killed.leaves))},
		{"PagesSwapped", closed, in("record.db", func(p string) error {
			return change(p, func(b []byte) []byte {
				const size = 4096
				first, second := b[20*size:21*size], b[21*size:22*size]
				swap := bytes.Clone(first)
				copy(first, second)
				copy(second, swap)
				return b
			})
		}), `record\.db|position`},

		// What somebody does with the sqlite3 shell.
		{"TextChanged", closed, sql(`UPDATE events SET data = replace(data, 'one track', 'no track') WHERE position = 800; UPDATE events SET data = data || ' ' WHERE position = 700`),
			`position 700.* does not match its leaf`},
		{"MetadataChanged", closed, sql(`UPDATE events SET metadata = replace(metadata, '"import"', '"nobody"') WHERE position = 600`), `position 600.* does not match its leaf`},
		{"TypeChanged", closed, sql(`UPDATE events SET type = 'PositionWithdrawn' WHERE position = 750`), `position 750.* does not match its leaf`},
		{"LeafChanged", closed, sql(`UPDATE events SET leaf = randomblob(32) WHERE position = 500`), `another Merkle root|root`},
		{"TextAndLeafChanged", closed, in("record.db", func(p string) error { return forge(p, 750) }), `root`},
		{"RowsSwapped", closed, sql(`UPDATE events SET position = -1 WHERE position = 300; UPDATE events SET position = 300 WHERE position = 301; UPDATE events SET position = 301 WHERE position = -1`), `root|position 30[01]`},
		{"RowGone", closed, sql(`DELETE FROM events WHERE position = 300`), `position 300 is missing|position 301 stands where 300|300`},
		{"LastRowGone", closed, sql(`DELETE FROM events WHERE position = %d`, last), fmt.Sprintf(`%d events, %d were acknowledged`, last-1, last)},
		{"RowsGoneAndMovedUp", closed, sql(`DELETE FROM events WHERE position = 300; UPDATE events SET position = position - 1 WHERE position > 300`), `were acknowledged|revision`},
		{"StreamRenamed", closed, sql(`UPDATE streams SET name = 'position-XXX' WHERE name = 'position-URY'`), `position \d+.* does not match its leaf`},
		{"TableAdded", closed, sql(`CREATE TABLE notes (text TEXT)`), `the tables of record\.db`},
		{"IndexGone", closed, sql(`DROP INDEX events_by_stream`), `the tables of record\.db`},
		{"StoreIdChanged", closed, sql(`UPDATE store SET id = randomblob(16)`), `acknowledged.* store`},
	}
	trials := make([]trial, len(tests))
	for i, test := range tests {
		trials[i] = trial{test.store, test.name, test.want, test.damage}
	}
	damageAll(t, base, trials, func(tr trial, found string) {
		if found == "" {
			t.Errorf("%s: not found", tr.file)
		} else if !regexp.MustCompile(tr.what).MatchString(found) {
			t.Errorf("%s: %s\nwant %s", tr.file, found, tr.what)
		}
		t.Logf("%-20s %s", tr.file, found)
	})
}

// forge changes the text of an event and makes its leaf hash right again, by what FORMAT.md tells everybody.
func forge(path string, position int64) error {
	conn, err := sqlite3.Open((&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		return err
	}
	defer conn.Close()
	const (
		leafOf = `SELECT '{"data":' || data || ',"id":"' || lower(substr(hex(events.id), 1, 8) || '-' || substr(hex(events.id), 9, 4) || '-' || substr(hex(events.id), 13, 4) || '-' || substr(hex(events.id), 17, 4) || '-' || substr(hex(events.id), 21)) || '","metadata":' || metadata || ',"revision":' || revision || ',"stream":"' || name || '","type":"' || type || '"}', leaf
		            FROM events JOIN streams ON streams.id = events.stream WHERE position = ?`
		forged = `UPDATE events SET data = replace(data, 'SUPPORT', 'OPPOSE') WHERE position = ?`
	)
	leaf := func() (bytes, hash []byte, err error) {
		s, _, err := conn.Prepare(leafOf)
		if err != nil {
			return nil, nil, err
		}
		defer s.Close()
		if err := s.BindInt64(1, position); err != nil {
			return nil, nil, err
		}
		if !s.Step() {
			return nil, nil, fmt.Errorf("no position %d: %w", position, s.Err())
		}
		return s.ColumnBlob(0, nil), s.ColumnBlob(1, nil), nil
	}
	hashed := func(leaf []byte) []byte {
		sum := sha256.Sum256(append([]byte{0}, leaf...))
		return sum[:]
	}
	before, hash, err := leaf()
	if err != nil {
		return err
	}
	if !bytes.Equal(hash, hashed(before)) {
		return fmt.Errorf("the leaf of position %d is made wrongly: %s", position, before)
	}
	if err := conn.Exec(strings.ReplaceAll(forged, "?", strconv.FormatInt(position, 10))); err != nil {
		return err
	}
	after, _, err := leaf()
	if err != nil {
		return err
	}
	if bytes.Equal(before, after) {
		return fmt.Errorf("nothing to forge at position %d: %s", position, before)
	}
	return conn.Exec(fmt.Sprintf(`UPDATE events SET leaf = x'%x' WHERE position = %d`, hashed(after), position))
}
