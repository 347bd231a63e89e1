package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// TestTheTokensOfAnIssuer are taken by the real program, with the roles that its flags say.
func TestTheTokensOfAnIssuer(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var address string
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var says any = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k"}}}
		if r.URL.Path == "/realms/rid/.well-known/openid-configuration" {
			says = map[string]string{"issuer": address, "jwks_uri": address + "/keys"}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(says)
	}))
	defer issuer.Close()
	address = issuer.URL + "/realms/rid"
	p, err := start(t.TempDir(), []string{
		"PATH=" + os.Getenv("PATH"), "RAPPORTEUR_AUTH=oidc", "RAPPORTEUR_OIDC_ISSUER=" + address, "RAPPORTEUR_OIDC_AUDIENCE=rid",
		"RAPPORTEUR_OIDC_ROLE_CLAIM=realm_access.roles", "RAPPORTEUR_OIDC_ROLE=cn=analysts,ou=rid=RECORDER;readers=reader",
	}, "serve", "--listen", "127.0.0.1:0", "--empty")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(syscall.SIGKILL)
	if want := "access   who has a token of " + address + " for rid, with a role in realm_access.roles\n"; !strings.Contains(p.out.String(), want) {
		t.Errorf("it says %s, not %s", p.out, want)
	}
	for _, c := range []struct {
		audience string
		roles    []string
		status   int
		says     string
	}{
		{"rid", []string{"readers"}, 200, `"viewer":{"subject":"jane","roles":["READER"]}`},
		{"rid", []string{"cn=analysts,ou=rid", "readers", "others"}, 200, `"roles":["READER","RECORDER"]`},
		{"rid", []string{"others", "EDITOR"}, 403, `"code":"FORBIDDEN"`},
		{"other", []string{"readers"}, 401, `The token is for another server.`},
	} {
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": address, "aud": c.audience, "sub": "jane", "realm_access": map[string]any{"roles": c.roles}, "exp": time.Now().Add(time.Hour).Unix(),
		})
		token.Header["kid"] = "k"
		signed, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		status, answer, err := post(p.address, `{"query":"{ viewer { subject roles } }"}`, "Authorization: Bearer "+signed)
		if err != nil || status != c.status || !strings.Contains(string(answer), c.says) {
			t.Errorf("%v: %d %s, %v", c, status, answer, err)
		}
	}
}
