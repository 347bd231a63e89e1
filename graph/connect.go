package graph

import (
	"context"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/graph/auth"
)

// connect makes out who asks over a WebSocket: by the field Authorization in the payload of its first message, since no page can
// set a header on a handshake; without that, by the header after all, which the guard has looked at.
func connect(a auth.Authenticator) func(context.Context, map[string]any) (context.Context, error) {
	return func(ctx context.Context, payload map[string]any) (context.Context, error) {
		if _, ok := a.(auth.None); ok {
			return auth.NewContext(ctx, auth.Local()), nil
		}
		var authorization any
		for name, value := range payload {
			if strings.EqualFold(name, "Authorization") {
				if authorization != nil {
					return ctx, &auth.Refusal{Code: auth.Unauthenticated, Message: "The payload has more than one Authorization; send one."}
				}
				authorization = value
			}
		}
		credential := ""
		switch text, ok := authorization.(string); {
		case authorization == nil:
			if _, known := auth.FromContext(ctx); known {
				return ctx, nil
			}
		case !ok:
			return ctx, &auth.Refusal{Code: auth.Unauthenticated, Message: `The Authorization is not of the form "Bearer TOKEN".`}
		default:
			var err error
			if credential, err = auth.Bearer(text); err != nil {
				return ctx, err
			}
		}
		p, err := a.Authenticate(ctx, credential)
		if err != nil {
			return ctx, err
		}
		return auth.Hold(auth.NewContext(ctx, p), a, credential), nil
	}
}

// expires is when the credential of whoever asks ends, and with it every feed that was opened by it.
func expires(ctx context.Context) time.Time {
	p, _ := auth.FromContext(ctx)
	return p.Expires
}
