package eventlogtest

import (
	"context"
	"sync"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// Fault is one way in which an append goes wrong.
type Fault struct {
	Err    error // what the caller is told
	Effect bool  // whether the step was recorded all the same
}

// Faulty is a log whose appends fail on purpose. Reads pass through. A caller that claims to cope with outcomes unknown
// is tried with each of the two: told ErrUnknown though nothing was recorded, and told ErrUnknown though all was.
type Faulty struct {
	eventlog.Log

	mu      sync.Mutex
	planned []*Fault // one a step, nil for none
}

// NewFaulty wraps a log. Until Plan is called it does nothing else.
func NewFaulty(log eventlog.Log) *Faulty { return &Faulty{Log: log} }

// Plan says how the next steps fare, one entry a step, nil for a step that is left alone; after them all is well.
func (f *Faulty) Plan(faults ...*Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = append(f.planned, faults...)
}

// UnknownWithout is ErrUnknown after which nothing was recorded.
func UnknownWithout() *Fault { return &Fault{Err: eventlog.ErrUnknown} }

// UnknownWith is ErrUnknown after which the step was recorded.
func UnknownWith() *Fault { return &Fault{Err: eventlog.ErrUnknown, Effect: true} }

// Unavailable is ErrUnavailable: nothing was recorded.
func Unavailable() *Fault { return &Fault{Err: eventlog.ErrUnavailable} }

func (f *Faulty) next() *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.planned) == 0 {
		return nil
	}
	fault := f.planned[0]
	f.planned = f.planned[1:]
	return fault
}

// Append fails as planned. A refusal of the log below (wrong revision, too large) is answered as such even then:
// it came before the fault.
func (f *Faulty) Append(ctx context.Context, step eventlog.Append) (eventlog.Appended, error) {
	fault := f.next()
	if fault == nil {
		return f.Log.Append(ctx, step)
	}
	if fault.Effect {
		if _, err := f.Log.Append(ctx, step); err != nil {
			return eventlog.Appended{}, err
		}
	}
	return eventlog.Appended{}, fault.Err
}

// AppendAll takes the steps one by one, so that each fares as planned. A step that failed with effect is not counted:
// that is what "more may have been recorded" means.
func (f *Faulty) AppendAll(ctx context.Context, steps []eventlog.Append) (int, error) {
	for i, step := range steps {
		if _, err := f.Append(ctx, step); err != nil {
			return i, err
		}
	}
	return len(steps), nil
}
