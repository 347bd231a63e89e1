package domain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Difference is a field in which what is on record is not what a command says.
type Difference struct {
	// Path names the field as the path of a Fault does.
	Path string
	// Recorded and Given are the two values, as a person reads them; of lists, what only one of them has. Empty is nothing.
	Recorded, Given string
}

type differences []Difference

func (d differences) match() (Match, []Difference) {
	if len(d) == 0 {
		return Same, nil
	}
	return Different, d
}

// differ compares a field.
func differ[T comparable](d *differences, path string, recorded, given T) {
	if recorded != given {
		*d = append(*d, Difference{path, readable(recorded), readable(given)})
	}
}

// differSets compares lists without an order.
func differSets[T comparable](d *differences, path string, recorded, given []T) {
	if sameSet(recorded, given) {
		return
	}
	*d = append(*d, Difference{path, readableAll(without(recorded, given)), readableAll(without(given, recorded))})
}

// differLists compares lists in their order.
func differLists[T comparable](d *differences, path string, recorded, given []T) {
	if !slices.Equal(recorded, given) {
		*d = append(*d, Difference{path, readableAll(recorded), readableAll(given)})
	}
}

// without gives what a list has more than another.
func without[T comparable](list, other []T) []T {
	rest := slices.Clone(other)
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool {
		at := slices.Index(rest, v)
		if at >= 0 {
			rest = slices.Delete(rest, at, at+1)
		}
		return at >= 0
	})
}

// sources compares sources of which there may be none.
func (d *differences) sources(recorded, given *Source) {
	if recorded == nil || given == nil {
		if recorded != given {
			*d = append(*d, Difference{"source", titleOf(recorded), titleOf(given)})
		}
		return
	}
	differ(d, "source.title", recorded.Title, given.Title)
	differ(d, "source.url", recorded.URL, given.URL)
	differ(d, "source.symbol", recorded.Symbol, given.Symbol)
	differ(d, "source.locator", recorded.Locator, given.Locator)
	differ(d, "source.language", recorded.Language, given.Language)
	differ(d, "source.quote", recorded.Quote, given.Quote)
	differ(d, "source.grade", recorded.Grade, given.Grade)
}

func titleOf(s *Source) string {
	if s == nil {
		return ""
	}
	return s.Title
}

// documents compares documents of which there may be none.
func (d *differences) documents(recorded, given *Document) {
	if recorded == nil || given == nil {
		if recorded != given {
			*d = append(*d, Difference{"document", nameOf(recorded), nameOf(given)})
		}
		return
	}
	differ(d, "document.symbol", recorded.Symbol, given.Symbol)
	differ(d, "document.title", recorded.Title, given.Title)
	differ(d, "document.language", recorded.Language, given.Language)
	differ(d, "document.issuedOn", recorded.IssuedOn, given.IssuedOn)
	differ(d, "document.url", recorded.URL, given.URL)
	if !strings.EqualFold(recorded.SHA256, given.SHA256) {
		*d = append(*d, Difference{"document.sha256", recorded.SHA256, given.SHA256})
	}
	if !slices.Equal(recorded.Paragraphs, given.Paragraphs) {
		*d = append(*d, paragraphs(recorded.Paragraphs, given.Paragraphs))
	}
}

// nameOf is what a document is called by: its symbol, or the title of one that has none.
func nameOf(document *Document) string {
	if document == nil {
		return ""
	}
	return cmp.Or(document.Symbol, document.Title)
}

// paragraphs tells the first paragraph that differs, or how many there are where one list goes on after the other's end.
func paragraphs(recorded, given []Paragraph) Difference {
	for i := range min(len(recorded), len(given)) {
		if r, g := recorded[i], given[i]; r != g {
			return Difference{fmt.Sprintf("document.paragraphs[%d]", i), paragraph(r), paragraph(g)}
		}
	}
	return Difference{"document.paragraphs", fmt.Sprintf("%d paragraphs", len(recorded)), fmt.Sprintf("%d paragraphs", len(given))}
}

func paragraph(p Paragraph) string { return fmt.Sprintf("%s %d: %s", p.Kind, p.Number, p.Text) }

func differencesOfPositions(recorded, given PositionStated) []Difference {
	var d differences
	differ(&d, "actor", recorded.Actor, given.Actor)
	differ(&d, "statedOn", recorded.StatedOn, given.StatedOn)
	differ(&d, "target", recorded.Target, given.Target)
	differ(&d, "stance", recorded.Stance, given.Stance)
	differ(&d, "summary", recorded.Summary, given.Summary)
	differLists(&d, "points", recorded.Points, given.Points)
	differ(&d, "session", recorded.Session, given.Session)
	differ(&d, "form", recorded.Form, given.Form)
	if !sameAct(recorded.Explains, given.Explains) {
		d = append(d, Difference{"explains", actOf(recorded.Explains), actOf(given.Explains)})
	}
	differSets(&d, "alignedWith", recorded.AlignedWith, given.AlignedWith)
	differSets(&d, "dissociated", recorded.Dissociated, given.Dissociated)
	d.sources(&recorded.Source, &given.Source)
	return d
}

func actOf(ref *ActRef) string {
	if ref == nil {
		return ""
	}
	return fmt.Sprintf("an act on %s", ref.Proposal)
}

// differencesOfEnds compares ends of a proposal, which may be of two kinds.
func differencesOfEnds(recorded, given Event) []Difference {
	a, b := endOf(recorded), endOf(given)
	var d differences
	differ(&d, "", a.what, b.what) // What became of it is no field of its own.
	differ(&d, "on", a.on, b.on)
	if a.what == b.what {
		differ(&d, a.path, a.by, b.by)
		differ(&d, "symbol", a.symbol, b.symbol)
		differ(&d, "withoutVote", a.withoutVote, b.withoutVote)
	}
	d.sources(&a.source, &b.source)
	return d
}

type endParts struct {
	what, path, by, symbol string
	withoutVote            bool
	on                     Date
	source                 Source
}

func endOf(e Event) endParts {
	switch e := e.(type) {
	case ProposalMerged:
		return endParts{what: "merged", path: "into", by: e.Into, on: e.On, source: e.Source}
	case ProposalSuperseded:
		return endParts{what: "superseded", path: "by", by: e.By, on: e.On, source: e.Source}
	case ProposalWithdrawn:
		return endParts{what: "withdrawn", on: e.On, source: e.Source}
	case ProposalAdopted:
		return endParts{what: "adopted", path: "by", by: e.By, symbol: e.Symbol, withoutVote: e.WithoutVote, on: e.On, source: e.Source}
	}
	panic(fmt.Sprintf("domain: %T is no end of a proposal", e))
}

// readable writes a value for a sentence.
func readable(v any) string {
	switch v := v.(type) {
	case Target:
		return v.Key()
	case OptionRef:
		return v.Element + "/" + v.Option
	case LocalizedName:
		return strings.TrimSpace(v.Name + " " + v.FormalName)
	case Point:
		return v.Kind.String() + ": " + v.Text
	case CastBallot:
		return v.State + " " + v.Ballot.String()
	}
	return fmt.Sprint(v)
}

func readableAll[T any](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = readable(v)
	}
	return strings.Join(words, ", ")
}
