package roster

import (
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// Index finds codes by names. A code may have any number of names, a name any number of codes.
// Reading is safe for many goroutines at once, but not while Add runs.
type Index struct {
	byName map[string][]string // Folded name or code to codes, in the order of the alphabet.
	names  []name
	label  map[string]string // Code to the name by which messages call it.
}

// name is one folded name with its words, for suggestions.
type name struct {
	code   string
	folded []rune
	words  []string
}

// NewIndex gives an empty Index.
func NewIndex() *Index {
	return &Index{byName: map[string][]string{}, label: map[string]string{}}
}

// BuiltIn gives an Index of the built-in list.
func BuiltIn() *Index {
	x := NewIndex()
	for _, state := range Admissions() {
		x.Add(state.Code, Names(state.Names, state.Aliases))
	}
	return x
}

// Names gives all names of a State or group as Index.Add wants them: the English one first, by which messages call it.
func Names(localized []domain.LocalizedName, aliases []string) []string {
	var names []string
	for _, n := range localized {
		if n.Language == domain.English {
			names = append(names, n.Name)
		}
	}
	for _, n := range localized {
		names = append(names, n.Name, n.FormalName)
	}
	return Distinct(append(names, aliases...))
}

// Add makes a code known by these names, and by itself. The first name is the one by which messages call it, unless an
// earlier Add gave one.
func (x *Index) Add(code string, names []string) {
	if len(names) > 0 && x.label[code] == "" {
		x.label[code] = names[0]
	}
	x.add(code, Fold(code))
	for _, n := range names {
		folded := Fold(n)
		if folded == "" || !x.add(code, folded) {
			continue
		}
		x.names = append(x.names, name{code: code, folded: []rune(folded), words: words(folded)})
	}
}

// add says whether the folded name is new for the code.
func (x *Index) add(code, folded string) bool {
	at, known := slices.BinarySearch(x.byName[folded], code)
	if !known {
		x.byName[folded] = slices.Insert(x.byName[folded], at, code)
	}
	return !known
}

// Name gives the name by which messages call a code, empty for an unknown one.
func (x *Index) Name(code string) string { return x.label[code] }

// Find gives the codes that a word names exactly, after folding: by name in any language, alias or code. There may be
// several; they come in the order of the alphabet. The slice is the caller's.
func (x *Index) Find(word string) []string { return slices.Clone(x.byName[Fold(word)]) }

// ByPrefix gives the codes that have a name beginning with the word, in the order of the alphabet. It serves for a name that
// a document breaks off, as an open bracket shows; who uses it says so.
func (x *Index) ByPrefix(word string) []string {
	folded := []rune(Fold(word))
	var codes []string
	for _, n := range x.names {
		if len(folded) > 0 && len(n.folded) >= len(folded) && slices.Equal(n.folded[:len(folded)], folded) {
			codes = append(codes, n.code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// Resolve gives the one code that a word names. The error is an *UnknownName.
func (x *Index) Resolve(word string) (string, error) {
	found := x.Find(word)
	if len(found) == 1 {
		return found[0], nil
	}
	unknown := &UnknownName{Word: word, Ambiguous: len(found) > 1}
	if !unknown.Ambiguous {
		found, unknown.Ambiguous = x.suggest(word)
	}
	for _, code := range found {
		unknown.Candidates = append(unknown.Candidates, Candidate{Code: code, Name: x.label[code]})
	}
	return "", unknown
}

// UnknownName says that a word names no State, or more than one.
type UnknownName struct {
	Word       string
	Ambiguous  bool        // The candidates all bear the word; otherwise they only resemble it.
	Candidates []Candidate // Best first.
}

// Candidate is what may have been meant.
type Candidate struct{ Code, Name string }

// Error gives the sentence for a State.
func (e *UnknownName) Error() string { return e.Sentence("State") }

// Sentence says what is so and what may have been meant, without a full stop. The noun says what was looked for.
func (e *UnknownName) Sentence(noun string) string {
	var list []string
	for _, c := range e.Candidates {
		list = append(list, c.String(e.Ambiguous))
	}
	meant := strings.Join(list, ", ")
	if n := len(list); n > 1 {
		meant = strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
	switch {
	case e.Ambiguous:
		return quote(e.Word) + " may be " + meant
	case meant == "":
		return "There is no " + noun + " " + quote(e.Word)
	}
	return "There is no " + noun + " " + quote(e.Word) + "; did you mean " + meant + "?"
}

// String gives the name and the code. Within a sentence names such as Republic of Korea take their article.
func (c Candidate) String(article bool) string {
	switch {
	case c.Name == "":
		return c.Code
	case article && takesArticle(c.Name):
		return "the " + c.Name + " (" + c.Code + ")"
	}
	return c.Name + " (" + c.Code + ")"
}

func takesArticle(english string) bool {
	before, _, _ := strings.Cut(english, "(")
	for _, word := range strings.Fields(before) {
		switch word {
		case "Republic", "Kingdom", "States", "Emirates", "Federation", "Islands":
			return true
		}
	}
	return false
}

// quote puts a word that a person wrote into a sentence, cut short where it is long.
func quote(word string) string {
	const most = 80
	if r := []rune(word); len(r) > most {
		word = string(r[:most]) + "…"
	}
	return `"` + word + `"`
}
