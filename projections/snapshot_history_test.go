package projections_test

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
)

// furnished is a history by hand in which is said whatever can be, and what random ones leave out.
func furnished() []oracle.Event {
	source := domain.Source{
		Title: "Source", URL: "https://example.org/1", Symbol: "A/1", Locator: "para. 3", Language: domain.French, Quote: "Ainsi dit.", Grade: domain.OfficialRecord,
	}
	state := func(code string, group domain.RegionalGroup) domain.StateAdmitted {
		return domain.StateAdmitted{State: code, RegionalGroup: group, AdmittedOn: 700_000, Aliases: []string{"alias of " + code}, Names: []domain.LocalizedName{
			{Language: domain.Arabic, Name: "اسم " + code}, {Language: domain.English, Name: "name of " + code, FormalName: "the name of " + code},
		}}
	}
	act := domain.ActRef{Proposal: "p", Revision: 0}
	var h []oracle.Event
	revisions := map[string]int64{}
	for i, e := range []domain.Event{
		state("AAA", domain.WEOG), state("BBB", domain.African),
		domain.GroupDefined{Group: "G", Kind: domain.AdHoc, Names: names("group")},
		domain.SessionDefined{Session: "s-1", Name: "First", Forum: "OEWG", StartsOn: 738_000, EndsOn: 738_004, DecisionRule: domain.ByConsensus},
		domain.ElementDefined{Element: "e", Label: "element", Description: "what it is"},
		domain.OptionDefined{Element: "e", Option: "o", Label: "option", Description: "what it means"},
		domain.ProposalSubmitted{Proposal: "p", Title: "P", Submitters: []string{"AAA"}, On: 738_000, Source: source, DocumentParts: 1},
		domain.DocumentRecorded{Proposal: "p", Part: 1, Parts: 1, Symbol: "A/1", Title: "Draft", Language: domain.Spanish, IssuedOn: 737_999, URL: "https://example.org/2",
			SHA256: "00ff", Paragraphs: []domain.Paragraph{{Kind: domain.Operative, Number: 1, Text: "Decides;"}}},
		domain.ProposalSubmitted{Proposal: "q", Title: "Q", Submitters: []string{"BBB"}, On: 738_001, Source: source},
		domain.EndorsementGiven{Proposal: "p", Actor: "AAA", DocumentSymbol: "A/1", Paragraph: "OP1", Kind: domain.Sponsor, On: 738_001, Source: source},
		domain.VoteRecorded{Proposal: "p", DocumentSymbol: "A/1", Paragraph: "OP1", Body: "First Committee", On: 738_002, Adopted: true, Yes: 1, No: 1, Abstain: 1, Absent: 1,
			Complete: true, Ballots: []domain.CastBallot{{State: "BBB", Ballot: domain.Yes}, {State: "AAA", Ballot: domain.No}}, Source: source},
		domain.PositionStated{Actor: "AAA", Target: domain.OnProposal("p"), Stance: domain.Concerned, StatedOn: 738_001, Summary: "Said so.", Source: source},
		domain.PositionCorrected{Actor: "AAA", Reason: "slip", Changes: domain.PositionChanges{
			Explains: domain.To(act), Session: domain.To("s-1"), Form: domain.To(domain.Statement), StatedOn: domain.To(domain.Date(738_000)),
		}},
		domain.ProposalMerged{Proposal: "q", Into: "p", On: 738_003, Source: source},
		domain.ProposalAdopted{Proposal: "p", Symbol: "A/1", By: "General Assembly", WithoutVote: true, On: 738_004, Source: source},
		domain.ImportCompleted{},
	} {
		stream := e.Stream()
		h = append(h, oracle.Event{At: uint64(i) + 1, RecordedAt: firstMinute, Revision: revisions[stream], Event: e})
		revisions[stream]++
	}
	return h
}
