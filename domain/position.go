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
