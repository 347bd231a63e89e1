package roster

import (
	"embed"
	"encoding/csv"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
)

//go:embed states.csv aliases.csv undl-names.csv undl-former.csv
var files embed.FS

// Files has the built-in states.csv and aliases.csv.
func Files() fs.FS { return files }

// Admissions gives the commands that bring the built-in States into a new record, by code. Each call gives new ones.
func Admissions() []domain.AdmitState {
	aliases := map[string][]string{}
	for _, row := range rows("aliases.csv") {
		aliases[row["iso3"]] = append(aliases[row["iso3"]], row["alias"])
	}
	var all []domain.AdmitState
	for _, row := range rows("states.csv") {
		state := domain.AdmitState{Code: row["iso3"], Observer: row["observer"] == "true", Aliases: Distinct(aliases[row["iso3"]])}
		for _, language := range domain.Languages {
			xx := strings.ToLower(language.String())
			state.Names = append(state.Names, domain.LocalizedName{Language: language, Name: row["name_"+xx], FormalName: row["formal_"+xx]})
		}
		if group := row["regional_group"]; group != "" {
			state.RegionalGroup = must(ParseRegionalGroup(group))
		}
		if day := row["admitted"]; day != "" {
			state.AdmittedOn = must(domain.ParseDate(day))
		}
		all = append(all, state)
	}
	return all
}

// ParseRegionalGroup reads a regional group as lists write it: "Asia-Pacific", "Eastern European", in any case, with hyphens,
// blanks or underscores. The error is a *domain.UnknownWord.
func ParseRegionalGroup(word string) (domain.RegionalGroup, error) {
	var group domain.RegionalGroup
	schema := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToUpper(strings.TrimSpace(word)))
	if err := group.UnmarshalText([]byte(schema)); err != nil {
		unknown := err.(*domain.UnknownWord)
		unknown.Word = word
		return 0, unknown
	}
	return group, nil
}

// Distinct gives the words without those that stand before them, in their order: documents in several languages use the
// same alias, and the record has it once.
func Distinct(words []string) []string {
	seen := map[string]bool{}
	var distinct []string
	for _, word := range words {
		if !seen[word] {
			seen[word] = true
			distinct = append(distinct, word)
		}
	}
	return distinct
}

// rows reads an embedded file. A reader of files that people write is in package intake, which imports this one; here a fault
// is a fault of the program, and every test would fail on it.
func rows(name string) []map[string]string {
	f := must(files.Open(name))
	defer f.Close()
	table := must(csv.NewReader(f).ReadAll())
	var all []map[string]string
	for _, cells := range table[1:] {
		row := map[string]string{}
		for i, column := range table[0] {
			row[column] = cells[i]
		}
		all = append(all, row)
	}
	return all
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("roster: built-in list: %v", err)) // unreachable: the list is embedded and tested.
	}
	return value
}
