package codec

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rapporteur/rapporteur/domain"
)

//go:generate go run ./internal/quickgen

// quick reads the one form in which Encode writes: members in canonical order, no white space. It is a reader for which that is
// nearly all there is to know, so that it takes a fraction of the time that a reader of any JSON does. The functions for the
// types of events are generated from their fields (quick_events.go).
//
// It has no opinion on what is wrong. Whatever it does not expect, down to null and another order, it gives up, and the strict
// reader begins again from the start: what that says holds. So it must never read what the strict reader refuses, nor the same in
// another way; the tests hold the two against one another on everything that they can think of.
type quick struct {
	data []byte
	at   int  // Before this byte all was read.
	lost bool // It gave up: nothing that it gave counts.

	// What a Decoder keeps from event to event; without words each string is made anew.
	words []string        // Words met before, each at a place that its bytes give, from where another may displace it.
	texts strings.Builder // A chunk of memory that texts are parts of.

	// What strings with escapes and lists are read into, before they are copied in the size that they turned out to have.
	unquoted   []byte
	strings    []string
	options    []domain.OptionRef
	points     []domain.Point
	paragraphs []domain.Paragraph
	ballots    []domain.CastBallot
	names      []domain.LocalizedName
}

const (
	longestWord = 64
	wordsHeld   = 1 << 13
	// chunk is how much memory texts are parts of together. One that stays keeps its neighbours, but what one decoder gives stays
	// or goes together. A large text has its own.
	chunk = 8 << 10
)

// read begins with another text.
func (q *quick) read(data []byte) { q.data, q.at, q.lost = data, 0, false }

// done says whether the text was read to its end and nothing was unexpected.
func (q *quick) done() bool { return !q.lost && q.at == len(q.data) }

// lose gives up. What is read after it is not looked at.
func (q *quick) lose() {
	q.lost = true
	q.at = len(q.data)
}

// next passes over the text if it comes next.
func (q *quick) next(text string) bool {
	if rest := q.data[q.at:]; len(rest) >= len(text) && string(rest[:len(text)]) == text {
		q.at += len(text)
		return true
	}
	return false
}

// member passes over a member's name, given as it is written with its quotes and colon, if it comes next. sep is what must stand
// before it: '{', which becomes ',' behind the first member.
func (q *quick) member(sep *byte, name string) bool {
	rest := q.data[q.at:]
	if len(rest) <= len(name) || rest[0] != *sep || string(rest[1:1+len(name)]) != name {
		return false
	}
	*sep = ','
	q.at += 1 + len(name)
	return true
}

// end passes over the end of an object. One without members has its beginning still before it.
func (q *quick) end(sep byte) {
	if sep == '{' && !q.next("{") || !q.next("}") {
		q.lose()
	}
}

// null says whether null comes next, which clears a field.
func (q *quick) null() bool { return q.next("null") }

func (q *quick) boolean() bool {
	switch {
	case q.next("true"):
		return true
	case q.next("false"):
	default:
		q.lose()
	}
	return false
}

// integer reads an integer within ±2^53, as it is written: no sign but '-', no zero before other digits.
func (q *quick) integer() int64 {
	rest := q.data[q.at:]
	i, negative := 0, false
	if len(rest) > 0 && rest[0] == '-' {
		i, negative = 1, true
	}
	first, n := i, int64(0)
	for ; i < len(rest) && i-first <= 16 && '0' <= rest[i] && rest[i] <= '9'; i++ {
		n = 10*n + int64(rest[i]-'0')
	}
	if digits := i - first; digits == 0 || digits > 16 || rest[first] == '0' && (digits > 1 || negative) || n > maxInteger {
		q.lose()
		return 0
	}
	q.at += i
	if negative {
		return -n
	}
	return n
}

// quoted reads a string and gives what stands between its quotes. escaped says that there are escapes in it. What is given is valid
// UTF-8 without control characters.
func (q *quick) quoted() (text []byte, escaped bool) {
	if q.at >= len(q.data) || q.data[q.at] != '"' {
		q.lose()
		return nil, false
	}
	rest := q.data[q.at+1:]
	i, ascii := 0, true
	for {
		// Eight plain characters at a time. In a word of eight bytes the highest bit of a byte is set in what follows where
		// the byte is below 0x20, a quote, a backslash, or beyond ASCII; it can be set above such a byte, too, but never without one.
		const ones, tops = 0x0101010101010101, 0x8080808080808080
		for len(rest)-i >= 8 {
			w := binary.LittleEndian.Uint64(rest[i:])
			quote, backslash := w^(ones*'"'), w^(ones*'\\')
			found := (w | (w - ones*0x20) | (quote - ones) | (backslash - ones)) & tops
			if found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(rest) {
			q.lose()
			return nil, false
		}
		switch c := rest[i]; {
		case c == '"':
			text = rest[:i]
			q.at += i + 2
			if !ascii && !utf8.Valid(text) {
				q.lose()
			}
			return text, escaped
		case c == '\\':
			escaped = true
			i += 2 // A quote behind it does not end the string; what else may follow is not decided here.
		case c < 0x20:
			q.lose()
			return nil, false
		case c >= utf8.RuneSelf:
			for ascii = false; i < len(rest) && rest[i] >= utf8.RuneSelf; i++ {
			}
		default:
			i++
		}
	}
}

// text reads a string of which many are different.
func (q *quick) text() string {
	b, escaped := q.quoted()
	if !escaped {
		return q.keep(b)
	}
	return q.unescaped(b)
}

// unescaped gives the string with escapes that was just passed over.
func (q *quick) unescaped(b []byte) string {
	if q.lost {
		return ""
	}
	plain, err := jsontext.AppendUnquote(q.unquoted[:0], q.data[q.at-len(b)-2:q.at])
	if err != nil {
		q.lose()
	}
	q.unquoted = plain
	return q.keep(plain)
}

// word reads a string that is likely to be met again: a code, a key, a symbol, the title of a source.
func (q *quick) word() string {
	b, escaped := q.quoted()
	switch {
	case escaped:
		return q.unescaped(b)
	case q.words == nil || len(b) > longestWord:
		return q.keep(b)
	}
	held := &q.words[wordHash(b)%wordsHeld]
	if *held != string(b) {
		*held = q.keep(b)
	}
	return *held
}

// wordTo is word for lists.
func (q *quick) wordTo(v *string) { *v = q.word() }

// plain reads a string without escapes and gives its bytes, which belong to the text that is read.
func (q *quick) plain() []byte {
	b, escaped := q.quoted()
	if escaped {
		q.lose()
	}
	return b
}

// keep copies a text, so that it does not keep the event's bytes.
func (q *quick) keep(b []byte) string {
	if q.words == nil || len(b) > chunk/8 {
		return string(b)
	}
	if q.texts.Cap()-q.texts.Len() < len(b) {
		q.texts.Reset() // The strings of the last chunk keep it.
		q.texts.Grow(chunk)
	}
	from := q.texts.Len()
	q.texts.Write(b)
	return q.texts.String()[from:]
}

// wordHash looks at the beginning and the end: of words that differ elsewhere, one only displaces the other.
func wordHash(b []byte) uint64 {
	var head, tail uint64
	if n := len(b); n >= 8 {
		head, tail = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	} else {
		for _, c := range b {
			head = head<<8 | uint64(c)
		}
	}
	const odd = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio: it spreads what is near to one another.
	return (head*odd ^ bits.RotateLeft64(tail, 23) ^ uint64(len(b))) * odd >> 40
}

// list reads a list into room, and gives it in a piece of its size. Its items have no lists that are read into the same room.
func list[T any](q *quick, room *[]T, one func(*quick, *T)) []T {
	items := (*room)[:0]
	if !q.next("[") {
		q.lose()
		return nil
	}
	for first := true; !q.next("]") && !q.lost; first = false {
		if !first && !q.next(",") {
			q.lose()
		}
		var none T
		items = append(items, none)
		one(q, &items[len(items)-1])
	}
	own := append(make([]T, 0, len(items)), items...)
	clear(items) // What they point to is not to stay for it.
	*room = items
	return own
}

// day reads a day.
func (q *quick) day() domain.Date {
	b := q.plain()
	if len(b) != len("2006-01-02") {
		q.lose()
		return 0
	}
	return domain.DateOf(q.calendar(b))
}

// calendar reads YYYY-MM-DD.
func (q *quick) calendar(b []byte) time.Time {
	year, month, day := q.number(b[:4], 9999), time.Month(q.number(b[5:7], 12)), q.number(b[8:10], 31)
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if b[4] != '-' || b[7] != '-' || year < 1 || t.Month() != month { // time.Date has the day after April's 30th be in May.
		q.lose()
	}
	return t
}

// moment reads a time in the form timeForm.
func (q *quick) moment() time.Time {
	b := q.plain()
	if len(b) != len(timeForm) || b[10] != 'T' || b[13] != ':' || b[16] != ':' || b[19] != '.' || b[26] != 'Z' {
		q.lose()
		return time.Time{}
	}
	t := q.calendar(b)
	hour, minute, second, micros := q.number(b[11:13], 23), q.number(b[14:16], 59), q.number(b[17:19], 59), q.number(b[20:26], 999_999)
	return t.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(micros)*time.Microsecond)
}

// number reads digits.
func (q *quick) number(digits []byte, most int) (n int) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			q.lose()
		}
		n = 10*n + int(c-'0')
	}
	if n > most {
		q.lose()
	}
	return n
}
