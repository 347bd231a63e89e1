package httpgraphql

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// answer is the outcome of an operation that was executed.
type answer struct {
	media    string
	response *graphql.Response
	whole    *whole // In place of response, if it may be given again.
	cache    string // Cache-Control
	tagged   bool   // gets an ETag

	events       bool          // goes out as server-sent events
	subscription *subscription // of which it is, if it was opened
}

// send writes an answer. Data goes out as execution wrote it, between a head and a
// tail, so that a large answer is not copied to be wrapped.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, a *answer) {
	if a.whole != nil {
		h.sendParts(w, r, a, http.StatusOK, a.whole.tag, a.whole.body)
		return
	}
	head, tail, err := envelope(a.response.Data != nil, a.response.Errors, a.response.Extensions)
	if err != nil {
		// Something in an extension is no JSON: a fault of ours.
		h.Refuse(w, r, &Refusal{
			Status: http.StatusInternalServerError,
			Errors: gqlerror.List{h.unknown(r.Context(), err)},
		})
		return
	}
	status := http.StatusOK
	if a.response.Data == nil {
		status = statusOf(a.response.Errors)
	}
	tag := func(media string) string { return entityTag(media, head, a.response.Data, tail) }
	h.sendParts(w, r, a, status, tag, head, a.response.Data, tail)
}

// sendParts writes the parts of an answer one after another; tag gives the ETag of them all.
func (h *Handler) sendParts(w http.ResponseWriter, r *http.Request, a *answer, status int, tag func(media string) string, parts ...[]byte) {
	header := w.Header()
	h.common(header, a.media)
	header.Set("Cache-Control", a.cache)
	if status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	if a.tagged {
		tag := tag(a.media)
		header.Set("ETag", tag)
		if matches(r.Header.Values("If-None-Match"), tag) {
			header.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	header.Set("Content-Length", strconv.Itoa(length))
	defer h.deadline(w)()
	w.WriteHeader(status)
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return // The client is gone, and nobody else wants to hear of it.
		}
	}
}

// Refuse writes the answer to a request that is not executed.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, refusal *Refusal) {
	media, ok := negotiate(r.Header.Values("Accept"))
	if !ok {
		media = mediaJSON // A client that takes neither is still told why.
	}
	head, tail, err := envelope(false, refusal.Errors, refusal.Extensions)
	if err != nil {
		head, tail = []byte(`{"errors":[{"message":"internal error","extensions":{"code":"`+Internal+`"}}]`), []byte("}\n")
	}
	header := w.Header()
	h.common(header, media)
	header.Set("Cache-Control", "no-store")
	for name, values := range refusal.Header {
		header[name] = values
	}
	status := refusal.Status
	if refusal.WellFormed && media == mediaJSON {
		status = http.StatusOK
	}
	if status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	header.Set("Content-Length", strconv.Itoa(len(head)+len(tail)))
	defer h.deadline(w)()
	w.WriteHeader(status)
	_, _ = w.Write(append(head, tail...))
}

func (h *Handler) common(header http.Header, media string) {
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", h.vary)
}

// deadline gives the answer a time in which the client must take it, so that one
// that does not read holds nothing for ever. It is taken off at the end: a feed
// may be next on the same connection.
func (h *Handler) deadline(w http.ResponseWriter) (off func()) {
	control := http.NewResponseController(w)
	if control.SetWriteDeadline(time.Now().Add(h.config.WriteTimeout)) != nil {
		return func() {} // A writer that knows none, as in tests.
	}
	return func() {
		_ = control.Flush() // What net/http still holds back has to leave under the deadline too.
		_ = control.SetWriteDeadline(time.Time{})
	}
}

// envelope is what stands before and after data. Errors come first, as the
// specification of GraphQL advises: whoever reads by eye should not miss them.
func envelope(data bool, errs gqlerror.List, extensions map[string]any) (head, tail []byte, err error) {
	var before, after bytes.Buffer
	before.WriteByte('{')
	separate := func(b *bytes.Buffer, comma bool) {
		if comma {
			b.WriteByte(',')
		}
	}
	if len(errs) > 0 {
		before.WriteString(`"errors":`)
		if err := encode(&before, errs); err != nil {
			return nil, nil, err
		}
	}
	if data {
		separate(&before, len(errs) > 0)
		before.WriteString(`"data":`)
	}
	if len(extensions) > 0 {
		separate(&after, data || len(errs) > 0)
		after.WriteString(`"extensions":`)
		if err := encode(&after, extensions); err != nil {
			return nil, nil, err
		}
	}
	after.WriteString("}\n")
	return before.Bytes(), after.Bytes(), nil
}

func encode(b *bytes.Buffer, value any) error {
	encoder := json.NewEncoder(b)
	// The media type and nosniff keep a browser from reading it as a page.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // its line feed
	return nil
}

func entityTag(media string, parts ...[]byte) string {
	hash := sha256.New()
	hash.Write([]byte(media))
	for _, part := range parts {
		hash.Write(part)
	}
	return `"` + base64.RawURLEncoding.EncodeToString(hash.Sum(nil)) + `"`
}

// matches says whether If-None-Match names the tag (RFC 9110, section 13.1.2: by
// weak comparison).
func matches(values []string, tag string) bool {
	for _, item := range strings.Split(strings.Join(values, ","), ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == tag {
			return true
		}
	}
	return false
}
