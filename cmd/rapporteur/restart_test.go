package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Told to end under a thousand feeds and eight writers, the program lets each feed go in such a way that its client comes back, answers
// what is under way and ends; started again, it has each feed go on behind what its client heard last.
func TestFeedsOutliveARestart(t *testing.T) {
	feeds := 1000
	if testing.Short() {
		feeds = 100
	}
	if limit := raiseFiles(); limit < uint64(2*feeds) {
		t.Skipf("%d feeds need %d open files, and %d are allowed here", feeds, 2*feeds, limit)
	}
	dir := filepath.Join(t.TempDir(), "store")
	newDemoStore(t, dir)
	address := freeAddress(t)
	serve := func() *program {
		t.Helper()
		p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", address)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := serve()
	defer func() { p.stop(syscall.SIGKILL) }()
	l := newLedger()
	if err := l.readOn(address); err != nil {
		t.Fatal(err)
	}
	before := len(l.leaves)

	var (
		chains    = make([]*chain, feeds)
		following sync.WaitGroup
		ends      = make([]error, feeds)
		wrong     atomic.Bool // One of them is none that a client comes back from.
		dialing   = make(chan struct{}, 64)
	)
	for i := range chains {
		chains[i] = &chain{sse: i%2 == 1}
		chains[i].at.Store(uint64(before))
	}
	follow := func() {
		var subscribed sync.WaitGroup
		subscribed.Add(feeds)
		for i, c := range chains {
			dialing <- struct{}{}
			following.Go(func() {
				once := sync.OnceFunc(func() { <-dialing; subscribed.Done() })
				defer once()
				if code, err := c.follow(address, func(func()) { once() }); err != nil || code != 1001 {
					ends[i] = fmt.Errorf("feed %d (server-sent events: %v) ends behind %d with %d, %w", i, c.sse, c.at.Load(), code, err)
					wrong.Store(true)
				}
			})
		}
		subscribed.Wait()
	}
	heard := func(at uint64) func() bool {
		return func() bool {
			for _, c := range chains {
				if c.at.Load() < at {
					return wrong.Load()
				}
			}
			return true
		}
	}
	end := func() time.Duration {
		t.Helper()
		begun := time.Now()
		if status := p.stop(syscall.SIGTERM); status != statusDone || p.err.String() != "" {
			t.Errorf("told to end, it ended with status %d: %s", status, p.err.tail())
		}
		took := time.Since(begun)
		following.Wait()
		if err := errors.Join(ends...); err != nil {
			t.Fatal(err)
		}
		return took
	}
	follow()

	// A request on a connection that was kept may cross its closing, and then be lost before it was read. So each has its own.
	ownOne.Store(true)
	defer ownOne.Store(false)
	var (
		writing      sync.WaitGroup
		acknowledged atomic.Int64
		writers      [8]*writer
		wrote        [len(writers)]error
	)
	for i := range writers {
		w := &writer{number: i, random: rand.New(rand.NewPCG(rand.Uint64(), uint64(i)))}
		writers[i] = w
		writing.Go(func() {
			for {
				a := w.next()
				w.attempts = append(w.attempts, a)
				if _, err := a.send(address); err != nil {
					wrote[i] = broken(err)
					return
				}
				acknowledged.Add(1)
				time.Sleep(time.Duration(100+w.random.IntN(200)) * time.Millisecond)
			}
		})
	}
	if err := eventually("mutations are acknowledged, and each feed has heard of one", p, func() bool {
		return acknowledged.Load() >= 30 && heard(uint64(before)+1)()
	}); err != nil {
		t.Fatal(err)
	}
	took := end()
	writing.Wait()
	if err := errors.Join(wrote[:]...); err != nil {
		t.Error(err)
	}

	p = serve()
	follow()
	for _, w := range writers { // What was cut off before it was looked at is sent again, and heard live.
		if _, err := w.attempts[len(w.attempts)-1].send(address); err != nil {
			t.Error(err)
		}
	}
	if err := l.readOn(address); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, w := range writers {
		for _, a := range w.attempts {
			if sent++; a.answer != "" {
				if err := l.holds(a); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if len(l.leaves)-before != sent {
		t.Errorf("%d mutations were sent and answered, %d events recorded", sent, len(l.leaves)-before)
	}
	if err := eventually("each feed has heard everything", p, heard(uint64(len(l.leaves)))); err != nil {
		t.Error(err)
	}
	again := end()
	t.Logf("%d feeds, %d events: ended within %v under writers, and within %v", feeds, sent, took.Round(time.Millisecond), again.Round(time.Millisecond))
}
