package router_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
	"github.com/rapporteur/rapporteur/projections/router"
)

// recorded gives all events of a log.
func recorded(t testing.TB, log eventlog.Log) (list []eventlog.Recorded) {
	t.Helper()
	for r, err := range log.ReadAll(context.Background(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// isMessageOf says in what a message is not that of the event at a position.
func isMessageOf(t testing.TB, m *message.Message, r eventlog.Recorded, at int) {
	t.Helper()
	metadata, err := codec.DecodeMetadata(r.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		router.MetadataPosition: strconv.Itoa(at), router.MetadataStream: r.Stream, router.MetadataRevision: strconv.Itoa(int(r.Revision)),
		router.MetadataType: r.Type, router.MetadataCorrelation: metadata.CorrelationID, "recordedBy": metadata.RecordedBy,
		"schemaVersion": strconv.Itoa(metadata.SchemaVersion), "recordedAt": metadata.RecordedAt.Format("2006-01-02T15:04:05.000000Z"),
	}
	for name, value := range want {
		if got := m.Metadata.Get(name); got != value {
			t.Errorf("message of event %d: %s is %q, want %q", at, name, got, value)
		}
	}
	if m.UUID != r.ID.String() || string(m.Payload) != string(r.Data) || len(m.Metadata) != len(want) {
		t.Errorf("message of event %d: %s %s with %v, want %s %s with %v", at, m.UUID, m.Payload, m.Metadata, r.ID, r.Data, want)
	}
}

// Every event is a message, in the order of the record, from wherever one begins, of all streams or of one.
func TestEachEventIsAMessage(t *testing.T) {
	log := eventlogtest.NewMemory()
	appendTo(t, log, twoStretches()...)
	all := recorded(t, log)
	streamOf := func(name string) (list []int) {
		for i, r := range all {
			if name == router.Record || r.Stream == name {
				list = append(list, i+1)
			}
		}
		return list
	}
	for _, topic := range []string{router.Record, all[len(all)-1].Stream} {
		for _, after := range []int{0, 1, 1023, 1024, 1025, len(all) - 1} {
			for _, place := range []router.Place{{At: uint64(after)}, {At: uint64(after), Offset: all[max(after, 1)-1].Offset}} {
				if after == 0 {
					place.Offset = eventlog.Offset{}
				}
				s := router.NewSubscriber(router.Config{Log: log, After: place})
				messages, err := s.Subscribe(t.Context(), topic)
				if err != nil {
					t.Fatal(err)
				}
				for _, at := range streamOf(topic) {
					if at > after {
						m := <-messages
						isMessageOf(t, m, all[at-1], at)
						m.Ack()
					}
				}
				if err := s.Close(); err != nil || s.Err() != nil {
					t.Errorf("topic %s behind %d: %v, %v", topic, after, err, s.Err())
				}
				if m, more := <-messages; more {
					t.Errorf("topic %s behind %d: another message, of event %s", topic, after, m.Metadata.Get(router.MetadataPosition))
				}
			}
		}
	}
}

// The next message comes after the Ack, the same after a Nack; a message's context ends with it; who waits does so without asking.
func TestOneMessageAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, events := &watched{Log: eventlogtest.NewMemory(), after: -1}, history.Random(4, history.Small)[:20]
		appendTo(t, log, events[:10]...)
		s := router.NewSubscriber(router.Config{Log: log})
		messages, err := s.Subscribe(t.Context(), router.Record)
		if err != nil {
			t.Fatal(err)
		}
		next := func(at int) *message.Message {
			m := <-messages
			if got := m.Metadata.Get(router.MetadataPosition); got != strconv.Itoa(at) {
				t.Fatalf("the message of event %s, want %d", got, at)
			}
			return m
		}
		none := func() {
			synctest.Wait()
			select {
			case m := <-messages:
				t.Fatalf("another message, of event %s", m.Metadata.Get(router.MetadataPosition))
			default:
			}
		}
		for at := 1; at <= 10; at++ {
			for range at % 3 {
				m := next(at)
				none()
				m.Nack()
				synctest.Wait()
				if m.Context().Err() == nil {
					t.Error("the context of a message that was not taken goes on")
				}
			}
			m := next(at)
			none()
			if m.Context().Err() != nil {
				t.Error("the context of a message ended before its Ack")
			}
			m.Ack()
			synctest.Wait()
			if m.Context().Err() == nil {
				t.Error("the context of a message goes on after its Ack")
			}
		}
		none()
		reads, wake := log.reads.Load(), log.wake.Load()
		time.Sleep(24 * time.Hour)
		if log.reads.Load() != reads || log.wake.Load() != wake {
			t.Errorf("while nothing was recorded the log was read %d times and waited for %d times more", log.reads.Load()-reads, log.wake.Load()-wake)
		}
		appendTo(t, log, events[10:]...)
		for at := 11; at <= 20; at++ {
			next(at).Ack()
		}
		last := log.Log.(*eventlogtest.Memory)
		if err := last.Close(); err != nil {
			t.Fatal(err)
		}
		if _, more := <-messages; more || s.Err() != nil {
			t.Errorf("after the log was closed: %v", s.Err())
		}
	})
}

func TestSubscriptionEnds(t *testing.T) {
	log := eventlogtest.NewMemory()
	appendTo(t, log, history.Random(4, history.Small)[:5]...)
	s := router.NewSubscriber(router.Config{Log: log})
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	one, err := s.Subscribe(ctx, router.Record)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Subscribe(t.Context(), router.Record)
	if err != nil {
		t.Fatal(err)
	}
	m := <-one
	if m.Context().Value(key{}) != "value" {
		t.Error("what the subscription's context carries is not in the message's")
	}
	cancel() // With a message under way.
	<-m.Context().Done()
	if _, more := <-one; more {
		t.Error("a message after the end of the context")
	}
	m = <-other
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-m.Context().Done()
	if _, more := <-other; more {
		t.Error("a message after Close")
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
	if _, err := s.Subscribe(t.Context(), router.Record); err == nil {
		t.Error("a subscription after Close")
	}
	if s.Err() != nil {
		t.Errorf("ends that were asked for are told as %v", s.Err())
	}
}

type key struct{}

// What was read before a fault is given, and then the fault is told.
func TestFaultEndsTheSubscription(t *testing.T) {
	broken := errors.New("the disk is gone")
	log := &watched{Log: eventlogtest.NewMemory(), after: 3, err: broken}
	appendTo(t, log, history.Random(4, history.Small)[:5]...)
	s := router.NewSubscriber(router.Config{Log: log})
	messages, err := s.Subscribe(t.Context(), router.Record)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m := range messages {
		n++
		m.Ack()
	}
	if n != 3 || !errors.Is(s.Err(), broken) || !strings.Contains(s.Err().Error(), "behind position 3") {
		t.Errorf("%d messages, then %v", n, s.Err())
	}
	log = &watched{Log: log.Log, after: -1, wait: broken}
	s = router.NewSubscriber(router.Config{Log: log, After: router.Place{At: 5}})
	if messages, err = s.Subscribe(t.Context(), router.Record); err != nil {
		t.Fatal(err)
	}
	if _, more := <-messages; more || !errors.Is(s.Err(), broken) || !strings.Contains(s.Err().Error(), "behind position 5") {
		t.Errorf("a fault of waiting is told as %v", s.Err())
	}
}

// Metadata that this program does not write is given as far as it is plain; what is no object is left out.
func TestForeignMetadata(t *testing.T) {
	log := eventlogtest.NewMemory()
	for i, metadata := range []string{`{"a":"é\n","b":1.5,"c":true,"d":null,"e":{"f":1},"g":[1],"position":"99"}`, `[1]`, `no JSON`} {
		if _, err := log.Append(t.Context(), eventlog.Append{Stream: "x-y", Expected: eventlog.AnyRevision, Events: []eventlog.Event{
			{ID: eventlog.ID{byte(i)}, Type: "Strange", Data: []byte("{}"), Metadata: []byte(metadata)},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	s := router.NewSubscriber(router.Config{Log: log})
	defer s.Close()
	messages, err := s.Subscribe(t.Context(), "x-y")
	if err != nil {
		t.Fatal(err)
	}
	m := <-messages
	if m.Metadata["a"] != "é\n" || m.Metadata["b"] != "1.5" || m.Metadata["c"] != "true" || m.Metadata["position"] != "1" || len(m.Metadata) != 7 {
		t.Errorf("metadata %v", m.Metadata)
	}
	m.Ack()
	for range 2 {
		m := <-messages
		if len(m.Metadata) != 4 {
			t.Errorf("metadata %v", m.Metadata)
		}
		m.Ack()
	}
}
