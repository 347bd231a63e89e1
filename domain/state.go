package domain

import "fmt"

// StateAdmitted brings a State into the record. It is the only event of state-<code>.
type StateAdmitted struct {
	State         string          `json:"state"` // ISO 3166-1 alpha-3.
	Names         []LocalizedName `json:"names"`
	RegionalGroup RegionalGroup   `json:"regionalGroup,omitzero"` // Of a Member State always, of an observer never.
	Observer      bool            `json:"observer,omitzero"`
	AdmittedOn    Date            `json:"admittedOn,omitzero"` // Day of admission to the United Nations.
	Aliases       []string        `json:"aliases,omitempty"`   // Other names by which documents call it, in any language.
}

func (e StateAdmitted) Stream() string { return stateStream(e.State) }
func (StateAdmitted) isEvent()         {}

// AdmitState brings a State into the record.
type AdmitState struct {
	Code          string
	Names         []LocalizedName
	RegionalGroup RegionalGroup
	Observer      bool
	AdmittedOn    Date
	Aliases       []string
}

func (c AdmitState) Stream() string { return stateStream(c.Code) }
func (AdmitState) isCommand()       {}

// StateStream is a State, folded from its stream.
type StateStream struct {
	revisions
	admitted *StateAdmitted
}

// Evolve takes the stream's next event in.
func (s *StateStream) Evolve(e Event) {
	s.next()
	switch e := e.(type) {
	case StateAdmitted:
		s.admitted = &e
	default:
		strayEvent(StateCategory, e)
	}
}

// Decide gives the events that the command yields.
func (s *StateStream) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case AdmitState:
		return s.admit(c, facts)
	}
	strayCommand(StateCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *StateStream) admit(c AdmitState, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.stateCode("code", c.Code)
	if s.admitted != nil { // The same key defined twice (RULES, section 2).
		k.conflict("code", "The State %s is on record already.", c.Code)
	}
	if _, ok := facts.Group(c.Code); ok { // States and groups are both actors: one code, one actor.
		k.conflict("code", "%s is a group's code; an actor's code names one actor.", c.Code)
	}
	k.localized(c.Names)
	// Of a Member State admittedOn and regionalGroup are required; an observer has no regionalGroup (RULES, section 5).
	known := k.word("regionalGroup", "regional group of a Member State", int(c.RegionalGroup), regionalGroupNames, !c.Observer)
	if c.Observer && known {
		k.bad("regionalGroup", "An observer has no regional group; leave it out, or say that it is no observer.")
	}
	k.day("admittedOn", "day of admission of a Member State", c.AdmittedOn, !c.Observer)
	for i, alias := range c.Aliases {
		k.text(fmt.Sprintf("aliases.%d", i), "alias", alias, nameLimit, required)
	}
	return k.yield(c.event())
}

func (c AdmitState) event() StateAdmitted {
	return StateAdmitted{State: c.Code, Names: cloned(c.Names), RegionalGroup: c.RegionalGroup, Observer: c.Observer,
		AdmittedOn: c.AdmittedOn, Aliases: cloned(c.Aliases)}
}
