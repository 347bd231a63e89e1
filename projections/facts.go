package projections

import (
	"cmp"
	"maps"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// facts answers the deciders from the newest position, without a limit of days.
type facts struct {
	model *Model
	today domain.Date
}

// Facts gives what deciders may ask about other streams, as of the newest position at the time of each question.
func (m *Model) Facts(today domain.Date) domain.Facts { return facts{m, today} }

func (f facts) Today() domain.Date { return f.today }

func (f facts) State(code string) bool {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	a := f.model.actors[code]
	return a != nil && a.State != nil
}

func (f facts) Group(code string) (domain.GroupKind, bool) {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	if a := f.model.actors[code]; a != nil && a.Group != nil {
		return a.Group.Kind, true
	}
	return 0, false
}

func (f facts) Session(key string) bool {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	return f.model.session[key] != nil
}

func (f facts) Element(key string) bool {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	return f.model.elements[key] != nil
}

func (f facts) Option(ref domain.OptionRef) (retired, ok bool) {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	if t := f.model.targets[domain.Target{Option: ref}]; t != nil {
		return t.option.retiredAt != 0, true
	}
	return false, false
}

func (f facts) Proposal(slug string) (submittedOn domain.Date, ok bool) {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	if p := f.model.proposals[slug]; p != nil {
		return p.submissions[0].on, true
	}
	return 0, false
}

func (f facts) Act(ref domain.ActRef, actor string) (on domain.Date, ok bool) {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	if a := f.model.act(ref, actor); a != nil {
		return a.on, true
	}
	return 0, false
}

func (f facts) Vote(symbol, paragraph string) (proposal string, ok bool) {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	if v := f.model.votesOn[voteKey{symbol, paragraph}]; v != nil {
		return v.proposal.slug, true
	}
	return "", false
}

// Near looks at keys, and at the names of actors as well: who writes France means FRA. Of a name that two have, the first by code
// counts. It is the answer of domain.World on the same record.
func (f facts) Near(kind domain.KeyKind, word string) []string {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	keys := map[string]string{} // From what may have been meant to the key.
	switch kind {
	case domain.ActorKey:
		f.model.stateNames(keys)
		f.model.groupNames(keys)
	case domain.StateKey:
		f.model.stateNames(keys)
	case domain.GroupKey:
		f.model.groupNames(keys)
	case domain.SessionKey:
		for key := range f.model.session {
			keys[key] = key
		}
	case domain.ElementKey:
		for key := range f.model.elements {
			keys[key] = key
		}
	case domain.OptionKey:
		for _, t := range f.model.ordered {
			if t.option != nil {
				key := t.option.Element + "/" + t.option.Option
				keys[key] = key
			}
		}
	case domain.ProposalKey:
		for slug := range f.model.proposals {
			keys[slug] = slug
		}
	}
	var near []string
	for _, k := range domain.Nearest(word, slices.Sorted(maps.Keys(keys))) {
		if key := keys[k]; !slices.Contains(near, key) {
			near = append(near, key)
		}
	}
	return near
}

// stateNames adds the codes, names and aliases of all States.
func (m *Model) stateNames(keys map[string]string) {
	for _, s := range m.byCode {
		keys[s.Code] = s.Code
		addNames(keys, s.Code, s.names[:])
		addNames(keys, s.Code, s.Aliases)
	}
}

func (m *Model) groupNames(keys map[string]string) {
	for _, g := range slices.SortedFunc(slices.Values(m.groups), func(a, b *group) int { return cmp.Compare(a.Code, b.Code) }) {
		keys[g.Code] = g.Code
		addNames(keys, g.Code, g.names[:])
	}
}

func addNames(keys map[string]string, code string, names []string) {
	for _, name := range names {
		if name != "" {
			keys[name] = cmp.Or(keys[name], code)
		}
	}
}
