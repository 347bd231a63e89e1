package relay

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	wmhttp "github.com/ThreeDotsLabs/watermill-http/v2/pkg/http"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/cenkalti/backoff/v5"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Webhook publishes to an address, by POST, signed as Standard Webhooks says (https://www.standardwebhooks.com, version 1.0.0).
type Webhook struct {
	to     *url.URL
	client *http.Client
	keys   []*standardwebhooks.Webhook
	inner  *wmhttp.Publisher
}

var _ message.Publisher = (*Webhook)(nil)

// NewWebhook makes a publisher to an address, with the secrets to sign with: "whsec_" and 24 to 64 bytes in base64. With more than
// one, each signs, so that a receiver can be given a new one before the old one goes. timeout is that of one attempt.
func NewWebhook(address string, secrets []string, timeout time.Duration) (*Webhook, error) {
	to, err := url.Parse(address)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil, errors.New("it is no http or https address")
	}
	w := &Webhook{to: to}
	for _, secret := range secrets {
		text, named := strings.CutPrefix(secret, "whsec_")
		key, err := base64.StdEncoding.DecodeString(text)
		if !named || err != nil || len(key) < 24 || len(key) > 64 {
			return nil, errors.New(`a secret is "whsec_" and 24 to 64 bytes in base64`)
		}
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, signer)
	}
	if len(w.keys) == 0 {
		return nil, errors.New("there is no secret to sign with")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 1
	client := &http.Client{
		Transport: outcome{transport}, Timeout: timeout,
		// A redirection would take the message to somebody who was not named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.inner, err = wmhttp.NewPublisher(wmhttp.PublisherConfig{MarshalMessageFunc: w.request, Client: client, DoNotLogResponseBodyOnServerError: true}, nil)
	if err != nil {
		return nil, err // unreachable: the configuration is whole.
	}
	w.client = client
	return w, nil
}

// Publish sends messages; the topic is the address already.
func (w *Webhook) Publish(_ string, messages ...*message.Message) error {
	err := w.inner.Publish(w.to.Redacted(), messages...)
	if err == nil {
		return nil
	}
	// What the libraries say has the whole address in it, and perhaps a secret.
	err = fmt.Errorf("%s: %w", w.to.Host, withoutAddress(err))
	if final := (*backoff.PermanentError)(nil); errors.As(err, &final) {
		return backoff.Permanent(err)
	}
	return err
}

// Close closes idle connections.
func (w *Webhook) Close() error {
	w.client.CloseIdleConnections()
	return w.inner.Close()
}

// request makes the signed request of a message.
func (w *Webhook) request(_ string, m *message.Message) (*http.Request, error) {
	r, err := http.NewRequestWithContext(m.Context(), http.MethodPost, w.to.String(), bytes.NewReader(m.Payload))
	if err != nil {
		return nil, err
	}
	id, err := webhookID(m.Payload)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	signatures := make([]string, len(w.keys))
	for i, key := range w.keys {
		if signatures[i], err = key.Sign(id, now, m.Payload); err != nil {
			return nil, err
		}
	}
	r.Header.Set("Content-Type", ContentType)
	r.Header.Set("User-Agent", "rapporteur")
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return r, nil
}

// webhookID is the same whenever a message is sent, and that of no other message: of a CloudEvent that are source and id together.
func webhookID(payload []byte) (string, error) {
	mark, err := markOf(payload)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d", mark.Source, mark.At))
	return "msg_" + hex.EncodeToString(sum[:16]), nil
}

// outcome makes an error of every answer but 2xx, one for good of 410 (Standard Webhooks: the receiver wants no more), and reads answers
// to their end, so that the connection serves the next message, too.
type outcome struct{ http.RoundTripper }

func (o outcome) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := o.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // What it says does not matter, and a longer one closes the connection.
	response.Body = http.NoBody
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	err = fmt.Errorf("the receiver answers %s", response.Status)
	if response.StatusCode == http.StatusGone {
		return nil, backoff.Permanent(fmt.Errorf("%w: it wants no more", err))
	}
	if after, ok := retryAfter(response); ok {
		return nil, errors.Join(err, &backoff.RetryAfterError{Duration: after})
	}
	return nil, err
}

// ReceiverOf tells receivers apart in a state file, without their address being in it.
func ReceiverOf(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:])
}
