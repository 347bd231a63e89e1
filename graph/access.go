package graph

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// needed is the role that each mutation needs; one that is not here is nobody's. Reading and subscribing need READER, which
// whoever gets through has.
var needed = map[string]auth.Role{
	"submitProposal":        auth.Recorder,
	"reviseProposal":        auth.Recorder,
	"mergeProposal":         auth.Recorder,
	"supersedeProposal":     auth.Recorder,
	"withdrawProposal":      auth.Recorder,
	"adoptProposal":         auth.Recorder,
	"recordPosition":        auth.Recorder,
	"correctPosition":       auth.Recorder, // Others' positions: Editor (resolver).
	"withdrawPosition":      auth.Recorder,
	"retractPosition":       auth.Recorder, // Others' positions: Editor (resolver).
	"recordEndorsement":     auth.Recorder,
	"withdrawEndorsement":   auth.Recorder,
	"recordVote":            auth.Recorder,
	"declareIntendedBallot": auth.Recorder,
	"defineElement":         auth.Editor,
	"defineOption":          auth.Editor,
	"retireOption":          auth.Editor,
	"admitState":            auth.Editor,
	"defineGroup":           auth.Editor,
	"changeGroupMembership": auth.Editor,
	"defineSession":         auth.Editor,
}

// admit lets whoever may read run operations. Over HTTP the guard has seen to it; a transport that took a connection without a
// credential, and forgot to ask for one, ends here.
func admit(ctx context.Context) error {
	if p, ok := auth.FromContext(ctx); !ok || !p.May(auth.Reader) {
		return &auth.Refusal{Code: auth.Unauthenticated, Message: "Send a token first."}
	}
	return nil
}

// allow lets those run a mutation who have the role that it needs.
func allow(ctx context.Context, mutation string) error {
	role, ok := needed[mutation]
	p, _ := auth.FromContext(ctx)
	switch {
	case ok && p.May(role):
		return nil
	case !ok: // unreachable: a test walks the schema.
		return &auth.Refusal{Code: auth.Forbidden, Message: mutation + " is open to nobody."}
	}
	return &auth.Refusal{Code: auth.Forbidden, Message: fmt.Sprintf("%s needs the role %s, which %q does not have.", mutation, role, p.Subject)}
}

// newGuard guards all that shows the record. What it refuses is answered as by /graphql.
func newGuard(c Config, api *httpgraphql.Handler) auth.Guard {
	return auth.Guard{Authenticator: c.Authenticator, Refuse: func(w http.ResponseWriter, r *http.Request, refusal *auth.Refusal) {
		answer := &httpgraphql.Refusal{Status: refusal.Status(), Header: http.Header{}, Errors: gqlerror.List{unadmitted(r.Context(), c.Logger, refusal)}}
		if challenge := refusal.Challenge(); challenge != "" {
			answer.Header.Set("WWW-Authenticate", challenge)
		}
		api.Refuse(w, r, answer)
	}}
}

// unadmitted is what somebody sees who does not get through. What the message does not say is logged under an id.
func unadmitted(ctx context.Context, logger *slog.Logger, refusal *auth.Refusal) *gqlerror.Error {
	extensions := map[string]any{"code": string(refusal.Code)}
	if refusal.Cause != nil {
		id := newID()
		extensions["id"] = id
		logger.LogAttrs(ctx, slog.LevelWarn, "who asks could not be made out", slog.String("id", id), slog.Any("error", refusal.Cause))
	}
	return &gqlerror.Error{Message: refusal.Message, Extensions: extensions}
}
