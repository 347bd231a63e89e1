package projections_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
)

var update = flag.Bool("update", false, "write the golden files of the digest")

// everyKind is a small history with an event of every type, in which each part of the digest begins at a position of its own.
func everyKind() []domain.Event {
	day := func(n int) domain.Date { return domain.NewDate(2024, 1, n) }
	source := domain.Source{
		Title: "Statement", URL: "https://example.org/1", Symbol: "A/C.1/78/PV.1", Locator: "p. 3", Language: domain.French, Quote: "Nous appuyons \u2028 <le projet>.", Grade: domain.OfficialRecord,
	}
	return []domain.Event{
		domain.ImportCompleted{SHA256: strings.Repeat("0", 64), Name: "demo", Recorded: map[string]int{"states.csv": 2}},
		domain.StateAdmitted{State: "FRA", RegionalGroup: domain.WEOG, AdmittedOn: domain.NewDate(1945, 10, 24), Aliases: []string{"the French Republic"}, Names: []domain.LocalizedName{
			{Language: domain.English, Name: "France", FormalName: "French Republic"}, {Language: domain.Arabic, Name: "فرنسا"}}},
		domain.StateAdmitted{State: "VAT", Observer: true, Names: names("Holy See")},
		domain.GroupDefined{Group: "EU", Kind: domain.Standing, Names: names("European Union")},
		domain.MemberJoined{Group: "EU", State: "FRA"},
		domain.MemberLeft{Group: "EU", State: "FRA", Until: day(2)},
		domain.MemberJoined{Group: "EU", State: "FRA", From: day(3)},
		domain.SessionDefined{Session: "S-1", Name: "First session", Forum: "OEWG", StartsOn: day(1), EndsOn: day(5), DecisionRule: domain.ByConsensus},
		domain.ElementDefined{Element: "review", Label: "Review", Description: "How it is reviewed"},
		domain.OptionDefined{Element: "review", Option: "conference", Label: "By a conference"},
		domain.OptionDefined{Element: "review", Option: "none", Label: "Not at all", Description: "Nothing"},
		domain.OptionRetired{Element: "review", Option: "none", Reason: "Nobody meant it."},
		domain.ProposalSubmitted{Proposal: "poa", Title: "Programme of action", Summary: "A programme", Submitters: []string{"FRA"}, On: day(4), DocumentParts: 1,
			Options: []domain.OptionRef{{Element: "review", Option: "conference"}}, Source: source},
		domain.DocumentRecorded{Proposal: "poa", Part: 1, Parts: 1, Symbol: "A/C.1/77/L.73", Title: "Draft", Language: domain.English, IssuedOn: day(3), SHA256: strings.Repeat("a", 64),
			Paragraphs: []domain.Paragraph{{Kind: domain.Operative, Number: 1, Text: "Welcomes \"it\""}}},
		domain.PositionStated{Actor: "EU", Target: domain.OnProposal("poa"), Stance: domain.Concerned, StatedOn: day(5), Summary: "Said.", Source: source, AlignedWith: []string{"VAT"}, Session: "S-1",
			Points: []domain.Point{{Kind: domain.Need, Text: "Time"}}},
		domain.PositionCorrected{Actor: "EU", Position: 0, Reason: "A slip", Changes: domain.PositionChanges{Stance: domain.To(domain.SupportWithReservations), Session: domain.To("")}},
		domain.PositionStated{Actor: "FRA", Target: domain.OnOption("review", "conference"), Stance: domain.Oppose, Form: domain.WorkingPaper, StatedOn: day(6), Summary: "Said.", Source: domain.Source{Title: "Paper"}},
		domain.PositionWithdrawn{Actor: "FRA", Position: 0, On: day(7), Source: source},
		domain.PositionStated{Actor: "VAT", Target: domain.OnProposal("poa"), StatedOn: day(8), Summary: "Never said.", Source: source},
		domain.PositionRetracted{Actor: "VAT", Position: 0, Reason: "Never said"},
		domain.EndorsementGiven{Proposal: "poa", Actor: "FRA", DocumentSymbol: "A/C.1/77/L.73", Kind: domain.Sponsor, On: day(8), Source: source},
		domain.EndorsementWithdrawn{Proposal: "poa", Endorsement: 0, On: day(9), Source: source},
		domain.ProposalRevised{Proposal: "poa", Title: domain.To("Programme"), InCapacityOfChair: true, On: day(9), Source: source},
		domain.VoteRecorded{Proposal: "poa", DocumentSymbol: "A/RES/1", Body: "First Committee", On: day(10), Adopted: true, Yes: 1, Complete: true,
			Ballots: []domain.CastBallot{{State: "FRA", Ballot: domain.Yes}}, Source: source},
		domain.IntendedBallotDeclared{Proposal: "poa", Vote: 2, State: "FRA", Intended: domain.Abstain, On: day(11), Source: source},
		domain.PositionStated{Actor: "FRA", Target: domain.OnProposal("poa"), Stance: domain.Neutral, Explains: &domain.ActRef{Proposal: "poa", Revision: 2}, StatedOn: day(10), Summary: "Explained.", Source: source},
		domain.ProposalSubmitted{Proposal: "pom", Title: "Mechanism", Submitters: []string{"EU"}, InCapacityOfChair: true, On: day(12), Source: source},
		domain.ProposalSubmitted{Proposal: "pop", Title: "Platform", Submitters: []string{"EU", "VAT"}, On: day(12), Source: source},
		domain.ProposalSubmitted{Proposal: "poq", Title: "Quorum", Submitters: []string{"EU"}, On: day(12), Source: source},
		domain.ProposalMerged{Proposal: "poa", Into: "pom", On: day(13), Source: source},
		domain.ProposalSuperseded{Proposal: "pop", By: "pom", On: day(13), Source: source},
		domain.ProposalWithdrawn{Proposal: "poq", On: day(13), Source: source},
		domain.ProposalAdopted{Proposal: "pom", Symbol: "A/RES/2", By: "General Assembly", WithoutVote: true, On: day(14), Source: source},
	}
}

// The digest's form is kept for ever (RULES, section 8): testdata/digest.golden has the digest of everyKind at each position,
// and testdata/digest.json, indented, the text of the last one, to see what changed if ever one does. To change either is to
// give other digests than every program before: do it only before the first release, or for a part that older records
// do not have.
func TestDigestKeepsItsForm(t *testing.T) {
	r := newRecord(t)
	r.record(everyKind()...)
	used := map[string]bool{}
	var golden bytes.Buffer
	for at := range uint64(len(r.events)) + 1 {
		typ := "(nothing)"
		if at > 0 {
			typ = r.events[at-1].Type
			used[typ] = true
		}
		fmt.Fprintf(&golden, "%2d %s %s\n", at, digest(t, r.model.View(projections.Moment{At: at})), typ)
	}
	for _, e := range domain.EventTypes {
		if name := strings.TrimPrefix(fmt.Sprintf("%T", e), "domain."); !used[name] {
			t.Errorf("the history has no %s", name)
		}
	}
	text, err := r.model.Newest().DigestInput()
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(text)); sum != digest(t, r.model.Newest()) {
		t.Errorf("the digest is not the SHA-256 of its text, %s", sum)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "\t"); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	for name, got := range map[string][]byte{"testdata/digest.json": indented.Bytes(), "testdata/digest.golden": golden.Bytes()} {
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-golden +now):\n%s", name, diff)
		}
	}
}

// RULES, section 8: a part enters the digest only once an event of its kind is in the record.
func TestPartsEnterTheDigestWithTheirEvents(t *testing.T) {
	r := newRecord(t)
	r.record(everyKind()...)
	begins := map[string]string{ // By part, the type of event with which it enters.
		"at": "(nothing)", "states": "StateAdmitted", "groups": "GroupDefined", "sessions": "SessionDefined", "elements": "ElementDefined",
		"proposals": "ProposalSubmitted", "positions": "PositionStated", "endorsements": "EndorsementGiven", "votes": "VoteRecorded",
	}
	seen := map[string]bool{}
	for at := range uint64(len(r.events)) + 1 {
		typ := "(nothing)"
		if at > 0 {
			typ = r.events[at-1].Type
		}
		for _, part := range partsOf(t, r.model.View(projections.Moment{At: at})) {
			if seen[part] {
				continue
			}
			seen[part] = true
			// Standings enter with the first target, whichever of the two kinds.
			if begins[part] != typ && (part != "standings" || typ != "OptionDefined") {
				t.Errorf("%s enters with the %s at %d", part, typ, at)
			}
		}
	}
	for part := range begins {
		if !seen[part] {
			t.Errorf("%s never enters", part)
		}
	}
	if got := len(seen); got != len(begins)+1 {
		t.Errorf("%d parts, want %d and the standings", got, len(begins))
	}
}

func partsOf(t *testing.T, v *projections.View) []string {
	t.Helper()
	text, err := v.DigestInput()
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Keys(parts))
}

// The digest has no limit of days, whatever the moment of the view has; and it is no function of who asked first.
func TestDigestHasNoLimitOfDays(t *testing.T) {
	r := newRecord(t)
	r.record(everyKind()...)
	want := digest(t, r.model.Newest())
	for _, on := range []domain.Date{1, domain.NewDate(2024, 1, 5), domain.NewDate(2024, 1, 20)} {
		v := r.model.View(projections.Moment{At: r.model.At(), On: on})
		v.Convergences(nil)
		if got := digest(t, v); got != want {
			t.Errorf("on %s: %s, want %s", on, got, want)
		}
	}
}
