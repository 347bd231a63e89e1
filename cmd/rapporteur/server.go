package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"time"

	"github.com/rapporteur/rapporteur/graph/client"
)

// serverFlag names a running server.
type serverFlag struct {
	Server string `placeholder:"URL" help:"Go through a running server instead of a store, for example http://127.0.0.1:8080."`
	Token  string `placeholder:"TOKEN" help:"The token for the server. Better given as RAPPORTEUR_TOKEN: others can see a command line."`
}

// connect opens the server. What is waited for is told.
func (f serverFlag) connect(ctx context.Context, w io.Writer) (*client.Client, error) {
	if f.Token != "" && readable(f.Server) {
		fmt.Fprintf(w, "rapporteur: the token goes to %s unencrypted, for everybody on the way to read; better https://\n", hostOf(f.Server))
	}
	return client.Open(ctx, client.Config{URL: f.Server, Token: f.Token, Waiting: func(cause error, pause time.Duration) {
		fmt.Fprintf(w, "rapporteur: %v; again in %v\n", cause, pause.Round(100*time.Millisecond))
	}})
}

// readable says whether what goes to a server passes other machines as it is.
func readable(server string) bool {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.IsLoopback()
}

func hostOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return "the server" // unreachable: it was parsed before.
	}
	return u.Host
}
