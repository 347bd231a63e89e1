package synthetic

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/roster"
)

// Entry is an event with its place in its stream and its time of recording.
type Entry struct {
	Event      domain.Event
	Revision   int64
	RecordedAt time.Time
	// First says that an append begins with this event; all up to the next such one are recorded together.
	First bool
}

// RecordedBy is the subject that records all of it.
const RecordedBy = "synthetic"

// Events gives the first n events of the record with this seed.
func Events(n int, seed uint64) iter.Seq[domain.Event] {
	return func(yield func(domain.Event) bool) {
		for e := range Entries(n, seed) {
			if !yield(e.Event) {
				return
			}
		}
	}
}

// Entries is Events with the places in the streams and the times of recording.
func Entries(n int, seed uint64) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		m := &maker{rand: rand.New(rand.NewPCG(seed, 0)), revisions: map[string]int64{}, done: map[domain.EndorsementGiven]bool{}, joined: map[string]int{}}
		m.yield = func(e Entry) bool {
			m.stopped = m.stopped || m.count == n || !yield(e)
			m.count++
			return !m.stopped
		}
		for m.world(); !m.stopped; {
			m.step()
		}
	}
}

// Encode gives the event as a log stores it; at is its position in the record. The identity is a function of seed and position.
func (e Entry) Encode(at int, seed uint64) (eventlog.Event, error) {
	typ, version, data, err := codec.Encode(e.Event)
	if err != nil {
		return eventlog.Event{}, fmt.Errorf("encode the event at position %d: %w", at, err)
	}
	metadata, err := codec.EncodeMetadata(codec.Metadata{RecordedBy: RecordedBy, RecordedAt: e.RecordedAt, SchemaVersion: version})
	if err != nil {
		return eventlog.Event{}, fmt.Errorf("encode the event at position %d: %w", at, err)
	}
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), uint64(at)))
	return eventlog.Event{ID: eventlog.ID(sum[:16]), Type: typ, Data: data, Metadata: metadata}, nil
}

// commit is how many appends go to the log at once.
const commit = 4096

// Append records the first n events of the record with this seed in a log, which must be empty.
func Append(ctx context.Context, log eventlog.Log, n int, seed uint64) error {
	var steps []eventlog.Append
	at := 0
	flush := func() error {
		if done, err := log.AppendAll(ctx, steps); err != nil {
			return fmt.Errorf("append synthetic events, %d steps of %d before position %d: %w", done, len(steps), at, err)
		}
		steps = steps[:0]
		return nil
	}
	for e := range Entries(n, seed) {
		if e.First && len(steps) == commit {
			if err := flush(); err != nil {
				return err
			}
		}
		at++
		encoded, err := e.Encode(at, seed)
		if err != nil {
			return err
		}
		if e.First {
			steps = append(steps, eventlog.Append{Stream: e.Event.Stream(), Expected: eventlog.Revision(e.Revision - 1)})
		}
		last := &steps[len(steps)-1]
		last.Events = append(last.Events, encoded)
	}
	if len(steps) == 0 {
		return nil
	}
	return flush()
}

// maker makes one record. Only what later events can name is kept, the recent alone of what there is much of.
type maker struct {
	rand    *rand.Rand
	yield   func(Entry) bool
	count   int // Events made so far.
	stopped bool

	revisions map[string]int64 // The next of each stream.
	states    []string         // Observers included.
	standing  []string
	adHoc     []string
	sessions  []string
	options   []domain.OptionRef
	ended     [proposals]bool
	positions []position
	acts      []act
	votes     []vote
	done      map[domain.EndorsementGiven]bool // Acts are not done twice.
	joined    map[string]int                   // By group, how many of the States have joined.
}

const (
	proposals = 13
	elements  = 18
	recent    = 4096
)

var begin = time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)

type position struct {
	actor     string
	revision  int64
	statedOn  domain.Date
	summary   string
	stance    domain.Stance
	withdrawn bool
}

type act struct {
	proposal, actor string
	revision        int64
	on              domain.Date
}

type vote struct {
	proposal string
	revision int64
	on       domain.Date
	meant    map[string]domain.Ballot
}

// now is when the next event is recorded.
func (m *maker) now() time.Time { return begin.Add(time.Duration(m.count) * time.Minute) }

// record records one append, and gives the revision of its first event.
func (m *maker) record(events ...domain.Event) int64 {
	now, first := m.now(), int64(0)
	for i, e := range events {
		stream := e.Stream()
		revision := m.revisions[stream]
		m.revisions[stream]++
		if i == 0 {
			first = revision
		}
		if !m.yield(Entry{Event: e, Revision: revision, RecordedAt: now, First: i == 0}) {
			break
		}
	}
	return first
}

// ---- The world.

func (m *maker) world() {
	for _, a := range roster.Admissions() {
		m.states = append(m.states, a.Code)
		m.record(domain.StateAdmitted{
			State: a.Code, Names: a.Names, RegionalGroup: a.RegionalGroup, Observer: a.Observer, AdmittedOn: a.AdmittedOn, Aliases: a.Aliases,
		})
	}
	for i, size := range []int{27, 120, 55, 22, 10} {
		code := fmt.Sprintf("Group-%d", i+1)
		m.standing = append(m.standing, code)
		m.record(domain.GroupDefined{Group: code, Kind: domain.Standing, Names: []domain.LocalizedName{{Language: domain.English, Name: "Standing group " + code}}})
		for range size {
			m.join(code, 0)
		}
	}
	for i := range 2 {
		code := fmt.Sprintf("Signers-%d", i+1)
		m.adHoc = append(m.adHoc, code)
		m.record(domain.GroupDefined{Group: code, Kind: domain.AdHoc, Names: []domain.LocalizedName{{Language: domain.English, Name: "Joint statement " + code}}})
	}
	for i := range 24 {
		key := fmt.Sprintf("session-%d", i+1)
		m.sessions = append(m.sessions, key)
		starts := domain.NewDate(2021, 12, 13) + domain.Date(60*i)
		m.record(domain.SessionDefined{Session: key, Name: "Substantive session " + key, Forum: "Working Group", StartsOn: starts, EndsOn: starts + 4, DecisionRule: domain.ByConsensus})
	}
	for i := range elements {
		element := fmt.Sprintf("element-%d", i+1)
		m.record(domain.ElementDefined{Element: element, Label: "Element " + element, Description: m.words(12)})
		for j := range 2 + i/16 { // 38 in all.
			option := domain.OptionRef{Element: element, Option: fmt.Sprintf("option-%d", j+1)}
			m.options = append(m.options, option)
			m.record(domain.OptionDefined{Element: element, Option: option.Option, Label: "Option " + option.Option, Description: m.words(12)})
		}
	}
	for i := range proposals {
		on := domain.NewDate(2021, 12, 13) + domain.Date(30*i)
		submitted := domain.ProposalSubmitted{
			Proposal: slug(i), Title: "Proposal " + slug(i), Summary: m.words(30), Submitters: m.some(1 + m.rand.IntN(6)), InCapacityOfChair: i%5 == 4,
			On: on, Options: m.taken(), DocumentParts: 1, Source: m.source(),
		}
		document := domain.DocumentRecorded{Proposal: slug(i), Part: 1, Parts: 1, Symbol: symbol(i, 0), Title: "Draft " + slug(i), Language: domain.English, IssuedOn: on}
		for j := range 8 {
			document.Paragraphs = append(document.Paragraphs, domain.Paragraph{Kind: domain.Operative, Number: j + 1, Text: m.words(40)})
		}
		m.record(submitted, document)
	}
}

func slug(i int) string { return fmt.Sprintf("proposal-%d", i+1) }

func symbol(proposal, version int) string {
	return fmt.Sprintf("A/C.1/%d/L.%d", 77+version, proposal+1)
}

// join has the next State join a group.
func (m *maker) join(group string, from domain.Date) {
	i := m.joined[group]
	if m.joined[group]++; i < len(m.states) {
		// Each group takes the States in a stride of its own, so that memberships overlap.
		stride := []int{7, 1, 11, 19, 17}[slices.Index(m.standing, group)] // None divides 195.
		m.record(domain.MemberJoined{Group: group, State: m.states[i*stride%len(m.states)], From: from})
	}
}

// taken gives the options that a version takes.
func (m *maker) taken() []domain.OptionRef {
	var refs []domain.OptionRef
	for i, o := range m.options {
		if i%2 == 0 && m.rand.IntN(3) == 0 {
			refs = append(refs, o)
		}
	}
	return refs
}

// some gives n codes of States at random, each once, in order.
func (m *maker) some(n int) []string {
	var codes []string
	for len(codes) < n {
		if code := pick(m, m.states); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

func pick[T any](m *maker, list []T) T { return list[m.rand.IntN(len(list))] }

func (m *maker) chance(in int) bool { return m.rand.IntN(in) == 0 }

var vocabulary = []string{
	"dialogue", "mechanism", "Member", "States", "consensus", "permanent", "capacity", "building", "threats", "norms", "law", "measures", "confidence",
	"plenary", "thematic", "group", "stakeholders", "participation", "modalities", "review", "conference", "framework", "implementation", "inclusive",
	"transparent", "flexible", "single", "track", "secretariat", "resources", "sessions", "cycle", "the", "of", "and", "should", "with", "a", "for", "in",
}

func (m *maker) words(n int) string {
	text := make([]byte, 0, 8*n)
	for i := range n {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, pick(m, vocabulary)...)
	}
	return string(append(text, '.'))
}

func (m *maker) source() domain.Source {
	s := domain.Source{Title: "Statement " + m.words(4), URL: fmt.Sprintf("https://example.org/statements/%d", m.rand.IntN(1_000_000)), Grade: domain.OfficialRecord, Language: domain.English}
	if m.chance(3) {
		s.Quote = m.words(25)
	}
	return s
}

// day is the day of what is recorded now: mostly today, often long ago, never before a day.
func (m *maker) day(notBefore domain.Date) domain.Date {
	today := domain.DateOf(m.now())
	if m.rand.IntN(5) < 3 {
		return today
	}
	earliest := max(notBefore, domain.NewDate(2021, 12, 13))
	return earliest + domain.Date(m.rand.IntN(int(today-earliest)+1))
}

// stance is more often one of agreement.
func (m *maker) stance() domain.Stance {
	return []domain.Stance{1, 1, 1, 1, 2, 2, 3, 4, 5, 0}[m.rand.IntN(10)]
}

// ---- What is said and done.

// step records one thing. Of a thousand events 790 are new positions.
func (m *maker) step() {
	switch n := m.rand.IntN(1000); {
	case n < 790:
		m.state()
	case n < 850:
		m.correct()
	case n < 875:
		m.withdraw()
	case n < 885:
		m.retract()
	case n < 965:
		m.endorse()
	case n < 972:
		m.withdrawAct()
	case n < 976:
		m.vote()
	case n < 986:
		m.intend()
	case n < 990:
		m.revise()
	case n < 992:
		m.join(pick(m, m.standing), domain.DateOf(m.now()))
	case n < 993:
		m.end()
	default:
		m.state()
	}
}

func (m *maker) state() {
	p := domain.PositionStated{Stance: m.stance(), Form: domain.StatementForm(m.rand.IntN(6)), Summary: m.words(30), Source: m.source()}
	ofGroup := m.rand.IntN(8) == 0
	switch {
	case !ofGroup:
		p.Actor = pick(m, m.states)
	case m.chance(5):
		p.Actor, p.AlignedWith = pick(m, m.adHoc), m.some(1+m.rand.IntN(20))
	default:
		p.Actor = pick(m, m.standing)
		if m.chance(4) {
			p.Dissociated = m.some(1 + m.rand.IntN(2))
		}
	}
	if m.rand.IntN(len(m.options)+proposals) < proposals {
		p.Target = domain.OnProposal(slug(m.rand.IntN(proposals)))
		if n := len(m.votes); n > 0 && !ofGroup && m.chance(10) {
			v := &m.votes[m.rand.IntN(n)]
			if v.meant[p.Actor] != 0 {
				p.Target, p.Explains, p.Form = domain.OnProposal(v.proposal), &domain.ActRef{Proposal: v.proposal, Revision: v.revision}, domain.Explanation
			}
		}
	} else {
		p.Target.Option = pick(m, m.options)
	}
	if m.chance(2) {
		p.Session = pick(m, m.sessions)
	}
	for range m.rand.IntN(4) {
		p.Points = append(p.Points, domain.Point{Kind: domain.View + domain.PointKind(m.rand.IntN(6)), Text: m.words(15)})
	}
	p.StatedOn = m.day(0)
	made := position{actor: p.Actor, revision: m.record(p), statedOn: p.StatedOn, summary: p.Summary, stance: p.Stance}
	if len(m.positions) < recent {
		m.positions = append(m.positions, made)
	} else {
		m.positions[m.rand.IntN(recent)] = made
	}
}

func (m *maker) correct() {
	if len(m.positions) == 0 {
		return
	}
	p := &m.positions[m.rand.IntN(len(m.positions))]
	var c domain.PositionChanges
	switch m.rand.IntN(3) {
	case 0:
		stance := m.stance()
		if stance == p.stance {
			return
		}
		p.stance, c.Stance = stance, domain.To(stance)
	case 1:
		day := p.statedOn - 1 - domain.Date(m.rand.IntN(3)) // Never later than its withdrawal.
		p.statedOn, c.StatedOn = day, domain.To(day)
	default:
		summary := m.words(30)
		if summary == p.summary {
			return
		}
		p.summary, c.Summary = summary, domain.To(summary)
	}
	m.record(domain.PositionCorrected{Actor: p.actor, Position: p.revision, Reason: "A slip of the pen.", Changes: c})
}

func (m *maker) withdraw() {
	if len(m.positions) == 0 {
		return
	}
	if p := &m.positions[m.rand.IntN(len(m.positions))]; !p.withdrawn {
		p.withdrawn = true
		m.record(domain.PositionWithdrawn{Actor: p.actor, Position: p.revision, On: m.day(p.statedOn), Source: m.source()})
	}
}

func (m *maker) retract() {
	if n := len(m.positions); n > 0 {
		i := m.rand.IntN(n)
		m.record(domain.PositionRetracted{Actor: m.positions[i].actor, Position: m.positions[i].revision, Reason: "Said by somebody else."})
		m.positions = slices.Delete(m.positions, i, i+1)
	}
}

func (m *maker) endorse() {
	i := m.rand.IntN(proposals)
	e := domain.EndorsementGiven{
		Proposal: slug(i), Actor: pick(m, m.states), DocumentSymbol: symbol(i, 0), On: m.day(0),
		Kind: []domain.EndorsementKind{domain.Cosponsor, domain.Cosponsor, domain.Cosponsor, domain.Sponsor, domain.JointStatement, domain.JoinedConsensus, domain.Dissociated}[m.rand.IntN(7)],
	}
	if m.chance(10) {
		e.Actor = pick(m, m.standing)
	}
	if m.done[e] {
		return
	}
	m.done[e] = true
	e.Source = m.source()
	made := act{proposal: e.Proposal, actor: e.Actor, on: e.On, revision: m.record(e)}
	if len(m.acts) < recent {
		m.acts = append(m.acts, made)
	} else {
		m.acts[m.rand.IntN(recent)] = made
	}
}

func (m *maker) withdrawAct() {
	if n := len(m.acts); n > 0 {
		i := m.rand.IntN(n)
		a := m.acts[i]
		m.acts = slices.Delete(m.acts, i, i+1)
		m.record(domain.EndorsementWithdrawn{Proposal: a.proposal, Endorsement: a.revision, On: m.day(a.on), Source: m.source()})
	}
}

func (m *maker) vote() {
	i := m.rand.IntN(proposals)
	v := domain.VoteRecorded{
		Proposal: slug(i), DocumentSymbol: fmt.Sprintf("A/RES/%d", m.count), Body: "General Assembly", On: m.day(0), Adopted: true, Complete: true, Source: m.source(),
	}
	if m.chance(2) {
		v.Paragraph = "OP6"
	}
	made := vote{proposal: v.Proposal, on: v.On, meant: map[string]domain.Ballot{}}
	var cast [5]int
	for _, code := range slices.Sorted(slices.Values(m.states)) {
		ballot := []domain.Ballot{domain.Yes, domain.Yes, domain.Yes, domain.Yes, domain.Yes, domain.Yes, domain.No, domain.Abstain, domain.Absent}[m.rand.IntN(9)]
		v.Ballots = append(v.Ballots, domain.CastBallot{State: code, Ballot: ballot})
		made.meant[code] = ballot
		cast[ballot]++
	}
	v.Yes, v.No, v.Abstain, v.Absent = cast[domain.Yes], cast[domain.No], cast[domain.Abstain], cast[domain.Absent]
	made.revision = m.record(v)
	if len(m.votes) < 64 {
		m.votes = append(m.votes, made)
	} else {
		m.votes[m.rand.IntN(64)] = made
	}
}

func (m *maker) intend() {
	if len(m.votes) == 0 {
		return
	}
	v := &m.votes[m.rand.IntN(len(m.votes))]
	state, ballot := pick(m, m.states), domain.Yes+domain.Ballot(m.rand.IntN(3))
	if v.meant[state] != ballot {
		v.meant[state] = ballot
		m.record(domain.IntendedBallotDeclared{Proposal: v.proposal, Vote: v.revision, State: state, Intended: ballot, On: m.day(v.on), Source: m.source()})
	}
}

func (m *maker) revise() {
	i := m.rand.IntN(proposals)
	if m.ended[i] {
		return
	}
	r := domain.ProposalRevised{Proposal: slug(i), On: m.day(domain.NewDate(2023, 1, 1)), Summary: domain.To(m.words(30)), Source: m.source()}
	if m.chance(2) {
		r.Submitters = domain.To(m.some(1 + m.rand.IntN(6)))
	}
	if m.chance(2) {
		r.Options = domain.To(m.taken())
	}
	m.record(r)
}

// end ends some of the proposals, each of the four in another way; the others stay open.
func (m *maker) end() {
	i := m.rand.IntN(proposals)
	if i >= 4 || m.ended[i] {
		return
	}
	m.ended[i] = true
	on, other := domain.DateOf(m.now()), slug(4+i)
	m.record([]domain.Event{
		domain.ProposalMerged{Proposal: slug(i), Into: other, On: on, Source: m.source()},
		domain.ProposalSuperseded{Proposal: slug(i), By: other, On: on, Source: m.source()},
		domain.ProposalWithdrawn{Proposal: slug(i), On: on, Source: m.source()},
		domain.ProposalAdopted{Proposal: slug(i), By: "General Assembly", WithoutVote: true, On: on, Source: m.source()},
	}[i])
}
