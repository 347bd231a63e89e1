package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/cenkalti/backoff/v5"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// transport adds to each request what they all have.
type transport struct {
	token string
	wait  time.Duration // How long the last answer asked to wait (Retry-After, RFC 9110, section 10.2.3).
}

// RoundTrip sends a request.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.wait = 0
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/graphql-response+json, application/json;q=0.9")
	r.Header.Set("User-Agent", "rapporteur")
	if t.token != "" {
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
			t.wait = time.Duration(seconds) * time.Second
		}
	}
	return answer, err
}

// elsewhere is the error of a redirection.
type elsewhere struct{ to string }

func (e *elsewhere) Error() string { return "redirection to " + e.to }

// redirection refuses to follow: what was sent for one server is not for another, and a POST would become a GET on the way.
func redirection(next *http.Request, _ []*http.Request) error {
	return &elsewhere{(&url.URL{Scheme: next.URL.Scheme, Host: next.URL.Host, Path: next.URL.Path}).String()}
}

// once sends a request, and gives its answer or what is the matter.
func once[T any](ctx context.Context, c *Client, send func(context.Context, graphql.Client) (*T, error)) (*T, error) {
	answer, err := send(ctx, c.graphql)
	if err != nil {
		return nil, c.explained(err)
	}
	return answer, nil
}

// repeated sends a request until there is an answer, or one that would not change, or patience ends.
func repeated[T any](ctx context.Context, c *Client, send func(context.Context, graphql.Client) (*T, error)) (*T, error) {
	answer, err := backoff.Retry(ctx, func() (*T, error) {
		answer, err := once(ctx, c, send)
		var passing *passing
		switch {
		case err == nil:
			return answer, nil
		case !errors.As(err, &passing):
			return nil, backoff.Permanent(err)
		case c.http.wait > 0:
			return nil, errors.Join(err, &backoff.RetryAfterError{Duration: c.http.wait})
		}
		return nil, err
	}, backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: 100 * time.Millisecond, Multiplier: 2, RandomizationFactor: 0.5, MaxInterval: 5 * time.Second,
	}), backoff.WithMaxElapsedTime(c.config.Patience), backoff.WithNotify(func(err error, pause time.Duration) {
		if c.config.Waiting != nil {
			c.config.Waiting(first(err), pause)
		}
	}))
	return answer, first(err)
}

// first takes the length of a pause off an error again.
func first(err error) error {
	var passing *passing
	if errors.As(err, &passing) {
		return passing
	}
	return err
}

// passing is what may be otherwise in a moment: the server is not there, has too much to do, or does not know what became of it.
type passing struct {
	message string
	cause   error
}

func (e *passing) Error() string { return e.message }

// Unwrap gives the cause, and that the outcome is not known: an answer that did not come may yet have been given.
func (e *passing) Unwrap() []error { return []error{eventlog.ErrUnknown, e.cause} }

// explained says what an error of the client's library means: a *domain.Refusal, a *passing, or one that stays.
func (c *Client) explained(err error) error {
	var (
		answer *graphql.HTTPError
		list   gqlerror.List
		moved  *elsewhere
		syntax *json.SyntaxError
		typ    *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &answer) && coded(answer.Response.Errors) != "":
		return c.refused(answer.Response.Errors)
	case errors.As(err, &answer):
		return c.stranger(answer)
	case errors.As(err, &list):
		return c.refused(list)
	case errors.As(err, &moved):
		return fmt.Errorf("%s redirects to %s; give the address of the server itself", c.endpoint, strings.TrimSuffix(moved.to, "/graphql"))
	case errors.As(err, &syntax), errors.As(err, &typ):
		return fmt.Errorf("%s answers, but not with JSON; it is no rapporteur server", c.endpoint)
	}
	return c.unreached(err)
}

// unreached tells why there was no answer.
func (c *Client) unreached(err error) error {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		at        *url.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return fmt.Errorf("%s does not speak TLS; write http:// if that is meant", c.endpoint)
	case errors.As(err, &authority):
		return fmt.Errorf("the certificate of %s is of an authority that this machine does not know; add it to the machine's (or name its file in SSL_CERT_FILE)", c.endpoint)
	case errors.As(err, &host):
		return fmt.Errorf("the certificate of %s is for another name: %w", c.endpoint, host)
	case errors.As(err, &invalid):
		return fmt.Errorf("the certificate of %s is not valid: %w", c.endpoint, invalid)
	case errors.As(err, &verify):
		return fmt.Errorf("the certificate of %s is not accepted: %w", c.endpoint, verify.Err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return &passing{fmt.Sprintf("there is no host %q", dns.Name), err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &passing{fmt.Sprintf("nothing listens at %s; is the server running, and is this its address?", c.endpoint), err}
	}
	if errors.As(err, &at) {
		err = at.Err // The address stands in the sentence already.
	}
	return &passing{fmt.Sprintf("%s gave no answer: %v", c.endpoint, err), err}
}

// stranger tells of an answer that is none of ours.
func (c *Client) stranger(answer *graphql.HTTPError) error {
	text := answer.Response.Errors.Error()
	switch {
	case strings.Contains(text, "HTTP request to an HTTPS server"):
		return fmt.Errorf("%s speaks TLS; write https://", c.endpoint)
	case answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode >= 502 && answer.StatusCode <= 504:
		return &passing{fmt.Sprintf("%s answers with status %d (%s)", c.endpoint, answer.StatusCode, http.StatusText(answer.StatusCode)), answer}
	case answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s asks for a token that is valid", c.endpoint)
	case answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s does not allow it", c.endpoint)
	}
	return fmt.Errorf("%s answers with status %d (%s) and is no rapporteur server; is this its address?", c.endpoint, answer.StatusCode, http.StatusText(answer.StatusCode))
}

// coded gives the code of the first error that has one.
func coded(list gqlerror.List) string {
	for _, e := range list {
		if code, ok := e.Extensions["code"].(string); ok {
			return code
		}
	}
	return ""
}

// refused reads the errors of an answer.
func (c *Client) refused(list gqlerror.List) error {
	switch code := coded(list); code {
	case "UNAUTHENTICATED":
		return fmt.Errorf("%s asks for a token that is valid: %s", c.endpoint, list[0].Message)
	case "FORBIDDEN":
		return fmt.Errorf("%s does not allow it: %s", c.endpoint, list[0].Message)
	case "UNAVAILABLE", "RATE_LIMITED":
		return &passing{fmt.Sprintf("%s cannot answer now: %s", c.endpoint, list[0].Message), list}
	case string(domain.BadUserInput), string(domain.NotFound), string(domain.Conflict):
		return refusal(list)
	}
	return fmt.Errorf("%s: %w", c.endpoint, list)
}

// refusal makes of the errors of a mutation what its decider said.
func refusal(list gqlerror.List) *domain.Refusal {
	refusal := &domain.Refusal{}
	for _, e := range list {
		code, _ := e.Extensions["code"].(string)
		var told struct {
			Faults []struct {
				Path    []any
				Message string
				Code    domain.Code
			}
		}
		if b, err := json.Marshal(e.Extensions); err == nil {
			_ = json.Unmarshal(b, &told) // Without faults of its own the error is the fault.
		}
		if len(told.Faults) == 0 {
			refusal.Faults = append(refusal.Faults, domain.Fault{Code: domain.Code(code), Message: e.Message})
		}
		for _, f := range told.Faults {
			parts := make([]string, len(f.Path))
			for i, part := range f.Path {
				parts[i] = fmt.Sprint(part)
			}
			refusal.Faults = append(refusal.Faults, domain.Fault{
				Code: f.Code, Message: f.Message, Path: strings.TrimPrefix(strings.TrimPrefix(strings.Join(parts, "."), "input"), "."),
			})
		}
	}
	return refusal
}

// opening says what an error means before anything is known of the server.
func (c *Client) opening(err error) error {
	var refusal *domain.Refusal
	if errors.As(err, &refusal) {
		return fmt.Errorf("%s speaks GraphQL, but is no rapporteur server: %w", c.endpoint, refusal)
	}
	return err
}
