package relay_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/rapporteur/rapporteur/projections/relay"
)

// script is a source of made-up messages: at every second position there is one. The line breaks as often as random says.
type script struct {
	first  byte // Of the record's first leaf.
	newest uint64
	random *rand.Rand // nil never breaks it.
	skip   uint64     // Once, the message at this position is left out.
	began  int

	mu     sync.Mutex
	looked []uint64
}

func leafOf(record byte, at uint64) string {
	var leaf [32]byte
	leaf[0], leaf[30], leaf[31] = record, byte(at>>8), byte(at)
	return hex.EncodeToString(leaf[:])
}

func (s *script) Look(_ context.Context, at uint64) (relay.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = append(s.looked, at)
	r := relay.Record{FirstLeaf: leafOf(s.first, 1), Newest: s.newest}
	if at > 0 && at <= s.newest {
		r.Leaf = leafOf(s.first, at)
	}
	return r, nil
}

func (s *script) Follow(ctx context.Context, after uint64, give func(relay.Message) error) error {
	s.began++
	previous := after
	for at := after/2*2 + 2; at <= s.newest; at += 2 {
		if s.random != nil && s.random.IntN(5) == 0 {
			return errors.New("the line broke")
		}
		if at == s.skip {
			s.skip, previous = 0, at // It was given, says the next one, and was not.
			continue
		}
		if err := give(scripted(s.first, at, previous)); err != nil {
			return err
		}
		previous = at
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func scripted(record byte, at, previous uint64) relay.Message {
	return relay.Message{
		At: at, PreviousAt: previous, RecordedAt: time.Date(2026, 1, 1, 0, 0, 0, int(at)*1000, time.UTC), LeafHash: leafOf(record, at),
		Data: fmt.Appendf(nil, `{"at":"%d","previousAt":"%d","position":{"actor":{"code":"FRA"},"target":{"targetKey":"proposal:poa"},"summary":"<é>"}}`, at, previous),
	}
}

// messagesOf is how many messages there are up to a position.
func messagesOf(newest uint64) int { return int(newest / 2) }

// logged is a logger that keeps what it is told.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func configOf(t *testing.T, source relay.Source) (relay.Config, *logged) {
	t.Helper()
	feed, err := relay.ParseFeed("positionChanged", "")
	if err != nil {
		t.Fatal(err)
	}
	log := &logged{}
	return relay.Config{
		Feed: feed, Source: source, FirstPause: time.Millisecond, LongestPause: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(log, nil)),
	}, log
}

// isEvent says in what a text is not the CloudEvent of a message of the script, by the library of CloudEvents itself.
func isEvent(t testing.TB, text []byte, record byte, at uint64) {
	t.Helper()
	var e event.Event
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if err := e.Validate(); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	var data struct{ At string }
	if err := e.DataAs(&data); err != nil {
		t.Error(err)
	}
	want := scripted(record, at, 0)
	if !strings.Contains(string(text), `"summary":"<é>"`) {
		t.Errorf("the data are not as the server gives them: %s", text)
	}
	if e.SpecVersion() != "1.0" || e.ID() != fmt.Sprint(at) || data.At != e.ID() || e.Type() != "io.github.rapporteur.positionChanged.v1" || e.Subject() != "FRA/proposal:poa" ||
		!e.Time().Equal(want.RecordedAt) || e.DataContentType() != "application/json" || e.Extensions()["leafhash"] != want.LeafHash ||
		!strings.HasPrefix(e.Source(), "ni:///sha-256;") || !strings.HasSuffix(e.Source(), "?feed=positionChanged") {
		t.Errorf("message at %d: %s", at, e)
	}
}
