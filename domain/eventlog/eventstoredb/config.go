package eventstoredb

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// DefaultPrefix is what stands before the names of our streams.
const DefaultPrefix = "rapporteur."

// MaxAppendSize is how many bytes of data and metadata one append may have: what a server takes that was set up by nobody
// (MaxAppendSize of EventStoreDB 22.10 to 25.0, 1 MiB, less a little for the names).
const MaxAppendSize = 1<<20 - 4<<10

// Config says where the store is.
type Config struct {
	// ConnectionString is the client's own: esdb://[user:password@]host:2113[,host:2113…]?setting=value&…, or esdb+discover://name.
	// Two settings are ours: rapporteur-prefix, and rapporteur-insecure=true, with which a user without TLS is taken (the client sends no
	// credentials then). TLS and the verification of certificates are on unless it says otherwise.
	ConnectionString string
	// Logger is told what the connections meet. Nil for nobody.
	Logger *slog.Logger

	times times
}

// times are how long things may take. Tests have shorter ones.
type times struct {
	call     time.Duration // One append, one answer of a reading.
	patience time.Duration // An operation without any progress, over all its tries.
	redial   time.Duration // Between tries to connect.
	watch    time.Duration // Between looks at the end of $all.
	grace    time.Duration // For the subscription to send what such a look has found.
}

var usualTimes = times{call: 4 * time.Second, patience: 6 * time.Second, redial: 200 * time.Millisecond, watch: 3 * time.Second, grace: time.Second}

// The settings of a connection string that the client knows, in lower case as it compares them.
var clientSettings = []string{"defaultdeadline", "discoveryinterval", "gossiptimeout", "keepaliveinterval", "keepalivetimeout", "maxdiscoverattempts",
	"nodepreference", "tls", "tlscafile", "tlsverifycert", "usercertfile", "userkeyfile"}

// plain is a word that can be repeated in an error: a part of a password might stand where a setting should.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z-]*$`)

// parse reads a connection string. Its errors never repeat what may be part of a password.
func parse(text string) (config *esdb.Configuration, prefix string, err error) {
	if !strings.HasPrefix(text, "esdb://") && !strings.HasPrefix(text, "esdb+discover://") {
		return nil, "", errors.New("the connection string begins with esdb:// or esdb+discover://, also for KurrentDB")
	}
	malformed := errors.New("the connection string cannot be read; write esdb://user:password@host:2113?setting=value, with %XX for what is special in user and password")
	base, query, _ := strings.Cut(text, "?")
	given, err := url.ParseQuery(query)
	if err != nil || strings.Contains(query, "@") { // Then the ? was part of a password.
		return nil, "", malformed
	}
	prefix = DefaultPrefix
	insecure, gossip := false, false
	settings := url.Values{}
	for name, values := range given {
		value := values[len(values)-1]
		switch key := strings.ToLower(name); {
		case key == "rapporteur-prefix":
			prefix = value
		case key == "rapporteur-insecure":
			if insecure, err = strconv.ParseBool(value); err != nil {
				return nil, "", errors.New("the setting rapporteur-insecure is true or false")
			}
		case slices.Contains(clientSettings, key):
			settings.Set(key, value)
			gossip = gossip || key == "gossiptimeout"
		case plain.MatchString(name):
			return nil, "", fmt.Errorf("the connection string has a setting %s, which the client does not know; it knows %s, rapporteur-prefix and rapporteur-insecure",
				name, strings.Join(clientSettings, ", "))
		default:
			return nil, "", malformed
		}
	}
	if prefix == "" || strings.HasPrefix(prefix, "$") {
		return nil, "", errors.New("the setting rapporteur-prefix is one character or more, and does not begin with $, which is the system's")
	}
	config, err = esdb.ParseConnectionString(base + "?" + settings.Encode())
	if malformedURL := (*url.Error)(nil); errors.As(err, &malformedURL) {
		return nil, "", malformed
	}
	if err != nil {
		return nil, "", fmt.Errorf("the connection string: %w", err)
	}
	switch {
	case config.Username != "" && config.Password == "":
		return nil, "", errors.New("the connection string has a user and no password; the client would send neither")
	case config.Username != "" && config.DisableTLS && !insecure:
		return nil, "", errors.New("the connection string has a user and a password, and tls=false, with which the client sends neither; take out tls=false or the user, or add rapporteur-insecure=true")
	}
	if err := config.Validate(); err != nil {
		return nil, "", fmt.Errorf("the connection string: %w", err)
	}
	if !gossip {
		config.GossipTimeout = 2 // Seconds a node that answers nothing costs; the client's 5 would cost half of what a change of the leader may.
	}
	// One look at each node. When and how often to look again is decided here, by a client that is new each time.
	config.MaxDiscoverAttempts, config.DiscoveryInterval = 1, 0
	return config, prefix, nil
}

// Redacted is a connection string without user, password and settings, to be shown.
func Redacted(text string) string {
	base, _, _ := strings.Cut(text, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		rest, _, _ = strings.Cut(text[at+1:], "?") // A ? before the @ was part of a password.
	}
	return scheme + "://" + rest
}
