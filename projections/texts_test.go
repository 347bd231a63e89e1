package projections_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
)

// sayings are recorded as positions, one each, and found by what stands behind them.
func TestPositionText(t *testing.T) {
	w := newRecord(t)
	w.record(domain.StateAdmitted{State: "FRA", RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names("France")},
		domain.ElementDefined{Element: "e", Label: "e"}, domain.OptionDefined{Element: "e", Option: "o", Label: "o"})
	for _, p := range []domain.PositionStated{
		{Summary: "Supports the Programme of Action, as in A/C.1/78/L.11; open-ended.", Source: domain.Source{Title: "Statement"}},
		{Summary: "Appuie le programme d’action", Source: domain.Source{Title: "Déclaration", Quote: "l'État coopère"}},
		{Summary: "Apoya", Points: []domain.Point{{Kind: domain.View, Text: "la cooperación internacional"}}, Source: domain.Source{Title: "Año 2.5"}},
		{Summary: "Поддерживает мирный диалог", Source: domain.Source{Title: "Ещё одно ЗАЯВЛЕНИЕ"}},
		{Summary: "支持信息安全行动纲领", Points: []domain.Point{{Kind: domain.Need, Text: "发展中国家的能力"}}, Source: domain.Source{Title: "中国POA发言"}},
		{Summary: "تُؤَيِّدُ الأمن السيبراني", Source: domain.Source{Title: "بيـان"}},
		{Summary: "Große ﬁnale ΣΊΣΥΦΟΣ", Source: domain.Source{Title: "The group's text"}},
	} {
		p.Actor, p.Target, p.StatedOn, p.Stance = "FRA", domain.OnOption("e", "o"), domain.Date(100+len(w.events)), domain.Support
		w.record(p)
	}
	for _, c := range []struct{ text, want string }{
		{"", "0123456"}, {"?! …", "0123456"}, // Without a word nothing is asked.
		{"programme", "01"}, {"PROGRAMME action", "01"}, {"program", ""}, {"programme supports", "0"},
		{"open ended", "0"}, {"open-ended", "0"}, {"A/C.1/78/L.11", "0"}, {"L.11 1", "0"}, {"L.12", ""},
		{"action", "01"}, {"d'action", "1"}, {"d’action", "1"}, {"etat", "1"}, {"declaration coopere", "1"},
		{"cooperacion ano", "2"}, {"2.5", "2"}, {"2", ""}, {"apoya 2.5 internacional", "2"},
		{"мирныи", "3"}, {"МИРНЫЙ еще", "3"}, {"мир", ""}, {"заявление", "3"},
		{"安", "4"}, {"安全", "4"}, {"安全行动纲领", "4"}, {"行动纲领 能力", "4"}, {"全安", ""}, {"安全纲领", ""}, {"纲领发展", ""}, {"中国poa", "4"}, {"发展中国家 poa", "4"},
		{"تؤيد", "5"}, {"الامن", "5"}, {"بيـان", "5"}, {"بيان", ""}, // Hamza is a mark after NFKD; tatweel is a letter.
		{"grosse finale", "6"}, {"σισυφος", "6"}, {"group", "6"}, {"group's", "6"},
		{"statement declaration", ""},
	} {
		got := ""
		f := projections.PositionFilter{Text: c.text}
		for _, p := range w.model.Newest().Positions(f, projections.Page[projections.PositionKey]{First: everything}).Items {
			got = fmt.Sprint(p.At-4, got)
		}
		if got != c.want {
			t.Errorf("%q finds %q, want %q", c.text, got, c.want)
		}
		for at := range uint64(7) {
			if in := w.model.Newest().PositionIn(f, 4+at); in != strings.Contains(c.want, fmt.Sprint(at)) {
				t.Errorf("%q: position %d by itself %v", c.text, at, in)
			}
		}
	}
}

// A vocabulary of words as they are written and as they may be asked for.
var vocabulary = [][]string{
	{"Security", "SECURITY", "security"}, {"sécurité", "SECURITE", "Sécurité"}, {"мирный", "МИРНЫИ"}, {"Ёлка", "елка"}, {"año", "ANO"}, {"straße", "STRASSE"},
	{"الأمن", "الامن"}, {"ﬁrst", "First"}, {"2025", "２０２５"}, {"état", "ETAT"}, {"cooperación", "cooperacion"}, {"x", "X"}, {"the", "THE"},
}

// said has what a version of a position holds, as the test wrote it.
type said struct {
	words  map[int]bool // Of the vocabulary.
	fields []string
}

// TestTextsEqualTheBruteForce makes positions with random words in random fields, corrects and retracts some, and looks for random words
// at random moments: what is found is what the test itself wrote there.
func TestTextsEqualTheBruteForce(t *testing.T) {
	found, missed, early := 0, 0, 0
	for seed := range daily(25, 400) {
		r, w := rand.New(rand.NewPCG(seed, 10)), newRecord(t)
		w.record(domain.ElementDefined{Element: "e", Label: "e"}, domain.OptionDefined{Element: "e", Option: "o", Label: "o"})
		actors := []string{"AAA", "BBB", "CCC"}
		for _, code := range actors {
			w.record(domain.StateAdmitted{State: code, RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names(code)})
		}
		characters := []rune("安全信息行动")
		write := func() (domain.PositionChanges, said) {
			s := said{words: map[int]bool{}}
			field := func(most int) string {
				var b strings.Builder
				for range 1 + r.IntN(most) {
					if r.IntN(4) == 0 {
						for range 1 + r.IntN(5) {
							b.WriteRune(characters[r.IntN(len(characters))])
						}
					} else {
						n := r.IntN(len(vocabulary))
						s.words[n] = true
						b.WriteString(vocabulary[n][0])
					}
					b.WriteString([]string{" ", ", ", " – ", "/", "’", "\n", "。"}[r.IntN(7)])
				}
				s.fields = append(s.fields, b.String())
				return b.String()
			}
			source := domain.Source{Title: field(2)}
			if r.IntN(2) == 0 {
				source.Quote = field(3)
			}
			c := domain.PositionChanges{Summary: domain.To(field(4)), Source: domain.To(source), Points: domain.To([]domain.Point{})}
			for range r.IntN(3) {
				c.Points.Value = append(c.Points.Value, domain.Point{Kind: domain.View, Text: field(3)})
			}
			return c, s
		}
		type version struct {
			from, until uint64 // Positions of the record.
			said
		}
		type position struct {
			actor    string
			revision int64
			on       domain.Date
			versions []version
			gone     bool
		}
		var stated []*position
		end := func(p *position, at uint64) { p.versions[len(p.versions)-1].until = at }
		for range 60 {
			at := uint64(len(w.events)) + 1
			switch n := r.IntN(10); {
			case n < 6 || len(stated) == 0:
				c, s := write()
				p := &position{actor: actors[r.IntN(3)], on: domain.Date(100 + r.IntN(5))}
				p.revision = w.revisions[domain.PositionCategory+"-"+p.actor]
				p.versions = []version{{at, 1 << 62, s}}
				stated = append(stated, p)
				w.record(domain.PositionStated{Actor: p.actor, Target: domain.OnOption("e", "o"), StatedOn: p.on, Summary: c.Summary.Value, Source: c.Source.Value, Points: c.Points.Value})
			default:
				p := stated[r.IntN(len(stated))]
				if p.gone {
					continue
				}
				end(p, at)
				if n == 9 {
					p.gone = true
					w.record(domain.PositionRetracted{Actor: p.actor, Position: p.revision, Reason: "r"})
					continue
				}
				c, s := write()
				p.versions = append(p.versions, version{at, 1 << 62, s})
				w.record(domain.PositionCorrected{Actor: p.actor, Position: p.revision, Changes: c, Reason: "r"})
			}
			if r.IntN(20) == 0 { // The index is filled while the record goes on.
				w.model.Newest().Positions(projections.PositionFilter{Text: "x"}, projections.Page[projections.PositionKey]{First: 1})
			}
		}
		for range 40 {
			var asked []int
			var query, runs []string
			for range r.IntN(3) {
				n := r.IntN(len(vocabulary))
				asked, query = append(asked, n), append(query, vocabulary[n][r.IntN(len(vocabulary[n]))])
			}
			if len(asked) == 0 || r.IntN(3) == 0 {
				var run string
				for range 1 + r.IntN(4) {
					run += string(characters[r.IntN(len(characters))])
				}
				query, runs = append(query, run), append(runs, run)
			}
			moment := projections.Moment{At: uint64(r.IntN(len(w.events) + 1))}
			if r.IntN(2) == 0 {
				moment.On = domain.Date(99 + r.IntN(7))
			}
			f := projections.PositionFilter{Text: strings.Join(query, " ")}
			if r.IntN(3) == 0 {
				f.Actors = actors[:2]
			}
			var want []projections.PositionKey
			for _, p := range stated {
				for _, v := range p.versions {
					holds := v.from <= moment.At && moment.At < v.until && (moment.On == 0 || p.on <= moment.On) && anyOf(f.Actors, p.actor)
					for _, n := range asked {
						holds = holds && v.words[n]
					}
					for _, run := range runs {
						holds = holds && slices.ContainsFunc(v.fields, func(text string) bool { return strings.Contains(text, run) })
					}
					if holds {
						want = append(want, projections.PositionKey{On: p.on, At: p.versions[0].from})
					}
				}
			}
			slices.SortFunc(want, func(a, b projections.PositionKey) int {
				if a.On != b.On {
					return int(b.On - a.On)
				}
				return int(b.At) - int(a.At)
			})
			name := fmt.Sprintf("history %d at %+v: %+v", seed, moment, f)
			var got []projections.PositionKey
			v := w.model.View(moment)
			for _, p := range pages(t, name, positions(v, f), positionKey) {
				got = append(got, positionKey(p))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s finds %v, want %v", name, got, want)
			}
			for _, p := range stated {
				key := projections.PositionKey{On: p.on, At: p.versions[0].from}
				if in := v.PositionIn(f, key.At); in != slices.Contains(want, key) {
					t.Fatalf("%s: the position at %d by itself: %v", name, key.At, in)
				}
			}
			found += len(want)
			missed += len(stated) - len(want)
			if len(want) > 0 && moment.At < uint64(len(w.events)) {
				early++
			}
		}
	}
	if found < 200 || missed < 200 || early < 50 {
		t.Errorf("found %d, not found %d, at %d earlier positions: that shows little", found, missed, early)
	}
}

// The index is filled behind the record; who asks meanwhile waits for what was recorded by its moment, and no more.
func TestTextsAreFilledBehind(t *testing.T) {
	m := projections.New()
	list := syntheticDecoded(t, 4_000)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.IndexTexts(ctx) }()
	f := projections.PositionFilter{Text: "the"}
	for from := 0; from < len(list); from += 250 {
		if err := m.Apply(list[from : from+250]...); err != nil {
			t.Fatal(err)
		}
		v := m.Newest()
		plain := v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items
		want := slices.DeleteFunc(plain, func(p projections.Position) bool { return !v.PositionIn(f, p.At) })
		if got := v.Positions(f, projections.Page[projections.PositionKey]{First: everything}).Items; len(got) != len(want) {
			t.Fatalf("at %d: %d positions found, want %d", v.Moment().At, len(got), len(want))
		}
	}
	stop()
	if err := <-done; err != context.Canceled {
		t.Errorf("filling ended with %v", err)
	}
}

// BenchmarkTexts fills the index, and looks for a word of many positions and for one of few, beside a scan that folds every text.
func BenchmarkTexts(b *testing.B) {
	m := syntheticModel(b, benchmarkEvents)
	v := m.Newest()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	page := projections.Page[projections.PositionKey]{First: 50}
	v.Positions(projections.PositionFilter{Text: "nothingofthekind"}, page)
	filled := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	all := v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items
	b.Run("fill", func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(float64(filled.Nanoseconds())/float64(len(all)), "ns/position")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(all)), "B/position")
		b.ReportMetric(float64(len(all)), "positions")
		b.ReportMetric(0, "ns/op")
	})
	words := map[string]int{}
	for _, p := range all {
		for _, w := range strings.Fields(p.Summary) {
			words[w]++
		}
	}
	common, rare := "", ""
	for w, n := range words {
		if common == "" || n > words[common] {
			common = w
		}
		if rare == "" || n < words[rare] {
			rare = w
		}
	}
	for _, w := range []string{common, rare} {
		f := projections.PositionFilter{Text: w}
		n := v.Positions(f, page).Total()
		b.Run(fmt.Sprintf("%d-of-%d/index", n, len(all)), func(b *testing.B) {
			for b.Loop() {
				v.Positions(f, page)
			}
		})
		b.Run(fmt.Sprintf("%d-of-%d/scan-of-each-hundredth", n, len(all)), func(b *testing.B) {
			for b.Loop() {
				for i := 0; i < len(all); i += 100 {
					v.PositionIn(f, all[i].At)
				}
			}
		})
	}
}
