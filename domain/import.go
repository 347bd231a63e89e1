package domain

import (
	"maps"
	"slices"
	"strings"
)

// ImportCompleted says which input was recorded to its end. It is the only event of import-<sha256 of the input>.
type ImportCompleted struct {
	SHA256   string         `json:"sha256"`             // Of the input, 64 hexadecimal digits.
	Name     string         `json:"name"`               // What was imported: a folder's or a file's name, without its path.
	Recorded map[string]int `json:"recorded,omitempty"` // How many rows were recorded, by file.
	Skipped  int            `json:"skipped,omitzero"`   // How many rows were on record already.
}

func (e ImportCompleted) Stream() string { return importStream(e.SHA256) }
func (ImportCompleted) isEvent()         {}

// CompleteImport records that an input was recorded to its end.
type CompleteImport struct {
	SHA256, Name string
	Recorded     map[string]int
	Skipped      int
}

func (c CompleteImport) Stream() string { return importStream(c.SHA256) }
func (CompleteImport) isCommand()       {}

// ImportStream is an import, folded from its stream.
type ImportStream struct {
	revisions
	completed *ImportCompleted
}

// Evolve takes the stream's next event in.
func (s *ImportStream) Evolve(e Event) {
	s.next()
	switch e := e.(type) {
	case ImportCompleted:
		s.completed = &e
	default:
		strayEvent(ImportCategory, e)
	}
}

// Decide gives the events that the command yields.
func (s *ImportStream) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case CompleteImport:
		return s.complete(c, facts)
	}
	strayCommand(ImportCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *ImportStream) complete(c CompleteImport, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.sha256("sha256", c.SHA256)
	if lower := strings.ToLower(c.SHA256); lower != c.SHA256 { // It names the stream: one input, one stream.
		k.bad("sha256", "%s has capitals; write it as %s.", quoted(c.SHA256), quoted(lower))
	}
	if s.completed != nil {
		k.conflict("sha256", "This input was recorded to its end already.")
	}
	k.text("name", "name", c.Name, nameLimit, required)
	for _, file := range slices.Sorted(maps.Keys(c.Recorded)) {
		k.text("recorded", "name of a file", file, nameLimit, required)
		if c.Recorded[file] < 0 {
			k.bad("recorded", "%d rows of %s cannot have been recorded; a number of rows is 0 or more.", c.Recorded[file], quoted(file))
		}
	}
	if c.Skipped < 0 {
		k.bad("skipped", "%d rows cannot have been skipped; a number of rows is 0 or more.", c.Skipped)
	}
	return k.yield(c.event())
}

func (c CompleteImport) event() ImportCompleted {
	return ImportCompleted{SHA256: c.SHA256, Name: c.Name, Recorded: maps.Clone(c.Recorded), Skipped: c.Skipped}
}
