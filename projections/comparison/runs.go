package comparison

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"github.com/sergi/go-diff/diffmatchpatch"
)

// by is the size of what texts are cut into.
type by func(text string, state int) (segment, rest string, newState int)

// words cuts at the word boundaries of UAX 29, sentences at its sentence boundaries. Both keep every character.
func words(text string, state int) (string, string, int) {
	return uniseg.FirstWordInString(text, state)
}

func sentences(text string, state int) (string, string, int) {
	return uniseg.FirstSentenceInString(text, state)
}

func segments(text string, cut by) []string {
	var list []string
	for state := -1; text != ""; {
		var segment string
		segment, text, state = cut(text, state)
		list = append(list, segment)
	}
	return list
}

// isWord says whether a segment has a letter or a digit in it: it is no space and no punctuation.
func isWord(segment string) bool {
	return strings.ContainsFunc(segment, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

func isSpace(text string) bool { return strings.TrimSpace(text) == "" }

// runSteps bounds the comparing of words: the sum of the products of the numbers of segments on both sides.
const runSteps = 10_000_000

// difference is a changed paragraph cut into segments.
type difference struct {
	*Paragraph
	a, b       []string
	head, tail int // How many segments are alike at the beginning and at the end.
}

func cutTexts(p *Paragraph, cut by) difference {
	d := difference{Paragraph: p, a: segments(p.A.Text, cut), b: segments(p.B.Text, cut)}
	for d.head < min(len(d.a), len(d.b)) && d.a[d.head] == d.b[d.head] {
		d.head++
	}
	for d.tail < min(len(d.a), len(d.b))-d.head && d.a[len(d.a)-1-d.tail] == d.b[len(d.b)-1-d.tail] {
		d.tail++
	}
	return d
}

func (d *difference) steps() int {
	return (len(d.a) - d.head - d.tail) * (len(d.b) - d.head - d.tail)
}

// compareTexts fills in the runs of the changed paragraphs, the cheapest first, as finely as the steps that are left allow.
func compareTexts(list []Paragraph) {
	var all []difference
	for i := range list {
		if list[i].Change == Changed {
			all = append(all, cutTexts(&list[i], words))
		}
	}
	slices.SortStableFunc(all, func(d, e difference) int { return cmp.Compare(d.steps(), e.steps()) })
	left := runSteps
	for _, d := range all {
		if d.steps() > left {
			d = cutTexts(d.Paragraph, sentences)
		}
		if d.steps() <= left {
			left -= d.steps()
			d.Runs = d.runs()
		} else {
			d.Runs = d.coarse()
		}
	}
}

// coarse keeps what is alike at the beginning and at the end, and replaces what stands between.
func (d *difference) coarse() []Run {
	var r runs
	r.add(KeptRun, d.a[:d.head])
	r.add(DeletedRun, d.a[d.head:len(d.a)-d.tail])
	r.add(InsertedRun, d.b[d.head:len(d.b)-d.tail])
	r.add(KeptRun, d.a[len(d.a)-d.tail:])
	return r.end()
}

// runs compares segment by segment.
func (d *difference) runs() []Run {
	a, b := d.a[d.head:len(d.a)-d.tail], d.b[d.head:len(d.b)-d.tail]
	numbers := map[string]rune{}
	from, to := numbered(a, numbers), numbered(b, numbers)
	differ := diffmatchpatch.New()
	differ.DiffTimeout = 0 // No clock: the same texts, the same runs.
	var r runs
	r.add(KeptRun, d.a[:d.head])
	for _, part := range differ.DiffMainRunes(from, to, false) {
		n := len([]rune(part.Text))
		switch part.Type {
		case diffmatchpatch.DiffEqual:
			r.add(KeptRun, a[:n])
			a, b = a[n:], b[n:]
		case diffmatchpatch.DiffDelete:
			r.add(DeletedRun, a[:n])
			a = a[n:]
		case diffmatchpatch.DiffInsert:
			r.add(InsertedRun, b[:n])
			b = b[n:]
		}
	}
	r.add(KeptRun, d.a[len(d.a)-d.tail:])
	return r.end()
}

// numbered writes each segment as one character, since characters are what go-diff compares. Surrogates are none.
func numbered(list []string, numbers map[string]rune) []rune {
	text := make([]rune, len(list))
	for i, segment := range list {
		n, ok := numbers[segment]
		if !ok {
			n = rune(len(numbers)) + 1
			if n >= 0xD800 {
				n += 0x800
			}
			numbers[segment] = n
		}
		text[i] = n
	}
	return text
}

// runs gathers segments into runs. Whatever stands between two kept runs becomes one deleted and one inserted; space that is kept
// between changes alone would tear them into pieces that say nothing, so that it goes with them.
type runs struct {
	list              []Run
	deleted, inserted strings.Builder
	space             string // Kept behind the changes, if changes follow it goes with them.
}

func (r *runs) add(kind RunKind, segments []string) {
	if len(segments) == 0 {
		return
	}
	text := strings.Join(segments, "")
	changes := r.deleted.Len()+r.inserted.Len() > 0
	switch {
	case kind == KeptRun && changes && isSpace(text):
		r.space += text
	case kind == KeptRun:
		r.flush()
		r.keep(text)
	default:
		r.deleted.WriteString(r.space)
		r.inserted.WriteString(r.space)
		r.space = ""
		if kind == DeletedRun {
			r.deleted.WriteString(text)
		} else {
			r.inserted.WriteString(text)
		}
	}
}

func (r *runs) keep(text string) {
	if n := len(r.list); n > 0 && r.list[n-1].Kind == KeptRun {
		r.list[n-1].Text += text
	} else if text != "" {
		r.list = append(r.list, Run{KeptRun, text})
	}
}

func (r *runs) flush() {
	if r.deleted.Len() > 0 {
		r.list = append(r.list, Run{DeletedRun, r.deleted.String()})
	}
	if r.inserted.Len() > 0 {
		r.list = append(r.list, Run{InsertedRun, r.inserted.String()})
	}
	r.deleted.Reset()
	r.inserted.Reset()
	r.keep(r.space)
	r.space = ""
}

func (r *runs) end() []Run {
	r.flush()
	return r.list
}
