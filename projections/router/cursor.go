package router

import (
	"context"
	"fmt"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// event is an event in its place.
type event struct {
	eventlog.Recorded
	at uint64
}

// Bounds of what is read in one go: enough that a long record goes quickly, little enough to be kept for each who follows. They are
// read and then the log is let go, since whoever receives may take as long as he likes.
const (
	stretchEvents = 1024
	stretchBytes  = 1 << 20
)

// cursor reads the record on and on. It belongs to one goroutine.
type cursor struct {
	log   eventlog.Log
	topic string
	place Place
	pass  uint64 // Up to this position the events are counted and not given.
}

func newCursor(log eventlog.Log, after Place, topic string) *cursor {
	c := &cursor{log: log, topic: topic, place: after, pass: after.At}
	if after.Offset == (eventlog.Offset{}) {
		c.place.At = 0
	}
	return c
}

// read gives the next events, and whether they are all that there are now. What was read before an error is given with it.
func (c *cursor) read(ctx context.Context) (events []event, end bool, err error) {
	size := 0
	for r, err := range c.log.ReadAll(ctx, c.place.Offset) {
		if err != nil {
			return events, false, fmt.Errorf("read the record behind position %d: %w", c.place.At, err)
		}
		c.place = Place{At: c.place.At + 1, Offset: r.Offset}
		if c.place.At <= c.pass || c.topic != Record && c.topic != r.Stream {
			continue
		}
		events = append(events, event{r, c.place.At})
		if size += len(r.Data) + len(r.Metadata); len(events) == stretchEvents || size >= stretchBytes {
			return events, false, nil
		}
	}
	return events, true, nil
}

// wait returns when there is more to read.
func (c *cursor) wait(ctx context.Context) error {
	if err := c.log.Wait(ctx, c.place.Offset); err != nil {
		return fmt.Errorf("wait for the record to grow behind position %d: %w", c.place.At, err)
	}
	return nil
}
