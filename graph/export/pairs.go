package export

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
)

// ---- Affinities.

var affinities = &table[*projections.Affinity]{
	Kind: Kind{
		Name: "affinities", Title: "Affinities",
		Meaning: "One row for each pair of Member States that share a target on which both have a stance of their own: how alike they are in what is recorded of their own words and acts. Most alike first, then by the two codes. As GEXF it is the network of all Member States, for Gephi and other programs that draw networks; a node has the cluster of the API's landscape, where it has a place there.",
	},
	columns: []column[*projections.Affinity]{
		{Field{Name: "a", Type: Word, Always: true, Key: true, Meaning: "Code of the State with the lesser code."}, func(a *projections.Affinity) cell { return coded(a.A.Code) }},
		{Field{Name: "b", Type: Word, Always: true, Key: true, Meaning: "Code of the other State."}, func(a *projections.Affinity) cell { return coded(a.B.Code) }},
		{Field{Name: "similarity", Type: Number, Always: true, Unit: "0 to 1", Meaning: "1 less the mean share of the stance distance taken."}, func(a *projections.Affinity) cell { return shareOrNone(a.Similarity()) }},
		{Field{Name: "shared", Type: Integer, Always: true, Unit: "targets", Meaning: "On how many targets both have a stance of their own: over few of them a similarity says little."}, func(a *projections.Affinity) cell { return count(a.Shared) }},
	},
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[*projections.Affinity, error] {
		return func(yield func(*projections.Affinity, error) bool) {
			// In one go: each page would compare all pairs again, and their number is that of the States squared, whatever is recorded.
			members := len(v.MemberStates())
			s := v.Affinities(nil, 1, projections.Page[projections.AffinityKey]{First: members * members})
			for i := range s.Items {
				if !yield(&s.Items[i], nil) {
					return
				}
			}
		}
	},
}

// minDeclared is on how many targets a State must have a stance of its own to have a cluster: the API's default for the landscape.
const minDeclared = 3

// gexf writes the network of affinities in the Graph Exchange XML Format, version 1.3 (gexf.net/1.3): a node for each Member State,
// an undirected edge for each row of the table.
func gexf(ctx context.Context, w io.Writer, record Record, v view) error {
	s := sheet{w: w, b: make([]byte, 0, 2*chunk)}
	s.b = append(s.b, `<?xml version="1.0" encoding="UTF-8"?>
<gexf xmlns="http://gexf.net/1.3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://gexf.net/1.3 http://gexf.net/1.3/gexf.xsd" version="1.3">
  <meta>
    <creator>rapporteur</creator>
`...)
	s.b = fmt.Appendf(s.b, "    <description>Affinities of Member States in what is recorded of their own words and acts, %s. A cluster is no alliance.</description>\n", spoken(v))
	s.b = append(s.b, `  </meta>
  <graph defaultedgetype="undirected" mode="static">
    <attributes class="node" mode="static">
      <attribute id="regionalGroup" title="regionalGroup" type="string"/>
      <attribute id="cluster" title="cluster" type="integer"/>
    </attributes>
    <attributes class="edge" mode="static">
      <attribute id="shared" title="shared" type="integer"/>
    </attributes>
    <nodes>
`...)
	clusters := map[string]int{}
	for _, place := range v.Landscape(minDeclared).Places {
		clusters[place.State.Code] = place.Cluster
	}
	for _, state := range v.MemberStates() {
		s.b = fmt.Appendf(s.b, "      <node id=\"%s\" label=\"%s\"><attvalues><attvalue for=\"regionalGroup\" value=\"%s\"/>",
			state.Code, xmlText(state.Name(domain.English)), state.RegionalGroup)
		if cluster := clusters[state.Code]; cluster > 0 {
			s.b = fmt.Appendf(s.b, "<attvalue for=\"cluster\" value=\"%d\"/>", cluster)
		}
		s.b = append(s.b, "</attvalues></node>\n"...)
	}
	s.b = append(s.b, "    </nodes>\n    <edges>\n"...)
	for a, err := range affinities.rows(ctx, record, v) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		similarity := shareOrNone(a.Similarity())
		s.b = fmt.Appendf(s.b, "      <edge id=\"%[1]s-%[2]s\" source=\"%[1]s\" target=\"%[2]s\" weight=\"%[3]s\"><attvalues><attvalue for=\"shared\" value=\"%[4]d\"/></attvalues></edge>\n",
			a.A.Code, a.B.Code, similarity.text, a.Shared)
		if err := s.spill(chunk); err != nil {
			return err
		}
	}
	s.b = append(s.b, "    </edges>\n  </graph>\n</gexf>\n"...)
	return s.spill(1)
}

// spoken is the moment in words.
func spoken(v view) string {
	m := v.Moment()
	text := "at position " + projections.LogPosition(m.At) + " of the record"
	if m.On != 0 {
		text += ", as things stood on " + m.On.String()
	}
	return text
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", " ", "\t", " ")

func xmlText(s string) string { return xmlEscapes.Replace(s) }

// ---- Changes.

type changeRow struct {
	*projections.StandingChange
	label    string
	evidence []string
	decides  decision
}

var changes = &table[changeRow]{
	Kind: Kind{
		Name: "changes", Title: "Changes of standings",
		Meaning: "One row for each Member State and target of the moment whose stance differs from that at an earlier moment, which is asked for with fromAt, fromRecordedAt and fromStatedOn (--from-at, --from-recorded-at, --from-stated-on). By target, then by the State's code.",
	},
	columns: with([]column[changeRow]{
		{Field{Name: "target", Type: Word, Always: true, Key: true, Meaning: "`proposal:<slug>` or `option:<element>/<key>`."}, func(r changeRow) cell { return coded(r.Target.Key()) }},
		{Field{Name: "state", Type: Word, Always: true, Key: true, Meaning: "Code of the Member State."}, func(r changeRow) cell { return coded(r.State.Code) }},
		{Field{Name: "targetLabel", Type: Text, Always: true, Meaning: "The proposal's title or the option's label."}, func(r changeRow) cell { return said(r.label) }},
		{Field{Name: "stateName", Type: Text, Always: true, Meaning: "The State's name in English."}, func(r changeRow) cell { return said(r.State.Name(domain.English)) }},
		{Field{Name: "regionalGroup", Type: Enum, Always: true, Words: words(domain.WEOG), Meaning: "The State's regional group."}, func(r changeRow) cell { return coded(r.State.RegionalGroup.String()) }},
		{Field{Name: "before", Type: Enum, Words: words(domain.Oppose), Meaning: "Its stance at the earlier moment; empty where none was on record."}, func(r changeRow) cell { return coded(r.Before.String()) }},
		{Field{Name: "after", Type: Enum, Words: words(domain.Oppose), Meaning: "Its stance at the moment; empty where none is on record."}, func(r changeRow) cell { return coded(r.After.String()) }},
		{Field{Name: "cause", Type: Enum, Always: true, Words: words(projections.Corrected), Meaning: "Why it changed."}, func(r changeRow) cell { return coded(r.Cause.String()) }},
		{Field{Name: "decidedBy", Type: Enum, Words: []string{"Position", "Submission", "Endorsement"}, Meaning: "Type of what decides afterwards or, where nothing does, of what had decided before."}, func(r changeRow) cell {
			if r.decides.source == nil {
				return cell{}
			}
			return coded(evidenceTypes[r.decides.evidence.Kind].String())
		}},
		{Field{Name: "decidedByAt", Type: Position, Meaning: "Its `at`; of a ballot that of the vote."}, func(r changeRow) cell { return place(r.decides.evidence.At) }},
		{Field{Name: "decidedByActors", Type: List, Meaning: "Codes of those who said or did it."}, func(r changeRow) cell { return codes(r.decides.actors) }},
		{Field{Name: "decidedOn", Type: Day, Meaning: "Its day."}, func(r changeRow) cell { return day(r.decides.on) }},
		{Field{Name: "evidence", Type: List, Meaning: "API ids, as of now, of all that bears on the standing afterwards or, where nothing does, before: what decides first (where anything does)."}, func(r changeRow) cell { return codes(r.evidence) }},
	}, sourceColumns(func(r changeRow) *domain.Source { return r.decides.source })),
	rows: func(_ context.Context, record Record, v view) iter.Seq2[changeRow, error] {
		return func(yield func(changeRow, error) bool) {
			labels := labelsOf(v.View)
			before := record.Model.View(*v.from)
			for c := range inPages(func(page projections.Page[projections.ChangeKey]) projections.Slice[projections.StandingChange] {
				return v.Changes(*v.from, projections.ChangeFilter{}, page)
			}, func(c *projections.StandingChange) projections.ChangeKey { return c.Key() }) {
				in, evidence := c.Evidence(before, v.View)
				row := changeRow{StandingChange: c, label: labels(c.Target)}
				for _, e := range evidence {
					row.evidence = append(row.evidence, evidenceID(in, e))
				}
				if standing, ok := in.Standing(c.State.Code, c.Target); ok && standing.Stance != 0 {
					row.decides = decides(in, evidence[0])
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	},
}
