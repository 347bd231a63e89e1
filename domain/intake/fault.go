package intake

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	File    string
	Line    int    // From 1, the header line included; 0 where the file as a whole is meant.
	Column  string // Empty where no single cell is meant.
	Value   string // Of the cell, without the blanks around it.
	Message string // One sentence or two: what is wrong, and what would be right.
}

// String gives the fault on one line, in the form of compilers: file:line: column: message.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	if f.Column != "" {
		b.WriteString(": " + f.Column)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	return b.String() + f.Message
}

// Explain puts what a decider refused back to the cells of the row, one Fault for each of the refusal's.
func Explain(row domain.Row, refusal *domain.Refusal) []Fault {
	var faults []Fault
	for _, f := range refusal.Faults {
		c := column(row.Columns, f.Path)
		faults = append(faults, At(row.File, row.Line, c, row.Cells[c], f.Message))
	}
	return faults
}

// column gives the column of a path, or of the longest beginning of it that has one.
func column(columns map[string]string, path string) string {
	for path != "" {
		if column, ok := columns[path]; ok {
			return column
		}
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
	return ""
}

// elsewhere names a cell that belongs to a row but stands in another file: the option that a proposal takes, the ballot in a
// vote, the alias of a State. A Row has one place; such cells have theirs in the name of the column, file:line:column.
func elsewhere(r *row, column string) string {
	return fmt.Sprintf("%s:%d:%s", r.table.name, r.line, column)
}

// At gives the Fault at a cell that Row.Columns named: in the row's own file, or elsewhere.
func At(file string, line int, column, value, message string) Fault {
	if parts := strings.Split(column, ":"); len(parts) == 3 {
		if n, err := strconv.Atoi(parts[1]); err == nil {
			file, line, column = parts[0], n, parts[2]
		}
	}
	return Fault{File: file, Line: line, Column: column, Value: value, Message: message}
}

// sortFaults puts faults into the order of the files, lines and columns in which a person works through them.
func sortFaults(faults []Fault, columns map[string][]string) {
	rank := func(f Fault) int { return slices.IndexFunc(layouts, func(l layout) bool { return l.file() == f.File }) }
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(slices.Index(columns[a.File], a.Column), slices.Index(columns[b.File], b.Column)))
	})
}

// link says which keys a row would define, and which it names.
type link struct{ defines, needs []string }

// Check decides every row in its turn against the world, which takes in what they yield, and gives the faults of all rows that
// are refused. It is for telling every fault of a data set at once: what the deciders find in the rows that Dataset gives, besides
// what Dataset itself found. What is missing only because the row that would define it is at fault is not told again.
func (in Input) Check(world *domain.World, today domain.Date) []Fault {
	var faults []Fault
	doubtful := map[string]bool{}
	for _, key := range in.doubtful {
		doubtful[key] = true
	}
	for i, row := range in.Rows {
		refusal := decide(world, row, today)
		if refusal == nil {
			continue
		}
		if slices.ContainsFunc(in.links[i].needs, func(key string) bool { return doubtful[key] }) {
			refusal = without(refusal, domain.NotFound)
		}
		faults = append(faults, Explain(row, refusal)...)
		for _, key := range in.links[i].defines {
			doubtful[key] = true
		}
	}
	return faults
}

// decide decides a row, and lets the world take in what it yields.
func decide(world *domain.World, row domain.Row, today domain.Date) *domain.Refusal {
	command, refusal := row.Command(world)
	if refusal != nil {
		return refusal
	}
	switch world.Recorded(command) {
	case domain.Same:
		return nil
	case domain.Different:
		return domain.Refuse(domain.Conflict, "", "What this row names is on record already, with other content.")
	}
	events, refusal := world.Folded(command.Stream()).Decide(command, world.Facts(today))
	for _, e := range events {
		world.Apply(e)
	}
	return refusal
}

// without leaves out the faults of one code.
func without(refusal *domain.Refusal, code domain.Code) *domain.Refusal {
	kept := *refusal
	kept.Faults = slices.DeleteFunc(slices.Clone(refusal.Faults), func(f domain.Fault) bool { return f.Code == code })
	return &kept
}
