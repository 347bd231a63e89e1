package projections_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

// These benchmarks take the record of package synthetic. Run them with
//
//	go test -run '^$' -bench . ./projections
const benchmarkEvents = 100_000

// syntheticLog gives the first n events as a log gives them.
func syntheticLog(b testing.TB, n int) (list []eventlog.Recorded) {
	b.Helper()
	ctx, log := context.Background(), eventlogtest.NewMemory()
	if err := synthetic.Append(ctx, log, n, 1); err != nil {
		b.Fatal(err)
	}
	for r, err := range log.ReadAll(ctx, eventlog.Offset{}) {
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func syntheticDecoded(b testing.TB, n int) (list []projections.Decoded) {
	b.Helper()
	for _, r := range syntheticLog(b, n) {
		d, err := projections.Decode(r)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

func syntheticModel(b testing.TB, n int) *projections.Model {
	b.Helper()
	m := projections.New()
	if err := m.Apply(syntheticDecoded(b, n)...); err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkBoards computes where all States stand on all 51 targets. Cold, nothing is kept from before; warm, nothing was
// recorded in between.
func BenchmarkBoards(b *testing.B) {
	list := syntheticDecoded(b, benchmarkEvents)
	m := projections.New()
	if err := m.Apply(list...); err != nil {
		b.Fatal(err)
	}
	if n := len(m.Newest().Targets()); n != 51 {
		b.Fatalf("%d targets", n)
	}
	past := projections.Moment{At: benchmarkEvents / 2, On: domain.NewDate(2023, 6, 1)}
	for _, c := range []struct {
		name   string
		moment projections.Moment
	}{{"newest", projections.Moment{At: benchmarkEvents}}, {"past", past}} {
		b.Run(c.name+"/cold", func(b *testing.B) {
			for b.Loop() {
				m.ForgetBoards()
				if got := m.View(c.moment).Matrix(nil, nil, ""); len(got.States) != 193 || len(got.Targets) != 51 {
					b.Fatalf("%d×%d", len(got.States), len(got.Targets))
				}
			}
		})
		b.Run(c.name+"/warm", func(b *testing.B) {
			m.View(c.moment).Matrix(nil, nil, "")
			for b.Loop() {
				m.View(c.moment).Matrix(nil, nil, "")
			}
		})
	}
}

// BenchmarkAfterOneEvent applies one position and asks for all figures again, as the front page does while somebody records.
func BenchmarkAfterOneEvent(b *testing.B) {
	m := syntheticModel(b, benchmarkEvents)
	revision := m.Newest().Revision("position-FRA")
	for b.Loop() {
		revision++
		if err := m.Apply(projections.Decoded{
			Stream: "position-FRA", Revision: revision, Type: "PositionStated", RecordedAt: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
			Event: domain.PositionStated{Actor: "FRA", Target: domain.OnOption("element-1", "option-1"), Stance: domain.Support, StatedOn: domain.NewDate(2025, 1, 1)},
		}); err != nil {
			b.Fatal(err)
		}
		m.Newest().Convergences(nil)
	}
}

// BenchmarkLists reads the first page of positions, and counts them all.
func BenchmarkLists(b *testing.B) {
	m := syntheticModel(b, benchmarkEvents)
	page := projections.Page[projections.PositionKey]{First: 50}
	target := domain.OnProposal("proposal-5")
	for _, c := range []struct {
		name   string
		filter projections.PositionFilter
		at     uint64
	}{
		{"all", projections.PositionFilter{}, benchmarkEvents}, {"early", projections.PositionFilter{}, 1000},
		{"actor", projections.PositionFilter{Actors: []string{"FRA"}}, benchmarkEvents}, {"target", projections.PositionFilter{Target: &target}, benchmarkEvents},
	} {
		v := m.View(projections.Moment{At: c.at})
		b.Run(c.name+"/page", func(b *testing.B) {
			for b.Loop() {
				if got := v.Positions(c.filter, page); len(got.Items) != page.First {
					b.Fatalf("%d items", len(got.Items))
				}
			}
		})
		b.Run(c.name+"/total", func(b *testing.B) {
			for b.Loop() {
				v.Positions(c.filter, projections.Page[projections.PositionKey]{}).Total()
			}
		})
	}
}

func BenchmarkDigest(b *testing.B) {
	v := syntheticModel(b, benchmarkEvents/10).Newest()
	for b.Loop() {
		digest(b, v)
	}
}

// BenchmarkNewest asks a cell for the latest entry: at the newest position, and at an early one, when nearly all entries were
// recorded later. In the worst case all of what was known early stands behind everything recorded since.
func BenchmarkNewest(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		var c bitemporal.Cell[int]
		for i := range n {
			day := int32(i)
			c.Open(uint64(i)+1, bitemporal.Span{Order: bitemporal.Order{Day: day, At: uint64(i) + 1}, From: day, Until: bitemporal.EndOfDays}, i)
		}
		for _, q := range []struct {
			name string
			at   uint64
		}{{"newest", uint64(n)}, {"early", 10}} {
			b.Run(fmt.Sprintf("%d/%s", n, q.name), func(b *testing.B) {
				for b.Loop() {
					found := false
					c.Newest(q.at, bitemporal.NoLimit, func(bitemporal.Order, int) bool {
						found = true
						return false
					})
					if !found {
						b.Fatal("nothing")
					}
				}
			})
		}
	}
}

// BenchmarkStart makes the read model of a snapshot, against reading, decoding and applying the record from its beginning in the same run:
// of ×faster, 5 means in a fifth of the time. Writing it is measured, too, and by how much the model's answers are held up meanwhile.
func BenchmarkStart(b *testing.B) {
	lengths := []int{benchmarkEvents}
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		lengths = append(lengths, 10*benchmarkEvents)
	}
	for _, n := range lengths {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkStart(b, n) })
	}
}

func benchmarkStart(b *testing.B, n int) {
	log := eventlogtest.NewMemory()
	if err := synthetic.Append(b.Context(), log, n, 1); err != nil {
		b.Fatal(err)
	}
	var replay, write, load, held time.Duration
	var file bytes.Buffer
	for b.Loop() {
		runtime.GC()
		start := time.Now()
		m := projections.New()
		if _, err := m.CatchUp(b.Context(), log, nil); err != nil {
			b.Fatal(err)
		}
		replay += time.Since(start)

		file.Reset()
		start = time.Now()
		s := m.Snapshot()
		held = max(held, time.Since(start))
		written, longest := make(chan struct{}), make(chan time.Duration)
		go func() {
			var most time.Duration
			for {
				select {
				case <-written:
					longest <- most
					return
				default:
					asked := time.Now()
					if err := m.Apply(); err != nil {
						b.Error(err)
					}
					most = max(most, time.Since(asked))
					time.Sleep(time.Millisecond)
				}
			}
		}()
		if err := s.Write(&file, projections.Seal{At: s.At()}); err != nil {
			b.Fatal(err)
		}
		close(written)
		held = max(held, <-longest)
		write += time.Since(start)

		m = nil
		runtime.GC()
		start = time.Now()
		back, err := projections.LoadSnapshot(bytes.NewReader(file.Bytes()), func(projections.Seal) error { return nil })
		if err != nil || back.At() != uint64(n) {
			b.Fatal(err)
		}
		load += time.Since(start)
	}
	perEvent := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(b.N) / float64(n) }
	b.ReportMetric(perEvent(replay), "replay-ns/event")
	b.ReportMetric(perEvent(write), "write-ns/event")
	b.ReportMetric(perEvent(load), "load-ns/event")
	b.ReportMetric(float64(replay)/float64(load), "×faster")
	b.ReportMetric(float64(file.Len())/float64(n), "B/event")
	b.ReportMetric(float64(held.Microseconds())/1000, "held-ms")
	b.ReportMetric(0, "ns/op")
}
