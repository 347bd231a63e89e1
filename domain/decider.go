package domain

import (
	"fmt"
	"strings"
)

// State machines of the write side. Each stream category has one folded state; it is rebuilt from the stream's events
// by Evolve and asked by Decide.

// Folded is the state of one stream, folded from its events.
type Folded interface {
	// Evolve takes the stream's next event in. It cannot fail; an event of another category is a programming error.
	Evolve(Event)
	// Decide gives the events that the command yields, at least one, or a *Refusal with all faults. It changes nothing.
	// A command of another category is a programming error.
	Decide(Command, Facts) ([]Event, *Refusal)
	// Revision is the revision of the last event, -1 where there is none.
	Revision() int64
}

// NewFolded gives the state of a stream without events, by the stream's category: what stands before the first hyphen.
// A stream of no category of ours is a programming error.
func NewFolded(stream string) Folded {
	category, _, _ := strings.Cut(stream, "-")
	switch category {
	case SubmissionCategory:
		return new(Submission)
	case PositionCategory:
		return new(Positions)
	case EndorsementCategory:
		return new(Endorsements)
	case ElementCategory:
		return new(ElementStream)
	case StateCategory:
		return new(StateStream)
	case GroupCategory:
		return new(GroupStream)
	case SessionCategory:
		return new(SessionStream)
	case ImportCategory:
		return new(ImportStream)
	}
	panic(fmt.Sprintf("domain: %q is no stream of ours", stream))
}

// revisions counts the events of a stream. Its zero value is the stream without events.
type revisions struct{ events int64 }

// Revision is the revision of the last event, -1 where there is none.
func (r *revisions) Revision() int64 { return r.events - 1 }

// next counts one more event and gives its revision.
func (r *revisions) next() int64 {
	r.events++
	return r.events - 1
}

// strayEvent stops the program: what was once recorded must be understood, never passed over.
func strayEvent(category string, e Event) {
	panic(fmt.Sprintf("domain: %T is no event of a stream of category %s", e, category))
}

// strayCommand stops the program: a command is decided on the stream that it names.
func strayCommand(category string, c Command) {
	panic(fmt.Sprintf("domain: %T is not decided on a stream of category %s", c, category))
}
