package relay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/relay"
	"github.com/rapporteur/rapporteur/projections/router"
)

// newServer serves the built-in negotiation.
func newServer(t *testing.T) (url string, newest uint64, log eventlog.Log) {
	t.Helper()
	log, m := eventlogtest.NewMemory(), projections.New()
	ctx, stop := context.WithCancel(context.Background())
	followed := make(chan error, 1)
	go func() { followed <- router.Follow(ctx, router.FollowConfig{Log: log}, router.Model(m)) }()
	t.Cleanup(func() {
		stop()
		if err := <-followed; err != nil {
			t.Error(err)
		}
	})
	input, faults := intake.Dataset(demo.Files)
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	r := recorder.New(log, graph.NewReader(m), recorder.Config{})
	report, err := r.RecordAll(ctx, input.Rows, recorder.AllOptions{By: "import"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.WaitAt(ctx, uint64(report.Events)); err != nil {
		t.Fatal(err)
	}
	handler := graph.NewHandler(graph.Config{Model: m, Log: log, Recorder: r, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		_ = handler.Drain(ctx)
		server.Close()
	})
	return server.URL, m.At(), log
}

// texts is a publisher that keeps what it takes.
type texts struct {
	kept
	list chan string
}

func (p *texts) Publish(_ string, messages ...*message.Message) error {
	for _, m := range messages {
		p.list <- string(m.Payload)
	}
	return nil
}

// Every feed, with a filter and without: what is published are CloudEvents, in order, each with the leaf of its event, and data that
// says the same as its attributes.
func TestEveryFeed(t *testing.T) {
	url, newest, log := newServer(t)
	var all []eventlog.Recorded
	for r, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for _, c := range []struct{ feed, filter, source, subject string }{
		{"eventRecorded", "", "?feed=eventRecorded", "position-"},
		{"eventRecorded", `{"types": ["VoteRecorded", "PositionStated"]}`, "?feed=eventRecorded&filter=%7B%22types%22%3A%5B%22VoteRecorded%22%2C%22PositionStated%22%5D%7D", "position-"},
		{"positionChanged", "", "?feed=positionChanged", "/option:"},
		{"positionChanged", `{"proposal":"programme-of-action","stances":["OPPOSE"]}`, "?feed=positionChanged&filter=%7B%22proposal%22%3A%22programme-of-action%22%2C%22stances%22%3A%5B%22OPPOSE%22%5D%7D", "/proposal:programme-of-action"},
		{"endorsementChanged", "", "?feed=endorsementChanged", "proposal:"},
		{"endorsementChanged", `{"kinds":["VOTE_NO"]}`, "?feed=endorsementChanged&filter=%7B%22kinds%22%3A%5B%22VOTE_NO%22%5D%7D", "proposal:"},
		{"convergenceChanged", "", "?feed=convergenceChanged", "option:"},
		{"convergenceChanged", `{"by":0.1,"target":{"proposal":"programme-of-action"}}`, "?by=0.1&feed=convergenceChanged&target=%7B%22proposal%22%3A%22programme-of-action%22%7D", "proposal:programme-of-action"},
	} {
		t.Run(c.feed+c.filter, func(t *testing.T) {
			feed, err := relay.ParseFeed(c.feed, c.filter)
			if err != nil {
				t.Fatal(err)
			}
			config, said := configOf(t, &relay.Server{URL: url, Feed: feed, Client: http.DefaultClient, Silence: time.Minute})
			config.Feed, config.From, config.Name = feed, 300, "https://rid.example/record"
			p := &texts{list: make(chan string, 10_000)}
			config.To, config.Progress = p, p
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- relay.Run(ctx, config) }()
			previous, n, subjects := uint64(300), 0, false
			quiet := time.NewTimer(30 * time.Second)
			for more := true; more; {
				select {
				case text := <-p.list:
					n++
					var e event.Event
					err := json.Unmarshal([]byte(text), &e)
					if err == nil {
						err = e.Validate()
					}
					if err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					at, _ := strconv.ParseUint(e.ID(), 10, 64)
					var data struct{ At, PreviousAt string }
					if err := e.DataAs(&data); err != nil || data.At != e.ID() || data.PreviousAt != fmt.Sprint(previous) || at <= previous || at > newest {
						t.Fatalf("%s behind %d: %v", text, previous, err)
					}
					r := all[at-1]
					if e.Type() != "io.github.rapporteur."+c.feed+".v1" || e.Source() != "https://rid.example/record"+c.source {
						t.Errorf("%s of %s", e.Type(), e.Source())
					}
					if c.feed == "eventRecorded" && e.Subject() != r.Stream {
						t.Errorf("event %d is about %s", at, e.Subject())
					}
					subjects = subjects || strings.Contains(e.Subject(), c.subject)
					if e.Time().IsZero() || len(fmt.Sprint(e.Extensions()["leafhash"])) != 64 {
						t.Errorf("%s", text)
					}
					previous = at
					quiet.Reset(500 * time.Millisecond)
				case <-quiet.C:
					more = false // Nothing follows; a slow machine makes the test see less, and not fail.
				case err := <-ended:
					t.Fatalf("%v\n%s", err, said)
				}
			}
			if n == 0 || !subjects {
				t.Errorf("%d messages, none about %s", n, c.subject)
			}
			stop()
			if err := <-ended; err != nil || strings.Contains(said.String(), "WARN") {
				t.Errorf("%v %s", err, said)
			}
		})
	}
}

// What only a person can repair ends the relay: a filter that the server does not know, a credential that it does not take.
func TestServerRefuses(t *testing.T) {
	url, _, _ := newServer(t)
	feed, err := relay.ParseFeed("positionChanged", `{"colour":"red"}`)
	if err != nil {
		t.Fatal(err)
	}
	run := func(url string) error {
		config, _ := configOf(t, &relay.Server{URL: url, Feed: feed, Client: http.DefaultClient, Silence: time.Minute})
		config.Feed = feed
		k := &kept{}
		return k.run(t, config, 0)
	}
	if err := run(url); err == nil || !strings.Contains(err.Error(), "colour") || !strings.Contains(err.Error(), "BAD_USER_INPUT") {
		t.Error(err)
	}
	locked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"errors":[{"message":"The token has expired.","extensions":{"code":"UNAUTHENTICATED"}}]}`)
	}))
	defer locked.Close()
	if err := run(locked.URL); err == nil || !strings.Contains(err.Error(), "The token has expired. (UNAUTHENTICATED)") {
		t.Error(err)
	}
}

// A server that answers nonsense, fails, says nothing any more or ends the feed is asked again, behind the last message.
func TestServerIsAskedAgain(t *testing.T) {
	url, _, _ := newServer(t)
	var asked atomic.Int64
	silent := make(chan struct{})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		events := strings.Contains(r.Header.Get("Accept"), "event-stream")
		n := asked.Add(1)
		switch {
		case n == 1:
			http.Error(w, "bad gateway", http.StatusBadGateway)
			return
		case n == 2:
			fmt.Fprint(w, "<html>")
			return
		case n == 3:
			panic(http.ErrAbortHandler)
		case n == 4:
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
			return
		}
		q, err := http.NewRequestWithContext(r.Context(), r.Method, url+"/graphql", strings.NewReader(string(body)))
		if err != nil {
			t.Error(err)
			return
		}
		q.Header = r.Header.Clone()
		q.Header.Del("Accept-Encoding")
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			return
		}
		defer answer.Body.Close()
		w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
		w.WriteHeader(answer.StatusCode)
		if !events {
			_, _ = io.Copy(w, answer.Body)
			return
		}
		// Of a feed some of it, and then it ends, breaks off in the middle, or falls silent.
		_, _ = io.CopyN(w, answer.Body, 8000)
		switch n % 3 {
		case 0:
			fmt.Fprint(w, "\n\nevent: complete\ndata: \n\n")
		case 1:
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-silent:
			}
		}
	}))
	defer proxy.Close()
	defer close(silent)
	feed, err := relay.ParseFeed("eventRecorded", "")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	config, log := configOf(t, &relay.Server{URL: proxy.URL, Feed: feed, Client: client, Silence: 100 * time.Millisecond})
	config.Feed, config.From = feed, 700
	k := &kept{}
	if err := k.run(t, config, 60); err != nil {
		t.Fatal(err)
	}
	var want []uint64
	for at := range uint64(60) {
		want = append(want, 701+at)
	}
	if !slices.Equal(k.at[:60], want) {
		t.Errorf("%v", k.at)
	}
	for _, said := range []string{"502 Bad Gateway", "307 Temporary Redirect", "said nothing for 100ms"} {
		if !strings.Contains(log.String(), said) {
			t.Errorf("%q is not in %s", said, log)
		}
	}
}

// A feed on which nothing happens is kept as long as the server gives signs of life, and given up when it gives none.
func TestSilenceEndsTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, feed := time.Now(), relay.Feed{Name: "eventRecorded"}
		client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			signs := 0
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(reader(func(b []byte) (int, error) {
				if signs++; signs > 10 {
					<-r.Context().Done()
					return 0, r.Context().Err()
				}
				time.Sleep(50 * time.Second)
				return copy(b, ":\n\n"), nil
			}))}, nil
		})}
		s := &relay.Server{URL: "http://rid.example", Feed: feed, Client: client, Silence: time.Minute}
		err := s.Follow(t.Context(), 0, func(relay.Message) error { return nil })
		if d := time.Since(began); err == nil || err.Error() != "the server said nothing for 1m0s" || d != 500*time.Second+time.Minute {
			t.Errorf("%v after %s", err, d)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type reader func([]byte) (int, error)

func (f reader) Read(b []byte) (int, error) { return f(b) }
