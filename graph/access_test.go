package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/auth"
)

// roster knows people by credentials that are their names.
type roster map[string]auth.Role

func (r roster) Authenticate(_ context.Context, credential string) (auth.Principal, error) {
	if role, ok := r[credential]; ok {
		return auth.Principal{Subject: credential, Roles: []auth.Role{role}}, nil
	}
	return auth.Principal{}, &auth.Refusal{Code: auth.Unauthenticated, Message: "A token is needed."}
}

var people = roster{"rita": auth.Reader, "rob": auth.Recorder, "ron": auth.Recorder, "edna": auth.Editor}

// asked gives the same server to those whom an authenticator knows, as one of them.
func (b *bed) asked(by auth.Authenticator, credential string) *bed {
	b.t.Helper()
	handler := graph.NewHandler(graph.Config{
		Model: b.model, Log: b.log, Recorder: recorder.New(b.log, graph.NewReader(b.model), recorder.Config{Clock: clock}), Authenticator: by,
	})
	as := *b
	as.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+credential)
		handler.ServeHTTP(w, r)
	})
	return &as
}

func TestNobodyReadsWithoutAToken(t *testing.T) {
	b := readOnly(t)
	handler := graph.NewHandler(graph.Config{Model: b.model, Log: b.log, Authenticator: people})
	for _, upgrade := range []string{"", "websocket"} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/graphql?query={at}", nil)
		r.Header.Set("Upgrade", upgrade)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code == http.StatusOK || strings.Contains(w.Body.String(), `"data"`) || !strings.Contains(w.Body.String(), `"code":"UNAUTHENTICATED"`) {
			t.Errorf("Upgrade %q: %d %s", upgrade, w.Code, w.Body)
		}
	}
}

func TestViewerSaysWhoAsks(t *testing.T) {
	b := readOnly(t)
	for who, role := range people {
		a := b.asked(people, who).get(`{ viewer { subject roles } }`)
		if a.at("viewer.subject") != who || fmt.Sprint(a.at("viewer.roles")) != fmt.Sprintf("[%v]", role) {
			t.Errorf("%s answered %s", who, a.raw)
		}
	}
	if a := b.get(`{ viewer { subject roles } }`); a.at("viewer.subject") != "local" || len(a.list("viewer.roles")) != 3 {
		t.Errorf("answered %s", a.raw)
	}
}

// TestWhatAReaderAsksForIsForbiddenFieldByField: the fields beside it are recorded.
func TestWhatAReaderAsksForIsForbiddenFieldByField(t *testing.T) {
	b := newDemo(t)
	const both = `mutation($e: DefineElementInput!, $p: RecordPositionInput!) { e: defineElement(input: $e) { at } recordPosition(input: $p) { at position { recordedBy } } }`
	element := map[string]any{"key": "new", "label": "New"}
	for who, want := range map[string][]string{
		"rita": {"[e] defineElement needs the role EDITOR", "[recordPosition] recordPosition needs the role RECORDER"},
		"rob":  {"[e] defineElement needs the role EDITOR"},
		"edna": {},
	} {
		at := b.model.At()
		a := b.asked(people, who).ask(both, "e", element, "p", position(map[string]any{"summary": "By " + who}))
		if len(a.Errors) != len(want) || a.status != http.StatusOK {
			t.Fatalf("%s answered %d %s", who, a.status, a.raw)
		}
		for i, e := range a.Errors {
			if text := fmt.Sprint(e.Path, " ", e.Message); e.Extensions.Code != "FORBIDDEN" || !strings.HasPrefix(text, want[i]) {
				t.Errorf("%s answered %s, want %s", who, a.raw, want[i])
			}
		}
		if got := b.model.At() - at; got != uint64(2-len(want)) {
			t.Errorf("%s recorded %d events", who, got)
		}
		if by := a.at("recordPosition.position.recordedBy"); who != "rita" && by != who {
			t.Errorf("recorded by %v, not %s", by, who)
		}
	}
}

func TestARecorderCorrectsAndRetractsWhatItRecorded(t *testing.T) {
	b := newDemo(t)
	for _, c := range []struct {
		recorded, changes string
		allowed           bool
	}{
		{"rob", "rob", true}, {"rob", "ron", false}, {"rob", "edna", true}, {"edna", "rob", false},
	} {
		id := b.asked(people, c.recorded).get(recordPosition, "input", position(nil)).at("recordPosition.position.id")
		as := b.asked(people, c.changes)
		for _, m := range []struct {
			query string
			input map[string]any
		}{
			{correctPosition, map[string]any{"position": id, "reason": "Misread.", "summary": "By " + c.changes}},
			{retractPosition, map[string]any{"position": id, "reason": "Misread."}},
		} {
			at := b.model.At()
			a := as.ask(m.query, "input", m.input)
			if c.allowed {
				if len(a.Errors) > 0 {
					t.Errorf("%s on what %s recorded: %s", c.changes, c.recorded, a.raw)
				}
				continue
			}
			b.refused(a, "FORBIDDEN", "needs the role EDITOR")
			if b.model.At() != at {
				t.Errorf("recorded")
			}
		}
	}
}

// TestAKeyBelongsToItsSubject: another subject's request under the same key is another request.
func TestAKeyBelongsToItsSubject(t *testing.T) {
	b := newDemo(t)
	input := position(map[string]any{"idempotencyKey": "k"})
	first := b.asked(people, "rob").get(recordPosition, "input", input)
	if again := b.asked(people, "rob").get(recordPosition, "input", input); again.raw != first.raw {
		t.Errorf("repeated: %s", again.raw)
	}
	if other := b.asked(people, "ron").get(recordPosition, "input", input); other.at("recordPosition.at") == first.at("recordPosition.at") {
		t.Errorf("another's: %s", other.raw)
	}
}

// TestOnlyTheBrowserThatAskedKeepsAnswers that need a token.
func TestOnlyTheBrowserThatAskedKeepsAnswers(t *testing.T) {
	b := readOnly(t)
	for _, c := range []struct {
		b             *bed
		control, vary string
	}{
		{b, "public, max-age=31536000, immutable", "Accept"},
		{b.asked(people, "rita"), "private, max-age=31536000, immutable", "Accept, Authorization"},
	} {
		w := httptest.NewRecorder()
		c.b.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, `http://localhost/graphql?query={states(asOf:{log:"9"}){code}}`, nil))
		if got := w.Header(); w.Code != 200 || got.Get("Cache-Control") != c.control || got.Get("Vary") != c.vary {
			t.Errorf("%d %v", w.Code, got)
		}
	}
	// What is given to the pages of one origin is not kept for those of another, exports included.
	handler := graph.NewHandler(graph.Config{Model: b.model, Log: b.log, Authenticator: people, AnyHost: true, AllowedOrigins: []string{"https://a.example"}})
	for _, path := range []string{`/graphql?query={states(asOf:{log:"9"}){code}}`, "/export/positions.csv?at=500"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer rita")
		r.Header.Set("Origin", "https://a.example")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if vary := strings.Join(w.Header().Values("Vary"), ", "); w.Code != 200 || w.Header().Get("Cache-Control") != "private, max-age=31536000, immutable" ||
			!strings.Contains(vary, "Origin") || !strings.Contains(vary, "Authorization") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}
