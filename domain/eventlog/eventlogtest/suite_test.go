package eventlogtest_test

import (
	"errors"
	"testing"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
)

func TestMemoryPassesTheSuite(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.PerTest(func(t testing.TB) func() eventlog.Log {
		m := eventlogtest.NewMemory()
		return func() eventlog.Log {
			m.Reopen()
			return m
		}
	}))
}

func TestFaultyWithoutAPlanPassesTheSuite(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.PerTest(func(t testing.TB) func() eventlog.Log {
		m := eventlogtest.NewMemory()
		return func() eventlog.Log {
			m.Reopen()
			return eventlogtest.NewFaulty(m)
		}
	}))
}

func TestFaultyFailsAsPlanned(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault *eventlogtest.Fault
		err   error
		left  int
	}{
		{"UnknownWithoutEffect", eventlogtest.UnknownWithout(), eventlog.ErrUnknown, 0},
		{"UnknownWithEffect", eventlogtest.UnknownWith(), eventlog.ErrUnknown, 1},
		{"Unavailable", eventlogtest.Unavailable(), eventlog.ErrUnavailable, 0},
		{"None", nil, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := eventlogtest.NewFaulty(eventlogtest.NewMemory())
			log.Plan(nil, test.fault)
			step := func(stream string) eventlog.Append {
				return eventlog.Append{Stream: stream, Expected: eventlog.NoStream, Events: []eventlog.Event{{Type: "A", Data: []byte("{}"), Metadata: []byte("{}")}}}
			}
			done, err := log.AppendAll(t.Context(), []eventlog.Append{step("before"), step("a")})
			if !errors.Is(err, test.err) || (err == nil) != (done == 2) {
				t.Errorf("%d done, error %v, want %v", done, err, test.err)
			}
			n := 0
			for range log.ReadStream(t.Context(), "a", 0) {
				n++
			}
			if n != test.left {
				t.Errorf("%d events, want %d", n, test.left)
			}
			if _, err := log.Append(t.Context(), step("b")); err != nil {
				t.Errorf("after the plan: %v", err)
			}
		})
	}
}
