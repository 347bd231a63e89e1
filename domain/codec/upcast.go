package codec

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rapporteur/rapporteur/domain"
)

// upcaster lifts the members of an event from one version to the next, in place. It sees JSON, not Go types, so that it
// stays right when the types change; it works on bytes that were once recorded, so that what it may meet is known.
// It must be a pure function: the digest of the read model depends on it.
type upcaster func(members map[string]jsontext.Value) error

// lift gives the JSON of the current version for that of an earlier one.
func (t *eventType) lift(version int, data []byte) ([]byte, error) {
	if t.lifts[version] == nil {
		return nil, fmt.Errorf("unknown version of the event; this program knows up to version %d", t.version)
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	if members == nil {
		return nil, errors.New("null is no event")
	}
	for ; version < t.version; version++ {
		lift := t.lifts[version]
		if lift == nil {
			return nil, fmt.Errorf("no way from version %d to version %d", version, version+1) // unreachable: a test walks the table.
		}
		if err := lift(members); err != nil {
			return nil, fmt.Errorf("lift version %d: %w", version, err)
		}
	}
	return json.Marshal(members, json.Deterministic(true))
}

// whole checks that an event says all that the JSON does from which it was read, and nothing else. That is how a member is
// found that an upcaster forgot: the library reads a member that is missing as its zero value.
func whole(e domain.Event, data []byte) error {
	got, err := encode(e)
	if err != nil {
		return err
	}
	want, err := Canonical(data)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the event would be written as %s, but was lifted to %s", got, want)
	}
	return nil
}
