package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
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
			ownOne.Store(true)
			defer ownOne.Store(false)
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

// broken gives the error if it shows an answer with errors, or half of one. That nobody listens any more is none, nor that a connection
// was closed before its request was looked at.
func broken(err error) error {
	wrong := (*answered)(nil)
	if errors.As(err, &wrong) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return nil
}

// A mutation whose request came half before the program was told to end is recorded and answered; nobody new is let in meanwhile.
func TestRequestUnderWayIsAnswered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	newDemoStore(t, dir)
	p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(syscall.SIGKILL)
	w := &writer{number: 1, random: rand.New(rand.NewPCG(1, 1))}
	a := w.next()
	body, err := json.Marshal(map[string]any{"query": a.query, "variables": map[string]any{"input": a.input}})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", p.address, len(body))
	// That the program asks for the body shows that the request is under way.
	answer := bufio.NewReader(conn)
	if response, err := http.ReadResponse(answer, nil); err != nil || response.StatusCode != http.StatusContinue {
		t.Fatalf("%v, %v", response, err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for { // Until it lets nobody in.
		other, err := net.Dial("tcp", p.address)
		if err != nil {
			break
		}
		other.Close()
	}
	if _, err := conn.Write(body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(text), `"done":{"at":"829"`) {
		t.Errorf("status %d, %v: %s", response.StatusCode, err, text)
	}
	<-p.ended
	if status := p.cmd.ProcessState.ExitCode(); status != statusDone || p.err.String() != "" {
		t.Errorf("status %d: %s", status, p.err)
	}
	if report, _, stderr := replayed(dir); report.At != 829 {
		t.Errorf("%d events in the record: %s", report.At, stderr)
	}
}
