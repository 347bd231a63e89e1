package projections

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// target is what positions are taken on, with everything that can bear on where States stand on it.
type target struct {
	domain.Target
	key      string
	proposal *proposal // Of a proposal.
	option   *option   // Of an option.

	// evidence has what each actor said and did on the target, by code.
	evidence map[string]*evidence
	// positions is the list of positions on the target.
	positions bitemporal.Cell[*position]
	// touched has the positions of the events that touched the target, ascending, each once.
	touched []uint64
}

// evidence is what one actor said and did on one target.
type evidence struct {
	actor     *actor
	declared  bitemporal.Cell[*declaration] // What is in force and declares a stance.
	positions bitemporal.Cell[*position]    // Positions in force, with or without a stance.
	said      []*position                   // All positions, by order of recording.
	// named has the States that any declaration or position here names as aligned or as set apart, by State.index.
	named map[int]bool
}

// of gives what an actor said and did on the target, made where there is nothing yet.
func (t *target) of(a *actor) *evidence {
	e := t.evidence[a.Code()]
	if e == nil {
		e = &evidence{actor: a, named: map[int]bool{}}
		t.evidence[a.Code()] = e
	}
	return e
}

// touch notes that an event bears on the target.
func (t *target) touch(at uint64) {
	if n := len(t.touched); n == 0 || t.touched[n-1] != at {
		t.touched = append(t.touched, at)
	}
}

// exists says whether the target exists at the moment (RULES, section 1): an option from its definition on, for every day; a
// proposal from the position and the day of its first submission on.
func (v *View) exists(t *target) bool {
	switch {
	case t == nil:
		return false
	case t.option != nil:
		return t.option.at <= v.moment.At
	}
	first := t.proposal.submissions[0]
	return v.counts(first.At, first.on)
}

type element struct {
	domain.ElementDefined
	at      uint64
	options []*option // By key.
}

type option struct {
	domain.OptionDefined
	at, retiredAt uint64 // retiredAt is 0 while it is not retired.
}

// proposal is a proposal with all its versions and ends, in order of recording.
type proposal struct {
	slug        string
	target      *target
	submissions []*submission // At least one; the first has the earliest day.
	ends        []end
	acts        bitemporal.Cell[*act] // The list of endorsements.
	votes       []*vote
}

// submission is one version. The zero Change leaves what the version before it, by day, has.
type submission struct {
	Provenance
	proposal   *proposal
	revision   int64
	on         domain.Date
	chair      bool
	title      domain.Change[string]
	summary    domain.Change[string]
	submitters domain.Change[[]string]
	options    domain.Change[[]domain.OptionRef]
	parts      []documentPart
	source     domain.Source
	// open has the cells in which the submission is open as a declaration, and what it stands there for.
	open []openDeclaration
}

// documentPart is one part of a submission's document.
type documentPart struct {
	domain.DocumentRecorded
	at uint64
}

// end is what ended a proposal.
type end struct {
	Provenance
	on       domain.Date
	status   ProposalStatus
	other    string // The proposal that it went into, or that took its place.
	adoption *domain.ProposalAdopted
	source   domain.Source
}

func (m *Model) addTarget(t *target) {
	t.evidence = map[string]*evidence{}
	t.key = t.Key()
	m.targets[t.Target] = t
	i := sort.Search(len(m.ordered), func(i int) bool { return m.ordered[i].key > t.key })
	m.ordered = slices.Insert(m.ordered, i, t)
}

func (m *Model) elementDefined(e domain.ElementDefined, p Provenance) error {
	if m.elements[e.Element] != nil {
		return fmt.Errorf("the element %s is defined already", e.Element)
	}
	m.elements[e.Element] = &element{ElementDefined: e, at: p.At}
	return nil
}

func (m *Model) optionDefined(e domain.OptionDefined, p Provenance) error {
	el := m.elements[e.Element]
	t := &target{Target: domain.OnOption(e.Element, e.Option)}
	switch {
	case el == nil:
		return fmt.Errorf("the element %s is not defined", e.Element)
	case m.targets[t.Target] != nil:
		return fmt.Errorf("the option %s of %s is defined already", e.Option, e.Element)
	}
	t.option = &option{OptionDefined: e, at: p.At}
	i := sort.Search(len(el.options), func(i int) bool { return el.options[i].Option > e.Option })
	el.options = slices.Insert(el.options, i, t.option)
	m.addTarget(t)
	t.touch(p.At)
	return nil
}

func (m *Model) optionRetired(e domain.OptionRetired, p Provenance) error {
	t := m.targets[domain.OnOption(e.Element, e.Option)]
	if t == nil {
		return fmt.Errorf("the option %s of %s is not defined", e.Option, e.Element)
	}
	t.option.retiredAt = p.At
	t.touch(p.At)
	return nil
}

func (m *Model) proposalSubmitted(e domain.ProposalSubmitted, revision int64, p Provenance) error {
	if m.proposals[e.Proposal] != nil {
		return fmt.Errorf("the proposal %s is submitted already", e.Proposal)
	}
	pr := &proposal{slug: e.Proposal, target: &target{Target: domain.OnProposal(e.Proposal)}}
	pr.target.proposal = pr
	m.proposals[e.Proposal] = pr
	m.addTarget(pr.target)
	return m.addSubmission(pr, &submission{
		Provenance: p, revision: revision, on: e.On, chair: e.InCapacityOfChair, source: e.Source,
		title: domain.To(e.Title), summary: domain.To(e.Summary), submitters: domain.To(e.Submitters), options: domain.To(e.Options),
	})
}

func (m *Model) proposalRevised(e domain.ProposalRevised, revision int64, p Provenance) error {
	pr := m.proposals[e.Proposal]
	if pr == nil {
		return fmt.Errorf("the proposal %s is not submitted", e.Proposal)
	}
	return m.addSubmission(pr, &submission{
		Provenance: p, revision: revision, on: e.On, chair: e.InCapacityOfChair, source: e.Source,
		title: e.Title, summary: e.Summary, submitters: e.Submitters, options: e.Options,
	})
}

func (m *Model) addSubmission(pr *proposal, s *submission) error {
	for _, code := range s.submitters.Value {
		if m.actors[code] == nil {
			return fmt.Errorf("the submitter %s is not on record", code)
		}
	}
	s.proposal = pr
	pr.submissions = append(pr.submissions, s)
	m.submissionsAt[s.At] = s
	pr.target.touch(s.At)
	m.declareSubmissions(pr, s.At)
	return nil
}

func (m *Model) documentRecorded(e domain.DocumentRecorded, p Provenance) error {
	pr := m.proposals[e.Proposal]
	if pr == nil {
		return fmt.Errorf("the proposal %s is not submitted", e.Proposal)
	}
	pr.target.touch(p.At)
	for _, s := range pr.submissions {
		if s.revision == e.Submission {
			s.parts = append(s.parts, documentPart{e, p.At})
			return nil
		}
	}
	return fmt.Errorf("revision %d of the stream is no submission", e.Submission)
}

func (m *Model) proposalEnded(slug string, e end) error {
	pr := m.proposals[slug]
	if pr == nil {
		return fmt.Errorf("the proposal %s is not submitted", slug)
	}
	if e.other != "" && m.proposals[e.other] == nil {
		return fmt.Errorf("the proposal %s is not submitted", e.other)
	}
	pr.ends = append(pr.ends, e)
	pr.target.touch(e.At)
	if e.other != "" {
		m.proposals[e.other].target.touch(e.At)
	}
	if e.status == Withdrawn {
		m.declareSubmissions(pr, e.At)
	}
	return nil
}

// versions gives the submissions known at a position, by day, then recording: the order in which one follows another.
func (pr *proposal) versions(at uint64) []*submission {
	n := sort.Search(len(pr.submissions), func(i int) bool { return pr.submissions[i].At > at })
	list := slices.Clone(pr.submissions[:n])
	slices.SortStableFunc(list, func(a, b *submission) int { return cmp.Compare(a.on, b.on) })
	return list
}

// resolved is a version with what it leaves as it was filled in.
type resolved struct {
	*submission
	title, summary string
	submitters     []string
	options        []domain.OptionRef
}

// resolve fills in the versions known at a position, in their order.
func (pr *proposal) resolve(at uint64) []resolved {
	var last resolved
	list := make([]resolved, 0, len(pr.submissions))
	for _, s := range pr.versions(at) {
		last = resolved{
			submission: s,
			title:      s.title.Apply(last.title), summary: s.summary.Apply(last.summary),
			submitters: s.submitters.Apply(last.submitters), options: s.options.Apply(last.options),
		}
		list = append(list, last)
	}
	return list
}

// ---- Reading.

// KnownTarget says whether the target is on record at all, whatever the moment.
func (m *Model) KnownTarget(t domain.Target) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.targets[t] != nil
}

// target finds a target that exists at the moment.
func (v *View) target(t domain.Target) *target {
	if found := v.model.targets[t]; v.exists(found) {
		return found
	}
	return nil
}

// TargetLabel gives the proposal's title or the option's label; false where the target does not exist at the moment.
func (v *View) TargetLabel(t domain.Target) (string, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	found := v.target(t)
	switch {
	case found == nil:
		return "", false
	case found.option != nil:
		return found.option.Label, true
	}
	list := v.resolved(found.proposal)
	return list[len(list)-1].title, true
}

// Targets gives the targets that exist at the moment, by key.
func (v *View) Targets() []domain.Target {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	list := []domain.Target{}
	for _, t := range v.model.ordered {
		if v.exists(t) {
			list = append(list, t.Target)
		}
	}
	return list
}

// Elements gives the elements with their options, by key.
func (v *View) Elements() []Element {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	list := []Element{}
	for _, e := range v.model.elements {
		if e.at <= v.moment.At {
			list = append(list, v.element(e))
		}
	}
	slices.SortFunc(list, func(a, b Element) int { return cmp.Compare(a.ElementDefined.Element, b.ElementDefined.Element) })
	return list
}

func (v *View) element(e *element) Element {
	el := Element{ElementDefined: e.ElementDefined, At: e.at, Options: []Option{}}
	for _, o := range e.options {
		if o.at <= v.moment.At {
			el.Options = append(el.Options, v.option(o))
		}
	}
	return el
}

func (v *View) option(o *option) Option {
	return Option{OptionDefined: o.OptionDefined, At: o.at, Retired: o.retiredAt != 0 && o.retiredAt <= v.moment.At}
}

// Element gives the element with this key.
func (v *View) Element(key string) (Element, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if e := v.model.elements[key]; e != nil && e.at <= v.moment.At {
		return v.element(e), true
	}
	return Element{}, false
}

// Option gives the option with these keys.
func (v *View) Option(ref domain.OptionRef) (Option, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if t := v.target(domain.Target{Option: ref}); t != nil {
		return v.option(t.option), true
	}
	return Option{}, false
}

// resolved gives the versions that count at the moment, at least one of a proposal that exists.
func (v *View) resolved(pr *proposal) []resolved {
	list := pr.resolve(v.moment.At)
	return list[:sort.Search(len(list), func(i int) bool { return !v.counts(list[i].At, list[i].on) })]
}

// Proposal gives the proposal with this slug.
func (v *View) Proposal(slug string) (*Proposal, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	if t := v.target(domain.OnProposal(slug)); t != nil {
		return v.proposal(t.proposal), true
	}
	return nil, false
}

// toldKey is all that a proposal as it is told depends on: all its events stand in the first of its two streams, and of the second
// only the revision is told.
type toldKey struct {
	proposal                  *proposal
	submissions, endorsements int64 // Revisions.
	on                        domain.Date
}

// proposal tells a proposal that exists at the moment. It is the same one for all who ask, and nobody changes it.
func (v *View) proposal(pr *proposal) *Proposal {
	key := toldKey{
		proposal:     pr,
		submissions:  v.model.streams[domain.SubmissionCategory+"-"+pr.slug].revision(v.moment.At),
		endorsements: v.model.streams[domain.EndorsementCategory+"-"+pr.slug].revision(v.moment.At),
		on:           v.moment.On,
	}
	if p, ok := v.model.told.Get(key); ok {
		return p
	}
	p := v.tell(pr)
	p.Revision, p.EndorsementRevision = key.submissions, key.endorsements
	v.model.told.Add(key, p)
	return p
}

// tell makes all of a proposal but its revisions.
func (v *View) tell(pr *proposal) *Proposal {
	versions := v.resolved(pr)
	latest := versions[len(versions)-1]
	p := &Proposal{
		Slug: pr.slug, Title: latest.title, Summary: latest.summary, Status: Submitted, SubmittedOn: versions[0].on,
		Submitters: v.actorsOf(latest.submitters), Options: sortedOptions(latest.options), At: pr.submissions[0].At,
	}
	if len(versions) > 1 {
		p.Status = Revised
	}
	for _, s := range versions {
		p.Submissions = append(p.Submissions, v.submission(s))
	}
	for i := range pr.ends {
		e := &pr.ends[i]
		if !v.counts(e.At, e.on) {
			continue
		}
		// What happened last, by day, then recording: a revision dated later stands over the end.
		if e.on > latest.on || e.on == latest.on && e.At > latest.At {
			p.Status = e.status
		}
		switch e.status {
		case Merged:
			p.MergedInto = e.other
		case Superseded:
			p.SupersededBy = e.other
		case Adopted:
			p.Adoption = e.adoption
		}
	}
	return p
}

func (v *View) submission(s resolved) Submission {
	return Submission{
		Provenance: s.Provenance, Proposal: s.proposal.slug, Submitters: v.actorsOf(s.submitters), InCapacityOfChair: s.chair,
		Document: s.document(v.moment.At), Options: sortedOptions(s.options), On: s.on, Source: s.source,
	}
}

// document puts the parts together that are known at a position; nil where the submission has none.
func (s *submission) document(at uint64) *domain.Document {
	var d *domain.Document
	for _, part := range s.parts {
		if part.at > at {
			break
		}
		if d == nil {
			d = &domain.Document{
				Symbol: part.Symbol, Title: part.Title, Language: part.Language, IssuedOn: part.IssuedOn, URL: part.URL, SHA256: part.SHA256,
			}
		}
		d.Paragraphs = append(d.Paragraphs, part.Paragraphs...)
	}
	return d
}

func (v *View) actorsOf(codes []string) []Actor {
	list := make([]Actor, len(codes))
	for i, code := range codes {
		list[i] = v.model.actors[code].Actor
	}
	slices.SortFunc(list, func(a, b Actor) int { return cmp.Compare(a.Code(), b.Code()) })
	return list
}

func sortedOptions(refs []domain.OptionRef) []domain.OptionRef {
	list := append([]domain.OptionRef{}, refs...)
	slices.SortFunc(list, func(a, b domain.OptionRef) int {
		return domain.Target{Option: a}.Compare(domain.Target{Option: b})
	})
	return list
}

// Submission gives the submission that was recorded at a position.
func (v *View) Submission(at uint64) (*Submission, bool) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	s := v.model.submissionsAt[at]
	if s == nil || !v.counts(s.At, s.on) {
		return nil, false
	}
	for _, r := range v.resolved(s.proposal) {
		if r.submission == s {
			found := v.submission(r)
			return &found, true
		}
	}
	return nil, false // unreachable: a submission that counts is among those that count.
}

// Proposals gives the proposals that exist at the moment, by slug.
func (v *View) Proposals(f ProposalFilter, page Page[string]) Slice[*Proposal] {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	words := searchWords(f.Text)
	list := []*Proposal{}
	for _, t := range v.model.ordered {
		if t.proposal == nil || !v.exists(t) {
			continue
		}
		p := v.proposal(t.proposal)
		if f.Statuses != nil && !slices.Contains(f.Statuses, p.Status) ||
			f.Submitter != "" && !slices.ContainsFunc(p.Submitters, func(a Actor) bool { return a.Code() == f.Submitter }) ||
			!words.in(p.Title, p.Summary) {
			continue
		}
		list = append(list, p)
	}
	return sliceOf(list, page, func(p *Proposal) string { return p.Slug }, func(key, after string) bool { return key > after })
}

// sliceOf cuts a page out of a whole list.
func sliceOf[T, K any](list []T, page Page[K], key func(T) K, behind func(key, after K) bool) Slice[T] {
	total, from := len(list), 0
	if page.After != nil {
		from = sort.Search(total, func(i int) bool { return behind(key(list[i]), *page.After) })
	}
	to := min(from+page.First, total)
	return Slice[T]{Items: list[from:to], Total: func() int { return total }, HasNext: to < total, HasPrevious: from > 0}
}

// ProposalsTaking gives the proposals whose latest version takes an option, by slug.
func (v *View) ProposalsTaking(ref domain.OptionRef) []*Proposal {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	list := []*Proposal{}
	for _, t := range v.model.ordered {
		if t.proposal == nil || !v.exists(t) {
			continue
		}
		if versions := v.resolved(t.proposal); slices.Contains(versions[len(versions)-1].options, ref) {
			list = append(list, v.proposal(t.proposal))
		}
	}
	return list
}

// AllProposals gives every proposal that exists at the moment, by slug.
func (v *View) AllProposals() []*Proposal {
	return v.Proposals(ProposalFilter{}, Page[string]{First: everything}).Items
}
