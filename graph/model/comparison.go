package model

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/comparison"
)

// DocumentComparison has two documents side by side.
type DocumentComparison struct {
	a, b       *Document
	paragraphs []*ParagraphComparison
}

// CompareDocuments compares the documents with these symbols, nil where one of them is not on record at the moment.
func CompareDocuments(m Moment, a, b string) *DocumentComparison {
	from, to := m.Document(a), m.Document(b)
	if from == nil || to == nil {
		return nil
	}
	compared := comparison.Compare(from.Paragraphs, to.Paragraphs)
	c := &DocumentComparison{a: &Document{from}, b: &Document{to}, paragraphs: make([]*ParagraphComparison, len(compared))}
	for i := range compared {
		c.paragraphs[i] = &ParagraphComparison{&compared[i]}
	}
	return c
}

func (c *DocumentComparison) A() *Document                       { return c.a }
func (c *DocumentComparison) B() *Document                       { return c.b }
func (c *DocumentComparison) Paragraphs() []*ParagraphComparison { return c.paragraphs }

// ParagraphComparison is one paragraph of either document, or one of each.
type ParagraphComparison struct{ paragraph *comparison.Paragraph }

func (p *ParagraphComparison) Change() comparison.Change { return p.paragraph.Change }
func (p *ParagraphComparison) Moved() bool               { return p.paragraph.Moved }
func (p *ParagraphComparison) A() *domain.Paragraph      { return p.paragraph.A }
func (p *ParagraphComparison) B() *domain.Paragraph      { return p.paragraph.B }
func (p *ParagraphComparison) Similarity() float64       { return p.paragraph.Similarity() }
func (p *ParagraphComparison) Runs() []comparison.Run    { return p.paragraph.Runs }
