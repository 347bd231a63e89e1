package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/tmaxmax/go-sse"
)

// Server is a running server as a Source: its public API, with subscriptions as server-sent events in the mode of distinct connections
// (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). It belongs to one goroutine.
type Server struct {
	URL    string // Without the path.
	Token  string // Empty where the server asks for none.
	Feed   Feed
	Client *http.Client
	// Silence is how long a server may say nothing before it is taken for gone; it gives a sign of life every 25 s.
	Silence time.Duration

	facts map[uint64]fact // Of events about those that come next.
}

// fact is what a CloudEvent has of an event that is not in its feed's message.
type fact struct {
	At         uint64    `json:"at,string"`
	RecordedAt time.Time `json:"recordedAt"`
	LeafHash   string    `json:"leafHash"`
}

// factsAhead is how many events are asked for at once: in a long way to catch up one answer serves many messages.
const factsAhead = 500

// largest is the size up to which an answer is read: a message with the ballots of 193 States takes about 100 KiB.
const largest = 64 << 20

// Look asks for the record's first leaf and newest position, and for the leaf at a position.
func (s *Server) Look(ctx context.Context, at uint64) (Record, error) {
	var data struct {
		At     string
		Events struct{ Nodes []fact }
	}
	if err := s.ask(ctx, `{ at events(first: 1) { nodes { at recordedAt leafHash } } }`, nil, &data); err != nil {
		return Record{}, err
	}
	var r Record
	var err error
	if r.Newest, err = strconv.ParseUint(data.At, 10, 64); err != nil {
		return Record{}, backoff.Permanent(fmt.Errorf("%s does not answer as a rapporteur does: its position is %q", s.URL, data.At))
	}
	if len(data.Events.Nodes) > 0 {
		r.FirstLeaf = data.Events.Nodes[0].LeafHash
	}
	if at == 0 || at > r.Newest {
		return r, nil
	}
	here, err := s.events(ctx, at, 1)
	if err == nil && (len(here) == 0 || here[0].At != at) {
		err = fmt.Errorf("%s has no event at position %d", s.URL, at)
	}
	if err == nil {
		r.Leaf = here[0].LeafHash
	}
	return r, err
}

// events gives facts of so many events, from a position on.
func (s *Server) events(ctx context.Context, from uint64, first int) ([]fact, error) {
	var data struct{ Events struct{ Nodes []fact } }
	err := s.ask(ctx, `query($before: String!, $first: Int!) { events(first: $first, after: $before) { nodes { at recordedAt leafHash } } }`,
		map[string]any{"before": strconv.FormatUint(from-1, 10), "first": first}, &data)
	return data.Events.Nodes, err
}

// Follow subscribes behind a position.
func (s *Server) Follow(ctx context.Context, after uint64, give func(Message) error) error {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	variables := map[string]any{"after": strconv.FormatUint(after, 10)}
	for name, value := range s.Feed.Arguments {
		variables[name] = value
	}
	response, err := s.post(reading, s.Feed.document, variables, "text/event-stream")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	silent := time.AfterFunc(s.Silence, func() { stop(fmt.Errorf("the server said nothing for %s", s.Silence)) })
	defer silent.Stop()
	body := reader(func(b []byte) (int, error) {
		n, err := response.Body.Read(b)
		silent.Reset(s.Silence)
		return n, err
	})
	for e, err := range sse.Read(body, &sse.ReadConfig{MaxEventSize: largest}) {
		switch {
		case err != nil && reading.Err() != nil:
			return context.Cause(reading)
		case err != nil:
			return fmt.Errorf("read the feed: %w", err)
		case e.Type == "complete":
			return errors.New("the server ended the feed")
		case e.Type != "next":
			continue
		}
		silent.Stop() // It may be long until the message is taken, and we are the silent ones then.
		m, err := s.message(ctx, []byte(e.Data))
		if err != nil {
			return err
		}
		if err := give(m); err != nil {
			return err
		}
		silent.Reset(s.Silence)
	}
	if reading.Err() != nil {
		return context.Cause(reading)
	}
	return errors.New("the server closed the line")
}

// reader is a function as an io.Reader.
type reader func([]byte) (int, error)

func (r reader) Read(b []byte) (int, error) { return r(b) }

// message makes a message of what the server sent.
func (s *Server) message(ctx context.Context, text []byte) (Message, error) {
	var answered struct {
		Data   map[string]json.RawMessage
		Errors faults
	}
	if err := json.Unmarshal(text, &answered); err != nil {
		return Message{}, fmt.Errorf("read a message: %w", err)
	}
	if err := answered.Errors.err(); err != nil {
		return Message{}, err
	}
	m := Message{Data: answered.Data[s.Feed.Name]}
	var place struct {
		At         uint64 `json:"at,string"`
		PreviousAt uint64 `json:"previousAt,string"`
	}
	if err := json.Unmarshal(m.Data, &place); err != nil {
		return Message{}, fmt.Errorf("read a message of %s: %w", s.Feed.Name, err)
	}
	m.At, m.PreviousAt = place.At, place.PreviousAt
	of, ok := s.facts[m.At]
	if !ok {
		list, err := s.events(ctx, m.At, factsAhead)
		if err != nil {
			return Message{}, err
		}
		s.facts = make(map[uint64]fact, len(list))
		for _, f := range list {
			s.facts[f.At] = f
		}
		if of, ok = s.facts[m.At]; !ok {
			return Message{}, fmt.Errorf("the server has a message at position %d and no event", m.At)
		}
	}
	m.RecordedAt, m.LeafHash = of.RecordedAt, of.LeafHash
	return m, nil
}

// ask answers a query.
func (s *Server) ask(ctx context.Context, query string, variables map[string]any, data any) error {
	response, err := s.post(ctx, query, variables, "application/json")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answered struct {
		Data   json.RawMessage
		Errors faults
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, largest)).Decode(&answered); err != nil {
		return fmt.Errorf("read the answer of %s: %w", s.URL, err)
	}
	if err := answered.Errors.err(); err != nil {
		return err
	}
	return json.Unmarshal(answered.Data, data)
}

// post sends an operation and gives an answer of the media type that was asked for.
func (s *Server) post(ctx context.Context, query string, variables map[string]any, accept string) (*http.Response, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", accept)
	if s.Token != "" {
		request.Header.Set("Authorization", "Bearer "+s.Token)
	}
	response, err := s.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", s.URL, withoutAddress(err))
	}
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode == http.StatusOK && media == accept {
		return response, nil
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // Whatever of it came says more than that it broke off.
	var answered struct{ Errors faults }
	if json.Unmarshal(said, &answered) == nil {
		if err := answered.Errors.err(); err != nil {
			return nil, err
		}
	}
	err = fmt.Errorf("%s answers %s, %s", s.URL, response.Status, media)
	if after, ok := retryAfter(response); ok {
		return nil, errors.Join(err, &backoff.RetryAfterError{Duration: after})
	}
	return nil, err
}

// withoutAddress takes the address out of an error of net/http, which may have a secret in it.
func withoutAddress(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// longestRetryAfter bounds what a receiver or server may ask for.
const longestRetryAfter = time.Hour

// retryAfter reads the header of that name: seconds (RFC 9110, section 10.2.3). A date is passed over.
func retryAfter(response *http.Response) (time.Duration, bool) {
	seconds, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 31)
	return min(time.Duration(seconds)*time.Second, longestRetryAfter), err == nil && seconds > 0
}

// faults are the errors of an answer.
type faults []struct {
	Message    string
	Extensions struct{ Code string }
}

// err gives them as one error: for good, unless the server may answer otherwise when it is asked again.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	err := fmt.Errorf("the server refuses: %s (%s)", f[0].Message, f[0].Extensions.Code)
	switch f[0].Extensions.Code {
	case "BAD_USER_INPUT", "NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN":
		return backoff.Permanent(err)
	}
	return err
}
