package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// ContentType is that of a CloudEvent in structured mode.
const ContentType = "application/cloudevents+json; charset=utf-8"

// typePrefix and typeVersion stand around a feed's name in the attribute type.
const (
	typePrefix  = "io.github.rapporteur."
	typeVersion = ".v1"
)

// cloudEvent is a message as it is published: a CloudEvent 1.0 in JSON (CLOUDEVENTS.md).
type cloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject,omitempty"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	LeafHash        string          `json:"leafhash"`
	Data            json.RawMessage `json:"data"`
}

// encode gives the CloudEvent of a message.
func (f Feed) encode(source string, m Message) ([]byte, error) {
	text, err := plain(cloudEvent{
		SpecVersion: "1.0", ID: strconv.FormatUint(m.At, 10), Source: source, Type: typePrefix + f.Name + typeVersion,
		Subject: f.subject(m.Data), Time: m.RecordedAt.UTC(), DataContentType: "application/json", LeafHash: m.LeafHash, Data: m.Data,
	})
	if err != nil {
		return nil, fmt.Errorf("the message at position %d: %w", m.At, err)
	}
	return text, nil
}

// plain is JSON on one line as people write it: encoding/json else writes <, > and & as if it went into a page.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Mark is how far a feed was published: its last message.
type Mark struct {
	// Source is the CloudEvents' attribute: which record, feed and arguments. Empty, nothing was published.
	Source string `json:"source"`
	At     uint64 `json:"at,string"`
	// LeafHash is that of the event at the position: by it a record is known again.
	LeafHash string `json:"leafhash"`
}

// markOf reads the mark of a CloudEvent.
func markOf(text []byte) (Mark, error) {
	var e cloudEvent
	if err := json.Unmarshal(text, &e); err != nil {
		return Mark{}, err
	}
	at, err := strconv.ParseUint(e.ID, 10, 64)
	if err != nil || e.Source == "" || e.LeafHash == "" {
		return Mark{}, fmt.Errorf("it is none of ours: id %q, source %q", e.ID, e.Source)
	}
	return Mark{Source: e.Source, At: at, LeafHash: e.LeafHash}, nil
}

// sourceOf gives the attribute source: the record, by a name that somebody gave it or else by the hash of its first leaf as in
// RFC 6920, and in the query the feed and its arguments. Together with the id, the position, it is unique.
func (f Feed) sourceOf(base, firstLeaf string) (string, error) {
	if base == "" {
		hash, err := hex.DecodeString(firstLeaf)
		if err != nil {
			return "", fmt.Errorf("the leaf hash %q is not hexadecimal", firstLeaf)
		}
		base = "ni:///sha-256;" + base64.RawURLEncoding.EncodeToString(hash)
	}
	query := url.Values{"feed": {f.Name}}
	for name, value := range f.Arguments {
		text, err := json.Marshal(value) // Members by name, no blanks: the same for the same arguments.
		if err != nil {
			return "", err // unreachable: it was read as JSON.
		}
		query.Set(name, string(text))
	}
	return base + "?" + query.Encode(), nil
}
