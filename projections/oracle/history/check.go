package history

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
)

// Check says why the rules would not accept a history; nil where they would. Where the rules leave it open whether something
// is refused, it is.
func Check(events []oracle.Event) error {
	b := newBook()
	for i := range events {
		var next *oracle.Event
		if i+1 < len(events) {
			next = &events[i+1]
		}
		if err := b.take(events[i], next); err != nil {
			return fmt.Errorf("event %d, %T: %w", events[i].At, events[i].Event, err)
		}
	}
	return nil
}

// book knows what was recorded, so far as the acceptance of the next event depends on it.
type book struct {
	at        uint64
	revisions map[string]int64 // Of the next event of a stream.

	states    map[string]bool
	groups    map[string]domain.GroupKind
	spans     map[[2]string][]span // By group and State.
	sessions  map[string]bool
	elements  map[string]bool
	options   map[domain.OptionRef]bool // Whether it is retired.
	proposals map[string]*proposal
	positions map[positionKey]*position
	acts      map[domain.ActRef]*act
	votes     map[domain.ActRef]*vote
	imports   map[string]bool
}

type span struct{ from, until domain.Date }

type proposal struct {
	first domain.Date
	ended bool
	parts map[int64]int // By submission: how many parts of its document are still to come.
}

type positionKey struct {
	actor    string
	revision int64
}

type position struct {
	said        domain.PositionStated
	withdrawnOn domain.Date
	retracted   bool
}

type act struct {
	given     domain.EndorsementGiven
	withdrawn bool
}

type vote struct {
	recorded domain.VoteRecorded
	declared []domain.IntendedBallotDeclared
}

func newBook() *book {
	return &book{
		revisions: map[string]int64{}, states: map[string]bool{}, groups: map[string]domain.GroupKind{}, spans: map[[2]string][]span{},
		sessions: map[string]bool{}, elements: map[string]bool{}, options: map[domain.OptionRef]bool{}, proposals: map[string]*proposal{},
		positions: map[positionKey]*position{}, acts: map[domain.ActRef]*act{}, votes: map[domain.ActRef]*vote{}, imports: map[string]bool{},
	}
}

// take accepts an event, or says why not and changes nothing. next is the event after it, where there is one.
func (b *book) take(e oracle.Event, next *oracle.Event) error {
	if e.At != b.at+1 {
		return fmt.Errorf("position %d after %d", e.At, b.at)
	}
	stream := e.Event.Stream()
	if e.Revision != b.revisions[stream] {
		return fmt.Errorf("revision %d of %s, which has %d", e.Revision, stream, b.revisions[stream])
	}
	if err := b.refuse(e, next); err != nil {
		return err
	}
	b.note(e)
	b.at++
	b.revisions[stream]++
	return nil
}

var (
	errTaken    = errors.New("is taken")
	errMissing  = errors.New("names what does not exist")
	errEnded    = errors.New("comes after the end")
	errTooEarly = errors.New("is dated before what it changes")
	errTooLate  = errors.New("is dated after tomorrow")
	errInvalid  = errors.New("is malformed")
)

// refuse says why the rules would not accept an event; nil where they would.
func (b *book) refuse(e oracle.Event, next *oracle.Event) error {
	// "A day later than tomorrow (UTC) is refused for every fact, corrections and withdrawals included, save for memberships
	// and sessions."
	future := func(day domain.Date) bool { return day > domain.DateOf(e.RecordedAt).Next() }
	switch v := e.Event.(type) {
	case domain.StateAdmitted:
		switch {
		case b.states[v.State]:
			return errTaken
		case future(v.AdmittedOn):
			return errTooLate
		case v.Observer && v.RegionalGroup != 0, !v.Observer && (v.RegionalGroup == 0 || v.AdmittedOn == 0):
			return errInvalid // "Of a Member State `admittedOn` and `regionalGroup` are required; an observer has no `regionalGroup`."
		}

	case domain.GroupDefined:
		if b.groups[v.Group] != 0 {
			return errTaken
		}

	case domain.MemberJoined:
		if b.groups[v.Group] == 0 || !b.states[v.State] {
			return errMissing
		}
		s := span{from: v.From}
		if next != nil && v.From != 0 { // "both give a closed one"
			if left, ok := next.Event.(domain.MemberLeft); ok && left.Group == v.Group && left.State == v.State && left.From == v.From {
				s.until = left.Until
			}
		}
		key := [2]string{v.Group, v.State}
		for _, other := range b.spans[key] {
			// "Overlapping spans … are CONFLICT"
			if (other.until == 0 || s.from < other.until) && (s.until == 0 || other.from < s.until) {
				return errTaken
			}
		}

	case domain.MemberLeft:
		if v.Until <= v.From {
			return errTooEarly // "`until` is after `from`."
		}
		spans := b.spans[[2]string{v.Group, v.State}]
		if !slices.Contains(spans, span{from: v.From}) {
			return errMissing // "an `until` without an open span"
		}

	case domain.SessionDefined:
		if b.sessions[v.Session] {
			return errTaken
		}
	case domain.ElementDefined:
		if b.elements[v.Element] {
			return errTaken
		}
	case domain.OptionDefined:
		ref := domain.OptionRef{Element: v.Element, Option: v.Option}
		if _, ok := b.options[ref]; ok {
			return errTaken
		}
		if !b.elements[v.Element] {
			return errMissing
		}
	case domain.OptionRetired:
		ref := domain.OptionRef{Element: v.Element, Option: v.Option}
		if retired, ok := b.options[ref]; !ok {
			return errMissing
		} else if retired {
			return errTaken
		}

	case domain.ProposalSubmitted:
		switch {
		case b.proposals[v.Proposal] != nil:
			return errTaken
		case len(v.Submitters) == 0:
			return errInvalid
		case !b.actors(v.Submitters) || !b.open(v.Options):
			return errMissing
		case future(v.On):
			return errTooLate
		}
	case domain.ProposalRevised:
		p := b.proposals[v.Proposal]
		switch {
		case p == nil || !b.actors(v.Submitters.Value) || !b.open(v.Options.Value):
			return errMissing
		case p.ended:
			return errEnded // "After an end … a revision or another end is CONFLICT"
		case v.On < p.first:
			return errTooEarly // "a revision or end dated before the first submission, is BAD_USER_INPUT"
		case v.Title.Given && v.Title.Value == "", v.Submitters.Given && len(v.Submitters.Value) == 0:
			return errInvalid
		case future(v.On):
			return errTooLate
		}
	case domain.DocumentRecorded:
		p := b.proposals[v.Proposal]
		if p == nil || p.parts[v.Submission] == 0 {
			return errMissing
		}
	case domain.ProposalMerged:
		return b.end(v.Proposal, v.Into, true, v.On, future)
	case domain.ProposalSuperseded:
		return b.end(v.Proposal, v.By, true, v.On, future)
	case domain.ProposalWithdrawn:
		return b.end(v.Proposal, "", false, v.On, future)
	case domain.ProposalAdopted:
		return b.end(v.Proposal, "", false, v.On, future)

	case domain.PositionStated:
		switch {
		case !b.actors([]string{v.Actor}), !b.target(v.Target), v.Session != "" && !b.sessions[v.Session]:
			return errMissing
		case b.options[v.Target.Option]:
			return errEnded // "No new position can be taken on it"
		case future(v.StatedOn):
			return errTooLate
		}
		if err := b.fields(v); err != nil {
			return err
		}
	case domain.PositionCorrected:
		p := b.positions[positionKey{v.Actor, v.Position}]
		if p == nil || p.retracted {
			return errMissing // "anything on a retracted position NOT_FOUND"
		}
		c := v.Changes
		switch {
		case future(c.StatedOn.Value):
			return errTooLate
		case c.Summary.Given && c.Summary.Value == "", c.StatedOn.Given && c.StatedOn.Value == 0, c.Source.Given && c.Source.Value.Title == "":
			return errInvalid // "null … is BAD_USER_INPUT elsewhere"
		case p.withdrawnOn != 0 && c.StatedOn.Value > p.withdrawnOn:
			return errTooLate // "to a day after its withdrawal, is BAD_USER_INPUT"
		}
		said, changed, same := corrected(p.said, c)
		if changed == 0 || same > 0 {
			return errInvalid // "to the value it has … is BAD_USER_INPUT"
		}
		if said.Session != "" && !b.sessions[said.Session] {
			return errMissing
		}
		if err := b.fields(said); err != nil {
			return err
		}
	case domain.PositionWithdrawn:
		p := b.positions[positionKey{v.Actor, v.Position}]
		switch {
		case p == nil || p.retracted:
			return errMissing
		case p.withdrawnOn != 0:
			return errTaken // "A second withdrawal, retraction or end … is CONFLICT"
		case v.On < p.said.StatedOn:
			return errTooEarly // "a withdrawal or intended ballot dated before what it changes"
		case future(v.On):
			return errTooLate
		}
	case domain.PositionRetracted:
		p := b.positions[positionKey{v.Actor, v.Position}]
		if p == nil || p.retracted {
			return errMissing
		}

	case domain.EndorsementGiven:
		switch {
		case b.proposals[v.Proposal] == nil || !b.actors([]string{v.Actor}):
			return errMissing
		case v.Kind.IsBallot():
			return errInvalid // "such an act is recorded by `recordVote` alone"
		case future(v.On):
			return errTooLate
		}
		for _, other := range b.acts {
			o := other.given
			o.Source = v.Source
			if o == v {
				return errTaken // "The same act twice (actor, proposal, symbol, paragraph, kind, day)"
			}
		}
	case domain.EndorsementWithdrawn:
		a := b.acts[domain.ActRef{Proposal: v.Proposal, Revision: v.Endorsement}]
		switch {
		case a == nil:
			return errMissing
		case a.withdrawn:
			return errTaken
		case v.On < a.given.On:
			return errTooEarly
		case future(v.On):
			return errTooLate
		}
	case domain.VoteRecorded:
		if b.proposals[v.Proposal] == nil {
			return errMissing
		}
		if future(v.On) {
			return errTooLate
		}
		for _, other := range b.votes {
			if o := other.recorded; o.DocumentSymbol == v.DocumentSymbol && o.Paragraph == v.Paragraph {
				return errTaken // "the same vote twice (symbol, paragraph)", whatever the proposal.
			}
		}
		var cast [5]int
		for i, ballot := range v.Ballots {
			if !b.states[ballot.State] {
				return errMissing
			}
			if i > 0 && v.Ballots[i-1].State >= ballot.State {
				return errInvalid // "Each State at most once"; by code.
			}
			cast[ballot.Ballot]++
		}
		for kind, total := range map[domain.Ballot]int{domain.Yes: v.Yes, domain.No: v.No, domain.Abstain: v.Abstain, domain.Absent: v.Absent} {
			// "the ballots of a kind are no more than its total, and as many where `complete` is true."
			if cast[kind] > total || v.Complete && cast[kind] < total {
				return errInvalid
			}
		}
	case domain.IntendedBallotDeclared:
		vote := b.votes[domain.ActRef{Proposal: v.Proposal, Revision: v.Vote}]
		if vote == nil {
			return errMissing
		}
		i := slices.IndexFunc(vote.recorded.Ballots, func(c domain.CastBallot) bool { return c.State == v.State })
		switch {
		case i < 0:
			return errMissing
		case v.On < vote.recorded.On:
			return errTooEarly
		case future(v.On):
			return errTooLate
		}
		before, latest := vote.recorded.Ballots[i].Ballot, domain.Date(0) // What it means on that day, so far.
		for _, d := range vote.declared {
			if d.State == v.State {
				if d.Intended == v.Intended && d.On == v.On {
					return errTaken // "the same declaration again"
				}
				if latest <= d.On && d.On <= v.On {
					before, latest = d.Intended, d.On
				}
			}
		}
		if before == v.Intended {
			return errTaken // "A ballot can be declared again, with another intention."
		}

	case domain.ImportCompleted:
		if b.imports[v.SHA256] {
			return errTaken
		}
	default:
		return fmt.Errorf("unknown event")
	}
	return nil
}

// note takes in what an accepted event says, so far as later ones depend on it.
func (b *book) note(e oracle.Event) {
	ref := func(proposal string, revision int64) domain.ActRef {
		return domain.ActRef{Proposal: proposal, Revision: revision}
	}
	switch v := e.Event.(type) {
	case domain.StateAdmitted:
		b.states[v.State] = true
	case domain.GroupDefined:
		b.groups[v.Group] = v.Kind
	case domain.MemberJoined:
		key := [2]string{v.Group, v.State}
		b.spans[key] = append(b.spans[key], span{from: v.From})
	case domain.MemberLeft:
		spans := b.spans[[2]string{v.Group, v.State}]
		spans[slices.Index(spans, span{from: v.From})].until = v.Until
	case domain.SessionDefined:
		b.sessions[v.Session] = true
	case domain.ElementDefined:
		b.elements[v.Element] = true
	case domain.OptionDefined:
		b.options[domain.OptionRef{Element: v.Element, Option: v.Option}] = false
	case domain.OptionRetired:
		b.options[domain.OptionRef{Element: v.Element, Option: v.Option}] = true
	case domain.ProposalSubmitted:
		b.proposals[v.Proposal] = &proposal{first: v.On, parts: map[int64]int{e.Revision: v.DocumentParts}}
	case domain.ProposalRevised:
		b.proposals[v.Proposal].parts[e.Revision] = v.DocumentParts
	case domain.DocumentRecorded:
		b.proposals[v.Proposal].parts[v.Submission]--
	case domain.ProposalMerged:
		b.proposals[v.Proposal].ended = true
	case domain.ProposalSuperseded:
		b.proposals[v.Proposal].ended = true
	case domain.ProposalWithdrawn:
		b.proposals[v.Proposal].ended = true
	case domain.ProposalAdopted:
		b.proposals[v.Proposal].ended = true
	case domain.PositionStated:
		b.positions[positionKey{v.Actor, e.Revision}] = &position{said: v}
	case domain.PositionCorrected:
		p := b.positions[positionKey{v.Actor, v.Position}]
		p.said, _, _ = corrected(p.said, v.Changes)
	case domain.PositionWithdrawn:
		b.positions[positionKey{v.Actor, v.Position}].withdrawnOn = v.On
	case domain.PositionRetracted:
		b.positions[positionKey{v.Actor, v.Position}].retracted = true
	case domain.EndorsementGiven:
		b.acts[ref(v.Proposal, e.Revision)] = &act{given: v}
	case domain.EndorsementWithdrawn:
		b.acts[ref(v.Proposal, v.Endorsement)].withdrawn = true
	case domain.VoteRecorded:
		b.votes[ref(v.Proposal, e.Revision)] = &vote{recorded: v}
	case domain.IntendedBallotDeclared:
		vote := b.votes[ref(v.Proposal, v.Vote)]
		vote.declared = append(vote.declared, v)
	case domain.ImportCompleted:
		b.imports[v.SHA256] = true
	}
}

// corrected applies a correction to a position, and counts how many fields it gives and how many of them it leaves as they are.
func corrected(said domain.PositionStated, c domain.PositionChanges) (_ domain.PositionStated, changed, same int) {
	change(c.Stance, &said.Stance, &changed, &same)
	change(c.Form, &said.Form, &changed, &same)
	change(c.StatedOn, &said.StatedOn, &changed, &same)
	change(c.Session, &said.Session, &changed, &same)
	change(c.Summary, &said.Summary, &changed, &same)
	change(c.Points, &said.Points, &changed, &same)
	change(c.Source, &said.Source, &changed, &same)
	change(c.AlignedWith, &said.AlignedWith, &changed, &same)
	change(c.Dissociated, &said.Dissociated, &changed, &same)
	var explained domain.ActRef
	if said.Explains != nil {
		explained = *said.Explains
	}
	change(c.Explains, &explained, &changed, &same)
	said.Explains = nil
	if explained != (domain.ActRef{}) {
		said.Explains = &explained
	}
	return said, changed, same
}

// change applies a change and counts it, and whether it changes nothing.
func change[T any](c domain.Change[T], field *T, changed, same *int) {
	if !c.Given {
		return
	}
	*changed++
	// An absent list and an empty one are the same.
	a, b := reflect.ValueOf(*field), reflect.ValueOf(c.Value)
	if reflect.DeepEqual(*field, c.Value) || a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		*same++
	}
	*field = c.Value
}

// fields checks what both a new and a corrected position must fulfil.
func (b *book) fields(p domain.PositionStated) error {
	if len(p.AlignedWith)+len(p.Dissociated) > 0 && b.groups[p.Actor] == 0 {
		return errInvalid // "For a statement on behalf of a group"
	}
	for i, list := range [2][]string{p.AlignedWith, p.Dissociated} {
		for j, state := range list {
			if !b.states[state] {
				return errMissing
			}
			if j > 0 && list[j-1] >= state || i == 0 && slices.Contains(p.Dissociated, state) {
				return errInvalid
			}
		}
	}
	if p.Explains == nil {
		return nil
	}
	// "Of an endorsement of the same actor on the same proposal."
	if p.Explains.Proposal != p.Target.Proposal {
		return errInvalid
	}
	if a := b.acts[*p.Explains]; a != nil && a.given.Actor == p.Actor {
		return nil
	}
	if v := b.votes[*p.Explains]; v != nil && slices.ContainsFunc(v.recorded.Ballots, func(c domain.CastBallot) bool { return c.State == p.Actor }) {
		return nil
	}
	return errMissing
}

func (b *book) end(slug, other string, needsOther bool, on domain.Date, future func(domain.Date) bool) error {
	p := b.proposals[slug]
	switch {
	case p == nil, needsOther && b.proposals[other] == nil:
		return errMissing
	case needsOther && other == slug:
		return errInvalid
	case p.ended:
		return errEnded
	case on < p.first:
		return errTooEarly
	case future(on):
		return errTooLate
	}
	return nil
}

// actors says whether all are States or groups.
func (b *book) actors(codes []string) bool {
	for _, code := range codes {
		if !b.states[code] && b.groups[code] == 0 {
			return false
		}
	}
	return true
}

// open says whether all options are defined and not retired.
func (b *book) open(options []domain.OptionRef) bool {
	for _, ref := range options {
		if retired, ok := b.options[ref]; !ok || retired {
			return false
		}
	}
	return true
}

func (b *book) target(t domain.Target) bool {
	if t.IsProposal() {
		return b.proposals[t.Proposal] != nil
	}
	_, ok := b.options[t.Option]
	return ok
}
