package domain

import (
	"fmt"
	"strings"
)

// Stance is how an actor stands on a target, on a scale of five. The zero Stance means that none was taken.
type Stance uint8

// The five stances, in the order in which agreement is measured over them.
const (
	Support                 Stance = 1 + iota // Speaks for it.
	SupportWithReservations                   // Accepts it and names something missing.
	Neutral                                   // Neither supports nor opposes.
	Concerned                                 // Sees a problem, does not reject it.
	Oppose                                    // Rejects it.
)

// StatementForm is the form in which a position was taken. The zero form means that it is not known.
type StatementForm uint8

// The forms of a statement.
const (
	Statement StatementForm = 1 + iota
	Explanation
	RightOfReply
	WrittenSubmission
	WorkingPaper
)

// EndorsementKind is the kind of a formal act on a proposal's document.
type EndorsementKind uint8

// The kinds of formal acts. VoteYes to VoteAbsent are the ballots of a recorded vote.
const (
	Sponsor EndorsementKind = 1 + iota
	Cosponsor
	JointStatement
	VoteYes
	VoteNo
	VoteAbstain
	VoteAbsent
	JoinedConsensus
	Dissociated
)

// Stance gives what an act of this kind on a whole document declares (RULES, section 3); zero for what declares nothing.
func (v EndorsementKind) Stance() Stance {
	switch v {
	case Sponsor, Cosponsor, JointStatement, VoteYes:
		return Support
	case VoteNo:
		return Oppose
	case VoteAbstain:
		return Neutral
	case Dissociated:
		return Concerned
	}
	return 0
}

// IsBallot says whether the kind belongs to a recorded vote, so that it is recorded by RecordVote alone.
func (v EndorsementKind) IsBallot() bool { return v >= VoteYes && v <= VoteAbsent }

// Ballot is what a State cast in a recorded vote. The zero Ballot means that none is known.
type Ballot uint8

// The ballots. Absent stands for not voting, too: records do not tell the two apart.
const (
	Yes Ballot = 1 + iota
	No
	Abstain
	Absent
)

// Kind gives the kind of the act that a ballot is.
func (v Ballot) Kind() EndorsementKind {
	if v == 0 {
		return 0
	}
	return VoteYes + EndorsementKind(v) - 1
}

// Ballot gives the ballot that an act of this kind is, zero where it is none.
func (v EndorsementKind) Ballot() Ballot {
	if !v.IsBallot() {
		return 0
	}
	return Ballot(v-VoteYes) + Yes
}

// PointKind is the kind of a point that an actor made. Operative paragraph 6 of resolution 78/237 asks that the views,
// concerns and interests of all States be taken into account.
type PointKind uint8

// The kinds of points.
const (
	View PointKind = 1 + iota
	Concern
	Interest
	Condition
	Need
	Offer
)

// SourceGrade says how near a source is to what was said.
type SourceGrade uint8

// The grades of a source.
const (
	OfficialRecord SourceGrade = 1 + iota
	DelegationText
	Press
	SecondHand
	MachineSummary
)

// names is the two-way table between the values of an enumeration and their words.
// Value v is written names[v]; the word of zero is empty.
type names []string

func (n names) text(kind string, v int) ([]byte, error) {
	if v <= 0 || v >= len(n) {
		return nil, fmt.Errorf("%d is no %s", v, kind)
	}
	return []byte(n[v]), nil
}

func (n names) parse(kind, word string) (int, error) {
	for v, name := range n {
		if v > 0 && name == word {
			return v, nil
		}
	}
	return 0, &UnknownWord{Kind: kind, Word: strings.Clone(word), Known: n[1:]} // A copy: so who asks for a word need not make it last.
}

func (n names) string(v int) string {
	if v < 0 || v >= len(n) {
		return fmt.Sprintf("(%d)", v)
	}
	return n[v]
}

// UnknownWord says that a word is none of an enumeration.
type UnknownWord struct {
	Kind, Word string
	Known      []string
}

func (e *UnknownWord) Error() string {
	return fmt.Sprintf("%q is no %s; it is one of %s", e.Word, e.Kind, joinWords(e.Known, "or"))
}

var (
	stanceNames        = names{"", "SUPPORT", "SUPPORT_WITH_RESERVATIONS", "NEUTRAL", "CONCERNED", "OPPOSE"}
	formNames          = names{"", "STATEMENT", "EXPLANATION", "RIGHT_OF_REPLY", "WRITTEN_SUBMISSION", "WORKING_PAPER"}
	kindNames          = names{"", "SPONSOR", "COSPONSOR", "JOINT_STATEMENT", "VOTE_YES", "VOTE_NO", "VOTE_ABSTAIN", "VOTE_ABSENT", "JOINED_CONSENSUS", "DISSOCIATED"}
	ballotNames        = names{"", "YES", "NO", "ABSTAIN", "ABSENT"}
	pointNames         = names{"", "VIEW", "CONCERN", "INTEREST", "CONDITION", "NEED", "OFFER"}
	gradeNames         = names{"", "OFFICIAL_RECORD", "DELEGATION_TEXT", "PRESS", "SECOND_HAND", "MACHINE_SUMMARY"}
	regionalGroupNames = names{"", "AFRICAN", "ASIA_PACIFIC", "EASTERN_EUROPEAN", "GRULAC", "WEOG"}
	languageNames      = names{"", "AR", "ZH", "EN", "FR", "RU", "ES"}
	groupKindNames     = names{"", "STANDING", "AD_HOC"}
	decisionRuleNames  = names{"", "CONSENSUS", "MAJORITY"}
	paragraphKindNames = names{"", "PREAMBULAR", "OPERATIVE"}
)
