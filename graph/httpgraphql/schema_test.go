package httpgraphql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var testSchema = gqlparser.MustLoadSchema(&ast.Source{Name: "test.graphqls", Input: `
	type Query {
		hello(name: String = "world"): String!
		self: Query!
		list(first: Int = 2): [Query!]!
		named(id: ID, input: Input, color: Color, on: Boolean, size: Float, colors: [Color!]): String
		big(n: Big): Big
		thing: Thing
		position: Int
		fail: String
		vouched: String
		coded: String
		boom: String
		wait: String
		hold: String
		shout: String
		failures: [String]
	}
	type Mutation { count: Int! }
	type Subscription { ticks: Int! }
	interface Thing { id: ID! }
	type Apple implements Thing { id: ID! color: Color! }
	type Stone implements Thing { id: ID! weight: Float! }
	scalar Big
	enum Color { RED GREEN }
	input Input { name: String! count: Int choice: Choice below: Input }
	input Choice @oneOf { this: String that: Int }
`})

// world is a schema that can be executed: an interpreter in a hundred lines that
// keeps to what gqlgen's generated code does where it matters here (contexts,
// presentation of errors, recovery), and the resolvers of the tests.
type world struct {
	hold    chan struct{} // hold waits for it
	held    chan struct{} // and says so here
	counted int           // by the mutation
}

func newWorld() *world {
	return &world{hold: make(chan struct{}), held: make(chan struct{}, 1000)}
}

var errVouched = errors.New("the house is not in session")

func (*world) Schema() *ast.Schema { return testSchema }

func (w *world) Complexity(_ context.Context, _, field string, children int, args map[string]any) (int, bool) {
	if field == "list" {
		n, _ := args["first"].(int64)
		return 1 + int(n)*children, true
	}
	return 0, false
}

type position struct{} // a context key

func (w *world) resolve(ctx context.Context, field string, args map[string]any) (any, error) {
	switch field {
	case "hello":
		return fmt.Sprint("hello ", args["name"]), nil
	case "self":
		return object{}, nil
	case "list":
		n, _ := args["first"].(int64)
		list := make([]any, n)
		for i := range list {
			list[i] = object{}
		}
		return list, nil
	case "named":
		text, err := json.Marshal(args)
		return string(text), err
	case "big":
		return args["n"], nil
	case "thing":
		return nil, nil
	case "position":
		n, _ := ctx.Value(position{}).(int)
		return n, nil
	case "fail":
		return nil, errors.New("open /var/lib/secret: permission denied")
	case "vouched":
		return nil, fmt.Errorf("resolve: %w", errVouched)
	case "coded":
		return nil, &gqlerror.Error{Message: "taken", Extensions: map[string]any{"code": "CONFLICT"}}
	case "boom":
		panic("goods.go:12 exploded")
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "hold":
		w.held <- struct{}{}
		select {
		case <-w.hold:
		case <-ctx.Done():
		}
		return "held", nil
	case "shout":
		return strings.Repeat("x", 1<<20), nil
	case "failures":
		list := make([]any, 200)
		for i := range list {
			list[i] = errors.New("no")
		}
		return list, nil
	case "count":
		w.counted++
		return w.counted, nil
	case "__type", "__schema":
		return nil, nil
	}
	return nil, fmt.Errorf("no such field %s", field)
}

type object struct{}

func (w *world) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	name := map[ast.Operation]string{ast.Query: "Query", ast.Mutation: "Mutation", ast.Subscription: "Subscription"}[operation.Operation.Operation]
	first := true
	return func(ctx context.Context) *graphql.Response {
		if !first {
			return nil
		}
		first = false
		var b bytes.Buffer
		w.object(ctx, &b, operation, name, operation.Operation.SelectionSet)
		return &graphql.Response{Data: b.Bytes()}
	}
}

func (w *world) object(ctx context.Context, b *bytes.Buffer, operation *graphql.OperationContext, name string, set ast.SelectionSet) {
	b.WriteByte('{')
	for i, field := range graphql.CollectFields(operation, set, []string{name}) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", field.Alias)
		w.field(ctx, b, operation, name, field)
	}
	b.WriteByte('}')
}

func (w *world) field(ctx context.Context, b *bytes.Buffer, operation *graphql.OperationContext, name string, field graphql.CollectedField) {
	if field.Name == "__typename" {
		fmt.Fprintf(b, "%q", name)
		return
	}
	fc := &graphql.FieldContext{Object: name, Field: field}
	ctx = graphql.WithFieldContext(ctx, fc)
	start := b.Len()
	defer func() {
		if r := recover(); r != nil {
			operation.Error(ctx, operation.Recover(ctx, r))
			b.Truncate(start)
			b.WriteString("null")
		}
	}()
	args := field.ArgumentMap(operation.Variables)
	if text, ok := args["n"].(string); ok && field.Name == "big" {
		pathed := graphql.WithPathContext(ctx, graphql.NewPathWithField("n"))
		cause := errors.New("a Big has digits only")
		if text == "go" {
			cause = errors.New("json.Number: strconv.ParseInt: parsing \"go\": invalid syntax")
		}
		operation.Error(ctx, graphql.ErrorOnPath(pathed, cause))
		b.WriteString("null")
		return
	}
	fc.Args = args
	value, err := w.resolve(ctx, field.Name, args)
	if err != nil {
		operation.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
		b.WriteString("null")
		return
	}
	w.value(ctx, b, operation, field, value)
}

func (w *world) value(ctx context.Context, b *bytes.Buffer, operation *graphql.OperationContext, field graphql.CollectedField, value any) {
	switch v := value.(type) {
	case object:
		w.object(ctx, b, operation, "Query", field.Selections)
	case error:
		operation.Error(ctx, v)
		b.WriteString("null")
	case []any:
		b.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			w.value(graphql.WithFieldContext(ctx, &graphql.FieldContext{Parent: graphql.GetFieldContext(ctx), Index: &i}), b, operation, field, element)
		}
		b.WriteByte(']')
	default:
		text, _ := json.Marshal(v)
		b.Write(text)
	}
}
