package feed

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/rapporteur/rapporteur/projections"
)

// Feed is one feed under one filter. It may be shared by any number of cursors and goroutines.
type Feed[M any] struct {
	feeds *Feeds
	// search finds the events that may give a message, show what one of them gives.
	search projections.Search
	show   func(at uint64) (M, bool)
}

// stretch is how many events a step looks at before it lets others have the model.
const stretch = 4096

// First gives the first message behind a position, of those up to and including another, and its position; false where there
// is none. The error is the context's.
func (f *Feed[M]) First(ctx context.Context, after, upTo uint64) (message M, at uint64, ok bool, err error) {
	for after < upTo {
		if err := ctx.Err(); err != nil {
			return message, 0, false, err
		}
		to := upTo
		if upTo-after > stretch {
			to = after + stretch
		}
		message, at, ok, err = f.step(ctx, after, to, upTo-after > stretch)
		if ok || err != nil {
			return message, at, ok, err
		}
		after = to
	}
	return message, 0, false, nil
}

// step looks for a message in one stretch. Whoever is far behind takes its turn: there are always some who are not.
func (f *Feed[M]) step(ctx context.Context, after, upTo uint64, far bool) (message M, at uint64, ok bool, err error) {
	if far {
		select {
		case f.feeds.turns <- struct{}{}:
		case <-ctx.Done():
			return message, 0, false, ctx.Err()
		}
		defer func() {
			<-f.feeds.turns
			runtime.Gosched()
		}()
	}
	for {
		at, ok := f.feeds.model.Seek(f.search, after, upTo)
		if !ok {
			return message, 0, false, nil
		}
		if message, ok = f.show(at); ok {
			return message, at, true, nil
		}
		if err := ctx.Err(); err != nil {
			return message, 0, false, err
		}
		after = at
	}
}

// Message is a message of a feed in its place.
type Message[M any] struct {
	At         uint64
	PreviousAt uint64 // The position of the message before it, or the one that the cursor began at.
	Value      M
}

// Cursor is a follower of a feed: where it is, and the position of its last message. It belongs to one goroutine at a time, save
// for Seen.
type Cursor[M any] struct {
	feed     *Feed[M]
	seen     atomic.Uint64 // Up to here there is nothing left to give.
	previous uint64
}

// After makes a cursor that begins behind a position, which must not be beyond the newest.
func (f *Feed[M]) After(after uint64) *Cursor[M] {
	c := &Cursor[M]{feed: f, previous: after}
	c.seen.Store(after)
	return c
}

// Poll gives the next message that there is now, or false. The error is the context's.
func (c *Cursor[M]) Poll(ctx context.Context) (Message[M], bool, error) {
	newest := c.feed.feeds.model.At()
	seen := c.seen.Load()
	value, at, ok, err := c.feed.First(ctx, seen, newest)
	if err != nil {
		return Message[M]{}, false, err
	}
	if !ok {
		c.seen.Store(max(seen, newest))
		return Message[M]{}, false, nil
	}
	m := Message[M]{At: at, PreviousAt: c.previous, Value: value}
	c.previous = at
	c.seen.Store(at)
	return m, true, nil
}

// Wait returns once the record has gone on behind what Poll has looked at. The error is the context's.
func (c *Cursor[M]) Wait(ctx context.Context) error {
	return c.feed.feeds.model.WaitAt(ctx, c.seen.Load()+1)
}

// Next gives the next message, and waits until there is one. The error is the context's.
func (c *Cursor[M]) Next(ctx context.Context) (Message[M], error) {
	for {
		if m, ok, err := c.Poll(ctx); ok || err != nil {
			return m, err
		}
		if err := c.Wait(ctx); err != nil {
			return Message[M]{}, err
		}
	}
}

// Seen gives the position up to which the cursor has looked: how far it is behind is the newest position less this.
func (c *Cursor[M]) Seen() uint64 { return c.seen.Load() }
