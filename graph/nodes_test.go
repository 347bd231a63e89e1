package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyKind selects the ids of one object of each kind, each also by its key.
const everyKind = `query($asOf: AsOf) {
	state(by: {code: "FRA"}, asOf: $asOf) { id }
	group(code: "EU", asOf: $asOf) { id }
	sessions(asOf: $asOf) { id }
	elements(asOf: $asOf) { id }
	option(element: "decision-making", key: "consensus-all", asOf: $asOf) { id }
	proposal(slug: "l60-mechanism-2023", asOf: $asOf) { id submissions { id } votes { id } history { nodes { id } } }
	positions(first: 1, asOf: $asOf) { nodes { id } }
	sponsors: endorsements(filter: {kinds: [SPONSOR]}, first: 1, asOf: $asOf) { nodes { id } }
	ballots: endorsements(filter: {kinds: [VOTE_NO]}, first: 1, asOf: $asOf) { nodes { id } }
}`

// idsIn collects every id of an answer.
func idsIn(v any) (ids []string) {
	switch v := v.(type) {
	case map[string]any:
		for k, v := range v {
			if id, ok := v.(string); ok && k == "id" {
				ids = append(ids, id)
			}
			ids = append(ids, idsIn(v)...)
		}
	case []any:
		for _, v := range v {
			ids = append(ids, idsIn(v)...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestNodeGivesBackEveryKind(t *testing.T) {
	b := readOnly(t)
	newest := fmt.Sprint(b.model.At())
	for _, asOf := range []struct {
		name, mark string
		asOf       map[string]any
	}{
		{"now", "", nil},
		{"pinned", "@" + newest, map[string]any{"log": newest}},
		{"on a day", "~2025-06-01", map[string]any{"statedOn": "2025-06-01"}},
		{"both", "@700~2025-06-01", map[string]any{"log": "700", "statedOn": "2025-06-01"}},
	} {
		t.Run(asOf.name, func(t *testing.T) {
			b := *b
			b.t = t
			ids := idsIn(b.get(everyKind, "asOf", asOf.asOf).Data)
			kinds := map[string]bool{}
			a := b.get(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, "ids", ids)
			for i, id := range ids {
				plain := inside(id)
				kinds[plain[:2]] = true
				if !strings.HasSuffix(plain, asOf.mark) || asOf.mark == "" && strings.ContainsAny(plain, "@~") {
					t.Errorf("the id %s does not carry %q", plain, asOf.mark)
				}
				if got := a.list("nodes", "id")[i]; got != id {
					t.Errorf("the node of %s is %s", plain, inside(got))
				}
			}
			if len(kinds) != 11 && asOf.mark != "@700~2025-06-01" || len(kinds) < 9 {
				t.Errorf("only the kinds %v were seen", kinds)
			}
			if asOf.asOf != nil && asOf.asOf["log"] == "700" && a.Extensions.At != "700" {
				t.Errorf("nodes as of 700 answered at %s", a.Extensions.At)
			}
		})
	}
}

func TestNodeAnswersAsOfItsMoment(t *testing.T) {
	b := newDemo(t)
	at := fmt.Sprint(b.model.At())
	const count = `query($id: ID!) { node(id: $id) { id ... on State { positions { totalCount } revision } } }`
	plain, pinned := b.get(`{ state(by: {code: "URY"}) { id } }`).at("state.id"), b.get(`query($at: LogPosition!) { state(by: {code: "URY"}, asOf: {log: $at}) { id } }`, "at", at).at("state.id")
	before, beforePinned := b.get(count, "id", plain), b.get(count, "id", pinned)
	b.get(recordPosition, "input", position(nil))
	if again := b.get(count, "id", pinned); again.raw != beforePinned.raw {
		t.Errorf("the pinned id answers %s\nafter %s", again.raw, beforePinned.raw)
	}
	if again := b.get(count, "id", plain); again.at("node.positions.totalCount") != before.at("node.positions.totalCount").(float64)+1 {
		t.Errorf("the plain id answers %s", again.raw)
	}
}

func TestNodesThatAreNot(t *testing.T) {
	b := readOnly(t)
	// Well-formed, and naming nothing: null without an error.
	for _, text := range []string{
		"c3Q6WFhY",       // st:XXX
		"cHI6bm90aGluZw", // pr:nothing
		"cG86MQ",         // po:1, which is no position
		"ZW46NjE3",       // en:617, which is a position
		"c3Q6VVJZQDA",    // st:URY@0
		"cHI6cHJvZ3JhbW1lLW9mLWFjdGlvbn4yMDIwLTA5LTMw", // before its day
		"ZXY6OTk5OTk5", // ev:999999
	} {
		a := b.get(`query($id: ID!) { node(id: $id) { id } }`, "id", text)
		if a.at("node") != nil {
			t.Errorf("%s is %s", inside(text), a.raw)
		}
	}
	// An act that is no ballot has no second id by its State.
	sponsor := b.get(`{ endorsements(filter: {kinds: [SPONSOR]}, first: 1) { nodes { at actor { code } } } }`)
	forged := fmt.Sprintf("en:%v/%v", sponsor.at("endorsements.nodes.0.at"), sponsor.at("endorsements.nodes.0.actor.code"))
	if a := b.get(`query($id: ID!) { node(id: $id) { id } }`, "id", encoded(forged)); a.at("node") != nil {
		t.Errorf("%s is %s", forged, a.raw)
	}
	b.refused(b.ask(`{ node(id: "nonsense") { id } }`), "BAD_USER_INPUT", `"nonsense" is no id of this server`)
	b.refused(b.ask(`query($id: ID!) { node(id: $id) { id } }`, "id", encoded("st:URY@"+fmt.Sprint(b.model.At()+1))), "BAD_USER_INPUT", "beyond the newest")

	// One bad id does not take the others with it.
	a := b.ask(`{ nodes(ids: ["c3Q6VVJZ", "nonsense", "c3Q6WFhY"]) { id } }`)
	b.refused(a, "BAD_USER_INPUT", "is no id of this server")
	if !cmp.Equal(a.list("nodes"), []any{map[string]any{"id": "c3Q6VVJZ"}, nil, nil}) || !cmp.Equal(a.Errors[0].Path, []any{"nodes", 1.0}) {
		t.Errorf("answered %s", a.raw)
	}
}

// What is named and exists nowhere in the record is NOT_FOUND with what may have been meant; all of it is told at once.
func TestUnknownNames(t *testing.T) {
	b := readOnly(t)
	for query, want := range map[string]string{
		`{ r: proposal(slug: "programme-of-actoin") { id } }`:                                              `["slug"] There is no proposal "programme-of-actoin"; did you mean programme-of-action?`,
		`{ r: state(by: {code: "UYR"}) { id } }`:                                                           `["by","code"] There is no State "UYR"; did you mean`,
		`{ r: state(by: {name: "Urugay"}) { id } }`:                                                        `["by","name"] No State is called "Urugay"; did you mean Uruguay (URY)?`,
		`{ r: state(by: {name: "Atlantis under the sea"}) { id } }`:                                        `["by","name"] No State is called "Atlantis under the sea".`,
		`{ r: state(by: {name: "Congo, Guinea"}) { id } }`:                                                 `["by","name"] No State is called`,
		`{ r: group(code: "AFRICAN-GROP") { id } }`:                                                        `["code"] There is no group "AFRICAN-GROP"; did you mean AFRICAN-GROUP?`,
		`{ r: states(group: "XYZ") { id } }`:                                                               `["group"] There is no group "XYZ"`,
		`{ r: option(element: "decision-makin", key: "x") { id } }`:                                        `["element"] There is no element "decision-makin"; did you mean decision-making?`,
		`{ r: option(element: "decision-making", key: "consensus-al") { id } }`:                            `["key"] There is no option "decision-making/consensus-al"; did you mean decision-making/consensus-all`,
		`{ r: positions(filter: {actors: ["FRA", "XYZ"]}) { totalCount } }`:                                `["filter","actors",1] There is no State or group "XYZ"`,
		`{ r: positions(filter: {target: {proposal: "x"}}) { totalCount } }`:                               `["filter","target","proposal"] There is no proposal "x"`,
		`{ r: positions(filter: {target: {option: {element: "stakeholders", key: "x"}}}) { totalCount } }`: `["filter","target","option","key"] There is no option`,
		`{ r: positions(filter: {proposal: "x"}) { totalCount } }`:                                         `["filter","proposal"] There is no proposal "x"`,
		`{ r: positions(filter: {element: "x"}) { totalCount } }`:                                          `["filter","element"] There is no element "x"`,
		`{ r: positions(filter: {session: "OEWG-99"}) { totalCount } }`:                                    `["filter","session"] There is no session "OEWG-99"; did you mean`,
		`{ r: endorsements(filter: {actors: ["XYZ"]}) { totalCount } }`:                                    `["filter","actors",0] There is no State or group "XYZ"`,
		`{ r: endorsements(filter: {proposal: "x"}) { totalCount } }`:                                      `["filter","proposal"] There is no proposal "x"`,
		`{ r: proposals(filter: {submitter: "XYZ"}) { totalCount } }`:                                      `["filter","submitter"] There is no State or group "XYZ"`,
		`{ r: convergence(targets: [{proposal: "x"}]) { at } }`:                                            `["targets",0,"proposal"] There is no proposal "x"`,
		`{ r: convergence(elements: ["stakeholders", "x"]) { at } }`:                                       `["elements",1] There is no element "x"`,
		`{ r: matrix(states: ["XYZ"]) { at } }`:                                                            `["states",0] There is no State "XYZ"`,
		`{ r: matrix(group: "XYZ") { at } }`:                                                               `["group"] There is no group "XYZ"`,
		`{ s: state(by: {code: "FRA"}) { r: standing(target: {proposal: "x"}) { basis } } }`:               `["target","proposal"] There is no proposal "x"`,
		`{ s: proposal(slug: "global-mechanism") { r: overlap(other: "x") { shared { id } } } }`:           `["other"] There is no proposal "x"`,
	} {
		a := b.ask(query)
		if len(a.Errors) != 1 || len(a.Errors[0].Extensions.Faults) != 1 {
			t.Errorf("%s answered %s", query, a.raw)
			continue
		}
		path, _ := json.Marshal(a.Errors[0].Extensions.Faults[0].Path)
		if got := string(path) + " " + a.Errors[0].Message; !strings.HasPrefix(got, want) || a.Errors[0].Extensions.Code != "NOT_FOUND" {
			// Lists that cannot be null take the answer with them; all else stays.
			t.Errorf("%s\nanswered %s\nwant     %s", query, got, want)
		}
	}

	a := b.ask(`{ matrix(targets: [{proposal: "x"}, {proposal: "global-mechanism"}, {option: {element: "y", key: "z"}}], states: ["XYZ"], group: "UVW",
		asOf: {log: "1", recordedAt: "2024-01-01T00:00:00Z"}) { at } good: proposal(slug: "global-mechanism") { slug } }`)
	if got := len(faultsOf(a)); got != 5 || len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "BAD_USER_INPUT" || a.at("good.slug") == nil {
		t.Errorf("%d faults, want 5: %s", got, a.raw)
	}
}

func TestStateByNameThatIsTwoStates(t *testing.T) {
	b := readOnly(t)
	// Each name that the record knows is one State's; one that is two States' has to be recorded for this.
	w := newDemo(t)
	w.admit("XAA", "Twin Republic")
	w.admit("XAB", "Twin Republic")
	w.refused(w.ask(`{ state(by: {name: "twin republic"}) { code } }`), "BAD_USER_INPUT", "More than one State is called \"twin republic\": Twin Republic (XAA) or Twin Republic (XAB); ask by code.")
	for name, code := range map[string]string{"URUGUAY": "URY", "Côte d’Ivoire": "CIV", "cote d'ivoire": "CIV", "法国": "FRA", "أوروغواي": "URY"} {
		if a := b.get(`query($n: String!) { state(by: {name: $n}) { code } }`, "n", name); a.at("state.code") != code {
			t.Errorf("%s is %s", name, a.raw)
		}
	}
}
