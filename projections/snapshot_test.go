package projections_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// logged are the events of a history as a log of a cluster has them: with places of its own, recorded by several, some with keys.
func logged(t testing.TB, events []oracle.Event) []projections.Decoded {
	list := decoded(t, events)
	for i := range list {
		d := &list[i]
		d.Offset = eventlog.Offset{Commit: uint64(i*700 + i%7 + 1), Prepare: uint64(i*700 + 1)}
		d.RecordedBy = fmt.Sprintf("recorder %d", i%3)
		if i%4 == 0 {
			d.Key, d.Input = fmt.Sprintf("key %d", i/8), fmt.Sprintf("input %d", i)
		}
	}
	return list
}

func applied(t testing.TB, events []projections.Decoded) *projections.Model {
	t.Helper()
	m := projections.New()
	if err := m.Apply(events...); err != nil {
		t.Fatal(err)
	}
	return m
}

func written(t testing.TB, s *projections.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(&b, seal(s.At())); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func seal(at uint64) projections.Seal {
	return projections.Seal{Program: [32]byte{1, 31: 2}, At: at, Marks: []projections.Mark{
		{At: 1, Place: eventlog.Offset{Commit: 10, Prepare: 9}, Leaf: [32]byte{3}},
		{At: at, Before: eventlog.Offset{Commit: 50, Prepare: 40}, Place: eventlog.Offset{Commit: 1 << 60, Prepare: 60}, Leaf: [32]byte{4}},
	}}
}

func loaded(t testing.TB, snapshot []byte) *projections.Model {
	t.Helper()
	m, err := projections.LoadSnapshot(bytes.NewReader(snapshot), func(projections.Seal) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// histories are small, and have between them everything that a model can hold.
func histories(t testing.TB) map[string][]oracle.Event {
	list := map[string][]oracle.Event{"furnished": furnished()}
	seeds := uint64(2)
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		seeds = 40
	}
	for seed := range seeds {
		list[fmt.Sprint("small ", seed)] = history.Random(seed, history.Small)
		list[fmt.Sprint("friendly ", seed)] = history.Random(seed, history.Friendly)
	}
	return list
}

// A snapshot that is taken at any position and written later, when all else has been applied, is that of a model that knows no more; what
// is made of it is that model, and goes on as it does.
func TestSnapshotIsTheModelAsOfItsPosition(t *testing.T) {
	for name, h := range histories(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := logged(t, h)
			whole := applied(t, events)
			for at := range len(events) + 1 {
				m := applied(t, events[:at])
				want := written(t, m.Snapshot())
				s := m.Snapshot()
				if err := m.Apply(events[at:]...); err != nil {
					t.Fatal(err)
				}
				got := written(t, s)
				if !bytes.Equal(got, want) {
					t.Fatalf("at %d: what was recorded later changes the snapshot", at)
				}
				back := loaded(t, got)
				if fields := back.Differs(applied(t, events[:at])); fields != nil {
					t.Fatalf("at %d: made of a snapshot, the model differs in %v", at, fields)
				}
				if err := back.Apply(events[at:]...); err != nil {
					t.Fatalf("at %d: what was recorded since: %v", at, err)
				}
				if fields := back.Differs(whole); fields != nil {
					t.Fatalf("at %d: after what was recorded since, the model differs in %v", at, fields)
				}
			}
		})
	}
}

// Whoever gives the model another field must say in snapshot_….go how it is written, or in snapshot_link.go what it follows from. The
// histories of the test above have every field set somewhere, so that one that is forgotten shows there, and here one that none of them
// sets.
func TestSnapshotTestsSetEveryField(t *testing.T) {
	set, all := map[string]bool{}, map[string]bool{}
	for _, h := range histories(t) {
		applied(t, logged(t, h)).Set(set, all)
	}
	if len(all) < 100 {
		t.Errorf("only %d fields were found", len(all))
	}
	for name := range all {
		if !set[name] {
			t.Errorf("no history sets the field %s: make one that does", name)
		}
	}
}

// The negotiation of the demonstration, and a longer record.
func TestSnapshotOfLongerRecords(t *testing.T) {
	events := syntheticDecoded(t, 6000)
	half := len(events) / 2
	back := loaded(t, written(t, applied(t, events[:half]).Snapshot()))
	if fields := back.Differs(applied(t, events[:half])); fields != nil {
		t.Fatalf("the model differs in %v", fields)
	}
	if err := back.Apply(events[half:]...); err != nil {
		t.Fatal(err)
	}
	whole := applied(t, events)
	if fields := back.Differs(whole); fields != nil {
		t.Fatalf("the model differs in %v", fields)
	}
	if got, want := digest(t, back.Newest()), digest(t, whole.Newest()); got != want {
		t.Errorf("digest %s, of the replayed record %s", got, want)
	}
}

// The seal is given as it was written, and what it is refused for is told.
func TestSealIsAskedBeforeAnythingElse(t *testing.T) {
	m := applied(t, logged(t, history.Prelude()))
	snapshot := written(t, m.Snapshot())
	refused := errors.New("is of another record")
	_, err := projections.LoadSnapshot(bytes.NewReader(snapshot), func(got projections.Seal) error {
		if diff := cmp.Diff(seal(m.At()), got); diff != "" {
			t.Error(diff)
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	if err := m.Snapshot().Write(&bytes.Buffer{}, seal(m.At()+1)); err == nil {
		t.Error("a seal of another position was taken")
	}
}

// Nothing of a snapshot that was changed in one bit, cut off or made longer is believed.
func TestDamagedSnapshotIsRefused(t *testing.T) {
	snapshot := written(t, applied(t, logged(t, history.Random(1, history.Small))).Snapshot())
	trusting := func(projections.Seal) error { return nil }
	load := func(b []byte) error {
		_, err := projections.LoadSnapshot(bytes.NewReader(b), trusting)
		return err
	}
	if err := load(snapshot); err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 17
	}
	for i := 0; i < len(snapshot); i += step {
		damaged := bytes.Clone(snapshot)
		damaged[i] ^= 1 << (i % 8)
		if load(damaged) == nil {
			t.Errorf("byte %d of %d was changed, and nobody noticed", i, len(snapshot))
		}
		if load(snapshot[:i]) == nil {
			t.Errorf("cut off after %d bytes of %d, and nobody noticed", i, len(snapshot))
		}
	}
	if load(append(bytes.Clone(snapshot), 0)) == nil {
		t.Error("a byte was added, and nobody noticed")
	}
}

// A snapshot of which the frames are right and what they say is not: it is told, and nothing falls over.
func FuzzLoadSnapshot(f *testing.F) {
	frames := projections.Frames(written(f, applied(f, logged(f, history.Random(2, history.Small))).Snapshot()))
	for i, payload := range frames {
		f.Add(uint8(i), payload)
	}
	f.Fuzz(func(t *testing.T, i uint8, payload []byte) {
		changed := slices.Clone(frames)
		changed[int(i)%len(changed)] = payload
		m, err := projections.LoadSnapshot(bytes.NewReader(projections.Framed(changed)), func(projections.Seal) error { return nil })
		if (m == nil) == (err == nil) {
			t.Errorf("%v, %v", m, err)
		}
	})
}

// What is recorded and asked while a snapshot is written neither waits for its end nor gets into it.
func TestSnapshotIsWrittenWhileTheModelGoesOn(t *testing.T) {
	events := syntheticDecoded(t, 4000)
	m := applied(t, events[:2000])
	want := written(t, applied(t, events[:2000]).Snapshot())
	s := m.Snapshot()
	var going sync.WaitGroup
	going.Go(func() {
		for _, e := range events[2000:] {
			if err := m.Apply(e); err != nil {
				t.Error(err)
				return
			}
		}
	})
	going.Go(func() {
		for range 20 {
			m.Newest().Convergences(nil)
		}
	})
	if got := written(t, s); !bytes.Equal(got, want) {
		t.Error("what was recorded meanwhile changes the snapshot")
	}
	going.Wait()
	if fields := loaded(t, written(t, m.Snapshot())).Differs(applied(t, events)); fields != nil {
		t.Errorf("the model differs in %v", fields)
	}
}

// full is a writer that takes so many bytes.
type full struct{ left int }

var errFull = errors.New("no room")

func (w *full) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// Wherever the writer fails, its error is given, and the model goes on.
func TestSnapshotThatCannotBeWritten(t *testing.T) {
	m := applied(t, syntheticDecoded(t, 2000))
	size := len(written(t, m.Snapshot()))
	for room := 0; room < size; room += size / 40 {
		s := m.Snapshot()
		if err := s.Write(&full{room}, seal(s.At())); !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes of %d: %v", room, size, err)
		}
	}
	if err := m.Apply(); err != nil {
		t.Error(err)
	}
}
