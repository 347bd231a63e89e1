package convergence_test

import (
	"cmp"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// method gives the rows of a table of METHOD.md that is marked as checked, without its head.
func method(t *testing.T, name string) [][]string {
	t.Helper()
	text, err := os.ReadFile("METHOD.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "<!-- checked: "+name+" -->\n")
	if !ok {
		t.Fatalf("METHOD.md has no table %q", name)
	}
	var rows [][]string
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("the table %q of METHOD.md has no rows", name)
	}
	return rows[2:]
}

// fraction reads a number as METHOD.md writes it, with a true minus.
func fraction(t *testing.T, text string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(strings.ReplaceAll(text, "−", "-"))
	if !ok {
		t.Fatalf("%q is no fraction", text)
	}
	return r
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func equal(r convergence.Ratio, want *big.Rat) bool {
	return !r.Null() && big.NewRat(r.Num, r.Den).Cmp(want) == 0
}

// five reads five counts.
func five(t *testing.T, words []string) (counts [5]int) {
	t.Helper()
	if len(words) != 5 {
		t.Fatalf("%v are not five counts", words)
	}
	for i, w := range words {
		counts[i] = number(t, w)
	}
	return counts
}

// example is the example of METHOD.md, counted State by State.
func example(t *testing.T) *convergence.Figures {
	var f convergence.Figures
	for i, row := range method(t, "example") {
		region := domain.RegionalGroups[i]
		if row[0] != region.String() {
			t.Errorf("row %d of the example is %s, want %s", i, row[0], region)
		}
		byGroup := number(t, row[7])
		for place, cell := range row[1:7] {
			stance := domain.Stance((place + 1) % 6) // The sixth column has those without a stance.
			for range number(t, cell) {
				switch {
				case stance == 0:
					f.Count(region, 0, convergence.None)
				case stance == domain.Support && byGroup > 0:
					byGroup--
					f.Count(region, stance, convergence.GroupStatement)
				default:
					f.Count(region, stance, convergence.OwnStatement)
				}
			}
		}
	}
	return &f
}

func TestMethodExample(t *testing.T) {
	f := example(t)
	figures := map[string]convergence.Ratio{
		"declared": f.Declared(), "support": f.Support(), "supportAtLeast": f.SupportAtLeast(), "supportAtMost": f.SupportAtMost(),
		"agreement": f.Agreement(), "crossRegional": f.CrossRegional(),
	}
	for _, row := range method(t, "figures") {
		got, ok := figures[row[0]]
		if !ok {
			t.Errorf("METHOD.md has a figure %q, the code has not", row[0])
		}
		if delete(figures, row[0]); !equal(got, fraction(t, row[3])) {
			t.Errorf("%s = %d/%d, METHOD.md says %s", row[0], got.Num, got.Den, row[3])
		}
	}
	for name := range figures {
		t.Errorf("METHOD.md does not explain %s", name)
	}
	if want := (convergence.Tally{6, 7, 1, 0, 1, 1}); f.Tally != want {
		t.Errorf("the tally is %v, want %v", f.Tally, want)
	}
	if want := (convergence.Tally{8, 5, 1, 0, 1, 1}); f.Own != want {
		t.Errorf("the own tally is %v, want %v", f.Own, want)
	}
	if f.Consensus() != convergence.Contested {
		t.Errorf("the consensus is %v", f.Consensus())
	}
	inText(t, "n = (7,1,0,1,1), N = 10, M = 16. The own tally is (5,1,0,1,1) with 8 undeclared.")
}

// inText says that a sentence, whose numbers a test has checked, stands in METHOD.md.
func inText(t *testing.T, sentence string) {
	t.Helper()
	text, err := os.ReadFile("METHOD.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), sentence) {
		t.Errorf("METHOD.md does not say %q", sentence)
	}
}

// METHOD.md has each pattern up to its mirror image and to where on the scale it lies: neither changes A.
func TestMethodPatterns(t *testing.T) {
	values := map[string]*big.Rat{} // By the pattern without its empty ends.
	for _, row := range method(t, "patterns") {
		for _, pair := range [][]string{row[:2], row[3:]} {
			values[strings.Trim(pair[0], "0")] = fraction(t, pair[1])
		}
	}
	for p := 1; p < 32; p++ {
		pattern := fmt.Sprintf("%05b", p)
		core := strings.Trim(pattern, "0")
		mirror := ""
		for _, r := range core {
			mirror = string(r) + mirror
		}
		want := cmp.Or(values[core], values[mirror])
		if want == nil {
			t.Errorf("METHOD.md has neither %s nor its mirror image", pattern)
			continue
		}
		if got := convergence.Agreement(five(t, strings.Split(pattern, ""))); !equal(got, want) {
			t.Errorf("A of %s = %d/%d, METHOD.md says %s", pattern, got.Num, got.Den, want.RatString())
		}
	}
}

func TestMethodAgreement(t *testing.T) {
	for _, row := range method(t, "agreement") {
		got, want := convergence.Agreement(five(t, strings.Fields(row[0]))), fraction(t, row[2])
		if !equal(got, want) {
			t.Errorf("A of (%s) = %d/%d, METHOD.md says %s", row[0], got.Num, got.Den, row[2])
		}
		layers, weights := new(big.Rat), new(big.Rat)
		for layer := range strings.SplitSeq(row[1], "+") {
			weight, a, _ := strings.Cut(layer, "·")
			w := fraction(t, strings.TrimSpace(weight))
			weights.Add(weights, w)
			layers.Add(layers, new(big.Rat).Mul(w, fraction(t, strings.TrimSpace(a))))
		}
		if layers.Cmp(want) != 0 || weights.Cmp(big.NewRat(1, 1)) != 0 {
			t.Errorf("the layers of (%s) sum up to %s with the weight %s, want %s with the weight 1", row[0], layers.RatString(), weights.RatString(), row[2])
		}
	}
}

func TestMethodConsensus(t *testing.T) {
	words := map[string]bool{}
	for _, row := range method(t, "consensus") {
		counts, members, _ := strings.Cut(row[0], " of ")
		var f convergence.Figures
		declared := 0
		for i, n := range five(t, strings.Fields(counts)) {
			f.Tally[i+1] = n
			declared += n
		}
		f.Tally[0] = number(t, members) - declared
		for i := range number(t, row[1]) {
			f.OwnSupport[i] = true
		}
		f.Agreed = row[2] == "yes"
		if got := f.Consensus().String(); got != row[3] {
			t.Errorf("%v: %s, METHOD.md says %s", row[:3], got, row[3])
		}
		words[row[3]] = true
	}
	for c := convergence.Agreed; c <= convergence.Silent; c++ {
		if !words[c.String()] {
			t.Errorf("METHOD.md has no example of %s", c)
		}
	}
}

// What METHOD.md says on reading A.
func TestMethodReadingOfAgreement(t *testing.T) {
	for _, c := range []struct {
		counts [5]int
		want   int64
	}{{[5]int{0, 0, 0, 0, 193}, 1}, {[5]int{193, 0, 0, 0, 0}, 1}, {[5]int{5, 5, 5, 5, 5}, 0}, {[5]int{9, 0, 0, 0, 9}, -1}} {
		if got := convergence.Agreement(c.counts); !equal(got, big.NewRat(c.want, 1)) {
			t.Errorf("A of %v = %d/%d, want %d", c.counts, got.Num, got.Den, c.want)
		}
	}
	inText(t, "(0,0,0,0,193) has A = 1, as (193,0,0,0,0) has")
}
