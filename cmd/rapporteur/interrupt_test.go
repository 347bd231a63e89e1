package main

import (
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Told to end while it is at work, the program answers what is under way and ends with status 0: nothing is recorded that nobody was
// told of, and nothing was told that is not recorded.
func TestInterruptUnderLoad(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			newDemoStore(t, dir)
			p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l := newLedger()
			if err := l.readOn(p.address); err != nil {
				t.Fatal(err)
			}
			before := len(l.leaves)
			// A request on a connection that was kept may cross its closing, and then be lost before it was read. So each has its own.
			transport.DisableKeepAlives = true
			defer func() { transport.DisableKeepAlives = false }()
			var (
				wait         sync.WaitGroup
				acknowledged atomic.Int64
				answers      atomic.Int64
				writers      [8]*writer
				errs         [16]error
			)
			for i := range writers {
				writers[i] = &writer{number: i, random: rand.New(rand.NewPCG(1, uint64(i)))}
				wait.Go(func() { errs[i] = errors.Join(writers[i].write(p.address, &acknowledged), broken(writers[i].cut)) })
				wait.Go(func() { // And readers, whose answers take longer.
					for {
						var data map[string]any
						err := ask(p.address, demoQuery, nil, &data)
						if err != nil {
							errs[8+i] = broken(err)
							return
						}
						answers.Add(1)
					}
				})
			}
			for acknowledged.Load() < 50 || answers.Load() < 10 {
				select {
				case <-p.ended:
					t.Fatalf("it ended by itself: %s", p.err)
				case <-time.After(time.Millisecond):
				}
			}
			if status := p.stop(signal); status != statusDone {
				t.Errorf("status %d: %s", status, p.err)
			}
			wait.Wait()
			if err := errors.Join(errs[:]...); err != nil {
				t.Error(err)
			}
			if p.err.String() != "" {
				t.Errorf("it wrote: %s", p.err)
			}

			p, err = start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer p.stop(syscall.SIGKILL)
			if err := l.readOn(p.address); err != nil {
				t.Fatal(err)
			}
			for _, w := range writers {
				for _, a := range w.attempts {
					if a.answer == "" {
						continue
					}
					if err := l.holds(a); err != nil {
						t.Error(err)
					}
				}
			}
			if n := int(acknowledged.Load()); len(l.leaves)-before != n {
				t.Errorf("%d mutations were answered, %d events recorded", n, len(l.leaves)-before)
			}
			t.Logf("%d mutations and %d queries answered", acknowledged.Load(), answers.Load())
		})
	}
}

// broken gives the error if it shows that a request was read and not answered: no answer, half of one, or one with errors. That
// nobody listens any more is none.
func broken(err error) error {
	wrong := (*answered)(nil)
	if errors.As(err, &wrong) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return nil
}
