package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// errSilent says that a subscription stands and sends nothing, though there is something to send.
var errSilent = errors.New("the subscription is silent")

// Wait returns once an event stands behind the offset.
//
// The first call begins to follow the store: one subscription for all who wait, which says no more than that there is something.
// Whoever is woken reads. While the store cannot be reached, Wait waits.
func (l *Log) Wait(ctx context.Context, after eventlog.Offset) error {
	if err := l.watch(ctx, after); err != nil {
		return fmt.Errorf("wait for events: %w", err)
	}
	for {
		l.mu.Lock()
		newest, grown, closed := l.newest, l.grown, l.closed
		l.mu.Unlock()
		switch {
		case closed:
			return fmt.Errorf("wait for events: %w", eventlog.ErrClosed)
		case before(after, newest):
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return fmt.Errorf("wait for events: %w", ctx.Err())
		}
	}
}

// watch makes sure that an event behind the offset will be noticed.
func (l *Log) watch(ctx context.Context, after eventlog.Offset) error {
	l.mu.Lock()
	if !l.watching && !l.closed {
		l.watching, l.watched, l.fed = true, after, after
		if before(l.fed, l.newest) {
			l.fed = l.newest
		}
		l.feeding.Go(l.feed)
		l.feeding.Go(l.guard)
	}
	noticed := !before(after, l.watched) || before(after, l.newest)
	l.mu.Unlock()
	if noticed {
		return nil
	}
	// The feed began behind this offset: what stands between is looked for, and then the feed's beginning is here.
	for _, err := range l.ReadAll(ctx, after) {
		return err // The first event has moved newest.
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if before(after, l.watched) {
		l.watched = after
	}
	return nil
}

// feed keeps a subscription until the log is closed.
func (l *Log) feed() {
	for try := 0; l.life.Err() == nil; try++ {
		began := time.Now()
		err := l.subscribe()
		if l.life.Err() != nil {
			return
		}
		l.logger.Debug("the subscription ended; subscribing again", "error", err)
		if time.Since(began) > l.times.call {
			try = 0
		}
		sleep(l.life, pause(try))
	}
}

// subscribe runs one subscription from where the last one came to.
func (l *Log) subscribe() error {
	ctx, cancel := context.WithCancelCause(l.life)
	defer cancel(nil)
	l.mu.Lock()
	l.drop = cancel
	from := l.fed
	l.mu.Unlock()
	taking, stop := context.WithTimeout(ctx, l.times.call)
	s, err := l.reads.take(taking)
	stop()
	if err != nil {
		return err
	}
	// Until the server has confirmed it, nothing tells a subscription that takes long from one that will never stand.
	unconfirmed := time.AfterFunc(l.times.call, func() { cancel(errStalled) })
	defer unconfirmed.Stop()
	ended := make(chan error, 1)
	finished := make(chan struct{})
	go func() {
		defer l.reads.leave(s)
		defer close(finished)
		err := caught(func() error {
			options := esdb.SubscribeToAllOptions{
				From:            esdb.Start{},
				Filter:          &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{l.prefix}},
				MaxSearchWindow: 32, CheckpointInterval: 1,
			}
			if from != (eventlog.Offset{}) {
				options.From = esdb.Position{Commit: from.Commit, Prepare: from.Prepare}
			}
			subscription, err := s.client.SubscribeToAll(ctx, options)
			if err != nil {
				return err
			}
			defer subscription.Close()
			unconfirmed.Stop()
			for {
				switch e := subscription.Recv(); {
				case e.SubscriptionDropped != nil:
					return e.SubscriptionDropped.Error
				case e.EventAppeared != nil:
					l.feedTo(s, offset(e.EventAppeared.OriginalEvent()), true)
				case e.CheckPointReached != nil:
					l.feedTo(s, eventlog.Offset{Commit: e.CheckPointReached.Commit, Prepare: e.CheckPointReached.Prepare}, false)
				}
			}
		})
		if ctx.Err() == nil && breaks(err) {
			l.reads.retire(s, err)
		}
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		if cause := context.Cause(ctx); errors.Is(cause, errSilent) || errors.Is(cause, errStalled) {
			l.reads.retire(s, cause)
		}
		l.reads.suspect(s, finished)
		return context.Cause(ctx)
	}
}

// feedTo notes how far the subscription has come.
func (l *Log) feedTo(s *session, at eventlog.Offset, ours bool) {
	l.reads.saw(s, at)
	l.learn(at, ours)
	l.mu.Lock()
	defer l.mu.Unlock()
	if before(l.fed, at) {
		l.fed = at
	}
}

// guard looks at the end of $all now and then, by the connection that the subscription does not use, until the log is closed.
// What it finds there wakes who waits; and if the subscription does not find it soon, it is replaced.
func (l *Log) guard() {
	looked := eventlog.Offset{} // So far there is nothing of ours that was not noticed.
	for {
		if sleep(l.life, l.times.watch); l.life.Err() != nil {
			return
		}
		end, err := l.endOf(l.life, l.writes)
		if err != nil {
			continue // Said by the connection.
		}
		l.mu.Lock()
		fed := l.fed
		l.mu.Unlock()
		if before(looked, fed) {
			looked = fed
		}
		var missed eventlog.Offset
		_, err = l.readAll(l.life, looked, end, func(e eventlog.Recorded) bool {
			missed = e.Offset
			return true
		})
		if err != nil {
			if !errors.Is(err, eventlog.ErrClosed) {
				l.logger.Warn("the end of the record cannot be read", "error", err)
			}
			continue
		}
		looked = end
		if missed == (eventlog.Offset{}) {
			continue
		}
		sleep(l.life, l.times.grace)
		l.mu.Lock()
		silent, drop := before(l.fed, missed), l.drop
		if silent {
			l.fed = missed // It is noticed; the next subscription need not send it.
		}
		l.mu.Unlock()
		if silent && drop != nil {
			l.logger.Warn("a subscription sent nothing though there was something; subscribing again")
			drop(errSilent)
		}
	}
}
