package domain

// The words of the enumerations: what String gives, what MarshalText writes into the record, and what Parse reads.
// They are the public schema's words and, once recorded, never change.

// String gives the word, empty for zero.
func (v Stance) String() string { return stanceNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v Stance) MarshalText() ([]byte, error) { return stanceNames.text("stance", int(v)) }

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *Stance) UnmarshalText(word []byte) error {
	parsed, err := stanceNames.parse("stance", string(word))
	*v = Stance(parsed)
	return err
}

// String gives the word, empty for zero.
func (v StatementForm) String() string { return formNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v StatementForm) MarshalText() ([]byte, error) {
	return formNames.text("form of a statement", int(v))
}

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *StatementForm) UnmarshalText(word []byte) error {
	parsed, err := formNames.parse("form of a statement", string(word))
	*v = StatementForm(parsed)
	return err
}

// String gives the word, empty for zero.
func (v EndorsementKind) String() string { return kindNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v EndorsementKind) MarshalText() ([]byte, error) {
	return kindNames.text("kind of endorsement", int(v))
}

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *EndorsementKind) UnmarshalText(word []byte) error {
	parsed, err := kindNames.parse("kind of endorsement", string(word))
	*v = EndorsementKind(parsed)
	return err
}

// String gives the word, empty for zero.
func (v Ballot) String() string { return ballotNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v Ballot) MarshalText() ([]byte, error) { return ballotNames.text("ballot", int(v)) }

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *Ballot) UnmarshalText(word []byte) error {
	parsed, err := ballotNames.parse("ballot", string(word))
	*v = Ballot(parsed)
	return err
}

// String gives the word, empty for zero.
func (v PointKind) String() string { return pointNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v PointKind) MarshalText() ([]byte, error) { return pointNames.text("kind of point", int(v)) }

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *PointKind) UnmarshalText(word []byte) error {
	parsed, err := pointNames.parse("kind of point", string(word))
	*v = PointKind(parsed)
	return err
}

// String gives the word, empty for zero.
func (v SourceGrade) String() string { return gradeNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v SourceGrade) MarshalText() ([]byte, error) {
	return gradeNames.text("grade of a source", int(v))
}

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *SourceGrade) UnmarshalText(word []byte) error {
	parsed, err := gradeNames.parse("grade of a source", string(word))
	*v = SourceGrade(parsed)
	return err
}

// String gives the word, empty for zero.
func (v RegionalGroup) String() string { return regionalGroupNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v RegionalGroup) MarshalText() ([]byte, error) {
	return regionalGroupNames.text("regional group", int(v))
}

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *RegionalGroup) UnmarshalText(word []byte) error {
	parsed, err := regionalGroupNames.parse("regional group", string(word))
	*v = RegionalGroup(parsed)
	return err
}

// String gives the word, empty for zero.
func (v Language) String() string { return languageNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v Language) MarshalText() ([]byte, error) { return languageNames.text("language", int(v)) }

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *Language) UnmarshalText(word []byte) error {
	parsed, err := languageNames.parse("language", string(word))
	*v = Language(parsed)
	return err
}

// String gives the word, empty for zero.
func (v GroupKind) String() string { return groupKindNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v GroupKind) MarshalText() ([]byte, error) { return groupKindNames.text("kind of group", int(v)) }

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *GroupKind) UnmarshalText(word []byte) error {
	parsed, err := groupKindNames.parse("kind of group", string(word))
	*v = GroupKind(parsed)
	return err
}

// String gives the word, empty for zero.
func (v DecisionRule) String() string { return decisionRuleNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v DecisionRule) MarshalText() ([]byte, error) {
	return decisionRuleNames.text("decision rule", int(v))
}

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *DecisionRule) UnmarshalText(word []byte) error {
	parsed, err := decisionRuleNames.parse("decision rule", string(word))
	*v = DecisionRule(parsed)
	return err
}

// String gives the word, empty for zero.
func (v ParagraphKind) String() string { return paragraphKindNames.string(int(v)) }

// MarshalText writes the word; zero has none and is an error.
func (v ParagraphKind) MarshalText() ([]byte, error) {
	return paragraphKindNames.text("kind of paragraph", int(v))
}

// UnmarshalText reads the word; the error is an *UnknownWord.
func (v *ParagraphKind) UnmarshalText(word []byte) error {
	parsed, err := paragraphKindNames.parse("kind of paragraph", string(word))
	*v = ParagraphKind(parsed)
	return err
}
