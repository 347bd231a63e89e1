package direct

import (
	"errors"
	"io"
	"math"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

var errPanicked = errors.New("direct: an argument could not be read")

// Writer appends values to an answer, as gqlgen writes them.
type Writer struct {
	B    []byte
	done <-chan struct{}
}

// writers are used again, since to let their bytes grow anew costs more than to copy what is in them once.
var writers = sync.Pool{New: func() any { return &Writer{B: make([]byte, 0, 4<<10)} }}

// keptBytes is how large a writer may have grown to be used again.
const keptBytes = 4 << 20

func (w *Writer) giveBack() {
	if cap(w.B) > keptBytes {
		return
	}
	w.B, w.done = w.B[:0], nil
	writers.Put(w)
}

// write writes a whole value. What has failed may have written a part.
func (w *Writer) write(value Value, of []*Selection, v any) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false // It happens again where gqlgen catches it, and has a place to tell it at.
		}
	}()
	return value.Write(w, of, v)
}

// Ended says that nobody waits for the answer any more.
func (w *Writer) Ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// Null writes null.
func (w *Writer) Null() { w.B = append(w.B, "null"...) }

// Bool writes a Boolean.
func (w *Writer) Bool(v bool) { w.B = strconv.AppendBool(w.B, v) }

// Int writes an Int.
func (w *Writer) Int(v int64) { w.B = strconv.AppendInt(w.B, v, 10) }

// Float writes a Float, and says whether JSON has it.
func (w *Writer) Float(v float64) bool {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return false
	}
	w.B = strconv.AppendFloat(w.B, v, 'g', -1, 64)
	return true
}

const hex = "0123456789ABCDEF"

// String writes a String or an ID.
func (w *Writer) String(s string) {
	b := append(w.B, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '\\' && c != '"' {
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '\t':
			b = append(b, `\t`...)
		case '\r':
			b = append(b, `\r`...)
		case '\n':
			b = append(b, `\n`...)
		case '\\':
			b = append(b, `\\`...)
		case '"':
			b = append(b, `\"`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
		start = i + 1
	}
	w.B = append(append(b, s[start:]...), '"')
}

// Appender is a graphql.Marshaler that can do without a writer.
type Appender interface{ AppendGQL([]byte) []byte }

// Marshaler writes whatever says itself how it is written.
func (w *Writer) Marshaler(m graphql.Marshaler) {
	if a, ok := m.(Appender); ok {
		w.B = a.AppendGQL(w.B)
		return
	}
	m.MarshalGQL(sink{w})
}

type sink struct{ w *Writer }

func (s sink) Write(p []byte) (int, error) {
	s.w.B = append(s.w.B, p...)
	return len(p), nil
}

// WriteString spares io.WriteString a copy.
func (s sink) WriteString(text string) (int, error) {
	s.w.B = append(s.w.B, text...)
	return len(text), nil
}

// written is a value in its final form.
type written []byte

// MarshalGQL hands it over.
func (b written) MarshalGQL(w io.Writer) { _, _ = w.Write(b) }
