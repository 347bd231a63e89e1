package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// ahead is how many events of a reading are decoded before they are asked for.
const ahead = 64

// pulled is what a reading gives.
type pulled struct {
	event *esdb.RecordedEvent
	err   error
}

// pull runs a reading of the client in a goroutine of its own, since the client may hang in any of its calls, and gives its events.
// The sequence ends at the reading's end, or with an error: one of the client, errStalled, or that of the context.
func (l *Log) pull(ctx context.Context, c *connection, open func(context.Context, *session) (*esdb.ReadStream, error)) iter.Seq2[*esdb.RecordedEvent, error] {
	return func(yield func(*esdb.RecordedEvent, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(l.life, cancel)()
		taking, stop := context.WithTimeout(ctx, l.times.call)
		s, err := c.take(taking)
		stop()
		if err != nil {
			yield(nil, err)
			return
		}
		events, ended := make(chan pulled, ahead), make(chan struct{})
		go func() {
			defer c.leave(s)
			defer close(ended)
			defer close(events)
			err := caught(func() error {
				reading, err := open(ctx, s)
				if err != nil {
					return err
				}
				defer reading.Close()
				for {
					resolved, err := reading.Recv()
					if err != nil {
						return err
					}
					select {
					case events <- pulled{event: resolved.OriginalEvent()}:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
			})
			if breaks(err) && ctx.Err() == nil {
				c.retire(s, err)
			}
			select {
			case events <- pulled{err: err}:
			case <-ctx.Done():
			}
		}()
		idle := time.NewTimer(l.times.call)
		defer idle.Stop()
		for {
			var p pulled
			select {
			case p = <-events:
			default:
				idle.Reset(l.times.call)
				select {
				case p = <-events:
				case <-ctx.Done():
					c.suspect(s, ended)
					yield(nil, ctx.Err())
					return
				case <-idle.C:
					cancel()
					c.retire(s, errStalled)
					yield(nil, errStalled)
					return
				}
			}
			switch {
			case p.event == nil && p.err == nil: // The goroutine has ended with the context.
				yield(nil, ctx.Err())
				return
			case isEOF(p.err):
				return
			}
			if !yield(p.event, p.err) || p.err != nil {
				return
			}
		}
	}
}

func offset(e *esdb.RecordedEvent) eventlog.Offset {
	return eventlog.Offset{Commit: e.Position.Commit, Prepare: e.Position.Prepare}
}

// insist runs f until it succeeds or is refused for good. It gives up with ErrUnavailable when there was no progress for as long as
// patience lasts.
func (l *Log) insist(ctx context.Context, f func() (progress bool, err error)) error {
	since := time.Now()
	for try := 0; ; try++ {
		progress, err := f()
		if err == nil {
			return nil
		}
		if ended := l.ended(ctx); errors.Is(ended, eventlog.ErrClosed) {
			return ended
		} else if ended != nil && !errors.Is(err, ended) {
			return fmt.Errorf("%w: %w", ended, err)
		} else if ended != nil {
			return err
		}
		if refused := refusal(err); refused != nil {
			return refused
		}
		if errors.Is(err, eventlog.ErrCorrupt) {
			return err
		}
		if progress {
			since, try = time.Now(), 0
		}
		if time.Since(since) > l.times.patience {
			return fmt.Errorf("%w: %w", eventlog.ErrUnavailable, err)
		}
		sleep(ctx, pause(try))
	}
}

// known gives how far $all is known to go.
func (l *Log) known() eventlog.Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.floor
}

// last opens a reading of the last event of $all.
func last(ctx context.Context, s *session) (*esdb.ReadStream, error) {
	return s.client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
}

// endOf gives where $all ends, whatever stands there, as the node of a connection sees it: at least as far as it is known to go.
func (l *Log) endOf(ctx context.Context, c *connection) (end eventlog.Offset, err error) {
	err = l.insist(ctx, func() (bool, error) {
		floor := l.known()
		var on *session
		for e, err := range l.pull(ctx, c, func(ctx context.Context, s *session) (*esdb.ReadStream, error) {
			on = s
			return last(ctx, s)
		}) {
			if err != nil {
				return false, err
			}
			end = offset(e)
			c.saw(on, end)
		}
		if before(end, floor) {
			c.late(on)
			return false, errBehind
		}
		l.learn(end, false)
		return false, nil
	})
	return end, err
}

// fresh makes sure that the node of a session has all that is known.
func (l *Log) fresh(ctx context.Context, s *session, floor eventlog.Offset) error {
	if l.reads.hasSeen(s, floor) {
		return nil
	}
	reading, err := last(ctx, s)
	if err != nil {
		return err
	}
	defer reading.Close()
	resolved, err := reading.Recv()
	if err != nil && !isEOF(err) {
		return err
	}
	if err == nil {
		l.reads.saw(s, offset(resolved.OriginalEvent()))
	}
	if !l.reads.hasSeen(s, floor) {
		l.reads.late(s)
		return errBehind
	}
	return nil
}

// own gives an event of $all as one of ours, or says that it is none.
func (l *Log) own(e *esdb.RecordedEvent) (eventlog.Recorded, bool) {
	stream, ok := strings.CutPrefix(e.StreamID, l.prefix)
	if !ok {
		return eventlog.Recorded{}, false
	}
	return eventlog.Recorded{
		Event:  eventlog.Event{ID: eventlog.ID(e.EventID), Type: e.EventType, Data: e.Data, Metadata: e.UserMetadata},
		Stream: stream, Revision: eventlog.Revision(e.EventNumber), Offset: offset(e),
	}, true
}

// gap says that a stream of ours does not have the event that must follow.
func gap(stream string, is, want eventlog.Revision) error {
	return fmt.Errorf("%w: stream %s: revision %d stands where %d should; events of it were deleted or truncated in the store", eventlog.ErrCorrupt, stream, is, want)
}

// ReadAll gives the events of all streams behind an offset. It reads on where a node dies.
func (l *Log) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	end, err := l.endOf(ctx, l.reads)
	return func(yield func(eventlog.Recorded, error) bool) {
		stopped := false
		if err == nil {
			stopped, err = l.readAll(ctx, after, end, func(e eventlog.Recorded) bool { return yield(e, nil) })
		}
		if err == nil {
			err = l.ended(ctx)
		}
		if err != nil && !stopped {
			yield(eventlog.Recorded{}, fmt.Errorf("read the log: %w", err))
		}
	}
}

// readAll gives our events behind one offset and up to another.
func (l *Log) readAll(ctx context.Context, after, end eventlog.Offset, yield func(eventlog.Recorded) bool) (stopped bool, err error) {
	at := after // So far all was looked at, whosever it was.
	var newest eventlog.Offset
	defer func() { l.learn(newest, true) }()
	next := make(map[string]eventlog.Revision)
	if !before(at, end) {
		return false, nil
	}
	err = l.insist(ctx, func() (progress bool, err error) {
		var on *session
		for e, err := range l.pull(ctx, l.reads, func(ctx context.Context, s *session) (*esdb.ReadStream, error) {
			on = s
			options := esdb.ReadAllOptions{From: esdb.Start{}}
			if at != (eventlog.Offset{}) {
				options.From = esdb.Position{Commit: at.Commit, Prepare: at.Prepare}
			}
			return s.client.ReadAll(ctx, options, math.MaxInt64)
		}) {
			if err != nil {
				return progress, err
			}
			place := offset(e)
			l.reads.saw(on, place)
			if !before(at, place) {
				continue // The beginning of a reading is inclusive.
			}
			if before(end, place) {
				return true, nil
			}
			progress = true
			if ours, ok := l.own(e); ok {
				if ended := l.ended(ctx); ended != nil {
					return true, ended
				}
				want, known := next[ours.Stream]
				if ours.Revision != want && (known || after == (eventlog.Offset{})) {
					return true, gap(ours.Stream, ours.Revision, want)
				}
				next[ours.Stream] = ours.Revision + 1
				at, newest = place, place
				if !yield(ours) {
					stopped = true
					return true, nil
				}
			}
			at = place
			if at == end {
				return true, nil
			}
		}
		l.reads.late(on)
		return progress, errBehind
	})
	return stopped, err
}

// ReadStream gives the events of one stream from a revision on.
func (l *Log) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	head, err := l.head(ctx, stream)
	return func(yield func(eventlog.Recorded, error) bool) {
		stopped := false
		if err == nil {
			stopped, err = l.readStream(ctx, stream, max(from, 0), head, func(e eventlog.Recorded) bool { return yield(e, nil) })
		}
		if err == nil {
			err = l.ended(ctx)
		}
		if err != nil && !stopped {
			yield(eventlog.Recorded{}, fmt.Errorf("read the stream %s: %w", stream, err))
		}
	}
}

// head gives the revision of a stream's last event.
func (l *Log) head(ctx context.Context, stream string) (head eventlog.Revision, err error) {
	floor := l.known()
	err = l.insist(ctx, func() (bool, error) {
		head = eventlog.NoStream
		for e, err := range l.pull(ctx, l.reads, func(ctx context.Context, s *session) (*esdb.ReadStream, error) {
			if err := l.fresh(ctx, s, floor); err != nil {
				return nil, err
			}
			return s.client.ReadStream(ctx, l.prefix+stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
		}) {
			if c, ok := code(err); ok && c == esdb.ErrorCodeResourceNotFound {
				return false, nil
			}
			if err != nil {
				return false, err
			}
			head = eventlog.Revision(e.EventNumber)
		}
		return false, nil
	})
	return head, err
}

// readStream gives the events of a stream from one revision to another.
func (l *Log) readStream(ctx context.Context, stream string, from, to eventlog.Revision, yield func(eventlog.Recorded) bool) (stopped bool, err error) {
	next := from
	if next > to {
		return false, nil
	}
	err = l.insist(ctx, func() (progress bool, err error) {
		var on *session
		for e, err := range l.pull(ctx, l.reads, func(ctx context.Context, s *session) (*esdb.ReadStream, error) {
			on = s
			return s.client.ReadStream(ctx, l.prefix+stream, esdb.ReadStreamOptions{From: esdb.Revision(uint64(next))}, uint64(to-next)+1)
		}) {
			if c, ok := code(err); ok && c == esdb.ErrorCodeResourceNotFound {
				break // On this node.
			}
			if err != nil {
				return progress, err
			}
			ours, _ := l.own(e)
			ours.Offset = eventlog.Offset{} // Servers before 22.10 say nothing of it here, or something else.
			if ended := l.ended(ctx); ended != nil {
				return true, ended
			}
			if ours.Revision != next {
				return true, gap(stream, ours.Revision, next)
			}
			next, progress = next+1, true
			if !yield(ours) {
				stopped = true
				return true, nil
			}
		}
		if next <= to {
			l.reads.late(on)
			return progress, errBehind
		}
		return true, nil
	})
	return stopped, err
}

// place finds where in $all an event of ours stands that is recorded. It looks from the end, as the node sees it that appends go to:
// what is looked for was recorded a moment ago.
func (l *Log) place(ctx context.Context, stream string, revision eventlog.Revision) (at eventlog.Offset, err error) {
	err = l.insist(ctx, func() (bool, error) {
		for e, err := range l.pull(ctx, l.writes, func(ctx context.Context, s *session) (*esdb.ReadStream, error) {
			return s.client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, math.MaxInt64)
		}) {
			if err != nil {
				return false, err
			}
			if ours, ok := l.own(e); ok && ours.Stream == stream && ours.Revision == revision {
				at = ours.Offset
				return true, nil
			}
		}
		return false, errBehind
	})
	return at, err
}
