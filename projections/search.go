package projections

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rapporteur/rapporteur/domain/roster"
)

// words are what a text search asks for: whole words after folding, Chinese as consecutive characters; all must occur.
type words struct {
	whole  []string
	within []string // Runs of Han characters: Chinese is written without blanks between words.
}

// searchWords reads what is asked for. A text without a letter or digit asks nothing.
func searchWords(text string) (w words) {
	for _, word := range splitWords(roster.Fold(text)) {
		if strings.IndexFunc(word, han) >= 0 {
			w.within = append(w.within, word)
		} else {
			w.whole = append(w.whole, word)
		}
	}
	return w
}

// in says whether all words occur in the texts taken together.
func (w words) in(texts ...string) bool {
	if len(w.whole)+len(w.within) == 0 {
		return true
	}
	folded := make([]string, len(texts))
	var found []string
	for i, text := range texts {
		folded[i] = roster.Fold(text)
		found = append(found, splitWords(folded[i])...)
	}
	return all(w.whole, func(word string) bool { return slices.Contains(found, word) }) &&
		all(w.within, func(run string) bool {
			return slices.ContainsFunc(folded, func(text string) bool { return strings.Contains(text, run) })
		})
}

func all(list []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !holds(s) })
}

// splitWords cuts a folded text at everything that is no letter, digit or mark, and between Chinese and other script.
func splitWords(text string) []string {
	var list []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			list, word = append(list, string(word)), nil
		}
	}
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			end()
			continue
		case len(word) > 0 && han(r) != han(word[len(word)-1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return list
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }
