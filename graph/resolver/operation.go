package resolver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// operation is what the fields of one operation share.
type operation struct {
	// now is the newest position of the operation: that of its beginning, and after each of its mutations at least that of
	// what was recorded.
	now atomic.Uint64
	// largest is the largest position that a field was answered at, plus one; zero while there is none.
	largest atomic.Uint64
	// passing says that a field was answered by what may be otherwise tomorrow.
	passing atomic.Bool
	// personal says that a field was answered by who asks.
	personal atomic.Bool
	// waits is when the patience for positions beyond the newest ends, in nanoseconds since 1970; zero until one was waited for.
	waits atomic.Int64
}

type operationKey struct{}

// Begin pins an operation to the newest position; one that shows a message of a feed, to that of the message.
func (r *Resolver) Begin(ctx context.Context) context.Context {
	op := &operation{}
	if s, ok := ctx.Value(showingKey{}).(showing); ok {
		op.now.Store(s.at)
	} else {
		op.now.Store(r.Model.At())
	}
	return context.WithValue(ctx, operationKey{}, op)
}

// At gives the largest position that a field of the operation was answered at; where none was, the pin.
func At(ctx context.Context) uint64 {
	op := operationOf(ctx)
	if largest := op.largest.Load(); largest > 0 {
		return largest - 1
	}
	return op.now.Load()
}

// Lasting says whether every field was answered as of a position that was asked for: then the answer is the same for ever.
func Lasting(ctx context.Context) bool {
	op := operationOf(ctx)
	return op.largest.Load() > 0 && !op.passing.Load()
}

// Lasts says whether the answer of an operation is the same to whoever asks it when at is the newest position, and whether it is so
// whatever is the newest. Fields are answered from the record up to a position, the largest of which is at where the operation gives
// none, and by nothing else but who asks (viewer).
func Lasts(ctx context.Context) (at uint64, always, ok bool) {
	op := operationOf(ctx)
	return op.now.Load(), Lasting(ctx), !op.personal.Load()
}

func operationOf(ctx context.Context) *operation {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		panic("resolver: an operation that was not begun")
	}
	return op
}

// answeredAt notes a position.
func (op *operation) answeredAt(at uint64) { raise(&op.largest, at+1) }

func raise(a *atomic.Uint64, to uint64) {
	for {
		old := a.Load()
		if old >= to || a.CompareAndSwap(old, to) {
			return
		}
	}
}

// patience is how long an operation waits for positions beyond the newest: another node may have recorded them (RULES, section 1).
// It is one for all fields of an operation, which could otherwise hold its place among those under way for as long as it likes.
const patience = 500 * time.Millisecond

// now is the moment of the operation without a limit of days.
func (r *Resolver) now(ctx context.Context) model.Moment {
	op := operationOf(ctx)
	at := op.now.Load()
	op.answeredAt(at)
	op.passing.Store(true)
	return model.Moment{View: r.Model.View(projections.Moment{At: at})}
}

// moment gives the moment of a field: that which it asks for, or else the one above it, or else now.
func (r *Resolver) moment(ctx context.Context, above *model.Moment, asOf *model.AsOf) (model.Moment, error) {
	return r.momentAt(ctx, "asOf", above, asOf)
}

// momentAt is moment for an argument of another name.
func (r *Resolver) momentAt(ctx context.Context, argument string, above *model.Moment, asOf *model.AsOf) (model.Moment, error) {
	switch {
	case asOf == nil && above != nil:
		return *above, nil
	case asOf == nil:
		return r.now(ctx), nil
	case asOf.Log != nil && asOf.RecordedAt != nil:
		return model.Moment{}, domain.Refuse(domain.BadUserInput, argument,
			"Both log and recordedAt say what had been recorded; give one of the two.")
	}
	op := operationOf(ctx)
	mark := relay.Mark{On: asOf.StatedOn}
	switch {
	case asOf.Log != nil:
		mark.Pinned, mark.At = true, *asOf.Log
	case asOf.RecordedAt != nil:
		// What is recorded while the operation runs is not for it, however late the instant.
		mark.Pinned, mark.At = true, min(r.Model.PositionAsOf(*asOf.RecordedAt), op.now.Load())
		op.passing.Store(true) // What is recorded next may bear an earlier instant, and then belongs to it.
	}
	return r.momentOf(ctx, mark, argument+".log")
}

// momentOf gives the moment that an id carries, or that was asked for.
func (r *Resolver) momentOf(ctx context.Context, mark relay.Mark, path string) (model.Moment, error) {
	op := operationOf(ctx)
	at := op.now.Load()
	if mark.Pinned {
		at = mark.At
		if err := r.reach(ctx, at, path); err != nil {
			return model.Moment{}, err
		}
	} else {
		op.passing.Store(true)
	}
	op.answeredAt(at)
	return model.Moment{View: r.Model.View(projections.Moment{At: at, On: mark.On}), Pinned: mark.Pinned}, nil
}

// reach waits a moment for a position beyond the newest.
func (r *Resolver) reach(ctx context.Context, at uint64, path string) error {
	if at <= r.Model.At() {
		return nil
	}
	op := operationOf(ctx)
	op.waits.CompareAndSwap(0, time.Now().Add(patience).UnixNano())
	waiting, cancel := context.WithDeadline(ctx, time.Unix(0, op.waits.Load()))
	defer cancel()
	err := r.Model.WaitAt(waiting, at)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return domain.Refuse(domain.BadUserInput, path,
			fmt.Sprintf("The position %d is beyond the newest, which is %d.", at, r.Model.At()))
	}
	return err
}
