package model

import (
	"strconv"

	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// page is what the connections share: the nodes of a page, and what is told about the list that it is a part of.
type page[T any] struct {
	Nodes                []T
	cursor               func(T) string
	total                func() int
	hasNext, hasPrevious bool
}

// PageInfo says whether the connection goes on beyond the page.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// pageOf makes the page of a slice; node makes the node of an item, cursor the cursor of a node.
func pageOf[I, T any](s projections.Slice[I], node func(I) T, cursor func(T) string) page[T] {
	p := page[T]{Nodes: make([]T, len(s.Items)), cursor: cursor, total: s.Total, hasNext: s.HasNext, hasPrevious: s.HasPrevious}
	for i, item := range s.Items {
		p.Nodes[i] = node(item)
	}
	return p
}

// TotalCount counts the whole list: only where somebody asks, since it may be long.
func (p *page[T]) TotalCount() int { return p.total() }

// PageInfo says whether the connection goes on beyond the page.
func (p *page[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasNextPage: p.hasNext, HasPreviousPage: p.hasPrevious}
	if n := len(p.Nodes); n > 0 {
		start, end := p.cursor(p.Nodes[0]), p.cursor(p.Nodes[n-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}

// edges makes the edges of a page.
func edges[T, E any](p *page[T], edge func(cursor string, node T) E) []E {
	list := make([]E, len(p.Nodes))
	for i, node := range p.Nodes {
		list[i] = edge(p.cursor(node), node)
	}
	return list
}

// ProposalConnection is a page of proposals.
type ProposalConnection struct{ page[*Proposal] }

// ProposalEdge is a proposal at its place.
type ProposalEdge struct {
	Cursor string
	Node   *Proposal
}

// NewProposalConnection makes a page of proposals.
func NewProposalConnection(m Moment, c relay.Connection, s projections.Slice[*projections.Proposal]) *ProposalConnection {
	return &ProposalConnection{pageOf(s,
		func(p *projections.Proposal) *Proposal { return NewProposal(m, p) },
		func(p *Proposal) string { return c.Cursor(relay.Key{p.proposal.Slug}) })}
}

// Edges gives the edges of the page.
func (c *ProposalConnection) Edges() []*ProposalEdge {
	return edges(&c.page, func(cursor string, node *Proposal) *ProposalEdge { return &ProposalEdge{cursor, node} })
}

// PositionConnection is a page of positions.
type PositionConnection struct{ page[*Position] }

// PositionEdge is a position at its place.
type PositionEdge struct {
	Cursor string
	Node   *Position
}

// NewPositionConnection makes a page of positions.
func NewPositionConnection(m Moment, c relay.Connection, s projections.Slice[projections.Position]) *PositionConnection {
	return &PositionConnection{pageOf(s,
		func(p projections.Position) *Position { return NewPosition(m, &p) },
		func(p *Position) string { return c.Cursor(relay.DayKey(p.position.StatedOn, p.position.At)) })}
}

// Edges gives the edges of the page.
func (c *PositionConnection) Edges() []*PositionEdge {
	return edges(&c.page, func(cursor string, node *Position) *PositionEdge { return &PositionEdge{cursor, node} })
}

// EndorsementConnection is a page of formal acts.
type EndorsementConnection struct{ page[*Endorsement] }

// EndorsementEdge is a formal act at its place.
type EndorsementEdge struct {
	Cursor string
	Node   *Endorsement
}

// NewEndorsementConnection makes a page of formal acts.
func NewEndorsementConnection(m Moment, c relay.Connection, s projections.Slice[projections.Endorsement]) *EndorsementConnection {
	return &EndorsementConnection{pageOf(s,
		func(e projections.Endorsement) *Endorsement { return NewEndorsement(m, &e) },
		func(e *Endorsement) string { return c.Cursor(relay.DayKey(e.act.On, e.act.At, e.act.Actor.Code())) })}
}

// Edges gives the edges of the page.
func (c *EndorsementConnection) Edges() []*EndorsementEdge {
	return edges(&c.page, func(cursor string, node *Endorsement) *EndorsementEdge { return &EndorsementEdge{cursor, node} })
}

// openPoint is a point in a list of open ones, with its index among the points of its position.
type openPoint struct {
	*Point
	index int
}

// PointConnection is a page of points.
type PointConnection struct{ points page[openPoint] }

// PointEdge is a point at its place.
type PointEdge struct {
	Cursor string
	Node   *Point
}

// NewPointConnection makes a page of open points. Points of one position share the Position.
func NewPointConnection(m Moment, c relay.Connection, s projections.Slice[projections.OpenPoint]) *PointConnection {
	positions := map[uint64]*Position{}
	node := func(o projections.OpenPoint) openPoint {
		p := positions[o.PositionAt]
		if p == nil {
			p = FindPosition(m, o.PositionAt)
			positions[o.PositionAt] = p
		}
		return openPoint{NewPoint(p, o.Point), o.Index}
	}
	return &PointConnection{pageOf(s, node, func(o openPoint) string {
		p := o.position.position
		return c.Cursor(relay.DayKey(p.StatedOn, p.At, strconv.Itoa(o.index)))
	})}
}

// Nodes gives the points of the page.
func (c *PointConnection) Nodes() []*Point {
	list := make([]*Point, len(c.points.Nodes))
	for i, o := range c.points.Nodes {
		list[i] = o.Point
	}
	return list
}

// Edges gives the edges of the page.
func (c *PointConnection) Edges() []*PointEdge {
	return edges(&c.points, func(cursor string, o openPoint) *PointEdge { return &PointEdge{cursor, o.Point} })
}

// PageInfo says whether the connection goes on beyond the page.
func (c *PointConnection) PageInfo() *PageInfo { return c.points.PageInfo() }

// TotalCount counts the whole list.
func (c *PointConnection) TotalCount() int { return c.points.TotalCount() }

// EventConnection is a page of the record.
type EventConnection struct{ page[*Event] }

// EventEdge is an event at its place.
type EventEdge struct {
	Cursor string
	Node   *Event
}

// NewEventConnection makes a page of the record. The cursor of an event is its position.
func NewEventConnection(m Moment, s projections.Slice[projections.EventRef], read Reader) *EventConnection {
	bodies := newBodies(s.Items, read)
	return &EventConnection{pageOf(s,
		func(e projections.EventRef) *Event { return &Event{ref: e, m: m, bodies: bodies} },
		func(e *Event) string { return strconv.FormatUint(e.ref.At, 10) })}
}

// Edges gives the edges of the page.
func (c *EventConnection) Edges() []*EventEdge {
	return edges(&c.page, func(cursor string, node *Event) *EventEdge { return &EventEdge{cursor, node} })
}
