package graph_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/projections"
)

func TestAddresses(t *testing.T) {
	b := readOnly(t)
	var notReady error
	handler := graph.NewHandler(graph.Config{Model: b.model, Log: b.log, Ready: func(context.Context) error { return notReady }})
	get := func(url string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, url, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	if w := get("http://localhost/"); w.Code != http.StatusFound || w.Header().Get("Location") != "/graphiql" {
		t.Errorf("/ answers %d to %s", w.Code, w.Header().Get("Location"))
	}
	if w := get("http://localhost/nothing"); w.Code != http.StatusNotFound {
		t.Errorf("/nothing answers %d", w.Code)
	}
	if w := get("http://localhost/graphiql"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<html") {
		t.Errorf("/graphiql answers %d", w.Code)
	}
	if w := get("http://127.0.0.1:8080/healthz"); w.Code != http.StatusOK {
		t.Errorf("/healthz answers %d", w.Code)
	}
	if w := get("http://localhost/readyz"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "position "+projections.LogPosition(b.model.At())) {
		t.Errorf("/readyz answers %d %s", w.Code, w.Body)
	}
	notReady = errors.New("The record is not read to its end yet.")
	if w := get("http://localhost/readyz"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), notReady.Error()) {
		t.Errorf("/readyz answers %d %s", w.Code, w.Body)
	}
	w := get("http://localhost/graphql?query=%7Bat%7D")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"at":"`+projections.LogPosition(b.model.At())+`"`) {
		t.Errorf("GET /graphql answers %d %s", w.Code, w.Body)
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers %v", w.Header())
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another name":   get("http://rebound.example/graphql?query=%7Bat%7D"),
		"another origin": get("http://localhost/graphql?query=%7Bat%7D", "Origin", "https://elsewhere.example"),
	} {
		if w.Code == http.StatusOK || strings.Contains(w.Body.String(), `"data"`) {
			t.Errorf("under %s: %d %s", name, w.Code, w.Body)
		}
	}
	handler = graph.NewHandler(graph.Config{Model: b.model, Log: b.log, AllowedHosts: []string{"rid.example"}})
	if w := get("http://rid.example/graphql?query=%7Bat%7D"); w.Code != http.StatusOK {
		t.Errorf("under an allowed name: %d", w.Code)
	}
}

// Only what can never be otherwise may be kept.
func TestCaching(t *testing.T) {
	b := readOnly(t)
	get := func(query string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/graphql?query="+url.QueryEscape(query), nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		return w
	}
	id := b.get(`{ state(by: {code: "FRA"}, asOf: {log: "700"}) { id } }`).at("state.id").(string)
	for query, lasting := range map[string]bool{
		`{ groups(asOf: {log: "700"}) { code } errorCodes }`:                                       true,
		`{ node(id: "` + id + `") { id } }`:                                                        true,
		`{ groups(asOf: {log: "700", statedOn: "2024-01-01"}) { members { code } } }`:              true,
		`{ groups(asOf: {log: "700"}) { code } at }`:                                               false,
		`{ groups(asOf: {log: "700"}) { code } viewer { subject } }`:                               false,
		`{ groups(asOf: {log: "700"}) { code members(asOf: {statedOn: "2024-01-01"}) { code } } }`: false,
		`{ groups(asOf: {recordedAt: "2026-10-20T10:00:00Z"}) { code } }`:                          false,
		`{ groups { code } }`: false,
		`{ errorCodes }`:      false,
		`{ groups(asOf: {log: "700"}) { code } __schema { queryType { name } } }`:    false,
		`{ groups(asOf: {log: "700"}) { code } proposal(slug: "nowhere") { slug } }`: false,
		`{ proposal(slug: "nowhere", asOf: {log: "700"}) { slug } }`:                 false, // It may be submitted tomorrow, and then is null without an error.
	} {
		w := get(query)
		control, tag := w.Header().Get("Cache-Control"), w.Header().Get("ETag")
		if strings.Contains(control, "immutable") != lasting || (tag != "") != lasting || !lasting && control != "no-store" {
			t.Errorf("%s: Cache-Control %q, ETag %q", query, control, tag)
		}
		if lasting {
			if again := get(query, "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
				t.Errorf("%s: with its ETag answers %d", query, again.Code)
			}
		}
	}
}

// What a front-end may want at most must be within the limits; what is far more must not.
func TestCosts(t *testing.T) {
	b := readOnly(t)
	for _, query := range []string{figuresQuery, standingsQuery, evidenceQuery, demoQuery, matrixQuery} {
		b.get(query)
	}
	for _, query := range []string{
		`{ states { positions(first: 500) { nodes { id summary } } } }`,
		`{ a: convergence { standings { evidence { id on source { title } } } } b: convergence { standings { evidence { id on source { title } } } } }`,
		`{ proposals(first: 500) { nodes { convergence { timeline { on support } } } } }`,
		`{ elements { options { proposals { convergence { standings { state { code name } stance } } } } } }`,
		`{ groups { members { groups { members { code } } } } }`,
		`{ proposals(first: 500) { nodes { votes { ballots { state { code } } } } } }`,
	} {
		begun := time.Now()
		a := b.ask(query)
		b.refused(a, "COMPLEXITY_LIMIT_EXCEEDED", "")
		if took := time.Since(begun); took > 20*time.Second { // Against hanging; it is no measure.
			t.Errorf("%s was refused only after %v", query, took)
		}
	}
}

// A fault of ours is told as an id, and stands in the log with it.
func TestFaultOfOurs(t *testing.T) {
	b := readOnly(t) // Without a recorder.
	a := b.ask(recordPosition, "input", position(nil))
	b.refused(a, "INTERNAL", "internal error")
	if strings.Contains(a.raw, "nothing can be recorded here") {
		t.Errorf("the cause is told: %s", a.raw)
	}
	if !strings.Contains(b.logged.String(), "nothing can be recorded here") {
		t.Errorf("the cause is not in the log: %s", b.logged)
	}
}

func TestEveryErrorHasACodeOfTheSchema(t *testing.T) {
	b := readOnly(t)
	known := map[any]bool{}
	for _, code := range b.get(`{ errorCodes }`).list("errorCodes") {
		known[code] = true
	}
	if len(known) != 9 {
		t.Errorf("codes %v", known)
	}
	for _, query := range []string{
		`{`, `{ nothing }`, `{ proposal { slug } }`, `{ proposal(slug: 1) { slug } }`, `{ states(regionalGroup: NOWHERE) { code } }`, `{ state(by: {}) { code } }`,
		`{ state(by: {code: "FRA", name: "France"}) { code } }`, `{ positions(first: "x") { totalCount } }`, `subscription { x }`, `query($x: LogPosition!) { matrix(asOf: {log: $x}) { at } }`,
		`{ matrix(asOf: {log: "x"}) { at } }`, `{ groups(asOf: {log: "99999999"}) { code } }`, `{ node(id: "") { id } }`, `{ node(id: 7) { id } }`,
	} {
		a := b.ask(query)
		if len(a.Errors) == 0 {
			t.Errorf("%s answered %s", query, a.raw)
		}
		for _, e := range a.Errors {
			if e.Extensions.Code != "BAD_USER_INPUT" {
				t.Errorf("%s has the code %q: %s", query, e.Extensions.Code, a.raw)
			}
		}
	}
}
