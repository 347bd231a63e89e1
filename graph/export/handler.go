package export

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/projections"
)

// Mount is where the handler is to be mounted.
const Mount = "/export/"

// Config says what is exported, and to whom.
type Config struct {
	Record
	// Passing says that the record is served for a while only, so that nothing of it may be kept by a cache.
	Passing bool
	// Private says that not everybody may read, so that only the reader's own cache may keep what it was given.
	Private bool
	Logger  *slog.Logger // slog.Default(), if nil
}

type handler struct {
	Config
	// turns bounds how many exports are made at once. One that waits for its reader to take what was made is not among them.
	turns chan struct{}
}

// Handler serves every file under Mount, and at Mount itself the data dictionary.
func Handler(c Config) http.Handler {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &handler{c, make(chan struct{}, runtime.GOMAXPROCS(0))}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "An export is read with GET.")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, Mount)
	if name == "" {
		name = dictionary.Name + ".md"
	}
	kind, format, ok := strings.Cut(name, ".")
	if !ok || strings.Contains(name, "/") {
		format = "csv"
		kind = name
	}
	f, err := Find(kind, format)
	if err == nil && !ok {
		err = fmt.Errorf("an export has a format; ask for %s%s.csv or %s%s.json", Mount, kind, Mount, kind)
	}
	if err != nil {
		refuse(w, http.StatusNotFound, upperFirst(err.Error())+".")
		return
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // Part of it would be left out, and something else answered than was asked.
		refuse(w, http.StatusBadRequest, "The query of the address cannot be read; write it as in at=42&statedOn=2023-12-22.")
		return
	}
	asked, err := f.ParseQuestion(query)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	moment, err := h.Resolve(r.Context(), asked)
	var fault Wrong
	switch {
	case errors.As(err, &fault):
		refuse(w, http.StatusBadRequest, err.Error())
		return
	case err != nil:
		return // Whoever asked is gone.
	}
	h.describe(w.Header(), f, asked, moment)
	if tag := w.Header().Get("ETag"); tag != "" && matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	h.send(w, r, f, moment)
}

// describe sets the headers of an answer.
func (h *handler) describe(header http.Header, f File, asked Question, m Moment) {
	header.Set("Content-Type", f.MediaType)
	header.Set("Cache-Control", "no-store")
	if f.Timeless {
		header.Set("Cache-Control", "no-cache") // The next release may have more columns.
		if f.Format == "md" {
			header.Set("Content-Type", "text/plain; charset=utf-8") // Which browsers show.
		}
		return
	}
	header.Set("Content-Disposition", `attachment; filename="`+f.DownloadName(m)+`"`)
	header.Set("Rapporteur-At", projections.LogPosition(m.At))
	pinned := Mount + f.Name() + "?" + Query(m)
	header.Set("Content-Location", pinned)
	header.Set("Link", `<`+pinned+`>; rel="canonical"`)
	// Only a position that was asked for is the same for ever: what is recorded next may bear an instant before recordedAt.
	if !asked.pinned() || h.Passing {
		return
	}
	scope := "public"
	if h.Private {
		scope = "private"
		header.Add("Vary", "Authorization") // CORS has said Origin.
	}
	header.Set("Cache-Control", scope+", max-age=31536000, immutable")
	header.Set("ETag", h.tag(f, m))
}

// version is that of the files' form: to be raised whenever a pinned file gets other bytes.
const version = "2"

// tag names the bytes of a pinned file without making them: they are a function of the record up to the moment, of which the last
// event bears witness, and of the form.
func (h *handler) tag(f File, m Moment) string {
	last, _ := h.Model.View(projections.Moment{At: m.At}).Event(m.At)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%d\n%s\n%d\n%s", version, f.Name(), Query(m),
		last.Stream, last.Revision, last.Type, last.RecordedAt.UnixMicro(), last.RecordedBy))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// matches says whether If-None-Match names the tag, by the weak comparison (RFC 9110, section 13.1.2).
func matches(given []string, tag string) bool {
	for _, one := range strings.Split(strings.Join(given, ","), ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

// send writes the body. What goes wrong before anything of it has left is told; afterwards the connection is broken off, so that
// nobody takes a part for the whole.
func (h *handler) send(w http.ResponseWriter, r *http.Request, f File, m Moment) {
	out := &outlet{ctx: r.Context(), w: w, control: http.NewResponseController(w), turns: h.turns}
	err := out.take()
	if err == nil {
		err = f.Write(r.Context(), out, h.Record, m)
		out.give()
	}
	if err == nil {
		_ = out.control.Flush() // What net/http still holds back has to leave under the deadline, too.
	}
	_ = out.control.SetWriteDeadline(time.Time{}) // Not for what comes next on the connection.
	switch {
	case err == nil:
		return
	case out.gone || r.Context().Err() != nil:
	default:
		id := newID()
		h.Logger.LogAttrs(r.Context(), slog.LevelError, "an export could not be completed",
			slog.String("id", id), slog.String("file", f.Name()), slog.Uint64("at", m.At), slog.Any("error", err))
		if !out.begun {
			for _, name := range []string{"Content-Disposition", "Content-Location", "ETag", "Link", "Rapporteur-At"} {
				w.Header().Del(name)
			}
			refuse(w, http.StatusInternalServerError, "The export could not be made: internal error "+id+".")
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// patient is how long a reader may take over one chunk.
const patient = time.Minute

// outlet writes to a reader, who may be slow: while it waits, others have their turn.
type outlet struct {
	ctx         context.Context
	w           io.Writer
	control     *http.ResponseController
	turns       chan struct{}
	begun, gone bool
}

func (o *outlet) take() error {
	select {
	case o.turns <- struct{}{}:
		return nil
	case <-o.ctx.Done():
		return o.ctx.Err()
	}
}

func (o *outlet) give() { <-o.turns }

// Write writes a chunk. It returns with a turn taken, also where it fails: send gives it back.
func (o *outlet) Write(b []byte) (int, error) {
	o.give()
	o.begun = true
	_ = o.control.SetWriteDeadline(time.Now().Add(patient)) // A writer that knows none, as in tests, is left without.
	n, err := o.w.Write(b)
	o.gone = err != nil
	o.turns <- struct{}{}
	return n, err
}

// refuse answers with a sentence.
func refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, sentence+"\n")
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// newID is what a stranger is told of a fault of ours; it stands in the log, too.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // It never fails (crypto/rand).
	return hex.EncodeToString(b[:])
}
