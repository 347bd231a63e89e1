package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rapporteur/rapporteur/domain/roster"
)

// table is a file that was read: its rows, each cell under its column's name.
type table struct {
	name   string
	header []string
	rows   []*row
	faults []Fault
}

// readTable reads a CSV file. It goes on after a fault as long as what follows can still be told apart from it, and gives all.
//
// The reader is strict (RFC 4180): a program that guesses where a cell ends records something else than was written.
func readTable(name string, data []byte, columns, required []string) *table {
	t := &table{name: name}
	if line, message := unreadable(data); message != "" {
		t.fault(line, "", "", "%s", message)
		return t
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1 // Counted below, in words of ours.
	header, err := r.Read()
	switch {
	case errors.Is(err, io.EOF):
		t.fault(1, "", "", "The file is empty; its first line names the columns, among them %s.", list(required, "and"))
		return t
	case err != nil:
		t.quoteFault(err)
		return t
	case !t.readHeader(header, columns, required):
		return t
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t
		}
		if err != nil { // Where the next row begins is no longer certain.
			t.quoteFault(err)
			return t
		}
		line, _ := r.FieldPos(0)
		if len(cells) != len(t.header) {
			t.fault(line, "", "", "The row has %s where the header has %d; a cell that has a comma in it stands between double quotes.", count(len(cells), "cell"), len(t.header))
			continue
		}
		row := &row{table: t, line: line, cells: map[string]string{}, canonical: map[string]string{}}
		for i, cell := range cells {
			// As the public interface does, so that equal texts are equal bytes whichever way they come (NFC, UAX #15).
			row.cells[t.header[i]] = norm.NFC.String(strings.TrimSpace(cell))
		}
		t.rows = append(t.rows, row)
	}
}

// readHeader says whether rows can be read under this header.
func (t *table) readHeader(header, columns, required []string) bool {
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		t.fault(1, "", "", "The columns are parted by semicolons or tabs; save the file as CSV with commas.")
		return false
	}
	absent := slices.DeleteFunc(slices.Clone(required), func(c string) bool {
		return slices.ContainsFunc(header, func(h string) bool { return strings.TrimSpace(h) == c })
	})
	readable := true
	for i, h := range header {
		h = strings.TrimSpace(h)
		near := nearest(h, columns)
		switch {
		case h == "":
			t.fault(1, "", "", "Column %d has no name; name it, or take it out of every line.", i+1)
		case slices.Contains(t.header, h):
			t.fault(1, h, h, "The column %s stands twice; keep one.", h)
		case slices.Contains(columns, h):
			t.header = append(t.header, h)
			continue
		case len(near) > 0:
			t.fault(1, h, h, "There is no column %q; did you mean %s?", h, list(near, "or"))
			// The same slip is not told twice, as a column too many and one that is missing.
			absent = slices.DeleteFunc(absent, func(c string) bool { return slices.Contains(near, c) })
		default:
			t.fault(1, h, h, "There is no column %q; known are %s.", h, list(columns, "and"))
		}
		t.header = append(t.header, h)
		readable = false
	}
	for _, c := range absent {
		t.fault(1, c, "", "The column %s is missing.", c)
		readable = false
	}
	return readable
}

// byteOrderMark begins what spreadsheets save as UTF-8 (RFC 3629, section 6).
var byteOrderMark = []byte("\xef\xbb\xbf")

// unmarked gives a file without its byte order mark. It comes before everything else, so that files which differ in it alone are
// one input.
func unmarked(data []byte) []byte { return bytes.TrimPrefix(data, byteOrderMark) }

// unreadable says why a file is no text, and in which line.
func unreadable(data []byte) (line int, message string) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return 1, "The file is UTF-16; save it as UTF-8."
	case bytes.IndexByte(data, '\r') >= 0 && bytes.IndexByte(data, '\n') < 0:
		return 1, "The lines end with a carriage return alone; save the file with line feeds (LF, or CR LF)."
	}
	line = 1
	for text := range bytes.Lines(data) {
		for i := 0; i < len(text); {
			r, n := utf8.DecodeRune(text[i:])
			switch {
			case r == utf8.RuneError && n == 1:
				return line, fmt.Sprintf("Byte %d of the line, 0x%02X, is no UTF-8; save the file as UTF-8.", i+1, text[i])
			case r == 0:
				return line, fmt.Sprintf("Byte %d of the line is NUL, which no text has; save the file as UTF-8.", i+1)
			}
			i += n
		}
		line++
	}
	return 0, ""
}

// quoteFault tells where quotes are wrong. What the reader took for one row can be many lines: a quote that is never closed
// takes in the rest of the file, and it is the row where it was opened that has to be mended.
func (t *table) quoteFault(err error) {
	var parse *csv.ParseError
	switch {
	case !errors.As(err, &parse):
		t.fault(0, "", "", "The file cannot be read as CSV: %v.", err) // unreachable: the reader has no other errors.
	case errors.Is(err, csv.ErrBareQuote):
		t.fault(parse.Line, "", "", `A double quote stands within a cell that does not begin with one; put the cell between double quotes, and write those within it twice ("").`)
	default:
		t.fault(parse.StartLine, "", "", `A cell of this row begins with a double quote but does not end with one; write a double quote within it twice ("").`)
	}
}

func (t *table) fault(line int, column, value, format string, args ...any) {
	t.faults = append(t.faults, Fault{File: t.name, Line: line, Column: column, Value: value, Message: fmt.Sprintf(format, args...)})
}

// nearest gives those of the known words that a person may have meant. Unlike keys, which domain.Nearest compares, columns and
// files are made of words, and a part of one is as good a hint.
func nearest(word string, known []string) []string {
	index := roster.NewIndex()
	for _, k := range known {
		index.Add(k, []string{k})
	}
	near := index.Suggest(word)
	return near[:min(len(near), 3)]
}

// list writes words for a sentence: "a, b or c".
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// count writes a number of things: "1 row", "2 rows".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
