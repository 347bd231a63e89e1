package codec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// maxInteger is 2^53: integers up to it are the same number for every reader of JSON (RFC 8785, section 3.2.2.3).
const maxInteger = 1 << 53

// Canonical gives the canonical form (RFC 8785) of a JSON text.
//
// Numbers are what ECMAScript reads in them: an integer within ±2^53 stays as it is, another number becomes the nearest
// double. It is an error where the text is no I-JSON: invalid UTF-8, a lone surrogate, a name twice in one object, a number
// beyond the doubles, something behind the value.
func Canonical(json []byte) ([]byte, error) {
	s := scanner{data: json}
	b, err := s.canonical(make([]byte, 0, len(json)))
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, fmt.Errorf("JSON: %w", err)
	}
	return b, nil
}

// canonical appends the canonical form of the next value to b.
func (s *scanner) canonical(b []byte) ([]byte, error) {
	switch c := s.peek(); c {
	case '{':
		return s.canonicalObject(b)
	case '[':
		if err := s.enter('['); err != nil {
			return nil, err
		}
		b = append(b, '[')
		for first := true; ; first = false {
			more, err := s.more(first, ']')
			if err != nil {
				return nil, err
			}
			if !more {
				return append(b, ']'), nil
			}
			if !first {
				b = append(b, ',')
			}
			if b, err = s.canonical(b); err != nil {
				return nil, err
			}
		}
	case '"':
		text, err := s.text()
		if err != nil {
			return nil, err
		}
		return leaf.AppendString(b, string(text)), nil
	case 't':
		return append(b, "true"...), s.literal("true")
	case 'f':
		return append(b, "false"...), s.literal("false")
	case 'n':
		return append(b, "null"...), s.literal("null")
	}
	number, integer, err := s.number()
	if err != nil {
		return nil, err
	}
	if integer {
		v, err := strconv.ParseInt(string(number), 10, 64)
		if err == nil && -maxInteger <= v && v <= maxInteger {
			return strconv.AppendInt(b, v, 10), nil // Makes 0 of -0, as it should.
		}
	}
	f, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		return nil, s.errorf("the number %s is beyond what JSON can be relied on to carry", number)
	}
	return appendNumber(b, f), nil
}

// canonicalObject appends an object. Its members are appended in the order in which they come and put into the right one
// only where that is another.
func (s *scanner) canonicalObject(b []byte) ([]byte, error) {
	type member struct {
		name     string
		from, to int // Of the name and value in b.
	}
	if err := s.enter('{'); err != nil {
		return nil, err
	}
	b = append(b, '{')
	begin := len(b)
	var members []member
	sorted := true
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if !first {
			b = append(b, ',')
		}
		text, err := s.text()
		if err != nil {
			return nil, err
		}
		m := member{name: string(text), from: len(b)}
		if err := s.take(':'); err != nil {
			return nil, err
		}
		b = append(leaf.AppendString(b, m.name), ':')
		if b, err = s.canonical(b); err != nil {
			return nil, err
		}
		m.to = len(b)
		if n := len(members); n > 0 && sorted {
			sorted = compareNames(members[n-1].name, m.name) < 0
		}
		members = append(members, m)
	}
	if !sorted {
		slices.SortFunc(members, func(x, y member) int { return compareNames(x.name, y.name) })
		scratch := slices.Clone(b[begin:])
		b = b[:begin]
		for i, m := range members {
			if i > 0 {
				if members[i-1].name == m.name {
					return nil, s.errorf("the name %q stands twice in one object", m.name)
				}
				b = append(b, ',')
			}
			b = append(b, scratch[m.from-begin:m.to-begin]...)
		}
	}
	return append(b, '}'), nil
}

// compareNames orders names by their UTF-16 code units (RFC 8785, section 3.2.3). That is not the order of their bytes:
// a character beyond U+FFFF is written there with surrogates, which stand before U+E000.
func compareNames(a, b string) int {
	for i := 0; ; {
		if i == len(a) || i == len(b) {
			return len(a) - len(b)
		}
		ra, size := utf8.DecodeRuneInString(a[i:])
		rb, _ := utf8.DecodeRuneInString(b[i:])
		if ra == rb {
			i += size
			continue
		}
		if ua, ub := firstUnit(ra), firstUnit(rb); ua != ub {
			return int(ua - ub)
		}
		return int(ra - rb) // The same high surrogate.
	}
}

// firstUnit gives the first UTF-16 code unit of a character.
func firstUnit(r rune) rune {
	if r > 0xffff {
		return 0xd800 + (r-0x10000)>>10
	}
	return r
}

// appendNumber appends a finite number as ECMAScript's Number::toString writes it: the fewest digits that read back as the
// same number, in decimal places for exponents from -7 to 20, otherwise with an exponent.
func appendNumber(b []byte, f float64) []byte {
	if f == 0 {
		return append(b, '0') // Of -0 too.
	}
	if math.Signbit(f) {
		b = append(b, '-')
		f = -f
	}
	// strconv gives d.ddde±xx with the digits wanted: the shortest, and of the shortest the nearest.
	var scratch [32]byte
	e := strconv.AppendFloat(scratch[:0], f, 'e', -1, 64)
	mark := slices.Index(e, 'e')
	exponent, err := strconv.Atoi(string(e[mark+1:]))
	if err != nil {
		panic(err) // unreachable: strconv wrote it.
	}
	digits := e[:1]
	if mark > 2 {
		digits = append(digits, e[2:mark]...) // Over the point.
	}
	switch n := exponent + 1; { // n, as in the standard: the value is 0.digits · 10^n.
	case len(digits) <= n && n <= 21:
		b = append(b, digits...)
		for range n - len(digits) {
			b = append(b, '0')
		}
	case 0 < n && n <= 21:
		b = append(b, digits[:n]...)
		b = append(b, '.')
		b = append(b, digits[n:]...)
	case -6 < n && n <= 0:
		b = append(b, "0."...)
		for range -n {
			b = append(b, '0')
		}
		b = append(b, digits...)
	default:
		b = append(b, digits[0])
		if len(digits) > 1 {
			b = append(b, '.')
			b = append(b, digits[1:]...)
		}
		b = append(b, 'e')
		if exponent > 0 {
			b = append(b, '+')
		}
		b = strconv.AppendInt(b, int64(exponent), 10)
	}
	return b
}
