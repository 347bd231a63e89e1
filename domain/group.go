package domain

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
