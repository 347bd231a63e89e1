package projections

import (
	"maps"
	"slices"

	"github.com/rapporteur/rapporteur/domain"
)

// Document gives the document with this symbol; nil where none is on record at the moment. Of several with the same symbol it is
// the one recorded last.
func (v *View) Document(symbol string) *domain.Document {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	var latest *submission
	for _, t := range v.model.ordered {
		if t.proposal == nil {
			continue
		}
		for _, s := range t.proposal.submissions {
			if s.symbol() == symbol && v.counts(s.At, s.on) && s.parts[0].at <= v.moment.At && (latest == nil || s.At > latest.At) {
				latest = s
			}
		}
	}
	if latest == nil {
		return nil
	}
	return latest.document(v.moment.At)
}

// symbol is that of the submission's document, empty where it has none.
func (s *submission) symbol() string {
	if len(s.parts) == 0 {
		return ""
	}
	return s.parts[0].Symbol
}

// KnownDocument says whether a document with this symbol is on record at all, whatever the moment, and where it is not, which
// symbols resemble it.
func (m *Model) KnownDocument(symbol string) (known bool, near []string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	symbols := map[string]bool{}
	for _, t := range m.ordered {
		if t.proposal == nil {
			continue
		}
		for _, s := range t.proposal.submissions {
			if s.symbol() != "" {
				symbols[s.symbol()] = true
			}
		}
	}
	if symbols[symbol] {
		return true, nil
	}
	return false, domain.Nearest(symbol, slices.Sorted(maps.Keys(symbols)))
}
