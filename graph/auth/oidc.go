package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
)

// OIDCConfig says whose tokens are taken, and what they give.
type OIDCConfig struct {
	// Issuer is the issuer's address as its tokens have it in iss: https, or http on this machine itself.
	Issuer string
	// Audience is what its tokens for this server have in aud: often the id of a client, or the address of an API.
	Audience string
	// RoleClaim is where a token says what its owner is: a claim, or a path with dots into one (realm_access.roles).
	RoleClaim string
	// Roles says which role a value of that claim gives; other values give none.
	Roles map[string]Role

	Clock func() time.Time // time.Now where it is nil.
}

// OIDC knows people by the tokens of an OpenID Connect issuer: ID tokens, or access tokens that are JSON Web Tokens (RFC 9068).
type OIDC struct {
	config OIDCConfig
	keys   *keySet
}

// Asymmetric alone: with the others, whoever can read a public key could sign.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

const (
	issuerTimeout = 5 * time.Second // For each request to the issuer.
	maxIssuerBody = 1 << 20
)

// OpenOIDC asks an issuer where its keys are (OpenID Connect Discovery 1.0), and for the keys.
func OpenOIDC(ctx context.Context, c OIDCConfig) (*OIDC, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if err := CheckIssuer(c.Issuer); err != nil {
		return nil, err
	}
	client := &http.Client{
		Timeout:   issuerTimeout,
		Transport: bounded{http.DefaultTransport.(*http.Transport).Clone()},
		// Where it leads to might not be the issuer, nor be encrypted.
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("it redirects to another address") },
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, client), c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask the issuer %s what it is (OpenID Connect discovery): %.300w", c.Issuer, err)
	}
	var found struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil {
		return nil, fmt.Errorf("the issuer %s: %w", c.Issuer, err)
	}
	if err := CheckIssuer(found.JWKS); err != nil {
		return nil, fmt.Errorf("the issuer %s says where its keys are (jwks_uri), but %w", c.Issuer, err)
	}
	keys := newKeySet(found.JWKS, client, c.Clock)
	if err := keys.load(ctx); err != nil {
		return nil, fmt.Errorf("ask the issuer %s for its keys: %w", c.Issuer, err)
	}
	return &OIDC{config: c, keys: keys}, nil
}

// CheckIssuer says what keeps an address from being an issuer's, in a sentence that does not repeat it where it holds a password.
func CheckIssuer(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the address of an issuer is an URL, for example https://id.example/realms/rid")
	case u.User != nil:
		return errors.New("the address of an issuer has no user name and no password in it")
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the address of an issuer ends with its path, unlike %q", address)
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not encrypted, so that whoever is on the way could be everybody; an issuer has https", address)
	}
	return nil
}

// bounded reads no more of an answer than an issuer has to say.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxIssuerBody), response.Body}
	}
	return response, err
}

// Authenticate takes a token of the issuer for the audience.
func (o *OIDC) Authenticate(ctx context.Context, credential string) (Principal, error) {
	claims := jwt.MapClaims{}
	expires, err := verify(credential, expected{
		issuer: o.config.Issuer, audience: o.config.Audience, algorithms: algorithms, now: o.config.Clock(),
		keys: func(kid, algorithm string) ([]jwt.VerificationKey, error) { return o.keys.find(ctx, kid, algorithm) },
	}, claims)
	if err != nil {
		return Principal{}, err
	}
	subject, _ := claims.GetSubject()
	if err := CheckSubject(subject); err != nil {
		return Principal{}, &Refusal{Code: Unauthenticated, Message: "The token names nobody who can be known here: " + err.Error() + "."}
	}
	p := Principal{Subject: subject, Expires: expires}
	for _, value := range values(claims, o.config.RoleClaim) {
		if role, ok := o.config.Roles[value]; ok && !slices.Contains(p.Roles, role) {
			p.Roles = append(p.Roles, role)
		}
	}
	slices.Sort(p.Roles)
	if len(p.Roles) == 0 {
		return Principal{}, &Refusal{Code: Forbidden, Message: "The token gives no role here (claim " + o.config.RoleClaim +
			"); to ask anything needs the role READER. Whoever runs the server can say which of the issuer's roles gives it."}
	}
	return p, nil
}

// values gives the texts of a claim: of a list, or of one text with spaces between, as in scope.
func values(claims map[string]any, path string) (texts []string) {
	found, ok := claims[path] // Names of claims that are URLs have dots of their own.
	for at := any(map[string]any(claims)); !ok; {
		name, rest, more := strings.Cut(path, ".")
		inner, isMap := at.(map[string]any)
		if !isMap {
			return nil
		}
		if at = inner[name]; !more {
			found, ok = at, true
		}
		path = rest
	}
	switch found := found.(type) {
	case string:
		return strings.Fields(found)
	case []any:
		for _, v := range found {
			if text, ok := v.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	return texts
}
