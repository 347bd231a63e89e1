package esdbtest

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// position is a place in $all: where a record begins in the transaction log.
type position struct{ commit, prepare uint64 }

func (p position) before(q position) bool {
	return p.commit < q.commit || p.commit == q.commit && p.prepare < q.prepare
}

// record is an event as the cluster keeps it.
type record struct {
	position
	id       uuid.UUID
	stream   string
	revision uint64
	metadata map[string]string // type, content-type, created
	custom   []byte
	data     []byte
}

// transactionLog is what the nodes of a cluster share.
type transactionLog struct {
	mu      sync.Mutex
	end     uint64 // The next free byte.
	all     []*record
	streams map[string][]*record
	heads   map[string]int64 // Revision of the last event; kept where events were deleted.
	grown   chan struct{}    // Closed and replaced when all grows, and when anything else changes that who waits must look at.
	noise   bool
}

func newTransactionLog() *transactionLog {
	// A real log begins with events of the system, so that no position of ours is zero.
	l := &transactionLog{end: 1_024, streams: map[string][]*record{}, heads: map[string]int64{}, grown: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put("$$$settings", "$metadata", []byte(`{}`))
	return l
}

// wake ends the waiting of all who wait for the log. l.mu is held.
func (l *transactionLog) wake() {
	close(l.grown)
	l.grown = make(chan struct{})
}

// take gives the position of a record of that many bytes. Records do not follow one another closely: they have headers, and
// between them stand records that are no events.
func (l *transactionLog) take(size int) position {
	p := position{l.end, l.end}
	l.end += 97 + uint64(size) + l.end%13
	return p
}

// put adds an event that no client appended. l.mu is held.
func (l *transactionLog) put(stream, typ string, data []byte) {
	l.add(&record{id: uuid.New(), stream: stream, metadata: map[string]string{"type": typ, "content-type": "application/json"}, data: data})
}

// add gives a record its place. l.mu is held.
func (l *transactionLog) add(r *record) {
	r.position = l.take(len(r.data) + len(r.custom))
	head, ok := l.heads[r.stream]
	if ok {
		head++
	}
	l.heads[r.stream], r.revision = head, uint64(head)
	r.metadata["created"] = strconv.FormatInt(time.Now().UnixNano()/100, 10)
	l.streams[r.stream] = append(l.streams[r.stream], r)
	l.all = append(l.all, r)
}

// Kinds of expectation.
const (
	expectAny = iota
	expectNoStream
	expectExists
	expectRevision
)

// expectation is what an append expects of its stream.
type expectation struct {
	kind     int
	revision uint64
}

// appended is the answer to an append.
type appended struct {
	ok       bool
	current  int64 // Of the last event appended, or of the stream; -1 for none.
	position *position
}

// append does what the server does with an append; all of it under one lock.
func (l *transactionLog) append(stream string, expected expectation, events []*record) appended {
	l.mu.Lock()
	defer l.mu.Unlock()
	there := l.streams[stream]
	current, ok := l.heads[stream]
	if !ok {
		current = -1
	}
	wanted := current
	switch expected.kind {
	case expectNoStream:
		wanted = -1
	case expectRevision:
		wanted = int64(expected.revision)
	case expectExists:
		if current < 0 {
			return appended{current: current}
		}
	}
	if wanted > current {
		return appended{current: current}
	}
	if wanted < current {
		// Idempotent if all of its events stand just there.
		from := slices.IndexFunc(there, func(r *record) bool { return int64(r.revision) == wanted+1 })
		if len(events) == 0 || from < 0 || from+len(events) > len(there) ||
			!slices.EqualFunc(events, there[from:from+len(events)], func(a, b *record) bool { return a.id == b.id }) {
			return appended{current: current}
		}
		return appended{ok: true, current: wanted + int64(len(events))} // The server may leave the position out.
	}
	for _, e := range events {
		e.stream = stream
		l.add(e)
	}
	answer := appended{ok: true, current: current + int64(len(events))}
	if len(events) > 0 {
		p := events[len(events)-1].position
		answer.position = &p
	}
	if l.noise {
		l.put("$stats-127.0.0.1:2113", "$statsCollected", []byte(`{"proc":1}`))
		l.put("other-program", "Happened", bytes.Repeat([]byte{'x'}, len(events)%7))
	}
	l.wake()
	return answer
}

// visible gives the first n events of $all; all of them for n < 0.
func (l *transactionLog) visible(n int) (all []*record, grown <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all = l.all
	if n >= 0 && n < len(all) {
		all = all[:n]
	}
	return all, l.grown
}

// ofStream gives the events of a stream among those that are visible.
func (l *transactionLog) ofStream(stream string, all []*record) []*record {
	l.mu.Lock()
	events := l.streams[stream]
	l.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	last := all[len(all)-1].position
	n, _ := slices.BinarySearchFunc(events, last, func(r *record, p position) int {
		if p.before(r.position) {
			return 1
		}
		return -1
	})
	return events[:n]
}

// find gives the index of the first event at or behind a position.
func find(all []*record, p position) int {
	n, _ := slices.BinarySearchFunc(all, p, func(r *record, p position) int {
		if r.before(p) {
			return -1
		}
		return 1
	})
	return n
}

func isSystem(name string) bool { return strings.HasPrefix(name, "$") }
