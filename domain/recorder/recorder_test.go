package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

const fra = "position-FRA"

func refusal(t *testing.T, err error, code domain.Code, path string) *domain.Refusal {
	t.Helper()
	var r *domain.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("not refused: %v", err)
	}
	if r.Code() != code || r.Faults[0].Path != path {
		t.Fatalf("refused with %s at %q (%v), want %s at %q", r.Code(), r.Faults[0].Path, r, code, path)
	}
	return r
}

func keyed(c domain.Command, key, hash string) recorder.Request {
	return recorder.Request{Command: c, By: "jane", IdempotencyKey: key, InputHash: hash}
}

func TestWhatIsRecordedSaysWhoWhenAndWhy(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	r := recorder.New(log, newModel(log), config)
	q := keyed(position("FRA", domain.Support, "s"), "k", "h")
	q.CorrelationID, q.CausationID = "corr", "cause"
	got, err := r.Record(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if want := (recorder.Result{Stream: fra, First: 0, Last: 0, At: 5}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	e := events(t, log, fra)[0]
	metadata, err := codec.DecodeMetadata(e.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	want := codec.Metadata{RecordedBy: "jane", RecordedAt: monday, CorrelationID: "corr", CausationID: "cause", SchemaVersion: 1, IdempotencyKey: "k", InputHash: "h"}
	if diff := cmp.Diff(want, metadata); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e.ID != recorder.DeriveID("jane", "k", "h", 0) {
		t.Errorf("id %s", e.ID)
	}

	// Minted where the request brings none, and each another.
	if _, err := r.Record(t.Context(), recorder.Request{Command: position("EGY", domain.Neutral, "s"), By: "jane"}); err != nil {
		t.Fatal(err)
	}
	e2 := events(t, log, "position-EGY")[0]
	if metadata, err = codec.DecodeMetadata(e2.Metadata); err != nil {
		t.Fatal(err)
	}
	if len(metadata.CorrelationID) != 36 || len(metadata.CausationID) != 36 || metadata.CorrelationID == metadata.CausationID || metadata.IdempotencyKey != "" {
		t.Errorf("%+v", metadata)
	}
}

// TestIDsFollowFromTheRequest: a later release must find what an earlier one may have appended.
func TestIDsFollowFromTheRequest(t *testing.T) {
	got := recorder.DeriveID("jane", "k", "h", 0).String()
	// SHA-256 of "4:jane,1:k,1:h,1:0,", its first 16 bytes with version 8 and variant 10 put in.
	if want := "6725a90f-b1e2-8953-8966-c58ad5c0e60c"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	seen := map[eventlog.ID]string{}
	for _, parts := range [][]any{{"jane", "k", "h", 0}, {"jane", "k", "h", 1}, {"jan", "ek", "h", 0}, {"jane", "kh", "", 0}, {"jane", "k", "h1", 0}, {"jane", "k,1:h", 0}} {
		id := recorder.DeriveID(parts...)
		if other, twice := seen[id]; twice {
			t.Errorf("%v and %s have one id", parts, other)
		}
		seen[id] = fmt.Sprint(parts)
	}
}

func TestRefusedLeavesNoTrace(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	before := size(t, log)
	r := recorder.New(log, newModel(log), config)
	c := position("FRA", domain.Support, "")
	c.Target = domain.OnOption("decision-making", "majority")
	_, err := r.Record(t.Context(), keyed(c, "k", "h"))
	if refused := refusal(t, err, domain.BadUserInput, "target.option"); len(refused.Faults) != 2 {
		t.Errorf("only %v was told", refused)
	}
	// The principal may not: not even what is wrong with the input is told.
	q := keyed(c, "k", "h")
	q.May = func(f domain.Folded) *domain.Refusal {
		return domain.Refuse(domain.Conflict, "", fmt.Sprintf("Not you, at revision %d.", f.Revision()))
	}
	_, err = r.Record(t.Context(), q)
	refusal(t, err, domain.Conflict, "")
	if n := size(t, log); n != before {
		t.Errorf("%d events, %d before", n, before)
	}
	// The key is not used up by what was refused.
	if _, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h2")); err != nil {
		t.Error(err)
	}
}

func TestARequestMustSayWhoAndWhat(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	r := recorder.New(log, newModel(log), config)
	for _, q := range []recorder.Request{
		{Command: position("FRA", domain.Support, "s")},
		{Command: position("FRA", domain.Support, "s"), By: "jane", IdempotencyKey: "k"},
	} {
		if _, err := r.Record(t.Context(), q); err == nil {
			t.Errorf("%+v was recorded", q)
		}
	}
	for _, key := range []string{strings.Repeat("é", 201), "a\nb", "a\x00", "a\xffb", "\u200e", "\ufffd"} {
		_, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), key, "h"))
		refusal(t, err, domain.BadUserInput, "idempotencyKey")
	}
	if _, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), strings.Repeat("é", 199)+" ", "h")); err != nil {
		t.Error(err)
	}
}

func TestExpectedRevisionIsKept(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	r := recorder.New(log, newModel(log), config)
	record := func(expected int64, summary string) error {
		_, err := r.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, summary), By: "jane", ExpectedRevision: &expected})
		return err
	}
	if err := record(-1, "first"); err != nil {
		t.Fatal(err)
	}
	refused := refusal(t, record(-1, "second"), domain.Conflict, "expectedRevision")
	if *refused.Expected != -1 || *refused.Actual != 0 {
		t.Errorf("expected %d, actual %d", *refused.Expected, *refused.Actual)
	}
	if err := record(0, "second"); err != nil {
		t.Fatal(err)
	}
	if n := len(events(t, log, fra)); n != 2 {
		t.Errorf("%d events", n)
	}
	// Whatever else is wrong is told with it.
	var both *domain.Refusal
	if err := record(7, ""); !errors.As(err, &both) || both.Code() != domain.BadUserInput || len(both.Faults) != 2 ||
		both.Faults[0].Path != "expectedRevision" || both.Faults[1].Path != "summary" || *both.Actual != 1 || strings.Contains(both.Error(), "meanwhile") {
		t.Errorf("an older revision and no summary: %v", err)
	}
	expected := int64(3)
	_, err := r.Record(t.Context(), recorder.Request{Command: position("QQQ", domain.Support, "s"), By: "jane", ExpectedRevision: &expected})
	if !errors.As(err, &both) || both.Code() != domain.NotFound {
		t.Errorf("a State that is not there: %v", err)
	}
}

// intruder gives a log into which, the first so many times that somebody appends to a stream, another is quicker.
func intruder(t *testing.T, log eventlog.Log, times int) *hooked {
	other := recorder.New(log, newModel(log), config)
	h := &hooked{Log: log}
	h.beforeAppend = func(step eventlog.Append) {
		if step.Stream == fra && times > 0 {
			times--
			if _, err := other.Record(context.Background(), recorder.Request{Command: position("FRA", domain.Neutral, fmt.Sprint("other ", times)), By: "other"}); err != nil {
				t.Error(err)
			}
		}
	}
	return h
}

func TestWhoLosesARaceDecidesAgain(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	asked := []int64{}
	r := recorder.New(intruder(t, log, 2), newModel(log), config)
	got, err := r.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, "mine"), By: "jane", May: func(f domain.Folded) *domain.Refusal {
		asked = append(asked, f.Revision())
		return nil
	}})
	if err != nil || got.First != 2 || got.Last != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if !slices.Equal(asked, []int64{-1, 0, 1}) {
		t.Errorf("decided at revisions %v", asked)
	}
}

func TestWhoExpectsARevisionAndLosesARaceIsRefused(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	r := recorder.New(intruder(t, log, 1), newModel(log), config)
	expected := int64(-1)
	_, err := r.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, "mine"), By: "jane", ExpectedRevision: &expected})
	if refused := refusal(t, err, domain.Conflict, "expectedRevision"); *refused.Actual != 0 {
		t.Errorf("actual %d", *refused.Actual)
	}
	if n := len(events(t, log, fra)); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestRacesEnd: nobody goes on for ever, and what is told is that nothing was recorded.
func TestRacesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlogtest.NewMemory()
		begin(t, log)
		r := recorder.New(intruder(t, log, 1000), newModel(log), config)
		_, err := r.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, "mine"), By: "jane"})
		if !errors.Is(err, eventlog.ErrUnavailable) || !strings.Contains(err.Error(), fra) {
			t.Errorf("%v", err)
		}
		if n := len(events(t, log, fra)); n != 100 {
			t.Errorf("%d events of the other", n)
		}
	})
}

// TestTwoNodesShareAStream: two recorders with models of their own on one log; every command is there once, in some order.
func TestTwoNodesShareAStream(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	const writers, each = 4, 25
	nodes := []*recorder.Recorder{recorder.New(log, newModel(log), config), recorder.New(log, newModel(log), config)}
	var wg sync.WaitGroup
	for n, r := range nodes {
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					summary := fmt.Sprintf("%d %d %d", n, w, i)
					got, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, summary), summary, summary))
					if err != nil {
						t.Error(err)
						return
					}
					if e := events(t, log, fra)[got.Last]; !strings.Contains(string(e.Data), `"`+summary+`"`) {
						t.Errorf("%s is told to be at %d, where %s is", summary, got.Last, e.Data)
					}
				}
			})
		}
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, e := range events(t, log, fra) {
		seen[string(e.Data)] = true
	}
	if n := len(events(t, log, fra)); n != 2*writers*each || len(seen) != n {
		t.Errorf("%d events, %d different", n, len(seen))
	}
}

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

// TestAnUnknownOutcomeIsFoundOut: whatever becomes of the appends, and with a key or without, the event is there once and
// the answer says where.
func TestAnUnknownOutcomeIsFoundOut(t *testing.T) {
	with, without := eventlogtest.UnknownWith(), eventlogtest.UnknownWithout()
	for name, faults := range map[string][]*eventlogtest.Fault{
		"with effect":             {with},
		"without effect":          {without},
		"without and with effect": {without, without, with},
		"five times without":      {without, without, without, without, without},
	} {
		for _, key := range []string{"", "k"} {
			t.Run(name+" "+key, func(t *testing.T) {
				log := eventlogtest.NewFaulty(eventlogtest.NewMemory())
				begin(t, log)
				log.Plan(faults...)
				r := recorder.New(log, newModel(log), config)
				expected := int64(-1)
				got, err := r.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, "s"), By: "jane", IdempotencyKey: key, InputHash: "h", ExpectedRevision: &expected})
				if want := (recorder.Result{Stream: fra, At: 5}); err != nil || got != want {
					t.Errorf("%+v, %v, want %+v", got, err, want)
				}
				if n := len(events(t, log, fra)); n != 1 {
					t.Errorf("%d events", n)
				}
			})
		}
	}
}

// TestAnUnknownOutcomeIsToldWhenItStaysUnknown, and the same request again is safe.
func TestAnUnknownOutcomeIsToldWhenItStaysUnknown(t *testing.T) {
	t.Run("the store never knows", func(t *testing.T) {
		log := eventlogtest.NewFaulty(eventlogtest.NewMemory())
		begin(t, log)
		log.Plan(slices.Repeat([]*eventlogtest.Fault{eventlogtest.UnknownWithout()}, 6)...)
		r := recorder.New(log, newModel(log), config)
		q := keyed(position("FRA", domain.Support, "s"), "k", "h")
		if _, err := r.Record(t.Context(), q); !errors.Is(err, eventlog.ErrUnknown) || !strings.Contains(err.Error(), fra) || !strings.Contains(err.Error(), "idempotencyKey") {
			t.Errorf("%v", err)
		}
		if got, err := r.Record(t.Context(), q); err != nil || got.Last != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		if n := len(events(t, log, fra)); n != 1 {
			t.Errorf("%d events", n)
		}
	})
	t.Run("the store cannot be read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			faulty := eventlogtest.NewFaulty(eventlogtest.NewMemory())
			begin(t, faulty)
			faulty.Plan(eventlogtest.UnknownWith())
			var down error
			log := &hooked{Log: faulty}
			log.beforeAppend = func(eventlog.Append) { down = eventlog.ErrUnavailable }
			log.beforeRead = func(string) error { return down }
			r := recorder.New(log, newModel(faulty), config)
			q := keyed(position("FRA", domain.Support, "s"), "k", "h")
			before := time.Now()
			_, err := r.Record(t.Context(), q)
			if !errors.Is(err, eventlog.ErrUnknown) || !strings.Contains(err.Error(), fra) || !strings.Contains(err.Error(), "idempotencyKey") {
				t.Errorf("%v", err)
			}
			if took := time.Since(before); took < config.Patience || took > 2*config.Patience {
				t.Errorf("asked for %s", took)
			}
			down, log.beforeAppend = nil, nil
			if got, err := r.Record(t.Context(), q); err != nil || got.Last != 0 || !got.Repeated {
				t.Errorf("%+v, %v", got, err)
			}
			if n := len(events(t, faulty, fra)); n != 1 {
				t.Errorf("%d events", n)
			}
		})
	})
	t.Run("the caller has left", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		faulty := eventlogtest.NewFaulty(eventlogtest.NewMemory())
		begin(t, faulty)
		faulty.Plan(eventlogtest.UnknownWithout())
		r := recorder.New(&hooked{Log: faulty, beforeAppend: func(eventlog.Append) { cancel() }}, newModel(faulty), config)
		if _, err := r.Record(ctx, keyed(position("FRA", domain.Support, "s"), "k", "h")); !errors.Is(err, eventlog.ErrUnknown) {
			t.Errorf("%v", err)
		}
		if n := len(events(t, faulty, fra)); n != 0 {
			t.Errorf("%d events: appended for nobody", n)
		}
	})
}

// TestAnOutcomeIsFoundOutForWhoHasLeft: the append took effect, so the answer is known, should anybody still hear it.
func TestAnOutcomeIsFoundOutForWhoHasLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	faulty := eventlogtest.NewFaulty(eventlogtest.NewMemory())
	begin(t, faulty)
	faulty.Plan(eventlogtest.UnknownWith())
	log := &leaving{Log: faulty, leave: cancel}
	got, err := recorder.New(log, newModel(faulty), config).Record(ctx, recorder.Request{Command: position("FRA", domain.Support, "s"), By: "jane"})
	if want := (recorder.Result{Stream: fra, At: 5}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// leaving is a log whose caller leaves once an append is under way.
type leaving struct {
	eventlog.Log
	leave func()
}

func (l *leaving) Append(ctx context.Context, step eventlog.Append) (eventlog.Appended, error) {
	defer l.leave()
	return l.Log.Append(ctx, step)
}

// TestAnAppendThatArrivesLateIsTheSame: told unknown, not found, appended again; meanwhile the first try arrives.
func TestAnAppendThatArrivesLateIsTheSame(t *testing.T) {
	faulty := eventlogtest.NewFaulty(eventlogtest.NewMemory())
	begin(t, faulty)
	faulty.Plan(eventlogtest.UnknownWithout())
	var first *eventlog.Append
	log := &hooked{Log: faulty, beforeAppend: func(step eventlog.Append) {
		if first == nil {
			first = &step
		} else if _, err := faulty.Log.Append(context.Background(), *first); err != nil {
			t.Error(err)
		}
	}}
	got, err := recorder.New(log, newModel(faulty), config).Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, "s"), By: "jane"})
	if want := (recorder.Result{Stream: fra, At: 5}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if n := len(events(t, faulty, fra)); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestAnUnknownOutcomeInARace: another is quicker after the append whose outcome is unknown.
func TestAnUnknownOutcomeInARace(t *testing.T) {
	for name, test := range map[string]struct {
		fault *eventlogtest.Fault
		want  eventlog.Revision
	}{
		"with effect":    {eventlogtest.UnknownWith(), 0},
		"without effect": {eventlogtest.UnknownWithout(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			faulty := eventlogtest.NewFaulty(eventlogtest.NewMemory())
			begin(t, faulty)
			other := recorder.New(faulty.Log, newModel(faulty.Log), config)
			faulty.Plan(test.fault)
			appended, intruded := false, false
			log := &hooked{Log: faulty, beforeAppend: func(eventlog.Append) { appended = true }}
			log.beforeRead = func(string) error {
				if appended && !intruded {
					intruded = true
					if _, err := other.Record(context.Background(), recorder.Request{Command: position("FRA", domain.Neutral, "other"), By: "other"}); err != nil {
						t.Error(err)
					}
				}
				return nil
			}
			got, err := recorder.New(log, newModel(faulty), config).Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, "mine"), By: "jane"})
			if err != nil || got.Last != test.want {
				t.Errorf("%+v, %v", got, err)
			}
			all := events(t, faulty, fra)
			if len(all) != 2 || !strings.Contains(string(all[test.want].Data), "mine") {
				t.Errorf("%d events", len(all))
			}
		})
	}
}

func TestWhatTheStoreRefusesIsTold(t *testing.T) {
	faulty := eventlogtest.NewFaulty(eventlogtest.NewMemory())
	begin(t, faulty)
	r := recorder.New(faulty, newModel(faulty), config)
	faulty.Plan(eventlogtest.Unavailable())
	if _, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h")); !errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, eventlog.ErrUnknown) || !strings.Contains(err.Error(), fra) {
		t.Errorf("%v", err)
	}
	large := position("FRA", domain.Support, "s")
	for range 20 {
		large.Points = append(large.Points, domain.Point{Kind: domain.View, Text: strings.Repeat("word ", 799)})
	}
	_, err := r.Record(t.Context(), keyed(large, "k", "h"))
	refused := refusal(t, err, domain.BadUserInput, "")
	for _, want := range []string{"PositionStated", "65535", "80"} {
		if !strings.Contains(refused.Error(), want) {
			t.Errorf("%v does not say %s", refused, want)
		}
	}
	if n := len(events(t, faulty, fra)); n != 0 {
		t.Errorf("%d events", n)
	}
}

// TestStrangeEventsStopTheStream: what is not understood is named, never passed over.
func TestStrangeEventsStopTheStream(t *testing.T) {
	metadata := `{"recordedAt":"2024-03-04T12:00:00.000000Z","recordedBy":"x","schemaVersion":1}`
	for want, e := range map[string]eventlog.Event{
		"PositionShouted":            {Type: "PositionShouted", Data: []byte(`{}`), Metadata: []byte(metadata)},
		"version 7":                  {Type: "PositionRetracted", Data: []byte(`{"actor":"FRA","position":0,"reason":"r"}`), Metadata: []byte(strings.Replace(metadata, "1}", "7}", 1))},
		"metadata":                   {Type: "PositionRetracted", Data: []byte(`{"actor":"FRA","position":0,"reason":"r"}`), Metadata: []byte(`{}`)},
		"belongs to position-EGY":    {Type: "PositionRetracted", Data: []byte(`{"actor":"EGY","position":0,"reason":"r"}`), Metadata: []byte(metadata)},
		"revision 0 of position-FRA": {Type: "PositionRetracted", Data: []byte(`[]`), Metadata: []byte(metadata)},
	} {
		log := eventlogtest.NewMemory()
		if _, err := log.Append(t.Context(), eventlog.Append{Stream: fra, Expected: eventlog.NoStream, Events: []eventlog.Event{e}}); err != nil {
			t.Fatal(err)
		}
		r := recorder.New(log, newModel(eventlogtest.NewMemory()), config)
		_, err := r.Record(t.Context(), keyed(position("FRA", domain.Support, "s"), "k", "h"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fra) {
			t.Errorf("%s: %v", want, err)
		}
		_, err = r.RecordAll(t.Context(), nil, recorder.AllOptions{By: "import", Name: "x"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("import, %s: %v", want, err)
		}
	}
}

// TestAStreamIsReadOnNotAgain: what was folded is kept, by the streams asked for last, and read anew when the stream is not
// what it was.
func TestAStreamIsReadOnNotAgain(t *testing.T) {
	var from []string
	memory := eventlogtest.NewMemory()
	begin(t, memory)
	log := &counting{Log: memory, from: &from}
	few := config
	few.KeptStreams = 2
	r := recorder.New(log, newModel(memory), few)
	record := func(state, summary string) {
		t.Helper()
		if _, err := r.Record(t.Context(), recorder.Request{Command: position(state, domain.Support, summary), By: "jane"}); err != nil {
			t.Fatal(err)
		}
	}
	record("FRA", "1")
	record("FRA", "2")
	record("EGY", "1")
	record("FRA", "3")
	if _, err := r.Record(t.Context(), recorder.Request{Command: domain.DefineElement{Key: "review", Label: "Review"}, By: "jane"}); err != nil {
		t.Fatal(err) // And EGY, the longest unasked, is dropped.
	}
	record("FRA", "4")
	record("EGY", "2")
	want := []string{"position-FRA@0", "position-FRA@0", "position-EGY@0", "position-FRA@1", "element-review@0", "position-FRA@2", "position-EGY@0"}
	// What was appended is read back before the next is decided.
	if diff := cmp.Diff(want, from); diff != "" {
		t.Errorf("streams read from (-want +got):\n%s", diff)
	}
}

// TestARecordThatWasPutBackIsReadAnew: under a running recorder an older copy of the record is put in place. What was folded
// is no longer so, and the log says it.
func TestARecordThatWasPutBackIsReadAnew(t *testing.T) {
	long, short := eventlogtest.NewMemory(), eventlogtest.NewMemory()
	begin(t, long)
	begin(t, short)
	log := &hooked{Log: long}
	r := recorder.New(log, newModel(short), config)
	stays := recorder.New(long, newModel(long), config)
	for i := range 3 {
		if _, err := stays.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, fmt.Sprint(i)), By: "jane"}); err != nil {
			t.Fatal(err)
		}
	}
	asked := []int64{}
	q := recorder.Request{Command: position("FRA", domain.Oppose, "now"), By: "jane", May: func(f domain.Folded) *domain.Refusal {
		asked = append(asked, f.Revision())
		if log.Log == long {
			log.Log = short // Just after it was read.
		}
		return nil
	}}
	got, err := r.Record(t.Context(), q)
	if err != nil || got.Last != 0 || !slices.Equal(asked, []int64{2, -1}) {
		t.Errorf("%+v, %v, asked at %v", got, err, asked)
	}
}

// counting notes from where streams are read.
type counting struct {
	eventlog.Log
	from *[]string
}

func (c *counting) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	*c.from = append(*c.from, place(stream, from))
	return c.Log.ReadStream(ctx, stream, from)
}

// TestWhoWaitsCanLeave: waiting for another request of the same key, or of the same stream, ends with the context.
func TestWhoWaitsCanLeave(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	inside, leave := make(chan struct{}), make(chan struct{})
	r := recorder.New(log, newModel(log), config)
	q := keyed(position("FRA", domain.Support, "s"), "k", "h")
	slow := q
	slow.May = func(domain.Folded) *domain.Refusal { close(inside); <-leave; return nil }
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.Record(t.Context(), slow); err != nil {
			t.Error(err)
		}
	})
	<-inside
	sameStream := keyed(position("FRA", domain.Support, "s2"), "k2", "h2")
	for _, q := range []recorder.Request{q, sameStream} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if _, err := r.Record(ctx, q); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, eventlog.ErrUnknown) {
			t.Errorf("%v", err)
		}
		cancel()
	}
	// Another key in another stream goes by.
	if _, err := r.Record(t.Context(), keyed(position("EGY", domain.Support, "s"), "k3", "h3")); err != nil {
		t.Error(err)
	}
	close(leave)
	wg.Wait()
	if _, err := r.Record(t.Context(), q); err != nil {
		t.Error(err)
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

func TestTheZeroConfigIsGood(t *testing.T) {
	log := eventlogtest.NewMemory()
	r := recorder.New(log, newModel(log), recorder.Config{})
	before := time.Now().Truncate(time.Microsecond)
	if _, err := r.Record(t.Context(), recorder.Request{Command: vocabulary()[0], By: "jane"}); err != nil {
		t.Fatal(err)
	}
	metadata, err := codec.DecodeMetadata(events(t, log, "state-FRA")[0].Metadata)
	if err != nil {
		t.Fatal(err)
	}
	if metadata.RecordedAt.Before(before) || metadata.RecordedAt.After(time.Now()) || metadata.CorrelationID[14] != '4' {
		t.Errorf("%+v", metadata)
	}
}

// benchmarkLog has n positions of so many States, one a day each.
func benchmarkLog(b *testing.B, n, states int) *eventlogtest.Memory {
	log := eventlogtest.NewMemory()
	begin(b, log)
	rows := make([]domain.Row, 0, n+states)
	codes := []string{"FRA"}
	for i := 1; i < states; i++ {
		c := vocabulary()[0].(domain.AdmitState)
		c.Code = "X" + string(rune('A'+i/26)) + string(rune('A'+i%26))
		codes = append(codes, c.Code)
		rows = append(rows, row("states.csv", i+2, c))
	}
	for i := range n {
		c := position(codes[i%states], domain.Support, fmt.Sprint("summary ", i))
		c.StatedOn = domain.NewDate(1990, time.January, 1) + domain.Date(i/states)
		rows = append(rows, row("positions.csv", i+2, c))
	}
	if _, err := recorder.New(log, nil, config).RecordAll(context.Background(), rows, recorder.AllOptions{By: "import", Name: "bench"}); err != nil {
		b.Fatal(err)
	}
	return log
}

// indexed answers for its streams without going over all events, as real stores do.
type indexed struct {
	eventlog.Log
	stream string
	events []eventlog.Recorded
}

func (x *indexed) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	if stream != x.stream {
		return x.Log.ReadStream(ctx, stream, from)
	}
	return func(yield func(eventlog.Recorded, error) bool) {
		for _, e := range x.events[min(int(from), len(x.events)):] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// BenchmarkRefuseOnLongStream is the way of a command on a stream of 10,000 events up to its decision.
func BenchmarkRefuseOnLongStream(b *testing.B) {
	memory := benchmarkLog(b, 10_000, 1)
	log := &indexed{Log: memory, stream: fra, events: events(b, memory, fra)}
	m := newModel(memory)
	no := domain.Refuse(domain.Conflict, "", "No.")
	q := recorder.Request{Command: position("FRA", domain.Support, "s"), By: "jane", May: func(domain.Folded) *domain.Refusal { return no }}
	b.Run("kept", func(b *testing.B) {
		r := recorder.New(log, m, config)
		for b.Loop() {
			if _, err := r.Record(b.Context(), q); !errors.Is(err, no) {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := recorder.New(log, m, config).Record(b.Context(), q); !errors.Is(err, no) {
				b.Fatal(err)
			}
		}
	})
}
