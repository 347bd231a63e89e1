package model

import (
	"encoding"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/comparison"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// enumeration is a Go type of an enum of the schema: 1, 2, 3 … in the schema's order, zero where nothing was said.
type enumeration interface {
	~uint8
	fmt.Stringer
}

// words has the marshaler of each value, made once: answers hold tens of thousands of them.
type words[T enumeration] []graphql.Marshaler

func wordsTo[T enumeration](last T) words[T] {
	w := words[T]{graphql.Null}
	for v := T(1); v <= last; v++ {
		w = append(w, quoted(v.String()))
	}
	return w
}

// marshal writes a value's word; zero is null, and so is a value that has none, which a non-null field then reports.
func (w words[T]) marshal(v T) graphql.Marshaler {
	if int(v) < len(w) {
		return w[v]
	}
	return graphql.Null
}

// unmarshal reads a word; null is zero.
func unmarshal[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](v any) (value T, err error) {
	if v == nil {
		return value, nil
	}
	word, err := graphql.UnmarshalString(v)
	if err != nil {
		return value, err
	}
	return value, P(&value).UnmarshalText([]byte(word))
}

// unmarshalWord reads a word of an enumeration that cannot read it itself.
func (w words[T]) unmarshalWord(v any) (T, error) {
	if v == nil {
		return 0, nil
	}
	word, err := graphql.UnmarshalString(v)
	if err != nil {
		return 0, err
	}
	for value := 1; value < len(w); value++ {
		if w[value] == quoted(word) {
			return T(value), nil
		}
	}
	return 0, fmt.Errorf("%q is none of the words of the schema", word)
}

var (
	paragraphChanges = wordsTo(comparison.Deleted)
	runKinds         = wordsTo(comparison.InsertedRun)
	ballots          = wordsTo(domain.Absent)
	bases            = wordsTo(convergence.None)
	causes           = wordsTo(projections.Corrected)
	consensuses      = wordsTo(convergence.Silent)
	decisionRules    = wordsTo(domain.ByMajority)
	kindsOfAct       = wordsTo(domain.Dissociated)
	kindsOfGroup     = wordsTo(domain.AdHoc)
	languages        = wordsTo(domain.Spanish)
	paragraphKinds   = wordsTo(domain.Operative)
	pointKinds       = wordsTo(domain.Offer)
	statuses         = wordsTo(projections.Adopted)
	regionalGroups   = wordsTo(domain.WEOG)
	roles            = wordsTo(auth.Editor)
	gradesOfSources  = wordsTo(domain.MachineSummary)
	stances          = wordsTo(domain.Oppose)
	statementForms   = wordsTo(domain.WorkingPaper)
)

// MarshalBallot writes a ballot.
func MarshalBallot(v domain.Ballot) graphql.Marshaler { return ballots.marshal(v) }

// UnmarshalBallot reads a ballot.
func UnmarshalBallot(v any) (domain.Ballot, error) { return unmarshal[domain.Ballot](v) }

// MarshalBasis writes the basis of a standing.
func MarshalBasis(v convergence.Basis) graphql.Marshaler { return bases.marshal(v) }

// UnmarshalBasis reads the basis of a standing.
func UnmarshalBasis(v any) (convergence.Basis, error) { return bases.unmarshalWord(v) }

// MarshalChangeCause writes why a standing changed.
func MarshalChangeCause(v projections.ChangeCause) graphql.Marshaler { return causes.marshal(v) }

// UnmarshalChangeCause reads why a standing changed.
func UnmarshalChangeCause(v any) (projections.ChangeCause, error) { return causes.unmarshalWord(v) }

// MarshalConsensus writes a state of consensus.
func MarshalConsensus(v convergence.Consensus) graphql.Marshaler { return consensuses.marshal(v) }

// UnmarshalConsensus reads a state of consensus.
func UnmarshalConsensus(v any) (convergence.Consensus, error) { return consensuses.unmarshalWord(v) }

// MarshalDecisionRule writes a decision rule.
func MarshalDecisionRule(v domain.DecisionRule) graphql.Marshaler { return decisionRules.marshal(v) }

// UnmarshalDecisionRule reads a decision rule.
func UnmarshalDecisionRule(v any) (domain.DecisionRule, error) {
	return unmarshal[domain.DecisionRule](v)
}

// MarshalEndorsementKind writes the kind of an act.
func MarshalEndorsementKind(v domain.EndorsementKind) graphql.Marshaler { return kindsOfAct.marshal(v) }

// UnmarshalEndorsementKind reads the kind of an act.
func UnmarshalEndorsementKind(v any) (domain.EndorsementKind, error) {
	return unmarshal[domain.EndorsementKind](v)
}

// MarshalGroupKind writes the kind of a group.
func MarshalGroupKind(v domain.GroupKind) graphql.Marshaler { return kindsOfGroup.marshal(v) }

// UnmarshalGroupKind reads the kind of a group.
func UnmarshalGroupKind(v any) (domain.GroupKind, error) { return unmarshal[domain.GroupKind](v) }

// MarshalLanguage writes a language.
func MarshalLanguage(v domain.Language) graphql.Marshaler { return languages.marshal(v) }

// UnmarshalLanguage reads a language.
func UnmarshalLanguage(v any) (domain.Language, error) { return unmarshal[domain.Language](v) }

// MarshalParagraphKind writes the kind of a paragraph.
func MarshalParagraphKind(v domain.ParagraphKind) graphql.Marshaler { return paragraphKinds.marshal(v) }

// UnmarshalParagraphKind reads the kind of a paragraph.
func UnmarshalParagraphKind(v any) (domain.ParagraphKind, error) {
	return unmarshal[domain.ParagraphKind](v)
}

// MarshalPointKind writes the kind of a point.
func MarshalPointKind(v domain.PointKind) graphql.Marshaler { return pointKinds.marshal(v) }

// UnmarshalPointKind reads the kind of a point.
func UnmarshalPointKind(v any) (domain.PointKind, error) { return unmarshal[domain.PointKind](v) }

// MarshalProposalStatus writes a status.
func MarshalProposalStatus(v projections.ProposalStatus) graphql.Marshaler {
	return statuses.marshal(v)
}

// UnmarshalProposalStatus reads a status.
func UnmarshalProposalStatus(v any) (projections.ProposalStatus, error) {
	return statuses.unmarshalWord(v)
}

// MarshalRegionalGroup writes a regional group.
func MarshalRegionalGroup(v domain.RegionalGroup) graphql.Marshaler { return regionalGroups.marshal(v) }

// UnmarshalRegionalGroup reads a regional group.
func UnmarshalRegionalGroup(v any) (domain.RegionalGroup, error) {
	return unmarshal[domain.RegionalGroup](v)
}

// MarshalRole writes a role.
func MarshalRole(v auth.Role) graphql.Marshaler { return roles.marshal(v) }

// UnmarshalRole reads a role.
func UnmarshalRole(v any) (auth.Role, error) { return roles.unmarshalWord(v) }

// MarshalSourceGrade writes the grade of a source.
func MarshalSourceGrade(v domain.SourceGrade) graphql.Marshaler { return gradesOfSources.marshal(v) }

// UnmarshalSourceGrade reads the grade of a source.
func UnmarshalSourceGrade(v any) (domain.SourceGrade, error) { return unmarshal[domain.SourceGrade](v) }

// MarshalStance writes a stance.
func MarshalStance(v domain.Stance) graphql.Marshaler { return stances.marshal(v) }

// UnmarshalStance reads a stance.
func UnmarshalStance(v any) (domain.Stance, error) { return unmarshal[domain.Stance](v) }

// MarshalStatementForm writes the form of a statement.
func MarshalStatementForm(v domain.StatementForm) graphql.Marshaler { return statementForms.marshal(v) }

// UnmarshalStatementForm reads the form of a statement.
func UnmarshalStatementForm(v any) (domain.StatementForm, error) {
	return unmarshal[domain.StatementForm](v)
}

// MarshalParagraphChange writes what became of a paragraph.
func MarshalParagraphChange(v comparison.Change) graphql.Marshaler {
	return paragraphChanges.marshal(v)
}

// UnmarshalParagraphChange reads what became of a paragraph.
func UnmarshalParagraphChange(v any) (comparison.Change, error) {
	return paragraphChanges.unmarshalWord(v)
}

// MarshalTextRunKind writes the kind of a piece of text.
func MarshalTextRunKind(v comparison.RunKind) graphql.Marshaler { return runKinds.marshal(v) }

// UnmarshalTextRunKind reads the kind of a piece of text.
func UnmarshalTextRunKind(v any) (comparison.RunKind, error) { return runKinds.unmarshalWord(v) }
