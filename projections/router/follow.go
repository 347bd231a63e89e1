package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/projections"
)

// Projection is something that takes in the record, event by event in its order, and holds what it makes of it.
type Projection struct {
	// Name tells it from others in errors and metrics.
	Name string
	// Place is behind what it has taken in. It may be asked at any time.
	Place func() Place
	// Apply takes in the next events. After an error it is not called again. Calls follow one another.
	Apply func(ctx context.Context, events []eventlog.Recorded) error
}

// Model is the read model as a projection.
func Model(m *projections.Model) Projection {
	decoder := projections.NewDecoder()
	return Projection{
		Name: "model",
		Place: func() Place {
			at := m.At()
			return Place{At: at, Offset: m.OffsetAt(at)}
		},
		Apply: func(_ context.Context, events []eventlog.Recorded) error {
			decoded := make([]projections.Decoded, 0, len(events))
			for _, r := range events {
				d, err := decoder.Decode(r)
				if err != nil {
					// As in catching up, what lies before it is applied: so the model's position says which event it was.
					return errors.Join(m.Apply(decoded...), err)
				}
				decoded = append(decoded, d)
			}
			return m.Apply(decoded...)
		},
	}
}

// FollowConfig says what is followed, and who is told about it.
type FollowConfig struct {
	Log eventlog.Log
	// Logger is told, at the level of debugging, what Watermill's router does; nil is nobody. Faults are returned, not logged.
	Logger *slog.Logger
	// Metrics has, while Follow runs, what is told of each projection; nil is nobody.
	Metrics prometheus.Registerer
	// Newest gives the newest position of the record, from which and a projection's place its lag is told; nil where that is not known.
	Newest func() uint64
}

// Follow brings each projection, from its place on, what is recorded, until the context ends or the log is closed, which is no
// error. Any other end is one, and ends it for all: what has stopped following must not answer as if it had not. That an event
// cannot be taken in, or that Apply panics, is such an end; the projection must not be asked any more.
func Follow(ctx context.Context, config FollowConfig, list ...Projection) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		once  sync.Once
		fault error
	)
	fail := func(err error) {
		once.Do(func() { fault = err })
		stop()
	}
	router, err := message.NewRouter(message.RouterConfig{}, quiet(config.Logger))
	if err != nil {
		return fmt.Errorf("follow the record: %w", err) // unreachable: the configuration is a constant.
	}
	meters, err := newMeters(config, list)
	if err != nil {
		return fmt.Errorf("follow the record: %w", err)
	}
	defer meters.end()
	for _, p := range list {
		s := NewSubscriber(Config{Log: config.Log, After: p.Place()})
		s.each, s.failed = stretchEvents, fail
		router.AddConsumerHandler(p.Name, Record, s, p.handle).AddMiddleware(faultEnds(fail), meters.measure, p.correlated)
	}
	if err := router.Run(ctx); err != nil {
		fail(fmt.Errorf("follow the record: %w", err))
	}
	return fault
}

// handle is the handler: it takes in what a message carries. What is wrong goes out through faultEnds.
func (p Projection) handle(m *message.Message) error {
	stretch := stretchOf(m)
	events := make([]eventlog.Recorded, len(stretch))
	for i, e := range stretch {
		events[i] = e.Recorded
	}
	return p.Apply(m.Context(), events)
}

// faultEnds is the middleware around all others. Watermill's router recovers from a panic, answers it and an error with a Nack, and
// so has the message given again, to a projection that holds part of it. Therefore a fault ends everything, and does so before
// the router sees it: Subscriber gives nothing again when its context has ended.
func faultEnds(fail func(error)) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) (_ []*message.Message, err error) {
			defer func() {
				if p := recover(); p != nil {
					err = panicked(p)
				}
				if err != nil {
					fail(err)
				}
			}()
			return h(m)
		}
	}
}

// panicked is an error of a panic. Its text ends with the stack, for whoever has to find out.
func panicked(p any) error { return fmt.Errorf("panic: %v\n\n%s", p, debug.Stack()) }

// correlated is the middleware that names, where an event cannot be taken in, the event, and by its correlation id the request or
// the import that it came by.
func (p Projection) correlated(h message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) (_ []*message.Message, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = panicked(p)
			}
			if err == nil {
				return
			}
			stretch := stretchOf(m)
			for _, e := range stretch {
				if e.at <= p.Place().At {
					continue // It was taken in.
				}
				correlation := "none"
				if metadata, err := codec.DecodeMetadata(e.Metadata); err == nil && metadata.CorrelationID != "" {
					correlation = metadata.CorrelationID
				}
				err = fmt.Errorf("the %s cannot take in the event at position %d (id %s, correlation id %s): %w", p.Name, e.at, e.ID, correlation, err)
				return
			}
			err = fmt.Errorf("the %s, behind position %d: %w", p.Name, p.Place().At, err)
		}()
		return h(m)
	}
}

// quiet has Watermill say everything at the level of debugging: its faults are ours, and are returned.
func quiet(logger *slog.Logger) watermill.LoggerAdapter {
	if logger == nil {
		return watermill.NopLogger{}
	}
	return watermill.NewSlogLoggerWithLevelMapping(logger, map[slog.Level]slog.Level{
		slog.LevelInfo: slog.LevelDebug, slog.LevelError: slog.LevelDebug,
	})
}
