package projections_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
)

// record is a record written by hand, an event a minute, with its model.
type record struct {
	t         testing.TB
	model     *projections.Model
	revisions map[string]int64
	events    []projections.Decoded
}

func newRecord(t testing.TB) *record {
	return &record{t: t, model: projections.New(), revisions: map[string]int64{}}
}

var firstMinute = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// record applies events, and gives the position of the first.
func (r *record) record(events ...domain.Event) uint64 {
	r.t.Helper()
	first := uint64(len(r.events)) + 1
	for _, e := range events {
		d := r.decoded(e)
		r.revisions[d.Stream]++
		r.events = append(r.events, d)
		if err := r.model.Apply(d); err != nil {
			r.t.Fatal(err)
		}
	}
	return first
}

// decoded gives an event as the next of the record.
func (r *record) decoded(e domain.Event) projections.Decoded {
	return projections.Decoded{
		Stream: e.Stream(), Revision: r.revisions[e.Stream()], Type: strings.TrimPrefix(fmt.Sprintf("%T", e), "domain."), Event: e,
		RecordedAt: firstMinute.Add(time.Duration(len(r.events)) * time.Minute), RecordedBy: "recorder",
	}
}

func names(name string) []domain.LocalizedName {
	return []domain.LocalizedName{{Language: domain.English, Name: name}}
}
