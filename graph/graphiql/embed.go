// Package graphiql is the query editor: a page that is part of the program and asks no host but its own.
//
// The page is GraphiQL, built from src into dist by `npm ci && npm run build`; dist is committed, so that `go build` needs no
// Node.js and nothing is fetched, neither when the program is built nor when the page is opened. It sends what is typed to /graphql on its
// own origin: queries and mutations by POST, subscriptions by WebSocket.
//
// `/graphiql?query=…&variables=…` opens with the editors filled. It does not run what it was given: a link may hold a mutation.
//
// Laws: dist is never edited by hand (`npm run check` builds it anew and compares); no font, script, picture or request comes
// from or goes to another host, and the Content-Security-Policy makes the browser see to that; a token typed into the headers
// editor is not kept.
//
// Why GraphiQL 4 and not 5 (2026-11): version 5 replaced CodeMirror by Monaco, whose language services run in web workers. Built
// in the same way, 5.4.0 is 7.2 MB in seven files; 4.1.2 is 1.4 MB, one script and one style sheet, which gzip brings to 0.45 MB.
// What a reader does here, both can.
package graphiql

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Mount is the path of the page; its assets are below it. The built page names them with it, so it cannot be moved.
const Mount = "/graphiql"

//go:embed dist
var dist embed.FS

// policy is what the page may do. Styles may stand in the page because the dialogs and menus write a <style> element to keep
// the page behind them from scrolling; the pictures in data: URLs are the marks for errors and warnings in the editor.
// 'self' in connect-src covers the WebSocket of the same origin (Content Security Policy Level 3, section 6.7.2.8).
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'none'; object-src 'none'; worker-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// types are those of the files in dist: not mime.TypeByExtension, which asks the machine it runs on.
var types = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

type file struct {
	plain        []byte
	zipped       func() []byte // made when first asked for
	hash         string        // of plain; with a suffix in the ETag of zipped, which is other bytes
	contentType  string
	cacheControl string
}

// Handler serves the page at Mount and its assets below it, to GET and HEAD. It sees the whole path: mount it at Mount and at
// Mount + "/" without http.StripPrefix.
func Handler() http.Handler {
	files := files()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // The address may hold the query.
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "The query editor is read with GET or HEAD; questions go to /graphql.", http.StatusMethodNotAllowed)
			return
		}
		name, below := strings.CutPrefix(r.URL.Path, Mount+"/")
		switch {
		case r.URL.Path == Mount:
			name = "index.html"
		case below && name == "":
			to := Mount
			if r.URL.RawQuery != "" {
				to += "?" + r.URL.RawQuery
			}
			http.Redirect(w, r, to, http.StatusMovedPermanently)
			return
		case !below || name == "index.html": // One page, one address.
			name = ""
		}
		f, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		f.serve(w, r)
	})
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Vary", "Accept-Encoding")
	body, tag := f.plain, f.hash
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, tag = f.zipped(), f.hash+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	// Without a time there is no Last-Modified: the ETag alone decides, and two builds of the same sources answer alike.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as needed: what it does not understand gets plain bytes,
// which are always right.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, weighted := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return !weighted || strings.Trim(strings.TrimSpace(weight), "qQ=0. ") != ""
		}
	}
	return false
}

func files() map[string]*file {
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		panic(err) // unreachable: the folder is in the program
	}
	files := make(map[string]*file, len(entries))
	for _, entry := range entries {
		plain, err := fs.ReadFile(dist, "dist/"+entry.Name())
		if err != nil {
			panic(err) // unreachable: the file is in the program
		}
		contentType, ok := types[path.Ext(entry.Name())]
		if !ok {
			panic(fmt.Sprintf("graphiql: no content type for %s", entry.Name())) // unreachable: the test serves every file
		}
		sum := sha256.Sum256(plain)
		f := &file{
			plain:        plain,
			zipped:       sync.OnceValue(func() []byte { return zip(plain) }),
			hash:         hex.EncodeToString(sum[:16]),
			contentType:  contentType,
			cacheControl: "no-cache", // Kept, and asked about each time.
		}
		// The name holds the hash of the contents: under this name there will never be anything else.
		if stem, _, _ := strings.Cut(entry.Name(), "."); strings.HasSuffix(stem, "-"+hex.EncodeToString(sum[:6])) {
			f.cacheControl = "public, max-age=31536000, immutable"
		}
		files[entry.Name()] = f
	}
	return files
}

func zip(plain []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // unreachable: the level exists
	}
	if _, err := w.Write(plain); err != nil {
		panic(err) // unreachable: a buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err) // unreachable: a buffer takes everything
	}
	return b.Bytes()
}
