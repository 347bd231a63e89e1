package graph_test

import (
	"fmt"
	"slices"
	"testing"
)

func TestAffinities(t *testing.T) {
	b := readOnly(t)

	t.Run("in pages, as a whole", func(t *testing.T) {
		b := *b
		b.t = t
		const query = `query($first: Int, $after: String, $asOf: AsOf) { affinities(among: ["FRA", "RUS", "BRA", "CHN", "USA", "EGY", "IND", "IRN", "CUB"], minShared: 5, first: $first, after: $after, asOf: $asOf) {
			totalCount pageInfo { hasNextPage endCursor } edges { cursor node { a { code } b { code } similarity shared } }
		} }`
		whole := b.get(query, "first", 500)
		pairs := whole.list("affinities.edges", "node")
		if n := whole.at("affinities.totalCount").(float64); int(n) != len(pairs) || n < 20 {
			t.Fatalf("%d pairs, in total %v", len(pairs), n)
		}
		var read []any
		for after := any(nil); ; {
			a := b.get(query, "first", 7, "after", after)
			read = append(read, a.list("affinities.edges", "node")...)
			if after = a.at("affinities.pageInfo.endCursor"); a.at("affinities.pageInfo.hasNextPage") == false {
				break
			}
		}
		if fmt.Sprint(read) != fmt.Sprint(pairs) {
			t.Errorf("in pages %v\nwhole %v", read, pairs)
		}
		// A pair by itself says what the list says of it.
		for _, pair := range pairs[:5] {
			one := b.get(`query($a: String!, $b: String!) { affinity(a: $a, b: $b) { a { code } b { code } similarity shared } }`,
				"a", at(pair, "a.code"), "b", at(pair, "b.code")).at("affinity")
			if fmt.Sprint(one) != fmt.Sprint(pair) {
				t.Errorf("alone %v, in the list %v", one, pair)
			}
		}
		pinned := b.get(query, "first", 1, "asOf", map[string]any{"log": "800"})
		b.refused(b.ask(query, "first", 1, "after", pinned.at("affinities.pageInfo.endCursor")), "BAD_USER_INPUT", "at another moment")
		b.refused(b.ask(query, "first", 501), "BAD_USER_INPUT", "501 is too many")
	})

	t.Run("among those named, and what is not shared is null", func(t *testing.T) {
		b := *b
		b.t = t
		a := b.get(`{ affinities(among: ["FRA", "RUS", "FRA", "SMR"], minShared: 0) { totalCount nodes { a { code } b { code } similarity shared } } }`)
		if got := a.list("affinities.nodes", "a.code"); a.at("affinities.totalCount") != 3.0 || len(got) != 3 {
			t.Errorf("answered %s", a.raw)
		}
		for _, node := range a.list("affinities.nodes") {
			if (at(node, "similarity") == nil) != (at(node, "shared") == 0.0) {
				t.Errorf("%v", node)
			}
		}
		none := b.get(`{ affinity(a: "FRA", b: "BRA", asOf: {log: "0"}) { shared } affinities(asOf: {log: "0"}) { totalCount } self: affinity(a: "FRA", b: "FRA") { similarity } }`)
		if none.at("affinity") != nil || none.at("affinities.totalCount") != 0.0 || none.at("self.similarity") != 1.0 {
			t.Errorf("answered %s", none.raw)
		}
	})

	t.Run("all faults at once, with what may be meant", func(t *testing.T) {
		b := *b
		b.t = t
		b.refused(b.ask(`{ affinity(a: "FRA", b: "France") { shared } }`), "NOT_FOUND", "did you mean FRA?")
		a := b.ask(`{ affinities(among: ["FRA", "XX1", "BRAZIL"], minShared: -1, after: "no") { totalCount } }`)
		var paths []string
		for _, f := range a.Errors[0].Extensions.Faults {
			paths = append(paths, fmt.Sprint(f.Path, f.Code))
		}
		if want := []string{"[among 1]NOT_FOUND", "[among 2]NOT_FOUND", "[minShared]BAD_USER_INPUT", "[after]BAD_USER_INPUT"}; !slices.Equal(paths, want) {
			t.Errorf("faults %v, want %v; answered %s", paths, want, a.raw)
		}
	})
}
