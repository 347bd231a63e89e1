package bitemporal

import "slices"

// What is open to the side of the future is bounded by a day after all days and a position after all positions.
// NoLimit is the last day of all: to ask on it is to ask without a limit of days.
const (
	EndOfDays   int32  = 1<<31 - 1
	NoLimit     int32  = EndOfDays - 1
	EndOfRecord uint64 = 1<<64 - 1
)

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

type entry[T any] struct {
	Span
	since, gone uint64
	item        T
}

// block is how many entries share one minimum of since, so that a question about an early position steps over what was
// recorded later.
const block = 32

// Cell is what is known of one thing in two times. The zero Cell is empty. Readers may share it as long as nobody writes.
type Cell[T any] struct {
	entries  []entry[T] // By Order, ascending; of equal order, as opened.
	minSince []uint64   // The least since of each block of entries.
}

// Open adds an entry that is known from position since on, until it is closed.
// An entry whose days are none (Until not after From) is left out.
func (c *Cell[T]) Open(since uint64, s Span, item T) {
	if s.Until <= s.From {
		return
	}
	i := c.upTo(s.Order) // Behind all that are equal.
	c.entries = slices.Insert(c.entries, i, entry[T]{Span: s, since: since, gone: EndOfRecord, item: item})
	c.summarize(i / block)
}

// Close ends, from position at on, every open entry at this place in the order for which is says that it is meant.
func (c *Cell[T]) Close(at uint64, o Order, is func(T) bool) {
	for i := c.upTo(o) - 1; i >= 0 && c.entries[i].Order == o; i-- {
		if e := &c.entries[i]; e.gone == EndOfRecord && is(e.item) {
			e.gone = at
		}
	}
}

// upTo gives the number of entries whose place in the order is o or before it.
func (c *Cell[T]) upTo(o Order) int {
	n, _ := slices.BinarySearchFunc(c.entries, o, func(e entry[T], o Order) int {
		if e.Compare(o) <= 0 {
			return -1
		}
		return 1
	})
	return n
}

func (c *Cell[T]) summarize(from int) {
	blocks := (len(c.entries) + block - 1) / block
	c.minSince = slices.Grow(c.minSince[:from], blocks-from)[:blocks]
	for b := from; b < blocks; b++ {
		least := EndOfRecord
		for _, e := range c.entries[b*block : min((b+1)*block, len(c.entries))] {
			least = min(least, e.since)
		}
		c.minSince[b] = least
	}
}

// Newest calls yield with each item that is known at position at and holds on day on, latest first, until yield gives false.
// An item opened for several spans of days is met once for each that holds: spans of one item should not overlap.
// Of entries at one place in the order, the one opened last comes first.
func (c *Cell[T]) Newest(at uint64, on int32, yield func(Order, T) bool) {
	c.NewestFrom(Order{Day: on, Rank: 1<<8 - 1, At: EndOfRecord}, at, on, yield)
}

// NewestFrom is Newest without what comes later in the order than o.
func (c *Cell[T]) NewestFrom(o Order, at uint64, on int32, yield func(Order, T) bool) {
	// No entry holds before the day of its place in the order, so that all later ones are stepped over at once.
	if o.Day > on {
		o = Order{Day: on, Rank: 1<<8 - 1, At: EndOfRecord}
	}
	for i := c.upTo(o) - 1; i >= 0; {
		if b := i / block; c.minSince[b] > at {
			i = b*block - 1
			continue
		}
		e := &c.entries[i]
		i--
		if e.since <= at && at < e.gone && e.From <= on && on < e.Until && !yield(e.Order, e.item) {
			return
		}
	}
}

// Days calls yield with each day on which what Newest gives at a position can begin to differ from the day before.
func (c *Cell[T]) Days(at uint64, yield func(day int32)) {
	for i := range c.entries {
		if e := &c.entries[i]; e.since <= at && at < e.gone {
			yield(e.From)
			if e.Until != EndOfDays {
				yield(e.Until)
			}
		}
	}
}

// Len is the number of entries, closed ones included.
func (c *Cell[T]) Len() int { return len(c.entries) }
