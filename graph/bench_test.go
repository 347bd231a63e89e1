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
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

// BenchmarkOverHTTP measures whole requests over loopback on the built-in negotiation, at the newest moment and at a past one, each beside
// a hand-written handler that reads the same request and writes the same bytes. All take turns in one process, and what is measured is
// the processor time of that process, of client and server: "x" is how many times that of the handler it is.
//
//   - known: the answer is executed; the figures it tells were computed for an earlier question about the same moment.
//   - new: the answer is executed, for a day that nobody has asked for before; the figures are computed.
//   - again: the answer is given again.
func BenchmarkOverHTTP(b *testing.B) {
	log := eventlogtest.NewMemory()
	input, faults := intake.Dataset(demo.Files)
	r := recorder.New(log, nil, recorder.Config{})
	if _, err := r.RecordAll(b.Context(), input.Rows, recorder.AllOptions{By: "import", Faults: faults}); err != nil {
		b.Fatal(err)
	}
	s := benchServers(b, log)
	for _, q := range largest {
		b.Run(q.name, func(b *testing.B) {
			now, past := s.ask(b, q, ""), s.ask(b, q, fmt.Sprintf(`{"log":"%d","statedOn":"2024-06-30"}`, s.newest-40))
			cost := turns(b, now.byHand, now.known, now.again, past.byHand, past.known, past.again)
			b.ReportMetric(cost[0].Seconds()*1e6, "us-by-hand")
			b.ReportMetric(float64(cost[1])/float64(cost[0]), "x-known")
			b.ReportMetric(float64(cost[2])/float64(cost[0]), "x-again")
			b.ReportMetric(float64(cost[4])/float64(cost[3]), "x-past-known")
			b.ReportMetric(float64(cost[5])/float64(cost[3]), "x-past-again")
			b.ReportMetric(float64(cost[4])/float64(cost[1]), "past/now-known")
			b.ReportMetric(float64(cost[5])/float64(cost[2]), "past/now-again")
			b.ReportMetric(float64(len(now.answer)), "bytes")
		})
		// By itself, since the figures of many days fill the cache of figures.
		b.Run(q.name+"/new", func(b *testing.B) {
			now := s.ask(b, q, "")
			cost := turns(b, now.byHand, s.days(b, q))
			b.ReportMetric(float64(cost[1])/float64(cost[0]), "x-new")
			b.ReportMetric(cost[1].Seconds()*1e6, "us-new")
		})
	}
}

// BenchmarkRecordLength asks the same of records of 10,000 and 100,000 events (and 1,000,000, with RAPPORTEUR_LONG), at the newest moment
// and in the middle of the record: what is answered should cost the same, however long the record is. "of-10000" is how many times the
// cost with 10,000 events it is.
func BenchmarkRecordLength(b *testing.B) {
	lengths := []int{10_000, 100_000}
	if long {
		lengths = append(lengths, 1_000_000)
	}
	var servers []*servers
	for _, events := range lengths {
		log := eventlogtest.NewMemory()
		if err := synthetic.Append(b.Context(), log, events, 1); err != nil {
			b.Fatal(err)
		}
		servers = append(servers, benchServers(b, log))
	}
	for _, q := range largest {
		b.Run(q.name, func(b *testing.B) {
			var asked []func()
			for _, s := range servers {
				now, past := s.ask(b, q, ""), s.ask(b, q, fmt.Sprintf(`{"log":"%d"}`, s.newest/2))
				asked = append(asked, now.known, past.known, now.again)
			}
			cost := turns(b, asked...)
			for i, kind := range []string{"known", "past-known", "again"} {
				b.ReportMetric(cost[i].Seconds()*1e6, "us-"+kind)
				for j, events := range lengths[1:] {
					b.ReportMetric(float64(cost[3*(j+1)+i])/float64(cost[i]), fmt.Sprintf("%s-%d-of-10000", kind, events))
				}
			}
		})
	}
}

type question struct{ name, query string }

// largest are the answers that grow with States and targets.
var largest = []question{
	{"convergences", `query($asOf: AsOf) { convergence(asOf: $asOf) { target { targetKey } tally { support supportWithReservations neutral concerned oppose undeclared } support agreement consensus } }`},
	{"convergences+standings", `query($asOf: AsOf) { convergence(asOf: $asOf) { target { targetKey } tally { support supportWithReservations neutral concerned oppose undeclared } support agreement consensus standings { state { code } stance basis } } }`},
	{"matrix", `query($asOf: AsOf) { matrix(asOf: $asOf) { rows } }`},
}

// servers answer from one read model over loopback.
type servers struct {
	executes, keeps string // One executes whatever it is asked, the other gives answers again.
	newest          uint64
	day             domain.Date // That nobody has asked for yet.
}

func benchServers(b *testing.B, log eventlog.Log) *servers {
	b.Helper()
	model := projections.New()
	if _, err := model.CatchUp(b.Context(), log, nil); err != nil {
		b.Fatal(err)
	}
	serve := func(answerBytes int) string {
		server := httptest.NewServer(graph.NewHandler(graph.Config{
			Model: model, Log: log, Recorder: recorder.New(log, graph.NewReader(model), recorder.Config{}), AnswerBytes: answerBytes,
		}))
		b.Cleanup(server.Close)
		return server.URL + "/graphql"
	}
	return &servers{executes: serve(1), keeps: serve(0), newest: model.At(), day: domain.NewDate(2023, 1, 1)}
}

// asked are ways to an answer.
type asked struct {
	answer               []byte
	byHand, known, again func()
}

func (s *servers) ask(b *testing.B, q question, asOf string) asked {
	b.Helper()
	body := request(b, q, asOf)
	a := asked{answer: post(b, s.executes, body)}
	if !bytes.HasPrefix(a.answer, []byte(`{"data":{`)) || bytes.Contains(a.answer, []byte(`"errors"`)) {
		b.Fatalf("%s answers %.300s", q.query, a.answer)
	}
	byHand := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Query string }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.Query != q.query {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(a.answer)
	}))
	b.Cleanup(byHand.Close)
	from := func(url string) func() {
		return func() {
			if got := post(b, url, body); !bytes.Equal(got, a.answer) {
				b.Fatalf("%d bytes, before %d", len(got), len(a.answer))
			}
		}
	}
	a.byHand, a.known, a.again = from(byHand.URL), from(s.executes), from(s.keeps)
	return a
}

// days asks for another day each time.
func (s *servers) days(b *testing.B, q question) func() {
	return func() {
		s.day = s.day.Next()
		if answer := post(b, s.executes, request(b, q, fmt.Sprintf(`{"statedOn":%q}`, s.day))); bytes.Contains(answer, []byte(`"errors"`)) {
			b.Fatalf("%.300s", answer)
		}
	}
}

func request(tb testing.TB, q question, asOf string) []byte {
	if asOf == "" {
		asOf = "null"
	}
	body, err := json.Marshal(map[string]any{"query": q.query, "variables": map[string]any{"asOf": json.RawMessage(asOf)}})
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// turns does each of some things in turns, and gives the processor time that one of each took.
func turns(b *testing.B, things ...func()) []time.Duration {
	const block = 5
	took := make([]time.Duration, len(things))
	for b.Loop() {
		for i, thing := range things {
			begun := processor(b)
			for range block {
				thing()
			}
			took[i] += processor(b) - begun
		}
	}
	for i := range took {
		took[i] /= time.Duration(b.N * block)
	}
	return took
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
