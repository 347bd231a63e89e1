package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/cenkalti/backoff/v5"
)

// Message is a message of a feed in its place.
type Message struct {
	At, PreviousAt uint64
	RecordedAt     time.Time // Of the event at the position.
	LeafHash       string    // Of that event, hexadecimal.
	Data           []byte    // The feed's field as the server answers it, JSON.
}

// Record is what a server says of its record.
type Record struct {
	FirstLeaf string // Hash of the first event's leaf, hexadecimal; empty while there is none.
	Newest    uint64
	Leaf      string // Hash of the leaf at the position that was asked for; empty where there is none.
}

// Source gives the messages of a feed.
type Source interface {
	// Look says what record there is, with the leaf at a position, which may be 0.
	Look(ctx context.Context, at uint64) (Record, error)
	// Follow gives the messages behind a position, and waits for more, until the line is lost: it always ends with an error. That of
	// give ends it, and is given back.
	Follow(ctx context.Context, after uint64, give func(Message) error) error
}

// Progress is how far a feed was published. An error of it that was made with backoff.Permanent ends Run.
type Progress interface {
	// Last gives the last message that the receiving side is known to have; its zero value where there is none.
	Last(ctx context.Context) (Mark, error)
	// Keep remembers a message that was taken. What holds the messages itself has nothing to do.
	Keep(Mark) error
}

// Config says what is published, and where to.
type Config struct {
	Feed   Feed
	Source Source
	// Name is the record's own in the attribute source, a URI without query; by default it is that of its first leaf.
	Name string
	// To takes the messages, under Topic. Publish returns when a message was taken. An error that was made with backoff.Permanent ends
	// Run; a *backoff.RetryAfterError says when to try again; after any other the message is sent again after a pause.
	//
	// Each message has the CloudEvent as payload, its id as UUID, and in its context whatever ends it.
	To       message.Publisher
	Topic    string
	Progress Progress
	// From is where to begin where nothing was published yet: with the first message behind it.
	From uint64
	// Pauses between attempts grow from FirstPause to LongestPause; by default from half a second to a minute.
	FirstPause, LongestPause time.Duration
	Logger                   *slog.Logger
}

// metadataPrevious is, of a message, the id of the one before it that was published; absent where there is none.
const metadataPrevious = "previous"

// Run publishes until the context ends, which is no error, or until what only a person can repair.
func Run(ctx context.Context, c Config) error {
	c.FirstPause = cmp.Or(c.FirstPause, 500*time.Millisecond)
	c.LongestPause = cmp.Or(c.LongestPause, time.Minute)
	mark, err := retry(ctx, c, "cannot learn how far the receiving side is", func() (Mark, error) { return c.Progress.Last(ctx) })
	if err == nil {
		r := &run{Config: c, mark: mark, at: c.From}
		if mark.Source != "" {
			r.at = mark.At
		}
		pauses := c.pauses()
		_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, r.line(ctx, pauses) },
			backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(c.warn("the feed broke off")))
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (c Config) pauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = c.FirstPause, c.LongestPause, 2
	return b
}

func (c Config) warn(what string) backoff.Notify {
	return func(err error, pause time.Duration) {
		c.Logger.Warn(what, "error", err, "again", pause.Round(time.Millisecond))
	}
}

// retry tries until it succeeds, fails for good, or the context ends.
func retry[T any](ctx context.Context, c Config, what string, try func() (T, error)) (T, error) {
	return backoff.Retry(ctx, try, backoff.WithBackOff(c.pauses()), backoff.WithMaxElapsedTime(0), backoff.WithNotify(c.warn(what)))
}

// run is how far Run is.
type run struct {
	Config
	mark Mark   // The last message that was published.
	at   uint64 // The position behind which to go on.
}

// line takes up the feed and publishes its messages until the line is lost.
func (r *run) line(ctx context.Context, pauses backoff.BackOff) error {
	record, err := r.Source.Look(ctx, r.at)
	if err != nil {
		return err
	}
	if record.FirstLeaf == "" {
		return errors.New("there is nothing on record yet")
	}
	source, err := r.Feed.sourceOf(r.Name, record.FirstLeaf)
	switch {
	case err != nil:
		return backoff.Permanent(err)
	case r.mark.Source != "" && r.mark.Source != source:
		return backoff.Permanent(fmt.Errorf("what was published so far is of %s, and this is %s: another record, feed or filter; publish it elsewhere", r.mark.Source, source))
	case record.Newest < r.at:
		return fmt.Errorf("the server's record ends at position %d, and the feed is to go on behind %d", record.Newest, r.at)
	case r.mark.Source != "" && record.Leaf != r.mark.LeafHash:
		return backoff.Permanent(fmt.Errorf("the event at position %d is not the one that was published: its leaf is %s, and was %s; the server has another record", r.at, record.Leaf, r.mark.LeafHash))
	}
	r.Logger.Info("publishing", "feed", r.Feed.Name, "behind", r.at, "newest", record.Newest, "source", source)
	return r.Source.Follow(ctx, r.at, func(m Message) error {
		if err := ctx.Err(); err != nil {
			return err // Not every publisher looks at the context.
		}
		if m.PreviousAt != r.at || m.At <= r.at {
			return fmt.Errorf("the message at position %d follows %d, and the last one was at %d", m.At, m.PreviousAt, r.at)
		}
		if err := r.publish(ctx, source, m); err != nil {
			return err
		}
		pauses.Reset()
		return nil
	})
}

// publish sends a message until it was taken, and remembers it. A crash before it is remembered sends it again.
func (r *run) publish(ctx context.Context, source string, m Message) error {
	payload, err := r.Feed.encode(source, m)
	if err != nil {
		return backoff.Permanent(err)
	}
	mark := Mark{Source: source, At: m.At, LeafHash: m.LeafHash}
	_, err = retry(ctx, r.Config, fmt.Sprintf("the message at position %d was not taken", m.At), func() (struct{}, error) {
		out := message.NewMessageWithContext(ctx, fmt.Sprint(m.At), payload)
		if r.mark.Source != "" {
			out.Metadata.Set(metadataPrevious, fmt.Sprint(r.mark.At))
		}
		return struct{}{}, r.To.Publish(r.Topic, out)
	})
	if err == nil {
		_, err = retry(ctx, r.Config, "how far the feed was published cannot be kept", func() (struct{}, error) { return struct{}{}, r.Progress.Keep(mark) })
	}
	if err != nil {
		// It is final whatever it is: what may be tried again was.
		return backoff.Permanent(err)
	}
	r.mark, r.at = mark, m.At
	return nil
}
