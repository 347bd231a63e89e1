package httpgraphql_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// keeper is a handler that keeps answers, with what decides it.
type keeper struct {
	*httpgraphql.Handler
	version  uint64
	always   bool
	personal bool
	audience string
	refused  error
	begun    atomic.Int64 // Operations that were executed.
}

func newKeeper(config httpgraphql.Config) *keeper {
	k := &keeper{version: 1}
	config.Answers.Version = func() uint64 { return k.version }
	config.Answers.Lasts = func(context.Context) (uint64, bool, bool) { return k.version, k.always, !k.personal }
	config.Audience = func(context.Context) string { return k.audience }
	config.Admit = func(context.Context) error { return k.refused }
	config.Prepare = func(ctx context.Context, _ *ast.OperationDefinition) context.Context {
		k.begun.Add(1)
		return context.WithValue(ctx, position{}, int(k.version))
	}
	config.Extensions = func(context.Context) map[string]any { return map[string]any{"at": k.version} }
	config.CacheControl = func(context.Context) string {
		if k.always {
			return "public, immutable"
		}
		return ""
	}
	k.Handler = newHandler(config)
	return k
}

// asks sends a request and says whether it was executed.
func (k *keeper) asks(r *http.Request) (body string, executed bool) {
	before := k.begun.Load()
	body = do(k, r).Body.String()
	return body, k.begun.Load() > before
}

func TestAnswersAreGivenAgain(t *testing.T) {
	k := newKeeper(httpgraphql.Config{})
	named := `query A($name: String) { hello(name: $name) } query B($name: String) { hello(name: $name) position }`
	asks := []struct {
		name string
		with func() *http.Request
	}{
		{"a document", func() *http.Request { return query("{position}") }},
		{"another", func() *http.Request { return query("{hello position}") }},
		{"the same, written otherwise", func() *http.Request { return query("{ position }") }},
		{"an operation", func() *http.Request { return post(fmt.Sprintf(`{"query":%q,"operationName":"A"}`, named)) }},
		{"another operation", func() *http.Request { return post(fmt.Sprintf(`{"query":%q,"operationName":"B"}`, named)) }},
		{"variables", func() *http.Request {
			return post(fmt.Sprintf(`{"query":%q,"operationName":"A","variables":{"name":"x"}}`, named))
		}},
		{"other variables", func() *http.Request {
			return post(fmt.Sprintf(`{"query":%q,"operationName":"A","variables":{"name":"y"}}`, named))
		}},
		{"null", func() *http.Request {
			return post(fmt.Sprintf(`{"query":%q,"operationName":"A","variables":{"name":null}}`, named))
		}},
	}
	first := map[string]string{}
	for _, ask := range asks {
		body, executed := k.asks(ask.with())
		if !executed || strings.Contains(body, "errors") {
			t.Errorf("%s for the first time: executed %t, %s", ask.name, executed, body)
		}
		first[ask.name] = body
	}
	for _, ask := range asks {
		if body, executed := k.asks(ask.with()); executed || body != first[ask.name] {
			t.Errorf("%s again: executed %t, %s", ask.name, executed, body)
		}
	}
	if got := k.Stats(); got.Repeated != uint64(len(asks)) || got.Queries != uint64(2*len(asks)) {
		t.Errorf("%+v", got)
	}
	if body, executed := k.asks(get(url.Values{"query": {"{position}"}})); executed || body != first["a document"] {
		t.Errorf("by GET: executed %t, %s", executed, body)
	}

	k.version = 2
	if body, executed := k.asks(query("{position}")); !executed || body == first["a document"] {
		t.Errorf("at another version: executed %t, %s", executed, body)
	}
	k.audience = "others"
	if _, executed := k.asks(query("{position}")); !executed {
		t.Error("others are given the answer of somebody else")
	}
}

func TestSomeAnswersLast(t *testing.T) {
	k := newKeeper(httpgraphql.Config{})
	k.always = true
	r := func() *http.Request { return get(url.Values{"query": {"{position}"}}) }
	first := do(k, r())
	k.version, k.always = 2, false
	again := do(k, r())
	if k.begun.Load() != 1 || again.Body.String() != first.Body.String() {
		t.Errorf("executed %d times, %s", k.begun.Load(), again.Body)
	}
	for name := range first.Header() {
		if first.Header().Get(name) != again.Header().Get(name) {
			t.Errorf("%s is %q, at first %q", name, again.Header().Get(name), first.Header().Get(name))
		}
	}
	tag := again.Header().Get("ETag")
	if tag == "" || again.Header().Get("Cache-Control") != "public, immutable" {
		t.Errorf("headers %v", again.Header())
	}
	if w := do(k, with(r(), "If-None-Match", tag)); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("with its ETag: %d %s", w.Code, w.Body)
	}
	if w := do(k, with(r(), "Accept", "application/json")); w.Header().Get("ETag") == tag || w.Body.String() != first.Body.String() {
		t.Errorf("two media types have one ETag: %v", w.Header())
	}
	if w := do(k, query("{position}")); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" || w.Body.String() != first.Body.String() {
		t.Errorf("by POST: %v", w.Header())
	}
	if k.begun.Load() != 1 {
		t.Errorf("executed %d times", k.begun.Load())
	}
}

func TestWhatMayNotBeGivenAgain(t *testing.T) {
	for name, test := range map[string]struct {
		config httpgraphql.Config
		set    func(*keeper)
		query  string
	}{
		"errors":               {query: "{hello fail}"},
		"a null with an error": {query: "{list(first: 1) { boom }}"},
		"a mutation":           {query: "mutation {count}"},
		"what is of who asks":  {query: "{hello}", set: func(k *keeper) { k.personal = true }},
		"what is too large":    {query: "{shout}", config: httpgraphql.Config{Answers: httpgraphql.Answers{Bytes: 1 << 20}}},
	} {
		k := newKeeper(test.config)
		if test.set != nil {
			test.set(k)
		}
		for range 3 {
			if body, executed := k.asks(query(test.query)); !executed {
				t.Errorf("%s: given again: %.200s", name, body)
			}
		}
	}
}

// What is kept is no way around who may ask.
func TestWhoMayNotAskIsGivenNoAnswerAgain(t *testing.T) {
	k := newKeeper(httpgraphql.Config{})
	k.asks(query("{hello}"))
	k.refused = errors.New("not you")
	if body, _ := k.asks(query("{hello}")); strings.Contains(body, "hello world") || !strings.Contains(body, "errors") {
		t.Error(body)
	}
}

// An answer that is there needs no place to run, so that what many ask goes on while what few ask takes all places.
func TestAnswersAgainNeedNoPlaceToRun(t *testing.T) {
	w := newWorld()
	k := &keeper{}
	config := httpgraphql.Config{InFlight: 1, Waiting: 1, Logger: quiet()}
	config.Answers.Version = func() uint64 { return 1 }
	config.Answers.Lasts = func(context.Context) (uint64, bool, bool) { return 1, false, true }
	k.Handler = httpgraphql.New(w, config)
	want := do(k, query("{hello}")).Body.String()
	done := make(chan struct{})
	go func() { defer close(done); do(k, query("{hold}")) }()
	<-w.held
	if got := do(k, query("{hello}")); got.Body.String() != want {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	close(w.hold)
	<-done
}

// The oldest answers make room, and all stay within the bytes.
func TestAnswersAreBoundedByBytes(t *testing.T) {
	k := newKeeper(httpgraphql.Config{Answers: httpgraphql.Answers{Bytes: 3 << 20}})
	ask := func(n int) bool {
		_, executed := k.asks(query(fmt.Sprintf("{shout hello(name: \"%d\")}", n)))
		return executed
	}
	for n := range 4 {
		ask(n)
	}
	if ask(3) || ask(2) || !ask(0) {
		t.Error("of four answers of a megabyte, not the newest two are kept")
	}
}

// Many small answers take no more memory than large ones: what is kept beside an answer counts.
func TestSmallAnswersTakeNoMoreThanTheirBytes(t *testing.T) {
	const limit = 1 << 20
	k := newKeeper(httpgraphql.Config{Answers: httpgraphql.Answers{Bytes: limit}})
	k.always = true
	ask := func(n int) {
		values := url.Values{"query": {"query($name: String) { hello(name: $name) }"}, "variables": {fmt.Sprintf(`{"name":"%d"}`, n)}}
		for _, media := range []string{"application/json", "application/graphql-response+json"} {
			if w := do(k, with(get(values), "Accept", media)); w.Code != http.StatusOK || w.Header().Get("ETag") == "" {
				t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
			}
		}
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	ask(0)
	before := heap()
	for n := range limit / 250 { // More than there is room for.
		ask(n)
	}
	if took := heap() - before; took > limit*5/4 {
		t.Errorf("%d bytes are held, of %d that may be", took, limit)
	}
	runtime.KeepAlive(k)
}
