package httpgraphql

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// mediaEvents is that of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. What they say is the
// mode of distinct connections of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.
const mediaEvents = "text/event-stream"

// acceptsEvents says whether Accept names server-sent events, by that name: a client that takes anything wants one answer.
func acceptsEvents(accept []string) bool {
	for _, item := range splitList(strings.Join(accept, ",")) {
		name, attributes, err := mime.ParseMediaType(item)
		if err != nil || name != mediaEvents {
			continue
		}
		weight := 1.0
		if q, ok := attributes["q"]; ok {
			weight, err = strconv.ParseFloat(q, 64)
		}
		return err == nil && weight > 0
	}
	return false
}

// stream is an answer that goes out as server-sent events.
type stream struct {
	subscription *subscription
	cancel       context.CancelFunc
}

func (s *stream) leave() { s.cut() }
func (s *stream) cut()   { s.cancel() }

func (s *stream) kind() string { return "sse" }

func (s *stream) behind() (uint64, int) {
	if s.subscription == nil {
		return 0, 0
	}
	return s.subscription.source.Behind(), 1
}

// sendEvents writes an answer, or the messages of a subscription until its client, its credential or the server goes.
func (h *Handler) sendEvents(w http.ResponseWriter, r *http.Request, a *answer) {
	f := h.config.Following
	client := ClientOf(r.Context())
	if a.subscription != nil {
		if !h.follows.take(client, f.PerClient) {
			h.Refuse(w, r, refuse(http.StatusTooManyRequests, RateLimited, "This client holds "+number(f.PerClient)+
				" connections open, which is the limit for one.").withHeader("Retry-After", "10"))
			return
		}
		defer h.follows.giveBack(client)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if h.config.Expires != nil {
		if end := h.config.Expires(ctx); !end.IsZero() {
			var stop context.CancelFunc
			ctx, stop = context.WithDeadline(ctx, end)
			defer stop()
		}
	}
	one := &stream{subscription: a.subscription, cancel: cancel}
	if !h.connections.add(one) {
		h.Refuse(w, r, refuse(http.StatusServiceUnavailable, Unavailable, "The server is being stopped; ask again in a moment."))
		return
	}
	defer h.connections.remove(one)

	header := w.Header()
	h.common(header, mediaEvents)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // For proxies that else collect an answer before they pass it on.
	out := &events{w: w, control: http.NewResponseController(w), within: f.Write}
	w.WriteHeader(http.StatusOK)
	out.comment() // So that the client learns now that it is connected.
	if a.subscription == nil {
		out.next("", onlyLine(a.response))
		out.complete()
		out.flush()
		return
	}
	looked := time.Now()
	may := func() bool {
		if time.Since(looked) < f.Ping {
			return true
		}
		looked = time.Now()
		return h.still(ctx) == nil // If not, the client comes back, and is told then.
	}
	for out.flush() && may() {
		answer, id, ok, err := a.subscription.next(ctx)
		for ; ok && out.err == nil && may(); answer, id, ok, err = a.subscription.next(ctx) {
			h.counters.messages.Add(1)
			if out.next(id, answer); out.pending > 64<<10 {
				out.flush()
			}
		}
		if err == nil && out.flush() {
			waiting, stop := context.WithTimeout(ctx, f.Ping)
			err = a.subscription.source.Wait(waiting)
			stop()
			if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
				out.comment()
				err = nil
			}
		}
		switch {
		case broken(ctx, err):
			out.next("", onlyLine(&graphql.Response{Errors: gqlerror.List{h.unknown(ctx, err)}}))
			out.complete()
			out.flush()
			return
		case err != nil:
			return // Without complete, so that the client comes back.
		}
	}
}

// onlyLine is a response as one line.
func onlyLine(response *graphql.Response) []byte {
	head, tail, err := envelope(response.Data != nil, response.Errors, response.Extensions)
	if err != nil {
		text, _ := json.Marshal(map[string]any{"errors": gqlerror.List{presented(Internal, "internal error")}}) // It is text alone.
		return text
	}
	return append(append(head, response.Data...), tail[:len(tail)-1]...)
}

// events writes server-sent events.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	within  time.Duration
	pending int // Bytes since the last flush.
	err     error
}

func (e *events) write(parts ...string) {
	if e.err != nil {
		return
	}
	if e.pending == 0 {
		// A writer that knows no deadlines, as in tests, is left without one.
		_ = e.control.SetWriteDeadline(time.Now().Add(e.within))
	}
	for _, part := range parts {
		if _, e.err = io.WriteString(e.w, part); e.err != nil {
			return
		}
		e.pending += len(part)
	}
}

func (e *events) comment() { e.write(":\n\n") }

func (e *events) next(id string, answer []byte) {
	e.write("event: next\n")
	if id != "" {
		e.write("id: ", id, "\n")
	}
	e.write("data: ", string(answer), "\n\n")
}

func (e *events) complete() { e.write("event: complete\ndata: \n\n") }

// flush sends what was written, and says whether the client is still there.
func (e *events) flush() bool {
	if e.err == nil && e.pending > 0 {
		e.err = e.control.Flush()
		e.pending = 0
		_ = e.control.SetWriteDeadline(time.Time{})
	}
	return e.err == nil
}
