package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rapporteur/rapporteur"

// rule says what the non-test files of a package may import of our own packages and, where it is pure, of outside modules.
// The standard library is always allowed, but for what pure packages must not reach.
type rule struct {
	pure     bool
	timeless bool     // It may lock and start goroutines, yet asks no clock.
	own      []string // Relative to the module; "x/..." means x and all below it.
	outside  []string // Modules.
	why      string
}

// rules are the laws of the house, by folder. A folder without a rule fails the test.
var rules = map[string]rule{
	"cmd/rapporteur": {outside: []string{"github.com/alecthomas/kong", "github.com/google/renameio/v2", "github.com/prometheus/client_golang", "github.com/schollz/progressbar/v3", "golang.org/x/term"}, own: []string{"..."}, why: "the one place where everything is put together"},
	"deploy/demo":    {pure: true, why: "data alone"},

	"domain":                         {pure: true, why: "the vocabulary and the rules depend on nothing"},
	"domain/roster":                  {pure: true, own: []string{"domain"}, outside: []string{"golang.org/x/text"}, why: "names to codes: Unicode's foldings are not in the standard library"},
	"domain/codec":                   {pure: true, own: []string{"domain", "domain/eventlog/leaf"}, outside: []string{"github.com/go-json-experiment/json"}, why: "the form of events: encoding/json is not strict and has no canonical form; leaf must escape a string in the same way"},
	"domain/codec/internal/quickgen": {own: []string{"domain"}, why: "writes code from the types of events, which alone say what their JSON has"},

	"domain/intake":   {pure: true, own: []string{"domain", "domain/roster"}, outside: []string{"golang.org/x/text"}, why: "files to commands: Unicode's form NFC is not in the standard library"},
	"domain/recorder": {own: []string{"domain", "domain/codec", "domain/eventlog"}, why: "the write side's shell knows the port, not a store"},

	"domain/eventlog":                       {why: "the port moves names and bytes"},
	"domain/eventlog/leaf":                  {pure: true, why: "what an auditor takes away"},
	"domain/eventlog/eventlogtest":          {outside: []string{"github.com/google/go-cmp"}, own: []string{"domain/eventlog", "domain/eventlog/leaf"}, why: "the suite knows the port alone"},
	"domain/eventlog/embedded":              {outside: []string{"github.com/ncruces/go-sqlite3", "golang.org/x/sys"}, own: []string{"domain/eventlog", "domain/eventlog/leaf"}, why: "an adapter knows no event"},
	"domain/eventlog/eventstoredb":          {outside: []string{"github.com/EventStore/EventStore-Client-Go/v4", "github.com/google/uuid", "google.golang.org/grpc"}, own: []string{"domain/eventlog", "domain/eventlog/leaf"}, why: "an adapter knows no event; the client gives UUIDs of that module and errors of gRPC"},
	"domain/eventlog/eventstoredb/esdbtest": {outside: []string{"github.com/EventStore/EventStore-Client-Go/v4", "github.com/google/uuid", "google.golang.org/grpc"}, why: "the server's side of the protocol knows nothing of ours"},

	"projections":                {timeless: true, outside: []string{"github.com/hashicorp/golang-lru/v2", "github.com/rivo/uniseg"}, own: []string{"domain", "domain/roster", "domain/codec", "domain/eventlog", "projections/bitemporal", "projections/convergence", "projections/landscape"}, why: "the read model knows neither GraphQL nor a store"},
	"projections/bitemporal":     {pure: true, why: "two times, and nothing of what happens in them"},
	"projections/comparison":     {pure: true, own: []string{"domain"}, outside: []string{"github.com/rivo/uniseg", "github.com/sergi/go-diff"}, why: "two documents, and no record: word boundaries and differences are libraries'"},
	"projections/convergence":    {pure: true, own: []string{"domain"}, why: "exact figures over standings"},
	"projections/feed":           {timeless: true, outside: []string{"github.com/hashicorp/golang-lru/v2"}, own: []string{"domain", "projections", "projections/convergence"}, why: "a cursor over the read model: it reads neither the log nor the clock"},
	"projections/router":         {outside: []string{"github.com/ThreeDotsLabs/watermill", "github.com/prometheus/client_golang"}, own: []string{"domain/codec", "domain/eventlog", "projections"}, why: "the one place where Watermill brings the record to who follows it; the codec names whom an event came from where it cannot be taken in"},
	"projections/landscape":      {pure: true, own: []string{"projections/convergence"}, why: "a map of stances, the same on every machine: no library promises that"},
	"projections/relay":          {outside: []string{"github.com/ThreeDotsLabs/watermill", "github.com/ThreeDotsLabs/watermill-http/v2", "github.com/ThreeDotsLabs/watermill-nats/v2", "github.com/nats-io/nats.go", "github.com/standard-webhooks/standard-webhooks/libraries", "github.com/tmaxmax/go-sse", "github.com/cenkalti/backoff/v5", "github.com/google/renameio/v2"}, why: "a client of a server like any other: what it knows of us is the public API"},
	"projections/oracle":         {pure: true, own: []string{"domain"}, why: "the brute force must not know what it is compared with"},
	"projections/oracle/history": {own: []string{"domain", "projections/oracle"}, why: "histories for tests"},

	"projections/synthetic": {own: []string{"domain", "domain/roster", "domain/codec", "domain/eventlog"}, why: "records for benchmarks"},

	"graph":               {outside: []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2", "github.com/prometheus/client_golang"}, own: []string{"domain", "domain/roster", "domain/recorder", "domain/eventlog", "domain/eventlog/leaf", "projections", "projections/convergence", "projections/feed", "graph/..."}, why: "never an adapter, the codec or a message library"},
	"graph/auth":          {outside: []string{"github.com/golang-jwt/jwt/v5", "github.com/coreos/go-oidc/v3", "github.com/go-jose/go-jose/v4", "golang.org/x/time"}, why: "who asks is made out by libraries, and has nothing to do with what is asked"},
	"graph/direct":        {timeless: true, outside: []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2"}, why: "how values are written, whatever they are of"},
	"graph/direct/gqlgen": {outside: []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2"}, why: "makes code, and is in no binary of ours"},
	"graph/generated":     {outside: []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2"}, own: []string{"domain", "domain/eventlog", "projections", "projections/comparison", "projections/convergence", "projections/feed", "graph/..."}, why: "as graph"},
	"graph/model":         {timeless: true, outside: []string{"github.com/99designs/gqlgen"}, own: []string{"graph/auth", "domain", "domain/eventlog", "domain/eventlog/leaf", "projections", "projections/comparison", "projections/convergence", "projections/feed", "graph/relay"}, why: "as graph"},
	"graph/resolver":      {outside: []string{"github.com/99designs/gqlgen", "golang.org/x/text"}, own: []string{"domain", "domain/roster", "domain/recorder", "domain/eventlog", "domain/eventlog/leaf", "projections", "projections/convergence", "projections/feed", "graph/..."}, why: "as graph"},
	"graph/relay":         {pure: true, own: []string{"domain"}, why: "ids and cursors are text"},
	"graph/httpgraphql":   {outside: []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2", "github.com/hashicorp/golang-lru/v2", "github.com/rs/cors", "github.com/realclientip/realclientip-go", "golang.org/x/time", "github.com/gorilla/websocket", "golang.org/x/sync"}, why: "the transport knows nothing of the domain"},
	"graph/export":        {own: []string{"domain", "domain/eventlog", "domain/eventlog/leaf", "projections", "projections/convergence", "graph/relay"}, why: "files are made of the read model and the log, and know nothing of GraphQL"},
	"graph/client":        {outside: []string{"github.com/Khan/genqlient", "github.com/cenkalti/backoff/v5", "github.com/vektah/gqlparser/v2"}, own: []string{"domain", "domain/eventlog", "graph/relay"}, why: "the API from the other side: it decides nothing and knows neither read model nor recorder"},
	"graph/graphiql":      {why: "a page and its files"},
}

// What a pure package must not import of the standard library: files, sockets, processes.
var impure = []string{"os", "os/exec", "net", "net/http", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "database/sql", "log", "log/slog"}

type pkg struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
	Standard        bool
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestImportRules(t *testing.T) {
	stale := maps.Clone(rules)
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		r, ok := rules[folder]
		if !ok {
			if len(p.GoFiles) > 0 {
				t.Errorf("%s has no import rule; add one to the table, with its reason", folder)
			}
			continue
		}
		for _, path := range p.Imports {
			if own, _ := strings.CutPrefix(path, module+"/"); slices.Contains(forTests, own) && !slices.Contains(forTests, folder) {
				t.Errorf("%s imports %s, which is for tests alone", folder, own)
			}
			if broken := r.breaks(path); broken != "" {
				t.Errorf("%s imports %s: %s (%s)", folder, path, broken, r.why)
			}
		}
		if r.pure || r.timeless {
			for _, name := range p.GoFiles {
				checkPure(t, filepath.Join(p.Dir, name), folder, r.pure)
			}
		}
		delete(stale, folder)
	}
	for folder := range stale {
		t.Errorf("%s has an import rule and no Go file", folder)
	}
}

// forTests are the packages that nothing but tests, and one another, may import.
var forTests = []string{"domain/eventlog/eventlogtest", "domain/eventlog/eventstoredb/esdbtest", "projections/oracle", "projections/oracle/history", "projections/synthetic"}

// breaks says how an import breaks the rule, or nothing.
func (r rule) breaks(path string) string {
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		for _, allowed := range r.own {
			if own == allowed || strings.HasSuffix(allowed, "...") && strings.HasPrefix(own, strings.TrimSuffix(allowed, "...")) {
				return ""
			}
		}
		return "this package must not know it"
	}
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") {
		if r.pure && slices.Contains(impure, path) {
			return "a pure package reaches no file, socket or random number"
		}
		return ""
	}
	for _, allowed := range r.outside {
		if path == allowed || strings.HasPrefix(path, allowed+"/") {
			return ""
		}
	}
	return "this package uses the standard library alone"
}

// checkPure looks for a clock and, where the package is pure, for a goroutine and, in the exact figures, a floating-point number.
func checkPure(t *testing.T, file, folder string, pure bool) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			if pure {
				what = "starts a goroutine"
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep", "Tick", "NewTimer", "NewTicker", "AfterFunc"}, n.Sel.Name) {
				what = "asks the clock"
			}
		case *ast.Ident:
			if folder == "projections/convergence" && (n.Name == "float64" || n.Name == "float32") {
				what = "has a floating-point number"
			}
		case *ast.BasicLit:
			if folder == "projections/convergence" && n.Kind == token.FLOAT {
				what = "has a floating-point number"
			}
		}
		if what != "" {
			t.Errorf("%s: code that must not, %s", set.Position(n.Pos()), what)
		}
		return true
	})
}
