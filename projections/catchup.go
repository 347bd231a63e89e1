package projections

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

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
	offset := m.OffsetAt(at)
	events := func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] {
		return behind(ctx, log, offset, at, limit)
	}
	for s := range ahead(ctx, events) {
		if len(s.decoded) > 0 {
			if err := m.Apply(s.decoded...); err != nil {
				return applied, err
			}
			applied += len(s.decoded)
			if progress != nil {
				progress(applied)
			}
		}
		if s.err != nil {
			// What stands before the fault in the record was applied, and the fault is told.
			return applied, s.err
		}
	}
	return applied, nil
}

// behind gives the events behind a position, up to another unless that is 0. An error tells the position behind which it came.
func behind(ctx context.Context, log eventlog.Log, offset eventlog.Offset, at, limit uint64) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for r, err := range log.ReadAll(ctx, offset) {
			if err != nil {
				yield(r, fmt.Errorf("read the record behind position %d: %w", at, err))
				return
			}
			if at++; !yield(r, nil) || at == limit {
				return
			}
		}
	}
}

// stretch is some events that follow one another in the record. They are decoded, and applied, in one step.
type stretch struct {
	recorded []eventlog.Recorded
	decoded  []Decoded     // Those before the first that cannot be decoded.
	err      error         // What came behind them.
	done     chan struct{} // Closed when they are decoded.
}

// Bounds of a stretch. How many there are is bounded in ahead, and so is memory, to some MiB, however long the record is. A question
// waits while a stretch is applied.
const (
	stretchEvents = 512
	stretchBytes  = 1 << 20
)

// decoders is how many goroutines decode. Reading and applying have one each, and take longer than decoding; more than one is of use
// for events of an earlier version alone, which the quick reader does not know.
func decoders() int { return min(max(1, runtime.GOMAXPROCS(0)-1), 4) }

// ahead gives events decoded, in their order: while one stretch is applied by whoever takes it, the next are read in a goroutine
// and decoded in some others. The last stretch has what ended it, if that was not the end of the events. When whoever takes them
// stops, reading is ended by its context, and all goroutines have ended when ahead has.
func ahead(ctx context.Context, events func(context.Context) iter.Seq2[eventlog.Recorded, error]) iter.Seq[*stretch] {
	return func(yield func(*stretch) bool) {
		var running sync.WaitGroup
		defer running.Wait()
		// That the context ends is told by who reads, behind all that was read before. That nobody takes any more is another thing.
		reading, stop := context.WithCancel(ctx)
		defer stop()
		left := make(chan struct{})
		defer close(left)
		n := decoders()
		inOrder, toDecode := make(chan *stretch, 2*n), make(chan *stretch)
		running.Go(func() {
			defer close(inOrder)
			defer close(toDecode)
			give := func(s *stretch) (more bool) {
				for _, to := range []chan<- *stretch{toDecode, inOrder} {
					select {
					case to <- s:
					case <-left:
						return false
					}
				}
				return true
			}
			s, size := newStretch(), 0
			for r, err := range events(reading) {
				if err != nil {
					s.err = err
					break
				}
				s.recorded = append(s.recorded, r)
				if size += len(r.Data) + len(r.Metadata); len(s.recorded) == stretchEvents || size >= stretchBytes {
					if !give(s) {
						return
					}
					s, size = newStretch(), 0
				}
			}
			give(s)
		})
		for range n {
			running.Go(func() {
				d := NewDecoder()
				for s := range toDecode {
					s.decode(d)
				}
			})
		}
		for s := range inOrder {
			<-s.done
			if !yield(s) || s.err != nil {
				return
			}
		}
	}
}

func newStretch() *stretch {
	return &stretch{recorded: make([]eventlog.Recorded, 0, stretchEvents), done: make(chan struct{})}
}

// decode decodes the events up to the first that cannot be.
func (s *stretch) decode(d *Decoder) {
	defer close(s.done)
	s.decoded = make([]Decoded, 0, len(s.recorded))
	for _, r := range s.recorded {
		e, err := d.Decode(r)
		if err != nil {
			s.err = err
			break
		}
		s.decoded = append(s.decoded, e)
	}
	s.recorded = nil
}
