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
	feeds   chan struct{} // Of the slots, those that feeds may have.
	turns   turns
	waiting atomic.Int64
	room    int64
}

func newGate(slots, room int) *gate {
	return &gate{slots: make(chan struct{}, slots), feeds: make(chan struct{}, max(1, slots/2)), room: int64(room)}
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

// wait is enter for who cannot be sent away: a message of a feed is answered, however many wait before it. Of all places feeds have
// half, so that queries find one however much there is to follow; and of those one client has one at a time, so that its many feeds
// wait for one another and not the feeds of others for them.
func (g *gate) wait(ctx context.Context, client string) (release func(), err error) {
	places := []chan struct{}{g.feeds, g.slots}
	if client != "" {
		own, giveBack := g.turns.of(client)
		defer func() {
			if err != nil {
				giveBack()
			}
		}()
		places = append([]chan struct{}{own}, places...)
		defer func() {
			if free := release; free != nil {
				release = func() { free(); giveBack() }
			}
		}()
	}
	taken := 0
	free := func() {
		for _, place := range places[:taken] {
			<-place
		}
	}
	for _, place := range places {
		select {
		case place <- struct{}{}:
			taken++
		case <-ctx.Done():
			free()
			return nil, ctx.Err()
		}
	}
	return free, nil
}

// turns has, for each client of which feeds are answered now, a place for one of them.
type turns struct {
	mu   sync.Mutex
	held map[string]*turn
}

type turn struct {
	place chan struct{}
	users int
}

// of gives a client's place, and what says that it is not needed any more.
func (t *turns) of(client string) (place chan struct{}, giveBack func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = map[string]*turn{}
	}
	one := t.held[client]
	if one == nil {
		one = &turn{place: make(chan struct{}, 1)}
		t.held[client] = one
	}
	one.users++
	return one.place, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if one.users--; one.users == 0 {
			delete(t.held, client)
		}
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
