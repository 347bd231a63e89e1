package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// station serves a bed over real sockets.
type station struct {
	*bed
	handler *graph.Handler
	address string // Host and port.
}

func (b *bed) station(change func(*graph.Config)) *station {
	b.t.Helper()
	c := graph.Config{
		Model: b.model, Log: b.log, Recorder: recorder.New(b.log, graph.NewReader(b.model), recorder.Config{Clock: clock}),
		Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&c)
	}
	s := &station{bed: b, handler: graph.NewHandler(c)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	server := httpgraphql.NewServer(s.handler, slog.New(slog.DiscardHandler))
	s.address = listener.Addr().String()
	go server.Serve(listener)
	b.t.Cleanup(func() {
		_ = server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.handler.Drain(ctx); err != nil {
			b.t.Errorf("connections are left: %v", err)
		}
	})
	return s
}

// message is one of graphql-transport-ws.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// line is a WebSocket of a client that speaks no better than it must.
type line struct {
	t    testing.TB
	conn *websocket.Conn
}

const patience = 20 * time.Second // Against hanging; it is no measure.

func (s *station) dial(header http.Header, protocols ...string) *line {
	s.t.Helper()
	if protocols == nil {
		protocols = []string{"graphql-transport-ws"}
	}
	conn, _, err := (&websocket.Dialer{Subprotocols: protocols}).Dial("ws://"+s.address+"/graphql", header)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return &line{s.t, conn}
}

func (l *line) say(text string) *line {
	l.t.Helper()
	if err := l.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		l.t.Fatal(err)
	}
	return l
}

func (l *line) hear() message {
	l.t.Helper()
	_, text, err := l.conn.ReadMessage()
	if err != nil {
		l.t.Fatal(err)
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		l.t.Fatalf("%s: %v", text, err)
	}
	return m
}

// closed reads on to the close, and gives its code.
func (l *line) closed() (int, string) {
	l.t.Helper()
	for {
		if _, _, err := l.conn.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			if !errors.As(err, &closed) {
				l.t.Fatalf("ended by %v, not by a close", err)
			}
			return closed.Code, closed.Text
		}
	}
}

func (s *station) connect() *line {
	s.t.Helper()
	l := s.dial(nil).say(`{"type":"connection_init"}`)
	if m := l.hear(); m.Type != "connection_ack" {
		s.t.Fatalf("a connection_init is answered by %+v", m)
	}
	return l
}

func (l *line) subscribe(id, query string, variables ...any) *line {
	l.t.Helper()
	payload := map[string]any{"query": query, "variables": pairs(variables)}
	text, err := json.Marshal(map[string]any{"id": id, "type": "subscribe", "payload": payload})
	if err != nil {
		l.t.Fatal(err)
	}
	return l.say(string(text))
}

func pairs(list []any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i].(string)] = list[i+1]
	}
	return m
}

// events opens a stream of server-sent events.
func (s *station) events(lastEventID, query string, variables ...any) *events {
	s.t.Helper()
	text, err := json.Marshal(pairs(variables))
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+s.address+"/graphql?query="+url.QueryEscape(query)+"&variables="+url.QueryEscape(string(text)), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	return s.stream(r)
}

func (s *station) stream(r *http.Request) *events {
	s.t.Helper()
	r.Header.Set("Accept", "text/event-stream")
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r.WithContext(ctx))
	if err != nil {
		s.t.Fatal(err)
	}
	if media := response.Header.Get("Content-Type"); response.StatusCode != 200 || !strings.HasPrefix(media, "text/event-stream") {
		s.t.Fatalf("%d, %s", response.StatusCode, media)
	}
	return &events{s.t, bufio.NewReader(response.Body), cancel, response}
}

type events struct {
	t        testing.TB
	body     *bufio.Reader
	cancel   context.CancelFunc
	response *http.Response
}

// hear gives the next event that is no comment; of an ended stream an empty one.
func (e *events) hear() (event, id, data string) {
	e.t.Helper()
	for {
		text, err := e.body.ReadString('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				e.t.Fatal(err)
			}
			return "", "", ""
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": ")
		switch name {
		case "event":
			event = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if event != "" {
				return event, id, data
			}
		}
	}
}

// record records positions of a State on a target, one after another.
func (s *station) record(n int) {
	s.t.Helper()
	for i := range n {
		s.get(recordPosition, "input", position(map[string]any{"summary": fmt.Sprint("Statement ", i), "stance": []any{"SUPPORT", "OPPOSE", "NEUTRAL"}[i%3]}))
	}
}

const followPositions = `subscription($after: LogPosition) { positionChanged(after: $after) {
	kind before at previousAt position { id at stance summary endedOn actor { code } target { label convergence { at tally { support undeclared } agreement consensus } } }
} }`

// A feed from the beginning of the record, over either transport, is one chain; each message says what a query as of its position
// does; and its ids lead there again.
func TestFeedsSayWhatQueriesSay(t *testing.T) {
	s := newDemo(t).station(nil)
	s.record(3)
	newest := s.get(`{ at }`).at("at").(string)
	type told struct {
		Data struct {
			PositionChanged struct {
				At, PreviousAt string
				Position       struct {
					ID, At string
					Target struct{ Convergence struct{ At string } }
				}
			}
		}
		Extensions struct{ At string }
	}
	byWS, bySSE := s.connect().subscribe("1", followPositions, "after", "0"), s.events("", followPositions, "after", "0")
	previous, count := "0", 0
	for previous != newest {
		m := byWS.hear()
		event, id, data := bySSE.hear()
		if m.Type != "next" || m.ID != "1" || event != "next" || string(m.Payload) != data {
			t.Fatalf("by WebSocket %s %s, by events %s %s", m.Type, m.Payload, event, data)
		}
		var payload told
		if err := json.Unmarshal(m.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		p := payload.Data.PositionChanged
		if p.PreviousAt != previous || payload.Extensions.At != p.At || id != p.At {
			t.Fatalf("after %s: %s", previous, data)
		}
		if previous = p.At; count%20 == 0 {
			a := s.get(`query($id: ID!, $at: LogPosition!) { node(id: $id) { ... on Position { id at stance summary endedOn actor { code } target { label convergence { at tally { support undeclared } agreement consensus } } } } at: events(first: 0, asOf: {log: $at}) { totalCount } }`, "id", p.Position.ID, "at", p.At)
			var shown struct {
				Data struct{ PositionChanged struct{ Position any } }
			}
			if err := json.Unmarshal(m.Payload, &shown); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a.at("node"), shown.Data.PositionChanged.Position); diff != "" {
				t.Errorf("at %s (-the same id by node, +message):\n%s", p.At, diff)
			}
		}
		count++
	}
	if count < 100 {
		t.Errorf("%d messages: too few to compare", count)
	}
	if stats := s.handler.Stats(); stats.Executed > uint64(count)+5 || stats.Messages != uint64(2*count) || stats.Subscriptions != 2 || stats.Connections["sse"] != 1 || stats.Connections["websocket"] != 1 {
		t.Errorf("%d messages to two who ask the same: %+v", count, stats)
	}

	// Resumed in the middle, by the variable or as a browser does it, it goes on there.
	for _, from := range []uint64{1, 500, 700} {
		at := strconv.FormatUint(from, 10)
		one, two := s.connect().subscribe("x", followPositions, "after", at), s.events(at, followPositions, "after", "0")
		m := one.hear()
		if _, _, data := two.hear(); string(m.Payload) != data || !strings.Contains(data, `"previousAt":"`+at+`"`) {
			t.Errorf("resumed after %s: %s and %s", at, m.Payload, data)
		}
	}
}

// The other feeds, live: what one is told while it is recorded is what one is told who comes later.
func TestEveryFeedLiveAndLater(t *testing.T) {
	s := newDemo(t).station(nil)
	feeds := map[string]string{
		"positions":    followPositions,
		"endorsements": `subscription($after: LogPosition) { endorsementChanged(after: $after) { kind at previousAt endorsements { id kind withdrawnOn actor { code } vote { yes } } } }`,
		"convergence":  `subscription($after: LogPosition) { convergenceChanged(after: $after) { at previousAt changes { target { targetKey label } before { on consensus tally { support } } after { on consensus agreement } } } }`,
		"events":       `subscription($after: LogPosition) { eventRecorded(after: $after, filter: {streamPrefix: "position-"}) { at previousAt event { id at type stream data leafHash } } }`,
	}
	l := s.connect()
	for id, query := range feeds {
		l.subscribe(id, query)
	}
	for s.handler.Stats().Subscriptions < len(feeds) {
		time.Sleep(time.Millisecond)
	}
	from := s.get(`{ at }`).at("at").(string)
	s.record(2)
	given := s.get(`mutation { recordEndorsement(input: {actor: "FRA", proposal: "programme-of-action", kind: SPONSOR, on: "2026-11-01", source: {title: "s"}}) { endorsement { id } at } }`)
	s.get(`mutation($id: ID!) { withdrawEndorsement(input: {endorsement: $id, on: "2026-11-02", source: {title: "s"}}) { at } }`, "id", given.at("recordEndorsement.endorsement.id"))
	live := map[string][]string{}
	for want := (2 + 2 + 2 + 2); want > 0; want-- { // Positions, endorsements, events; of convergence at least so many.
		m := l.hear()
		live[m.ID] = append(live[m.ID], string(m.Payload))
	}
	for id := range feeds {
		if id == "convergence" {
			continue
		}
		if len(live[id]) != 2 {
			t.Errorf("%s: %d messages, want 2: %v", id, len(live[id]), live[id])
		}
	}
	for id, query := range feeds {
		e := s.events("", query, "after", from)
		for _, want := range live[id] {
			if _, _, data := e.hear(); data != want {
				t.Errorf("%s: live\n%s\nlater\n%s", id, want, data)
			}
		}
	}
}

func TestFeedsRefuse(t *testing.T) {
	s := newDemo(t).station(nil)
	newest := s.model.At()
	for _, c := range []struct {
		query string
		code  string
		says  string
	}{
		{`subscription { positionChanged(after: "999999999") { at } }`, "BAD_USER_INPUT", "beyond the newest, which is " + strconv.FormatUint(newest, 10)},
		{`subscription { positionChanged(after: "-1") { at } }`, "BAD_USER_INPUT", "LogPosition"},
		{`subscription { positionChanged(filter: {actors: ["NOWHERE"]}) { at } }`, "NOT_FOUND", "NOWHERE"},
		{`subscription { endorsementChanged(filter: {proposal: "no-such"}) { at } }`, "NOT_FOUND", "no-such"},
		{`subscription { convergenceChanged(by: -0.5) { at } }`, "BAD_USER_INPUT", "0 or more"},
		{`subscription { convergenceChanged(target: {proposal: "no-such"}) { at } }`, "NOT_FOUND", "no-such"},
		{`subscription { positionChanged { at } eventRecorded { at } }`, "BAD_USER_INPUT", "one"},
		{`subscription { positionChanged @skip(if: true) { at } }`, "BAD_USER_INPUT", ""},
		{`subscription {`, "BAD_USER_INPUT", "parse"},
		{`subscription { nothing }`, "BAD_USER_INPUT", "nothing"},
		{`subscription { positionChanged { position { target { positions(first: 500) { nodes { target { positions(first: 500) { nodes { summary } } } } } } } } }`, "COMPLEXITY_LIMIT_EXCEEDED", ""},
	} {
		l := s.connect().subscribe("1", c.query)
		m := l.hear()
		var errs []struct {
			Message    string
			Extensions struct{ Code string }
		}
		if err := json.Unmarshal(m.Payload, &errs); m.Type != "error" || err != nil || len(errs) == 0 || errs[0].Extensions.Code != c.code || !strings.Contains(errs[0].Message, c.says) {
			t.Errorf("%s: %s %s", c.query, m.Type, m.Payload)
		}
		// No complete follows, and the id is free again.
		if m := l.subscribe("1", `{ at }`).hear(); m.Type != "next" {
			t.Errorf("after an error: %+v", m)
		}
		e := s.events("", c.query)
		event, _, data := e.hear()
		if event != "next" || !strings.Contains(data, `"code":"`+c.code+`"`) || strings.Contains(data, `"data"`) {
			t.Errorf("%s by events: %s %s", c.query, event, data)
		}
		if event, _, _ := e.hear(); event != "complete" {
			t.Errorf("%s by events: then %s", c.query, event)
		}
		if event, _, _ := e.hear(); event != "" {
			t.Errorf("%s by events: goes on with %s", c.query, event)
		}
	}
	// One that the record reaches in time is none beyond the newest.
	l := s.connect().subscribe("1", `subscription($after: LogPosition) { eventRecorded(after: $after) { at previousAt } }`, "after", strconv.FormatUint(newest+1, 10))
	s.record(2)
	if m := l.hear(); m.Type != "next" || !strings.Contains(string(m.Payload), fmt.Sprintf(`"at":"%d","previousAt":"%d"`, newest+2, newest+1)) {
		t.Errorf("%s %s", m.Type, m.Payload)
	}
}

// An error in one message is part of it, and the feed goes on.
func TestAnErrorInAMessageEndsNoFeed(t *testing.T) {
	s := newDemo(t).station(nil)
	l := s.connect().subscribe("1", `subscription { positionChanged { at position { target { convergence(asOf: {log: "0"}) { at } } } } }`)
	for s.handler.Stats().Subscriptions < 1 {
		time.Sleep(time.Millisecond)
	}
	s.record(2)
	for range 2 {
		if m := l.hear(); m.Type != "next" || !strings.Contains(string(m.Payload), `"code":"NOT_FOUND"`) {
			t.Errorf("%s %s", m.Type, m.Payload)
		}
	}
}
