package feed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/feed"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

// BenchmarkReadingAll reads each feed of a record of 20,000 events from its beginning, and gives the cost of an event, whether it
// gives a message or not. The baseline is the list of events by the page.
func BenchmarkReadingAll(b *testing.B) {
	const n = 20_000
	var events []projections.Decoded
	for e := range synthetic.Entries(n, 1) {
		events = append(events, projections.Decoded{
			Stream: e.Event.Stream(), Revision: e.Revision, Type: strings.TrimPrefix(fmt.Sprintf("%T", e.Event), "domain."),
			Event: e.Event, RecordedAt: e.RecordedAt, RecordedBy: synthetic.RecordedBy,
		})
	}
	m := projections.New()
	if err := m.Apply(events...); err != nil {
		b.Fatal(err)
	}
	target := domain.OnProposal("proposal-1")
	read := func(name string, read func(*feed.Feeds) int) {
		b.Run(name, func(b *testing.B) {
			messages := 0
			for b.Loop() {
				messages = read(feed.New(m)) // With nothing kept from before.
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
			b.ReportMetric(float64(messages), "messages")
		})
	}
	read("baseline=pages of events", func(*feed.Feeds) (count int) {
		for after := uint64(0); after < n; after += 500 {
			count += len(m.Newest().Events(projections.EventFilter{}, projections.Page[uint64]{After: &after, First: 500}).Items)
		}
		return count
	})
	read("eventRecorded", func(f *feed.Feeds) int { return drain(b, f.EventRecorded(projections.EventFilter{})) })
	read("eventRecorded/by nobody", func(f *feed.Feeds) int {
		return drain(b, f.EventRecorded(projections.EventFilter{RecordedBy: "nobody"}))
	})
	read("positionChanged", func(f *feed.Feeds) int { return drain(b, f.PositionChanged(projections.PositionFilter{})) })
	read("positionChanged/of one State", func(f *feed.Feeds) int {
		return drain(b, f.PositionChanged(projections.PositionFilter{Actors: []string{"FRA"}}))
	})
	read("endorsementChanged", func(f *feed.Feeds) int { return drain(b, f.EndorsementChanged(projections.EndorsementFilter{})) })
	read("convergenceChanged", func(f *feed.Feeds) int { return drain(b, f.ConvergenceChanged(nil, 0)) })
	read("convergenceChanged/by 0.5", func(f *feed.Feeds) int { return drain(b, f.ConvergenceChanged(nil, 0.5)) })
	read("convergenceChanged/of one target", func(f *feed.Feeds) int { return drain(b, f.ConvergenceChanged(&target, 0)) })
}

func drain[M any](b *testing.B, f *feed.Feed[M]) (messages int) {
	for c := f.After(0); ; messages++ {
		_, ok, err := c.Poll(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if !ok {
			return messages
		}
	}
}
