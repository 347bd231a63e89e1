package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// edgeFlags say how the server meets the network: encryption, pages of other origins, and the limits that it answers with.
type edgeFlags struct {
	TLSCert string `name:"tls-cert" placeholder:"FILE" help:"Serve HTTPS with this certificate (PEM, with its intermediates); it is read again when it changes."`
	TLSKey  string `name:"tls-key" placeholder:"FILE" help:"The private key of --tls-cert (PEM)."`

	CORSOrigin   []string `name:"cors-origin" placeholder:"ORIGIN" help:"Pages of this origin may ask from a browser, for example https://rid.example; may be repeated."`
	TrustedProxy []string `placeholder:"NETWORK" help:"A reverse proxy with an address in this network is believed who its client is (X-Forwarded-For), for example 10.0.0.0/8; may be repeated."`

	Rate      float64 `default:"100" placeholder:"N" help:"Requests a second of one client in the long run (default ${default}); a negative number sets no limit. This machine itself is not limited."`
	RateBurst int     `default:"500" placeholder:"N" help:"Requests of one client at once (default ${default})."`

	MaxBody       int64         `default:"1048576" placeholder:"BYTES" help:"Size of a request's body (default ${default})."`
	MaxTokens     int           `default:"1000" placeholder:"N" help:"Tokens of a document (default ${default}); those of --operations may have ten times as many."`
	MaxDepth      int           `default:"15" placeholder:"N" help:"Fields nested in fields (default ${default})."`
	MaxAliases    int           `default:"50" placeholder:"N" help:"Names for one field on one level (default ${default})."`
	MaxComplexity int           `default:"300000" placeholder:"N" help:"Cost of an operation, about the fields of its answer (default ${default})."`
	MaxInFlight   int           `placeholder:"N" help:"Operations that run at the same time (default: four a processor); 16 times as many may wait, and one client has half of both at most."`
	AnswerCache   int           `default:"67108864" placeholder:"BYTES" help:"Answers to queries that are kept in memory, to be given again while nothing new is recorded, and for ever where asOf.log pins them (default ${default}); 0 keeps none."`
	Timeout       time.Duration `default:"30s" placeholder:"TIME" help:"Time of an operation, its wait for a turn included (default ${default})."`
	Operations    string        `placeholder:"DIR" help:"A folder of .graphql files: documents that may have ten times the tokens."`
}

// config is what the flags say of how is served; auth says who may ask.
func (f edgeFlags) config(auth string) (c graph.Config, err error) {
	if c.Clients, err = f.clients(); err != nil {
		return c, err
	}
	if c.AllowedOrigins, err = f.origins(auth); err != nil {
		return c, err
	}
	if c.Limits, err = f.limits(); err != nil {
		return c, err
	}
	if c.Registered, err = f.registered(); err != nil {
		return c, err
	}
	c.InFlight, c.Timeout = f.MaxInFlight, f.Timeout
	if f.MaxInFlight < 0 {
		return c, &usage{"--max-in-flight is a number of operations; without it they are four a processor"}
	}
	if f.AnswerCache < 0 {
		return c, &usage{"--answer-cache is a number of bytes; 0 keeps no answers"}
	}
	c.AnswerBytes = max(1, f.AnswerCache) // Nothing fits in one byte.
	return c, nil
}

// clients says how clients are told apart and bounded.
func (f edgeFlags) clients() (httpgraphql.Clients, error) {
	c := httpgraphql.Clients{Rate: f.Rate, Burst: f.RateBurst}
	if f.Rate == 0 || f.RateBurst < 1 {
		return c, &usage{"--rate 0 or --rate-burst below 1 would let nobody ask; a negative --rate sets no limit"}
	}
	for _, text := range f.TrustedProxy {
		network, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return c, &usage{fmt.Sprintf("--trusted-proxy %q is no network; write an address or a network, for example 10.0.0.0/8", text)}
		}
		c.TrustedProxies = append(c.TrustedProxies, network)
	}
	return c, nil
}

// origins are those of the pages that may ask. Without authentication that cannot be every page: it would be asked, and recorded
// into, by whatever site somebody at this machine opens.
func (f edgeFlags) origins(auth string) ([]string, error) {
	for _, origin := range f.CORSOrigin {
		if origin == "*" && auth == "none" {
			return nil, &usage{"--cors-origin * would let every page in the world record, since there is no authentication; name the origins"}
		}
		if err := httpgraphql.CheckOrigin(origin); err != nil {
			return nil, &usage{"--cors-origin " + err.Error()}
		}
	}
	return f.CORSOrigin, nil
}

// limits are those of /graphql.
func (f edgeFlags) limits() (httpgraphql.Limits, error) {
	for name, value := range map[string]int64{
		"max-body": f.MaxBody, "max-tokens": int64(f.MaxTokens), "max-depth": int64(f.MaxDepth), "max-aliases": int64(f.MaxAliases),
		"max-complexity": int64(f.MaxComplexity), "timeout": int64(f.Timeout),
	} {
		if value < 1 {
			return httpgraphql.Limits{}, &usage{fmt.Sprintf("--%s must be above zero; there is no server without limits", name)}
		}
	}
	return httpgraphql.Limits{
		Body: f.MaxBody, Tokens: f.MaxTokens, Depth: f.MaxDepth, Aliases: f.MaxAliases, Complexity: f.MaxComplexity,
	}, nil
}

// registered reads the documents that the operator knows.
func (f edgeFlags) registered() (func(document string) bool, error) {
	if f.Operations == "" {
		return nil, nil
	}
	files, err := filepath.Glob(filepath.Join(f.Operations, "*.graphql"))
	if err == nil && len(files) == 0 {
		err = errors.New("there is no .graphql file in it")
	}
	if err != nil {
		return nil, fmt.Errorf("--operations %s: %w; name a folder of documents", f.Operations, err)
	}
	known := make(map[string]bool, len(files))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--operations: %w", err)
		}
		known[strings.TrimSpace(string(text))] = true
	}
	return func(document string) bool { return known[strings.TrimSpace(document)] }, nil
}

// secure is the listener with encryption where a certificate is named, and the scheme of its addresses.
func (f edgeFlags) secure(listener net.Listener, logger *slog.Logger) (net.Listener, string, error) {
	switch {
	case f.TLSCert == "" && f.TLSKey == "":
		return listener, "http", nil
	case f.TLSCert == "" || f.TLSKey == "":
		return nil, "", &usage{"--tls-cert and --tls-key belong together; give both"}
	}
	pair := &keyPair{cert: f.TLSCert, key: f.TLSKey, logger: logger}
	if err := pair.load(); err != nil {
		return nil, "", err
	}
	return tls.NewListener(listener, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return pair.current(time.Now()), nil
		},
	}), "https", nil
}

// keyPair is a certificate with its key that is read again when a file of it changes, so that it can be renewed without a restart.
type keyPair struct {
	cert, key string
	logger    *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	seen   [2]fs.FileInfo // The files that were read last, good or bad.
	looked time.Time      // When the files were looked at last.
}

// unchanged says whether a file is the one that was looked at before, as far as it shows without being read.
func unchanged(before, now fs.FileInfo) bool {
	return before != nil && os.SameFile(before, now) && before.ModTime().Equal(now.ModTime()) && before.Size() == now.Size()
}

// lookEvery is how often the files are looked at while connections come in.
const lookEvery = 5 * time.Second

// load reads the pair. What changes while it reads is read the next time.
func (p *keyPair) load() error {
	p.seen, _ = p.files()
	pair, err := tls.LoadX509KeyPair(p.cert, p.key)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("read the certificate: %w", err)
	case err != nil:
		return fmt.Errorf("the certificate %s and the key %s cannot be used (%w); both are PEM files, and the key is the certificate's own", p.cert, p.key, err)
	}
	p.loaded = &pair
	return nil
}

func (p *keyPair) files() (files [2]fs.FileInfo, err error) {
	for i, name := range []string{p.cert, p.key} {
		if files[i], err = os.Stat(name); err != nil {
			return files, err
		}
	}
	return files, nil
}

// current gives the pair to use. While the files cannot be read, or do not fit one another, as between the renewal of the one and
// of the other, it is the last that could.
func (p *keyPair) current(now time.Time) *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.looked) < lookEvery {
		return p.loaded
	}
	p.looked = now
	files, err := p.files()
	if err == nil && unchanged(p.seen[0], files[0]) && unchanged(p.seen[1], files[1]) {
		return p.loaded
	}
	if err == nil {
		err = p.load()
	}
	if err != nil {
		p.logger.Warn("the certificate was not read again; the one before is used on", "error", err)
		return p.loaded
	}
	p.logger.Info("the certificate was read again", "notAfter", p.loaded.Leaf.NotAfter)
	return p.loaded
}
