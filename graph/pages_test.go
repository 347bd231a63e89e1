package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// connections has each connection of the schema: how to ask for it, what tells its nodes apart, and where it stands.
var connections = []struct{ name, query, node, at string }{
	{"positions", `positions(PAGE) { FIELDS }`, "id", "c"},
	{"positions, filtered", `positions(PAGE, filter: {stances: [OPPOSE, CONCERNED], statedFrom: "2022-01-01"}) { FIELDS }`, "id", "c"},
	{"positions on a day", `positions(PAGE, asOf: {statedOn: "2023-12-31"}) { FIELDS }`, "id", "c"},
	{"positions, pinned", `positions(PAGE, asOf: {log: "760"}) { FIELDS }`, "id", "c"},
	{"positions of a State", `state(by: {code: "RUS"}) { c: positions(PAGE) { FIELDS } }`, "id", "s.c"},
	{"positions of a group", `group(code: "EU") { c: positions(PAGE) { FIELDS } }`, "id", "s.c"},
	{"positions on a proposal", `proposal(slug: "programme-of-action") { c: positions(PAGE) { FIELDS } }`, "id", "s.c"},
	{"positions on an option", `option(element: "stakeholders", key: "open-modalities") { c: positions(PAGE) { FIELDS } }`, "id", "s.c"},
	{"endorsements", `endorsements(PAGE, filter: {kinds: [VOTE_NO, VOTE_ABSTAIN, SPONSOR]}) { FIELDS }`, "id", "c"},
	{"endorsements of a State", `state(by: {code: "FRA"}) { c: endorsements(PAGE) { FIELDS } }`, "id", "s.c"},
	{"endorsements on a proposal", `proposal(slug: "l60-mechanism-2023") { c: endorsements(PAGE) { FIELDS } }`, "id", "s.c"},
	{"proposals", `proposals(PAGE) { FIELDS }`, "slug", "c"},
	{"history", `proposal(slug: "programme-of-action") { c: history(PAGE) { FIELDS } }`, "at", "s.c"},
	{"events", `events(PAGE, filter: {types: ["PositionStated"]}) { FIELDS }`, "at", "c"},
	{"events, pinned", `events(PAGE, asOf: {log: "70"}) { FIELDS }`, "at", "c"},
	{"open points", `proposal(slug: "programme-of-action") { x: convergence { c: openPoints(PAGE) { FIELDS } } }`, "text", "s.x.c"},
}

// paged writes the operation that asks for a page of a connection.
func paged(query, node string) string {
	alias := "c: "
	if strings.Contains(query, "c: ") {
		alias = "s: "
	}
	query = strings.ReplaceAll(query, "PAGE", "first: $first, after: $after")
	fields := `edges { cursor node { K } } nodes { K } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount`
	return `query($first: Int, $after: String) { ` + alias + strings.ReplaceAll(query, "FIELDS", strings.ReplaceAll(fields, "K", "k: "+node)) + ` }`
}

func TestPagesMakeTheWhole(t *testing.T) {
	for _, c := range connections {
		t.Run(c.name, func(t *testing.T) {
			b := readOnly(t)
			query := paged(c.query, c.node)
			whole := b.get(query, "first", 500)
			want := whole.list(c.at+".nodes", "k")
			total := int(whole.at(c.at + ".totalCount").(float64))
			size := 7
			if total < 8 {
				size = 1 // Open points are few.
			}
			if total < 2 || total <= 500 && len(want) != total || total > 500 && len(want) != 500 {
				t.Fatalf("%d nodes of %d", len(want), total)
			}
			if diff := cmp.Diff(want, whole.list(c.at+".edges", "node.k")); diff != "" {
				t.Errorf("nodes and edges differ (-nodes +edges):\n%s", diff)
			}
			cursors := whole.list(c.at+".edges", "cursor")

			var got []any
			var after any
			for page := 0; len(got) < len(want); page++ {
				a := b.get(query, "first", size, "after", after)
				nodes := a.list(c.at+".nodes", "k")
				got = append(got, nodes...)
				info := a.at(c.at + ".pageInfo").(map[string]any)
				if len(nodes) == 0 || len(nodes) > size {
					t.Fatalf("page %d has %d nodes", page, len(nodes))
				}
				if info["hasPreviousPage"] != (page > 0) || info["hasNextPage"] != (len(got) < total) ||
					info["startCursor"] != cursors[len(got)-len(nodes)] || info["endCursor"] != cursors[min(len(got), len(cursors))-1] && total <= 500 {
					t.Errorf("page %d: %v", page, info)
				}
				if a.at(c.at+".totalCount") != float64(total) {
					t.Errorf("page %d counts %v", page, a.at(c.at+".totalCount"))
				}
				after = info["endCursor"]
			}
			if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
				t.Errorf("pages of %d (-whole +pages):\n%s", size, diff)
			}
			if total <= 500 {
				last := b.get(query, "first", size, "after", after)
				if n := last.list(c.at + ".nodes"); len(n) != 0 || last.at(c.at+".pageInfo.hasNextPage") != false || last.at(c.at+".pageInfo.endCursor") != nil {
					t.Errorf("behind the last: %s", last.raw)
				}
			}

			none := b.get(query, "first", 0)
			if len(none.list(c.at+".nodes")) != 0 || none.at(c.at+".totalCount") != float64(total) || none.at(c.at+".pageInfo.hasNextPage") != true {
				t.Errorf("first: 0 answered %s", none.raw)
			}
			byDefault := b.get(query, "first", nil)
			if n := len(byDefault.list(c.at + ".nodes")); n != min(50, total) {
				t.Errorf("first: null gave %d", n)
			}
		})
	}
}

// The events of a page are read from the log one for one, however they lie.
func TestEventsAreReadAsTheyStand(t *testing.T) {
	b := readOnly(t)
	a := b.get(`{ few: events(first: 100, filter: {streamPrefix: "position-"}) { nodes { at stream revision type data leaf leafHash } }
		actor: events(first: 100, filter: {streamPrefix: "position-RUS"}) { nodes { at stream revision type data leaf } }
		sparse: events(first: 100, filter: {types: ["ProposalSubmitted", "VoteRecorded", "ImportCompleted"]}) { nodes { at stream revision type data leaf } } }`)
	for _, list := range []string{"few", "actor", "sparse"} {
		nodes := a.list(list + ".nodes")
		if len(nodes) < 10 {
			t.Errorf("%s has %d events", list, len(nodes))
		}
		for _, n := range nodes {
			want := fmt.Sprintf(`"revision":%v,"stream":"%v","type":"%v"}`, at(n, "revision"), at(n, "stream"), at(n, "type"))
			leaf := at(n, "leaf").(string)
			if !strings.HasSuffix(leaf, want) || !strings.HasPrefix(leaf, `{"data":`+at(n, "data").(string)+`,"id":"`) {
				t.Errorf("event %v has the leaf %s", at(n, "at"), leaf)
			}
		}
	}
}

func TestArgumentsOfPagesThatAreRefused(t *testing.T) {
	b := readOnly(t)
	cursor := func(query, path string) string { return b.get(query).at(path).(string) }
	ofPositions := cursor(`{ positions(first: 1) { pageInfo { endCursor } } }`, "positions.pageInfo.endCursor")
	filtered := cursor(`{ positions(first: 1, filter: {actors: ["RUS"]}) { pageInfo { endCursor } } }`, "positions.pageInfo.endCursor")
	ofState := cursor(`{ state(by: {code: "RUS"}) { positions(first: 1) { pageInfo { endCursor } } } }`, "state.positions.pageInfo.endCursor")
	pinned := cursor(`{ positions(first: 1, asOf: {log: "760"}) { pageInfo { endCursor } } }`, "positions.pageInfo.endCursor")
	ofActs := cursor(`{ endorsements(first: 1) { pageInfo { endCursor } } }`, "endorsements.pageInfo.endCursor")
	newest := b.model.At()

	for _, test := range []struct{ arguments, message string }{
		{`first: -1`, "-1 is negative; a page has 0 to 500 items"},
		{`first: 501`, "501 is too many for one page; a page has 0 to 500 items"},
		{`after: ""`, "is no cursor of this connection"},
		{`after: "nonsense"`, "is no cursor of this"},
		{`after: "1"`, "is no cursor of this"},
		{`after: "` + filtered + `"`, "is no cursor of this connection"},
		{`after: "` + ofState + `"`, "is no cursor of this connection"},
		{`after: "` + ofActs + `"`, "is no cursor of this connection"},
		{`after: "` + pinned + `"`, "is a cursor of this connection at another moment"},
		{`after: "` + encoded(inside(ofPositions)+".7") + `"`, "is no cursor of this server"},
		{`after: "` + encoded(strings.Replace(inside(ofPositions), "-", "–", 1)) + `"`, "is no cursor of this"},
	} {
		a := b.ask(`{ positions(` + test.arguments + `) { totalCount } good: at }`)
		b.refused(a, "BAD_USER_INPUT", test.message)
		if a.at("good") == nil || a.at("positions") != nil || !cmp.Equal(a.Errors[0].Path, []any{"positions"}) || len(a.Errors[0].Extensions.Faults) != 1 {
			t.Errorf("%s answered %s", test.arguments, a.raw)
		}
	}
	// Filters that ask the same are the same connection.
	b.get(`query($after: String!) { positions(first: 1, after: $after, filter: {actors: ["RUS", "RUS"], proposal: null}) { totalCount } }`, "after", filtered)

	for arguments, message := range map[string]string{
		`first: -1, after: "x"`:              "",
		`after: "01"`:                        `"01" is no cursor of an event`,
		`after: "` + ofPositions + `"`:       "is no cursor of an event",
		fmt.Sprintf(`after: "%d"`, newest+1): fmt.Sprintf("The position %d is beyond the newest, which is %d", newest+1, newest),
		`after: "99999999999999999999999"`:   "is no cursor of an event",
	} {
		a := b.ask(`{ events(` + arguments + `) { totalCount } }`)
		b.refused(a, "BAD_USER_INPUT", message)
		h := b.ask(`{ proposal(slug: "global-mechanism") { history(` + arguments + `) { totalCount } } }`)
		b.refused(h, "BAD_USER_INPUT", message)
	}
	if got := faultsOf(b.ask(`{ events(first: -1, after: "x") { totalCount } }`)); len(got) != 2 {
		t.Errorf("faults %v", got)
	}
	if a := b.get(fmt.Sprintf(`{ events(after: "%d") { nodes { at } totalCount pageInfo { hasPreviousPage } } }`, newest)); len(a.list("events.nodes")) != 0 {
		t.Errorf("behind the newest: %s", a.raw)
	}
}

func TestFiltersJoinWithWhatTheyHangOn(t *testing.T) {
	b := readOnly(t)
	a := b.get(`{
		state(by: {code: "RUS"}) { all: positions { totalCount } same: positions(filter: {actors: ["RUS", "FRA"]}) { totalCount } other: positions(filter: {actors: ["FRA"]}) { totalCount }
			none: positions(filter: {actors: []}) { totalCount } acts: endorsements { totalCount } otherActs: endorsements(filter: {actors: ["FRA"]}) { totalCount } }
		proposal(slug: "global-mechanism") { all: positions { totalCount } same: positions(filter: {proposal: "global-mechanism"}) { totalCount }
			other: positions(filter: {target: {proposal: "permanent-oewg"}}) { totalCount } element: positions(filter: {element: "stakeholders"}) { totalCount }
			otherActs: endorsements(filter: {proposal: "l11-developments-2023"}) { totalCount } }
		none: positions(filter: {stances: []}) { totalCount }
	}`)
	n := func(path string) float64 { return a.at(path + ".totalCount").(float64) }
	if n("state.all") == 0 || n("state.same") != n("state.all") || n("state.other") != 0 || n("state.none") != 0 || n("state.acts") == 0 || n("state.otherActs") != 0 ||
		n("proposal.all") == 0 || n("proposal.same") != n("proposal.all") || n("proposal.other") != 0 || n("proposal.element") != 0 || n("proposal.otherActs") != 0 || n("none") != 0 {
		t.Errorf("answered %s", a.raw)
	}
}

func TestConvergenceOnWhatIsAskedFor(t *testing.T) {
	b := readOnly(t)
	keys := func(arguments string) []string {
		var list []string
		for _, key := range b.get(`{ convergence`+arguments+` { target { targetKey } } }`).list("convergence", "target.targetKey") {
			list = append(list, key.(string))
		}
		slices.Sort(list)
		return list
	}
	all := keys("")
	proposals := slices.DeleteFunc(slices.Clone(all), func(k string) bool { return !strings.HasPrefix(k, "proposal:") })
	options := slices.DeleteFunc(slices.Clone(all), func(k string) bool { return strings.HasPrefix(k, "proposal:") })
	of := func(prefixes ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(k string) bool {
			return !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(k, p) })
		})
	}
	if len(proposals) < 5 || len(options) < 20 {
		t.Fatalf("%d proposals and %d options", len(proposals), len(options))
	}
	for arguments, want := range map[string][]string{
		`(proposals: true)`:                           all,
		`(proposals: false)`:                          options,
		`(elements: ["stakeholders"])`:                of("option:stakeholders/"),
		`(elements: ["stakeholders", "auspices"])`:    of("option:stakeholders/", "option:auspices/"),
		`(elements: [])`:                              nil,
		`(targets: [])`:                               nil,
		`(targets: [{proposal: "global-mechanism"}])`: of("proposal:global-mechanism"),
		`(targets: [{proposal: "global-mechanism"}], proposals: false)`:                                                                        nil,
		`(targets: [{proposal: "global-mechanism"}, {option: {element: "stakeholders", key: "open-modalities"}}], elements: ["stakeholders"])`: of("option:stakeholders/open-modalities"),
	} {
		if diff := cmp.Diff(want, keys(arguments), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arguments, diff)
		}
	}
}

// All filters given must hold, so one that is given and empty lets nothing through.
func TestAnEmptyFilterIsAFilter(t *testing.T) {
	b := newDemo(t)
	for field, want := range map[string]bool{
		`events(filter: {recordedBy: ""})`:                                        false,
		`events(filter: {recordedBy: "import"})`:                                  true,
		`events(filter: {streamPrefix: ""})`:                                      true, // Every name begins with it.
		`endorsements(filter: {documentSymbol: ""})`:                              false,
		`endorsements(filter: {documentSymbol: "A/RES/78/16", kinds: [VOTE_NO]})`: true,
	} {
		a := b.get(`{ ` + field + ` { totalCount } }`)
		name, _, _ := strings.Cut(field, "(")
		if n, _ := a.at(name + ".totalCount").(float64); (n > 0) != want {
			t.Errorf("%s: %v", field, n)
		}
	}
}
