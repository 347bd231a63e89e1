package roster

import (
	"slices"
	"strings"
	"sync"
)

// Voter is who cast a ballot, by the voting data of the UN Digital Library.
type Voter struct {
	// Code is that of the Member State that has the seat today; empty where none has.
	Code string
	// Former is the name of a State that is a Member no more under this code, or had it before; empty for others.
	Former string
}

// Disagreement says that the code and the name of a voter mean two States.
type Disagreement struct {
	ByCode, ByName string // The names, or codes, of the two.
}

func (e *Disagreement) Error() string { return "the code means " + e.ByCode + ", the name " + e.ByName }

// ParseVoter finds the State by its code (ms_code) and its name at the time of the vote (ms_name), as the voting data have them.
// The code decides: a State that was renamed keeps it. The name is evidence, and may be empty or one that is not known; where it
// is known and means another State, that is a *Disagreement. Without a code the name alone counts. A code that is not known is
// taken as it is: a record may have States of its own. What says nothing gives the zero Voter.
func ParseVoter(code, name string) (Voter, error) {
	table := voters()
	code = strings.ToUpper(code)
	byName, known := table.byName[Fold(name)]
	if !known {
		if codes := table.states.Find(name); name != "" && len(codes) == 1 {
			byName, known = Voter{Code: codes[0]}, true
		}
	}
	former, isFormer := table.former[code]
	switch {
	case code == "":
		return byName, nil
	case isFormer:
		if known && !slices.Contains(former.names, Fold(name)) {
			return Voter{}, &Disagreement{former.Former + " (" + code + ")", table.describe(byName)}
		}
		return former.Voter, nil
	case known && byName.Code != code && (table.states.Name(code) != "" || byName.Former == ""):
		return Voter{}, &Disagreement{table.describe(Voter{Code: code}), table.describe(byName)}
	}
	return Voter{Code: code}, nil
}

// voterTable is what is known of voters, besides the built-in States.
type voterTable struct {
	states *Index
	byName map[string]Voter       // By folded name at the time.
	former map[string]formerVoter // By the code that former States have.
}

type formerVoter struct {
	Voter
	names []string // Folded.
}

// voters reads undl-names.csv and undl-former.csv, once.
var voters = sync.OnceValue(func() voterTable {
	t := voterTable{states: BuiltIn(), byName: map[string]Voter{}, former: map[string]formerVoter{}}
	for _, row := range rows("undl-names.csv") {
		v := Voter{Code: row["iso3"]}
		if v.Code == "" {
			v.Former = row["ms_name"]
		}
		t.byName[Fold(row["ms_name"])] = v
	}
	for _, row := range rows("undl-former.csv") {
		names := strings.Split(row["ms_names"], ";")
		f := formerVoter{Voter: Voter{Code: row["iso3"], Former: names[0]}}
		for _, name := range names {
			f.names = append(f.names, Fold(name))
			t.byName[Fold(name)] = Voter{Code: row["iso3"], Former: name}
		}
		t.former[row["ms_code"]] = f
	}
	return t
})

func (t voterTable) describe(v Voter) string {
	if v.Former != "" {
		return v.Former
	}
	if name := t.states.Name(v.Code); name != "" {
		return name + " (" + v.Code + ")"
	}
	return v.Code
}
