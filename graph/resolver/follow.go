package resolver

import (
	"context"
	"errors"
	"strconv"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections/feed"
)

// follow answers a field of Subscription. Where the context carries a message, that is shown; else the feed is opened, and hands
// itself over to the transport, which executes the operation once for each message. So a message is answered as a query is, as of
// its own position, and nobody waits on a channel.
func follow[M, T any](ctx context.Context, r *Resolver, after *uint64, open func(*faults) *feed.Feed[M], show func(feed.Message[M]) *T) (<-chan *T, error) {
	messages := make(chan *T, 1)
	defer close(messages)
	if s, ok := ctx.Value(showingKey{}).(showing); ok {
		m, ok := s.message.(feed.Message[M])
		if !ok {
			return nil, errors.New("the message is one of another feed") // unreachable: the operation is the one that opened the feed.
		}
		operationOf(ctx).answeredAt(s.at)
		messages <- show(m)
		return messages, nil
	}
	var f faults
	opened := open(&f)
	from, err := r.from(ctx, after)
	f.take(err)
	if err := f.err(); err != nil {
		return nil, err
	}
	httpgraphql.Follow(ctx, follower[M]{opened.After(from), r})
	return messages, nil
}

// from gives the position behind which a feed begins: the last that the client saw, or the newest.
func (r *Resolver) from(ctx context.Context, after *uint64) (uint64, error) {
	path := "after"
	if id := httpgraphql.LastEventID(ctx); id != "" {
		// A browser that connects anew repeats the address, and with it the `after` of the beginning.
		at, ok := relay.ParsePosition(id)
		if !ok {
			return 0, domain.Refuse(domain.BadUserInput, path, "The header Last-Event-ID has no LogPosition; send the id of the last message, or leave it out.")
		}
		after = &at
	}
	if after == nil {
		return operationOf(ctx).now.Load(), nil
	}
	return *after, r.reach(ctx, *after, path)
}

// follower is a feed's cursor as the transports read it.
type follower[M any] struct {
	cursor *feed.Cursor[M]
	r      *Resolver
}

// Poll gives the next message that there is now.
func (s follower[M]) Poll(ctx context.Context) (httpgraphql.Event, bool, error) {
	m, ok, err := s.cursor.Poll(ctx)
	if !ok || err != nil {
		return httpgraphql.Event{}, false, err
	}
	id := strconv.FormatUint(m.At, 10)
	return httpgraphql.Event{
		ID:  id,
		Key: id + " " + strconv.FormatUint(m.PreviousAt, 10),
		Context: func(ctx context.Context) context.Context {
			return context.WithValue(ctx, showingKey{}, showing{m.At, m})
		},
	}, true, nil
}

// Wait returns once the record has gone on.
func (s follower[M]) Wait(ctx context.Context) error { return s.cursor.Wait(ctx) }

// Behind gives how many events of the record the follower has not looked at.
func (s follower[M]) Behind() uint64 {
	seen, newest := s.cursor.Seen(), s.r.Model.At()
	return newest - min(seen, newest)
}

// showing is the message that an operation is executed for.
type showing struct {
	at      uint64
	message any // A feed.Message.
}

type showingKey struct{}
