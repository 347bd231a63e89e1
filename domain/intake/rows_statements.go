package intake

import (
	"fmt"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// readPositions reads positions.csv: what was said, and what was later taken back.
func (d *dataset) readPositions() {
	once := unique{}
	for _, r := range d.tables["positions"].rows {
		columns := map[string]string{"actor": "actor", "alignedWith": "aligned_with", "dissociated": "dissociated", "target": "proposal",
			"target.proposal": "proposal", "target.option": "option", "stance": "stance", "form": "form", "explains": "explains",
			"statedOn": "date", "session": "session", "summary": "summary", "points": "points"}
		c := domain.RecordPosition{
			Actor: d.names.actor(r, "actor"), AlignedWith: d.names.stateList(r, "aligned_with"), Dissociated: d.names.stateList(r, "dissociated"),
			Target: r.target(), Stance: word[domain.Stance](r, "stance"), Form: word[domain.StatementForm](r, "form"),
			StatedOn: r.needDay("date"), Session: r.text("session"), Summary: r.need("summary"), Points: r.points("points"),
		}
		if c.Session != "" {
			r.needs = append(r.needs, c.Session)
		}
		title := ""
		if c.Target.IsProposal() {
			title = d.shortTitle(c.Target.Proposal)
		}
		c.Source = r.source(columns, r.cells["source_symbol"], r.cells["symbol"], title)
		if !r.faulty { // The key is known only where what it is made of could be read.
			once.twice(r, "date", fmt.Sprintf("A position of %s on %s on %s", c.Actor, c.Target.Key(), c.StatedOn), c.Actor, c.Target.Key(), c.StatedOn.String())
		}
		withdrawnOn := r.day("withdrawn_on")

		stage, explains := positions, r.text("explains")
		if explains != "" {
			stage = explanations
			symbol, _ := act(explains)
			r.needs = append(r.needs, symbol)
		}
		d.add(stage, r, domain.Row{
			Key: r.id("positions", append([]string{"date", "session", "actor", "aligned_with", "dissociated", "proposal", "element", "option",
				"stance", "form", "explains", "summary", "points"}, sourceColumns...)...),
			Columns: columns, Command: recordPosition(c, explains),
		}, positionKey(c))
		if withdrawnOn != 0 {
			r.needs = append(r.needs, positionKey(c))
			d.add(withdrawals, r, domain.Row{
				Key:     r.id("positions.withdrawal", append([]string{"date", "actor", "proposal", "element", "option", "withdrawn_on"}, sourceColumns...)...),
				Columns: r.withdrawalColumns(columns), Command: withdrawPosition(c, withdrawnOn),
			})
		}
	}
}

// positionKey names a position in links between rows.
func positionKey(c domain.RecordPosition) string {
	return c.Actor + " " + c.StatedOn.String() + " " + c.Target.Key()
}

func (r *row) withdrawalColumns(position map[string]string) map[string]string {
	columns := map[string]string{"actor": "actor", "position": "withdrawn_on", "on": "withdrawn_on"}
	for path, column := range position {
		if strings.HasPrefix(path, "source.") {
			columns[path] = column
		}
	}
	return columns
}

// target reads what a position is about: a proposal, or an element and an option.
func (r *row) target() domain.Target {
	proposal, element, option := r.text("proposal"), r.text("element"), r.text("option")
	switch {
	case proposal != "" && (element != "" || option != ""):
		r.fault("proposal", "Both a proposal and an option are named; a position is on one of the two.")
	case proposal != "":
		r.needs = append(r.needs, proposal)
		return domain.OnProposal(proposal)
	case element == "" && option == "":
		r.fault("proposal", "The row names nothing that the position is on; name a proposal, or an element and its option.")
	case element == "":
		r.fault("element", "The option %s is named without its element.", option)
	case option == "":
		r.fault("option", "The element %s is named without one of its options; a position is on an option.", element)
	default:
		r.needs = append(r.needs, element, element+"/"+option)
	}
	return domain.OnOption(element, option)
}

// act takes apart what a position explains: the symbol of a document, and a paragraph after #.
func act(explains string) (symbol, paragraph string) {
	if i := strings.LastIndexByte(explains, '#'); i >= 0 {
		return strings.TrimSpace(explains[:i]), strings.TrimSpace(explains[i+1:])
	}
	return explains, ""
}

func recordPosition(c domain.RecordPosition, explains string) func(*domain.World) (domain.Command, *domain.Refusal) {
	if explains == "" {
		return always(c)
	}
	return func(w *domain.World) (domain.Command, *domain.Refusal) {
		symbol, paragraph := act(explains)
		ref, ok := w.Act(c.Actor, symbol, paragraph)
		if !ok {
			of := "as a whole"
			if paragraph != "" {
				of = "paragraph " + paragraph
			}
			return nil, domain.Refuse(domain.NotFound, "explains", fmt.Sprintf(
				"There is no act or ballot of %s on %s, %s; write the document symbol, and # and the paragraph for an act on one paragraph.", c.Actor, shown(symbol), of))
		}
		explained := c
		explained.Explains = &ref
		return explained, nil
	}
}

func withdrawPosition(c domain.RecordPosition, on domain.Date) func(*domain.World) (domain.Command, *domain.Refusal) {
	return func(w *domain.World) (domain.Command, *domain.Refusal) {
		revision, ok := w.Position(c.Actor, c.StatedOn, c.Target)
		if !ok {
			return nil, domain.Refuse(domain.NotFound, "position", fmt.Sprintf("There is no position of %s on %s of %s that could be withdrawn.",
				c.Actor, c.Target.Key(), c.StatedOn))
		}
		return domain.WithdrawPosition{Actor: c.Actor, Position: revision, On: on, Source: c.Source}, nil
	}
}
