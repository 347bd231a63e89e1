package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// plainBroadcast is the baseline: the same WebSockets, and a goroutine each that writes the same bytes when something is said. There
// is no record, no GraphQL and no place to go on from.
func plainBroadcast() {
	raiseFiles()
	var mu sync.Mutex
	said, number := make(chan struct{}), 0
	var frame []byte
	upgrader := websocket.Upgrader{ReadBufferSize: 1 << 10, WriteBufferPool: new(sync.Pool), Subprotocols: []string{"graphql-transport-ws"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /graphql", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			for kind := ""; kind != "subscribe"; { // The two messages that every client begins with.
				_, text, err := conn.ReadMessage()
				if err != nil {
					return
				}
				if kind = "subscribe"; bytes.Contains(text, []byte("connection_init")) {
					kind = "connection_init"
					_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_ack"}`))
				}
			}
			mu.Lock()
			seen := number
			mu.Unlock()
			for {
				mu.Lock()
				next, text, now := said, frame, number
				mu.Unlock()
				if seen == now {
					<-next
					continue
				}
				seen = now
				if conn.WriteMessage(websocket.TextMessage, text) != nil {
					return
				}
			}
		}()
	})
	mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		mu.Lock()
		frame = text
		number++
		close(said)
		said = make(chan struct{})
		mu.Unlock()
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("GraphQL  http://%s/graphql\n", listener.Addr())
	go func() { _ = http.Serve(listener, mux) }()
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
}

// raiseFiles lets the process have as many descriptors as it may.
func raiseFiles() (limit uint64) {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
	return l.Cur
}

// crowd is many followers, each over a WebSocket of its own. What they hear goes to deliver.
type crowd struct {
	mu      sync.Mutex
	conns   []net.Conn
	reading sync.WaitGroup
	deliver func(at uint64, when time.Time)
}

const floodQuery = `subscription($after: LogPosition) { eventRecorded(after: $after) { at previousAt event { type stream recordedAt } } }`

// follow has n followers subscribe, some at a time, and returns when all are.
func (c *crowd) follow(address string, n int, after string) error {
	var connecting sync.WaitGroup
	failed := make(chan error, n)
	turns := make(chan struct{}, 64)
	for range n {
		turns <- struct{}{}
		connecting.Go(func() {
			defer func() { <-turns }()
			dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, ReadBufferSize: 1 << 10, WriteBufferSize: 512, HandshakeTimeout: time.Minute}
			conn, _, err := dialer.Dial("ws://"+address+"/graphql", nil)
			if err == nil {
				err = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_init"}`))
			}
			if err == nil {
				_, _, err = conn.ReadMessage()
			}
			if err == nil {
				variables := ""
				if after != "" {
					variables = `,"variables":{"after":"` + after + `"}`
				}
				err = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"subscribe","id":"1","payload":{"query":%q%s}}`, floodQuery, variables))
			}
			if err != nil {
				failed <- err
				return
			}
			c.mu.Lock()
			c.conns = append(c.conns, conn.UnderlyingConn())
			c.mu.Unlock()
			if c.deliver == nil {
				return
			}
			c.reading.Go(func() {
				for {
					_, text, err := conn.ReadMessage()
					if err != nil {
						return
					}
					now := time.Now()
					_, rest, ok := bytes.Cut(text, []byte(`"at":"`))
					number, _, ok2 := bytes.Cut(rest, []byte(`"`))
					if at, err := strconv.ParseUint(string(number), 10, 64); ok && ok2 && err == nil {
						c.deliver(at, now)
					}
				}
			})
		})
	}
	connecting.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func (c *crowd) leave() {
	c.mu.Lock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
	c.mu.Unlock()
	c.reading.Wait()
}

// tally measures from acknowledged to delivered.
type tally struct {
	mu    sync.Mutex
	acked map[uint64]time.Time
	early map[uint64][]time.Time // What was delivered before the acknowledgement arrived.
	took  []time.Duration
	heard atomic.Int64
}

func newTally() *tally {
	return &tally{acked: map[uint64]time.Time{}, early: map[uint64][]time.Time{}}
}

func (y *tally) deliver(at uint64, when time.Time) {
	y.heard.Add(1)
	y.mu.Lock()
	defer y.mu.Unlock()
	if acked, ok := y.acked[at]; ok {
		y.took = append(y.took, when.Sub(acked))
	} else {
		y.early[at] = append(y.early[at], when)
	}
}

func (y *tally) acknowledged(at uint64, when time.Time) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.acked[at] = when
	for _, early := range y.early[at] {
		y.took = append(y.took, max(0, early.Sub(when)))
	}
	delete(y.early, at)
}

func (y *tally) percentiles() (p50, p99 time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if len(y.took) == 0 {
		return 0, 0
	}
	slices.Sort(y.took)
	return y.took[len(y.took)/2], y.took[len(y.took)*99/100]
}

func (y *tally) wait(b *testing.B, n int64) {
	b.Helper()
	for deadline := time.Now().Add(2 * time.Minute); y.heard.Load() < n; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("%d messages were heard, want %d", y.heard.Load(), n)
		}
	}
}

// resident gives the resident memory of a process and how many descriptors it has.
func resident(b *testing.B, pid int) (kib, descriptors int) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("the memory of a process is read on Linux only")
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ = strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	entries, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return kib, len(entries)
}

// healthy asks for /healthz until it is told to stop, and gives the longest that it took.
func healthy(address string) (stop func() (longest time.Duration, failures int)) {
	done, result := make(chan struct{}), make(chan struct{})
	var longest time.Duration
	failures := 0
	go func() {
		defer close(result)
		client := http.Client{Timeout: 10 * time.Second}
		for {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			begun := time.Now()
			response, err := client.Get("http://" + address + "/healthz")
			if err != nil || response.StatusCode != http.StatusOK {
				failures++
				continue
			}
			_ = response.Body.Close()
			longest = max(longest, time.Since(begun))
		}
	}()
	return func() (time.Duration, int) {
		close(done)
		<-result
		return longest, failures
	}
}

// BenchmarkFollowers has many followers of one node (5,000, or $RAPPORTEUR_FOLLOWERS), on a store on disk, client and server on the
// same processors, and the same followers of a plain broadcast. It measures from a recording acknowledged to its message delivered at
// ten recordings a second, and messages a second when recordings come as quickly as they can; both again with fifty followers more
// that do not read; the memory of a follower that waits; and how long it takes until all are back after all lines broke at once.
func BenchmarkFollowers(b *testing.B) {
	n := 5000
	if text := os.Getenv("RAPPORTEUR_FOLLOWERS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	if limit := raiseFiles(); limit < uint64(n)+500 {
		b.Skipf("%d descriptors are allowed, fewer than %d followers need", limit, n)
	}
	for b.Loop() {
		plain(b, n)
		flood(b, n)
	}
}

const (
	steadily = 30 // Recordings, ten a second.
	quickly  = 60 // Recordings, one after another.
)

// plain measures the baseline.
func plain(b *testing.B, n int) {
	p, err := beginAs("plain-broadcast", b.TempDir(), nil)
	if err == nil {
		err = p.serving()
	}
	if err != nil {
		b.Fatal(err)
	}
	defer p.stop(syscall.SIGTERM)
	y := newTally()
	c := &crowd{deliver: y.deliver}
	before, _ := resident(b, p.cmd.Process.Pid)
	if err := c.follow(p.address, n, ""); err != nil {
		b.Fatal(err)
	}
	defer c.leave()
	time.Sleep(time.Second)
	idle, _ := resident(b, p.cmd.Process.Pid)
	say := func(at uint64) {
		payload := fmt.Sprintf(`{"type":"next","id":"1","payload":{"data":{"eventRecorded":{"at":"%d","previousAt":"%d","event":{"type":"PositionStated","stream":"position-URY","recordedAt":"2026-11-24T12:00:00.000000Z"}}},"extensions":{"at":"%d"}}}`, at, at-1, at)
		response, err := http.Post("http://"+p.address+"/say", "text/plain", strings.NewReader(payload))
		if err != nil {
			b.Fatal(err)
		}
		_ = response.Body.Close()
		y.acknowledged(at, time.Now())
	}
	for at := range uint64(steadily) {
		say(at + 1)
		y.wait(b, int64(n)*int64(at+1)) // It has no record: who is late would miss the next.
		time.Sleep(100 * time.Millisecond)
	}
	p50, p99 := y.percentiles()
	begun := time.Now()
	for at := range uint64(quickly) {
		say(1000 + at)
		y.wait(b, int64(n)*int64(steadily+int(at)+1))
	}
	rate := float64(n*quickly) / time.Since(begun).Seconds()
	b.ReportMetric(float64(p50.Microseconds())/1000, "plain-p50-ms")
	b.ReportMetric(float64(p99.Microseconds())/1000, "plain-p99-ms")
	b.ReportMetric(rate, "plain-messages/s")
	b.ReportMetric(float64(idle-before)/float64(n), "plain-KiB/follower")
}

func flood(b *testing.B, n int) {
	dir := b.TempDir()
	newDemoStore(b, dir)
	p, err := start(dir, nil, "serve", "--store", "file:.", "--listen", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer p.stop(syscall.SIGTERM)
	pid := p.cmd.Process.Pid
	recorded := 0
	record := func(y *tally) uint64 {
		recorded++
		a := &attempt{key: fmt.Sprint("flood ", recorded), query: recordPosition, input: map[string]any{
			"actor": "URY", "target": map[string]any{"proposal": "programme-of-action"}, "stance": "SUPPORT", "statedOn": "2024-05-01",
			"summary": fmt.Sprint("Made-up text ", recorded), "source": map[string]any{"title": "Example source, not a real one"},
			"idempotencyKey": fmt.Sprint("flood ", recorded),
		}}
		if _, err := a.send(p.address); err != nil {
			b.Fatal(err)
		}
		y.acknowledged(a.at, time.Now())
		return a.at
	}
	// At first a few, so that what is made once is there before memory is looked at.
	warm := &crowd{deliver: func(uint64, time.Time) {}}
	if err := warm.follow(p.address, 20, ""); err != nil {
		b.Fatal(err)
	}
	record(newTally())
	warm.leave()
	time.Sleep(time.Second)
	before, descriptors := resident(b, pid)

	y := newTally()
	c := &crowd{deliver: y.deliver}
	stop := healthy(p.address)
	begun := time.Now()
	if err := c.follow(p.address, n, ""); err != nil {
		b.Fatal(err)
	}
	waitSubscriptions(b, p.address, n)
	took := time.Since(begun)
	longest, failures := stop()
	b.ReportMetric(took.Seconds(), "first-storm-s")
	b.ReportMetric(longest.Seconds(), "first-storm-healthz-s")
	time.Sleep(2 * time.Second)
	idle, _ := resident(b, pid)
	b.ReportMetric(float64(idle-before)/float64(n), "KiB/follower")
	if failures > 0 {
		b.Errorf("/healthz failed %d times in the storm", failures)
	}

	measure := func(y *tally) (p50, p99 time.Duration, rate float64) {
		heard := y.heard.Load()
		for range steadily {
			record(y)
			time.Sleep(100 * time.Millisecond)
		}
		y.wait(b, heard+int64(n*steadily))
		p50, p99 = y.percentiles()
		heard = y.heard.Load()
		begun := time.Now()
		for range quickly {
			record(y)
		}
		y.wait(b, heard+int64(n*quickly))
		return p50, p99, float64(n*quickly) / time.Since(begun).Seconds()
	}
	p50, p99, rate := measure(y)
	b.ReportMetric(float64(p50.Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
	b.ReportMetric(rate, "messages/s")

	// Fifty who do not read: their sockets are full after a while, and nobody else notices.
	deaf := &crowd{}
	if err := deaf.follow(p.address, 50, "0"); err != nil {
		b.Fatal(err)
	}
	y.mu.Lock()
	y.took = nil
	y.mu.Unlock()
	p50, p99, rate = measure(y)
	b.ReportMetric(float64(p50.Microseconds())/1000, "deaf-p50-ms")
	b.ReportMetric(float64(p99.Microseconds())/1000, "deaf-p99-ms")
	b.ReportMetric(rate, "deaf-messages/s")
	deaf.leave()

	// All lines break at once, and all come back behind what they saw last, while one thing more was recorded.
	peak, _ := resident(b, pid)
	last := record(y)
	y.wait(b, y.heard.Load())
	c.leave()
	y = newTally()
	c = &crowd{deliver: y.deliver}
	stop = healthy(p.address)
	begun = time.Now()
	if err := c.follow(p.address, n, strconv.FormatUint(last-1, 10)); err != nil {
		b.Fatal(err)
	}
	y.wait(b, int64(n))
	took = time.Since(begun)
	longest, failures = stop()
	b.ReportMetric(took.Seconds(), "storm-s")
	b.ReportMetric(longest.Seconds(), "storm-healthz-s")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
	if failures > 0 || took > time.Minute || longest > time.Second {
		b.Errorf("the storm took %v, /healthz up to %v, with %d failures", took, longest, failures)
	}
	c.leave()
	waitSubscriptions(b, p.address, 0)
	runtime.GC()
	for range 50 {
		if _, left := resident(b, pid); left <= descriptors+5 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	_, left := resident(b, pid)
	b.Errorf("%d descriptors are left of %d", left, descriptors)
}

// waitSubscriptions waits until the server says that so many subscriptions are open.
func waitSubscriptions(b *testing.B, address string, n int) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		open, err := subscriptions(address)
		if err == nil && open == n {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d subscriptions are open, want %d (%v)", open, n, err)
		}
	}
}

func subscriptions(address string) (int, error) {
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "rapporteur_subscriptions "); ok {
			return strconv.Atoi(strings.TrimSpace(rest))
		}
	}
	return 0, errors.New("/metrics has no rapporteur_subscriptions")
}
