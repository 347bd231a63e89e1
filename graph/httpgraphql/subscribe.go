package httpgraphql

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Source is what a subscription reads: a place in something that goes on. Its methods are called by one goroutine, save for Behind.
type Source interface {
	// Poll gives the next event that there is now; false where there is none yet.
	Poll(ctx context.Context) (Event, bool, error)
	// Wait returns once Poll may give more, or with the context's error.
	Wait(ctx context.Context) error
	// Behind gives how far the source is from its newest, in a measure of its own.
	Behind() uint64
}

// Event is one event of a source, before it is answered.
type Event struct {
	// ID is what a client may come back with to go on behind the event (LastEventID).
	ID string
	// Key tells events apart: the same operation answers two of one key alike, whoever asks.
	Key string
	// Context gives the context under which the operation is executed for this event.
	Context func(context.Context) context.Context
}

// Follow hands the source of a subscription to the transport. The resolver of a field of Subscription calls it when the operation
// is opened, and returns a channel that is closed. It is called again for each event, under the event's context, and then returns
// a channel that has what the event is and is closed.
func Follow(ctx context.Context, s Source) {
	if o, ok := ctx.Value(openingKey{}).(*opening); ok {
		o.source = s
	}
}

// opening is where a source is handed over.
type opening struct {
	source      Source
	lastEventID string
}

type openingKey struct{}

// LastEventID gives the id of the last event that a client says it has seen, by the header of that name; empty where it does not.
func LastEventID(ctx context.Context) string {
	if o, ok := ctx.Value(openingKey{}).(*opening); ok {
		return o.lastEventID
	}
	return ""
}

// subscription is an operation that is executed for each event of its source. It keeps nothing of what it has answered, and waits
// on nothing but the source.
type subscription struct {
	h         *Handler
	operation *graphql.OperationContext
	source    Source
	// same is the hash of everything but the event that an answer depends on.
	same [sha256.Size]byte
}

// subscribe opens a subscription. The context says who asks; lastEventID is empty where there is none.
func (h *Handler) subscribe(ctx context.Context, operation *graphql.OperationContext, lastEventID string) (*subscription, gqlerror.List) {
	if fields := graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{h.schema.Schema().Subscription.Name}); len(fields) != 1 {
		// A directive took its field away; that there is one field without them was seen to in validation.
		return nil, gqlerror.List{presented(BadUserInput, "The subscription selects nothing to follow.")}
	}
	o := &opening{lastEventID: lastEventID}
	bounded, cancel := context.WithTimeout(context.WithValue(ctx, openingKey{}, o), h.config.Timeout)
	defer cancel()
	next, bounded := h.exec.DispatchOperation(bounded, operation)
	if o.source == nil {
		response := next(bounded)
		if response == nil || len(response.Errors) == 0 {
			return nil, gqlerror.List{h.unknown(ctx, errors.New("a subscription was opened and has no source"))} // unreachable: Follow is called, or refused.
		}
		return nil, response.Errors
	}
	operation.Headers = nil // They would be kept for days.
	s := &subscription{h: h, operation: operation, source: o.source}
	audience := ""
	if h.config.Audience != nil {
		audience = h.config.Audience(ctx)
	}
	s.same = fingerprint(operation, audience)
	return s, nil
}

// fingerprint is the hash of an operation and the values of its variables, save for those that stand nowhere but in an argument
// `after` of the subscription's field: they say where to begin, and nothing of what is answered.
func fingerprint(operation *graphql.OperationContext, audience string) [sha256.Size]byte {
	values := make(map[string]any, len(operation.Variables))
	for name, value := range operation.Variables {
		values[name] = value
	}
	for _, name := range beginnings(operation) {
		delete(values, name)
	}
	text, err := json.Marshal([]any{operation.RawQuery, operation.Operation.Name, values, audience})
	if err != nil {
		// unreachable: the values came as JSON. Should it happen, nothing is shared.
		text = []byte(newID())
	}
	return sha256.Sum256(text)
}

// beginnings names the variables that stand in an argument `after` of the subscription's own field, and nowhere else.
func beginnings(operation *graphql.OperationContext) (names []string) {
	uses := map[string]int{}
	count := func(value *ast.Value) {
		if value != nil && value.Kind == ast.Variable {
			uses[value.Raw]++
		}
	}
	var walk func(set ast.SelectionSet)
	var inValue func(value *ast.Value)
	inValue = func(value *ast.Value) {
		if value == nil {
			return
		}
		count(value)
		for _, child := range value.Children {
			inValue(child.Value)
		}
	}
	directives := func(list ast.DirectiveList) {
		for _, d := range list {
			for _, a := range d.Arguments {
				inValue(a.Value)
			}
		}
	}
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				for _, a := range s.Arguments {
					inValue(a.Value)
				}
				directives(s.Directives)
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				directives(s.Directives)
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				directives(s.Directives)
			}
		}
	}
	walk(operation.Operation.SelectionSet)
	directives(operation.Operation.Directives)
	for _, fragment := range operation.Doc.Fragments {
		walk(fragment.SelectionSet)
	}
	for _, selection := range operation.Operation.SelectionSet {
		field, ok := selection.(*ast.Field)
		if !ok {
			continue
		}
		if after := field.Arguments.ForName("after"); after != nil && after.Value.Kind == ast.Variable && uses[after.Value.Raw] == 1 {
			names = append(names, after.Value.Raw)
		}
	}
	return names
}

// next gives the answer to the next event, as the JSON text of an execution result, and the event's id; false where there is none
// yet. The error is the context's, or of the source.
func (s *subscription) next(ctx context.Context) (answer []byte, id string, ok bool, err error) {
	event, ok, err := s.source.Poll(ctx)
	if !ok || err != nil {
		return nil, "", false, err
	}
	answer, err = s.answer(ctx, event)
	return answer, event.ID, err == nil, err
}

// answer executes the operation for an event, once for all who ask the same. The place is taken before: else whoever waits for an
// answer that another makes would wait for the other's turn, too.
func (s *subscription) answer(ctx context.Context, event Event) ([]byte, error) {
	key := sha256.Sum256(append(s.same[:], event.Key...))
	if answer, ok := s.h.answers.get(key); ok {
		return answer, nil
	}
	release, err := s.h.gate.wait(ctx, ClientOf(ctx))
	if err != nil {
		return nil, err
	}
	defer release()
	result, err, _ := s.h.answering.Do(string(key[:]), func() (any, error) {
		if answer, ok := s.h.answers.get(key); ok {
			return answer, nil // Made between the first look and this one.
		}
		answer, lasting, err := s.execute(ctx, event)
		if err == nil && lasting {
			s.h.answers.add(key, answer, len(answer))
		}
		return answer, err
	})
	if err != nil {
		return nil, err
	}
	return result.([]byte), nil
}

// execute answers an event for all who wait for it, whether or not the one who came first stays. An answer with errors is not for
// those who come later: what failed may succeed then.
func (s *subscription) execute(ctx context.Context, event Event) (answer []byte, lasting bool, err error) {
	ctx, cancel := context.WithTimeout(event.Context(context.WithoutCancel(ctx)), s.h.config.Timeout)
	defer cancel()
	s.h.counters.executed.Add(1)
	next, ctx := s.h.exec.DispatchOperation(context.WithValue(ctx, slotKey{}, true), s.operation)
	response := next(ctx)
	if response == nil {
		response = &graphql.Response{Errors: gqlerror.List{presented(Unavailable, s.h.outOfTime())}}
	}
	head, tail, err := envelope(response.Data != nil, response.Errors, response.Extensions)
	if err != nil {
		return nil, false, err
	}
	tail = tail[:len(tail)-1] // Its line feed: the answer stands in a frame or a line.
	answer = make([]byte, 0, len(head)+len(response.Data)+len(tail))
	answer = append(append(append(answer, head...), response.Data...), tail...)
	return answer, len(response.Errors) == 0, nil
}

// broken says whether an error is of our making and not the end of a context.
func broken(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled)
}

// still says why whoever has a connection open may no more.
func (h *Handler) still(ctx context.Context) error {
	if h.config.Still == nil {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	return h.config.Still(within)
}

// Following bounds connections that stay open. A zero field means its default.
type Following struct {
	// Init is how long a WebSocket may be silent before its connection_init: 10 s.
	Init time.Duration
	// Ping is how often an open connection is tried, 25 s: a WebSocket of which nothing comes back for twice as long has lost its
	// peer; a stream of server-sent events gets a comment, so that nobody on the way takes it for dead.
	Ping time.Duration
	// Write is how long a message may take to leave before the connection is given up: 20 s.
	Write time.Duration
	// Operations of one WebSocket run at the same time: 100.
	Operations int
	// PerClient is how many connections one client (ClientOf) may hold open: 1,000, since many may stand behind one address.
	PerClient int
	// CacheBytes bounds the answers that are kept for those who ask the same: 32 MiB.
	CacheBytes int
}

func (f Following) withDefaults() Following {
	setDefault(&f.Init, 10*time.Second)
	setDefault(&f.Ping, 25*time.Second)
	setDefault(&f.Write, 20*time.Second)
	setDefault(&f.Operations, 100)
	setDefault(&f.PerClient, 1000)
	setDefault(&f.CacheBytes, 32<<20)
	return f
}
