package graph

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/direct"
	"github.com/rapporteur/rapporteur/graph/export"
	"github.com/rapporteur/rapporteur/graph/generated"
	"github.com/rapporteur/rapporteur/graph/graphiql"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/resolver"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/feed"
)

// Config says what is served, and how. Model and Log are needed.
type Config struct {
	Model *projections.Model
	Log   eventlog.Log
	// Recorder is the write side on the same log and model (see NewReader). Nil where nothing is recorded here.
	Recorder *recorder.Recorder
	// Ready says why this node cannot answer or record as it should, in a sentence; nil, or nil from it, is ready.
	Ready func(context.Context) error

	// Authenticator says who asks. Nil is auth.None: whoever gets through may ask, record and edit.
	Authenticator auth.Authenticator

	// Limits of /graphql; a complexity of zero is DefaultComplexity.
	Limits httpgraphql.Limits
	// Following bounds feeds and the connections that they come by.
	Following httpgraphql.Following
	// Registered, InFlight and Timeout are those of httpgraphql.Config.
	Registered func(document string) bool
	InFlight   int
	Timeout    time.Duration
	// AnswerBytes bounds the answers to queries that are kept, to be given again while nothing new is recorded, or for ever where they are
	// pinned; zero is httpgraphql's default.
	AnswerBytes int
	// AnyHost answers under any name and to pages of other origins: for a server that asks who is there. Otherwise only under the
	// names of this machine itself and AllowedHosts, since whoever gets through may record (httpgraphql.LoopbackOnly).
	AnyHost      bool
	AllowedHosts []string
	// AllowedOrigins are those of the pages that may ask from a browser, beside the server's own (httpgraphql.CORS).
	AllowedOrigins []string
	// Clients says how clients are told apart, and how often each may ask.
	Clients httpgraphql.Clients

	// Passing says that the record is served for a while only: the next one on the same address is another, so that no answer of
	// this one may be kept by a browser.
	Passing bool

	// Metrics is where the handler tells how it is doing. What else is in it is served along at /metrics, to those who may read;
	// not so where MetricsElsewhere says that it has an address of its own (MetricsHandler). Nil tells nothing.
	Metrics          *prometheus.Registry
	MetricsElsewhere bool

	Logger *slog.Logger // slog.Default(), if nil
}

// Handler serves everything. Its feeds outlive a request, so that it is drained when the program stops.
type Handler struct {
	http.Handler
	api *httpgraphql.Handler
}

// Drain ends all feeds in such a way that their followers come back and go on behind what they saw last, and takes up no new ones.
// It returns when the last is gone, or with the context's error.
func (h *Handler) Drain(ctx context.Context) error { return h.api.Drain(ctx) }

// NewHandler makes the server's handler: whatever routes lists, behind the guards.
func NewHandler(c Config) *Handler {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Authenticator == nil {
		c.Authenticator = auth.None{}
	}
	mux := http.NewServeMux()
	api := newGraphQL(c)
	if c.Metrics != nil {
		c.Metrics.MustRegister(meter{api, c.Model})
	}
	guard := newGuard(c, api)
	for _, r := range routes(c, api) {
		switch {
		case r.open:
			mux.Handle(r.pattern, r.handler)
		case r.upgrades:
			mux.Handle(r.pattern, guard.ProtectUpgrades(r.handler))
		default:
			mux.Handle(r.pattern, guard.Protect(r.handler))
		}
	}
	handler := httpgraphql.CORS(httpgraphql.SecurityHeaders(mux), c.AllowedOrigins...)
	if !c.AnyHost {
		handler = httpgraphql.LoopbackOnly(handler, c.AllowedHosts, c.AllowedOrigins)
	}
	return &Handler{c.Clients.Limit(handler), api}
}

// route is what is served under a pattern of http.ServeMux: to those who may read alone, unless it is open.
type route struct {
	pattern string
	handler http.Handler
	// open lets everybody through: for what shows nothing of the record.
	open bool
	// upgrades lets the handshake of a WebSocket through without a credential: the handler insists on one afterwards.
	upgrades bool
}

// routes are all that is served.
func routes(c Config, api *httpgraphql.Handler) []route {
	list := []route{
		{pattern: "/graphql", handler: api, upgrades: true},
		{pattern: export.Mount, handler: export.Handler(export.Config{
			Record: export.Record{Model: c.Model, Log: c.Log}, Passing: c.Passing, Private: c.private(), Logger: c.Logger,
		})},
		{pattern: graphiql.Mount, handler: graphiql.Handler(), open: true},
		{pattern: graphiql.Mount + "/", handler: graphiql.Handler(), open: true},
		{pattern: "GET /{$}", open: true, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, graphiql.Mount, http.StatusFound) // Not for ever: the explorer will be here.
		})},
		{pattern: "GET /healthz", open: true, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			say(w, http.StatusOK, "The server runs.")
		})},
		{pattern: "GET /readyz", open: true, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.Ready != nil {
				if err := c.Ready(r.Context()); err != nil {
					say(w, http.StatusServiceUnavailable, err.Error())
					return
				}
			}
			say(w, http.StatusOK, "The record is read up to position "+strconv.FormatUint(c.Model.At(), 10)+", and can be recorded to.")
		})},
	}
	if c.Metrics != nil && !c.MetricsElsewhere {
		list = append(list, route{pattern: "GET /metrics", handler: MetricsHandler(c.Metrics)})
	}
	return list
}

// private says that not everybody who gets through may read.
func (c Config) private() bool {
	_, everybody := c.Authenticator.(auth.None)
	return !everybody
}

func say(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, sentence+"\n")
}

// Stats gives what /graphql is doing.
func (h *Handler) Stats() httpgraphql.Stats { return h.api.Stats() }

// newGraphQL serves the public schema.
func newGraphQL(c Config) *httpgraphql.Handler { return httpgraphql.New(served(c)) }

// served is the public schema, and how it is served.
func served(c Config) (graphql.ExecutableSchema, httpgraphql.Config) {
	root := &resolver.Resolver{Model: c.Model, Feeds: feed.New(c.Model), Log: c.Log, Recorder: c.Recorder}
	config := generated.Config{Resolvers: root, Complexity: costs()}
	config.Schema = released(generated.NewExecutableSchema(config).Schema())
	schema := generated.NewExecutableSchema(config)
	if c.Limits.Complexity == 0 {
		c.Limits.Complexity = DefaultComplexity
	}
	control := cacheControl("public")
	var vary []string
	origins := c.AllowedOrigins
	if c.private() {
		// A page of whatever origin that opens a WebSocket has nothing of its user's: it must bring the token itself.
		origins = []string{"*"}
		// What only some may read is kept by their own browsers alone, and for the credential that it was asked with.
		control, vary = cacheControl("private"), []string{"Authorization"}
	}
	if c.Passing {
		control = nil
	}
	return schema, httpgraphql.Config{
		Limits:     c.Limits,
		Following:  c.Following,
		Registered: c.Registered,
		InFlight:   c.InFlight,
		Timeout:    c.Timeout,
		Logger:     c.Logger,
		Vary:       vary,
		Admit:      admit,
		Allow:      allow,
		Connect:    connect(c.Authenticator),
		Expires:    expires,
		Still:      auth.Still,
		Origins:    origins,
		Prepare: func(ctx context.Context, _ *ast.OperationDefinition) context.Context {
			return direct.Begin(root.Begin(ctx))
		},
		Field: generated.Direct.Field,
		Answers: httpgraphql.Answers{
			Bytes: c.AnswerBytes, Version: c.Model.At, Lasts: resolver.Lasts,
		},
		Extensions: func(ctx context.Context) map[string]any {
			return map[string]any{"at": projections.LogPosition(resolver.At(ctx))}
		},
		CacheControl: control,
		Scalars: map[string]func(any) error{
			"Date":        takes(model.UnmarshalDate),
			"DateTime":    takes(model.UnmarshalDateTime),
			"LogPosition": takes(model.UnmarshalLogPosition),
		},
		Present: present(c.Logger),
	}
}

// takes says whether a scalar takes a value.
func takes[T any](read func(any) (T, error)) func(any) error {
	return func(value any) error {
		_, err := read(value)
		return err
	}
}

// released is a schema as the released specification (October 2021) knows schemas, for clients that know no more: without @defer,
// which is not acted on here, and without the place for @deprecated that only a draft has.
func released(schema *ast.Schema) *ast.Schema {
	shown := *schema
	shown.Directives = maps.Clone(schema.Directives)
	delete(shown.Directives, "defer")
	if deprecated := shown.Directives["deprecated"]; deprecated != nil {
		d := *deprecated
		d.Locations = slices.DeleteFunc(slices.Clone(d.Locations), func(l ast.DirectiveLocation) bool { return l == "DIRECTIVE_DEFINITION" })
		shown.Directives["deprecated"] = &d
	}
	return &shown
}

// cacheControl lets an answer that is the same for ever be kept so, by whom it says. What a schema says of itself is not: it grows.
func cacheControl(whose string) func(context.Context) string {
	forever := whose + ", max-age=31536000, immutable"
	return func(ctx context.Context) string {
		for _, selection := range graphql.GetOperationContext(ctx).Operation.SelectionSet {
			if f, ok := selection.(*ast.Field); !ok || strings.HasPrefix(f.Name, "__") && f.Name != "__typename" {
				return ""
			}
		}
		if !resolver.Lasting(ctx) {
			return ""
		}
		return forever
	}
}

// NewReader makes of the read model what the recorder reads with.
func NewReader(m *projections.Model) recorder.Reader { return reader{m} }

type reader struct{ model *projections.Model }

func (r reader) Facts(today domain.Date) domain.Facts { return r.model.Facts(today) }

func (r reader) Key(subject, key string) (recorder.KeyUse, bool) {
	use, ok := r.model.Key(subject, key)
	return recorder.KeyUse{
		Stream: use.Stream, First: eventlog.Revision(use.First), Last: eventlog.Revision(use.Last), InputHash: use.InputHash,
	}, ok
}

func (r reader) Wait(ctx context.Context, stream string, revision eventlog.Revision) (uint64, error) {
	return r.model.Wait(ctx, stream, int64(revision))
}
