package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/rapporteur/rapporteur/domain"
)

// Config says which server is asked, and as whom.
type Config struct {
	// URL is the server's address, as people write it: http://127.0.0.1:8080, or with the path of the endpoint.
	URL string
	// Token is sent as a bearer token (RFC 6750); without one nothing is.
	Token string
	// Patience is how long in all one request is repeated where the server cannot be reached or does not know. 30 s by default.
	Patience time.Duration
	// Waiting, where given, is told what was the matter before each pause.
	Waiting func(cause error, pause time.Duration)
}

// attempt is the longest that one request may take. The server itself answers within 30 s.
const attempt = time.Minute

// Client speaks to one server. It serves one goroutine.
type Client struct {
	config   Config
	endpoint string // Its address, with the path.
	http     *transport
	graphql  graphql.Client

	subject string
	roles   []Role
	at      uint64 // The position to which reading is pinned.
	places  places
}

// Open finds out whether a rapporteur answers at the address, as whom it takes the caller, and how far its record goes. What is
// wrong is told in words that say what to do.
func Open(ctx context.Context, config Config) (*Client, error) {
	endpoint, err := endpointOf(config.URL)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(config.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token has characters that no token has, such as blanks; give it as it was printed")
	}
	config.Patience = cmp.Or(config.Patience, 30*time.Second)
	c := &Client{config: config, endpoint: endpoint, http: &transport{token: config.Token}, places: newPlaces()}
	c.graphql = graphql.NewClient(endpoint, &http.Client{Transport: c.http, Timeout: attempt, CheckRedirect: redirection})
	said, err := once(ctx, c, hello) // Not repeated: a server that is not there is better told at once.
	if err != nil {
		return nil, c.opening(err)
	}
	if said.Viewer.Subject == nil {
		return nil, fmt.Errorf("%s does not know who asks, and records for nobody; give a token", c.endpoint)
	}
	if c.at, err = strconv.ParseUint(said.At, 10, 64); err != nil {
		return nil, fmt.Errorf("%s gives %q as its position: %w", c.endpoint, said.At, err)
	}
	c.subject, c.roles = *said.Viewer.Subject, said.Viewer.Roles
	return c, nil
}

// Subject is under which name the server records what is sent.
func (c *Client) Subject() string { return c.subject }

// endpointOf completes an address.
func endpointOf(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "", fmt.Errorf("%q is no address of a server; write for example http://127.0.0.1:8080", withoutUser(address))
	case u.User != nil:
		return "", fmt.Errorf("the address of the server %s has a name or password in it; leave it out, and give a token", u.Host)
	case u.RawQuery != "", u.Fragment != "":
		return "", fmt.Errorf("the address of the server %s has something behind its path; leave it out", u.Host)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(u.Path, "/graphql") {
		u.Path += "/graphql"
	}
	u.RawPath = ""
	return u.String(), nil
}

// withoutUser keeps what may be a password out of a message.
func withoutUser(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return "…" + address[i:]
	}
	return address
}

// may says which role commands need that the caller does not have, and which of them is the first.
func (c *Client) may(commands []Command) error {
	// Each role may do all that those before it may.
	switch {
	case slices.Contains(c.roles, RoleEditor):
		return nil
	case !slices.Contains(c.roles, RoleRecorder):
		return fmt.Errorf("%s takes the caller (%s) as one who may only read; recording needs the role RECORDER, and EDITOR for what defines something; give another token", c.endpoint, c.subject)
	}
	for _, command := range commands {
		switch command.Command.(type) {
		case domain.AdmitState, domain.DefineGroup, domain.ChangeGroupMembership, domain.DefineSession, domain.DefineElement, domain.DefineOption:
			return fmt.Errorf("%s takes the caller (%s) as one who may record, but not define; States, groups, sessions, elements and options, as in %s, need the role EDITOR; give another token",
				c.endpoint, c.subject, command.Where)
		}
	}
	return nil
}
