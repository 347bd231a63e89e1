package export

import (
	"context"
	"fmt"
	"iter"
	"strings"
)

type dictionaryRow struct {
	Kind
	Field
	number int // Of the column, from 1.
}

// dictionary says what every column of every kind means. It is made of the same table as the writers.
var dictionary = &table[dictionaryRow]{
	Kind: Kind{
		Name: "dictionary", Title: "Data dictionary",
		Meaning: "One row for each column of each kind. It tells nothing of the record, and takes no moment. Of matrix the columns that every moment has.",
	},
	columns: []column[dictionaryRow]{
		{Field{Name: "kind", Type: Word, Always: true, Key: true, Meaning: "The kind."}, func(r dictionaryRow) cell { return coded(r.Kind.Name) }},
		{Field{Name: "column", Type: Word, Always: true, Key: true, Meaning: "The column's name."}, func(r dictionaryRow) cell { return coded(r.Field.Name) }},
		{Field{Name: "number", Type: Integer, Always: true, Meaning: "Its place in the row, from 1. Columns may be added behind the last one; none is renamed, moved or dropped."}, func(r dictionaryRow) cell { return count(r.number) }},
		{Field{Name: "type", Type: Enum, Always: true, Words: types, Meaning: "What it holds."}, func(r dictionaryRow) cell { return coded(string(r.Type)) }},
		{Field{Name: "key", Type: Boolean, Always: true, Meaning: "Whether it is among the columns whose values together name a row."}, func(r dictionaryRow) cell { return truth(r.Key) }},
		{Field{Name: "always", Type: Boolean, Always: true, Meaning: "Whether it is never empty."}, func(r dictionaryRow) cell { return truth(r.Always) }},
		{Field{Name: "words", Type: List, Meaning: "The words of an enum."}, func(r dictionaryRow) cell { return codes(r.Words) }},
		{Field{Name: "unit", Type: Text, Meaning: "What a number counts or is a share of."}, func(r dictionaryRow) cell { return said(r.Unit) }},
		{Field{Name: "meaning", Type: Text, Always: true, Meaning: "What it means."}, func(r dictionaryRow) cell { return said(r.Field.Meaning) }},
	},
}

var types = []string{
	string(Text), string(Word), string(Enum), string(Position), string(Day), string(Instant), string(Integer), string(Number), string(Boolean), string(List), string(Nested),
}

func init() {
	// Here, since the dictionary stands among the tables that it describes.
	dictionary.rows = func(context.Context, Record, view) iter.Seq2[dictionaryRow, error] {
		return func(yield func(dictionaryRow, error) bool) {
			for _, t := range tables {
				for i, f := range t.fields(view{}) {
					if !yield(dictionaryRow{t.kind(), f, i + 1}, nil) {
						return
					}
				}
			}
		}
	}
}

// Dictionary is the data dictionary as a text to read (Markdown): what every kind is, and every column of it.
func Dictionary() string {
	var b strings.Builder
	b.WriteString(prose)
	for _, t := range tables {
		k := t.kind()
		fmt.Fprintf(&b, "\n## %s: `%s`\n\n%s\n\n", k.Title, k.Name, k.Meaning)
		b.WriteString("| column | type | meaning |\n|---|---|---|\n")
		for _, f := range t.fields(view{}) {
			typ := string(f.Type)
			if f.Key {
				typ += ", key"
			}
			if f.Always {
				typ += ", always"
			}
			meaning := f.Meaning
			if f.Unit != "" {
				meaning += " Unit: " + f.Unit + "."
			}
			if len(f.Words) > 0 {
				meaning += " One of " + strings.Join(f.Words, ", ") + "."
			}
			if f.Refers != "" {
				meaning += " Refers to " + f.Refers + "."
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, typ, meaning)
		}
	}
	fmt.Fprintf(&b, "\n## %s: `%s`\n\n%s\n", packageKind.Title, packageKind.Name, packageKind.Meaning)
	return b.String()
}

// prose is what holds for all kinds.
const prose = `# What rapporteur exports

` + "`rapporteur export KIND --as FORMAT`" + ` writes what ` + "`/export/KIND.FORMAT`" + ` serves, byte for byte.

**Moment.** ` + "`at` (`--at`), `recordedAt` (`--recorded-at`) and `statedOn` (`--stated-on`)" + ` mean what they mean in the API's ` + "`asOf`" + `: the first two, of
which at most one is given, say how much of the record counts, the third how things stood at the end of a day. Without the first two
all counts that is recorded when the export begins; the answer then says in ` + "`Content-Location`" + ` under which address it is the same for
ever. The same record, the same moment, the same bytes; only a later release may add columns behind the others.
Kind changes tells what changed from one moment to another: ` + "`fromAt`, `fromRecordedAt` and `fromStatedOn`" + ` ask for the earlier one.

**CSV** is that of RFC 4180: UTF-8 without a byte order mark, a header line, lines that end with CRLF, quotes where they are needed.
Nothing on record is an empty field. A list has semicolons between its items. Line breaks inside of a text are as they were recorded.

**Formulas.** A spreadsheet takes a field that begins with = + - @, a tab or a line break for a formula, and runs it. In CSV, and in the
columns of type text alone, such a field (the full-width forms of the signs included) has an apostrophe in front. So has one that begins
so behind apostrophes: whoever wants the exact text takes one apostrophe off each field that has apostrophes and then one of these
characters, or takes JSON, which is always exact.

**JSON** is one object with kind, at, statedOn and rows, an array with one object a line; nothing on record is null, an empty list [].
Names and order are those of the columns.

**Types**

| type | is | in CSV | in JSON |
|---|---|---|---|
| text | somebody's words, in any language | guarded against formulas | string |
| word | a code, key, id or digest | as it is | string |
| enum | one of the words of the API's enum | as it is | string |
| position | a position in the record | decimal number | string, as in the API |
| day | a day | YYYY-MM-DD | string |
| instant | an instant in UTC | RFC 3339 with six decimals | string |
| integer | a number | decimal number | number |
| number | the float64 nearest to the exact value | the shortest text that reads back as it, as in the API | number |
| boolean | | true or false | true or false |
| list | codes or ids | semicolons between them | array of strings |
| json | a structure | as JSON | as it is |

A column of type text holds what somebody wrote, in any script and direction. *key*: the values of these columns together name a row.
*always*: never empty.
`
