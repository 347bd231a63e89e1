package codec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// upcaster lifts the members of an event from one version to the next, in place. It sees JSON, not Go types, so that it
// stays right when the types change; it works on bytes that were once recorded, so that what it may meet is known.
// It must be a pure function: the digest of the read model depends on it.
type upcaster func(members map[string]json.RawMessage) error

// lift gives the JSON of the current version for that of an earlier one.
func (t *eventType) lift(version int, data []byte) ([]byte, error) {
	if t.lifts[version] == nil {
		return nil, fmt.Errorf("unknown version of the event; this program knows up to version %d", t.version)
	}
	s := scanner{data: data}
	members, err := s.members()
	if err != nil {
		return nil, err
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
	b := []byte{'{'}
	for i, name := range slices.SortedFunc(maps.Keys(members), compareNames) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(leaf.AppendString(b, name), ':')
		b = append(b, members[name]...)
	}
	return append(b, '}'), nil
}

// members takes an object apart and leaves its values as they are.
func (s *scanner) members() (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if err := s.enter('{'); err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil {
			return nil, err
		}
		if !more {
			return members, s.end()
		}
		text, err := s.text()
		if err != nil {
			return nil, err
		}
		name := string(text)
		if _, twice := members[name]; twice {
			return nil, s.errorf("the name %q stands twice in one object", name)
		}
		if err := s.take(':'); err != nil {
			return nil, err
		}
		s.peek()
		from := s.pos
		if err := s.skip(); err != nil {
			return nil, within(name, err)
		}
		members[name] = s.data[from:s.pos:s.pos]
	}
}
