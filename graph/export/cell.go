package export

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain"
)

// cell is what stands in one column of one row. The zero cell is none: nothing in CSV, null in JSON.
type cell struct {
	form  form
	text  string
	items []string
}

type form uint8

const (
	none   form = iota
	text        // Somebody's words: whatever they begin with, a spreadsheet must not run them.
	word        // A word, code, day or digest, of characters that no spreadsheet takes for a formula.
	figure      // A number or a boolean as JSON writes it.
	list        // Codes or ids; none has a semicolon.
	nested      // JSON.
)

// said is somebody's words; empty is none.
func said(s string) cell {
	if s == "" {
		return cell{}
	}
	return cell{form: text, text: s}
}

// coded is a word of ours: a code, key, day, instant or digest.
func coded(s string) cell {
	if s == "" {
		return cell{}
	}
	return cell{form: word, text: s}
}

// place is a position in the record; zero is none. As in the public schema it is a text in JSON.
func place(at uint64) cell {
	if at == 0 {
		return cell{}
	}
	return cell{form: word, text: strconv.FormatUint(at, 10)}
}

func day(d domain.Date) cell { return coded(d.String()) }

// instant is written with six decimals, as the public schema does.
func instant(t time.Time) cell {
	return cell{form: word, text: t.UTC().Format("2006-01-02T15:04:05.000000Z")}
}

func count[N int | int64](n N) cell { return cell{form: figure, text: strconv.FormatInt(int64(n), 10)} }

func truth(b bool) cell { return cell{form: figure, text: strconv.FormatBool(b)} }

// share is a figure as it is served: the shortest text that reads back as the same float64, in the form that the API writes.
func share(f float64) cell { return cell{form: figure, text: strconv.FormatFloat(f, 'g', -1, 64)} }

func shareOrNone(f *float64) cell {
	if f == nil {
		return cell{}
	}
	return share(*f)
}

// codes is a list; an empty one is none in CSV, and [] in JSON.
func codes(items []string) cell { return cell{form: list, items: items} }

// appendCSV appends the cell as a field of RFC 4180.
func (c *cell) appendCSV(b []byte) []byte {
	switch c.form {
	case none:
		return b
	case text:
		return appendField(b, c.text, isFormula(c.text))
	case list:
		for i, item := range c.items {
			if i > 0 {
				b = append(b, ';')
			}
			b = append(b, item...)
		}
		return b
	case nested:
		return appendField(b, c.text, false)
	}
	return append(b, c.text...)
}

// appendField quotes what must be quoted. encoding/csv does not serve: with line ends of CRLF it changes those inside of fields,
// and so the text.
func appendField(b []byte, s string, guard bool) []byte {
	if !strings.ContainsAny(s, "\",\r\n") && s[0] != ' ' && s[len(s)-1] != ' ' {
		if guard {
			b = append(b, '\'')
		}
		return append(b, s...)
	}
	b = append(b, '"')
	if guard {
		b = append(b, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		b = append(b, s[:i]...)
		b = append(b, '"', '"')
		s = s[i+1:]
	}
	b = append(b, s...)
	return append(b, '"')
}

// isFormula says whether a spreadsheet may take a text for a formula, and run it: one that begins with = + - @, a tab or a line
// break, or the full-width form of one of the signs (OWASP, "CSV Injection"). A text that begins so behind apostrophes counts, too,
// so that whoever wants the text itself takes one apostrophe off every cell that begins so, and never one too many.
func isFormula(s string) bool {
	switch s[0] { // Most texts begin with a letter.
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return true
	case '\'', 0xef: // 0xef begins the full-width forms in UTF-8.
	default:
		return false
	}
	s = strings.TrimLeft(s, "'")
	first, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && s != ""
}

// appendJSON appends the cell as a JSON value.
func (c *cell) appendJSON(b []byte) []byte {
	switch c.form {
	case none:
		return append(b, "null"...)
	case figure, nested:
		return append(b, c.text...)
	case list:
		b = append(b, '[')
		for i, item := range c.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, item)
		}
		return append(b, ']')
	}
	return appendString(b, c.text)
}

// appendString appends a JSON string, with nothing escaped but what must be (RFC 8259, section 7). What is no UTF-8, which a
// checked text never has, becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const hexadecimal = "0123456789abcdef"
	s = strings.ToValidUTF8(s, "\uFFFD")
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexadecimal[c>>4], hexadecimal[c&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
