package domain

// Facts are what a decider may ask about other streams and about the day. They may be older than the append by what other
// streams did meanwhile; that is accepted, since nothing is ever deleted.
type Facts interface {
	// Today is the day in UTC on which the command is decided. A fact dated later than the day after it is refused.
	Today() Date
	// State says whether the code is a State's.
	State(code string) bool
	// Group gives the kind of the group with this code.
	Group(code string) (GroupKind, bool)
	// Session says whether the session is defined.
	Session(key string) bool
	// Element says whether the element is defined.
	Element(key string) bool
	// Option says whether the option is defined, and whether it is retired.
	Option(ref OptionRef) (retired, ok bool)
	// Proposal says whether the proposal was submitted, and on which day first.
	Proposal(slug string) (submittedOn Date, ok bool)
	// Act says on which day this actor did the act, or cast a ballot in the vote, that the reference names.
	// It is not ok where there is no such act, or it is not this actor's.
	Act(ref ActRef, actor string) (on Date, ok bool)
	// Vote gives the proposal under which the vote on this symbol and paragraph (empty for the whole) is recorded. The key of a
	// vote does not name its proposal (RULES, section 2), so it may stand in another stream than the one that is decided on.
	Vote(symbol, paragraph string) (proposal string, ok bool)
	// Near gives the known keys of a kind that resemble a word, best first, at most three, for "did you mean".
	Near(kind KeyKind, word string) []string
}

// KeyKind says what a key names.
type KeyKind uint8

// The kinds of keys.
const (
	ActorKey KeyKind = 1 + iota // A State's or a group's code.
	StateKey
	GroupKey
	SessionKey
	ElementKey
	OptionKey // <element>/<option>
	ProposalKey
)
