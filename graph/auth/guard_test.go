package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/graph/auth"
)

// knows one credential and is without its wits for another.
type knows struct{}

func (knows) Authenticate(_ context.Context, credential string) (auth.Principal, error) {
	switch credential {
	case "jane's":
		return auth.Principal{Subject: "jane", Roles: []auth.Role{auth.Reader}}, nil
	case "no role's":
		return auth.Principal{}, &auth.Refusal{Code: auth.Forbidden, Message: "no role"}
	case "odd":
		return auth.Principal{}, &auth.Refusal{Code: auth.Unavailable, Message: "not now", Cause: errors.New("down")}
	}
	return auth.Principal{}, &auth.Refusal{Code: auth.Unauthenticated, Message: "a token, please"}
}

func TestGuardLetsThroughWhoIsKnown(t *testing.T) {
	guard := auth.Guard{Authenticator: knows{}, Refuse: func(w http.ResponseWriter, _ *http.Request, r *auth.Refusal) {
		w.Header().Set("WWW-Authenticate", r.Challenge())
		w.WriteHeader(r.Status())
	}}
	subject := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := auth.FromContext(r.Context())
		if !ok {
			p.Subject = "nobody"
		}
		w.Header().Set("Subject", p.Subject)
	})
	for name, c := range map[string]struct {
		method        string
		authorization []string
		upgrade       bool
		status        int
		subject       string
		upgraded      string // The subject where upgrades are taken.
	}{
		"nothing":           {"GET", nil, false, 401, "", ""},
		"known":             {"GET", []string{"Bearer jane's"}, false, 200, "jane", "jane"},
		"known, other case": {"POST", []string{"bEARER  jane's "}, false, 200, "jane", "jane"},
		"unknown":           {"GET", []string{"Bearer joe's"}, false, 401, "", ""},
		"no role":           {"GET", []string{"Bearer no role's"}, false, 403, "", ""},
		"not now":           {"GET", []string{"Bearer odd"}, false, 503, "", ""},
		"two":               {"GET", []string{"Bearer jane's", "Bearer jane's"}, false, 401, "", ""},
		"two in one":        {"GET", []string{"Bearer jane's, Bearer jane's"}, false, 401, "", ""},
		"basic":             {"GET", []string{"Basic jane's"}, false, 401, "", ""},
		"bare":              {"GET", []string{"jane's"}, false, 401, "", ""},
		"empty":             {"GET", []string{""}, false, 401, "", ""},
		"empty bearer":      {"GET", []string{"Bearer "}, false, 401, "", ""},
		"endless":           {"GET", []string{"Bearer " + strings.Repeat(".", 20_000)}, false, 401, "", ""},
		"preflight":         {"OPTIONS", nil, false, 200, "nobody", "nobody"},
		"handshake":         {"GET", nil, true, 401, "", "nobody"},
		"handshake, known":  {"GET", []string{"Bearer jane's"}, true, 200, "jane", "jane"},
		"handshake, wrong":  {"GET", []string{"Bearer joe's"}, true, 401, "", ""},
		"handshake by POST": {"POST", nil, true, 401, "", ""},
	} {
		for _, upgrades := range []bool{false, true} {
			handler, want := guard.Protect(subject), c.subject
			if upgrades {
				handler, want = guard.ProtectUpgrades(subject), c.upgraded
			}
			r := httptest.NewRequest(c.method, "/graphql?access_token=jane's", nil)
			r.Header["Authorization"] = c.authorization
			if c.upgrade {
				r.Header.Set("Upgrade", "WebSocket")
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			status := c.status
			if want != "" {
				status = 200
			}
			if got := w.Header().Get("Subject"); w.Code != status || got != want {
				t.Errorf("%s (upgrades %v): %d for %q, want %d for %q", name, upgrades, w.Code, got, status, want)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); (status == 401 || status == 403) != strings.HasPrefix(challenge, "Bearer") {
				t.Errorf("%s: %d with WWW-Authenticate %q", name, status, challenge)
			}
		}
	}
}

func TestNobodyIsAskedByNone(t *testing.T) {
	guard := auth.Guard{Authenticator: auth.None{}}
	handler := guard.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if p, ok := auth.FromContext(r.Context()); !ok || p.Subject != "local" || !p.May(auth.Editor) {
			t.Errorf("%+v, %v", p, ok)
		}
	}))
	for _, authorization := range []string{"", "Basic proxy", "Bearer anything"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", authorization)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func TestARoleIncludesThoseBelow(t *testing.T) {
	for _, has := range auth.Roles() {
		p := auth.Principal{Roles: []auth.Role{has}}
		for _, needed := range auth.Roles() {
			if got, want := p.May(needed), has >= needed; got != want {
				t.Errorf("%v may what %v may: %v", has, needed, got)
			}
		}
		if p.May(0) {
			t.Errorf("%v may what nobody may", has)
		}
		if got, err := auth.ParseRole(has.String()); got != has || err != nil {
			t.Errorf("%v reads as %v, %v", has, got, err)
		}
	}
	if (auth.Principal{}).May(auth.Reader) {
		t.Error("nobody may read")
	}
	for _, word := range []string{"", "editor", "ADMIN", "EDITOR "} {
		if _, err := auth.ParseRole(word); err == nil {
			t.Errorf("%q is a role", word)
		}
	}
}

func TestSubjects(t *testing.T) {
	for _, good := range []string{"jane", "jane@mission.example", "auth0|5f7c", "João da Silva", "王", "a", strings.Repeat("é", 200)} {
		if err := auth.CheckSubject(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " jane", "jane ", "local", "Local", "REFERENCE", "import", "ja\nne", "ja\u202ene", "ja\u200bne", "ja\x00ne", "ja\xffne", strings.Repeat("é", 201)} {
		if err := auth.CheckSubject(bad); err == nil {
			t.Errorf("%q is a subject", bad)
		}
	}
}
