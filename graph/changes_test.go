package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
)

func TestChanges(t *testing.T) {
	b := readOnly(t)

	t.Run("in pages, as a whole, and what is told of each", func(t *testing.T) {
		b := *b
		b.t = t
		const query = `query($first: Int, $after: String, $causes: [ChangeCause!]) {
			changes(from: {log: "700", statedOn: "2023-06-30"}, to: {log: "828"}, targets: [{proposal: "programme-of-action"}, {proposal: "global-mechanism"}],
				first: $first, after: $after, causes: $causes) {
				totalCount pageInfo { hasNextPage endCursor } nodes {
					state { id code } target { id targetKey } before after cause evidence { id on at }
				}
			}
		}`
		whole := b.get(query, "first", 500)
		nodes := whole.list("changes.nodes")
		if n := whole.at("changes.totalCount").(float64); int(n) != len(nodes) || n < 10 {
			t.Fatalf("%d changes, in total %v", len(nodes), n)
		}
		if whole.Extensions.At != "828" {
			t.Errorf("extensions.at is %s", whole.Extensions.At)
		}
		var read []any
		for after := any(nil); ; {
			a := b.get(query, "first", 7, "after", after)
			read = append(read, a.list("changes.nodes")...)
			if after = a.at("changes.pageInfo.endCursor"); a.at("changes.pageInfo.hasNextPage") == false {
				break
			}
		}
		if fmt.Sprint(read) != fmt.Sprint(nodes) {
			t.Errorf("in pages %v\nwhole %v", read, nodes)
		}
		causes := map[any]int{}
		for _, node := range nodes {
			causes[at(node, "cause")]++
			// Both stances are those that the State's standing has at the two moments, and what decides stands first.
			const standing = `query($s: String!, $t: TargetRef!, $asOf: AsOf!) { state(by: {code: $s}, asOf: $asOf) { standing(target: $t) { stance evidence { id } } } }`
			slug := strings.TrimPrefix(at(node, "target.targetKey").(string), "proposal:")
			ask := func(asOf map[string]any) *answer {
				return b.get(standing, "s", at(node, "state.code"), "t", map[string]any{"proposal": slug}, "asOf", asOf)
			}
			was, is := ask(map[string]any{"log": "700", "statedOn": "2023-06-30"}), ask(map[string]any{"log": "828"})
			if was.at("state.standing.stance") != at(node, "before") || is.at("state.standing.stance") != at(node, "after") {
				t.Errorf("%v: standings %s and %s", node, was.raw, is.raw)
			}
			decides := is
			if at(node, "after") == nil {
				decides = was
			}
			if got, want := at(node, "evidence.0.id"), decides.at("state.standing.evidence.0.id"); got != want || got == nil {
				t.Errorf("%v: the first evidence is %v, want %v", node, inside(got), inside(want))
			}
			if got := inside(at(node, "state.id")); !strings.HasSuffix(got, "@828") {
				t.Errorf("the State is %s", got)
			}
		}
		for cause, n := range causes {
			some := b.get(query, "first", 500, "causes", []any{cause})
			if len(some.list("changes.nodes")) != n || some.at("changes.totalCount") != float64(n) {
				t.Errorf("%v: %s, want %d", cause, some.raw, n)
			}
		}
		if none := b.get(query, "causes", []any{}); none.at("changes.totalCount") != 0.0 {
			t.Errorf("of no cause: %s", none.raw)
		}
	})

	t.Run("all faults at once", func(t *testing.T) {
		b := *b
		b.t = t
		a := b.ask(`{ changes(from: {log: "99999999"}, to: {log: "3", recordedAt: "2026-01-01T00:00:00Z"}, states: ["FRAA"], targets: [{proposal: "programme-of-actions"}], first: -1) { totalCount } }`)
		var paths []string
		for _, f := range a.Errors[0].Extensions.Faults {
			paths = append(paths, fmt.Sprint(f.Path, f.Code))
		}
		want := []string{"[from log]BAD_USER_INPUT", "[to]BAD_USER_INPUT", "[targets 0 proposal]NOT_FOUND", "[states 0]NOT_FOUND", "[first]BAD_USER_INPUT"}
		if !slices.Equal(paths, want) {
			t.Errorf("faults %v, want %v; answered %s", paths, want, a.raw)
		}
	})

	t.Run("a cursor belongs to both moments", func(t *testing.T) {
		b := *b
		b.t = t
		const query = `query($from: AsOf!, $after: String) { changes(from: $from, first: 1, after: $after) { pageInfo { endCursor } } }`
		a := b.get(query, "from", map[string]any{"statedOn": "2022-01-01"})
		b.refused(b.ask(query, "from", map[string]any{"statedOn": "2022-01-02"}, "after", a.at("changes.pageInfo.endCursor")), "BAD_USER_INPUT", "no cursor of this connection")
	})
}

// What was taken out afterwards is shown as of the moment before, where it stood.
func TestChangesShowWhatHadDecided(t *testing.T) {
	b := newDemo(t)
	stated := b.get(`mutation { recordPosition(input: { actor: "URY", target: {proposal: "programme-of-action"}, stance: OPPOSE, statedOn: "2026-11-19",
		summary: "It objects.", source: {title: "Statement"} }) { at position { id } } }`)
	before := stated.at("recordPosition.at")
	b.get(`mutation($p: ID!) { retractPosition(input: {position: $p, reason: "It was Paraguay."}) { at } }`, "p", stated.at("recordPosition.position.id"))
	a := b.get(`query($at: LogPosition!) { changes(from: {log: $at}) { totalCount nodes { state { code } before after cause evidence { id ... on Position { summary } } } } }`, "at", before)
	if a.at("changes.totalCount") != 1.0 || a.at("changes.nodes.0.cause") != "CORRECTED" || a.at("changes.nodes.0.before") != domain.Oppose.String() ||
		a.at("changes.nodes.0.evidence.0.summary") != "It objects." || !strings.HasSuffix(inside(a.at("changes.nodes.0.evidence.0.id")), fmt.Sprint("@", before)) {
		t.Errorf("answered %s", a.raw)
	}
}
