package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// chain is the feed of all events as one client follows it: over as many lines as it takes, each going on behind the last position
// that it heard. A message that does not follow on the one before it breaks the chain for good.
type chain struct {
	sse bool          // By server-sent events, and not by WebSocket.
	at  atomic.Uint64 // The last position that it heard, or where it begins.
}

// errBrokenChain is a message that follows on no other: something was missed, or came twice.
var errBrokenChain = errors.New("the feed has a gap, or repeats itself")

const chainQuery = `subscription($after: LogPosition) { eventRecorded(after: $after) { at previousAt } }`

// follow subscribes and hears until the line ends; subscribed, if any, is called once it has, with what breaks the line. How the
// line ends it gives as the close code of the WebSocket, or, of server-sent events, as a plain end without `complete` (1001, too: both
// tell a client to come back). An error is a line that ended otherwise.
func (c *chain) follow(address string, subscribed func(hangUp func())) (code int, err error) {
	if c.sse {
		return c.followEvents(address, subscribed)
	}
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, ReadBufferSize: 1 << 10, WriteBufferSize: 512, HandshakeTimeout: time.Minute}
	conn, _, err := dialer.Dial("ws://"+address+"/graphql", nil)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_init"}`)); err != nil {
		return 0, err
	}
	for {
		var message struct {
			Type    string
			Payload json.RawMessage
		}
		if err := conn.ReadJSON(&message); err != nil {
			if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) {
				return closed.Code, nil
			}
			return 0, err
		}
		switch message.Type {
		case "connection_ack":
			subscribe := fmt.Appendf(nil, `{"type":"subscribe","id":"1","payload":{"query":%q,"variables":{"after":"%d"}}}`, chainQuery, c.at.Load())
			if err := conn.WriteMessage(websocket.TextMessage, subscribe); err != nil {
				return 0, err
			}
			if subscribed != nil {
				subscribed(func() { _ = conn.Close() })
			}
		case "next":
			if err := c.hear(message.Payload); err != nil {
				return 0, err
			}
		default:
			return 0, fmt.Errorf("the server says %s %s", message.Type, message.Payload)
		}
	}
}

func (c *chain) followEvents(address string, subscribed func(hangUp func())) (code int, err error) {
	query := url.Values{"query": {chainQuery}, "variables": {fmt.Sprintf(`{"after":"%d"}`, c.at.Load())}}
	request, err := http.NewRequest("GET", "http://"+address+"/graphql?"+query.Encode(), nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := lines.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the server says %s", response.Status)
	}
	if subscribed != nil {
		subscribed(func() { _ = response.Body.Close() })
	}
	event := ""
	text := bufio.NewScanner(response.Body)
	for text.Scan() {
		name, value, _ := strings.Cut(text.Text(), ": ")
		switch {
		case name == "event":
			event = value
		case name == "data" && event == "next":
			if err := c.hear([]byte(value)); err != nil {
				return 0, err
			}
		case name == "data":
			return 0, fmt.Errorf("the server says %s: its client would not come back", event)
		}
	}
	if err := text.Err(); err != nil {
		return 0, err
	}
	return websocket.CloseGoingAway, nil
}

// lines carries server-sent events, each stream on a connection of its own.
var lines = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// hear takes a message, which must follow on the last one.
func (c *chain) hear(answer []byte) error {
	var message struct {
		Data struct {
			EventRecorded struct{ At, PreviousAt string }
		}
		Errors json.RawMessage
	}
	if err := json.Unmarshal(answer, &message); err != nil || message.Errors != nil {
		return fmt.Errorf("the feed says %s (%w)", answer, err)
	}
	m, last := message.Data.EventRecorded, c.at.Load()
	if m.PreviousAt != strconv.FormatUint(last, 10) || m.At != strconv.FormatUint(last+1, 10) {
		return fmt.Errorf("%w: %s, which names %s before it, comes after %d", errBrokenChain, m.At, m.PreviousAt, last)
	}
	c.at.Store(last + 1)
	return nil
}
