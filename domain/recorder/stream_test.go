package recorder_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// TestStrangeEventsStopTheStream: what is not understood is named, never passed over.
func TestStrangeEventsStopTheStream(t *testing.T) {
	metadata := `{"recordedAt":"2024-03-04T12:00:00.000000Z","recordedBy":"x","schemaVersion":1}`
	for want, e := range map[string]eventlog.Event{
		"PositionShouted":            {Type: "PositionShouted", Data: []byte(`{}`), Metadata: []byte(metadata)},
		"version 7":                  {Type: "PositionRetracted", Data: []byte(`{"actor":"FRA","position":0,"reason":"r"}`), Metadata: []byte(strings.Replace(metadata, "1}", "7}", 1))},
		"metadata":                   {Type: "PositionRetracted", Data: []byte(`{"actor":"FRA","position":0,"reason":"r"}`), Metadata: []byte(`{}`)},
		"belongs to position-EGY":    {Type: "PositionRetracted", Data: []byte(`{"actor":"EGY","position":0,"reason":"r"}`), Metadata: []byte(metadata)},
		"revision 0 of position-FRA": {Type: "PositionRetracted", Data: []byte(`[]`), Metadata: []byte(metadata)},
	} {
		log := eventlogtest.NewMemory()
		if _, err := log.Append(t.Context(), eventlog.Append{Stream: fra, Expected: eventlog.NoStream, Events: []eventlog.Event{e}}); err != nil {
			t.Fatal(err)
		}
		r := recorder.New(log, newModel(eventlogtest.NewMemory()), config)
		_, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fra) {
			t.Errorf("%s: %v", want, err)
		}
		_, err = r.RecordAll(t.Context(), nil, recorder.AllOptions{By: "import", Name: "x"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("import, %s: %v", want, err)
		}
	}
}

// TestAStreamIsReadOnNotAgain: what was folded is kept, by the streams asked for last, and read anew when the stream is not
// what it was.
func TestAStreamIsReadOnNotAgain(t *testing.T) {
	var from []string
	memory := eventlogtest.NewMemory()
	begin(t, memory)
	log := &counting{Log: memory, from: &from}
	few := config
	few.KeptStreams = 2
	r := recorder.New(log, newModel(memory), few)
	record := func(state, summary string) {
		t.Helper()
		if _, err := r.Record(t.Context(), recorder.Request{Command: position(state, domain.Support, summary), By: "jane"}); err != nil {
			t.Fatal(err)
		}
	}
	record("FRA", "1")
	record("FRA", "2")
	record("EGY", "1")
	record("FRA", "3")
	if _, err := r.Record(t.Context(), recorder.Request{Command: domain.DefineElement{Key: "review", Label: "Review"}, By: "jane"}); err != nil {
		t.Fatal(err) // And EGY, the longest unasked, is dropped.
	}
	record("FRA", "4")
	record("EGY", "2")
	want := []string{"position-FRA@0", "position-FRA@0", "position-EGY@0", "position-FRA@1", "element-review@0", "position-FRA@2", "position-EGY@0"}
	// What was appended is read back before the next is decided.
	if diff := cmp.Diff(want, from); diff != "" {
		t.Errorf("streams read from (-want +got):\n%s", diff)
	}
}

// TestARecordThatWasPutBackIsReadAnew: under a running recorder an older copy of the record is put in place. What was folded
// is no longer so, and the log says it.
func TestARecordThatWasPutBackIsReadAnew(t *testing.T) {
	long, short := eventlogtest.NewMemory(), eventlogtest.NewMemory()
	begin(t, long)
	begin(t, short)
	log := &hooked{Log: long}
	r := recorder.New(log, newModel(short), config)
	stays := recorder.New(long, newModel(long), config)
	for i := range 3 {
		if _, err := stays.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, fmt.Sprint(i)), By: "jane"}); err != nil {
			t.Fatal(err)
		}
	}
	asked := []int64{}
	q := recorder.Request{Command: position("FRA", domain.Oppose, "now"), By: "jane", May: func(f domain.Folded) *domain.Refusal {
		asked = append(asked, f.Revision())
		if log.Log == long {
			log.Log = short // Just after it was read.
		}
		return nil
	}}
	got, err := r.Record(t.Context(), q)
	if err != nil || got.Last != 0 || !slices.Equal(asked, []int64{2, -1}) {
		t.Errorf("%+v, %v, asked at %v", got, err, asked)
	}
}

// counting notes from where streams are read.
type counting struct {
	eventlog.Log
	from *[]string
}

func (c *counting) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	*c.from = append(*c.from, place(stream, from))
	return c.Log.ReadStream(ctx, stream, from)
}
