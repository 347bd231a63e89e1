package projections

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain/roster"
)

// texts is the index of the words of positions. It is filled behind the model, and from it: a question waits until it has what was
// recorded by its moment.
type texts struct {
	// recorded has every version of every position, by position of recording; the version with the number n stands at n. It belongs to the
	// model, and is guarded as that is.
	recorded []textVersion

	filling  sync.Mutex // Held by who fills; taken before mu.
	mu       sync.RWMutex
	filled   int                 // So many versions are in the index.
	postings map[string][]uint32 // By word, Han character and pair of these: the numbers of the versions, ascending.
}

// textVersion is a version of a position: its fields hold from at on until the position's next version.
type textVersion struct {
	position *position
	version  int
	at       uint64
}

// fillAtOnce is how many versions go into the index before others may read it again: some milliseconds.
const fillAtOnce = 64

// IndexTexts keeps the index of words filled until the context ends, whose error it gives. Without it everything is found all the same,
// and the first who asks waits.
func (m *Model) IndexTexts(ctx context.Context) error {
	for {
		at := m.At()
		if err := m.fillTexts(ctx, at); err != nil {
			return err
		}
		if err := m.WaitAt(ctx, at+1); err != nil {
			return err
		}
	}
}

// fillTexts brings the index up to a position of the record. The model must not be held. The error is the context's.
func (m *Model) fillTexts(ctx context.Context, at uint64) error {
	x := &m.texts
	for {
		m.mu.RLock()
		wanted := sort.Search(len(x.recorded), func(i int) bool { return x.recorded[i].at > at })
		m.mu.RUnlock()
		x.mu.RLock()
		filled := x.filled
		x.mu.RUnlock()
		if filled >= wanted {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		m.fillSome()
	}
}

// fillSome puts the next versions into the index.
func (m *Model) fillSome() {
	x := &m.texts
	x.filling.Lock()
	defer x.filling.Unlock()
	m.mu.RLock()
	first := x.filled // Only who fills writes it.
	var fields [][]string
	for _, t := range x.recorded[first:min(first+fillAtOnce, len(x.recorded))] {
		fields = append(fields, t.position.versions[t.version].texts())
	}
	m.mu.RUnlock()
	grams := make([]map[string]bool, len(fields))
	for i, list := range fields {
		grams[i] = map[string]bool{}
		for _, text := range list {
			text = roster.FoldText(text)
			eachWord(text, func(word string) { grams[i][word] = true })
			eachGram(text, func(gram string) { grams[i][gram] = true })
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.postings == nil {
		x.postings = map[string][]uint32{}
	}
	for i, found := range grams {
		for gram := range found {
			list, known := x.postings[gram]
			if !known {
				gram = string([]byte(gram)) // Not a part of the text, which it would keep.
			}
			x.postings[gram] = append(list, uint32(first+i))
		}
	}
	x.filled += len(fields)
}

// texts gives the fields that a search looks at.
func (v *positionVersion) texts() []string {
	list := []string{v.Summary, v.Source.Quote, v.Source.Title}
	for _, p := range v.Points {
		list = append(list, p.Text)
	}
	return list
}

// find gives the numbers of the versions in which all words occur, ascending, and whether that is certain: a run of three and more Han
// characters has to be looked for in the text.
func (x *texts) find(w words) (found []uint32, certain bool) {
	grams := slices.Clone(w.whole)
	certain = true
	for _, run := range w.runs {
		switch n := utf8.RuneCountInString(run); {
		case n <= 2:
			grams = append(grams, run)
		default:
			certain = false
			eachGram(run, func(gram string) {
				if utf8.RuneCountInString(gram) == 2 {
					grams = append(grams, gram)
				}
			})
		}
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	lists := make([][]uint32, len(grams))
	for i, gram := range grams {
		lists[i] = x.postings[gram]
	}
	slices.SortFunc(lists, func(a, b []uint32) int { return cmp.Compare(len(a), len(b)) })
	found = slices.Clone(lists[0])
	for _, list := range lists[1:] {
		found = slices.DeleteFunc(found, func(n uint32) bool {
			i, ok := slices.BinarySearch(list, n)
			list = list[i:] // The next lies behind.
			return !ok
		})
	}
	return found, certain
}

// positionsWith gives the positions in whose version of the moment all words occur, in no order. The index must have the moment.
func (v *View) positionsWith(w words) (list []*position) {
	found, certain := v.model.texts.find(w)
	for _, n := range found {
		t := v.model.texts.recorded[n]
		if t.at > v.moment.At {
			break
		}
		version := t.position.version(v.moment.At)
		if version == &t.position.versions[t.version] && (certain || w.in(version.texts()...)) {
			list = append(list, t.position)
		}
	}
	return list
}
