package oracle

import (
	"cmp"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Status is the status of a proposal, in the words of the public schema.
type Status string

// The statuses.
const (
	Submitted  Status = "SUBMITTED"
	Revised    Status = "REVISED"
	Merged     Status = "MERGED"
	Superseded Status = "SUPERSEDED"
	Withdrawn  Status = "WITHDRAWN"
	Adopted    Status = "ADOPTED"
)

// Submission is a first submission or a revision, with everything that it says or keeps from the one before it.
type Submission struct {
	At                uint64
	On                domain.Date
	Title, Summary    string
	Submitters        []string // By code.
	InCapacityOfChair bool
	Options           []domain.OptionRef // By key.
}

// Submissions gives the first submission and every revision at a moment, oldest first; none where the proposal does not exist.
func (o *Oracle) Submissions(m Moment, slug string) []Submission {
	w := o.fold(m.At)
	if !w.exists(domain.OnProposal(slug), m.On) {
		return nil
	}
	return w.proposal(slug).versions(m.On)
}

// versions gives the submissions dated on or before a day, by day, then recording, each completed from the one before it.
//
// "a revision without submitters has those before"; "A revision without options keeps those before."; and of ProposalRevised:
// "What is not given stays as the submission before it, by day, has it."
func (p *proposal) versions(on domain.Date) []Submission {
	var recorded []submission
	for _, s := range p.submissions {
		if reached(s.event.On, on) {
			recorded = append(recorded, s)
		}
	}
	slices.SortFunc(recorded, func(a, b submission) int {
		return cmp.Or(cmp.Compare(a.event.On, b.event.On), cmp.Compare(a.at, b.at))
	})
	var versions []Submission
	var v Submission
	for _, s := range recorded {
		v.At, v.On = s.at, s.event.On
		v.Title = s.event.Title.Apply(v.Title)
		v.Summary = s.event.Summary.Apply(v.Summary)
		v.Submitters = sorted(s.event.Submitters.Apply(v.Submitters))
		v.InCapacityOfChair = s.event.InCapacityOfChair
		v.Options = slices.Clone(s.event.Options.Apply(v.Options))
		slices.SortFunc(v.Options, func(a, b domain.OptionRef) int {
			return domain.Target{Option: a}.Compare(domain.Target{Option: b})
		})
		versions = append(versions, v)
	}
	return versions
}

// sorted gives the codes in order, each once.
func sorted(codes []string) []string {
	codes = slices.Clone(codes)
	slices.Sort(codes)
	return slices.Compact(codes)
}

// latest gives the latest submission at a moment; the zero one where the proposal does not exist.
func (o *Oracle) latest(m Moment, slug string) Submission {
	versions := o.Submissions(m, slug)
	if len(versions) == 0 {
		return Submission{}
	}
	return versions[len(versions)-1]
}

// Submitters gives who submitted a proposal, by code.
//
// "`submitters` are those of the latest submission"
func (o *Oracle) Submitters(m Moment, slug string) []string { return o.latest(m, slug).Submitters }

// Options gives what the latest version takes, by key.
//
// "What the latest version says on each element of the future mechanism." (schema)
func (o *Oracle) Options(m Moment, slug string) []domain.OptionRef { return o.latest(m, slug).Options }

// Status gives the status of a proposal; empty where it does not exist.
//
// "Status of a proposal: what happened last, by day, then recording."
func (o *Oracle) Status(m Moment, slug string) Status {
	w := o.fold(m.At)
	if !w.exists(domain.OnProposal(slug), m.On) {
		return ""
	}
	type happening struct {
		on     domain.Date
		at     uint64
		status Status
	}
	var happened []happening
	for i, s := range w.proposal(slug).submissions {
		status := Revised
		if i == 0 {
			status = Submitted
		}
		happened = append(happened, happening{s.event.On, s.at, status})
	}
	for _, e := range w.proposal(slug).ends {
		happened = append(happened, happening{e.on, e.at, e.status})
	}
	happened = slices.DeleteFunc(happened, func(h happening) bool { return !reached(h.on, m.On) })
	return slices.MaxFunc(happened, func(a, b happening) int {
		return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.at, b.at))
	}).status
}

// ended gives the end of that status that a proposal has reached on a day.
func (w *world) ended(slug string, status Status, on domain.Date) (end, bool) {
	if !w.exists(domain.OnProposal(slug), on) {
		return end{}, false
	}
	for _, e := range w.proposal(slug).ends {
		if e.status == status && reached(e.on, on) {
			return e, true
		}
	}
	return end{}, false
}

// MergedInto gives the proposal that this one went into; empty where it did not, or where that one does not exist.
//
// "What does not exist at a moment is null"
func (o *Oracle) MergedInto(m Moment, slug string) string { return o.other(m, slug, Merged) }

// SupersededBy gives the proposal that took this one's place; empty where none did, or where that one does not exist.
func (o *Oracle) SupersededBy(m Moment, slug string) string { return o.other(m, slug, Superseded) }

func (o *Oracle) other(m Moment, slug string, status Status) string {
	w := o.fold(m.At)
	e, ok := w.ended(slug, status, m.On)
	if !ok || !w.exists(domain.OnProposal(e.other), m.On) {
		return ""
	}
	return e.other
}

// Adoption gives the adoption of a proposal; nil where it was not adopted at that moment.
func (o *Oracle) Adoption(m Moment, slug string) *domain.ProposalAdopted {
	e, ok := o.fold(m.At).ended(slug, Adopted, m.On)
	if !ok {
		return nil
	}
	adopted := e.event.(domain.ProposalAdopted)
	return &adopted
}
