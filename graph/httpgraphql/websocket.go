package httpgraphql

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
const transportWS = "graphql-transport-ws"

// The protocol's close codes, beside those of RFC 6455.
const (
	closeBadRequest     = 4400
	closeUnauthorized   = 4401 // A subscribe before the connection was acknowledged.
	closeForbidden      = 4403 // Who asks is refused, or may ask no longer; clients try again, with a new token if they can have one.
	closeNoProtocol     = 4406
	closeInitTimeout    = 4408
	closeIDTaken        = 4409
	closeTooManyInits   = 4429
	closeInternal       = 4500
	maxReason           = 123 // Bytes, RFC 6455, section 5.5.
	maxOperationID      = 256 // Bytes: each message repeats it.
	readBeforeInit      = 64 << 10
	lingering           = 2 * time.Second // For the other side's close.
	closeWithin         = 5 * time.Second // For ours to leave: a thousand do so at once when the server is stopped.
	idleReadBufferBytes = 1 << 10
)

// buffers are what frames are written with: shared, since a connection writes seldom.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Why gorilla/websocket, 2026-11: it starts no goroutine of its own, takes deadlines as a socket does, lends its write buffer out of
// a pool and reads with a buffer as small as we say. A connection that waits costs its goroutines and little else.
func (h *Handler) upgrader() *websocket.Upgrader {
	return &websocket.Upgrader{
		ReadBufferSize:  idleReadBufferBytes,
		WriteBufferPool: new(sync.Pool),
		Subprotocols:    []string{transportWS},
		CheckOrigin:     h.fromOwnPage,
		Error: func(w http.ResponseWriter, r *http.Request, status int, reason error) {
			code := BadUserInput
			if status == http.StatusForbidden {
				code = Forbidden
			}
			h.Refuse(w, r, refuse(status, code, "The handshake of the WebSocket was not taken: "+excerpt(reason.Error(), 200)+"."))
		},
	}
}

// fromOwnPage says whether a handshake comes from a program, from a page of the server's own or from one that was granted it. No
// preflight goes before a handshake, so that it is looked at here what CORS looks at elsewhere.
func (h *Handler) fromOwnPage(r *http.Request) bool {
	switch origins := r.Header.Values("Origin"); {
	case len(origins) == 0:
		return true
	case len(origins) > 1:
		return false
	default:
		return slices.Contains(h.config.Origins, "*") || slices.Contains(h.config.Origins, origins[0]) || sameOrigin(origins[0], r.Host)
	}
}

// socket is one WebSocket. One goroutine reads it; each operation has another.
type socket struct {
	h      *Handler
	conn   *websocket.Conn
	client string

	writing sync.Mutex // Held while a message leaves.

	mu         sync.Mutex // Guards what follows.
	ctx        context.Context
	cancel     context.CancelFunc
	ready      bool // The connection is acknowledged.
	leaving    bool // Nothing is begun any more.
	closing    bool // Nothing is sent any more.
	operations map[string]*running
	ping       *time.Timer
	expiry     *time.Timer
	working    sync.WaitGroup // Operations.
}

// running is an operation of a socket.
type running struct {
	cancel       context.CancelFunc
	subscription *subscription // Nil while it is opened, and of a query or mutation.
	follows      bool
	small        bool // It may be waited with (smallOperation).
}

func (h *Handler) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	client := ClientOf(r.Context())
	if !h.follows.take(client, h.config.Following.PerClient) {
		h.Refuse(w, r, refuse(http.StatusTooManyRequests, RateLimited, "This client holds "+number(h.config.Following.PerClient)+
			" connections open, which is the limit for one.").withHeader("Retry-After", "10"))
		return
	}
	conn, err := h.upgrade.Upgrade(w, r, nil)
	if err != nil {
		h.follows.giveBack(client)
		return // It was answered.
	}
	s := &socket{h: h, conn: conn, client: client, operations: map[string]*running{}}
	// The connection is no longer net/http's, whose context ends now.
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(r.Context()))
	if conn.Subprotocol() != transportWS {
		go s.turnAway(closeNoProtocol, "Subprotocol not acceptable; it is "+transportWS)
		return
	}
	if !h.connections.add(s) {
		go s.turnAway(websocket.CloseGoingAway, "The server is being stopped")
		return
	}
	// So that net/http's goroutine ends, and with it what it holds of the request.
	go s.serve()
}

func (s *socket) turnAway(code int, reason string) {
	s.close(code, reason)
	s.linger()
	s.end()
}

// linger reads on until the other side hangs up or lingering is over. To close a socket with something unread would be a reset, and
// the reason could be lost with it.
func (s *socket) linger() {
	raw := s.conn.UnderlyingConn()
	_ = raw.SetReadDeadline(time.Now().Add(lingering))
	_, _ = io.Copy(io.Discard, raw)
}

func (s *socket) serve() {
	defer s.end()
	defer func() {
		if cause := recover(); cause != nil {
			_ = s.h.internal(s.ctx, cause)
			s.close(closeInternal, "Internal error")
		}
	}()
	f := s.h.config.Following
	s.conn.SetReadLimit(readBeforeInit)
	_ = s.conn.SetReadDeadline(time.Now().Add(f.Init))
	s.conn.SetPongHandler(func(string) error {
		s.heard()
		return nil
	})
	s.mu.Lock()
	s.ping = time.AfterFunc(f.Ping, s.tryPeer)
	s.mu.Unlock()
	for {
		kind, text, err := s.conn.ReadMessage()
		if err != nil {
			var timeout net.Error
			var closed *websocket.CloseError
			switch {
			case errors.As(err, &closed):
				return
			case errors.As(err, &timeout) && timeout.Timeout() && !s.isReady():
				s.close(closeInitTimeout, "Connection initialisation timeout")
			}
			s.linger() // The library may have told the peer what it did wrong.
			return
		}
		if s.isClosing() {
			continue // What still comes is not for us.
		}
		if kind != websocket.TextMessage {
			s.close(closeBadRequest, "Messages are text")
			continue
		}
		if !utf8.Valid(text) { // The library leaves it to us; a pong would send it back.
			s.close(websocket.CloseInvalidFramePayloadData, "Messages are UTF-8")
			continue
		}
		s.heard()
		s.take(text)
	}
}

// heard notes that the peer is there. Before the connection is acknowledged its time is not prolonged.
func (s *socket) heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready && !s.closing {
		_ = s.conn.SetReadDeadline(time.Now().Add(2 * s.h.config.Following.Ping))
	}
}

// tryPeer sends a ping, whose pong prolongs the connection's time. It runs on a goroutine of its own, which the deadline ends.
func (s *socket) tryPeer() {
	f := s.h.config.Following
	s.mu.Lock()
	ctx, ready := s.ctx, s.ready
	s.mu.Unlock()
	if ready && !s.mayStill(ctx) {
		return
	}
	_ = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(f.Ping/2))
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.ping.Reset(f.Ping)
	}
}

// mayStill closes the connection of who may ask no more.
func (s *socket) mayStill(ctx context.Context) bool {
	err := s.h.still(ctx)
	if err != nil {
		s.close(closeForbidden, s.h.present(ctx, err).Message)
	}
	return err == nil
}

func (s *socket) isReady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

func (s *socket) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// close ends what runs and tells the peer why. The reading goroutine goes on until the peer closes too, or lingering is over.
func (s *socket) close(code int, reason string) {
	s.mu.Lock()
	already := s.closing
	s.closing = true
	for _, o := range s.operations {
		o.cancel()
	}
	s.mu.Unlock()
	if already {
		return
	}
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, excerptWithin(reason, maxReason)), time.Now().Add(closeWithin))
	_ = s.conn.SetReadDeadline(time.Now().Add(lingering))
}

// excerptWithin is at most limit bytes of text, its mark included.
func excerptWithin(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return excerpt(text, limit-len("…"))
}

// end lets go of everything.
func (s *socket) end() {
	s.mu.Lock()
	s.closing = true
	if s.ping != nil {
		s.ping.Stop()
	}
	if s.expiry != nil {
		s.expiry.Stop()
	}
	s.mu.Unlock()
	s.cancel()
	_ = s.conn.Close() // It frees an operation whose write is held up.
	s.working.Wait()
	s.h.connections.remove(s)
	s.h.follows.giveBack(s.client)
}

// leave is for a server that is being stopped: feeds end, what else is under way is answered, and the client comes back.
func (s *socket) leave() {
	s.mu.Lock()
	s.leaving = true
	answers := false
	for _, o := range s.operations {
		if o.follows {
			o.cancel()
		} else {
			answers = true
		}
	}
	s.mu.Unlock()
	if answers {
		s.working.Wait()
	}
	s.close(websocket.CloseGoingAway, "The server is being stopped")
}

func (s *socket) cut() { _ = s.conn.Close() }

func (s *socket) kind() string { return "websocket" }

func (s *socket) behind() (most uint64, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.operations {
		if o.subscription != nil {
			n++
			most = max(most, o.subscription.source.Behind())
		}
	}
	return most, n
}

// ---- Messages.

// take acts on a message of the client.
func (s *socket) take(text []byte) {
	var fields map[string]json.RawMessage
	var kind, id string
	if json.Unmarshal(text, &fields) != nil || json.Unmarshal(fields["type"], &kind) != nil {
		s.close(closeBadRequest, "A message is a JSON object with a type")
		return
	}
	payload := fields["payload"]
	if raw, ok := fields["id"]; ok {
		if json.Unmarshal(raw, &id) != nil || id == "" || len(id) > maxOperationID {
			s.close(closeBadRequest, "An id is a text of 1 to "+number(maxOperationID)+" bytes")
			return
		}
	}
	object := func() (values map[string]any, ok bool) {
		if payload == nil || string(payload) == "null" {
			return nil, true
		}
		return values, json.Unmarshal(payload, &values) == nil
	}
	switch kind {
	case "connection_init":
		values, ok := object()
		if !ok {
			s.close(closeBadRequest, "The payload of connection_init is an object")
			return
		}
		s.initialise(values)
	case "ping", "pong":
		if _, ok := object(); !ok {
			s.close(closeBadRequest, "The payload of "+kind+" is an object")
		} else if kind == "ping" {
			s.send(`{"type":"pong"`, payload)
		}
	case "subscribe":
		switch {
		case id == "":
			s.close(closeBadRequest, "A subscribe has an id")
		case !s.isReady():
			s.close(closeUnauthorized, "Unauthorized")
		case payload == nil:
			s.close(closeBadRequest, "A subscribe has a payload")
		default:
			s.subscribe(id, payload)
		}
	case "complete":
		if id == "" {
			s.close(closeBadRequest, "A complete has an id")
			return
		}
		if o := s.finish(id); o != nil {
			o.cancel()
		}
	default:
		s.close(closeBadRequest, "There is no message of the type "+strconv.Quote(excerpt(kind, 40)))
	}
}

func (s *socket) initialise(payload map[string]any) {
	if s.isReady() {
		s.close(closeTooManyInits, "Too many initialisation requests")
		return
	}
	ctx := s.ctx
	if connect := s.h.config.Connect; connect != nil {
		within, cancel := context.WithTimeout(ctx, s.h.config.Timeout)
		connected, err := connect(within, payload)
		cancel()
		if err != nil {
			code, told := closeForbidden, s.h.present(ctx, err)
			if told.Extensions["code"] == Unavailable {
				code = websocket.CloseTryAgainLater
			}
			s.close(code, told.Message)
			return
		}
		// The time for connecting is over, and its context with it; what it carries stays.
		ctx = detached{s.ctx, connected}
	}
	s.mu.Lock()
	s.ready, s.ctx = true, ctx
	if s.h.config.Expires != nil {
		if end := s.h.config.Expires(ctx); !end.IsZero() {
			s.expiry = time.AfterFunc(time.Until(end), func() { s.close(closeForbidden, "The token has expired; connect again with a new one") })
		}
	}
	s.mu.Unlock()
	s.conn.SetReadLimit(s.h.config.Limits.Body)
	s.heard()
	s.send(`{"type":"connection_ack"`, nil)
}

// detached is a context with the values of another.
type detached struct {
	context.Context
	values context.Context
}

func (d detached) Value(key any) any { return d.values.Value(key) }

// subscribe begins an operation.
func (s *socket) subscribe(id string, payload json.RawMessage) {
	params, refusal := paramsOfJSON(payload)
	if refusal != nil {
		s.close(closeBadRequest, "The payload of subscribe: "+refusal.Errors[0].Message)
		return
	}
	s.mu.Lock()
	_, taken := s.operations[id]
	full := len(s.operations) >= s.h.config.Following.Operations
	if s.closing || s.leaving || taken || full {
		s.mu.Unlock()
		switch {
		case taken:
			s.close(closeIDTaken, "Subscriber for "+id+" already exists")
		case full:
			s.sendErrors(id, nil, gqlerror.List{presented(RateLimited, "This connection has "+number(s.h.config.Following.Operations)+
				" operations under way, which is the limit for one; complete one before asking for more.")})
		}
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	o := &running{cancel: cancel, small: len(payload) <= smallOperation}
	s.operations[id] = o
	s.working.Go(func() {
		defer cancel()
		s.run(ctx, id, o, params)
	})
	s.mu.Unlock()
}

// finish takes an operation off, and gives it; nil where there is none.
func (s *socket) finish(id string) *running {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.operations[id]
	delete(s.operations, id)
	return o
}

// runs says whether an operation was not taken off before, and takes it off with its last message.
func (s *socket) runs(id string, o *running, last bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != o {
		return false
	}
	if last {
		delete(s.operations, id)
	}
	return true
}

// run executes an operation to its end.
func (s *socket) run(ctx context.Context, id string, o *running, params *graphql.RawParams) {
	defer func() {
		if cause := recover(); cause != nil {
			s.sendErrors(id, o, gqlerror.List{s.h.internal(ctx, cause)})
		}
	}()
	if !s.mayStill(ctx) {
		return
	}
	params.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	response, opened, errs := s.h.begin(graphql.StartOperationTrace(ctx), params, o.small, "")
	switch {
	case errs != nil:
		s.sendErrors(id, o, errs)
	case opened == nil:
		s.next(id, o, response)
		s.sendOf(`{"type":"complete"`, id, o, true, nil)
	default:
		s.mu.Lock()
		o.subscription, o.follows = opened, true
		s.mu.Unlock()
		s.follow(ctx, id, o)
	}
}

// follow sends the messages of a feed until its context ends. What the client has not read stands in the record, not here.
func (s *socket) follow(ctx context.Context, id string, o *running) {
	for {
		answer, _, ok, err := o.subscription.next(ctx)
		switch {
		case ok:
			s.h.counters.messages.Add(1) // Before, so that whoever has heard it finds it counted.
			if !s.next(id, o, answer) {
				return
			}
			continue
		case err == nil:
			err = o.subscription.source.Wait(ctx)
		}
		if broken(ctx, err) {
			s.sendErrors(id, o, gqlerror.List{s.h.unknown(ctx, err)})
			return
		}
		if err != nil {
			return
		}
	}
}

func (s *socket) next(id string, o *running, answer []byte) bool {
	return s.sendOf(`{"type":"next"`, id, o, false, answer)
}

// sendErrors ends an operation; nil is one that was not begun.
func (s *socket) sendErrors(id string, o *running, errs gqlerror.List) {
	text, err := json.Marshal(errs)
	if err != nil {
		text = fmt.Appendf(nil, `[{"message":"internal error","extensions":{"code":%q}}]`, Internal) // unreachable: errors are JSON.
	}
	s.sendOf(`{"type":"error"`, id, o, true, text)
}

func (s *socket) send(head string, payload []byte) { s.sendOf(head, "", nil, false, payload) }

// sendOf writes a message, in one frame, and says whether it left. A connection that does not take it in time is given up: its client
// comes back and goes on behind what it saw last. A message of an operation that was taken off stays here: its client said that it
// is complete, and may use the id for another. The last message of an operation takes it off.
func (s *socket) sendOf(head, id string, o *running, last bool, payload []byte) bool {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	b.WriteString(head)
	if id != "" {
		b.WriteString(`,"id":`)
		text, _ := json.Marshal(id) // A text always can be.
		b.Write(text)
	}
	if payload != nil {
		b.WriteString(`,"payload":`)
		b.Write(payload)
	}
	b.WriteByte('}')
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.isClosing() || o != nil && !s.runs(id, o, last) {
		return false
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.h.config.Following.Write))
	if err := s.conn.WriteMessage(websocket.TextMessage, b.Bytes()); err != nil {
		if !errors.Is(err, websocket.ErrCloseSent) {
			_ = s.conn.Close() // The reading goroutine ends by it, and lets go of everything.
		}
		return false
	}
	if b.Cap() > 64<<10 {
		*b = bytes.Buffer{} // A large one is not kept.
	}
	return true
}

// begin executes a query or mutation and gives its answer as JSON, or opens a subscription.
func (h *Handler) begin(ctx context.Context, params *graphql.RawParams, patient bool, lastEventID string) (answer []byte, opened *subscription, errs gqlerror.List) {
	operation, response, errs := h.answerOnce(ctx, params, patient)
	switch {
	case errs != nil:
		h.counters.refused.Add(1)
		return nil, nil, errs
	case response == nil:
		opened, errs = h.subscribe(ctx, operation, lastEventID)
		return nil, opened, errs
	}
	return onlyLine(response), nil, nil
}

// answerOnce reads an operation and executes it unless it is a subscription, whose response is nil.
func (h *Handler) answerOnce(ctx context.Context, params *graphql.RawParams, patient bool) (*graphql.OperationContext, *graphql.Response, gqlerror.List) {
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	enter := h.enter
	if patient {
		enter = h.enterAtLast
	}
	ctx, release, refusal := enter(ctx)
	if refusal != nil {
		return nil, nil, refusal.Errors
	}
	defer release()
	operation, refusal := h.operation(ctx, params)
	if refusal != nil {
		return nil, nil, refusal.Errors
	}
	h.counters.begun(operation.Operation.Operation)
	if operation.Operation.Operation == ast.Subscription {
		return operation, nil, nil
	}
	next, ctx := h.exec.DispatchOperation(ctx, operation)
	response := next(ctx)
	if response == nil {
		return nil, nil, gqlerror.List{presented(Unavailable, h.outOfTime())}
	}
	return operation, response, nil
}
