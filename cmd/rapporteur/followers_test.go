package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// heard is a line of follow.mjs.
type heard struct {
	Client         string
	At, PreviousAt string
	Wrong          string
	Breaks         *int
	Lost           int
}

// TestFollowersMissNothing has the real clients follow the real program, which is killed again and again while others record. Each
// client breaks its line at random, too, and goes on with the last `at`. What each has seen in the end is the record: nothing is
// missing, nothing came twice, and each message named the one before it.
func TestFollowersMissNothing(t *testing.T) {
	const folder = "testdata/followers"
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is not installed; the clients need it: run make setup", name)
		}
	}
	if _, err := os.Stat(folder + "/node_modules/graphql-ws"); err != nil {
		install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		install.Dir = folder
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci in %s: %v; run make setup\n%s", folder, err, out)
		}
	}
	kills, breaks := 3, 8
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		kills, breaks = 25, 200 // Of each of five clients: a thousand.
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)

	dir := t.TempDir()
	newDemoStore(t, dir)
	address := freeAddress(t)
	serve := func() *program {
		t.Helper()
		for {
			p, err := start(dir, nil, "serve", "--store", "file:.", "--listen", address)
			if err == nil {
				return p
			}
			if t.Context().Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond) // The address of the one that was killed may not be free yet.
		}
	}
	p := serve()

	follow := exec.CommandContext(t.Context(), "node", "follow.mjs", "http://"+address+"/graphql", strconv.FormatUint(seed%1_000_000, 10), strconv.Itoa(breaks))
	follow.Dir = folder
	input, err := follow.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := &capture{}
	follow.Stderr = said
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	chains, ends := map[string][]heard{}, map[string]heard{}
	reading := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			var h heard
			if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
				reading <- fmt.Errorf("%s: %w", lines.Text(), err)
				return
			}
			if h.Breaks != nil {
				ends[h.Client] = h
			} else {
				chains[h.Client] = append(chains[h.Client], h)
			}
		}
		reading <- lines.Err()
	}()

	// Writers go on while the program comes and goes; each event has its key, so that one whose fate is unknown is sent again.
	stop, writers := make(chan struct{}), sync.WaitGroup{}
	for number := range 2 {
		writers.Go(func() {
			w := &writer{number: number, random: rand.New(rand.NewPCG(seed, uint64(number)))}
			for a := w.next(); ; {
				select {
				case <-stop:
					return
				default:
				}
				_, err := a.send(address)
				if wrong := (*answered)(nil); errors.As(err, &wrong) && wrong.status == 200 {
					t.Errorf("%s: %v", a.key, err)
					return
				}
				if err != nil {
					time.Sleep(20 * time.Millisecond)
					continue
				}
				a = w.next()
				time.Sleep(time.Duration(w.random.IntN(15)) * time.Millisecond)
			}
		})
	}
	for range kills {
		time.Sleep(time.Duration(300+random.IntN(1200)) * time.Millisecond)
		p.stop(syscall.SIGKILL)
		p = serve()
	}
	p.stop(syscall.SIGTERM) // As a restart is meant to be.
	p = serve()
	time.Sleep(500 * time.Millisecond)
	close(stop)
	writers.Wait()
	if t.Failed() {
		return
	}

	var want []string
	for after := "0"; ; {
		var page struct {
			Events struct {
				Nodes    []struct{ At string }
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		const query = `query($after: String!) { events(filter: {streamPrefix: "position-"}, first: 500, after: $after) { nodes { at } pageInfo { hasNextPage endCursor } } }`
		if err := ask(address, query, map[string]any{"after": after}, &page); err != nil {
			t.Fatal(err)
		}
		for _, n := range page.Events.Nodes {
			want = append(want, n.At)
		}
		if after = page.Events.PageInfo.EndCursor; !page.Events.PageInfo.HasNextPage {
			break
		}
	}
	if _, err := io.WriteString(input, want[len(want)-1]+"\n"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	ended := make(chan error, 1)
	go func() {
		err := <-reading // Wait closes the pipe, so that all is read first.
		ended <- errors.Join(err, follow.Wait())
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	case <-time.After(3 * time.Minute): // Against hanging; it is no measure.
		_ = follow.Process.Kill()
		t.Fatalf("the clients did not reach position %s\n%s", want[len(want)-1], said)
	}
	p.stop(syscall.SIGTERM)

	total := 0
	for _, client := range []string{"graphql-ws", "graphql-sse", "apollo", "urql-ws", "urql-sse"} {
		chain, end := chains[client], ends[client]
		if end.Breaks == nil || *end.Breaks < breaks {
			t.Errorf("%s broke its line fewer than %d times: %+v", client, breaks, end)
			continue
		}
		total += *end.Breaks + end.Lost
		t.Logf("%s: %d messages over %d breaks of its own and %d of the server's", client, len(chain), *end.Breaks, end.Lost)
		previous := "0"
		for i, h := range chain {
			if h.Wrong != "" {
				t.Fatalf("%s heard %s", client, h.Wrong)
			}
			if i >= len(want) || h.At != want[i] || h.PreviousAt != previous {
				t.Fatalf("%s: message %d is at %s and names %s before it; want one at %s that names %s", client, i, h.At, h.PreviousAt, want[min(i, len(want)-1)], previous)
			}
			previous = h.At
		}
		if len(chain) != len(want) {
			t.Errorf("%s: %d messages, want %d", client, len(chain), len(want))
		}
	}
	t.Logf("%d disconnections, %d messages each", total, len(want))
}

// freeAddress gives an address that was free a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
