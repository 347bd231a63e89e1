package domain

// State machines of the write side. Each stream category has one folded state; it is rebuilt from the stream's events
// by Evolve and asked by Decide.

// Folded is the state of one stream, folded from its events.
type Folded interface {
	// Evolve takes the stream's next event in. It cannot fail; an event of another category is a programming error.
	Evolve(Event)
	// Decide gives the events that the command yields, at least one, or a *Refusal with all faults. It changes nothing.
	Decide(Command, Facts) ([]Event, *Refusal)
	// Revision is the revision of the last event, -1 where there is none.
	Revision() int64
}
