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
