package recorder

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// Reader is what the recorder needs of the read model. All methods may be called from many goroutines.
type Reader interface {
	// Facts gives what deciders may ask, as far as the read model has come.
	Facts(today domain.Date) domain.Facts
	// Key gives what a subject's idempotency key recorded, as far as the read model has come.
	Key(subject, key string) (KeyUse, bool)
	// Wait returns when the read model has applied the event with this revision of the stream, and gives the event's position
	// in the record.
	Wait(ctx context.Context, stream string, revision eventlog.Revision) (at uint64, err error)
}

// KeyUse is what was recorded under an idempotency key: the events First to Last of one stream.
type KeyUse struct {
	Stream      string
	First, Last eventlog.Revision
	InputHash   string
}

// Request asks to record a command.
type Request struct {
	Command domain.Command
	// By is the subject, and becomes recordedBy. It must be given.
	By string
	// IdempotencyKey may be empty: then nothing tells that two requests are one.
	IdempotencyKey string
	// InputHash is the hexadecimal SHA-256 of the mutation's name and its canonical input without the key. It must be given with a key.
	InputHash string
	// ExpectedRevision is the revision at which the stream must be, -1 for none; nil takes it as it is.
	ExpectedRevision *int64
	// CorrelationID and CausationID are minted where they are empty.
	CorrelationID, CausationID string
	// May checks the principal against the state of the stream, before anything is decided; nil lets it pass.
	// It may be called more than once and must change nothing.
	May func(domain.Folded) *domain.Refusal
}

// Result says where the events of a command stand.
type Result struct {
	Stream      string
	First, Last eventlog.Revision
	At          uint64 // The position in the record of Last.
	Repeated    bool   // It was recorded by an earlier request with the same key.
}

// Config are the recorder's settings. The zero Config is good.
type Config struct {
	Clock func() time.Time   // time.Now by default.
	NewID func() eventlog.ID // Random (UUID version 4) by default. A request takes up to three.
	// Patience is how long, in all, a store that cannot be read is asked what became of an append, and how long after its beginning
	// an append whose outcome is unknown is begun again. 10 s by default.
	Patience time.Duration
	// KeptStreams is how many streams' folded states are kept. 256 by default.
	KeptStreams int
}

// Bounds of what is tried again.
const (
	maxRaces    = 100 // Lost races of one command.
	maxUnknown  = 5   // Appends of one step, after the first whose outcome was unknown.
	maxKeyRunes = 200
)

// Recorder is the write side. All methods may be called from many goroutines.
type Recorder struct {
	log    eventlog.Log
	reader Reader
	config Config

	keys    locks[subjectKey] // Held by the request that is recording under the key.
	streams streams
	unread  unread
}

// subjectKey is an idempotency key with the subject to which it belongs.
type subjectKey struct{ subject, key string }

// New makes a recorder on a log. RecordAll does without a reader, so it may be nil where nothing else is called.
func New(log eventlog.Log, reader Reader, config Config) *Recorder {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.NewID == nil {
		config.NewID = randomID
	}
	if config.Patience <= 0 {
		config.Patience = 10 * time.Second
	}
	if config.KeptStreams <= 0 {
		config.KeptStreams = 256
	}
	return &Recorder{log: log, reader: reader, config: config, streams: streams{max: config.KeptStreams}}
}

// Refused adds to a refusal what is wrong with the command besides, for a request that cannot be recorded whatever its command
// is: all faults of one input are told at once (RULES, section 9).
func (r *Recorder) Refused(ctx context.Context, q Request, refusal *domain.Refusal) error {
	folded := domain.NewFolded(q.Command.Stream())
	for e, err := range r.log.ReadStream(ctx, q.Command.Stream(), 0) {
		if err != nil {
			return refusal // It is refused in any case.
		}
		event, _, err := decode(e)
		if err != nil {
			return refusal
		}
		folded.Evolve(event)
	}
	if _, more := folded.Decide(q.Command, r.reader.Facts(domain.DateOf(r.config.Clock()))); more != nil {
		refusal.Faults = append(refusal.Faults, more.Faults...)
	}
	return refusal
}

// Record has a command decided and records what it yields. It returns once the read model has applied that.
//
// The error is a *domain.Refusal where the command was refused. It wraps eventlog.ErrUnknown where it is not known whether
// something was recorded, or where it was but the read model has not come so far before the context ended: then the same
// request with the same key gives the answer. After any other error nothing was recorded.
func (r *Recorder) Record(ctx context.Context, q Request) (Result, error) {
	stream := q.Command.Stream()
	switch {
	case q.By == "":
		return Result{}, fmt.Errorf("record on %s: a request without a subject", stream)
	case q.IdempotencyKey == "":
		base := r.config.NewID()
		return r.record(ctx, q, func(i int) eventlog.ID { return deriveID(base.String(), i) })
	case q.InputHash == "":
		return Result{}, fmt.Errorf("record on %s: a request with an idempotency key, but without the hash of its input", stream)
	}
	if refusal := checkKey(q.IdempotencyKey); refusal != nil {
		return Result{}, r.Refused(ctx, q, refusal)
	}
	// Whoever comes with the same key meanwhile waits until the read model knows of it: then one look there tells.
	unlock, err := r.keys.lock(ctx, subjectKey{q.By, q.IdempotencyKey})
	if err != nil {
		return Result{}, fmt.Errorf("record on %s: wait for another request with the same idempotencyKey: %w", stream, err)
	}
	defer unlock()
	if use, ok := r.known(q); ok {
		return r.repeated(ctx, q, use)
	}
	return r.record(ctx, q, func(i int) eventlog.ID { return deriveID(q.By, q.IdempotencyKey, q.InputHash, i) })
}

// known looks a request's key up in the read model, and in what this node recorded and the read model has not yet applied.
func (r *Recorder) known(q Request) (KeyUse, bool) {
	key := subjectKey{q.By, q.IdempotencyKey}
	// In this order: what is unread is forgotten once the read model knows it.
	if use, ok := r.unread.find(key); ok {
		return use, true
	}
	return r.reader.Key(key.subject, key.key)
}

// repeated answers a request whose key was used.
func (r *Recorder) repeated(ctx context.Context, q Request, use KeyUse) (Result, error) {
	if use.InputHash != q.InputHash {
		return Result{}, domain.Refuse(domain.Conflict, "idempotencyKey",
			"This idempotencyKey was used for another input; take a new key for a new input.")
	}
	last, err := r.lastUnder(ctx, subjectKey{q.By, q.IdempotencyKey}, use)
	if err != nil {
		return Result{}, fmt.Errorf("record on %s: find what this idempotencyKey recorded: %w", use.Stream, err)
	}
	result, err := r.applied(ctx, use.Stream, use.First, last)
	result.Repeated = true
	return result, err
}

// lastUnder gives the revision of the last event that a key recorded. The read model may have come to the middle of an append
// of another node; the stream has all of it, or nothing.
func (r *Recorder) lastUnder(ctx context.Context, key subjectKey, use KeyUse) (eventlog.Revision, error) {
	last := use.Last
	for e, err := range r.log.ReadStream(ctx, use.Stream, use.Last+1) {
		if err != nil {
			return 0, err
		}
		metadata, err := codec.DecodeMetadata(e.Metadata)
		if err != nil {
			return 0, err
		}
		if metadata.RecordedBy != key.subject || metadata.IdempotencyKey != key.key {
			break
		}
		last = e.Revision
	}
	return last, nil
}

// applied waits for the read model and gives the result.
func (r *Recorder) applied(ctx context.Context, stream string, first, last eventlog.Revision) (Result, error) {
	at, err := r.reader.Wait(ctx, stream, last)
	if err != nil {
		return Result{}, fmt.Errorf("record on %s: recorded at revision %d, but not to be read here yet: %w: %w; repeat with the same idempotencyKey",
			stream, last, eventlog.ErrUnknown, err)
	}
	return Result{Stream: stream, First: first, Last: last, At: at}, nil
}

// record decides and appends, as often as it takes, and waits for the read model.
func (r *Recorder) record(ctx context.Context, q Request, id func(int) eventlog.ID) (Result, error) {
	if q.CorrelationID == "" {
		q.CorrelationID = r.config.NewID().String()
	}
	if q.CausationID == "" {
		q.CausationID = r.config.NewID().String()
	}
	use, repeated, err := r.append(ctx, q, id)
	if err != nil {
		return Result{}, err
	}
	if repeated {
		return r.repeated(ctx, q, use)
	}
	if q.IdempotencyKey == "" {
		return r.applied(ctx, use.Stream, use.First, use.Last)
	}
	// Should the context end before the read model has come so far, the key must be known all the same.
	key := subjectKey{q.By, q.IdempotencyKey}
	r.unread.add(key, use, r.reader)
	result, err := r.applied(ctx, use.Stream, use.First, use.Last)
	if err == nil {
		r.unread.remove(key)
	}
	return result, err
}

// append is the part of record that holds the stream: from reading it until the outcome of the append is known.
// It is repeated where the stream shows that the key was used before.
func (r *Recorder) append(ctx context.Context, q Request, id func(int) eventlog.ID) (use KeyUse, repeated bool, err error) {
	stream := q.Command.Stream()
	s, release, err := r.streams.hold(ctx, stream)
	if err != nil {
		return KeyUse{}, false, fmt.Errorf("record on %s: wait for the stream: %w", stream, err)
	}
	defer release()
	for race := range maxRaces {
		if err := pause(ctx, race); err != nil {
			return KeyUse{}, false, fmt.Errorf("record on %s: %w", stream, err)
		}
		if err := s.readOn(ctx, r.log, r.reader, nil); err != nil {
			return KeyUse{}, false, fmt.Errorf("record on %s: %w", stream, err)
		}
		if q.IdempotencyKey != "" {
			// Another node may have recorded it, and the read model not have come so far.
			if use, ok := s.unread[subjectKey{q.By, q.IdempotencyKey}]; ok {
				return use, true, nil
			}
			if use, ok := r.known(q); ok {
				return use, true, nil
			}
		}
		if q.May != nil {
			if refusal := q.May(s.folded); refusal != nil {
				return KeyUse{}, false, refusal
			}
		}
		revision := s.folded.Revision()
		events, refusal := s.folded.Decide(q.Command, r.reader.Facts(domain.DateOf(r.config.Clock())))
		if q.ExpectedRevision != nil && *q.ExpectedRevision != revision {
			refusal = wrongRevision(*q.ExpectedRevision, revision, refusal)
		}
		if refusal != nil {
			return KeyUse{}, false, refusal
		}
		step, err := r.step(q, stream, eventlog.Revision(revision), events, id)
		if err != nil {
			return KeyUse{}, false, fmt.Errorf("record on %s: %w", stream, err)
		}
		last, err := r.appendStep(ctx, s, step)
		if wrong := (*eventlog.WrongRevision)(nil); errors.As(err, &wrong) {
			// Another was faster. If the caller expects a revision, the next round refuses; else it decides anew.
			continue
		}
		if err != nil {
			return KeyUse{}, false, err
		}
		first := last - eventlog.Revision(len(events)) + 1
		return KeyUse{Stream: stream, First: first, Last: last, InputHash: q.InputHash}, false, nil
	}
	return KeyUse{}, false, fmt.Errorf("record on %s: %d races lost against other writers: %w; nothing was recorded", stream, maxRaces, eventlog.ErrUnavailable)
}

// pause lets others go first, after some races were lost: a store that answers reads from a follower must catch up, and two
// nodes that wake each other must not go on for ever.
func pause(ctx context.Context, race int) error {
	if race < 3 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(min(race, 20)) * time.Millisecond):
		return nil
	}
}

// wrongRevision refuses a request that expected another revision. What else is wrong with it is told with that: a name that is not
// there has no revision that could have been read.
func wrongRevision(expected, actual int64, also *domain.Refusal) *domain.Refusal {
	what := "Another was recorded meanwhile"
	if actual < expected {
		what = "So much was never recorded"
	}
	refusal := domain.Refuse(domain.Conflict, "expectedRevision",
		fmt.Sprintf("%s: revision %d was expected, but it is %d; read again and decide on what is there now.", what, expected, actual))
	refusal.Expected, refusal.Actual = &expected, &actual
	if also != nil {
		refusal.Faults = append(refusal.Faults, also.Faults...)
	}
	return refusal
}

// step encodes events.
func (r *Recorder) step(q Request, stream string, expected eventlog.Revision, events []domain.Event, id func(int) eventlog.ID) (eventlog.Append, error) {
	step := eventlog.Append{Stream: stream, Expected: expected}
	now := r.config.Clock()
	for i, e := range events {
		if e.Stream() != stream {
			return step, fmt.Errorf("a %T for another stream: %s", e, e.Stream()) // unreachable: a decider yields events of its stream.
		}
		typ, version, data, err := codec.Encode(e)
		if err != nil {
			return step, err
		}
		metadata, err := codec.EncodeMetadata(codec.Metadata{
			RecordedBy: q.By, RecordedAt: now, CorrelationID: q.CorrelationID, CausationID: q.CausationID,
			SchemaVersion: version, IdempotencyKey: q.IdempotencyKey, InputHash: q.InputHash,
		})
		if err != nil {
			return step, err
		}
		step.Events = append(step.Events, eventlog.Event{ID: id(i), Type: typ, Data: data, Metadata: metadata})
	}
	return step, nil
}

// appendStep appends a step and finds out what became of it. It gives the revision of its last event. A *WrongRevision means,
// as from the log, that nothing of it was or will be recorded.
func (r *Recorder) appendStep(ctx context.Context, s *heldStream, step eventlog.Append) (last eventlog.Revision, err error) {
	unknown, begun := 0, time.Now()
	for {
		appended, err := r.log.Append(ctx, step)
		var (
			wrong    *eventlog.WrongRevision
			tooLarge *eventlog.TooLarge
		)
		switch {
		case err == nil:
			return appended.Revision, nil
		case errors.As(err, &wrong):
			if wrong.Actual < step.Expected {
				// The stream is shorter than it was read, as after another copy of the record was put in place.
				s.forget()
			}
			if unknown == 0 {
				return 0, err
			}
			unknown++ // What came in between may be the first try of this very step.
		case errors.As(err, &tooLarge):
			return 0, refuseTooLarge(tooLarge)
		case errors.Is(err, eventlog.ErrUnknown):
			unknown++
		default:
			return 0, fmt.Errorf("record on %s: %w", step.Stream, err)
		}
		last, found, readErr := r.find(ctx, s, step)
		switch {
		case readErr != nil:
			return 0, fmt.Errorf("record on %s: %w, and the stream cannot be read to find out: %w; repeat with the same idempotencyKey",
				step.Stream, eventlog.ErrUnknown, readErr)
		case found:
			return last, nil
		case s.folded.Revision() != int64(step.Expected):
			// It is not there, and another is where it would have been: it can no more come.
			return 0, &eventlog.WrongRevision{Stream: step.Stream, Expected: step.Expected, Actual: eventlog.Revision(s.folded.Revision())}
		case unknown > maxUnknown || time.Since(begun) > r.config.Patience || ctx.Err() != nil:
			// It is not there, but may still be under way.
			return 0, fmt.Errorf("record on %s: %w; repeat with the same idempotencyKey", step.Stream, eventlog.ErrUnknown)
		}
		// It is not there and its place is free. Appended again, it is there once, whatever becomes of the first try.
	}
}

// find reads the stream on, until that succeeds or patience ends, and says whether the step is there.
// It goes on where the caller has gone away: somebody must know what became of the append.
func (r *Recorder) find(ctx context.Context, s *heldStream, step eventlog.Append) (last eventlog.Revision, found bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.config.Patience)
	defer cancel()
	see := func(e eventlog.Recorded) {
		if e.ID == step.Events[len(step.Events)-1].ID {
			last, found = e.Revision, true // The append is atomic: the last one is there, so are all.
		}
	}
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		err := s.readOn(ctx, r.log, r.reader, see)
		if err == nil || found {
			return last, found, nil
		}
		if errors.Is(err, eventlog.ErrClosed) {
			return 0, false, err // It will not be read any more.
		}
		select {
		case <-ctx.Done():
			return 0, false, err
		case <-time.After(pause):
		}
	}
}

// refuseTooLarge refuses a command that would yield an event beyond what a leaf of the record can hold (RULES, section 8).
func refuseTooLarge(e *eventlog.TooLarge) *domain.Refusal {
	if e.Type == "" {
		return domain.Refuse(domain.BadUserInput, "", fmt.Sprintf(
			"This would be recorded in %d bytes, but this store takes at most %d bytes at once; record it in parts.", e.Size, e.Limit))
	}
	return domain.Refuse(domain.BadUserInput, "", fmt.Sprintf(
		"This would be recorded in %d bytes (%s), but one event is at most %d bytes; shorten the texts or record it in parts.", e.Size, e.Type, e.Limit))
}

// checkKey says what is wrong with an idempotency key.
func checkKey(key string) *domain.Refusal {
	n := utf8.RuneCountInString(key)
	if n > maxKeyRunes {
		return domain.Refuse(domain.BadUserInput, "idempotencyKey",
			fmt.Sprintf("An idempotencyKey has 1 to %d characters; this one has %d.", maxKeyRunes, n))
	}
	for _, c := range key {
		if !unicode.IsPrint(c) || c == utf8.RuneError {
			return domain.Refuse(domain.BadUserInput, "idempotencyKey",
				fmt.Sprintf("An idempotencyKey has printable characters only; this one has %+q in it.", c))
		}
	}
	return nil
}

// deriveID gives the id of the i-th event of a command from what identifies the command: SHA-256 in the shape of a UUID of
// version 8 (RFC 9562, section 5.8). Each part goes in with its length, so that no two lists of parts are hashed alike.
func deriveID(parts ...any) (id eventlog.ID) {
	h := sha256.New()
	for _, part := range parts {
		s := fmt.Sprint(part)
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	copy(id[:], h.Sum(nil))
	return shape(id, 8)
}

// randomID gives a UUID of version 4.
func randomID() (id eventlog.ID) {
	rand.Read(id[:]) // Never fails (crypto/rand).
	return shape(id, 4)
}

// shape sets the version and variant of a UUID.
func shape(id eventlog.ID, version byte) eventlog.ID {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}
