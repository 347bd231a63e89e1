package httpgraphql

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// Check runs the checks before validation on a text, and gives the code and
// sentence of the refusal, or "", "".
func Check(text string, limits Limits) (code, message string, err error) {
	limits = limits.withDefaults()
	query, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return "", "", err
	}
	if _, found := check(query, limits); found != nil {
		return found.code, found.message, nil
	}
	return "", "", nil
}

// Extent gives what a document amounts to with its fragments expanded; ok is
// false if a fragment contains itself.
func Extent(query *ast.QueryDocument) (selections, depth int, ok bool) {
	c := checker{
		limits:    Limits{}.withDefaults(),
		fragments: map[string]*ast.FragmentDefinition{},
		extents:   map[string]extent{},
	}
	for _, fragment := range query.Fragments {
		if c.fragments[fragment.Name] == nil {
			c.fragments[fragment.Name] = fragment
		}
	}
	for _, root := range c.roots(query) {
		e := c.extent(root)
		selections = add(selections, e.selections)
		depth = max(depth, e.depth)
	}
	return selections, depth, c.fault == nil
}

// Cached tells how full the cache of documents is.
func (h *Handler) Cached() (entries, bytes int) {
	h.documents.mu.Lock()
	defer h.documents.mu.Unlock()
	return h.documents.lru.Len(), h.documents.bytes
}

// InFlight tells how many slots are taken and how many operations wait.
func (h *Handler) InFlight() (running, waiting int) {
	return len(h.gate.slots), int(h.gate.waiting.Load())
}

var Negotiate = negotiate

// FeedPlaces gives what takes a place for a feed of a client, of so many slots.
func FeedPlaces(slots int) func(ctx context.Context, client string) (release func(), err error) {
	return newGate(slots, 0).wait
}

// Enter takes a slot for an operation.
func (h *Handler) Enter(ctx context.Context) (context.Context, func(), *Refusal) { return h.enter(ctx) }
