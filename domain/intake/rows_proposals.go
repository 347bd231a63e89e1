package intake

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

// proposal is what other rows of a data set must know of a proposal, whether or not its row has a fault.
type proposal struct {
	title, short string
	capacity     string
	documents    map[string]*taken // What each of its documents takes, by symbol; one without a symbol under the empty one.
}

// taken are the options of one document.
type taken struct {
	rows []*row
	refs []domain.OptionRef
}

// shortTitle is what a source is called that has no title: the proposal's short title, or what else it is known by.
func (d *dataset) shortTitle(slug string) string {
	if p := d.proposals[slug]; p != nil {
		return cmp.Or(p.short, p.title, slug)
	}
	return slug // Submitted before, and not in this data set.
}

// readProposals reads proposals.csv, revisions.csv and proposal-options.csv. The options belong to the submission that brought
// in their document.
func (d *dataset) readProposals() {
	for _, r := range d.tables["proposals"].rows {
		if slug := r.cells["proposal"]; d.proposals[slug] == nil {
			d.proposals[slug] = &proposal{title: r.cells["title"], short: r.cells["short_title"], capacity: r.cells["capacity"],
				documents: map[string]*taken{r.cells["document_symbol"]: {}}}
		}
	}
	for _, r := range d.tables["revisions"].rows {
		slug, symbol := r.cells["proposal"], r.cells["document_symbol"]
		if d.proposals[slug] == nil {
			d.proposals[slug] = &proposal{documents: map[string]*taken{}}
		}
		if d.proposals[slug].documents[symbol] == nil {
			d.proposals[slug].documents[symbol] = &taken{}
		}
	}
	d.readProposalOptions()

	given := map[*taken]bool{} // To the first submission with the document.
	once := unique{}
	for _, r := range d.tables["proposals"].rows {
		d.readProposal(r, once, given)
	}
	once = unique{}
	for _, r := range d.tables["revisions"].rows {
		d.readRevision(r, once, given)
	}
}

func (d *dataset) readProposalOptions() {
	once := unique{}
	for _, r := range d.tables["proposal-options"].rows {
		slug, symbol := r.need("proposal"), r.text("document_symbol")
		ref := domain.OptionRef{Element: r.need("element"), Option: r.need("option")}
		once.twice(r, "option", "The option "+ref.Element+"/"+ref.Option+" of this document", slug, symbol, ref.Element, ref.Option)
		p := d.proposals[slug]
		switch {
		case slug == "":
		case p == nil:
			r.fault("proposal", "Neither proposals.csv nor revisions.csv has a submission of %s that could take the option.", slug)
		case p.documents[symbol] == nil && symbol == "":
			r.fault("document_symbol", "Every submission of %s has a document symbol; say which document takes the option.", slug)
		case p.documents[symbol] == nil:
			r.fault("document_symbol", "No submission of %s has the document %s.", slug, symbol)
		default:
			p.documents[symbol].rows = append(p.documents[symbol].rows, r)
			p.documents[symbol].refs = append(p.documents[symbol].refs, ref)
		}
	}
}

// takeOptions gives a row the options of its document, unless an earlier row has them.
func (d *dataset) takeOptions(r *row, slug, symbol string, given map[*taken]bool, columns, cells map[string]string) []domain.OptionRef {
	p := d.proposals[slug]
	if p == nil || p.documents[symbol] == nil || given[p.documents[symbol]] {
		return nil
	}
	taken := p.documents[symbol]
	given[taken] = true
	var keys []string
	for i, o := range taken.rows {
		key := taken.refs[i].Element + "/" + taken.refs[i].Option
		at := elsewhere(o, "option")
		columns["options."+strconv.Itoa(i)], cells[at] = at, o.cells["option"]
		keys = append(keys, key)
		r.needs = append(r.needs, key, taken.refs[i].Element)
		r.faulty = r.faulty || o.faulty
	}
	r.took("options", strings.Join(keys, "\n"))
	return taken.refs
}

// chair reads the capacity in which a proposal was brought in.
func (r *row) chair(cell string) bool {
	switch strings.ToLower(cell) {
	case "":
		return false
	case "chair":
		r.took("capacity", "chair")
		return true
	}
	r.fault("capacity", "%q is no capacity; write chair, or leave the cell empty.", cell)
	return false
}

func (d *dataset) readProposal(r *row, once unique, given map[*taken]bool) {
	columns := map[string]string{"slug": "proposal", "title": "title", "summary": "summary", "submitters": "submitters",
		"inCapacityOfChair": "capacity", "on": "date", "document.symbol": "document_symbol", "document.title": "title"}
	cells := maps.Clone(r.cells)
	c := domain.SubmitProposal{Slug: r.need("proposal"), Title: r.need("title"), Summary: r.text("summary"), On: r.needDay("date"),
		InCapacityOfChair: r.chair(r.cells["capacity"])}
	once.twice(r, "proposal", "The proposal "+c.Slug, c.Slug)
	if r.need("submitters") != "" {
		c.Submitters = d.names.actorList(r, "submitters")
	}
	symbol := r.text("document_symbol")
	if symbol != "" {
		c.Document = &domain.Document{Symbol: symbol, Title: c.Title}
	}
	c.Source = r.source(columns, symbol, d.shortTitle(c.Slug))
	c.Options = d.takeOptions(r, c.Slug, symbol, given, columns, cells)
	end, endColumns := d.readEnd(r, c.Slug, c.On, c.Source)

	d.add(submissions, r, domain.Row{
		Key: r.id("proposals", append([]string{"proposal", "title", "summary", "submitters", "capacity", "date", "document_symbol", "options"},
			sourceColumns...)...),
		Columns: columns, Cells: cells, Command: always(c),
	}, c.Slug)
	if end != nil {
		r.needs = append(r.needs, c.Slug)
		d.add(ends, r, domain.Row{
			Key: r.id("proposals.end", append([]string{"proposal", "status", "status_on", "adopted_by", "without_vote", "successor", "outcome_symbol"},
				sourceColumns...)...),
			Columns: endColumns, Command: always(end),
		})
	}
}

// The words for where a proposal stands.
var statuses = []string{"submitted", "merged", "superseded", "withdrawn", "adopted"}

// readEnd reads how the proposal ended, nil where it did not. Its source is that of the row.
func (d *dataset) readEnd(r *row, slug string, submitted domain.Date, source domain.Source) (domain.Command, map[string]string) {
	columns := map[string]string{"slug": "proposal", "on": "status_on", "symbol": "outcome_symbol", "by": "adopted_by", "withoutVote": "without_vote",
		"into": "successor", "source.title": "source_title", "source.url": "source_url"}
	status := strings.ToLower(cmp.Or(r.cells["status"], "submitted"))
	r.took("status", status)
	fits := func(column string, of ...string) { // A cell that says nothing of this status is a slip in one of the two.
		if r.cells[column] == "" {
			return
		}
		for _, s := range of {
			if s == status {
				return
			}
		}
		r.fault(column, "Only a proposal that is %s has its %s; this one is %s.", list(of, "or"), column, status)
	}
	needs := func(column string) {
		if r.cells[column] == "" {
			r.fault(column, "The cell is empty; a proposal that is %s has its %s.", status, column)
		}
	}
	needsDay := func() domain.Date {
		needs("status_on")
		return r.day("status_on")
	}
	successor := func() string {
		needs("successor")
		r.needs = append(r.needs, r.cells["successor"])
		return r.text("successor")
	}
	var end domain.Command
	switch status {
	case "submitted":
		if on := r.day("status_on"); on != 0 && on != submitted {
			r.fault("status_on", "This proposal is submitted, which it was on its date; give the status that it had from this day on.")
		}
	case "merged":
		end = domain.MergeProposal{Slug: slug, Into: successor(), On: needsDay(), Source: source}
	case "superseded":
		columns["by"] = "successor"
		end = domain.SupersedeProposal{Slug: slug, By: successor(), On: needsDay(), Source: source}
	case "withdrawn":
		end = domain.WithdrawProposal{Slug: slug, On: r.needDay("status_on"), Source: source}
	case "adopted":
		needs("adopted_by")
		needs("without_vote") // Whether there was a vote decides a figure: it is said, not assumed.
		end = domain.AdoptProposal{Slug: slug, Symbol: r.text("outcome_symbol"), By: r.text("adopted_by"), WithoutVote: r.yes("without_vote", false),
			On: needsDay(), Source: source}
	default:
		r.fault("status", "%q is no status of a proposal; it is one of %s.", r.cells["status"], list(statuses, "or"))
		return nil, nil
	}
	fits("successor", "merged", "superseded")
	fits("adopted_by", "adopted")
	fits("without_vote", "adopted")
	fits("outcome_symbol", "adopted")
	return end, columns
}

func (d *dataset) readRevision(r *row, once unique, given map[*taken]bool) {
	columns := map[string]string{"slug": "proposal", "title": "title", "summary": "summary", "submitters": "submitters",
		"inCapacityOfChair": "capacity", "on": "date", "document.symbol": "document_symbol", "document.title": "title"}
	cells := maps.Clone(r.cells)
	c := domain.ReviseProposal{Slug: r.key("proposal"), On: r.needDay("date")}
	symbol := r.text("document_symbol")
	once.twice(r, "date", "This revision of "+c.Slug, c.Slug, c.On.String(), symbol)
	capacity := r.cells["capacity"]
	if submitters := d.names.actorList(r, "submitters"); len(submitters) > 0 {
		c.Submitters = domain.To(submitters)
	} else if p := d.proposals[c.Slug]; capacity == "" && p != nil && strings.EqualFold(p.capacity, "chair") {
		capacity = "chair" // Who submits as before submits as chair, as before: no support is meant by it.
	}
	c.InCapacityOfChair = r.chair(capacity)
	if title := r.text("title"); title != "" {
		c.Title = domain.To(title)
	}
	if summary := r.text("summary"); summary != "" {
		c.Summary = domain.To(summary)
	}
	if symbol != "" {
		c.Document = &domain.Document{Symbol: symbol, Title: cmp.Or(c.Title.Value, d.title(c.Slug))}
	}
	c.Source = r.source(columns, symbol, d.shortTitle(c.Slug))
	// A revision without options keeps those before.
	if options := d.takeOptions(r, c.Slug, symbol, given, columns, cells); len(options) > 0 {
		c.Options = domain.To(options)
	}
	d.add(revisions, r, domain.Row{
		Key: r.id("revisions", append([]string{"proposal", "title", "summary", "submitters", "capacity", "date", "document_symbol", "options"},
			sourceColumns...)...),
		Columns: columns, Cells: cells, Command: always(c),
	})
}

// title is the title of a document of a proposal.
func (d *dataset) title(slug string) string {
	if p := d.proposals[slug]; p != nil {
		return cmp.Or(p.title, slug)
	}
	return slug
}
