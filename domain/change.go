package domain

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Change is a new value for a field that already has one. The zero Change leaves the field as it is; a Change that is
// Given with the zero Value clears it.
type Change[T any] struct {
	Given bool
	Value T
}

// To is the change to a value.
func To[T any](value T) Change[T] { return Change[T]{Given: true, Value: value} }

// IsZero says that nothing is to change, so that encoders leave the field out.
func (c Change[T]) IsZero() bool { return !c.Given }

// Apply gives the field's value after the change.
func (c Change[T]) Apply(field T) T {
	if c.Given {
		return c.Value
	}
	return field
}

// clonedChange copies a change of a list, so that an event shares no memory with its command; a list cleared is nil.
func clonedChange[T any](c Change[[]T]) Change[[]T] {
	c.Value = cloned(c.Value)
	return c
}

// MarshalJSON writes the new value, null where the field is cleared.
func (c Change[T]) MarshalJSON() ([]byte, error) {
	v := reflect.ValueOf(&c.Value).Elem()
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(c.Value)
}

// UnmarshalJSON reads a new value, or null as the field cleared. It is called only where the field is present.
func (c *Change[T]) UnmarshalJSON(b []byte) error {
	*c = Change[T]{Given: true}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	return json.Unmarshal(b, &c.Value)
}
