package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

func TestQueriesAndMutationsOverAConnection(t *testing.T) {
	s := newDemo(t).station(nil)
	l := s.connect()
	want := func(id, kind, part string) {
		t.Helper()
		if m := l.hear(); m.ID != id || m.Type != kind || !strings.Contains(string(m.Payload), part) {
			t.Errorf("%+v %s, want %s of %s with %s", m, m.Payload, kind, id, part)
		}
	}
	l.subscribe("a", `{ state(by: {code: "FRA"}) { code } }`)
	want("a", "next", `{"data":{"state":{"code":"FRA"}},"extensions":{"at":`)
	want("a", "complete", "")
	l.subscribe("a", recordPosition, "input", position(nil)) // The id is free again.
	want("a", "next", `"recordPosition":`)
	want("a", "complete", "")
	l.subscribe("b", recordPosition, "input", position(map[string]any{"actor": "NOWHERE"}))
	want("b", "next", `"code":"NOT_FOUND"`) // An error beside data is no error message.
	want("b", "complete", "")
	l.say(`{"type":"ping","payload":{"sent":"now"}}`)
	want("", "pong", `{"sent":"now"}`)
	l.say(`{"type":"pong"}`).say(`{"type":"complete","id":"unknown"}`).say(`{"type":"ping"}`)
	want("", "pong", "")

	post := func(accept, query string) *http.Request {
		r, err := http.NewRequest(http.MethodPost, "http://"+s.address+"/graphql", strings.NewReader(fmt.Sprintf(`{"query":%q}`, query)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	e := s.stream(post("", `{ state(by: {code: "FRA"}) { code } }`))
	if h := e.response.Header; h.Get("X-Accel-Buffering") != "no" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", h)
	}
	if event, id, data := e.hear(); event != "next" || id != "" || !strings.Contains(data, `{"data":{"state":{"code":"FRA"}}`) {
		t.Errorf("%s %s %s", event, id, data)
	}
	if event, _, _ := e.hear(); event != "complete" {
		t.Errorf("then %s", event)
	}
	if _, _, data := s.stream(post("", `mutation { defineElement(input: {key: "by-events", label: "x"}) { at } }`)).hear(); !strings.Contains(data, `"defineElement":{"at":`) {
		t.Errorf("a mutation by events: %s", data)
	}
	// Who takes both is answered as always, save for a subscription.
	for query, media := range map[string]string{`{ at }`: "application/json", `subscription { eventRecorded(after: "0") { at } }`: "text/event-stream"} {
		r := post("", query)
		r.Header.Set("Accept", "application/json, text/event-stream, multipart/mixed")
		ctx, cancel := context.WithCancel(t.Context())
		response, err := http.DefaultClient.Do(r.WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, media) {
			t.Errorf("%s: %s", query, got)
		}
		cancel()
	}
	r := httptest.NewRequest(http.MethodGet, "http://localhost/graphql?query="+url.QueryEscape(`mutation { defineElement(input: {key: "k", label: "x"}) { at } }`), nil)
	r.Header.Set("Accept", "text/event-stream")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a mutation by GET: %d", w.Code)
	}
}

// What a client has completed is not heard of any more, so that it can give the id to another operation.
func TestNothingComesOfWhatIsComplete(t *testing.T) {
	s := newDemo(t).station(nil)
	l := s.connect()
	for round := range 300 {
		l.subscribe("1", `subscription { eventRecorded(after: "0") { at } }`)
		for range round % 5 {
			l.hear()
		}
		l.say(`{"type":"complete","id":"1"}`).say(`{"type":"ping"}`)
		for l.hear().Type != "pong" {
		}
		l.subscribe("1", `{ __typename }`)
		for _, kind := range []string{"next", "complete"} {
			if m := l.hear(); m.Type != kind || kind == "next" && !strings.Contains(string(m.Payload), `"__typename"`) {
				t.Fatalf("round %d: %s %s of what was completed, want %s", round, m.Type, m.Payload, kind)
			}
		}
	}
}

// The close codes of the protocol, over a raw socket.
func TestCloseCodes(t *testing.T) {
	s := newDemo(t).station(func(c *graph.Config) {
		c.Following = httpgraphql.Following{Init: 300 * time.Millisecond, Operations: 2}
	})
	init := `{"type":"connection_init"}`
	feed := func(id string) string {
		return `{"type":"subscribe","id":"` + id + `","payload":{"query":"subscription{eventRecorded{at}}"}}`
	}
	for _, c := range []struct {
		why  string
		says []string
		code int
	}{
		{"silence", nil, 4408},
		{"pings before the init", []string{`{"type":"ping"}`, `{"type":"ping"}`}, 4408},
		{"no JSON", []string{`hello`}, 4400},
		{"a list", []string{`[]`}, 4400},
		{"null", []string{`null`}, 4400},
		{"no type", []string{`{"id":"1"}`}, 4400},
		{"a type of another kind", []string{`{"type":7}`}, 4400},
		{"an unknown type", []string{init, `{"type":"start","id":"1"}`}, 4400},
		{"the older protocol", []string{`{"type":"connection_terminate"}`}, 4400},
		{"an init whose payload is none", []string{`{"type":"connection_init","payload":[1]}`}, 4400},
		{"a subscribe without id", []string{init, `{"type":"subscribe","payload":{"query":"{at}"}}`}, 4400},
		{"an empty id", []string{init, `{"type":"subscribe","id":"","payload":{"query":"{at}"}}`}, 4400},
		{"an id that is a number", []string{init, `{"type":"subscribe","id":1,"payload":{"query":"{at}"}}`}, 4400},
		{"an endless id", []string{init, `{"type":"subscribe","id":"` + strings.Repeat("x", 300) + `","payload":{"query":"{at}"}}`}, 4400},
		{"a subscribe without payload", []string{init, `{"type":"subscribe","id":"1"}`}, 4400},
		{"a payload without query", []string{init, `{"type":"subscribe","id":"1","payload":{}}`}, 4400},
		{"a query that is none", []string{init, `{"type":"subscribe","id":"1","payload":{"query":1}}`}, 4400},
		{"variables that are none", []string{init, `{"type":"subscribe","id":"1","payload":{"query":"{at}","variables":[]}}`}, 4400},
		{"a complete without id", []string{init, `{"type":"complete"}`}, 4400},
		{"a server's message", []string{init, `{"type":"next","id":"1"}`}, 4400},
		{"a subscribe before the init", []string{feed("1")}, 4401},
		{"two of one id", []string{init, feed("1"), feed("1")}, 4409},
		{"two inits", []string{init, init}, 4429},
		{"a large message before the init", []string{`{"type":"connection_init","payload":{"x":"` + strings.Repeat("x", 65<<10) + `"}}`}, 1009},
		{"a large message", []string{init, `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`}, 1009},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			l := s.dial(nil)
			l.t = t
			for i, text := range c.says {
				if i > 0 && c.says[0] == init && i == 1 {
					if m := l.hear(); m.Type != "connection_ack" {
						t.Fatalf("%+v", m)
					}
				}
				l.say(text)
			}
			if code, reason := l.closed(); code != c.code || code >= 4000 && reason == "" {
				t.Errorf("closed with %d (%s), want %d", code, reason, c.code)
			}
		})
	}
	t.Run("another protocol", func(t *testing.T) {
		l := s.dial(nil, "graphql-ws")
		if code, _ := l.closed(); code != 4406 {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("no text", func(t *testing.T) {
		l := s.dial(nil)
		_ = l.conn.WriteMessage(websocket.BinaryMessage, []byte(init))
		if code, _ := l.closed(); code != 4400 {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("text that is no UTF-8", func(t *testing.T) {
		l := s.dial(nil).say("{\"type\":\"ping\",\"payload\":{\"x\":\"\xff\"}}")
		if code, _ := l.closed(); code != 1007 {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("too many operations", func(t *testing.T) {
		l := s.connect().say(feed("1")).say(feed("2")).say(feed("3"))
		if m := l.hear(); m.ID != "3" || m.Type != "error" || !strings.Contains(string(m.Payload), `"code":"RATE_LIMITED"`) {
			t.Errorf("%+v %s", m, m.Payload)
		}
		l.say(`{"type":"complete","id":"1"}`).say(`{"type":"ping"}`)
		if m := l.hear(); m.Type != "pong" {
			t.Errorf("%+v %s", m, m.Payload)
		}
		l.say(feed("1"))
		for s.handler.Stats().Subscriptions < 2 { // Else what is recorded may be before they began.
			time.Sleep(time.Millisecond)
		}
		s.record(1)
		seen := map[string]bool{}
		for range 2 {
			m := l.hear()
			seen[m.ID+m.Type] = true
		}
		if !seen["1next"] || !seen["2next"] {
			t.Errorf("heard %v", seen)
		}
	})
	t.Run("a page of another origin", func(t *testing.T) {
		_, response, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).Dial("ws://"+s.address+"/graphql", http.Header{"Origin": {"https://evil.example"}})
		if err == nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("%v", err)
		}
	})
}

// An error message ends an operation for good, so many that come at once are kept waiting instead of sent away.
func TestAllWhoComeAtOnceAreTakenUp(t *testing.T) {
	s := newDemo(t).station(func(c *graph.Config) { c.InFlight = 1 })
	const each = 80 // More than are let wait for one place, and each a document of its own, which has to be read.
	lines := []*line{s.connect(), s.connect(), s.connect()}
	for i := range each {
		for n, l := range lines {
			l.subscribe(strconv.Itoa(i), fmt.Sprintf(`subscription { eventRecorded { at event { stream type as%d: recordedAt as%d: recordedBy } } }`, i, each+n))
		}
	}
	for end := time.Now().Add(patience); s.handler.Stats().Subscriptions < each*len(lines) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	s.record(1)
	for _, l := range lines {
		for range each {
			if m := l.hear(); m.Type != "next" {
				t.Fatalf("%+v %s", m, m.Payload)
			}
		}
	}
}

// A server that is being stopped lets its followers go in such a way that they come back, and answers what is under way.
func TestDraining(t *testing.T) {
	s := newDemo(t).station(nil)
	var lines []*line
	for range 20 {
		lines = append(lines, s.connect().subscribe("1", `subscription { eventRecorded { at } }`))
	}
	e := s.events("", `subscription { eventRecorded { at } }`)
	for s.handler.Stats().Subscriptions < 21 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := make(chan error)
	go func() { done <- s.handler.Drain(ctx) }()
	for _, l := range lines {
		if code, _ := l.closed(); code != websocket.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
		_ = l.conn.Close()
	}
	if event, _, _ := e.hear(); event != "" {
		t.Errorf("the stream ends with %s: its client would not come back", event)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if code, _ := s.dial(nil).closed(); code != websocket.CloseGoingAway {
		t.Errorf("who comes late is closed with %d", code)
	}
}

// people knows two tokens: one that lasts, and one that ends in a moment.
type fleeting struct{}

func (fleeting) Authenticate(_ context.Context, credential string) (auth.Principal, error) {
	p := auth.Principal{Subject: credential, Roles: []auth.Role{auth.Reader}}
	switch credential {
	case "lasting":
		return p, nil
	case "ending":
		p.Expires = time.Now().Add(time.Second)
		return p, nil
	case "later":
		return auth.Principal{}, &auth.Refusal{Code: auth.Unavailable, Message: "Not now.", Cause: errors.New("down")}
	}
	return auth.Principal{}, &auth.Refusal{Code: auth.Unauthenticated, Message: "The token is none of ours."}
}

// revocable takes every token until its key is taken away, and cannot say for a while.
type revocable struct{ away, unsure atomic.Bool }

func (r *revocable) Authenticate(_ context.Context, credential string) (auth.Principal, error) {
	switch {
	case r.unsure.Load():
		return auth.Principal{}, &auth.Refusal{Code: auth.Unavailable, Message: "Not now."}
	case r.away.Load():
		return auth.Principal{}, &auth.Refusal{Code: auth.Unauthenticated, Message: "The key is gone."}
	}
	return auth.Principal{Subject: credential, Roles: []auth.Role{auth.Editor}, Expires: time.Now().Add(time.Hour)}, nil
}

// TestAKeyThatIsTakenAwayEndsWhatIsOpen: nobody goes on recording or following over a connection that was opened by a token of it.
func TestAKeyThatIsTakenAwayEndsWhatIsOpen(t *testing.T) {
	var by revocable
	const ping = time.Second
	s := newDemo(t).station(func(c *graph.Config) {
		c.Authenticator, c.AnyHost, c.Following = &by, true, httpgraphql.Following{Ping: ping}
	})
	slow := newDemo(t).station(func(c *graph.Config) { c.Authenticator, c.AnyHost = &by, true })
	open := func(s *station, header http.Header, payload string) *line {
		l := s.dial(header).say(`{"type":"connection_init","payload":` + payload + `}`)
		l.hear()
		return l
	}
	bearer := http.Header{"Authorization": {"Bearer edna"}}
	feeds := []*line{open(s, nil, `{"Authorization":"Bearer edna"}`), open(s, bearer, `{}`)}
	for _, l := range feeds {
		l.subscribe("1", `subscription { eventRecorded { at } }`)
	}
	records := open(slow, nil, `{"Authorization":"Bearer edna"}`)
	r, _ := http.NewRequest(http.MethodGet, "http://"+s.address+"/graphql?query="+url.QueryEscape(`subscription { eventRecorded { at } }`), nil)
	r.Header = bearer
	e := s.stream(r)

	by.unsure.Store(true) // Which ends nothing.
	time.Sleep(ping * 6 / 5)
	for _, l := range feeds {
		if m := l.subscribe("2", `{ at }`).hear(); m.Type != "next" {
			t.Errorf("while it is not known: %+v", m)
		}
	}
	by.unsure.Store(false)
	by.away.Store(true)
	if code, reason := records.subscribe("1", recordPosition, "input", position(nil)).closed(); code != 4403 || reason != "The key is gone." {
		t.Errorf("who records is closed with %d (%s)", code, reason)
	}
	if events := slow.model.At(); events != s.model.At() {
		t.Errorf("recorded: %d events", events)
	}
	for _, l := range feeds {
		if code, reason := l.closed(); code != 4403 || reason != "The key is gone." {
			t.Errorf("a feed is closed with %d (%s)", code, reason)
		}
	}
	if event, _, _ := e.hear(); event != "" {
		t.Errorf("the stream ends with %s", event)
	}
}

func TestWhoMayFollow(t *testing.T) {
	s := newDemo(t).station(func(c *graph.Config) { c.Authenticator, c.AnyHost = fleeting{}, true })
	for _, c := range []struct {
		payload string
		header  http.Header
		code    int // Of the close; zero for none.
	}{
		{`{}`, nil, 4403},
		{`{"Authorization":"Bearer nobody's"}`, nil, 4403},
		{`{"Authorization":"lasting"}`, nil, 4403},
		{`{"Authorization":7}`, nil, 4403},
		{`{"Authorization":"Bearer lasting","authorization":"Bearer lasting"}`, nil, 4403},
		{`{"Authorization":"Bearer later"}`, nil, 1013},
		{`{"Authorization":"Bearer lasting"}`, nil, 0},
		{`{"authorization":"bearer lasting"}`, nil, 0},
		{`{"Authorization":"Bearer nobody's"}`, http.Header{"Authorization": {"Bearer lasting"}}, 4403},
		{`{}`, http.Header{"Authorization": {"Bearer lasting"}}, 0},
	} {
		l := s.dial(c.header).say(`{"type":"connection_init","payload":` + c.payload + `}`)
		if c.code != 0 {
			if code, reason := l.closed(); code != c.code {
				t.Errorf("%s: closed with %d (%s), want %d", c.payload, code, reason, c.code)
			}
			continue
		}
		if m := l.hear(); m.Type != "connection_ack" {
			t.Errorf("%s: %+v", c.payload, m)
			continue
		}
		if m := l.subscribe("1", `{ viewer { subject } }`).hear(); !strings.Contains(string(m.Payload), `"subject":"lasting"`) {
			t.Errorf("%s: %s", c.payload, m.Payload)
		}
		l.hear()
		if m := l.subscribe("1", recordPosition, "input", position(nil)).hear(); !strings.Contains(string(m.Payload), `"FORBIDDEN"`) {
			t.Errorf("a reader records: %s", m.Payload)
		}
	}
	// A feed ends with the token that it was opened by.
	l := s.dial(nil).say(`{"type":"connection_init","payload":{"Authorization":"Bearer ending"}}`)
	l.hear()
	l.subscribe("1", `subscription { eventRecorded { at } }`)
	r, _ := http.NewRequest(http.MethodGet, "http://"+s.address+"/graphql?query="+url.QueryEscape(`subscription { eventRecorded { at } }`), nil)
	r.Header.Set("Authorization", "Bearer ending")
	e := s.stream(r)
	if code, reason := l.closed(); code != 4403 || !strings.Contains(reason, "expired") {
		t.Errorf("closed with %d (%s)", code, reason)
	}
	if event, _, _ := e.hear(); event != "" {
		t.Errorf("the stream ends with %s", event)
	}
}

// A follower that stops reading costs its socket and nothing more: others are told everything, and it is given up in time.
func TestWhoDoesNotReadHoldsNobodyUp(t *testing.T) {
	s := newDemo(t).station(func(c *graph.Config) {
		c.Following = httpgraphql.Following{Write: 500 * time.Millisecond, Ping: time.Minute}
	})
	const everything = `subscription { eventRecorded(after: "0") { at event { data leaf } } }`
	deaf := s.connect()
	for i := range 50 { // More than any buffer between the two takes.
		deaf.subscribe(strconv.Itoa(i), everything)
	}
	other := s.connect().subscribe("1", `subscription { eventRecorded(after: "0") { at } }`)
	newest := s.model.At()
	for at := uint64(1); at <= newest; at++ {
		if m := other.hear(); !strings.Contains(string(m.Payload), fmt.Sprintf(`"at":"%d"`, at)) {
			t.Fatalf("at %d: %s", at, m.Payload)
		}
	}
	for deadline := time.Now().Add(patience); s.handler.Stats().Connections["websocket"] > 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("who does not read is not given up")
		}
	}
}

// However much there is to follow, queries find a place: feeds have half of them.
func TestFeedsLeaveRoomForQueries(t *testing.T) {
	s := newDemo(t).station(func(c *graph.Config) { c.InFlight = 2 })
	l := s.connect()
	for i := range 60 { // Each of its own, so that nothing is shared.
		l.subscribe(strconv.Itoa(i), fmt.Sprintf(`subscription { positionChanged(after: "0") { a%d: at position { target { convergence { standings { state { name } evidence { on source { title } } } } } } } }`, i))
	}
	go func() {
		for {
			if _, _, err := l.conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for s.handler.Stats().Subscriptions < 60 {
		time.Sleep(time.Millisecond)
	}
	for range 20 {
		if a := s.askOver(`{ state(by: {code: "FRA"}) { code } }`); !strings.Contains(a, `"FRA"`) {
			t.Errorf("answered %s", a)
		}
	}
	if behind := s.handler.Stats().Behind; behind == 0 {
		t.Error("the feeds were through before the queries: nothing was tried")
	}
}

// askOver sends a query over the station's own socket, by POST.
func (s *station) askOver(query string) string {
	s.t.Helper()
	response, err := http.Post("http://"+s.address+"/graphql", "application/json", strings.NewReader(fmt.Sprintf(`{"query":%q}`, query)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// A peer that is gone without a word is found.
func TestHalfOpenPeersAreFound(t *testing.T) {
	s := newDemo(t).station(func(c *graph.Config) {
		c.Following = httpgraphql.Following{Ping: time.Second} // The answer of the other must come within two of them, on a busy machine too.
	})
	gone := s.connect() // It reads nothing any more, so that no ping of the server is answered.
	there := s.connect()
	go func() {
		for {
			if _, _, err := there.conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for deadline := time.Now().Add(patience); s.handler.Stats().Connections["websocket"] > 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a peer that answers no ping is not given up")
		}
	}
	time.Sleep(500 * time.Millisecond)
	if n := s.handler.Stats().Connections["websocket"]; n != 1 {
		t.Errorf("%d connections, want that of the peer that answers", n)
	}
	_ = gone
	e := s.events("", `subscription { eventRecorded { at } }`)
	heartbeats := 0
	for heartbeats < 3 {
		text, err := e.body.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if text == ":\n" {
			heartbeats++
		}
	}
}

// Subscribing and going leaves nothing behind: no goroutine, no descriptor, no byte that counts.
func TestFollowersLeaveNothingBehind(t *testing.T) {
	cycles := 300
	if long {
		cycles = 10_000
	}
	s := newDemo(t).station(nil)
	// Each as a test of its own, whose end lets go of what the clients hold here.
	cycle := func(n int) {
		t.Run("cycles", func(t *testing.T) {
			b := *s.bed
			b.t = t
			come := *s
			come.bed = &b
			come.comeAndGo(n)
		})
	}
	measure := func() (goroutines, descriptors int, heap uint64) {
		http.DefaultClient.CloseIdleConnections()
		for range 200 { // What ends needs a moment.
			runtime.GC()
			goroutines, descriptors = runtime.NumGoroutine(), openDescriptors(t)
			if goroutines < 40 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return goroutines, descriptors, m.HeapAlloc
	}
	cycle(40) // What is made once is made.
	goroutines, descriptors, heap := measure()
	cycle(cycles)
	var g, d int
	var h uint64
	for range 100 { // The kernel and net/http let go a moment later.
		if g, d, h = measure(); g <= goroutines+2 && d <= descriptors+2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("after %d cycles: goroutines %d -> %d, descriptors %d -> %d, heap %d -> %d KiB", cycles, goroutines, g, descriptors, d, heap>>10, h>>10)
	if g > goroutines+2 || d > descriptors+2 {
		t.Errorf("goroutines %d -> %d, descriptors %d -> %d", goroutines, g, descriptors, d)
	}
	if grown := int64(h) - int64(heap); grown > 4<<20 {
		t.Errorf("the heap grew by %d KiB in %d cycles", grown>>10, cycles)
	}
}

// comeAndGo has n followers subscribe and leave, each fourth in another way, and returns when the server has let go of all.
func (s *station) comeAndGo(n int) {
	var all sync.WaitGroup
	turns := make(chan struct{}, 20)
	for i := range n {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			switch i % 4 {
			case 0: // Leaves properly.
				l := s.connect().subscribe("1", followPositions, "after", "700")
				l.hear()
				l.say(`{"type":"complete","id":"1"}`)
				_ = l.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
				l.closed()
				_ = l.conn.Close()
			case 1: // Hangs up.
				l := s.connect().subscribe("1", followPositions)
				_ = l.conn.Close()
			case 2: // Hangs up before anything was said.
				_ = s.dial(nil).conn.Close()
			case 3:
				e := s.events("", followPositions, "after", "700")
				e.hear()
				e.cancel()
			}
		})
	}
	all.Wait()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		st := s.handler.Stats()
		if st.Connections["websocket"]+st.Connections["sse"] == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("connections are left: %+v", st)
		}
	}
}
