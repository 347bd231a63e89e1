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

// ---- The folded state.

// ElementStream is an element with its options, folded from its stream.
type ElementStream struct {
	revisions
	defined *ElementDefined
	options map[string]*definedOption
}

type definedOption struct {
	OptionDefined
	retired *OptionRetired
}

// Evolve takes the stream's next event in.
func (s *ElementStream) Evolve(e Event) {
	s.next()
	switch e := e.(type) {
	case ElementDefined:
		s.defined = &e
	case OptionDefined:
		if s.options == nil {
			s.options = map[string]*definedOption{}
		}
		s.options[e.Option] = &definedOption{OptionDefined: e}
	case OptionRetired:
		if o := s.options[e.Option]; o != nil {
			o.retired = &e
		}
	default:
		strayEvent(ElementCategory, e)
	}
}

// Decide gives the events that the command yields.
func (s *ElementStream) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case DefineElement:
		return s.define(c, facts)
	case DefineOption:
		return s.defineOption(c, facts)
	case RetireOption:
		return s.retire(c, facts)
	}
	strayCommand(ElementCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *ElementStream) define(c DefineElement, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.key("key", c.Key, elementKeyForm)
	if s.defined != nil { // The same key defined twice (RULES, section 2).
		k.conflict("key", "The element %s is defined already; give the new one another key.", c.Key)
	}
	k.text("label", "label", c.Label, nameLimit, required)
	k.text("description", "description", c.Description, summaryLimit, multiline)
	return k.yield(ElementDefined{Element: c.Key, Label: c.Label, Description: c.Description})
}

func (s *ElementStream) defineOption(c DefineOption, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.known("element", ElementKey, "element", c.Element, s.defined != nil)
	k.key("key", c.Key, optionKeyForm)
	if s.options[c.Key] != nil { // The same key defined twice (RULES, section 2); a retired option keeps its key.
		k.conflict("key", "The option %s/%s is defined already; give the new one another key.", c.Element, c.Key)
	}
	k.text("label", "label", c.Label, nameLimit, required)
	k.text("description", "description", c.Description, summaryLimit, multiline)
	return k.yield(OptionDefined{Element: c.Element, Option: c.Key, Label: c.Label, Description: c.Description})
}

func (s *ElementStream) retire(c RetireOption, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	if k.known("element", ElementKey, "element", c.Element, s.defined != nil) {
		o := s.options[c.Key]
		switch {
		case c.Key == "":
			k.bad("key", "The key of the option is missing.")
		case o == nil:
			k.known("key", OptionKey, "option", c.Element+"/"+c.Key, false)
		case o.retired != nil: // A second end (RULES, section 2).
			k.conflict("key", "The option %s/%s is retired already.", c.Element, c.Key)
		}
	}
	k.text("reason", "reason", c.Reason, summaryLimit, required|multiline)
	return k.yield(OptionRetired{Element: c.Element, Option: c.Key, Reason: c.Reason})
}
