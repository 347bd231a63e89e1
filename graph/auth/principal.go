package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Role is what a principal may do; each may do all that those before it may. The zero Role is none.
type Role uint8

// The roles, as in the public schema.
const (
	Reader   Role = iota + 1 // May ask and subscribe.
	Recorder                 // May also record, and correct or retract what it recorded itself.
	Editor                   // May also define what others speak about, and correct or retract what others recorded.
)

var roleWords = []string{"", "READER", "RECORDER", "EDITOR"}

// Roles are all of them.
func Roles() []Role { return []Role{Reader, Recorder, Editor} }

// String gives the schema's word.
func (r Role) String() string {
	if int(r) < len(roleWords) {
		return roleWords[r]
	}
	return fmt.Sprintf("Role(%d)", r)
}

// ParseRole reads the schema's word.
func ParseRole(word string) (Role, error) {
	if i := slices.Index(roleWords, word); i > 0 {
		return Role(i), nil
	}
	return 0, fmt.Errorf("there is no such role; the roles are %s", strings.Join(roleWords[1:], ", "))
}

// Principal is who asks: the subject under which recordings are recorded, and what it may do.
type Principal struct {
	Subject string
	// Roles are those that it was given, ascending, at least one.
	Roles []Role
	// Expires is when its credential ends, and with it every feed that was opened by it; zero for never.
	Expires time.Time
}

// May says whether one of the principal's roles includes the one that is needed.
func (p Principal) May(needed Role) bool {
	return len(p.Roles) > 0 && needed > 0 && p.Roles[len(p.Roles)-1] >= needed
}

// Local is who asks where nobody is asked who they are: whoever sits at this machine.
func Local() Principal { return Principal{Subject: "local", Roles: Roles()} }

// reserved are the subjects that the program itself records under.
var reserved = []string{"local", "reference", "import"}

// maxSubject is how many characters a subject has at most.
const maxSubject = 200

// CheckSubject says what keeps a text from being a subject, in a sentence that does not repeat it.
func CheckSubject(subject string) error {
	switch n := utf8.RuneCountInString(subject); {
	case n == 0:
		return fmt.Errorf("the subject is empty")
	case n > maxSubject:
		return fmt.Errorf("the subject has %d characters; it may have %d", n, maxSubject)
	case strings.TrimSpace(subject) != subject:
		return fmt.Errorf("the subject begins or ends with a space")
	case slices.Contains(reserved, strings.ToLower(subject)):
		return fmt.Errorf("the subjects %s are the program's own", strings.Join(reserved, ", "))
	}
	for _, c := range subject {
		// Not printable are control characters, and those that turn the direction of a text.
		if !unicode.IsPrint(c) || c == utf8.RuneError {
			return fmt.Errorf("the subject has a character that cannot be printed (%+q)", c)
		}
	}
	return nil
}

type principalKey struct{}

// NewContext gives a context in which the principal asks.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext gives who asks; false where nobody was made out.
func FromContext(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

type heldKey struct{}

// held is a credential, and who takes it.
type held struct {
	by         Authenticator
	credential string
}

// Hold gives a context in which a credential can be looked at again: for who goes on after the first answer.
func Hold(ctx context.Context, by Authenticator, credential string) context.Context {
	return context.WithValue(ctx, heldKey{}, held{by, credential})
}

// Still says why the credential that was held is taken no more: it has expired, or its key was taken away. That it cannot be found
// out now is no reason.
func Still(ctx context.Context) error {
	h, ok := ctx.Value(heldKey{}).(held)
	if !ok {
		return nil
	}
	_, err := h.by.Authenticate(ctx, h.credential)
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Code != Unavailable {
		return refusal
	}
	return nil
}
