package model

import (
	"strconv"

	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// Affinity is how alike two States are.
type Affinity struct {
	pair projections.Affinity
	m    Moment
}

// NewAffinity makes the Affinity.
func NewAffinity(m Moment, pair projections.Affinity) *Affinity { return &Affinity{pair, m} }

func (a *Affinity) A() *State            { return NewState(a.m, a.pair.A) }
func (a *Affinity) B() *State            { return NewState(a.m, a.pair.B) }
func (a *Affinity) Similarity() *float64 { return a.pair.Similarity() }
func (a *Affinity) Shared() int          { return a.pair.Shared }

// AffinityConnection is a page of pairs of States.
type AffinityConnection struct{ page[*Affinity] }

// AffinityEdge is a pair of States at its place.
type AffinityEdge struct {
	Cursor string
	Node   *Affinity
}

// NewAffinityConnection makes a page of pairs of States.
func NewAffinityConnection(m Moment, c relay.Connection, s projections.Slice[projections.Affinity]) *AffinityConnection {
	return &AffinityConnection{pageOf(s,
		func(pair projections.Affinity) *Affinity { return NewAffinity(m, pair) },
		func(a *Affinity) string {
			k := a.pair.Key()
			return c.Cursor(relay.Key{strconv.Itoa(k.Shared), strconv.Itoa(k.Distance), k.A, k.B})
		})}
}

// Edges gives the edges of the page.
func (c *AffinityConnection) Edges() []*AffinityEdge {
	return edges(&c.page, func(cursor string, node *Affinity) *AffinityEdge { return &AffinityEdge{cursor, node} })
}
