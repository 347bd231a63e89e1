package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// maxCalls is how many calls of one connection may be under way, those that hang in the client included.
const maxCalls = 256

// hang is how long a call may go on behind the end of its context before its client is taken for dead.
const hang = 250 * time.Millisecond

// errNotSent says that nothing was handed to a server.
var errNotSent = errors.New("not sent")

// connection hands out a client of which it is known that it has found a node, and replaces it as a whole when it fails.
//
// One goroutine connects, and no call does, but for one that came between a failure and its notice: there the client connects by
// itself, and leaks the connection that it had. A client that fails is handed out no more, and closed when the last call on it has
// ended, or some seconds later: that is what frees calls that hang in it (they panic, sending on a closed channel, which ends only
// the call).
type connection struct {
	config esdb.Configuration
	times  times
	logger *slog.Logger
	slots  chan struct{}
	done   chan struct{}

	mu      sync.Mutex
	current *session
	changed chan struct{} // Closed and replaced when current changes.
	why     error         // Why there is none.
}

// session is the life of one client.
type session struct {
	client *esdb.Client
	gone   chan struct{} // Closed when it is handed out no more.

	// Under the connection's mutex.
	calls   int
	retired bool
	closed  bool
	seen    eventlog.Offset // How far in $all its node has been seen to be.
	behind  time.Time       // Since when it has not been so far as it must be.
}

// newConnection begins to connect, and goes on until the context ends.
func newConnection(ctx context.Context, config esdb.Configuration, times times, logger *slog.Logger) *connection {
	c := &connection{
		config: config, times: times, logger: logger,
		slots: make(chan struct{}, maxCalls), done: make(chan struct{}), changed: make(chan struct{}), why: errors.New("not connected yet"),
	}
	c.config.Logger = func(level, format string, args ...any) {
		logger.Debug("client: "+fmt.Sprintf(format, args...), "level", level)
	}
	go c.run(ctx)
	return c
}

func (c *connection) run(ctx context.Context) {
	defer close(c.done)
	for told := false; ctx.Err() == nil; {
		client, err := c.connect(ctx)
		if err != nil {
			c.set(nil, err)
			if !told && ctx.Err() == nil {
				c.logger.Warn("the store cannot be reached; trying on", "error", err)
				told = true
			}
			sleep(ctx, c.times.redial)
			continue
		}
		if told {
			c.logger.Info("the store is reached again")
		}
		told = false
		s := &session{client: client, gone: make(chan struct{})}
		c.set(s, nil)
		select {
		case <-s.gone:
			sleep(ctx, 10*time.Millisecond) // A node that takes connections and fails every call is not to be hammered.
		case <-ctx.Done():
			c.retire(s, eventlog.ErrClosed)
		}
	}
}

// connect makes a client and has it find a node. Nobody else has it yet, so nobody can hang in it should it fail.
func (c *connection) connect(ctx context.Context) (*esdb.Client, error) {
	type result struct {
		client *esdb.Client
		err    error
	}
	found := make(chan result, 1)
	go func() {
		config := c.config
		client, err := esdb.NewClient(&config)
		if err == nil {
			err = caught(func() error {
				_, err := client.GetServerVersion()
				return err
			})
			if err != nil {
				_ = client.Close()
			}
		}
		found <- result{client, err}
	}()
	select {
	case r := <-found:
		return r.client, r.err
	case <-ctx.Done():
		go func() { // Discovery does not heed a context; it ends by itself.
			if r := <-found; r.err == nil {
				_ = r.client.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// set puts another session, or none, in place.
func (c *connection) set(s *session, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = s
	if why != nil {
		c.why = why
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// retire hands a session out no more.
func (c *connection) retire(s *session, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.retired {
		return
	}
	s.retired = true
	if c.current == s {
		c.current, c.why = nil, why
		close(c.changed)
		c.changed = make(chan struct{})
	}
	close(s.gone)
	c.logger.Debug("a client is replaced", "error", why)
	if s.calls == 0 {
		c.close(s)
		return
	}
	time.AfterFunc(2*c.times.call, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.close(s)
	})
}

// close ends the client of a session once. c.mu is held.
func (c *connection) close(s *session) {
	if !s.closed {
		s.closed = true
		_ = s.client.Close() // Never an error.
	}
}

// state says why there is no session, or nothing.
func (c *connection) state() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		return c.why
	}
	return nil
}

// take waits for a session and enters a call on it. The error wraps errNotSent, also where the context ended.
func (c *connection) take(ctx context.Context) (*session, error) {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %d calls are under way", errNotSent, maxCalls)
	}
	for {
		c.mu.Lock()
		s, changed, why := c.current, c.changed, c.why
		if s != nil {
			s.calls++
			c.mu.Unlock()
			return s, nil
		}
		c.mu.Unlock()
		select {
		case <-changed:
		case <-c.done:
			<-c.slots
			return nil, fmt.Errorf("%w: %w", errNotSent, eventlog.ErrClosed)
		case <-ctx.Done():
			<-c.slots
			return nil, fmt.Errorf("%w: %w", errNotSent, why)
		}
	}
}

// leave ends a call.
func (c *connection) leave(s *session) {
	<-c.slots
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.calls--; s.calls == 0 && s.retired {
		c.close(s)
	}
}

// saw notes how far the node of a session is.
func (c *connection) saw(s *session, at eventlog.Offset) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before(s.seen, at) {
		s.seen, s.behind = at, time.Time{}
	}
}

// late notes that the node of a session has not come so far as it must be. One that moves on is only slow; one that does not for
// a while is cut off from the others, and another is looked for.
func (c *connection) late(s *session) {
	c.mu.Lock()
	if s.behind.IsZero() {
		s.behind = time.Now()
	}
	stuck := time.Since(s.behind) > c.times.call/2
	c.mu.Unlock()
	if stuck {
		c.retire(s, errBehind)
	}
}

// hasSeen says whether the node of a session is known to be so far.
func (c *connection) hasSeen(s *session, at eventlog.Offset) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !before(s.seen, at)
}

// call runs a call of the client in a goroutine of its own and gives its result, or the context's error as soon as that ends.
// A call that does not end with its context costs its client the trust.
func call[T any](ctx context.Context, c *connection, f func(*session) (T, error)) (T, error) {
	var none T
	s, err := c.take(ctx)
	if err != nil {
		return none, err
	}
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	ended := make(chan struct{})
	go func() {
		defer c.leave(s)
		defer close(ended)
		var r result
		r.err = caught(func() (err error) {
			r.value, err = f(s)
			return err
		})
		if breaks(r.err) {
			c.retire(s, r.err)
		}
		results <- r
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		c.suspect(s, ended)
		return none, ctx.Err()
	}
}

// suspect retires a session unless a call on it ends soon.
func (c *connection) suspect(s *session, ended <-chan struct{}) {
	go func() {
		timer := time.NewTimer(hang)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
			c.retire(s, errors.New("a call did not end with its context"))
		}
	}()
}

// panicked is a panic of the client.
type panicked struct{ value any }

func (e *panicked) Error() string { return fmt.Sprintf("the client panicked: %v", e.value) }

// caught gives a panic as an error.
func caught(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value}
		}
	}()
	return f()
}

// sleep waits, or returns when the context ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
