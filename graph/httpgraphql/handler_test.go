package httpgraphql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

func TestAnswers(t *testing.T) {
	h := newHandler(httpgraphql.Config{})
	for _, c := range []struct {
		request *http.Request
		want    string
	}{
		{query("{hello}"), `{"data":{"hello":"hello world"}}`},
		{query("query($n:String){hello(name:$n)}", map[string]any{"n": "<Ägypten>"}), `{"data":{"hello":"hello \u003cÄgypten\u003e"}}`},
		{query("query($a:Int){list(first:$a){__typename}}", map[string]any{"a": json.Number("2.0")}), `{"data":{"list":[{"__typename":"Query"},{"__typename":"Query"}]}}`},
		{query("query($a:[Color!]){named(colors:$a)}", map[string]any{"a": "RED"}), `{"data":{"named":"{\"colors\":[\"RED\"]}"}}`},
		{query("mutation{count}"), `{"data":{"count":1}}`},
		{get(url.Values{"query": {"query($n:String){hello(name:$n)}"}, "variables": {`{"n":"you"}`}}), `{"data":{"hello":"hello you"}}`},
		{get(url.Values{"query": {"query A{hello} query B{position}"}, "operationName": {"B"}}), `{"data":{"position":0}}`},
		{query("{hello ... @defer(label:\"x\"){position}}"), `{"data":{"hello":"hello world","position":0}}`},
		{query("{thing{id ... on Apple{color} ... on Stone{weight}}}"), `{"data":{"thing":null}}`},
		{post(`{"query":"{hello}","operationName":null,"variables":null,"extensions":null,"other":1}`), `{"data":{"hello":"hello world"}}`},
		{with(query("{hello}"), "Content-Type", `Application/JSON; Charset="UTF-8"`), `{"data":{"hello":"hello world"}}`},
	} {
		w := do(h, c.request)
		if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != c.want {
			t.Errorf("%d %s\nwant %s", w.Code, got, c.want)
		}
		if got := w.Header().Get("Content-Type"); got != newer+"; charset=utf-8" {
			t.Errorf("Content-Type %s", got)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %s", got)
		}
	}
}

func TestStatusFollowsMediaType(t *testing.T) {
	h := newHandler(httpgraphql.Config{})
	for _, c := range []struct {
		text         string
		older, newer int
	}{
		{"{hello}", 200, 200},
		{"{", 200, 400},
		{"{nothing}", 200, 400},
		{nested(20), 200, 400},
		{"query($a:ID!){named(id:$a)}", 200, 400},
		{"{fail}", 200, 200},
	} {
		if got := do(h, with(query(c.text), "Accept", older)).Code; got != c.older {
			t.Errorf("%s as %s: %d", c.text, older, got)
		}
		if got := do(h, query(c.text)).Code; got != c.newer {
			t.Errorf("%s as %s: %d", c.text, newer, got)
		}
	}
	if got := do(h, with(post("{"), "Accept", older)).Code; got != 400 {
		t.Errorf("a malformed request: %d", got)
	}
}

func TestNegotiation(t *testing.T) {
	for accept, want := range map[string]string{
		"":                             older,
		"*/*":                          older,
		"application/*":                older,
		older:                          older,
		newer:                          newer,
		newer + ", " + older:           newer,
		older + ", " + newer:           newer,
		newer + ";q=0.5, " + older:     older,
		older + ";q=0.9, " + newer:     newer,
		newer + "," + older + ";q=0.9": newer,
		"text/html, application/xml;q=0.9, */*;q=0.8": older,
		older + ";q=0, */*":                           newer,
		"*/*;q=0.1, " + older + ";q=0":                newer,
		older + "; charset=utf-8":                     older,
		older + "; charset=latin1":                    "",
		"text/html":                                   "",
		older + ";q=0":                                "",
		"application/json;q=2":                        "",
		"nonsense":                                    "",
		`application/json;x="a,b", text/html`:         older,
		"APPLICATION/JSON":                            older,
	} {
		var values []string
		if accept != "" {
			values = []string{accept}
		}
		if got, ok := httpgraphql.Negotiate(values); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(httpgraphql.Config{})
	w := do(h, httptest.NewRequest(http.MethodOptions, "/", nil))
	if w.Code != 204 || w.Header().Get("Allow") != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("OPTIONS: %d %v", w.Code, w.Header())
	}
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control") {
			t.Errorf("OPTIONS grants %s", name)
		}
	}
	if got := do(h, get(url.Values{"query": {"mutation{count}"}})).Header().Get("Allow"); got != "POST" {
		t.Errorf("a mutation by GET: Allow %q", got)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	response, err := http.Head(server.URL + "?query={hello}")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 || response.ContentLength != int64(len(`{"data":{"hello":"hello world"}}`)+1) {
		t.Errorf("HEAD: %d, %d bytes", response.StatusCode, response.ContentLength)
	}
}

func TestErrorsOfResolvers(t *testing.T) {
	var log bytes.Buffer
	h := newHandler(httpgraphql.Config{
		Logger: slog.New(slog.NewJSONHandler(&log, nil)),
		Present: func(ctx context.Context, err error) *gqlerror.Error {
			if strings.Contains(err.Error(), errVouched.Error()) {
				return &gqlerror.Error{Message: errVouched.Error(), Extensions: map[string]any{"code": "CONFLICT"}}
			}
			return nil
		},
	})
	w := do(h, query("{hello fail vouched coded boom}"))
	b, _ := parse(t, w.Body.Bytes())
	if w.Code != 200 || string(b.Data) != `{"hello":"hello world","fail":null,"vouched":null,"coded":null,"boom":null}` {
		t.Fatalf("%d %s", w.Code, b.Data)
	}
	want := map[string][2]string{
		"fail":    {"INTERNAL", "internal error"},
		"vouched": {"CONFLICT", "the house is not in session"},
		"coded":   {"CONFLICT", "taken"},
		"boom":    {"INTERNAL", "internal error"},
	}
	got := map[string][2]string{}
	for _, err := range b.Errors {
		code, _ := err.Extensions["code"].(string)
		got[fmt.Sprint(err.Path[0])] = [2]string{code, err.Message}
		id, ok := err.Extensions["id"].(string)
		if ok != (code == "INTERNAL") {
			t.Errorf("%v: id %q", err.Path, id)
		}
		if ok && !strings.Contains(log.String(), id) {
			t.Errorf("the log does not have %s", id)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, inside := range insides {
		if strings.Contains(w.Body.String(), inside) {
			t.Errorf("the answer shows %q: %s", inside, w.Body)
		}
	}
	if !strings.Contains(log.String(), "schema_test.go") || !strings.Contains(log.String(), "exploded") || !strings.Contains(log.String(), "/var/lib/secret") {
		t.Errorf("the log lacks stack or cause: %s", log.String())
	}
}

func TestFieldErrorsAreCapped(t *testing.T) {
	w := do(newHandler(httpgraphql.Config{}), query("{failures}"))
	b, _ := parse(t, w.Body.Bytes())
	if len(b.Errors) != 50 || b.Extensions["errorsOmitted"] != 150.0 {
		t.Errorf("%d errors, %v", len(b.Errors), b.Extensions)
	}
	w = do(newHandler(httpgraphql.Config{Limits: httpgraphql.Limits{ErrorBytes: 1000}}), query("{failures}"))
	b, _ = parse(t, w.Body.Bytes())
	if n := len(b.Errors); n < 2 || n >= 50 || b.Extensions["errorsOmitted"] != float64(200-n) || w.Body.Len() > 2500 {
		t.Errorf("%d errors of at most 1,000 bytes, %v: %d bytes", n, b.Extensions, w.Body.Len())
	}
	w = do(newHandler(httpgraphql.Config{Limits: httpgraphql.Limits{ErrorBytes: 1}}), query("{failures}"))
	if b, _ = parse(t, w.Body.Bytes()); len(b.Errors) != 1 || b.Extensions["errorsOmitted"] != 199.0 {
		t.Errorf("%d errors, %v: the first is always told", len(b.Errors), b.Extensions)
	}
}

func TestPanicsOutsideOfFieldsEndTheOperationOnly(t *testing.T) {
	for name, config := range map[string]httpgraphql.Config{
		"Prepare":      {Prepare: func(context.Context, *ast.OperationDefinition) context.Context { panic("x.go") }},
		"Extensions":   {Extensions: func(context.Context) map[string]any { panic("x.go") }},
		"CacheControl": {CacheControl: func(context.Context) string { panic("x.go") }},
		"Registered":   {Registered: func(string) bool { panic("x.go") }},
		"no JSON":      {Extensions: func(context.Context) map[string]any { return map[string]any{"f": func() {}} }},
	} {
		var log bytes.Buffer
		config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		config.InFlight = 1
		h := newHandler(config)
		for range 3 { // The slot comes back each time.
			w := do(h, get(url.Values{"query": {"{hello}"}}))
			b, keys := parse(t, w.Body.Bytes())
			if w.Code != 500 || b.code() != "INTERNAL" || b.Errors[0].Message != "internal error" || keys["data"] != nil {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
				continue
			}
			if id := b.Errors[0].Extensions["id"].(string); !strings.Contains(log.String(), id) {
				t.Errorf("%s: the log does not have %s", name, id)
			}
		}
	}
}

func TestHooksSeeOneContext(t *testing.T) {
	h := newHandler(httpgraphql.Config{
		Prepare: func(ctx context.Context, operation *ast.OperationDefinition) context.Context {
			if graphql.GetOperationContext(ctx).Operation != operation {
				t.Error("another operation")
			}
			return context.WithValue(ctx, position{}, 42)
		},
		Extensions: func(ctx context.Context) map[string]any {
			return map[string]any{"at": ctx.Value(position{})}
		},
		CacheControl: func(ctx context.Context) string {
			if ctx.Value(position{}) != 42 {
				t.Error("CacheControl sees another context")
			}
			return "private, max-age=31536000, immutable"
		},
		Vary: []string{"Authorization"},
	})
	if got := strings.TrimSpace(do(h, query("{position}")).Body.String()); got != `{"data":{"position":42},"extensions":{"at":42}}` {
		t.Error(got)
	}
	if got := strings.TrimSpace(do(h, query("{nothing}")).Body.String()); strings.Contains(got, "at") && strings.Contains(got, "42") {
		t.Errorf("extensions of a refusal: %s", got)
	}
	w := do(h, get(url.Values{"query": {"{position}"}}))
	tag := w.Header().Get("ETag")
	if w.Code != 200 || tag == "" || w.Header().Get("Cache-Control") != "private, max-age=31536000, immutable" || w.Header().Get("Vary") != "Accept, Authorization" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = do(h, with(get(url.Values{"query": {"{position}"}}), "If-None-Match", `"x", W/`+tag))
	if w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := do(h, get(url.Values{"query": {"{position fail}"}})); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("an answer with errors may be kept: %v", w.Header())
	}
	if w := do(h, query("{position}")); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("an answer to POST may be kept: %v", w.Header())
	}
}

func TestTimeout(t *testing.T) {
	h := newHandler(httpgraphql.Config{Timeout: 20 * time.Millisecond, InFlight: 1})
	w := do(h, query("{wait}"))
	b, _ := parse(t, w.Body.Bytes())
	if w.Code != 200 || b.code() != "UNAVAILABLE" || string(b.Data) != `{"wait":null}` || !strings.Contains(b.Errors[0].Message, "20ms") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestOperationsInFlightAreBounded(t *testing.T) {
	world := newWorld()
	h := httpgraphql.New(world, httpgraphql.Config{InFlight: 2, Waiting: 3, Logger: quiet()})
	var done sync.WaitGroup
	codes := make(chan int, 5)
	for range 2 {
		done.Go(func() { codes <- do(h, query("{hold}")).Code })
		<-world.held
	}
	for range 3 {
		done.Go(func() { codes <- do(h, query("{hello}")).Code })
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if running, waiting := h.InFlight(); running == 2 && waiting == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody waits")
		}
	}
	w := do(h, query("{hello}"))
	if b, keys := parse(t, w.Body.Bytes()); w.Code != 503 || b.code() != "UNAVAILABLE" || w.Header().Get("Retry-After") == "" || keys["data"] != nil {
		t.Errorf("one too many: %d %s", w.Code, w.Body)
	}
	// The executor of other transports stands before the same gate.
	if _, errs := h.Executor().CreateOperationContext(t.Context(), &graphql.RawParams{Query: "{hello}"}); len(errs) != 1 || errs[0].Extensions["code"] != "UNAVAILABLE" {
		t.Errorf("the executor lets one pass: %v", errs)
	}
	close(world.hold)
	done.Wait()
	close(codes)
	for code := range codes {
		if code != 200 {
			t.Errorf("status %d", code)
		}
	}
	if running, waiting := h.InFlight(); running != 0 || waiting != 0 {
		t.Errorf("%d running, %d waiting after the end", running, waiting)
	}
}

func TestWhoStopsWaitingLeavesNoTrace(t *testing.T) {
	world := newWorld()
	h := httpgraphql.New(world, httpgraphql.Config{InFlight: 1, Logger: quiet()})
	var done sync.WaitGroup
	done.Go(func() { do(h, query("{hold}")) })
	<-world.held
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if w := do(h, query("{hello}").WithContext(ctx)); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
	if _, waiting := h.InFlight(); waiting != 0 {
		t.Errorf("%d waiting", waiting)
	}
	close(world.hold)
	done.Wait()
}

func TestExecutorHasTheSameLimits(t *testing.T) {
	h := newHandler(httpgraphql.Config{
		Prepare: func(ctx context.Context, _ *ast.OperationDefinition) context.Context {
			return context.WithValue(ctx, position{}, 7)
		},
		Extensions: func(ctx context.Context) map[string]any { return map[string]any{"at": ctx.Value(position{})} },
		InFlight:   1,
	})
	exec := h.Executor()
	run := func(text string) *graphql.Response {
		ctx := graphql.StartOperationTrace(t.Context())
		operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: text})
		if len(errs) > 0 {
			return exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
		}
		next, ctx := exec.DispatchOperation(ctx, operation)
		response := next(ctx)
		if next(ctx) != nil {
			t.Error("a second answer")
		}
		return response
	}
	for range 3 {
		if got := run("{position}"); string(got.Data) != `{"position":7}` || got.Extensions["at"] != 7 {
			t.Errorf("%s %v", got.Data, got.Extensions)
		}
	}
	for text, code := range map[string]string{doubling(30): costly, "{": bad, "{nothing}": bad, nested(30): costly} {
		if got := run(text); got.Data != nil || len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != code {
			t.Errorf("%.30s: %v", text, got.Errors)
		}
	}
	if running, _ := h.InFlight(); running != 0 {
		t.Errorf("%d slots are kept", running)
	}
}

func TestCacheIsBoundedByBytes(t *testing.T) {
	const limit = 100 << 10
	h := newHandler(httpgraphql.Config{CacheBytes: limit})
	for i := range 500 {
		text := fmt.Sprintf("{a%d:hello}#%s", i, strings.Repeat("x", i*10))
		for range 2 {
			if w := do(h, query(text)); w.Code != 200 {
				t.Fatal(w.Body)
			}
		}
		if entries, bytes := h.Cached(); bytes > limit || bytes < 0 || entries == 0 {
			t.Fatalf("%d entries, %d bytes", entries, bytes)
		}
	}
	before, _ := h.Cached()
	if w := do(h, query("{hello}#"+strings.Repeat("x", limit))); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if after, _ := h.Cached(); after != before {
		t.Error("a document larger than the cache drove others out")
	}
	entries, _ := h.Cached()
	do(h, query("{nothing}"))
	if after, _ := h.Cached(); after != entries {
		t.Error("an invalid document is kept")
	}
}

func TestOneDocumentInManyOperationsAtOnce(t *testing.T) {
	h := newHandler(httpgraphql.Config{InFlight: 8, Waiting: 1000})
	var done sync.WaitGroup
	for i := range 64 {
		done.Go(func() {
			text := "query($n:String!,$c:Boolean=false){hello(name:$n) self{...F}} fragment F on Query{hello(name:$n) @skip(if:$c) position}"
			name := fmt.Sprint("n", i)
			w := do(h, query(text, map[string]any{"n": name}))
			if want := fmt.Sprintf(`{"data":{"hello":"hello %s","self":{"hello":"hello %[1]s","position":0}}}`, name); strings.TrimSpace(w.Body.String()) != want {
				t.Errorf("%s, want %s", w.Body, want)
			}
		})
	}
	done.Wait()
}

func TestIntrospectionCanBeSwitchedOff(t *testing.T) {
	for _, off := range []bool{false, true} {
		h := newHandler(httpgraphql.Config{
			DisableIntrospection: off,
			Prepare: func(ctx context.Context, _ *ast.OperationDefinition) context.Context {
				if got := graphql.GetOperationContext(ctx).DisableIntrospection; got != off {
					t.Errorf("off: %t, want %t", got, off)
				}
				return ctx
			},
		})
		do(h, query("{hello}"))
	}
}

func TestPanicsReachTheExecutorsCallersAsErrors(t *testing.T) {
	for name, config := range map[string]httpgraphql.Config{
		"Prepare":    {Prepare: func(context.Context, *ast.OperationDefinition) context.Context { panic("x.go") }},
		"Registered": {Registered: func(string) bool { panic("x.go") }},
	} {
		exec := newHandler(config).Executor()
		ctx := graphql.StartOperationTrace(t.Context())
		operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: "{hello}"})
		if operation == nil {
			t.Fatalf("%s: no context", name)
		}
		if len(errs) == 0 {
			next, ctx := exec.DispatchOperation(ctx, operation)
			response := next(ctx)
			errs = response.Errors
			if response.Data != nil || next(ctx) != nil {
				t.Errorf("%s: an answer that goes on", name)
			}
		}
		if len(errs) != 1 || errs[0].Message != "internal error" || errs[0].Extensions["code"] != "INTERNAL" {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestLargeAnswersGoOutAsTheyAre(t *testing.T) {
	server := httptest.NewServer(newHandler(httpgraphql.Config{}))
	defer server.Close()
	response, err := http.Post(server.URL, "application/json", strings.NewReader(`{"query":"{shout}"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || int64(len(text)) != response.ContentLength || len(text) < 1<<20 {
		t.Errorf("%d bytes of %d: %v", len(text), response.ContentLength, err)
	}
}
