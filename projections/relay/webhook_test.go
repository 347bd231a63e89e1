package relay_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/rapporteur/rapporteur/projections/relay"
)

// Two secrets of the form of the specification; the first is that of its example.
const (
	firstSecret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secondSecret = "whsec_c2Vjb25kIHNlY3JldCBvZiB0aGUgdGVzdHMh"
)

// receiver is a receiver of webhooks that misbehaves: how, is said for each request.
type receiver struct {
	t       *testing.T
	address string
	server  *http.Server

	mu    sync.Mutex
	taken []uint64 // Positions to which it said 2xx, or would have had it not gone away.
	seen  map[uint64]string
	how   func(request int) behaviour
	n     int
}

type behaviour int

const (
	takes behaviour = iota
	fails
	redirects
	asksToWait
	stalls    // Takes it, and does not say so in time.
	breaksOff // Takes it, and closes the connection instead of saying so.
	wantsNoMore
)

func newReceiver(t *testing.T, how func(int) behaviour) *receiver {
	r := &receiver{t: t, how: how, seen: map[uint64]string{}}
	r.start("127.0.0.1:0")
	t.Cleanup(func() { _ = r.server.Close() })
	return r
}

func (r *receiver) start(address string) {
	r.t.Helper()
	var listener net.Listener
	var err error
	for range 100 { // The port may be held for a moment by what was before.
		if listener, err = net.Listen("tcp", address); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.address = listener.Addr().String()
	r.server = &http.Server{Handler: r}
	go func() { _ = r.server.Serve(listener) }()
}

func (r *receiver) restart() {
	_ = r.server.Close()
	r.start(r.address)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // It was cut off.
	}
	r.mu.Lock()
	how := r.how(r.n)
	r.n++
	r.mu.Unlock()
	r.check(q, body)
	switch how {
	case fails:
		w.WriteHeader(http.StatusInternalServerError)
	case redirects:
		http.Redirect(w, q, "http://"+r.address+"/elsewhere", http.StatusTemporaryRedirect)
	case asksToWait:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case wantsNoMore:
		w.WriteHeader(http.StatusGone)
	case stalls:
		r.take(body)
		<-q.Context().Done()
	case breaksOff:
		r.take(body)
		panic(http.ErrAbortHandler)
	default:
		r.take(body)
		w.WriteHeader(http.StatusNoContent)
	}
}

// check says what is wrong with a request, by what the specification says and the library of Standard Webhooks.
func (r *receiver) check(q *http.Request, body []byte) {
	if q.URL.Path != "/hook" || q.Method != http.MethodPost || q.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" {
		r.t.Errorf("%s %s with %v", q.Method, q.URL, q.Header)
	}
	for _, secret := range []string{firstSecret, secondSecret} {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			r.t.Error(err)
			return
		}
		if err := verifier.Verify(body, q.Header); err != nil {
			r.t.Errorf("the signature: %v", err)
		}
	}
	// By hand: v1, HMAC-SHA256 over id, timestamp and body with dots between them.
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(firstSecret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), body)
	if signature, _, _ := strings.Cut(q.Header.Get("webhook-signature"), " "); signature != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		r.t.Errorf("the first signature is %s", signature)
	}
	// What is sent again is the same, under the same id.
	said := q.Header.Get("webhook-id") + "\n" + string(body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, again := r.seen[atOf(body)]; again && before != said {
		r.t.Errorf("sent\n%s\nand again as\n%s", before, said)
	}
	r.seen[atOf(body)] = said
}

func atOf(body []byte) uint64 {
	var e struct{ ID string }
	_ = json.Unmarshal(body, &e)
	at, _ := strconv.ParseUint(e.ID, 10, 64)
	return at
}

func (r *receiver) take(body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = append(r.taken, atOf(body))
}

func (r *receiver) positions() []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.taken)
}

// inOrder says that every message was taken, in order, at least once: what comes again comes at once.
func inOrder(t *testing.T, taken []uint64, newest uint64) {
	t.Helper()
	once := slices.Compact(slices.Clone(taken))
	for i, at := range once {
		if at != uint64(2*i+2) {
			t.Fatalf("message %d is at %d: %v", i, at, taken)
		}
	}
	if len(once) != messagesOf(newest) {
		t.Fatalf("%d messages, want %d", len(once), messagesOf(newest))
	}
}

func hookTo(t testing.TB, config relay.Config, address, state string, timeout time.Duration) relay.Config {
	t.Helper()
	hook, err := relay.NewWebhook(address, []string{firstSecret, secondSecret}, timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hook.Close() })
	config.To, config.Progress = hook, relay.File{Path: state, Receiver: relay.ReceiverOf(address)}
	return config
}

// The receiver fails, stalls, breaks off and is restarted; the line to the server breaks; the relay ends at any moment.
func TestWebhookGetsEveryMessageInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	r := newReceiver(t, func(int) behaviour {
		if random.IntN(4) > 0 {
			return takes
		}
		return []behaviour{fails, redirects, stalls, breaksOff}[random.IntN(4)]
	})
	source, state := &script{first: 7, newest: 200, random: rand.New(rand.NewPCG(1, 1))}, filepath.Join(t.TempDir(), "state.json")
	for start := 0; start < 200; start++ {
		config, log := configOf(t, source)
		config = hookTo(t, config, "http://"+r.address+"/hook", state, 30*time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- relay.Run(ctx, config) }()
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		if start%3 == 1 {
			r.restart()
		}
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		cancel()
		if err := <-ended; err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		if taken := r.positions(); len(taken) > 0 && taken[len(taken)-1] == source.newest {
			break
		}
	}
	inOrder(t, r.positions(), source.newest)
	last := r.seen[source.newest]
	isEvent(t, []byte(last[strings.IndexByte(last, '\n')+1:]), 7, source.newest)
	// The next start has nothing to send.
	config, _ := configOf(t, source)
	config = hookTo(t, config, "http://"+r.address+"/hook", state, time.Second)
	if mark, err := config.Progress.Last(t.Context()); err != nil || mark.At > source.newest || mark.At+2 < source.newest {
		t.Errorf("the state says %v, %v", mark, err)
	}
}

func TestWebhookIsToldToWaitOrToStop(t *testing.T) {
	r := newReceiver(t, func(n int) behaviour { return []behaviour{takes, asksToWait, takes, wantsNoMore}[min(n, 3)] })
	config, log := configOf(t, &script{first: 7, newest: 100})
	config = hookTo(t, config, "http://"+r.address+"/hook", filepath.Join(t.TempDir(), "state"), time.Second)
	began := time.Now()
	err := relay.Run(t.Context(), config)
	if err == nil || !strings.Contains(err.Error(), "410 Gone: it wants no more") {
		t.Errorf("%v\n%s", err, log)
	}
	if d := time.Since(began); d < time.Second {
		t.Errorf("it waited %s, and was asked to wait a second", d)
	}
	if got := r.positions(); !slices.Equal(got, []uint64{2, 4}) {
		t.Errorf("taken: %v", got)
	}
	if mark, err := config.Progress.Last(t.Context()); err != nil || mark.At != 4 {
		t.Errorf("the state: %v, %v", mark, err)
	}
}

func TestSecretsAreChecked(t *testing.T) {
	for _, secrets := range [][]string{nil, {"secret"}, {"whsec_"}, {"whsec_dG9vIHNob3J0"}, {"whsec_%%%"}, {firstSecret, ""}, {strings.TrimPrefix(firstSecret, "whsec_")}} {
		if _, err := relay.NewWebhook("https://rid.example/hook", secrets, time.Second); err == nil {
			t.Errorf("%q is taken", secrets)
		} else if len(secrets) > 0 && len(secrets[0]) > 7 && strings.Contains(err.Error(), secrets[0]) {
			t.Errorf("a secret in an error: %v", err)
		}
	}
	for _, address := range []string{"", "rid.example", "ftp://rid.example", "http://"} {
		if _, err := relay.NewWebhook(address, []string{firstSecret}, time.Second); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}

// No secret, and no address that may have one in it, is in what the relay says, whatever goes wrong.
func TestNothingSecretIsSaid(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // Only then is it seen that the client has gone.
		switch r.URL.Query().Get("how") {
		case "fail":
			http.Error(w, "canary-in-answer", http.StatusInternalServerError)
		case "redirect":
			http.Redirect(w, r, "/?key=canary-in-redirect", http.StatusFound)
		case "gone":
			http.Error(w, "canary-in-answer", http.StatusGone)
		case "stall":
			<-r.Context().Done()
		case "break":
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	for _, address := range []string{
		"http://canary-user:canary-password@" + host + "/canary-path?key=canary-key&how=fail", "http://" + host + "/canary-path?key=canary-key&how=redirect",
		"http://" + host + "/canary-path?key=canary-key&how=gone", "http://" + host + "/canary-path?key=canary-key&how=stall",
		"http://" + host + "/canary-path?key=canary-key&how=break", "http://127.0.0.1:1/canary-path?key=canary-key", "https://" + host + "/canary-path?key=canary-key",
	} {
		config, log := configOf(t, &script{first: 7, newest: 10})
		config = hookTo(t, config, address, filepath.Join(t.TempDir(), "state"), 20*time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := relay.Run(ctx, config)
		cancel()
		said := fmt.Sprint(log, err)
		if !strings.Contains(said, "was not taken") && !strings.Contains(said, "wants no more") {
			t.Errorf("%s: it says %s", address, said)
		}
		for _, canary := range []string{"canary", strings.TrimPrefix(firstSecret, "whsec_"), strings.TrimPrefix(secondSecret, "whsec_")} {
			if strings.Contains(said, canary) {
				t.Errorf("%q is in %s", canary, said)
			}
		}
	}
	config, log := configOf(t, &script{first: 7, newest: 10})
	if _, err := relay.OpenStream(relay.StreamConfig{URL: "nats://canary-user:canary-password@127.0.0.1:x", Name: "talks", Subject: "talks", Logger: config.Logger}); err == nil || strings.Contains(fmt.Sprint(err, log), "canary") {
		t.Errorf("%v %s", err, log)
	}
	s, err := relay.OpenStream(relay.StreamConfig{URL: "nats://canary-user:canary-password@127.0.0.1:1", Name: "talks", Subject: "talks", Logger: config.Logger})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	config.To, config.Progress = s, s
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := relay.Run(ctx, config); err != nil || strings.Contains(log.String(), "canary") {
		t.Errorf("%v %s", err, log)
	}
}

func TestStateOfOneReceiver(t *testing.T) {
	dir := t.TempDir()
	f := relay.File{Path: filepath.Join(dir, "state"), Receiver: "a"}
	if mark, err := f.Last(t.Context()); err != nil || mark != (relay.Mark{}) {
		t.Errorf("without a file: %v, %v", mark, err)
	}
	for at := range uint64(3) {
		want := relay.Mark{Source: "x", At: at, LeafHash: "00"}
		if err := f.Keep(want); err != nil {
			t.Fatal(err)
		}
		if mark, err := f.Last(t.Context()); err != nil || mark != want {
			t.Errorf("%v, %v; want %v", mark, err, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := (relay.File{Path: f.Path, Receiver: "b"}).Last(t.Context()); err == nil || !strings.Contains(err.Error(), "another receiver") {
		t.Error(err)
	}
	for _, text := range []string{"", "{}", "812", `{"receiver":"a","source":"x","at":"1"}`, `{"receiver":"a","source":"x","at":"-1","leafhash":"00"}`} {
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Last(t.Context()); err == nil || !strings.Contains(err.Error(), "is no state of a relay") {
			t.Errorf("%q: %v", text, err)
		}
	}
	missing := relay.File{Path: filepath.Join(dir, "missing", "state")}
	if err := missing.Keep(relay.Mark{}); err == nil {
		t.Error("a folder that is not there")
	}
	if _, err := missing.Last(t.Context()); err == nil || !strings.Contains(err.Error(), "the state cannot be kept") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
