package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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
