package export

import (
	"context"
	"fmt"
	"iter"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/projections"
)

// Log is what events are read from; an eventlog.Log is one.
type Log interface {
	ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error]
}

// Record is what is exported: the read model, and the log that it was read from.
type Record struct {
	Model *projections.Model
	Log   Log
}

// Moment is what is exported: the record as of a moment, and for what compares two moments the earlier one, too.
type Moment struct {
	projections.Moment
	From *projections.Moment // Of what compares two moments; nil otherwise.
}

// view is the read model as of a Moment. The zero view is of what tells nothing of a record.
type view struct {
	*projections.View
	from *projections.Moment
}

// Type is what a column holds.
type Type string

// The types of columns.
const (
	Text     Type = "text"     // Words of somebody else, in any script; in CSV guarded against formulas.
	Word     Type = "word"     // A code, key, id or digest.
	Enum     Type = "enum"     // One of the words given.
	Position Type = "position" // A position in the record: a decimal number, in JSON a string.
	Day      Type = "day"      // YYYY-MM-DD.
	Instant  Type = "instant"  // RFC 3339 in UTC with six decimals.
	Integer  Type = "integer"
	Number   Type = "number" // The float64 nearest to the exact value, in its shortest form.
	Boolean  Type = "boolean"
	List     Type = "list" // In CSV with semicolons between the items, in JSON an array.
	Nested   Type = "json" // In CSV as JSON text, in JSON as it is.
)

// Field says what a column means. It is what the dictionary and the table schemas are made of.
type Field struct {
	Name    string
	Type    Type
	Always  bool     // It is never empty.
	Words   []string // Of an Enum, and of a List of such words.
	Unit    string   // "share of Member States" and the like; empty where there is none.
	Meaning string
	Refers  string // The kind and column whose value stands here: "states.code".
	Key     bool   // It is among the columns whose values together name a row.
}

// column is a field and how a row fills it.
type column[R any] struct {
	Field
	cell func(R) cell
}

// table is a kind of export with rows of one type.
type table[R any] struct {
	Kind
	columns []column[R]
	// more gives columns that depend on the moment, behind the others; nil where there are none.
	more func(view) []column[R]
	rows func(context.Context, Record, view) iter.Seq2[R, error]
}

// Kind is a kind of export.
type Kind struct {
	Name, Title string
	// Meaning says what a row is, in which order the rows stand, and what is peculiar.
	Meaning string
}

// rowsOf is a table whose type of rows is not of interest.
type rowsOf interface {
	kind() Kind
	// fields gives the columns in their order; without a view, those that every moment has.
	fields(view) []Field
	// each calls yield with every row. The cells are good until yield returns.
	each(ctx context.Context, record Record, v view, yield func([]cell) error) error
}

func (t *table[R]) kind() Kind { return t.Kind }

func (t *table[R]) all(v view) []column[R] {
	if t.more == nil || v.View == nil {
		return t.columns
	}
	return append(t.columns[:len(t.columns):len(t.columns)], t.more(v)...)
}

func (t *table[R]) fields(v view) []Field {
	columns := t.all(v)
	list := make([]Field, len(columns))
	for i, c := range columns {
		list[i] = c.Field
	}
	return list
}

func (t *table[R]) each(ctx context.Context, record Record, v view, yield func([]cell) error) error {
	columns := t.all(v)
	cells := make([]cell, len(columns))
	for row, err := range t.rows(ctx, record, v) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("export %s: %w", t.Name, err)
		}
		for i := range columns {
			cells[i] = columns[i].cell(row)
		}
		if err := yield(cells); err != nil {
			return err
		}
	}
	return nil
}

// tables are all kinds, in the order in which they are told. Columns may be added behind the others; none is ever renamed, moved
// or dropped.
var tables = []rowsOf{positions, endorsements, votes, ballots, standings, convergences, matrix, affinities, changes, sources, events, dictionary}

// pageSize is how many rows are taken from the read model at once: while they are taken nothing is recorded.
const pageSize = 256

// inPages gives all items of a list of the read model, a page at a time.
func inPages[T, K any](ask func(projections.Page[K]) projections.Slice[T], key func(*T) K) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		page := projections.Page[K]{First: pageSize}
		for {
			s := ask(page)
			for i := range s.Items {
				if !yield(&s.Items[i], nil) {
					return
				}
			}
			if !s.HasNext {
				return
			}
			last := key(&s.Items[len(s.Items)-1])
			page.After = &last
		}
	}
}
