package httpgraphql

import (
	"log/slog"
	"net/http"
	"time"
)

// SecurityHeaders sets what every answer of ours should carry unless its handler
// says otherwise. Handlers overwrite: a page brings its own policy, an answer
// that never changes its own Cache-Control.
func SecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Content-Security-Policy", "frame-ancestors 'none'")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		// No page of another origin may load an answer as a script or an image.
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Times of a server's stages. Writing has none here, because a feed writes for
// days; the handlers set one for each answer.
const (
	readHeaderTimeout = 10 * time.Second
	readBodyTimeout   = 60 * time.Second // for handlers that set none themselves
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// NewServer makes a server that no client can hold by being slow: header, body and
// idle connection each have a time, and a header a size. It sets no address and
// no write timeout.
func NewServer(handler http.Handler, logger *slog.Logger) *http.Server {
	if logger == nil {
		logger = slog.Default()
	}
	return &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = readWithin(w, r, readBodyTimeout)
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// Clients that break off a handshake are no errors of ours.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
