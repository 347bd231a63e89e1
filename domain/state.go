package domain

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
