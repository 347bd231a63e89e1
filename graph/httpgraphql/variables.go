package httpgraphql

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxFaults is how many faults of the variables one answer lists. All faults of an
// honest form fit; a million nulls do not.
const maxFaults = 50

// maxNesting bounds values of recursive input types, which a schema may have.
const maxNesting = 32

// variables checks the values of variables against their types, by the letter:
// gqlparser, which coerces them afterwards, takes a number for a
// String, a string for an Int and an enum value in any spelling. All faults are told at once, in
// extensions.faults.
func (h *Handler) variables(doc *document, operation *ast.OperationDefinition, given map[string]any) (map[string]any, *Refusal) {
	c := coercer{schema: h.schema.Schema(), items: h.config.Limits.Items, scalars: h.config.Scalars}
	for _, definition := range operation.VariableDefinitions {
		name := definition.Variable
		value, ok := given[name]
		c.path = append(c.path[:0], name)
		switch {
		case !ok && definition.DefaultValue == nil && definition.Type.NonNull:
			c.fault("must be given; its type is " + definition.Type.String())
		case ok && value == nil && slices.Contains(doc.conditions, name):
			// A nullable variable with a default may stand there, yet not as null.
			c.fault("decides a @skip or @include and must not be null")
		case ok:
			given[name] = c.value(definition.Type, value)
		}
	}
	if len(c.faults) == 0 {
		return given, nil
	}
	message := c.faults[0].message
	if more := len(c.faults) - 1; more > 0 {
		message = strings.TrimSuffix(message, ".") + "; and " + number(more) + " more, see extensions.faults."
	}
	refusal := refuseDocument(BadUserInput, excerpt(message, messageLength))
	list := make([]any, len(c.faults))
	for i, fault := range c.faults {
		list[i] = map[string]any{"path": fault.path, "message": fault.message, "code": BadUserInput}
	}
	refusal.Errors[0].Extensions["faults"] = list
	return nil, refusal
}

type coercer struct {
	schema  *ast.Schema
	items   int // Limits.Items
	scalars map[string]func(any) error
	path    []any // of the value looked at; copied only for a fault
	faults  []variableFault
}

type variableFault struct {
	path    []any  // names and indexes, the variable's name first
	message string // a sentence
}

func (c *coercer) under(element any, t *ast.Type, value any) any {
	c.path = append(c.path, element)
	value = c.value(t, value)
	c.path = c.path[:len(c.path)-1]
	return value
}

func (c *coercer) faultUnder(element any, message string) {
	c.path = append(c.path, element)
	c.fault(message)
	c.path = c.path[:len(c.path)-1]
}

func (c *coercer) fault(message string) {
	if len(c.faults) == maxFaults {
		return
	}
	var name strings.Builder
	name.WriteByte('$')
	shown := make([]any, len(c.path))
	for i, element := range c.path {
		switch e := element.(type) {
		case string:
			if i > 0 {
				name.WriteByte('.')
			}
			name.WriteString(excerpt(e, 100))
			shown[i] = excerpt(e, 100)
		case int:
			name.WriteString("[" + strconv.Itoa(e) + "]")
			shown[i] = e
		}
	}
	c.faults = append(c.faults, variableFault{path: shown, message: excerpt("The variable "+name.String()+" "+message, messageLength-1) + "."})
}

// value checks a value and gives it back, a whole number without its ".0".
func (c *coercer) value(t *ast.Type, value any) any {
	if len(c.faults) == maxFaults {
		return value
	}
	if len(c.path) > maxNesting {
		c.fault("nests deeper than " + number(maxNesting) + " levels, which is the limit")
		return value
	}
	if value == nil {
		if t.NonNull {
			c.fault("must not be null; its type is " + t.String())
		}
		return nil
	}
	if t.Elem != nil {
		list, ok := value.([]any)
		if !ok {
			return c.value(t.Elem, value) // One value stands for a list of it.
		}
		if len(list) > c.items {
			c.fault("has " + number(len(list)) + " items; the limit is " + number(c.items))
			return list
		}
		for i := range list {
			list[i] = c.under(i, t.Elem, list[i])
		}
		return list
	}
	definition := c.schema.Types[t.NamedType]
	if definition == nil {
		return value // unreachable: validation has seen the type
	}
	switch definition.Kind {
	case ast.Scalar:
		return c.scalar(t, value)
	case ast.Enum:
		name, ok := value.(string)
		if !ok || definition.EnumValues.ForName(name) == nil {
			c.fault("must be a value of the enum " + definition.Name + spelled(definition, name))
		}
	case ast.InputObject:
		c.object(definition, value)
	}
	return value
}

// spelled helps those who wrote an enum value in small letters.
func spelled(definition *ast.Definition, name string) string {
	for _, value := range definition.EnumValues {
		if strings.EqualFold(value.Name, name) {
			return ", such as " + value.Name
		}
	}
	return ""
}

func (c *coercer) object(definition *ast.Definition, value any) {
	fields, ok := value.(map[string]any)
	if !ok {
		c.fault("must be an object of type " + definition.Name)
		return
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names) // The same request gets the same answer.
	for _, name := range names {
		field := definition.Fields.ForName(name)
		if field == nil {
			c.faultUnder(name, "is no field of "+definition.Name)
			continue
		}
		fields[name] = c.under(name, field.Type, fields[name])
	}
	for _, field := range definition.Fields {
		if _, ok := fields[field.Name]; !ok && field.Type.NonNull && field.DefaultValue == nil {
			c.faultUnder(field.Name, "must be given; its type is "+field.Type.String())
		}
	}
	if definition.Directives.ForName("oneOf") != nil {
		if len(names) != 1 {
			c.fault("must have exactly one field, as " + definition.Name + " asks for")
		} else if fields[names[0]] == nil {
			c.faultUnder(names[0], "must not be null, as the one field of "+definition.Name)
		}
	}
}

func (c *coercer) scalar(t *ast.Type, value any) any {
	ok := true
	switch t.NamedType {
	case "Int":
		var n float64
		if n, ok = numeric(value); ok {
			if ok = n == math.Trunc(n) && n >= math.MinInt32 && n <= math.MaxInt32; ok {
				return json.Number(strconv.FormatInt(int64(n), 10))
			}
		}
	case "Float":
		_, ok = numeric(value)
	case "String":
		_, ok = value.(string)
	case "Boolean":
		_, ok = value.(bool)
	case "ID":
		if _, text := value.(string); !text {
			var n float64
			n, ok = numeric(value)
			if digits, is := value.(json.Number); is {
				_, err := digits.Int64()
				ok = err == nil
			} else {
				ok = ok && n == math.Trunc(n)
			}
		}
	default:
		// The schema's own scalars are read by the schema.
		if parse := c.scalars[t.NamedType]; parse != nil {
			if err := parse(value); err != nil {
				c.fault("is malformed: " + err.Error())
			}
		}
		return value
	}
	if !ok {
		c.fault("must be of type " + t.String())
	}
	return value
}

func numeric(value any) (float64, bool) {
	switch n := value.(type) {
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	case float64:
		return n, !math.IsInf(n, 0) && !math.IsNaN(n)
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	}
	return 0, false
}
