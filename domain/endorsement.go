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
