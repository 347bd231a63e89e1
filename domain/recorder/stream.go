package recorder

import (
	"context"
	"fmt"
	"sync"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// heldStream is the folded state of a stream. It belongs to who holds it.
type heldStream struct {
	stream string
	holder chan struct{} // Holds one token while somebody holds the stream.
	used   uint64        // When it was last asked for; under the mutex of streams.

	folded domain.Folded
	// unread are the keys of the events that were folded and that the read model did not know then.
	unread map[subjectKey]KeyUse
}

// forget drops what was folded, so that the next reading begins at the stream's beginning.
func (s *heldStream) forget() {
	s.folded = domain.NewFolded(s.stream)
	s.unread = map[subjectKey]KeyUse{}
}

// readOn folds what the stream has beyond what was folded, and shows each of these events to see. After an error what was
// folded so far stands: it is the record's.
func (s *heldStream) readOn(ctx context.Context, log eventlog.Log, reader Reader, see func(eventlog.Recorded)) error {
	defer func() {
		for key := range s.unread {
			if _, ok := reader.Key(key.subject, key.key); ok {
				delete(s.unread, key)
			}
		}
	}()
	for e, err := range log.ReadStream(ctx, s.stream, eventlog.Revision(s.folded.Revision()+1)) {
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		event, metadata, err := decode(e)
		if err != nil {
			return err
		}
		s.folded.Evolve(event)
		if metadata.IdempotencyKey != "" {
			key := subjectKey{metadata.RecordedBy, metadata.IdempotencyKey}
			use, ok := s.unread[key]
			if !ok || use.Last != e.Revision-1 {
				use = KeyUse{Stream: s.stream, First: e.Revision, InputHash: metadata.InputHash}
			}
			use.Last = e.Revision // An append is one run of events.
			s.unread[key] = use
		}
		if see != nil {
			see(e)
		}
	}
	return nil
}

// decode reads an event and its metadata, and checks that the event is in its place.
func decode(e eventlog.Recorded) (domain.Event, codec.Metadata, error) {
	metadata, err := codec.DecodeMetadata(e.Metadata)
	if err != nil {
		return nil, metadata, fmt.Errorf("revision %d of %s, a %s: %w", e.Revision, e.Stream, e.Type, err)
	}
	event, err := codec.Decode(e.Type, metadata.SchemaVersion, e.Data)
	if err != nil {
		return nil, metadata, fmt.Errorf("revision %d of %s: %w", e.Revision, e.Stream, err)
	}
	if event.Stream() != e.Stream {
		return nil, metadata, fmt.Errorf("revision %d of %s: the %s belongs to %s: %w", e.Revision, e.Stream, e.Type, event.Stream(), eventlog.ErrCorrupt)
	}
	return event, metadata, nil
}

// streams keeps the folded states of the streams that were asked for last. Its zero value, with a max, is ready.
type streams struct {
	max int

	mu   sync.Mutex
	now  uint64
	kept map[string]*heldStream
}

// hold gives a stream to the caller alone, until release.
//
// A stream that is dropped while it is held may come to be held twice. That is no harm, since the log checks the revision of
// every append; it happens only where more streams are written at once than are kept.
func (ss *streams) hold(ctx context.Context, stream string) (s *heldStream, release func(), err error) {
	s = ss.find(stream)
	select {
	case s.holder <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	return s, func() { <-s.holder }, nil
}

func (ss *streams) find(stream string) *heldStream {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.now++
	s, ok := ss.kept[stream]
	if !ok {
		if ss.kept == nil {
			ss.kept = map[string]*heldStream{}
		}
		if len(ss.kept) >= ss.max {
			var oldest *heldStream // There are a few hundred: looking at each is cheaper than keeping them in order.
			for _, s := range ss.kept {
				if oldest == nil || s.used < oldest.used {
					oldest = s
				}
			}
			delete(ss.kept, oldest.stream)
		}
		s = &heldStream{stream: stream, holder: make(chan struct{}, 1)}
		s.forget()
		ss.kept[stream] = s
	}
	s.used = ss.now
	return s
}

// unread are the keys under which this node has recorded and which the read model does not know yet. Most stay for the blink
// until the read model has applied them; those of callers who went away, until somebody asks again or room is made.
type unread struct {
	mu   sync.Mutex
	uses map[subjectKey]KeyUse
	room int // How many may be there before those that the read model knows are looked for.
}

func (u *unread) find(key subjectKey) (KeyUse, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	use, ok := u.uses[key]
	return use, ok
}

func (u *unread) add(key subjectKey, use KeyUse, reader Reader) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.uses == nil {
		u.uses = map[subjectKey]KeyUse{}
	}
	if len(u.uses) >= max(64, u.room) {
		for key := range u.uses {
			if _, ok := reader.Key(key.subject, key.key); ok {
				delete(u.uses, key)
			}
		}
		u.room = 2 * len(u.uses) // So that the looking costs little a key, however many there are.
	}
	u.uses[key] = use
}

func (u *unread) remove(key subjectKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.uses, key)
}

// locks are mutexes by key, each there only while somebody has it or waits for it. The zero value is ready.
type locks[K comparable] struct {
	mu   sync.Mutex
	held map[K]*lock
}

type lock struct {
	holder chan struct{} // Holds one token while somebody has the lock.
	users  int           // Who has it or waits for it.
}

// lock waits for the key's mutex, or for the context's end.
func (l *locks[K]) lock(ctx context.Context, key K) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[K]*lock{}
	}
	k, ok := l.held[key]
	if !ok {
		k = &lock{holder: make(chan struct{}, 1)}
		l.held[key] = k
	}
	k.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.held, key)
		}
	}
	select {
	case k.holder <- struct{}{}:
		return func() { <-k.holder; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
