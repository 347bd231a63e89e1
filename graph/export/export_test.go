package export

// Seams for the tests.

// CSVText gives a text as a field.
func CSVText(s string) string { c := said(s); return string(c.appendCSV(nil)) }

// JSONText gives a text as a JSON value.
func JSONText(s string) string { c := said(s); return string(c.appendJSON(nil)) }

// CSVWord gives a word of ours as a field.
func CSVWord(s string) string { c := coded(s); return string(c.appendCSV(nil)) }

// PageSize is how many rows are taken at once.
const PageSize = pageSize
