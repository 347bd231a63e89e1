package eventlogtest

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

func testEmpty(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	if got := readAll(t, log); len(got) != 0 {
		t.Errorf("ReadAll gives %d events", len(got))
	}
	if got := readStream(t, log, "state-fra"); len(got) != 0 {
		t.Errorf("ReadStream gives %d events", len(got))
	}
	if done, err := log.AppendAll(t.Context(), nil); done != 0 || err != nil {
		t.Errorf("AppendAll of nothing: %d, %v", done, err)
	}
}

func testAppendedIsRead(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	a, b, c := events(1, "a"), events(3, "b"), events(2, "c")
	first := mustAppend(t, log, "state-fra", eventlog.NoStream, a...)
	second := mustAppend(t, log, "state-deu", eventlog.NoStream, b...)
	third := mustAppend(t, log, "state-fra", 0, c...)

	all := readAll(t, log)
	want := slices.Concat(recorded("state-fra", 0, a...), recorded("state-deu", 0, b...), recorded("state-fra", 1, c...))
	if d := diff(want, withoutOffsets(all)); d != "" {
		t.Fatalf("ReadAll (-want +got):\n%s", d)
	}
	for i, want := range []struct {
		got      eventlog.Appended
		revision eventlog.Revision
		last     int
	}{{first, 0, 0}, {second, 2, 3}, {third, 2, 5}} {
		if diff := cmp.Diff(eventlog.Appended{Revision: want.revision, Offset: all[want.last].Offset}, want.got); diff != "" {
			t.Errorf("answer %d (-want +got):\n%s", i+1, diff)
		}
	}
	seen := map[eventlog.Offset]bool{{}: true}
	for _, e := range all {
		if seen[e.Offset] {
			t.Errorf("offset %v stands twice, or is zero", e.Offset)
		}
		seen[e.Offset] = true
	}
	for stream, want := range map[string][]eventlog.Recorded{"state-fra": {all[0], all[4], all[5]}, "state-deu": all[1:4]} {
		got := readStream(t, log, stream)
		if d := diff(withoutOffsets(want), withoutOffsets(got)); d != "" {
			t.Errorf("ReadStream (-want +got):\n%s", d)
			continue
		}
		for i, e := range got {
			if e.Offset != want[i].Offset && e.Offset != (eventlog.Offset{}) {
				t.Errorf("ReadStream of %s gives revision %d at %v; it stands at %v", stream, i, e.Offset, want[i].Offset)
			}
		}
	}
}

func testReadAllFromAnyOffset(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	for i := range 30 {
		mustAppend(t, log, fmt.Sprintf("state-%d", i%4), eventlog.AnyRevision, events(1+i%3, fmt.Sprint("step ", i))...)
	}
	all := readAll(t, log)
	if len(all) != 60 {
		t.Fatalf("%d events, want 60", len(all))
	}
	for i, e := range all {
		if d := diff(all[i+1:], collect(t, log.ReadAll(t.Context(), e.Offset))); d != "" {
			t.Fatalf("behind event %d (-want +got):\n%s", i, d)
		}
	}
}

func testReadStreamFrom(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	for i := range 10 {
		mustAppend(t, log, "state-fra", eventlog.AnyRevision, events(2, fmt.Sprint("fra ", i))...)
		mustAppend(t, log, "state-deu", eventlog.AnyRevision, events(1, fmt.Sprint("deu ", i))...)
	}
	all := readStream(t, log, "state-fra")
	if len(all) != 20 {
		t.Fatalf("%d events, want 20", len(all))
	}
	for from := range 22 {
		want := []eventlog.Recorded{}
		if from < 20 {
			want = all[from:]
		}
		got := collect(t, log.ReadStream(t.Context(), "state-fra", eventlog.Revision(from)))
		if d := diff(want, got); d != "" {
			t.Fatalf("from revision %d (-want +got):\n%s", from, d)
		}
	}
}

func testReaderStops(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(50, "x")...)
	for stop := 1; stop <= 50; stop += 7 {
		for _, seq := range []iter.Seq2[eventlog.Recorded, error]{
			log.ReadAll(t.Context(), eventlog.Offset{}),
			log.ReadStream(t.Context(), "state-fra", 0),
		} {
			n := 0
			for _, err := range seq {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n == stop {
					break
				}
			}
		}
	}
	// What was left half read must not hold up a writer or a reader.
	mustAppend(t, log, "state-fra", 49, events(1, "y")...)
	if got := readAll(t, log); len(got) != 51 {
		t.Errorf("%d events, want 51", len(got))
	}
}

func testBytesBelongToCaller(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	list := events(3, "original")
	want := recorded("state-fra", 0, cloneEvent(list[0]), cloneEvent(list[1]), cloneEvent(list[2]))
	mustAppend(t, log, "state-fra", eventlog.NoStream, list...)
	scribble := func(e eventlog.Event) {
		for _, b := range [][]byte{e.Data, e.Metadata} {
			clear(b)
			_ = append(b, "behind the end"...) // Must not run into the neighbour's bytes.
		}
	}
	for _, e := range list { // The writer's bytes are its own again.
		scribble(e)
	}
	check := func(what string, got []eventlog.Recorded) {
		t.Helper()
		if d := diff(want, withoutOffsets(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	first, second := readAll(t, log), readStream(t, log, "state-fra")
	check("ReadAll", first)
	check("ReadStream", second)
	_ = append(first[0].Data, "must not run into the metadata"...)
	_ = append(first[0].Metadata, "nor into the next event"...)
	check("ReadAll after a reader appended to its bytes", first)
	scribble(first[1].Event)
	scribble(second[1].Event)
	if d := diff([]eventlog.Recorded{want[0], want[2]}, withoutOffsets([]eventlog.Recorded{first[0], first[2]})); d != "" {
		t.Errorf("an event shares bytes with its neighbour (-want +got):\n%s", d)
	}
	check("ReadAll after a reader wrote into its events", readAll(t, log))
}

func testSnapshot(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(3, "before")...)
	all := log.ReadAll(t.Context(), eventlog.Offset{})
	stream := log.ReadStream(t.Context(), "state-fra", 0)
	mustAppend(t, log, "state-fra", 2, events(3, "after")...)
	if got := collect(t, all); len(got) != 3 {
		t.Errorf("ReadAll gives %d events, want the 3 that were there when the call began", len(got))
	}
	if got := collect(t, stream); len(got) != 3 {
		t.Errorf("ReadStream gives %d events, want the 3 that were there when the call began", len(got))
	}
	if got := readAll(t, log); len(got) != 6 {
		t.Errorf("a later ReadAll gives %d events, want 6", len(got))
	}
}

func testAppendInsideRead(t *testing.T, open func(t testing.TB) eventlog.Log) {
	log := start(t, open)
	mustAppend(t, log, "state-fra", eventlog.NoStream, events(20, "before")...)
	n := 0
	for e, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		if int(e.Revision) != n {
			t.Fatalf("event %d of the read has revision %d", n, e.Revision)
		}
		mustAppend(t, log, "state-fra", eventlog.Revision(19+n), events(1, "inside")...)
		n++
	}
	if n != 20 {
		t.Errorf("the read gave %d events, want 20", n)
	}
	if got := readAll(t, log); len(got) != 40 {
		t.Errorf("%d events, want 40", len(got))
	}
}
