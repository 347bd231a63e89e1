package oracle

import (
	"cmp"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Targets gives the targets that exist at a moment, by key.
func (o *Oracle) Targets(m Moment) []domain.Target {
	w := o.fold(m.At)
	var targets []domain.Target
	for _, ref := range w.options {
		targets = append(targets, domain.Target{Option: ref})
	}
	for _, p := range w.proposals {
		targets = append(targets, domain.OnProposal(p.slug))
	}
	targets = slices.DeleteFunc(targets, func(t domain.Target) bool { return !w.exists(t, m.On) })
	slices.SortFunc(targets, domain.Target.Compare)
	return targets
}

// exists says whether a target exists.
//
// "an option exists from the position of its definition on, for every D …; a proposal from the position and the day of its
// first submission on."
func (w *world) exists(t domain.Target, on domain.Date) bool {
	if !t.IsProposal() {
		return slices.Contains(w.options, t.Option)
	}
	p := w.proposal(t.Proposal)
	return p != nil && reached(p.submissions[0].event.On, on)
}

// MemberStates gives the States that are counted, by code.
//
// "Counted over the Member States: not observers, and admitted on or before D (all of them without D)." "States, groups and
// sessions exist from their position in the record on, for every D; `admittedOn` only decides who is counted."
func (o *Oracle) MemberStates(m Moment) []string {
	var codes []string
	for _, s := range o.fold(m.At).counted(m.On) {
		codes = append(codes, s.State)
	}
	return codes
}

func (w *world) counted(on domain.Date) []domain.StateAdmitted {
	var states []domain.StateAdmitted
	for _, s := range w.states {
		if !s.Observer && reached(s.AdmittedOn, on) {
			states = append(states, s)
		}
	}
	slices.SortFunc(states, func(a, b domain.StateAdmitted) int { return cmp.Compare(a.State, b.State) })
	return states
}

// Members gives the States that are members of a group, by code.
//
// "a member on the days `from` <= day < `until`. … Without D, the members are those with a span without an end."
func (o *Oracle) Members(m Moment, code string) []string {
	g := o.fold(m.At).group(code)
	if g == nil {
		return nil
	}
	var states []string
	for _, s := range g.spans {
		if m.On == 0 && s.until == 0 || m.On != 0 && s.holds(m.On) {
			states = append(states, s.state)
		}
	}
	return sorted(states)
}

// holds says whether the span is one of the days from <= day < until.
func (s *span) holds(day domain.Date) bool {
	return s.from <= day && (s.until == 0 || day < s.until)
}

func (g *group) hadMember(state string, day domain.Date) bool {
	return slices.ContainsFunc(g.spans, func(s *span) bool { return s.state == state && s.holds(day) })
}
