package httpgraphql

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/rs/cors"
)

// CORS lets pages of the given origins ask (Fetch standard, CORS protocol): those
// of "https://rid.example", say, or of every origin with "*". Without origins it
// grants nothing, and no header says so.
//
// Credentials of the browser's own — cookies, certificates — are never asked for
// and never looked at; a token is put into the Authorization header by the page.
func CORS(next http.Handler, origins ...string) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"Accept", "Authorization", "Content-Type", "If-None-Match", "Last-Event-ID"},
		ExposedHeaders: []string{"ETag", "Retry-After", "WWW-Authenticate"},
		MaxAge:         600, // Seconds: what is granted may be taken back.
	}).Handler(next)
}

// CheckOrigin says what is wrong with an origin that CORS is to be given.
func CheckOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%q is no origin; write scheme and host, with a port where it is not the scheme's own, for example https://rid.example", origin)
	}
	return nil
}
