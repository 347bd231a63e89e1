package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
)

// World says how large the world of a random history may grow.
type World struct {
	States, Observers  int
	StandingGroups     int
	AdHocGroups        int
	Proposals, Options int // Options over up to three elements.
	Sessions           int
	Days               int // FirstDay and those after it.
	Events             int // At least so many events; a few more where an append is longer than one.
	// Agreeable has most stances supportive, so that views converge now and then.
	Agreeable bool
}

// Small is a world in which most things happen to most others within 80 events.
var Small = World{States: 6, Observers: 1, StandingGroups: 2, AdHocGroups: 1, Proposals: 2, Options: 3, Sessions: 1, Days: 6, Events: 80}

// Friendly is Small with most stances supportive, of five States of one regional group each.
var Friendly = World{States: 5, Observers: 1, StandingGroups: 1, Proposals: 1, Options: 2, Sessions: 1, Days: 5, Events: 80, Agreeable: true}

// Day gives the n-th day of the world, from 0.
func (World) Day(n int) domain.Date { return FirstDay + domain.Date(n) }

// Random gives a valid history. Facts of all kinds, the definition of States, groups and targets among them, are recorded in
// any order, often late; the clock steps back now and then, and stands still.
func Random(seed uint64, w World) []oracle.Event {
	m := &maker{rand: rand.New(rand.NewPCG(seed, 0)), world: w, book: newBook()}
	m.begin()
	for len(m.events) < w.Events {
		m.step()
	}
	return m.events
}

// maker makes one history.
type maker struct {
	rand   *rand.Rand
	world  World
	book   *book
	events []oracle.Event
	now    time.Time

	// What exists, in the order of recording: maps have none.
	states, groups, sessions []string
	elements                 []string
	targets                  []domain.Target
	memberships              []domain.MemberJoined // Those that were recorded as open.
	positions                []positionKey
	acts                     []domain.ActRef
	votes                    []domain.ActRef
	retired                  int
	defined                  map[string]int // By kind of what is defined.
}

// The codes and keys of the world. Some begin with others, so that an order by anything but bytes shows.
var (
	proposalSlugs = []string{"p", "p-1", "p0"}
	elementKeys   = []string{"e", "e-1", "e0"}
)

func stateCode(i int) string {
	return string([]byte{'A' + byte(i*7%26), 'A' + byte(i/26), 'A' + byte(i%26)})
}

// begin makes what nothing can be said without.
func (m *maker) begin() {
	m.defined = map[string]int{}
	m.tick()
	for len(m.states) < max(1, m.world.States/2) {
		m.admit()
	}
	if m.world.StandingGroups > 0 {
		m.group()
		m.join()
	}
	m.option()
	m.submit()
}

// step tries to record one random thing.
func (m *maker) step() {
	m.tick()
	steps := []struct {
		weight int
		try    func()
	}{
		{8, m.admit}, {4, m.group}, {8, m.join}, {4, m.leave}, {1, m.session}, {4, m.option}, {1, m.retire},
		{4, m.submit}, {6, m.revise}, {2, m.end},
		{40, m.state}, {16, m.correct}, {9, m.withdraw}, {4, m.retract},
		{14, m.endorse}, {5, m.withdrawAct}, {5, m.vote}, {8, m.intend}, {1, m.complete},
	}
	total := 0
	for _, s := range steps {
		total += s.weight
	}
	n := m.rand.IntN(total)
	for _, s := range steps {
		if n -= s.weight; n < 0 {
			s.try()
			return
		}
	}
}

// tick moves the clock: mostly on, so that it passes through the days of the world; sometimes not at all, sometimes back.
func (m *maker) tick() {
	if m.now.IsZero() {
		m.now = FirstDay.Time().Add(9 * time.Hour)
		return
	}
	pace := time.Duration(m.world.Days) * 24 * time.Hour / time.Duration(max(1, m.world.Events))
	switch m.rand.IntN(8) {
	case 0: // It stands still.
	case 1:
		m.now = m.now.Add(-time.Duration(m.rand.Int64N(int64(4*pace) + 1)))
	case 2:
		m.now = m.now.Add(time.Microsecond)
	default:
		m.now = m.now.Add(pace + time.Duration(m.rand.Int64N(int64(pace)+1)))
	}
	m.now = m.now.Truncate(time.Microsecond)
}

// record records an append, and says whether the rules accept it.
func (m *maker) record(events ...domain.Event) bool {
	h := m.events
	for _, e := range events {
		h = record(h, e, m.now)
	}
	added := h[len(m.events):]
	for i := range added {
		var next *oracle.Event
		if i+1 < len(added) {
			next = &added[i+1]
		}
		if err := m.book.take(added[i], next); err != nil {
			if i > 0 {
				panic(err) // unreachable: the first event of an append is accepted with the rest in view.
			}
			return false
		}
	}
	m.events = h
	return true
}

// The revision of the last event recorded.
func (m *maker) revision() int64 { return m.events[len(m.events)-1].Revision }

func pick[T any](m *maker, list []T) T { return list[m.rand.IntN(len(list))] }

func (m *maker) chance(one int) bool { return m.rand.IntN(one) == 0 }

// day is any day of the world; where it is later than tomorrow, the rules will refuse the fact.
func (m *maker) day() domain.Date { return m.world.Day(m.rand.IntN(m.world.Days)) }

// some gives some of the codes, each once, in order.
func (m *maker) some(codes []string, of int) []string {
	var some []string
	for _, code := range codes {
		if m.rand.IntN(len(codes)) < of {
			some = append(some, code)
		}
	}
	slices.Sort(some)
	return some
}

func (m *maker) source() domain.Source {
	return domain.Source{Title: fmt.Sprintf("source %d", m.rand.IntN(1000))}
}

func (m *maker) actor() string {
	if len(m.groups) > 0 && m.rand.IntN(10) < 4 {
		return pick(m, m.groups)
	}
	return pick(m, m.states)
}

// next counts what is defined of a kind, up to a limit.
func (m *maker) next(kind string, limit int) (int, bool) {
	n := m.defined[kind]
	return n, n < limit
}

func (m *maker) admit() {
	n, ok := m.next("state", m.world.States+m.world.Observers)
	if !ok {
		return
	}
	code := stateCode(n)
	s := domain.StateAdmitted{State: code, Names: names(code), AdmittedOn: FirstDay - 1000, RegionalGroup: domain.RegionalGroups[m.defined["member"]%5]}
	if n >= 1 && n <= m.world.Observers { // After one Member State.
		s.Observer, s.RegionalGroup, s.AdmittedOn = true, 0, 0
	} else if m.chance(3) {
		s.AdmittedOn = m.day()
	}
	if m.record(s) {
		m.defined["state"]++
		if !s.Observer {
			m.defined["member"]++
		}
		m.states = append(m.states, code)
	}
}

func (m *maker) group() {
	n, ok := m.next("group", m.world.StandingGroups+m.world.AdHocGroups)
	if !ok {
		return
	}
	g := domain.GroupDefined{Group: fmt.Sprintf("G-%d", n), Kind: domain.Standing}
	if n >= m.world.StandingGroups {
		g.Kind = domain.AdHoc
	}
	g.Names = names(g.Group)
	if m.record(g) {
		m.defined["group"]++
		m.groups = append(m.groups, g.Group)
	}
}

func (m *maker) join() {
	if len(m.groups) == 0 || len(m.states) == 0 {
		return
	}
	joined := domain.MemberJoined{Group: pick(m, m.groups), State: pick(m, m.states)}
	if !m.chance(3) {
		joined.From = m.day()
	}
	if joined.From != 0 && m.chance(4) { // A closed span.
		m.record(joined, domain.MemberLeft{Group: joined.Group, State: joined.State, From: joined.From, Until: joined.From + 1 + domain.Date(m.rand.IntN(3))})
		return
	}
	if m.record(joined) {
		m.memberships = append(m.memberships, joined)
	}
}

func (m *maker) leave() {
	if len(m.memberships) == 0 {
		return
	}
	i := m.rand.IntN(len(m.memberships))
	joined := m.memberships[i]
	if m.record(domain.MemberLeft{Group: joined.Group, State: joined.State, From: joined.From, Until: m.day()}) {
		m.memberships = slices.Delete(m.memberships, i, i+1)
	}
}

func (m *maker) session() {
	n, ok := m.next("session", m.world.Sessions)
	if !ok {
		return
	}
	key := fmt.Sprintf("S-%d", n)
	if m.record(domain.SessionDefined{Session: key, Name: key, Forum: "forum", StartsOn: FirstDay, EndsOn: FirstDay + 5, DecisionRule: domain.ByConsensus}) {
		m.defined["session"]++
		m.sessions = append(m.sessions, key)
	}
}

func (m *maker) option() {
	n, ok := m.next("option", m.world.Options)
	if !ok {
		return
	}
	element := elementKeys[n%len(elementKeys)]
	if !slices.Contains(m.elements, element) {
		m.record(domain.ElementDefined{Element: element, Label: element})
		m.elements = append(m.elements, element)
	}
	key := fmt.Sprintf("o%d", n)
	if m.record(domain.OptionDefined{Element: element, Option: key, Label: key}) {
		m.defined["option"]++
		m.targets = append(m.targets, domain.OnOption(element, key))
	}
}

func (m *maker) retire() {
	t := pick(m, m.targets)
	if !t.IsProposal() && m.defined["option"] == m.world.Options && m.retired == 0 {
		if m.record(domain.OptionRetired{Element: t.Option.Element, Option: t.Option.Option, Reason: "merged"}) {
			m.retired++
		}
	}
}

// options gives some of the options.
func (m *maker) options() []domain.OptionRef {
	var options []domain.OptionRef
	for _, t := range m.targets {
		if !t.IsProposal() && m.chance(2) {
			options = append(options, t.Option)
		}
	}
	return options
}

func (m *maker) submitters() []string {
	submitters := m.some(slices.Concat(m.states, m.groups), 2)
	if len(submitters) == 0 {
		submitters = []string{m.actor()}
	}
	return submitters
}

func (m *maker) submit() {
	n, ok := m.next("proposal", min(m.world.Proposals, len(proposalSlugs)))
	if !ok {
		return
	}
	e := domain.ProposalSubmitted{
		Proposal: proposalSlugs[n], Title: "title", Summary: "summary", Submitters: m.submitters(), InCapacityOfChair: m.chance(4),
		On: m.day(), Options: m.options(), Source: m.source(),
	}
	if n == 0 {
		e.On = m.world.Day(m.rand.IntN(2)) // Something can be said from the beginning.
	}
	events := []domain.Event{e}
	if m.chance(2) {
		e.DocumentParts = 1
		events = []domain.Event{e, domain.DocumentRecorded{Proposal: e.Proposal, Part: 1, Parts: 1, Symbol: m.symbol(), Title: "document"}}
	}
	if m.record(events...) {
		m.defined["proposal"]++
		m.targets = append(m.targets, domain.OnProposal(e.Proposal))
	}
}

func (m *maker) slug() string { return proposalSlugs[m.rand.IntN(max(1, m.defined["proposal"]))] }

func (m *maker) symbol() string { return pick(m, []string{"A/1", "A/2"}) }

func (m *maker) revise() {
	e := domain.ProposalRevised{Proposal: m.slug(), InCapacityOfChair: m.chance(4), On: m.day(), Source: m.source()}
	if m.chance(2) {
		e.Title = domain.To(fmt.Sprintf("title %d", m.rand.IntN(10)))
	}
	if m.chance(3) {
		e.Summary = domain.To(pick(m, []string{"", "another summary"}))
	}
	if m.chance(2) {
		e.Submitters = domain.To(m.submitters())
	}
	if m.chance(2) {
		e.Options = domain.To(m.options())
	}
	if m.chance(2) {
		m.record(e)
		return
	}
	e.DocumentParts = 1
	m.record(e, domain.DocumentRecorded{
		Proposal: e.Proposal, Submission: m.book.revisions[e.Stream()], Part: 1, Parts: 1, Symbol: m.symbol(), Title: "document",
	})
}

func (m *maker) end() {
	slug, other, on := m.slug(), m.slug(), m.day()
	switch m.rand.IntN(5) {
	case 0:
		m.record(domain.ProposalMerged{Proposal: slug, Into: other, On: on, Source: m.source()})
	case 1:
		m.record(domain.ProposalSuperseded{Proposal: slug, By: other, On: on, Source: m.source()})
	case 2, 3:
		m.record(domain.ProposalWithdrawn{Proposal: slug, On: on, Source: m.source()})
	default:
		m.record(domain.ProposalAdopted{Proposal: slug, Symbol: "A/RES/1", By: "General Assembly", WithoutVote: !m.chance(3), On: on, Source: m.source()})
	}
}

func (m *maker) points() []domain.Point {
	var points []domain.Point
	for range m.rand.IntN(3) {
		points = append(points, domain.Point{Kind: domain.View + domain.PointKind(m.rand.IntN(6)), Text: fmt.Sprintf("point %d", m.rand.IntN(1000))})
	}
	return points
}

// signers gives who aligns with a group's statement, and who sets itself apart.
func (m *maker) signers() (aligned, dissociated []string) {
	dissociated = m.some(m.states, 1)
	aligned = slices.DeleteFunc(m.some(m.states, 2), func(s string) bool { return slices.Contains(dissociated, s) })
	return aligned, dissociated
}

// deed gives an act or a ballot of an actor on a proposal.
func (m *maker) deed(actor, slug string) (domain.ActRef, bool) {
	var deeds []domain.ActRef
	for _, ref := range m.acts {
		if ref.Proposal == slug && m.book.acts[ref].given.Actor == actor {
			deeds = append(deeds, ref)
		}
	}
	for _, ref := range m.votes {
		if ref.Proposal == slug && slices.ContainsFunc(m.book.votes[ref].recorded.Ballots, func(c domain.CastBallot) bool { return c.State == actor }) {
			deeds = append(deeds, ref)
		}
	}
	if len(deeds) == 0 {
		return domain.ActRef{}, false
	}
	return pick(m, deeds), true
}

// stance is one of the five, or none.
func (m *maker) stance() domain.Stance {
	if m.world.Agreeable && !m.chance(8) {
		return domain.Support + domain.Stance(m.rand.IntN(3))
	}
	return domain.Stance(m.rand.IntN(6))
}

func (m *maker) state() {
	p := domain.PositionStated{
		Actor: m.actor(), Target: pick(m, m.targets), Stance: m.stance(), Form: domain.StatementForm(m.rand.IntN(6)), StatedOn: m.day(),
		Summary: fmt.Sprintf("summary %d", m.rand.IntN(1000)), Points: m.points(), Source: m.source(),
	}
	if m.book.groups[p.Actor] != 0 && !m.chance(3) {
		p.AlignedWith, p.Dissociated = m.signers()
	}
	if len(m.sessions) > 0 && m.chance(2) {
		p.Session = pick(m, m.sessions)
	}
	if ref, ok := m.deed(p.Actor, p.Target.Proposal); ok && !m.chance(3) {
		p.Explains = &ref
	}
	if m.record(p) {
		m.positions = append(m.positions, positionKey{p.Actor, m.revision()})
	}
}

func (m *maker) correct() {
	if len(m.positions) == 0 {
		return
	}
	key := pick(m, m.positions)
	said := m.book.positions[key].said
	var c domain.PositionChanges
	for range 1 + m.rand.IntN(2) {
		switch m.rand.IntN(12) {
		case 0, 1:
			c.Stance = domain.To(m.stance())
		case 2:
			c.Form = domain.To(domain.StatementForm(m.rand.IntN(6)))
		case 3, 4:
			if ref, ok := m.deed(key.actor, said.Target.Proposal); ok && said.Explains == nil {
				c.Explains = domain.To(ref)
			} else {
				c.Explains = domain.To(domain.ActRef{})
			}
		case 5, 6:
			c.StatedOn = domain.To(m.day())
		case 7:
			c.Session = domain.To(pick(m, append([]string{""}, m.sessions...)))
		case 8:
			c.Summary = domain.To(fmt.Sprintf("summary %d", m.rand.IntN(1000)))
		case 9:
			c.Points = domain.To(m.points())
		case 10:
			c.Source = domain.To(m.source())
		default:
			if m.book.groups[key.actor] != 0 {
				aligned, dissociated := m.signers()
				c.AlignedWith, c.Dissociated = domain.To(aligned), domain.To(dissociated)
				if slices.Equal(aligned, said.AlignedWith) {
					c.AlignedWith = domain.Change[[]string]{}
				}
				if slices.Equal(dissociated, said.Dissociated) {
					c.Dissociated = domain.Change[[]string]{}
				}
			}
		}
	}
	m.record(domain.PositionCorrected{Actor: key.actor, Position: key.revision, Reason: "slip", Changes: c})
}

func (m *maker) withdraw() {
	if len(m.positions) > 0 {
		key := pick(m, m.positions)
		m.record(domain.PositionWithdrawn{Actor: key.actor, Position: key.revision, On: m.day(), Source: m.source()})
	}
}

func (m *maker) retract() {
	if len(m.positions) > 0 {
		key := pick(m, m.positions)
		m.record(domain.PositionRetracted{Actor: key.actor, Position: key.revision, Reason: "slip"})
	}
}

func (m *maker) endorse() {
	kinds := []domain.EndorsementKind{domain.Sponsor, domain.Cosponsor, domain.JointStatement, domain.JoinedConsensus, domain.Dissociated, domain.Dissociated}
	if m.world.Agreeable {
		kinds = kinds[:5]
	}
	e := domain.EndorsementGiven{Proposal: m.slug(), Actor: m.actor(), Kind: pick(m, kinds), On: m.day(), Source: m.source()}
	if !m.chance(4) {
		e.DocumentSymbol = m.symbol()
	}
	if m.chance(5) {
		e.Paragraph = "OP6"
	}
	if m.record(e) {
		m.acts = append(m.acts, domain.ActRef{Proposal: e.Proposal, Revision: m.revision()})
	}
}

func (m *maker) withdrawAct() {
	if len(m.acts) > 0 {
		ref := pick(m, m.acts)
		m.record(domain.EndorsementWithdrawn{Proposal: ref.Proposal, Endorsement: ref.Revision, On: m.day(), Source: m.source()})
	}
}

func (m *maker) vote() {
	v := domain.VoteRecorded{
		Proposal: m.slug(), DocumentSymbol: pick(m, []string{"A/1", "A/2", "A/3", "A/4"}), Body: "First Committee", On: m.day(), Adopted: m.chance(2), Complete: m.chance(2), Source: m.source(),
		Ballots: []domain.CastBallot{},
	}
	if m.chance(4) {
		v.Paragraph = "OP6"
	}
	var cast [5]int
	for _, state := range m.some(m.states, max(1, len(m.states)-1)) {
		ballot := domain.Yes + domain.Ballot(m.rand.IntN(4))
		if m.world.Agreeable && m.chance(2) {
			ballot = domain.Yes
		}
		v.Ballots = append(v.Ballots, domain.CastBallot{State: state, Ballot: ballot})
		cast[ballot]++
	}
	if !v.Complete {
		for i := range cast {
			cast[i] += m.rand.IntN(3)
		}
	}
	v.Yes, v.No, v.Abstain, v.Absent = cast[domain.Yes], cast[domain.No], cast[domain.Abstain], cast[domain.Absent]
	if m.record(v) {
		m.votes = append(m.votes, domain.ActRef{Proposal: v.Proposal, Revision: m.revision()})
	}
}

func (m *maker) intend() {
	if len(m.votes) == 0 {
		return
	}
	ref := pick(m, m.votes)
	if ballots := m.book.votes[ref].recorded.Ballots; len(ballots) > 0 {
		m.record(domain.IntendedBallotDeclared{
			Proposal: ref.Proposal, Vote: ref.Revision, State: pick(m, ballots).State, Intended: domain.Yes + domain.Ballot(m.rand.IntN(4)), On: m.day(), Source: m.source(),
		})
	}
}

func (m *maker) complete() {
	m.record(domain.ImportCompleted{SHA256: fmt.Sprintf("%064x", m.rand.Uint64()), Name: "import"})
}
