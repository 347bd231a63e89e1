package bitemporal

import (
	"iter"
	"slices"
	"sort"
)

// What is open to the side of the future is bounded by a day after all days and a position after all positions.
// NoLimit is the last day of all: to ask on it is to ask without a limit of days.
const (
	EndOfDays   int32  = 1<<31 - 1
	NoLimit     int32  = EndOfDays - 1
	EndOfRecord uint64 = 1<<64 - 1
)

// Before is the place in the order that lies before all others.
var Before = Order{Day: -1 << 31}

// Order is the place of an entry among those of its cell: by day, then by rank, then by position of first recording.
type Order struct {
	Day  int32
	Rank uint8
	At   uint64
}

// Compare gives a negative number where o comes before p, a positive one where it comes after, 0 where they are equal.
func (o Order) Compare(p Order) int {
	switch {
	case o.Day != p.Day:
		return cmp(o.Day < p.Day)
	case o.Rank != p.Rank:
		return cmp(o.Rank < p.Rank)
	case o.At != p.At:
		return cmp(o.At < p.At)
	}
	return 0
}

func cmp(less bool) int {
	if less {
		return -1
	}
	return 1
}

// Span is the part of a two-time plane for which an entry is true, apart from when we learned it: its place in the order, and
// the days [From, Until) on which it holds. From is never before the day of its place in the order.
type Span struct {
	Order
	From, Until int32
}

// Entry is an item with its place in the order and its rectangle in the two times.
type Entry[T any] struct {
	Span
	Since, Gone uint64 // Known on the positions [Since, Gone).
	Item        T
}

// LastPosition is the last position of the record that a cell can hold, and LastRank the last rank: what is beyond them is taken for
// them, as EndOfRecord is when a cell is asked.
const (
	LastPosition uint64 = 1<<30 - 1
	LastRank     uint8  = 1<<2 - 1
)

// key packs a place in the order into a number of the same order: 32 bits of the day, 2 of the rank, 30 of the position.
func (o Order) key() uint64 {
	return uint64(uint32(o.Day)^1<<31)<<32 | uint64(min(o.Rank, LastRank))<<30 | min(o.At, LastPosition)
}

func unpack(key uint64) Order {
	return Order{Day: int32(uint32(key>>32) ^ 1<<31), Rank: uint8(key >> 30 & uint64(LastRank)), At: key & LastPosition}
}

// entry is an Entry packed. A record has several for each event, and all that stand behind a late one are moved: half of the memory is
// half of the time.
type entry[T any] struct {
	key         uint64
	from, until int32
	since, gone uint32 // endless for EndOfRecord.
	item        T
}

const endless uint32 = 1<<32 - 1

func pack[T any](e *Entry[T]) entry[T] {
	p := entry[T]{key: e.key(), from: e.From, until: e.Until, since: uint32(min(e.Since, LastPosition)), gone: endless, item: e.Item}
	if e.Gone != EndOfRecord {
		p.gone = uint32(min(e.Gone, LastPosition))
	}
	return p
}

func (e *entry[T]) unpack() Entry[T] {
	u := Entry[T]{Span: Span{Order: unpack(e.key), From: e.from, Until: e.until}, Since: uint64(e.since), Gone: uint64(e.gone), Item: e.item}
	if e.gone == endless {
		u.Gone = EndOfRecord
	}
	return u
}

// holds says whether the entry is known at a position and holds on a day.
func (e *entry[T]) holds(at uint32, on int32) bool {
	return e.since <= at && at < e.gone && e.from <= on && on < e.until
}

// runLength is how many entries stand in one run at most. Entries come late, with early days: in one long list each would move all
// that stand behind it. And a question about an early position steps over a run of which everything was recorded later.
const runLength = 256

// run is a part of a cell: entries that follow one another, at least one.
type run[T any] struct {
	first    uint64 // The key of the first entry.
	entries  []entry[T]
	minSince uint32 // The least since of its entries.
}

// Cell is what is known of one thing in two times. The zero Cell is empty. Readers may share it as long as nobody writes.
type Cell[T any] struct {
	runs   []run[T] // By Order, ascending; of equal order, as opened.
	length int
}

// Open adds an entry that is known from position since on, until it is closed.
// An entry whose days are none (Until not after From) is left out.
func (c *Cell[T]) Open(since uint64, s Span, item T) {
	if s.Until <= s.From {
		return
	}
	c.length++
	e := pack(&Entry[T]{Span: s, Since: since, Gone: EndOfRecord, Item: item})
	r, i := c.upTo(e.key) // Behind all that are equal.
	if r < 0 {
		if len(c.runs) == 0 {
			c.runs = []run[T]{newRun([]entry[T]{e})}
			return
		}
		r = 0 // Before all: i is 0.
	}
	if len(c.runs[r].entries) == runLength {
		if r == len(c.runs)-1 && i == runLength {
			// What comes in order fills its runs.
			c.runs = append(c.runs, newRun([]entry[T]{e}))
			return
		}
		c.split(r)
		if half := len(c.runs[r].entries); i > half {
			r, i = r+1, i-half
		}
	}
	c.runs[r].insert(i, e)
}

// insert puts an entry at a place in a run that is not full. Room is made by a quarter at a time, and not by half: of that much memory it
// is worth the copying.
func (r *run[T]) insert(i int, e entry[T]) {
	if n := len(r.entries); n == cap(r.entries) {
		r.entries = append(make([]entry[T], 0, min(runLength, n+n/4+1)), r.entries...)
	}
	r.entries = slices.Insert(r.entries, i, e)
	r.first = r.entries[0].key
	r.minSince = min(r.minSince, e.since)
}

// split cuts a run in two.
func (c *Cell[T]) split(r int) {
	entries := c.runs[r].entries
	half := len(entries) / 2
	upper := newRun(slices.Clone(entries[half:]))
	c.runs[r] = newRun(slices.Clone(entries[:half]))
	c.runs = slices.Insert(c.runs, r+1, upper)
}

func newRun[T any](entries []entry[T]) run[T] {
	r := run[T]{entries[0].key, entries, endless}
	for i := range entries {
		r.minSince = min(r.minSince, entries[i].since)
	}
	return r
}

// Close ends, from position at on, every open entry at this place in the order for which is says that it is meant.
func (c *Cell[T]) Close(at uint64, o Order, is func(T) bool) {
	key := o.key()
	for r, i := c.upTo(key); r >= 0; r-- {
		entries := c.runs[r].entries[:i]
		for ; i > 0; i-- {
			e := &entries[i-1]
			if e.key != key {
				return
			}
			if e.gone == endless && is(e.item) {
				e.gone = uint32(min(at, LastPosition))
			}
		}
		if r > 0 {
			i = len(c.runs[r-1].entries)
		}
	}
}

// upTo gives the last run that has an entry whose key is this one or before it, and the number of such entries in it; -1 and 0 where there
// is none.
func (c *Cell[T]) upTo(key uint64) (r, i int) {
	r = sort.Search(len(c.runs), func(r int) bool { return c.runs[r].first > key }) - 1
	if r < 0 {
		return -1, 0
	}
	entries := c.runs[r].entries
	return r, sort.Search(len(entries), func(i int) bool { return entries[i].key > key })
}

// Newest calls yield with each item that is known at position at and holds on day on, latest first, until yield gives false.
// An item opened for several spans of days is met once for each that holds: spans of one item should not overlap.
// Of entries at one place in the order, the one opened last comes first.
func (c *Cell[T]) Newest(at uint64, on int32, yield func(Order, T) bool) {
	c.NewestFrom(Order{Day: on, Rank: LastRank, At: EndOfRecord}, at, on, yield)
}

// NewestFrom is Newest without what comes later in the order than o.
func (c *Cell[T]) NewestFrom(o Order, at uint64, on int32, yield func(Order, T) bool) {
	// No entry holds before the day of its place in the order, so that all later ones are stepped over at once.
	if o.Day > on {
		o = Order{Day: on, Rank: LastRank, At: EndOfRecord}
	}
	known := uint32(min(at, LastPosition))
	for r, i := c.upTo(o.key()); r >= 0; r-- {
		if c.runs[r].minSince <= known {
			entries := c.runs[r].entries[:i]
			for ; i > 0; i-- {
				e := &entries[i-1]
				if e.holds(known, on) && !yield(unpack(e.key), e.item) {
					return
				}
			}
		}
		if r > 0 {
			i = len(c.runs[r-1].entries)
		}
	}
}

// Days calls yield with each day on which what Newest gives at a position can begin to differ from the day before.
func (c *Cell[T]) Days(at uint64, yield func(day int32)) {
	known := uint32(min(at, LastPosition))
	for _, r := range c.runs {
		if r.minSince > known {
			continue
		}
		for i := range r.entries {
			if e := &r.entries[i]; e.since <= known && known < e.gone {
				yield(e.from)
				if e.until != EndOfDays {
					yield(e.until)
				}
			}
		}
	}
}

// After gives the entries whose place in the order is behind o, closed ones included: by Order, of equal order as they were opened.
func (c *Cell[T]) After(o Order) iter.Seq[Entry[T]] {
	return func(yield func(Entry[T]) bool) {
		r, i := c.upTo(o.key())
		for r = max(r, 0); r < len(c.runs); r, i = r+1, 0 {
			entries := c.runs[r].entries[i:]
			for i := range entries {
				if !yield(entries[i].unpack()) {
					return
				}
			}
		}
	}
}

// Of makes a cell of entries that stand in the order in which After gives them.
func Of[T any](entries []Entry[T]) Cell[T] {
	c := Cell[T]{length: len(entries)}
	for part := range slices.Chunk(entries, runLength) {
		packed := make([]entry[T], len(part))
		for i := range part {
			packed[i] = pack(&part[i])
		}
		c.runs = append(c.runs, newRun(packed))
	}
	return c
}

// Len is the number of entries, closed ones included.
func (c *Cell[T]) Len() int { return c.length }
