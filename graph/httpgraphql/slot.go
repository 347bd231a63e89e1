package httpgraphql

import (
	"context"
	"sync"
)

// slotKey marks a context within which a slot is taken: the value is it. So the executor, which others use without this handler, does
// not ask for a second one.
type slotKey struct{}

// slot is a place at the gate that an operation holds from its beginning to its end, but for the time that it spends aside.
type slot struct {
	gate   *gate
	client string

	mu      sync.Mutex
	release func()
	aside   bool
	over    bool // The operation has ended.
}

// Aside gives the operation's slot to another while something is waited for that is no processor's work, a disk say, and takes one again
// before it returns. It counts as an operation that waits; where as many wait as may, it keeps its slot. If the context ends before a
// slot is free again, the operation, which has to end now, goes on without. Outside of an operation Aside only waits.
func Aside(ctx context.Context, wait func()) {
	s, _ := ctx.Value(slotKey{}).(*slot)
	if s == nil || !s.leave() {
		wait()
		return
	}
	defer s.comeBack(ctx)
	wait()
}

func (s *slot) leave() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aside || s.over {
		return false
	}
	if s.gate.waiting.Add(1) > s.gate.room {
		s.gate.waiting.Add(-1)
		return false
	}
	s.aside = true
	s.release()
	return true
}

func (s *slot) comeBack(ctx context.Context) {
	release := s.gate.again(ctx, s.client)
	s.gate.waiting.Add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside = false
	if s.release = release; s.over {
		release()
	}
}

// end gives the slot back for good.
func (s *slot) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.release()
}
