package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const compareDocuments = `query($a: String!, $b: String!, $asOf: AsOf) { compareDocuments(a: $a, b: $b, asOf: $asOf) { a { symbol title } b { symbol }
	paragraphs { change moved a { kind number text } b { number } similarity runs { kind text } } } }`

// document is the input of a document.
func document(symbol string, texts ...string) map[string]any {
	paragraphs := []any{}
	for i, text := range texts {
		paragraphs = append(paragraphs, map[string]any{"kind": "OPERATIVE", "number": i + 1, "text": text})
	}
	return map[string]any{"symbol": symbol, "title": "Made up", "language": "ZH", "paragraphs": paragraphs}
}

func TestCompareDocuments(t *testing.T) {
	b := newDemo(t)
	submitted := b.get(submitProposal, "input", map[string]any{
		"slug": "made-up", "title": "Made up", "submitters": []any{"URY"}, "on": "2026-01-10", "source": madeUp, "idempotencyKey": "one",
		"document": document("A/MADE-UP/L.1", "决定设立一个机制。", "Calls upon all States.", "Goes."),
	})
	first := fmt.Sprint(b.model.At())
	b.get(reviseProposal, "input", map[string]any{
		"slug": "made-up", "on": "2026-01-12", "source": madeUp, "document": document("A/MADE-UP/L.1/Rev.1", "Calls upon all States.", "决定设立机制。", "Comes."),
	})
	if submitted.at("submitProposal.at") == nil {
		t.Fatalf("answered %s", submitted.raw)
	}

	a := b.get(compareDocuments, "a", "A/MADE-UP/L.1", "b", "A/MADE-UP/L.1/Rev.1")
	var lines []string
	for _, p := range a.list("compareDocuments.paragraphs") {
		line := fmt.Sprint(at(p, "change"), at(p, "moved"), at(p, "a.number"), at(p, "b.number"), at(p, "similarity"))
		runs, _ := at(p, "runs").([]any)
		for _, r := range runs {
			line += fmt.Sprintf(" %v:%v", at(r, "kind"), at(r, "text"))
		}
		lines = append(lines, line)
	}
	want := []string{
		"KEPT false 2 1 1 KEPT:Calls upon all States.",
		"DELETED false 3 <nil> 0 DELETED:Goes.",
		"CHANGED true 1 2 0.8571428571428571 KEPT:决定设立 DELETED:一个 KEPT:机制。",
		"ADDED false <nil> 3 0 INSERTED:Comes.",
	}
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(strings.NewReplacer("true", " true ", "false", " false ").Replace(lines[i])), " ")
	}
	if fmt.Sprintf("%q", lines) != fmt.Sprintf("%q", want) {
		t.Errorf("compared\n%q\nwant\n%q", lines, want)
	}

	// Before the revision was recorded, or on a day before it, there is nothing to compare with: null, without an error.
	for _, asOf := range []map[string]any{{"log": first}, {"statedOn": "2026-01-11"}} {
		if a := b.get(compareDocuments, "a", "A/MADE-UP/L.1", "b", "A/MADE-UP/L.1/Rev.1", "asOf", asOf); a.at("compareDocuments") != nil {
			t.Errorf("as of %v: %s", asOf, a.raw)
		}
	}
	// With itself, all is kept.
	for _, p := range b.get(compareDocuments, "a", "A/MADE-UP/L.1", "b", "A/MADE-UP/L.1", "asOf", map[string]any{"log": first}).list("compareDocuments.paragraphs") {
		if at(p, "change") != "KEPT" {
			t.Errorf("compared with itself, %v", p)
		}
	}
	// Of two with one symbol the one recorded last counts.
	b.get(reviseProposal, "input", map[string]any{
		"slug": "made-up", "on": "2026-01-13", "source": madeUp, "document": document("A/MADE-UP/L.1", "Another text under the same symbol."),
	})
	if n := len(b.get(compareDocuments, "a", "A/MADE-UP/L.1", "b", "A/MADE-UP/L.1").list("compareDocuments.paragraphs")); n != 1 {
		t.Errorf("%d paragraphs", n)
	}

	// All faults at once, with what may have been meant.
	a = b.faulty(compareSymbols("a/made-up/l.1", "A/NOWHERE/1"), nil, `["a"] NOT_FOUND`, `["b"] NOT_FOUND`)
	if !strings.Contains(a.raw, `There is no document \"a/made-up/l.1\"; did you mean A/MADE-UP/L.1 or`) || !strings.Contains(a.raw, `There is no document \"A/NOWHERE/1\".`) {
		t.Errorf("answered %s", a.raw)
	}
	// Pinned, it may be kept.
	r := httptest.NewRequest(http.MethodGet, "http://localhost/graphql?query="+url.QueryEscape(`{ compareDocuments(a: "A/MADE-UP/L.1", b: "A/MADE-UP/L.1", asOf: {log: "`+first+`"}) { a { symbol } } }`), nil)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("pinned: %v %s", w.Header(), w.Body)
	}
	// Two in one operation are answered, more are not: hostile ones take half a second each.
	b.refused(b.ask(`{ `+manyComparisons(3)+` }`), "COMPLEXITY_LIMIT_EXCEEDED", "")
	b.get(`{ ` + manyComparisons(2) + ` }`)
}

func compareSymbols(a, b string) string {
	return fmt.Sprintf(`{ compareDocuments(a: %q, b: %q) { a { symbol } } }`, a, b)
}

func manyComparisons(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `c%d: compareDocuments(a: "A/MADE-UP/L.1", b: "A/MADE-UP/L.1") { paragraphs { change runs { kind text } } } `, i)
	}
	return b.String()
}
