package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"github.com/rapporteur/rapporteur/graph/auth"
)

var (
	rsaKey, _ = rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _  = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
)

// idp is an OpenID Connect issuer over loopback.
type idp struct {
	*httptest.Server
	asked atomic.Int64 // How often for keys.

	mu    sync.Mutex
	keys  map[string]crypto.PublicKey // By kid.
	raw   []any                       // Further entries of the set.
	fails http.HandlerFunc            // Answers instead, where it is not nil.
	found map[string]any              // What discovery says otherwise.
}

func newIDP(t testing.TB) *idp {
	t.Helper()
	p := &idp{keys: map[string]crypto.PublicKey{"rsa": rsaKey.Public(), "ec": ecKey.Public()}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		found := map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token"}
		p.mu.Lock()
		maps.Copy(found, p.found)
		p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(found)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		p.mu.Lock()
		fails := p.fails
		list := append([]any{}, p.raw...)
		for kid, key := range p.keys {
			list = append(list, jose.JSONWebKey{Key: key, KeyID: kid, Use: "sig"})
		}
		p.mu.Unlock()
		if fails != nil {
			fails(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": list})
	})
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{jose.JSONWebKey{Key: rsaKey.Public(), KeyID: "new"}}})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *idp) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// claims are those of a good token, with some replaced; a nil is left out.
func (p *idp) claims(with map[string]any) jwt.MapClaims {
	claims := jwt.MapClaims{
		"iss": p.URL, "aud": []string{"rid", "other"}, "sub": "auth0|jane", "roles": []string{"RECORDER", "unknown"},
		"iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, with)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

func sign(t testing.TB, method jwt.SigningMethod, key any, kid any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if kid != nil {
		token.Header["kid"] = kid
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

var wordsAreRoles = map[string]auth.Role{"READER": auth.Reader, "RECORDER": auth.Recorder, "EDITOR": auth.Editor}

func openOIDC(t testing.TB, p *idp, now *time.Time) *auth.OIDC {
	t.Helper()
	a, err := auth.OpenOIDC(t.Context(), auth.OIDCConfig{
		Issuer: p.URL, Audience: "rid", RoleClaim: "roles", Roles: wordsAreRoles, Clock: func() time.Time { return *now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOnlyTheIssuersTokensAreTaken(t *testing.T) {
	p, now := newIDP(t), noon
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	otherRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.keys["ed"] = edKey.Public()
	p.raw = []any{
		map[string]any{"kty": "oct", "kid": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
		map[string]any{"kty": "OKP", "crv": "X448", "kid": "odd", "x": "AA"}, "no key", nil,
		jose.JSONWebKey{Key: otherRSA.Public(), KeyID: "enc", Use: "enc"},
		jose.JSONWebKey{Key: otherRSA.Public(), KeyID: "ps", Use: "sig", Algorithm: "PS256"},
	}
	a := openOIDC(t, p, &now)
	der, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	rsaPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	for name, c := range map[string]struct {
		method jwt.SigningMethod
		key    any
		kid    any
		claims map[string]any
		says   string // Of a refusal; empty where it is taken.
	}{
		"RS256":             {jwt.SigningMethodRS256, rsaKey, "rsa", nil, ""},
		"PS384":             {jwt.SigningMethodPS384, rsaKey, "rsa", nil, ""},
		"ES256":             {jwt.SigningMethodES256, ecKey, "ec", nil, ""},
		"EdDSA":             {jwt.SigningMethodEdDSA, edKey, "ed", nil, ""},
		"no kid":            {jwt.SigningMethodES256, ecKey, nil, nil, ""},
		"the key's own alg": {jwt.SigningMethodPS256, otherRSA, "ps", nil, ""},
		"another alg":       {jwt.SigningMethodRS256, otherRSA, "ps", nil, "does not know"},
		"to encrypt":        {jwt.SigningMethodRS256, otherRSA, "enc", nil, "does not know"},
		"another kid":       {jwt.SigningMethodRS256, rsaKey, "gone", nil, "does not know"},
		"another's key":     {jwt.SigningMethodRS256, otherRSA, "rsa", nil, "signature is wrong"},
		"kid of another":    {jwt.SigningMethodRS256, rsaKey, "ec", nil, "signature is wrong"},
		"alg none":          {jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "rsa", nil, "signature is wrong"},
		"HS256, public key": {jwt.SigningMethodHS256, rsaPEM, "rsa", nil, "signature is wrong"},
		"HS256, symmetric":  {jwt.SigningMethodHS256, []byte("secret-secret-secret-secret"), "oct", nil, "signature is wrong"},
		"expired":           {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"exp": noon.Unix()}, "expired"},
		"no exp":            {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"exp": nil}, "no token that is taken"},
		"skew":              {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"iat": noon.Add(59 * time.Second).Unix(), "nbf": noon.Add(59 * time.Second).Unix()}, ""},
		"iat ahead":         {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"iat": noon.Add(61 * time.Second).Unix()}, "not valid yet"},
		"nbf ahead":         {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"nbf": noon.Add(61 * time.Second).Unix()}, "not valid yet"},
		"another aud":       {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"aud": "other"}, "another server"},
		"no aud":            {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"aud": nil}, "no token that is taken"},
		"aud empty":         {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"aud": []string{}}, "no token that is taken"},
		"another iss":       {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"iss": p.URL + "/"}, "another issuer"},
		"no iss":            {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"iss": nil}, "no token that is taken"},
		"no sub":            {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"sub": nil}, "subject is empty"},
		"sub reserved":      {jwt.SigningMethodRS256, rsaKey, "rsa", map[string]any{"sub": "Reference"}, "program's own"},
	} {
		token := sign(t, c.method, c.key, c.kid, p.claims(c.claims))
		if c.says != "" {
			refused(t, a, name, token, auth.Unauthenticated, c.says)
			continue
		}
		want := auth.Principal{Subject: "auth0|jane", Roles: []auth.Role{auth.Recorder}, Expires: noon.Add(time.Hour)}
		got, err := a.Authenticate(t.Context(), token)
		got.Expires = got.Expires.UTC()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	refused(t, a, "none", "", auth.Unauthenticated, "A token is needed")
	refused(t, a, "garbage", "garbage", auth.Unauthenticated, "no token that is taken")
	for i := range 100 {
		token := sign(t, jwt.SigningMethodRS256, rsaKey, fmt.Sprint("stranger ", i), p.claims(nil))
		refused(t, a, "stranger", token, auth.Unauthenticated, "does not know")
	}
	if n := p.asked.Load(); n > 6 {
		t.Errorf("strangers made us ask %d times", n)
	}
}

func TestRolesOfAClaim(t *testing.T) {
	p, now := newIDP(t), noon
	for _, c := range []struct {
		path  string
		claim map[string]any
		want  []auth.Role
	}{
		{"roles", map[string]any{"roles": []any{"b", "a", "a", "c", 7, nil}}, []auth.Role{auth.Reader, auth.Editor}},
		{"roles", map[string]any{"roles": "x a y"}, []auth.Role{auth.Reader}},
		{"realm_access.roles", map[string]any{"realm_access": map[string]any{"roles": []string{"b"}}}, []auth.Role{auth.Editor}},
		{"a.b.c", map[string]any{"a": map[string]any{"b": map[string]any{"c": "a"}}}, []auth.Role{auth.Reader}},
		{"https://rid.example/roles", map[string]any{"https://rid.example/roles": []string{"a"}}, []auth.Role{auth.Reader}},
		{"roles", map[string]any{"roles": nil}, nil},
		{"roles", map[string]any{"roles": []string{}}, nil},
		{"roles", map[string]any{"roles": []string{"A", "READER"}}, nil},
		{"roles", map[string]any{"roles": true}, nil},
		{"realm_access.roles", map[string]any{"realm_access": "a"}, nil},
		{"realm_access.roles", map[string]any{"realm_access": nil}, nil},
		{"realm_access", map[string]any{"realm_access": map[string]any{"roles": []string{"b"}}}, nil},
		{"a..b", map[string]any{"a": map[string]any{"": map[string]any{"b": "a"}}}, []auth.Role{auth.Reader}},
	} {
		a, err := auth.OpenOIDC(t.Context(), auth.OIDCConfig{
			Issuer: p.URL, Audience: "rid", RoleClaim: c.path, Roles: map[string]auth.Role{"a": auth.Reader, "b": auth.Editor},
			Clock: func() time.Time { return now },
		})
		if err != nil {
			t.Fatal(err)
		}
		token := sign(t, jwt.SigningMethodRS256, rsaKey, "rsa", p.claims(c.claim))
		if c.want == nil {
			refused(t, a, fmt.Sprint(c), token, auth.Forbidden, "needs the role READER")
			continue
		}
		if got, err := a.Authenticate(t.Context(), token); err != nil || !reflect.DeepEqual(got.Roles, c.want) {
			t.Errorf("%v: %+v, %v", c, got, err)
		}
	}
}

// TestANewKeyIsKnownAtOnce, and one that the issuer took away is believed for an hour at most.
func TestTheIssuerRotatesItsKeys(t *testing.T) {
	p, now := newIDP(t), noon
	a := openOIDC(t, p, &now)
	claims := p.claims(map[string]any{"exp": noon.Add(100 * time.Hour).Unix()})
	old := sign(t, jwt.SigningMethodRS256, rsaKey, "rsa", claims)
	next := sign(t, jwt.SigningMethodES256, ecKey, "next", claims)
	known := func(token string) {
		t.Helper()
		if _, err := a.Authenticate(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	known(old)
	p.set(func() { p.keys = map[string]crypto.PublicKey{"next": ecKey.Public()} })
	known(old) // It is not asked for with each token.
	if n := p.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	var wait sync.WaitGroup
	for range 50 { // All at once: one asks, and all wait for it.
		wait.Go(func() { known(next) })
	}
	wait.Wait()
	if n := p.asked.Load(); n > 3 {
		t.Errorf("asked %d times", n)
	}
	refused(t, a, "taken away", old, auth.Unauthenticated, "knows no more")

	// What is asked for again while it serves is there soon after.
	p.set(func() { p.keys = map[string]crypto.PublicKey{"rsa": rsaKey.Public()} })
	now = now.Add(11 * time.Minute)
	known(next)
	for {
		if _, err := a.Authenticate(t.Context(), next); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	known(old)
}

func TestAnIssuerThatCannotBeAsked(t *testing.T) {
	p, now := newIDP(t), noon
	a := openOIDC(t, p, &now)
	claims := p.claims(map[string]any{"exp": noon.Add(100 * time.Hour).Unix()})
	token := sign(t, jwt.SigningMethodRS256, rsaKey, "rsa", claims)
	stranger := sign(t, jwt.SigningMethodRS256, rsaKey, "new", claims)
	for name, fails := range map[string]http.HandlerFunc{
		"500":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"no JSON":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>canary")) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"cut":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		p.set(func() { p.fails = fails })
		now = now.Add(11 * time.Minute)
		if _, err := a.Authenticate(t.Context(), token); err != nil { // Its key is known, and not old.
			t.Errorf("%s: %v", name, err)
		}
		refused(t, a, name, stranger, auth.Unavailable, "cannot be asked for now")
	}
	now = now.Add(time.Hour)
	refused(t, a, "old keys", token, auth.Unavailable, "cannot be asked for now")

	// One that does not answer holds nobody longer than they want to wait.
	release := make(chan struct{})
	defer close(release)
	p.set(func() { p.fails = func(_ http.ResponseWriter, r *http.Request) { <-release } })
	now = now.Add(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := a.Authenticate(ctx, token); err == nil || !strings.Contains(err.Error(), "cannot be asked for now") {
		t.Errorf("%v", err)
	}

	// Once it answers again, all is well.
	release <- struct{}{}
	p.set(func() { p.fails = nil })
	now = now.Add(time.Hour)
	for try := 0; ; try++ {
		if _, err := a.Authenticate(t.Context(), token); err == nil {
			break
		} else if try > 1000 {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
		time.Sleep(time.Millisecond)
	}
}

func TestAnIssuerThatIsNoneIsToldAtTheStart(t *testing.T) {
	p := newIDP(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for name, c := range map[string]struct {
		issuer string
		found  map[string]any
		keys   http.HandlerFunc
		says   string
	}{
		"down":              {gone.URL, nil, nil, "connection refused"},
		"none":              {other.URL, nil, nil, "404"},
		"another":           {p.URL, map[string]any{"issuer": "https://other.example"}, nil, "issuer"},
		"keys unencrypted":  {p.URL, map[string]any{"jwks_uri": "http://keys.example/"}, nil, "not encrypted"},
		"keys nowhere":      {p.URL, map[string]any{"jwks_uri": nil}, nil, "is an URL"},
		"no keys":           {p.URL, nil, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) }, "none that can be used"},
		"keys down":         {p.URL, nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "503"},
		"not encrypted":     {"http://id.example", nil, nil, "not encrypted"},
		"with a password":   {"https://jane:canary@id.example", nil, nil, "no user name"},
		"with a query":      {"https://id.example/?a=b", nil, nil, "ends with its path"},
		"a word":            {"id.example", nil, nil, "is an URL"},
		"nothing":           {"", nil, nil, "is an URL"},
		"not of the scheme": {"ftp://id.example", nil, nil, "is an URL"},
	} {
		p.set(func() { p.found, p.fails = c.found, c.keys })
		_, err := auth.OpenOIDC(t.Context(), auth.OIDCConfig{Issuer: c.issuer, Audience: "rid", RoleClaim: "roles", Roles: wordsAreRoles})
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}
