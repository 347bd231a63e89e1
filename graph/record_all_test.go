package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// typeRef is a type as introspection tells it.
type typeRef struct {
	Kind, Name string
	OfType     *typeRef
}

func (r *typeRef) required() bool { return r.Kind == "NON_NULL" }

// bare is the type without its wrappers.
func (r *typeRef) bare() *typeRef {
	if r.OfType != nil {
		return r.OfType.bare()
	}
	return r
}

type inputField struct {
	Name         string
	Type         typeRef
	DefaultValue *string
}

const typeFields = `type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`

// inputs reads from the server which mutations there are, and the fields of all inputs.
func (b *bed) inputs() (mutations map[string]string, fields map[string][]inputField, enums map[string]string) {
	b.t.Helper()
	var told struct {
		Schema struct {
			MutationType struct {
				Fields []struct {
					Name string
					Args []inputField
				}
			}
			Types []struct {
				Name        string
				InputFields []inputField
				EnumValues  []struct{ Name string }
			}
		} `json:"__schema"`
	}
	data, err := json.Marshal(b.get(`{ __schema {
		mutationType { fields { name args { name defaultValue ` + typeFields + ` } } }
		types { name inputFields { name defaultValue ` + typeFields + ` } enumValues { name } } } }`).Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(data, &told); err != nil {
		b.t.Fatal(err)
	}
	mutations, fields, enums = map[string]string{}, map[string][]inputField{}, map[string]string{}
	for _, f := range told.Schema.MutationType.Fields {
		mutations[f.Name] = f.Args[0].Type.bare().Name
	}
	for _, t := range told.Schema.Types {
		fields[t.Name] = t.InputFields
		if len(t.EnumValues) > 0 {
			enums[t.Name] = t.EnumValues[0].Name
		}
	}
	return mutations, fields, enums
}

// Whatever the mutation: an input that names nothing is refused with faults that lead to its fields, and never with INTERNAL. All that
// is required is given, and every text in it is the word, which is neither a key nor an id.
func TestEveryMutationRefusesWhatNamesNothing(t *testing.T) {
	b := newDemo(t)
	mutations, fields, enums := b.inputs()
	if len(mutations) != 21 {
		t.Errorf("%d mutations are served", len(mutations))
	}
	// Where a text ends up as the key of a stream, it may be anything that a client can write.
	for _, word := range []string{"", " ", "no such thing", "-", "a/../b", "\u0000", "e\u0301\u202e", strings.Repeat("long", 200)} {
		var value func(typ *typeRef) any
		object := func(name string) map[string]any {
			in := map[string]any{}
			for _, f := range fields[name] {
				if f.Type.required() && f.DefaultValue == nil {
					in[f.Name] = value(&f.Type)
				}
			}
			if name == "TargetRef" {
				in["proposal"] = word
			}
			return in
		}
		value = func(typ *typeRef) any {
			switch typ.Kind {
			case "NON_NULL":
				return value(typ.OfType)
			case "LIST":
				return []any{value(typ.OfType)}
			case "INPUT_OBJECT":
				return object(typ.Name)
			case "ENUM":
				return enums[typ.Name]
			}
			switch typ.Name {
			case "Date":
				return "2026-01-15"
			case "Int":
				return 0
			case "Boolean":
				return true
			}
			return word
		}
		for mutation, input := range mutations {
			t.Run(fmt.Sprintf("%s %.20q", mutation, word), func(t *testing.T) {
				b := *b
				b.t = t
				newest := b.model.At()
				in := object(input)
				a := b.ask(fmt.Sprintf(`mutation($input: %s!) { %s(input: $input) { at } }`, input, mutation), "input", in)
				if len(a.Errors) != 1 || !slices.Contains([]string{"BAD_USER_INPUT", "NOT_FOUND"}, a.Errors[0].Extensions.Code) || len(a.Errors[0].Extensions.Faults) == 0 ||
					a.Data == nil || a.at(mutation) != nil {
					t.Fatalf("answered %.2000s", a.raw)
				}
				for _, f := range a.Errors[0].Extensions.Faults {
					if len(f.Path) == 0 || f.Path[0] != "input" || f.Message == "" {
						t.Errorf("the fault %v %s leads nowhere", f.Path, f.Message)
					}
					if len(f.Path) < 2 {
						continue // It is about the input as a whole.
					}
					if name, ok := f.Path[1].(string); !ok || !slices.ContainsFunc(fields[input], func(f inputField) bool { return f.Name == name }) {
						t.Errorf("%s has no field %v", input, f.Path[1])
					}
				}
				if n, err := b.events(); err != nil || n != newest {
					t.Errorf("the record went from %d to %d, %v", newest, n, err)
				}
			})
		}
	}
}
