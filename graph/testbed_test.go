package graph_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/router"
)

// today is the day on which tests record: after everything in the demo data.
var today = time.Date(2026, 11, 20, 9, 0, 0, 123456789, time.UTC)

func clock() time.Time { return today }

// bed is a whole server over a log in memory, without a socket.
type bed struct {
	t       testing.TB
	log     eventlog.Log
	model   *projections.Model
	handler http.Handler
	logged  *bytes.Buffer
}

var demoRecord = sync.OnceValues(func() (*eventlogtest.Memory, error) {
	files := demo.Files
	input, faults := intake.Dataset(files)
	if len(faults) > 0 {
		return nil, faultError(faults[0])
	}
	log := eventlogtest.NewMemory()
	// Each event a second after the one before, so that instants tell positions apart.
	now := today.AddDate(0, -1, 0)
	_, err := recorder.New(log, nil, recorder.Config{}).RecordAll(context.Background(), input.Rows, recorder.AllOptions{
		By: "import", SHA256: input.SHA256, Name: "demo", Clock: func() time.Time { now = now.Add(time.Second); return now },
	})
	return log, err
})

type faultError intake.Fault

func (f faultError) Error() string { return intake.Fault(f).String() }

// newDemo gives a server of its own over the demo data set.
func newDemo(t testing.TB) *bed {
	t.Helper()
	record, err := demoRecord()
	if err != nil {
		t.Fatal(err)
	}
	log := eventlogtest.NewMemory()
	var steps []eventlog.Append
	for r, err := range record.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, eventlog.Append{Stream: r.Stream, Expected: r.Revision - 1, Events: []eventlog.Event{r.Event}})
	}
	if _, err := log.AppendAll(t.Context(), steps); err != nil {
		t.Fatal(err)
	}
	return newBed(t, log, log)
}

// newBed serves a log; what is recorded goes by way of writes.
func newBed(t testing.TB, log, writes eventlog.Log) *bed {
	t.Helper()
	b := &bed{t: t, log: log, model: projections.New(), logged: &bytes.Buffer{}}
	if _, err := b.model.CatchUp(t.Context(), log, nil); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- router.Follow(ctx, router.FollowConfig{Log: log}, router.Model(b.model)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the model stopped following: %v", err)
		}
	})
	b.handler = graph.NewHandler(graph.Config{
		Model: b.model, Log: log,
		Recorder: recorder.New(writes, graph.NewReader(b.model), recorder.Config{Clock: clock, Patience: 50 * time.Millisecond}),
		Logger:   slog.New(slog.NewTextHandler(b.logged, nil)),
	})
	return b
}

// shared is one server for all tests that only read.
var (
	sharedMu  sync.Mutex
	sharedBed *bed
)

func readOnly(t testing.TB) *bed {
	t.Helper()
	sharedMu.Lock()
	defer sharedMu.Unlock()
	if sharedBed == nil {
		record, err := demoRecord()
		if err != nil {
			t.Fatal(err)
		}
		model := projections.New()
		if _, err := model.CatchUp(context.Background(), record, nil); err != nil {
			t.Fatal(err)
		}
		sharedBed = &bed{log: record, model: model, logged: &bytes.Buffer{}}
		sharedBed.handler = graph.NewHandler(graph.Config{Model: model, Log: record, Logger: slog.New(slog.NewTextHandler(sharedBed.logged, nil))})
	}
	b := *sharedBed
	b.t = t
	return &b
}

// answer is a response of /graphql.
type answer struct {
	Data   map[string]any `json:"data"`
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct {
			Code   string
			Faults []struct {
				Path          []any
				Message, Code string
			}
			ExpectedRevision, ActualRevision *int64
			ID                               string
		}
	} `json:"errors"`
	Extensions struct{ At string } `json:"extensions"`
	raw        string
	status     int
}

// post sends an operation; variables come as pairs of name and value.
func (b *bed) post(query string, variables ...any) *httptest.ResponseRecorder {
	b.t.Helper()
	given := map[string]any{}
	for i := 0; i < len(variables); i += 2 {
		given[variables[i].(string)] = variables[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": given})
	if err != nil {
		b.t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "http://localhost/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json")
	response := httptest.NewRecorder()
	b.handler.ServeHTTP(response, request)
	return response
}

// ask sends an operation and reads the answer.
func (b *bed) ask(query string, variables ...any) *answer {
	b.t.Helper()
	response := b.post(query, variables...)
	a := &answer{raw: response.Body.String(), status: response.Code}
	if err := json.NewDecoder(io.NopCloser(strings.NewReader(a.raw))).Decode(a); err != nil {
		b.t.Fatalf("%v in %s", err, a.raw)
	}
	return a
}

// get asks, and fails on any error; it gives what stands at a path of the data, "a.b.0".
func (b *bed) get(query string, variables ...any) *answer {
	b.t.Helper()
	a := b.ask(query, variables...)
	if len(a.Errors) > 0 {
		b.t.Fatalf("%s\nanswered %s", query, a.raw)
	}
	return a
}

// at gives what stands at a path of the data: names and indexes with dots between; nil where there is nothing.
func (a *answer) at(path string) any { return at(a.Data, path) }

func at(v any, path string) any {
	for _, part := range strings.Split(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[part]
		case []any:
			i := 0
			for _, c := range part {
				i = 10*i + int(c-'0')
			}
			if i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// list gives the list at a path, or of each of its elements what stands at a path in it.
func (a *answer) list(path string, of ...string) []any {
	l, _ := a.at(path).([]any)
	if len(of) == 0 {
		return l
	}
	values := make([]any, len(l))
	for i, v := range l {
		values[i] = at(v, of[0])
	}
	return values
}

// one is the only error, with its code and message.
func (b *bed) refused(a *answer, code, message string) {
	b.t.Helper()
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != code || !strings.Contains(a.Errors[0].Message, message) {
		b.t.Errorf("answered %.2000s\nwant one error %s with %q", a.raw, code, message)
	}
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// admit records a State, without the API.
func (b *bed) admit(code, name string) {
	b.t.Helper()
	_, err := recorder.New(b.log, graph.NewReader(b.model), recorder.Config{}).Record(b.t.Context(), recorder.Request{By: "import", Command: domain.AdmitState{
		Code: code, Names: []domain.LocalizedName{{Language: domain.English, Name: name}}, RegionalGroup: domain.WEOG, AdmittedOn: domain.NewDate(2020, 1, 1),
	}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// long asks for what takes more than a moment.
var long = os.Getenv("RAPPORTEUR_LONG") != ""

// openDescriptors counts those of this process.
func openDescriptors(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("the descriptors of a process are counted on Linux only")
	}
	return len(entries)
}
