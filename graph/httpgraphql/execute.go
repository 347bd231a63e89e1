package httpgraphql

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Executor is gqlgen's executor behind the same limits as the handler itself,
// for transports that keep a connection open. Each operation but a subscription
// holds a slot while it is read and while it runs, and has Config.Timeout for it.
func (h *Handler) Executor() graphql.GraphExecutor {
	return guarded{h}
}

type guarded struct{ h *Handler }

func (g guarded) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (operation *graphql.OperationContext, errs gqlerror.List) {
	ctx = graphql.StartOperationTrace(ctx)
	defer func() {
		if cause := recover(); cause != nil {
			errs = gqlerror.List{g.h.internal(ctx, cause)}
		}
		if operation == nil {
			// Transports hand the context on with the errors, and expect one.
			operation = &graphql.OperationContext{
				RawQuery: params.Query, OperationName: params.OperationName, RecoverFunc: g.h.recovered,
			}
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, g.h.config.Timeout)
	defer cancel()
	ctx, release, refusal := g.h.enter(ctx)
	if refusal != nil {
		return nil, refusal.Errors
	}
	defer release()
	operation, refusal = g.h.operation(ctx, params)
	if refusal != nil {
		return nil, refusal.Errors
	}
	return operation, nil
}

func (g guarded) DispatchOperation(ctx context.Context, operation *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	return g.h.exec.DispatchOperation(ctx, operation)
}

func (g guarded) DispatchError(ctx context.Context, errs gqlerror.List) *graphql.Response {
	return g.h.exec.DispatchError(ctx, errs)
}

func (h *Handler) newExecutor() *executor.Executor {
	exec := executor.New(h.schema)
	exec.SetQueryCache(handedOver{})
	exec.SetErrorPresenter(h.present)
	exec.SetRecoverFunc(h.recovered)
	exec.AroundOperations(h.aroundOperation)
	exec.AroundResponses(h.aroundResponse)
	if h.config.Allow != nil {
		exec.AroundRootFields(h.aroundRootField)
	}
	if h.config.Field != nil {
		exec.AroundFields(h.config.Field)
	}
	return exec
}

// handedOver is the executor's "cache": it finds the document that operation has
// prepared for the very request. So the executor never parses by itself.
type handedOver struct{}

type documentKey struct{}

func (handedOver) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*ast.QueryDocument)
	return doc, ok
}

func (handedOver) Add(context.Context, string, *ast.QueryDocument) {}

// operation gets a request ready to run: document, operation, variables, cost.
func (h *Handler) operation(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, *Refusal) {
	doc, refusal := h.prepare(params.Query)
	if refusal != nil {
		return nil, refusal
	}
	selected, refusal := choose(doc.query, params.OperationName)
	if refusal != nil {
		return nil, refusal
	}
	params.Variables, refusal = h.variables(doc, selected, params.Variables)
	if refusal != nil {
		return nil, refusal
	}
	operation, errs := h.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc.query), params)
	if len(errs) > 0 {
		// What is left for the executor to find is in the variables.
		return nil, invalid(errs[:min(len(errs), h.config.Limits.Errors)], false)
	}
	operation.DisableIntrospection = h.config.DisableIntrospection
	if limit := h.config.Limits.Complexity; limit > 0 {
		// The calculation follows every fragment each time it is spread; check has
		// limited how often that is.
		if cost := complexity.Calculate(ctx, h.schema, operation.Operation, operation.Variables); cost > limit {
			return nil, refuseDocument(ComplexityLimitExceeded,
				"The operation costs "+number(cost)+"; the limit is "+number(limit)+". Ask for fewer or smaller pages.")
		}
	}
	return operation, nil
}

func choose(query *ast.QueryDocument, name string) (*ast.OperationDefinition, *Refusal) {
	if selected := query.Operations.ForName(name); selected != nil {
		return selected, nil
	}
	if name == "" {
		return nil, refuseDocument(BadUserInput, "The document contains "+number(len(query.Operations))+" operations; say in operationName which one to run.")
	}
	return nil, refuseDocument(BadUserInput, "The document contains no operation named "+strconv.Quote(excerpt(name, 100))+".")
}

// aroundOperation runs the preparation of an operation, and sees to it that an
// operation which did not come through ServeHTTP takes its turn as well.
func (h *Handler) aroundOperation(ctx context.Context, next graphql.OperationHandler) (handler graphql.ResponseHandler) {
	defer func() {
		if cause := recover(); cause != nil {
			handler = graphql.OneShot(&graphql.Response{Errors: gqlerror.List{h.internal(ctx, cause)}})
		}
	}()
	operation := graphql.GetOperationContext(ctx)
	if h.config.Admit != nil {
		if err := h.config.Admit(ctx); err != nil {
			return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{h.present(ctx, err)}})
		}
	}
	if h.config.Prepare != nil {
		ctx = h.config.Prepare(ctx, operation.Operation)
	}
	inner := next(ctx)
	if operation.Operation.Operation == ast.Subscription || ctx.Value(slotKey{}) != nil {
		return inner
	}
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
		defer cancel()
		ctx, release, refusal := h.enter(ctx)
		if refusal != nil {
			return &graphql.Response{Errors: refusal.Errors}
		}
		defer release()
		return inner(ctx)
	}
}

// aroundRootField runs a field of Mutation only where that is allowed.
func (h *Handler) aroundRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		field := graphql.GetRootFieldContext(ctx).Field
		if err := h.config.Allow(ctx, field.Name); err != nil {
			ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Mutation", Field: field})
			graphql.AddError(ctx, err)
			return graphql.Null
		}
	}
	return next(ctx)
}

func (h *Handler) aroundResponse(ctx context.Context, next graphql.ResponseHandler) (response *graphql.Response) {
	defer func() {
		if cause := recover(); cause != nil {
			response = &graphql.Response{Errors: gqlerror.List{h.internal(ctx, cause)}}
		}
	}()
	response = next(ctx)
	if response == nil {
		return nil
	}
	if limit := h.told(response.Errors); len(response.Errors) > limit {
		omitted := len(response.Errors) - limit
		response.Errors = response.Errors[:limit:limit]
		response.Extensions = extended(response.Extensions, map[string]any{"errorsOmitted": omitted})
	}
	if h.config.Extensions != nil && response.Data != nil {
		response.Extensions = extended(response.Extensions, h.config.Extensions(ctx))
	}
	return response
}

// told is how many of an answer's errors are told: fifty small ones may be, while fifty that each tell fifty faults of a long input
// would be an answer many times the size of the question.
func (h *Handler) told(errs gqlerror.List) int {
	limits := h.config.Limits
	bytes := 0
	for i, err := range errs[:min(len(errs), limits.FieldErrors)] {
		text, _ := json.Marshal(err) // One that is no JSON is found when the answer is written.
		if bytes += len(text); i > 0 && bytes > limits.ErrorBytes {
			return i
		}
	}
	return min(len(errs), limits.FieldErrors)
}

func extended(extensions, more map[string]any) map[string]any {
	all := make(map[string]any, len(extensions)+len(more))
	maps.Copy(all, extensions)
	maps.Copy(all, more)
	return all
}

func (h *Handler) outOfTime() string {
	return "The operation was not done within " + h.config.Timeout.String() + ", which is the limit."
}

var _ http.Handler = (*Handler)(nil)
