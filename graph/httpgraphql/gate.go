package httpgraphql

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
)

// gate lets a number of operations through at once and has a number wait.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
	room    int64
}

func newGate(slots, room int) *gate {
	return &gate{slots: make(chan struct{}, slots), room: int64(room)}
}

// enter waits for a slot. The function it returns gives the slot back, once,
// however often it is called.
func (g *gate) enter(ctx context.Context) (release func(), refusal *Refusal) {
	select {
	case g.slots <- struct{}{}:
		return g.leave(), nil
	default:
	}
	if g.waiting.Add(1) > g.room {
		g.waiting.Add(-1)
		return nil, refuse(http.StatusServiceUnavailable, Unavailable,
			"Too many operations are waiting; try again in a moment.")
	}
	defer g.waiting.Add(-1)
	select {
	case g.slots <- struct{}{}:
		return g.leave(), nil
	case <-ctx.Done():
		return nil, refuse(http.StatusServiceUnavailable, Unavailable,
			"The operation waited for its turn until its time was over; try again in a moment.")
	}
}

// wait is enter for who cannot be sent away: a message of a feed is answered, however many wait before it.
func (g *gate) wait(ctx context.Context) (release func(), err error) {
	select {
	case g.slots <- struct{}{}:
		return g.leave(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *gate) leave() func() {
	return sync.OnceFunc(func() { <-g.slots })
}

// slotKey marks a context whose request has passed the gate, so that the
// executor, which others use without this handler, does not ask for a second slot.
type slotKey struct{}

func (h *Handler) enter(ctx context.Context) (context.Context, func(), *Refusal) {
	if ctx.Value(slotKey{}) != nil {
		return ctx, func() {}, nil
	}
	ctx, giveBack, refusal := h.share(ctx)
	if refusal != nil {
		return ctx, nil, refusal
	}
	release, refusal := h.gate.enter(ctx)
	if refusal != nil {
		giveBack()
		return ctx, nil, refusal
	}
	return context.WithValue(ctx, slotKey{}, true), func() { release(); giveBack() }, nil
}

// shareKey marks a context whose request counts among those of its client.
type shareKey struct{}

// share counts a request among those of its client, which may have only so many
// under way: else one client could hold all places, or fill memory with bodies
// that arrive slowly.
func (h *Handler) share(ctx context.Context) (context.Context, func(), *Refusal) {
	if ctx.Value(shareKey{}) != nil {
		return ctx, func() {}, nil
	}
	client := ClientOf(ctx)
	if !h.clients.take(client, h.config.PerClient) {
		return ctx, nil, refuse(http.StatusTooManyRequests, RateLimited, "This client has "+number(h.config.PerClient)+
			" operations under way, which is the limit for one; wait for an answer before asking for more.").withHeader("Retry-After", "1")
	}
	return context.WithValue(ctx, shareKey{}, true), sync.OnceFunc(func() { h.clients.giveBack(client) }), nil
}
