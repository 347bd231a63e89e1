package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

// keySet are the public keys of an issuer (RFC 7517). They are asked for again from time to time, so that one that was taken away
// is believed no longer, and when a token names one that is not among them, so that a new one is known at once.
//
// Why not the RemoteKeySet of go-oidc: it keeps a key until it meets one that it does not know, asks the issuer for each
// token with a bad signature, and does not let its errors be told from those of the token.
type keySet struct {
	address string
	client  *http.Client
	clock   func() time.Time
	asks    *rate.Limiter // Bounds how often strangers with odd tokens make us ask.

	mu      sync.Mutex
	asking  chan struct{} // Closed when the answer is there; nil while nobody asks.
	keys    []jose.JSONWebKey
	asked   time.Time // When the keys were asked for.
	failure error     // Of the last time that they were asked for.
}

const (
	freshKeys = 10 * time.Minute // After that, they are asked for again while they serve.
	oldKeys   = time.Hour        // After that, they serve no more: what was taken away an hour ago must not be believed.
)

func newKeySet(address string, client *http.Client, clock func() time.Time) *keySet {
	return &keySet{address: address, client: client, clock: clock, asks: rate.NewLimiter(rate.Every(10*time.Second), 5)}
}

// load asks for the keys for the first time.
func (s *keySet) load(ctx context.Context) error {
	keys, err := s.fetch(ctx)
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("%s has none that can be used", s.address)
	}
	s.keys, s.asked = keys, s.clock()
	return err
}

// find gives the keys that may have signed a token: those of its kid or, where it names none, all that fit its algorithm.
func (s *keySet) find(ctx context.Context, kid, algorithm string) ([]jwt.VerificationKey, error) {
	now := s.clock()
	found, age, _ := s.known(now, kid, algorithm)
	if len(found) > 0 && age < freshKeys {
		return found, nil
	}
	answered := s.ask(now)
	if len(found) > 0 && age < oldKeys {
		return found, nil
	}
	select {
	case <-answered:
	case <-ctx.Done():
		return nil, unreachable(ctx.Err())
	}
	switch found, age, failure := s.known(now, kid, algorithm); {
	case len(found) > 0 && age < oldKeys:
		return found, nil
	case failure != nil: // Perhaps the key is one that could not be heard of.
		return nil, unreachable(failure)
	case age >= oldKeys:
		return nil, unreachable(fmt.Errorf("its keys are %v old", age))
	}
	return nil, errNoKey
}

func unreachable(cause error) *Refusal {
	return &Refusal{Code: Unavailable, Message: "The issuer's keys cannot be asked for now; the token may be sent again.",
		Cause: fmt.Errorf("ask the issuer for its keys: %w", cause)}
}

// known gives the keys that are at hand, how old they are, and why they could not be asked for again.
func (s *keySet) known(now time.Time, kid, algorithm string) (found []jwt.VerificationKey, age time.Duration, failure error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.keys {
		if (kid == "" || key.KeyID == kid) && (key.Algorithm == "" || key.Algorithm == algorithm) && (key.Use == "" || key.Use == "sig") {
			found = append(found, key.Key)
		}
	}
	return found, now.Sub(s.asked), s.failure
}

// ask asks for the keys, unless somebody does already, or that has been done too often. It goes on when who wanted to know has gone
// away.
func (s *keySet) ask(now time.Time) (answered <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asking != nil {
		return s.asking
	}
	asking := make(chan struct{})
	if !s.asks.AllowN(now, 1) {
		close(asking)
		return asking
	}
	s.asking = asking
	go func() {
		keys, err := s.fetch(context.Background()) // The client has a time-out.
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.failure = err; err == nil {
			s.keys, s.asked = keys, now
		}
		s.asking = nil
		close(asking)
	}()
	return asking
}

func (s *keySet) fetch(ctx context.Context) (keys []jose.JSONWebKey, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", s.address, response.Status)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		return nil, fmt.Errorf("%s gives no set of keys: %w", s.address, err)
	}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// A key of a kind that is not known here is for others (RFC 7517, section 5), and a secret one is for nobody.
		if json.Unmarshal(raw, &key) == nil && key.Valid() && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
