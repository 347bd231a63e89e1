package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// written makes a store with the small work in it, and a copy of its folder as a kill just before the close leaves it.
func written(t *testing.T, config func(dir string) embedded.Config) (h *history, closed, killed string) {
	t.Helper()
	base := memoryDir(t)
	closed, killed = filepath.Join(base, "closed"), filepath.Join(base, "killed")
	h = &history{}
	log, err := embedded.Open(config(closed))
	if err != nil {
		t.Fatal(err)
	}
	work(log, h)
	embedded.Rest(log)
	if err := copyFolder(closed, killed); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{closed, killed} { // Judged in a copy, so that it stays as it is.
		if err := copyFolder(dir, dir+"-judged"); err != nil {
			t.Fatal(err)
		}
		if err := h.checkFolder(dir + "-judged"); err != nil {
			t.Fatal(err)
		}
	}
	return h, closed, killed
}

// judge opens a damaged store and reads all of it. It says whether the damage was found; what is neither found nor harmless
// is an error.
func judge(h *history, dir string) (found string, err error) {
	log, err := embedded.Open(config(dir))
	if err == nil {
		err = h.check(log)
		closeErr := log.Close()
		if err == nil {
			return "", closeErr
		}
		if !errors.Is(err, eventlog.ErrCorrupt) {
			return "", fmt.Errorf("served what was never recorded, or not all: %w", err)
		}
	}
	switch {
	case !errors.Is(err, eventlog.ErrCorrupt) && !errors.Is(err, embedded.ErrFormat) && !errors.Is(err, embedded.ErrFolder):
		return "", fmt.Errorf("refused, but not by its name: %w", err)
	case strings.Contains(err.Error(), "panic"):
		return "", err
	}
	return err.Error(), nil
}

func TestAFlippedBitAnywhereIsFoundOrHarmless(t *testing.T) {
	base := memoryDir(t)
	trial := 0
	for _, world := range []struct {
		name   string
		config func(dir string) embedded.Config
	}{
		{"LogFoldedBackOften", config},
		{"LogNeverFoldedBack", neverFoldedBack},
	} {
		h, closed, killed := written(t, world.config)
		for _, from := range []string{closed, killed} {
			entries, err := os.ReadDir(from)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				name := entry.Name()
				content, err := os.ReadFile(filepath.Join(from, name))
				if err != nil {
					t.Fatal(err)
				}
				if len(content) == 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s", world.name, filepath.Base(from), name), func(t *testing.T) {
					places := map[int]bool{}
					step := max(len(content)/120, 1)
					if long {
						step = max(len(content)/2000, 1)
					}
					for p := rand.IntN(step); p < len(content); p += 1 + rand.IntN(2*step) {
						places[p] = true
					}
					for p := range min(len(content), 112) { // Headers are where a byte means most.
						if long || p%3 == 0 {
							places[p] = true
						}
					}
					harmless := 0
					for p := range places {
						trial++
						dir := filepath.Join(base, fmt.Sprint(trial))
						if err := copyFolder(from, dir); err != nil {
							t.Fatal(err)
						}
						flipped := bytes.Clone(content)
						flipped[p] ^= 1 << rand.IntN(8)
						if err := os.WriteFile(filepath.Join(dir, name), flipped, 0o600); err != nil {
							t.Fatal(err)
						}
						found, err := judge(h, dir)
						if err != nil {
							t.Errorf("byte %d, %08b for %08b: %v", p, flipped[p], content[p], err)
						}
						if found == "" {
							harmless++
						}
						// And not only when that page is read some day.
						if from == closed && !strings.Contains(found, "open the store") && name != "lock" {
							t.Errorf("byte %d: found by reading, not by the start: %s", p, found)
						}
						os.RemoveAll(dir)
					}
					t.Logf("%d bits flipped, %d found, %d harmless", len(places), len(places)-harmless, harmless)
					// In a closed store there is no byte whose damage is not found, save the number of the process in the lock.
					if from == closed && name != "lock" && harmless > 0 {
						t.Errorf("%d flipped bits in %s of a closed store were not found", harmless, name)
					}
				})
			}
		}
	}
}

// Damage larger than a bit: what file systems and operators do.
func TestDamageIsNamed(t *testing.T) {
	h, closed, killed := written(t, neverFoldedBack)
	base := memoryDir(t)
	cut := func(name string, size int64) func(dir string) error {
		return func(dir string) error { return os.Truncate(filepath.Join(dir, name), size) }
	}
	remove := func(name string) func(dir string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	zero := func(name string, from, size int) func(dir string) error {
		return func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			clear(b[from:min(from+size, len(b))])
			return os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
	}
	sizeOf := func(dir, name string) int64 {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	for _, test := range []struct {
		name   string
		from   string
		damage func(dir string) error
		want   string
	}{
		{"RecordCutByAPage", closed, cut("record.db", sizeOf(closed, "record.db")-4096), "record.db is damaged"},
		{"RecordCutInAPage", closed, cut("record.db", sizeOf(closed, "record.db")-100), ""},
		{"RecordGrown", closed, cut("record.db", sizeOf(closed, "record.db")+4096), "page 26 of record.db"},
		{"RecordEmpty", closed, cut("record.db", 0), "only 0 bytes"},
		{"RecordGone", closed, remove("record.db"), "record.db is missing, but 65 events were acknowledged"},
		{"RecordGoneLogThere", killed, remove("record.db"), "record.db is missing, but its write-ahead log record.db-wal is there"},
		{"PageZeroed", closed, zero("record.db", 8*4096, 4096), "page 9 of record.db does not match its checksum"},
		{"FirstPageZeroed", closed, zero("record.db", 0, 4096), "first page"},
		{"LogGone", killed, remove("record.db-wal"), "events, 65 were acknowledged"},
		{"LogEmpty", killed, cut("record.db-wal", 0), "events, 65 were acknowledged"},
		{"LogCut", killed, cut("record.db-wal", sizeOf(killed, "record.db-wal")/2), ""},
		{"LogZeroed", killed, zero("record.db-wal", 4096, 512), ""},
		{"CountGone", closed, remove("acknowledged"), "acknowledged, which says how many events were acknowledged, is missing"},
		{"CountEmpty", closed, cut("acknowledged", 0), "has 0 bytes"},
		{"CountCut", closed, cut("acknowledged", 4096), "has 4096 bytes"},
		{"CountZeroed", closed, zero("acknowledged", 0, 8192), "slot 0 is no slot of this store"},
		{"CountHalfZeroed", closed, zero("acknowledged", 4096, 4096), "slot 1 is no slot of this store"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(base, test.name)
			if err := copyFolder(test.from, dir); err != nil {
				t.Fatal(err)
			}
			if err := test.damage(dir); err != nil {
				t.Fatal(err)
			}
			if err := copyFolder(dir, dir+"-before"); err != nil {
				t.Fatal(err)
			}
			found, err := judge(h, dir)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(found, test.want) || found == "" {
				t.Errorf("found %q, want %q", found, test.want)
			}
			t.Log(found)
			if test.from == killed { // What is refused before the log is folded back is left as it is, for whoever can tell more from it.
				for _, name := range []string{"record.db", "record.db-wal", "acknowledged"} {
					before, _ := os.ReadFile(filepath.Join(dir+"-before", name))
					after, _ := os.ReadFile(filepath.Join(dir, name))
					if !bytes.Equal(before, after) {
						t.Errorf("%s was changed by an Open that refused the store", name)
					}
				}
			}
		})
	}
}

// Another store's files, an older copy of one file: each is sound by itself.
func TestFilesThatDoNotBelongTogetherAreNamed(t *testing.T) {
	dir := filepath.Join(memoryDir(t), "store")
	h := &history{}
	log, err := embedded.Open(config(dir))
	if err != nil {
		t.Fatal(err)
	}
	early := &history{}
	work(log, early)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	older := dir + "-older"
	if err := copyFolder(dir, older); err != nil {
		t.Fatal(err)
	}
	if log, err = embedded.Open(config(dir)); err != nil {
		t.Fatal(err)
	}
	a := h.begin(eventlog.Append{Stream: "late", Expected: eventlog.NoStream, Events: []eventlog.Event{testEvent(5000, 10)}})
	_, err = log.Append(t.Context(), a.step)
	h.end(a, err)
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	_, other, _ := written(t, config)

	replaced := func(name, from string) string {
		mixed := filepath.Join(memoryDir(t), "mixed")
		if err := copyFolder(dir, mixed); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(mixed, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		return mixed
	}
	for _, test := range []struct{ name, from, want string }{
		{"record.db", older, "the record holds 65 events, 66 were acknowledged"},
		{"record.db", other, "belongs to another store"},
		{"acknowledged", other, "belongs to another store"},
	} {
		_, err := embedded.Open(config(replaced(test.name, test.from)))
		if !errors.Is(err, eventlog.ErrCorrupt) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s from %s: error %v, want %q", test.name, filepath.Base(test.from), err, test.want)
		}
	}
	// An older count is what a power cut may leave: the record is longer, nothing was lost.
	log, err = embedded.Open(config(replaced("acknowledged", older)))
	if err != nil {
		t.Fatal(err)
	}
	if n := log.Stats().Events; n != 66 {
		t.Errorf("%d events, want 66", n)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// What SQLite's own checks cannot see: someone with write access changes an event and mends every checksum of SQLite.
func TestARewrittenEventIsNamed(t *testing.T) {
	h, closed, _ := written(t, config)
	for _, test := range []struct{ name, sql, want string }{
		{"Data", `UPDATE events SET data = replace(data, 'abc', 'abd') WHERE position = 5`, "position 5, stream state-2, revision 1: the event does not match its leaf"},
		{"Type", `UPDATE events SET type = 'PositionWithdrawn' WHERE position = 6`, "position 6"},
		{"Leaf", `UPDATE events SET leaf = x'` + strings.Repeat("00", 32) + `' WHERE position = 7`, "the record's first 65 events have the Merkle root"},
		{"Deleted", `DELETE FROM events WHERE position = 8`, "position 9 stands where 8 should"},
		{"DeletedLast", `DELETE FROM events WHERE position = 65`, "the record holds 64 events, 65 were acknowledged"},
		{"Swapped", `UPDATE events SET stream = 3 - stream WHERE position IN (1, 2)`, "position"},
		{"Renamed", `UPDATE streams SET name = 'state-x' WHERE id = 1`, "position 1, stream state-x, revision 0: the event does not match its leaf"},
		{"SameName", `UPDATE streams SET name = 'state-1' WHERE id = 1`, "have the same name"},
		{"NewStream", `INSERT INTO streams VALUES (99, 'x')`, "stream number 99 stands where"},
		{"IndexShort", `DROP INDEX events_by_stream; CREATE INDEX events_by_stream ON events (stream, revision) WHERE position <> 65; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX events_by_stream ON events (stream, revision)' WHERE name = 'events_by_stream'`, "the index of streams has 64 entries for 65 events"},
		{"IndexWrong", `DROP INDEX events_by_stream; CREATE INDEX events_by_stream ON events (stream, 1 - revision); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX events_by_stream ON events (stream, revision)' WHERE name = 'events_by_stream'`, "the index of streams does not match"},
		{"Table", `CREATE TABLE more (x)`, "the tables of record.db are not those of format 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(memoryDir(t), "store")
			if err := copyFolder(closed, dir); err != nil {
				t.Fatal(err)
			}
			execute(t, filepath.Join(dir, "record.db"), test.sql)
			found, err := judge(h, dir)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(found, test.want) {
				t.Errorf("found %q, want %q", found, test.want)
			}
		})
	}
}

func TestTheCountIsReadOrDamageIsNamed(t *testing.T) {
	var store [16]byte
	for i := range store {
		store[i] = byte(i) * 17
	}
	tallies := make([]embedded.Tally, 6)
	var f leaf.Frontier
	for i := range tallies {
		tallies[i] = embedded.NewTally(f.Size(), f.Root())
		f.Append(leaf.HashLeaf([]byte{byte(i)}))
	}
	fileOf := func(a, b int) []byte { // with the slots number a and b
		file := make([]byte, 2*embedded.SlotSpacing)
		copy(file, embedded.EncodeSlot(store, uint64(a), tallies[a]))
		copy(file[embedded.SlotSpacing:], embedded.EncodeSlot(store, uint64(b), tallies[b]))
		return file
	}
	sound := fileOf(2, 3)
	sequence, got, err := embedded.DecodeAcknowledged(sound, store)
	if err != nil || sequence != 3 || got != tallies[3] {
		t.Fatalf("number %d, %v, error %v", sequence, got, err)
	}

	for i := range len(sound) * 8 {
		if p := i / 8 % embedded.SlotSpacing; p >= embedded.SlotSize+8 && !long {
			continue // Zeros upon zeros.
		}
		flipped := bytes.Clone(sound)
		flipped[i/8] ^= 1 << (i % 8)
		if _, _, err := embedded.DecodeAcknowledged(flipped, store); !errors.Is(err, eventlog.ErrCorrupt) {
			t.Fatalf("bit %d flipped: error %v, want ErrCorrupt", i, err)
		}
	}

	// A slot written in part: disks write no less than 512 bytes at once, kernels copy words.
	for _, second := range []bool{false, true} { // Also over a slot that says the same, as when a store is settled.
		next := 4
		if second {
			tallies[4] = tallies[2]
		}
		for n := 0; n <= embedded.SlotSize; n += 8 {
			torn := bytes.Clone(sound)
			copy(torn, embedded.EncodeSlot(store, uint64(next), tallies[next])[:n])
			want := 3
			if n == embedded.SlotSize {
				want = 4
			}
			sequence, got, err := embedded.DecodeAcknowledged(torn, store)
			if err != nil || sequence != uint64(want) || got != tallies[want] {
				t.Errorf("torn after %d bytes: number %d, %v, error %v; want number %d", n, sequence, got, err, want)
			}
		}
	}

	// After a power cut one slot may be much older than the other.
	if sequence, _, err := embedded.DecodeAcknowledged(fileOf(0, 5), store); err != nil || sequence != 5 {
		t.Errorf("slots far apart: number %d, error %v", sequence, err)
	}

	for name, file := range map[string][]byte{
		"twice the same": append(append([]byte{}, sound[:embedded.SlotSpacing]...), sound[:embedded.SlotSpacing]...),
		"swapped":        append(append([]byte{}, sound[embedded.SlotSpacing:]...), sound[:embedded.SlotSpacing]...),
	} {
		if _, _, err := embedded.DecodeAcknowledged(file, store); !errors.Is(err, eventlog.ErrCorrupt) {
			t.Errorf("%s: error %v, want ErrCorrupt", name, err)
		}
	}
}
