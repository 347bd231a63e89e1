package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// A server that is killed and started again, any number of times, while an import goes through it; and the import killed as well:
// what is on record in the end is what an import into a store leaves, each row once.
func TestImportThroughAServerThatIsKilled(t *testing.T) {
	rounds := 2
	if long {
		rounds = 40
	}
	stored := filepath.Join(t.TempDir(), "store")
	newDemoStore(t, stored)
	want, status, stderr := replayedTo(stored, "827")
	if status != statusDone {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for round := range rounds {
		dir := filepath.Join(t.TempDir(), "store")
		server, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := server.address
		again := func() {
			server.stop(syscall.SIGKILL)
			if server, err = start("", nil, "serve", "--store", "file:"+dir, "--listen", address); err != nil {
				t.Fatal(err)
			}
		}
		importing := []string{"import", "dataset", demoFolder(t), "--server", "http://" + address}

		// The import is killed: what it sent stays, whatever had become of its last row.
		client, err := begin("", nil, importing...)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(2 * time.Second))
		client.stop(syscall.SIGKILL)

		// The server is killed, twice: the import waits for it.
		client, err = begin("", nil, importing...)
		if err != nil {
			t.Fatal(err)
		}
		kills := 0
		for range 2 {
			select {
			case <-client.ended:
			case <-time.After(rand.N(1500 * time.Millisecond)):
				kills++
				again()
			}
		}
		<-client.ended
		status, out, told := client.cmd.ProcessState.ExitCode(), client.out.String(), client.err.String()
		if status != statusDone && !strings.Contains(told, "gave no answer") && !strings.Contains(told, "nothing listens") {
			// Only its very first request is not repeated: no server is told at once.
			t.Fatalf("round %d: status %d: %s%s", round, status, out, told)
		}
		if status != statusDone {
			if status, out, told = complete("", nil, importing...); status != statusDone {
				t.Fatalf("round %d: status %d: %s%s", round, status, out, told)
			}
		}
		if status, out, told := complete("", nil, importing...); status != statusDone || !strings.Contains(out, "recorded 0 events") {
			t.Errorf("round %d: once more: status %d: %s%s", round, status, out, told)
		}
		if status := server.stop(syscall.SIGTERM); status != statusDone {
			t.Errorf("round %d: status %d: %s", round, status, server.err)
		}
		got, status, stderr := replayed(dir)
		if status != statusDone || got.At != 827 || got.Digest != want.Digest {
			t.Errorf("round %d: status %d, %d events, digest %s, want %s: %s", round, status, got.At, got.Digest, want.Digest, stderr)
		}
		t.Logf("round %d: %d kills of the server: %s", round, kills, strings.ReplaceAll(told, "\n", "; "))
	}
}

// An import that is interrupted says how much of it is on record.
func TestInterruptedImportSaysWhatIsRecorded(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		err  error
		want string
	}{
		{context.Canceled, "rapporteur: interrupted\n"},
		{fmt.Errorf("import x: %w", &recorder.Incomplete{Recorded: 2, Total: 5, Err: context.Canceled}), "rapporteur: interrupted: 2 of 5 rows recorded; run the import again to complete it\n"},
		{&recorder.Incomplete{Recorded: 2, Total: 5, At: &domain.Row{File: "a.csv", Line: 7}, Err: fmt.Errorf("sent: %w", context.Canceled)},
			"rapporteur: interrupted: 2 of 5 rows recorded, and of a.csv:7 it is not known; run the import again to complete it\n"},
	} {
		var told strings.Builder
		if status := conclude(ctx, c.err, output{io.Discard, &told}); status != statusFailed || told.String() != c.want {
			t.Errorf("status %d, %q, want %q", status, told.String(), c.want)
		}
	}
}
