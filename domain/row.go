package domain

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Row is one row of a file that is imported: what it would record, and where it stands.
// Rows are decided one after another against a World that holds everything recorded and every row before.
type Row struct {
	// File and Line say where the row begins; Line counts from 1, the header line included.
	File string
	Line int
	// Key is the idempotency key: derived from the kind of file and the row's cells, so that the same row gives the same key.
	Key string
	// Columns gives the column of the file for a field's path in a Fault ("points" also serves for "points.0.text"). A cell that
	// belongs to the row but stands in another file has the column file:line:column. Cells has the row's values by column.
	Columns map[string]string
	Cells   map[string]string
	// Defines has the keys that the row brings into the record, Needs those it names. They say no more than which faults follow
	// from which: that something is not found, because the row that would define it is at fault, is not told again.
	Defines, Needs []string
	// Faulty says that the reader found faults in the row's cells. It is decided to tell what else is wrong with it, and is never
	// recorded.
	Faulty bool
	// Command gives the command against what is known when the row's turn comes, or why there is none.
	// It may be called more than once.
	Command func(*World) (Command, *Refusal)
}

// RowFault is one thing that is wrong with a file that is imported.
type RowFault struct {
	File    string
	Line    int    // From 1, the header line included; 0 where the file as a whole is meant.
	Column  string // Empty where no single cell is meant.
	Value   string // Of the cell.
	Message string // One sentence or two: what is wrong, and what would be right.
	Code    Code   // Empty for what is wrong with the file as such.
}

// String gives the fault on one line, in the form of compilers: file:line: column "value": message. The value is left out where
// the message names it.
func (f RowFault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	if f.Column != "" {
		b.WriteString(": " + f.Column)
		if f.Value != "" && !strings.Contains(f.Message, f.Value) {
			fmt.Fprintf(&b, " %q", shorten(f.Value))
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	return b.String() + f.Message
}

// shorten cuts a long cell, so that a message stays a line.
func shorten(s string) string {
	const most = 60
	for i, n := 0, 0; i < len(s); n++ {
		if n == most {
			return s[:i] + "…"
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s
}

// Fault puts one of a decider's faults back to the cell of the row that it is about.
func (r *Row) Fault(f Fault) RowFault {
	fault := RowFault{File: r.File, Line: r.Line, Message: f.Message, Code: f.Code}
	for path := f.Path; path != ""; path = path[:max(0, strings.LastIndexByte(path, '.'))] {
		column, ok := r.Columns[path]
		if !ok {
			continue
		}
		fault.Column, fault.Value = column, r.Cells[column]
		if parts := strings.Split(column, ":"); len(parts) == 3 {
			if line, err := strconv.Atoi(parts[1]); err == nil {
				fault.File, fault.Line, fault.Column = parts[0], line, parts[2]
			}
		}
		break
	}
	return fault
}
