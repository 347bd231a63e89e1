package export_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/graph/export"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

var update = flag.Bool("update", false, "write what is compared with")

// synthesized gives a record of n events.
func synthesized(t testing.TB, n int) export.Record {
	t.Helper()
	log := eventlogtest.NewMemory()
	if err := synthetic.Append(t.Context(), log, n, 1); err != nil {
		t.Fatal(err)
	}
	model := projections.New()
	if _, err := model.CatchUp(t.Context(), log, nil); err != nil {
		t.Fatal(err)
	}
	return export.Record{Model: model, Log: log}
}

func file(t testing.TB, kind, format string) export.File {
	t.Helper()
	f, err := export.Find(kind, format)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// gauge measures the heap in use while something is written to it.
type gauge struct {
	every, writes int
	bytes         int64
	highest       uint64
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (g *gauge) Write(b []byte) (int, error) {
	g.bytes += int64(len(b))
	if g.writes++; g.writes%g.every == 0 {
		g.highest = max(g.highest, heap())
	}
	return len(b), nil
}

// TestMemoryDoesNotGrow: five times the rows take no more memory; in the long tests, fifty times.
func TestMemoryDoesNotGrow(t *testing.T) {
	const allowed = 1 << 20
	sizes := []int{4_000, 20_000}
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		sizes = []int{4_000, 200_000}
	}
	for _, events := range sizes {
		record := synthesized(t, events)
		at := export.Moment{Moment: projections.Moment{At: record.Model.At()}}
		for _, kind := range []string{"positions", "endorsements", "events"} {
			for _, format := range []string{"csv", "json"} {
				before := heap()
				g := &gauge{every: events / 100}
				if err := file(t, kind, format).Write(t.Context(), g, record, at); err != nil {
					t.Fatal(err)
				}
				taken := int64(g.highest) - int64(before)
				t.Logf("%d events, %s.%s: %d bytes, %d more in use", events, kind, format, g.bytes, taken)
				if taken > allowed {
					t.Errorf("%d events, %s.%s: %d bytes in use, more than %d", events, kind, format, taken, allowed)
				}
			}
		}
	}
}

// countingLog counts what is read, and fails at a position.
type countingLog struct {
	eventlogtest.Memory
	log     export.Log
	read    int
	failsAt int
}

var errBroken = errors.New("the disk is gone")

func (l *countingLog) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for r, err := range l.log.ReadAll(ctx, after) {
			if l.read++; l.read == l.failsAt {
				yield(eventlog.Recorded{}, errBroken)
				return
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestStopsWithItsReader: what nobody takes is not made.
func TestStopsWithItsReader(t *testing.T) {
	record := synthesized(t, 5_000)
	at := export.Moment{Moment: projections.Moment{At: record.Model.At()}}
	log := &countingLog{log: record.Log}
	record.Log = log
	ctx, cancel := context.WithCancel(t.Context())
	err := file(t, "events", "csv").Write(ctx, writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil }), record, at)
	if !errors.Is(err, context.Canceled) || log.read > 1000 {
		t.Errorf("after the context's end %d events were read: %v", log.read, err)
	}
	log.read = 0
	err = file(t, "events", "json").Write(t.Context(), writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe }), record, at)
	if !errors.Is(err, io.ErrClosedPipe) || log.read > 1000 {
		t.Errorf("after the reader's end %d events were read: %v", log.read, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestAPartIsNotTakenForTheWhole: an export that fails on its way ends without an end, one that fails at once is an error.
func TestAPartIsNotTakenForTheWhole(t *testing.T) {
	record := synthesized(t, 5_000)
	log := &countingLog{log: record.Log, failsAt: 4_000}
	record.Log = log
	logged := &lockedBuffer{}
	server := httptest.NewServer(export.Handler(export.Config{Record: record, Logger: slog.New(slog.NewTextHandler(logged, nil))}))
	defer server.Close()
	response, err := http.Get(server.URL + "/export/events.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err == nil || n == 0 {
		t.Errorf("%d bytes of a part were taken for the whole", n)
	}
	if !strings.Contains(logged.String(), errBroken.Error()) {
		t.Errorf("what happened is not in the log: %s", logged)
	}
	log.read, log.failsAt = 0, 2
	response, err = http.Get(server.URL + "/export/events.csv?at=4000")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusInternalServerError || bytes.Contains(said, []byte(errBroken.Error())) ||
		response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("ETag") != "" {
		t.Errorf("answered %d %s with %v: %v", response.StatusCode, said, response.Header, err)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestSlowReadersHoldUpNobody: more readers than there are turns begin an export and take nothing of it; another one is served.
func TestSlowReadersHoldUpNobody(t *testing.T) {
	record := synthesized(t, 20_000) // So that an export does not fit into the buffers of a connection.
	server := httptest.NewServer(export.Handler(export.Config{Record: record}))
	defer server.CloseClientConnections()
	for range 3 * runtime.GOMAXPROCS(0) {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /export/events.csv HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReaderSize(conn, 16).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("%q: %v", line, err)
		}
	}
	response, err := http.Get(server.URL + "/export/matrix.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n == 0 {
		t.Errorf("%d bytes: %v", n, err)
	}
}
