package export

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

type eventRow struct {
	projections.EventRef
	correlation, causation string
	leaf, hash             string
}

var events = &table[eventRow]{
	Kind: Kind{
		Name: "events", Title: "Events",
		Meaning: "One row for each event of the record up to the position, in its order, with its leaf as it stands in the Merkle tree: from these rows the record can be rebuilt and its root recomputed. statedOn narrows nothing here: an event is recorded at a position, and has no other day.",
	},
	columns: []column[eventRow]{
		{Field{Name: "at", Type: Position, Always: true, Key: true, Meaning: "Position in the record, from 1."}, func(r eventRow) cell { return place(r.At) }},
		{Field{Name: "id", Type: Word, Always: true, Meaning: "Its id in the API, as of now; the event's own id stands in the leaf."}, func(r eventRow) cell { return id(relay.Event, r.At, "") }},
		{Field{Name: "stream", Type: Word, Always: true, Meaning: "The stream that it belongs to: category, hyphen, key."}, func(r eventRow) cell { return coded(r.Stream) }},
		{Field{Name: "revision", Type: Integer, Always: true, Unit: "events before it in the stream", Meaning: "Its place in the stream, from 0."}, func(r eventRow) cell { return count(r.Revision) }},
		{Field{Name: "type", Type: Word, Always: true, Meaning: "Type of the event."}, func(r eventRow) cell { return coded(r.Type) }},
		{Field{Name: "recordedAt", Type: Instant, Always: true, Meaning: "When it was recorded."}, func(r eventRow) cell { return instant(r.RecordedAt) }},
		{Field{Name: "recordedBy", Type: Text, Always: true, Meaning: "Who recorded it."}, func(r eventRow) cell { return said(r.RecordedBy) }},
		{Field{Name: "correlationId", Type: Text, Meaning: "What it was recorded together with."}, func(r eventRow) cell { return said(r.correlation) }},
		{Field{Name: "causationId", Type: Text, Meaning: "What it was recorded because of."}, func(r eventRow) cell { return said(r.causation) }},
		{Field{Name: "leafHash", Type: Word, Always: true, Meaning: "SHA-256 hash of the leaf in the Merkle tree (RFC 6962), hex."}, func(r eventRow) cell { return coded(r.hash) }},
		{Field{Name: "leaf", Type: Text, Always: true, Meaning: "The canonical JSON (RFC 8785) of the whole event, verbatim: data, id, metadata, revision, stream and type."}, func(r eventRow) cell { return cell{form: text, text: r.leaf} }},
	},
	rows: func(ctx context.Context, record Record, v view) iter.Seq2[eventRow, error] {
		return func(yield func(eventRow, error) bool) {
			last, at := v.Moment().At, uint64(1)
			if last == 0 {
				return
			}
			ref, _ := v.Event(at)
			// The log reads in batches and holds nothing between them, so that a reader may take its time.
			for r, err := range record.Log.ReadAll(ctx, eventlog.Offset{}) {
				if err != nil {
					yield(eventRow{}, fmt.Errorf("read the event at position %d: %w", at, err))
					return
				}
				// The log may hold events that are not ours, so position and count differ; stream and revision name the event.
				if r.Stream != ref.Stream || int64(r.Revision) != ref.Revision {
					continue
				}
				row, err := newEventRow(ref, r)
				if !yield(row, err) || err != nil || at == last {
					return
				}
				at++
				ref, _ = v.Event(at)
			}
			yield(eventRow{}, fmt.Errorf("read the event at position %d: %w", at, errors.New("the log ends before it")))
		}
	},
}

func newEventRow(ref projections.EventRef, r eventlog.Recorded) (eventRow, error) {
	var metadata struct {
		Correlation string `json:"$correlationId"`
		Causation   string `json:"$causationId"`
	}
	if err := json.Unmarshal(r.Metadata, &metadata); err != nil {
		return eventRow{}, fmt.Errorf("read the event at position %d: metadata: %w", ref.At, err)
	}
	bytes := leaf.Append(nil, r.ID.String(), r.Stream, r.Type, int64(r.Revision), r.Data, r.Metadata)
	hash := leaf.HashLeaf(bytes)
	return eventRow{
		EventRef: ref, correlation: metadata.Correlation, causation: metadata.Causation, leaf: string(bytes), hash: hex.EncodeToString(hash[:]),
	}, nil
}
