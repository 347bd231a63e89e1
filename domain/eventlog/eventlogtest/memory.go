package eventlogtest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// Memory is the obvious log: a slice under a mutex. It is what the adapters are compared with, and what tests of other
// packages write to. It forgets everything when the process ends.
type Memory struct {
	mu     sync.Mutex
	events []eventlog.Recorded // position n is events[n-1]
	heads  map[string]eventlog.Revision
	grown  chan struct{} // closed and replaced by each append
	closed bool
}

var _ eventlog.Log = (*Memory)(nil)

// NewMemory gives an empty log.
func NewMemory() *Memory {
	return &Memory{heads: make(map[string]eventlog.Revision), grown: make(chan struct{})}
}

// Reopen undoes Close: the same events, as from a store that was opened again.
func (m *Memory) Reopen() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		m.closed = false
		m.grown = make(chan struct{})
	}
}

// Append records one step.
func (m *Memory) Append(ctx context.Context, step eventlog.Append) (eventlog.Appended, error) {
	if err := step.Check(); err != nil {
		return eventlog.Appended{}, err
	}
	if err := ctx.Err(); err != nil {
		return eventlog.Appended{}, fmt.Errorf("append to %s: %w", step.Stream, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return eventlog.Appended{}, fmt.Errorf("append to %s: %w", step.Stream, eventlog.ErrClosed)
	}
	head, ok := m.heads[step.Stream]
	if !ok {
		head = eventlog.NoStream
	}
	if step.Expected != eventlog.AnyRevision && step.Expected != head {
		return eventlog.Appended{}, &eventlog.WrongRevision{Stream: step.Stream, Expected: step.Expected, Actual: head}
	}
	var hasher leaf.Hasher
	for i, e := range step.Events {
		_, size := hasher.Hash(e.ID, step.Stream, e.Type, int64(head)+1+int64(i), e.Data, e.Metadata)
		if size > leaf.MaxSize {
			return eventlog.Appended{}, &eventlog.TooLarge{Stream: step.Stream, Type: e.Type, Size: size, Limit: leaf.MaxSize}
		}
	}
	for _, e := range step.Events {
		head++
		m.events = append(m.events, eventlog.Recorded{
			Event:    cloneEvent(e),
			Stream:   step.Stream,
			Revision: head,
			Offset:   eventlog.Offset{Commit: uint64(len(m.events)) + 1},
		})
	}
	m.heads[step.Stream] = head
	close(m.grown)
	m.grown = make(chan struct{})
	return eventlog.Appended{Revision: head, Offset: eventlog.Offset{Commit: uint64(len(m.events))}}, nil
}

// AppendAll records the steps one by one.
func (m *Memory) AppendAll(ctx context.Context, steps []eventlog.Append) (int, error) {
	for i, step := range steps {
		if _, err := m.Append(ctx, step); err != nil {
			return i, err
		}
	}
	return len(steps), nil
}

// ReadStream gives the events of one stream.
func (m *Memory) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	all := m.ReadAll(ctx, eventlog.Offset{})
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range all {
			if err == nil && (e.Stream != stream || e.Revision < from) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// ReadAll gives the events of all streams.
func (m *Memory) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	// The slice header is the snapshot: events below its length never change.
	m.mu.Lock()
	snapshot := m.events
	m.mu.Unlock()
	return func(yield func(eventlog.Recorded, error) bool) {
		for i := after.Commit; i < uint64(len(snapshot)); i++ {
			if err := m.readable(ctx); err != nil {
				yield(eventlog.Recorded{}, fmt.Errorf("read the log: %w", err))
				return
			}
			e := snapshot[i]
			e.Event = cloneEvent(e.Event)
			if !yield(e, nil) {
				return
			}
		}
		if err := m.readable(ctx); err != nil {
			yield(eventlog.Recorded{}, fmt.Errorf("read the log: %w", err))
		}
	}
}

func (m *Memory) readable(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return eventlog.ErrClosed
	}
	return ctx.Err()
}

// Wait returns once an event stands behind the offset.
func (m *Memory) Wait(ctx context.Context, after eventlog.Offset) error {
	for {
		m.mu.Lock()
		size, grown, closed := uint64(len(m.events)), m.grown, m.closed
		m.mu.Unlock()
		switch {
		case closed:
			return fmt.Errorf("wait for events: %w", eventlog.ErrClosed)
		case size > after.Commit:
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return fmt.Errorf("wait for events: %w", ctx.Err())
		}
	}
}

// Close ends the log.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		close(m.grown)
	}
	return nil
}

func cloneEvent(e eventlog.Event) eventlog.Event {
	e.Data, e.Metadata = bytes.Clone(e.Data), bytes.Clone(e.Metadata)
	return e
}
