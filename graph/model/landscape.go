package model

import "github.com/rapporteur/rapporteur/projections"

// Landscape is which States stand together at a moment.
type Landscape struct {
	landscape *projections.Landscape
	m         Moment
}

// NewLandscape makes the Landscape.
func NewLandscape(m Moment, l *projections.Landscape) *Landscape { return &Landscape{l, m} }

func (l *Landscape) At() uint64 { return l.m.Moment().At }

// Places gives the States with their places.
func (l *Landscape) Places() []*Place {
	list := make([]*Place, len(l.landscape.Places))
	for i, p := range l.landscape.Places {
		list[i] = &Place{State: NewState(l.m, p.State), X: p.X, Y: p.Y, Cluster: p.Cluster}
	}
	return list
}

// Clusters gives the clusters, by number.
func (l *Landscape) Clusters() []*Cluster {
	list := make([]*Cluster, len(l.landscape.Clusters))
	for i := range list {
		list[i] = &Cluster{&l.landscape.Clusters[i], l.m}
	}
	return list
}

// Bridges gives the States between two clusters, the strongest first.
func (l *Landscape) Bridges() []*Bridge {
	list := make([]*Bridge, len(l.landscape.Bridges))
	for i, b := range l.landscape.Bridges {
		list[i] = &Bridge{State: NewState(l.m, b.State), Clusters: b.Clusters}
	}
	return list
}

// Place is a State's place on a plane.
type Place struct {
	State   *State
	X, Y    float64
	Cluster int
}

// Cluster is a set of States that stand together.
type Cluster struct {
	cluster *projections.Cluster
	m       Moment
}

func (c *Cluster) Number() int       { return c.cluster.Number }
func (c *Cluster) Members() []*State { return NewStates(c.m, c.cluster.Members) }

// Distinguishing gives the targets that set it apart, the strongest first.
func (c *Cluster) Distinguishing() []Target {
	list := make([]Target, len(c.cluster.Distinguishing))
	for i, t := range c.cluster.Distinguishing {
		list[i] = NewTarget(c.m, t)
	}
	return list
}

// Bridge is a State between two clusters.
type Bridge struct {
	State    *State
	Clusters []int
}
