package relay

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// Connection is one list that is given in pages: its kind, whose it is, by which filter, at which moment.
type Connection struct {
	kind   string
	digest string
	mark   Mark
}

// NewConnection names a connection. Parts are all that tells it from others of its kind: the key of the object that it
// belongs to, and the filter, normalised, so that one question always has the same parts.
func NewConnection(kind string, mark Mark, parts ...string) Connection {
	h := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	// Eight bytes: nobody gains by a collision, it would only go on in another list.
	return Connection{kind: kind, digest: encoding.EncodeToString(h.Sum(nil)[:8]), mark: mark}
}

// Cursor writes the cursor of an item by its order key.
func (c Connection) Cursor(key Key) string {
	b := append([]byte(c.kind), ':')
	b = append(append(b, c.digest...), ':')
	for i, part := range key {
		if i > 0 {
			b = append(b, '.')
		}
		b = append(b, part...)
	}
	return encoding.EncodeToString(c.mark.append(b))
}

// Parse reads a cursor of this connection; any other text is an error that says what is the matter.
func (c Connection) Parse(cursor string) (Key, error) {
	plain, ok := decode(cursor)
	if !ok {
		return nil, fmt.Errorf("%q is no cursor of this server; take one that was answered", excerpt(cursor))
	}
	rest, mark, ok := cutMark(plain)
	if !ok {
		return nil, fmt.Errorf("%q is no cursor of this server; take one that was answered", excerpt(cursor))
	}
	kind, rest, _ := strings.Cut(rest, ":")
	digest, rest, ok := strings.Cut(rest, ":")
	key := Key(strings.Split(rest, "."))
	switch {
	case !ok || kind != c.kind || digest != c.digest:
		return nil, fmt.Errorf("%q is no cursor of this connection; a cursor serves only with the field and the filter that it was answered with", excerpt(cursor))
	case mark != c.mark:
		return nil, fmt.Errorf("%q is a cursor of this connection at another moment; ask with the same asOf", excerpt(cursor))
	case c.Cursor(key) != cursor:
		return nil, fmt.Errorf("%q is no cursor of this server; take one that was answered", excerpt(cursor))
	}
	return key, nil
}

// Key is the place of an item in the order of its list: parts that hold no dot and nothing that marks a moment.
type Key []string

// DayKey orders by day, then by position in the record, then by what else is given.
func DayKey(on domain.Date, at uint64, more ...string) Key {
	return append(Key{on.String(), strconv.FormatUint(at, 10)}, more...)
}

// Day reads the two parts that DayKey begins with, and gives the others.
func (k Key) Day() (on domain.Date, at uint64, more []string, ok bool) {
	if len(k) < 2 {
		return 0, 0, nil, false
	}
	on, err := domain.ParseDate(k[0])
	at, ok = ParsePosition(k[1])
	return on, at, k[2:], ok && err == nil
}

// The sizes of a page.
const (
	DefaultFirst = 50
	MaxFirst     = 500
)

// First gives the size of a page: what was asked for, the default where nothing was.
func First(first *int) (int, error) {
	switch {
	case first == nil:
		return DefaultFirst, nil
	case *first < 0:
		return 0, fmt.Errorf("%d is negative; a page has 0 to %d items", *first, MaxFirst)
	case *first > MaxFirst:
		return 0, fmt.Errorf("%d is too many for one page; a page has 0 to %d items", *first, MaxFirst)
	}
	return *first, nil
}
