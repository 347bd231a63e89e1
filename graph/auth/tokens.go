package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// issuer is who issues tokens, and for whom: this program, for itself.
const issuer = "rapporteur"

// maxToken is how many bytes a token of ours has at most: a subject of 200 characters of four bytes, each escaped, and the rest.
const maxToken = 4 << 10

// Tokens knows people by tokens that it has signed itself: JSON Web Tokens (RFC 7519) with the signature EdDSA over Ed25519 (RFC
// 8037), and the name of the key in kid.
type Tokens struct {
	Keys  *Keys
	Clock func() time.Time // time.Now where it is nil.
}

type claims struct {
	jwt.RegisteredClaims
	Roles []string `json:"roles"`
}

func (t *Tokens) now() time.Time {
	if t.Clock == nil {
		return time.Now()
	}
	return t.Clock()
}

// Mint makes a token for a principal, until it expires.
func (t *Tokens) Mint(p Principal) (string, error) {
	if err := CheckSubject(p.Subject); err != nil {
		return "", err
	}
	words := make([]string, len(p.Roles))
	for i, role := range p.Roles {
		words[i] = role.String()
	}
	if _, err := ParseRoles(words); err != nil {
		return "", err
	}
	now := t.now()
	if !p.Expires.After(now) {
		return "", errors.New("the token would have expired already")
	}
	ring, err := t.Keys.current()
	if err != nil {
		return "", err
	}
	if ring.signer == nil {
		return "", fmt.Errorf("the key file %s holds public keys alone; a token is made where the private key is", t.Keys.file)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{issuer}, Subject: p.Subject,
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(p.Expires),
		},
		Roles: words,
	})
	token.Header["kid"] = thumbprint(ring.signer.Public().(ed25519.PublicKey))
	return token.SignedString(ring.signer)
}

// ParseRoles reads the words of roles: at least one, each of them known, none twice. They are given ascending.
func ParseRoles(words []string) ([]Role, error) {
	var roles []Role
	for _, word := range words {
		role, err := ParseRole(word)
		if err != nil {
			return nil, err
		}
		if slices.Contains(roles, role) {
			return nil, errors.New("a role is named twice")
		}
		roles = append(roles, role)
	}
	if len(roles) == 0 {
		return nil, errors.New("there is no role")
	}
	slices.Sort(roles)
	return roles, nil
}

// Authenticate takes a token that Mint made with a key that is still there.
func (t *Tokens) Authenticate(_ context.Context, credential string) (Principal, error) {
	if len(credential) > maxToken {
		return Principal{}, &Refusal{Code: Unauthenticated, Message: "The token is longer than any that is issued here."}
	}
	var c claims
	expires, err := verify(credential, expected{
		issuer: issuer, audience: issuer, algorithms: []string{jwt.SigningMethodEdDSA.Alg()}, now: t.now(),
		keys: func(kid, _ string) ([]jwt.VerificationKey, error) {
			ring, err := t.Keys.current()
			if err != nil {
				return nil, &Refusal{Code: Unavailable, Message: "The server cannot read its keys now; the token may be sent again.", Cause: err}
			}
			if key, ok := ring.public[kid]; ok {
				return []jwt.VerificationKey{key}, nil
			}
			return nil, errNoKey
		},
	}, &c)
	if err != nil {
		return Principal{}, err
	}
	roles, err := ParseRoles(c.Roles)
	if err == nil {
		err = CheckSubject(c.Subject)
	}
	if err != nil {
		return Principal{}, &Refusal{Code: Unauthenticated, Message: "The token is signed, but not one that is issued here: " + err.Error() + "."}
	}
	return Principal{Subject: c.Subject, Roles: roles, Expires: expires}, nil
}
