package graph_test

import (
	"fmt"
	"strings"
	"testing"
)

// The same filter serves the list of all positions, and those of an actor and on a target.
func TestPositionsByText(t *testing.T) {
	b := readOnly(t)
	a := b.get(`{ positions(filter: {text: "CAPACITY-building", element: "capacity-building", regionalGroup: WEOG}, first: 500) { totalCount nodes { actor { code } target { targetKey } summary points { text } source { title quote } } } }`)
	nodes := a.list("positions.nodes")
	if a.at("positions.totalCount") != float64(len(nodes)) || len(nodes) < 2 {
		t.Fatalf("answered %s", a.raw)
	}
	for _, n := range nodes {
		if text := strings.ToLower(fmt.Sprint(n)); !strings.Contains(text, "capacity") || !strings.Contains(text, "building") {
			t.Errorf("%v has not both words", n)
		}
	}
	first := nodes[0]
	key := strings.Split(strings.TrimPrefix(at(first, "target.targetKey").(string), "option:"), "/")
	of := b.get(`query($s: String!, $e: String!, $o: String!) {
		state(by: {code: $s}) { positions(filter: {text: "capacity building", element: $e}) { totalCount } none: positions(filter: {text: "nothing of the kind"}) { totalCount } }
		option(element: $e, key: $o) { positions(filter: {text: "capacity building"}) { totalCount } }
	}`, "s", at(first, "actor.code"), "e", key[0], "o", key[1])
	if of.at("state.positions.totalCount") == 0.0 || of.at("option.positions.totalCount") == 0.0 || of.at("state.none.totalCount") != 0.0 {
		t.Errorf("answered %s", of.raw)
	}
	all, none := b.get(`{ positions { totalCount } }`), b.get(`{ positions(filter: {text: "?!"}) { totalCount } }`)
	if all.at("positions.totalCount") != none.at("positions.totalCount") {
		t.Errorf("a text without a word asks for something: %s", none.raw)
	}
	page := b.get(`{ positions(filter: {text: "capacity"}, first: 1) { pageInfo { endCursor } } }`).at("positions.pageInfo.endCursor")
	b.refused(b.ask(`query($after: String) { positions(filter: {text: "building"}, after: $after) { totalCount } }`, "after", page), "BAD_USER_INPUT", "no cursor of this connection")
	b.refused(b.ask(`query($t: String) { positions(filter: {text: $t}) { totalCount } }`, "t", strings.Repeat("a ", 251)), "BAD_USER_INPUT", "502 characters")
}

// What is corrected is found by its new words from then on, and by its old ones at an earlier moment; read-your-writes holds for words, too.
func TestTextFollowsCorrections(t *testing.T) {
	b := newDemo(t)
	a := b.get(`mutation { recordPosition(input: { actor: "URY", target: {proposal: "programme-of-action"}, stance: SUPPORT, statedOn: "2026-11-19",
		summary: "Zymurgy matters.", source: {title: "Statement"} }) { at position { id } } }`)
	count := func(word string, at any) any {
		return b.get(`query($w: String, $asOf: AsOf) { positions(filter: {text: $w}, asOf: $asOf) { totalCount } }`, "w", word, "asOf", map[string]any{"log": at}).at("positions.totalCount")
	}
	now := func(word string) any {
		return b.get(`query($w: String) { positions(filter: {text: $w}) { totalCount } }`, "w", word).at("positions.totalCount")
	}
	if now("zymurgy") != 1.0 {
		t.Error("what was just recorded is not found")
	}
	stated := a.at("recordPosition.at")
	b.get(`mutation($p: ID!) { correctPosition(input: {position: $p, reason: "Misheard.", summary: "Energy matters, 能源安全."}) { at } }`, "p", a.at("recordPosition.position.id"))
	if now("zymurgy") != 0.0 || now("能源安全") != 1.0 || count("zymurgy", stated) != 1.0 || count("能源", stated) != 0.0 {
		t.Error("a correction does not change what is found from its position on, and only from there")
	}
	b.get(`mutation($p: ID!) { retractPosition(input: {position: $p, reason: "Never said."}) { at } }`, "p", a.at("recordPosition.position.id"))
	if now("能源安全") != 0.0 || count("zymurgy", stated) != 1.0 {
		t.Error("what was retracted is found")
	}
}
