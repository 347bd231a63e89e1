package domain

// ---- Events of endorsement-<proposal>.

// EndorsementGiven is a formal act of an actor for or against a proposal's document, other than a ballot.
type EndorsementGiven struct {
	Proposal       string          `json:"proposal"`
	Actor          string          `json:"actor"`
	DocumentSymbol string          `json:"documentSymbol,omitzero"`
	Paragraph      string          `json:"paragraph,omitzero"` // For an act on one paragraph only.
	Kind           EndorsementKind `json:"kind"`
	On             Date            `json:"on"`
	Source         Source          `json:"source"`
}

// EndorsementWithdrawn says that an act was taken back on a day.
type EndorsementWithdrawn struct {
	Proposal string `json:"proposal"`
	// Endorsement is the revision, in the same stream, of the EndorsementGiven.
	Endorsement int64  `json:"endorsement"`
	On          Date   `json:"on"`
	Source      Source `json:"source"`
}

// CastBallot is the ballot of one State.
type CastBallot struct {
	State  string `json:"state"`
	Ballot Ballot `json:"ballot"`
}

// VoteRecorded is one recorded vote with its official totals and the ballots that are known, by State's code.
type VoteRecorded struct {
	Proposal       string       `json:"proposal"`
	DocumentSymbol string       `json:"documentSymbol"`
	Paragraph      string       `json:"paragraph,omitzero"` // Empty for the vote on the whole.
	Body           string       `json:"body"`
	On             Date         `json:"on"`
	Adopted        bool         `json:"adopted"`
	Yes            int          `json:"yes"`
	No             int          `json:"no"`
	Abstain        int          `json:"abstain"`
	Absent         int          `json:"absent"`
	Complete       bool         `json:"complete"`
	Ballots        []CastBallot `json:"ballots"`
	Source         Source       `json:"source"`
}

// IntendedBallotDeclared says what a delegation later told the Secretariat it had meant to cast.
type IntendedBallotDeclared struct {
	Proposal string `json:"proposal"`
	// Vote is the revision, in the same stream, of the VoteRecorded.
	Vote     int64  `json:"vote"`
	State    string `json:"state"`
	Intended Ballot `json:"intended"`
	On       Date   `json:"on"`
	Source   Source `json:"source"`
}

func (e EndorsementGiven) Stream() string       { return endorsementStream(e.Proposal) }
func (e EndorsementWithdrawn) Stream() string   { return endorsementStream(e.Proposal) }
func (e VoteRecorded) Stream() string           { return endorsementStream(e.Proposal) }
func (e IntendedBallotDeclared) Stream() string { return endorsementStream(e.Proposal) }

func (EndorsementGiven) isEvent()       {}
func (EndorsementWithdrawn) isEvent()   {}
func (VoteRecorded) isEvent()           {}
func (IntendedBallotDeclared) isEvent() {}

// ---- Commands.

// RecordEndorsement records a formal act other than a ballot.
type RecordEndorsement struct {
	Proposal       string
	Actor          string
	DocumentSymbol string
	Paragraph      string
	Kind           EndorsementKind
	On             Date
	Source         Source
}

// WithdrawEndorsement records that an act was taken back. A ballot cannot be.
type WithdrawEndorsement struct {
	Proposal    string
	Endorsement int64
	On          Date
	Source      Source
}

// RecordVote records a vote with all ballots that are known.
type RecordVote struct {
	Proposal                 string
	DocumentSymbol           string
	Paragraph                string
	Body                     string
	On                       Date
	Adopted                  bool
	Yes, No, Abstain, Absent int
	Complete                 bool
	Ballots                  []CastBallot
	Source                   Source
}

// DeclareIntendedBallot records what a delegation says it had meant to cast.
type DeclareIntendedBallot struct {
	Proposal string
	Vote     int64
	State    string
	Intended Ballot
	On       Date
	Source   Source
}

func (c RecordEndorsement) Stream() string     { return endorsementStream(c.Proposal) }
func (c WithdrawEndorsement) Stream() string   { return endorsementStream(c.Proposal) }
func (c RecordVote) Stream() string            { return endorsementStream(c.Proposal) }
func (c DeclareIntendedBallot) Stream() string { return endorsementStream(c.Proposal) }

func (RecordEndorsement) isCommand()     {}
func (WithdrawEndorsement) isCommand()   {}
func (RecordVote) isCommand()            {}
func (DeclareIntendedBallot) isCommand() {}

// ---- The folded state.

// Endorsements are the acts and votes on one proposal's documents, folded from their stream.
type Endorsements struct {
	revisions
	acts       map[int64]*act
	actByKey   map[actKey]*act
	votes      map[int64]*vote
	voteByKey  map[voteKey]*vote
	actsInTurn []*act // In the order of recording.
}

// act is a formal act with its withdrawal.
type act struct {
	EndorsementGiven
	revision  int64
	withdrawn *EndorsementWithdrawn
}

// actKey is what makes two acts the same (RULES, section 2); the stream names the proposal.
type actKey struct {
	actor, symbol, paragraph string
	kind                     EndorsementKind
	on                       Date
}

func (e EndorsementGiven) key() actKey {
	return actKey{actor: e.Actor, symbol: e.DocumentSymbol, paragraph: e.Paragraph, kind: e.Kind, on: e.On}
}

// Evolve takes the stream's next event in.
func (s *Endorsements) Evolve(e Event) {
	revision := s.next()
	if s.acts == nil {
		s.acts, s.actByKey = map[int64]*act{}, map[actKey]*act{}
		s.votes, s.voteByKey = map[int64]*vote{}, map[voteKey]*vote{}
	}
	switch e := e.(type) {
	case EndorsementGiven:
		a := &act{EndorsementGiven: e, revision: revision}
		s.acts[revision], s.actByKey[e.key()] = a, a
		s.actsInTurn = append(s.actsInTurn, a)
	case EndorsementWithdrawn:
		if a := s.acts[e.Endorsement]; a != nil {
			a.withdrawn = &e
		}
	case VoteRecorded:
		v := newVote(e, revision)
		s.votes[revision], s.voteByKey[v.key()] = v, v
	case IntendedBallotDeclared:
		if v := s.votes[e.Vote]; v != nil {
			v.declared = append(v.declared, e)
		}
	default:
		strayEvent(EndorsementCategory, e)
	}
}

// act gives the day of an actor's act, or ballot, that a revision names.
func (s *Endorsements) act(revision int64, actor string) (on Date, ok bool) {
	if a := s.acts[revision]; a != nil {
		return a.On, a.Actor == actor
	}
	if v := s.votes[revision]; v != nil {
		_, ok = v.ballots[actor]
		return v.On, ok
	}
	return 0, false
}

// Decide gives the events that the command yields.
func (s *Endorsements) Decide(c Command, facts Facts) ([]Event, *Refusal) {
	switch c := c.(type) {
	case RecordEndorsement:
		return s.record(c, facts)
	case WithdrawEndorsement:
		return s.withdraw(c, facts)
	case RecordVote:
		return s.recordVote(c, facts)
	case DeclareIntendedBallot:
		return s.declare(c, facts)
	}
	strayCommand(EndorsementCategory, c)
	return nil, nil // unreachable: strayCommand panics.
}

func (s *Endorsements) record(c RecordEndorsement, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	k.actor("actor", c.Actor)
	// An act dated before its proposal's first submission may be recorded (RULES, section 1, "Targets").
	k.proposal("proposal", c.Proposal)
	k.symbol("documentSymbol", "document symbol", c.DocumentSymbol, 0)
	k.text("paragraph", "paragraph", c.Paragraph, symbolLimit, exact)
	if k.word("kind", "kind of endorsement", int(c.Kind), kindNames, true) && c.Kind.IsBallot() {
		k.bad("kind", "%s is a ballot; record the vote with all its ballots by recordVote.", c.Kind)
	}
	k.day("on", "day of the act", c.On, true)
	k.source("source", c.Source)
	given := c.event()
	if s.actByKey[given.key()] != nil { // The same act twice, also where it was withdrawn meanwhile (RULES, section 2).
		k.conflict("", "This act of %s is on record already: the same kind, document, paragraph and day.", c.Actor)
	}
	return k.yield(given)
}

func (c RecordEndorsement) event() EndorsementGiven { return EndorsementGiven(c) }

func (s *Endorsements) withdraw(c WithdrawEndorsement, facts Facts) ([]Event, *Refusal) {
	k := check{facts: facts}
	day := k.day("on", "day of the withdrawal", c.On, true)
	a := s.acts[c.Endorsement]
	switch {
	case s.votes[c.Endorsement] != nil: // RULES, section 2, "intended ballot".
		k.bad("endorsement", "A ballot cannot be withdrawn; what the delegation says it had meant to cast is recorded by declareIntendedBallot.")
	case a == nil:
		k.missing("endorsement", "There is no such endorsement on %s.", quoted(c.Proposal))
	case a.withdrawn != nil: // A second withdrawal (RULES, section 2).
		k.conflict("endorsement", "%s withdrew this act already, on %s.", a.Actor, a.withdrawn.On)
	case day && c.On < a.On: // RULES, section 2, "Order of days".
		k.bad("on", "The withdrawal on %s is before the act, which was on %s; it is that day or later.", c.On, a.On)
	}
	k.source("source", c.Source)
	return k.yield(EndorsementWithdrawn(c))
}
