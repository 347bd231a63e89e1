package httpgraphql

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// gate lets a number of operations through at once and has a number wait.
type gate struct {
	slots   chan struct{}
	feeds   chan struct{} // Of the slots, those that feeds may have.
	running turns         // Of each client, those that its operations may have.
	turns   turns         // Of each client, the one that its feeds may have.
	waiting atomic.Int64
	room    int64
}

func newGate(slots, room int) *gate {
	half := max(1, slots/2)
	return &gate{
		slots: make(chan struct{}, slots), feeds: make(chan struct{}, half), room: int64(room),
		running: turns{places: half}, turns: turns{places: 1},
	}
}

// enter waits for a slot. The function it returns gives the slot back, once,
// however often it is called. One client has half of the slots, so that others
// find one however much it asks for.
func (g *gate) enter(ctx context.Context, client string) (release func(), refusal *Refusal) {
	places, giveBack := g.places(client)
	free := take(nil, places)
	if free == nil {
		if g.waiting.Add(1) > g.room {
			g.waiting.Add(-1)
			giveBack()
			return nil, refuse(http.StatusServiceUnavailable, Unavailable,
				"Too many operations are waiting; try again in a moment.")
		}
		free = take(ctx.Done(), places)
		g.waiting.Add(-1)
	}
	if free == nil {
		giveBack()
		return nil, refuse(http.StatusServiceUnavailable, Unavailable,
			"The operation waited for its turn until its time was over; try again in a moment.")
	}
	return sync.OnceFunc(func() { free(); giveBack() }), nil
}

// places are what an operation of a client needs, and what says that they are not needed any more.
func (g *gate) places(client string) (places []chan struct{}, giveBack func()) {
	if client == "" {
		return []chan struct{}{g.slots}, func() {}
	}
	own, giveBack := g.running.of(client)
	return []chan struct{}{own, g.slots}, giveBack
}

// again is enter for an operation that was let in before. It gives nothing to release where the context ended first.
func (g *gate) again(ctx context.Context, client string) (release func()) {
	places, giveBack := g.places(client)
	free := take(ctx.Done(), places)
	if free == nil {
		giveBack()
		return func() {}
	}
	return sync.OnceFunc(func() { free(); giveBack() })
}

// wait is enter for who cannot be sent away: a message of a feed is answered, however many wait before it. Of all places feeds have
// half, so that queries find one however much there is to follow; and of those one client has one at a time, so that its many feeds
// wait for one another and not the feeds of others for them.
func (g *gate) wait(ctx context.Context, client string) (release func(), err error) {
	places, giveBack := []chan struct{}{g.feeds, g.slots}, func() {}
	if client != "" {
		var own chan struct{}
		own, giveBack = g.turns.of(client)
		places = append([]chan struct{}{own}, places...)
	}
	free := take(ctx.Done(), places)
	if free == nil {
		giveBack()
		return nil, ctx.Err()
	}
	return func() { free(); giveBack() }, nil
}

// take takes one of each of the places, in their order, and gives what frees them. It is nil where one was not to be had before the
// waiting ended; without an end to it, nobody waits.
func take(end <-chan struct{}, places []chan struct{}) (free func()) {
	taken := 0
	free = func() {
		for _, place := range places[:taken] {
			<-place
		}
	}
	for _, place := range places {
		select {
		case place <- struct{}{}:
			taken++
			continue
		default:
		}
		if end == nil {
			free()
			return nil
		}
		select {
		case place <- struct{}{}:
			taken++
		case <-end:
			free()
			return nil
		}
	}
	return free
}

// turns has, for each client of which something runs or waits now, some places.
type turns struct {
	places int // Of each client.
	mu     sync.Mutex
	held   map[string]*turn
}

type turn struct {
	place chan struct{}
	users int
}

// of gives a client's places, and what says that they are not needed any more.
func (t *turns) of(client string) (place chan struct{}, giveBack func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = map[string]*turn{}
	}
	one := t.held[client]
	if one == nil {
		one = &turn{place: make(chan struct{}, t.places)}
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

// enter takes a slot for an operation, which holds it until it calls what is returned.
func (h *Handler) enter(ctx context.Context) (context.Context, func(), *Refusal) {
	if ctx.Value(slotKey{}) != nil {
		return ctx, func() {}, nil
	}
	ctx, giveBack, refusal := h.share(ctx)
	if refusal != nil {
		return ctx, nil, refusal
	}
	release, refusal := h.gate.enter(ctx, ClientOf(ctx))
	if refusal != nil {
		giveBack()
		return ctx, nil, refusal
	}
	held := &slot{gate: h.gate, client: ClientOf(ctx), release: release}
	return context.WithValue(ctx, slotKey{}, held), func() { held.end(); giveBack() }, nil
}

// smallOperation is how many bytes an operation of a socket may have to be waited with: what waits is held in memory, and a socket may
// have many.
const smallOperation = 16 << 10

// The pause before a place is asked for again doubles from the first to the last; each is taken by chance from half to one and a
// half of it, so that those who came together do not come together again.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = time.Second
)

// enterAtLast is enter for who must not be sent away: the error message of a WebSocket ends an operation for good, and clients try
// again only what a close has ended. So when many come at once, as after a restart, each waits until there is room for it, or until
// its time is over.
func (h *Handler) enterAtLast(ctx context.Context) (context.Context, func(), *Refusal) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		within, release, refusal := h.enter(ctx)
		if refusal == nil {
			return within, release, nil
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return ctx, nil, refusal
		}
	}
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
