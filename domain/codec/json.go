package codec

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rapporteur/rapporteur/domain"
)

// maxInteger is 2^53: integers up to it are the same number for every reader of JSON (RFC 8785, section 3.2.2.3).
const maxInteger = 1 << 53

var errBeyond = errors.New("the integer is beyond ±2^53, where readers of JSON may round")

// writing and reading have what the library does otherwise: integers, and each type of change that is in an event.
var writing = json.WithMarshalers(json.JoinMarshalers(
	json.MarshalToFunc(checkInteger[int]),
	json.MarshalToFunc(checkInteger[int64]),
	json.MarshalToFunc(writeChange[domain.ActRef]),
	json.MarshalToFunc(writeChange[domain.Date]),
	json.MarshalToFunc(writeChange[domain.Source]),
	json.MarshalToFunc(writeChange[domain.Stance]),
	json.MarshalToFunc(writeChange[domain.StatementForm]),
	json.MarshalToFunc(writeChange[string]),
	json.MarshalToFunc(writeListChange[domain.OptionRef]),
	json.MarshalToFunc(writeListChange[domain.Point]),
	json.MarshalToFunc(writeListChange[string]),
	json.MarshalToFunc(func(_ *jsontext.Encoder, v json.Marshaler) error { return unknown(v) }),
))

var (
	unmarshalers = json.JoinUnmarshalers(
		json.UnmarshalFromFunc(readInteger[int]),
		json.UnmarshalFromFunc(readInteger[int64]),
		json.UnmarshalFromFunc(readChange[domain.ActRef]),
		json.UnmarshalFromFunc(readChange[domain.Date]),
		json.UnmarshalFromFunc(readChange[domain.Source]),
		json.UnmarshalFromFunc(readChange[domain.Stance]),
		json.UnmarshalFromFunc(readChange[domain.StatementForm]),
		json.UnmarshalFromFunc(readChange[string]),
		json.UnmarshalFromFunc(readChange[[]domain.OptionRef]),
		json.UnmarshalFromFunc(readChange[[]domain.Point]),
		json.UnmarshalFromFunc(readChange[[]string]),
		json.UnmarshalFromFunc(func(_ *jsontext.Decoder, v json.Unmarshaler) error { return unknown(v) }),
	)
	reading          = json.WithUnmarshalers(unmarshalers)
	readingWithNulls = json.WithUnmarshalers(json.JoinUnmarshalers(unmarshalers, json.UnmarshalFromFunc(refuseNull)))
)

// read reads a value; strict says no to members that its type has not.
func read(data []byte, v any, strict bool) error {
	ways := reading
	if bytes.Contains(data, []byte("null")) {
		// To look for null before every value takes longer than to read it, and a text without these letters has none.
		ways = readingWithNulls
	}
	return json.Unmarshal(data, v, ways, json.RejectUnknownMembers(strict))
}

// write gives the JSON of a value, its members in the order of its fields.
func write(v any) ([]byte, error) { return json.Marshal(v, writing) }

// unknown stops at a type that makes its JSON itself, as a change that is not in the lists above does: the options do not
// reach into it, so that it would be read with less care than all else.
func unknown(v any) error {
	return fmt.Errorf("package codec does not know how to write or read %T", v)
}

// checkInteger leaves an integer to the library where every reader of JSON reads the same in it.
func checkInteger[T int | int64](_ *jsontext.Encoder, v T) error {
	if v < -maxInteger || v > maxInteger {
		return errBeyond
	}
	return errors.ErrUnsupported
}

func readInteger[T int | int64](d *jsontext.Decoder, v *T) error {
	text, err := d.ReadValue()
	if err != nil {
		return err
	}
	i, err := strconv.ParseInt(string(text), 10, 64) // Of JSON's values it takes the numbers without a point or exponent.
	if err != nil || i < -maxInteger || i > maxInteger {
		return &json.SemanticError{JSONKind: text.Kind(), JSONValue: text.Clone(), GoType: reflect.TypeFor[T](), Err: errors.New("no integer within ±2^53")}
	}
	*v = T(i)
	return nil
}

// writeChange writes a new value, or null where the field is cleared: so that it is told from one that is not named.
func writeChange[T comparable](e *jsontext.Encoder, c domain.Change[T]) error {
	var zero T
	if c.Value == zero {
		return e.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(e, c.Value)
}

// writeListChange does so for a list, which is cleared by an empty one.
func writeListChange[T any](e *jsontext.Encoder, c domain.Change[[]T]) error {
	if len(c.Value) == 0 {
		return e.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(e, c.Value)
}

func readChange[T any](d *jsontext.Decoder, c *domain.Change[T]) error {
	c.Given = true
	if d.PeekKind() == jsontext.KindNull {
		_, err := d.ReadToken()
		return err
	}
	return json.UnmarshalDecode(d, &c.Value)
}

// refuseNull says no to null, which the library reads as any type's zero value, and leaves all else to it.
func refuseNull(d *jsontext.Decoder, v any) error {
	if d.PeekKind() == jsontext.KindNull {
		return &json.SemanticError{JSONKind: jsontext.KindNull, GoType: reflect.TypeOf(v).Elem()}
	}
	return errors.ErrUnsupported
}
