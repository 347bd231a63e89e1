package httpgraphql_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// naive counts by following every spread each time, which is what the name says.
// It gives up in a circle, and beyond a number of steps.
type naive struct {
	query *ast.QueryDocument
	steps int
	open  map[string]bool
	round bool
}

func (n *naive) extent(set ast.SelectionSet) (selections, depth int) {
	for _, selection := range set {
		if n.steps++; n.steps > 20_000 || n.round {
			return
		}
		s, d := 0, 0
		switch selection := selection.(type) {
		case *ast.Field:
			s, d = n.extent(selection.SelectionSet)
			d++
		case *ast.InlineFragment:
			s, d = n.extent(selection.SelectionSet)
		case *ast.FragmentSpread:
			if fragment := n.query.Fragments.ForName(selection.Name); fragment != nil {
				if n.open[selection.Name] {
					n.round = true
					return
				}
				n.open[selection.Name] = true
				s, d = n.extent(fragment.SelectionSet)
				n.open[selection.Name] = false
			}
		}
		selections += s + 1
		depth = max(depth, d)
	}
	return selections, depth
}

// roots as a sentence: every operation, and every fragment that no operation reaches.
func (n *naive) all() (selections, depth int) {
	reached := map[*ast.FragmentDefinition]bool{}
	var reach func(set ast.SelectionSet)
	reach = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				reach(s.SelectionSet)
			case *ast.InlineFragment:
				reach(s.SelectionSet)
			case *ast.FragmentSpread:
				if fragment := n.query.Fragments.ForName(s.Name); fragment != nil && !reached[fragment] {
					reached[fragment] = true
					reach(fragment.SelectionSet)
				}
			}
		}
	}
	for _, operation := range n.query.Operations {
		reach(operation.SelectionSet)
	}
	sum := func(set ast.SelectionSet) {
		s, d := n.extent(set)
		selections += s
		depth = max(depth, d)
	}
	for _, operation := range n.query.Operations {
		sum(operation.SelectionSet)
	}
	for _, fragment := range n.query.Fragments {
		if !reached[fragment] {
			sum(fragment.SelectionSet)
		}
	}
	return selections, depth
}

func FuzzDocument(f *testing.F) {
	for _, text := range []string{
		"{hello}", doubling(3), doublingFields(4), chain(5), nested(4), doubling(40),
		"{...F} fragment F on Query{self{...F}}",
		"{hello} fragment A on Query{...B} fragment B on Query{...A}",
		"query A{...F} query B{...F ...G} fragment F on Query{hello ... on Query{self{...G}}} fragment G on Query{position}",
		"{...F} fragment F on Query{hello} fragment F on Query{...F}",
		"query($a:Int=1,$b:[Color!]@x){a:list(first:$a)@skip(if:$b)@include(if:true){big(n:{x:[1,2.5e3,\"s\",\"\"\"b\"\"\",RED,null,true,$a]})}}",
		"{a:hello a:position ...@defer{hello} ...{self{a:hello}}}",
		"{__schema{types{name}} __type(name:\"x\"){fields{type{ofType{name}}}}}",
		"subscription{ticks} mutation{count}",
		"# a comment\n{hello(name:\"\\u00e4\")}",
	} {
		f.Add(text)
	}
	h := newHandler(httpgraphql.Config{Limits: httpgraphql.Limits{Complexity: 10_000}})
	f.Fuzz(func(t *testing.T, text string) {
		if query, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, 1000); err == nil {
			selections, depth, ok := httpgraphql.Extent(query)
			n := naive{query: query, open: map[string]bool{}}
			wantSelections, wantDepth := n.all()
			if n.round == ok && n.steps <= 20_000 {
				t.Errorf("circle %t, naively %t", !ok, n.round)
			}
			if !n.round && n.steps <= 20_000 && (selections != wantSelections || depth != wantDepth) {
				t.Errorf("%d selections, %d deep; naively %d and %d", selections, depth, wantSelections, wantDepth)
			}
			if _, _, err := httpgraphql.Check(text, httpgraphql.Limits{}); err != nil {
				t.Error(err)
			}
		}
		start := time.Now()
		w := do(h, query(text))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		if b, keys := parse(t, w.Body.Bytes()); len(b.Errors) == 0 && keys["data"] == nil {
			t.Errorf("neither data nor errors: %s", w.Body)
		}
	})
}

func TestDoublingSaturates(t *testing.T) {
	query, err := parser.ParseQuery(&ast.Source{Input: doubling(200)})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	selections, depth, ok := httpgraphql.Extent(query)
	t.Logf("2^200 fields counted in %s", time.Since(start))
	if selections != math.MaxInt || depth != 1 || !ok {
		t.Errorf("%d selections, %d deep, %t", selections, depth, ok)
	}
}

// TestWhatPassesIsCheapToValidate looks for documents that the limits let through
// and validation is slow with: at random, and the worst that could be thought of.
// The times are logged; the test fails only if one hangs.
func TestWhatPassesIsCheapToValidate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	documents := map[string]string{
		"50 equal fields under 50 equal fields":    "{" + times(50, "self{hello}") + "}",
		"7 by 7 equal fields":                      "{" + times(7, "self{"+times(7, "self{hello}")+"}") + "}",
		"45 fragments of equal fields":             "{" + times(45, "...F%d") + "}" + times(45, "fragment F%d on Query{self{self{hello}}}"),
		"fragments that spread all the next":       web(9),
		"190 operations on one fragment":           times(110, "query Q%d{...F}") + "fragment F on Query{self{" + times(50, "hello") + "}" + "}",
		"aliases on levels":                        "{" + times(49, "a%d:self{hello self{hello}}") + "}",
		"doubling within the count":                doubling(12),
		"doubling fields within the count":         doublingFields(9),
		"fragments nested in equal fields":         "{" + times(20, "self{...A ...B}") + "} fragment A on Query{self{...C} self{...D}} fragment B on Query{self{...D} self{...C}} fragment C on Query{self{hello}} fragment D on Query{self{hello}}",
		"a pair of fragments on each of 14 levels": pairs(13),
		"arguments of 300 parts":                   `{` + times(2, `big(n:{`+times(150, "a%d:1")+`})`) + `}`,
	}
	for i := range 300 {
		documents[fmt.Sprint("random ", i)] = randomDocument(random)
	}
	h := newHandler(httpgraphql.Config{})
	var slowest time.Duration
	var which string
	passed := 0
	for name, text := range documents {
		code, message, err := httpgraphql.Check(text, httpgraphql.Limits{})
		start := time.Now()
		w := do(h, query(text))
		took := time.Since(start)
		if code == "" && err == nil {
			passed++
		}
		if !strings.HasPrefix(name, "random") {
			t.Logf("%s: %s, %d; %s %v", name, took.Round(time.Microsecond), w.Code, message, err)
		}
		if took > slowest {
			slowest, which = took, name
		}
	}
	t.Logf("%d of %d documents passed the checks; the slowest took %s: %s", passed, len(documents), slowest, which)
	if slowest > 10*time.Second {
		t.Errorf("%s: %s", which, documents[which])
	}
}

// web has n fragments of which each spreads all that follow.
func web(n int) string {
	var b strings.Builder
	b.WriteString("{...F0}")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Query{self{hello}", i)
		for j := i + 1; j < n; j++ {
			fmt.Fprintf(&b, "...F%d ", j)
		}
		b.WriteString("}")
	}
	return b.String()
}

// pairs has two fragments for each level, and each spreads both of the next.
func pairs(n int) string {
	var b strings.Builder
	b.WriteString("{...A0 ...B0}")
	for i := range n {
		for _, name := range "AB" {
			fmt.Fprintf(&b, " fragment %c%d on Query{self{...A%d ...B%d}}", name, i, i+1, i+1)
		}
	}
	fmt.Fprintf(&b, " fragment A%d on Query{hello} fragment B%d on Query{hello}", n, n)
	return b.String()
}

// randomDocument makes a valid document of some 900 tokens out of few names, so
// that much in it is equal.
func randomDocument(random *rand.Rand) string {
	fragments := 1 + random.IntN(20)
	tokens := 900
	var b strings.Builder
	var set func(depth, after int)
	set = func(depth, after int) {
		b.WriteString("{hello ")
		tokens -= 3
		for range 1 + random.IntN(6) {
			switch k := random.IntN(4); {
			case tokens <= 0:
			case k == 0 && after < fragments:
				fmt.Fprintf(&b, "...F%d ", after+random.IntN(fragments-after))
				tokens -= 2
			case k == 1 && depth < 6:
				b.WriteString("... on Query")
				tokens -= 3
				set(depth+1, after)
			case depth < 6:
				b.WriteString([]string{"self", "self", "a:self", "b:self"}[random.IntN(4)])
				tokens -= 2
				set(depth+1, after)
			}
		}
		b.WriteString("}")
	}
	set(0, 0)
	for i := range fragments {
		fmt.Fprintf(&b, " fragment F%d on Query", i)
		set(0, i+1)
	}
	return b.String()
}
