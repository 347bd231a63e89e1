package eventstoredb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb/esdbtest"
)

// bare is the client as it is, on the same cluster.
func bare(b *testing.B, c *esdbtest.Cluster) *esdb.Client {
	b.Helper()
	config, err := esdb.ParseConnectionString(c.ConnectionString())
	if err != nil {
		b.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	return client
}

// usual is an event of the size of a usual one.
func usual(text string) eventlog.Event {
	e := event(text)
	e.Data = fmt.Appendf(nil, `{"text":"%s"}`, bytes.Repeat([]byte{'x'}, 500))
	e.Metadata = fmt.Appendf(nil, `{"recordedBy":"%s"}`, bytes.Repeat([]byte{'y'}, 200))
	return e
}

// BenchmarkAppend records one event at an exact revision, each writer in a stream of its own: through the adapter and, as the
// baseline, through the client alone.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 32} {
		run := func(name string, open func(b *testing.B, c *esdbtest.Cluster) func(stream string, revision int64, e eventlog.Event) error) {
			b.Run(fmt.Sprintf("writers=%d/%s", writers, name), func(b *testing.B) {
				c := esdbtest.New(b, 1)
				appendOne := open(b, c)
				var writer atomic.Int64
				b.SetParallelism(writers)
				b.ReportAllocs()
				b.ResetTimer()
				if writers == 1 {
					for i := range b.N {
						if err := appendOne("s", int64(i)-1, usual("x")); err != nil {
							b.Fatal(err)
						}
					}
					return
				}
				b.RunParallel(func(pb *testing.PB) {
					stream := fmt.Sprint("s-", writer.Add(1))
					for i := int64(-1); pb.Next(); i++ {
						if err := appendOne(stream, i, usual("x")); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
		run("client", func(b *testing.B, c *esdbtest.Cluster) func(string, int64, eventlog.Event) error {
			client := bare(b, c)
			return func(stream string, revision int64, e eventlog.Event) error {
				options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
				if revision >= 0 {
					options.ExpectedRevision = esdb.Revision(uint64(revision))
				}
				_, err := client.AppendToStream(b.Context(), stream, options, esdb.EventData{
					EventID: uuid.UUID(e.ID), EventType: e.Type, ContentType: esdb.ContentTypeJson, Data: e.Data, Metadata: e.Metadata,
				})
				return err
			}
		})
		run("log", func(b *testing.B, c *esdbtest.Cluster) func(string, int64, eventlog.Event) error {
			log := open(b, c.ConnectionString())
			b.Cleanup(func() { _ = log.Close() })
			return func(stream string, revision int64, e eventlog.Event) error {
				_, err := log.Append(b.Context(), eventlog.Append{Stream: stream, Expected: eventlog.Revision(revision), Events: []eventlog.Event{e}})
				return err
			}
		})
	}
}

// BenchmarkCatchUp reads a whole record: through the adapter and, as the baseline, through the client alone. RAPPORTEUR_LONG has
// 10^6 events.
func BenchmarkCatchUp(b *testing.B) {
	events := 100_000
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		events = 1_000_000
	}
	c := esdbtest.New(b, 1)
	log := open(b, c.ConnectionString())
	defer log.Close()
	const batch = 500
	for i := 0; i < events; i += batch {
		s := eventlog.Append{Stream: fmt.Sprint("s-", i/batch%100), Expected: eventlog.Revision(i/batch/100*batch) - 1}
		for range batch {
			s.Events = append(s.Events, usual("x"))
		}
		mustAppend(b, log, s)
	}
	b.Run("client", func(b *testing.B) {
		client := bare(b, c)
		for b.Loop() {
			reading, err := client.ReadAll(b.Context(), esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for {
				if _, err := reading.Recv(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n < events {
				b.Fatalf("%d events", n)
			}
			reading.Close()
		}
		b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("log", func(b *testing.B) {
		for b.Loop() {
			if n := len(ids(b, log)); n != events {
				b.Fatalf("%d events", n)
			}
		}
		b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
