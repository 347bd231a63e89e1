package graph_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestCitations: each source once, with all that it bears, in every form; what means something to LaTeX is a character.
func TestCitations(t *testing.T) {
	b := newDemo(t)
	hard := map[string]any{"title": "A_B {x}: 50% & #1 \\cite{a} ~^ $5 «да» \"q\" next", "url": "https://example.org/a_{b}%20c#d\\e?x=1&y=2", "symbol": "A/MADE_UP/1", "language": "RU"}
	b.get(submitProposal, "input", map[string]any{"slug": "made-up", "title": "Made up", "submitters": []any{"URY"}, "on": "2026-01-10", "source": hard,
		"document": map[string]any{"symbol": "A/MADE_UP/1", "title": "Made up", "issuedOn": "2026-01-09"}})
	b.get(recordPosition, "input", position(map[string]any{"source": hard}))
	b.get(recordPosition, "input", position(map[string]any{"source": map[string]any{"title": hard["title"], "url": hard["url"], "symbol": hard["symbol"], "locator": "para. 2", "grade": "PRESS"}, "statedOn": "2026-01-16"}))

	table, _ := b.rows("sources", "")
	borne := map[string]map[string]bool{"positions": {}, "endorsements": {}, "submissions": {}}
	keys, found := map[string]bool{}, map[string]string{}
	for _, row := range table {
		if keys[row["key"]] {
			t.Errorf("the key %s is given twice", row["key"])
		}
		keys[row["key"]] = true
		for kind, seen := range borne {
			for _, at := range strings.Split(row[kind], ";") {
				if at != "" && seen[at] {
					t.Errorf("%s %s have more than one source", kind, at)
				}
				seen[at] = true
			}
		}
		if row["symbol"] == "A/MADE_UP/1" {
			found = row
		}
	}
	positions, _ := b.rows("positions", "")
	for _, p := range positions {
		if !borne["positions"][p["at"]] {
			t.Errorf("no source bears the position %s", p["at"])
		}
	}
	acts, _ := b.rows("endorsements", "")
	for _, e := range acts {
		if !borne["endorsements"][e["at"]] {
			t.Errorf("no source bears the act %s", e["at"])
		}
	}
	votes, _ := b.rows("votes", "")
	for _, v := range votes { // Of two of them only the totals are known.
		if !borne["endorsements"][v["at"]] {
			t.Errorf("no source bears the vote %s", v["at"])
		}
	}
	if found["positions"] != "831;832" || found["submissions"] != "829" || found["issued"] != "2026-01-09" || found["languages"] != "RU" ||
		found["grades"] != "PRESS" || found["firstOn"] != "2026-01-10" || found["lastOn"] != "2026-01-16" {
		t.Errorf("the source is %v", found)
	}

	var items []map[string]any
	if err := json.Unmarshal(b.download("sources.csl.json").Body.Bytes(), &items); err != nil || len(items) != len(table) {
		t.Fatalf("%d items for %d sources: %v", len(items), len(table), err)
	}
	for i, item := range items {
		if item["id"] != table[i]["key"] {
			t.Errorf("item %d is %v, the source %s", i, item["id"], table[i]["key"])
		}
		if item["id"] == found["key"] && fmt.Sprint(item["type"], item["title"], item["URL"], item["number"], item["publisher"], item["issued"], item["language"]) !=
			fmt.Sprint("report", hard["title"], hard["url"], "A/MADE_UP/1", "United Nations", "map[date-parts:[[2026 1 9]]]", "ru") {
			t.Errorf("item %v", item)
		}
	}
	bib := b.download("sources.bib").Body.String()
	for _, want := range []string{
		"@techreport{" + found["key"] + ",\n  title = {{A\\_B \\textbraceleft{}x\\textbraceright{}: 50\\% \\& \\#1 \\textbackslash{}cite\\textbraceleft{}a\\textbraceright{} \\textasciitilde{}\\textasciicircum{} \\$5 «да» \"q\" next}},\n",
		"  institution = {{United Nations}},\n  number = {A/MADE\\_UP/1},\n  year = {2026},\n  month = jan,\n  date = {2026-01-09},\n",
		"  url = {https://example.org/a_%7Bb%7D%20c#d%5Ce?x=1&y=2},\n  langid = {russian},\n",
	} {
		if !strings.Contains(bib, want) {
			t.Errorf("BibTeX has no %q in\n%s", want, bib[strings.Index(bib, found["key"]):][:900])
		}
	}
	if open, closed := strings.Count(bib, "{"), strings.Count(bib, "}"); open != closed || strings.Count(bib, "@") < len(table) {
		t.Errorf("BibTeX has %d opening and %d closing braces", open, closed)
	}
	ris := b.download("sources.ris").Body.String()
	for i, record := range strings.Split(strings.TrimSuffix(ris, "\r\n\r\n"), "\r\n\r\n") {
		if !strings.HasPrefix(record, "TY  - ") || !strings.HasSuffix(record, "\r\nER  - ") || !strings.Contains(record, "\r\nID  - "+table[i]["key"]+"\r\n") {
			t.Errorf("RIS record %d is %q", i, record)
		}
	}
	if want := "TI  - A_B {x}: 50% & #1 \\cite{a} ~^ $5 «да» \"q\" next\r\nPB  - United Nations\r\nSN  - A/MADE_UP/1\r\nPY  - 2026\r\nDA  - 2026/01/09\r\n"; !strings.Contains(ris, want) {
		t.Errorf("RIS has no %q", want)
	}
	// On a day on which nothing had been said, there is nothing to cite.
	for name, want := range map[string]string{"sources.csl.json": "[\n]\n", "sources.bib": "", "sources.ris": ""} {
		if got := b.download(name + "?statedOn=1999-01-01"); got.Code != http.StatusOK || got.Body.String() != want {
			t.Errorf("%s: %d %q", name, got.Code, got.Body)
		}
	}
}

// TestNetwork: the network of affinities is the table, with all Member States.
func TestNetwork(t *testing.T) {
	b := newDemo(t)
	b.admit("XYZ", `A <"&'> B`)
	w := b.download("affinities.gexf")
	var network struct {
		XMLName xml.Name `xml:"http://gexf.net/1.3 gexf"`
		Version string   `xml:"version,attr"`
		Graph   struct {
			Type  string `xml:"defaultedgetype,attr"`
			Nodes []struct {
				ID    string `xml:"id,attr"`
				Label string `xml:"label,attr"`
			} `xml:"nodes>node"`
			Edges []struct {
				ID     string `xml:"id,attr"`
				Source string `xml:"source,attr"`
				Target string `xml:"target,attr"`
				Weight string `xml:"weight,attr"`
				Values []struct {
					For   string `xml:"for,attr"`
					Value string `xml:"value,attr"`
				} `xml:"attvalues>attvalue"`
			} `xml:"edges>edge"`
		} `xml:"graph"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &network); err != nil || w.Header().Get("Content-Type") != "application/gexf+xml" {
		t.Fatalf("%v: %v", w.Header(), err)
	}
	names := map[string]string{}
	for _, n := range network.Graph.Nodes {
		names[n.ID] = n.Label
	}
	if len(names) != 194 || names["XYZ"] != `A <"&'> B` || network.Version != "1.3" || network.Graph.Type != "undirected" {
		t.Errorf("%d nodes, %q, version %s", len(names), names["XYZ"], network.Version)
	}
	table, _ := b.rows("affinities", "")
	if len(table) != len(network.Graph.Edges) || len(table) == 0 {
		t.Fatalf("%d edges for %d pairs", len(network.Graph.Edges), len(table))
	}
	for i, e := range network.Graph.Edges {
		row := table[i]
		if e.Source != row["a"] || e.Target != row["b"] || e.Weight != row["similarity"] || len(e.Values) != 1 || e.Values[0].For != "shared" || e.Values[0].Value != row["shared"] || names[e.Source] == "" {
			t.Fatalf("edge %v, row %v", e, row)
		}
	}
}
