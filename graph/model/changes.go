package model

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// StandingChange is a change of a State's standing between two moments.
type StandingChange struct {
	change   projections.StandingChange
	from, to Moment
}

func (c *StandingChange) State() *State                  { return NewState(c.to, c.change.State) }
func (c *StandingChange) Target() Target                 { return NewTarget(c.to, c.change.Target) }
func (c *StandingChange) Before() domain.Stance          { return c.change.Before }
func (c *StandingChange) After() domain.Stance           { return c.change.After }
func (c *StandingChange) Cause() projections.ChangeCause { return c.change.Cause }

// Evidence gives what decides the standing afterwards, and whatever else bears on it; where nothing decides, the same of the standing
// before, as of that moment.
func (c *StandingChange) Evidence() []Evidence {
	v, named := c.change.Evidence(c.from.View, c.to.View)
	m := c.to
	if v == c.from.View {
		m = c.from
	}
	list := make([]Evidence, len(named))
	for i, e := range named {
		list[i] = newEvidence(m, e)
	}
	return list
}

// StandingChangeConnection is a page of changes.
type StandingChangeConnection struct{ page[*StandingChange] }

// StandingChangeEdge is a change at its place.
type StandingChangeEdge struct {
	Cursor string
	Node   *StandingChange
}

// NewStandingChangeConnection makes a page of changes.
func NewStandingChangeConnection(from, to Moment, c relay.Connection, s projections.Slice[projections.StandingChange]) *StandingChangeConnection {
	return &StandingChangeConnection{pageOf(s,
		func(change projections.StandingChange) *StandingChange { return &StandingChange{change, from, to} },
		func(change *StandingChange) string {
			k := change.change.Key()
			return c.Cursor(relay.Key{k.Target, k.State})
		})}
}

// Edges gives the edges of the page.
func (c *StandingChangeConnection) Edges() []*StandingChangeEdge {
	return edges(&c.page, func(cursor string, node *StandingChange) *StandingChangeEdge {
		return &StandingChangeEdge{cursor, node}
	})
}
