package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// row is one row of a file while it is read. Each method that reads a cell takes down a fault where it cannot, and the cell's
// value in one spelling where it can: from those the row's key is made.
type row struct {
	table     *table
	line      int
	cells     map[string]string // As written, without the blanks around; empty where there is none.
	canonical map[string]string // By column: what was read, in one spelling.
	needs     []string          // The keys of other things that the row names.
	faulty    bool
}

func (r *row) fault(column, format string, args ...any) {
	r.faulty = true
	r.table.fault(r.line, column, r.cells[column], format, args...)
}

// took takes down what was read.
func (r *row) took(column, canonical string) { r.canonical[column] = canonical }

// text reads a cell that may be empty.
func (r *row) text(column string) string {
	r.took(column, r.cells[column])
	return r.cells[column]
}

// need reads a cell that must not be empty.
func (r *row) need(column string) string {
	if r.cells[column] == "" {
		r.fault(column, "The cell is empty; every row of %s has its %s.", r.table.name, column)
	}
	return r.text(column)
}

// key reads a cell that names something by its key; whether there is such a thing the decider says.
func (r *row) key(column string) string {
	key := r.need(column)
	r.needs = append(r.needs, key)
	return key
}

// day reads a day; the zero Date is an empty cell.
func (r *row) day(column string) domain.Date {
	cell := r.cells[column]
	if cell == "" {
		return 0
	}
	day, err := domain.ParseDate(cell)
	if err != nil {
		r.fault(column, "%s.", sentence(err.Error()))
		return 0
	}
	r.took(column, day.String())
	return day
}

// needDay reads a day that must be given.
func (r *row) needDay(column string) domain.Date {
	if r.cells[column] == "" {
		r.need(column)
		return 0
	}
	return r.day(column)
}

// number reads a number of votes.
func (r *row) number(column string) int {
	cell := r.need(column)
	if cell == "" {
		return 0
	}
	n, err := strconv.Atoi(cell)
	if err != nil || n < 0 || strings.ContainsAny(cell, "+-") {
		r.fault(column, "%q is no number of votes; write it with digits alone.", cell)
		return 0
	}
	r.took(column, strconv.Itoa(n))
	return n
}

// yes reads true or false; an empty cell is what stands for it.
func (r *row) yes(column string, empty bool) bool {
	value := empty
	switch cell := r.cells[column]; strings.ToLower(cell) {
	case "":
	case "true":
		value = true
	case "false":
		value = false
	default:
		r.fault(column, "%q is neither true nor false.", cell)
		return false
	}
	r.took(column, strconv.FormatBool(value))
	return value
}

// needYes reads true or false where one must be given.
func (r *row) needYes(column string) bool { return r.need(column) != "" && r.yes(column, false) }

// word reads a word of an enumeration, in any case, with hyphens or blanks for underscores: files write what the public
// schema has in capitals as people write it. The zero value is an empty cell.
func word[T any, P interface {
	*T
	UnmarshalText([]byte) error
	fmt.Stringer
}](r *row, column string) T {
	var value T
	cell := r.cells[column]
	if cell == "" {
		return value
	}
	if err := P(&value).UnmarshalText([]byte(schemaWord(cell))); err != nil {
		var unknown *domain.UnknownWord
		errors.As(err, &unknown) // Words of the domain give no other error.
		r.fault(column, "%q is no %s; it is one of %s.", cell, unknown.Kind, list(fileWords(unknown.Known), "or"))
		var none T
		return none
	}
	r.took(column, strings.ToLower(P(&value).String()))
	return value
}

// needWord reads a word that must be given.
func needWord[T any, P interface {
	*T
	UnmarshalText([]byte) error
	fmt.Stringer
}](r *row, column string) T {
	r.need(column)
	return word[T, P](r, column)
}

func schemaWord(cell string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(cell))
}

func fileWords(schema []string) []string {
	words := slices.Clone(schema)
	for i, w := range words {
		words[i] = strings.ToLower(w)
	}
	return words
}

// items reads a list; what is empty between two semicolons is nothing.
func (r *row) items(column string) []string {
	var items []string
	for item := range strings.SplitSeq(r.cells[column], ";") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// points reads what an actor brought forward: KIND: text, parted by " | ".
func (r *row) points(column string) []domain.Point {
	cell := r.text(column)
	if cell == "" {
		return nil
	}
	var points []domain.Point
	for part := range strings.SplitSeq(cell, " | ") {
		kind, text, _ := strings.Cut(part, ":")
		var point domain.Point
		var unknown *domain.UnknownWord
		if err := point.Kind.UnmarshalText([]byte(schemaWord(strings.TrimSpace(kind)))); errors.As(err, &unknown) {
			r.fault(column, "%q is no %s; write KIND: text, with | between two points; the kind is one of %s.",
				shown(strings.TrimSpace(kind)), unknown.Kind, list(fileWords(unknown.Known), "or"))
			return nil
		}
		if point.Text = strings.TrimSpace(text); point.Text == "" {
			r.fault(column, "The point %q has no text; write KIND: text, with | between two points.", shown(strings.TrimSpace(part)))
			return nil
		}
		points = append(points, point)
	}
	return points
}

// sourceColumns are the columns of a source, under the name that keys are made with.
var sourceColumns = []string{"source_title", "source_url", "source_symbol", "source_locator", "source_language", "source_quote", "source_grade"}

// source reads where it can be read, and adds its columns to those of the row. A file without a column source_title, or with an
// empty cell in it, has the title from the row: the first of the titles that is not empty.
func (r *row) source(columns map[string]string, titles ...string) domain.Source {
	symbol, locator := r.either("source_symbol", "symbol"), r.either("source_locator", "locator")
	quote, language := r.either("source_quote", "quote"), r.either("source_language", "language")
	for path, column := range map[string]string{"title": "source_title", "url": "source_url", "symbol": symbol, "locator": locator,
		"quote": quote, "language": language, "grade": "source_grade"} {
		columns["source."+path] = column
	}
	s := domain.Source{
		Title: cmp.Or(append([]string{r.cells["source_title"]}, titles...)...), URL: r.text("source_url"), Symbol: r.cells[symbol],
		Locator: r.cells[locator], Quote: r.cells[quote], Language: word[domain.Language](r, language), Grade: word[domain.SourceGrade](r, "source_grade"),
	}
	r.took("source_title", s.Title)
	r.took("source_symbol", s.Symbol)
	r.took("source_locator", s.Locator)
	r.took("source_quote", s.Quote)
	r.took("source_language", s.Language.String())
	return s
}

// either gives the column of the two that the row has something in. Both name one thing: what they say must agree.
func (r *row) either(long, short string) string {
	if r.cells[long] != "" && r.cells[short] != "" && !strings.EqualFold(r.cells[long], r.cells[short]) {
		r.fault(short, "The columns %s and %s name one thing, but the row has %q in one and %q in the other.", long, short, shown(r.cells[long]), shown(r.cells[short]))
	}
	if r.cells[long] != "" || r.cells[short] == "" {
		return long
	}
	return short
}

// id makes the row's idempotency key from the kind of row and what was read from these columns: the order of columns, the
// spelling of words and names, and columns that are not recorded do not change it. Empty cells do not count, so that a column
// that a later release learns to read leaves older rows their keys.
func (r *row) id(kind string, columns ...string) string {
	h := sha256.New()
	for _, column := range slices.Sorted(slices.Values(columns)) {
		if value := r.canonical[column]; value != "" {
			fmt.Fprintf(h, "%s %d %s\n", column, len(value), value)
		}
	}
	return kind + ":" + hex.EncodeToString(h.Sum(nil))[:32]
}

// shown cuts a long text short for a sentence.
func shown(text string) string {
	const most = 80
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// sentence gives a sentence without its full stop.
func sentence(s string) string { return strings.TrimSuffix(s, ".") }
