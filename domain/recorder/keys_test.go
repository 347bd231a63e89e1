package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

func TestARepeatedKeyAnswersTheSameAndRecordsNothing(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	r := recorder.New(log, newModel(log), config)
	first, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Record(t.Context(), keyed(position("FRA", domain.Neutral, "later"), "k2", "h2")); err != nil {
		t.Fatal(err)
	}
	want := first
	want.Repeated = true
	before := size(t, log)
	// The second time is another process on the same log.
	for range 2 {
		expected := int64(-1) // It was, when the first was recorded.
		q := keyed(position("FRA", domain.Support, "s"), "k", "h")
		q.ExpectedRevision = &expected
		if got, err := r.Record(t.Context(), q); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		_, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "other"), "k", "h3"))
		refusal(t, err, domain.Conflict, "idempotencyKey")
		_, err = r.Record(t.Context(), keyed(position("EGY", domain.Support, "s"), "k", "h3"))
		refusal(t, err, domain.Conflict, "idempotencyKey")
		r = recorder.New(log, newModel(log), config)
	}
	if n := size(t, log); n != before {
		t.Errorf("%d events, %d before", n, before)
	}
	// The key belongs to its subject.
	q := keyed(position("FRA", domain.Support, "of John"), "k", "h")
	q.By = "john"
	if got, err := r.Record(t.Context(), q); err != nil || got.Repeated || got.Last != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSeveralEventsOfOneKey: a proposal with a document is several events; the repeated answer names all of them.
func TestSeveralEventsOfOneKey(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	c := domain.SubmitProposal{Slug: "poa", Title: "Programme of Action", Submitters: []string{"FRA"}, On: today, Source: source,
		Document: &domain.Document{Symbol: "A/1", Title: "Draft", Language: domain.English, IssuedOn: today}}
	for i := range 40 {
		c.Document.Paragraphs = append(c.Document.Paragraphs, domain.Paragraph{Kind: domain.Operative, Number: i + 1, Text: strings.Repeat("word ", 1000)})
	}
	r := recorder.New(log, newModel(log), config)
	first, err := r.Record(t.Context(), keyed(c, "k", "h"))
	if err != nil || first.First != 0 || first.Last < 2 || first.At != 4+uint64(first.Last)+1 {
		t.Fatalf("%+v, %v", first, err)
	}
	held := newModel(eventlogtest.NewMemory()) // A node whose model knows nothing yet.
	go func() { held.mu.Lock(); held.log = log; held.mu.Unlock() }()
	for _, m := range []*model{newModel(log), held} {
		got, err := recorder.New(log, m, config).Record(t.Context(), keyed(c, "k", "h"))
		got.Repeated = !got.Repeated
		if err != nil || got != first {
			t.Errorf("%+v, %v, want %+v", got, err, first)
		}
	}
	for i, e := range events(t, log, "submission-poa") {
		if e.ID != recorder.DeriveID("jane", "k", "h", i) {
			t.Errorf("event %d has the id %s", i, e.ID)
		}
	}
}

func TestSixtyFourAtOnceWithOneKey(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	r := recorder.New(log, newModel(log), config)
	results := make([]recorder.Result, 64)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			var err error
			if results[i], err = r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	repeated := 0
	for _, got := range results {
		if got.Repeated {
			repeated++
		}
		got.Repeated = false
		if want := (recorder.Result{Stream: fra, At: 5}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if n := len(events(t, log, fra)); n != 1 || repeated != 63 {
		t.Errorf("%d events, %d answers repeated", n, repeated)
	}
}

// TestOneKeyAtOnceForTwoInputs: one of the two is recorded, whoever asks for the other is refused, though it is another stream.
func TestOneKeyAtOnceForTwoInputs(t *testing.T) {
	for range 20 {
		log := eventlogtest.NewMemory()
		begin(t, log)
		r := recorder.New(log, newModel(log), config)
		var recorded, refused atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				state := []string{"FRA", "EGY"}[i%2]
				q := keyed(position(state, domain.Support, "s"), "k", state)
				q.May = func(domain.Folded) *domain.Refusal { time.Sleep(100 * time.Microsecond); return nil } // Time for others to come.
				_, err := r.Record(t.Context(), q)
				if err == nil {
					recorded.Add(1)
				} else if no := (*domain.Refusal)(nil); errors.As(err, &no) && no.Code() == domain.Conflict {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if recorded.Load() != 8 || refused.Load() != 8 || size(t, log) != 5 {
			t.Fatalf("%d answered, %d refused, %d events", recorded.Load(), refused.Load(), size(t, log))
		}
	}
}

// TestAKeyOfAnotherNodeIsFoundInTheStream: the other has recorded, and the model of this node has not come so far.
func TestAKeyOfAnotherNodeIsFoundInTheStream(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	m := newModel(log)
	m.hold()
	r := recorder.New(log, m, config)
	other := recorder.New(log, newModel(log), config)
	want, err := other.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Record(t.Context(), keyed(position("FRA", domain.Support, "other"), "k", "h2"))
	refusal(t, err, domain.Conflict, "idempotencyKey")

	// It is found, and answered once this node's model has it. By then the stream was folded: the key must not be forgotten.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = r.Record(ctx, keyed(position("FRA", domain.Support, "s"), "k", "h"))
	if !errors.Is(err, eventlog.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("answered before it can be read: %v", err)
	}
	m.release()
	got, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h"))
	want.Repeated = true
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if n := len(events(t, log, fra)); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestAKeyIsKnownThoughTheCallerLeft: the caller goes before the model has come so far; then the key comes again, with the
// same input and, in another stream, with another.
func TestAKeyIsKnownThoughTheCallerLeft(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	m := newModel(log)
	m.hold()
	r := recorder.New(log, m, config)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := r.Record(ctx, keyed(position("FRA", domain.Support, "s"), "k", "h"))
	if !errors.Is(err, eventlog.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("answered before it can be read: %v", err)
	}
	_, err = r.Record(t.Context(), keyed(position("EGY", domain.Support, "s"), "k", "h2"))
	refusal(t, err, domain.Conflict, "idempotencyKey")
	time.AfterFunc(10*time.Millisecond, m.release)
	got, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h"))
	if want := (recorder.Result{Stream: fra, At: 5, Repeated: true}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if n := size(t, log); n != 5 {
		t.Errorf("%d events", n)
	}
}

// TestKeysOfThoseWhoLeftAreForgotten once the read model knows them.
func TestKeysOfThoseWhoLeftAreForgotten(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	m := newModel(log)
	r := recorder.New(log, m, config)
	leave := func(from, to int) {
		for i := from; i < to; i++ {
			ctx, cancel := context.WithCancel(t.Context())
			q := keyed(position("FRA", domain.Support, fmt.Sprint(i)), fmt.Sprint(i), "h")
			q.May = func(domain.Folded) *domain.Refusal { time.AfterFunc(100*time.Microsecond, cancel); return nil }
			if _, err := r.Record(ctx, q); err == nil {
				t.Errorf("request %d was answered", i)
			}
		}
	}
	m.hold()
	leave(0, 80)
	if n := r.Unread(); n < 64 {
		t.Errorf("%d keys are kept of 80 that nobody else knows", n)
	}
	m.release()
	m.hold()
	leave(80, 300)
	if n := r.Unread(); n > 220 {
		t.Errorf("%d keys are kept of 220 that nobody else knows", n)
	}
}

// TestAKeyThatTheModelKnowsInPart: the model of this node has come to the middle of what another node appended.
func TestAKeyThatTheModelKnowsInPart(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	c := domain.SubmitProposal{Slug: "poa", Title: "Programme of Action", Submitters: []string{"FRA"}, On: today, Source: source,
		Document: &domain.Document{Symbol: "A/1", Title: "Draft", Language: domain.English, IssuedOn: today}}
	want, err := recorder.New(log, newModel(log), config).Record(t.Context(), keyed(c, "k", "h"))
	if err != nil || want.Last != 1 {
		t.Fatalf("%+v, %v", want, err)
	}
	m := partly{newModel(log)}
	got, err := recorder.New(log, m, config).Record(t.Context(), keyed(c, "k", "h"))
	want.Repeated = true
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// partly is a model that knows of the first event of a key only.
type partly struct{ *model }

func (p partly) Key(subject, key string) (recorder.KeyUse, bool) {
	use, ok := p.model.Key(subject, key)
	use.Last = use.First
	return use, ok
}
