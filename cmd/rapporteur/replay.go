package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/projections"
)

type replayCommand struct {
	storeFlag
	At     *uint64 `placeholder:"N" help:"Replay the first N events only."`
	Expect string  `placeholder:"SHA256" help:"Exit with status 3 unless the digest is this one."`
	JSON   bool    `help:"Print as JSON."`
}

type replayReport struct {
	Events    int     `json:"events"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"eventsPerSecond"`
	At        uint64  `json:"at"`
	Digest    string  `json:"digest"`
}

// Run reads the record from its beginning, whose every event is checked on the way, and prints the read model's digest.
func (c *replayCommand) Run(ctx context.Context, out output) error {
	if c.Expect != "" && (len(c.Expect) != 64 || strings.Trim(strings.ToLower(c.Expect), "0123456789abcdef") != "") {
		return &usage{fmt.Sprintf("--expect %q is no SHA-256; write 64 hexadecimal digits", c.Expect)}
	}
	log, err := c.Store.openExisting(ctx, out)
	if err != nil {
		return err
	}
	defer log.Close()
	model := projections.New()
	bar := newProgress(out.err, "replaying", -1)
	begin := time.Now()
	catchUp := func() (int, error) {
		if c.At != nil {
			return model.CatchUpTo(ctx, log, *c.At, func(n int) { bar.to(n, int(*c.At)) })
		}
		return model.CatchUp(ctx, log, func(n int) { bar.to(n, -1) })
	}
	events, err := catchUp()
	seconds := time.Since(begin).Seconds()
	bar.end()
	if err != nil {
		return fmt.Errorf("replay %s: %w", c.Store, err)
	}
	if c.At != nil && *c.At > model.At() {
		return &usage{fmt.Sprintf("--at %d lies beyond the newest position, which is %d", *c.At, model.At())}
	}
	digest, err := model.Newest().Digest()
	if err != nil {
		return err
	}
	report := replayReport{Events: events, Seconds: seconds, PerSecond: float64(events) / seconds, At: model.At(), Digest: digest}
	if c.JSON {
		err = printJSON(out, report)
	} else {
		_, err = fmt.Fprintf(out.out, "events  %d in %.3f s (%.0f a second)\nat      %d\ndigest  %s\n", events, seconds, report.PerSecond, report.At, digest)
	}
	if err == nil && c.Expect != "" && !strings.EqualFold(c.Expect, digest) {
		return &finding{fmt.Sprintf("the digest at position %d is not the one expected, %s: this record, or this program, is not the one that gave it", report.At, c.Expect)}
	}
	return err
}
