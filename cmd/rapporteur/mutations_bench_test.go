package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/graph"
)

// BenchmarkMutations gives the acknowledged mutations a second of many clients over HTTP, clients and server in one process, each client
// with an actor of its own; and which part that is of the appends a second of the store alone, of an event of the same bytes by as many
// writers. The two take turns in rounds, so that a disk that others use too is as slow for one as for the other. Add -cpuprofile to see
// what the API costs.
func BenchmarkMutations(b *testing.B) {
	for _, clients := range []int{16, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { mutations(b, clients) })
	}
}

func mutations(b *testing.B, clients int) {
	dir := filepath.Join(b.TempDir(), "record")
	newDemoStore(b, dir)
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	n, err := newNode(b.Context(), log, output{io.Discard, io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.serve(ctx, listener, graph.Config{}, func(string) {}) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			b.Error(err)
		}
		_ = log.Close()
	}()
	address := "http://" + listener.Addr().String() + "/graphql"
	var answer struct{ States []struct{ Code string } }
	if err := ask(listener.Addr().String(), "{ states { code } }", nil, &answer); err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var sent atomic.Uint64
	record := func(c int) error {
		body := fmt.Sprintf(`{"query":"mutation($input: RecordPositionInput!) { recordPosition(input: $input) { at } }","variables":{"input":{"actor":%q,`+
			`"target":{"proposal":"programme-of-action"},"stance":"SUPPORT","statedOn":"2024-05-01","summary":%q,"source":{"title":"Example source, not a real one"},"idempotencyKey":"%d"}}}`,
			answer.States[c].Code, strings.Repeat("Made-up text. ", 25), sent.Add(1))
		response, err := client.Post(address, "application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if text, err := io.ReadAll(response.Body); err != nil || bytes.Contains(text, []byte(`"errors"`)) {
			return fmt.Errorf("%s (%w)", text, err)
		}
		return nil
	}
	for c := range clients { // A connection each, and an event to take the bytes of.
		if err := record(c); err != nil {
			b.Fatal(err)
		}
	}
	var usual eventlog.Event
	for e, err := range log.ReadAll(b.Context(), n.model.OffsetAt(n.model.At()-1)) {
		if err != nil {
			b.Fatal(err)
		}
		usual = e.Event
	}

	alone, err := embedded.Open(embedded.Config{Dir: filepath.Join(b.TempDir(), "alone")})
	if err != nil {
		b.Fatal(err)
	}
	defer alone.Close()
	heads := make([]eventlog.Revision, clients)
	for c := range heads {
		heads[c] = eventlog.NoStream
	}
	var ids atomic.Uint64
	appendOne := func(c int) error {
		e := usual
		binary.BigEndian.PutUint64(e.ID[8:], ids.Add(1))
		done, err := alone.Append(context.Background(), eventlog.Append{Stream: fmt.Sprintf("position-%03d", c), Expected: heads[c], Events: []eventlog.Event{e}})
		heads[c] = done.Revision
		return err
	}

	const rounds = 8
	var overHTTP, ofStore time.Duration
	total := 0
	b.ResetTimer()
	for round := range rounds {
		each := b.N*(round+1)/rounds - b.N*round/rounds
		overHTTP += together(b, clients, each, record)
		b.StopTimer()
		appends := max(each, 5*clients) // The store is quicker: a handful of appends would tell nothing.
		ofStore += together(b, clients, appends, appendOne)
		total += appends
		b.StartTimer()
	}
	b.StopTimer()
	mutated, appended := float64(b.N)/overHTTP.Seconds(), float64(total)/ofStore.Seconds()
	b.ReportMetric(mutated, "mutations/s")
	b.ReportMetric(appended, "appends/s")
	b.ReportMetric(mutated/appended, "of-store")
}

// together has workers do so many things in all, and gives how long it took.
func together(b *testing.B, workers, things int, do func(worker int) error) time.Duration {
	var (
		wait sync.WaitGroup
		left atomic.Int64
	)
	left.Store(int64(things))
	begun := time.Now()
	for w := range workers {
		wait.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(w); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	return time.Since(begun)
}
