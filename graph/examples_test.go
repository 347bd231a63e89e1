package graph_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example is a file of graph/schema/examples, read as its README says.
type example struct {
	text      string
	variables map[string]any
}

var variablesLine = regexp.MustCompile(`(?m)^# variables: (\{.*\})$`)

func readExamples(t *testing.T) map[string]example {
	t.Helper()
	files, err := filepath.Glob("schema/examples/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	all := map[string]example{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e := example{text: string(text)}
		if m := variablesLine.FindStringSubmatch(e.text); m != nil {
			if err := json.Unmarshal([]byte(m[1]), &e.variables); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
		all[filepath.Base(file)] = e
	}
	return all
}

// run runs an example, after those from whose answers it takes its variables.
func (b *bed) run(examples map[string]example, name string) *answer {
	b.t.Helper()
	e, ok := examples[name]
	if !ok {
		b.t.Fatalf("there is no example %s", name)
	}
	var resolve func(v any) any
	resolve = func(v any) any {
		switch v := v.(type) {
		case []any:
			list := make([]any, len(v))
			for i := range v {
				list[i] = resolve(v[i])
			}
			return list
		case string:
			if file, pointer, ok := strings.Cut(v, "#/"); ok {
				return b.run(examples, file).at(strings.ReplaceAll(pointer, "/", "."))
			}
		}
		return v
	}
	var variables []any
	for variable, v := range e.variables {
		variables = append(variables, variable, resolve(v))
	}
	if strings.Contains(e.text, "\nsubscription ") {
		return b.first(e.text)
	}
	return b.get(e.text, variables...)
}

// first gives the first message of a subscription.
func (b *bed) first(query string) *answer {
	b.t.Helper()
	server := httptest.NewServer(b.handler)
	defer server.Close()
	r, err := http.NewRequest(http.MethodGet, server.URL+"/graphql?query="+url.QueryEscape(query), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	s := station{bed: b}
	e := s.stream(r)
	_, _, data := e.hear()
	e.cancel()
	a := &answer{raw: data}
	if err := json.Unmarshal([]byte(data), a); err != nil || len(a.Errors) > 0 {
		b.t.Fatalf("%s\nanswered %s", query, data)
	}
	return a
}

// An example that shows nothing shows nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		if nodes, ok := v["nodes"].([]any); ok {
			return len(nodes) == 0
		}
	}
	return false
}

func TestExamplesRun(t *testing.T) {
	examples := readExamples(t)
	b := newDemo(t)
	for name := range examples {
		t.Run(name, func(t *testing.T) {
			b := *b
			b.t = t
			a := b.run(examples, name)
			for field, v := range a.Data {
				if empty(v) {
					t.Errorf("the answer has nothing in %s: %s", field, a.raw)
				}
				if object, ok := v.(map[string]any); ok {
					for inner, v := range object {
						if empty(v) && inner != "summary" && inner != "before" {
							t.Errorf("the answer has nothing in %s.%s: %s", field, inner, a.raw)
						}
					}
				}
			}
			if a.Extensions.At == "" {
				t.Errorf("no extensions.at in %s", a.raw)
			}
		})
	}
}
