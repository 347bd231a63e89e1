package relay_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/rapporteur/rapporteur/projections/relay"
)

// broker is a NATS server with JetStream in this process, that can be stopped and started on the same files and the same port.
type broker struct {
	t       testing.TB
	options server.Options
	running *server.Server
}

func newBroker(t testing.TB) *broker {
	b := &broker{t: t, options: server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start() {
	b.t.Helper()
	options := b.options
	s, err := server.NewServer(&options)
	if err != nil {
		b.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		b.t.Fatal("the NATS server does not start")
	}
	b.running, b.options.Port = s, options.Port
}

func (b *broker) stop() {
	b.running.Shutdown()
	b.running.WaitForShutdown()
}

func (b *broker) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", b.options.Port) }

// stream gives what a stream holds.
func (b *broker) stream(name string) (list []*nats.RawStreamMsg) {
	b.t.Helper()
	conn, err := nats.Connect(b.url())
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	js, err := conn.JetStream()
	if err != nil {
		b.t.Fatal(err)
	}
	info, err := js.StreamInfo(name)
	if err != nil {
		return nil
	}
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq && seq > 0; seq++ {
		m, err := js.GetMsg(name, seq)
		if err != nil {
			b.t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

func (b *broker) open(t testing.TB, log *logged, config relay.Config) (*relay.Stream, relay.Config) {
	t.Helper()
	s, err := relay.OpenStream(relay.StreamConfig{URL: b.url(), Name: "talks", Subject: "talks.positions", Logger: config.Logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	config.To, config.Progress = s, s
	return s, config
}

// Whatever breaks, the line to the server, the broker, the relay itself at any moment, the stream has each message once, in order.
func TestStreamHasEachMessageOnce(t *testing.T) {
	b, random := newBroker(t), rand.New(rand.NewPCG(1, 2))
	source := &script{first: 7, newest: 600, random: rand.New(rand.NewPCG(1, 1))}
	want := messagesOf(source.newest)
	for start := 0; ; start++ {
		if start == 200 {
			t.Fatal("200 starts, and it is not through")
		}
		config, log := configOf(t, source)
		s, config := b.open(t, log, config)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- relay.Run(ctx, config) }()
		if start%4 == 1 {
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			b.stop()
			b.start()
		}
		time.Sleep(time.Duration(20+random.IntN(80)) * time.Millisecond)
		cancel()
		if err := <-ended; err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		s.Close()
		if got := b.stream("talks"); len(got) == want {
			break
		}
	}
	for i, m := range b.stream("talks") {
		at := uint64(2*i + 2)
		isEvent(t, m.Data, 7, at)
		if m.Subject != "talks.positions" || m.Header.Get("Nats-Msg-Id") != fmt.Sprint(at) || m.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" {
			t.Errorf("message %d: %s %v", at, m.Subject, m.Header)
		}
	}
	t.Logf("%d lines to the server", source.began)
}

// A message of which the confirmation was lost is sent again, and stands in the stream once, also when the server has forgotten
// that it had it.
func TestStreamTakesAMessageOnce(t *testing.T) {
	b := newBroker(t)
	conn, err := nats.Connect(b.url())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := conn.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	const window = 100 * time.Millisecond
	if _, err := js.AddStream(&nats.StreamConfig{Name: "talks", Subjects: []string{"talks.positions"}, Duplicates: window}); err != nil {
		t.Fatal(err)
	}
	var kept bytes.Buffer
	config, log := configOf(t, &script{first: 7, newest: 10})
	s, config := b.open(t, log, config)
	copies := repeating{s, func() { time.Sleep(3 * window) }}
	config.To = copies
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- relay.Run(ctx, config) }()
	for len(b.stream("talks")) < 5 {
		select {
		case err := <-ended:
			t.Fatalf("%v\n%s", err, log)
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	list := b.stream("talks")
	if len(list) != 5 {
		t.Errorf("%d messages, want 5", len(list))
	}
	for i, m := range list {
		isEvent(t, m.Data, 7, uint64(2*i+2))
		kept.Write(m.Data)
	}
}

// repeating publishes each message at once again, and once more when the window is over.
type repeating struct {
	message.Publisher
	window func()
}

func (r repeating) Publish(topic string, messages ...*message.Message) error {
	for i := range 3 {
		if i == 2 {
			r.window()
		}
		if err := r.Publisher.Publish(topic, messages...); err != nil {
			return err
		}
	}
	return nil
}

// What a stream holds that is not this feed is not added to.
func TestStreamHoldsOneFeed(t *testing.T) {
	b := newBroker(t)
	conn, err := nats.Connect(b.url())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := conn.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	run := func(record byte, newest uint64) error {
		config, log := configOf(t, &script{first: record, newest: newest})
		_, config = b.open(t, log, config)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- relay.Run(ctx, config) }()
		for len(b.stream("talks")) < messagesOf(newest) {
			select {
			case err := <-ended:
				return err
			case <-time.After(10 * time.Millisecond):
			}
		}
		cancel()
		return <-ended
	}
	refused := func(err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to say %q", err, want)
		}
	}
	if err := run(7, 4); err != nil {
		t.Fatal(err)
	}
	refused(run(8, 6), "another record, feed or filter")
	if _, err := js.Publish("talks.positions", []byte("{}"), nats.MsgId("5")); err != nil {
		t.Fatal(err)
	}
	refused(run(7, 8), "was not published by a relay")
	if err := js.PurgeStream("talks"); err != nil {
		t.Fatal(err)
	}
	refused(run(7, 8), "has lost its messages")
	if err := js.DeleteStream("talks"); err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "talks", Subjects: []string{"talks.>"}}); err != nil {
		t.Fatal(err)
	}
	refused(run(7, 8), "must have talks.positions alone")
	if err := js.DeleteStream("talks"); err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "other", Subjects: []string{"talks.*"}}); err != nil {
		t.Fatal(err)
	}
	refused(run(7, 8), "make the stream talks")
}

// A second relay beside the first is told, and the stream is not harmed.
func TestStreamHasOneRelay(t *testing.T) {
	b := newBroker(t)
	config, log := configOf(t, &script{first: 7, newest: 4})
	one, config := b.open(t, log, config)
	publish := func(to message.Publisher, at, previous int) error {
		m := message.NewMessageWithContext(t.Context(), fmt.Sprint(at), fmt.Appendf(nil, `{"id":"%d","source":"x","leafhash":"00"}`, at))
		if previous > 0 {
			m.Metadata.Set("previous", fmt.Sprint(previous))
		}
		return to.Publish("", m)
	}
	if _, err := one.Last(t.Context()); err != nil {
		t.Fatal(err)
	}
	other, _ := b.open(t, log, config)
	for _, c := range []struct {
		by           *relay.Stream
		at, previous int
		refused      bool
	}{{one, 2, 0, false}, {one, 4, 2, false}, {other, 3, 2, true}, {other, 2, 0, true}, {other, 9, 0, true}, {other, 4, 2, false}, {one, 6, 4, false}, {other, 8, 4, true}} {
		err := publish(c.by, c.at, c.previous)
		if c.refused != (err != nil) || err != nil && !strings.Contains(err.Error(), "something else publishes into it") {
			t.Errorf("message %d behind %d: %v", c.at, c.previous, err)
		}
	}
	if n := len(b.stream("talks")); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}

func TestStreamIsNamed(t *testing.T) {
	config, _ := configOf(t, nil)
	for _, c := range []struct{ name, subject string }{{"", "a"}, {"a.b", "a"}, {"a b", "a"}, {"a>", "a"}, {"a", ""}, {"a", "a.*"}, {"a", ">"}, {"a", "a..b"}, {"a", ".a"}, {"a", "a b"}} {
		if s, err := relay.OpenStream(relay.StreamConfig{URL: "nats://127.0.0.1:1", Name: c.name, Subject: c.subject, Logger: config.Logger}); err == nil {
			s.Close()
			t.Errorf("stream %q with subject %q is taken", c.name, c.subject)
		}
	}
}
