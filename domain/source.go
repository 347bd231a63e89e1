package domain

// Source is where it can be read.
type Source struct {
	Title    string      `json:"title"`
	URL      string      `json:"url,omitzero"`
	Symbol   string      `json:"symbol,omitzero"`
	Locator  string      `json:"locator,omitzero"` // Paragraph, page or time mark.
	Language Language    `json:"language,omitzero"`
	Quote    string      `json:"quote,omitzero"` // The words themselves, in the source's language.
	Grade    SourceGrade `json:"grade,omitzero"`
}

// Point is one point that an actor made in a position.
type Point struct {
	Kind PointKind `json:"kind"`
	Text string    `json:"text"`
}
