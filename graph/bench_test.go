package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

// BenchmarkOverHTTP measures whole requests over loopback on the built-in negotiation, now and at a past moment, each beside a
// hand-written handler that reads the same request and writes the same bytes. "times-baseline" is the ratio of the two, taken
// in turns in the same run; "ns/op" is the sum of both and says nothing by itself.
func BenchmarkOverHTTP(b *testing.B) {
	log := eventlogtest.NewMemory()
	input, faults := intake.Dataset(demo.Files)
	r := recorder.New(log, nil, recorder.Config{})
	if _, err := r.RecordAll(b.Context(), input.Rows, recorder.AllOptions{By: "import", Faults: faults}); err != nil {
		b.Fatal(err)
	}
	url, newest := benchServer(b, log)
	past := fmt.Sprintf(`(asOf: {log: "%d", statedOn: "2024-06-30"})`, newest-40)
	for _, q := range largest {
		for _, at := range []struct{ name, args string }{{"now", ""}, {"past", past}} {
			b.Run(q.name+"/"+at.name, func(b *testing.B) { againstSameBytes(b, url, fmt.Sprintf(q.query, at.args)) })
		}
	}
}

// BenchmarkRecordLength asks the same of records of 10,000 and 100,000 events, now and as of the middle of the record: what is
// answered should cost the same, however long the record is.
func BenchmarkRecordLength(b *testing.B) {
	for _, events := range []int{10_000, 100_000} {
		log := eventlogtest.NewMemory()
		if err := synthetic.Append(b.Context(), log, events, 1); err != nil {
			b.Fatal(err)
		}
		url, newest := benchServer(b, log)
		past := fmt.Sprintf(`(asOf: {log: "%d"})`, newest/2)
		for _, q := range []question{largest[0], largest[2]} {
			for _, at := range []struct{ name, args string }{{"now", ""}, {"past", past}} {
				b.Run(fmt.Sprintf("%s/%s/%d", q.name, at.name, events), func(b *testing.B) { againstSameBytes(b, url, fmt.Sprintf(q.query, at.args)) })
			}
		}
	}
}

type question struct{ name, query string }

// largest are the answers that grow with States and targets.
var largest = []question{
	{"convergences", `{ convergence%s { target { targetKey } tally { support supportWithReservations neutral concerned oppose undeclared } support agreement consensus } }`},
	{"convergences+standings", `{ convergence%s { target { targetKey } tally { support supportWithReservations neutral concerned oppose undeclared } support agreement consensus standings { state { code } stance basis } } }`},
	{"matrix", `{ matrix%s { rows } }`},
}

// benchServer serves a log over loopback and gives the address of its API and the newest position.
func benchServer(b *testing.B, log eventlog.Log) (url string, newest uint64) {
	b.Helper()
	model := projections.New()
	if _, err := model.CatchUp(b.Context(), log, nil); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(graph.NewHandler(graph.Config{Model: model, Log: log, Recorder: recorder.New(log, graph.NewReader(model), recorder.Config{})}))
	b.Cleanup(server.Close)
	return server.URL + "/graphql", model.At()
}

// againstSameBytes asks the server and the hand-written handler in turns.
func againstSameBytes(b *testing.B, url, query string) {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		b.Fatal(err)
	}
	answer := post(b, url, body)
	if !bytes.HasPrefix(answer, []byte(`{"data":{`)) || bytes.Contains(answer, []byte(`"errors"`)) {
		b.Fatalf("%s answers %.300s", query, answer)
	}
	baseline := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Query string }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.Query != query {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}))
	defer baseline.Close()
	var ours, theirs time.Duration
	for b.Loop() {
		begin := time.Now()
		post(b, baseline.URL, body)
		middle := time.Now()
		if got := post(b, url, body); len(got) != len(answer) {
			b.Fatalf("%d bytes, before %d", len(got), len(answer))
		}
		theirs += middle.Sub(begin)
		ours += time.Since(middle)
	}
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "us/request")
	b.ReportMetric(float64(theirs.Microseconds())/float64(b.N), "us/baseline")
	b.ReportMetric(float64(ours)/float64(theirs), "times-baseline")
	b.ReportMetric(float64(len(answer)), "bytes")
}

func post(tb testing.TB, url string, body []byte) []byte {
	tb.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		tb.Fatalf("status %d, %v: %.300s", response.StatusCode, err, answer)
	}
	return answer
}
