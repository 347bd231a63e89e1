package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// TestAnswersAgainAreThoseOfNow asks, while positions are recorded, whatever an answer may depend on beside its words of a server that keeps
// answers and of one that executes everything: who asks, the newest position, an instant, a day, a position, one that is not there yet.
func TestAnswersAgainAreThoseOfNow(t *testing.T) {
	b := newDemo(t)
	c := graph.Config{
		Model: b.model, Log: b.log, Authenticator: people,
		Recorder: recorder.New(b.log, graph.NewReader(b.model), recorder.Config{Clock: clock}),
	}
	kept, executed := graph.NewHandler(c), graph.Executed(c)
	ask := func(h http.Handler, who, query string) []byte {
		body, err := json.Marshal(map[string]any{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "http://localhost/graphql", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+who)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.Bytes()
	}
	begin := b.model.At()
	const figures = `convergence(targets: [{proposal: "programme-of-action"}]%s) { at tally { support undeclared } standings(stances: [SUPPORT]) { state { id code } } }`
	queries := []string{
		`{ at }`, `{ __typename }`, `{ viewer { subject roles } }`, `{ viewer { subject } ` + fmt.Sprintf(figures, "") + ` }`,
		`{ ` + fmt.Sprintf(figures, "") + ` }`,
		`{ ` + fmt.Sprintf(figures, fmt.Sprintf(`, asOf: {log: "%d"}`, begin)) + ` }`,
		`{ ` + fmt.Sprintf(figures, fmt.Sprintf(`, asOf: {log: "%d"}`, begin)) + ` at }`,
		`{ ` + fmt.Sprintf(figures, `, asOf: {statedOn: "2026-01-20"}`) + ` }`,
		`{ ` + fmt.Sprintf(figures, `, asOf: {recordedAt: "2026-11-20T09:00:00.123456Z"}`) + ` }`,
		`{ ` + fmt.Sprintf(figures, `, asOf: {recordedAt: "2026-10-20T09:10:00Z"}`) + ` }`,
		`{ ` + fmt.Sprintf(figures, `, asOf: {recordedAt: "2100-01-01T00:00:00Z"}`) + ` }`,
		`{ positions(last: 1) { nodes { id } } }`, `{ positions(first: 1) { nodes { id summary at } totalCount } }`,
		`{ proposal(slug: "not-yet") { title } }`, `{ proposal(slug: "not-yet", asOf: {log: "7"}) { title } }`,
	}
	rounds := 4
	for round := range rounds {
		queries := append(queries, fmt.Sprintf(`{ `+figures+` }`, fmt.Sprintf(`, asOf: {log: "%d"}`, begin+uint64(round))))
		if round == rounds-1 {
			queries = append(queries, fmt.Sprintf(`{ events(first: 1, asOf: {log: "%d"}) { nodes { at } } }`, begin+1000)) // Waits in vain.
		}
		for _, query := range queries {
			for _, who := range []string{"rita", "edna"} {
				want := ask(executed, who, query)
				for range 2 {
					if got := ask(kept, who, query); comparable(t, got) != comparable(t, want) {
						t.Errorf("round %d, %s is answered %s\n%s\nand executed %s", round, who, query, got, want)
					}
				}
			}
		}
		record := fmt.Sprintf(`mutation { recordPosition(input: {actor: "URY", target: {proposal: "programme-of-action"}, stance: %s,
			statedOn: "2026-01-%02d", summary: "Made up.", source: {title: "Made up"}}) { at } }`, []string{"SUPPORT", "OPPOSE"}[round%2], 10+round)
		if round == 1 {
			record = `mutation { submitProposal(input: {slug: "not-yet", title: "Now", submitters: ["URY"], on: "2026-01-05", source: {title: "Made up"}}) { at } }`
		}
		if answer := string(ask(kept, "edna", record)); strings.Contains(answer, `"errors"`) {
			t.Fatal(answer)
		}
	}
	if s := kept.Stats(); s.Repeated < uint64(rounds*len(queries)) {
		t.Errorf("only %d answers were given again", s.Repeated)
	}
}

// What is recorded is seen by whoever asks afterwards, however many ask for the same meanwhile.
func TestWhatIsRecordedIsInTheNextAnswer(t *testing.T) {
	b := newDemo(t)
	b.handler = graph.NewHandler(graph.Config{
		Model: b.model, Log: b.log, Recorder: recorder.New(b.log, graph.NewReader(b.model), recorder.Config{Clock: clock}),
		Clients: httpgraphql.Clients{Rate: -1},
	})
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					b.post(`{ positions(first: 1) { totalCount } at }`)
				}
			}
		})
	}
	rounds := 20
	for round := range rounds {
		at := b.get(recordPosition, "input", position(map[string]any{"statedOn": fmt.Sprintf("2026-01-%02d", 1+round)})).at("recordPosition.at").(string)
		if seen := b.get(`{ positions(first: 1) { totalCount } at }`).at("at").(string); len(seen) < len(at) || len(seen) == len(at) && seen < at {
			t.Fatalf("recorded at %s, and then answered as of %s", at, seen)
		}
	}
	close(stop)
	others.Wait()
}
