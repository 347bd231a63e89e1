package model

import (
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// Moment is what an object was answered as of.
type Moment struct {
	*projections.View
	// Pinned says that the position was asked for, so that ids and cursors carry it.
	Pinned bool
}

// Mark is the part of the moment that ids and cursors carry.
func (m Moment) Mark() relay.Mark {
	mark := relay.Mark{On: m.Moment().On}
	if m.Pinned {
		mark.Pinned, mark.At = true, m.Moment().At
	}
	return mark
}

// Moment gives the two times.
func (m Moment) Moment() projections.Moment { return m.View.Moment() }

func (m Moment) keyed(kind relay.Kind, key string) string {
	return relay.ID{Kind: kind, Key: key, Mark: m.Mark()}.String()
}

func (m Moment) recorded(kind relay.Kind, at uint64) string {
	return relay.ID{Kind: kind, At: at, Mark: m.Mark()}.String()
}

// AsOf is a moment that was asked for. It replaces the whole moment above it.
type AsOf struct {
	Log        *uint64
	RecordedAt *time.Time
	StatedOn   domain.Date
}

// Node is an object that can be asked for again by its id.
type Node interface {
	IsNode()
	ID() string
}

// ErrorCode is the class of a fault.
type ErrorCode string

// ErrorCodes are all of them, in the order of the schema.
var ErrorCodes = []ErrorCode{
	"BAD_USER_INPUT", "NOT_FOUND", "CONFLICT", "UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED",
	"COMPLEXITY_LIMIT_EXCEEDED", "UNAVAILABLE", "INTERNAL",
}

// Viewer is who asks.
type Viewer struct {
	Subject *string
	Roles   []auth.Role
}

// optional is null for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
