package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const relaySecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// hook is a receiver of webhooks that now and then fails, or takes a message without saying so.
type hook struct {
	mu     sync.Mutex
	random *rand.Rand
	taken  []string // CloudEvents.
	fault  error
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // It was cut off.
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	verifier, err := standardwebhooks.NewWebhook(relaySecret)
	if err == nil {
		err = verifier.Verify(body, r.Header)
	}
	if err != nil {
		h.fault = err
	}
	what := h.random.IntN(100)
	if what == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.taken = append(h.taken, string(body))
	if what == 1 {
		panic(http.ErrAbortHandler)
	}
}

func (h *hook) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.taken) == 0 {
		return ""
	}
	return h.taken[len(h.taken)-1]
}

// published is what a test reads of a CloudEvent.
type published struct {
	ID, LeafHash string
	Data         struct {
		At    string
		Event struct{ Leaf string }
	}
}

func readPublished(t *testing.T, text string) (p published, at uint64) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	at, err := strconv.ParseUint(p.ID, 10, 64)
	if err != nil || p.Data.At != p.ID {
		t.Fatalf("%s: %v", text, err)
	}
	return p, at
}

// newNATS starts a NATS server with JetStream in this process.
func newNATS(t *testing.T) (url string, js nats.JetStreamContext) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if js, err = conn.JetStream(); err != nil {
		t.Fatal(err)
	}
	return s.ClientURL(), js
}

// inStream gives what a stream holds.
func inStream(t *testing.T, js nats.JetStreamContext, name string) (list []string) {
	t.Helper()
	info, err := js.StreamInfo(name)
	if err != nil {
		return nil
	}
	for sequence := uint64(1); sequence <= info.State.LastSeq; sequence++ {
		m, err := js.GetMsg(name, sequence)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(m.Data))
	}
	return list
}

// Server and relays are killed again and again while somebody records: a webhook has every event, in order, at least once, and is
// sent nothing again but what it was sent last; a stream has every message once.
func TestRelaysAreKilled(t *testing.T) {
	kills := 8
	if long {
		kills = 200
	}
	dir, random := t.TempDir(), rand.New(rand.NewPCG(7, 7))
	store := filepath.Join(dir, "store")
	newDemoStore(t, store)
	p, err := start("", nil, "serve", "--store", "file:"+store, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := p.address
	var serving atomic.Pointer[program]
	serving.Store(p)
	defer func() { serving.Load().stop(syscall.SIGKILL) }()

	receiver := &hook{random: rand.New(rand.NewPCG(8, 8))}
	web := httptest.NewUnstartedServer(receiver)
	web.Config.ErrorLog = nil
	web.Start()
	defer web.Close()
	broker, js := newNATS(t)
	state := filepath.Join(dir, "relay.json")
	const from = 750 // Of the 828 that are on record to begin with.
	relays := [][]string{
		{"relay", "--server", "http://" + address, "--to", web.URL + "/hook", "--state", state, "--from", strconv.Itoa(from)},
		{"relay", "--server", "http://" + address, "--to", broker, "--feed", "positionChanged", "--filter", `{"proposal":"programme-of-action"}`, "--stream", "killed"},
	}
	env := append(os.Environ(), "RAPPORTEUR_WEBHOOK_SECRET="+relaySecret)

	// Somebody records until the end.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() {
		w := &writer{number: 1, random: rand.New(rand.NewPCG(9, 9))}
		for ctx.Err() == nil {
			a := w.next()
			if id, err := a.send(address); err == nil && a.query == recordPosition {
				w.position, w.actor = id, strings.TrimPrefix(a.stream, "position-")
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	for range kills {
		var running []*program
		for _, args := range relays {
			r, err := begin("", env, args...)
			if err != nil {
				t.Fatal(err)
			}
			running = append(running, r)
		}
		time.Sleep(time.Duration(100+random.IntN(400)) * time.Millisecond)
		if random.IntN(3) == 0 {
			serving.Load().stop(syscall.SIGKILL)
			if p, err = start("", nil, "serve", "--store", "file:"+store, "--listen", address); err != nil {
				t.Fatal(err)
			}
			serving.Store(p)
			time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		}
		for _, r := range running {
			if status := r.stop(syscall.SIGKILL); status != -1 {
				t.Fatalf("a relay ended by itself, with status %d: %s", status, r.err)
			}
		}
	}
	stop()
	wait.Wait()
	// Two more that are let through, and one that was never disturbed to compare with.
	undisturbed := append(append([]string{}, relays[1]...), "--stream", "undisturbed", "--subject", "undisturbed")
	ledger := newLedger()
	if err := ledger.readOn(address); err != nil {
		t.Fatal(err)
	}
	newest := len(ledger.leaves)
	var running []*program
	for _, args := range append(relays, undisturbed) {
		r, err := begin("", env, args...)
		if err != nil {
			t.Fatal(err)
		}
		running = append(running, r)
		defer r.stop(syscall.SIGKILL)
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		killed, whole := inStream(t, js, "killed"), inStream(t, js, "undisturbed")
		if last := receiver.last(); last != "" && len(killed) > 0 && len(killed) == len(whole) {
			if _, at := readPublished(t, last); at == uint64(newest) {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("they do not come through: %s\n%s", running[0].err, running[1].err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, r := range running {
		if status := r.stop(syscall.SIGTERM); status != statusDone {
			t.Errorf("status %d after SIGTERM: %s", status, r.err)
		}
	}

	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	if receiver.fault != nil {
		t.Error(receiver.fault)
	}
	next, again := uint64(from+1), 0
	for i, text := range receiver.taken {
		p, at := readPublished(t, text)
		switch {
		case at == next:
			next++
		case at == next-1 && i > 0 && text == receiver.taken[i-1]:
			again++
		default:
			t.Fatalf("position %d where %d should be", at, next)
		}
		if hash := sha256.Sum256([]byte("\x00" + p.Data.Event.Leaf)); hex.EncodeToString(hash[:]) != p.LeafHash || p.LeafHash != ledger.leaves[at-1] {
			t.Fatalf("position %d has the leaf %s", at, p.LeafHash)
		}
	}
	if next != uint64(newest)+1 {
		t.Errorf("the webhook has the events up to %d of %d", next-1, newest)
	}
	killed, whole := inStream(t, js, "killed"), inStream(t, js, "undisturbed")
	for i := range whole {
		if i >= len(killed) || killed[i] != whole[i] {
			t.Fatalf("message %d of the stream differs from that of the stream that was not disturbed", i)
		}
	}
	if b, err := os.ReadFile(state); err != nil || !strings.Contains(string(b), fmt.Sprintf(`"at":"%d"`, newest)) {
		t.Errorf("the state: %s, %v", b, err)
	}
	t.Logf("%d events, %d of them twice or more; %d messages in the stream", newest, again, len(whole))
}
