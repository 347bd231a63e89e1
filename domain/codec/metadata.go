package codec

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
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

// EncodeMetadata gives the canonical JSON of metadata. What is empty is left out, but for the time and the version: the time
// must be given, since a moment is found by it.
func EncodeMetadata(m Metadata) ([]byte, error) {
	if m.RecordedAt.IsZero() {
		return nil, errors.New("encode metadata: no time of recording")
	}
	b := make([]byte, 0, 320)
	b = append(b, '{')
	var err error
	add := func(name, value string) {
		if value != "" && err == nil {
			b = append(leaf.AppendString(b, name), ':')
			if b, err = appendText(b, value); err != nil {
				err = within(name, err)
			}
			b = append(b, ',')
		}
	}
	// In canonical order; '$' stands before all letters.
	add("$causationId", m.CausationID)
	add("$correlationId", m.CorrelationID)
	add("idempotencyKey", m.IdempotencyKey)
	add("inputHash", m.InputHash)
	add("recordedAt", m.RecordedAt.UTC().Format(timeForm))
	add("recordedBy", m.RecordedBy)
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	b = append(b, `"schemaVersion":`...)
	b = strconv.AppendInt(b, int64(m.SchemaVersion), 10)
	return append(b, '}'), nil
}

// DecodeMetadata reads metadata. Members that are not ours are passed over.
func DecodeMetadata(data []byte) (Metadata, error) {
	m, err := decodeMetadata(data)
	if err != nil {
		return Metadata{}, fmt.Errorf("decode metadata: %w", err)
	}
	return m, nil
}

func decodeMetadata(data []byte) (m Metadata, err error) {
	s := scanner{data: data}
	if err := s.enter('{'); err != nil {
		return m, err
	}
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil {
			return m, err
		}
		if !more {
			break
		}
		name, err := s.text()
		if err != nil {
			return m, err
		}
		if err := s.take(':'); err != nil {
			return m, err
		}
		var value string
		switch field := string(name); field {
		case "$causationId", "$correlationId", "idempotencyKey", "inputHash", "recordedAt", "recordedBy":
			text, err := s.text()
			if err != nil {
				return m, within(field, err)
			}
			value = string(text)
			switch field {
			case "$causationId":
				m.CausationID = value
			case "$correlationId":
				m.CorrelationID = value
			case "idempotencyKey":
				m.IdempotencyKey = value
			case "inputHash":
				m.InputHash = value
			case "recordedBy":
				m.RecordedBy = value
			case "recordedAt":
				if m.RecordedAt, err = time.Parse(timeForm, value); err != nil {
					return m, fmt.Errorf("recordedAt: %q is no time of the form %s", value, timeForm)
				}
			}
		case "schemaVersion":
			version, err := s.integer()
			if err != nil {
				return m, within(field, err)
			}
			m.SchemaVersion = int(version)
		default:
			if err := s.skip(); err != nil {
				return m, err
			}
		}
	}
	if m.RecordedAt.IsZero() {
		return m, errors.New("no time of recording")
	}
	return m, s.end()
}
