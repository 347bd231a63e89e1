package recorder_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

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
