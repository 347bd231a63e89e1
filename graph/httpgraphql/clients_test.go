package httpgraphql_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// from is a request of a client, through the proxies that have added to X-Forwarded-For.
func from(address string, forwarded ...string) *http.Request {
	r := query("{hello}")
	r.RemoteAddr = address
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	return r
}

func TestClientsAreToldApartByWhatTheyCannotMakeUp(t *testing.T) {
	var client string
	served := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { client = httpgraphql.ClientOf(r.Context()) })
	h := httpgraphql.Clients{TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/8"),
	}}.Limit(served)
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{from("192.0.2.7:1234"), "192.0.2.7"},
		{from("192.0.2.7:1234", "198.51.100.1"), "192.0.2.7"},
		{from("[2001:db8:1:2:3::4]:1"), "2001:db8:1:2::/64"},
		{from("[2001:db8:1:2:ffff::9]:2"), "2001:db8:1:2::/64"},
		{from("[::ffff:192.0.2.7]:1"), "192.0.2.7"},
		{from("127.0.0.1:1"), ""},
		{from("[::1]:1"), ""},
		{from("[::1]:1", "198.51.100.1"), ""},
		{from("10.1.1.1:1", "198.51.100.1"), "198.51.100.1"},
		{from("127.0.0.1:1", "198.51.100.1"), "198.51.100.1"},
		{from("10.1.1.1:1", "6.6.6.6, 198.51.100.1, 10.2.2.2"), "198.51.100.1"},
		{from("10.1.1.1:1", "6.6.6.6", "198.51.100.1"), "198.51.100.1"},
		{from("[fd00::1]:1", "2001:db8:1:2:3::4"), "2001:db8:1:2::/64"},
		{from("10.1.1.1:1", "rubbish"), "10.1.1.1"},
		{from("10.1.1.1:1"), "10.1.1.1"},
		// What a proxy on this machine relays is not this machine itself, whatever it says.
		{from("127.0.0.1:1", "rubbish"), "127.0.0.1"},
		{from("127.0.0.1:1", ""), "127.0.0.1"},
		{from("127.0.0.1:1", "198.51.100.1, rubbish"), "127.0.0.1"},
		{from("127.0.0.1:1", "127.0.0.1"), "127.0.0.1"},
		{from("127.0.0.1:1", "10.9.9.9"), "127.0.0.1"},
		{from("10.1.1.1:1", "127.0.0.2"), "127.0.0.2"},
		{from("@"), "@"},
	} {
		client = "not served"
		h.ServeHTTP(httptest.NewRecorder(), c.r)
		if client != c.want {
			t.Errorf("%s, forwarded for %q: %q, want %q", c.r.RemoteAddr, c.r.Header.Values("X-Forwarded-For"), client, c.want)
		}
	}
}

func TestRateOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := httpgraphql.Clients{Rate: 2, Burst: 3}.Limit(newHandler(httpgraphql.Config{}))
		times := func(r func() *http.Request, n int) (passed int, last *httptest.ResponseRecorder) {
			for range n {
				if last = do(h, r()); last.Code == http.StatusOK {
					passed++
				}
			}
			return passed, last
		}
		one := func() *http.Request { return from("192.0.2.7:1234") }
		passed, last := times(one, 10)
		if passed != 3 {
			t.Errorf("%d of a burst passed, want 3", passed)
		}
		if b, _ := parse(t, last.Body.Bytes()); last.Code != http.StatusTooManyRequests || b.code() != "RATE_LIMITED" ||
			!strings.Contains(b.Errors[0].Message, "2 requests a second") || last.Header().Get("Retry-After") != "1" {
			t.Errorf("%d %v %s", last.Code, last.Header(), last.Body)
		}
		if passed, _ := times(func() *http.Request { return from("192.0.2.8:1") }, 1); passed != 1 {
			t.Error("another client is refused")
		}
		if passed, _ := times(func() *http.Request { return from("127.0.0.1:1") }, 100); passed != 100 {
			t.Errorf("of this machine itself %d passed, want 100", passed)
		}
		time.Sleep(time.Second)
		if passed, _ := times(one, 10); passed != 2 {
			t.Errorf("%d passed after a second, want 2", passed)
		}
		slow := httpgraphql.Clients{Rate: 0.1, Burst: 1}.Limit(newHandler(httpgraphql.Config{}))
		do(slow, one())
		if after := do(slow, one()).Header().Get("Retry-After"); after != "10" {
			t.Errorf("Retry-After is %q, want 10", after)
		}
		unlimited := httpgraphql.Clients{Rate: -1, Burst: 1}.Limit(newHandler(httpgraphql.Config{}))
		for range 100 {
			if w := do(unlimited, one()); w.Code != http.StatusOK {
				t.Fatalf("without a limit: %d", w.Code)
			}
		}
	})
}

// A client that fills its share is told so; others, and the same client once an answer has come, are served.
func TestShareOfAClient(t *testing.T) {
	world := newWorld()
	h := httpgraphql.Clients{}.Limit(httpgraphql.New(world, httpgraphql.Config{InFlight: 4, PerClient: 2, Logger: quiet()}))
	asks := func(address, text string) *http.Request {
		r := query(text)
		r.RemoteAddr = address
		return r
	}
	const one, another = "192.0.2.7:1234", "192.0.2.8:1"
	answers := make(chan int)
	for _, address := range []string{one, one, another} { // Another client runs beside the first.
		go func() { answers <- do(h, asks(address, "{hold}")).Code }()
		<-world.held
	}
	w := do(h, asks(one, "{hello}"))
	if b, _ := parse(t, w.Body.Bytes()); w.Code != http.StatusTooManyRequests || b.code() != "RATE_LIMITED" ||
		!strings.Contains(b.Errors[0].Message, "2 operations under way") || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	close(world.hold)
	for range 3 {
		if code := <-answers; code != http.StatusOK {
			t.Errorf("one that was under way: %d", code)
		}
	}
	for range 5 {
		if w := do(h, asks(one, "{hello}")); w.Code != http.StatusOK {
			t.Errorf("after the answers: %d %s", w.Code, w.Body)
		}
	}
}

// However much one client asks for, the operations of another run beside its own.
func TestOneClientHasHalfOfThePlacesToRun(t *testing.T) {
	world := newWorld()
	h := httpgraphql.Clients{}.Limit(httpgraphql.New(world, httpgraphql.Config{InFlight: 4, Logger: quiet()}))
	asks := func(address, text string) *http.Request {
		r := query(text)
		r.RemoteAddr = address
		return r
	}
	answers := make(chan int)
	for range 10 {
		go func() { answers <- do(h, asks("192.0.2.7:1234", "{hold}")).Code }()
	}
	<-world.held
	<-world.held
	for range 5 {
		if w := do(h, asks("192.0.2.8:1", "{hello}")); w.Code != http.StatusOK {
			t.Errorf("another client: %d %s", w.Code, w.Body)
		}
	}
	select {
	case <-world.held:
		t.Error("one client runs three operations, where there are four places")
	case <-time.After(50 * time.Millisecond):
	}
	close(world.hold)
	for range 8 {
		<-world.held
	}
	for range 10 {
		if code := <-answers; code != http.StatusOK {
			t.Errorf("one that waited: %d", code)
		}
	}
}

func TestCORS(t *testing.T) {
	preflight := func(origin, headers string) *http.Request {
		r := httptest.NewRequest(http.MethodOptions, "http://localhost:8080/graphql", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		r.Header.Set("Access-Control-Request-Headers", headers)
		return r
	}
	granted := func(h http.Handler, r *http.Request) string {
		return do(h, r).Header().Get("Access-Control-Allow-Origin")
	}
	h := newHandler(httpgraphql.Config{})
	some := httpgraphql.CORS(h, "https://rid.example", "http://localhost:3000")
	for _, c := range []struct {
		h       http.Handler
		origin  string
		headers string
		want    string
	}{
		{some, "https://rid.example", "authorization,content-type", "https://rid.example"},
		{some, "http://localhost:3000", "content-type", "http://localhost:3000"},
		{some, "https://rid.example", "x-other", ""},
		{some, "https://evil.example", "content-type", ""},
		{some, "http://rid.example", "content-type", ""},
		{some, "https://rid.example.evil.example", "content-type", ""},
		{some, "null", "content-type", ""},
		{httpgraphql.CORS(h), "https://rid.example", "content-type", ""},
		{httpgraphql.CORS(h, "*"), "https://evil.example", "content-type", "*"},
	} {
		w := do(c.h, preflight(c.origin, c.headers))
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != c.want {
			t.Errorf("preflight of %s with %s: granted %q, want %q", c.origin, c.headers, got, c.want)
		}
		if w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Error("credentials of the browser are asked for")
		}
	}
	real := with(query("{hello}"), "Origin", "https://rid.example")
	w := do(some, real)
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "https://rid.example" || w.Code != http.StatusOK {
		t.Errorf("the request itself: %d, granted %q", w.Code, got)
	}
	if vary := strings.Join(w.Header().Values("Vary"), ", "); !strings.Contains(vary, "Origin") || !strings.Contains(vary, "Accept") {
		t.Errorf("Vary is %q", vary)
	}
	// The guard of a server on loopback lets the granted pages through, and no others.
	guarded := httpgraphql.LoopbackOnly(some, nil, []string{"https://rid.example"})
	for origin, want := range map[string]int{"https://rid.example": http.StatusOK, "http://localhost:3000": http.StatusForbidden, "https://evil.example": http.StatusForbidden} {
		r := with(query("{hello}"), "Origin", origin)
		r.Host = "localhost:8080"
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if w := do(guarded, r); w.Code != want {
			t.Errorf("a page of %s behind the guard: %d, want %d", origin, w.Code, want)
		}
	}
	rebound := with(query("{hello}"), "Origin", "https://rid.example")
	rebound.Host = "rid.example"
	if w := do(guarded, rebound); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("a name that points to loopback: %d", w.Code)
	}
	if got := granted(guarded, preflight("https://rid.example", "content-type")); got != "https://rid.example" {
		t.Errorf("a preflight behind the guard: granted %q", got)
	}
}

func TestCheckOrigin(t *testing.T) {
	for _, origin := range []string{"*", "https://rid.example", "http://localhost:3000", "http://[::1]:80"} {
		if err := httpgraphql.CheckOrigin(origin); err != nil {
			t.Error(err)
		}
	}
	for _, origin := range []string{"", "null", "rid.example", "https://rid.example/", "https://rid.example/x", "https://u@rid.example", "ftp://rid.example", "https://", "https://*.example/"} {
		if err := httpgraphql.CheckOrigin(origin); err == nil {
			t.Errorf("%q is taken for an origin", origin)
		}
	}
}
