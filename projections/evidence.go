package projections

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// position is what was said, with everything that was recorded about it since.
type position struct {
	Provenance
	actor    *actor
	target   *target
	revision int64
	versions []positionVersion // By position of recording; the first is as stated.
	// corrections has what PositionCorrected events changed; version i+1 is that after corrections[i].
	corrections []correction
	withdrawal  *withdrawal
	retractedAt uint64 // 0 while it is not.
}

// positionVersion has what a PositionStated has, but for whose it is and on what, which all versions share. There is one for nearly every
// event of a record, so that what few have is behind a pointer.
type positionVersion struct {
	at       uint64
	Stance   domain.Stance
	Form     domain.StatementForm
	StatedOn domain.Date
	Session  string
	Summary  string
	Points   []domain.Point
	Source   domain.Source
	Explains *domain.ActRef
	explains *act    // Of a vote, the actor's ballot.
	names    *naming // Nil where it names nobody.
}

// naming has the States that a group's statement names: their codes as stated, and State.index of each.
type naming struct {
	alignedCodes, dissociatedCodes []string
	aligned, dissociated           []int
}

// lists gives the codes of those who align, and of those who set themselves apart.
func (n *naming) lists() (alignedWith, dissociated []string) {
	if n == nil {
		return nil, nil
	}
	return n.alignedCodes, n.dissociatedCodes
}

// stated gives the fields of a version as a PositionStated.
func (p *position) stated(v *positionVersion) domain.PositionStated {
	e := domain.PositionStated{
		Actor: p.actor.Code(), Target: p.target.Target, Stance: v.Stance, Form: v.Form, Explains: v.Explains, StatedOn: v.StatedOn,
		Session: v.Session, Summary: v.Summary, Points: v.Points, Source: v.Source,
	}
	e.AlignedWith, e.Dissociated = v.names.lists()
	return e
}

type correction struct {
	Provenance
	reason  string
	changes domain.PositionChanges
}

type withdrawal struct {
	at uint64
	on domain.Date
}

// counts says whether the withdrawal counts at the moment.
func (w *withdrawal) counts(v *View) bool { return w != nil && v.counts(w.at, w.on) }

// version gives the fields as known at a position.
func (p *position) version(at uint64) *positionVersion {
	for i := len(p.versions) - 1; i > 0; i-- {
		if p.versions[i].at <= at {
			return &p.versions[i]
		}
	}
	return &p.versions[0]
}

func (p *position) latest() *positionVersion { return &p.versions[len(p.versions)-1] }

// retracted says whether the position is taken out of the record at a position.
func (p *position) retracted(at uint64) bool { return p.retractedAt != 0 && p.retractedAt <= at }

// act is a formal act, a ballot included.
type act struct {
	Provenance
	actor      *actor
	proposal   *proposal
	revision   int64
	symbol     string
	paragraph  string
	kind       domain.EndorsementKind // Of a ballot: as cast.
	on         domain.Date
	source     *domain.Source // Of a ballot: the vote's.
	vote       *vote
	intended   []intention // By day, then recording.
	withdrawal *withdrawal
}

type intention struct {
	at     uint64
	on     domain.Date
	ballot domain.Ballot
}

// vote is a recorded vote; its ballots stand by State's code.
type vote struct {
	Provenance
	domain.VoteRecorded
	proposal *proposal
	revision int64
	ballots  []*act
}

// voteKey names a vote: the same is not recorded twice.
type voteKey struct{ symbol, paragraph string }

// declaration is one item of evidence that declares a stance: exactly one of the three objects is set.
type declaration struct {
	position   *position
	submission *submission
	act        *act
	stance     domain.Stance
	own        domain.Date // Its own day, by which membership goes.
	names      *naming     // Nil where it names nobody.
}

// Ranks within a day: a statement decides over an act, which it explains (RULES, section 4).
const (
	rankAct uint8 = iota
	rankStatement
)

// spanOf is the span from a day on, until another day or, if that is zero, for ever.
func spanOf(order bitemporal.Order, from, until int32) bitemporal.Span {
	return bitemporal.Span{Order: order, From: from, Until: until}
}

// ---- Positions.

func (m *Model) positionStated(e domain.PositionStated, revision int64, p Provenance) error {
	a, t := m.actors[e.Actor], m.targets[e.Target]
	switch {
	case a == nil:
		return fmt.Errorf("the actor %s is not on record", e.Actor)
	case t == nil:
		return fmt.Errorf("the target %s is not on record", e.Target.Key())
	}
	pos := &position{Provenance: p, actor: a, target: t, revision: revision}
	if err := m.addVersion(pos, e, p.At); err != nil {
		return err
	}
	m.positionsAt[p.At] = pos
	t.touch(p.At)
	ev := t.of(a)
	ev.said = append(ev.said, pos)
	m.openPosition(pos, p.At)
	return nil
}

// addVersion gives a position new fields; what they name must be on record.
func (m *Model) addVersion(pos *position, e domain.PositionStated, at uint64) error {
	v := positionVersion{
		at: at, Stance: e.Stance, Form: e.Form, StatedOn: e.StatedOn, Session: e.Session, Summary: e.Summary, Points: e.Points, Source: e.Source, Explains: e.Explains,
	}
	if e.Explains != nil {
		if v.explains = m.act(*e.Explains, e.Actor); v.explains == nil {
			return fmt.Errorf("%s did no act at revision %d of the endorsements of %s", e.Actor, e.Explains.Revision, e.Explains.Proposal)
		}
	}
	if e.Session != "" && m.session[e.Session] == nil {
		return fmt.Errorf("the session %s is not on record", e.Session)
	}
	if len(e.AlignedWith)+len(e.Dissociated) > 0 {
		v.names = &naming{alignedCodes: e.AlignedWith, dissociatedCodes: e.Dissociated}
		ev := pos.target.of(pos.actor)
		for _, list := range []struct {
			codes []string
			to    *[]int
		}{{e.AlignedWith, &v.names.aligned}, {e.Dissociated, &v.names.dissociated}} {
			for _, code := range list.codes {
				s := m.actors[code]
				if s == nil || s.State == nil {
					return fmt.Errorf("the State %s is not on record", code)
				}
				*list.to = append(*list.to, s.State.index)
				ev.named[s.State.index] = true
			}
		}
	}
	m.texts.recorded = append(m.texts.recorded, textVersion{pos, len(pos.versions), at})
	pos.versions = append(pos.versions, v)
	return nil
}

// act finds the act that a reference names; of a vote, the ballot of the actor.
func (m *Model) act(ref domain.ActRef, actorCode string) *act {
	s := m.streams[domain.EndorsementCategory+"-"+ref.Proposal]
	if s == nil || ref.Revision < 0 || ref.Revision >= int64(len(s.at)) {
		return nil
	}
	at := s.at[ref.Revision]
	if a := m.actsAt[at]; a != nil && a.actor.Code() == actorCode {
		return a
	}
	if vote := m.votesAt[at]; vote != nil {
		return vote.ballot(actorCode)
	}
	return nil
}

func (vote *vote) ballot(state string) *act {
	if i, ok := vote.place(state); ok {
		return vote.ballots[i]
	}
	return nil
}

// place gives the place of a State's ballot among the ballots.
func (vote *vote) place(state string) (int, bool) {
	return slices.BinarySearchFunc(vote.ballots, state, func(a *act, code string) int { return cmp.Compare(a.actor.Code(), code) })
}

// share gives a ballot what all ballots of a vote have, but for the position.
func (vote *vote) share(a *act) {
	a.RecordedAt, a.RecordedBy, a.proposal, a.revision, a.vote = vote.RecordedAt, vote.RecordedBy, vote.proposal, vote.revision, vote
	a.symbol, a.paragraph, a.on, a.source = vote.DocumentSymbol, vote.Paragraph, vote.On, &vote.Source
}

// spans gives the rectangles of the position as evidence, in the order by which the latest decides. A position that explains
// an act counts, from the act's day on, with the later of the two days (RULES, section 4).
func (p *position) spans() []bitemporal.Span {
	v := p.latest()
	day, until := int32(v.StatedOn), bitemporal.EndOfDays
	if p.withdrawal != nil {
		until = int32(p.withdrawal.on)
	}
	order := func(day int32) bitemporal.Order { return bitemporal.Order{Day: day, Rank: rankStatement, At: p.At} }
	if v.explains != nil {
		if actDay := int32(v.explains.on); actDay > day {
			return []bitemporal.Span{spanOf(order(day), day, min(actDay, until)), spanOf(order(actDay), actDay, until)}
		}
	}
	return []bitemporal.Span{spanOf(order(day), day, until)}
}

// listed is the rectangle of the position in lists: from its own day on, whether in force or not.
func (p *position) listed() bitemporal.Span {
	day := int32(p.latest().StatedOn)
	return spanOf(bitemporal.Order{Day: day, At: p.At}, day, bitemporal.EndOfDays)
}

func (m *Model) lists(p *position) []*bitemporal.Cell[*position] {
	return []*bitemporal.Cell[*position]{&m.positions, &p.actor.positions, &p.target.positions}
}

// openPosition makes the position count from a record's position on, as its latest version has it.
func (m *Model) openPosition(p *position, at uint64) {
	ev, v := p.target.of(p.actor), p.latest()
	d := &declaration{position: p, stance: v.Stance, own: v.StatedOn, names: v.names}
	for _, s := range p.spans() {
		ev.positions.Open(at, s, p)
		if v.Stance != 0 {
			ev.declared.Open(at, s, d)
		}
	}
	for _, list := range m.lists(p) {
		list.Open(at, p.listed(), p)
	}
}

// closePosition ends what openPosition opened last.
func (m *Model) closePosition(p *position, at uint64) {
	ev := p.target.of(p.actor)
	for _, s := range p.spans() {
		ev.positions.Close(at, s.Order, func(q *position) bool { return q == p })
		ev.declared.Close(at, s.Order, func(d *declaration) bool { return d.position == p })
	}
	for _, list := range m.lists(p) {
		list.Close(at, p.listed().Order, func(q *position) bool { return q == p })
	}
}

// position finds a position by its revision in its actor's stream.
func (m *Model) position(actorCode string, revision int64) (*position, error) {
	if s := m.streams[domain.PositionCategory+"-"+actorCode]; s != nil && revision >= 0 && revision < int64(len(s.at)) {
		if p := m.positionsAt[s.at[revision]]; p != nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("revision %d of the positions of %s is no position", revision, actorCode)
}

func (m *Model) positionCorrected(e domain.PositionCorrected, p Provenance) error {
	pos, err := m.position(e.Actor, e.Position)
	if err != nil {
		return err
	}
	fields, c := pos.stated(pos.latest()), e.Changes
	fields.Stance = c.Stance.Apply(fields.Stance)
	fields.Form = c.Form.Apply(fields.Form)
	fields.StatedOn = c.StatedOn.Apply(fields.StatedOn)
	fields.Session = c.Session.Apply(fields.Session)
	fields.Summary = c.Summary.Apply(fields.Summary)
	fields.Points = c.Points.Apply(fields.Points)
	fields.Source = c.Source.Apply(fields.Source)
	fields.AlignedWith = c.AlignedWith.Apply(fields.AlignedWith)
	fields.Dissociated = c.Dissociated.Apply(fields.Dissociated)
	if c.Explains.Given {
		fields.Explains = nil
		if ref := c.Explains.Value; ref != (domain.ActRef{}) {
			fields.Explains = &ref
		}
	}
	m.closePosition(pos, p.At)
	if err := m.addVersion(pos, fields, p.At); err != nil {
		return err
	}
	pos.corrections = append(pos.corrections, correction{Provenance: p, reason: e.Reason, changes: c})
	pos.target.touch(p.At)
	m.openPosition(pos, p.At)
	return nil
}

func (m *Model) positionWithdrawn(e domain.PositionWithdrawn, p Provenance) error {
	pos, err := m.position(e.Actor, e.Position)
	if err != nil {
		return err
	}
	m.closePosition(pos, p.At)
	pos.withdrawal = &withdrawal{at: p.At, on: e.On}
	pos.target.touch(p.At)
	m.openPosition(pos, p.At)
	return nil
}

func (m *Model) positionRetracted(e domain.PositionRetracted, p Provenance) error {
	pos, err := m.position(e.Actor, e.Position)
	if err != nil {
		return err
	}
	m.closePosition(pos, p.At)
	pos.retractedAt = p.At
	pos.target.touch(p.At)
	return nil
}

// ---- Submissions.

// openDeclaration is a declaration that stands open in a cell.
type openDeclaration struct {
	evidence    *evidence
	order       bitemporal.Order
	declaration *declaration
}

// declareSubmissions makes each submission of a proposal count, from a position on, as its submitters' support. All of them
// are placed anew, since a version that is put in between by its day gives its submitters to those after it.
func (m *Model) declareSubmissions(pr *proposal, at uint64) {
	until := bitemporal.EndOfDays
	for _, e := range pr.ends {
		if e.status == Withdrawn {
			until = min(until, int32(e.on))
		}
	}
	for _, s := range pr.resolve(at) {
		for _, o := range s.open {
			o.evidence.declared.Close(at, o.order, func(d *declaration) bool { return d == o.declaration })
		}
		s.open = nil
		if s.chair || int32(s.on) >= until { // Withdrawn on its own day, it never held.
			continue
		}
		for _, code := range s.submitters {
			o := openDeclaration{
				evidence: pr.target.of(m.actors[code]), order: bitemporal.Order{Day: int32(s.on), Rank: rankAct, At: s.At},
				declaration: &declaration{submission: s.submission, stance: domain.Support, own: s.on},
			}
			o.evidence.declared.Open(at, spanOf(o.order, o.order.Day, until), o.declaration)
			s.open = append(s.open, o)
		}
	}
}

// ---- Acts and votes.

// kindOn gives the kind of the act on a day, as known at a position: of a ballot, as the latest declaration has it.
func (a *act) kindOn(at uint64, on domain.Date) domain.EndorsementKind {
	kind := a.kind
	for _, i := range a.intended {
		if i.at <= at && (on == 0 || i.on <= on) {
			kind = i.ballot.Kind()
		}
	}
	return kind
}

// pieces gives the spans of days on which the act declares one stance each, by what is known now.
func (a *act) pieces() (spans []bitemporal.Span, stances []domain.Stance) {
	if a.paragraph != "" {
		return nil, nil // An act on one paragraph declares nothing on the whole.
	}
	order := bitemporal.Order{Day: int32(a.on), Rank: rankAct, At: a.At}
	until := bitemporal.EndOfDays
	if a.withdrawal != nil {
		until = int32(a.withdrawal.on)
	}
	from, kind := int32(a.on), a.kind
	add := func(end int32) {
		if s := kind.Stance(); s != 0 && from < end {
			spans, stances = append(spans, spanOf(order, from, end)), append(stances, s)
		}
	}
	for _, i := range a.intended {
		add(int32(i.on))
		from, kind = int32(i.on), i.ballot.Kind()
	}
	add(until)
	return spans, stances
}

func (m *Model) openAct(a *act, at uint64) {
	spans, stances := a.pieces()
	for i, s := range spans {
		a.proposal.target.of(a.actor).declared.Open(at, s, &declaration{act: a, stance: stances[i], own: a.on})
	}
}

func (m *Model) closeAct(a *act, at uint64) {
	spans, _ := a.pieces()
	for _, s := range spans {
		a.proposal.target.of(a.actor).declared.Close(at, s.Order, func(d *declaration) bool { return d.act == a })
	}
}

// listAct makes the act stand in the lists: whether it is in force or not, from its day on.
func (m *Model) listAct(a *act) {
	s := spanOf(bitemporal.Order{Day: int32(a.on), At: a.At}, int32(a.on), bitemporal.EndOfDays)
	for _, cell := range []*bitemporal.Cell[*act]{&m.endorsements, &a.actor.endorsements, &a.proposal.acts} {
		cell.Open(a.At, s, a)
	}
}

func (m *Model) endorsementGiven(e domain.EndorsementGiven, revision int64, p Provenance) error {
	a, pr := m.actors[e.Actor], m.proposals[e.Proposal]
	switch {
	case a == nil:
		return fmt.Errorf("the actor %s is not on record", e.Actor)
	case pr == nil:
		return fmt.Errorf("the proposal %s is not submitted", e.Proposal)
	}
	source := e.Source
	given := &act{
		Provenance: p, actor: a, proposal: pr, revision: revision, symbol: e.DocumentSymbol, paragraph: e.Paragraph,
		kind: e.Kind, on: e.On, source: &source,
	}
	m.actsAt[p.At] = given
	pr.target.touch(p.At)
	m.openAct(given, p.At)
	m.listAct(given)
	return nil
}

// endorsementEvent finds what a revision of a proposal's stream of endorsements recorded.
func (m *Model) endorsementEvent(slug string, revision int64) (uint64, error) {
	s := m.streams[domain.EndorsementCategory+"-"+slug]
	if s == nil || revision < 0 || revision >= int64(len(s.at)) {
		return 0, fmt.Errorf("the endorsements of %s have no revision %d", slug, revision)
	}
	return s.at[revision], nil
}

func (m *Model) endorsementWithdrawn(e domain.EndorsementWithdrawn, p Provenance) error {
	at, err := m.endorsementEvent(e.Proposal, e.Endorsement)
	if err != nil {
		return err
	}
	a := m.actsAt[at]
	if a == nil {
		return fmt.Errorf("revision %d of the endorsements of %s is no endorsement", e.Endorsement, e.Proposal)
	}
	m.closeAct(a, p.At)
	a.withdrawal = &withdrawal{at: p.At, on: e.On}
	a.proposal.target.touch(p.At)
	m.openAct(a, p.At)
	return nil
}

func (m *Model) voteRecorded(e domain.VoteRecorded, revision int64, p Provenance) error {
	pr := m.proposals[e.Proposal]
	if pr == nil {
		return fmt.Errorf("the proposal %s is not submitted", e.Proposal)
	}
	recorded := &vote{Provenance: p, VoteRecorded: e, proposal: pr, revision: revision}
	for _, b := range e.Ballots {
		a := m.actors[b.State]
		if a == nil || a.State == nil {
			return fmt.Errorf("the State %s is not on record", b.State)
		}
		cast := &act{Provenance: p, actor: a, kind: b.Ballot.Kind()}
		recorded.share(cast)
		recorded.ballots = append(recorded.ballots, cast)
	}
	slices.SortFunc(recorded.ballots, func(a, b *act) int { return cmp.Compare(a.actor.Code(), b.actor.Code()) })
	m.votesAt[p.At] = recorded
	m.votesOn[voteKey{e.DocumentSymbol, e.Paragraph}] = recorded
	pr.votes = append(pr.votes, recorded)
	pr.target.touch(p.At)
	// A list shows of equal places the one opened last first, and the ballots of one vote by code.
	for _, b := range slices.Backward(recorded.ballots) {
		m.openAct(b, p.At)
		m.listAct(b)
	}
	return nil
}

func (m *Model) intendedBallotDeclared(e domain.IntendedBallotDeclared, p Provenance) error {
	at, err := m.endorsementEvent(e.Proposal, e.Vote)
	if err != nil {
		return err
	}
	var ballot *act
	if vote := m.votesAt[at]; vote != nil {
		ballot = vote.ballot(e.State)
	}
	if ballot == nil {
		return fmt.Errorf("revision %d of the endorsements of %s is no vote with a ballot of %s", e.Vote, e.Proposal, e.State)
	}
	m.closeAct(ballot, p.At)
	ballot.intended = append(ballot.intended, intention{at: p.At, on: e.On, ballot: e.Intended})
	slices.SortStableFunc(ballot.intended, func(a, b intention) int { return cmp.Compare(a.on, b.on) })
	ballot.proposal.target.touch(p.At)
	m.openAct(ballot, p.At)
	return nil
}
