package projections

import (
	"github.com/rapporteur/rapporteur/domain"
)

// ---- Who speaks, and what is proposed: little, and what all else names.

func (f *fields) stateItem(s *State, index int) {
	f.str(&s.Code)
	num(f, &s.RegionalGroup)
	f.flag(&s.Observer)
	num(f, &s.AdmittedOn)
	f.strs(&s.Aliases)
	num(f, &s.At)
	for l := range s.names {
		f.str(&s.names[l])
		f.str(&s.formal[l])
	}
	if f.reading {
		s.index = index
	}
}

func (f *fields) groupItem(g *group, index int) {
	f.str(&g.Code)
	num(f, &g.Kind)
	num(f, &g.At)
	for l := range g.names {
		f.str(&g.names[l])
	}
	if f.reading {
		g.index, g.members = index, map[int][]span{}
	}
	for state := range f.states {
		spans := g.members[state]
		grown(f, &spans, func(s *span) uint64 { return s.joinedAt }, f.span)
		if f.reading && spans != nil {
			g.members[state] = spans
		}
	}
}

func (f *fields) span(s *span) {
	num(f, &s.from)
	num(f, &s.joinedAt)
	left := *s
	f.known(&left.leftAt)
	if f.reading {
		s.leftAt = left.leftAt
	}
	if left.leftAt != 0 && left.leftAt <= f.at {
		num(f, &s.until)
	}
}

func (f *fields) session(s *Session) {
	f.str(&s.Session)
	f.str(&s.Name)
	f.str(&s.Forum)
	num(f, &s.StartsOn)
	num(f, &s.EndsOn)
	num(f, &s.DecisionRule)
	num(f, &s.At)
}

func (f *fields) element(e *element) {
	f.str(&e.Element)
	f.str(&e.Label)
	f.str(&e.Description)
	num(f, &e.at)
}

// targetItem is an option or, where it has none, a proposal, which comes behind all targets. Options come by their key, so that those of
// an element do, too.
func (f *fields) targetItem(t *target) {
	f.rising(&t.touched)
	if pointed(f, &t.option, f.optionItem); !f.reading {
		return
	}
	if t.option != nil {
		t.Target = domain.OnOption(t.option.Element, t.option.Option)
	} else {
		t.proposal = &proposal{target: t}
	}
	t.evidence = map[string]*evidence{}
}

func (f *fields) optionItem(o *option) {
	f.str(&o.Element)
	f.str(&o.Option)
	f.str(&o.Label)
	f.str(&o.Description)
	num(f, &o.at)
	f.known(&o.retiredAt)
}

func (f *fields) proposalItem(p *proposal) {
	if f.str(&p.slug); f.reading {
		p.target.Target = domain.OnProposal(p.slug)
	}
	grown(f, &p.submissions, func(s **submission) uint64 { return (*s).At }, func(s **submission) {
		f.submission(s)
		f.submissionItem(*s, p)
	})
	grown(f, &p.ends, func(e *end) uint64 { return e.At }, f.end)
}

func (f *fields) submissionItem(s *submission, of *proposal) {
	f.provenance(&s.Provenance)
	if f.reading {
		s.proposal = of
	}
	num(f, &s.revision)
	num(f, &s.on)
	f.flag(&s.chair)
	change(f, &s.title, f.str)
	change(f, &s.summary, f.str)
	change(f, &s.submitters, f.strs)
	change(f, &s.options, func(o *[]domain.OptionRef) { list(f, o, f.option) })
	grown(f, &s.parts, func(p *documentPart) uint64 { return p.at }, f.documentPart)
	f.source(&s.source)
}

func (f *fields) documentPart(p *documentPart) {
	num(f, &p.at)
	f.str(&p.Proposal)
	num(f, &p.Submission)
	num(f, &p.Part)
	num(f, &p.Parts)
	f.str(&p.Symbol)
	f.str(&p.Title)
	num(f, &p.Language)
	num(f, &p.IssuedOn)
	f.str(&p.URL)
	f.str(&p.SHA256)
	list(f, &p.Paragraphs, func(p *domain.Paragraph) {
		num(f, &p.Kind)
		num(f, &p.Number)
		f.str(&p.Text)
	})
}

func (f *fields) end(e *end) {
	num(f, &e.At)
	f.provenance(&e.Provenance)
	num(f, &e.on)
	num(f, &e.status)
	f.str(&e.other)
	f.source(&e.source)
	pointed(f, &e.adoption, func(a *domain.ProposalAdopted) {
		f.str(&a.Proposal)
		f.str(&a.Symbol)
		f.str(&a.By)
		f.flag(&a.WithoutVote)
		num(f, &a.On)
		f.source(&a.Source)
	})
}
