package export

import (
	"context"
	"io"

	"github.com/rapporteur/rapporteur/projections"
)

// chunk is how many bytes are written at once, about: what an export keeps in memory beside one row.
const chunk = 32 << 10

// sheet gathers rows and writes them a chunk at a time.
type sheet struct {
	w io.Writer
	b []byte
}

func (s *sheet) spill(least int) error {
	if len(s.b) < least {
		return nil
	}
	_, err := s.w.Write(s.b)
	s.b = s.b[:0]
	return err
}

// writeCSV writes a table as RFC 4180 has it: UTF-8 without a byte order mark, a header line, CRLF.
func writeCSV(ctx context.Context, w io.Writer, t rowsOf, record Record, v view) error {
	s := sheet{w: w, b: make([]byte, 0, 2*chunk)}
	for i, f := range t.fields(v) {
		if i > 0 {
			s.b = append(s.b, ',')
		}
		s.b = appendField(s.b, f.Name, false)
	}
	s.b = append(s.b, '\r', '\n')
	err := t.each(ctx, record, v, func(cells []cell) error {
		for i := range cells {
			if i > 0 {
				s.b = append(s.b, ',')
			}
			s.b = cells[i].appendCSV(s.b)
		}
		s.b = append(s.b, '\r', '\n')
		return s.spill(chunk)
	})
	if err != nil {
		return err
	}
	return s.spill(1)
}

// writeJSON writes a table as one object that says what was asked, with a row a line.
func writeJSON(ctx context.Context, w io.Writer, t rowsOf, record Record, v view) error {
	s := sheet{w: w, b: make([]byte, 0, 2*chunk)}
	var names []string // With what stands before the value.
	for i, f := range t.fields(v) {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		names = append(names, string(append(appendString([]byte{before}, f.Name), ':')))
	}
	s.b = append(appendString(append(s.b, `{"kind":`...), t.kind().Name), `,"at":`...)
	at, on := cell{}, cell{}
	if v.View != nil {
		at, on = coded(projections.LogPosition(v.Moment().At)), day(v.Moment().On)
	}
	s.b = append(at.appendJSON(s.b), `,"statedOn":`...)
	s.b = append(on.appendJSON(s.b), `,"rows":[`...)
	first := true
	err := t.each(ctx, record, v, func(cells []cell) error {
		if !first {
			s.b = append(s.b, ',')
		}
		first = false
		s.b = append(s.b, '\n')
		for i := range cells {
			s.b = cells[i].appendJSON(append(s.b, names[i]...))
		}
		s.b = append(s.b, '}')
		return s.spill(chunk)
	})
	if err != nil {
		return err
	}
	s.b = append(s.b, "\n]}\n"...)
	return s.spill(1)
}
