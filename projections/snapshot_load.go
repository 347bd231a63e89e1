package projections

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// loading is a model that is made of a snapshot.
type loading struct {
	tables
	size     sizes
	listed   []bitemporal.Entry[*position]
	acted    []bitemporal.Entry[*act]
	groups   []group
	sessions []Session
	elements []element

	mu       sync.Mutex
	evidence []placed
	err      error // The first.
}

// placed is what an actor said and did, and on what.
type placed struct {
	*evidence
	on *target
}

// LoadSnapshot makes a model of a snapshot, if trust has nothing against its seal. It works on all processors that the program may use.
// The error says, in a sentence that goes on after "the snapshot …", why it was not taken: it is trust's, the reader's, or of what the
// bytes are.
func LoadSnapshot(r io.Reader, trust func(Seal) error) (*Model, error) {
	in, err := openFrames(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		return nil, err
	}
	l := &loading{tables: tables{model: New()}}
	// Three frames that the others lean on.
	for _, step := range []struct {
		kind uint8
		read func(*fields) error
	}{
		{frameSeal, func(f *fields) error { return l.seal(f, trust) }}, {frameIndex, l.index}, {frameWorld, l.world},
	} {
		next, err := in.next()
		if err != nil {
			return nil, notEnd(err)
		}
		if err := l.take(next, &fields{tables: &l.tables}, func(kind uint8, f *fields) error {
			if kind != step.kind {
				return errFields
			}
			return step.read(f)
		}); err != nil {
			return nil, err
		}
	}
	if err := l.rest(in); err != nil {
		return nil, err
	}
	l.link()
	return l.model, nil
}

// notEnd gives what the last frame means where it is not expected.
func notEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}

// take looks at a frame.
func (l *loading) take(next *frame, f *fields, read func(kind uint8, f *fields) error) error {
	if err := next.check(); err != nil {
		return err
	}
	f.read(next.payload)
	if f.err != nil {
		return f.err
	}
	if err := read(next.kind(), f); err != nil {
		return err
	}
	if len(f.numbers) > 0 {
		f.fail()
	}
	return f.err
}

// rest reads all frames that lean on none but the first three.
func (l *loading) rest(in *framesIn) error {
	var workers sync.WaitGroup
	frames := make(chan *frame, runtime.GOMAXPROCS(0))
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			f := &fields{tables: &l.tables}
			for next := range frames {
				if err := l.take(next, f, l.table); err != nil {
					l.mu.Lock()
					l.err = cmp.Or(l.err, err)
					l.mu.Unlock()
				}
			}
		})
	}
	var err error
	for err == nil {
		var next *frame
		if next, err = in.next(); err == nil {
			frames <- next
		}
	}
	close(frames)
	workers.Wait()
	if !errors.Is(err, io.EOF) {
		return err
	}
	return l.err
}

func (l *loading) seal(f *fields, trust func(Seal) error) error {
	var seal Seal
	f.seal(&seal)
	f.sizes(&l.size)
	num(f, &l.states)
	if f.err != nil {
		return f.err
	}
	if err := trust(seal); err != nil {
		return err
	}
	l.at = seal.At
	m := l.model
	m.events = make([]eventEntry, l.size.events, l.size.events+l.size.events/8)
	m.keyed = make([]keyed, l.size.keys)
	l.streams = make([]stream, l.size.streams)
	l.groups = make([]group, l.size.groups)
	l.actors = make([]actor, l.states+l.size.groups)
	l.targets = make([]target, l.size.targets)
	l.positions = make([]position, l.size.positions)
	l.submissions = make([]submission, l.size.submissions)
	l.acts = make([]act, l.size.acts+l.size.ballots)
	l.votes = make([]vote, l.size.votes)
	l.listed = make([]bitemporal.Entry[*position], l.size.listed)
	l.acted = make([]bitemporal.Entry[*act], l.size.acted)
	return nil
}

func (l *loading) index(f *fields) error {
	var positions, acts, submissions, votes []uint64
	for _, s := range []*[]uint64{&positions, &acts, &submissions, &votes} {
		f.rising(s)
	}
	if len(positions) != len(l.positions) || len(acts) != l.size.acts || len(submissions) != len(l.submissions) || len(votes) != len(l.votes) {
		return errFields
	}
	for i, at := range positions {
		l.positions[i].At = at
	}
	for i, at := range acts {
		l.acts[i].At = at
	}
	for i, at := range submissions {
		l.submissions[i].At = at
	}
	next := l.acts[len(acts):]
	for i, at := range votes {
		l.votes[i].At = at
		n := f.count()
		if n > len(next) {
			return errFields
		}
		for j := range n {
			next[j].At = at
		}
		next = next[n:]
	}
	for i := range l.streams {
		f.str(&l.streams[i].name)
		l.streams[i].index = i
	}
	return nil
}

func (l *loading) world(f *fields) error {
	m := l.model
	states := make([]State, l.states)
	for i := range states {
		f.stateItem(&states[i], i)
		l.actors[i].State = &states[i]
		m.states = append(m.states, &states[i])
	}
	for i := range l.groups {
		f.groupItem(&l.groups[i], i)
		l.actors[len(states)+i].Group = &l.groups[i].Group
		m.groups = append(m.groups, &l.groups[i])
	}
	list(f, &l.sessions, f.session)
	list(f, &l.elements, f.element)
	for i := range l.elements {
		m.elements[l.elements[i].Element] = &l.elements[i]
	}
	for i := range l.targets {
		t := &l.targets[i]
		f.targetItem(t)
		if t.option != nil {
			el := m.elements[t.option.Element]
			if el == nil {
				return errFields
			}
			el.options = append(el.options, t.option)
		}
	}
	for i := range l.targets {
		t := &l.targets[i]
		if t.proposal != nil {
			f.proposalItem(t.proposal)
			m.proposals[t.proposal.slug] = t.proposal
		}
		m.ordered = append(m.ordered, t)
	}
	f.rising(&m.everywhere)
	return nil
}

// table reads a part of a table.
func (l *loading) table(kind uint8, f *fields) error {
	if kind == frameEvidence {
		var found []placed
		for len(f.numbers) > 0 {
			p := placed{evidence: &evidence{named: map[int]bool{}}}
			f.evidenceItem(p.evidence, &p.on)
			found = append(found, p)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.evidence = append(l.evidence, found...)
		return nil
	}
	m, first := l.model, f.uvarint()
	switch kind {
	case frameEvents:
		before := new(eventEntry)
		tableOf(f, m.events, first, func(e *eventEntry) {
			f.event(e, before)
			before = e
		})
	case frameKeys:
		tableOf(f, m.keyed, first, f.keyedItem)
	case framePositions:
		tableOf(f, l.positions, first, f.positionItem)
	case frameActs:
		tableOf(f, l.acts, first, f.actItem)
	case frameVotes:
		tableOf(f, l.votes, first, f.voteItem)
	case frameListed:
		entries(f, l.listed, first, f.positionEntry)
	case frameActed:
		entries(f, l.acted, first, f.actEntry)
	default:
		return errFields
	}
	return nil
}

// tableOf reads what a frame has of a table.
func tableOf[T any](f *fields, table []T, first uint64, each func(*T)) {
	for i := first; len(f.numbers) > 0; i++ {
		if i >= uint64(len(table)) {
			f.fail()
			return
		}
		each(&table[i])
	}
}

func entries[T any](f *fields, table []bitemporal.Entry[T], first uint64, each func(e *bitemporal.Entry[T], day int32)) {
	day := int32(0)
	tableOf(f, table, first, func(e *bitemporal.Entry[T]) {
		each(e, day)
		day = e.Day
	})
}
