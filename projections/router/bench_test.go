package router_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/router"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

// Run these with
//
//	go test -run '^$' -bench . ./projections/router

// ways are how a model can follow a log until the context ends: the bare loop, without Watermill, is the baseline.
var ways = []struct {
	name   string
	follow func(ctx context.Context, log eventlog.Log, m *projections.Model) error
}{
	{"loop", func(ctx context.Context, log eventlog.Log, m *projections.Model) error {
		for {
			if _, err := m.CatchUp(ctx, log, nil); err != nil {
				return err
			}
			if err := log.Wait(ctx, m.OffsetAt(m.At())); err != nil {
				return err
			}
		}
	}},
	{"router", func(ctx context.Context, log eventlog.Log, m *projections.Model) error {
		return follow(ctx, log, router.Model(m))
	}},
	// What Follow would be with a message an event.
	{"event-by-event", func(ctx context.Context, log eventlog.Log, m *projections.Model) error {
		r := message.NewDefaultRouter(watermill.NopLogger{})
		p := router.Model(m)
		r.AddConsumerHandler("model", router.Record, router.NewSubscriber(router.Config{Log: log, After: p.Place()}), func(msg *message.Message) error {
			var revision int64
			if _, err := fmt.Sscan(msg.Metadata[router.MetadataRevision], &revision); err != nil {
				return err
			}
			return m.Apply(projections.Decoded{
				Stream: msg.Metadata[router.MetadataStream], Type: msg.Metadata[router.MetadataType], Revision: revision,
				Event: domain.ElementDefined{Element: msg.Metadata[router.MetadataStream][len("element-"):], Label: "x"}, RecordedAt: time.Unix(0, 0),
			})
		})
		return r.Run(ctx)
	}},
}

// BenchmarkAcknowledged is what a client waits for: an append to the embedded store, and this node's model having taken it in.
func BenchmarkAcknowledged(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("writers=%d/by=%s", writers, way.name), func(b *testing.B) {
				log, err := embedded.Open(embedded.Config{Dir: b.TempDir()})
				if err != nil {
					b.Fatal(err)
				}
				defer log.Close()
				m := projections.New()
				ctx, stop := context.WithCancel(b.Context())
				defer stop()
				go func() {
					if err := way.follow(ctx, log, m); err != nil && ctx.Err() == nil {
						b.Error(err)
					}
				}()
				metadata, err := codec.EncodeMetadata(codec.Metadata{RecordedBy: "bench", RecordedAt: time.Unix(0, 0), SchemaVersion: 1, CorrelationID: "bench"})
				if err != nil {
					b.Fatal(err)
				}
				var wait sync.WaitGroup
				b.ResetTimer()
				for w := range writers {
					wait.Go(func() {
						for n := w; n < b.N; n += writers {
							element := fmt.Sprintf("e%d", n)
							id := eventlog.ID{byte(n), byte(n >> 8), byte(n >> 16), 1}
							data := fmt.Appendf(nil, `{"element":%q,"label":"x"}`, element)
							_, err := log.Append(ctx, eventlog.Append{Stream: "element-" + element, Expected: eventlog.NoStream, Events: []eventlog.Event{
								{ID: id, Type: "ElementDefined", Data: data, Metadata: metadata},
							}})
							if err == nil {
								_, err = m.Wait(ctx, "element-"+element, 0)
							}
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wait.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mutations/s")
			})
		}
	}
}

// BenchmarkFollow is taking in a record that is there already.
func BenchmarkFollow(b *testing.B) {
	const events = 50_000
	log := eventlogtest.NewMemory()
	if err := synthetic.Append(b.Context(), log, events, 1); err != nil {
		b.Fatal(err)
	}
	for _, way := range ways[:2] {
		b.Run("by="+way.name, func(b *testing.B) {
			for range b.N {
				m := projections.New()
				ctx, stop := context.WithCancel(b.Context())
				followed := make(chan struct{})
				go func() {
					defer close(followed)
					if err := way.follow(ctx, log, m); err != nil && ctx.Err() == nil {
						b.Error(err)
					}
				}()
				if err := m.WaitAt(ctx, events); err != nil {
					b.Fatal(err)
				}
				stop()
				<-followed
			}
			b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkSubscriber is the cost of a message of an event, taken at once, against reading the events without one.
func BenchmarkSubscriber(b *testing.B) {
	log := eventlogtest.NewMemory()
	if err := synthetic.Append(b.Context(), log, 50_000, 1); err != nil {
		b.Fatal(err)
	}
	b.Run("by=loop", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; n < b.N; {
			for _, err := range log.ReadAll(b.Context(), eventlog.Offset{}) {
				if err != nil {
					b.Fatal(err)
				}
				if n++; n == b.N {
					break
				}
			}
		}
	})
	b.Run("by=subscriber", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; n < b.N; {
			s := router.NewSubscriber(router.Config{Log: log})
			messages, err := s.Subscribe(b.Context(), router.Record)
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; i < 50_000 && n < b.N; i++ {
				m := <-messages
				m.Ack()
				n++
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
