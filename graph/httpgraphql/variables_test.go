package httpgraphql_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

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
