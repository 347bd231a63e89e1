package graph_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/auth"
)

// BenchmarkAuthentication measures a small request over loopback to a server that asks who is there, beside the same request, in
// turns, to one that does not. "times-baseline" is the ratio of the two; that of none shows what the ratios are worth.
func BenchmarkAuthentication(b *testing.B) {
	shared := readOnly(b)
	serve := func(a auth.Authenticator) string {
		server := httptest.NewServer(graph.NewHandler(graph.Config{Model: shared.model, Log: shared.log, Authenticator: a}))
		b.Cleanup(server.Close)
		return server.URL + "/graphql"
	}
	baseline := serve(nil)

	keys, _, err := auth.OpenKeys(filepath.Join(b.TempDir(), "keys.pem"))
	if err != nil {
		b.Fatal(err)
	}
	tokens := &auth.Tokens{Keys: keys}
	token, err := tokens.Mint(auth.Principal{Subject: "jane", Roles: []auth.Role{auth.Reader}, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		b.Fatal(err)
	}
	oidc, idToken := issuer(b)
	for _, c := range []struct {
		name          string
		authenticator auth.Authenticator
		token         string
	}{{"none", auth.None{}, ""}, {"token", tokens, token}, {"oidc", oidc, idToken}} {
		b.Run(c.name, func(b *testing.B) {
			url := serve(c.authenticator)
			var ours, theirs time.Duration
			for b.Loop() {
				begin := time.Now()
				small(b, baseline, "")
				middle := time.Now()
				small(b, url, c.token)
				theirs += middle.Sub(begin)
				ours += time.Since(middle)
			}
			b.ReportMetric(float64(ours.Nanoseconds())/1000/float64(b.N), "us/request")
			b.ReportMetric(float64(theirs.Nanoseconds())/1000/float64(b.N), "us/baseline")
			b.ReportMetric(float64(ours)/float64(theirs), "times-baseline")
		})
	}
}

func small(b *testing.B, url, token string) {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader([]byte(`{"query":"{ state(by: {code: \"FRA\"}) { name } }"}`)))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte("France")) {
		b.Fatalf("status %d, %v: %.300s", response.StatusCode, err, answer)
	}
}

// issuer is an OpenID Connect issuer over loopback, as a server knows it, and a token of it (RS256, as most sign).
func issuer(b *testing.B) (*auth.OIDC, string) {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	var address string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var says any = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k"}}}
		if r.URL.Path == "/.well-known/openid-configuration" {
			says = map[string]string{"issuer": address, "jwks_uri": address + "/keys"}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(says)
	}))
	b.Cleanup(server.Close)
	address = server.URL
	known, err := auth.OpenOIDC(b.Context(), auth.OIDCConfig{
		Issuer: address, Audience: "rid", RoleClaim: "roles", Roles: map[string]auth.Role{"READER": auth.Reader},
	})
	if err != nil {
		b.Fatal(err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": address, "aud": "rid", "sub": "jane", "roles": []string{"READER"}, "exp": time.Now().Add(time.Hour).Unix(),
	})
	token.Header["kid"] = "k"
	signed, err := token.SignedString(key)
	if err != nil {
		b.Fatal(err)
	}
	return known, signed
}
