package model

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// Actor is a State or a Group.
type Actor interface {
	Node
	IsActor()
}

// State is a State as of a moment.
type State struct {
	state *projections.State
	M     Moment
}

// NewState makes the State; nil gives nil.
func NewState(m Moment, s *projections.State) *State {
	if s == nil {
		return nil
	}
	return &State{state: s, M: m}
}

// FindStateNamed gives the State that alone bears a name, nil where none does at the moment.
func FindStateNamed(m Moment, name string) *State {
	if states := m.StatesNamed(name); len(states) == 1 {
		return NewState(m, states[0])
	}
	return nil
}

// NewStates makes a list.
func NewStates(m Moment, states []*projections.State) []*State {
	made := make([]State, len(states))
	list := make([]*State, len(states))
	for i, s := range states {
		made[i] = State{state: s, M: m}
		list[i] = &made[i]
	}
	return list
}

// statesOf makes a list of those with these codes.
func statesOf(m Moment, codes []string) []*State {
	list := make([]*State, 0, len(codes))
	for _, code := range codes {
		if s := NewState(m, m.State(code)); s != nil {
			list = append(list, s)
		}
	}
	return list
}

func (*State) IsNode()  {}
func (*State) IsActor() {}

func (s *State) ID() string                                 { return s.M.keyed(relay.State, s.state.Code) }
func (s *State) Code() string                               { return s.state.Code }
func (s *State) Name(language domain.Language) string       { return s.state.Name(language) }
func (s *State) RegionalGroup() domain.RegionalGroup        { return s.state.RegionalGroup }
func (s *State) Observer() bool                             { return s.state.Observer }
func (s *State) AdmittedOn() domain.Date                    { return s.state.AdmittedOn }
func (s *State) Revision() int64                            { return positionsRevision(s.M, s.state.Code) }
func (s *State) FormalName(language domain.Language) string { return s.state.FormalName(language) }

func positionsRevision(m Moment, actor string) int64 {
	return m.Revision(domain.PositionCategory + "-" + actor)
}

// Group is a group as of a moment.
type Group struct {
	group *projections.Group
	M     Moment
}

// NewGroup makes the Group; nil gives nil.
func NewGroup(m Moment, g *projections.Group) *Group {
	if g == nil {
		return nil
	}
	return &Group{group: g, M: m}
}

// NewGroups makes a list.
func NewGroups(m Moment, groups []*projections.Group) []*Group {
	list := make([]*Group, len(groups))
	for i, g := range groups {
		list[i] = NewGroup(m, g)
	}
	return list
}

func (*Group) IsNode()  {}
func (*Group) IsActor() {}

func (g *Group) ID() string                           { return g.M.keyed(relay.Group, g.group.Code) }
func (g *Group) Code() string                         { return g.group.Code }
func (g *Group) Kind() domain.GroupKind               { return g.group.Kind }
func (g *Group) Name(language domain.Language) string { return g.group.Name(language) }
func (g *Group) Revision() int64                      { return positionsRevision(g.M, g.group.Code) }

// NewActor makes the State or the Group.
func NewActor(m Moment, a projections.Actor) Actor {
	if a.State != nil {
		return NewState(m, a.State)
	}
	return NewGroup(m, a.Group)
}

func newActors(m Moment, actors []projections.Actor) []Actor {
	list := make([]Actor, len(actors))
	for i, a := range actors {
		list[i] = NewActor(m, a)
	}
	return list
}

// Session is a session of a body.
type Session struct {
	session *projections.Session
	M       Moment
}

// NewSession makes the Session; nil gives nil.
func NewSession(m Moment, s *projections.Session) *Session {
	if s == nil {
		return nil
	}
	return &Session{session: s, M: m}
}

// NewSessions makes a list.
func NewSessions(m Moment, sessions []*projections.Session) []*Session {
	list := make([]*Session, len(sessions))
	for i, s := range sessions {
		list[i] = NewSession(m, s)
	}
	return list
}

func (*Session) IsNode() {}

func (s *Session) ID() string                        { return s.M.keyed(relay.Session, s.session.Session) }
func (s *Session) Key() string                       { return s.session.Session }
func (s *Session) Name() string                      { return s.session.Name }
func (s *Session) Forum() string                     { return s.session.Forum }
func (s *Session) StartsOn() domain.Date             { return s.session.StartsOn }
func (s *Session) EndsOn() domain.Date               { return s.session.EndsOn }
func (s *Session) DecisionRule() domain.DecisionRule { return s.session.DecisionRule }
