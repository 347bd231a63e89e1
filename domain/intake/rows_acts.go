package intake

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// readEndorsements reads endorsements.csv: formal acts other than ballots.
func (d *dataset) readEndorsements() {
	once := unique{}
	for _, r := range d.tables["endorsements"].rows {
		columns := map[string]string{"proposal": "proposal", "actor": "actor", "documentSymbol": "document_symbol", "paragraph": "paragraph",
			"kind": "kind", "on": "date"}
		c := domain.RecordEndorsement{Proposal: r.key("proposal"), Actor: d.names.actor(r, "actor"), DocumentSymbol: r.text("document_symbol"),
			Paragraph: r.text("paragraph"), Kind: needWord[domain.EndorsementKind](r, "kind"), On: r.needDay("date")}
		if c.Kind.IsBallot() {
			r.fault("kind", "%s is a ballot; it stands in ballots.csv, and its vote in votes.csv.", r.cells["kind"])
		}
		c.Source = r.source(columns, c.DocumentSymbol, d.shortTitle(c.Proposal))
		if !r.faulty {
			once.twice(r, "actor", "This act of "+c.Actor, c.Actor, c.Proposal, c.DocumentSymbol, c.Paragraph, c.Kind.String(), c.On.String())
		}
		d.add(endorsements, r, domain.Row{
			Key:     r.id("endorsements", append([]string{"date", "proposal", "document_symbol", "paragraph", "actor", "kind"}, sourceColumns...)...),
			Columns: columns, Command: always(c),
		}, c.DocumentSymbol)
	}
}

// ballotBox is the key of a vote.
type ballotBox struct{ symbol, paragraph string }

func (b ballotBox) String() string {
	if b.paragraph == "" {
		return b.symbol + " as a whole"
	}
	return "paragraph " + b.paragraph + " of " + b.symbol
}

// readVotes reads votes.csv and ballots.csv. A vote with all its ballots is one row.
func (d *dataset) readVotes() {
	ballots := map[ballotBox][]*row{}
	for _, r := range d.tables["ballots"].rows {
		box := ballotBox{r.need("document_symbol"), r.text("paragraph")}
		ballots[box] = append(ballots[box], r)
	}
	once := unique{}
	for _, r := range d.tables["votes"].rows {
		columns := map[string]string{"proposal": "proposal", "documentSymbol": "document_symbol", "paragraph": "paragraph", "body": "body", "on": "date",
			"adopted": "adopted", "yes": "yes", "no": "no", "abstain": "abstain", "absent": "absent", "complete": "complete"}
		cells := maps.Clone(r.cells)
		c := domain.RecordVote{
			Proposal: r.key("proposal"), DocumentSymbol: r.need("document_symbol"), Paragraph: r.text("paragraph"), Body: r.need("body"),
			On: r.needDay("date"), Adopted: r.needYes("adopted"), Yes: r.number("yes"), No: r.number("no"), Abstain: r.number("abstain"),
			Absent: r.number("absent"), Complete: r.yes("complete", true), // The default of the public schema.
		}
		box := ballotBox{c.DocumentSymbol, c.Paragraph}
		once.twice(r, "document_symbol", "The vote on "+box.String(), box.symbol, box.paragraph)
		c.Source = r.source(columns, c.DocumentSymbol)
		c.Ballots = d.cast(r, ballots[box], columns, cells)
		delete(ballots, box)
		d.add(votes, r, domain.Row{
			Key: r.id("votes", append([]string{"proposal", "document_symbol", "paragraph", "body", "date", "adopted", "yes", "no", "abstain", "absent",
				"complete", "ballots"}, sourceColumns...)...),
			Columns: columns, Cells: cells, Command: always(c),
		}, c.DocumentSymbol)
	}
	if len(d.tables["votes"].faults) > 0 && len(d.tables["votes"].rows) == 0 {
		return // The votes could not be read; that they are missing is not the ballots' fault.
	}
	for _, box := range slices.SortedFunc(maps.Keys(ballots), func(a, b ballotBox) int { return ballots[a][0].line - ballots[b][0].line }) {
		rows := ballots[box]
		if box.symbol == "" {
			continue // Told as an empty cell.
		}
		rest := ""
		if len(rows) > 1 {
			rest = fmt.Sprintf(" (nor of %s like it)", count(len(rows)-1, "more row"))
		}
		rows[0].fault("document_symbol", "votes.csv has no vote on %s; it has the day and the totals of this ballot%s.", box, rest)
	}
}

// cast reads the ballots of a vote, each State's once.
func (d *dataset) cast(vote *row, rows []*row, columns, cells map[string]string) []domain.CastBallot {
	once := unique{}
	var ballots []domain.CastBallot
	var canonical []string
	for _, r := range rows {
		b := domain.CastBallot{State: d.names.state(r, "state"), Ballot: needWord[domain.Ballot](r, "ballot")}
		if b.State != "" {
			once.twice(r, "state", "The ballot of "+b.State+" in this vote", b.State)
		}
		vote.faulty = vote.faulty || r.faulty
		i := strconv.Itoa(len(ballots))
		for path, column := range map[string]string{"state": "state", "ballot": "ballot"} {
			at := elsewhere(r, column)
			columns["ballots."+i+"."+path], cells[at] = at, r.cells[column]
		}
		ballots = append(ballots, b)
		canonical = append(canonical, b.State+" "+b.Ballot.String())
		vote.needs = append(vote.needs, b.State)
	}
	slices.Sort(canonical) // A vote is the same in whatever order its ballots stand.
	vote.took("ballots", strings.Join(canonical, "\n"))
	return ballots
}
