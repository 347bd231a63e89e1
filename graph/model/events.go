package model

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// Reader is what events are read with: eventlog.Log has it.
type Reader interface {
	ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error]
}

// Event is one entry of the record. What the read model keeps of it is at hand; its bytes are read from the log when they are
// asked for.
type Event struct {
	ref    projections.EventRef
	m      Moment
	bodies *bodies
}

// FindEvent gives the event at a position, nil where the moment does not have it.
func FindEvent(m Moment, at uint64, read Reader) *Event {
	ref, ok := m.Event(at)
	if !ok {
		return nil
	}
	return &Event{ref: ref, m: m, bodies: newBodies([]projections.EventRef{ref}, read)}
}

func (*Event) IsNode() {}

func (e *Event) ID() string            { return e.m.recorded(relay.Event, e.ref.At) }
func (e *Event) At() uint64            { return e.ref.At }
func (e *Event) Stream() string        { return e.ref.Stream }
func (e *Event) Revision() int64       { return e.ref.Revision }
func (e *Event) Type() string          { return e.ref.Type }
func (e *Event) RecordedAt() time.Time { return e.ref.RecordedAt }
func (e *Event) RecordedBy() string    { return e.ref.RecordedBy }

// Body is what the log keeps of an event.
type Body struct {
	Data, Leaf, LeafHash       string
	CorrelationID, CausationID *string
}

// Body reads what the log keeps of the event, together with that of the other events of its page.
func (e *Event) Body(ctx context.Context) (*Body, error) { return e.bodies.of(ctx, e.ref.At) }

// bodies reads the events of one page, once.
type bodies struct {
	refs []projections.EventRef // By position.
	log  Reader

	mu   sync.Mutex // Guards what follows; who comes second waits for what the first one reads.
	read map[uint64]*Body
}

func newBodies(refs []projections.EventRef, log Reader) *bodies { return &bodies{refs: refs, log: log} }

func (b *bodies) of(ctx context.Context, at uint64) (*Body, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read == nil {
		read, err := b.readAll(ctx)
		if err != nil {
			return nil, err // The next one tries again: it may have been this one's time that was over.
		}
		b.read = read
	}
	return b.read[at], nil
}

// near is how many events of others between two are read over rather than asked around.
const near = 64

// readAll reads all events of the page, those that stand near one another in one go.
func (b *bodies) readAll(ctx context.Context) (map[uint64]*Body, error) {
	all := make(map[uint64]*Body, len(b.refs))
	for from := 0; from < len(b.refs); {
		to := from + 1
		for to < len(b.refs) && b.refs[to].At-b.refs[to-1].At <= near {
			to++
		}
		if err := b.readRun(ctx, b.refs[from:to], all); err != nil {
			return nil, err
		}
		from = to
	}
	return all, nil
}

func (b *bodies) readRun(ctx context.Context, refs []projections.EventRef, into map[uint64]*Body) error {
	for recorded, err := range b.log.ReadAll(ctx, refs[0].Before) {
		if err != nil {
			return fmt.Errorf("read the event at position %d: %w", refs[0].At, err)
		}
		// The log may hold events that are not ours, so position and count differ; stream and revision name the event.
		if recorded.Stream != refs[0].Stream || int64(recorded.Revision) != refs[0].Revision {
			continue
		}
		body, err := newBody(recorded)
		if err != nil {
			return fmt.Errorf("read the event at position %d: %w", refs[0].At, err)
		}
		into[refs[0].At] = body
		if refs = refs[1:]; len(refs) == 0 {
			return nil
		}
	}
	return fmt.Errorf("read the event at position %d: %w", refs[0].At, errors.New("the log ends before it"))
}

func newBody(r eventlog.Recorded) (*Body, error) {
	// Only these two are shown beside what the read model has; all else of the metadata stands in the leaf.
	var metadata struct {
		Correlation string `json:"$correlationId"`
		Causation   string `json:"$causationId"`
	}
	if err := json.Unmarshal(r.Metadata, &metadata); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	bytes := leaf.Append(nil, r.ID.String(), r.Stream, r.Type, int64(r.Revision), r.Data, r.Metadata)
	hash := leaf.HashLeaf(bytes)
	return &Body{
		Data: string(r.Data), Leaf: string(bytes), LeafHash: hex.EncodeToString(hash[:]),
		CorrelationID: optional(metadata.Correlation), CausationID: optional(metadata.Causation),
	}, nil
}
