package httpgraphql

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes this package puts into extensions.code. A schema has more of its own.
const (
	BadUserInput            = "BAD_USER_INPUT"            // malformed, unknown or too long
	ComplexityLimitExceeded = "COMPLEXITY_LIMIT_EXCEEDED" // too deep, too wide, too costly
	Forbidden               = "FORBIDDEN"                 // from a page of another origin
	RateLimited             = "RATE_LIMITED"              // too often, or too much at once, for one client
	Unavailable             = "UNAVAILABLE"               // too much at once, or out of time: may be tried again
	Internal                = "INTERNAL"                  // ours to mend; the id leads to the log
)

// Refusal is the answer to a request that is not executed. It has no data.
type Refusal struct {
	Status int
	// WellFormed says that the request itself was one, only its document or its
	// variables were not. To a client that asked for application/json, such an
	// answer has status 200, and the errors are in the body alone: old clients
	// read a body only then (GraphQL over HTTP, section 6.4.1).
	WellFormed bool
	Header     http.Header // further headers, such as Allow
	Errors     gqlerror.List
	Extensions map[string]any
}

// errPresented marks an error whose text was written here, for the client to read.
var errPresented = errors.New("presented")

// presented is an error for the client's eyes.
func presented(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Err: errPresented, Message: message, Extensions: map[string]any{"code": code}}
}

func refuse(status int, code, message string) *Refusal {
	return &Refusal{Status: status, Errors: gqlerror.List{presented(code, message)}}
}

func refuseDocument(code, message string) *Refusal {
	refusal := refuse(http.StatusBadRequest, code, message)
	refusal.WellFormed = true
	return refusal
}

func (r *Refusal) withHeader(name, value string) *Refusal {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(name, value)
	return r
}

// statusOf is the status of an answer without data, by the code of its first error.
func statusOf(errs gqlerror.List) int {
	if len(errs) == 0 {
		return http.StatusInternalServerError
	}
	switch code, _ := errs[0].Extensions["code"].(string); code {
	case Internal:
		return http.StatusInternalServerError
	case Unavailable:
		return http.StatusServiceUnavailable
	case RateLimited:
		return http.StatusTooManyRequests
	case "UNAUTHENTICATED":
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// messageLength bounds what a message may repeat of the request. A message may
// quote a string of the document, and that string may be a megabyte.
const messageLength = 500

// excerpt is at most limit bytes of text, whole characters, marked if cut.
func excerpt(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// number writes 1000 as 1,000.
func number[T ~int | ~int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
