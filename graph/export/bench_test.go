package export_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/graph/export"
	"github.com/rapporteur/rapporteur/projections"
)

// BenchmarkExport writes whole exports of a record of 100,000 events, each beside encoding/csv alone writing the same rows, which
// lie in memory. "times-baseline" is the ratio of the two, taken in turns in the same run; "ns/op" is the sum of both.
func BenchmarkExport(b *testing.B) {
	record := synthesized(b, 100_000)
	at := export.Moment{Moment: projections.Moment{At: record.Model.At()}}
	for _, kind := range []string{"positions", "endorsements", "standings", "matrix", "events"} {
		b.Run(kind, func(b *testing.B) {
			f := file(b, kind, "csv")
			var text bytes.Buffer
			if err := f.Write(b.Context(), &text, record, at); err != nil {
				b.Fatal(err)
			}
			rows, err := csv.NewReader(&text).ReadAll()
			if err != nil {
				b.Fatal(err)
			}
			var ours, theirs time.Duration
			for b.Loop() {
				begun := time.Now()
				w := csv.NewWriter(io.Discard)
				w.UseCRLF = true
				if err := w.WriteAll(rows); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if err := f.Write(b.Context(), io.Discard, record, at); err != nil {
					b.Fatal(err)
				}
				theirs += middle.Sub(begun)
				ours += time.Since(middle)
			}
			b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/export")
			b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "ms/baseline")
			b.ReportMetric(float64(ours)/float64(theirs), "times-baseline")
			b.ReportMetric(float64(len(rows)), "rows")
		})
	}
}
