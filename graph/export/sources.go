package export

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
)

// sourceName is what makes a source one and the same: what it is called and where it is. Locator, quotation and grade are of a
// statement.
type sourceName struct{ title, url, symbol string }

type sourceRow struct {
	sourceName
	key                                    string
	languages                              []string
	grades                                 []string
	positions, acts, submissions           []uint64
	first, last                            domain.Date // Days of what it bears.
	issued                                 domain.Date // Of the document on record with the same symbol; zero where none says.
	positionTexts, actTexts, proposalTexts []string
}

var sources = &table[*sourceRow]{
	Kind: Kind{
		Name: "sources", Title: "Sources",
		Meaning: "One row for each source, that is each title, address and symbol, with what it bears at the moment: positions, formal acts and votes, submissions. By title, then address, then symbol. As CSL-JSON, BibTeX and RIS it is a bibliography. A source has no date of its own on record: issued is the day of issue of the document on record with the same symbol, where there is one, and nothing otherwise.",
	},
	columns: []column[*sourceRow]{
		{Field{Name: "key", Type: Word, Always: true, Key: true, Meaning: "Key to cite it by: made of title, address and symbol alone, so that it stays the same."}, func(r *sourceRow) cell { return coded(r.key) }},
		{Field{Name: "title", Type: Text, Always: true, Meaning: "Title of the source."}, func(r *sourceRow) cell { return said(r.title) }},
		{Field{Name: "url", Type: Text, Meaning: "Address of the source."}, func(r *sourceRow) cell { return said(r.url) }},
		{Field{Name: "symbol", Type: Text, Meaning: "United Nations document symbol."}, func(r *sourceRow) cell { return said(r.symbol) }},
		{Field{Name: "issued", Type: Day, Meaning: "Day of issue."}, func(r *sourceRow) cell { return day(r.issued) }},
		{Field{Name: "languages", Type: List, Words: words(domain.Spanish), Meaning: "Its languages."}, func(r *sourceRow) cell { return codes(r.languages) }},
		{Field{Name: "grades", Type: List, Words: words(domain.MachineSummary), Meaning: "How near it is to what was said or done."}, func(r *sourceRow) cell { return codes(r.grades) }},
		{Field{Name: "firstOn", Type: Day, Always: true, Meaning: "First day of what it bears."}, func(r *sourceRow) cell { return day(r.first) }},
		{Field{Name: "lastOn", Type: Day, Always: true, Meaning: "Last day of what it bears."}, func(r *sourceRow) cell { return day(r.last) }},
		{Field{Name: "positions", Type: List, Meaning: "`at` of the positions that it bears."}, func(r *sourceRow) cell { return codes(r.positionTexts) }},
		{Field{Name: "endorsements", Type: List, Meaning: "`at` of the formal acts and votes that it bears."}, func(r *sourceRow) cell { return codes(r.actTexts) }},
		{Field{Name: "submissions", Type: List, Meaning: "`at` of the submissions that it bears."}, func(r *sourceRow) cell { return codes(r.proposalTexts) }},
	},
	rows: func(ctx context.Context, record Record, v view) iter.Seq2[*sourceRow, error] {
		return func(yield func(*sourceRow, error) bool) {
			list, err := allSources(ctx, record, v)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, s := range list {
				if !yield(s, nil) {
					return
				}
			}
		}
	},
}

// allSources gathers what each source bears. It is the one kind whose memory grows with the record: with the number of sources.
func allSources(ctx context.Context, record Record, v view) ([]*sourceRow, error) {
	known := map[sourceName]*sourceRow{}
	note := func(s *domain.Source, on domain.Date) *sourceRow {
		name := sourceName{s.Title, s.URL, s.Symbol}
		r := known[name]
		if r == nil {
			sum := sha256.Sum256([]byte(name.title + "\n" + name.url + "\n" + name.symbol))
			r = &sourceRow{sourceName: name, key: "s" + hex.EncodeToString(sum[:6]), first: on, last: on}
			if name.symbol != "" {
				if d := v.Document(name.symbol); d != nil {
					r.issued = d.IssuedOn
				}
			}
			known[name] = r
		}
		r.first, r.last = min(r.first, on), max(r.last, on)
		addOnce(&r.languages, s.Language.String())
		addOnce(&r.grades, s.Grade.String())
		return r
	}
	for p, err := range positions.rows(ctx, record, v) {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		r := note(&p.Source, p.StatedOn)
		r.positions = append(r.positions, p.At)
	}
	for e, err := range endorsements.rows(ctx, record, v) {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		r := note(&e.Source, e.On)
		if n := len(r.acts); n == 0 || r.acts[n-1] != e.At { // The ballots of a vote come together, and have one source.
			r.acts = append(r.acts, e.At)
		}
	}
	for vote := range eachVote(v.View) { // Of one of which only the totals are known there is no ballot.
		r := note(&vote.Source, vote.On)
		r.acts = append(r.acts, vote.At)
	}
	for _, p := range v.AllProposals() {
		for i := range p.Submissions {
			s := &p.Submissions[i]
			r := note(&s.Source, s.On)
			r.submissions = append(r.submissions, s.At)
		}
	}
	list := make([]*sourceRow, 0, len(known))
	for _, r := range known {
		r.positionTexts, r.actTexts, r.proposalTexts = places(r.positions), places(r.acts), places(r.submissions)
		slices.Sort(r.languages)
		slices.Sort(r.grades)
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *sourceRow) int {
		return cmp.Or(cmp.Compare(a.title, b.title), cmp.Compare(a.url, b.url), cmp.Compare(a.symbol, b.symbol))
	})
	return list, nil
}

func addOnce(list *[]string, word string) {
	if word != "" && !slices.Contains(*list, word) {
		*list = append(*list, word)
	}
}

// places writes positions in the record, ascending.
func places(list []uint64) []string {
	slices.Sort(list)
	texts := []string{}
	for _, at := range slices.Compact(list) {
		texts = append(texts, projections.LogPosition(at))
	}
	return texts
}

// publisher is that of whatever has a symbol.
const publisher = "United Nations"

// language gives the one language of a source in small letters, as BCP 47 and CSL have it; empty where it is not one.
func (r *sourceRow) language() string {
	if len(r.languages) == 1 {
		return strings.ToLower(r.languages[0])
	}
	return ""
}

// bears says in words what the source bears, so that a reader of a bibliography finds the way back.
func (r *sourceRow) bears(v view) string {
	days := "on " + r.first.String()
	if r.last != r.first {
		days = "from " + r.first.String() + " to " + r.last.String()
	}
	what := []string{}
	for _, part := range []struct {
		name string
		at   []string
	}{{"positions", r.positionTexts}, {"formal acts", r.actTexts}, {"submissions", r.proposalTexts}} {
		if len(part.at) > 0 {
			what = append(what, part.name+" at "+strings.Join(part.at, ", "))
		}
	}
	return fmt.Sprintf("Bears what was said or done %s; on record: %s (%s).", days, strings.Join(what, "; "), spoken(v))
}

// eachSource calls write with each source.
func eachSource(ctx context.Context, record Record, v view, write func(*sourceRow) error) error {
	for r, err := range sources.rows(ctx, record, v) {
		if err != nil {
			return fmt.Errorf("export %s: %w", sources.Name, err)
		}
		if err := write(r); err != nil {
			return err
		}
	}
	return nil
}

// writeCSL writes CSL-JSON, as csl-data.json of the Citation Style Language 1.0.2 has it: a United Nations document is a report with
// its symbol as number, anything else with an address a page of the Web, and what is left a document.
func writeCSL(ctx context.Context, w io.Writer, record Record, v view) error {
	s := sheet{w: w, b: []byte{'['}}
	separator := "\n"
	err := eachSource(ctx, record, v, func(r *sourceRow) error {
		s.b = append(s.b, separator...)
		separator = ",\n"
		typ := "document"
		switch {
		case r.symbol != "":
			typ = "report"
		case r.url != "":
			typ = "webpage"
		}
		field := func(name, value string) {
			if value != "" {
				s.b = appendString(append(appendString(append(s.b, ','), name), ':'), value)
			}
		}
		s.b = appendString(append(s.b, `{"id":`...), r.key)
		field("type", typ)
		field("title", r.title)
		field("URL", r.url)
		field("number", r.symbol)
		if r.symbol != "" {
			field("publisher", publisher)
		}
		if r.issued != 0 {
			d := r.issued.Time()
			s.b = fmt.Appendf(s.b, `,"issued":{"date-parts":[[%d,%d,%d]]}`, d.Year(), d.Month(), d.Day())
		}
		field("language", r.language())
		field("note", r.bears(v))
		s.b = append(s.b, '}')
		return s.spill(chunk)
	})
	if err != nil {
		return err
	}
	s.b = append(s.b, "\n]\n"...)
	return s.spill(1)
}

// latex writes what LaTeX takes for a command as the character that it is; all else is UTF-8. A brace is written by its name, since
// BibTeX counts braces, escaped or not.
var latex = strings.NewReplacer(`\`, `\textbackslash{}`, `{`, `\textbraceleft{}`, `}`, `\textbraceright{}`, `~`, `\textasciitilde{}`, `^`, `\textasciicircum{}`,
	`&`, `\&`, `%`, `\%`, `$`, `\$`, `#`, `\#`, `_`, `\_`, "\r\n", " ", "\n", " ", "\t", " ")

// bibURL is an address in a BibTeX field: as it is, since styles print it with \url, but for what would end the field.
var bibURL = strings.NewReplacer(`{`, `%7B`, `}`, `%7D`, `\`, `%5C`)

// writeBibTeX writes BibTeX in UTF-8: @techreport for a United Nations document, @misc for anything else.
func writeBibTeX(ctx context.Context, w io.Writer, record Record, v view) error {
	s := sheet{w: w}
	err := eachSource(ctx, record, v, func(r *sourceRow) error {
		typ := "misc"
		if r.symbol != "" {
			typ = "techreport"
		}
		s.b = fmt.Appendf(s.b, "@%s{%s,\n  title = {{%s}},\n", typ, r.key, latex.Replace(r.title))
		field := func(name, value string) {
			if value != "" {
				s.b = fmt.Appendf(s.b, "  %s = {%s},\n", name, value)
			}
		}
		if r.symbol != "" {
			field("institution", "{"+publisher+"}")
			field("number", latex.Replace(r.symbol))
		}
		if r.issued != 0 {
			field("year", fmt.Sprint(r.issued.Time().Year()))
			s.b = fmt.Appendf(s.b, "  month = %s,\n", strings.ToLower(r.issued.Time().Month().String()[:3])) // A macro of BibTeX.
			field("date", r.issued.String())                                                                 // For biblatex.
		}
		field("url", bibURL.Replace(r.url))
		field("langid", bibLanguages[r.language()])
		field("note", latex.Replace(r.bears(v)))
		s.b = append(s.b, "}\n\n"...)
		return s.spill(chunk)
	})
	if err != nil {
		return err
	}
	return s.spill(1)
}

// bibLanguages are babel's names of the six languages.
var bibLanguages = map[string]string{"ar": "arabic", "zh": "chinese", "en": "english", "fr": "french", "ru": "russian", "es": "spanish"}

// ris is a text in a RIS field, which is one line.
var ris = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// writeRIS writes RIS: RPRT for a United Nations document, ELEC for what has an address, GEN for what is left.
func writeRIS(ctx context.Context, w io.Writer, record Record, v view) error {
	s := sheet{w: w}
	err := eachSource(ctx, record, v, func(r *sourceRow) error {
		typ := "GEN"
		switch {
		case r.symbol != "":
			typ = "RPRT"
		case r.url != "":
			typ = "ELEC"
		}
		field := func(tag, value string) {
			if value != "" {
				s.b = fmt.Appendf(s.b, "%s  - %s\r\n", tag, ris.Replace(value))
			}
		}
		field("TY", typ)
		field("ID", r.key)
		field("TI", r.title)
		if r.symbol != "" {
			field("PB", publisher)
			field("SN", r.symbol)
		}
		if r.issued != 0 {
			field("PY", fmt.Sprint(r.issued.Time().Year()))
			field("DA", r.issued.Time().Format("2006/01/02"))
		}
		field("UR", r.url)
		field("LA", r.language())
		field("N1", r.bears(v))
		s.b = append(s.b, "ER  - \r\n\r\n"...)
		return s.spill(chunk)
	})
	if err != nil {
		return err
	}
	return s.spill(1)
}
