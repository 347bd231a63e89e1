package embedded_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// plain is the limit that the store is measured against: one file of records, each a length, a CRC-32C and the bytes; one
// write and one fdatasync a group, and the same committing of groups. It checks an expected revision, for that needs
// only memory, and knows nothing else.
type plain struct {
	file *os.File
	mu   sync.Mutex
	cond *sync.Cond
	wait []*plainRequest
	end  bool
	done chan struct{}
}

type plainRequest struct {
	record []byte
	ready  chan error
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func frame(b []byte, stream, typ string, revision int64, data, metadata []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint64(b, uint64(revision))
	b = append(append(b, stream...), typ...)
	b = append(append(b, data...), metadata...)
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-8))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(b[start+8:], castagnoli))
	return b
}

func openPlain(b *testing.B, path string) *plain {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	p := &plain{file: f, done: make(chan struct{})}
	p.cond = sync.NewCond(&p.mu)
	go p.run()
	return p
}

func (p *plain) run() {
	defer close(p.done)
	var group []*plainRequest
	var out []byte
	for {
		p.mu.Lock()
		for len(p.wait) == 0 && !p.end {
			p.cond.Wait()
		}
		group = append(group[:0], p.wait...)
		p.wait = p.wait[:0]
		p.mu.Unlock()
		if len(group) == 0 {
			return
		}
		runtime.Gosched()
		p.mu.Lock()
		group = append(group, p.wait...)
		p.wait = p.wait[:0]
		p.mu.Unlock()
		out = out[:0]
		for _, r := range group {
			out = append(out, r.record...)
		}
		_, err := p.file.Write(out)
		if err == nil {
			err = syscall.Fdatasync(int(p.file.Fd()))
		}
		for _, r := range group {
			r.ready <- err
		}
	}
}

func (p *plain) append(r *plainRequest) error {
	p.mu.Lock()
	p.wait = append(p.wait, r)
	p.mu.Unlock()
	p.cond.Signal()
	return <-r.ready
}

func (p *plain) close() error {
	p.mu.Lock()
	p.end = true
	p.mu.Unlock()
	p.cond.Signal()
	<-p.done
	return p.file.Close()
}

var (
	benchData     = []byte(`{"text":"` + strings.Repeat("The views of all States. ", 23) + `"}`) // 600 bytes or so
	benchMetadata = []byte(`{"$correlationId":"0123456789abcdef0123456789abcdef","key":"0123456789abcdef0123456789abcdef","recordedAt":"2026-11-24T08:00:00.000000000Z","recordedBy":"analyst@example.org","schema":1}`)
)

// latencies holds how long each append took, each writer's by themselves.
type latencies [][]time.Duration

// quantile gives the time within which such a part of the appends was answered, in milliseconds.
func (l latencies) quantile(part float64) float64 {
	all := slices.Concat(l...)
	slices.Sort(all)
	return float64(all[min(len(all)-1, int(part*float64(len(all))))]) / float64(time.Millisecond)
}

// share runs n appends by so many writers, each with streams of its own, notes how long each took, and says how long all took.
func share(b *testing.B, writers, n int, each latencies, record func(writer, i int) error) time.Duration {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for w := range writers {
		group.Go(func() {
			for i := 0; next.Add(1) <= int64(n); i++ {
				began := time.Now()
				if err := record(w, i); err != nil {
					b.Error(err)
					return
				}
				each[w] = append(each[w], time.Since(began))
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

// BenchmarkAppend gives the acknowledged appends of one event a second, and which part that is of what the plain file did
// in the same run; and within how long an append was answered, and how many times as long that is as with the plain file. The
// two take turns in rounds, so that a disk that others use too is as slow for one as for the other.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("Writers%d", writers), func(b *testing.B) { benchmarkAppend(b, writers) })
	}
}

func benchmarkAppend(b *testing.B, writers int) {
	dir := b.TempDir()
	log, err := embedded.Open(embedded.Config{Dir: filepath.Join(dir, "store")})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	file := openPlain(b, filepath.Join(dir, "plain"))
	defer file.close()
	bare, err := os.Create(filepath.Join(dir, "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()

	heads := make([]eventlog.Revision, writers)
	requests := make([]*plainRequest, writers)
	for w := range writers {
		heads[w] = eventlog.NoStream
		requests[w] = &plainRequest{ready: make(chan error, 1)}
	}
	var ids atomic.Uint64
	toStore := func(w, _ int) error {
		e := eventlog.Event{Type: "PositionStated", Data: benchData, Metadata: benchMetadata}
		binary.BigEndian.PutUint64(e.ID[8:], ids.Add(1))
		got, err := log.Append(context.Background(), eventlog.Append{Stream: streamName(w), Expected: heads[w], Events: []eventlog.Event{e}})
		heads[w] = got.Revision
		return err
	}
	toFile := func(w, i int) error {
		r := requests[w]
		r.record = frame(r.record[:0], streamName(w), "PositionStated", int64(i), benchData, benchMetadata)
		return file.append(r)
	}
	record := frame(nil, streamName(0), "PositionStated", 0, benchData, benchMetadata)
	toBare := func(int, int) error {
		if _, err := bare.Write(record); err != nil {
			return err
		}
		return syscall.Fdatasync(int(bare.Fd()))
	}

	inStore, inFile, unmeasured := make(latencies, writers), make(latencies, writers), make(latencies, writers)
	rounds := min(8, b.N)
	var store, limit, floor time.Duration
	done := 0
	for round := range rounds {
		n := b.N*(round+1)/rounds - done
		done += n
		store += share(b, writers, n, inStore, toStore)
		b.StopTimer()
		limit += share(b, writers, n, inFile, toFile)
		if writers == 1 {
			floor += share(b, 1, n, unmeasured, toBare)
		}
		b.StartTimer()
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/store.Seconds(), "appends/s")
	b.ReportMetric(float64(b.N)/limit.Seconds(), "plain/s")
	b.ReportMetric(limit.Seconds()/store.Seconds(), "of-plain")
	if writers == 1 {
		b.ReportMetric(floor.Seconds()/limit.Seconds(), "plain-of-bare")
	}
	for _, q := range []struct {
		name string
		part float64
	}{{"p50", 0.50}, {"p99", 0.99}} {
		of, ours := inFile.quantile(q.part), inStore.quantile(q.part)
		b.ReportMetric(ours, q.name+"-ms")
		b.ReportMetric(of, q.name+"-plain-ms")
		b.ReportMetric(ours/of, q.name+"-of-plain")
	}
	if s := log.Stats(); s.Commits > 0 {
		b.ReportMetric(float64(s.Appended)/float64(s.Commits), "events/commit")
		b.ReportMetric(float64(s.Checkpoints), "checkpoints")
	}
}

func streamName(w int) string { return fmt.Sprintf("position-%03d", w) }

// load is what an import brings: events in 300 streams, in turn.
type load struct {
	n     int
	heads []eventlog.Revision
	steps []eventlog.Append
}

func newLoad() *load { return &load{heads: make([]eventlog.Revision, 300)} }

// into appends the next n events to a store, as an import does.
func (l *load) into(b testing.TB, log eventlog.Log, n int) {
	for i := range n {
		e := eventlog.Event{Type: "PositionStated", Data: benchData, Metadata: benchMetadata}
		binary.BigEndian.PutUint64(e.ID[8:], uint64(l.n))
		s := l.n * 7 % 300
		l.n++
		l.steps = append(l.steps, eventlog.Append{Stream: streamName(s), Expected: l.heads[s] - 1, Events: []eventlog.Event{e}})
		l.heads[s]++
		if len(l.steps) == 5000 || i == n-1 {
			if _, err := log.AppendAll(context.Background(), l.steps); err != nil {
				b.Fatal(err)
			}
			l.steps = l.steps[:0]
		}
	}
}

// fill appends n events to a new store.
func fill(b testing.TB, log eventlog.Log, n int) { newLoad().into(b, log, n) }

// scannedEvents is how many a scan reads: as many as asked only where time is no matter, for a million take a gigabyte.
func scannedEvents() int {
	switch {
	case long:
		return 1_000_000
	case testing.Short():
		return 10_000
	}
	return 100_000
}

// BenchmarkAppendAll is the import: events a second, and which part that is of what the plain file did in commits of a thousand
// in the same run. The two take turns.
func BenchmarkAppendAll(b *testing.B) {
	dir := b.TempDir()
	log, err := embedded.Open(embedded.Config{Dir: filepath.Join(dir, "store")})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	file, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	var store, limit time.Duration
	var records []byte
	load := newLoad()
	for done := 0; done < b.N; {
		n := min(10_000, b.N-done)
		start := time.Now()
		load.into(b, log, n)
		store += time.Since(start)
		b.StopTimer()
		start = time.Now()
		for i := range n {
			records = frame(records, streamName(i%300), "PositionStated", int64(i), benchData, benchMetadata)
			if i%1000 < 999 && i < n-1 {
				continue
			}
			if _, err := file.Write(records); err != nil {
				b.Fatal(err)
			}
			if err := syscall.Fdatasync(int(file.Fd())); err != nil {
				b.Fatal(err)
			}
			records = records[:0]
		}
		limit += time.Since(start)
		done += n
		b.StartTimer()
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/store.Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/limit.Seconds(), "plain/s")
	b.ReportMetric(limit.Seconds()/store.Seconds(), "of-plain")
	b.ReportMetric(float64(log.Stats().Checkpoints), "checkpoints")
}

// BenchmarkReadAll gives the events a second of a replay, each checked against its leaf, and which part that is of a scan of
// the plain file that checks its CRC-32C, and of one that hashes the leaves as well.
func BenchmarkReadAll(b *testing.B) {
	dir := b.TempDir()
	log, err := embedded.Open(embedded.Config{Dir: filepath.Join(dir, "store")})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	n := scannedEvents()
	fill(b, log, n)
	file, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	var record []byte
	plain := bufio.NewWriterSize(file, 1<<20)
	for i := range n {
		record = frame(record[:0], streamName(i*7%300), "PositionStated", int64(i/300), benchData, benchMetadata)
		if _, err := plain.Write(record); err != nil {
			b.Fatal(err)
		}
	}
	if err := plain.Flush(); err != nil {
		b.Fatal(err)
	}
	var store, limit, hashed time.Duration
	for b.Loop() {
		start := time.Now()
		read := 0
		for _, err := range log.ReadAll(context.Background(), eventlog.Offset{}) {
			if err != nil {
				b.Fatal(err)
			}
			read++
		}
		if read != n {
			b.Fatalf("%d events, want %d", read, n)
		}
		store += time.Since(start)
		b.StopTimer()
		for _, hash := range []bool{false, true} {
			start = time.Now()
			if got := scanPlain(b, filepath.Join(dir, "plain"), hash); got != n {
				b.Fatalf("%d records, want %d", got, n)
			}
			if hash {
				hashed += time.Since(start)
			} else {
				limit += time.Since(start)
			}
		}
		b.StartTimer()
	}
	total := float64(b.N) * float64(n)
	b.ReportMetric(total/store.Seconds(), "events/s")
	b.ReportMetric(total/limit.Seconds(), "plain/s")
	b.ReportMetric(limit.Seconds()/store.Seconds(), "of-plain")
	b.ReportMetric(hashed.Seconds()/store.Seconds(), "of-plain-with-leaves")
}

// scanPlain reads the plain file to its end and gives each record bytes of its own, as ReadAll does.
func scanPlain(b *testing.B, path string, hash bool) (n int) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var hasher leaf.Hasher
	buf := make([]byte, 0, 1<<20)
	for {
		for len(buf) >= 8 {
			size := int(binary.LittleEndian.Uint32(buf))
			if len(buf) < 8+size {
				break
			}
			body := append([]byte(nil), buf[8:8+size]...)
			if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(buf[4:]) {
				b.Fatal("checksum")
			}
			if hash {
				hasher.Hash([16]byte{}, "position-000", "PositionStated", 1, body[:len(benchData)], body[len(body)-len(benchMetadata):])
			}
			buf = buf[8+size:]
			n++
		}
		rest := copy(buf[:cap(buf)][:len(buf)], buf)
		fresh := make([]byte, 1<<20)
		copy(fresh, buf[:rest])
		got, err := f.Read(fresh[rest:])
		buf = fresh[:rest+got]
		if err == io.EOF {
			return n
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen gives the time of a start: every page and every leaf's hash is looked at.
func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "store")
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, log, scannedEvents())
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		log, err := embedded.Open(embedded.Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := log.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(scannedEvents())*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
