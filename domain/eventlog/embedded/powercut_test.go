package embedded_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// disk is the model of a disk that forgets: of a file it has for certain what was there at the last sync; of what was
// written since, any sectors, whatever their order.
type diskModel struct {
	files map[string]*fileModel
}

type fileModel struct {
	synced  []byte
	since   []change // since the last sync
	deleted bool     // possibly: no directory was synced since
}

type change struct {
	data   []byte // nil: the size was set
	offset int64
}

const sector = 512

func (d *diskModel) apply(op *embedded.Operation) {
	f, ok := d.files[op.File]
	if !ok {
		f = &fileModel{}
		d.files[op.File] = f
	}
	switch op.Kind {
	case "write":
		f.since = append(f.since, change{data: bytes.Clone(op.Data), offset: op.Offset})
	case "truncate":
		f.since = append(f.since, change{offset: op.Offset})
	case "sync":
		f.synced = f.image(func() bool { return true })
		f.since = nil
	case "delete":
		f.deleted = true
	}
}

// image gives what the file may hold after the power went: keep is asked for each sector of each change.
func (f *fileModel) image(keep func() bool) []byte {
	b := bytes.Clone(f.synced)
	for _, c := range f.since {
		if c.data == nil {
			if keep() {
				b = append(b[:min(int(c.offset), len(b))], make([]byte, max(0, int(c.offset)-len(b)))...)
			}
			continue
		}
		for from := 0; from < len(c.data); {
			// Up to the next border of a sector of the file.
			to := min(len(c.data), from+sector-int(c.offset+int64(from))%sector)
			if keep() {
				end := int(c.offset) + to
				if end > len(b) {
					b = append(b, make([]byte, end-len(b))...)
				}
				copy(b[int(c.offset)+from:], c.data[from:to])
			}
			from = to
		}
	}
	return b
}

// leave writes a folder as it may be found when the power is back.
func (d *diskModel) leave(dir string, random *rand.Rand) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	chance := []float64{0, 0.1, 0.5, 0.9, 1}[random.IntN(5)]
	for name, f := range d.files {
		if f.deleted && random.IntN(2) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), f.image(func() bool { return random.Float64() < chance }), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// The power goes at any moment. What had not been synced is there in part: any sectors of it. All that was acknowledged is
// there nevertheless, no step in part, and the store opens by itself.
func TestAPowerCutLosesNothing(t *testing.T) {
	base := memoryDir(t)
	dir := filepath.Join(base, "store")
	h := &history{}
	first, err := embedded.Open(config(dir))
	if err != nil {
		t.Fatal(err)
	}
	work(first, h)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	model := &diskModel{files: make(map[string]*fileModel)}
	for _, name := range []string{"record.db", "acknowledged"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		model.files[name] = &fileModel{synced: b}
	}

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	cuts := 3
	if long {
		cuts = 40
	}
	operations, states := 0, 0
	log, err := embedded.OpenThrough(config(dir), func(op *embedded.Operation) error {
		operations++
		then := h.snapshot()
		model.apply(op)
		for range cuts {
			left := filepath.Join(base, "left")
			err := model.leave(left, random)
			if err == nil {
				err = then.checkFolder(left)
			}
			if err != nil {
				t.Errorf("power cut at operation %d, %s %s at %d: %v", operations, op.Kind, op.File, op.Offset, err)
			}
			os.RemoveAll(left)
			states++
		}
		return op.Do()
	})
	if err != nil {
		t.Fatal(err)
	}
	work2(log, h)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.checkFolder(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"record.db", "acknowledged"} {
		if f := model.files[name]; len(f.since) > 0 {
			t.Errorf("closed with %d changes of %s that were not synced", len(f.since), name)
		}
	}
	t.Logf("%d operations, %d states of the disk", operations, states)
	if n := log.Stats().Checkpoints; n < 3 {
		t.Errorf("%d checkpoints: the work is too small to try them", n)
	}
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
