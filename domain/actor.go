package domain

// RegionalGroup is one of the five regional groups of Member States. An observer has none.
type RegionalGroup uint8

// The regional groups, in the order of the public schema.
const (
	African RegionalGroup = 1 + iota
	AsiaPacific
	EasternEuropean
	GRULAC
	WEOG
)

// RegionalGroups are the five, in order.
var RegionalGroups = [5]RegionalGroup{African, AsiaPacific, EasternEuropean, GRULAC, WEOG}

// Language is one of the six official languages of the United Nations.
type Language uint8

// The official languages, in the order of the public schema.
const (
	Arabic Language = 1 + iota
	Chinese
	English
	French
	Russian
	Spanish
)

// Languages are the six, in order.
var Languages = [6]Language{Arabic, Chinese, English, French, Russian, Spanish}

// GroupKind says for whom a group speaks.
type GroupKind uint8

// The kinds of groups.
const (
	Standing GroupKind = 1 + iota // Speaks for its members.
	AdHoc                         // Those who sign or align, statement by statement; speaks for nobody else.
)

// DecisionRule is how a body decides.
type DecisionRule uint8

// The decision rules.
const (
	ByConsensus DecisionRule = 1 + iota // One objection blocks.
	ByMajority                          // A majority of those present and voting decides.
)

// LocalizedName is a name in one language.
type LocalizedName struct {
	Language   Language `json:"language"`
	Name       string   `json:"name"`
	FormalName string   `json:"formalName,omitzero"`
}
