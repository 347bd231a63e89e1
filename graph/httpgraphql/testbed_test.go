package httpgraphql_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

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
