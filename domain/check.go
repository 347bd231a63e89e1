package domain

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// check collects the faults of one input, so that all are told at once (RULES, section 9).
type check struct {
	facts  Facts
	faults []Fault
}

func (c *check) fault(code Code, path, format string, args ...any) {
	c.faults = append(c.faults, Fault{Code: code, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (c *check) bad(path, format string, args ...any)      { c.fault(BadUserInput, path, format, args...) }
func (c *check) missing(path, format string, args ...any)  { c.fault(NotFound, path, format, args...) }
func (c *check) conflict(path, format string, args ...any) { c.fault(Conflict, path, format, args...) }

// yield gives the events, or the refusal where there is a fault.
func (c *check) yield(events ...Event) ([]Event, *Refusal) {
	if len(c.faults) > 0 {
		return nil, &Refusal{Faults: c.faults}
	}
	return events, nil
}

// ---- Texts.

// Lengths of texts in characters. RULES, section 9, sets those of names, summaries, points and quotes; the others are ours.
const (
	nameLimit      = 500    // Titles, labels, names; also forums, bodies and locators.
	summaryLimit   = 4_000  // Summaries and points; also descriptions and reasons.
	quoteLimit     = 10_000 // Quotes.
	paragraphLimit = 10_000 // Paragraphs of a document: 40,000 bytes at most, so that each fits into one event (see documentParts).
	urlLimit       = 2_000
	symbolLimit    = 200 // Document symbols, and the names of the paragraphs of acts and votes.
	keyLimit       = 64  // Keys and codes (RULES, section 9).
)

// textForm says what a text must be, besides being no longer than its limit.
type textForm uint8

const (
	required  textForm = 1 << iota // It is not blank.
	multiline                      // It may have line breaks and tabs.
	exact                          // It is compared as a key is: no space at either end.
)

// text checks a text. The noun names it in sentences: "title", "points text".
func (c *check) text(path, noun, text string, limit int, form textForm) {
	if text == "" {
		if form&required != 0 {
			c.bad(path, "The %s is missing; give one of at most %s characters.", noun, thousands(limit))
		}
		return
	}
	if i, ok := invalidUTF8(text); ok {
		c.bad(path, "The %s is no valid UTF-8 at byte %d; send it in UTF-8.", noun, i+1)
		return
	}
	if blank(text) {
		if form&required != 0 {
			c.bad(path, "The %s is blank; give one of at most %s characters.", noun, thousands(limit))
		} else {
			c.bad(path, "The %s is blank; leave it out or write something.", noun)
		}
		return
	}
	if n := utf8.RuneCountInString(text); n > limit {
		c.bad(path, "The %s has %s characters; at most %s are allowed.", noun, thousands(n), thousands(limit))
	}
	if form&exact != 0 && strings.TrimSpace(text) != text {
		c.bad(path, "The %s begins or ends with a space; leave it out.", noun)
	}
	character := 0
	for _, r := range text {
		character++
		switch {
		case form&multiline != 0 && (r == '\n' || r == '\t'):
		case r == '\n':
			c.bad(path, "The %s has a line break as its character %s; write it on one line.", noun, thousands(character))
			return
		case unicode.IsControl(r) || nonCharacter(r):
			c.bad(path, "The %s has the control character U+%04X as its character %s; leave it out.", noun, r, thousands(character))
			return
		case form&exact != 0 && unicode.Is(unicode.Cf, r):
			// Marks of direction and the like: two keys that look alike would be two.
			c.bad(path, "The %s has the invisible character U+%04X as its character %s; leave it out.", noun, r, thousands(character))
			return
		}
	}
}

// symbol checks the symbol of a document. It is written in ASCII in all languages, and compared as it is: one with a letter that only
// looks like another would be another document.
func (c *check) symbol(path, noun, symbol string, form textForm) {
	before := len(c.faults)
	c.text(path, noun, symbol, symbolLimit, form|exact)
	if strange := strangeCharacter(symbol, func(r rune) bool { return r >= ' ' && r <= '~' }); strange != "" && len(c.faults) == before {
		c.bad(path, "The %s %s has %s; write it as the document does, in letters A to Z, digits and signs of the keyboard.", noun, quoted(symbol), strange)
	}
}

// invalidUTF8 gives the index of the first byte that is no part of a character in UTF-8.
func invalidUTF8(text string) (int, bool) {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n <= 1 {
			return i, true
		}
		i += n
	}
	return 0, false
}

// blank says that a text shows nothing: it has but spaces, controls and invisible marks.
func blank(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) < 0
}

// nonCharacter says that Unicode will never give the code point to a character. Canonical JSON (RFC 8785) builds on
// I-JSON, which has none of them (RFC 7493, section 2.1).
func nonCharacter(r rune) bool { return r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF }

// url checks an address, which may be left out.
func (c *check) url(path, noun, address string) {
	before := len(c.faults)
	c.text(path, noun, address, urlLimit, exact)
	if address == "" || len(c.faults) > before {
		return
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || strings.ContainsFunc(address, unicode.IsSpace):
		c.bad(path, "%s is no address; write it as https://… without spaces.", quoted(address))
	case u.Scheme != "http" && u.Scheme != "https":
		c.bad(path, "%s does not begin with http:// or https://; only such addresses are recorded.", quoted(address))
	case u.Host == "":
		c.bad(path, "%s names no host; write it as https://host/path.", quoted(address))
	case u.User != nil:
		c.bad(path, "%s has a name or password before its host; leave it out.", quoted(address))
	case strings.ContainsFunc(address, func(r rune) bool { return unicode.In(r, unicode.Cf, unicode.Cc) }):
		c.bad(path, "%s has an invisible character; write the address as it is.", quoted(address))
	}
}

// sha256 checks a digest in hexadecimal. Upper case is the same digest; recorded is lower case.
func (c *check) sha256(path, digest string) {
	if len(digest) != 64 || strings.ContainsFunc(digest, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }) {
		c.bad(path, "%s is no SHA-256; write its 64 hexadecimal digits.", quoted(digest))
	}
}

// source checks a source, every text of which has its own path.
func (c *check) source(path string, s Source) {
	c.text(path+".title", "title of the source", s.Title, nameLimit, required)
	c.url(path+".url", "address of the source", s.URL)
	c.symbol(path+".symbol", "document symbol of the source", s.Symbol, 0)
	c.text(path+".locator", "locator", s.Locator, nameLimit, 0)
	c.word(path+".language", "language", int(s.Language), languageNames, false)
	c.text(path+".quote", "quotation", s.Quote, quoteLimit, multiline)
	c.word(path+".grade", "grade of a source", int(s.Grade), gradeNames, false)
}

// localized checks the names of a State or a group: one in English, each language once.
func (c *check) localized(all []LocalizedName) {
	seen := map[Language]bool{}
	for i, n := range all {
		path := fmt.Sprintf("names.%d", i)
		if c.word(path+".language", "language", int(n.Language), languageNames, true) && seen[n.Language] {
			c.bad(path+".language", "There is more than one name in %s; give each language once.", n.Language)
		}
		seen[n.Language] = true
		c.text(path+".name", "name", n.Name, nameLimit, required)
		c.text(path+".formalName", "formal name", n.FormalName, nameLimit, 0)
	}
	if !seen[English] {
		c.bad("names", "There is no name in EN; give one, since it stands in for languages that have none.")
	}
}

// word checks a value of an enumeration and says whether it is one.
func (c *check) word(path, noun string, v int, known names, needed bool) bool {
	if v == 0 && needed {
		c.bad(path, "The %s is missing; it is one of %s.", noun, joinWords(known[1:], "or"))
	}
	if v < 0 || v >= len(known) {
		c.bad(path, "%d is no %s; it is one of %s.", v, noun, joinWords(known[1:], "or"))
	}
	return v > 0 && v < len(known)
}

// ---- Days.

// lastDate is the last day that a Date can name.
var lastDate = NewDate(9999, 12, 31)

// anyDay checks a day that may lie in the future: of a membership or a session.
func (c *check) anyDay(path, noun string, d Date, needed bool) bool {
	if d == 0 && needed {
		c.bad(path, "The %s is missing; write it as YYYY-MM-DD.", noun)
	}
	if d < 0 || d > lastDate {
		c.bad(path, "The %s is no day of the years 1 to 9999; write it as YYYY-MM-DD.", noun)
	}
	return d > 0 && d <= lastDate
}

// day checks the day of a fact and says whether it is one. A day later than tomorrow is refused for every fact (RULES,
// section 1); tomorrow is not, since in the east it has begun.
func (c *check) day(path, noun string, d Date, needed bool) bool {
	if !c.anyDay(path, noun, d, needed) {
		return false
	}
	if tomorrow := c.facts.Today().Next(); d > tomorrow {
		c.bad(path, "The %s, %s, is later than tomorrow, %s (UTC); only what has happened is recorded.", noun, d, tomorrow)
		return false
	}
	return true
}

// ---- Words for sentences.

// quoted puts what somebody wrote between quotation marks, with escapes for what cannot be seen, cut where it is long.
func quoted(word string) string {
	const most = 80
	if utf8.RuneCountInString(word) > most {
		word = string([]rune(word)[:most]) + "…"
	}
	return fmt.Sprintf("%q", word)
}

// thousands writes a number with commas: 10,000.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// sameSet says whether two lists have the same elements, in whatever order.
func sameSet[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	count := map[T]int{}
	for _, v := range a {
		count[v]++
	}
	for _, v := range b {
		count[v]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// cloned copies a list, so that an event shares no memory with the command that yielded it; an empty one is nil.
func cloned[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return slices.Clone(list)
}
