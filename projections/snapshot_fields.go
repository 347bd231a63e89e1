package projections

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// fields goes over fields of the model in a fixed order, and writes them to a block or reads them from one: each thing is described
// once for both directions, so that the two cannot part. Numbers are varints, each text of a block stands in it once, and what is in
// a table is named by its place there.
type fields struct {
	*tables
	reading bool
	numbers []byte
	text    []byte            // While writing: the texts of the block, one after the other.
	places  map[string]uint64 // While writing: the places of the texts.
	lengths []byte            // While writing: how long each is.
	micros  int64             // The time of recording that was met last.
	texts   []string          // While reading.
	err     error             // While reading: what was wrong first. From then on everything is zero.

	declarations []declaration // While reading: some to be taken, made together.
}

var errFields = errors.New("a block does not hold what it should")

func (f *fields) fail() { f.err, f.numbers = errFields, nil }

// block gives what was written, and begins the next one.
func (f *fields) block() []byte {
	b := binary.AppendUvarint(nil, uint64(len(f.places)))
	b = append(append(append(b, f.lengths...), f.text...), f.numbers...)
	f.numbers, f.text, f.lengths, f.micros = f.numbers[:0], f.text[:0], f.lengths[:0], 0
	clear(f.places)
	return b
}

// read begins a block.
func (f *fields) read(b []byte) {
	f.reading, f.numbers, f.micros = true, b, 0
	lengths := make([]uint64, f.count())
	total := uint64(0)
	for i := range lengths {
		lengths[i] = f.uvarint()
		total += lengths[i]
		if lengths[i] > uint64(len(f.numbers)) || total > uint64(len(f.numbers)) {
			f.fail()
			return
		}
	}
	all := string(f.numbers[:total]) // One piece of memory for all texts of the block.
	f.numbers = f.numbers[total:]
	f.texts = make([]string, len(lengths))
	for i, n := range lengths {
		f.texts[i], all = all[:n], all[n:]
	}
}

func (f *fields) uvarint() uint64 {
	if len(f.numbers) > 0 && f.numbers[0] < 0x80 {
		v := f.numbers[0]
		f.numbers = f.numbers[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(f.numbers)
	if n <= 0 {
		f.fail()
		return 0
	}
	f.numbers = f.numbers[n:]
	return v
}

func (f *fields) append(v uint64) { f.numbers = binary.AppendUvarint(f.numbers, v) }

// count reads how many there are of what takes a byte at least, or one more than that.
func (f *fields) count() int {
	n := f.uvarint()
	if n > uint64(len(f.numbers))+1 {
		f.fail()
		return 0
	}
	return int(n)
}

type integer interface {
	~int | ~int32 | ~int64 | ~uint8 | ~uint64
}

// num is a number, seldom a negative one.
func num[T integer](f *fields, v *T) {
	if f.reading {
		*v = T(f.uvarint())
	} else {
		f.append(uint64(*v))
	}
}

// signed is a number that is negative as often as not.
func signed[T integer](f *fields, v *T) {
	if f.reading {
		u := f.uvarint()
		*v = T(int64(u>>1) ^ -int64(u&1))
	} else {
		i := int64(*v)
		f.append(uint64(i)<<1 ^ uint64(i>>63))
	}
}

// known is a position from which on something is known; one beyond the snapshot's is none.
func (f *fields) known(at *uint64) {
	if f.reading {
		*at = f.uvarint()
	} else if *at > f.at {
		f.append(0)
	} else {
		f.append(*at)
	}
}

func (f *fields) flag(v *bool) {
	if f.reading {
		*v = f.uvarint() == 1
	} else if *v {
		f.append(1)
	} else {
		f.append(0)
	}
}

func (f *fields) str(s *string) {
	if f.reading {
		if i := f.uvarint(); i < uint64(len(f.texts)) {
			*s = f.texts[i]
		} else {
			f.fail()
		}
		return
	}
	i, ok := f.places[*s]
	if !ok {
		i = uint64(len(f.places))
		f.places[*s] = i
		f.lengths = binary.AppendUvarint(f.lengths, uint64(len(*s)))
		f.text = append(f.text, *s...)
	}
	f.append(i)
}

// list is a list of anything. A list that is nil stays nil.
func list[T any](f *fields, s *[]T, each func(*T)) {
	if f.reading {
		*s = nil
		if n := f.count(); n > 0 {
			*s = make([]T, n-1)
		}
	} else if *s == nil {
		f.append(0)
	} else {
		f.append(uint64(len(*s)) + 1)
	}
	for i := range *s {
		each(&(*s)[i])
	}
}

// grown is a list that only grows, in the order of positions: what was recorded beyond the snapshot's is left out.
func grown[T any](f *fields, s *[]T, at func(*T) uint64, each func(*T)) {
	if f.reading {
		list(f, s, each)
		return
	}
	part := *s
	for len(part) > 0 && at(&part[len(part)-1]) > f.at {
		part = part[:len(part)-1]
	}
	if len(part) == 0 {
		part = nil
	}
	list(f, &part, each)
}

// rising is a list of positions in their order, without those beyond the snapshot's.
func (f *fields) rising(s *[]uint64) {
	last := uint64(0)
	grown(f, s, func(at *uint64) uint64 { return *at }, func(at *uint64) {
		if f.reading {
			*at = last + f.uvarint()
		} else {
			f.append(*at - last)
		}
		last = *at
	})
}

// pointed is a thing that may be absent.
func pointed[T any](f *fields, p **T, each func(*T)) {
	there := *p != nil
	if f.flag(&there); there {
		if f.reading {
			*p = new(T)
		}
		each(*p)
	}
}

// ---- What stands in tables.

// in names what stands in a table by its place. Of an index beyond the table nothing is told but the fault.
func in[T any](f *fields, p **T, table []T, place func(*T) int) {
	if !f.reading {
		f.append(uint64(place(*p)))
		return
	}
	if i := f.uvarint(); i < uint64(len(table)) {
		*p = &table[i]
	} else {
		f.fail()
		*p = new(T)
	}
}

func (f *fields) actor(p **actor) {
	in(f, p, f.actors, func(a *actor) int {
		if a.State != nil {
			return a.State.index
		}
		return f.states + a.Group.index
	})
}

func (f *fields) target(p **target) {
	in(f, p, f.targets, func(t *target) int { return f.targetPlace[t] })
}

func (f *fields) proposal(p **proposal) {
	var t *target
	if !f.reading {
		t = (*p).target
	}
	if f.target(&t); f.reading {
		if *p = t.proposal; *p == nil {
			f.fail()
		}
	}
}

func (f *fields) position(p **position) {
	in(f, p, f.positions, func(p *position) int { return int(f.place[p.At]) })
}

func (f *fields) submission(p **submission) {
	in(f, p, f.submissions, func(s *submission) int { return int(f.place[s.At]) })
}

func (f *fields) act(p **act) {
	in(f, p, f.acts, func(a *act) int {
		place := int(f.place[a.At])
		if a.vote != nil {
			among, _ := a.vote.place(a.actor.Code())
			place += among
		}
		return place
	})
}

// state names a State by its index.
func (f *fields) state(index *int) {
	if num(f, index); f.reading && uint(*index) >= uint(f.states) {
		f.fail()
		*index = 0
	}
}

// ---- What the events bring.

// provenance is a provenance but for the position, which is told otherwise.
func (f *fields) provenance(p *Provenance) {
	micros := int64(0)
	if !f.reading {
		micros = p.RecordedAt.UnixMicro()
	}
	micros -= f.micros
	signed(f, &micros)
	f.micros += micros // From one to the next little time goes by.
	if f.reading {
		p.RecordedAt = time.UnixMicro(f.micros).UTC()
	}
	f.str(&p.RecordedBy)
}

func (f *fields) offset(o *eventlog.Offset, after eventlog.Offset) {
	commit, prepare := o.Commit-after.Commit, o.Prepare-o.Commit
	signedCommit, signedPrepare := int64(commit), int64(prepare)
	signed(f, &signedCommit)
	signed(f, &signedPrepare)
	if f.reading {
		o.Commit = after.Commit + uint64(signedCommit)
		o.Prepare = o.Commit + uint64(signedPrepare)
	}
}

func (f *fields) source(s *domain.Source) {
	f.str(&s.Title)
	f.str(&s.URL)
	f.str(&s.Symbol)
	f.str(&s.Locator)
	num(f, &s.Language)
	f.str(&s.Quote)
	num(f, &s.Grade)
}

func (f *fields) point(p *domain.Point) {
	num(f, &p.Kind)
	f.str(&p.Text)
}

func (f *fields) option(o *domain.OptionRef) {
	f.str(&o.Element)
	f.str(&o.Option)
}

func (f *fields) actRef(r *domain.ActRef) {
	f.str(&r.Proposal)
	num(f, &r.Revision)
}

// change is a change of a field; where none is given there is nothing.
func change[T any](f *fields, c *domain.Change[T], value func(*T)) {
	if f.flag(&c.Given); c.Given {
		value(&c.Value)
	}
}

// numeric gives what goes over a number.
func numeric[T integer](f *fields) func(*T) { return func(v *T) { num(f, v) } }

// strs is a list of texts.
func (f *fields) strs(s *[]string) { list(f, s, f.str) }

// cell is what a cell holds, from the place in the order on. Of an entry most is usually as it was opened first, from the day of its
// place in the order on; bits say what is not.
const (
	entryRanked  = 1 << iota // It has a rank.
	entryLate                // It holds from a later day on.
	entryEnds                // It holds until a day.
	entryRenewed             // It was opened later than the item was recorded.
	entryGone                // It is not known any more.
)

// entry follows an entry of the cell with the day before; the position at which the item was recorded gives its place in the order.
func entry[T any](f *fields, e *bitemporal.Entry[T], day int32, recorded func(T) uint64, item func(*bitemporal.Entry[T])) {
	bits := uint8(0)
	mark := func(bit uint8, set bool) {
		if set {
			bits |= bit
		}
	}
	if !f.reading {
		if e.Gone > f.at {
			e.Gone = bitemporal.EndOfRecord
		}
		mark(entryRanked, e.Rank != 0)
		mark(entryLate, e.From != e.Day)
		mark(entryEnds, e.Until != bitemporal.EndOfDays)
		mark(entryRenewed, e.Since != e.At)
		mark(entryGone, e.Gone != bitemporal.EndOfRecord)
	}
	num(f, &bits)
	step := e.Day - day
	num(f, &step)
	e.Day = day + step
	item(e)
	if f.reading {
		e.At, e.From, e.Until = recorded(e.Item), e.Day, bitemporal.EndOfDays
		e.Since, e.Gone = e.At, bitemporal.EndOfRecord
	}
	if bits&entryRanked != 0 {
		num(f, &e.Rank)
	}
	if bits&entryLate != 0 {
		num(f, &e.From)
	}
	if bits&entryEnds != 0 {
		num(f, &e.Until)
	}
	if bits&entryRenewed != 0 {
		num(f, &e.Since)
	}
	if bits&entryGone != 0 {
		num(f, &e.Gone)
	}
}

// ---- What it is a snapshot of.

func (f *fields) seal(s *Seal) {
	f.bytes(&s.Program)
	num(f, &s.At)
	list(f, &s.Marks, func(m *Mark) {
		num(f, &m.At)
		f.offset(&m.Before, eventlog.Offset{})
		f.offset(&m.Place, m.Before)
		f.bytes(&m.Leaf)
	})
}

func (f *fields) bytes(b *[32]byte) {
	if !f.reading {
		f.numbers = append(f.numbers, b[:]...)
	} else if copy(b[:], f.numbers) == len(b) {
		f.numbers = f.numbers[len(b):]
	} else {
		f.fail()
	}
}

func (f *fields) sizes(s *sizes) {
	for _, n := range []*int{
		&s.events, &s.streams, &s.keys, &s.groups, &s.targets, &s.positions, &s.submissions, &s.acts, &s.ballots, &s.votes, &s.listed, &s.acted,
	} {
		num(f, n)
	}
}
