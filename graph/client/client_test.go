package client_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/client"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/router"
)

// served is a whole server over a log in memory. Before each request and after it, fault may do something else.
type served struct {
	log   *eventlogtest.Memory
	model *projections.Model
	url   string
	fault atomic.Pointer[func(w http.ResponseWriter, r *http.Request, serve http.Handler)]
}

func serve(t testing.TB) *served {
	t.Helper()
	s := &served{log: eventlogtest.NewMemory(), model: projections.New()}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- router.Follow(ctx, router.FollowConfig{Log: s.log}, router.Model(s.model)) }()
	handler := graph.NewHandler(graph.Config{Model: s.model, Log: s.log, Logger: slog.New(slog.DiscardHandler),
		Recorder: recorder.New(s.log, graph.NewReader(s.model), recorder.Config{})})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := s.fault.Load(); fault != nil {
			(*fault)(w, r, handler)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	s.url = server.URL
	t.Cleanup(func() {
		server.Close()
		stop()
		if err := <-done; err != nil {
			t.Errorf("the model stopped following: %v", err)
		}
	})
	return s
}

func open(t testing.TB, url string) *client.Client {
	t.Helper()
	c, err := client.Open(t.Context(), client.Config{URL: url, Patience: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// importThrough imports rows as the program does.
func importThrough(t testing.TB, c *client.Client, rows []domain.Row) (recorder.Report, error) {
	t.Helper()
	return recorder.New(c.Log(), nil, recorder.Config{}).RecordAll(t.Context(), rows, recorder.AllOptions{
		By: c.Subject(), Through: func(ctx context.Context, steps []recorder.Step, progress func(int)) (int, error) {
			var commands []client.Command
			for _, s := range steps {
				commands = append(commands, client.Command{Command: s.Command, Key: s.Row.Key, Revision: s.Revision, Where: fmt.Sprint(s.Row.File, ":", s.Row.Line)})
			}
			return c.Record(ctx, commands, progress)
		},
	})
}

// entry is what of an event does not depend on who recorded it, and when.
type entry struct{ Stream, Type, Data string }

func entries(t testing.TB, log eventlog.Log) (all []entry) {
	t.Helper()
	for e, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{e.Stream, e.Type, string(e.Data)})
	}
	return all
}

func dataset(t testing.TB, files ...string) []domain.Row {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	in, faults := intake.Dataset(fsys)
	for _, f := range faults {
		t.Fatal(f)
	}
	return in.Rows
}

// small has every sort of row that a file can have, and every optional column.
func small(t testing.TB) []domain.Row {
	return dataset(t,
		"states.csv", "iso3,name_en,name_fr,formal_en,regional_group,observer,admitted\nAAA,Ruritania,Ruritanie,The Kingdom,Eastern European,false,1950-01-02\n"+
			"BBB,Grand Fenwick,,,WEOG,false,1951-02-03\nCCC,Holy Fen,,,,true,\n",
		"aliases.csv", "iso3,lang,alias\nBBB,en,Fenwick\n",
		"groups.csv", "group,label,kind,member,from,until,source_title\nDUO,The Two,ad_hoc,,,,\nDUO,,,AAA,2000-01-01,,A list\nDUO,The Two,ad-hoc,Fenwick,2000-01-01,2001-01-01,\n",
		"sessions.csv", "session,name,forum,starts_on,ends_on,decision_rule\nS1,First,Forum,2020-01-01,2020-01-05,consensus\n",
		"elements.csv", "element,label,description\ntrack,Track,How many\nbare,Bare,\n",
		"options.csv", "element,option,label,description\ntrack,one,One,Just one\ntrack,two,Two,\n",
		"proposals.csv", "proposal,title,short_title,date,submitters,capacity,document_symbol,status,status_on,adopted_by,without_vote,successor,outcome_symbol,source_url,summary\n"+
			"old,Old plan,Old,2020-01-01,Ruritania;DUO,,,merged,2020-03-01,,,new,,https://example.org/old,\n"+
			"new,New plan,,2020-01-02,AAA,Chair,N/1,adopted,2020-04-01,Body,true,,R/1,https://example.org/new,In short\n"+
			"gone,Gone,,2020-01-02,AAA,,,withdrawn,2020-02-01,,,,,,\nlate,Late,,2020-01-02,AAA,,,superseded,2020-02-01,,,new,,,\n",
		"revisions.csv", "proposal,date,submitters,document_symbol,title,summary,source_url\nnew,2020-01-03,,N/2,,,\nold,2020-01-03,BBB,,Older plan,More,\n",
		"proposal-options.csv", "proposal,document_symbol,element,option\nold,,track,one\nnew,N/2,track,two\nnew,N/2,track,one\n",
		"positions.csv", "date,session,actor,aligned_with,proposal,element,option,stance,summary,points,withdrawn_on,source_title,explains,dissociated,quote,symbol,locator,language,form,source_grade\n"+
			"2020-01-04,S1,Ruritanie,,new,,,support_with_reservations,Explains.,need: money | CONCERN: a: b,2020-01-06,T,N/3#4,,,,,,explanation,press\n"+
			"2020-01-04,,BBB,,new,,,,Joined.,,,T,N/2,,,,,,,\n"+
			"2020-01-02,,DUO,AAA;Fenwick,,track,one,,Neither.,,2020-01-03,,,CCC,words,N/9,par. 3,fr,,\n",
		"endorsements.csv", "date,proposal,document_symbol,paragraph,actor,kind,source_title,source_grade\n2020-01-03,new,N/2,,BBB,joined_consensus,,official_record\n2020-01-03,new,N/2,7,AAA,dissociated,T,\n",
		"votes.csv", "proposal,document_symbol,paragraph,body,date,adopted,yes,no,abstain,absent,complete\nnew,N/3,4,Body,2020-01-03,true,1,1,0,0,\nnew,N/3,,Body,2020-01-03,false,1,2,0,5,false\n",
		"ballots.csv", "document_symbol,paragraph,state,ballot\nN/3,4,Fenwick,no\nN/3,4,AAA,YES\nN/3,,AAA,YES\n",
	)
}

// Whatever a file can record is recorded through a server as it is in a store, event by event and byte by byte; and a second time
// nothing is.
func TestThroughAServerAsInAStore(t *testing.T) {
	all, faults := intake.Dataset(demo.Files)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for name, rows := range map[string][]domain.Row{"every sort": small(t), "demo": all.Rows} {
		t.Run(name, func(t *testing.T) {
			log := eventlogtest.NewMemory()
			want, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), rows, recorder.AllOptions{By: "import"})
			if err != nil {
				t.Fatal(err)
			}
			s := serve(t)
			got, err := importThrough(t, open(t, s.url), rows)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("reports (-store +server):\n%s", diff)
			}
			if diff := cmp.Diff(entries(t, log), entries(t, s.log)); diff != "" {
				t.Errorf("records (-store +server):\n%s", diff)
			}
			again, err := importThrough(t, open(t, s.url), rows)
			if err != nil || again.Events != 0 {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

// The record is read as it is, to the byte, over pages; a stream without those that begin like it.
func TestLogIsTheRecord(t *testing.T) {
	s := serve(t)
	all, _ := intake.Dataset(demo.Files)
	if _, err := recorder.New(s.log, nil, recorder.Config{}).RecordAll(t.Context(), all.Rows, recorder.AllOptions{By: "import"}); err != nil {
		t.Fatal(err)
	}
	for s.model.At() < 827 { // The record was written past the server; once that has read it, so does the client.
		time.Sleep(time.Millisecond)
	}
	c := open(t, s.url)
	at := uint64(0)
	var want []eventlog.Recorded
	for e, err := range s.log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		at++
		e.Offset = eventlog.Offset{Commit: at}
		want = append(want, e)
	}
	read := func(from uint64) (got []eventlog.Recorded) {
		for e, err := range c.Log().ReadAll(t.Context(), eventlog.Offset{Commit: from}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		return got
	}
	if diff := cmp.Diff(want, read(0)); diff != "" {
		t.Errorf("(-log +client):\n%s", diff)
	}
	if diff := cmp.Diff(want[700:], read(700)); diff != "" {
		t.Errorf("behind 700 (-log +client):\n%s", diff)
	}
	for _, stream := range []string{"submission-oewg-2021-2025", "position-EU", "position-E", "position-NOBODY"} {
		var ofLog, ofClient []eventlog.ID
		for e, err := range s.log.ReadStream(t.Context(), stream, 1) {
			if err != nil {
				t.Fatal(err)
			}
			ofLog = append(ofLog, e.ID)
		}
		for e, err := range c.Log().ReadStream(t.Context(), stream, 1) {
			if err != nil {
				t.Fatal(err)
			}
			ofClient = append(ofClient, e.ID)
		}
		if diff := cmp.Diff(ofLog, ofClient); diff != "" {
			t.Errorf("%s (-log +client):\n%s", stream, diff)
		}
	}
	// What comes later is not seen: the client is pinned.
	if _, err := importThrough(t, open(t, s.url), dataset(t, "elements.csv", "element,label\nnew-one,New\n")); err != nil {
		t.Fatal(err)
	}
	if n := len(read(0)); n != len(want) {
		t.Errorf("%d events, %d when it was opened", n, len(want))
	}
	for _, err := range []error{
		func() error { _, err := c.Log().Append(t.Context(), eventlog.Append{}); return err }(),
		func() error { _, err := c.Log().AppendAll(t.Context(), nil); return err }(),
		c.Log().Wait(t.Context(), eventlog.Offset{}),
	} {
		if err == nil {
			t.Error("a server's record took an event")
		}
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// Connections that break before and after the server did its work, and servers that are busy, cost time and nothing else: every row is
// there once.
func TestFaultsOnTheWay(t *testing.T) {
	s := serve(t)
	n := 0
	var mu sync.Mutex
	fault := func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		mu.Lock()
		n++
		turn := n % 7
		mu.Unlock()
		switch turn {
		case 2: // Nothing reached it.
			cut(w)
		case 4: // It did its work, and nobody was told.
			serve.ServeHTTP(httptest.NewRecorder(), r)
			cut(w)
		case 6:
			http.Error(w, "busy", http.StatusServiceUnavailable)
		default:
			serve.ServeHTTP(w, r)
		}
	}
	s.fault.Store(&fault)
	rows := small(t)
	report, err := importThrough(t, open(t, s.url), rows)
	if err != nil {
		t.Fatal(err)
	}
	log := eventlogtest.NewMemory()
	if _, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), rows, recorder.AllOptions{By: "import"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries(t, log), entries(t, s.log)); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", report, diff)
	}
}

// An import that ends at any request, with or without effect, is completed by the next.
func TestACutShortImportThroughAServerIsCompleted(t *testing.T) {
	rows := small(t)
	log := eventlogtest.NewMemory()
	if _, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), rows, recorder.AllOptions{By: "import"}); err != nil {
		t.Fatal(err)
	}
	want := entries(t, log)
	for end := 3; end < 40; end += 3 {
		s := serve(t)
		n := 0
		fault := func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
			if n++; n < end {
				serve.ServeHTTP(w, r)
				return
			}
			if n == end && end%2 == 0 {
				serve.ServeHTTP(httptest.NewRecorder(), r)
			}
			cut(w)
		}
		s.fault.Store(&fault)
		c, err := client.Open(t.Context(), client.Config{URL: s.url, Patience: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = importThrough(t, c, rows)
		var incomplete *recorder.Incomplete
		if n >= end && (!errors.As(err, &incomplete) || !errors.Is(err, eventlog.ErrUnknown) || !strings.Contains(err.Error(), "it is not known; run the import again to complete it")) {
			t.Fatalf("end at request %d: %v", end, err)
		}
		s.fault.Store(nil)
		if _, err := importThrough(t, open(t, s.url), rows); err != nil {
			t.Fatalf("end at request %d, and again: %v", end, err)
		}
		if diff := cmp.Diff(want, entries(t, s.log)); diff != "" {
			t.Errorf("end at request %d (-want +got):\n%s", end, diff)
		}
	}
}

// Somebody else records something between the check and the import: what is refused is told with its place, and what was recorded.
func TestRacedFor(t *testing.T) {
	s := serve(t)
	rows := dataset(t, "elements.csv", "element,label\na,A\nb,B\nc,C\n", "states.csv", "iso3,name_en,observer\nAAA,Ruritania,true\n")
	raced := false
	fault := func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if !raced && strings.Contains(string(body), `"key":"a"`) {
			raced = true
			other := httptest.NewRequest("POST", "/graphql", strings.NewReader(`{"query":"mutation { defineElement(input: {key: \"b\", label: \"Another\"}) { at } }"}`))
			other.Header.Set("Content-Type", "application/json")
			other.Host = r.Host
			serve.ServeHTTP(httptest.NewRecorder(), other)
		}
		serve.ServeHTTP(w, r)
	}
	s.fault.Store(&fault)
	_, err := importThrough(t, open(t, s.url), rows)
	want := "2 of 4 rows recorded, the others not: the record changed meanwhile; run the import again, which checks everything anew\nelements.csv:3: element: The element b is defined already"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
	// And the next run tells it as a fault, before anything is recorded.
	var faults *recorder.Faults
	if _, err := importThrough(t, open(t, s.url), rows); !errors.As(err, &faults) || !strings.Contains(err.Error(), `label is "Another" on record and "B" here`) {
		t.Errorf("%v", err)
	}
}

// canary is a token that must not be seen anywhere.
const canary = "canary-token-7f3a"

// What answers, if anything does, is told in words that say what to do; and never the token.
func TestWhatAnswers(t *testing.T) {
	plain := func(f http.HandlerFunc) string {
		server := httptest.NewServer(f)
		t.Cleanup(server.Close)
		return server.URL
	}
	answer := func(status int, typ, body string) string {
		return plain(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", typ)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	var stolen atomic.Bool
	thief := plain(func(w http.ResponseWriter, r *http.Request) { stolen.Store(true) })
	const graphqlJSON = "application/graphql-response+json"
	coded := func(code, message string) string {
		b, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{"message": message, "extensions": map[string]any{"code": code}}}})
		return string(b)
	}
	for name, c := range map[string]struct{ url, want string }{
		"nobody":           {gone.URL, "nothing listens at " + gone.URL + "/graphql; is the server running, and is this its address?"},
		"no host":          {"http://no-such-host.invalid", `no-such-host.invalid`},
		"a web page":       {answer(200, "text/html", "<html>"), "answers, but not with JSON; it is no rapporteur server"},
		"not found":        {answer(404, "text/plain", "no"), "answers with status 404 (Not Found) and is no rapporteur server; is this its address?"},
		"a proxy":          {answer(502, "text/html", "bad"), "answers with status 502 (Bad Gateway)"},
		"other JSON":       {answer(200, "application/json", `{"data": 7}`), "answers, but not with JSON"},
		"another GraphQL":  {answer(400, graphqlJSON, coded("BAD_USER_INPUT", `Cannot query field "viewer"`)), `speaks GraphQL, but is no rapporteur server: Cannot query field "viewer"`},
		"no token":         {answer(401, graphqlJSON, coded("UNAUTHENTICATED", "A token is asked for.")), "asks for a token that is valid: A token is asked for."},
		"no token, in 200": {answer(200, "application/json", coded("UNAUTHENTICATED", "A token is asked for.")), "asks for a token that is valid: A token is asked for."},
		"a proxy's token":  {answer(401, "text/plain", "who?"), "asks for a token that is valid"},
		"forbidden":        {answer(403, graphqlJSON, coded("FORBIDDEN", "Not from there.")), "does not allow it: Not from there."},
		"known by no name": {answer(200, graphqlJSON, `{"data":{"viewer":{"subject":null,"roles":["READER"]},"at":"1"}}`), "does not know who asks, and records for nobody; give a token"},
		"elsewhere": {plain(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief+"/graphql?a=b", http.StatusTemporaryRedirect)
		}), "redirects to " + thief + "; give the address of the server itself"},
		"unknown authority": {secure.URL, "is of an authority that this machine does not know; add it to the machine's (or name its file in SSL_CERT_FILE)"},
		"TLS asked plainly": {"http" + strings.TrimPrefix(secure.URL, "https"), "speaks TLS; write https://"},
		"no TLS":            {"https" + strings.TrimPrefix(thief, "http"), "does not speak TLS; write http:// if that is meant"},
		"no address":        {"127.0.0.1:8080", `"127.0.0.1:8080" is no address of a server; write for example http://127.0.0.1:8080`},
		"a password":        {"http://me:" + canary + "@127.0.0.1:1", "has a name or password in it; leave it out, and give a token"},
		"a query":           {"http://127.0.0.1:1/?" + canary, "has something behind its path; leave it out"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Open(t.Context(), client.Config{URL: c.url, Token: canary})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the token is told: %v", err)
			}
		})
	}
	if stolen.Load() {
		t.Error("a redirection was followed")
	}
	if _, err := client.Open(t.Context(), client.Config{URL: gone.URL, Token: canary + "\r\nX: y"}); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("%v", err)
	}
}

// Roles that do not suffice are told before anything is sent.
func TestRolesAreKnownBefore(t *testing.T) {
	for _, c := range []struct{ roles, want string }{
		{`["READER"]`, "as one who may only read; recording needs the role RECORDER, and EDITOR for what defines something; give another token"},
		{`["READER","RECORDER"]`, "States, groups, sessions, elements and options, as in elements.csv:2, need the role EDITOR; give another token"},
	} {
		s := serve(t)
		sent := 0
		fault := func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
			body, _ := io.ReadAll(r.Body)
			switch {
			case strings.Contains(string(body), "query hello"):
				fmt.Fprintf(w, `{"data":{"viewer":{"subject":"jane","roles":%s},"at":"0"}}`, c.roles)
				return
			case strings.Contains(string(body), "mutation"):
				sent++
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			serve.ServeHTTP(w, r)
		}
		s.fault.Store(&fault)
		_, err := importThrough(t, open(t, s.url), dataset(t, "elements.csv", "element,label\na,A\n", "states.csv", "iso3,name_en,observer\nAAA,Ruritania,true\n")[1:])
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "nothing was recorded") || sent != 0 {
			t.Errorf("%d sent, %v\nwant %s", sent, err, c.want)
		}
	}
}

// A server that asks to wait is waited for so long, and that is told.
func TestWaitingIsTold(t *testing.T) {
	s := serve(t)
	n := 0
	fault := func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		if n++; n == 2 {
			w.Header().Set("Retry-After", "1")
			w.Header().Set("Content-Type", "application/graphql-response+json")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"errors":[{"message":"Too many.","extensions":{"code":"RATE_LIMITED"}}]}`)
			return
		}
		serve.ServeHTTP(w, r)
	}
	s.fault.Store(&fault)
	var told []string
	c, err := client.Open(t.Context(), client.Config{URL: s.url, Waiting: func(cause error, pause time.Duration) {
		told = append(told, fmt.Sprint(cause, " ", pause))
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := importThrough(t, c, dataset(t, "elements.csv", "element,label\na,A\n")[195:]); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || !strings.HasSuffix(told[0], "cannot answer now: Too many. 1s") {
		t.Errorf("%q", told)
	}
}
