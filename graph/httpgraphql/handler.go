package httpgraphql

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"golang.org/x/sync/singleflight"
)

// Config says how a schema is served. Its zero value serves with all defaults.
type Config struct {
	Limits    Limits
	Following Following

	// InFlight operations run at the same time: four for each processor, by
	// default. Execution is work for the processor; more of it at once makes each
	// slower and none sooner. Waiting is how many more may wait for their turn:
	// 16 times InFlight, and 64 at least.
	// Of one client (ClientOf) at most PerClient arrive, wait or run: half of both.
	// At most half of InFlight of them run, so that others find a place.
	InFlight  int
	Waiting   int
	PerClient int
	// Timeout ends an operation, the wait for its turn included: 30 s. It ends by
	// the context; a resolver that does not look at it is waited for.
	Timeout time.Duration
	// ReadTimeout is for the arrival of a body, WriteTimeout for the departure of
	// an answer: 10 s and 60 s.
	ReadTimeout  time.Duration
	WriteTimeout time.Duration
	// CacheBytes bounds the cache of documents: 32 MiB.
	CacheBytes int
	Answers    Answers

	// DisableIntrospection answers null to __schema and __type.
	DisableIntrospection bool
	// Registered, if given, says whether the operator knows a document; such a
	// document may have ten times the tokens. All other limits hold for it too.
	Registered func(document string) bool

	// Scalars say what the schema's own scalars take, by name: a literal or a
	// value of a variable that one refuses is a request error, and nothing runs.
	// The error is a sentence for the client. A scalar without one is checked by
	// its field alone, when that is executed.
	Scalars map[string]func(value any) error

	// Admit says whether an operation may be run for whoever asks; its error is the whole answer. It is asked before Prepare.
	Admit func(ctx context.Context) error
	// Allow says whether a field of Mutation may be run for whoever asks; its error is that of the field, which is null, and the
	// fields beside it go on. All fields of Mutation must be nullable.
	Allow func(ctx context.Context, mutation string) error
	// Connect says who asks over a WebSocket, by the payload of its connection_init, which is nil where none was sent; the context it
	// returns is that of all that is asked over the connection. An error closes the connection, with 4403, or 1013 if its code is
	// UNAVAILABLE.
	Connect func(ctx context.Context, payload map[string]any) (context.Context, error)
	// Expires says until when whoever asks may; zero is for ever. A connection that stays open is closed then.
	Expires func(ctx context.Context) time.Time
	// Still says why whoever asks may no more, though the time that Expires gave is not over. It is asked at each ping of a connection
	// that stays open, and before an operation over a WebSocket; its error closes the connection.
	Still func(ctx context.Context) error
	// Audience names those who are answered alike; without it all are. It is asked when a subscription is opened, and before an answer
	// to a query is given again.
	Audience func(ctx context.Context) string
	// Origins are those of the pages of others that may open a WebSocket; "*" is any.
	Origins []string
	// Prepare runs when an operation begins, before any field, and returns the
	// context that everything in the operation sees. It is the place to fix what
	// must be the same for all fields. graphql.GetOperationContext works in it.
	Prepare func(ctx context.Context, operation *ast.OperationDefinition) context.Context
	// Field runs around each field, in the context that Prepare returned; next resolves the field. What it returns may be a
	// graphql.Marshaler in place of the value: then nothing below the field is asked for.
	Field graphql.FieldMiddleware
	// Extensions gives what is added to the extensions of an answer that has
	// data, after execution and under the context that Prepare returned.
	Extensions func(ctx context.Context) map[string]any
	// Present turns an error of a resolver into what the client sees, and returns
	// nil for one it does not know; then this package decides. It is not asked
	// about panics.
	Present func(ctx context.Context, err error) *gqlerror.Error
	// CacheControl gives the Cache-Control of an answer to GET that has data and
	// no errors, under the context that Prepare returned. An answer for which it
	// gives something gets an ETag too. Everything else is "no-store".
	CacheControl func(ctx context.Context) string
	// Vary names request headers, beside Accept, on which answers depend.
	Vary []string

	Logger *slog.Logger // slog.Default(), if nil
}

func (c Config) withDefaults() Config {
	c.Limits = c.Limits.withDefaults()
	c.Following = c.Following.withDefaults()
	setDefault(&c.InFlight, 4*runtime.GOMAXPROCS(0))
	setDefault(&c.Waiting, max(16*c.InFlight, 64))
	setDefault(&c.PerClient, (c.InFlight+c.Waiting)/2)
	setDefault(&c.Timeout, 30*time.Second)
	setDefault(&c.ReadTimeout, 10*time.Second)
	setDefault(&c.WriteTimeout, 60*time.Second)
	setDefault(&c.CacheBytes, 32<<20)
	setDefault(&c.Answers.Bytes, 64<<20)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Handler serves one schema. It is safe for concurrent use.
type Handler struct {
	schema  graphql.ExecutableSchema
	config  Config
	exec    *executor.Executor
	gate    *gate
	clients shares
	upgrade *websocket.Upgrader

	// What follows is for connections that stay open.
	follows     shares
	connections connections
	answers     *cache[[]byte] // To events, by operation and event.
	answering   singleflight.Group
	counters    counters
	documents   *cache[*document]
	wholes      *cache[*whole] // Answers to queries.
	vary        string
	rules       []core.Rule
}

// New makes the handler of a schema. It looks only at method, headers, query
// string and body of a request, so it may be mounted at any path.
func New(schema graphql.ExecutableSchema, config Config) *Handler {
	config = config.withDefaults()
	h := &Handler{
		schema:    schema,
		config:    config,
		gate:      newGate(config.InFlight, config.Waiting),
		documents: newCache[*document](config.CacheBytes),
		vary:      strings.Join(append([]string{"Accept"}, config.Vary...), ", "),
	}
	h.answers = newCache[[]byte](config.Following.CacheBytes)
	h.wholes = newCache[*whole](config.Answers.Bytes)
	h.upgrade = h.upgrader()
	h.rules = append(slices.Clone(ruleSet), scalarRule(config.Scalars))
	h.exec = h.newExecutor()
	return h
}

const allowed = "GET, HEAD, POST, OPTIONS"

// ServeHTTP answers one request over HTTP: one operation, one answer; of a subscription, its messages as server-sent events. Or it
// takes up a WebSocket.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && websocket.IsWebSocketUpgrade(r) {
		h.serveWebSocket(w, r)
		return
	}
	started := false
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler || started {
				panic(cause) // An answer half sent can only be broken off.
			}
			h.Refuse(w, r, &Refusal{Status: http.StatusInternalServerError, Errors: gqlerror.List{h.internal(r.Context(), cause)}})
		}
	}()
	answer, refusal := h.answer(w, r)
	started = true
	switch {
	case refusal != nil:
		h.counters.refused.Add(1)
		h.Refuse(w, r, refusal)
	case answer == nil:
	case answer.events:
		h.sendEvents(w, r, answer)
	default:
		h.send(w, r, answer)
	}
}

// answer gets as far as an answer or a refusal. Both are nil if everything has
// been said, as with OPTIONS.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request) (*answer, *Refusal) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	case http.MethodOptions:
		// No Access-Control header: no other origin is granted anything.
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return nil, nil
	default:
		return nil, refuse(http.StatusMethodNotAllowed, BadUserInput,
			"The method "+excerpt(r.Method, 20)+" is not served here; use POST, or GET for queries.").withHeader("Allow", allowed)
	}
	media, ok := negotiate(r.Header.Values("Accept"))
	events := r.Method != http.MethodHead && acceptsEvents(r.Header.Values("Accept"))
	if !ok && !events {
		return nil, refuse(http.StatusNotAcceptable, BadUserInput,
			"Answers are given as "+mediaResponse+" or "+mediaJSON+", and those of subscriptions as "+mediaEvents+"; Accept names none.")
	}
	onlyEvents := events && !ok
	ctx, giveBack, refusal := h.share(graphql.StartOperationTrace(r.Context()))
	if refusal != nil {
		return nil, refusal
	}
	defer giveBack()
	params, refusal := h.Params(w, r)
	if refusal != nil {
		return nil, refusal
	}
	asked, keeps := h.question(ctx, params)
	if keeps && !onlyEvents {
		if found := h.known(ctx, asked); found != nil {
			h.counters.begun(ast.Query)
			h.counters.repeated.Add(1)
			return found.answer(media, r.Method), nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	ctx, release, refusal := h.enter(ctx)
	if refusal != nil {
		return nil, refusal
	}
	defer release()

	operation, refusal := h.operation(ctx, params)
	if refusal != nil && onlyEvents {
		// A browser shows a page nothing of an answer with another status.
		return &answer{events: true, response: &graphql.Response{Errors: refusal.Errors, Extensions: refusal.Extensions}}, nil
	}
	if refusal != nil {
		return nil, refusal
	}
	h.counters.begun(operation.Operation.Operation)
	switch {
	case operation.Operation.Operation == ast.Subscription && events:
		release() // To open it is no work, but it may have to wait.
		opened, errs := h.subscribe(ctx, operation, r.Header.Get("Last-Event-ID"))
		return &answer{events: true, subscription: opened, response: &graphql.Response{Errors: errs}}, nil
	case operation.Operation.Operation == ast.Subscription:
		return nil, refuseDocument(BadUserInput,
			"A subscription has more than one answer; ask by WebSocket (graphql-transport-ws) or with Accept: text/event-stream.")
	case operation.Operation.Operation == ast.Mutation && r.Method != http.MethodPost:
		return nil, refuse(http.StatusMethodNotAllowed, BadUserInput,
			"A mutation is sent by POST; GET changes nothing.").withHeader("Allow", http.MethodPost)
	}
	next, ctx := h.exec.DispatchOperation(ctx, operation)
	response := next(ctx)
	if response == nil {
		// The executor answers nothing to a context that has ended.
		return nil, refuse(http.StatusServiceUnavailable, Unavailable, h.outOfTime())
	}
	if onlyEvents {
		return &answer{events: true, response: response}, nil
	}
	control := ""
	if h.config.CacheControl != nil && response.Data != nil && len(response.Errors) == 0 && (keeps || r.Method != http.MethodPost) {
		control = h.config.CacheControl(ctx)
	}
	if keeps {
		if kept := h.keep(ctx, asked, operation, response, control); kept != nil {
			return kept.answer(media, r.Method), nil
		}
	}
	a := &answer{media: media, response: response, cache: "no-store"}
	if control != "" && r.Method != http.MethodPost {
		a.cache, a.tagged = control, true
	}
	return a, nil
}
