package graph_test

import (
	"fmt"
	"testing"
)

func TestLandscape(t *testing.T) {
	b := readOnly(t)
	const query = `query($asOf: AsOf) { landscape(asOf: $asOf) { at
		places { state { id code observer } x y cluster }
		clusters { number members { code } distinguishing { targetKey } }
		bridges { state { code } clusters }
	} }`
	a := b.get(query)
	places, clusters := a.list("landscape.places"), a.list("landscape.clusters")
	if len(places) < 100 || len(clusters) < 2 || len(clusters) > 5 {
		t.Fatalf("%d places in %d clusters", len(places), len(clusters))
	}
	members := 0
	for i, c := range clusters {
		if at(c, "number") != float64(i+1) {
			t.Errorf("cluster %d has the number %v", i, at(c, "number"))
		}
		members += len(at(c, "members").([]any))
	}
	if members != len(places) {
		t.Errorf("%d members of clusters, %d places", members, len(places))
	}
	// The same for ever at a position, and another at another day.
	pinned := b.get(query, "asOf", map[string]any{"log": a.at("landscape.at")})
	if fmt.Sprint(pinned.list("landscape.places", "x")) != fmt.Sprint(a.list("landscape.places", "x")) {
		t.Error("pinned to its position it is another")
	}
	if early := b.get(query, "asOf", map[string]any{"statedOn": "2019-01-01"}); len(early.list("landscape.places")) >= len(places) {
		t.Errorf("in 2019 %d places", len(early.list("landscape.places")))
	}
	if none := b.get(query, "asOf", map[string]any{"log": "0"}); len(none.list("landscape.places"))+len(none.list("landscape.clusters")) != 0 {
		t.Errorf("of nothing: %s", none.raw)
	}
	b.refused(b.ask(`{ landscape(minDeclared: -1) { at } }`), "BAD_USER_INPUT", "-1 is negative")
}
