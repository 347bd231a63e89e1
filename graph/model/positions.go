package model

import (
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// Position is what an actor said on a target on a day, as of a moment.
type Position struct {
	position *projections.Position
	m        Moment
}

// NewPosition makes the Position.
func NewPosition(m Moment, p *projections.Position) *Position { return &Position{position: p, m: m} }

// FindPosition gives the position that was recorded at a place, nil where it does not count at the moment.
func FindPosition(m Moment, at uint64) *Position {
	if p, ok := m.Position(at); ok {
		return NewPosition(m, p)
	}
	return nil
}

func (*Position) IsNode()     {}
func (*Position) IsEvidence() {}

func (p *Position) ID() string                            { return p.m.recorded(relay.Position, p.position.At) }
func (p *Position) Actor() Actor                          { return NewActor(p.m, p.position.Actor) }
func (p *Position) AlignedWith() []*State                 { return statesOf(p.m, p.position.AlignedWith) }
func (p *Position) Dissociated() []*State                 { return statesOf(p.m, p.position.Dissociated) }
func (p *Position) Target() Target                        { return NewTarget(p.m, p.position.Target) }
func (p *Position) Stance() domain.Stance                 { return p.position.Stance }
func (p *Position) Form() domain.StatementForm            { return p.position.Form }
func (p *Position) StatedOn() domain.Date                 { return p.position.StatedOn }
func (p *Position) On() domain.Date                       { return p.position.StatedOn }
func (p *Position) Session() *Session                     { return NewSession(p.m, p.m.Session(p.position.Session)) }
func (p *Position) Summary() string                       { return p.position.Summary }
func (p *Position) Source() *Source                       { return &Source{&p.position.Source} }
func (p *Position) RecordedAt() time.Time                 { return p.position.RecordedAt }
func (p *Position) RecordedBy() string                    { return p.position.RecordedBy }
func (p *Position) At() uint64                            { return p.position.At }
func (p *Position) EndedOn() domain.Date                  { return p.position.EndedOn }
func (p *Position) Corrections() []projections.Correction { return p.position.Corrections }

// Explains gives the act that the position explains; of a vote, the actor's own ballot. An explanation given before the vote has
// none at a day before it.
func (p *Position) Explains() *Endorsement {
	if p.position.ExplainsAt == 0 {
		return nil
	}
	if e, ok := p.m.Endorsement(p.position.ExplainsAt, p.position.Actor.Code()); ok {
		return NewEndorsement(p.m, e)
	}
	return nil
}

// Points gives the points of the position.
func (p *Position) Points() []*Point {
	list := make([]*Point, len(p.position.Points))
	for i, point := range p.position.Points {
		list[i] = &Point{point: point, position: p}
	}
	return list
}

// Point is one point that an actor made in a position.
type Point struct {
	point    domain.Point
	position *Position
}

// NewPoint makes a point of a position.
func NewPoint(p *Position, point domain.Point) *Point { return &Point{point: point, position: p} }

func (p *Point) Kind() domain.PointKind { return p.point.Kind }
func (p *Point) Text() string           { return p.point.Text }
func (p *Point) Actor() Actor           { return p.position.Actor() }
func (p *Point) Position() *Position    { return p.position }
