package projections

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/rapporteur/rapporteur/domain/roster"
)

// words are what a text search asks for: whole words after folding, Chinese as consecutive characters; all must occur. None ask
// nothing.
type words struct {
	whole []string
	runs  []string // Of Han characters: Chinese is written without blanks between words.
}

// searchWords reads what is asked for. A text without a word asks nothing.
func searchWords(text string) (w words) {
	text = roster.FoldText(text)
	eachWord(text, func(word string) { w.whole = append(w.whole, word) })
	eachRun(text, func(run string) { w.runs = append(w.runs, run) })
	return w
}

func (w words) none() bool { return len(w.whole)+len(w.runs) == 0 }

// in says whether all words occur in the texts taken together; a run of Han characters stands within one of them.
func (w words) in(texts ...string) bool {
	if w.none() {
		return true
	}
	folded := make([]string, len(texts))
	found := map[string]bool{}
	for i, text := range texts {
		folded[i] = roster.FoldText(text)
		eachWord(folded[i], func(word string) { found[word] = true })
	}
	return all(w.whole, func(word string) bool { return found[word] }) &&
		all(w.runs, func(run string) bool {
			return slices.ContainsFunc(folded, func(text string) bool { return strings.Contains(text, run) })
		})
}

func all(list []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !holds(s) })
}

// eachWord calls yield with the words of a folded text that are not Chinese: what stands between two word boundaries of Unicode (UAX 29)
// and has a letter or digit. They end at an apostrophe, too: who asks for "action" means "d'action", and for "group" "the group's".
func eachWord(text string, yield func(word string)) {
	state := -1
	for text != "" {
		var segment string
		segment, text, state = uniseg.FirstWordInString(text, state)
		for word := range strings.FieldsFuncSeq(segment, apostrophe) {
			if strings.ContainsFunc(word, alphanumeric) && !strings.ContainsFunc(word, han) {
				yield(word)
			}
		}
	}
}

// eachRun calls yield with the runs of Han characters in a text.
func eachRun(text string, yield func(run string)) {
	for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return !han(r) }) {
		yield(run)
	}
}

// eachGram calls yield with each Han character of a text, and with each two that follow one another.
func eachGram(text string, yield func(gram string)) {
	eachRun(text, func(run string) {
		before := 0
		for i, r := range run {
			end := i + utf8.RuneLen(r)
			yield(run[i:end])
			if i > 0 {
				yield(run[before:end])
			}
			before = i
		}
	})
}

func apostrophe(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' || r == '‘' || r == '＇' }

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func han(r rune) bool { return unicode.Is(unicode.Han, r) }
