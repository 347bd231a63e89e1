package auth

import (
	"errors"
	"net/http"
	"strings"
)

// Guard lets requests through to a handler with their principal in the context, and refuses those that have none.
type Guard struct {
	Authenticator Authenticator
	// Refuse answers a request that is refused. The status and the headers that HTTP wants are in the refusal.
	Refuse func(http.ResponseWriter, *http.Request, *Refusal)
}

// Protect guards a handler. A preflight (OPTIONS) passes without a principal: it never has credentials (Fetch, section 3.2).
func (g Guard) Protect(next http.Handler) http.Handler {
	return g.protect(next, func(r *http.Request) bool { return r.Method == http.MethodOptions })
}

// ProtectUpgrades guards a handler that also takes WebSocket connections. No page can set a header on their handshake, so one
// without a credential passes without a principal: the first message must bring the credential, and the handler must insist on it.
// One with a credential is held to it.
func (g Guard) ProtectUpgrades(next http.Handler) http.Handler {
	return g.protect(next, func(r *http.Request) bool {
		return r.Method == http.MethodOptions ||
			r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && len(r.Header.Values("Authorization")) == 0
	})
}

func (g Guard) protect(next http.Handler, passes func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, credential, err := g.authenticate(r)
		if err == nil {
			next.ServeHTTP(w, r.WithContext(Hold(NewContext(r.Context(), p), g.Authenticator, credential)))
			return
		}
		if passes(r) {
			next.ServeHTTP(w, r)
			return
		}
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			refusal = &Refusal{Code: Unavailable, Message: "Who asks cannot be made out now.", Cause: err} // unreachable: an authenticator refuses.
		}
		g.Refuse(w, r, refusal)
	})
}

func (g Guard) authenticate(r *http.Request) (p Principal, credential string, err error) {
	if _, ok := g.Authenticator.(None); ok {
		return Local(), "", nil // Whatever the header says: it is for somebody else, perhaps for a proxy.
	}
	switch values := r.Header.Values("Authorization"); {
	case len(values) > 1:
		return Principal{}, "", &Refusal{Code: Unauthenticated, Message: "There is more than one Authorization header; send one."}
	case len(values) == 1:
		if credential, err = Bearer(values[0]); err != nil {
			return Principal{}, "", err
		}
	}
	p, err = g.Authenticator.Authenticate(r.Context(), credential)
	return p, credential, err
}

// maxCredential is how many bytes a credential has at most: more is not even looked at.
const maxCredential = 16 << 10

// Bearer takes the credential out of what an Authorization header, or a field of that name in a first message, says (RFC 6750,
// section 2.1). The error is a *Refusal.
func Bearer(authorization string) (credential string, err error) {
	scheme, credential, _ := strings.Cut(authorization, " ")
	credential = strings.Trim(credential, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer") || credential == "":
		return "", &Refusal{Code: Unauthenticated, Message: `The Authorization is not of the form "Bearer TOKEN".`}
	case len(credential) > maxCredential:
		return "", &Refusal{Code: Unauthenticated, Message: "The token is longer than any that is issued here."}
	}
	return credential, nil
}

// Status is the status of an answer over HTTP to who is refused.
func (r *Refusal) Status() int {
	switch r.Code {
	case Unauthenticated:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	}
	return http.StatusServiceUnavailable
}

// Challenge is the value of the answer's WWW-Authenticate (RFC 6750, section 3); empty where there is none.
func (r *Refusal) Challenge() string {
	switch r.Code {
	case Unauthenticated:
		return "Bearer"
	case Forbidden:
		return `Bearer error="insufficient_scope"`
	}
	return ""
}
