package projections

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/convergence"
	"github.com/rapporteur/rapporteur/projections/landscape"
)

// Landscape is which States stand together across all targets. It is shared: do not change it.
type Landscape struct {
	Places   []Place   // By code.
	Clusters []Cluster // By number.
	Bridges  []Bridge  // The strongest first.
}

// Place is a State's place on a plane on which near means alike.
type Place struct {
	State   *State
	X, Y    float64
	Cluster int // Its number, from 1.
}

// Cluster is a set of States that stand together.
type Cluster struct {
	Number         int      // From 1.
	Members        []*State // By code.
	Distinguishing []domain.Target
}

// Bridge is a State that agrees with two clusters more than those agree with each other.
type Bridge struct {
	State    *State
	Clusters []int // Their numbers, ascending.
}

// landscapeKey names what a landscape depends on: the last event up to the moment that could bear on any target, the day, and whom to
// place.
type landscapeKey struct {
	at          uint64
	on          domain.Date
	minDeclared int
}

// Landscape draws the Member States at the moment that have a stance of their own on at least so many targets (package landscape).
func (v *View) Landscape(minDeclared int) *Landscape {
	v.model.mu.RLock()
	key := landscapeKey{on: v.moment.On, minDeclared: max(minDeclared, 0)}
	for _, t := range v.model.ordered {
		key.at = max(key.at, v.lastTouch(t))
	}
	if l, ok := v.model.landscapes.Get(key); ok {
		v.model.mu.RUnlock()
		return l
	}
	var targets []domain.Target
	for _, t := range v.existingTargets(nil) {
		targets = append(targets, t.Target)
	}
	members := v.statesWhere(v.member)
	profiles := v.profiles(members)
	v.model.mu.RUnlock()

	var states []*State
	var placed []convergence.Profile
	for i, p := range profiles {
		if p.Declared() >= minDeclared {
			states, placed = append(states, members[i]), append(placed, p)
		}
	}
	m := landscape.New(placed, len(targets))
	l := &Landscape{Places: make([]Place, len(states)), Clusters: make([]Cluster, len(m.Clusters)), Bridges: make([]Bridge, len(m.Bridges))}
	for i, p := range m.Places {
		l.Places[i] = Place{states[i], p.X, p.Y, p.Cluster}
	}
	for i, c := range m.Clusters {
		l.Clusters[i] = Cluster{Number: i + 1, Members: make([]*State, len(c.Members)), Distinguishing: make([]domain.Target, len(c.Distinguishing))}
		for j, member := range c.Members {
			l.Clusters[i].Members[j] = states[member]
		}
		for j, t := range c.Distinguishing {
			l.Clusters[i].Distinguishing[j] = targets[t]
		}
	}
	for i := range m.Bridges {
		b := &m.Bridges[i]
		l.Bridges[i] = Bridge{states[b.State], b.Clusters[:]}
	}
	v.model.landscapes.Add(key, l)
	return l
}
