package model

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/feed"
)

var (
	kindsOfPositionChange    = wordsTo(feed.Retracted)
	kindsOfEndorsementChange = wordsTo(feed.TakenBack)
)

// MarshalPositionChangeKind writes what happened to a position.
func MarshalPositionChangeKind(v feed.PositionChangeKind) graphql.Marshaler {
	return kindsOfPositionChange.marshal(v)
}

// UnmarshalPositionChangeKind reads what happened to a position.
func UnmarshalPositionChangeKind(v any) (feed.PositionChangeKind, error) {
	return kindsOfPositionChange.unmarshalWord(v)
}

// MarshalEndorsementChangeKind writes what happened to acts.
func MarshalEndorsementChangeKind(v feed.EndorsementChangeKind) graphql.Marshaler {
	return kindsOfEndorsementChange.marshal(v)
}

// UnmarshalEndorsementChangeKind reads what happened to acts.
func UnmarshalEndorsementChangeKind(v any) (feed.EndorsementChangeKind, error) {
	return kindsOfEndorsementChange.unmarshalWord(v)
}

// as is the moment of what a message shows: its position was asked for by following the feed, so that ids carry it.
func as(v *projections.View) Moment { return Moment{View: v, Pinned: true} }

// PositionChange is a message of the feed positionChanged.
type PositionChange struct {
	Kind           feed.PositionChangeKind
	Position       *Position
	Before         domain.Stance
	At, PreviousAt uint64
}

// NewPositionChange makes the message.
func NewPositionChange(m feed.Message[feed.PositionChange]) *PositionChange {
	c := m.Value
	return &PositionChange{Kind: c.Kind, Position: NewPosition(as(c.View), c.Position), Before: c.Before, At: m.At, PreviousAt: m.PreviousAt}
}

// EndorsementChange is a message of the feed endorsementChanged.
type EndorsementChange struct {
	Kind           feed.EndorsementChangeKind
	Endorsements   []*Endorsement
	At, PreviousAt uint64
}

// NewEndorsementChange makes the message.
func NewEndorsementChange(m feed.Message[feed.EndorsementChange]) *EndorsementChange {
	c := m.Value
	list := make([]*Endorsement, len(c.Endorsements))
	for i := range list {
		list[i] = NewEndorsement(as(c.View), &c.Endorsements[i])
	}
	return &EndorsementChange{Kind: c.Kind, Endorsements: list, At: m.At, PreviousAt: m.PreviousAt}
}

// ConvergenceChange is a message of the feed convergenceChanged.
type ConvergenceChange struct {
	Changes        []*TargetConvergenceChange
	At, PreviousAt uint64
}

// TargetConvergenceChange is what happened to the figures of one target.
type TargetConvergenceChange struct {
	Target        Target
	Before, After *ConvergencePoint
}

// NewConvergenceChange makes the message.
func NewConvergenceChange(m feed.Message[feed.ConvergenceChange]) *ConvergenceChange {
	list := make([]*TargetConvergenceChange, len(m.Value.Changes))
	for i, c := range m.Value.Changes {
		list[i] = &TargetConvergenceChange{
			Target: NewTarget(as(m.Value.View), c.Target), Before: newConvergencePoint(c.Before), After: newConvergencePoint(c.After),
		}
	}
	return &ConvergenceChange{Changes: list, At: m.At, PreviousAt: m.PreviousAt}
}

// EventRecorded is a message of the feed eventRecorded.
type EventRecorded struct {
	Event          *Event
	At, PreviousAt uint64
}

// NewEventRecorded makes the message of the event at the view's position.
func NewEventRecorded(v *projections.View, m feed.Message[projections.EventRef], read Reader) *EventRecorded {
	return &EventRecorded{Event: FindEvent(as(v), m.At, read), At: m.At, PreviousAt: m.PreviousAt}
}
