package router_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/google/uuid"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/projections/router"
)

// publisher appends messages to the stream that is their topic. Outside tests there is none: what is recorded goes through the
// recorder.
type publisher struct{ log eventlog.Log }

func (p publisher) Publish(topic string, messages ...*message.Message) error {
	step := eventlog.Append{Stream: topic, Expected: eventlog.AnyRevision}
	for _, m := range messages {
		id, err := uuid.Parse(m.UUID)
		if err != nil {
			return fmt.Errorf("publish to %s: %w", topic, err)
		}
		metadata, err := json.Marshal(m.Metadata)
		if err != nil {
			return err
		}
		step.Events = append(step.Events, eventlog.Event{ID: eventlog.ID(id), Type: "Published", Data: m.Payload, Metadata: metadata})
	}
	_, err := p.log.Append(context.Background(), step)
	return err
}

func (p publisher) Close() error { return nil }

// Watermill's own suite, on both logs.
func TestPubSub(t *testing.T) {
	for name, open := range map[string]func(*testing.T) eventlog.Log{
		"memory": func(*testing.T) eventlog.Log { return eventlogtest.NewMemory() },
		"embedded": func(t *testing.T) eventlog.Log {
			log, err := embedded.Open(embedded.Config{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			return log
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := open(t)
			t.Cleanup(func() { _ = log.Close() })
			features := tests.Features{
				GuaranteedOrder: true, Persistent: true, NewSubscriberReceivesOldMessages: true,
				ForceShort: name == "embedded" && !long, // Ten thousand appends, each synced, take a while.
			}
			tests.TestPubSub(t, features, func(*testing.T) (message.Publisher, message.Subscriber) {
				return publisher{log}, router.NewSubscriber(router.Config{Log: log})
			}, nil)
		})
	}
}
