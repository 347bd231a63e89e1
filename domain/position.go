package domain

// ---- Events of position-<actor>.

// PositionStated is what an actor said on a target on a day.
type PositionStated struct {
	Actor       string        `json:"actor"`
	AlignedWith []string      `json:"alignedWith,omitempty"` // Of a group's statement: States that align or sign.
	Dissociated []string      `json:"dissociated,omitempty"` // Of a group's statement: members that set themselves apart.
	Target      Target        `json:"target"`
	Stance      Stance        `json:"stance,omitzero"`
	Form        StatementForm `json:"form,omitzero"`
	Explains    *ActRef       `json:"explains,omitempty"`
	StatedOn    Date          `json:"statedOn"`
	Session     string        `json:"session,omitzero"`
	Summary     string        `json:"summary"`
	Points      []Point       `json:"points,omitempty"`
	Source      Source        `json:"source"`
}

// PositionChanges are the fields of a position that a correction replaces. A cleared Explains is the zero ActRef.
type PositionChanges struct {
	Stance      Change[Stance]        `json:"stance,omitzero"`
	Form        Change[StatementForm] `json:"form,omitzero"`
	Explains    Change[ActRef]        `json:"explains,omitzero"`
	StatedOn    Change[Date]          `json:"statedOn,omitzero"`
	Session     Change[string]        `json:"session,omitzero"`
	Summary     Change[string]        `json:"summary,omitzero"`
	Points      Change[[]Point]       `json:"points,omitzero"`
	Source      Change[Source]        `json:"source,omitzero"`
	AlignedWith Change[[]string]      `json:"alignedWith,omitzero"`
	Dissociated Change[[]string]      `json:"dissociated,omitzero"`
}

// PositionCorrected repairs a recording error, field by field. The actor has not changed its mind.
type PositionCorrected struct {
	Actor string `json:"actor"`
	// Position is the revision, in the same stream, of the PositionStated.
	Position int64           `json:"position"`
	Reason   string          `json:"reason"`
	Changes  PositionChanges `json:"changes"`
}

// PositionWithdrawn says that the actor took a position back on a day.
type PositionWithdrawn struct {
	Actor    string `json:"actor"`
	Position int64  `json:"position"`
	On       Date   `json:"on"`
	Source   Source `json:"source"`
}

// PositionRetracted says that a position should never have been recorded.
type PositionRetracted struct {
	Actor    string `json:"actor"`
	Position int64  `json:"position"`
	Reason   string `json:"reason"`
}

func (e PositionStated) Stream() string    { return positionStream(e.Actor) }
func (e PositionCorrected) Stream() string { return positionStream(e.Actor) }
func (e PositionWithdrawn) Stream() string { return positionStream(e.Actor) }
func (e PositionRetracted) Stream() string { return positionStream(e.Actor) }

func (PositionStated) isEvent()    {}
func (PositionCorrected) isEvent() {}
func (PositionWithdrawn) isEvent() {}
func (PositionRetracted) isEvent() {}

// ---- Commands.

// RecordPosition records what an actor said.
type RecordPosition struct {
	Actor       string
	AlignedWith []string
	Dissociated []string
	Target      Target
	Stance      Stance
	Form        StatementForm
	Explains    *ActRef
	StatedOn    Date
	Session     string
	Summary     string
	Points      []Point
	Source      Source
}

// CorrectPosition repairs a recording error of ours.
type CorrectPosition struct {
	Actor    string
	Position int64
	Reason   string
	Changes  PositionChanges
}

// WithdrawPosition records that the actor took a position back.
type WithdrawPosition struct {
	Actor    string
	Position int64
	On       Date
	Source   Source
}

// RetractPosition takes a position out of the figures that should never have been recorded.
type RetractPosition struct {
	Actor    string
	Position int64
	Reason   string
}

func (c RecordPosition) Stream() string   { return positionStream(c.Actor) }
func (c CorrectPosition) Stream() string  { return positionStream(c.Actor) }
func (c WithdrawPosition) Stream() string { return positionStream(c.Actor) }
func (c RetractPosition) Stream() string  { return positionStream(c.Actor) }

func (RecordPosition) isCommand()   {}
func (CorrectPosition) isCommand()  {}
func (WithdrawPosition) isCommand() {}
func (RetractPosition) isCommand()  {}

// Apply gives the position after the correction.
func (c PositionChanges) Apply(p PositionStated) PositionStated {
	p.Stance = c.Stance.Apply(p.Stance)
	p.Form = c.Form.Apply(p.Form)
	if c.Explains.Given {
		p.Explains = nil
		if ref := c.Explains.Value; ref != (ActRef{}) {
			p.Explains = &ref
		}
	}
	p.StatedOn = c.StatedOn.Apply(p.StatedOn)
	p.Session = c.Session.Apply(p.Session)
	p.Summary = c.Summary.Apply(p.Summary)
	p.Points = c.Points.Apply(p.Points)
	p.Source = c.Source.Apply(p.Source)
	p.AlignedWith = c.AlignedWith.Apply(p.AlignedWith)
	p.Dissociated = c.Dissociated.Apply(p.Dissociated)
	return p
}

// ---- The folded state.

// Positions are the positions of one actor, folded from its stream.
type Positions struct {
	revisions
	byRevision map[int64]*position
	inOrder    []*position // Of recording.
}

// position is one position with what happened to it.
type position struct {
	revision  int64
	versions  []PositionStated // As stated, and after each correction; the last one counts.
	withdrawn *PositionWithdrawn
	retracted *PositionRetracted
}

// now is the position as it stands after all corrections.
func (p *position) now() PositionStated { return p.versions[len(p.versions)-1] }

// Evolve takes the stream's next event in.
func (s *Positions) Evolve(e Event) {
	revision := s.next()
	switch e := e.(type) {
	case PositionStated:
		if s.byRevision == nil {
			s.byRevision = map[int64]*position{}
		}
		p := &position{revision: revision, versions: []PositionStated{e}}
		s.byRevision[revision] = p
		s.inOrder = append(s.inOrder, p)
	case PositionCorrected:
		if p := s.byRevision[e.Position]; p != nil {
			p.versions = append(p.versions, e.Changes.Apply(p.now()))
		}
	case PositionWithdrawn:
		if p := s.byRevision[e.Position]; p != nil {
			p.withdrawn = &e
		}
	case PositionRetracted:
		if p := s.byRevision[e.Position]; p != nil {
			p.retracted = &e
		}
	default:
		strayEvent(PositionCategory, e)
	}
}

// Decide gives the events that the command yields.
func (s *Positions) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case RecordPosition:
		return s.record(c, facts)
	case CorrectPosition:
		return s.correct(c, facts)
	case WithdrawPosition:
		return s.withdraw(c, facts)
	case RetractPosition:
		return s.retract(c, facts)
	}
	strayCommand(PositionCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *Positions) record(c RecordPosition, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	group, known := k.actor("actor", c.Actor)
	if known && !group {
		k.ownStatement(c.Actor, c.AlignedWith, c.Dissociated)
	} else {
		k.states("alignedWith", c.AlignedWith)
		k.states("dissociated", c.Dissociated)
		k.apart("dissociated", c.Dissociated, c.AlignedWith)
	}
	k.target("target", c.Target)
	k.word("stance", "stance", int(c.Stance), stanceNames, false)
	k.word("form", "form of a statement", int(c.Form), formNames, false)
	if c.Explains != nil {
		k.explains(*c.Explains, c.Actor, c.Target, known)
	}
	k.day("statedOn", "day of the statement", c.StatedOn, true)
	k.session(c.Session)
	k.text("summary", "summary", c.Summary, summaryLimit, required|multiline)
	k.points(c.Points)
	k.source("source", c.Source)
	return k.yield(c.event())
}

func (c RecordPosition) event() PositionStated {
	stated := PositionStated{Actor: c.Actor, AlignedWith: cloned(c.AlignedWith), Dissociated: cloned(c.Dissociated), Target: c.Target,
		Stance: c.Stance, Form: c.Form, StatedOn: c.StatedOn, Session: c.Session, Summary: c.Summary, Points: cloned(c.Points), Source: c.Source}
	if c.Explains != nil {
		ref := *c.Explains
		stated.Explains = &ref
	}
	return stated
}

func (s *Positions) withdraw(c WithdrawPosition, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	p := s.named(&k, c.Actor, c.Position)
	day := k.day("on", "day of the withdrawal", c.On, true)
	if p != nil {
		if p.withdrawn != nil { // A second withdrawal (RULES, section 2).
			k.conflict("position", "%s withdrew this position already, on %s.", c.Actor, p.withdrawn.On)
		} else if statedOn := p.now().StatedOn; day && c.On < statedOn { // RULES, section 2, "Order of days".
			k.bad("on", "The withdrawal on %s is before the position, which was stated on %s; it is that day or later.", c.On, statedOn)
		}
	}
	k.source("source", c.Source)
	return k.yield(PositionWithdrawn(c))
}

func (s *Positions) retract(c RetractPosition, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	// A second retraction is CONFLICT, anything else on a retracted position NOT_FOUND (RULES, section 2).
	if p := s.byRevision[c.Position]; p != nil && p.retracted != nil {
		k.conflict("position", "This position of %s was retracted already.", c.Actor)
	} else {
		s.named(&k, c.Actor, c.Position)
	}
	k.text("reason", "reason", c.Reason, summaryLimit, required|multiline)
	return k.yield(PositionRetracted(c))
}

// named gives the position that a command names, nil with a fault where there is none: anything on a retracted position is
// NOT_FOUND (RULES, section 2).
func (s *Positions) named(k *check, actor string, revision int64) *position {
	p := s.byRevision[revision]
	switch {
	case p == nil && actor == "":
		k.missing("position", "There is no such position.")
	case p == nil:
		k.missing("position", "There is no such position of %s.", quoted(actor))
	case p.retracted != nil:
		k.missing("position", "This position of %s was retracted; record it anew if it was said after all.", actor)
		return nil
	}
	return p
}
