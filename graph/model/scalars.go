package model

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
)

// quoted is a text that needs no escaping in JSON.
type quoted string

// MarshalGQL writes it between quotation marks.
func (q quoted) MarshalGQL(w io.Writer) {
	var buffer [40]byte
	_, _ = w.Write(q.AppendGQL(buffer[:0]))
}

// AppendGQL appends it between quotation marks.
func (q quoted) AppendGQL(b []byte) []byte { return append(append(append(b, '"'), q...), '"') }

// MarshalDate writes a day; the zero Date is null.
func MarshalDate(d domain.Date) graphql.Marshaler {
	if d == 0 {
		return graphql.Null
	}
	return quoted(d.String())
}

// UnmarshalDate reads a day; null is the zero Date.
func UnmarshalDate(v any) (domain.Date, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case string:
		return domain.ParseDate(v)
	}
	return 0, fmt.Errorf("a Date is a text, written as YYYY-MM-DD, for example \"2023-12-22\"")
}

// instants are written with six decimals: that is how exactly they are kept, and compared.
const instant = "2006-01-02T15:04:05.000000Z"

// MarshalDateTime writes an instant in UTC.
func MarshalDateTime(t time.Time) graphql.Marshaler { return quoted(t.UTC().Format(instant)) }

// UnmarshalDateTime reads an instant, with or without a fraction of a second, in any offset.
func UnmarshalDateTime(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return time.Time{}, fmt.Errorf("%q is no instant; write it as in 2023-12-22T15:04:05Z (RFC 3339, UTC)", v)
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("a DateTime is a text, written as in \"2023-12-22T15:04:05Z\" (RFC 3339, UTC)")
}

// MarshalLogPosition writes a position in the record: a text, since it may grow beyond what a JSON number holds exactly.
func MarshalLogPosition(at uint64) graphql.Marshaler { return quoted(strconv.FormatUint(at, 10)) }

// UnmarshalLogPosition reads a position in the record.
func UnmarshalLogPosition(v any) (uint64, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case string:
		if at, ok := relay.ParsePosition(v); ok {
			return at, nil
		}
		return 0, fmt.Errorf("%q is no LogPosition; write it as a decimal number without sign or leading zeros, for example \"42\"", v)
	}
	return 0, fmt.Errorf("a LogPosition is a text: a decimal number between quotation marks, for example \"42\"")
}

// MarshalGQL writes the code.
func (c ErrorCode) MarshalGQL(w io.Writer) { quoted(c).MarshalGQL(w) }

// UnmarshalGQL reads a code.
func (c *ErrorCode) UnmarshalGQL(v any) error {
	word, err := graphql.UnmarshalString(v)
	*c = ErrorCode(word)
	return err
}
