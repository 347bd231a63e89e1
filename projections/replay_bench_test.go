package projections_test

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

// jsonMetadata is what a plain reader of the record would decode of an event's metadata.
type jsonMetadata struct {
	RecordedBy     string    `json:"recordedBy"`
	RecordedAt     time.Time `json:"recordedAt"`
	SchemaVersion  int       `json:"schemaVersion"`
	IdempotencyKey string    `json:"idempotencyKey"`
	InputHash      string    `json:"inputHash"`
}

// decodeWithEncodingJSON is the baseline: every event's data and metadata read by encoding/json into the same types, and nothing
// done with it.
func decodeWithEncodingJSON(list []eventlog.Recorded) error {
	for _, r := range list {
		var metadata jsonMetadata
		if err := json.Unmarshal(r.Metadata, &metadata); err != nil {
			return err
		}
		if err := json.Unmarshal(r.Data, jsonTypes[r.Type]()); err != nil {
			return fmt.Errorf("%s: %w", r.Type, err)
		}
	}
	return nil
}

var jsonTypes = map[string]func() any{
	"StateAdmitted": func() any { return new(domain.StateAdmitted) }, "GroupDefined": func() any { return new(domain.GroupDefined) },
	"MemberJoined": func() any { return new(domain.MemberJoined) }, "MemberLeft": func() any { return new(domain.MemberLeft) },
	"SessionDefined": func() any { return new(domain.SessionDefined) }, "ElementDefined": func() any { return new(domain.ElementDefined) },
	"OptionDefined": func() any { return new(domain.OptionDefined) }, "OptionRetired": func() any { return new(domain.OptionRetired) },
	"ProposalSubmitted": func() any { return new(domain.ProposalSubmitted) }, "ProposalRevised": func() any { return new(domain.ProposalRevised) },
	"DocumentRecorded": func() any { return new(domain.DocumentRecorded) }, "ProposalMerged": func() any { return new(domain.ProposalMerged) },
	"ProposalSuperseded": func() any { return new(domain.ProposalSuperseded) }, "ProposalWithdrawn": func() any { return new(domain.ProposalWithdrawn) },
	"ProposalAdopted": func() any { return new(domain.ProposalAdopted) }, "PositionStated": func() any { return new(domain.PositionStated) },
	"PositionCorrected": func() any { return new(domain.PositionCorrected) }, "PositionWithdrawn": func() any { return new(domain.PositionWithdrawn) },
	"PositionRetracted": func() any { return new(domain.PositionRetracted) }, "EndorsementGiven": func() any { return new(domain.EndorsementGiven) },
	"EndorsementWithdrawn": func() any { return new(domain.EndorsementWithdrawn) }, "VoteRecorded": func() any { return new(domain.VoteRecorded) },
	"IntendedBallotDeclared": func() any { return new(domain.IntendedBallotDeclared) }, "ImportCompleted": func() any { return new(domain.ImportCompleted) },
}

// spent is the time and the processor time that something took.
type spent struct{ wall, processor time.Duration }

func (s *spent) during(b *testing.B, do func() error) {
	b.Helper()
	processor, start := processorTime(b), time.Now()
	if err := do(); err != nil {
		b.Fatal(err)
	}
	s.wall += time.Since(start)
	s.processor += processorTime(b) - processor
}

func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkReplay makes the read model of a store on disk, against decoding the same events, which are in memory, by encoding/json alone
// with a goroutine for each processor: of ×faster, 2 means in half of the time. The processor time of both is compared, too, since it
// says the same on a machine that others use. Memory is that of the process: the most that was resident meanwhile, and the heap that is
// alive behind it.
func BenchmarkReplay(b *testing.B) {
	lengths := []int{benchmarkEvents}
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		lengths = append(lengths, 10*benchmarkEvents)
	}
	for _, n := range lengths {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkReplay(b, n) })
	}
}

func benchmarkReplay(b *testing.B, n int) {
	log, err := embedded.Open(embedded.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	if err := synthetic.Append(b.Context(), log, n, 1); err != nil {
		b.Fatal(err)
	}
	peak, live := memoryOf(b, log)
	var plain, replay spent
	for b.Loop() {
		var part []eventlog.Recorded
		decode := func() {
			plain.during(b, func() error { return inParallel(part, decodeWithEncodingJSON) })
			part = part[:0]
		}
		for r, err := range log.ReadAll(b.Context(), eventlog.Offset{}) {
			if err != nil {
				b.Fatal(err)
			}
			if part = append(part, r); len(part) == 1<<14 {
				decode()
			}
		}
		decode()
		part = nil

		m := projections.New()
		replay.during(b, func() error { _, err := m.CatchUp(b.Context(), log, nil); return err })
		if m.At() != uint64(n) {
			b.Fatalf("at %d", m.At())
		}
	}
	perEvent := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(b.N) / float64(n) }
	b.ReportMetric(perEvent(plain.wall), "json-ns/event")
	b.ReportMetric(perEvent(replay.wall), "replay-ns/event")
	b.ReportMetric(float64(plain.wall)/float64(replay.wall), "×faster")
	b.ReportMetric(float64(plain.processor)/float64(replay.processor), "×less-processor")
	b.ReportMetric(float64(live)/float64(n), "live-B/event")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	b.ReportMetric(0, "ns/op")
}

// inParallel does something with a list, a part of it on each processor.
func inParallel(list []eventlog.Recorded, do func([]eventlog.Recorded) error) error {
	var running sync.WaitGroup
	faults := make(chan error, runtime.GOMAXPROCS(0))
	for part := range slices.Chunk(list, max(1, (len(list)+cap(faults)-1)/cap(faults))) {
		running.Go(func() { faults <- do(part) })
	}
	running.Wait()
	close(faults)
	for err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// memoryOf makes the read model as a program that has just begun does, and gives the most that was resident and what is alive then.
func memoryOf(b *testing.B, log eventlog.Log) (peak, live uint64) {
	debug.FreeOSMemory()
	forgetPeak()
	m := projections.New()
	if _, err := m.CatchUp(b.Context(), log, nil); err != nil {
		b.Fatal(err)
	}
	peak = peakMemory(b)
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	runtime.KeepAlive(m)
	return peak, memory.HeapAlloc
}

// forgetPeak has the kernel count the most that is resident from now on (proc(5), clear_refs). Elsewhere than on Linux there is no peak.
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func peakMemory(b *testing.B) uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseUint(strings.Fields(line)[0], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib << 10
}

// BenchmarkReplayInParts tells what decoding and applying take by themselves, each on one processor, and in comparison with encoding/json.
func BenchmarkReplayInParts(b *testing.B) {
	list := syntheticLog(b, benchmarkEvents)
	size := 0
	for _, r := range list {
		size += len(r.Data) + len(r.Metadata)
	}
	var plain, decode, apply spent
	for b.Loop() {
		plain.during(b, func() error { return decodeWithEncodingJSON(list) })
		decoded, decoder := make([]projections.Decoded, len(list)), projections.NewDecoder()
		decode.during(b, func() (err error) {
			for i, r := range list {
				if decoded[i], err = decoder.Decode(r); err != nil {
					return err
				}
			}
			return nil
		})
		m := projections.New()
		apply.during(b, func() error {
			for part := range slices.Chunk(decoded, 512) {
				if err := m.Apply(part...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	perEvent := func(s spent) float64 { return float64(s.processor.Nanoseconds()) / float64(b.N) / float64(len(list)) }
	b.ReportMetric(perEvent(plain), "json-cpu-ns/event")
	b.ReportMetric(perEvent(decode), "decode-cpu-ns/event")
	b.ReportMetric(perEvent(apply), "apply-cpu-ns/event")
	b.ReportMetric(float64(plain.processor)/float64(decode.processor), "decode×faster")
	b.ReportMetric(float64(plain.processor)/float64(apply.processor), "apply×faster")
	b.ReportMetric(float64(size)/float64(len(list)), "JSON-B/event")
	b.ReportMetric(0, "ns/op")
}
