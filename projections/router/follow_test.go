package router_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
	"github.com/rapporteur/rapporteur/projections/router"
)

func follow(ctx context.Context, log eventlog.Log, list ...router.Projection) error {
	return router.Follow(ctx, router.FollowConfig{Log: log}, list...)
}

// Follow takes in what is on record, and then what is recorded as it is; Wait and WaitAt return when it has.
func TestFollowGoesOnLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, events := eventlogtest.NewMemory(), history.Random(4, history.Small)
		appendTo(t, log, events[:30]...)
		m := projections.New()
		ctx, stop := context.WithCancel(t.Context())
		followed := make(chan error, 1)
		go func() { followed <- follow(ctx, log, router.Model(m)) }()
		synctest.Wait()
		if m.At() != 30 {
			t.Fatalf("caught up to %d, want 30", m.At())
		}
		for _, e := range events[30:] {
			waited := make(chan uint64, 2)
			go func() {
				at, err := m.Wait(ctx, e.Event.Stream(), e.Revision)
				if err != nil {
					t.Error(err)
				}
				waited <- at
			}()
			go func() {
				if err := m.WaitAt(ctx, e.At); err != nil {
					t.Error(err)
				}
				waited <- e.At
			}()
			synctest.Wait()
			if len(waited) != 0 {
				t.Fatalf("waiting for event %d ended before it was recorded", e.At)
			}
			appendTo(t, log, e)
			for range 2 {
				if at := <-waited; at != e.At {
					t.Errorf("waited for %d, want %d", at, e.At)
				}
			}
		}
		if got, want := digest(t, m.Newest()), digest(t, modelOf(t, log).Newest()); got != want {
			t.Errorf("digest %s, of the same events applied at once %s", got, want)
		}
		stop()
		if err := <-followed; err != nil {
			t.Errorf("the end of the context: %v", err)
		}
	})
}

func TestFollowEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlogtest.NewMemory()
		appendTo(t, log, history.Random(4, history.Small)[:5]...)
		broken := errors.New("no more")
		if err := follow(t.Context(), &watched{Log: log, after: -1, wait: broken}, router.Model(projections.New())); !errors.Is(err, broken) || !strings.Contains(err.Error(), "behind position 5") {
			t.Errorf("a fault of waiting: %v", err)
		}
		m := projections.New()
		if err := follow(t.Context(), &watched{Log: log, after: 3, err: broken}, router.Model(m)); !errors.Is(err, broken) || m.At() != 3 {
			t.Errorf("a fault of reading: %v, at %d; want what was read before it", err, m.At())
		}
		followed := make(chan error, 1)
		go func() { followed <- follow(t.Context(), log, router.Model(projections.New())) }()
		synctest.Wait()
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-followed; err != nil {
			t.Errorf("a log that was closed: %v", err)
		}
	})
}

// An event that cannot be read or taken in ends Follow, names the event, and is given once.
func TestFollowStopsAtWhatCannotBeTakenIn(t *testing.T) {
	events := history.Random(4, history.Small)[:20]
	good, err := codec.EncodeMetadata(codec.Metadata{RecordedBy: "test", RecordedAt: events[0].RecordedAt, SchemaVersion: 1, CorrelationID: "request-bad"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, typ, data, want string }{
		{"type", "Unknown", `{}`, "Unknown, revision 0 of element-x"},
		{"data", "ElementDefined", `{"element":`, "ElementDefined, revision 0 of element-x"},
		{"what is not on record", "OptionDefined", `{"element":"x","label":"x","option":"o"}`, "the element x is not defined"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := eventlogtest.NewMemory()
			appendTo(t, log, events[:10]...)
			// The bad event stands in the middle of what is read in one go.
			if _, err := log.Append(t.Context(), eventlog.Append{Stream: "element-x", Expected: eventlog.NoStream, Events: []eventlog.Event{
				{ID: eventlog.ID{7}, Type: c.typ, Data: []byte(c.data), Metadata: good},
			}}); err != nil {
				t.Fatal(err)
			}
			appendTo(t, log, events[10:]...)
			m, calls := projections.New(), 0
			p := router.Model(m)
			apply := p.Apply
			p.Apply = func(ctx context.Context, events []eventlog.Recorded) error { calls++; return apply(ctx, events) }
			err := follow(t.Context(), log, p)
			if err == nil || calls != 1 {
				t.Fatalf("%v after %d calls", err, calls)
			}
			for _, want := range []string{c.want, "the model cannot take in the event at position 11 ", "id 07000000-", "correlation id request-bad"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v; want it to say %q", err, want)
				}
			}
			if m.At() != 10 {
				t.Errorf("at %d, want all before the bad one", m.At())
			}
		})
	}
}

// A panic ends it, too, for all projections, and the event is given once: Watermill's own recovery is not to go on.
func TestFollowStopsAtAPanic(t *testing.T) {
	log := eventlogtest.NewMemory()
	appendTo(t, log, history.Random(4, history.Small)[:20]...)
	var calls atomic.Int64
	m := projections.New()
	err := follow(t.Context(), log, router.Model(m), router.Projection{
		Name: "broken", Place: func() router.Place { return router.Place{At: 4} },
		Apply: func(context.Context, []eventlog.Recorded) error { calls.Add(1); panic("half done") },
	})
	if err == nil || calls.Load() != 1 {
		t.Fatalf("%v after %d calls", err, calls.Load())
	}
	for _, want := range []string{"the broken cannot take in the event at position 5 ", "correlation id request-5", "panic: half done", "follow_test.go"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to say %q", err, want)
		}
	}
}

// So does one around the handler.
func TestFollowStopsAtAPanicBesideApply(t *testing.T) {
	log := eventlogtest.NewMemory()
	appendTo(t, log, history.Random(4, history.Small)[:20]...)
	var places, calls atomic.Int64
	err := follow(t.Context(), log, router.Projection{
		Name: "broken",
		Place: func() router.Place {
			if places.Add(1) > 1 {
				panic("no place")
			}
			return router.Place{}
		},
		Apply: func(context.Context, []eventlog.Recorded) error { calls.Add(1); return errors.New("no") },
	})
	if err == nil || !strings.Contains(err.Error(), "panic: no place") || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// Each projection goes on from its own place, and what one is slow with keeps nobody else waiting.
func TestProjectionsFollowByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, events := eventlogtest.NewMemory(), twoStretches()
		appendTo(t, log, events...)
		m, free := projections.New(), make(chan struct{})
		var slow atomic.Uint64
		slow.Store(2000)
		ctx, stop := context.WithCancel(t.Context())
		followed := make(chan error, 1)
		registry := prometheus.NewPedanticRegistry()
		var debug strings.Builder
		go func() {
			followed <- router.Follow(ctx, router.FollowConfig{
				Log: log, Metrics: registry, Newest: func() uint64 { return uint64(len(events)) },
				Logger: slog.New(slog.NewTextHandler(&debug, &slog.HandlerOptions{Level: slog.LevelInfo})),
			}, router.Model(m), router.Projection{
				Name: "slow", Place: func() router.Place { return router.Place{At: slow.Load()} },
				Apply: func(_ context.Context, events []eventlog.Recorded) error {
					<-free
					slow.Add(uint64(len(events)))
					return nil
				},
			})
		}()
		metrics := func(model, slow, took int) {
			t.Helper()
			synctest.Wait()
			want := fmt.Sprintf(`
				# HELP rapporteur_projection_events_total Events that a projection took in as they were recorded.
				# TYPE rapporteur_projection_events_total counter
				rapporteur_projection_events_total{projection="model"} %d
				rapporteur_projection_events_total{projection="slow"} %d
				# HELP rapporteur_projection_lag_events Events of the record that a projection has not taken in yet.
				# TYPE rapporteur_projection_lag_events gauge
				rapporteur_projection_lag_events{projection="model"} %d
				rapporteur_projection_lag_events{projection="slow"} %d
				# HELP rapporteur_projection_position Position in the record up to which a projection has taken everything in.
				# TYPE rapporteur_projection_position gauge
				rapporteur_projection_position{projection="model"} %d
				rapporteur_projection_position{projection="slow"} %d
			`, model, took, len(events)-model, len(events)-slow, model, slow)
			if err := testutil.GatherAndCompare(registry, strings.NewReader(want),
				"rapporteur_projection_events_total", "rapporteur_projection_lag_events", "rapporteur_projection_position"); err != nil {
				t.Error(err)
			}
		}
		metrics(len(events), 2000, 0)
		close(free)
		metrics(len(events), len(events), len(events)-2000)
		if n, err := testutil.GatherAndCount(registry, "rapporteur_projection_handler_execution_time_seconds"); n != 2 || err != nil {
			t.Errorf("%d series of times, %v", n, err)
		}
		stop()
		if err := <-followed; err != nil {
			t.Error(err)
		}
		if debug.Len() != 0 {
			t.Errorf("Watermill says above the level of debugging: %s", debug.String())
		}
		// A second Follow of the same program tells into the same registry.
		if err := router.Follow(ctx, router.FollowConfig{Log: log, Metrics: registry}, router.Model(m)); err != nil {
			t.Error(err)
		}
		if n, err := testutil.GatherAndCount(registry, "rapporteur_projection_position"); n != 0 || err != nil {
			t.Errorf("%d places are told of after the end, %v", n, err)
		}
		taken := prometheus.NewRegistry()
		taken.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "rapporteur_projection_position", Help: "x"}))
		if err := router.Follow(ctx, router.FollowConfig{Log: log, Metrics: taken}, router.Model(m)); err == nil {
			t.Error("a name that is taken is no error")
		}
	})
}
