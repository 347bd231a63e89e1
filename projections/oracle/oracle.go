package oracle

import (
	"slices"
	"time"

	"github.com/rapporteur/rapporteur/domain"
)

// Event is one event of the record.
type Event struct {
	At         uint64 // Position in the record, from 1.
	RecordedAt time.Time
	Revision   int64 // In its stream, from 0.
	Event      domain.Event
}

// Moment is the two times of a question: how much of the record counts, and how things stood on which day.
type Moment struct {
	At uint64
	On domain.Date // Zero: no limit of days.
}

// Oracle answers questions about a record, each from the events alone.
type Oracle struct{ events []Event }

// New gives the oracle of a record: events at positions 1, 2, 3 …
func New(events []Event) *Oracle { return &Oracle{events: slices.Clone(events)} }

// PositionAsOf gives the position in the record that an instant means.
//
// "`asOf.recordedAt = t` means the largest P such that no event among the first P was recorded after t (running maximum of
// `recordedAt`, so a clock that stepped back cannot hide an event; kept and shown to the microsecond; equal is not after)"
func (o *Oracle) PositionAsOf(recordedAt time.Time) uint64 {
	var p uint64
	for _, e := range o.events {
		if e.RecordedAt.Truncate(time.Microsecond).After(recordedAt) {
			break
		}
		p = e.At
	}
	return p
}

// reached says whether a fact of that day counts on day on.
//
// "D is a day: only facts whose own day is on or before D count. … without it there is no limit."
func reached(day, on domain.Date) bool { return on == 0 || day <= on }

// world is what the first P events say, with nothing left out for its day.
type world struct {
	states    []domain.StateAdmitted
	groups    []*group
	options   []domain.OptionRef
	proposals []*proposal
	positions []*position
	acts      []*act
}

type group struct {
	code  string
	kind  domain.GroupKind
	spans []*span
}

// span is a span of membership: from <= day < until. A zero from is always, a zero until means that it has no end.
type span struct {
	state       string
	from, until domain.Date
}

type proposal struct {
	slug        string
	submissions []submission // In the order of recording.
	ends        []end
}

// submission is a ProposalSubmitted or a ProposalRevised, written as a revision that gives everything where it is the first.
type submission struct {
	at       uint64
	revision int64
	event    domain.ProposalRevised
	symbol   string // Of its document.
}

type end struct {
	at     uint64
	on     domain.Date
	status Status
	other  string // The proposal that it went into or that took its place.
	event  domain.Event
}

// position is a position with its corrections applied.
type position struct {
	at       uint64
	revision int64
	said     domain.PositionStated

	withdrawn   bool
	withdrawnOn domain.Date
	retracted   bool
}

// act is an EndorsementGiven, or one ballot of a VoteRecorded.
type act struct {
	at       uint64
	revision int64
	ballot   bool
	done     domain.EndorsementGiven

	withdrawn   bool
	withdrawnOn domain.Date
	intended    []intention // In the order of recording.
}

type intention struct {
	on   domain.Date
	kind domain.EndorsementKind
}

// fold reads the first P events.
//
// "P is a position in the record: only the first P events count."
func (o *Oracle) fold(p uint64) *world {
	w := &world{}
	for _, e := range o.events {
		if e.At > p {
			break
		}
		w.read(e)
	}
	return w
}

func (w *world) read(e Event) {
	switch v := e.Event.(type) {
	case domain.StateAdmitted:
		w.states = append(w.states, v)

	case domain.GroupDefined:
		w.groups = append(w.groups, &group{code: v.Group, kind: v.Kind})
	case domain.MemberJoined:
		// "`from` (or no day at all: always so) opens a span"
		g := w.group(v.Group)
		g.spans = append(g.spans, &span{state: v.State, from: v.From})
	case domain.MemberLeft:
		// "`until` alone ends the open one, both give a closed one"
		for _, s := range w.group(v.Group).spans {
			if s.state == v.State && s.from == v.From && s.until == 0 {
				s.until = v.Until
			}
		}

	case domain.OptionDefined:
		w.options = append(w.options, domain.OptionRef{Element: v.Element, Option: v.Option})

	case domain.ProposalSubmitted:
		first := domain.ProposalRevised{
			Proposal: v.Proposal, Title: domain.To(v.Title), Summary: domain.To(v.Summary), Submitters: domain.To(v.Submitters),
			InCapacityOfChair: v.InCapacityOfChair, On: v.On, Options: domain.To(v.Options), Source: v.Source,
		}
		w.proposals = append(w.proposals, &proposal{slug: v.Proposal, submissions: []submission{{at: e.At, revision: e.Revision, event: first}}})
	case domain.ProposalRevised:
		p := w.proposal(v.Proposal)
		p.submissions = append(p.submissions, submission{at: e.At, revision: e.Revision, event: v})
	case domain.DocumentRecorded:
		// "Part 1 carries the head" (domain)
		p := w.proposal(v.Proposal)
		for i := range p.submissions {
			if p.submissions[i].revision == v.Submission && v.Part == 1 {
				p.submissions[i].symbol = v.Symbol
			}
		}
	case domain.ProposalMerged:
		w.end(v.Proposal, end{e.At, v.On, Merged, v.Into, v})
	case domain.ProposalSuperseded:
		w.end(v.Proposal, end{e.At, v.On, Superseded, v.By, v})
	case domain.ProposalWithdrawn:
		w.end(v.Proposal, end{e.At, v.On, Withdrawn, "", v})
	case domain.ProposalAdopted:
		w.end(v.Proposal, end{e.At, v.On, Adopted, "", v})

	case domain.PositionStated:
		w.positions = append(w.positions, &position{at: e.At, revision: e.Revision, said: v})
	case domain.PositionCorrected:
		// "A correction replaces the named fields from its log position on, for every D (we had it wrong). The position
		// keeps its place in the order of recording. In a correction null clears stance, form, explains, session, points
		// and lists"
		p, c := w.position(v.Actor, v.Position), v.Changes
		p.said.Stance = c.Stance.Apply(p.said.Stance)
		p.said.Form = c.Form.Apply(p.said.Form)
		p.said.StatedOn = c.StatedOn.Apply(p.said.StatedOn)
		p.said.Session = c.Session.Apply(p.said.Session)
		p.said.Summary = c.Summary.Apply(p.said.Summary)
		p.said.Points = c.Points.Apply(p.said.Points)
		p.said.Source = c.Source.Apply(p.said.Source)
		p.said.AlignedWith = c.AlignedWith.Apply(p.said.AlignedWith)
		p.said.Dissociated = c.Dissociated.Apply(p.said.Dissociated)
		if c.Explains.Given {
			p.said.Explains = nil
			if act := c.Explains.Value; act != (domain.ActRef{}) {
				p.said.Explains = &act
			}
		}
	case domain.PositionWithdrawn:
		p := w.position(v.Actor, v.Position)
		p.withdrawn, p.withdrawnOn = true, v.On
	case domain.PositionRetracted:
		// "A retraction removes the position from its log position on, for every D."
		w.position(v.Actor, v.Position).retracted = true

	case domain.EndorsementGiven:
		w.acts = append(w.acts, &act{at: e.At, revision: e.Revision, done: v})
	case domain.EndorsementWithdrawn:
		for _, a := range w.acts {
			if a.done.Proposal == v.Proposal && a.revision == v.Endorsement {
				a.withdrawn, a.withdrawnOn = true, v.On
			}
		}
	case domain.VoteRecorded:
		// "Each ballot of a recorded vote is one too (kind VOTE_*; `at` is the vote's)"
		for _, b := range v.Ballots {
			w.acts = append(w.acts, &act{at: e.At, revision: e.Revision, ballot: true, done: domain.EndorsementGiven{
				Proposal: v.Proposal, Actor: b.State, DocumentSymbol: v.DocumentSymbol, Paragraph: v.Paragraph,
				Kind: b.Ballot.Kind(), On: v.On, Source: v.Source,
			}})
		}
	case domain.IntendedBallotDeclared:
		for _, a := range w.acts {
			if a.ballot && a.done.Proposal == v.Proposal && a.revision == v.Vote && a.done.Actor == v.State {
				a.intended = append(a.intended, intention{v.On, v.Intended.Kind()})
			}
		}

	case domain.ElementDefined, domain.OptionRetired, domain.SessionDefined, domain.ImportCompleted:
		// No question asked here depends on them: "retiring it only refuses what is new: lists and figures keep it".
	}
}

func (w *world) end(slug string, e end) {
	p := w.proposal(slug)
	p.ends = append(p.ends, e)
}

func (w *world) group(code string) *group {
	for _, g := range w.groups {
		if g.code == code {
			return g
		}
	}
	return nil
}

func (w *world) proposal(slug string) *proposal {
	for _, p := range w.proposals {
		if p.slug == slug {
			return p
		}
	}
	return nil
}

func (w *world) position(actor string, revision int64) *position {
	for _, p := range w.positions {
		if p.said.Actor == actor && p.revision == revision {
			return p
		}
	}
	return nil
}
