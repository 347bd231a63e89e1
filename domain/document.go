package domain

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
