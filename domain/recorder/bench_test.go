package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// benchmarkLog has n positions of so many States, one a day each.
func benchmarkLog(b *testing.B, n, states int) *eventlogtest.Memory {
	log := eventlogtest.NewMemory()
	begin(b, log)
	rows := make([]domain.Row, 0, n+states)
	codes := []string{"FRA"}
	for i := 1; i < states; i++ {
		c := vocabulary()[0].(domain.AdmitState)
		c.Code = "X" + string(rune('A'+i/26)) + string(rune('A'+i%26))
		codes = append(codes, c.Code)
		rows = append(rows, row("states.csv", i+2, c))
	}
	for i := range n {
		c := position(codes[i%states], domain.Support, fmt.Sprint("summary ", i))
		c.StatedOn = domain.NewDate(1990, time.January, 1) + domain.Date(i/states)
		rows = append(rows, row("positions.csv", i+2, c))
	}
	if _, err := recorder.New(log, nil, config).RecordAll(context.Background(), rows, recorder.AllOptions{By: "import", Name: "bench"}); err != nil {
		b.Fatal(err)
	}
	return log
}

// indexed answers for its streams without going over all events, as real stores do.
type indexed struct {
	eventlog.Log
	stream string
	events []eventlog.Recorded
}

func (x *indexed) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	if stream != x.stream {
		return x.Log.ReadStream(ctx, stream, from)
	}
	return func(yield func(eventlog.Recorded, error) bool) {
		for _, e := range x.events[min(int(from), len(x.events)):] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// BenchmarkRefuseOnLongStream is the way of a command on a stream of 10,000 events up to its decision.
func BenchmarkRefuseOnLongStream(b *testing.B) {
	memory := benchmarkLog(b, 10_000, 1)
	log := &indexed{Log: memory, stream: fra, events: events(b, memory, fra)}
	m := newModel(memory)
	no := domain.Refuse(domain.Conflict, "", "No.")
	q := recorder.Request{Command: position("FRA", domain.Support, "s"), By: "jane", May: func(domain.Folded) *domain.Refusal { return no }}
	b.Run("kept", func(b *testing.B) {
		r := recorder.New(log, m, config)
		for b.Loop() {
			if _, err := r.Record(b.Context(), q); !errors.Is(err, no) {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := recorder.New(log, m, config).Record(b.Context(), q); !errors.Is(err, no) {
				b.Fatal(err)
			}
		}
	})
}
