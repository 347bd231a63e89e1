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

// connect opens the server that is named, to record through it. What is waited for is told.
func (s serverFlags) connect(ctx context.Context, w io.Writer) (*client.Client, error) {
	address, err := s.address()
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(address); err == nil && s.Token != "" && overheard(u) {
		fmt.Fprintf(w, "rapporteur: the token goes to %s unencrypted, for everybody on the way to read; better https://\n", u.Host)
	}
	return client.Open(ctx, client.Config{URL: address, Token: s.Token, Waiting: func(cause error, pause time.Duration) {
		fmt.Fprintf(w, "rapporteur: %v; again in %v\n", cause, pause.Round(100*time.Millisecond))
	}})
}

// overheard says whether what goes to a server passes other machines as it is.
func overheard(u *url.URL) bool {
	if u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.IsLoopback()
}
