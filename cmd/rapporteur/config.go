package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// commands is the grammar of the command line. Each flag can be given as an environment variable, too: RAPPORTEUR_ and the
// flag's name in capitals.
type commands struct {
	Demo    demoCommand    `cmd:"" help:"Record the built-in negotiation in a store of its own and serve it."`
	Serve   serveCommand   `cmd:"" help:"Serve a store: GraphQL and a query editor."`
	Import  importCommands `cmd:"" help:"Record what files hold."`
	Export  exportCommands `cmd:"" help:"Write what the record holds as files that open elsewhere."`
	Replay  replayCommand  `cmd:"" help:"Read the record from its beginning, rebuild the read model and print its digest."`
	Token   tokenCommand   `cmd:"" help:"Make a token for a server with --auth token, or rotate the keys that sign tokens."`
	Version versionCommand `cmd:"" help:"Print version, commit, Go and the versions of the events."`

	// Not from the environment: RAPPORTEUR_VERSION is what build scripts call the version that they build.
	VersionFlag kong.VersionFlag `name:"version" env:"-" help:"Print the version."`
}

// storeFlag names a store.
type storeFlag struct {
	Store string `default:"file:rapporteur-data" placeholder:"STORE" help:"The store: file:DIR, one file in a folder (default ${default})."`
}

// dir gives the folder of an embedded store.
func (s storeFlag) dir() (string, error) {
	dir, ok := strings.CutPrefix(s.Store, "file:")
	if !ok || dir == "" {
		return "", &usage{fmt.Sprintf("--store %q names no store; write file: and a folder, for example --store file:rapporteur-data", s.Store)}
	}
	return dir, nil
}

// open opens the store, which is made if it is not there. This is the only place where an adapter is chosen.
func (s storeFlag) open() (*embedded.Log, error) {
	dir, err := s.dir()
	if err != nil {
		return nil, err
	}
	return embedded.Open(embedded.Config{Dir: dir})
}

// openExisting opens a store that must be there: a misspelt folder is not to become an empty record.
func (s storeFlag) openExisting() (*embedded.Log, error) {
	dir, err := s.dir()
	if err != nil {
		return nil, err
	}
	switch entries, err := os.ReadDir(dir); {
	case errors.Is(err, syscall.ENOTDIR): // The store itself says what is wrong with a file.
	case err != nil:
		return nil, fmt.Errorf("open the store %s: %w; name the folder of a record with --store file:DIR", s.Store, err)
	case !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != embedded.TokenKeys }):
		return nil, fmt.Errorf("open the store %s: there is no record in it; name the folder of a record with --store file:DIR", s.Store)
	}
	return embedded.Open(embedded.Config{Dir: dir})
}

var _ eventlog.Log = (*embedded.Log)(nil)

// listenFlag names the address that is served.
type listenFlag struct {
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to serve: a host and a port (default ${default}); port 0 takes a free one."`
}

// listen takes the address; one that other machines reach only where that is meant, else it is told what to do about it.
func (l listenFlag) listen(reached bool, otherwise string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(l.Listen)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return nil, &usage{fmt.Sprintf("--listen %q is no address (%v); write a host and a port, for example --listen 127.0.0.1:8080", l.Listen, err)}
	}
	if ip, err := netip.ParseAddr(host); !reached && host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, &usage{fmt.Sprintf("--listen %s can be reached from other machines, and there is no authentication: whoever reaches it may record; "+
			"%slisten on 127.0.0.1, [::1] or localhost", l.Listen, otherwise)}
	}
	listener, err := net.Listen("tcp", l.Listen)
	if err != nil {
		return nil, fmt.Errorf("the address %s cannot be served (%w); name another with --listen, for example --listen 127.0.0.1:0 for a free port", l.Listen, err)
	}
	return listener, nil
}

// serverFlags name a running server that is asked, and recorded through, instead of a store.
type serverFlags struct {
	Server string `placeholder:"URL" help:"Ask this server instead of a store, for example http://127.0.0.1:8080."`
	Token  string `placeholder:"TOKEN" help:"What the server knows us by; better given as $$RAPPORTEUR_TOKEN, which no list of processes shows."`
}

// address gives the server's address without a slash at its end.
func (s serverFlags) address() (string, error) {
	u, err := url.Parse(s.Server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		named := s.Server
		if err == nil {
			named = u.Redacted()
		}
		return "", &usage{fmt.Sprintf("--server %q is no address of a server; write it as in http://127.0.0.1:8080", named)}
	}
	return strings.TrimRight(s.Server, "/"), nil
}

// asOfFlags are the moment that is asked for.
type asOfFlags struct {
	At         *uint64     `placeholder:"N" xor:"log" help:"As of position N of the record."`
	RecordedAt *recordedAt `placeholder:"T" xor:"log" help:"As of what had been recorded by an instant, for example 2023-12-22T15:04:05Z."`
	StatedOn   domain.Date `placeholder:"DAY" help:"How things stood at the end of a day, for example 2023-12-22."`
}

// recordedAt is an instant.
type recordedAt time.Time

// UnmarshalText reads RFC 3339.
func (r *recordedAt) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return fmt.Errorf("%q is no instant; write it as in 2023-12-22T15:04:05Z", text)
	}
	*r = recordedAt(t)
	return nil
}
