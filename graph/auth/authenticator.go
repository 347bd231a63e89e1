package auth

import "context"

// Authenticator makes out who a credential belongs to. It may be called from many goroutines.
type Authenticator interface {
	// Authenticate gives the principal of a credential, which is empty where none was sent. The error is a *Refusal.
	// It returns soon after the context has ended.
	Authenticate(ctx context.Context, credential string) (Principal, error)
}

// Code classifies a refusal, in the public schema's words.
type Code string

// The codes of refusals.
const (
	Unauthenticated Code = "UNAUTHENTICATED" // There is no credential, or none that is valid.
	Forbidden       Code = "FORBIDDEN"       // Who asks is known, and has no role that allows it.
	Unavailable     Code = "UNAVAILABLE"     // It cannot be found out now; the same credential may be sent again.
)

// Refusal says why somebody does not get through.
type Refusal struct {
	Code Code
	// Message is a sentence for whoever sent the credential: what is wrong, and what would be right. It repeats nothing of it.
	Message string
	// Cause is for the log of the server; nil where the message says it all.
	Cause error
}

func (r *Refusal) Error() string { return r.Message }
func (r *Refusal) Unwrap() error { return r.Cause }

// None asks nobody who they are: everybody is Local.
type None struct{}

// Authenticate gives Local.
func (None) Authenticate(context.Context, string) (Principal, error) { return Local(), nil }
