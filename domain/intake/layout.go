package intake

import "slices"

// layout says which columns a file has.
type layout struct {
	kind     string   // The file's name without .csv.
	required []string // Columns without which no row means anything.
	optional []string
}

// layouts are the files of a data set, in the order in which their rows are recorded (RULES, section 10).
var layouts = []layout{
	{"states", []string{"iso3", "name_en"}, []string{"iso2", "m49", "regional_group", "observer", "admitted", "formal_en",
		"name_fr", "formal_fr", "name_es", "formal_es", "name_ru", "formal_ru", "name_ar", "formal_ar", "name_zh", "formal_zh"}},
	{"aliases", []string{"iso3", "alias"}, []string{"lang", "kind", "valid_from", "valid_to"}},
	{"groups", []string{"group", "label"}, []string{"kind", "member", "from", "until"}},
	{"sessions", []string{"session", "name", "forum", "starts_on", "ends_on", "decision_rule"}, nil},
	{"elements", []string{"element", "label"}, []string{"description"}},
	{"options", []string{"element", "option", "label"}, []string{"description"}},
	{"proposals", []string{"proposal", "title", "date", "submitters"}, []string{"short_title", "capacity", "document_symbol", "status",
		"status_on", "adopted_by", "without_vote", "successor", "outcome_symbol", "summary"}},
	{"revisions", []string{"proposal", "date"}, []string{"submitters", "capacity", "document_symbol", "title", "summary"}},
	{"proposal-options", []string{"proposal", "element", "option"}, []string{"document_symbol"}},
	{"positions", []string{"date", "actor", "summary"}, []string{"session", "aligned_with", "proposal", "element", "option", "stance",
		"points", "withdrawn_on"}},
	{"endorsements", []string{"date", "proposal", "actor", "kind"}, []string{"document_symbol", "paragraph"}},
	{"votes", []string{"proposal", "document_symbol", "body", "date", "adopted", "yes", "no", "abstain", "absent"}, []string{"paragraph", "complete"}},
	{"ballots", []string{"document_symbol", "state", "ballot"}, []string{"paragraph"}},
}

// everywhere are columns that every file may have. In a file whose rows have no use for one its cells are not read.
var everywhere = []string{
	"form", "explains", "dissociated", "quote", "symbol", "locator", "language",
	"source_title", "source_symbol", "source_locator", "source_language", "source_quote", "source_url", "source_grade", "note",
}

func (l layout) file() string { return l.kind + ".csv" }

func (l layout) columns() []string { return slices.Concat(l.required, l.optional, everywhere) }

// layoutOf gives the layout of a kind of file.
func layoutOf(kind string) layout {
	return layouts[slices.IndexFunc(layouts, func(l layout) bool { return l.kind == kind })]
}
