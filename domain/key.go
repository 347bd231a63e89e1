package domain

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The syntax of keys and codes, and references by them (RULES, section 9).

// keyForm is the syntax of a kind of key.
type keyForm struct {
	noun     string
	capitals bool   // Besides small letters.
	what     string // What it has, for sentences.
}

var (
	slugForm       = keyForm{noun: "slug", what: "small letters a to z, digits, and single hyphens between them"}
	elementKeyForm = keyForm{noun: "key of the element", what: slugForm.what}
	optionKeyForm  = keyForm{noun: "key of the option", what: slugForm.what}
	groupCodeForm  = keyForm{noun: "code of the group", capitals: true, what: "letters a to z and A to Z, digits, and single hyphens between them"}
	sessionKeyForm = keyForm{noun: "key of the session", capitals: true, what: groupCodeForm.what}
)

// key checks a key that is to be defined: [a-z0-9]+(-[a-z0-9]+)*, at most 64 characters, some kinds also with capitals.
// Nothing else can be taken for one of these characters without being told by name, so two keys that look alike are alike.
func (c *check) key(path, key string, form keyForm) {
	if key == "" {
		c.bad(path, "The %s is missing; it has %s, at most %d characters.", form.noun, form.what, keyLimit)
		return
	}
	if n := utf8.RuneCountInString(key); n > keyLimit {
		c.bad(path, "The %s has %s characters; at most %d are allowed.", form.noun, thousands(n), keyLimit)
	}
	if strange := strangeCharacter(key, func(r rune) bool { return r == '-' || keyCharacter(r, form.capitals) }); strange != "" {
		c.bad(path, "The %s %s has %s; it has %s.", form.noun, quoted(key), strange, form.what)
		return
	}
	if strings.HasPrefix(key, "-") || strings.HasSuffix(key, "-") || strings.Contains(key, "--") {
		c.bad(path, "The %s %s has a hyphen at an end or two in a row; it has %s.", form.noun, quoted(key), form.what)
	}
}

// stateCode checks the code of a State that is to be admitted, three capital letters as in ISO 3166-1 alpha-3.
func (c *check) stateCode(path, code string) {
	capital := func(r rune) bool { return r >= 'A' && r <= 'Z' }
	if code == "" {
		c.bad(path, "The code of the State is missing; it is three capital letters A to Z (ISO 3166-1 alpha-3).")
	} else if strange := strangeCharacter(code, capital); strange != "" {
		c.bad(path, "The code of the State %s has %s; it is three capital letters A to Z (ISO 3166-1 alpha-3).", quoted(code), strange)
	} else if len(code) != 3 {
		c.bad(path, "The code of the State %s has %d letters; it is three capital letters A to Z (ISO 3166-1 alpha-3).", quoted(code), len(code))
	}
}

func keyCharacter(r rune, capitals bool) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || capitals && r >= 'A' && r <= 'Z'
}

// strangeCharacter describes the first character that is not allowed, with its code point, since it may be invisible or look
// like one that is; it is empty where there is none.
func strangeCharacter(word string, allowed func(rune) bool) string {
	if i, ok := invalidUTF8(word); ok {
		return fmt.Sprintf("no valid UTF-8 at byte %d", i+1)
	}
	n := 0
	for _, r := range word {
		n++
		if allowed(r) {
			continue
		}
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return fmt.Sprintf("%q (U+%04X) as its character %d", string(r), r, n)
		}
		return fmt.Sprintf("U+%04X as its character %d", r, n)
	}
	return ""
}

// ---- References: what is named must exist.

// known checks that something is named and exists. A name that breaks the syntax of keys is no more than a name of nothing,
// NOT_FOUND; but a character that no key has is told, since it may look like one that a key has.
func (c *check) known(path string, kind KeyKind, noun, word string, exists bool) bool {
	if exists {
		return true
	}
	if word == "" {
		c.bad(path, "The %s is missing.", noun)
		return false
	}
	message := fmt.Sprintf("There is no %s %s", noun, quoted(word))
	allowed := func(r rune) bool { return r == '-' || kind == OptionKey && r == '/' || keyCharacter(r, true) }
	// Looking for what may have been meant takes its time; whoever named many things wrongly is helped by the first few.
	const suggested = 10
	var near []string
	if len(c.faults) < suggested {
		near = c.facts.Near(kind, word)
	}
	if len(near) > 0 {
		message += fmt.Sprintf("; did you mean %s?", joinWords(near, "or"))
	} else {
		message += "."
	}
	if strange := strangeCharacter(word, allowed); strange != "" {
		message = fmt.Sprintf("%s It has %s.", message, strange)
	}
	c.missing(path, "%s", message)
	return false
}

// actor checks that a code is a State's or a group's, and says whether it is a group's.
func (c *check) actor(path, code string) (group, ok bool) {
	if _, group = c.facts.Group(code); group {
		return true, true
	}
	return false, c.known(path, ActorKey, "State or group", code, c.facts.State(code))
}

// state checks that a code is a State's.
func (c *check) state(path, code string) bool {
	if c.facts.State(code) {
		return true
	}
	if _, group := c.facts.Group(code); group {
		c.missing(path, "%s is a group; name a State here.", code)
		return false
	}
	return c.known(path, StateKey, "State", code, false)
}

// states checks a list of States, each named once.
func (c *check) states(path string, codes []string) {
	for i, code := range codes {
		at := fmt.Sprintf("%s.%d", path, i)
		if c.state(at, code) && slices.Contains(codes[:i], code) {
			c.bad(at, "%s is named more than once; name each State once.", code)
		}
	}
}

// proposal checks that a proposal was submitted, and gives the day on which it first was.
func (c *check) proposal(path, slug string) (submittedOn Date, ok bool) {
	submittedOn, ok = c.facts.Proposal(slug)
	return submittedOn, c.known(path, ProposalKey, "proposal", slug, ok)
}

// option checks that an option is defined, and says whether it is retired.
func (c *check) option(path string, ref OptionRef) (retired, ok bool) {
	retired, ok = c.facts.Option(ref)
	switch {
	case ok:
	case ref.Element == "" || ref.Option == "":
		c.bad(path, "An option is named by its element and its key; one of the two is missing.")
	case !c.facts.Element(ref.Element):
		c.known(path, ElementKey, "element", ref.Element, false)
	default:
		c.known(path, OptionKey, "option", ref.Element+"/"+ref.Option, false)
	}
	return retired, ok
}
