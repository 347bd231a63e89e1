package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb/esdbtest"
	"github.com/rapporteur/rapporteur/graph/export"
)

// TestScripts runs the journeys of testdata/script. Beside the commands of testscript they have:
//
//	status N rapporteur ARGS…     runs the program, which must end with this status
//	start NAME ARGS…              starts it and waits until it serves; its address is $NAME from now on
//	end NAME [SIGNAL] [STATUS]    sends INT (or TERM, KILL), waits for the end, which must have this status (0)
//	pid NAME                      sets $PID
//	post ADDRESS FILE [HEADER]…   sends a file; stdout has the status in its first line, then the answer. A .graphql file is
//	                              wrapped as a query
//	printed NAME                  sends the query that a program printed, as it was printed
//	token VARIABLE ARGS…          sets a variable to the token that rapporteur token ARGS… prints
//	digest VARIABLE STORE         sets a variable to the digest of a store
//	rows FILE N LINE              adds a line N times; %d in it is the number from 1
//	bytes FILE TEXT               writes a file; TEXT is a Go string without its quotes
//	sqlite FILE SQL               changes a database behind the program's back
//	exports DIR FLAGS…            writes every kind in every format into a folder, and their names to stdout
//	described DIR                 datapackage.json describes files that are there, with their sizes, hashes and header lines
//	same DIR DIR                  the two folders have the same files with the same bytes, and more than ten
//	cluster VARIABLE NODES        starts an EventStoreDB cluster and sets a variable to its connection string
//	server VARIABLE N VERB        kills, restarts or makes the leader a node of it
//	[!] empty DIR                 there is nothing in the folder
//
// and the condition [root]. What testscript has itself goes before: its stop ends the script.
func TestScripts(t *testing.T) {
	demo := demoFolder(t)
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if line := regexp.MustCompile(`(?m)^stop [^'].*$`).Find(text); line != nil {
			t.Errorf("%s: %q ends the script; a program is ended by end", file, line)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			// What is temporary goes where the script sees it.
			temporary := filepath.Join(env.WorkDir, "temporary")
			env.Setenv("TMPDIR", temporary)
			env.Setenv("DEMO", demo)
			env.Setenv("MODULE", module)
			started := programs{}
			env.Values[programsKey{}] = started
			clusters := clusters{}
			env.Values[clustersKey{}] = clusters
			env.Defer(func() {
				for _, c := range clusters {
					c.Close()
				}
			})
			env.Defer(func() {
				for _, p := range started {
					p.stop(syscall.SIGKILL)
				}
			})
			return os.Mkdir(temporary, 0o700)
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("no condition %s", name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"cluster": scriptCluster,
			"server":  scriptServer,
			"status":  scriptStatus,
			"start":   scriptStart,
			"end":     scriptEnd,
			"pid":     scriptPid,
			"post":    scriptPost,
			"reach":   scriptReach,
			"printed": scriptPrinted,
			"token":   scriptToken,
			"digest":  scriptDigest,
			"rows":    scriptRows,
			"bytes":   scriptBytes,
			"sqlite":  scriptSQLite,
			"empty":   scriptEmpty,
			"exports": scriptExports,
			"same":    scriptSame,

			"described": scriptDescribed,
		},
	})
}

// programs are those that a script started, by their names in it.
type programs map[string]*program
type programsKey struct{}

// clusters are those that a script started, by the variables that have their connection strings.
type clusters map[string]*esdbtest.Cluster
type clustersKey struct{}

func scriptCluster(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "cluster VARIABLE NODES")
	nodes, err := strconv.Atoi(args[1])
	ts.Check(err)
	c, err := esdbtest.Start(nodes)
	ts.Check(err)
	ts.Value(clustersKey{}).(clusters)[args[0]] = c
	ts.Setenv(args[0], c.ConnectionString())
}

func scriptServer(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "server VARIABLE N VERB")
	c := ts.Value(clustersKey{}).(clusters)[args[0]]
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	switch args[2] {
	case "kill":
		c.Kill(n)
	case "restart":
		c.Restart(n)
	case "leads":
		c.SetLeader(n)
	default:
		ts.Fatalf("no verb %s", args[2])
	}
}

// need checks the number of arguments of a command, at least so many.
func need(ts *testscript.TestScript, neg bool, args []string, n int, usage string) {
	if neg || len(args) < n {
		ts.Fatalf("usage: %s", usage)
	}
}

func named(ts *testscript.TestScript, name string) *program {
	p := ts.Value(programsKey{}).(programs)[name]
	if p == nil {
		ts.Fatalf("no program %s was started", name)
	}
	return p
}

// environment gives the variables of the script.
func environment(ts *testscript.TestScript) []string {
	var list []string
	for _, name := range []string{
		"PATH", "HOME", "TMPDIR", "RAPPORTEUR_STORE", "RAPPORTEUR_LISTEN", "RAPPORTEUR_AT", "RAPPORTEUR_JSON", "RAPPORTEUR_VERSION",
		"RAPPORTEUR_SERVER", "RAPPORTEUR_TOKEN", "RAPPORTEUR_RESOLUTION", "RAPPORTEUR_AUTH", "RAPPORTEUR_ALLOWED_HOST", "RAPPORTEUR_TOKEN_KEY", "RAPPORTEUR_SUBJECT", "RAPPORTEUR_ROLE", "RAPPORTEUR_EXPIRES",
	} {
		if value := ts.Getenv(name); value != "" {
			list = append(list, name+"="+value)
		}
	}
	return list
}

func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "status N rapporteur ARGS…")
	status, stdout, stderr := complete(ts.MkAbs("."), environment(ts), args[2:]...)
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("status %d, want %s\n%s%s", status, args[0], stdout, stderr)
	}
}

func scriptStart(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "start NAME ARGS…")
	p, err := start(ts.MkAbs("."), environment(ts), args[1:]...)
	ts.Check(err)
	ts.Value(programsKey{}).(programs)[args[0]] = p
	ts.Setenv(args[0], p.address)
	fmt.Fprint(ts.Stdout(), p.out)
}

func scriptEnd(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "end NAME [SIGNAL] [STATUS]")
	args = append(args, []string{"", "INT", "0"}[min(len(args), 3):]...)
	signal, ok := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[1]]
	if !ok {
		ts.Fatalf("no signal %s", args[1])
	}
	p := named(ts, args[0])
	status := p.stop(signal)
	fmt.Fprint(ts.Stdout(), p.out)
	fmt.Fprint(ts.Stderr(), p.err)
	if strconv.Itoa(status) != args[2] {
		ts.Fatalf("status %d, want %s", status, args[2])
	}
}

func scriptPid(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "pid NAME")
	ts.Setenv("PID", strconv.Itoa(named(ts, args[0]).cmd.Process.Pid))
}

func scriptPost(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "post ADDRESS FILE [HEADER]…")
	body := ts.ReadFile(args[1])
	if filepath.Ext(args[1]) == ".graphql" {
		wrapped, err := json.Marshal(map[string]string{"query": body})
		ts.Check(err)
		body = string(wrapped)
	}
	status, answer, err := post(args[0], body, args[2:]...)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "status %d\n%s", status, answer)
}

// scriptReach waits until a server has come to a position: what another recorded it has a moment later.
func scriptReach(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "reach ADDRESS POSITION")
	want, err := strconv.ParseUint(args[1], 10, 64)
	ts.Check(err)
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) { // Against hanging; it is no measure.
		var newest struct {
			At uint64 `json:",string"`
		}
		ts.Check(ask(args[0], "{ at }", nil, &newest))
		if newest.At >= want {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s is at %d and does not come to %d", args[0], newest.At, want)
		}
	}
}

var curlLine = regexp.MustCompile(`(?m)^ +curl -s http://(\S+)/graphql -H '([^']*)' -d '([^']*)'$`)

func scriptPrinted(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "printed NAME")
	m := curlLine.FindStringSubmatch(named(ts, args[0]).out.String())
	if m == nil {
		ts.Fatalf("no query was printed")
	}
	status, answer, err := post(m[1], m[3], m[2])
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "status %d\n%s", status, answer)
}

func scriptToken(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "token VARIABLE ARGS…")
	status, stdout, stderr := complete(ts.MkAbs("."), environment(ts), append([]string{"token"}, args[1:]...)...)
	if status != statusDone {
		ts.Fatalf("status %d: %s", status, stderr)
	}
	ts.Setenv(args[0], strings.TrimSuffix(stdout, "\n"))
}

func scriptDigest(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "digest VARIABLE STORE")
	status, stdout, stderr := complete(ts.MkAbs("."), environment(ts), "replay", "--json", "--store", args[1])
	if status != statusDone {
		ts.Fatalf("status %d: %s", status, stderr)
	}
	var report replayReport
	ts.Check(json.Unmarshal([]byte(stdout), &report))
	ts.Setenv(args[0], report.Digest)
}

func scriptRows(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "rows FILE N LINE")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var text strings.Builder
	text.WriteString(ts.ReadFile(args[0]))
	for i := range n {
		text.WriteString(strings.ReplaceAll(args[2], "%d", strconv.Itoa(i+1)) + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o600))
}

func scriptBytes(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "bytes FILE TEXT")
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func scriptSQLite(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "sqlite FILE SQL")
	ts.Check(execute(ts.MkAbs(args[0]), args[1]))
}

// execute changes a database behind the program's back, with the checksums of its pages kept right.
func execute(path, sql string) error {
	conn, err := sqlite3.Open((&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Exec(sql)
}

func scriptEmpty(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, false, args, 1, "[!] empty DIR")
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if neg == (len(entries) == 0) {
		ts.Fatalf("%d files in %s", len(entries), args[0])
	}
}

func scriptExports(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "exports DIR FLAGS…")
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0o700))
	for _, f := range export.Files {
		if f.Timeless {
			continue
		}
		flags := args[1:]
		if f.Between {
			flags = append([]string{"--from-stated-on", "2022-12-31"}, flags...)
		}
		status, stdout, stderr := complete(ts.MkAbs("."), environment(ts), append([]string{"export", f.Kind.Name, "--as", f.Format}, flags...)...)
		if status != statusDone || stderr != "" {
			ts.Fatalf("status %d: %s", status, stderr)
		}
		ts.Check(os.WriteFile(filepath.Join(dir, f.Name()), []byte(stdout), 0o600))
		fmt.Fprintf(ts.Stdout(), "%s ", f.Name())
	}
}

func scriptSame(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "same DIR DIR")
	ours, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	theirs, err := os.ReadDir(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(ours) != len(theirs) || len(ours) < 10 {
		ts.Fatalf("%d files and %d", len(ours), len(theirs))
	}
	for _, entry := range ours {
		if ts.ReadFile(filepath.Join(args[0], entry.Name())) != ts.ReadFile(filepath.Join(args[1], entry.Name())) {
			ts.Fatalf("%s differs", entry.Name())
		}
	}
}

func scriptDescribed(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "described DIR")
	var d struct {
		Resources []struct {
			Path, Hash string
			Bytes      int
			Schema     struct{ Fields []struct{ Name string } }
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(filepath.Join(args[0], "datapackage.json"))), &d))
	if len(d.Resources) < 10 {
		ts.Fatalf("%d resources", len(d.Resources))
	}
	for _, r := range d.Resources {
		text := ts.ReadFile(filepath.Join(args[0], r.Path))
		var names []string
		for _, f := range r.Schema.Fields {
			names = append(names, f.Name)
		}
		header, _, _ := strings.Cut(text, "\r\n")
		if r.Bytes != len(text) || r.Hash != fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) || header != strings.Join(names, ",") {
			ts.Fatalf("%s: %d bytes, %s, header %s; described as %+v", r.Path, len(text), r.Hash, header, r)
		}
	}
}
