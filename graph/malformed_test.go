package graph_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What is malformed anywhere in an operation keeps all of it from running: no field of it is recorded.
func TestAMalformedScalarKeepsTheWholeOperationFromRunning(t *testing.T) {
	bed := newDemo(t)
	before, err := bed.events()
	if err != nil {
		t.Fatal(err)
	}
	position := func(day string) string {
		return `recordPosition(input: {actor: "URY", target: {proposal: "programme-of-action"}, statedOn: ` + day + `, summary: "s", source: {title: "t"}}) { at }`
	}
	for _, c := range []struct {
		name, query string
		variables   []any
		want        string
	}{
		{"a literal", `mutation { a: ` + position(`"2025-02-01"`) + ` b: ` + position(`"2025-02-30"`) + ` }`, nil, "2025-02-30"},
		{"a variable", `mutation($d: Date!) { a: ` + position(`"2025-02-01"`) + ` b: ` + position(`$d`) + ` }`, []any{"d", "2025-02-30"}, "2025-02-30"},
		{"a position in the record", `query($l: LogPosition) { a: at b: matrix(asOf: {log: $l}) { rows } }`, []any{"l", "-5"}, "LogPosition"},
		{"an instant", `{ a: at b: matrix(asOf: {recordedAt: "yesterday"}) { rows } }`, nil, "no instant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			response := bed.post(c.query, c.variables...)
			answer := response.Body.String()
			if response.Code != http.StatusBadRequest || strings.Contains(answer, `"data"`) || !strings.Contains(answer, "BAD_USER_INPUT") || !strings.Contains(answer, c.want) {
				t.Errorf("%d %s", response.Code, answer)
			}
		})
	}
	if after, err := bed.events(); err != nil || after != before {
		t.Errorf("%d events, before %d, %v", after, before, err)
	}
}

func TestHalfACharacterIsRefused(t *testing.T) {
	bed := readOnly(t)
	for text, refused := range map[string]bool{`a\ud800b`: true, `\udc00`: true, `\ud83d\ude00`: false, `\\ud800`: false, `\ud83d\\ude00`: true} {
		request := httptest.NewRequest(http.MethodPost, "http://localhost/graphql", strings.NewReader(`{"query":"query($t:String){positions(filter:{session:$t}){totalCount}}","variables":{"t":"`+text+`"}}`))
		request.Header.Set("Content-Type", "application/json")
		response := httptest.NewRecorder()
		bed.handler.ServeHTTP(response, request)
		if got := strings.Contains(response.Body.String(), "surrogate"); got != refused {
			t.Errorf("%s: %s", text, response.Body)
		}
	}
}

// Clients build the schema by the released specification, which knows no other directives and places.
func TestOnlyReleasedDirectivesAreShown(t *testing.T) {
	answer := readOnly(t).post(`{ __schema { directives { name locations } } }`).Body.String()
	for _, strange := range []string{"defer", "DIRECTIVE_DEFINITION"} {
		if strings.Contains(answer, strange) {
			t.Errorf("%s is shown: %s", strange, answer)
		}
	}
	if !strings.Contains(answer, "deprecated") || !strings.Contains(answer, "oneOf") {
		t.Error(answer)
	}
}

// A key that is none hides nothing: what is wrong with the rest of the input is told with it.
func TestFaultsBesideABadKeyAreTold(t *testing.T) {
	bed := newDemo(t)
	for _, key := range []string{`""`, `"\u0007"`} {
		answer := bed.post(`mutation { recordPosition(input: {actor: "NOWHERE", target: {proposal: "nope"}, statedOn: "2099-01-01", summary: "", explains: "garbage",
			source: {title: "t", url: "https://u:p@example.org"}, idempotencyKey: ` + key + `}) { at } }`).Body.String()
		for _, path := range []string{`"actor"`, `"target"`, `"statedOn"`, `"summary"`, `"explains"`, `"url"`, `"idempotencyKey"`} {
			if !strings.Contains(answer, path) {
				t.Errorf("key %s: %s is not told: %s", key, path, answer)
			}
		}
	}
}

// A key that is given and empty names nothing; only what is left out, or null, was not given.
func TestAnEmptySessionIsNone(t *testing.T) {
	bed := newDemo(t)
	answer := bed.post(`mutation { recordPosition(input: {actor: "URY", target: {proposal: "programme-of-action"}, statedOn: "2025-02-01", summary: "s", session: "", source: {title: "t"}}) { at } }`).Body.String()
	if !strings.Contains(answer, "NOT_FOUND") || !strings.Contains(answer, `"path":["input","session"]`) {
		t.Error(answer)
	}
}
