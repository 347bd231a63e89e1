package domain

import (
	"fmt"
	"strings"
)

// ParagraphKind tells preambular from operative paragraphs.
type ParagraphKind uint8

// The kinds of paragraphs.
const (
	Preambular ParagraphKind = 1 + iota
	Operative
)

// Paragraph is one paragraph of a document, numbered from 1 within its kind.
type Paragraph struct {
	Kind   ParagraphKind `json:"kind"`
	Number int           `json:"number"`
	Text   string        `json:"text"`
}

// Document carries a proposal: a draft resolution, a working paper, a concept note.
type Document struct {
	Symbol     string
	Title      string
	Language   Language
	IssuedOn   Date
	URL        string
	SHA256     string // Of the text that was read in, 64 hexadecimal digits; empty where none was.
	Paragraphs []Paragraph
}

// check checks the document of a submission.
func (d *Document) check(k *check) {
	k.symbol("document.symbol", "document symbol", d.Symbol, 0)
	k.text("document.title", "title of the document", d.Title, nameLimit, required)
	k.word("document.language", "language", int(d.Language), languageNames, false)
	k.day("document.issuedOn", "day of issue", d.IssuedOn, false)
	k.url("document.url", "address of the document", d.URL)
	if d.SHA256 != "" {
		k.sha256("document.sha256", d.SHA256)
	}
	next := map[ParagraphKind]int{} // Paragraphs of the kind so far.
	for i, p := range d.Paragraphs {
		path := fmt.Sprintf("document.paragraphs.%d", i)
		// From 1 within its kind, in the order of the document.
		if k.word(path+".kind", "kind of paragraph", int(p.Kind), paragraphKindNames, true) {
			next[p.Kind]++
			if p.Number != next[p.Kind] {
				k.bad(path+".number", "This is paragraph %d of kind %s, but numbered %d; number each kind from 1 without a gap.", next[p.Kind], p.Kind, p.Number)
				next[p.Kind] = max(next[p.Kind], p.Number) // One gap is one fault.
			}
		}
		k.text(path+".text", "text of the paragraph", p.Text, paragraphLimit, required|multiline)
	}
}

// partSize is how many bytes of JSON the data of a DocumentRecorded has at most. A leaf has at most 65,535 (RULES,
// section 8); what is left over is for the event's metadata and names, and for numbers that nobody counted.
const partSize = 48 << 10

// parts gives the events that record the document, of which there is at least one; none for no document. The paragraphs are
// cut into runs that stay below partSize: a head has at most 11,500 bytes, a paragraph 40,100, so that one always fits, if
// need be into a part of its own.
func (d *Document) parts(proposal string, submission int64) []DocumentRecorded {
	if d == nil {
		return nil
	}
	head := DocumentRecorded{Proposal: proposal, Submission: submission, Symbol: d.Symbol, Title: d.Title, Language: d.Language,
		IssuedOn: d.IssuedOn, URL: d.URL, SHA256: strings.ToLower(d.SHA256)}
	parts := []DocumentRecorded{head}
	const frame = 512 // Names of fields, numbers, language, day, digest.
	size := frame + jsonSize(proposal) + jsonSize(d.Symbol) + jsonSize(d.Title) + jsonSize(d.URL)
	for _, p := range d.Paragraphs {
		const names = 64 // {"kind":"PREAMBULAR","number":12345,"text":…},
		paragraph := names + jsonSize(p.Text)
		if size+paragraph > partSize {
			parts = append(parts, DocumentRecorded{Proposal: proposal, Submission: submission})
			size = frame + jsonSize(proposal)
		}
		last := &parts[len(parts)-1]
		last.Paragraphs = append(last.Paragraphs, p)
		size += paragraph
	}
	for i := range parts {
		parts[i].Part, parts[i].Parts = i+1, len(parts)
	}
	return parts
}

// jsonSize is how many bytes a text has in JSON at most. Of the characters that a checked text may have, canonical JSON
// (RFC 8785) escapes quotation mark, backslash, line break and tab, with two bytes each, and no others.
func jsonSize(text string) int {
	size := len(text) + 2
	for _, r := range text {
		if r == '"' || r == '\\' || r == '\n' || r == '\t' {
			size++
		}
	}
	return size
}

// ReadDocument puts the parts of a document together again; nil where there are none.
func ReadDocument(parts []DocumentRecorded) *Document {
	if len(parts) == 0 {
		return nil
	}
	head := parts[0]
	d := &Document{Symbol: head.Symbol, Title: head.Title, Language: head.Language, IssuedOn: head.IssuedOn, URL: head.URL, SHA256: head.SHA256}
	for _, p := range parts {
		d.Paragraphs = append(d.Paragraphs, p.Paragraphs...)
	}
	return d
}
