package httpgraphql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
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

const (
	newer = "application/graphql-response+json"
	older = "application/json"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func newHandler(config httpgraphql.Config) *httpgraphql.Handler {
	if config.Logger == nil {
		config.Logger = quiet()
	}
	return httpgraphql.New(newWorld(), config)
}

func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", newer)
	return r
}

func query(text string, variables ...any) *http.Request {
	params := map[string]any{"query": text}
	if len(variables) > 0 {
		params["variables"] = variables[0]
	}
	body, err := json.Marshal(params)
	if err != nil {
		panic(err)
	}
	return post(string(body))
}

func get(values url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/graphql?"+values.Encode(), nil)
	r.Header.Set("Accept", newer)
	return r
}

func with(r *http.Request, name, value string) *http.Request {
	if value == "" {
		r.Header.Del(name)
	} else {
		r.Header.Set(name, value)
	}
	return r
}

func method(r *http.Request, m string) *http.Request {
	r.Method = m
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

type body struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Locations  []struct{ Line, Column int }
		Extensions map[string]any
	}
	Extensions map[string]any
}

func parse(t *testing.T, text []byte) (body, map[string]json.RawMessage) {
	t.Helper()
	var b body
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%.500s", err, text)
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	return b, keys
}

func (b body) code() string {
	if len(b.Errors) == 0 {
		return ""
	}
	code, _ := b.Errors[0].Extensions["code"].(string)
	return code
}

func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{...F0}")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Query{...F%d ...F%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Query{hello}", n)
	return b.String()
}

func doublingFields(n int) string {
	var b strings.Builder
	b.WriteString("{...F0}")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Query{a:self{...F%d} b:self{...F%d}}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Query{hello}", n)
	return b.String()
}

func chain(n int) string {
	var b strings.Builder
	b.WriteString("{...F0}")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Query{...F%d}", i, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Query{hello}", n)
	return b.String()
}

func times(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if strings.Contains(format, "%") {
			fmt.Fprintf(&b, format, i)
		} else {
			b.WriteString(format)
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func nested(n int) string {
	return strings.Repeat("{self", n-1) + "{hello}" + strings.Repeat("}", n-1)
}

type hostile struct {
	name    string
	request func() *http.Request
	status  int
	code    string
	says    string // part of the first message
}

const (
	bad    = httpgraphql.BadUserInput
	costly = httpgraphql.ComplexityLimitExceeded
)

func doc(text string, variables ...any) func() *http.Request {
	return func() *http.Request { return query(text, variables...) }
}

func raw(body string) func() *http.Request { return func() *http.Request { return post(body) } }

var hostiles = []hostile{
	// Documents.
	{"fragments that double 25 times", doc(doubling(25)), 400, costly, "10,000"},
	{"fragments that double 30 times", doc(doubling(30)), 400, costly, "10,000"},
	{"fragments that double 60 times", doc(doubling(60)), 400, costly, "10,000"},
	{"fields that double 30 times", doc(doublingFields(30)), 400, costly, "10,000"},
	{"fields that double within the count", doc(doublingFields(11)), 400, costly, ""},
	{"__typename 50,000 times", doc("{" + times(50_000, "__typename") + "}"), 400, bad, "1,000 tokens"},
	{"__typename 900 times", doc("{" + times(900, "__typename") + "}"), 400, costly, "50 times"},
	{"equal fields with selections", doc("{" + times(200, "self{hello}") + "}"), 400, costly, "50 times"},
	{"5,000 equal fields", doc("{" + times(5000, "hello") + "}"), 400, bad, "tokens"},
	{"2,000 chained fragments", doc(chain(2000)), 400, bad, "tokens"},
	{"chained fragments within the tokens", doc(chain(120)), 200, "", ""},
	{"100,000 unknown directives", doc("{hello " + times(100_000, "@x") + "}"), 400, bad, "tokens"},
	{"450 unknown directives", doc("{hello " + times(450, "@x") + "}"), 400, costly, "100 directives"},
	{"100 unknown directives", doc("{hello " + times(100, "@x%d") + "}"), 400, bad, "Unknown directive"},
	{"51 aliases", doc("{" + times(51, "a%d:hello") + "}"), 400, costly, "50 aliases"},
	{"51 aliases over two fragments", doc("{...A ...B} fragment A on Query{" + times(26, "a%d:hello") + "} fragment B on Query{" + times(25, "b%d:hello") + "}"), 400, costly, "50 aliases"},
	{"16 levels", doc(nested(16)), 400, costly, "16 deep; the limit is 15"},
	{"16 levels through fragments", doc("{self{...F}} fragment F on Query" + nested(15)), 400, costly, "15"},
	{"450,000 braces", doc(strings.Repeat("{a", 150_000)), 400, bad, ""},
	{"100,000 brackets", doc("{big(n:" + strings.Repeat("[", 100_000) + ")}"), 400, bad, "tokens"},
	{"a fragment in itself", doc("{...F} fragment F on Query{self{...F}}"), 400, bad, "contains itself"},
	{"a circle of three", doc("{...A} fragment A on Query{...B} fragment B on Query{...C} fragment C on Query{...A}"), 400, bad, "contains itself"},
	{"a circle nobody enters", doc("{hello} fragment A on Query{...B} fragment B on Query{...A}"), 400, bad, "contains itself"},
	{"a circle without gain", doc("{...A} fragment A on Query{...A ...A ...A}"), 400, bad, "contains itself"},
	{"900 unknown fields", doc("{" + times(900, "unknown%d") + "}"), 400, bad, "Cannot query field"},
	{"an unknown field of 1,000,000 characters", doc("{" + strings.Repeat("x", 1_000_000) + "}"), 400, bad, "longer than 200"},
	{"an unknown enum value of 900,000 characters", doc(`{named(color:"` + strings.Repeat("x", 900_000) + `")}`), 400, bad, ""},
	{"190 operations", doc(times(190, "query Q%d{hello}")), 400, bad, "operationName"},
	{"a name used twice by operations", doc("query A{hello} query A{hello}"), 400, bad, "operation"},
	{"no operation", doc("fragment F on Query{hello}"), 400, bad, "no operation"},
	{"white space", doc("   "), 400, bad, "no operation"},
	{"a comment of 900 KB", doc("#" + strings.Repeat("x", 900_000)), 400, bad, "no operation"},
	{"200,000 comments", doc(strings.Repeat("#\n", 200_000) + "{hello}"), 400, bad, "tokens"},
	{"900 KB of commas", doc(strings.Repeat(",", 900_000) + "{hello}"), 200, "", ""},
	{"a block string of 300,000 lines", doc(`{hello(name:"""` + strings.Repeat("\n ", 300_000) + `""")}`), 200, "", ""},
	{"an unfinished string", doc(`{hello(name:"`), 400, bad, "does not parse"},
	{"a character nobody knows", doc("{hello\x00}"), 400, bad, "does not parse"},
	{"a type definition", doc("type Query {a:Int}"), 400, bad, "does not parse"},
	{"introspection in a circle", doc("{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}"), 400, bad, "introspection"},
	{"a whole number of 30 digits for a scalar of the schema", doc("{big(n:" + strings.Repeat("9", 30) + ")}"), 400, bad, "64 bits"},
	{"a number of 10^999", doc("{big(n:1e999)}"), 400, bad, "too large"},
	{"a fragment with variables", doc("{...F} fragment F($a:Int=1) on Query{hello}"), 400, bad, "variables"},
	{"conflicting fields", doc("{a:hello a:position}"), 400, bad, "conflict"},
	{"no such operation", raw(`{"query":"query A{hello}","operationName":"B"}`), 400, bad, `"B"`},
	{"an operation name of 500 KB", raw(`{"query":"query A{hello}","operationName":"` + strings.Repeat("B", 500_000) + `"}`), 400, bad, "no operation named"},
	{"a subscription", doc("subscription{ticks}"), 400, bad, "WebSocket"},
	{"a costly page", doc("{list(first:1000){list(first:1000){hello}}}"), 400, costly, "limit is 5,000"},
	// Variables.
	{"a required variable missing", doc("query($a:ID!){named(id:$a)}"), 400, bad, "$a must be given"},
	{"null for a required variable", doc("query($a:ID!){named(id:$a)}", map[string]any{"a": nil}), 400, bad, "must not be null"},
	{"a number for a string", doc("query($a:String){hello(name:$a)}", map[string]any{"a": 1}), 400, bad, "of type String"},
	{"a string for a boolean", doc("query($a:Boolean){named(on:$a)}", map[string]any{"a": "true"}), 400, bad, "of type Boolean"},
	{"33 bits for an Int", doc("query($a:Int){list(first:$a){hello}}", map[string]any{"a": 1 << 32}), 400, bad, "of type Int"},
	{"half an Int", doc("query($a:Int){list(first:$a){hello}}", map[string]any{"a": 1.5}), 400, bad, "of type Int"},
	{"a string for an Int", doc("query($a:Int){list(first:$a){hello}}", map[string]any{"a": "1"}), 400, bad, "of type Int"},
	{"an enum in small letters", doc("query($a:Color){named(color:$a)}", map[string]any{"a": "red"}), 400, bad, "such as RED"},
	{"an enum by number", doc("query($a:Color){named(color:$a)}", map[string]any{"a": 0}), 400, bad, "enum Color"},
	{"an unknown field of an input", doc("query($a:Input){named(input:$a)}", map[string]any{"a": map[string]any{"name": "x", "nme": 1}}), 400, bad, "$a.nme is no field of Input"},
	{"two of one", doc("query($a:Input){named(input:$a)}", map[string]any{"a": map[string]any{"name": "x", "choice": map[string]any{"this": "x", "that": 1}}}), 400, bad, "exactly one"},
	{"a million nulls", doc("query($a:[Color!]){named(colors:$a)}", map[string]any{"a": make([]any, 200_000)}), 400, bad, "has 200,000 items"},
	{"a thousand nulls", doc("query($a:[Color!]){named(colors:$a)}", map[string]any{"a": make([]any, 1000)}), 400, bad, "and 49 more"},
	{"a recursive input, 300 deep", raw(`{"query":"query($a:Input){named(input:$a)}","variables":{"a":` + strings.Repeat(`{"name":"x","below":`, 300) + "null" + strings.Repeat("}", 300) + "}}"), 400, bad, "32 levels"},
	{"null for a condition", doc("query($a:Boolean=true){hello @skip(if:$a)}", map[string]any{"a": nil}), 400, bad, "@skip"},
	{"a value its scalar does not take", doc(`{big(n:"x")}`), 200, bad, "a Big has digits only"},
	{"a scalar that talks of Go", doc(`{big(n:"go")}`), 200, bad, "must be of type Big"},
	// Bodies.
	{"a body of 2 MiB", raw(`{"query":"{hello}","extensions":{"x":"` + strings.Repeat("x", 2<<20) + `"}}`), 413, bad, "1,048,576 bytes"},
	{"a body of 2 MiB, its length unknown", func() *http.Request {
		r := post("")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat(" ", 2<<20))), -1
		return r
	}, 413, bad, "1,048,576 bytes"},
	{"no body", raw(""), 400, bad, "no body"},
	{"a batch", raw(`[{"query":"{hello}"},{"query":"{hello}"}]`), 400, bad, "Batches"},
	{"a string", raw(`"{hello}"`), 400, bad, "JSON object"},
	{"half a body", raw(`{"query":"{hel`), 400, bad, "not valid JSON"},
	{"a body and more", raw(`{"query":"{hello}"}{}`), 400, bad, "goes on"},
	{"nested arrays without end", raw(`{"query":"{hello}","variables":{"a":` + strings.Repeat("[", 500_000)), 400, bad, "not valid JSON"},
	{"query twice", raw(`{"query":"{hello}","query":"{position}"}`), 400, bad, "twice"},
	{"query in capitals", raw(`{"QUERY":"{hello}"}`), 400, bad, "query is missing"},
	{"query a number", raw(`{"query":1}`), 400, bad, "query must be a string"},
	{"query null", raw(`{"query":null}`), 400, bad, "query is missing"},
	{"variables a list", raw(`{"query":"{hello}","variables":[]}`), 400, bad, "variables must be an object"},
	{"extensions a string", raw(`{"query":"{hello}","extensions":"x"}`), 400, bad, "extensions must be an object"},
	{"operationName a number", raw(`{"query":"{hello}","operationName":1}`), 400, bad, "operationName must be a string"},
	{"not UTF-8", raw("{\"query\":\"{hello}\",\"x\":\"\xff\"}"), 400, bad, "UTF-8"},
	{"a persisted query", raw(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`), 400, bad, "PersistedQueryNotSupported"},
	// Headers and methods.
	{"a form", func() *http.Request {
		return with(post("query={hello}"), "Content-Type", "application/x-www-form-urlencoded")
	}, 415, bad, "application/json"},
	{"plain text, as a page may send it", func() *http.Request { return with(query("{hello}"), "Content-Type", "text/plain") }, 415, bad, "application/json"},
	{"a file upload", func() *http.Request { return with(query("{hello}"), "Content-Type", "multipart/form-data; boundary=x") }, 415, bad, "application/json"},
	{"application/graphql", func() *http.Request { return with(post("{hello}"), "Content-Type", "application/graphql") }, 415, bad, "application/json"},
	{"no content type", func() *http.Request { return with(query("{hello}"), "Content-Type", "") }, 415, bad, "no Content-Type"},
	{"latin-1", func() *http.Request {
		return with(query("{hello}"), "Content-Type", "application/json; charset=iso-8859-1")
	}, 415, bad, "utf-8"},
	{"two content types", func() *http.Request {
		r := query("{hello}")
		r.Header.Add("Content-Type", "text/plain")
		return r
	}, 415, bad, "application/json"},
	{"gzip", func() *http.Request { return with(query("{hello}"), "Content-Encoding", "gzip") }, 415, bad, "Content-Encoding"},
	{"a page is wanted", func() *http.Request { return with(query("{hello}"), "Accept", "text/html") }, 406, bad, "Accept"},
	{"PUT", func() *http.Request { return method(query("{hello}"), "PUT") }, 405, bad, "PUT"},
	{"DELETE", func() *http.Request { return method(query("{hello}"), "DELETE") }, 405, bad, "DELETE"},
	{"a mutation by GET", func() *http.Request { return get(url.Values{"query": {"mutation{count}"}}) }, 405, bad, "POST"},
	{"a mutation by HEAD", func() *http.Request { return method(get(url.Values{"query": {"mutation{count}"}}), "HEAD") }, 405, bad, "POST"},
	{"GET without query", func() *http.Request { return get(url.Values{}) }, 400, bad, "query is missing"},
	{"GET with two queries", func() *http.Request { return get(url.Values{"query": {"{hello}", "{position}"}}) }, 400, bad, "twice"},
	{"GET with variables that are none", func() *http.Request { return get(url.Values{"query": {"{hello}"}, "variables": {"[1]"}}) }, 400, bad, "variables"},
	{"GET with a bad escape", func() *http.Request {
		r := get(url.Values{})
		r.URL.RawQuery = "query=%zz"
		return r
	}, 400, bad, "URL-encoded"},
}

// folder is where this package is built.
var folder = func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir
}()

// What a stranger must never read.
var insides = []string{".go", "goroutine", "runtime", "strconv", "interface {}", "map[", "gqlparser", "gqlgen", "panic", "json:", "%!", folder, "/var"}

func TestHostileRequestsAreRefusedClearlyAndCheaply(t *testing.T) {
	h := newHandler(httpgraphql.Config{Limits: httpgraphql.Limits{Complexity: 5000}})
	if len(hostiles) < 40 {
		t.Fatalf("only %d", len(hostiles))
	}
	for _, c := range hostiles {
		t.Run(c.name, func(t *testing.T) {
			r := c.request()
			start := time.Now()
			w := do(h, r)
			took := time.Since(start)
			t.Logf("%s, %d bytes", took.Round(time.Microsecond), w.Body.Len())
			if took > 10*time.Second {
				t.Errorf("took %s", took)
			}
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %.300s", w.Code, c.status, w.Body)
			}
			if w.Body.Len() > 100<<10 {
				t.Errorf("the answer has %d bytes", w.Body.Len())
			}
			b, keys := parse(t, w.Body.Bytes())
			if b.code() != c.code {
				t.Errorf("code %q, want %q: %.300s", b.code(), c.code, w.Body)
			}
			if c.code == "" {
				return
			}
			if !strings.Contains(b.Errors[0].Message, c.says) {
				t.Errorf("%q does not say %q", b.Errors[0].Message, c.says)
			}
			if len(b.Errors) > 10 {
				t.Errorf("%d errors", len(b.Errors))
			}
			if _, ok := keys["data"]; ok != (w.Code == 200) {
				t.Errorf("data entry: %t, status %d", ok, w.Code)
			}
			for _, inside := range insides {
				if strings.Contains(w.Body.String(), inside) {
					t.Errorf("the answer shows %q: %.300s", inside, w.Body)
				}
			}
		})
	}
}

func TestALimitItselfIsWithinIt(t *testing.T) {
	h := newHandler(httpgraphql.Config{})
	for name, text := range map[string]string{
		"50 aliases":          "{" + times(50, "a%d:hello") + "}",
		"50 repeats":          "{" + times(50, "hello") + "}",
		"15 levels":           nested(15),
		"100 directives":      "{" + times(50, "hello @skip(if:false) @include(if:true)") + "}",
		"25 inline fragments": strings.Repeat("{... on Query", 25) + "{hello}" + strings.Repeat("}", 25),
	} {
		w := do(h, query(text))
		if w.Code != 200 || strings.Contains(w.Body.String(), "errors") {
			t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
		}
	}
	// Tokens to the last one: { + 998 names + } has 1,000; aliases keep them apart.
	exact := "{" + times(998, "hello") + "}"
	for want, text := range map[string]string{"selected more than": exact, "tokens": "{" + times(999, "hello") + "}"} {
		if b, _ := parse(t, do(h, query(text)).Body.Bytes()); !strings.Contains(b.Errors[0].Message, want) {
			t.Errorf("%q does not say %q", b.Errors[0].Message, want)
		}
	}
}

func TestRegisteredDocumentsMayHaveMoreTokens(t *testing.T) {
	text := "{hello}" + strings.Repeat("#\n", 1500)
	if w := do(newHandler(httpgraphql.Config{}), query(text)); w.Code != 400 {
		t.Errorf("unregistered: %d", w.Code)
	}
	h := newHandler(httpgraphql.Config{Registered: func(document string) bool { return document == text }})
	if w := do(h, query(text)); w.Code != 200 {
		t.Errorf("registered: %d %s", w.Code, w.Body)
	}
	if w := do(h, query("{"+times(51, "hello")+"}")); w.Code != 400 {
		t.Errorf("another limit: %d", w.Code)
	}
}

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

func TestAllFaultsOfTheVariablesAreTold(t *testing.T) {
	w := do(newHandler(httpgraphql.Config{}), query("query($a:Input,$b:Int!,$c:[Color!]){named(input:$a,colors:$c) list(first:$b){hello}}",
		map[string]any{"a": map[string]any{"count": "x", "choice": map[string]any{}}, "c": []any{"RED", "BLUE", nil}}))
	b, _ := parse(t, w.Body.Bytes())
	var got []string
	for _, fault := range b.Errors[0].Extensions["faults"].([]any) {
		f := fault.(map[string]any)
		got = append(got, fmt.Sprint(f["path"], " ", f["message"], " ", f["code"]))
	}
	want := []string{
		"[a choice] The variable $a.choice must have exactly one field, as Choice asks for. BAD_USER_INPUT",
		"[a count] The variable $a.count must be of type Int. BAD_USER_INPUT",
		"[a name] The variable $a.name must be given; its type is String!. BAD_USER_INPUT",
		"[b] The variable $b must be given; its type is Int!. BAD_USER_INPUT",
		"[c 1] The variable $c[1] must be a value of the enum Color. BAD_USER_INPUT",
		"[c 2] The variable $c[2] must not be null; its type is Color!. BAD_USER_INPUT",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(b.Errors[0].Message, "and 5 more") {
		t.Error(b.Errors[0].Message)
	}
}

func TestVariablesOfTheirTypesPass(t *testing.T) {
	h := newHandler(httpgraphql.Config{})
	for _, c := range []struct {
		declared, argument, value string
		want                      string // the argument as the resolver has it, or a part of the fault
	}{
		{"ID", "id", `"x"`, `"x"`},
		{"ID", "id", `7`, `7`},
		{"ID", "id", `7.5`, "of type ID"},
		{"ID", "id", `true`, "of type ID"},
		{"Boolean", "on", `false`, `false`},
		{"Boolean", "on", `0`, "of type Boolean"},
		{"Float", "size", `2`, `2`},
		{"Float", "size", `2.5e3`, `2500`},
		{"Float", "size", `"2"`, "of type Float"},
		{"Float", "size", `1e999`, "of type Float"},
		{"Color", "color", `"GREEN"`, `"GREEN"`},
		{"Color", "color", `null`, `null`},
		{"Color", "color", `["GREEN"]`, "enum Color"},
		{"[Color!]", "colors", `["GREEN","RED"]`, `["GREEN","RED"]`},
		{"[Color!]", "colors", `[]`, `[]`},
		{"Input", "input", `{"name":"x","count":3.0,"choice":{"that":4}}`, `{"choice":{"that":4},"count":3,"name":"x"}`},
		{"Input", "input", `{"name":"x","choice":{"that":null}}`, "must not be null, as the one field"},
		{"Input", "input", `"x"`, "an object of type Input"},
		{"Input", "input", `{"name":"x","below":{"name":1}}`, "$a.below.name must be of type String!"},
	} {
		w := do(h, post(fmt.Sprintf(`{"query":"query($a:%s){named(%s:$a)}","variables":{"a":%s}}`, c.declared, c.argument, c.value)))
		b, _ := parse(t, w.Body.Bytes())
		if len(b.Errors) > 0 {
			if !strings.Contains(b.Errors[0].Message, c.want) {
				t.Errorf("%s as %s: %s", c.value, c.declared, b.Errors[0].Message)
			}
			continue
		}
		var data struct{ Named string }
		if err := json.Unmarshal(b.Data, &data); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`{%q:%s}`, c.argument, c.want); data.Named != want {
			t.Errorf("%s as %s: %s, want %s", c.value, c.declared, data.Named, want)
		}
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	h := newHandler(httpgraphql.Config{ReadTimeout: 50 * time.Millisecond})
	server := httptest.NewUnstartedServer(h)
	server.Config = httpgraphql.NewServer(h, quiet())
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), "did not arrive within 50ms") {
		t.Errorf("%s", answer)
	}
	// And one that is slow only in between is served, again and again on one connection.
	client := server.Client()
	for range 3 {
		time.Sleep(60 * time.Millisecond)
		response, err := client.Post(server.URL, "application/json", strings.NewReader(`{"query":"{hello}"}`))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Errorf("status %d", response.StatusCode)
		}
	}
}

func TestAWriteDeadlineEndsWithItsAnswer(t *testing.T) {
	h := newHandler(httpgraphql.Config{WriteTimeout: 30 * time.Millisecond})
	feed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			time.Sleep(40 * time.Millisecond)
			_, _ = io.WriteString(w, "tick\n")
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/graphql", h)
	mux.Handle("/feed", feed)
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpgraphql.NewServer(mux, quiet())
	server.Start()
	defer server.Close()
	for range 2 {
		for path, want := range map[string]string{"/graphql?query={hello}": "{\"data\":{\"hello\":\"hello world\"}}\n", "/feed": "tick\ntick\ntick\n"} {
			response, err := server.Client().Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || string(text) != want {
				t.Errorf("%s: %q %v", path, text, err)
			}
		}
	}
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

func TestLoopbackOnly(t *testing.T) {
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := httpgraphql.LoopbackOnly(served, []string{"rid.example", "other.example:8443"}, nil)
	for _, c := range []struct {
		method, host string
		header       http.Header
		want         int
	}{
		{"POST", "localhost:8080", nil, 418},
		{"POST", "LocalHost", nil, 418},
		{"POST", "127.0.0.1:1", nil, 418},
		{"POST", "[::1]:8080", nil, 418},
		{"POST", "[::1]", nil, 418},
		{"POST", "rid.example", nil, 418},
		{"POST", "rid.example:99", nil, 418},
		{"POST", "other.example:8443", nil, 418},
		{"POST", "other.example:80", nil, 421},
		{"POST", "other.example", nil, 421},
		{"GET", "evil.example:8080", nil, 421},
		{"GET", "localhost.evil.example", nil, 421},
		{"GET", "127.0.0.1.evil.example", nil, 421},
		{"GET", "169.254.1.1", nil, 421},
		{"GET", "0.0.0.0:8080", nil, 421},
		{"GET", "", nil, 421},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://localhost:8080"}}, 418},
		{"POST", "localhost", http.Header{"Origin": {"http://localhost"}}, 418},
		{"POST", "localhost:443", http.Header{"Origin": {"https://localhost"}}, 418},
		{"POST", "[::1]:8080", http.Header{"Origin": {"http://[::1]:8080"}}, 418},
		{"GET", "localhost:8080", http.Header{"Origin": {"http://localhost:3000"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://127.0.0.1:8080"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"GET", "localhost:8080", http.Header{"Origin": {"https://evil.example"}, "Upgrade": {"websocket"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"null"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {""}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"file://"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://localhost:8080", "http://evil.example"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://localhost:8080@evil.example"}}, 403},
		{"POST", "localhost:8080", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"POST", "localhost:8080", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		{"GET", "localhost:8080", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 418},
		{"POST", "localhost:8080", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 418},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.Host = c.host
		maps.Copy(r.Header, c.header)
		w := do(h, r)
		if w.Code != c.want {
			t.Errorf("%s to %q with %v: %d, want %d", c.method, c.host, c.header, w.Code, c.want)
		}
		if c.want != 418 {
			if b, _ := parse(t, w.Body.Bytes()); b.code() != "FORBIDDEN" || !strings.HasSuffix(b.Errors[0].Message, ".") {
				t.Errorf("%s", w.Body)
			}
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := httpgraphql.SecurityHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
		}
	}))
	w := do(h, httptest.NewRequest("GET", "/", nil))
	want := map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"X-Frame-Options":         "DENY",
		"Content-Security-Policy": "frame-ancestors 'none'",
		"Cache-Control":           "no-store",
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := w.Header().Get(name); got != want[name] {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := do(h, httptest.NewRequest("GET", "/page", nil)).Header().Get("Content-Security-Policy"); got != "default-src 'self'" {
		t.Errorf("a page cannot bring its own policy: %s", got)
	}
}

func TestServerStagesHaveTimes(t *testing.T) {
	s := httpgraphql.NewServer(http.NotFoundHandler(), nil)
	if s.ReadHeaderTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes != 64<<10 || s.WriteTimeout != 0 {
		t.Errorf("%+v", s)
	}
}

// TestAudit has a foreign judge, the audits of npm's graphql-http.
func TestAudit(t *testing.T) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed; the audit needs it: run make setup", program)
		}
	}
	if _, err := os.Stat("audit/node_modules/graphql-http"); err != nil {
		install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund")
		install.Dir = "audit"
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci in audit: %v; run make setup\n%s", err, out)
		}
	}
	server := httptest.NewServer(newHandler(httpgraphql.Config{}))
	defer server.Close()
	audit := exec.CommandContext(t.Context(), "node", "audit.mjs", server.URL+"/graphql")
	audit.Dir = "audit"
	out, err := audit.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the audit: %v", err)
	}
}

func TestLockFileNamesNoRegistry(t *testing.T) {
	text, err := os.ReadFile("audit/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("://")) || bytes.Contains(text, []byte(`"resolved"`)) {
		t.Error("the lock file names a host; write it with omit-lockfile-registry-resolved=true")
	}
}
