package graphiql_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/rapporteur/rapporteur/graph/graphiql"
)

// ask sends one request to the handler, with headers given as name, value, name, value.
func ask(t *testing.T, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	graphiql.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// assets are the addresses that the page names.
func assets(t *testing.T, page []byte) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile(`\b(?:src|href)="([^"]*)"`).FindAllSubmatch(page, -1) {
		found = append(found, string(m[1]))
	}
	if len(found) < 3 {
		t.Fatalf("page names %q; want at least a script, a style sheet and an icon", found)
	}
	return found
}

func TestPageAsksNoOtherHost(t *testing.T) {
	r := ask(t, "GET", "/graphiql")
	page := body(t, r)
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("page: %s, %s", r.Status, r.Header.Get("Content-Type"))
	}
	if !bytes.Contains(page, []byte("<title>rapporteur – query editor</title>")) {
		t.Errorf("page has another title: %s", page)
	}
	for _, address := range assets(t, page) {
		if !strings.HasPrefix(address, graphiql.Mount+"/") {
			t.Errorf("page names %s, which is not below %s", address, graphiql.Mount)
		}
	}
	for _, address := range assets(t, page) {
		if !strings.HasSuffix(address, ".css") {
			continue
		}
		style := body(t, ask(t, "GET", address))
		for _, m := range regexp.MustCompile(`(?:@import|url\()\s*["']?([^"')]{0,40})`).FindAllSubmatch(style, -1) {
			if !bytes.HasPrefix(m[1], []byte("data:image/")) {
				t.Errorf("%s loads %s", address, m[1])
			}
		}
	}
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	for _, request := range []struct{ method, target string }{
		{"GET", "/graphiql"},
		{"GET", "/graphiql/THIRD_PARTY_LICENSES.txt"},
		{"GET", "/graphiql/"},
		{"GET", "/graphiql/missing.js"},
		{"POST", "/graphiql"},
	} {
		r := ask(t, request.method, request.target)
		policy := map[string]string{}
		for directive := range strings.SplitSeq(r.Header.Get("Content-Security-Policy"), ";") {
			name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
			policy[name] = sources
		}
		for name, want := range map[string]string{
			"default-src":     "'self'",
			"script-src":      "'self'",
			"connect-src":     "'self'",
			"style-src":       "'self' 'unsafe-inline'",
			"img-src":         "'self' data:",
			"worker-src":      "'none'",
			"object-src":      "'none'",
			"base-uri":        "'none'",
			"form-action":     "'none'",
			"frame-ancestors": "'none'",
		} {
			if policy[name] != want {
				t.Errorf("%s %s: %s is %q, want %q", request.method, request.target, name, policy[name], want)
			}
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s: headers %v", request.method, request.target, r.Header)
		}
	}
}

func TestEveryFileIsServedWithItsType(t *testing.T) {
	types := map[string]string{
		".js":  "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml",
		".txt": "text/plain; charset=utf-8",
	}
	named := assets(t, body(t, ask(t, "GET", "/graphiql")))
	entries, err := os.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(named)+1 {
		t.Errorf("dist has %d files; the page and what it names are %d", len(entries), len(named)+1)
	}
	for _, address := range named {
		want, err := os.ReadFile(filepath.Join("dist", filepath.Base(address)))
		if err != nil {
			t.Errorf("page names %s: %v", address, err)
			continue
		}
		r := ask(t, "GET", address)
		if got := body(t, r); r.StatusCode != http.StatusOK || !bytes.Equal(got, want) {
			t.Errorf("%s: %s with %d bytes, want the %d bytes of dist", address, r.Status, len(got), len(want))
		}
		if got := r.Header.Get("Content-Type"); got != types[filepath.Ext(address)] {
			t.Errorf("%s: Content-Type %q", address, got)
		}
	}
}

func TestAnythingElseIsNotFound(t *testing.T) {
	for _, target := range []string{
		"/", "/graphiqlx", "/graphiql/missing.js", "/graphiql/index.html", "/graphiql/dist/index.html",
		"/graphiql/../embed.go", "/graphiql/%2e%2e/embed.go", "/graphiql//", "/graphiql/THIRD_PARTY_LICENSES.txt/",
	} {
		if r := ask(t, "GET", target); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: %s", target, r.Status)
		}
	}
}

func TestPageHasOneAddress(t *testing.T) {
	for target, want := range map[string]string{
		"/graphiql/":                            "/graphiql",
		"/graphiql/?query=%7Bat%7D&variables=1": "/graphiql?query=%7Bat%7D&variables=1",
	} {
		r := ask(t, "GET", target)
		if r.StatusCode != http.StatusMovedPermanently || r.Header.Get("Location") != want {
			t.Errorf("GET %s: %s to %q, want %q", target, r.Status, r.Header.Get("Location"), want)
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		r := ask(t, method, "/graphiql")
		if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %s, Allow %q", method, r.Status, r.Header.Get("Allow"))
		}
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	for _, target := range append(assets(t, body(t, ask(t, "GET", "/graphiql"))), "/graphiql") {
		get, head := ask(t, "GET", target), ask(t, "HEAD", target)
		if n := len(body(t, head)); n != 0 {
			t.Errorf("HEAD %s: a body of %d bytes", target, n)
		}
		for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Cache-Control", "Vary"} {
			if g, h := get.Header.Get(name), head.Header.Get(name); g != h || g == "" {
				t.Errorf("%s of %s: GET %q, HEAD %q", name, target, g, h)
			}
		}
	}
}

func TestAssetsAreKeptForEverAndThePageIsAskedAboutEachTime(t *testing.T) {
	for _, target := range append(assets(t, body(t, ask(t, "GET", "/graphiql"))), "/graphiql") {
		want := "no-cache"
		if regexp.MustCompile(`-[0-9a-f]{12}\.`).MatchString(target) {
			want = "public, max-age=31536000, immutable"
		} else if strings.HasSuffix(target, ".js") || strings.HasSuffix(target, ".css") {
			t.Errorf("%s is named without its hash", target)
		}
		for _, coding := range []string{"", "gzip"} {
			r := ask(t, "GET", target, "Accept-Encoding", coding)
			if got := r.Header.Get("Cache-Control"); got != want {
				t.Errorf("%s: Cache-Control %q, want %q", target, got, want)
			}
			again := ask(t, "GET", target, "Accept-Encoding", coding, "If-None-Match", r.Header.Get("ETag"))
			if again.StatusCode != http.StatusNotModified || len(body(t, again)) != 0 {
				t.Errorf("%s again, as %q: %s", target, coding, again.Status)
			}
			if r := ask(t, "GET", target, "Accept-Encoding", coding, "If-None-Match", `"other"`); r.StatusCode != http.StatusOK {
				t.Errorf("%s, with the ETag of something else: %s", target, r.Status)
			}
		}
	}
}

func TestGzipGoesToThoseWhoTakeIt(t *testing.T) {
	plain := ask(t, "GET", "/graphiql")
	want := body(t, plain)
	for header, zipped := range map[string]bool{
		"gzip": true, "br, GZIP": true, "deflate, gzip;q=0.5": true, "gzip; q=1.0, *;q=0": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "identity": false, "x-gzip": false,
	} {
		r := ask(t, "GET", "/graphiql", "Accept-Encoding", header)
		got := body(t, r)
		if (r.Header.Get("Content-Encoding") == "gzip") != zipped {
			t.Errorf("%q: Content-Encoding %q", header, r.Header.Get("Content-Encoding"))
			continue
		}
		if zipped {
			if r.Header.Get("ETag") == plain.Header.Get("ETag") {
				t.Errorf("%q: other bytes under the same ETag", header)
			}
			z, err := gzip.NewReader(bytes.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			if got, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%q: other bytes than without", header)
		}
	}
}

func TestEveryBundledPackageHasItsLicence(t *testing.T) {
	text := string(body(t, ask(t, "GET", "/graphiql/THIRD_PARTY_LICENSES.txt")))
	for _, want := range []string{"\ngraphiql 4.", "\nreact 19.", "\ncodemirror 5.", "\ngraphql 16.", "\ngraphql-ws 6.", "Apache License", "Permission is hereby granted"} {
		if !strings.Contains(text, want) {
			t.Errorf("THIRD_PARTY_LICENSES.txt does not have %q", want)
		}
	}
}

// The question that greets every reader must be one that the server can answer.
func TestDefaultQueryIsOneOfTheSchema(t *testing.T) {
	query, err := os.ReadFile("src/default.graphql")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"testdata/schema.graphqls", "../schema/*.graphqls"} {
		t.Run(pattern, func(t *testing.T) {
			names, err := filepath.Glob(pattern)
			if err != nil {
				t.Fatal(err)
			}
			if len(names) == 0 {
				t.Skip("no schema here")
			}
			var sources []*ast.Source
			for _, name := range names {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				sources = append(sources, &ast.Source{Name: name, Input: string(text)})
			}
			schema, err := gqlparser.LoadSchema(sources...)
			if err != nil {
				t.Fatal(err)
			}
			if _, errs := gqlparser.LoadQueryWithRules(schema, string(query), rules.NewDefaultRules()); errs != nil {
				t.Fatal(errs)
			}
		})
	}
}

// A real browser opens the page of a server that has two answers: its schema, and one to the default query.
func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "/usr/bin/chromium"
	}
	for _, needed := range []string{browser, "node"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skip(err)
		}
	}
	if _, err := os.Stat("node_modules/playwright-core"); err != nil {
		t.Skip("run npm ci first: ", err)
	}
	// Looked at here so that go test knows the result depends on it: what another process reads it does not see.
	if _, err := os.Stat("e2e/graphiql.mjs"); err != nil {
		t.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.Handle(graphiql.Mount, graphiql.Handler())
	mux.Handle(graphiql.Mount+"/", graphiql.Handler())
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ OperationName string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/graphql-response+json")
		if asked.OperationName == "IntrospectionQuery" {
			http.ServeFile(w, r, "testdata/introspection.json")
			return
		}
		http.ServeFile(w, r, "testdata/answer.json")
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	picture := os.Getenv("GRAPHIQL_PICTURE") // where to keep it; else it goes with the test
	if picture == "" {
		picture = filepath.Join(t.TempDir(), "graphiql.png")
	}
	out, err := exec.CommandContext(t.Context(), "node", "e2e/graphiql.mjs", server.URL, picture).CombinedOutput()
	if err != nil {
		t.Fatalf("e2e/graphiql.mjs: %v\n%s", err, out)
	}
	if _, err := os.Stat(picture); err != nil {
		t.Fatal(err)
	}
}
