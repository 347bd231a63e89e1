package roster_test

import (
	"encoding/csv"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/roster"
)

func TestBuiltInStates(t *testing.T) {
	states := roster.Admissions()
	if len(states) != 195 {
		t.Fatalf("%d States, want 195", len(states))
	}
	groups, observers := map[domain.RegionalGroup]int{}, []string{}
	for i, s := range states {
		if i > 0 && states[i-1].Code >= s.Code {
			t.Errorf("%s stands after %s", s.Code, states[i-1].Code)
		}
		if len(s.Names) != 6 {
			t.Errorf("%s has %d names, want one in each language", s.Code, len(s.Names))
		}
		for j, n := range s.Names {
			if n.Language != domain.Languages[j] || n.Name == "" || n.FormalName == "" {
				t.Errorf("%s: name %d is %+v", s.Code, j, n)
			}
		}
		if s.Observer {
			observers = append(observers, s.Code)
			if s.RegionalGroup != 0 || s.AdmittedOn != 0 {
				t.Errorf("observer %s has a regional group or a day of admission", s.Code)
			}
			continue
		}
		groups[s.RegionalGroup]++
		if s.AdmittedOn < domain.NewDate(1945, 10, 24) || s.AdmittedOn > domain.NewDate(2011, 7, 14) {
			t.Errorf("%s was admitted on %v", s.Code, s.AdmittedOn)
		}
	}
	want := map[domain.RegionalGroup]int{domain.African: 54, domain.AsiaPacific: 54, domain.EasternEuropean: 23, domain.GRULAC: 33, domain.WEOG: 29}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("regional groups (-want +got):\n%s", diff)
	}
	if !slices.Equal(observers, []string{"PSE", "VAT"}) {
		t.Errorf("observers are %v", observers)
	}
}

func TestBuiltInStateWhole(t *testing.T) {
	want := domain.AdmitState{
		Code: "CIV",
		Names: []domain.LocalizedName{
			{Language: domain.Arabic, Name: "كوت ديفوار", FormalName: "جمهورية كوت ديفوار"},
			{Language: domain.Chinese, Name: "科特迪瓦", FormalName: "科特迪瓦共和国"},
			{Language: domain.English, Name: "Côte d'Ivoire", FormalName: "Republic of Côte d'Ivoire"},
			{Language: domain.French, Name: "Côte d'Ivoire", FormalName: "République de Côte d'Ivoire"},
			{Language: domain.Russian, Name: "Кот-д'Ивуар", FormalName: "Республика Кот-д'Ивуар"},
			{Language: domain.Spanish, Name: "Côte d'Ivoire", FormalName: "República de Côte d'Ivoire"},
		},
		RegionalGroup: domain.African,
		AdmittedOn:    domain.NewDate(1960, 9, 20),
		// Of four aliases the third and fourth are one, in Spanish and in French.
		Aliases: []string{"Cote d'Ivoire", "Ivory Coast", "Côte d’Ivoire"},
	}
	states := roster.Admissions()
	i := slices.IndexFunc(states, func(s domain.AdmitState) bool { return s.Code == "CIV" })
	if diff := cmp.Diff(want, states[i]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every name, formal name and alias in every language finds its own State, and no other.
func TestNamesFindTheirStateAlone(t *testing.T) {
	index, names := roster.BuiltIn(), 0
	for _, s := range roster.Admissions() {
		for _, name := range append(roster.Names(s.Names, s.Aliases), s.Code) {
			names++
			if got := index.Find(name); !slices.Equal(got, []string{s.Code}) {
				t.Errorf("%q of %s finds %v", name, s.Code, got)
			}
		}
		if index.Name(s.Code) != s.Names[2].Name {
			t.Errorf("messages call %s %q", s.Code, index.Name(s.Code))
		}
	}
	if names < 1800 {
		t.Errorf("only %d names were tried", names)
	}
}

func TestSeedDocumentHeader(t *testing.T) {
	index := roster.BuiltIn()
	for name, code := range map[string]string{
		"Азербайджан": "AZE", "Беларусь": "BLR", "Бурунди": "BDI", "Корейская Народно-Демократическая Республика": "PRK",
		"Куба": "CUB", "Кыргызстан": "KGZ", "Лаосская Народно-Демократическая Республика": "LAO", "Мали": "MLI",
		"Никарагуа": "NIC", "Таджикистан": "TJK", "Экваториальная Гвинея": "GNQ",
	} {
		if got, err := index.Resolve(name); got != code {
			t.Errorf("%s is %q (%v), want %s", name, got, err, code)
		}
	}
	torn := "Венесуэла (Боливарианская"
	if got := index.Find(torn); got != nil {
		t.Errorf("the torn name finds %v", got)
	}
	if got := index.ByPrefix(torn); !slices.Equal(got, []string{"VEN"}) {
		t.Errorf("the torn name begins the names of %v", got)
	}
	if got := index.ByPrefix(""); got != nil {
		t.Errorf("nothing begins the names of %v", got)
	}
}

func TestFindFolds(t *testing.T) {
	index := roster.BuiltIn()
	for word, code := range map[string]string{
		"Cote d'Ivoire": "CIV", "CÔTE D’IVOIRE": "CIV", "TÜRKİYE": "TUR", "TURKIYE": "TUR", "türkiye": "TUR",
		"Папуа — Новая Гвинея": "PNG", "папуа-новая\n гвинея": "PNG", "تيمور- ليشتي": "TLS", "غينيا - بيساو": "GNB",
		"刚果（布）": "COG", "刚果(布)": "COG", "刚果": "COG", "fra": "FRA", " Fra ": "FRA", "الســودان": "SDN",
		"GUINEA–BISSAU": "GNB", "LAO PEOPLE's DEMOCRATIC REPUBLIC": "LAO",
	} {
		if got := index.Find(word); !slices.Equal(got, []string{code}) {
			t.Errorf("%q finds %v, want %s", word, got, code)
		}
	}
	for _, word := range []string{"", " ", "Korea", "Fran", "FR", "и"} {
		if got := index.Find(word); got != nil {
			t.Errorf("%q finds %v", word, got)
		}
	}
}

func TestResolveSaysWhatMayBeMeant(t *testing.T) {
	index := roster.BuiltIn()
	for word, want := range map[string]string{
		"Urugay":    `There is no State "Urugay"; did you mean Uruguay (URY)?`,
		"Korea":     `"Korea" may be the Republic of Korea (KOR) or the Democratic People's Republic of Korea (PRK)`,
		"Венесуела": `There is no State "Венесуела"; did you mean Venezuela (Bolivarian Republic of) (VEN)?`,
		"南苏":        `There is no State "南苏"; did you mean South Sudan (SSD)?`,
		"ألمانييا":  `There is no State "ألمانييا"; did you mean Germany (DEU) or Albania (ALB)?`,
		"Gernamy":   `There is no State "Gernamy"; did you mean Germany (DEU)?`,
		"Antigua":   `There is no State "Antigua"; did you mean Antigua and Barbuda (ATG)?`,
		"FRX":       `There is no State "FRX"; did you mean France (FRA)?`,
		"Laos":      `There is no State "Laos"; did you mean Lao People's Democratic Republic (LAO)?`,
		"Atlantis":  `There is no State "Atlantis"`,
		"":          `There is no State ""`,
	} {
		code, err := index.Resolve(word)
		var unknown *roster.UnknownName
		if code != "" || !errors.As(err, &unknown) || err.Error() != want {
			t.Errorf("%q: %q, %v; want %s", word, code, err, want)
		}
	}
	// A part of more names than help anybody.
	_, err := index.Resolve("Republic")
	var unknown *roster.UnknownName
	if !errors.As(err, &unknown) || unknown.Ambiguous || len(unknown.Candidates) != 5 {
		t.Errorf("Republic: %v", err)
	}
}

func TestSuggestBestFirst(t *testing.T) {
	index := roster.BuiltIn()
	for word, want := range map[string][]string{
		"Urugay": {"URY"}, "Korea": {"KOR", "PRK"}, "Uruguay": {"URY"}, "Guine": {"GIN", "GNB", "PNG", "GNQ"},
		"ليبييا": {"LBR", "LBY"}, "xyzzyxyzzy": nil,
	} {
		if got := index.Suggest(word); !slices.Equal(got, want) {
			t.Errorf("%q suggests %v, want %v", word, got, want)
		}
	}
}

// Two States of a record may bear one name: then it names neither.
func TestNameOfTwoIsAmbiguous(t *testing.T) {
	index := roster.NewIndex()
	index.Add("BBB", []string{"Ruritania"})
	index.Add("AAA", []string{"Kingdom of Ruritania", "RURITANIA"})
	index.Add("BBB", []string{"Ruritanien"}) // The read model learns another name later.
	if got := index.Find("ruritania"); !slices.Equal(got, []string{"AAA", "BBB"}) {
		t.Errorf("found %v", got)
	}
	_, err := index.Resolve("Ruritania")
	want := `"Ruritania" may be the Kingdom of Ruritania (AAA) or Ruritania (BBB)`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if code, err := index.Resolve("ruritanien"); code != "BBB" {
		t.Errorf("%q, %v", code, err)
	}
}

func TestParseRegionalGroup(t *testing.T) {
	for word, want := range map[string]domain.RegionalGroup{
		"African": domain.African, "Asia-Pacific": domain.AsiaPacific, "Eastern European": domain.EasternEuropean,
		"GRULAC": domain.GRULAC, "weog": domain.WEOG, " ASIA_PACIFIC ": domain.AsiaPacific,
	} {
		if got, err := roster.ParseRegionalGroup(word); got != want || err != nil {
			t.Errorf("%q: %v, %v", word, got, err)
		}
	}
	_, err := roster.ParseRegionalGroup("Europe")
	var unknown *domain.UnknownWord
	if !errors.As(err, &unknown) || unknown.Word != "Europe" {
		t.Errorf("Europe: %v", err)
	}
}

// Every name that voting data have is found without a code, and means what its code means; the codes of former States as well.
func TestVoters(t *testing.T) {
	f, err := os.Open("undl-names.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(table) != 244 {
		t.Errorf("%d lines", len(table))
	}
	for _, row := range table[1:] {
		name, code := row[0], row[1]
		v, err := roster.ParseVoter("", name)
		if err != nil || v.Code != code || code == "" && v.Former != name {
			t.Errorf("%s: %+v, %v, want %s", name, v, err, code)
		}
		if code == "" {
			continue
		}
		if v, err := roster.ParseVoter(code, name); err != nil || v.Code != code {
			t.Errorf("%s, %s: %+v, %v", code, name, v, err)
		}
		other := "FRA"
		if code == other {
			other = "DEU"
		}
		if v, err := roster.ParseVoter(other, name); err == nil {
			t.Errorf("%s, %s: %+v", other, name, v)
		}
	}
	for _, c := range []struct {
		code, name string
		want       roster.Voter
	}{
		{"SUN", "USSR", roster.Voter{Code: "RUS", Former: "USSR"}},
		{"SUN", "", roster.Voter{Code: "RUS", Former: "USSR"}},
		{"RUS", "USSR", roster.Voter{Code: "RUS"}},
		{"SCG", "Serbia and Montenegro", roster.Voter{Former: "SERBIA AND MONTENEGRO"}},
		{"YMD", "SOUTHERN YEMEN", roster.Voter{Former: "DEMOCRATIC YEMEN"}},
		{"EAT", "TANGANYIKA", roster.Voter{Code: "TZA", Former: "TANGANYIKA"}},
		{"fra", "IBERIA", roster.Voter{Code: "FRA"}},
		{"XYZ", "RURITANIA", roster.Voter{Code: "XYZ"}},
		{"", "Türkiye", roster.Voter{Code: "TUR"}},
		{"", "TÜRKİYE", roster.Voter{Code: "TUR"}},
		{"", "ATLANTIS", roster.Voter{}},
		{"", "", roster.Voter{}},
	} {
		if v, err := roster.ParseVoter(c.code, c.name); err != nil || v != c.want {
			t.Errorf("%q, %q: %+v, %v, want %+v", c.code, c.name, v, err, c.want)
		}
	}
	for _, c := range [][2]string{{"SUN", "RUSSIAN FEDERATION"}, {"SRB", "SERBIA AND MONTENEGRO"}, {"CSK", "YUGOSLAVIA"}, {"XYZ", "FRANCE"}, {"FRA", "Alemania"}} {
		if v, err := roster.ParseVoter(c[0], c[1]); err == nil {
			t.Errorf("%v: %+v", c, v)
		}
	}
}
