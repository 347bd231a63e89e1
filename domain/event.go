package domain

// Event is a fact that was recorded. The set of events is closed: EventTypes lists them all, and a test walks the list.
// An event carries the key of its stream, so that it can be read alone.
type Event interface {
	// Stream gives the name of the stream to which the event belongs.
	Stream() string
	isEvent()
}

// EventTypes has one zero value of each type of event.
var EventTypes = []Event{
	ProposalSubmitted{}, ProposalRevised{}, DocumentRecorded{}, ProposalMerged{}, ProposalSuperseded{}, ProposalWithdrawn{}, ProposalAdopted{},
	PositionStated{}, PositionCorrected{}, PositionWithdrawn{}, PositionRetracted{},
	EndorsementGiven{}, EndorsementWithdrawn{}, VoteRecorded{}, IntendedBallotDeclared{},
	ElementDefined{}, OptionDefined{}, OptionRetired{},
	StateAdmitted{},
	GroupDefined{}, MemberJoined{}, MemberLeft{},
	SessionDefined{},
	ImportCompleted{},
}

// The stream categories.
const (
	SubmissionCategory  = "submission"
	PositionCategory    = "position"
	EndorsementCategory = "endorsement"
	ElementCategory     = "element"
	StateCategory       = "state"
	GroupCategory       = "group"
	SessionCategory     = "session"
	ImportCategory      = "import"
)

// Stream names by key.
func submissionStream(slug string) string  { return SubmissionCategory + "-" + slug }
func positionStream(actor string) string   { return PositionCategory + "-" + actor }
func endorsementStream(slug string) string { return EndorsementCategory + "-" + slug }
func elementStream(key string) string      { return ElementCategory + "-" + key }
func stateStream(code string) string       { return StateCategory + "-" + code }
func groupStream(code string) string       { return GroupCategory + "-" + code }
func sessionStream(key string) string      { return SessionCategory + "-" + key }
func importStream(sha256 string) string    { return ImportCategory + "-" + sha256 }
