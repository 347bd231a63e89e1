package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/projections/router"
)

// mainWithFault is rapporteur serve of the store in a folder, but that what follows the record meets a fault with the next event:
// "panic", or "strange", an event behind it that nobody knows.
func mainWithFault() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	out := output{os.Stdout, os.Stderr}
	os.Exit(conclude(ctx, serveWithFault(ctx, os.Args[1], os.Args[2], out), out))
}

func serveWithFault(ctx context.Context, dir, fault string, out output) (err error) {
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer closeLog(log, &err)
	n, err := newNode(ctx, log, out)
	if err != nil {
		return err
	}
	at := n.model.At()
	newest := router.Place{At: at, Offset: n.model.OffsetAt(at)}
	if fault == "panic" {
		n.following = append(n.following, router.Projection{
			Name:  "faulty projection",
			Place: func() router.Place { return newest },
			Apply: func(context.Context, []eventlog.Recorded) error { panic("this cannot be") },
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return n.serve(ctx, listener, graph.Config{}, func(address string) {
		if fault == "strange" {
			go func() {
				if err := log.Wait(ctx, newest.Offset); err != nil {
					panic(err)
				}
				metadata, err := codec.EncodeMetadata(codec.Metadata{RecordedBy: "test", RecordedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), SchemaVersion: 1, CorrelationID: "a-strange-request"})
				if err != nil {
					panic(err)
				}
				if _, err := log.Append(ctx, eventlog.Append{Stream: "strange-x", Expected: eventlog.NoStream, Events: []eventlog.Event{
					{ID: eventlog.ID{1}, Type: "StrangeThingHappened", Data: []byte("{}"), Metadata: metadata},
				}}); err != nil {
					panic(err)
				}
			}()
		}
		fmt.Fprintf(out.out, "GraphQL  http://%s/graphql\n", address)
	})
}

// What follows the record meets an event that it cannot take in, or panics: the program ends with status 1 and says why, since the
// read model holds part of what was recorded. What was recorded stays.
func TestFaultOfFollowingEndsTheProgram(t *testing.T) {
	for _, c := range []struct {
		fault    string
		position int // Of the event that cannot be taken in, counted from the one that the client records.
		want     []string
		again    int // Status of replay afterwards.
	}{
		{"strange", 2, []string{"rapporteur: the program cannot go on: the model cannot take in the event at position %d ", "correlation id a-strange-request", `unknown type of event "StrangeThingHappened"`}, statusFailed},
		{"panic", 1, []string{"rapporteur: the program cannot go on: the faulty projection cannot take in the event at position %d ", "panic: this cannot be", "follow_test.go"}, statusDone},
	} {
		t.Run(c.fault, func(t *testing.T) {
			dir := t.TempDir()
			newDemoStore(t, dir)
			before, _, _ := replayed(dir)
			p, err := beginAs("rapporteur-with-a-fault", "", nil, dir, c.fault)
			if err != nil {
				t.Fatal(err)
			}
			defer p.stop(syscall.SIGKILL)
			if err := p.serving(); err != nil {
				t.Fatal(err)
			}
			a := (&writer{number: 1, random: rand.New(rand.NewPCG(1, 1))}).next()
			_, _ = a.send(p.address) // It may be cut off before it is answered.
			<-p.ended
			if status := p.cmd.ProcessState.ExitCode(); status != statusFailed {
				t.Errorf("status %d", status)
			}
			c.want[0] = fmt.Sprintf(c.want[0], before.Events+c.position)
			for _, want := range c.want {
				if !strings.Contains(p.err.String(), want) {
					t.Errorf("it says %s; want %q", p.err, want)
				}
			}
			report, status, stderr := replayed(dir)
			if status != c.again || status == statusDone && report.Events != before.Events+1 {
				t.Errorf("replay afterwards: status %d, %d events, %s", status, report.Events, stderr)
			}
		})
	}
}
