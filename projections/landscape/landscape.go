package landscape

import (
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// Map is which of the States placed stand together. States are numbered from 0 in the order given, which is that of their codes; so are
// targets, by their keys.
type Map struct {
	Places   []Place   // One a State.
	Clusters []Cluster // By number: the largest first, then that of the lowest State.
	Bridges  []Bridge  // The strongest first.
}

// Place is a State's place on the plane. The axes have no unit: near means alike.
type Place struct {
	X, Y    float64 // Rounded to six decimals.
	Cluster int     // Number of its cluster, from 1.
}

// Cluster is a set of States that stand together.
type Cluster struct {
	Members        []int
	Distinguishing []int // Targets that set it apart from the rest, the strongest first.
}

// Bridge is a State that agrees with two clusters more than those agree with each other.
type Bridge struct {
	State    int
	Clusters [2]int // Their numbers, the lower first.
}

// New draws the map of the States with these own stances over so many targets.
func New(profiles []convergence.Profile, targets int) Map {
	d := distancesOf(profiles)
	m := Map{Places: make([]Place, len(profiles))}
	x, y := scale(d)
	for i := range m.Places {
		m.Places[i].X, m.Places[i].Y = x[i], y[i]
	}
	for _, members := range clustersOf(d) {
		m.Clusters = append(m.Clusters, Cluster{Members: members})
		for _, state := range members {
			m.Places[state].Cluster = len(m.Clusters)
		}
	}
	distinguish(m, profiles, targets)
	m.Bridges = bridgesOf(m, d)
	return m
}
