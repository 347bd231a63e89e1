package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
	"github.com/rapporteur/rapporteur/projections"
)

type copyCommand struct {
	From storeName `required:"" placeholder:"STORE" help:"The store that has the record: file:DIR, esdb://… or esdb+discover://…."`
	To   storeName `required:"" placeholder:"STORE" help:"The store that gets it. It is empty, or holds the beginning of the same record, as after a copy that was cut short; nobody else records into it meanwhile."`
	JSON bool      `help:"Print as JSON."`
}

type copyReport struct {
	Events int    `json:"events"` // In both stores now.
	Copied int    `json:"copied"` // By this run.
	Root   string `json:"root"`   // The Merkle root over all leaves, RFC 6962.
	Digest string `json:"digest"`
}

// Run copies, and then reads both stores from their beginnings and compares what the records come to.
func (c *copyCommand) Run(ctx context.Context, out output) (err error) {
	from, err := c.From.openExisting(ctx, out)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer closeLog(from, &err)
	to, err := c.To.open(ctx, out)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer closeLog(to, &err)
	bar := newProgress(out.err, "copying", -1)
	there, copied, err := copyRecord(ctx, from, to, func(n int) { bar.to(n, -1) })
	bar.end()
	if err != nil {
		return fmt.Errorf("copy %s to %s: %w", c.From, c.To, err)
	}
	report := copyReport{Events: there + copied, Copied: copied}
	// The source may have grown since, and may go on growing.
	want, err := sum(ctx, from, report.Events)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.From, err)
	}
	got, err := sum(ctx, to, 0)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.To, err)
	}
	if want != got {
		return &finding{fmt.Sprintf("%s holds another record than %s: %d events with root %s and digest %s, not %d with %s and %s; "+
			"was something else recorded there meanwhile? copy into an empty store", c.To, c.From, got.events, got.root, got.digest, want.events, want.root, want.digest)}
	}
	report.Root, report.Digest = want.root, want.digest
	if c.JSON {
		return printJSON(out, report)
	}
	fmt.Fprintf(out.out, "copied  %d events; %d in both stores\nroot    %s\ndigest  %s\n", copied, report.Events, report.Root, report.Digest)
	return nil
}

// What a step of a copy may have. Where steps end is of no meaning to the record: each is the next piece of one stream.
const (
	copyEvents = 200
	copyBytes  = 512 << 10
	copySteps  = 500 // Handed to the store at once.
)

// copyRecord appends to a log what another holds and it does not. What it holds must be the beginning of the other.
func copyRecord(ctx context.Context, from, to eventlog.Log, progress func(int)) (there, copied int, err error) {
	next, stop := iter.Pull2(from.ReadAll(ctx, eventlog.Offset{}))
	defer stop()
	for have, err := range to.ReadAll(ctx, eventlog.Offset{}) {
		if err != nil {
			return there, 0, fmt.Errorf("read the destination: %w", err)
		}
		want, err, ok := next()
		switch {
		case ok && err != nil:
			return there, 0, fmt.Errorf("read the source: %w", err)
		case !ok:
			return there, 0, fmt.Errorf("the destination has more events than the %d of the source; copy into an empty store", there)
		case !same(want, have):
			return there, 0, fmt.Errorf("the destination holds another record: position %d is a %s of %s, in the source a %s of %s%s; copy into an empty store",
				there+1, have.Type, have.Stream, want.Type, want.Stream, withOtherContent(want, have))
		}
		there++
		progress(there)
	}
	var steps []eventlog.Append
	size, pending := 0, 0
	flush := func() error {
		done, err := to.AppendAll(ctx, steps)
		for _, step := range steps[:done] {
			copied += len(step.Events)
		}
		if err != nil {
			return fmt.Errorf("%d events were copied; copy again to complete it: %w", copied, err)
		}
		progress(there + copied)
		steps, pending = steps[:0], 0
		return nil
	}
	for {
		e, err, ok := next()
		if !ok {
			return there, copied, flush()
		}
		if err != nil {
			return there, copied, errors.Join(flush(), fmt.Errorf("read the source behind position %d: %w", there+copied+pending, err))
		}
		last := len(steps) - 1
		length := len(e.Data) + len(e.Metadata) + len(e.Type)
		if last < 0 || steps[last].Stream != e.Stream || len(steps[last].Events) == copyEvents || size+length > copyBytes {
			if len(steps) == copySteps {
				if err := flush(); err != nil {
					return there, copied, err
				}
			}
			steps = append(steps, eventlog.Append{Stream: e.Stream, Expected: e.Revision - 1})
			last, size = len(steps)-1, 0
		}
		steps[last].Events = append(steps[last].Events, e.Event)
		size += length
		pending++
	}
}

// same compares all that makes the leaf of an event.
func same(a, b eventlog.Recorded) bool {
	return a.ID == b.ID && a.Stream == b.Stream && a.Revision == b.Revision && a.Type == b.Type && bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Metadata, b.Metadata)
}

func withOtherContent(a, b eventlog.Recorded) string {
	if a.Type == b.Type && a.Stream == b.Stream {
		return " with other content"
	}
	return ""
}

// summary is what a record comes to.
type summary struct {
	events       int
	root, digest string
}

// sum reads a record from its beginning, or its first events, and sums it up.
func sum(ctx context.Context, log eventlog.Log, events int) (summary, error) {
	hashing := &hashingLog{Log: log}
	model := projections.New()
	catchUp := func() (int, error) { return model.CatchUp(ctx, hashing, nil) }
	if events > 0 {
		catchUp = func() (int, error) { return model.CatchUpTo(ctx, hashing, uint64(events), nil) }
	}
	n, err := catchUp()
	if err != nil {
		return summary{}, err
	}
	digest, err := model.Newest().Digest()
	root := hashing.frontier.Root()
	return summary{n, hex.EncodeToString(root[:]), digest}, err
}

// hashingLog hashes the leaves of what is read from it.
type hashingLog struct {
	eventlog.Log
	frontier leaf.Frontier
	hasher   leaf.Hasher
}

func (l *hashingLog) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	events := l.Log.ReadAll(ctx, after)
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range events {
			if err == nil {
				hash, _ := l.hasher.Hash(e.ID, e.Stream, e.Type, int64(e.Revision), e.Data, e.Metadata)
				l.frontier.Append(hash)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
