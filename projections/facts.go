package projections

import (
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

func (f facts) Near(kind domain.KeyKind, word string) []string {
	f.model.mu.RLock()
	defer f.model.mu.RUnlock()
	var known []string
	switch kind {
	case domain.ActorKey, domain.StateKey, domain.GroupKey:
		for code, a := range f.model.actors {
			if kind == domain.ActorKey || (kind == domain.StateKey) == (a.State != nil) {
				known = append(known, code)
			}
		}
	case domain.SessionKey:
		for key := range f.model.session {
			known = append(known, key)
		}
	case domain.ElementKey:
		for key := range f.model.elements {
			known = append(known, key)
		}
	case domain.OptionKey:
		for _, t := range f.model.ordered {
			if t.option != nil {
				known = append(known, t.option.Element+"/"+t.option.Option)
			}
		}
	case domain.ProposalKey:
		for slug := range f.model.proposals {
			known = append(known, slug)
		}
	}
	return domain.Nearest(word, known)
}
