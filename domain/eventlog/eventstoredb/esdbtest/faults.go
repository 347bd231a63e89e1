package esdbtest

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Call is a call that a client makes.
type Call int

// The calls that the adapter's client makes.
const (
	Append Call = iota
	ReadAll
	ReadStream
	Subscribe
	Gossip
	Features
)

func (c Call) String() string {
	return [...]string{"Append", "ReadAll", "ReadStream", "Subscribe", "Gossip", "Features"}[c]
}

// How is a way in which a call fails.
type How int

const (
	// Refuse answers with the fault's code before anything is done.
	Refuse How = iota
	// RefuseAfter answers with the fault's code when all was done.
	RefuseAfter
	// CutBefore closes the client's connection before anything is done.
	CutBefore
	// CutAfter closes the client's connection when all was done, before the answer; of a read, in the middle of it.
	CutAfter
	// StallBefore does nothing and never answers.
	StallBefore
	// StallAfter does everything and never answers; of a read, it stops in the middle.
	StallAfter
	// EarlyEnd ends an append while the client is still sending: the client sees EOF, and not why.
	EarlyEnd
	// EndAfter ends a read in the middle with the fault's code.
	EndAfter
	// Strange sends, in the middle of a read, a message that the client does not expect.
	Strange
)

func (h How) String() string {
	return [...]string{"Refuse", "RefuseAfter", "CutBefore", "CutAfter", "StallBefore", "StallAfter", "EarlyEnd", "EndAfter", "Strange"}[h]
}

// Fault is one call that fails.
type Fault struct {
	Call Call
	How  How
	Code codes.Code // Unavailable where it is none.
	Skip int        // How many of these calls are left alone before.
}

// Plan says how the next calls fail. Each fault is met once.
func (c *Cluster) Plan(faults ...Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range faults {
		if f.Code == codes.OK {
			f.Code = codes.Unavailable
		}
		c.faults = append(c.faults, &f)
	}
}

// Planned says how many faults have not been met yet.
func (c *Cluster) Planned() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.faults)
}

// Heal forgets the faults that have not been met.
func (c *Cluster) Heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = nil
}

// next counts a call and takes the fault that it meets, if any.
func (c *Cluster) next(call Call) *Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call]++
	for i, f := range c.faults {
		if f.Call != call {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			return nil
		}
		c.faults = append(c.faults[:i:i], c.faults[i+1:]...)
		return f
	}
	return nil
}

// enter is the beginning of a call: a node that hangs, and the faults that are met before anything is done. What is to fail
// later is put into after.
func (n *node) enter(ctx context.Context, call Call, after **Fault) error {
	n.cluster.mu.Lock()
	hangs := n.hangs
	n.cluster.mu.Unlock()
	if hangs {
		return stall(ctx)
	}
	f := n.cluster.next(call)
	if f == nil {
		return nil
	}
	switch f.How {
	case Refuse:
		return status.Error(f.Code, "refused on purpose")
	case CutBefore:
		return n.cut(ctx)
	case StallBefore:
		return stall(ctx)
	}
	if after != nil {
		*after = f
	}
	return nil
}

// leave is the end of a call that has done everything.
func (n *node) leave(ctx context.Context, f *Fault) error {
	if f == nil {
		return nil
	}
	switch f.How {
	case CutAfter:
		return n.cut(ctx)
	case StallAfter:
		return stall(ctx)
	case RefuseAfter, EndAfter:
		return status.Error(f.Code, "ended on purpose")
	}
	return nil
}

// cut closes the connection of the client that calls.
func (n *node) cut(ctx context.Context) error {
	if p, ok := peer.FromContext(ctx); ok {
		n.cluster.mu.Lock()
		conn := n.conns[p.Addr.String()]
		n.cluster.mu.Unlock()
		if conn != nil {
			_ = conn.Close()
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// stall never answers.
func stall(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
