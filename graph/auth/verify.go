package auth

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Skew is how far the clock of whoever issues a token may be ahead of ours. A token is never taken after it has expired.
const Skew = 60 * time.Second

// needsToken is what somebody is told who sends none.
const needsToken = "A token is needed: send the header Authorization with Bearer and the token (in the query editor, under Headers)."

// expected is what a token must be.
type expected struct {
	issuer, audience string
	algorithms       []string
	now              time.Time
	// keys gives those that may have signed a token; errNoKey where there is none.
	keys func(kid, algorithm string) ([]jwt.VerificationKey, error)
}

// verify reads a JSON Web Token (RFC 7519) into claims, and gives when it expires. The error is a *Refusal.
func verify(credential string, want expected, claims jwt.Claims) (expires time.Time, err error) {
	if credential == "" {
		return time.Time{}, &Refusal{Code: Unauthenticated, Message: needsToken}
	}
	token, err := jwt.NewParser(
		jwt.WithValidMethods(want.algorithms),
		jwt.WithIssuer(want.issuer), jwt.WithAudience(want.audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(Skew),
		jwt.WithTimeFunc(func() time.Time { return want.now }),
		jwt.WithStrictDecoding(),
	).ParseWithClaims(credential, claims, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		keys, err := want.keys(kid, token.Method.Alg())
		return jwt.VerificationKeySet{Keys: keys}, err
	})
	if err == nil && token.Header["crit"] != nil {
		err = errCritical // What it says must be understood (RFC 7515, section 4.1.11), and nothing of the kind is.
	}
	if err == nil {
		var end *jwt.NumericDate
		if end, err = claims.GetExpirationTime(); err == nil {
			if want.now.Before(end.Time) { // The parser allows for Skew here too.
				return end.Time, nil
			}
			err = jwt.ErrTokenExpired
		}
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return time.Time{}, refusal
	}
	return time.Time{}, &Refusal{Code: Unauthenticated, Message: whyNot(err)}
}

var (
	errNoKey    = errors.New("no such key")
	errCritical = errors.New("an extension that must be understood")
)

// whyNot says in a sentence why a token is not taken. Only what is signed is looked into.
func whyNot(err error) string {
	for _, reason := range []struct {
		cause    error
		sentence string
	}{
		{errNoKey, "The token is signed with a key that this server does not know, or knows no more; ask for a new one."},
		{errCritical, "The token has an extension that must be understood (crit), and is not understood here."},
		{jwt.ErrTokenSignatureInvalid, "The token's signature is wrong."},
		{jwt.ErrTokenExpired, "The token has expired; ask for a new one."},
		{jwt.ErrTokenNotValidYet, "The token is not valid yet."},
		{jwt.ErrTokenUsedBeforeIssued, "The token is not valid yet."},
		{jwt.ErrTokenInvalidIssuer, "The token is of another issuer."},
		{jwt.ErrTokenInvalidAudience, "The token is for another server."},
	} {
		if errors.Is(err, reason.cause) {
			return reason.sentence
		}
	}
	return "This is no token that is taken here."
}
