package router_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"sync/atomic"
	"testing"

	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// long asks for what takes long: by night, not with every commit.
var long = os.Getenv("RAPPORTEUR_LONG") != ""

// appendTo records events of a history in a log, each as its own append, under a correlation id made of its position.
func appendTo(t testing.TB, log eventlog.Log, events ...oracle.Event) {
	t.Helper()
	for _, e := range events {
		typ, version, data, err := codec.Encode(e.Event)
		if err != nil {
			t.Fatal(err)
		}
		metadata, err := codec.EncodeMetadata(codec.Metadata{
			RecordedBy: "test", RecordedAt: e.RecordedAt, SchemaVersion: version, CorrelationID: fmt.Sprintf("request-%d", e.At),
		})
		if err != nil {
			t.Fatal(err)
		}
		id := eventlog.ID{15: byte(e.At), 14: byte(e.At >> 8)}
		if _, err := log.Append(context.Background(), eventlog.Append{
			Stream: e.Event.Stream(), Expected: eventlog.Revision(e.Revision - 1), Events: []eventlog.Event{{ID: id, Type: typ, Data: data, Metadata: metadata}},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// twoStretches is a history of more than two stretches.
func twoStretches() []oracle.Event {
	world := history.Small
	world.Events = 2500
	return history.Random(4, world)
}

// modelOf is the model of a history, applied at once.
func modelOf(t testing.TB, log eventlog.Log) *projections.Model {
	t.Helper()
	m := projections.New()
	if _, err := m.CatchUp(context.Background(), log, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

func digest(t testing.TB, v *projections.View) string {
	t.Helper()
	d, err := v.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(d)
}

// watched is a log of which reading or waiting fails, and that counts both.
type watched struct {
	eventlog.Log
	after       int // Reading fails behind so many events of a call; negative never.
	err         error
	wait        error
	reads, wake atomic.Int64
}

func (w *watched) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	w.reads.Add(1)
	return func(yield func(eventlog.Recorded, error) bool) {
		n := 0
		for r, err := range w.Log.ReadAll(ctx, after) {
			if n == w.after {
				yield(eventlog.Recorded{}, w.err)
				return
			}
			if n++; !yield(r, err) {
				return
			}
		}
	}
}

func (w *watched) Wait(ctx context.Context, after eventlog.Offset) error {
	w.wake.Add(1)
	if w.wait != nil {
		return w.wait
	}
	return w.Log.Wait(ctx, after)
}
