package httpgraphql_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

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
