package httpgraphql

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// LoopbackOnly protects a server without authentication that listens on
// loopback from the pages in its user's own browser. Such a page can reach the
// server in two ways: by a name of its own that it lets point to 127.0.0.1 (DNS
// rebinding) — then Host is that name — and by a request across origins — then
// Origin, or at least Sec-Fetch-Site, says so. Programs send neither header.
//
// Host must be localhost, 127.0.0.1 or [::1], with any port, or one of
// allowedHosts: a host ("rid.example") with any port, or host and port.
//
// Pages of allowedOrigins, which CORS lets ask, are let through; "*" is every page
// there is.
//
// It guards whatever is behind it: a WebSocket handshake is a GET with an
// Origin, so it is guarded too.
func LoopbackOnly(next http.Handler, allowedHosts, allowedOrigins []string) http.Handler {
	allowed := map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}
	for _, host := range allowedHosts {
		allowed[canonicalHost(host)] = true
	}
	granted := func(origin string) bool {
		return slices.ContainsFunc(allowedOrigins, func(o string) bool { return o == "*" || strings.EqualFold(o, origin) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := splitHost(r.Host)
		if !allowed[name] && !allowed[canonicalHost(r.Host)] {
			turnAway(w, http.StatusMisdirectedRequest, Forbidden,
				"This server answers only under localhost, 127.0.0.1 and [::1], and the hosts it was started with.")
			return
		}
		origins := r.Header.Values("Origin")
		if len(origins) == 1 && granted(origins[0]) {
			next.ServeHTTP(w, r)
			return
		}
		if len(origins) > 0 {
			if len(origins) > 1 || !sameOrigin(origins[0], r.Host) {
				turnAway(w, http.StatusForbidden, Forbidden, "Requests from pages of another origin are not answered.")
				return
			}
		}
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "same-origin", "none":
		default:
			// Another port of localhost is the same site and another program.
			// A GET may be a link somebody followed.
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				turnAway(w, http.StatusForbidden, Forbidden, "Requests from pages of another origin are not answered.")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// CheckHost says what is wrong with a host that LoopbackOnly is to answer under: no request would ever name it.
func CheckHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	u, err := url.Parse("http://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" || u.User != nil || strings.Contains(host, "*") {
		return fmt.Errorf("%q is no host; write a name, with a port where only that is meant, for example rid.example", host)
	}
	return nil
}

// turnAway answers a request that does not get as far as any handler.
func turnAway(w http.ResponseWriter, status int, code, message string) {
	head, tail, _ := envelope(false, refuse(status, code, message).Errors, nil)
	w.Header().Set("Content-Type", mediaJSON+"; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(head, tail...))
}

// sameOrigin says whether an Origin is that of the host. The scheme is left open:
// behind a proxy that ends TLS this side cannot know it.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false // "null" among others
	}
	defaultPort := "80"
	if u.Scheme == "https" {
		defaultPort = "443"
	}
	originName, originPort := splitHost(u.Host)
	name, port := splitHost(host)
	if originPort == "" {
		originPort = defaultPort
	}
	if port == "" {
		port = defaultPort
	}
	return originName == name && originPort == port
}

// splitHost gives name and port in one spelling; the port may be empty.
func splitHost(hostport string) (name, port string) {
	name, port, err := net.SplitHostPort(hostport)
	if err != nil {
		name, port = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]"), ""
	}
	return strings.ToLower(name), port
}

func canonicalHost(hostport string) string {
	name, port := splitHost(hostport)
	if port == "" {
		return name
	}
	return net.JoinHostPort(name, port)
}
