package domain

// SessionDefined defines a session of a body in which positions are taken. It is the only event of session-<session>.
type SessionDefined struct {
	Session      string       `json:"session"`
	Name         string       `json:"name"`
	Forum        string       `json:"forum"`
	StartsOn     Date         `json:"startsOn"`
	EndsOn       Date         `json:"endsOn"`
	DecisionRule DecisionRule `json:"decisionRule"`
}

func (e SessionDefined) Stream() string { return sessionStream(e.Session) }
func (SessionDefined) isEvent()         {}

// DefineSession defines a session of a body.
type DefineSession struct {
	Key, Name, Forum string
	StartsOn, EndsOn Date
	DecisionRule     DecisionRule
}

func (c DefineSession) Stream() string { return sessionStream(c.Key) }
func (DefineSession) isCommand()       {}

// SessionStream is a session, folded from its stream.
type SessionStream struct {
	revisions
	defined *SessionDefined
}

// Evolve takes the stream's next event in.
func (s *SessionStream) Evolve(e Event) {
	s.next()
	switch e := e.(type) {
	case SessionDefined:
		s.defined = &e
	default:
		strayEvent(SessionCategory, e)
	}
}

// Decide gives the events that the command yields.
func (s *SessionStream) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case DefineSession:
		return s.define(c, facts)
	}
	strayCommand(SessionCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *SessionStream) define(c DefineSession, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.key("key", c.Key, sessionKeyForm)
	if s.defined != nil { // The same key defined twice (RULES, section 2).
		k.conflict("key", "The session %s is defined already; give the new one another key.", c.Key)
	}
	k.text("name", "name", c.Name, nameLimit, required)
	k.text("forum", "forum", c.Forum, nameLimit, required)
	// Sessions are announced ahead: their days may lie in the future (RULES, section 1).
	starts := k.anyDay("startsOn", "first day of the session", c.StartsOn, true)
	if ends := k.anyDay("endsOn", "last day of the session", c.EndsOn, true); starts && ends && c.EndsOn < c.StartsOn {
		k.bad("endsOn", "The session ends on %s, before it starts on %s; it ends on that day or later.", c.EndsOn, c.StartsOn)
	}
	k.word("decisionRule", "decision rule", int(c.DecisionRule), decisionRuleNames, true)
	return k.yield(c.event())
}

func (c DefineSession) event() SessionDefined {
	return SessionDefined{Session: c.Key, Name: c.Name, Forum: c.Forum, StartsOn: c.StartsOn, EndsOn: c.EndsOn, DecisionRule: c.DecisionRule}
}
