package relay

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// Kind says what sort of object an id names.
type Kind uint8

// The kinds, each with the name of its GraphQL type.
const (
	State Kind = 1 + iota
	Group
	Session
	Proposal
	Element
	Option
	Submission
	Position
	Endorsement
	Vote
	Event
)

// form says how the key of a kind is written.
type form uint8

const (
	plainKey form = iota // One key.
	pairKey              // Two keys and a slash between them.
	atKey                // A position in the record.
	actKey               // A position, and for a ballot a slash and a code.
)

// kinds is the table of what ids can name. Its letters are in ids that clients keep: never change one.
var kinds = [...]struct {
	letters, name string
	form          form
}{
	State:       {"st", "State", plainKey},
	Group:       {"gr", "Group", plainKey},
	Session:     {"se", "Session", plainKey},
	Proposal:    {"pr", "Proposal", plainKey},
	Element:     {"el", "Element", plainKey},
	Option:      {"op", "Option", pairKey},
	Submission:  {"su", "Submission", atKey},
	Position:    {"po", "Position", atKey},
	Endorsement: {"en", "Endorsement", actKey},
	Vote:        {"vo", "Vote", atKey},
	Event:       {"ev", "Event", atKey},
}

// String gives the name of the GraphQL type.
func (k Kind) String() string { return kinds[k].name }

// Mark is the moment that an id or a cursor carries. The zero Mark is now.
type Mark struct {
	Pinned bool        // At was asked for.
	At     uint64      // Zero unless pinned.
	On     domain.Date // Zero where there is no limit of days.
}

// ID names an object, as of a moment.
type ID struct {
	Kind Kind
	Key  string // Of objects with a key; of a ballot, the State's code; of an option, element/option.
	At   uint64 // Of objects that are known by their position in the record.
	Mark Mark
}

// Plain is the id of the same object as of now.
func (id ID) Plain() ID {
	id.Mark = Mark{}
	return id
}

var encoding = base64.RawURLEncoding.Strict()

// String writes the id as clients see it.
func (id ID) String() string {
	var buffer [96]byte
	b := append(buffer[:0], kinds[id.Kind].letters...)
	b = append(b, ':')
	switch kinds[id.Kind].form {
	case plainKey, pairKey:
		b = append(b, id.Key...)
	case atKey:
		b = strconv.AppendUint(b, id.At, 10)
	case actKey:
		b = strconv.AppendUint(b, id.At, 10)
		if id.Key != "" {
			b = append(append(b, '/'), id.Key...)
		}
	}
	return encoding.EncodeToString(id.Mark.append(b))
}

// ParseID reads what String wrote, and nothing else.
func ParseID(text string) (ID, error) {
	if id, ok := parseID(text); ok && id.String() == text {
		return id, nil
	}
	return ID{}, fmt.Errorf("%q is no id of this server", excerpt(text))
}

func parseID(text string) (ID, bool) {
	plain, ok := decode(text)
	if !ok {
		return ID{}, false
	}
	rest, mark, ok := cutMark(plain)
	if !ok {
		return ID{}, false
	}
	letters, key, ok := strings.Cut(rest, ":")
	if !ok {
		return ID{}, false
	}
	for k := State; int(k) < len(kinds); k++ {
		if kinds[k].letters == letters {
			id := ID{Kind: k, Mark: mark}
			return id, id.parseKey(key)
		}
	}
	return ID{}, false
}

func (id *ID) parseKey(key string) (ok bool) {
	switch kinds[id.Kind].form {
	case plainKey:
		id.Key = key
		return isKey(key)
	case pairKey:
		element, option, found := strings.Cut(key, "/")
		id.Key = key
		return found && isKey(element) && isKey(option)
	case actKey:
		at, code, found := strings.Cut(key, "/")
		if found && !isKey(code) {
			return false
		}
		key, id.Key = at, code
	}
	id.At, ok = ParsePosition(key)
	return ok && id.At > 0
}

// longest is more than any id or cursor of ours has.
const longest = 512

func decode(text string) (string, bool) {
	if len(text) > longest {
		return "", false
	}
	b, err := encoding.DecodeString(text)
	return string(b), err == nil
}

// isKey says whether a text could be a key or a code: letters, digits and hyphens, at most 64 (RULES, section 9).
func isKey(text string) bool {
	if text == "" || len(text) > 64 {
		return false
	}
	for _, c := range []byte(text) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return true
}

func (m Mark) append(b []byte) []byte {
	if m.Pinned {
		b = strconv.AppendUint(append(b, '@'), m.At, 10)
	}
	if m.On != 0 {
		b = append(append(b, '~'), m.On.String()...)
	}
	return b
}

// cutMark takes the moment off the end of a text.
func cutMark(text string) (rest string, m Mark, ok bool) {
	rest, day, found := strings.Cut(text, "~")
	if found {
		on, err := domain.ParseDate(day)
		if err != nil {
			return "", m, false
		}
		m.On = on
	}
	rest, at, found := strings.Cut(rest, "@")
	if found {
		if m.At, ok = ParsePosition(at); !ok {
			return "", m, false
		}
		m.Pinned = true
	}
	return rest, m, true
}

// ParsePosition reads a position in the record: a decimal number without sign or leading zeros.
func ParsePosition(text string) (uint64, bool) {
	if len(text) > 1 && text[0] == '0' || text != "" && (text[0] == '+' || text[0] == '-') {
		return 0, false
	}
	at, err := strconv.ParseUint(text, 10, 64)
	return at, err == nil
}

// excerpt keeps a text that a client sent short enough to be told back.
func excerpt(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
