package embedded_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// diskModel is a disk that forgets. Of a file it has for certain what was there at the last sync; of what was written since, any
// sectors, whatever their order, and of one sector perhaps only the beginning. Of the folder it has the names that were there
// when it was last synced; of what was made, renamed and removed since, any part.
type diskModel struct {
	names  map[string]*fileModel // as the running program sees them
	synced map[string]*fileModel
	since  []map[string]*fileModel // changes of names since then, each whole or not at all; nil means gone
}

type fileModel struct {
	synced []byte
	since  []change // since the last sync
}

type change struct {
	data   []byte // nil: the size was set
	offset int64
}

const sector = 512

func newDiskModel() *diskModel {
	return &diskModel{names: make(map[string]*fileModel), synced: make(map[string]*fileModel)}
}

func (d *diskModel) rename(change map[string]*fileModel) {
	d.since = append(d.since, change)
	update(d.names, change)
}

func update(names, change map[string]*fileModel) {
	for name, f := range change {
		if f == nil {
			delete(names, name)
		} else {
			names[name] = f
		}
	}
}

func (d *diskModel) apply(op *embedded.Operation) {
	f, ok := d.names[op.File]
	if !ok && (op.Kind == "write" || op.Kind == "truncate" || op.Kind == "sync") {
		f = &fileModel{}
		d.rename(map[string]*fileModel{op.File: f})
	}
	switch op.Kind {
	case "write":
		f.since = append(f.since, change{data: bytes.Clone(op.Data), offset: op.Offset})
	case "truncate":
		f.since = append(f.since, change{offset: op.Offset})
	case "sync":
		f.synced = f.image(func() bool { return true }, -1, 0)
		f.since = nil
		if strings.HasSuffix(op.File, "-wal") || strings.HasSuffix(op.File, "-journal") {
			// With the first sync of a log that it made SQLite syncs the folder, too, within the same operation.
			d.syncNames()
		}
	case "rename":
		d.rename(map[string]*fileModel{op.From: nil, op.File: d.names[op.From]})
	case "delete":
		if ok {
			d.rename(map[string]*fileModel{op.File: nil})
		}
	case "syncdir":
		d.syncNames()
	}
}

func (d *diskModel) syncNames() { d.synced, d.since = maps.Clone(d.names), nil }

// sectors is how many sectors of a file were written and not synced.
func (f *fileModel) sectors() (n int) {
	for _, c := range f.since {
		for from := 0; from < len(c.data); n++ {
			from += sector - int(c.offset+int64(from))%sector
		}
	}
	return n
}

// image gives what the file may hold after the power went: keep is asked for each sector of each change. Of the torn one, by its
// number, only the first bytes got there; -1 is none.
func (f *fileModel) image(keep func() bool, torn, first int) []byte {
	b := bytes.Clone(f.synced)
	n := 0
	for _, c := range f.since {
		if c.data == nil {
			if keep() {
				b = append(b[:min(int(c.offset), len(b))], make([]byte, max(0, int(c.offset)-len(b)))...)
			}
			continue
		}
		for from := 0; from < len(c.data); n++ {
			// Up to the next border of a sector of the file.
			next := min(len(c.data), from+sector-int(c.offset+int64(from))%sector)
			to := next
			if n == torn {
				to = min(to, from+first)
			}
			if n == torn || keep() {
				end := int(c.offset) + to
				if end > len(b) {
					b = append(b, make([]byte, end-len(b))...)
				}
				copy(b[int(c.offset)+from:], c.data[from:to])
			}
			from = next
		}
	}
	return b
}

// leave gives the files as they may be found when the power is back.
func (d *diskModel) leave(random *rand.Rand) map[string][]byte {
	chance := []float64{0, 0.1, 0.5, 0.9, 1}[random.IntN(5)]
	keep := func() bool { return random.Float64() < chance }
	names := maps.Clone(d.synced)
	for _, change := range d.since {
		if keep() {
			update(names, change)
		}
	}
	// One sector at most was being written when the power went.
	torn := -1
	if total := 0; random.IntN(2) == 0 {
		for _, f := range names {
			total += f.sectors()
		}
		torn = random.IntN(total + 1)
	}
	files := make(map[string][]byte)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		files[name] = f.image(keep, torn, 1+random.IntN(sector-1))
		torn -= f.sectors()
	}
	return files
}

// digest tells one state of the disk from another.
func digest(files map[string][]byte, h *history) [sha256.Size]byte {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n", name, len(files[name]))
		sum.Write(files[name])
	}
	for _, a := range h.steps {
		fmt.Fprint(sum, a.outcome)
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// The power goes at any operation, from the making of the store to its close, also while a checkpoint goes on beside the writer.
// What had not been synced is there in part. All that was acknowledged is there nevertheless, no step in part, and the store
// opens by itself.
func TestAPowerCutLosesNothing(t *testing.T) {
	want, cuts := 1_000, 4
	if long {
		want, cuts = 100_000, 40
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	seen := make(map[[sha256.Size]byte]bool)
	operations, between, runs := 0, 0, 0
	for ; len(seen) < want && !t.Failed(); runs++ {
		o, b := cutPower(t, random, seen, want, cuts)
		operations, between = operations+o, between+b
	}
	t.Logf("%d states of the disk, no two alike, at %d operations of %d runs; %d times the writer wrote between two writes of a checkpoint", len(seen), operations, runs, between)
	if len(seen) < want || between == 0 {
		t.Errorf("%d states, want %d; the writer wrote beside checkpoints %d times", len(seen), want, between)
	}
}

// cutPower does a small work once and cuts the power at each operation, several times.
func cutPower(t *testing.T, random *rand.Rand, seen map[[sha256.Size]byte]bool, want, cuts int) (operations, between int) {
	base := memoryDir(t)
	type left struct {
		what  string
		files map[string][]byte
		then  *history
	}
	lefts := make(chan left, 16)
	var judges sync.WaitGroup
	for n := range 2 {
		judges.Go(func() {
			dir := filepath.Join(base, fmt.Sprint("left", n))
			for l := range lefts {
				err := os.MkdirAll(dir, 0o700)
				for name, b := range l.files {
					if err == nil {
						err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
					}
				}
				if err == nil {
					err = l.then.checkFolder(dir)
				}
				if err != nil {
					t.Errorf("power cut %s: %v", l.what, err)
				}
				os.RemoveAll(dir)
			}
		})
	}
	model := newDiskModel()
	h := &history{}
	dir := filepath.Join(base, "store")
	var turn sync.Mutex
	var written atomic.Int64 // by the writer, into the log
	waited := false
	log, err := embedded.OpenThroughAtOnce(config(dir), func(op *embedded.Operation) error {
		this := op.Kind + " " + op.File
		if op.Beside {
			// Each checkpoint is cut in two by a transaction of the writer, if one comes within a moment.
			switch this {
			case "sync record.db-wal":
				waited = false
			case "write record.db":
				for start, before := time.Now(), written.Load(); !waited; time.Sleep(time.Millisecond / 10) {
					if written.Load() > before {
						between++
						waited = true
					}
					waited = waited || time.Since(start) > 20*time.Millisecond
				}
			}
		}
		turn.Lock()
		defer turn.Unlock()
		operations++
		if this == "write record.db-wal" {
			written.Add(1)
		}
		then := h.snapshot()
		model.apply(op)
		for range cuts {
			if len(seen) >= want {
				break
			}
			files := model.leave(random)
			if d := digest(files, then); !seen[d] {
				seen[d] = true
				lefts <- left{fmt.Sprintf("at operation %d, %s at %d", operations, this, op.Offset), files, then}
			}
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	work(log, h)
	work2(log, h)
	embedded.Rest(log)
	checkpoints := log.Stats().Checkpoints
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	close(lefts)
	judges.Wait()
	if err := h.checkFolder(dir); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"record.db", "acknowledged"} {
		if f := model.names[name]; len(f.since) > 0 {
			t.Errorf("closed with %d changes of %s that were not synced", len(f.since), name)
		}
	}
	if checkpoints == 0 {
		t.Error("no checkpoint: the work is too small to try one")
	}
	return operations, between
}

// work2 goes on where work left off.
func work2(log eventlog.Log, h *history) {
	for i := range 14 {
		var list []eventlog.Event
		for j := range 1 + i%3 {
			list = append(list, testEvent(10_000+10*i+j, []int{100, 3000, 9000}[i%3]))
		}
		a := h.begin(eventlog.Append{Stream: fmt.Sprintf("later-%d", i%2), Expected: eventlog.AnyRevision, Events: list})
		_, err := log.Append(context.Background(), a.step)
		h.end(a, err)
	}
}
