package comparison_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/comparison"
)

func document(texts ...string) []domain.Paragraph {
	list := make([]domain.Paragraph, len(texts))
	for i, text := range texts {
		list[i] = domain.Paragraph{Kind: domain.Operative, Number: i + 1, Text: text}
	}
	return list
}

// written is a comparison in a line a paragraph: [-deleted-], {+inserted+}.
func written(list []comparison.Paragraph) []string {
	lines := []string{}
	for _, p := range list {
		number := func(q *domain.Paragraph) string {
			if q == nil {
				return "-"
			}
			return fmt.Sprint(q.Number)
		}
		var b strings.Builder
		for _, r := range p.Runs {
			b.WriteString(map[comparison.RunKind]string{comparison.KeptRun: "", comparison.DeletedRun: "[-", comparison.InsertedRun: "{+"}[r.Kind] + r.Text +
				map[comparison.RunKind]string{comparison.KeptRun: "", comparison.DeletedRun: "-]", comparison.InsertedRun: "+}"}[r.Kind])
		}
		moved := ""
		if p.Moved && p.Change == comparison.Changed {
			moved = " and moved"
		}
		lines = append(lines, fmt.Sprintf("%v%s %s:%s %s", p.Change, moved, number(p.A), number(p.B), b.String()))
	}
	return lines
}

func TestParagraphsAndRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		a, b []string
		want []string
	}{
		"the same":         {[]string{"One.", "Two."}, []string{"One.", "Two."}, []string{"KEPT 1:1 One.", "KEPT 2:2 Two."}},
		"nothing":          {nil, nil, []string{}},
		"from nothing":     {nil, []string{"One."}, []string{"ADDED -:1 {+One.+}"}},
		"to nothing":       {[]string{"One."}, nil, []string{"DELETED 1:- [-One.-]"}},
		"inserted between": {[]string{"One.", "Two."}, []string{"One.", "Between.", "Two."}, []string{"KEPT 1:1 One.", "ADDED -:2 {+Between.+}", "KEPT 2:3 Two."}},
		"moved to the end": {[]string{"One.", "Two.", "Three."}, []string{"Two.", "Three.", "One."}, []string{"KEPT 2:1 Two.", "KEPT 3:2 Three.", "MOVED 1:3 One."}},
		"twice, then once": {[]string{"One.", "One."}, []string{"One."}, []string{"KEPT 1:1 One.", "DELETED 2:- [-One.-]"}},
		"deleted behind what it followed": {[]string{"One.", "Gone.", "Two."}, []string{"One.", "New.", "Two."},
			[]string{"KEPT 1:1 One.", "DELETED 2:- [-Gone.-]", "ADDED -:2 {+New.+}", "KEPT 3:3 Two."}},
		"a word": {[]string{"Decides to convene a conference in 2025."}, []string{"Decides to convene a review conference in 2026."},
			[]string{"CHANGED 1:1 Decides to convene a {+review +}conference in [-2025-]{+2026+}."}},
		"space is not kept between changes": {[]string{"We stress the need for a single track."}, []string{"We stress the value of one single track."},
			[]string{"CHANGED 1:1 We stress the [-need for a-]{+value of one+} single track."}},
		"changed and moved": {[]string{"Stresses the need for consensus.", "One.", "Two."}, []string{"One.", "Two.", "Stresses the value of consensus."},
			[]string{"KEPT 2:1 One.", "KEPT 3:2 Two.", "CHANGED and moved 1:3 Stresses the [-need for-]{+value of+} consensus."}},
		"less than half alike": {[]string{"a b c d"}, []string{"a x y z"}, []string{"DELETED 1:- [-a b c d-]", "ADDED -:1 {+a x y z+}"}},
		"half alike":           {[]string{"a b c d"}, []string{"a b y z"}, []string{"CHANGED 1:1 a b [-c d-]{+y z+}"}},
		"the most alike first": {[]string{"a b c d e f", "a b c d e x"}, []string{"a b c d e f g"},
			[]string{"CHANGED 1:1 a b c d e f{+ g+}", "DELETED 2:- [-a b c d e x-]"}},
		"punctuation alone": {[]string{"***"}, []string{"---"}, []string{"DELETED 1:- [-***-]", "ADDED -:1 {+---+}"}},

		"Arabic": {[]string{"تؤكد من جديد أن القانون الدولي ينطبق على الدول."}, []string{"تؤكد أن القانون الدولي وميثاق الأمم المتحدة ينطبق على الدول."},
			[]string{"CHANGED 1:1 تؤكد [-من جديد -]أن القانون الدولي{+ وميثاق الأمم المتحدة+} ينطبق على الدول."}},
		"Chinese": {[]string{"决定设立一个常设机制。"}, []string{"决定设立单一的常设机制。"},
			[]string{"CHANGED 1:1 决定设立{+单+}一[-个-]{+的+}常设机制。"}},
		"French": {[]string{"Décide d’établir l’élément d’un mécanisme."}, []string{"Décide d’établir l’élan d’un mécanisme unique."},
			[]string{"CHANGED 1:1 Décide d’établir [-l’élément-]{+l’élan+} d’un mécanisme{+ unique+}."}},
		"Russian": {[]string{"постановляет учредить механизм под эгидой Организации"}, []string{"постановляет учредить единый механизм под эгидой Организации"},
			[]string{"CHANGED 1:1 постановляет учредить {+единый +}механизм под эгидой Организации"}},
		"Spanish": {[]string{"Decide crear un mecanismo único."}, []string{"Decide establecer un mecanismo único y permanente."},
			[]string{"CHANGED 1:1 Decide [-crear-]{+establecer+} un mecanismo único{+ y permanente+}."}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, written(comparison.Compare(document(tt.a...), document(tt.b...)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// holds checks what is so of every comparison.
func holds(t *testing.T, a, b []domain.Paragraph) []comparison.Paragraph {
	t.Helper()
	list := comparison.Compare(a, b)
	var fromA, fromB []*domain.Paragraph
	last := -1
	for _, p := range list {
		var textA, textB strings.Builder
		previous := comparison.RunKind(0)
		for _, r := range p.Runs {
			if r.Text == "" || r.Kind == previous || r.Kind == comparison.DeletedRun && previous == comparison.InsertedRun {
				t.Fatalf("runs %v", p.Runs)
			}
			previous = r.Kind
			if r.Kind != comparison.InsertedRun {
				textA.WriteString(r.Text)
			}
			if r.Kind != comparison.DeletedRun {
				textB.WriteString(r.Text)
			}
		}
		if p.A != nil {
			fromA = append(fromA, p.A)
			if p.A.Text != textA.String() {
				t.Fatalf("%q is rebuilt as %q", p.A.Text, textA.String())
			}
		}
		if p.B != nil {
			fromB = append(fromB, p.B)
			if p.B.Text != textB.String() {
				t.Fatalf("%q is rebuilt as %q", p.B.Text, textB.String())
			}
		}
		same := p.A != nil && p.B != nil && p.A.Text == p.B.Text
		want := map[comparison.Change]bool{
			comparison.Kept: same && !p.Moved, comparison.Moved: same && p.Moved, comparison.Changed: p.A != nil && p.B != nil && !same,
			comparison.Added: p.A == nil && p.B != nil, comparison.Deleted: p.B == nil && p.A != nil,
		}
		if s := p.Similarity(); !want[p.Change] || s < 0 || s > 1 || same != (s == 1) && p.Change != comparison.Changed || p.Change == comparison.Changed && s < 0.5 {
			t.Fatalf("%v of %v and %v, moved %v, similarity %v", p.Change, p.A, p.B, p.Moved, p.Similarity())
		}
		if p.A != nil && p.B != nil && !p.Moved {
			if at := index(a, p.A); at <= last {
				t.Fatalf("paragraph %d stands behind %d and was not moved", at, last)
			} else {
				last = at
			}
		}
	}
	for i, p := range fromB {
		if index(b, p) != i {
			t.Fatalf("the result is not in the order of the second document")
		}
	}
	slices.SortFunc(fromA, func(p, q *domain.Paragraph) int { return index(a, p) - index(a, q) })
	for i, p := range fromA {
		if index(a, p) != i {
			t.Fatalf("paragraph %d of the first document is told twice or not at all", i)
		}
	}
	if len(fromA) != len(a) || len(fromB) != len(b) {
		t.Fatalf("%d and %d paragraphs of %d and %d", len(fromA), len(fromB), len(a), len(b))
	}
	if again := comparison.Compare(a, b); !cmp.Equal(again, list) {
		t.Fatalf("compared again: %s", cmp.Diff(list, again))
	}
	return list
}

func index(list []domain.Paragraph, p *domain.Paragraph) int {
	for i := range list {
		if &list[i] == p {
			return i
		}
	}
	return -1
}

var vocabulary = strings.Fields("States decides the to of 机制 القانون cyber – a, b. ; mécanisme единый 中 文 1,000.5 it's 'x'")

func random(r *rand.Rand, paragraphs, words int) []string {
	texts := make([]string, r.IntN(paragraphs))
	for i := range texts {
		var w []string
		for range r.IntN(words) {
			w = append(w, vocabulary[r.IntN(len(vocabulary))])
		}
		texts[i] = strings.Join(w, []string{" ", "", "\n", "  "}[r.IntN(4)])
	}
	return texts
}

// TestEveryTextIsRebuilt: of thousands of random documents and revisions of them.
func TestEveryTextIsRebuilt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		a := random(r, 8, 12)
		b := slices.Clone(a)
		for range r.IntN(6) {
			if len(b) == 0 {
				break
			}
			i, j := r.IntN(len(b)), r.IntN(len(b))
			switch r.IntN(4) {
			case 0:
				b[i], b[j] = b[j], b[i]
			case 1:
				b = slices.Delete(b, i, i+1)
			case 2:
				b = slices.Insert(b, i, random(r, 3, 12)...)
			case 3:
				w := strings.Fields(b[i])
				if len(w) > 0 {
					w[r.IntN(len(w))] = vocabulary[r.IntN(len(vocabulary))]
				}
				b[i] = strings.Join(w, " ")
			}
		}
		holds(t, document(a...), document(b...))
	}
}

// TestMovesAreFew: of all ways to order up to six paragraphs, as few count as moved as there must be.
func TestMovesAreFew(t *testing.T) {
	var visit func(order []int, n int)
	texts := []string{"one", "two", "three", "four", "five", "six"}
	visit = func(order []int, n int) {
		if len(order) == n {
			b := make([]string, n)
			for i, j := range order {
				b[i] = texts[j]
			}
			moved := 0
			for _, p := range holds(t, document(texts[:n]...), document(b...)) {
				if p.Moved {
					moved++
				}
			}
			if want := n - longestIncreasing(order); moved != want {
				t.Fatalf("%v: %d are moved, %d need be", order, moved, want)
			}
			return
		}
		for j := range n {
			if !slices.Contains(order, j) {
				visit(append(slices.Clone(order), j), n)
			}
		}
	}
	for n := range 7 {
		visit(nil, n)
	}
}

// longestIncreasing tries all parts of a sequence.
func longestIncreasing(order []int) int {
	longest := 0
	for mask := range 1 << len(order) {
		var part []int
		for i, v := range order {
			if mask&(1<<i) != 0 {
				part = append(part, v)
			}
		}
		if slices.IsSorted(part) {
			longest = max(longest, len(part))
		}
	}
	return longest
}

// TestHostileDocuments: what would take for ever is compared more coarsely.
func TestHostileDocuments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	shuffled := func(n int, between string) string {
		w := make([]string, n)
		for i := range w {
			w[i] = fmt.Sprintf("w%d", i%3000)
		}
		r.Shuffle(n, func(i, j int) { w[i], w[j] = w[j], w[i] })
		return strings.Join(w, between)
	}
	many := func(n, words int) []string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = shuffled(words, " ")
		}
		return texts
	}
	for name, make := range map[string]func() []string{
		"ten thousand paragraphs":      func() []string { return many(10_000, 20) },
		"a paragraph of 100,000 words": func() []string { return many(1, 100_000) },
		"no space at all": func() []string {
			return []string{strings.Repeat("中文字", 30_000)[:r.IntN(3)*3+60_000], shuffled(10_000, "")}
		},
		"sentences of one word":       func() []string { return []string{shuffled(30_000, ". ")} },
		"hundred paragraphs of 2,000": func() []string { return many(100, 2_000) },
		"a thousand of the same but one": func() []string {
			return append(slices.Repeat([]string{"the same words in each of them"}, 1000), shuffled(10, " "))
		},
		"a thousand that are all alike": func() []string {
			return strings.Split(strings.Repeat("the same words in each of them but \n", 1000)+fmt.Sprint(r.Int()), "\n")
		},
		"marks that attach to each other": func() []string {
			return []string{"a" + strings.Repeat("\u0301", 50_000), strings.Repeat("\u200d\u0600", 20_000)}
		},
	} {
		begun := time.Now()
		a, b := document(make()...), document(make()...)
		list := comparison.Compare(a, b)
		took := time.Since(begun)
		t.Logf("%s: %d paragraphs in %v", name, len(list), took)
		if took > time.Minute { // Against hanging; it is no measure.
			t.Errorf("%s took %v", name, took)
		}
	}
}

// TestRealDocument: a draft resolution and a revision of it as States make them.
func TestRealDocument(t *testing.T) {
	text, err := os.ReadFile("testdata/A-C.1-78-L.11.ru.txt")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string // Its clauses: most paragraphs end with a semicolon or a comma.
	for _, part := range regexp.MustCompile(`[;.:,][ \n]*\n`).Split(string(text), -1) {
		if part = strings.Join(strings.Fields(part), " "); part != "" {
			texts = append(texts, part)
		}
	}
	if len(texts) < 10 {
		t.Fatalf("%d paragraphs", len(texts))
	}
	revised := slices.Clone(texts)
	last := len(revised) - 1
	revised[last] = strings.Replace(revised[last], " ", " незамедлительно ", 1)
	revised = append([]string{"Новый абзац преамбулы."}, revised...)
	revised[3], revised[5] = revised[5], revised[3]
	kinds := map[comparison.Change]int{}
	for _, p := range holds(t, document(texts...), document(revised...)) {
		kinds[p.Change]++
	}
	want := map[comparison.Change]int{comparison.Kept: len(texts) - 3, comparison.Moved: 2, comparison.Changed: 1, comparison.Added: 1}
	if !cmp.Equal(kinds, want) {
		t.Errorf("changes %v, want %v", kinds, want)
	}
}

// FuzzRuns: any two texts are rebuilt from their runs.
func FuzzRuns(f *testing.F) {
	for _, s := range []string{"", "a b c", "中文。中", "القانون", "\xff\xfe", "e\u0301 x", "👩‍👩‍👧 🇫🇷🇩🇪", "a\r\nb", "\u200d\u0600"} {
		f.Add(s, s+" "+s, "same words here in both")
		f.Add("x"+s, s, s)
	}
	f.Fuzz(func(t *testing.T, a, b, both string) {
		if len(a)+len(b)+len(both) > 2000 {
			return
		}
		holds(t, document(both+a, a, both), document(b+both, both+b, b))
	})
}

func BenchmarkCompare(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	var a, c []string
	for range 60 {
		w := make([]string, 80)
		for i := range w {
			w[i] = fmt.Sprintf("w%d", r.IntN(500))
		}
		a = append(a, strings.Join(w, " "))
		w[r.IntN(80)], w[r.IntN(80)] = "x", "y"
		c = append(c, strings.Join(w, " "))
	}
	one, two := document(a...), document(c...)
	for b.Loop() {
		comparison.Compare(one, two)
	}
}
