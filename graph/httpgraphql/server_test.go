package httpgraphql_test

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

func TestSlowClientsAreCutOff(t *testing.T) {
	h := newHandler(httpgraphql.Config{ReadTimeout: 50 * time.Millisecond})
	server := httptest.NewUnstartedServer(h)
	server.Config = httpgraphql.NewServer(h, quiet())
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), "did not arrive within 50ms") {
		t.Errorf("%s", answer)
	}
	// And one that is slow only in between is served, again and again on one connection.
	client := server.Client()
	for range 3 {
		time.Sleep(60 * time.Millisecond)
		response, err := client.Post(server.URL, "application/json", strings.NewReader(`{"query":"{hello}"}`))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Errorf("status %d", response.StatusCode)
		}
	}
}

func TestAWriteDeadlineEndsWithItsAnswer(t *testing.T) {
	h := newHandler(httpgraphql.Config{WriteTimeout: 30 * time.Millisecond})
	feed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			time.Sleep(40 * time.Millisecond)
			_, _ = io.WriteString(w, "tick\n")
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/graphql", h)
	mux.Handle("/feed", feed)
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpgraphql.NewServer(mux, quiet())
	server.Start()
	defer server.Close()
	for range 2 {
		for path, want := range map[string]string{"/graphql?query={hello}": "{\"data\":{\"hello\":\"hello world\"}}\n", "/feed": "tick\ntick\ntick\n"} {
			response, err := server.Client().Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || string(text) != want {
				t.Errorf("%s: %q %v", path, text, err)
			}
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := httpgraphql.LoopbackOnly(served, []string{"rid.example", "other.example:8443"}, nil)
	for _, c := range []struct {
		method, host string
		header       http.Header
		want         int
	}{
		{"POST", "localhost:8080", nil, 418},
		{"POST", "LocalHost", nil, 418},
		{"POST", "127.0.0.1:1", nil, 418},
		{"POST", "[::1]:8080", nil, 418},
		{"POST", "[::1]", nil, 418},
		{"POST", "rid.example", nil, 418},
		{"POST", "rid.example:99", nil, 418},
		{"POST", "other.example:8443", nil, 418},
		{"POST", "other.example:80", nil, 421},
		{"POST", "other.example", nil, 421},
		{"GET", "evil.example:8080", nil, 421},
		{"GET", "localhost.evil.example", nil, 421},
		{"GET", "127.0.0.1.evil.example", nil, 421},
		{"GET", "169.254.1.1", nil, 421},
		{"GET", "0.0.0.0:8080", nil, 421},
		{"GET", "", nil, 421},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://localhost:8080"}}, 418},
		{"POST", "localhost", http.Header{"Origin": {"http://localhost"}}, 418},
		{"POST", "localhost:443", http.Header{"Origin": {"https://localhost"}}, 418},
		{"POST", "[::1]:8080", http.Header{"Origin": {"http://[::1]:8080"}}, 418},
		{"GET", "localhost:8080", http.Header{"Origin": {"http://localhost:3000"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://127.0.0.1:8080"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"GET", "localhost:8080", http.Header{"Origin": {"https://evil.example"}, "Upgrade": {"websocket"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"null"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {""}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"file://"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://localhost:8080", "http://evil.example"}}, 403},
		{"POST", "localhost:8080", http.Header{"Origin": {"http://localhost:8080@evil.example"}}, 403},
		{"POST", "localhost:8080", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"POST", "localhost:8080", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		{"GET", "localhost:8080", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 418},
		{"POST", "localhost:8080", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 418},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.Host = c.host
		maps.Copy(r.Header, c.header)
		w := do(h, r)
		if w.Code != c.want {
			t.Errorf("%s to %q with %v: %d, want %d", c.method, c.host, c.header, w.Code, c.want)
		}
		if c.want != 418 {
			if b, _ := parse(t, w.Body.Bytes()); b.code() != "FORBIDDEN" || !strings.HasSuffix(b.Errors[0].Message, ".") {
				t.Errorf("%s", w.Body)
			}
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := httpgraphql.SecurityHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
		}
	}))
	w := do(h, httptest.NewRequest("GET", "/", nil))
	want := map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"X-Frame-Options":         "DENY",
		"Content-Security-Policy": "frame-ancestors 'none'",
		"Cache-Control":           "no-store",
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := w.Header().Get(name); got != want[name] {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := do(h, httptest.NewRequest("GET", "/page", nil)).Header().Get("Content-Security-Policy"); got != "default-src 'self'" {
		t.Errorf("a page cannot bring its own policy: %s", got)
	}
}

func TestServerStagesHaveTimes(t *testing.T) {
	s := httpgraphql.NewServer(http.NotFoundHandler(), nil)
	if s.ReadHeaderTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes != 64<<10 || s.WriteTimeout != 0 {
		t.Errorf("%+v", s)
	}
}
