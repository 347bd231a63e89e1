package graph_test

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/graph"
)

// download asks for an export.
func (b *bed) download(path string, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://localhost/export/"+path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// rows gives an export twice: as CSV, and as JSON with each value in the text that it has there.
func (b *bed) rows(kind, query string) (table, objects []map[string]string) {
	b.t.Helper()
	w := b.download(kind + ".csv?" + query)
	if w.Code != http.StatusOK {
		b.t.Fatalf("%s.csv?%s: %d %s", kind, query, w.Code, w.Body)
	}
	text := w.Body.String()
	if !strings.HasSuffix(text, "\r\n") || strings.HasPrefix(text, "\uFEFF") {
		b.t.Errorf("%s.csv does not end in CRLF, or begins with a byte order mark", kind)
	}
	read, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		b.t.Fatalf("%s.csv: %v", kind, err)
	}
	for _, row := range read[1:] {
		m := map[string]string{}
		for i, name := range read[0] {
			m[name] = row[i]
		}
		table = append(table, m)
	}
	var document struct {
		Kind, At string
		StatedOn *string
		Rows     []map[string]json.RawMessage
	}
	if err := json.Unmarshal(b.download(kind+".json?"+query).Body.Bytes(), &document); err != nil {
		b.t.Fatalf("%s.json: %v", kind, err)
	}
	if document.Kind != kind || document.At == "" || (document.StatedOn != nil) != strings.Contains("&"+query, "&statedOn") {
		b.t.Errorf("%s.json?%s says it is %s at %s on %v", kind, query, document.Kind, document.At, document.StatedOn)
	}
	for _, row := range document.Rows {
		m := map[string]string{}
		for name, raw := range row {
			m[name] = string(raw)
		}
		objects = append(objects, m)
	}
	if len(table) != len(objects) {
		b.t.Fatalf("%s has %d rows as CSV and %d as JSON", kind, len(table), len(objects))
	}
	return table, objects
}

// moments are the same moment for exports and for the API.
var moments = []struct{ query, asOf string }{
	{"", `{}`},
	{"statedOn=2026-01-18", `{statedOn: "2026-01-18"}`},
	{"at=700&statedOn=2023-06-30", `{log: "700", statedOn: "2023-06-30"}`},
	{"at=0", `{log: "0"}`},
}

// answered is an answer with its numbers as they were written.
func (b *bed) answered(query string) map[string]any {
	b.t.Helper()
	response := b.post(query)
	d := json.NewDecoder(response.Body)
	d.UseNumber()
	var a struct {
		Data   map[string]any
		Errors any
	}
	if err := d.Decode(&a); err != nil || a.Errors != nil {
		b.t.Fatalf("%s\nanswers %v: %v", query, a.Errors, err)
	}
	return a.Data
}

// show gives the text of a value of the API as an export has it.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool, json.Number:
		return fmt.Sprint(v)
	case string:
		return v
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = show(v[i])
		}
		return strings.Join(items, ";")
	}
	return fmt.Sprintf("(%T)", v)
}

// inCSV is a value as CSV shows it to a reader that does not know of the apostrophes.
func inCSV(v any) string {
	if text, ok := v.(string); ok && text != "" && strings.ContainsAny(text[:1], "=+-@") {
		return "'" + text
	}
	return show(v)
}

// compare compares rows with what the API answers: of each object, by column, what stands at a path.
func compare(t *testing.T, kind string, table, objects []map[string]string, answers []any, paths map[string]string) {
	t.Helper()
	if len(table) != len(answers) {
		t.Fatalf("%s has %d rows, the API %d", kind, len(table), len(answers))
	}
	for i, answer := range answers {
		for name, path := range paths {
			var want any
			if list, of, ok := strings.Cut(path, ".*."); ok {
				items := []any{}
				elements, _ := at(answer, list).([]any)
				for _, e := range elements {
					items = append(items, at(e, of))
				}
				want = items
			} else {
				want = at(answer, path)
			}
			if got := table[i][name]; got != inCSV(want) {
				t.Errorf("%s, row %d, %s: %q in CSV, %q in the API", kind, i, name, got, show(want))
			}
			raw, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			var got any
			d := json.NewDecoder(strings.NewReader(objects[i][name]))
			d.UseNumber()
			if err := d.Decode(&got); err != nil {
				t.Fatalf("%s, row %d, %s: %q is no JSON", kind, i, name, objects[i][name])
			}
			if text, _ := json.Marshal(got); string(text) != string(raw) {
				t.Errorf("%s, row %d, %s: %s in JSON, %s in the API", kind, i, name, text, raw)
			}
		}
	}
}

var sourcePaths = map[string]string{
	"sourceTitle": "source.title", "sourceUrl": "source.url", "sourceSymbol": "source.symbol", "sourceLocator": "source.locator",
	"sourceLanguage": "source.language", "sourceQuote": "source.quote", "sourceGrade": "source.grade",
}

const (
	sourceFields     = `source { title url symbol locator language quote grade }`
	provenanceFields = `at recordedAt recordedBy`
)

func pathsWith(more map[string]string) map[string]string {
	all := map[string]string{}
	for name, path := range sourcePaths {
		all[name] = path
	}
	for name, path := range more {
		all[name] = path
	}
	return all
}

// strange is the demo with what it has not: texts that are hard to write, corrections, withdrawals, an intended ballot, a reservation.
func strange(t *testing.T) *bed {
	t.Helper()
	b := newDemo(t)
	hard := position(map[string]any{
		"actor": "NORDIC", "alignedWith": []any{"LVA", "EST"}, "dissociated": []any{"DNK"}, "summary": "=HYPERLINK(\"https://example.org\",\"a, b\")\nand \\ more", "session": "OEWG-9",
		"points": []any{map[string]any{"kind": "NEED", "text": "-1 \"quoted\"\n; 中文"}, map[string]any{"kind": "OFFER", "text": "<b> & \u2028"}},
		"source": map[string]any{"title": "@title, with a comma", "quote": "+1 — «да»", "locator": "-", "symbol": "A/C.1/78/PV.1", "language": "RU", "grade": "PRESS", "url": "https://example.org/?a=1&b=2"},
	})
	id := b.get(recordPosition, "input", hard).at("recordPosition.position.id")
	b.get(correctPosition, "input", map[string]any{"position": id, "reason": "Misheard.", "stance": "CONCERNED", "alignedWith": []any{"LVA", "EST", "FIN"}})
	withdrawn := b.get(recordPosition, "input", position(nil)).at("recordPosition.position.id")
	b.get(withdrawPosition, "input", map[string]any{"position": withdrawn, "on": "2026-02-01", "source": madeUp})
	act := b.get(recordEndorsement, "input", endorsement(nil)).at("recordEndorsement.endorsement.id")
	b.get(withdrawEndorsement, "input", map[string]any{"endorsement": act, "on": "2026-02-02", "source": madeUp})
	b.get(recordEndorsement, "input", endorsement(map[string]any{"kind": "DISSOCIATED", "paragraph": "OP 1", "documentSymbol": "A/C.1/78/L.11"}))
	cast := b.get(recordVote, "input", vote(nil)).at("recordVote.vote.id")
	b.get(declareIntendedBallot, "input", map[string]any{"vote": cast, "state": "EST", "intended": "YES", "on": "2026-01-20", "source": madeUp})
	explained := b.get(`{ endorsements(filter: {documentSymbol: "A/MADE-UP/1"}) { nodes { id actor { code } } } }`).at("endorsements.nodes.1.id")
	b.get(recordPosition, "input", position(map[string]any{"explains": explained, "form": "EXPLANATION", "stance": nil}))
	later := b.get(recordEndorsement, "input", endorsement(map[string]any{"kind": "SPONSOR", "on": "2026-01-25"})).at("recordEndorsement.endorsement.id")
	b.get(recordPosition, "input", position(map[string]any{"explains": later, "statedOn": "2026-01-17"}))
	return b
}

// TestExportsAreWhatTheAPIAnswers compares every row and every figure, at several moments.
func TestExportsAreWhatTheAPIAnswers(t *testing.T) {
	b := strange(t)
	for _, m := range moments {
		t.Run(m.query, func(t *testing.T) {
			b := *b
			b.t = t
			all := func(field, fields string) []any {
				var list []any
				for after := "null"; ; {
					page := b.answered(fmt.Sprintf(`{ %s(first: 500, after: %s, asOf: %s) { nodes { %s } pageInfo { hasNextPage endCursor } } }`, field, after, m.asOf, fields))
					nodes, _ := at(page, field+".nodes").([]any)
					list = append(list, nodes...)
					if at(page, field+".pageInfo.hasNextPage") != true {
						return list
					}
					after = fmt.Sprintf("%q", at(page, field+".pageInfo.endCursor"))
				}
			}
			table, objects := b.rows("positions", m.query)
			compare(t, "positions", table, objects, all("positions", `actor { code name } target { targetKey label } stance form statedOn session { key } summary alignedWith { code } dissociated { code }
				explains { at } endedOn points { kind text } `+sourceFields+provenanceFields), pathsWith(map[string]string{
				"at": "at", "actor": "actor.code", "actorName": "actor.name", "target": "target.targetKey", "targetLabel": "target.label", "stance": "stance",
				"form": "form", "statedOn": "statedOn", "session": "session.key", "summary": "summary", "alignedWith": "alignedWith.*.code", "dissociated": "dissociated.*.code",
				"explains": "explains.at", "endedOn": "endedOn", "recordedAt": "recordedAt", "recordedBy": "recordedBy",
			}))
			for i, p := range all("positions", `points { kind text }`) {
				want := at(p, "points")
				for _, text := range []string{objects[i]["points"], cmp.Or(table[i]["points"], "[]")} {
					var got any
					if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
						t.Errorf("points %s, in the API %v: %v", text, want, err)
					}
				}
			}
			acts := all("endorsements", `actor { code name } proposal { slug } documentSymbol paragraph kind on vote { at } withdrawnOn `+sourceFields+provenanceFields)
			table, objects = b.rows("endorsements", m.query)
			compare(t, "endorsements", table, objects, acts, pathsWith(map[string]string{
				"at": "at", "actor": "actor.code", "actorName": "actor.name", "proposal": "proposal.slug", "documentSymbol": "documentSymbol", "paragraph": "paragraph",
				"kind": "kind", "on": "on", "voteAt": "vote.at", "withdrawnOn": "withdrawnOn", "recordedAt": "recordedAt", "recordedBy": "recordedBy",
			}))

			var votes, ballots []any
			proposals := b.answered(fmt.Sprintf(`{ proposals(first: 20, asOf: %s) { nodes { votes { at proposal { slug } documentSymbol paragraph body on adopted yes no abstain absent complete %s
				ballots { ballot intended state { code name regionalGroup } } } } } }`, m.asOf, sourceFields))
			nodes, _ := at(proposals, "proposals.nodes").([]any)
			for _, p := range nodes {
				list, _ := at(p, "votes").([]any)
				votes = append(votes, list...)
				for _, v := range list {
					cast, _ := at(v, "ballots").([]any)
					for _, c := range cast {
						c.(map[string]any)["vote"] = v
						ballots = append(ballots, c)
					}
				}
			}
			table, objects = b.rows("votes", m.query)
			compare(t, "votes", table, objects, votes, pathsWith(map[string]string{
				"at": "at", "proposal": "proposal.slug", "documentSymbol": "documentSymbol", "paragraph": "paragraph", "body": "body", "on": "on", "adopted": "adopted",
				"yes": "yes", "no": "no", "abstain": "abstain", "absent": "absent", "complete": "complete",
			}))
			table, objects = b.rows("ballots", m.query)
			compare(t, "ballots", table, objects, ballots, map[string]string{
				"voteAt": "vote.at", "state": "state.code", "stateName": "state.name", "regionalGroup": "state.regionalGroup", "ballot": "ballot", "intended": "intended",
				"proposal": "vote.proposal.slug", "documentSymbol": "vote.documentSymbol", "paragraph": "vote.paragraph", "on": "vote.on",
			})

			const tally = `{ support supportWithReservations neutral concerned oppose undeclared }`
			figures := b.answered(fmt.Sprintf(`{ convergence(asOf: %s) { target { targetKey label } tally %s ownTally %s declared support supportAtLeast supportAtMost agreement consensus
				objectors { code } undeclared { code } onEarlierVersion byRegionalGroup { tally %s } crossRegional } }`, m.asOf, tally, tally, tally))
			paths := map[string]string{"target": "target.targetKey", "targetLabel": "target.label", "objectors": "objectors.*.code", "undeclared": "undeclared.*.code"}
			for _, name := range []string{"declared", "support", "supportAtLeast", "supportAtMost", "agreement", "consensus", "onEarlierVersion", "crossRegional"} {
				paths[name] = name
			}
			for _, count := range []string{"support", "supportWithReservations", "neutral", "concerned", "oppose", "undeclared"} {
				suffix := strings.ToUpper(count[:1]) + count[1:]
				paths["tally"+suffix], paths["own"+suffix] = "tally."+count, "ownTally."+count
				for i, region := range []string{"african", "asiaPacific", "easternEuropean", "grulac", "weog"} {
					paths[region+suffix] = fmt.Sprintf("byRegionalGroup.%d.tally.%s", i, count)
				}
			}
			table, objects = b.rows("convergence", m.query)
			list, _ := at(figures, "convergence").([]any)
			compare(t, "convergence", table, objects, list, paths)

			var standings []any
			keys := make([]string, len(table))
			for i := range table {
				keys[i] = table[i]["target"]
			}
			slices.Sort(keys)
			for _, key := range keys {
				ref := fmt.Sprintf(`{proposal: %q}`, strings.TrimPrefix(key, "proposal:"))
				if option, ok := strings.CutPrefix(key, "option:"); ok {
					element, name, _ := strings.Cut(option, "/")
					ref = fmt.Sprintf(`{option: {element: %q, key: %q}}`, element, name)
				}
				answer := b.answered(fmt.Sprintf(`{ convergence(targets: [%s], asOf: %s) { standings { target { targetKey label } state { code name regionalGroup } stance basis onEarlierVersion
					evidence { id at on %s __typename ... on Position { actor { code } } ... on Endorsement { actor { code } } ... on Submission { submitters { code } } } } } }`, ref, m.asOf, sourceFields))
				rows, _ := at(answer, "convergence.0.standings").([]any)
				for _, s := range rows {
					row := s.(map[string]any)
					if row["stance"] != nil { // What decides is the first of the evidence.
						first, _ := at(s, "evidence.0").(map[string]any)
						row["decides"] = first
						if first["actor"] != nil {
							first["submitters"] = []any{first["actor"]}
						}
					}
				}
				standings = append(standings, rows...)
			}
			paths = map[string]string{
				"target": "target.targetKey", "targetLabel": "target.label", "state": "state.code", "stateName": "state.name", "regionalGroup": "state.regionalGroup",
				"stance": "stance", "basis": "basis", "onEarlierVersion": "onEarlierVersion", "decidedBy": "decides.__typename", "decidedByAt": "decides.at",
				"decidedByActors": "decides.submitters.*.code", "decidedOn": "decides.on",
			}
			for name, path := range sourcePaths {
				paths[name] = "decides." + path
			}
			table, objects = b.rows("standings", m.query)
			compare(t, "standings", table, objects, standings, paths)
			for i, s := range standings {
				evidence, _ := at(s, "evidence").([]any)
				if got := strings.Count(table[i]["evidence"], ";") + 1; len(evidence) != got && (len(evidence) > 0 || table[i]["evidence"] != "") {
					t.Errorf("standings, row %d: %d pieces of evidence, %d in the API", i, got, len(evidence))
				}
			}

			letters := b.answered(fmt.Sprintf(`{ matrix(asOf: %s) { states { code } targets { targetKey } rows } }`, m.asOf))
			table, _ = b.rows("matrix", m.query)
			names, _ := at(letters, "matrix.targets").([]any)
			lines, _ := at(letters, "matrix.rows").([]any)
			if len(table) != len(lines) {
				t.Errorf("matrix has %d rows, the API %d", len(table), len(lines))
			}
			for i, line := range lines {
				if got, want := table[i]["state"], at(letters, fmt.Sprintf("matrix.states.%d.code", i)); got != want {
					t.Errorf("matrix, row %d is of %s, in the API of %s", i, got, want)
				}
				for j, name := range names {
					if got, want := table[i][at(name, "targetKey").(string)], line.(string)[j:j+1]; got != want {
						t.Errorf("matrix, row %d, %v: %q, in the API %q", i, name, got, want)
					}
				}
			}

			var pairs []any
			for after := "null"; ; {
				page := b.answered(fmt.Sprintf(`{ affinities(first: 500, after: %s, asOf: %s) { nodes { a { code } b { code } similarity shared } pageInfo { hasNextPage endCursor } } }`, after, m.asOf))
				nodes, _ := at(page, "affinities.nodes").([]any)
				if pairs = append(pairs, nodes...); at(page, "affinities.pageInfo.hasNextPage") != true || len(pairs) >= 2000 {
					break
				}
				after = fmt.Sprintf("%q", at(page, "affinities.pageInfo.endCursor"))
			}
			table, objects = b.rows("affinities", m.query)
			n := min(len(table), 2000)
			compare(t, "affinities", table[:n], objects[:n], pairs[:min(len(pairs), 2000)], map[string]string{"a": "a.code", "b": "b.code", "similarity": "similarity", "shared": "shared"})

			var moved []any
			for after := "null"; ; {
				page := b.answered(fmt.Sprintf(`{ changes(from: {log: "0", statedOn: "2022-12-31"}, to: %s, first: 500, after: %s) { nodes { state { code name regionalGroup } target { targetKey label } before after cause
					evidence { at on __typename } } pageInfo { hasNextPage endCursor } } }`, m.asOf, after))
				nodes, _ := at(page, "changes.nodes").([]any)
				if moved = append(moved, nodes...); at(page, "changes.pageInfo.hasNextPage") != true {
					break
				}
				after = fmt.Sprintf("%q", at(page, "changes.pageInfo.endCursor"))
			}
			table, objects = b.rows("changes", strings.TrimPrefix(m.query+"&fromAt=0&fromStatedOn=2022-12-31", "&"))
			compare(t, "changes", table, objects, moved, map[string]string{
				"target": "target.targetKey", "targetLabel": "target.label", "state": "state.code", "stateName": "state.name", "regionalGroup": "state.regionalGroup",
				"before": "before", "after": "after", "cause": "cause",
			})
			for i, c := range moved {
				if want := at(c, "evidence.0.at"); table[i]["decidedByAt"] != show(want) && table[i]["after"] != "" {
					t.Errorf("changes, row %d, decidedByAt: %q, in the API %v", i, table[i]["decidedByAt"], want)
				}
			}

			table, objects = b.rows("events", m.query)
			compare(t, "events", table, objects, all("events", `stream revision type leaf leafHash correlationId causationId `+provenanceFields), map[string]string{
				"at": "at", "stream": "stream", "revision": "revision", "type": "type", "recordedAt": "recordedAt", "recordedBy": "recordedBy",
				"correlationId": "correlationId", "causationId": "causationId", "leaf": "leaf", "leafHash": "leafHash",
			})
		})
	}
}

// TestExportedIdsAreThoseOfTheAPI: what is taken away can be asked for again.
func TestExportedIdsAreThoseOfTheAPI(t *testing.T) {
	b := readOnly(t)
	for kind, typ := range map[string]string{"positions": "Position", "endorsements": "Endorsement", "votes": "Vote", "events": "Event"} {
		table, _ := b.rows(kind, "")
		for _, row := range table[:min(len(table), 40)] {
			a := b.get(`query($id: ID!) { node(id: $id) { __typename id ... on Position { at } ... on Endorsement { at actor { code } } ... on Vote { at } ... on Event { at } } }`, "id", row["id"])
			if a.at("node.__typename") != typ || a.at("node.at") != row["at"] || a.at("node.id") != row["id"] || kind == "endorsements" && a.at("node.actor.code") != row["actor"] {
				t.Errorf("%s: %v names %s", kind, row["id"], a.raw)
			}
		}
	}
	table, _ := b.rows("standings", "")
	for _, row := range table {
		if row["stance"] == "" {
			continue
		}
		first, _, _ := strings.Cut(row["evidence"], ";")
		if a := b.get(`query($id: ID!) { node(id: $id) { __typename ... on Evidence { at on } } }`, "id", first); a.at("node.__typename") != row["decidedBy"] || a.at("node.at") != row["decidedByAt"] {
			t.Fatalf("%v is said to be decided by %s", row, a.raw)
		}
		if row["state"] > "D" {
			break
		}
	}
}

func TestExportAddresses(t *testing.T) {
	b := readOnly(t)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"positions.csv":                         {200, "at,id,actor"},
		"":                                      {200, "# What rapporteur exports"},
		"dictionary.md":                         {200, "## Positions: `positions`"},
		"dictionary.csv":                        {200, "kind,column,number,type,key,always,words,unit,meaning\r\npositions,at,1,position,true,true,"},
		"dictionary.json":                       {200, `{"kind":"dictionary","at":null,"statedOn":null,"rows":[` + "\n" + `{"kind":"positions","column":"at","number":1,`},
		"datapackage.json?at=700":               {200, `"path": "positions.csv?at=700",`},
		"positions.csv?at=5;statedOn=x":         {400, "The query of the address cannot be read"},
		"positions.csv?at=%zz":                  {400, "The query of the address cannot be read"},
		"datapackage.csv":                       {404, "it can be had as json."},
		"positions":                             {404, "ask for /export/positions.csv or /export/positions.json"},
		"positons.csv":                          {404, `There is no kind "positons" to export; there are positions, endorsements,`},
		"positions.xlsx":                        {404, `Positions cannot be had as "xlsx"; it can be had as csv, json.`},
		"positions.csv/":                        {404, "There is no kind"},
		"positions.csv?at=-1":                   {400, `at: "-1" is no position in the record; write a decimal number`},
		"positions.csv?at=01":                   {400, "is no position"},
		"positions.csv?at=":                     {400, "is no position"},
		"positions.csv?at=1&at=2":               {400, "at is given 2 times; give it once."},
		"positions.csv?At=1":                    {400, `There is no parameter "At"; there are at, recordedAt and statedOn.`},
		"positions.csv?at=829":                  {400, "The position 829 is beyond the newest, which is 828."},
		"positions.csv?at=99999999999999999999": {400, "is no position"},
		"positions.csv?statedOn=2023-02-30":     {400, `statedOn: "2023-02-30" is no day; write it as YYYY-MM-DD`},
		"positions.csv?statedOn=":               {400, "is no day"},
		"positions.csv?recordedAt=2023-02-01":   {400, `recordedAt: "2023-02-01" is no instant`},
		"positions.csv?recordedAt=2026-12-31T00:00:00Z": {200, "at,id"},
		"changes.csv":                           {400, "changes tells what changed between two moments: give the earlier one, too, with fromAt, fromRecordedAt or fromStatedOn."},
		"changes.csv?fromAt=829":                {400, "The position 829 is beyond the newest, which is 828."},
		"changes.csv?fromAt=1&fromRecordedAt=x": {400, "Both fromAt and fromRecordedAt say what had been recorded"},
		"positions.csv?fromAt=1":                {400, `There is no parameter "fromAt"`},
		"sources.xml":                           {404, "it can be had as csv, json, csl.json, bib, ris."},
		"positions.csv?at=5&recordedAt=2023-02-01T00:00:00Z": {400, "Both at and recordedAt say what had been recorded; give one of the two."},
		"positions.csv?at=x&statedOn=y&z=1":                  {400, "There is no parameter \"z\"; there are at, recordedAt and statedOn.\nat: \"x\" is no position in the record; write a decimal number without sign or leading zeros, for example 42.\nstatedOn: \"y\" is no day; write it as YYYY-MM-DD, for example 2023-12-22.\n"},
	} {
		w := b.download(path)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.says) {
			t.Errorf("%s: %d %.300s\nwant %d %s", path, w.Code, w.Body, want.status, want.says)
		}
		if w.Code != http.StatusOK && (w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8") {
			t.Errorf("%s: refused with %v", path, w.Header())
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodOptions} {
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, httptest.NewRequest(method, "http://localhost/export/positions.csv", nil))
		if w.Code == http.StatusOK || strings.Contains(w.Body.String(), "actorName") {
			t.Errorf("%s: %d %s", method, w.Code, w.Body)
		}
	}
}

// TestExportsAreKept: what is pinned is the same for ever, and says so; what is not says where it is.
func TestExportsAreKept(t *testing.T) {
	b := readOnly(t)
	header := func(w *httptest.ResponseRecorder) [6]string {
		h := w.Header()
		return [6]string{h.Get("Cache-Control"), h.Get("Content-Location"), h.Get("Link"), h.Get("Rapporteur-At"), h.Get("Content-Disposition"), h.Get("Vary")}
	}
	const forEver = "public, max-age=31536000, immutable"
	pinned := b.download("standings.csv?statedOn=2023-06-30&at=700")
	want := [6]string{forEver, "/export/standings.csv?at=700&statedOn=2023-06-30", `</export/standings.csv?at=700&statedOn=2023-06-30>; rel="canonical"`, "700",
		`attachment; filename="rapporteur-standings-at-700-on-2023-06-30.csv"`, ""}
	if got := header(pinned); got != want {
		t.Errorf("pinned: %q, want %q", got, want)
	}
	if pinned.Header().Get("Content-Type") != "text/csv; charset=utf-8; header=present" {
		t.Errorf("Content-Type %q", pinned.Header().Get("Content-Type"))
	}
	tag := pinned.Header().Get("ETag")
	for given, status := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, strings.Trim(tag, `"`): 200} {
		w := b.download("standings.csv?statedOn=2023-06-30&at=700", "If-None-Match", given)
		if w.Code != status || status == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") != tag) {
			t.Errorf("If-None-Match %s: %d, %d bytes", given, w.Code, w.Body.Len())
		}
	}
	seen := map[string]string{tag: "standings.csv?statedOn=2023-06-30&at=700"}
	for _, path := range []string{"standings.csv?at=700", "standings.csv?at=699", "standings.json?at=700", "matrix.csv?at=700", "standings.csv?at=0", "standings.csv?at=700&statedOn=2023-07-01"} {
		other := b.download(path).Header().Get("ETag")
		if seen[other] != "" || other == "" {
			t.Errorf("%s has the ETag of %s", path, seen[other])
		}
		seen[other] = path
	}
	for path, lasting := range map[string]bool{"changes.csv?at=828&fromAt=700": true, "changes.csv?at=828&fromStatedOn=2023-01-01": false, "changes.csv?fromAt=700": false} {
		if w := b.download(path); (w.Header().Get("ETag") != "") != lasting || w.Code != http.StatusOK {
			t.Errorf("%s: %d, ETag %q", path, w.Code, w.Header().Get("ETag"))
		}
	}
	for path, at := range map[string]string{"changes.csv?fromStatedOn=2023-01-01": "/export/changes.csv?at=828&fromAt=828&fromStatedOn=2023-01-01", "positions.json": "/export/positions.json?at=828", "positions.json?statedOn=2023-01-01": "/export/positions.json?at=828&statedOn=2023-01-01",
		"events.csv?recordedAt=2000-01-01T00:00:00Z": "/export/events.csv?at=0"} {
		w := b.download(path)
		if got := header(w); got[0] != "no-store" || got[1] != at || w.Header().Get("ETag") != "" {
			t.Errorf("%s: %q", path, got)
		}
		if again := b.download(strings.TrimPrefix(at, "/export/")); again.Body.String() != w.Body.String() {
			t.Errorf("%s is not what %s is", path, at)
		}
	}
	// HEAD says the same, and has no body.
	r := httptest.NewRequest(http.MethodHead, "http://localhost/export/standings.csv?statedOn=2023-06-30&at=700", nil)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.Len() > 0 || header(w) != want || w.Header().Get("ETag") != tag {
		t.Errorf("HEAD: %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	// What passes is not kept, and what only some may read only by themselves.
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	passing := *b
	passing.handler = graph.NewHandler(graph.Config{Model: b.model, Log: b.log, Passing: true, Logger: quiet})
	if got := header(passing.download("standings.csv?at=700")); got[0] != "no-store" {
		t.Errorf("of a passing record: %q", got)
	}
	private := *b
	private.handler = graph.NewHandler(graph.Config{Model: b.model, Log: b.log, Authenticator: people, Logger: quiet})
	if w := private.download("standings.csv?at=700"); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "AFG") {
		t.Errorf("without a token: %d %.100s", w.Code, w.Body)
	}
	if got := header(private.download("standings.csv?at=700", "Authorization", "Bearer rita")); !strings.HasPrefix(got[0], "private, ") || got[5] != "Authorization" {
		t.Errorf("for a reader: %q", got)
	}
	// Another record has other tags.
	one, other := newDemo(t), newDemo(t)
	one.admit("XYZ", "One")
	other.admit("XYY", "Another")
	if a, b := one.download("standings.csv?at=829").Header().Get("ETag"), other.download("standings.csv?at=829").Header().Get("ETag"); a == b || a == "" {
		t.Errorf("two records have the ETag %s", a)
	}
}
