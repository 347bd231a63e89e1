package codec_test

import (
	"time"

	"github.com/rapporteur/rapporteur/domain"
)

// sample is an event of one type with every field filled, and one with nothing in it that may be left out.
type sample struct{ full, min domain.Event }

const (
	someSHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	poa     = "programme-of-action"
)

var (
	day      = domain.NewDate(2023, time.November, 2)
	nextDay  = day.Next()
	minSrc   = domain.Source{Title: "Statement in the Open-ended Working Group"}
	fullSrc  = domain.Source{Title: "Vote sheet, 31st meeting", URL: "https://example.org/vote?a=1&b=<2>", Symbol: "A/C.1/78/PV.31", Locator: "p. 5", Language: domain.French, Quote: "« Nous appuyons »\n\tle programme d’action \u2028 🕊", Grade: domain.OfficialRecord}
	fullPos  = domain.OnProposal(poa)
	someOpts = []domain.OptionRef{{Element: "decision-making", Option: "consensus"}, {Element: "review", Option: "every-six-years"}}
)

// samples has one entry for each type of event, by the type's name in the record.
var samples = map[string]sample{
	"ProposalSubmitted": {
		domain.ProposalSubmitted{Proposal: poa, Title: "Programme of Action", Summary: "A permanent, inclusive mechanism", Submitters: []string{"FRA", "EGY"}, InCapacityOfChair: true, On: day, Options: someOpts, DocumentParts: 2, Source: fullSrc},
		domain.ProposalSubmitted{Proposal: poa, Title: "Programme of Action", Submitters: []string{"FRA"}, On: day, Source: minSrc},
	},
	"ProposalRevised": {
		domain.ProposalRevised{Proposal: poa, Title: domain.To("Programme of Action, revised"), Summary: domain.To(""), Submitters: domain.To([]string{"FRA"}), InCapacityOfChair: true, On: nextDay, Options: domain.To(someOpts), DocumentParts: 1, Source: fullSrc},
		domain.ProposalRevised{Proposal: poa, On: nextDay, Source: minSrc},
	},
	"DocumentRecorded": {
		domain.DocumentRecorded{Proposal: poa, Submission: 3, Part: 1, Parts: 2, Symbol: "A/C.1/78/L.60", Title: "Draft resolution", Language: domain.English, IssuedOn: day, URL: "https://docs.un.org/A/C.1/78/L.60", SHA256: someSHA,
			Paragraphs: []domain.Paragraph{{Kind: domain.Preambular, Number: 1, Text: "Recalling its resolutions,"}, {Kind: domain.Operative, Number: 6, Text: "Requests the \"views, concerns and interests\" of all States;"}}},
		domain.DocumentRecorded{Proposal: poa, Submission: 0, Part: 2, Parts: 2},
	},
	"ProposalMerged": {
		domain.ProposalMerged{Proposal: "chairs-paper", Into: poa, On: day, Source: fullSrc},
		domain.ProposalMerged{Proposal: "chairs-paper", Into: poa, On: day, Source: minSrc},
	},
	"ProposalSuperseded": {
		domain.ProposalSuperseded{Proposal: "chairs-paper", By: poa, On: day, Source: fullSrc},
		domain.ProposalSuperseded{Proposal: "chairs-paper", By: poa, On: day, Source: minSrc},
	},
	"ProposalWithdrawn": {
		domain.ProposalWithdrawn{Proposal: poa, On: day, Source: fullSrc},
		domain.ProposalWithdrawn{Proposal: poa, On: day, Source: minSrc},
	},
	"ProposalAdopted": {
		domain.ProposalAdopted{Proposal: poa, Symbol: "A/RES/78/16", By: "General Assembly", WithoutVote: true, On: day, Source: fullSrc},
		domain.ProposalAdopted{Proposal: poa, By: "General Assembly", On: day, Source: minSrc},
	},
	"PositionStated": {
		domain.PositionStated{Actor: "EU", AlignedWith: []string{"UKR", "MDA"}, Dissociated: []string{"HUN"}, Target: domain.OnOption("decision-making", "consensus"), Stance: domain.SupportWithReservations, Form: domain.WrittenSubmission,
			Explains: &domain.ActRef{Proposal: poa, Revision: 4}, StatedOn: day, Session: "OEWG-6", Summary: "Supports consensus, where it can be had",
			Points: []domain.Point{{Kind: domain.Concern, Text: "A veto for all"}, {Kind: domain.Offer, Text: "To share drafts"}}, Source: fullSrc},
		domain.PositionStated{Actor: "FRA", Target: fullPos, StatedOn: day, Summary: "Speaks of it", Source: minSrc},
	},
	"PositionCorrected": {
		domain.PositionCorrected{Actor: "FRA", Position: 7, Reason: "Misread the record", Changes: domain.PositionChanges{Stance: domain.To(domain.Neutral), Form: domain.To(domain.RightOfReply), Explains: domain.To(domain.ActRef{Proposal: poa, Revision: 2}), StatedOn: domain.To(nextDay), Session: domain.To("OEWG-7"), Summary: domain.To("Neither for nor against"),
			Points: domain.To([]domain.Point{{Kind: domain.Need, Text: "Time"}}), Source: domain.To(fullSrc), AlignedWith: domain.To([]string{"BEL"}), Dissociated: domain.To([]string{"LUX"})}},
		domain.PositionCorrected{Actor: "FRA", Position: 0, Reason: "Misread the record"},
	},
	"PositionWithdrawn": {
		domain.PositionWithdrawn{Actor: "FRA", Position: 3, On: day, Source: fullSrc},
		domain.PositionWithdrawn{Actor: "FRA", Position: 0, On: day, Source: minSrc},
	},
	"PositionRetracted": {
		domain.PositionRetracted{Actor: "FRA", Position: 3, Reason: "Said by another delegation"},
		domain.PositionRetracted{Actor: "FRA", Position: 0, Reason: "Twice"},
	},
	"EndorsementGiven": {
		domain.EndorsementGiven{Proposal: poa, Actor: "DEU", DocumentSymbol: "A/C.1/78/L.60", Paragraph: "OP3", Kind: domain.Cosponsor, On: day, Source: fullSrc},
		domain.EndorsementGiven{Proposal: poa, Actor: "DEU", Kind: domain.JoinedConsensus, On: day, Source: minSrc},
	},
	"EndorsementWithdrawn": {
		domain.EndorsementWithdrawn{Proposal: poa, Endorsement: 5, On: day, Source: fullSrc},
		domain.EndorsementWithdrawn{Proposal: poa, Endorsement: 0, On: day, Source: minSrc},
	},
	"VoteRecorded": {
		domain.VoteRecorded{Proposal: poa, DocumentSymbol: "A/C.1/78/L.60", Paragraph: "PP9", Body: "First Committee", On: day, Adopted: true, Yes: 158, No: 10, Abstain: 12, Absent: 13, Complete: true,
			Ballots: []domain.CastBallot{{State: "FRA", Ballot: domain.Yes}, {State: "RUS", Ballot: domain.No}, {State: "IND", Ballot: domain.Abstain}, {State: "TUV", Ballot: domain.Absent}}, Source: fullSrc},
		domain.VoteRecorded{Proposal: poa, DocumentSymbol: "A/C.1/78/L.60", Body: "First Committee", On: day, Source: minSrc},
	},
	"IntendedBallotDeclared": {
		domain.IntendedBallotDeclared{Proposal: poa, Vote: 6, State: "TUV", Intended: domain.Yes, On: nextDay, Source: fullSrc},
		domain.IntendedBallotDeclared{Proposal: poa, Vote: 0, State: "TUV", Intended: domain.Yes, On: nextDay, Source: minSrc},
	},
	"ElementDefined": {
		domain.ElementDefined{Element: "decision-making", Label: "Decision-making", Description: "How the mechanism decides"},
		domain.ElementDefined{Element: "decision-making", Label: "Decision-making"},
	},
	"OptionDefined": {
		domain.OptionDefined{Element: "decision-making", Option: "consensus", Label: "By consensus", Description: "One objection blocks"},
		domain.OptionDefined{Element: "decision-making", Option: "consensus", Label: "By consensus"},
	},
	"OptionRetired": {
		domain.OptionRetired{Element: "decision-making", Option: "consensus", Reason: "Said in two ways"},
		domain.OptionRetired{Element: "decision-making", Option: "consensus", Reason: "Said in two ways"},
	},
	"StateAdmitted": {
		domain.StateAdmitted{State: "TUR", Names: []domain.LocalizedName{{Language: domain.English, Name: "Türkiye", FormalName: "the Republic of Türkiye"}, {Language: domain.Arabic, Name: "تركيا", FormalName: "جمهورية تركيا"}}, RegionalGroup: domain.WEOG, Observer: true, AdmittedOn: domain.NewDate(1945, time.October, 24), Aliases: []string{"Turkey"}},
		domain.StateAdmitted{State: "VAT", Names: []domain.LocalizedName{{Language: domain.English, Name: "Holy See"}}},
	},
	"GroupDefined": {
		domain.GroupDefined{Group: "EU", Kind: domain.Standing, Names: []domain.LocalizedName{{Language: domain.English, Name: "European Union", FormalName: "the European Union"}}},
		domain.GroupDefined{Group: "EU", Kind: domain.AdHoc, Names: []domain.LocalizedName{{Language: domain.English, Name: "European Union"}}},
	},
	"MemberJoined": {
		domain.MemberJoined{Group: "EU", State: "HRV", From: domain.NewDate(2013, time.July, 1), Source: &fullSrc},
		domain.MemberJoined{Group: "EU", State: "FRA"},
	},
	"MemberLeft": {
		domain.MemberLeft{Group: "EU", State: "GBR", From: domain.NewDate(1973, time.January, 1), Until: domain.NewDate(2020, time.February, 1), Source: &minSrc},
		domain.MemberLeft{Group: "EU", State: "GBR", Until: domain.NewDate(2020, time.February, 1)},
	},
	"SessionDefined": {
		domain.SessionDefined{Session: "OEWG-6", Name: "Sixth substantive session", Forum: "Open-ended Working Group 2021–2025", StartsOn: domain.NewDate(2023, time.December, 11), EndsOn: domain.NewDate(2023, time.December, 15), DecisionRule: domain.ByConsensus},
		domain.SessionDefined{Session: "OEWG-6", Name: "Sixth substantive session", Forum: "Open-ended Working Group 2021–2025", StartsOn: domain.NewDate(2023, time.December, 11), EndsOn: domain.NewDate(2023, time.December, 15), DecisionRule: domain.ByMajority},
	},
	"ImportCompleted": {
		domain.ImportCompleted{SHA256: someSHA, Name: "demo", Recorded: map[string]int{"votes.csv": 2, "positions.csv": 120}, Skipped: 4},
		domain.ImportCompleted{SHA256: someSHA, Name: "demo"},
	},
}
