package domain

import "fmt"

// ---- Events of group-<group>.

// GroupDefined defines a group of States.
type GroupDefined struct {
	Group string          `json:"group"`
	Kind  GroupKind       `json:"kind"`
	Names []LocalizedName `json:"names"`
}

// MemberJoined opens a span of membership. Without From it has always been so.
type MemberJoined struct {
	Group  string  `json:"group"`
	State  string  `json:"state"`
	From   Date    `json:"from,omitzero"`
	Source *Source `json:"source,omitempty"`
}

// MemberLeft ends the span of membership that began at From. Until is the first day on which the State is no member.
type MemberLeft struct {
	Group  string  `json:"group"`
	State  string  `json:"state"`
	From   Date    `json:"from,omitzero"`
	Until  Date    `json:"until"`
	Source *Source `json:"source,omitempty"`
}

func (e GroupDefined) Stream() string { return groupStream(e.Group) }
func (e MemberJoined) Stream() string { return groupStream(e.Group) }
func (e MemberLeft) Stream() string   { return groupStream(e.Group) }

func (GroupDefined) isEvent() {}
func (MemberJoined) isEvent() {}
func (MemberLeft) isEvent()   {}

// ---- Commands.

// DefineGroup defines a group of States.
type DefineGroup struct {
	Code  string
	Kind  GroupKind
	Names []LocalizedName
}

// ChangeGroupMembership opens a span of membership (From, or no day at all), ends the open one (Until alone), or records a
// closed one (both).
type ChangeGroupMembership struct {
	Group, State string
	From, Until  Date
	Source       *Source
}

func (c DefineGroup) Stream() string           { return groupStream(c.Code) }
func (c ChangeGroupMembership) Stream() string { return groupStream(c.Group) }

func (DefineGroup) isCommand()           {}
func (ChangeGroupMembership) isCommand() {}

// ---- The folded state.

// GroupStream is a group with its members, folded from its stream.
type GroupStream struct {
	revisions
	defined *GroupDefined
	spans   map[string][]span // By State's code, in the order of recording.
}

// span is a time of membership: the days from <= day < until. Without from it has always been so, without until it goes on.
type span struct {
	from, until  Date
	joined, left *Source
}

// overlaps says whether a day lies in both spans.
func (s span) overlaps(t span) bool {
	return (s.until == 0 || t.from < s.until) && (t.until == 0 || s.from < t.until)
}

// String tells the span for a sentence.
func (s span) String() string {
	switch {
	case s.from == 0 && s.until == 0:
		return "always and without an end"
	case s.from == 0:
		return fmt.Sprintf("always until %s", s.until)
	case s.until == 0:
		return fmt.Sprintf("from %s without an end", s.from)
	}
	return fmt.Sprintf("from %s until %s", s.from, s.until)
}

// Evolve takes the stream's next event in.
func (s *GroupStream) Evolve(e Event) {
	s.next()
	switch e := e.(type) {
	case GroupDefined:
		s.defined = &e
	case MemberJoined:
		if s.spans == nil {
			s.spans = map[string][]span{}
		}
		s.spans[e.State] = append(s.spans[e.State], span{from: e.From, joined: e.Source})
	case MemberLeft:
		for i, m := range s.spans[e.State] {
			if m.from == e.From && m.until == 0 {
				s.spans[e.State][i].until, s.spans[e.State][i].left = e.Until, e.Source
			}
		}
	default:
		strayEvent(GroupCategory, e)
	}
}

// open gives the span without an end, of which there is at most one.
func (s *GroupStream) open(state string) (span, bool) {
	for _, m := range s.spans[state] {
		if m.until == 0 {
			return m, true
		}
	}
	return span{}, false
}

// Decide gives the events that the command yields.
func (s *GroupStream) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case DefineGroup:
		return s.define(c, facts)
	case ChangeGroupMembership:
		return s.change(c, facts)
	}
	strayCommand(GroupCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *GroupStream) define(c DefineGroup, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.key("code", c.Code, groupCodeForm)
	if s.defined != nil { // The same key defined twice (RULES, section 2).
		k.conflict("code", "The group %s is defined already; give the new one another code.", c.Code)
	}
	if facts.State(c.Code) { // States and groups are both actors: one code, one actor.
		k.conflict("code", "%s is a State's code; an actor's code names one actor.", c.Code)
	}
	k.word("kind", "kind of group", int(c.Kind), groupKindNames, true)
	k.localized(c.Names)
	return k.yield(c.event())
}

func (c DefineGroup) event() GroupDefined {
	return GroupDefined{Group: c.Code, Kind: c.Kind, Names: cloned(c.Names)}
}

// change decides a membership (RULES, section 1, "Memberships"). Its days may lie in the future.
func (s *GroupStream) change(c ChangeGroupMembership, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	known := k.known("group", GroupKey, "group", c.Group, s.defined != nil)
	known = k.state("state", c.State) && known
	from, until := k.anyDay("from", "first day of membership", c.From, false), k.anyDay("until", "first day of no membership", c.Until, false)
	if c.Source != nil {
		k.source("source", *c.Source)
	}

	if c.From == 0 && until { // until alone ends the open span.
		open, ok := s.open(c.State)
		switch {
		case !ok && known:
			k.conflict("until", "%s has no membership in %s without an end that could end on %s; give from as well to record one that is over.", c.State, c.Group, c.Until)
		case ok && c.Until <= open.from: // until is after from.
			k.bad("until", "The membership began on %s and cannot end on %s; it ends on a later day.", open.from, c.Until)
		}
		return k.yield(MemberLeft{Group: c.Group, State: c.State, From: open.from, Until: c.Until, Source: c.Source})
	}

	if from && until && c.Until <= c.From { // until is after from.
		k.bad("until", "A membership from %s cannot end on %s; it ends on a later day.", c.From, c.Until)
	}
	path := "from"
	if c.From == 0 {
		path = "state"
	}
	asked := span{from: c.From, until: c.Until}
	for _, m := range s.spans[c.State] { // Overlapping spans are CONFLICT.
		if asked.overlaps(m) {
			k.conflict(path, "%s is recorded as a member of %s %s; a membership %s would overlap with that.", c.State, c.Group, m, asked)
		}
	}
	joined := MemberJoined{Group: c.Group, State: c.State, From: c.From, Source: c.Source}
	if c.Until == 0 {
		return k.yield(joined)
	}
	return k.yield(joined, MemberLeft(c))
}
