package codec

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects are nested, so that hostile input cannot exhaust the stack.
const maxDepth = 512

// scanner reads one JSON text (RFC 8259) token by token, as I-JSON (RFC 7493) restricts it: UTF-8, no lone surrogates, no
// name twice in an object. The latter is left to its callers, who know the names.
type scanner struct {
	data  []byte
	pos   int
	depth int
}

// errorf names the place of a fault.
func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", s.pos, fmt.Sprintf(format, args...))
}

// peek skips white space and gives the next byte without taking it, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// take takes the next byte, which must be c.
func (s *scanner) take(c byte) error {
	if s.peek() != c || s.pos >= len(s.data) {
		return s.unexpected("'" + string(rune(c)) + "'")
	}
	s.pos++
	return nil
}

func (s *scanner) unexpected(wanted string) error {
	if s.pos >= len(s.data) {
		return s.errorf("the text ends where %s is expected", wanted)
	}
	return s.errorf("%q where %s is expected", s.data[s.pos], wanted)
}

// end says that nothing but white space may follow.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.data) {
		return s.errorf("%q behind the end of the value", s.data[s.pos])
	}
	return nil
}

// enter and leave stand around what is in an array or object.
func (s *scanner) enter(c byte) error {
	if err := s.take(c); err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return s.errorf("nested deeper than %d", maxDepth)
	}
	return nil
}

// more says whether another item follows in an array or object that close ends, taking the comma or the end.
func (s *scanner) more(first bool, close byte) (bool, error) {
	switch c := s.peek(); {
	case c == close:
		s.pos++
		s.depth--
		return false, nil
	case first:
		return true, nil
	case c == ',':
		s.pos++
		return true, nil
	}
	return false, s.unexpected("',' or '" + string(rune(close)) + "'")
}

// literal takes true, false or null.
func (s *scanner) literal(word string) error {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.unexpected(word)
	}
	s.pos += len(word)
	return nil
}

// text takes a string and gives what it says. The bytes belong to the scanner: they are those of its data where nothing
// is escaped.
func (s *scanner) text() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.unexpected("a string")
	}
	s.pos++
	from := s.pos
	ascii := true
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			b := s.data[from:s.pos]
			if !ascii && !utf8.Valid(b) {
				return nil, s.errorf("the string is not UTF-8")
			}
			s.pos++
			return b, nil
		case c == '\\':
			return s.escaped(append([]byte(nil), s.data[from:s.pos]...))
		case c < 0x20:
			return nil, s.errorf("control character %q in a string", c)
		case c >= utf8.RuneSelf:
			ascii = false
		}
		s.pos++
	}
	return nil, s.errorf("the text ends within a string")
}

// escaped goes on with a string from its first escape; b is what came before.
func (s *scanner) escaped(b []byte) ([]byte, error) {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			if !utf8.Valid(b) {
				return nil, s.errorf("the string is not UTF-8")
			}
			s.pos++
			return b, nil
		case c < 0x20:
			return nil, s.errorf("control character %q in a string", c)
		case c != '\\':
			b = append(b, c)
			s.pos++
			continue
		}
		if s.pos++; s.pos >= len(s.data) {
			break
		}
		c = s.data[s.pos]
		s.pos++
		switch c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, err := s.unit()
			if err != nil {
				return nil, err
			}
			if utf16.IsSurrogate(r) {
				if len(s.data)-s.pos < 2 || s.data[s.pos] != '\\' || s.data[s.pos+1] != 'u' {
					return nil, s.errorf("lone surrogate in a string")
				}
				s.pos += 2
				low, err := s.unit()
				if err != nil {
					return nil, err
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					return nil, s.errorf("lone surrogate in a string")
				}
			}
			b = utf8.AppendRune(b, r)
		default:
			s.pos--
			return nil, s.errorf("no escape: \\%c", c)
		}
	}
	return nil, s.errorf("the text ends within a string")
}

// unit takes four hexadecimal digits.
func (s *scanner) unit() (rune, error) {
	if len(s.data)-s.pos < 4 {
		return 0, s.errorf("the text ends within a string")
	}
	v, err := strconv.ParseUint(string(s.data[s.pos:s.pos+4]), 16, 16)
	if err != nil {
		return 0, s.errorf("%q are no four hexadecimal digits", s.data[s.pos:s.pos+4])
	}
	s.pos += 4
	return rune(v), nil
}

// number takes a number and gives its bytes, and whether they are an integer's: digits alone, with or without a minus.
func (s *scanner) number() (b []byte, integer bool, err error) {
	from := s.pos
	digits := func() bool {
		before := s.pos
		for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
			s.pos++
		}
		return s.pos > before
	}
	next := func(set string) bool {
		for i := 0; s.pos < len(s.data) && i < len(set); i++ {
			if s.data[s.pos] == set[i] {
				s.pos++
				return true
			}
		}
		return false
	}
	next("-")
	if !next("0") && !digits() {
		return nil, false, s.unexpected("a value")
	}
	integer = true
	if next(".") {
		integer = false
		if !digits() {
			return nil, false, s.unexpected("a digit")
		}
	}
	if next("eE") {
		integer = false
		next("+-")
		if !digits() {
			return nil, false, s.unexpected("a digit")
		}
	}
	return s.data[from:s.pos], integer, nil
}

// skip takes any value and forgets it.
func (s *scanner) skip() error {
	switch c := s.peek(); c {
	case '{':
		if err := s.enter('{'); err != nil {
			return err
		}
		for first := true; ; first = false {
			more, err := s.more(first, '}')
			if err != nil || !more {
				return err
			}
			if _, err := s.text(); err != nil {
				return err
			}
			if err := s.take(':'); err != nil {
				return err
			}
			if err := s.skip(); err != nil {
				return err
			}
		}
	case '[':
		if err := s.enter('['); err != nil {
			return err
		}
		for first := true; ; first = false {
			more, err := s.more(first, ']')
			if err != nil || !more {
				return err
			}
			if err := s.skip(); err != nil {
				return err
			}
		}
	case '"':
		_, err := s.text()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		_, _, err := s.number()
		return err
	}
}
