package projections

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// actor is a State or a group, with what it said and did.
type actor struct {
	Actor
	positions    bitemporal.Cell[*position] // As the global list, of this actor alone.
	endorsements bitemporal.Cell[*act]
}

// group is a group with its members in both times.
type group struct {
	Group
	members map[int][]span // By State.index.
}

// span is one span of membership: [from, until), known from joinedAt; its end is known from leftAt, 0 while it has none.
type span struct {
	from, until      domain.Date
	joinedAt, leftAt uint64
}

// ended says whether the span's end is known at a position.
func (s span) ended(at uint64) bool { return s.leftAt != 0 && s.leftAt <= at }

// member says whether the State was a member on a day, as known at a position.
func (g *group) member(state int, at uint64, on domain.Date) bool {
	for _, s := range g.members[state] {
		if s.joinedAt <= at && s.from <= on && (!s.ended(at) || on < s.until) {
			return true
		}
	}
	return false
}

// current says whether the State is a member without a limit of days: in a span without an end.
func (g *group) current(state int, at uint64) bool {
	for _, s := range g.members[state] {
		if s.joinedAt <= at && !s.ended(at) {
			return true
		}
	}
	return false
}

func (m *Model) stateAdmitted(e domain.StateAdmitted, p Provenance) error {
	if m.actors[e.State] != nil {
		return fmt.Errorf("the code %s is taken", e.State)
	}
	s := &State{
		Code: e.State, RegionalGroup: e.RegionalGroup, Observer: e.Observer, AdmittedOn: e.AdmittedOn, Aliases: e.Aliases,
		At: p.At, index: len(m.states),
	}
	for _, n := range e.Names {
		s.names[n.Language], s.formal[n.Language] = n.Name, n.FormalName
	}
	m.names.Add(e.State, s.allNames())
	m.states = append(m.states, s)
	i := sort.Search(len(m.byCode), func(i int) bool { return m.byCode[i].Code > s.Code })
	m.byCode = slices.Insert(m.byCode, i, s)
	m.actors[e.State] = &actor{Actor: Actor{State: s}}
	m.everywhere = append(m.everywhere, p.At)
	return nil
}

// allNames gives what the State is known by, beside its code.
func (s *State) allNames() []string {
	names := slices.Concat(s.Aliases, s.names[1:], s.formal[1:])
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func (m *Model) groupDefined(e domain.GroupDefined, p Provenance) error {
	if m.actors[e.Group] != nil {
		return fmt.Errorf("the code %s is taken", e.Group)
	}
	g := &group{Group: Group{Code: e.Group, Kind: e.Kind, At: p.At, index: len(m.groups)}, members: map[int][]span{}}
	for _, n := range e.Names {
		g.names[n.Language] = n.Name
	}
	m.groups = append(m.groups, g)
	m.actors[e.Group] = &actor{Actor: Actor{Group: &g.Group}}
	return nil
}

// membership finds the two parties of a membership event.
func (m *Model) membership(groupCode, stateCode string) (*group, int, error) {
	g, s := m.actors[groupCode], m.actors[stateCode]
	switch {
	case g == nil || g.Group == nil:
		return nil, 0, fmt.Errorf("the group %s is not defined", groupCode)
	case s == nil || s.State == nil:
		return nil, 0, fmt.Errorf("the State %s is not on record", stateCode)
	}
	return m.groups[g.Group.index], s.State.index, nil
}

func (m *Model) memberJoined(e domain.MemberJoined, p Provenance) error {
	g, state, err := m.membership(e.Group, e.State)
	if err != nil {
		return err
	}
	g.members[state] = append(g.members[state], span{from: e.From, joinedAt: p.At})
	m.everywhere = append(m.everywhere, p.At)
	return nil
}

func (m *Model) memberLeft(e domain.MemberLeft, p Provenance) error {
	g, state, err := m.membership(e.Group, e.State)
	if err != nil {
		return err
	}
	spans := g.members[state]
	for i := range spans {
		if spans[i].from == e.From && spans[i].leftAt == 0 {
			spans[i].until, spans[i].leftAt = e.Until, p.At
			m.everywhere = append(m.everywhere, p.At)
			return nil
		}
	}
	return fmt.Errorf("%s has no open membership of %s from %q", e.State, e.Group, e.From)
}

func (m *Model) sessionDefined(e domain.SessionDefined, p Provenance) error {
	if m.session[e.Session] != nil {
		return fmt.Errorf("the session %s is defined already", e.Session)
	}
	s := &Session{SessionDefined: e, At: p.At}
	m.session[e.Session] = s
	m.sessions = append(m.sessions, s)
	slices.SortStableFunc(m.sessions, func(a, b *Session) int {
		return cmp.Or(cmp.Compare(a.StartsOn, b.StartsOn), cmp.Compare(a.Session, b.Session))
	})
	return nil
}

// ---- Reading.

// actor finds an actor that exists at the moment.
func (v *View) actor(code string) *actor {
	a := v.model.actors[code]
	if a == nil || a.at() > v.moment.At {
		return nil
	}
	return a
}

func (a *actor) at() uint64 {
	if a.State != nil {
		return a.State.At
	}
	return a.Group.At
}

func (v *View) group(code string) *group {
	if a := v.actor(code); a != nil && a.Group != nil {
		return v.model.groups[a.Group.index]
	}
	return nil
}

// Actor gives the State or group with this code.
func (v *View) Actor(code string) (Actor, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if a := v.actor(code); a != nil {
		return a.Actor, true
	}
	return Actor{}, false
}

// State gives the State with this code, nil where there is none.
func (v *View) State(code string) *State {
	a, _ := v.Actor(code)
	return a.State
}

// Group gives the group with this code, nil where there is none.
func (v *View) Group(code string) *Group {
	a, _ := v.Actor(code)
	return a.Group
}

// States gives all States, members and observers, by code: of a regional group unless it is zero, and of a group on the
// moment's day unless it is empty.
func (v *View) States(region domain.RegionalGroup, groupCode string) []*State {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return v.statesWhere(func(s *State) bool {
		return (region == 0 || s.RegionalGroup == region) && (groupCode == "" || v.belongs(v.group(groupCode), s))
	})
}

func (v *View) statesWhere(holds func(*State) bool) []*State {
	list := []*State{}
	for _, s := range v.model.byCode {
		if s.At <= v.moment.At && holds(s) {
			list = append(list, s)
		}
	}
	return list
}

// belongs says whether a State is a member of a group on the moment's day; without a day, whether in a span without an end.
func (v *View) belongs(g *group, s *State) bool {
	if g == nil {
		return false
	}
	if v.moment.On == 0 {
		return g.current(s.index, v.moment.At)
	}
	return g.member(s.index, v.moment.At, v.moment.On)
}

// member says whether a State counts: a Member State, admitted on or before the moment's day.
func (v *View) member(s *State) bool {
	return !s.Observer && s.At <= v.moment.At && (v.moment.On == 0 || s.AdmittedOn <= v.moment.On)
}

// MemberStates gives those States over which figures are counted, by code.
func (v *View) MemberStates() []*State {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return v.statesWhere(v.member)
}

// StatesNamed gives the States that bear a name, formal name or alias in any of the six languages, or this code, by code.
func (v *View) StatesNamed(name string) []*State {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return v.existing(v.model.names.Find(name))
}

// SuggestStates gives the codes of States whose names resemble a word, best first.
func (v *View) SuggestStates(word string) []*State {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return v.existing(v.model.names.Suggest(word))
}

func (v *View) existing(codes []string) []*State {
	var list []*State
	for _, code := range codes {
		if a := v.actor(code); a != nil && a.State != nil {
			list = append(list, a.State)
		}
	}
	return list
}

// Groups gives all groups, by code.
func (v *View) Groups() []*Group {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	return v.groupsWhere(func(*group) bool { return true })
}

// GroupsOf gives the groups of which a State is a member on the moment's day, by code.
func (v *View) GroupsOf(state string) []*Group {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	a := v.actor(state)
	return v.groupsWhere(func(g *group) bool { return a != nil && a.State != nil && v.belongs(g, a.State) })
}

func (v *View) groupsWhere(holds func(*group) bool) []*Group {
	list := []*Group{}
	for _, g := range v.model.groups {
		if g.At <= v.moment.At && holds(g) {
			list = append(list, &g.Group)
		}
	}
	slices.SortFunc(list, func(a, b *Group) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

// Members gives the members of a group on the moment's day, by code.
func (v *View) Members(groupCode string) []*State { return v.States(0, groupCode) }

// Session gives the session with this key, nil where there is none.
func (v *View) Session(key string) *Session {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if s := v.model.session[key]; s != nil && s.At <= v.moment.At {
		return s
	}
	return nil
}

// Sessions gives the sessions of a forum, or all, by first day, then key.
func (v *View) Sessions(forum string) []*Session {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	list := []*Session{}
	for _, s := range v.model.sessions {
		if s.At <= v.moment.At && (forum == "" || s.Forum == forum) {
			list = append(list, s)
		}
	}
	return list
}
