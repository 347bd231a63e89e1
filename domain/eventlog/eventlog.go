package eventlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// ID is the identity of an event: 16 bytes, written as a UUID (RFC 9562).
// The recorder derives it from the idempotency key, so that an append whose outcome is unknown can be repeated.
type ID [16]byte

// String gives the ID in the form 8-4-4-4-12, lower-case hexadecimal.
func (id ID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// Event is what is to be recorded: names and bytes.
// Data and Metadata are canonical JSON (RFC 8785); a log stores them as they are and never looks inside.
type Event struct {
	ID       ID
	Type     string
	Data     []byte
	Metadata []byte
}

// Revision is the number of an event within its stream, from 0.
type Revision int64

// Expectations that are no revision of an event.
const (
	// NoStream expects that the stream has no event yet. It is also the revision of a stream without events.
	NoStream Revision = -1
	// AnyRevision expects nothing: the append is taken whatever the stream holds.
	AnyRevision Revision = -2
)

// Offset is a place in the store's own total order. It is opaque: only the adapter that gave it reads it.
// The zero Offset lies before the first event. It may be kept and handed back to the same store later.
type Offset struct{ Commit, Prepare uint64 }

// Recorded is an event as it stands in the log. What ReadStream gives may have the zero Offset: some stores do not say of an event of a
// stream where it stands among all.
type Recorded struct {
	Event
	Stream   string
	Revision Revision
	Offset   Offset
}

// Append is one atomic step: all events follow one another in one stream, or none is recorded.
type Append struct {
	Stream   string
	Expected Revision
	Events   []Event
}

// Appended says where the last event of an Append stands.
type Appended struct {
	Revision Revision
	Offset   Offset
}

// Log is the record as the program sees it. All methods may be called from many goroutines.
type Log interface {
	// Append records the events of one step at the end of its stream if the stream's last revision is the expected one.
	// When it returns without error, the events are on disk and every reader sees all of them.
	//
	// Errors: a *WrongRevision, a *TooLarge or ErrClosed mean that nothing was recorded; so does ErrUnavailable
	// (a full disk, a store that stopped writing). ErrUnknown means that the outcome is not known: read the stream
	// again before repeating. A cancelled context gives ErrUnknown once the step has been handed over.
	// A step without events, or without a stream, is a programming error and is refused.
	Append(ctx context.Context, step Append) (Appended, error)

	// AppendAll records the steps in their order, each atomically, many in one commit where the store can.
	// It stops at the first step that fails and says how many were recorded; the error is that of Append.
	// With ErrUnknown or a cancelled context more may have been recorded than it says.
	AppendAll(ctx context.Context, steps []Append) (done int, err error)

	// ReadStream gives the events of a stream from a revision on, as they were when the call began.
	// A stream without events gives none. An error ends the sequence.
	ReadStream(ctx context.Context, stream string, from Revision) iter.Seq2[Recorded, error]

	// ReadAll gives the events of all streams behind an offset, in the total order of the store, as they were when the
	// call began. It never waits for a writer, and no writer waits for it. An error ends the sequence.
	// The bytes of an event belong to the caller.
	ReadAll(ctx context.Context, after Offset) iter.Seq2[Recorded, error]

	// Wait returns once an event behind the offset can be read, or with the context's error or ErrClosed.
	Wait(ctx context.Context, after Offset) error

	// Close ends the log: steps under way are finished, Wait returns ErrClosed.
	Close() error
}

var (
	// ErrUnknown says that it is not known whether the events were recorded.
	ErrUnknown = errors.New("outcome unknown")
	// ErrUnavailable says that the store cannot take events now; nothing was recorded.
	ErrUnavailable = errors.New("store unavailable")
	// ErrFull is ErrUnavailable for want of room: nothing was recorded, and appends are taken again once there is room.
	ErrFull = fmt.Errorf("the disk is full: %w", ErrUnavailable)
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("log closed")
	// ErrCorrupt says that what the store holds is not what was recorded. The error that wraps it names the place.
	ErrCorrupt = errors.New("record corrupt")
)

// WrongRevision refuses an append: the stream is at another revision than expected.
type WrongRevision struct {
	Stream           string
	Expected, Actual Revision
}

func (e *WrongRevision) Error() string {
	return fmt.Sprintf("stream %s: expected revision %d, but it is at %d", e.Stream, e.Expected, e.Actual)
}

// TooLarge refuses an append: the leaf of an event would be larger than an entry of the Merkle log can be. Without a Type it is the
// step as a whole that is larger than the store takes.
type TooLarge struct {
	Stream, Type string
	Size, Limit  int
}

func (e *TooLarge) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("stream %s: an append of %d bytes; this store takes at most %d bytes in one append", e.Stream, e.Size, e.Limit)
	}
	return fmt.Sprintf("stream %s: a %s of %d bytes; an event's leaf is at most %d bytes", e.Stream, e.Type, e.Size, e.Limit)
}
