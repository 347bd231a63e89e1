package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb"
	"github.com/rapporteur/rapporteur/graph/export"
)

// commands is the grammar of the command line. Each flag can be given as an environment variable, too: RAPPORTEUR_ and the
// flag's name in capitals.
type commands struct {
	Demo    demoCommand    `cmd:"" help:"Record the built-in negotiation in a store of its own and serve it."`
	Serve   serveCommand   `cmd:"" help:"Serve a store: GraphQL and a query editor."`
	Import  importCommands `cmd:"" help:"Record what files hold."`
	Export  exportCommands `cmd:"" help:"Write what the record holds as files that open elsewhere."`
	Copy    copyCommand    `cmd:"" help:"Copy a whole record from one store to another, with its ids, revisions and positions."`
	Replay  replayCommand  `cmd:"" help:"Read the record from its beginning, rebuild the read model and print its digest."`
	Token   tokenCommand   `cmd:"" help:"Make a token for a server with --auth token, or rotate the keys that sign tokens."`
	Relay   relayCommand   `cmd:"" help:"Publish a feed of a running server, as CloudEvents, to NATS JetStream or to a webhook."`
	Version versionCommand `cmd:"" help:"Print version, commit, Go and the versions of the events."`

	// Not from the environment: RAPPORTEUR_VERSION is what build scripts call the version that they build.
	VersionFlag kong.VersionFlag `name:"version" env:"-" help:"Print the version."`
}

// store is a log that was opened. The adapters are chosen here and nowhere else; nothing but this is known of them.
type store interface {
	eventlog.Log
	// Healthy says why the store cannot record now, or nothing.
	Healthy() error
}

var (
	_ store = (*embedded.Log)(nil)
	_ store = (*eventstoredb.Log)(nil)
)

// storeFlag names a store.
type storeFlag struct {
	Store storeName `default:"file:rapporteur-data" placeholder:"STORE" help:"The store: file:DIR, one file in a folder (default ${default}); esdb://… or esdb+discover://…, an EventStoreDB or KurrentDB cluster."`
}

// storeName is a STORE as it is given. It may hold a password, so that it is shown as String gives it.
type storeName string

func (s storeName) String() string {
	if s.remote() || strings.Contains(string(s), "://") {
		return eventstoredb.Redacted(string(s))
	}
	if !strings.HasPrefix(string(s), "file:") {
		return redacted(string(s)) // It names no store, perhaps by a slip in esdb://.
	}
	return string(s)
}

// remote says whether the store is a server or cluster.
func (s storeName) remote() bool {
	return strings.HasPrefix(string(s), "esdb://") || strings.HasPrefix(string(s), "esdb+discover://")
}

// dir gives the folder of an embedded store.
func (s storeName) dir() (string, error) {
	dir, ok := strings.CutPrefix(string(s), "file:")
	switch {
	case s.remote():
		return "", &usage{fmt.Sprintf("the store %s is no folder", s)}
	case !ok || dir == "":
		return "", &usage{fmt.Sprintf("%q names no store; write file: and a folder, for example --store file:rapporteur-data, or esdb:// and an address", s.String())}
	}
	return dir, nil
}

// absent says whether the store is a folder that is not there.
func (s storeName) absent() (bool, error) {
	if s.remote() {
		return false, nil
	}
	dir, err := s.dir()
	if err != nil {
		return false, err
	}
	_, err = os.Stat(dir)
	return errors.Is(err, fs.ErrNotExist), nil
}

// open opens the store; an embedded one is made if it is not there.
func (s storeName) open(ctx context.Context, out output) (store, error) {
	if s.remote() {
		return eventstoredb.Open(ctx, eventstoredb.Config{ConnectionString: string(s), Logger: newLogger(out)})
	}
	dir, err := s.dir()
	if err != nil {
		return nil, err
	}
	return embedded.Open(embedded.Config{Dir: dir})
}

// openExisting opens a store that must be there: a misspelt folder or prefix is not to become an empty record.
func (s storeName) openExisting(ctx context.Context, out output) (store, error) {
	if s.remote() {
		return s.openRecorded(ctx, out)
	}
	dir, err := s.dir()
	if err != nil {
		return nil, err
	}
	switch entries, err := os.ReadDir(dir); {
	case errors.Is(err, syscall.ENOTDIR): // The store itself says what is wrong with a file.
	case err != nil:
		return nil, fmt.Errorf("open the store %s: %w; name the folder of a record with --store file:DIR", s, err)
	case !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != embedded.TokenKeys && e.Name() != embedded.Snapshot }):
		return nil, fmt.Errorf("open the store %s: there is no record in it; name the folder of a record with --store file:DIR", s)
	}
	return embedded.Open(embedded.Config{Dir: dir})
}

// openRecorded opens a store on a server, in which something must be recorded.
func (s storeName) openRecorded(ctx context.Context, out output) (store, error) {
	log, err := s.open(ctx, out)
	if err != nil {
		return nil, err
	}
	for _, err = range log.ReadAll(ctx, eventlog.Offset{}) {
		if err == nil {
			return log, nil
		}
	}
	if err == nil {
		err = errors.New("there is no record in it; its streams begin with rapporteur. unless rapporteur-prefix says otherwise")
	}
	return nil, errors.Join(fmt.Errorf("open the store %s: %w", s, err), log.Close())
}

// listenFlag names the address that is served.
type listenFlag struct {
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to serve: a host and a port (default ${default}); port 0 takes a free one."`
}

// listen takes the address; one that other machines reach only where that is meant, else it is told what to do about it.
func (l listenFlag) listen(reached bool, otherwise string) (net.Listener, error) {
	host, err := hostOf("listen", l.Listen)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(host); !reached && host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, &usage{fmt.Sprintf("--listen %s can be reached from other machines, and there is no authentication: whoever reaches it may record; "+
			"%slisten on 127.0.0.1, [::1] or localhost", l.Listen, otherwise)}
	}
	return listenOn("listen", l.Listen)
}

// listenOn takes the address that a flag names.
func listenOn(flag, address string) (net.Listener, error) {
	if _, err := hostOf(flag, address); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the address %s cannot be served (%w); name another with --%s, for example --%s 127.0.0.1:0 for a free port", address, err, flag, flag)
	}
	return listener, nil
}

// hostOf gives the host of an address to serve.
func hostOf(flag, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return "", &usage{fmt.Sprintf("--%s %q is no address (%v); write a host and a port, for example --%s 127.0.0.1:8080", flag, address, err, flag)}
	}
	return host, nil
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
		return "", &usage{fmt.Sprintf("--server %q is no address of a server; write it as in http://127.0.0.1:8080", redacted(s.Server))}
	}
	return strings.TrimRight(s.Server, "/"), nil
}

// redacted is an address that cannot be read as one, without what may be a secret in it.
func redacted(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		scheme, _, ok := strings.Cut(address[:i], "://")
		if ok {
			scheme += "://"
		} else {
			scheme = ""
		}
		address = scheme + "xxxxx" + address[i:]
	}
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	return address
}

// asOfFlags are the moment that is asked for.
type asOfFlags struct {
	At         *uint64     `placeholder:"N" xor:"log" help:"As of position N of the record."`
	RecordedAt *recordedAt `placeholder:"T" xor:"log" help:"As of what had been recorded by an instant, for example 2023-12-22T15:04:05Z."`
	StatedOn   domain.Date `placeholder:"DAY" help:"How things stood at the end of a day, for example 2023-12-22."`
}

// moment is what the flags ask for.
func (f asOfFlags) moment() export.AsOf {
	return export.AsOf{At: f.At, RecordedAt: (*time.Time)(f.RecordedAt), StatedOn: f.StatedOn}
}

// fromAsOfFlags are the earlier of two moments.
type fromAsOfFlags struct {
	FromAt         *uint64     `placeholder:"N" xor:"from" help:"Of changes: the earlier moment, as of position N."`
	FromRecordedAt *recordedAt `placeholder:"T" xor:"from" help:"Of changes: the earlier moment, as of what had been recorded by an instant."`
	FromStatedOn   domain.Date `placeholder:"DAY" help:"Of changes: the earlier moment, as things stood at the end of a day."`
}

func (f fromAsOfFlags) moment() export.AsOf {
	return export.AsOf{At: f.FromAt, RecordedAt: (*time.Time)(f.FromRecordedAt), StatedOn: f.FromStatedOn}
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

// webhookSecrets reads the secrets to sign with, from a file or else from the environment: they are in no list of processes.
func webhookSecrets(file string) ([]string, error) {
	text := os.Getenv("RAPPORTEUR_WEBHOOK_SECRET")
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the secrets: %w", err)
		}
		text = string(b)
	}
	if secrets := strings.Fields(text); len(secrets) > 0 {
		return secrets, nil
	}
	return nil, &usage{"a webhook is signed; name a file with the secret with --secret-file, or set RAPPORTEUR_WEBHOOK_SECRET"}
}
