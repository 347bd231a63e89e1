package domain

// ---- Events of element-<element>.

// ElementDefined defines an aspect on which proposals differ.
type ElementDefined struct {
	Element     string `json:"element"`
	Label       string `json:"label"`
	Description string `json:"description,omitzero"`
}

// OptionDefined defines one answer to an element.
type OptionDefined struct {
	Element     string `json:"element"`
	Option      string `json:"option"`
	Label       string `json:"label"`
	Description string `json:"description,omitzero"`
}

// OptionRetired says that no new position can be taken on an option; what was said stays.
type OptionRetired struct {
	Element string `json:"element"`
	Option  string `json:"option"`
	Reason  string `json:"reason"`
}

func (e ElementDefined) Stream() string { return elementStream(e.Element) }
func (e OptionDefined) Stream() string  { return elementStream(e.Element) }
func (e OptionRetired) Stream() string  { return elementStream(e.Element) }

func (ElementDefined) isEvent() {}
func (OptionDefined) isEvent()  {}
func (OptionRetired) isEvent()  {}

// ---- Commands.

// DefineElement defines an aspect on which proposals differ.
type DefineElement struct{ Key, Label, Description string }

// DefineOption defines one answer to an element.
type DefineOption struct{ Element, Key, Label, Description string }

// RetireOption closes an option to new positions.
type RetireOption struct{ Element, Key, Reason string }

func (c DefineElement) Stream() string { return elementStream(c.Key) }
func (c DefineOption) Stream() string  { return elementStream(c.Element) }
func (c RetireOption) Stream() string  { return elementStream(c.Element) }

func (DefineElement) isCommand() {}
func (DefineOption) isCommand()  {}
func (RetireOption) isCommand()  {}
