package codec

import (
	"errors"
	"fmt"
	"time"
)

// Metadata is what is recorded beside an event: who recorded it, when, and how it came about.
type Metadata struct {
	RecordedBy     string    // The subject.
	RecordedAt     time.Time // UTC, to the microsecond: finer digits are cut off.
	CorrelationID  string    // One for all that a request, or an import, brought about.
	CausationID    string    // What brought this event about.
	SchemaVersion  int       // The version of the event's type, as Decode wants it.
	IdempotencyKey string    // Empty where the request had none.
	InputHash      string    // SHA-256 of the request's name and canonical input without the key, hexadecimal.
}

// timeForm is RFC 3339 in UTC with six decimals, always: then the text of two times compares as they do.
const timeForm = "2006-01-02T15:04:05.000000Z"

// metadata is the form of Metadata in JSON, its members in canonical order: '$' stands before all letters.
type metadata struct {
	CausationID    string `json:"$causationId,omitzero"`
	CorrelationID  string `json:"$correlationId,omitzero"`
	IdempotencyKey string `json:"idempotencyKey,omitzero"`
	InputHash      string `json:"inputHash,omitzero"`
	RecordedAt     string `json:"recordedAt"`
	RecordedBy     string `json:"recordedBy,omitzero"`
	SchemaVersion  int    `json:"schemaVersion"`
}

// EncodeMetadata gives the canonical JSON of metadata. What is empty is left out, but for the time and the version: the time
// must be given, since a moment is found by it.
func EncodeMetadata(m Metadata) ([]byte, error) {
	if m.RecordedAt.IsZero() {
		return nil, errors.New("encode metadata: no time of recording")
	}
	data, err := write(metadata{
		CausationID:    m.CausationID,
		CorrelationID:  m.CorrelationID,
		IdempotencyKey: m.IdempotencyKey,
		InputHash:      m.InputHash,
		RecordedAt:     m.RecordedAt.UTC().Format(timeForm),
		RecordedBy:     m.RecordedBy,
		SchemaVersion:  m.SchemaVersion,
	})
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	return data, nil
}

// DecodeMetadata reads metadata. Members that are not ours are passed over.
func DecodeMetadata(data []byte) (Metadata, error) {
	q := idle.Get().(*quick)
	defer idle.Put(q)
	return q.decodeMetadata(data)
}

func (q *quick) decodeMetadata(data []byte) (Metadata, error) {
	q.read(data)
	if m := q.metadata(); q.done() {
		return m, nil
	}
	return decodeMetadata(data)
}

// metadata reads metadata in the form in which they are written.
func (q *quick) metadata() (m Metadata) {
	sep := byte('{')
	if q.member(&sep, `"$causationId":`) {
		m.CausationID = q.word()
	}
	if q.member(&sep, `"$correlationId":`) {
		m.CorrelationID = q.word()
	}
	if q.member(&sep, `"idempotencyKey":`) {
		m.IdempotencyKey = q.text()
	}
	if q.member(&sep, `"inputHash":`) {
		m.InputHash = q.text()
	}
	if q.member(&sep, `"recordedAt":`) {
		m.RecordedAt = q.moment()
	}
	if q.member(&sep, `"recordedBy":`) {
		m.RecordedBy = q.word()
	}
	if q.member(&sep, `"schemaVersion":`) {
		m.SchemaVersion = int(q.integer())
	}
	q.end(sep)
	if m.RecordedAt.IsZero() {
		q.lose()
	}
	return m
}

// decodeMetadata reads metadata strictly, whatever form their JSON has.
func decodeMetadata(data []byte) (Metadata, error) {
	var m metadata
	if err := read(data, &m, false); err != nil {
		return Metadata{}, fmt.Errorf("decode metadata: %w", err)
	}
	at, err := time.Parse(timeForm, m.RecordedAt)
	if err != nil {
		return Metadata{}, fmt.Errorf("decode metadata: recordedAt: %q is no time of the form %s", m.RecordedAt, timeForm)
	}
	if at.IsZero() {
		return Metadata{}, errors.New("decode metadata: no time of recording")
	}
	return Metadata{
		RecordedBy:     m.RecordedBy,
		RecordedAt:     at,
		CorrelationID:  m.CorrelationID,
		CausationID:    m.CausationID,
		SchemaVersion:  m.SchemaVersion,
		IdempotencyKey: m.IdempotencyKey,
		InputHash:      m.InputHash,
	}, nil
}
