package client

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/Khan/genqlient/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// Log gives the server's record, as far as it went when the client was opened, for reading alone. The Offset of an event is its
// position in the record.
func (c *Client) Log() eventlog.Log { return served{c} }

// served is the record of a server.
type served struct{ c *Client }

// page is how many events are asked for at once: as many as the server gives.
const page = 500

// ReadAll gives the events behind an offset, page by page.
func (s served) ReadAll(ctx context.Context, after eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	return s.read(ctx, after.Commit, nil)
}

// ReadStream gives the events of a stream.
func (s served) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range s.read(ctx, 0, &EventFilter{StreamPrefix: &stream}) {
			// Other streams may begin with the name of this one.
			if err == nil && (e.Stream != stream || e.Revision < from) {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (s served) read(ctx context.Context, after uint64, filter *EventFilter) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		cursor := strconv.FormatUint(after, 10)
		for {
			answer, err := repeated(ctx, s.c, func(ctx context.Context, g graphql.Client) (*eventsResponse, error) {
				return events(ctx, g, page, &cursor, strconv.FormatUint(s.c.at, 10), filter)
			})
			if err == nil && answer.Events == nil {
				err = errors.New("the answer has no events")
			}
			if err != nil {
				yield(eventlog.Recorded{}, fmt.Errorf("read the record behind position %s: %w", cursor, err))
				return
			}
			for i, node := range answer.Events.Nodes {
				e, err := parseLeaf(node.Leaf)
				if err != nil {
					yield(eventlog.Recorded{}, fmt.Errorf("event %d behind position %s: %w", i+1, cursor, err))
					return
				}
				if filter == nil {
					after++
					e.Offset = eventlog.Offset{Commit: after}
					s.c.places.note(e.Stream, int64(e.Revision), after, e.Type)
				}
				if !yield(e, nil) {
					return
				}
			}
			end := answer.Events.PageInfo.EndCursor
			if !answer.Events.PageInfo.HasNextPage || end == nil {
				return
			}
			cursor = *end
		}
	}
}

// parseLeaf takes the leaf of an event apart (RULES, section 8). Data and metadata stay the bytes that they are.
func parseLeaf(leaf string) (eventlog.Recorded, error) {
	var l struct {
		Data, Metadata   json.RawMessage
		ID, Stream, Type string
		Revision         int64
	}
	if err := json.Unmarshal([]byte(leaf), &l); err != nil {
		return eventlog.Recorded{}, fmt.Errorf("its leaf is no JSON: %w", err)
	}
	e := eventlog.Recorded{Event: eventlog.Event{Type: l.Type, Data: l.Data, Metadata: l.Metadata}, Stream: l.Stream, Revision: eventlog.Revision(l.Revision)}
	if id, err := hex.DecodeString(strings.ReplaceAll(l.ID, "-", "")); err != nil || copy(e.ID[:], id) != len(e.ID) {
		return e, fmt.Errorf("its id %q is no UUID", l.ID)
	}
	return e, nil
}

// errReadOnly says that events are not appended to a server: it takes commands.
var errReadOnly = errors.New("a server's record takes commands and no events")

func (served) Append(context.Context, eventlog.Append) (eventlog.Appended, error) {
	return eventlog.Appended{}, errReadOnly
}
func (served) AppendAll(context.Context, []eventlog.Append) (int, error) { return 0, errReadOnly }
func (served) Wait(context.Context, eventlog.Offset) error               { return errReadOnly }
func (served) Close() error                                              { return nil }

// places knows where what later commands name was recorded, since ids are made of positions in the record: positions, acts and
// votes, by stream and revision. It costs eight bytes an event.
type places struct {
	at    map[string][]uint64 // By stream; the index is the revision.
	votes map[uint64]bool     // Those that are votes.
}

func newPlaces() places { return places{at: map[string][]uint64{}, votes: map[uint64]bool{}} }

// note takes down where the next event of a stream stands. What stands there already is not looked at again.
func (p places) note(stream string, revision int64, at uint64, typ string) {
	category, _, _ := strings.Cut(stream, "-")
	if category != domain.PositionCategory && category != domain.EndorsementCategory || revision != int64(len(p.at[stream])) {
		return
	}
	p.at[stream] = append(p.at[stream], at)
	if typ == voteType {
		p.votes[at] = true
	}
}

// voteType is the name of a vote in the record.
const voteType = "VoteRecorded"

// of gives the position of an event.
func (p places) of(stream string, revision int64) (uint64, bool) {
	if at := p.at[stream]; revision >= 0 && revision < int64(len(at)) {
		return at[revision], true
	}
	return 0, false
}
