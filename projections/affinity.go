package projections

import (
	"cmp"
	"slices"

	"github.com/rapporteur/rapporteur/projections/convergence"
)

// Affinity is how alike two States are in what is recorded of their own words and acts.
type Affinity struct {
	A, B *State
	convergence.Affinity
}

// Similarity is the served figure: 1 less the mean share of the stance distance taken, 0 to 1; nil where no target is shared.
func (a Affinity) Similarity() *float64 { return nullable(a.Affinity.Similarity()) }

// Key gives the pair's place in the list.
func (a Affinity) Key() AffinityKey { return AffinityKey{a.Affinity, a.A.Code, a.B.Code} }

// AffinityKey is the place of a pair in the list: the most alike first, then by the two codes.
type AffinityKey struct {
	convergence.Affinity
	A, B string
}

// Compare gives a negative number where k comes before l.
func (k AffinityKey) Compare(l AffinityKey) int {
	return cmp.Or(k.Affinity.Compare(l.Affinity), cmp.Compare(k.A, l.A), cmp.Compare(k.B, l.B))
}

// Affinity compares two States, members or observers, on the targets that exist at the moment; false where one of the two does not
// exist then. A State is as like itself as can be: the similarity is 1 wherever it has a stance of its own.
func (v *View) Affinity(a, b string) (Affinity, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	one, other := v.actor(a), v.actor(b)
	if one == nil || one.State == nil || other == nil || other.State == nil {
		return Affinity{}, false
	}
	return Affinity{one.State, other.State, v.profile(one.State).Affinity(v.profile(other.State))}, true
}

// Affinities compares every two of the Member States at the moment or, with codes, of the States named, observers too: those pairs
// that share at least so many targets, the most alike first, then by the two codes, the lesser code first in each. A State named
// twice counts once, one that does not exist at the moment not at all.
func (v *View) Affinities(among []string, minShared int, page Page[AffinityKey]) Slice[Affinity] {
	v.model.mu.RLock()
	states := v.statesWhere(func(s *State) bool {
		if among == nil {
			return v.member(s)
		}
		return slices.Contains(among, s.Code)
	})
	profiles := v.profiles(states)
	v.model.mu.RUnlock()

	compare := func(a, b Affinity) int { return a.Key().Compare(b.Key()) }
	total := 0
	list := []Affinity{} // What the page can need of what is met so far, and a few more: now and then they are cut off.
	most := page.First + 1
	var last *AffinityKey // Of the last that the page can need, once there are enough.
	cut := func() {
		slices.SortFunc(list, compare)
		if len(list) >= most {
			list = list[:most]
			key := list[most-1].Key()
			last = &key
		}
	}
	for i, a := range states {
		for j := i + 1; j < len(states); j++ {
			pair := Affinity{a, states[j], profiles[i].Affinity(profiles[j])}
			if pair.Shared < minShared {
				continue
			}
			total++
			if page.After != nil && pair.Key().Compare(*page.After) <= 0 || last != nil && pair.Key().Compare(*last) > 0 {
				continue
			}
			if list = append(list, pair); len(list) >= 2*most {
				cut()
			}
		}
	}
	cut()
	more := len(list) > page.First
	return Slice[Affinity]{Items: list[:min(len(list), page.First)], Total: func() int { return total }, HasNext: more, HasPrevious: page.After != nil}
}

// profiles gives the own stances of States on all targets that exist at the moment, from the boards, which are kept.
func (v *View) profiles(states []*State) []convergence.Profile {
	targets := v.existingTargets(nil)
	profiles := make([]convergence.Profile, len(states))
	for i := range profiles {
		profiles[i] = convergence.NewProfile(len(targets))
	}
	for column, t := range targets {
		b := v.board(t)
		for i, s := range states {
			if st := &b.byState[s.index]; st.Basis.Own() {
				profiles[i].Set(column, st.Stance)
			}
		}
	}
	return profiles
}

// profile gives the same of one State without the boards, in which all others' standings would be computed with it.
func (v *View) profile(s *State) convergence.Profile {
	targets := v.existingTargets(nil)
	p := convergence.NewProfile(len(targets))
	for column, t := range targets {
		if own, ok := v.latestOwn(t.evidence[s.Code]); ok {
			p.Set(column, own.stance)
		}
	}
	return p
}
