package roster

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold gives the form in which names are compared. Documents write one name in many ways: with a curly or a straight
// apostrophe, with a dash and blanks where the list has a hyphen, stretched with tatweel, broken over two lines, in capitals,
// with full-width brackets. Both sides of a comparison are folded; a folded name is never shown, since folding also takes
// away marks that matter (й becomes и).
//
// In order: invalid bytes are dropped; compatibility decomposition (NFKD, which also makes brackets plain); combining marks,
// format characters (direction marks, soft hyphens) and tatweel are dropped; full case folding; one apostrophe and one
// hyphen, the blanks around a hyphen removed; runs of white space become one blank, none at the ends.
//
// Folding a folded string changes nothing.
func Fold(s string) string {
	s = strings.ToValidUTF8(s, "")
	// Before NFKD, which would make a blank and a mark of the spacing accent that keyboards give for an apostrophe.
	s = strings.ReplaceAll(s, "\u00b4", "'")
	s = strings.Map(keep, norm.NFKD.String(s))
	s = strings.Map(keep, norm.NFKD.String(cases.Fold().String(s)))

	var b strings.Builder
	b.Grow(len(s))
	blank := false // White space was seen that may still turn out to stand before a hyphen, or at the end.
	last := rune(' ')
	for _, r := range s {
		switch r = plain(r); {
		case r == ' ':
			blank = true
			continue
		case r == '-' && last == '-':
			blank = false
			continue // A long dash typed as two.
		case blank && r != '-' && last != '-' && b.Len() > 0:
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// FoldText gives the form in which texts are searched (RULES, section 9): Unicode case folding and compatibility decomposition (NFKD) less
// combining marks, and nothing else: what was written with tatweel or with a soft hyphen is another word. Folding a folded text
// changes nothing.
func FoldText(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return strings.ToLower(s) // Nothing else is to be done to ASCII, which most texts are.
	}
	s = strings.Map(unmarked, norm.NFKD.String(strings.ToValidUTF8(s, "")))
	s = strings.Map(unmarked, norm.NFKD.String(cases.Fold().String(s)))
	return s
}

// unmarked drops combining marks, and gives one case of Cherokee.
func unmarked(r rune) rune {
	if unicode.Is(unicode.M, r) {
		return -1
	}
	return cherokee(r)
}

// cherokee folds as CaseFolding.txt does, to capitals; cases.Fold (x/text 0.43) swaps the two cases instead.
func cherokee(r rune) rune {
	switch {
	case 0xab70 <= r && r <= 0xabbf:
		return r - 0xab70 + 0x13a0
	case 0x13f8 <= r && r <= 0x13fd:
		return r - 8
	}
	return r
}

const tatweel = 'ـ'

// keep drops what carries no meaning in a name.
func keep(r rune) rune {
	if r == tatweel || unicode.In(r, unicode.M, unicode.Cf) {
		return -1
	}
	return r
}

// plain gives one apostrophe, one hyphen and one blank for all that look like them, and one case of Cherokee.
func plain(r rune) rune {
	switch r {
	case '’', '‘', 'ʼ', 'ʻ', 'ʹ', '′', '`', '‛':
		return '\''
	case '‐', '‑', '‒', '–', '—', '―', '−', '_':
		return '-'
	}
	if unicode.IsSpace(r) {
		return ' '
	}
	return cherokee(r)
}
