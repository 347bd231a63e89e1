package embedded_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
)

// Readers who read all the time, and readers who stop in the middle, do not keep the write-ahead log from being folded
// back: it stays short, and no append waits for them.
func TestReadersDoNotHoldUpTheLog(t *testing.T) {
	log, err := embedded.Open(embedded.Config{Dir: filepath.Join(memoryDir(t), "store"), CheckpointPages: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ctx, cancel := context.WithCancel(t.Context())
	fill(t, log, 1_200) // Several batches.
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for ctx.Err() == nil {
				for _, err := range log.ReadAll(ctx, eventlog.Offset{}) {
					if err != nil {
						if ctx.Err() == nil {
							t.Error(err)
						}
						break
					}
				}
			}
		})
	}
	stuck := make(chan struct{})
	for range 20 { // More than SQLite has marks for readers.
		started := make(chan struct{})
		group.Go(func() {
			n := 0
			for _, err := range log.ReadAll(context.Background(), eventlog.Offset{}) {
				if err != nil {
					t.Error(err)
					break
				}
				if n++; n == 40 {
					close(started)
					<-stuck
				}
			}
			if n != 1_200 {
				t.Errorf("a slow reader saw %d events, want the 1,200 that were there when it began", n)
			}
		})
		<-started
	}
	longest := int64(0)
	for i := range 400 {
		if _, err := log.Append(t.Context(), eventlog.Append{Stream: "state-fra", Expected: eventlog.Revision(i) - 1, Events: []eventlog.Event{testEvent(i, 600)}}); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, log.Stats().LogPages)
	}
	close(stuck)
	cancel()
	group.Wait()
	s := log.Stats()
	t.Logf("%d checkpoints, the log had at most %d pages", s.Checkpoints, longest)
	// 400 appends write some 1,200 pages. A reader that is not given a processor for long is in the way as long.
	if s.Checkpoints == 0 || longest > 1_000 {
		t.Errorf("%d checkpoints, the log had up to %d pages: it was held up", s.Checkpoints, longest)
	}
}

// A log may be closed while others read and wait: all of them are told, none is left behind.
func TestCloseEndsReaders(t *testing.T) {
	for range 20 {
		log, err := embedded.Open(embedded.Config{Dir: filepath.Join(memoryDir(t), "store")})
		if err != nil {
			t.Fatal(err)
		}
		fill(t, log, 600)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for {
					for _, err := range log.ReadAll(context.Background(), eventlog.Offset{}) {
						if err != nil {
							return
						}
					}
				}
			})
			group.Go(func() {
				for log.Wait(context.Background(), eventlog.Offset{Commit: 1 << 40}) == nil {
				}
			})
		}
		time.Sleep(time.Millisecond)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		group.Wait()
	}
}
