package httpgraphql

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// present decides what the client sees of an error that arose in execution.
func (h *Handler) present(ctx context.Context, err error) *gqlerror.Error {
	var seen *gqlerror.Error
	if !errors.As(err, &seen) {
		seen = nil
	}
	if errors.Is(err, errPresented) && seen != nil {
		return seen
	}
	result := h.judge(ctx, err, seen)
	result.Message = excerpt(result.Message, messageLength)
	if seen != nil {
		if result.Path == nil {
			result.Path = seen.Path
		}
		if result.Locations == nil {
			result.Locations = seen.Locations
		}
	}
	return result
}

func (h *Handler) judge(ctx context.Context, err error, seen *gqlerror.Error) *gqlerror.Error {
	var caught *panicked
	if errors.As(err, &caught) {
		return caught.shown()
	}
	if h.config.Present != nil {
		if result := h.config.Present(ctx, err); result != nil {
			copied := *result
			return &copied
		}
	}
	if argument := argumentFault(ctx, err, seen); argument != nil {
		return argument
	}
	if ctx.Err() != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return presented(Unavailable, h.outOfTime())
	}
	if seen != nil {
		if _, ok := seen.Extensions["code"].(string); ok {
			// Who gave it a code wrote it for the client.
			copied := *seen
			return &copied
		}
	}
	return h.unknown(ctx, err)
}

// argumentFault recognizes an argument that the schema's unmarshal functions did
// not take. gqlgen reports it under the field, before it has arguments; a field
// whose resolver runs has them.
func argumentFault(ctx context.Context, err error, seen *gqlerror.Error) *gqlerror.Error {
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Args != nil || field.Field.Field == nil || field.Field.Definition == nil || len(field.Field.Definition.Arguments) == 0 {
		return nil
	}
	// A null where none may be is a fault of the result, hence ours.
	if errors.Is(err, graphql.ErrInvalidNull) {
		return nil
	}
	path := field.Path()
	result := presented(BadUserInput, "")
	result.Path = path
	var within ast.Path
	if seen != nil && len(seen.Path) > len(path) {
		within = seen.Path[len(path):]
	}
	text := err.Error()
	if seen != nil {
		text = seen.Message
	}
	what := "An argument of " + field.Field.Name
	if len(within) > 0 {
		what = "The argument " + within.String() + " of " + field.Field.Name
	}
	if inside(text) {
		result.Message = what + " is not of the type that the schema asks for."
		if name, ok := first(within); ok && len(within) == 1 {
			if definition := field.Field.Definition.Arguments.ForName(name); definition != nil {
				result.Message = what + " must be of type " + definition.Type.String() + "."
			}
		}
	} else {
		result.Message = what + ": " + text
	}
	if len(within) > 0 {
		result.Extensions["faults"] = []any{map[string]any{"path": within, "message": excerpt(result.Message, messageLength), "code": BadUserInput}}
	}
	if seen != nil && len(seen.Locations) == 0 && field.Field.Position != nil {
		result.Locations = locations(field.Field.Position)
	}
	return result
}

func first(path ast.Path) (string, bool) {
	if len(path) == 0 {
		return "", false
	}
	name, ok := path[0].(ast.PathName)
	return string(name), ok
}

// inside says whether a text shows how the program is made: gqlgen's own
// unmarshal functions tell the Go types they were given.
func inside(text string) bool {
	for _, mark := range []string{"interface {}", "strconv.", "json.", "map[", "[]", "reflect", "runtime error", ".go:", "*errors", "%!"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// unknown is for an error nobody vouched for.
func (h *Handler) unknown(ctx context.Context, err error) *gqlerror.Error {
	id := newID()
	h.config.Logger.LogAttrs(ctx, slog.LevelError, "an operation failed",
		slog.String("id", id), slog.String("error", err.Error()), slog.String("operation", operationName(ctx)), slog.String("path", graphql.GetPath(ctx).String()))
	return shownInternal(id)
}

// panicked is a panic after it was logged.
type panicked struct{ id string }

func (p *panicked) Error() string { return "panic, logged under " + p.id }

func (p *panicked) shown() *gqlerror.Error { return shownInternal(p.id) }

func shownInternal(id string) *gqlerror.Error {
	err := presented(Internal, "internal error")
	err.Extensions["id"] = id
	return err
}

// recovered logs a panic of a resolver; the executor goes on with the other fields.
func (h *Handler) recovered(ctx context.Context, cause any) error {
	return h.logPanic(ctx, cause)
}

func (h *Handler) logPanic(ctx context.Context, cause any) *panicked {
	id := newID()
	h.config.Logger.LogAttrs(ctx, slog.LevelError, "an operation panicked",
		slog.String("id", id), slog.String("panic", fmt.Sprint(cause)), slog.String("operation", operationName(ctx)), slog.String("path", graphql.GetPath(ctx).String()),
		slog.String("stack", string(debug.Stack())))
	return &panicked{id}
}

// internal logs a panic outside of any field, which ends the operation.
func (h *Handler) internal(ctx context.Context, cause any) *gqlerror.Error {
	return h.logPanic(ctx, cause).shown()
}

func operationName(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return ""
	}
	return excerpt(graphql.GetOperationContext(ctx).OperationName, 100)
}

func newID() string {
	var id [8]byte
	rand.Read(id[:]) // It never fails; see its documentation.
	return hex.EncodeToString(id[:])
}
