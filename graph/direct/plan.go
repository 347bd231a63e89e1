package direct

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Schema is what generated code knows of plain types.
type Schema struct {
	// Objects are the types of objects, by name.
	Objects map[string]Object
	// Fields are those that answer with objects, by the name of their type, a dot and their own.
	Fields map[string]Value
}

// Object is a type of objects.
type Object struct {
	// Conditions are the type conditions of fragments that it meets: its own name, and those of its interfaces and unions.
	Conditions []string
	// Fields are those that are plain, by name.
	Fields map[string]Field
}

// Field is a plain field.
type Field struct {
	// Number tells it from the others of its type in the code that writes it. Zero is __typename.
	Number int
	// Types are the objects that it may give, in the order in which its code numbers them; none where it has no fields of its own.
	Types []string
	// Arguments reads those of a selection; nil where it takes none.
	Arguments func(context.Context, *graphql.OperationContext, map[string]any) (map[string]any, error)
}

// Value is what a field answers with.
type Value struct {
	// Types are as in Field.
	Types []string
	// Write appends the value, and says whether it could.
	Write func(w *Writer, of []*Selection, value any) bool
}

// Selection is what is asked for of the objects of one type.
type Selection struct{ Fields []Selected }

// Selected is one field of it.
type Selected struct {
	Number    int
	Key       string // Comma, response name, colon; the first without the comma.
	Arguments map[string]any
	Of        []*Selection // By Field.Types.
}

// operation has what was put together for one operation, so that a list that gqlgen goes through does not have it done for each
// of its objects.
type operation struct {
	mu      sync.Mutex
	fields  map[place][]*Selection
	objects map[placeOf]*Selection
	// failed says that something could not be written: the rest is gqlgen's, lest each level of it be written twice.
	failed atomic.Bool
}

// place is a selection set: where it begins, and how long it is. gqlgen collects each once for an operation.
type place struct {
	first  *ast.Selection
	length int
	field  string
}

type placeOf struct {
	first  *ast.Selection
	length int
	object string
}

type operationKey struct{}

// Begin makes ready for what Field does in an operation.
func Begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, &operation{fields: map[place][]*Selection{}, objects: map[placeOf]*Selection{}})
}

// Field is for graphql.OperationContext.ResolverMiddleware. Outside of an operation that Begin has made ready it does nothing.
func (s *Schema) Field(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil || value == nil {
		return value, err
	}
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || len(fc.Field.Selections) == 0 {
		return value, nil
	}
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok || op.failed.Load() {
		return value, nil
	}
	name := fc.Object + "." + fc.Field.Name
	field, ok := s.Fields[name]
	if !ok {
		return value, nil
	}
	selections := op.field(ctx, s, name, field.Types, fc.Field.Selections)
	if selections == nil {
		return value, nil
	}
	w := writers.Get().(*Writer)
	defer w.giveBack()
	w.done = ctx.Done()
	if !w.write(field, selections, value) {
		op.failed.Store(true)
		return value, nil
	}
	return written(slices.Clone(w.B)), nil
}

// field gives the selections of the types that a field may answer with; nil where they are not all plain.
func (op *operation) field(ctx context.Context, s *Schema, name string, types []string, set ast.SelectionSet) []*Selection {
	op.mu.Lock()
	defer op.mu.Unlock()
	key := place{&set[0], len(set), name}
	selections, known := op.fields[key]
	if !known {
		c := compiler{ctx: ctx, schema: s, made: op.objects, operation: graphql.GetOperationContext(ctx)}
		selections = c.types(types, set)
		op.fields[key] = selections
	}
	return selections
}

type compiler struct {
	ctx       context.Context
	schema    *Schema
	operation *graphql.OperationContext
	made      map[placeOf]*Selection
}

func (c *compiler) types(types []string, set ast.SelectionSet) []*Selection {
	of := make([]*Selection, len(types))
	for i, name := range types {
		if of[i] = c.object(name, set); of[i] == nil {
			return nil
		}
	}
	return of
}

// object puts together what is asked for of a type; nil where not all of it is plain.
func (c *compiler) object(name string, set ast.SelectionSet) *Selection {
	key := placeOf{&set[0], len(set), name}
	selection, known := c.made[key]
	if !known {
		selection = c.fields(name, set)
		c.made[key] = selection
	}
	return selection
}

func (c *compiler) fields(name string, set ast.SelectionSet) *Selection {
	object, ok := c.schema.Objects[name]
	if !ok {
		return nil
	}
	collected := graphql.CollectFields(c.operation, set, object.Conditions)
	selection := &Selection{Fields: make([]Selected, 0, len(collected))}
	names := make(map[string]bool, len(collected))
	for _, field := range collected {
		if field.IsDeferred() || !obeyed(field.Directives) {
			return nil
		}
		if names[field.Alias] {
			// Two that gqlgen did not merge, since two interfaces were asked for it; it writes the first.
			if len(field.Selections) > 0 {
				return nil
			}
			continue
		}
		names[field.Alias] = true
		selected := Selected{Key: key(field.Alias, len(selection.Fields) == 0)}
		if field.Name != "__typename" {
			plain, ok := object.Fields[field.Name]
			if !ok || !c.choose(&selected, plain, field) {
				return nil
			}
		}
		selection.Fields = append(selection.Fields, selected)
	}
	return selection
}

// choose completes a field that is selected, and says whether it is plain as it is asked for.
func (c *compiler) choose(selected *Selected, field Field, asked graphql.CollectedField) (ok bool) {
	selected.Number = field.Number
	if field.Arguments != nil {
		arguments, err := c.arguments(field, asked)
		if err != nil {
			return false // It is for gqlgen to say.
		}
		selected.Arguments = arguments
	}
	if len(field.Types) == 0 {
		return true
	}
	if len(asked.Selections) == 0 {
		return false
	}
	selected.Of = c.types(field.Types, asked.Selections)
	return selected.Of != nil
}

func (c *compiler) arguments(field Field, asked graphql.CollectedField) (arguments map[string]any, err error) {
	defer func() {
		if recover() != nil {
			err = errPanicked
		}
	}()
	return field.Arguments(c.ctx, c.operation, asked.ArgumentMap(c.operation.Variables))
}

// obeyed says whether all directives are among those that collecting a selection obeys.
func obeyed(directives ast.DirectiveList) bool {
	for _, d := range directives {
		if d.Name != "skip" && d.Name != "include" {
			return false
		}
	}
	return true
}

// key is what stands before the value of a field. A name needs no escaping.
func key(alias string, first bool) string {
	if first {
		return `"` + alias + `":`
	}
	return `,"` + alias + `":`
}
