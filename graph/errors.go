package graph

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
	"github.com/rapporteur/rapporteur/graph/model"
)

// The one table from errors to what a client sees. A refusal goes before it, since it carries its own code.
var table = []struct {
	cause   error
	code    model.ErrorCode
	message string
}{
	{eventlog.ErrUnknown, httpgraphql.Unavailable,
		"It is not known whether this was recorded. It may be sent again with the same idempotencyKey: then it is recorded once."},
	{eventlog.ErrFull, httpgraphql.Unavailable,
		"The disk of the store is full: nothing was recorded, and what is recorded can be read. Once its operator has made room, it may be sent again with the same idempotencyKey."},
	{eventlog.ErrUnavailable, httpgraphql.Unavailable,
		"The store cannot take anything now; nothing was recorded. It may be sent again with the same idempotencyKey."},
	{eventlog.ErrClosed, httpgraphql.Unavailable,
		"The server is being stopped. It may be sent again with the same idempotencyKey."},
	{context.DeadlineExceeded, httpgraphql.Unavailable,
		"There was not time enough for an answer. It may be sent again, what records with the same idempotencyKey."},
	{context.Canceled, httpgraphql.Unavailable,
		"It was broken off. It may be sent again, what records with the same idempotencyKey."},
}

// present turns an error of a resolver into what the client sees; nil leaves it to httpgraphql.
func present(logger *slog.Logger) func(context.Context, error) *gqlerror.Error {
	return func(ctx context.Context, err error) *gqlerror.Error {
		var refusal *domain.Refusal
		if errors.As(err, &refusal) {
			return refused(refusal)
		}
		var unknown *auth.Refusal
		if errors.As(err, &unknown) {
			return unadmitted(ctx, logger, unknown)
		}
		for _, row := range table {
			if errors.Is(err, row.cause) {
				id := newID()
				logger.LogAttrs(ctx, slog.LevelWarn, "an operation could not be completed",
					slog.String("id", id), slog.Any("error", err), slog.String("path", graphql.GetPath(ctx).String()))
				return &gqlerror.Error{Message: row.message, Extensions: map[string]any{"code": string(row.code), "id": id}}
			}
		}
		// What arguments were not taken, what panicked, and what nobody vouched for: httpgraphql knows, and logs the last.
		return nil
	}
}

// toldFaults is how many faults of one input are told one by one.
const toldFaults = 50

// refused tells a refusal: its sentences, and each fault with the path of its argument.
func refused(r *domain.Refusal) *gqlerror.Error {
	total := len(r.Faults)
	if total > toldFaults {
		r = &domain.Refusal{Faults: r.Faults[:toldFaults], Expected: r.Expected, Actual: r.Actual}
	}
	message := r.Error()
	if total > toldFaults {
		message = fmt.Sprintf("%d faults, of which the first %d are told: %s", total, toldFaults, message)
	}
	if len(r.Faults) == 1 {
		message = r.Faults[0].Message // The path stands beside it.
	}
	list := make([]fault, len(r.Faults))
	for i, f := range r.Faults {
		list[i] = fault{Path: path(f.Path), Message: f.Message, Code: f.Code}
	}
	extensions := map[string]any{"code": string(r.Code()), "faults": list}
	if r.Expected != nil {
		extensions["expectedRevision"] = *r.Expected
	}
	if r.Actual != nil {
		extensions["actualRevision"] = *r.Actual
	}
	return &gqlerror.Error{Message: message, Extensions: extensions}
}

// fault is one entry of extensions.faults.
type fault struct {
	Path    []any       `json:"path"` // As in the path of an error: names, and indexes of lists as numbers.
	Message string      `json:"message"`
	Code    domain.Code `json:"code"`
}

func path(text string) []any {
	list := []any{}
	if text == "" {
		return list
	}
	for part := range strings.SplitSeq(text, ".") {
		if index, err := strconv.Atoi(part); err == nil {
			list = append(list, index)
		} else {
			list = append(list, part)
		}
	}
	return list
}

func newID() string {
	var id [8]byte
	rand.Read(id[:]) // Never fails (crypto/rand).
	return hex.EncodeToString(id[:])
}
