package eventstoredb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// Log is the log on a server or cluster.
type Log struct {
	prefix string
	times  times
	logger *slog.Logger

	// life ends when the log is closed. Readings and the feed end with it; appends under way are finished, and then the lines end.
	life, lines      context.Context
	endLife, endLine context.CancelFunc
	// Appends have a connection of their own: one that is answered "not the leader" cuts off all that share it.
	writes, reads *connection
	appends       sync.WaitGroup
	feeding       sync.WaitGroup

	mu     sync.Mutex
	closed bool
	// What this process knows of $all: that it goes so far, and where the newest event of ours stands.
	floor, newest eventlog.Offset
	grown         chan struct{} // Closed and replaced when newest moves, or the log is closed.
	// Of the feed (see Wait). From watched on, every event of ours moves newest.
	watching bool
	watched  eventlog.Offset
	fed      eventlog.Offset // How far the subscription has come.
	drop     context.CancelCauseFunc
	// Why the last append was not taken, and when.
	trouble   error
	troubleAt time.Time
}

var _ eventlog.Log = (*Log)(nil)

// Open connects to a store and reads where its record ends. The context bounds that alone. What the connection string gets wrong is
// told as such; a store that cannot be reached wraps eventlog.ErrUnavailable.
func Open(ctx context.Context, config Config) (*Log, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.times == (times{}) {
		config.times = usualTimes
	}
	client, prefix, err := parse(config.ConnectionString)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if client.SkipCertificateVerification && !client.DisableTLS {
		config.Logger.Warn("the certificates of the store are not verified (tlsVerifyCert=false)")
	}
	l := &Log{prefix: prefix, times: config.times, logger: config.Logger, grown: make(chan struct{})}
	l.life, l.endLife = context.WithCancel(context.Background())
	l.lines, l.endLine = context.WithCancel(context.Background())
	writing := *client
	writing.NodePreference = esdb.NodePreferenceLeader // Another node would forward every append.
	l.writes = newConnection(l.lines, writing, l.times, l.logger)
	l.reads = newConnection(l.lines, *client, l.times, l.logger)
	if _, err := l.endOf(ctx, l.reads); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store %s: %w", Redacted(config.ConnectionString), err), l.Close())
	}
	return l, nil
}

// Prefix is what stands before the names of our streams.
func (l *Log) Prefix() string { return l.prefix }

// before is the order of $all.
func before(a, b eventlog.Offset) bool {
	return a.Commit < b.Commit || a.Commit == b.Commit && a.Prepare < b.Prepare
}

// learn notes that $all goes so far, and, where it is one of ours, wakes who waits for that.
func (l *Log) learn(at eventlog.Offset, ours bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before(l.floor, at) {
		l.floor = at
	}
	if ours && before(l.newest, at) {
		l.newest = at
		l.wake()
	}
}

// wake ends the waiting of all who wait. l.mu is held.
func (l *Log) wake() {
	if !l.closed { // Close has ended it for good.
		close(l.grown)
		l.grown = make(chan struct{})
	}
}

// Newest is where the newest event that this process knows of stands.
func (l *Log) Newest() eventlog.Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// Append records one step.
func (l *Log) Append(ctx context.Context, step eventlog.Append) (eventlog.Appended, error) {
	if err := step.Check(); err != nil {
		return eventlog.Appended{}, err
	}
	if err := l.enter(); err != nil {
		return eventlog.Appended{}, fmt.Errorf("append to %s: %w", step.Stream, err)
	}
	defer l.appends.Done()
	events, err := l.prepare(step)
	if err != nil {
		return eventlog.Appended{}, err
	}
	answer, err := l.append(ctx, step, events)
	switch err.(type) {
	case nil, *eventlog.WrongRevision:
		return answer, err
	}
	return answer, fmt.Errorf("append to %s: %w", step.Stream, err)
}

// AppendAll records the steps one after the other: the client has no call for several, and their order is to be kept.
func (l *Log) AppendAll(ctx context.Context, steps []eventlog.Append) (done int, err error) {
	if err := l.enter(); err != nil {
		return 0, fmt.Errorf("append: %w", err)
	}
	defer l.appends.Done()
	for i, step := range steps {
		if _, err := l.Append(ctx, step); err != nil {
			return i, err
		}
	}
	return len(steps), nil
}

// enter begins an append, unless the log was closed.
func (l *Log) enter() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return eventlog.ErrClosed
	}
	l.appends.Add(1)
	return nil
}

// mostDigits stands for a revision that is not known yet: none has more digits.
const mostDigits = 1<<63 - 1

// prepare checks the sizes of a step and copies it: a caller whose context ends gets its bytes back while the client may still be
// sending them.
func (l *Log) prepare(step eventlog.Append) ([]esdb.EventData, error) {
	var hasher leaf.Hasher
	events := make([]esdb.EventData, len(step.Events))
	total := 0
	for i, e := range step.Events {
		if e.ID == (eventlog.ID{}) {
			return nil, fmt.Errorf("append to %s: a %s without an id", step.Stream, e.Type) // The client would make one up, another each time.
		}
		revision := int64(step.Expected) + 1 + int64(i)
		if step.Expected == eventlog.AnyRevision {
			revision = mostDigits
		}
		if _, size := hasher.Hash(e.ID, step.Stream, e.Type, revision, e.Data, e.Metadata); size > leaf.MaxSize {
			return nil, &eventlog.TooLarge{Stream: step.Stream, Type: e.Type, Size: size, Limit: leaf.MaxSize}
		}
		total += len(e.Data) + len(e.Metadata) + 2*len(e.Type) // The server counts names in UTF-16.
		events[i] = esdb.EventData{
			EventID: uuid.UUID(e.ID), EventType: e.Type, ContentType: esdb.ContentTypeJson,
			Data: bytes.Clone(e.Data), Metadata: bytes.Clone(e.Metadata),
		}
	}
	if total > MaxAppendSize {
		return nil, &eventlog.TooLarge{Stream: step.Stream, Size: total, Limit: MaxAppendSize}
	}
	return events, nil
}

// append sends a step until its outcome is known, if it may be sent again, and while patience lasts.
func (l *Log) append(ctx context.Context, step eventlog.Append, events []esdb.EventData) (eventlog.Appended, error) {
	expected := expectation(step.Expected)
	deadline := time.Now().Add(l.times.patience)
	sent := false // Some try may have been taken.
	for try := 0; ; try++ {
		if err := ctx.Err(); err != nil {
			return eventlog.Appended{}, asUnknown(sent, err)
		}
		result, err := l.appendOnce(ctx, l.prefix+step.Stream, expected, events)
		if err == nil {
			l.met(nil)
			return l.acknowledged(ctx, step, result)
		}
		if revision, ok := actual(err); ok {
			l.met(nil)
			return eventlog.Appended{}, &eventlog.WrongRevision{Stream: step.Stream, Expected: step.Expected, Actual: revision}
		}
		if refused := refusal(err); refused != nil {
			if sent {
				return eventlog.Appended{}, fmt.Errorf("%w: %w", eventlog.ErrUnknown, refused)
			}
			return eventlog.Appended{}, refused
		}
		l.met(err)
		sent = sent || !unsent(err)
		if ended := ctx.Err(); ended != nil {
			err = fmt.Errorf("%w: %w", ended, err)
		}
		again := !sent || step.Expected != eventlog.AnyRevision
		if !again || ctx.Err() != nil || time.Now().After(deadline) || l.life.Err() != nil {
			return eventlog.Appended{}, asUnknown(sent, err)
		}
		sleep(ctx, pause(try))
	}
}

// asUnknown says what an append that failed for good has come to.
func asUnknown(sent bool, err error) error {
	switch {
	case sent:
		return fmt.Errorf("%w: %w", eventlog.ErrUnknown, err)
	case errors.Is(err, eventlog.ErrClosed) || errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("%w: %w", eventlog.ErrUnavailable, err)
}

// pause is how long to wait before the next try.
func pause(try int) time.Duration { return min(10*time.Millisecond<<min(try, 6), 400*time.Millisecond) }

// appendOnce sends a step once.
func (l *Log) appendOnce(ctx context.Context, stream string, expected esdb.ExpectedRevision, events []esdb.EventData) (*esdb.WriteResult, error) {
	ctx, cancel := context.WithTimeout(ctx, l.times.call)
	defer cancel()
	return call(ctx, l.writes, func(s *session) (*esdb.WriteResult, error) {
		result, err := s.client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected, Deadline: &l.times.call}, events...)
		if err != nil && ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", errStalled, err) // Its time was over: another client, then.
		}
		return result, err
	})
}

func expectation(revision eventlog.Revision) esdb.ExpectedRevision {
	switch revision {
	case eventlog.AnyRevision:
		return esdb.Any{}
	case eventlog.NoStream:
		return esdb.NoStream{}
	}
	return esdb.Revision(uint64(revision))
}

// acknowledged gives the answer to a step that was taken.
func (l *Log) acknowledged(ctx context.Context, step eventlog.Append, result *esdb.WriteResult) (eventlog.Appended, error) {
	answer := eventlog.Appended{
		Revision: eventlog.Revision(result.NextExpectedVersion),
		Offset:   eventlog.Offset{Commit: result.CommitPosition, Prepare: result.PreparePosition},
	}
	if step.Expected != eventlog.AnyRevision {
		if last := step.Expected + eventlog.Revision(len(step.Events)); answer.Revision != last {
			return eventlog.Appended{}, fmt.Errorf("%w: the store says that revision %d is the last, not %d", eventlog.ErrUnknown, answer.Revision, last)
		}
	}
	if answer.Offset == (eventlog.Offset{}) {
		// The server knew the step again, and may then leave out where it stands.
		at, err := l.place(ctx, step.Stream, answer.Revision)
		if err != nil {
			return eventlog.Appended{}, fmt.Errorf("%w: it is recorded at revision %d, but cannot be read: %w", eventlog.ErrUnknown, answer.Revision, err)
		}
		answer.Offset = at
	}
	l.learn(answer.Offset, true)
	return answer, nil
}

// met notes how the last append fared.
func (l *Log) met(trouble error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble, l.troubleAt = trouble, time.Now()
}

// Healthy says whether the store can record, as far as is known: nil, or why not. An append that met trouble makes it unhealthy
// for some seconds, after which the next may try.
func (l *Log) Healthy() error {
	l.mu.Lock()
	closed, trouble, at := l.closed, l.trouble, l.troubleAt
	l.mu.Unlock()
	switch {
	case closed:
		return eventlog.ErrClosed
	case trouble != nil && time.Since(at) < l.times.call:
		return fmt.Errorf("%w: the last append failed: %w", eventlog.ErrUnavailable, trouble)
	}
	for _, c := range []*connection{l.writes, l.reads} {
		if err := c.state(); err != nil {
			return fmt.Errorf("%w: %w", eventlog.ErrUnavailable, err)
		}
	}
	return nil
}

// Close ends the log: appends under way are finished, Wait returns ErrClosed.
func (l *Log) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.grown) // Wait sees closed before it would look at the next channel.
	}
	l.mu.Unlock()
	l.endLife()
	l.appends.Wait()
	l.feeding.Wait()
	l.endLine()
	<-l.writes.done
	<-l.reads.done
	return nil
}
