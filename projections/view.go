package projections

import (
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// Moment is the two times of a question (RULES, section 1).
type Moment struct {
	At uint64      // How many events of the record count.
	On domain.Date // Facts dated later do not count; zero is no limit.
}

// View is the read model as of a moment: its only reader. A View is cheap, keeps nothing back and may be used from many
// goroutines, also while the model goes on. What it gives is a copy, or is never changed.
type View struct {
	model  *Model
	moment Moment
}

// Moment gives the moment of the view.
func (v *View) Moment() Moment { return v.moment }

// Provenance says where and by whom something was first recorded.
type Provenance struct {
	At         uint64 // Position in the record, from 1.
	RecordedAt time.Time
	RecordedBy string
}

// State is a State as it was recorded. It never changes.
type State struct {
	Code          string
	RegionalGroup domain.RegionalGroup // Zero for observers.
	Observer      bool
	AdmittedOn    domain.Date // Zero where no day is recorded.
	Aliases       []string
	At            uint64
	names, formal [7]string // By domain.Language.
	index         int
}

// Name gives the short name, in English where the language has none.
func (s *State) Name(l domain.Language) string { return inLanguage(&s.names, l) }

// FormalName gives the formal name; where the language has none, the English one, and where there is none at all, the name.
func (s *State) FormalName(l domain.Language) string {
	if name := inLanguage(&s.formal, l); name != "" {
		return name
	}
	return s.Name(l)
}

func inLanguage(names *[7]string, l domain.Language) string {
	if names[l] != "" {
		return names[l]
	}
	return names[domain.English]
}

// Group is a group of States as it was recorded. It never changes; its members are asked of a View.
type Group struct {
	Code  string
	Kind  domain.GroupKind
	At    uint64
	names [7]string
	index int
}

// Name gives the name, in English where the language has none.
func (g *Group) Name(l domain.Language) string { return inLanguage(&g.names, l) }

// Actor is a State or a Group: exactly one of the two is set.
type Actor struct {
	State *State
	Group *Group
}

// Code gives the actor's code.
func (a Actor) Code() string {
	if a.State != nil {
		return a.State.Code
	}
	return a.Group.Code
}

// Session is a session of a body as it was recorded.
type Session struct {
	domain.SessionDefined
	At uint64
}

// Element is an aspect on which proposals differ, with the options that are defined at the moment, by key.
type Element struct {
	domain.ElementDefined
	At      uint64
	Options []Option
}

// Option is one answer to an element.
type Option struct {
	domain.OptionDefined
	Retired bool
	At      uint64
}

// Ref gives the option's two keys.
func (o Option) Ref() domain.OptionRef {
	return domain.OptionRef{Element: o.Element, Option: o.Option}
}

// ProposalStatus is what happened last to a proposal.
type ProposalStatus uint8

// The statuses, in the order of the public schema.
const (
	Submitted ProposalStatus = 1 + iota
	Revised
	Merged
	Superseded
	Withdrawn
	Adopted
)

// ParseProposalStatus reads the public schema's word.
func ParseProposalStatus(word string) (ProposalStatus, bool) {
	for s := Submitted; s <= Adopted; s++ {
		if s.String() == word {
			return s, true
		}
	}
	return 0, false
}

// String gives the public schema's word.
func (s ProposalStatus) String() string {
	return [...]string{"", "SUBMITTED", "REVISED", "MERGED", "SUPERSEDED", "WITHDRAWN", "ADOPTED"}[s]
}

// Proposal is a proposal as of the moment.
type Proposal struct {
	Slug                string
	Title               string
	Summary             string
	Revision            int64 // Of submission-<slug> at the moment's position.
	EndorsementRevision int64 // Of endorsement-<slug>; -1 while it has none.
	Status              ProposalStatus
	SubmittedOn         domain.Date
	Submitters          []Actor            // Of the latest submission.
	Submissions         []Submission       // Oldest first.
	Options             []domain.OptionRef // Of the latest submission, by key.
	Adoption            *domain.ProposalAdopted
	MergedInto          string // Slug, or empty.
	SupersededBy        string
	At                  uint64 // Of the first submission recorded.
}

// Target names the proposal as a target.
func (p *Proposal) Target() domain.Target { return domain.OnProposal(p.Slug) }

// Submission is the act of bringing a proposal or a revision of it in. What a revision leaves as it was is filled in.
type Submission struct {
	Provenance
	Proposal          string
	Submitters        []Actor
	InCapacityOfChair bool
	Document          *domain.Document
	Options           []domain.OptionRef
	On                domain.Date
	Source            domain.Source
}

// Position is what an actor said on a target, as of the moment.
type Position struct {
	Provenance
	domain.PositionStated       // The fields as corrected by the moment's position.
	Revision              int64 // Of the PositionStated in its stream: how commands name the position.
	Actor                 Actor
	WithdrawnOn           domain.Date // Zero unless taken back on or before the moment's day.
	EndedOn               domain.Date // Zero while it is its actor's last word on the target.
	ExplainsAt            uint64      // Position of the act that it explains; zero for none.
	Corrections           []Correction
}

// Correction is a repair of one field. Before and After are text; a cleared field has none.
type Correction struct {
	Provenance
	Field         string // In the public schema's spelling.
	Before, After *string
	Reason        string
}

// Endorsement is a formal act, a ballot of a recorded vote included, as of the moment.
type Endorsement struct {
	Provenance
	Actor          Actor
	Proposal       string
	Revision       int64 // Of the EndorsementGiven or VoteRecorded in its stream.
	DocumentSymbol string
	Paragraph      string
	Kind           domain.EndorsementKind // Of a ballot: as it was meant, by the moment's day.
	On             domain.Date
	Source         domain.Source
	VoteAt         uint64 // Of a ballot: the position of the vote; zero otherwise.
	WithdrawnOn    domain.Date
}

// Vote is a recorded vote.
type Vote struct {
	Provenance
	domain.VoteRecorded
	Revision int64
	// Intended is, by State's code, what a delegation had meant to cast, as declared by the moment.
	Intended map[string]domain.Ballot
}

// EvidenceKind says what kind of object an Evidence names.
type EvidenceKind uint8

// The kinds of evidence.
const (
	PositionEvidence EvidenceKind = 1 + iota
	SubmissionEvidence
	EndorsementEvidence
)

// Evidence names something said or done. A ballot is named by its vote's position and its State.
type Evidence struct {
	Kind  EvidenceKind
	At    uint64
	Actor string // Of an endorsement: whose. Otherwise empty.
}

// Standing is a State's resolved stance on a target.
type Standing struct {
	State            *State
	Target           domain.Target
	Stance           domain.Stance // Zero while the State has declared nothing.
	Basis            convergence.Basis
	OnEarlierVersion bool
}

// Convergence is where the views of Member States stand on one target at the moment. It is shared: do not change it.
type Convergence struct {
	Target           domain.Target
	Figures          convergence.Figures
	Consensus        convergence.Consensus
	Declared         float64
	Support          *float64
	SupportAtLeast   float64
	SupportAtMost    float64
	Agreement        *float64
	CrossRegional    float64
	OnEarlierVersion int
	Standings        []Standing // Of every Member State, by code.
}

// ConvergencePoint is one point of a timeline.
type ConvergencePoint struct {
	On        domain.Date
	Tally     convergence.Tally
	Support   *float64
	Agreement *float64
	Consensus convergence.Consensus
}

// OpenPoint is one point of a position that stands between here and agreement.
type OpenPoint struct {
	PositionAt uint64
	Index      int // Of the point among the position's points.
	domain.Point
}

// Matrix has the standings of States (rows, by code) on targets (columns, by key).
type Matrix struct {
	States  []*State
	Targets []domain.Target
	boards  []*board // By column; shared with all who ask for the moment, so that a matrix copies nothing.
}

// Standing gives the standing of the State of a row on the target of a column.
func (m *Matrix) Standing(row, column int) Standing {
	return m.boards[column].byState[m.States[row].index]
}

// Row gives one row as letters, one a target (see Standing.Letter).
func (m *Matrix) Row(row int) string {
	state := m.States[row].index
	letters := make([]byte, len(m.boards))
	for column, b := range m.boards {
		letters[column] = b.letters[state]
	}
	return string(letters)
}

// PositionFilter narrows a list of positions; of a list one value must hold, a nil or zero field asks nothing.
// An empty list that is not nil matches nothing. Text holds words that all occur in summary, points, quotation or source title,
// whole words after folding, Chinese as consecutive characters; without a word it asks nothing.
type PositionFilter struct {
	Actors               []string
	Target               *domain.Target
	Proposal             string
	Element              string
	Stances              []domain.Stance
	Session              string
	StatedFrom, StatedTo domain.Date
	RegionalGroup        domain.RegionalGroup
	Text                 string
}

// EndorsementFilter narrows a list of endorsements, in the same way.
type EndorsementFilter struct {
	Actors         []string
	Proposal       string
	Kinds          []domain.EndorsementKind
	DocumentSymbol string
}

// ProposalFilter narrows a list of proposals, in the same way. Text holds words that all occur in title or summary.
type ProposalFilter struct {
	Statuses  []ProposalStatus
	Submitter string
	Text      string
}

// EventFilter narrows the list of events, in the same way.
type EventFilter struct {
	StreamPrefix string
	Types        []string
	RecordedBy   string
}

// Page asks for a part of a list.
type Page[K any] struct {
	After *K  // The key of the last item of the page before; nil begins.
	First int // How many items at most.
}

// Slice is a part of a list.
type Slice[T any] struct {
	Items []T
	// Total counts the whole list; it is counted when it is asked for.
	Total                func() int
	HasNext, HasPrevious bool
}

// EventRef is an event of the record without its bytes.
type EventRef struct {
	Provenance
	Stream   string
	Revision int64
	Type     string
	// Before is the place in the log just before the event: the first event behind it with this stream and revision is the one.
	Before eventlog.Offset
}

// PositionKey and EndorsementKey are the places of items in their lists, newest first.
type (
	PositionKey struct {
		On domain.Date
		At uint64
	}
	EndorsementKey struct {
		On    domain.Date
		At    uint64
		Actor string // Ballots of one vote stand by code.
	}
	OpenPointKey struct {
		On    domain.Date
		At    uint64
		Index int
	}
)
