package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/projections/relay"
)

type relayCommand struct {
	serverFlags
	To     string `required:"" placeholder:"URL" help:"Where to publish: nats:// or tls:// of a NATS server with JetStream, or the http:// or https:// address of a webhook. With a password in it better given as $$RAPPORTEUR_TO."`
	Feed   string `default:"eventRecorded" placeholder:"FEED" help:"Which feed: positionChanged, endorsementChanged, convergenceChanged or eventRecorded (default ${default})."`
	Filter string `placeholder:"JSON" help:"The feed's filter, for example '{\"proposal\": \"programme-of-action\"}'; of convergenceChanged '{\"target\": …, \"by\": …}'."`
	From   uint64 `placeholder:"POSITION" help:"Where to begin the first time: with the first message behind this position of the record (default: its beginning). Afterwards the relay goes on where it was."`
	Source string `placeholder:"URI" help:"The record's name in the attribute source of the CloudEvents (default: the hash of its first event)."`

	State      string        `placeholder:"FILE" help:"Webhooks: the file that says how far the feed was published; one for each receiver and feed."`
	SecretFile string        `placeholder:"FILE" help:"Webhooks: the secrets to sign with, one a line, each whsec_ and base64; without it they are those of $$RAPPORTEUR_WEBHOOK_SECRET."`
	Timeout    time.Duration `default:"20s" placeholder:"TIME" help:"Webhooks: how long a receiver may take to answer (default ${default})."`

	Stream      string `placeholder:"NAME" help:"NATS: the stream (default: rapporteur- and the feed); it is made if it is not there, and holds this feed alone."`
	Subject     string `placeholder:"SUBJECT" help:"NATS: the stream's subject (default: rapporteur. and the feed)."`
	Credentials string `placeholder:"FILE" help:"NATS: a file of credentials."`
}

// silence is how long a server may say nothing on a feed: several times what it lets pass between signs of life.
const silence = time.Minute

// Run publishes a feed until the context ends.
func (c *relayCommand) Run(ctx context.Context, out output) (err error) {
	logger := newLogger(out)
	feed, err := relay.ParseFeed(c.Feed, c.Filter)
	if err != nil {
		return &usage{"--feed and --filter: " + err.Error()}
	}
	if c.Server == "" {
		return &usage{"name the server whose record is relayed, for example --server http://127.0.0.1:8080"}
	}
	server, err := c.address()
	if err != nil {
		return err
	}
	if u, err := url.Parse(c.Source); err != nil || u.RawQuery != "" || u.Fragment != "" {
		return &usage{fmt.Sprintf("--source %q is no URI without a query, for example https://rid.example/record", c.Source)}
	}
	config := relay.Config{
		Feed: feed, Name: c.Source, From: c.From, Logger: logger,
		Source: &relay.Server{URL: server, Token: c.Token, Feed: feed, Client: &http.Client{CheckRedirect: noRedirect}, Silence: silence},
	}
	scheme, _, _ := strings.Cut(c.To, "://")
	switch scheme {
	case "nats", "tls":
		stream, err := relay.OpenStream(relay.StreamConfig{
			URL: c.To, Credentials: c.Credentials, Name: cmp.Or(c.Stream, "rapporteur-"+c.Feed), Subject: cmp.Or(c.Subject, "rapporteur."+c.Feed), Logger: logger,
		})
		if err != nil {
			return &usage{"--to, --stream and --subject: " + err.Error()}
		}
		config.To, config.Progress = stream, stream
	case "http", "https":
		if c.State == "" {
			return &usage{"a webhook does not say how far it is; name a file that does with --state FILE"}
		}
		secrets, err := webhookSecrets(c.SecretFile)
		if err != nil {
			return err
		}
		hook, err := relay.NewWebhook(c.To, secrets, c.Timeout)
		if err != nil {
			return &usage{"--to and the secrets: " + err.Error()}
		}
		config.To, config.Progress = hook, relay.File{Path: c.State, Receiver: relay.ReceiverOf(c.To)}
	default:
		return &usage{"--to is no address that can be published to; write nats://HOST, tls://HOST, http://… or https://…"}
	}
	defer config.To.Close()
	fmt.Fprintf(out.out, "relaying %s of %s\n", c.Feed, server)
	return relay.Run(ctx, config)
}

// noRedirect keeps the token from whoever was not named.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
