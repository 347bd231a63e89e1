package httpgraphql

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
)

// connection is one that stays open: a WebSocket, or a stream of server-sent events.
type connection interface {
	// leave ends the connection in such a way that its client comes back, elsewhere or later, when what it asked for is answered.
	leave()
	// cut ends it at once.
	cut()
	// behind gives how far the subscription that is furthest back is from the newest, and how many there are.
	behind() (most uint64, subscriptions int)
	kind() string
}

// connections are those that are open.
type connections struct {
	mu      sync.Mutex
	open    map[connection]struct{}
	leaving bool
	none    chan struct{} // Closed when the last one is gone; made by who waits for it.
}

// add takes a connection in; false says that the server is being stopped.
func (c *connections) add(one connection) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving {
		return false
	}
	if c.open == nil {
		c.open = map[connection]struct{}{}
	}
	c.open[one] = struct{}{}
	return true
}

func (c *connections) remove(one connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, one)
	if len(c.open) == 0 && c.none != nil {
		close(c.none)
		c.none = nil
	}
}

func (c *connections) list() []connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]connection, 0, len(c.open))
	for one := range c.open {
		list = append(list, one)
	}
	return list
}

// Drain ends all connections that stay open, and takes no new ones: WebSockets with 1001, so that their clients connect anew and go
// on behind what they saw last. What was asked over one and is under way is answered first. It returns when the last is gone, or
// with the context's error.
func (h *Handler) Drain(ctx context.Context) error {
	c := &h.connections
	c.mu.Lock()
	c.leaving = true
	none := make(chan struct{})
	if len(c.open) == 0 {
		close(none)
	} else {
		c.none = none
	}
	c.mu.Unlock()
	for _, one := range c.list() {
		go one.leave()
	}
	select {
	case <-none:
		return nil
	case <-ctx.Done():
		for _, one := range c.list() {
			one.cut()
		}
		return ctx.Err()
	}
}

// counters count since the handler was made.
type counters struct {
	operations [3]atomic.Uint64 // Queries, mutations, subscriptions that were begun.
	repeated   atomic.Uint64
	refused    atomic.Uint64
	messages   atomic.Uint64
	executed   atomic.Uint64
}

func (c *counters) begun(kind ast.Operation) {
	switch kind {
	case ast.Query:
		c.operations[0].Add(1)
	case ast.Mutation:
		c.operations[1].Add(1)
	case ast.Subscription:
		c.operations[2].Add(1)
	}
}

// Stats say how a handler is doing.
type Stats struct {
	Connections   map[string]int // Open now, by transport: "websocket" and "sse".
	Subscriptions int            // Open now.
	Behind        uint64         // How far the subscription that is furthest back is from the newest.
	Running       int            // Operations that run now.
	Waiting       int            // Operations that wait for their turn.

	// Since the handler was made.
	Queries, Mutations, Subscribed uint64 // Operations that were begun.
	Repeated                       uint64 // Queries of these that were given an answer again.
	Refused                        uint64 // Requests that were not executed.
	Messages                       uint64 // Messages of subscriptions that were sent.
	Executed                       uint64 // Messages of subscriptions that were made; the others were shared.
}

// Stats gives what a server wants to show of the handler.
func (h *Handler) Stats() Stats {
	s := Stats{
		Connections: map[string]int{"websocket": 0, "sse": 0},
		Running:     len(h.gate.slots), Waiting: int(h.gate.waiting.Load()),
		Queries: h.counters.operations[0].Load(), Mutations: h.counters.operations[1].Load(), Subscribed: h.counters.operations[2].Load(),
		Repeated: h.counters.repeated.Load(), Refused: h.counters.refused.Load(), Messages: h.counters.messages.Load(), Executed: h.counters.executed.Load(),
	}
	for _, one := range h.connections.list() {
		s.Connections[one.kind()]++
		most, n := one.behind()
		s.Subscriptions += n
		s.Behind = max(s.Behind, most)
	}
	return s
}
