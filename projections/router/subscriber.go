package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// Record is the topic of all streams, under EventStoreDB's name for them. Every other topic is the name of a stream.
const Record = "$all"

// Metadata of the message of an event.
const (
	MetadataPosition    = "position"
	MetadataStream      = "stream"
	MetadataRevision    = "revision"
	MetadataType        = "type"
	MetadataCorrelation = middleware.CorrelationIDMetadataKey
)

// Place is where in the record somebody is: behind its first At events.
type Place struct {
	At uint64
	// Offset is the store's own place of that position. Where it is zero the events are counted from the record's beginning.
	Offset eventlog.Offset
}

// Config says what is followed, and from where.
type Config struct {
	Log   eventlog.Log
	After Place // Where each subscription begins; zero is the record's beginning.
}

// Subscriber gives the events of a record as messages. It may be used from many goroutines, and subscribed to any number of
// times: each subscription is a cursor of its own, from the place in Config on.
type Subscriber struct {
	config Config
	// each is how many events a message may carry. Those of one have a payload and metadata; those of more have stretchOf.
	each int
	// failed is told why a subscription ended that nobody ended.
	failed func(error)

	mu      sync.Mutex
	closed  bool
	err     error
	running sync.WaitGroup
	closing context.Context
	close   context.CancelFunc
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber makes a subscriber.
func NewSubscriber(config Config) *Subscriber {
	s := &Subscriber{config: config, each: 1}
	s.closing, s.close = context.WithCancel(context.Background())
	s.failed = func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = errors.Join(s.err, err)
	}
	return s
}

// Subscribe gives the messages of a topic. The channel is closed when the context or the subscriber ends, when the log is closed,
// or when the log cannot be read any more; then Err says why.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("subscribe to %s: the subscriber is closed", topic)
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(s.closing, cancel)
	out := make(chan *message.Message)
	s.running.Go(func() {
		defer cancel()
		defer close(out)
		if err := s.deliver(ctx, topic, out); ctx.Err() == nil && !errors.Is(err, eventlog.ErrClosed) {
			s.failed(err)
		}
	})
	return out, nil
}

// Close ends all subscriptions and waits until their channels are closed. A message under way is given up; it will be the first
// of whoever begins at its place.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.close()
	s.running.Wait()
	return nil
}

// Err says why subscriptions ended that nobody ended, or nothing.
func (s *Subscriber) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// deliver gives message after message until something ends it: always an error.
func (s *Subscriber) deliver(ctx context.Context, topic string, out chan<- *message.Message) error {
	c := newCursor(s.config.Log, s.config.After, topic)
	for {
		events, end, err := c.read(ctx)
		for len(events) > 0 {
			n := min(s.each, len(events))
			if err := handOver(ctx, out, events[:n], s.each == 1); err != nil {
				return err
			}
			events = events[n:]
		}
		if err == nil && end {
			err = c.wait(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// handOver gives one message until it is acknowledged. The error is the context's.
func handOver(ctx context.Context, out chan<- *message.Message, events []event, whole bool) error {
	for {
		m := newMessage(events, whole)
		during, done := context.WithCancel(context.WithValue(ctx, stretchKey{}, events))
		m.SetContext(during)
		select {
		case out <- m:
		case <-ctx.Done():
		}
		select {
		case <-m.Acked():
			done()
			return nil
		case <-m.Nacked():
			done()
		case <-ctx.Done():
			done()
		}
		// A handler that gave up for good ends the context before the Nack: then nobody is given the message again.
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// stretchKey has, in a message's context, the events that it carries.
type stretchKey struct{}

func stretchOf(m *message.Message) []event {
	events, _ := m.Context().Value(stretchKey{}).([]event)
	return events
}

// newMessage makes the message of events. It has their id and nothing else unless it is to be whole: then there is one event.
func newMessage(events []event, whole bool) *message.Message {
	e := &events[len(events)-1]
	m := message.NewMessage(e.ID.String(), nil)
	if !whole {
		return m
	}
	m.Payload = e.Data
	var members map[string]json.RawMessage
	// Metadata that is no object belongs to nobody whom this package knows; the event is given without it.
	_ = json.Unmarshal(e.Metadata, &members)
	for name, value := range members {
		var text string
		switch value[0] {
		case '{', '[', 'n': // n is null.
			continue
		case '"':
			if json.Unmarshal(value, &text) != nil {
				continue // unreachable: it was read once as part of the whole.
			}
		default:
			text = string(value)
		}
		if name == "$correlationId" {
			name = MetadataCorrelation
		}
		m.Metadata[name] = text
	}
	m.Metadata[MetadataPosition] = strconv.FormatUint(e.at, 10)
	m.Metadata[MetadataStream] = e.Stream
	m.Metadata[MetadataRevision] = strconv.FormatInt(int64(e.Revision), 10)
	m.Metadata[MetadataType] = e.Type
	return m
}
