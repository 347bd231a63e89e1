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
	release, refusal := h.gate.enter(ctx)
	if refusal != nil {
		return ctx, nil, refusal
	}
	return context.WithValue(ctx, slotKey{}, true), release, nil
}
