package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// batch is how many events are applied in one step while catching up.
const batch = 1024

// CatchUp applies everything that the log holds now behind what the model has, and gives the number of events applied.
// progress, where not nil, is told how many were applied so far.
func (m *Model) CatchUp(ctx context.Context, log eventlog.Log, progress func(applied int)) (int, error) {
	return m.catchUpTo(ctx, log, 0, progress)
}

// CatchUpTo is CatchUp up to a position; what lies behind it is left out. The log being shorter is not an error.
func (m *Model) CatchUpTo(ctx context.Context, log eventlog.Log, at uint64, progress func(applied int)) (int, error) {
	if at == 0 {
		return 0, nil
	}
	return m.catchUpTo(ctx, log, at, progress)
}

func (m *Model) catchUpTo(ctx context.Context, log eventlog.Log, limit uint64, progress func(applied int)) (applied int, err error) {
	at := m.At()
	if limit != 0 && at >= limit {
		return 0, nil
	}
	pending := make([]Decoded, 0, batch)
	flush := func() error {
		if len(pending) == 0 {
			return nil
		}
		if err := m.Apply(pending...); err != nil {
			return err
		}
		applied += len(pending)
		pending = pending[:0]
		if progress != nil {
			progress(applied)
		}
		return nil
	}
	for recorded, err := range log.ReadAll(ctx, m.OffsetAt(at)) {
		if err != nil {
			// What was read whole before the fault stands in the record: it is applied, and the fault is told.
			err = fmt.Errorf("read the record behind position %d: %w", at+uint64(applied+len(pending)), err)
			err = errors.Join(flush(), err) // In a step of its own: flush counts what it applied.
			return applied, err
		}
		d, err := Decode(recorded)
		if err != nil {
			err = errors.Join(flush(), err)
			return applied, err
		}
		if pending = append(pending, d); len(pending) == batch {
			if err := flush(); err != nil {
				return applied, err
			}
		}
		if limit != 0 && at+uint64(applied+len(pending)) == limit {
			break
		}
	}
	return applied, flush()
}
