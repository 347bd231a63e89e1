package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// long asks for what takes long: by night, not with every commit.
var long = os.Getenv("RAPPORTEUR_LONG") != ""

// TestMain makes the test binary the program, too: under the name rapporteur it is main and nothing else, so that what is
// started, killed and restarted here is the real program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rapporteur": main, "rapporteur-with-a-fault": mainWithFault, "plain-broadcast": plainBroadcast})
}

// program is a rapporteur that was started and serves.
type program struct {
	cmd      *exec.Cmd
	address  string // host:port
	out, err *capture
	ended    chan struct{} // Closed when it has ended.
}

// capture keeps what a program writes, for other goroutines to read meanwhile.
type capture struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{} // Has something in it when there is more.
}

func (o *capture) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.written <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *capture) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tail gives the last lines of what was written.
func (o *capture) tail() string {
	lines := strings.Split(o.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// begin starts the program and does not wait for anything.
func begin(dir string, env []string, args ...string) (*program, error) {
	return beginAs("rapporteur", dir, env, args...)
}

// beginAs is begin under another name of the test binary.
func beginAs(name, dir string, env []string, args ...string) (*program, error) {
	p := &program{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	p.out, p.err = &capture{written: make(chan struct{}, 1)}, &capture{written: make(chan struct{}, 1)}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, env, p.out, p.err
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // The status is looked at by whoever needs it.
		close(p.ended)
	}()
	return p, nil
}

var addressLine = regexp.MustCompile(`GraphQL +http://(\S+)/graphql\n`)

// start starts the program and waits until it says its address.
func start(dir string, env []string, args ...string) (*program, error) {
	p, err := begin(dir, env, args...)
	if err != nil {
		return nil, err
	}
	return p, p.serving()
}

// serving waits until the program says its address. It is an error if it ends before.
func (p *program) serving() error {
	for {
		if m := addressLine.FindStringSubmatch(p.out.String()); m != nil {
			p.address = m[1]
			return nil
		}
		select {
		case <-p.out.written:
		case <-p.ended:
			return fmt.Errorf("%s ended with %v before it served: %s", strings.Join(p.cmd.Args, " "), p.cmd.ProcessState, p.err)
		}
	}
}

// stop sends a signal, waits for the end and gives the exit status; -1 where the signal itself ended it.
func (p *program) stop(signal os.Signal) int {
	_ = p.cmd.Process.Signal(signal) // It may have ended by itself; the status tells.
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// complete runs the program to its end.
func complete(dir string, env []string, args ...string) (status int, stdout, stderr string) {
	p, err := begin(dir, env, args...)
	if err != nil {
		return -1, "", err.Error()
	}
	<-p.ended
	return p.cmd.ProcessState.ExitCode(), p.out.String(), p.err.String()
}

// poster keeps the connections of all writers of a test, unless each request is to have its own.
var (
	poster = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	ownOne atomic.Bool
)

// post sends a body to /graphql, with headers that replace Content-Type: application/json.
func post(address, body string, headers ...string) (status int, answer []byte, err error) {
	request, err := http.NewRequest("POST", "http://"+address+"/graphql", strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Close = ownOne.Load()
	request.Header.Set("Content-Type", "application/json")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.TrimSpace(value); strings.EqualFold(name, "Host") {
			request.Host = value
		} else {
			request.Header.Set(name, value)
		}
	}
	response, err := poster.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// ask sends an operation with variables and decodes data into v. An error of the connection is given as it is; an answer
// with errors is an *answered.
func ask(address, query string, variables map[string]any, v any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	status, text, err := post(address, string(body))
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return &answered{status, string(text)}
	}
	if status != http.StatusOK || answer.Errors != nil {
		return &answered{status, string(answer.Errors)}
	}
	return json.Unmarshal(answer.Data, v)
}

// answered is an answer that is no success.
type answered struct {
	status int
	text   string
}

func (e *answered) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.text) }

// demoFolder is the data set that the program brings.
func demoFolder(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../../deploy/demo")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// newDemoStore makes a store with the built-in negotiation.
func newDemoStore(t testing.TB, dir string) {
	t.Helper()
	if status, _, stderr := complete("", nil, "import", "dataset", demoFolder(t), "--store", "file:"+dir); status != statusDone {
		t.Fatalf("import dataset: status %d: %s", status, stderr)
	}
}

// replayed gives what replay --json says of a store.
func replayed(dir string) (report replayReport, status int, stderr string) {
	return replayedTo(dir, "")
}

// replayedTo gives it as of a position.
func replayedTo(dir, at string) (report replayReport, status int, stderr string) {
	args := []string{"replay", "--json", "--store", "file:" + dir}
	if at != "" {
		args = append(args, "--at", at)
	}
	status, stdout, stderr := complete("", nil, args...)
	if status == statusDone {
		if err := json.Unmarshal([]byte(stdout), &report); err != nil {
			return report, -1, err.Error()
		}
	}
	return report, status, stderr
}
