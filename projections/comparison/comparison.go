package comparison

import (
	"cmp"
	"slices"
	"sort"

	"github.com/rapporteur/rapporteur/domain"
)

// Change says what became of a paragraph.
type Change uint8

// The changes, in the order of the public schema.
const (
	Kept    Change = 1 + iota // The same text, in order.
	Moved                     // The same text, elsewhere.
	Changed                   // Another text, alike.
	Added                     // Only in the second document.
	Deleted                   // Only in the first.
)

// String gives the public schema's word.
func (c Change) String() string {
	return [...]string{"", "KEPT", "MOVED", "CHANGED", "ADDED", "DELETED"}[c]
}

// RunKind says in which of the two texts a run stands.
type RunKind uint8

// The kinds of runs, in the order of the public schema.
const (
	KeptRun     RunKind = 1 + iota // In both.
	DeletedRun                     // In the first.
	InsertedRun                    // In the second.
)

// String gives the public schema's word.
func (k RunKind) String() string { return [...]string{"", "KEPT", "DELETED", "INSERTED"}[k] }

// Run is a piece of text.
type Run struct {
	Kind RunKind
	Text string
}

// Paragraph is a paragraph of either document, or one of each.
type Paragraph struct {
	Change Change
	Moved  bool // Of a pair: it stands in another order than the others.
	A, B   *domain.Paragraph
	// Shared and Words make the similarity of a pair, 2 Shared / Words: the words that both have, and those of the two. Of the same
	// texts it is 1, and of an unpaired paragraph 0, whatever they have.
	Shared, Words int
	Runs          []Run
}

// Similarity is how alike the two texts are, 0 to 1.
func (p *Paragraph) Similarity() float64 {
	switch {
	case p.A == nil || p.B == nil:
		return 0
	case p.A.Text == p.B.Text:
		return 1
	}
	return float64(2*p.Shared) / float64(p.Words)
}

// pair is a paragraph of the first document with one of the second, by index.
type pair struct {
	a, b          int
	shared, words int
}

// Compare compares the paragraphs of two documents. The result stands in the order of the second; what was deleted stands behind
// what it followed in the first.
func Compare(a, b []domain.Paragraph) []Paragraph {
	pairs := same(a, b)
	pairs = append(pairs, alike(a, b, pairs)...)
	slices.SortFunc(pairs, func(p, q pair) int { return cmp.Compare(p.a, q.a) })
	ordered := inOrder(pairs)

	paired := make(map[int]int, len(pairs)) // From the index in b to that in pairs.
	gone := make([]bool, len(a))            // Not in b.
	for i := range gone {
		gone[i] = true
	}
	for i, p := range pairs {
		paired[p.b], gone[p.a] = i, false
	}
	result := make([]Paragraph, 0, len(a)+len(b)-len(pairs))
	next := 0 // The paragraphs of a before it are told.
	deleted := func(until int) {
		for ; next < until; next++ {
			if gone[next] {
				result = append(result, Paragraph{Change: Deleted, A: &a[next], Runs: whole(DeletedRun, a[next].Text)})
			}
		}
	}
	deleted(following(0, gone))
	for j := range b {
		i, ok := paired[j]
		if !ok {
			result = append(result, Paragraph{Change: Added, B: &b[j], Runs: whole(InsertedRun, b[j].Text)})
			continue
		}
		p := pairs[i]
		if ordered[i] {
			deleted(p.a)
		}
		result = append(result, Paragraph{Change: Changed, Moved: !ordered[i], A: &a[p.a], B: &b[j], Shared: p.shared, Words: p.words})
		if q := &result[len(result)-1]; q.A.Text == q.B.Text {
			q.Change, q.Runs = Kept, whole(KeptRun, q.A.Text)
			if q.Moved {
				q.Change = Moved
			}
		}
		if ordered[i] {
			deleted(following(p.a+1, gone))
		}
	}
	deleted(len(a))
	compareTexts(result)
	return result
}

// following gives the end of the deleted paragraphs from an index on.
func following(from int, gone []bool) int {
	for from < len(gone) && gone[from] {
		from++
	}
	return from
}

func whole(kind RunKind, text string) []Run {
	if text == "" {
		return []Run{}
	}
	return []Run{{kind, text}}
}

// same pairs the paragraphs with the same text.
func same(a, b []domain.Paragraph) []pair {
	at := map[string][]int{}
	for i := range a {
		at[a[i].Text] = append(at[a[i].Text], i)
	}
	var pairs []pair
	for j := range b {
		if list := at[b[j].Text]; len(list) > 0 {
			pairs = append(pairs, pair{a: list[0], b: j})
			at[b[j].Text] = list[1:]
		}
	}
	return pairs
}

// similaritySteps bounds the comparing of paragraphs with one another: a step a word.
const similaritySteps = 15_000_000

// bag has the words of a paragraph, sorted, a word as often as it stands there.
type bag struct {
	index int
	words []int32
}

// alike pairs paragraphs that are not paired yet by similarity.
func alike(a, b []domain.Paragraph, pairs []pair) []pair {
	numbers := map[string]int32{}
	takenA, takenB := make([]bool, len(a)), make([]bool, len(b))
	for _, p := range pairs {
		takenA[p.a], takenB[p.b] = true, true
	}
	left, right := bags(a, takenA, numbers), bags(b, takenB, numbers)
	var candidates []pair
	window := windowOf(left, right)
	for i, x := range left {
		// The place in the right list that is as far along as x in the left one.
		middle := 0
		if len(left) > 1 {
			middle = i * (len(right) - 1) / (len(left) - 1)
		}
		for _, y := range right[max(0, middle-window):min(len(right), middle+window+1)] {
			words := len(x.words) + len(y.words)
			// No more can be shared than the shorter one has: what cannot reach one half is not looked at.
			if 4*min(len(x.words), len(y.words)) < words || words == 0 {
				continue
			}
			if shared := intersection(x.words, y.words); 4*shared >= words {
				candidates = append(candidates, pair{x.index, y.index, shared, words})
			}
		}
	}
	slices.SortFunc(candidates, func(p, q pair) int {
		return cmp.Or(cmp.Compare(int64(q.shared)*int64(p.words), int64(p.shared)*int64(q.words)), cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	})
	var found []pair
	for _, c := range candidates {
		if !takenA[c.a] && !takenB[c.b] {
			takenA[c.a], takenB[c.b] = true, true
			found = append(found, c)
		}
	}
	return found
}

// windowOf gives how far from its own place each paragraph is compared with others.
func windowOf(left, right []bag) int {
	words := 0
	for _, x := range left {
		words += len(x.words) + 1
	}
	reverse := 0
	for _, y := range right {
		reverse += len(y.words) + 1
	}
	for window := len(right); window > 0; window /= 2 {
		seen := min(len(right), 2*window+1)
		// Each left one is met by so many, and each right one by about as many as stand opposite it.
		opposite := min(len(left), seen*len(left)/max(1, len(right))+1)
		if words*seen+reverse*opposite <= similaritySteps {
			return window
		}
	}
	return 0
}

func bags(list []domain.Paragraph, taken []bool, numbers map[string]int32) []bag {
	var all []bag
	for i := range list {
		if taken[i] {
			continue
		}
		g := bag{index: i}
		for _, word := range segments(list[i].Text, words) {
			if !isWord(word) {
				continue
			}
			n, ok := numbers[word]
			if !ok {
				n = int32(len(numbers))
				numbers[word] = n
			}
			g.words = append(g.words, n)
		}
		slices.Sort(g.words)
		all = append(all, g)
	}
	return all
}

// intersection counts what two sorted lists have in common.
func intersection(x, y []int32) int {
	n := 0
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] == y[j]:
			n++
			i++
			j++
		case x[i] < y[j]:
			i++
		default:
			j++
		}
	}
	return n
}

// inOrder says which of the pairs, sorted by their place in the first document, make up a longest sequence that stands in the same
// order in the second.
func inOrder(pairs []pair) []bool {
	var tails []int // Of each length, the pair that ends a sequence of that length with the least b.
	before := make([]int, len(pairs))
	for i, p := range pairs {
		n := sort.Search(len(tails), func(n int) bool { return pairs[tails[n]].b > p.b })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	ordered := make([]bool, len(pairs))
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = before[i] {
			ordered[i] = true
		}
	}
	return ordered
}
