package relay_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/rapporteur/rapporteur/projections/relay"
)

// kept is a publisher that takes everything, with a progress in memory.
type kept struct {
	mu    sync.Mutex
	mark  relay.Mark
	at    []uint64
	taken chan struct{}
}

func (k *kept) Publish(_ string, messages ...*message.Message) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range messages {
		k.at = append(k.at, atOf(m.Payload))
		k.taken <- struct{}{}
	}
	return nil
}

func (k *kept) Close() error { return nil }

func (k *kept) Last(context.Context) (relay.Mark, error) { return k.mark, nil }

func (k *kept) Keep(m relay.Mark) error { k.mark = m; return nil }

// run publishes until so many messages were taken, or it ends by itself.
func (k *kept) run(t *testing.T, config relay.Config, n int) error {
	t.Helper()
	k.taken = make(chan struct{}, 1000)
	config.To, config.Progress = k, k
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- relay.Run(ctx, config) }()
	for range n {
		select {
		case <-k.taken:
		case err := <-ended:
			return err
		case <-time.After(time.Minute):
			t.Fatal("nothing is published")
		}
	}
	if n == 0 {
		return <-ended
	}
	cancel()
	return <-ended
}

func TestFromIsForTheFirstTime(t *testing.T) {
	source, k := &script{first: 7, newest: 20}, &kept{}
	config, _ := configOf(t, source)
	config.From = 10
	if err := k.run(t, config, 5); err != nil || !slices.Equal(k.at, []uint64{12, 14, 16, 18, 20}) {
		t.Fatalf("%v, %v", k.at, err)
	}
	source.newest = 24
	k.at = nil
	if err := k.run(t, config, 2); err != nil || !slices.Equal(k.at, []uint64{22, 24}) {
		t.Fatalf("again: %v, %v", k.at, err)
	}
}

// Whoever ends the relay is not kept waiting until the feed has nothing more.
func TestEndIsAtOnce(t *testing.T) {
	k := &kept{taken: make(chan struct{})}
	config, _ := configOf(t, &script{first: 7, newest: 1 << 40})
	config.To, config.Progress = k, k
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- relay.Run(ctx, config) }()
	<-k.taken
	cancel()
	for n := 0; ; n++ {
		select {
		case <-k.taken: // One may have been under way.
			if n > 1 {
				t.Fatal("it goes on")
			}
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// A message that does not follow the last one is not published; the line is taken up again, and gives what was left out.
func TestGapIsNotPublished(t *testing.T) {
	source, k := &script{first: 7, newest: 20, skip: 8}, &kept{}
	config, log := configOf(t, source)
	if err := k.run(t, config, 10); err != nil || !slices.Equal(k.at, []uint64{2, 4, 6, 8, 10, 12, 14, 16, 18, 20}) {
		t.Fatalf("%v, %v", k.at, err)
	}
	if source.began != 2 || !strings.Contains(log.String(), "the message at position 10 follows 8, and the last one was at 6") {
		t.Errorf("%d lines, %s", source.began, log)
	}
}

func TestAnotherRecordIsRefused(t *testing.T) {
	source, k := &script{first: 7, newest: 20}, &kept{}
	config, _ := configOf(t, source)
	if err := k.run(t, config, 10); err != nil {
		t.Fatal(err)
	}
	mark := k.mark
	refused := func(source relay.Source, want string, change func(*relay.Config)) {
		t.Helper()
		k.mark, k.at = mark, nil
		config, _ := configOf(t, source)
		change(&config)
		if err := k.run(t, config, 0); err == nil || !strings.Contains(err.Error(), want) || len(k.at) > 0 {
			t.Errorf("%v after %v; want it to say %q", err, k.at, want)
		}
	}
	refused(&script{first: 8, newest: 30}, "another record, feed or filter", func(*relay.Config) {})
	refused(&script{first: 7, newest: 30}, "another record, feed or filter", func(c *relay.Config) { c.Name = "https://rid.example/record" })
	refused(&script{first: 7, newest: 30}, "another record, feed or filter", func(c *relay.Config) {
		var err error
		if c.Feed, err = relay.ParseFeed("positionChanged", `{"proposal":"poa"}`); err != nil {
			t.Fatal(err)
		}
	})
	refused(&rewritten{script{first: 7, newest: 30}}, "the server has another record", func(*relay.Config) {})
	// One that is only behind, another node of a cluster or one that is being restored, is waited for.
	behind := &script{first: 7, newest: 10}
	k.mark, k.at = mark, nil
	config, log := configOf(t, behind)
	go func() {
		for {
			behind.mu.Lock()
			tries := len(behind.looked)
			if tries > 3 {
				behind.newest = 24
				behind.mu.Unlock()
				return
			}
			behind.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
	}()
	if err := k.run(t, config, 2); err != nil || !slices.Equal(k.at, []uint64{22, 24}) {
		t.Errorf("%v, %v", k.at, err)
	}
	if !strings.Contains(log.String(), "the server's record ends at position 10, and the feed is to go on behind 20") {
		t.Error(log)
	}
}

// rewritten is a record with the same beginning and another past.
type rewritten struct{ script }

func (r *rewritten) Look(ctx context.Context, at uint64) (relay.Record, error) {
	record, err := r.script.Look(ctx, at)
	record.Leaf = leafOf(99, at)
	return record, err
}

func TestFeedsAreParsed(t *testing.T) {
	for _, name := range relay.Names {
		if _, err := relay.ParseFeed(name, ""); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct{ name, filter, want string }{
		{"positionsChanged", "", "no feed"},
		{"positionChanged", "proposal", "no JSON object"},
		{"positionChanged", "[]", "no JSON object"},
		{"positionChanged", "null", "no JSON object"},
		{"positionChanged", "{} {}", "no JSON object"},
		{"convergenceChanged", `{"proposal":"poa"}`, "no argument of convergenceChanged"},
	} {
		if _, err := relay.ParseFeed(c.name, c.filter); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v", c.name, c.filter, err)
		}
	}
	f, err := relay.ParseFeed("convergenceChanged", `{"by":0.1,"target":{"proposal":"poa"}}`)
	if err != nil || len(f.Arguments) != 2 {
		t.Errorf("%v, %v", f, err)
	}
}
