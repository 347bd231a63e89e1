package model

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
)

// Evidence is something said or done that bears on a standing.
type Evidence interface {
	Node
	IsEvidence()
}

// newEvidence gives the object that the read model names.
func newEvidence(m Moment, e projections.Evidence) Evidence {
	switch e.Kind {
	case projections.PositionEvidence:
		if p, ok := m.Position(e.At); ok {
			return NewPosition(m, p)
		}
	case projections.SubmissionEvidence:
		if s, ok := m.Submission(e.At); ok {
			return NewSubmission(m, s)
		}
	case projections.EndorsementEvidence:
		if a, ok := m.Endorsement(e.At, e.Actor); ok {
			return NewEndorsement(m, a)
		}
	}
	return nil // unreachable: what bears on a standing exists.
}

// Source is where it can be read.
type Source struct{ source *domain.Source }

func (s Source) Title() string             { return s.source.Title }
func (s Source) URL() *string              { return optional(s.source.URL) }
func (s Source) Symbol() *string           { return optional(s.source.Symbol) }
func (s Source) Locator() *string          { return optional(s.source.Locator) }
func (s Source) Language() domain.Language { return s.source.Language }
func (s Source) Quote() *string            { return optional(s.source.Quote) }
func (s Source) Grade() domain.SourceGrade { return s.source.Grade }
