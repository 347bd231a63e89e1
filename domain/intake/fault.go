package intake

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Fault is one thing that is wrong with a file.
type Fault = domain.RowFault

// elsewhere names a cell that belongs to a row but stands in another file: the option that a proposal takes, the ballot in a
// vote, the alias of a State. A Row has one place; such cells have theirs in the name of the column (see domain.Row).
func elsewhere(r *row, column string) string {
	return fmt.Sprintf("%s:%d:%s", r.table.name, r.line, column)
}

// sortFaults puts faults into the order of the files, lines and columns in which a person works through them.
func sortFaults(faults []Fault, columns map[string][]string) {
	rank := func(f Fault) int { return slices.IndexFunc(layouts, func(l layout) bool { return l.file() == f.File }) }
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(slices.Index(columns[a.File], a.Column), slices.Index(columns[b.File], b.Column)))
	})
}
