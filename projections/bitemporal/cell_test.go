package bitemporal_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// fact is an entry of the brute force: nothing but the rectangle, and when it was opened among all.
type fact struct {
	bitemporal.Span
	since, gone uint64
	item        int
}

// facts is a cell as one would write it down: a list that is read whole for every question.
type facts []fact

func (l facts) known(at uint64) (list facts) {
	for _, f := range l {
		if f.since <= at && (f.gone == 0 || at < f.gone) {
			list = append(list, f)
		}
	}
	return list
}

// newest is what holds, latest first; of those at one place in the order the one opened last.
func (l facts) newest(from bitemporal.Order, at uint64, on int32) (items []met) {
	for _, f := range slices.Backward(l.known(at)) {
		if f.From <= on && on < f.Until && f.Compare(from) <= 0 {
			items = append(items, met{f.Order, f.item})
		}
	}
	slices.SortStableFunc(items, func(a, b met) int { return b.Compare(a.Order) })
	return items
}

// met is an item as a reader meets it.
type met struct {
	bitemporal.Order
	item int
}

// pair is a cell and its brute force, kept alike.
type pair struct {
	cell bitemporal.Cell[int]
	list facts
}

func (p *pair) open(since uint64, s bitemporal.Span, item int) {
	p.cell.Open(since, s, item)
	if s.From < s.Until {
		p.list = append(p.list, fact{Span: s, since: since, item: item})
	}
}

func (p *pair) close(at uint64, o bitemporal.Order, item int) {
	p.cell.Close(at, o, func(i int) bool { return i == item })
	for i := range p.list {
		if f := &p.list[i]; f.Order == o && f.item == item && f.gone == 0 {
			f.gone = at
		}
	}
}

func (p *pair) newest(at uint64, on int32) (items []met) {
	p.cell.Newest(at, on, func(o bitemporal.Order, item int) bool {
		items = append(items, met{o, item})
		return true
	})
	return items
}

// days are the edges in time of what is known at a position, each once.
func (p *pair) days(at uint64) (got, want []int32) {
	p.cell.Days(at, func(day int32) { got = append(got, day) })
	for _, f := range p.list.known(at) {
		want = append(want, f.From)
		if f.Until != bitemporal.EndOfDays {
			want = append(want, f.Until)
		}
	}
	return distinct(got), distinct(want)
}

func distinct[T cmp.Ordered](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

// everywhere is the last place of all in the order.
var everywhere = bitemporal.Order{Day: bitemporal.NoLimit, Rank: 255, At: bitemporal.EndOfRecord}

// grow opens and closes n entries at random: late ones with early days, several spans of one item, places that are taken
// already. It gives the last position.
func (p *pair) grow(r *rand.Rand, n, days int) uint64 {
	at := uint64(0)
	for item := 0; len(p.list) < n; item++ {
		at++
		if open := p.list.known(at); len(open) > 0 && r.IntN(4) == 0 {
			f := open[r.IntN(len(open))]
			p.close(at, f.Order, f.item)
			if r.IntN(3) > 0 { // As a correction does: closed and opened anew, here or elsewhere.
				if r.IntN(2) == 0 {
					f.Day = int32(r.IntN(days))
				}
				f.From = max(f.From, f.Day)
				p.open(at, f.Span, f.item)
			}
			continue
		}
		o := bitemporal.Order{Day: int32(r.IntN(days)), Rank: uint8(r.IntN(2)), At: at}
		if r.IntN(8) == 0 && len(p.list) > 0 { // As the ballots of one vote.
			o = p.list[r.IntN(len(p.list))].Order
		}
		since := at
		if r.IntN(10) == 0 { // A cell asks for no order of positions.
			since = 1 + uint64(r.IntN(int(at)))
		}
		if r.IntN(6) == 0 { // One item at two places; each is closed by itself.
			day := int32(r.IntN(days))
			p.open(since, bitemporal.Span{Order: bitemporal.Order{Day: day, Rank: 2, At: at}, From: day, Until: bitemporal.EndOfDays}, item)
		}
		from := o.Day
		for range 1 + r.IntN(3) { // As an act with intentions: spans that follow one another.
			until := from + int32(r.IntN(days)) // Now and then none at all.
			if r.IntN(3) == 0 {
				until = bitemporal.EndOfDays
			}
			p.open(since, bitemporal.Span{Order: o, From: from, Until: until}, item)
			if until == bitemporal.EndOfDays {
				break
			}
			from = until
		}
	}
	return at
}

func TestCellEqualsTheBruteForce(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		var p pair
		n, days := 1+r.IntN(40), 2+r.IntN(12)
		if seed%3 == 0 {
			n, days = 300+r.IntN(900), 5+r.IntN(200) // Several runs.
		}
		newest := p.grow(r, n, days)
		for range 200 {
			at, on := uint64(r.IntN(int(newest)+2)), int32(r.IntN(days+2)-1)
			if r.IntN(5) == 0 {
				on = bitemporal.NoLimit
			}
			if got, want := p.newest(at, on), p.list.newest(everywhere, at, on); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d entries: newest at %d on %d\n got %v\nwant %v", seed, n, at, on, got, want)
			}
			from := bitemporal.Order{Day: int32(r.IntN(days)), Rank: uint8(r.IntN(2)), At: uint64(r.IntN(int(newest) + 1))}
			if r.IntN(2) == 0 {
				from = p.list[r.IntN(len(p.list))].Order
			}
			var got []met
			p.cell.NewestFrom(from, at, on, func(o bitemporal.Order, item int) bool {
				got = append(got, met{o, item})
				return true
			})
			if want := p.list.newest(from, at, on); !slices.Equal(got, want) {
				t.Fatalf("seed %d: newest from %v at %d on %d\n got %v\nwant %v", seed, from, at, on, got, want)
			}
			if got, want := p.days(at); !slices.Equal(got, want) {
				t.Fatalf("seed %d: days at %d\n got %v\nwant %v", seed, at, got, want)
			}
		}
		if p.cell.Len() != len(p.list) {
			t.Errorf("seed %d: %d entries, want %d: nothing is removed, and what holds on no day is left out", seed, p.cell.Len(), len(p.list))
		}
	}
}

// Between two days that Days gives, nothing that Newest gives changes.
func TestDaysAreAllOnWhichSomethingChanges(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var p pair
		newest := p.grow(r, 40, 15)
		at := uint64(r.IntN(int(newest) + 1))
		days, _ := p.days(at)
		for on := int32(0); on < 60; on++ {
			if !slices.Contains(days, on) && !slices.Equal(p.newest(at, on), p.newest(at, on-1)) {
				t.Errorf("seed %d, at %d: something changes on day %d, which is not among the days %v", seed, at, on, days)
			}
		}
	}
}

// What was answered at a position is answered so for ever, whatever is opened and closed later.
func TestEarlierPositionsKeepTheirAnswers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var p pair
	newest := p.grow(r, 100, 10)
	before := map[uint64][]met{}
	for at := range newest + 1 {
		before[at] = p.newest(at, 5)
	}
	for _, f := range slices.Clone(p.list) {
		p.close(newest+1, f.Order, f.item)
	}
	for i := range 200 {
		p.open(newest+2, bitemporal.Span{Order: bitemporal.Order{Day: int32(i % 6), At: newest + 2}, From: int32(i % 6), Until: bitemporal.EndOfDays}, -1)
	}
	for at, want := range before {
		if got := p.newest(at, 5); !slices.Equal(got, want) {
			t.Errorf("at %d: %v, and earlier %v", at, got, want)
		}
	}
}

func TestReaderStopsWhereItWants(t *testing.T) {
	var p pair
	for i := range 100 {
		p.open(1, bitemporal.Span{Order: bitemporal.Order{Day: int32(i), At: 1}, From: int32(i), Until: bitemporal.EndOfDays}, i)
	}
	for want := 1; want <= 100; want++ {
		got := 0
		p.cell.Newest(1, bitemporal.NoLimit, func(_ bitemporal.Order, item int) bool {
			if item != 99-got {
				t.Fatalf("item %d after %d others, want the latest first", item, got)
			}
			got++
			return got < want
		})
		if got != want {
			t.Fatalf("%d items, want %d", got, want)
		}
	}
}

// The ballots of a vote stand at one place; they are found, and each closed, wherever a run ends among them.
func TestManyAtOnePlace(t *testing.T) {
	for _, before := range []int{0, 100, 255, 256, 300} {
		var p pair
		for i := range before {
			p.open(1, bitemporal.Span{Order: bitemporal.Order{Day: int32(i % 10), At: 1}, From: int32(i % 10), Until: bitemporal.EndOfDays}, -1)
		}
		place := bitemporal.Span{Order: bitemporal.Order{Day: 5, At: 2}, From: 5, Until: bitemporal.EndOfDays}
		for item := range 600 {
			p.open(2, place, item)
		}
		for item := range 600 {
			if item%7 == 0 {
				p.close(uint64(3+item), place.Order, item)
			}
		}
		for _, at := range []uint64{1, 2, 3, 4, 10, 300, 700} {
			if got, want := p.newest(at, bitemporal.NoLimit), p.list.newest(everywhere, at, bitemporal.NoLimit); !slices.Equal(got, want) {
				t.Errorf("%d before, at %d:\n got %v\nwant %v", before, at, got, want)
			}
		}
	}
}

// However long a cell is, and wherever an entry goes, it stands in its place.
func TestOneEntryAtEveryPlace(t *testing.T) {
	for _, n := range []int{1, 255, 256, 257, 512, 700} {
		for place := range n + 1 {
			var p pair
			for i := range n {
				p.open(1, bitemporal.Span{Order: bitemporal.Order{Day: int32(2 * i), At: 1}, From: int32(2 * i), Until: bitemporal.EndOfDays}, i)
			}
			day := int32(2*place - 1)
			p.open(2, bitemporal.Span{Order: bitemporal.Order{Day: day, At: 2}, From: day, Until: bitemporal.EndOfDays}, -1)
			p.open(0, bitemporal.Span{Order: bitemporal.Order{Day: day, Rank: 1, At: 0}, From: day, Until: bitemporal.EndOfDays}, -2) // Known before all others.
			for _, at := range []uint64{0, 1, 2} {
				got := p.newest(at, bitemporal.NoLimit)
				if want := []int{1, n + 1, n + 2}[at]; len(got) != want {
					t.Fatalf("%d entries, one at place %d: %d at %d, want %d", n, place, len(got), at, want)
				}
				for i := 1; i < len(got); i++ {
					if got[i].Compare(got[i-1].Order) >= 0 {
						t.Fatalf("%d entries, one at place %d: day %d behind day %d", n, place, got[i].Day, got[i-1].Day)
					}
				}
			}
		}
	}
}

func TestOrder(t *testing.T) {
	// By day, then rank, then position: each outweighs all after it.
	ascending := []bitemporal.Order{
		{Day: -1, Rank: 1, At: 9}, {Day: 0, Rank: 0, At: 5}, {Day: 0, Rank: 0, At: 6}, {Day: 0, Rank: 1, At: 0}, {Day: 0, Rank: 1, At: 7}, {Day: 1, Rank: 0, At: 0},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := a.Compare(b), cmp.Compare(i, j); got != want {
				t.Errorf("%v compared with %v: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestEmptyCell(t *testing.T) {
	var c bitemporal.Cell[int]
	c.Newest(1, bitemporal.NoLimit, func(bitemporal.Order, int) bool { t.Error("an empty cell has an item"); return true })
	c.Days(1, func(int32) { t.Error("an empty cell has a day") })
	c.Close(1, bitemporal.Order{}, func(int) bool { t.Error("an empty cell has an entry"); return true })
}

func TestClosingTwiceKeepsTheFirstEnd(t *testing.T) {
	var p pair
	s := bitemporal.Span{Order: bitemporal.Order{Day: 1, At: 1}, From: 1, Until: bitemporal.EndOfDays}
	p.open(1, s, 7)
	p.close(3, s.Order, 7)
	p.close(5, s.Order, 7)
	for at, want := range []int{0, 1, 1, 0, 0, 0} {
		if got := len(p.newest(uint64(at), 1)); got != want {
			t.Errorf("at %d: %d items, want %d", at, got, want)
		}
	}
}
