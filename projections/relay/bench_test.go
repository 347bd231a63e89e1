package relay_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rapporteur/rapporteur/projections/relay"
)

// BenchmarkStream is a message of a feed published to a stream of a NATS server in this process, on file, against the bare client that
// publishes as many bytes one by one, each confirmed.
func BenchmarkStream(b *testing.B) {
	body := scripted(7, 2, 0)
	b.Run("by=client", func(b *testing.B) {
		conn, err := nats.Connect(newBroker(b).url())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		js, err := conn.JetStream()
		if err == nil {
			_, err = js.AddStream(&nats.StreamConfig{Name: "talks", Subjects: []string{"talks.positions"}})
		}
		if err != nil {
			b.Fatal(err)
		}
		payload := append(bytes.Clone(body.Data), make([]byte, 300)...) // As much as the attributes take.
		for n := 0; b.Loop(); n++ {
			if _, err := js.Publish("talks.positions", payload, nats.MsgId(fmt.Sprint(n))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by=relay", func(b *testing.B) {
		broker := newBroker(b)
		feed, err := relay.ParseFeed("positionChanged", "")
		if err != nil {
			b.Fatal(err)
		}
		config := relay.Config{Feed: feed, Logger: slog.New(slog.DiscardHandler)}
		s, config := broker.open(b, nil, config)
		config.Progress = counted{s, make(chan struct{}, 64)}
		publish(b, config)
	})
}

// BenchmarkWebhook is a message of a feed sent to a webhook on this machine, signed, with the state written and synced, against a bare
// POST of as many bytes.
func BenchmarkWebhook(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	body := scripted(7, 2, 0)
	b.Run("by=post", func(b *testing.B) {
		payload := append(bytes.Clone(body.Data), make([]byte, 300)...)
		for b.Loop() {
			response, err := http.Post(server.URL, relay.ContentType, bytes.NewReader(payload))
			if err != nil {
				b.Fatal(err)
			}
			response.Body.Close()
		}
	})
	b.Run("by=relay", func(b *testing.B) {
		feed, err := relay.ParseFeed("positionChanged", "")
		if err != nil {
			b.Fatal(err)
		}
		config := hookTo(b, relay.Config{Feed: feed, Logger: slog.New(slog.DiscardHandler)}, server.URL, filepath.Join(b.TempDir(), "state"), time.Second)
		config.Progress = counted{config.Progress, make(chan struct{}, 64)}
		publish(b, config)
	})
}

// counted tells of each message that is kept.
type counted struct {
	relay.Progress
	kept chan struct{}
}

func (c counted) Keep(m relay.Mark) error {
	err := c.Progress.Keep(m)
	c.kept <- struct{}{}
	return err
}

// publish runs a relay for as many messages as the benchmark wants.
func publish(b *testing.B, config relay.Config) {
	config.Source = &script{first: 7, newest: 1 << 40}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- relay.Run(ctx, config) }()
	kept := config.Progress.(counted).kept
	for b.Loop() {
		<-kept
	}
	stop()
	for {
		select {
		case <-kept:
		case err := <-ended:
			if err != nil {
				b.Error(err)
			}
			return
		}
	}
}
