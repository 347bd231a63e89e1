package intake_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// fault is what of an intake.Fault the reader itself decides.
type fault struct {
	File                   string
	Line                   int
	Column, Value, Message string
}

func told(faults []intake.Fault) []fault {
	var list []fault
	for _, f := range faults {
		list = append(list, fault{f.File, f.Line, f.Column, f.Value, f.Message})
	}
	return list
}

const (
	positionsHead = "date,actor,proposal,element,option,stance,summary,points,aligned_with\n"
	proposalsHead = "proposal,title,date,submitters,document_symbol,status,status_on,adopted_by,without_vote,successor\n"
	votesHead     = "proposal,document_symbol,body,date,adopted,yes,no,abstain,absent\n"
	points        = "view, concern, interest, condition, need or offer"
)

// Each of these folders has one fault, told in full: file, line, column, value and sentence.
func TestBrokenFiles(t *testing.T) {
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		want fault
	}{
		"no file of a data set": {
			folder("README.md", "hello"),
			fault{"", 0, "", "", "None of the files of a data set is here; it has one or more of states.csv, aliases.csv, groups.csv, sessions.csv, elements.csv, options.csv, proposals.csv, revisions.csv, proposal-options.csv, positions.csv, endorsements.csv, votes.csv and ballots.csv."},
		},
		"file under nearly the right name": {
			folder("elements.csv", "element,label\na,A\n", "position.csv", positionsHead),
			fault{"position.csv", 0, "", "", `A data set has no file "position.csv"; did you mean positions.csv? Rename it, or take it out of the folder.`},
		},
		"empty file": {
			folder("elements.csv", ""),
			fault{"elements.csv", 1, "", "", "The file is empty; its first line names the columns, among them element and label."},
		},
		"UTF-16": {
			folder("elements.csv", "\xff\xfee\x00l\x00"),
			fault{"elements.csv", 1, "", "", "The file is UTF-16; save it as UTF-8."},
		},
		"Latin-1": {
			folder("elements.csv", "element,label\na,A\nb,Caf\xe9\n"),
			fault{"elements.csv", 3, "", "", "Byte 6 of the line, 0xE9, is no UTF-8; save the file as UTF-8."},
		},
		"NUL": {
			folder("elements.csv", "element,label\na,A\x00\n"),
			fault{"elements.csv", 2, "", "", "Byte 4 of the line is NUL, which no text has; save the file as UTF-8."},
		},
		"lines of an old Macintosh": {
			folder("elements.csv", "element,label\ra,A\r"),
			fault{"elements.csv", 1, "", "", "The lines end with a carriage return alone; save the file with line feeds (LF, or CR LF)."},
		},
		"semicolons": {
			folder("elements.csv", "element;label\na;A\n"),
			fault{"elements.csv", 1, "", "", "The columns are parted by semicolons or tabs; save the file as CSV with commas."},
		},
		"misspelt column": {
			folder("elements.csv", "element,lable\na,A\n"),
			fault{"elements.csv", 1, "lable", "lable", `There is no column "lable"; did you mean label?`},
		},
		"unknown column": {
			folder("elements.csv", "element,label,zzzzzzzz\na,A,\n"),
			fault{"elements.csv", 1, "zzzzzzzz", "zzzzzzzz", `There is no column "zzzzzzzz"; known are element, label, description, form, explains, dissociated, quote, symbol, locator, language, source_title, source_symbol, source_locator, source_language, source_quote, source_url, source_grade and note.`},
		},
		"missing column": {
			folder("elements.csv", "element\na\n"),
			fault{"elements.csv", 1, "label", "", "The column label is missing."},
		},
		"column twice": {
			folder("elements.csv", "element,label,element\na,A,b\n"),
			fault{"elements.csv", 1, "element", "element", "The column element stands twice; keep one."},
		},
		"column without a name": {
			folder("elements.csv", "element,label,\na,A,\n"),
			fault{"elements.csv", 1, "", "", "Column 3 has no name; name it, or take it out of every line."},
		},
		"too few cells": {
			folder("elements.csv", "element,label\na,A\nb\n"),
			fault{"elements.csv", 3, "", "", "The row has 1 cell where the header has 2; a cell that has a comma in it stands between double quotes."},
		},
		"comma without quotes": {
			folder("elements.csv", "element,label\n\n\na,A, or B\n"),
			fault{"elements.csv", 4, "", "", "The row has 3 cells where the header has 2; a cell that has a comma in it stands between double quotes."},
		},
		"stray quote": {
			folder("elements.csv", "element,label\na,A \"B\"\n"),
			fault{"elements.csv", 2, "", "", `A double quote stands within a cell that does not begin with one; put the cell between double quotes, and write those within it twice ("").`},
		},
		"quote never closed": {
			folder("elements.csv", "element,label\na,A\nb,\"B\nc,C\nd,D\n"),
			fault{"elements.csv", 3, "", "", `A cell of this row begins with a double quote but does not end with one; write a double quote within it twice ("").`},
		},
		"text after a quote": {
			folder("elements.csv", "element,label\na,\"A\" B\n"),
			fault{"elements.csv", 2, "", "", `A cell of this row begins with a double quote but does not end with one; write a double quote within it twice ("").`},
		},
		"empty cell": {
			folder("elements.csv", "element,label\na, \n"),
			fault{"elements.csv", 2, "label", "", "The cell is empty; every row of elements.csv has its label."},
		},
		"unknown State": {
			folder("positions.csv", positionsHead+"2020-01-01,Urugay,p,,,,S,,\n"),
			fault{"positions.csv", 2, "actor", "Urugay", `There is no State or group "Urugay"; did you mean Uruguay (URY)?`},
		},
		"ambiguous State": {
			folder("positions.csv", positionsHead+"2020-01-01,Korea,p,,,,S,,\n"),
			fault{"positions.csv", 2, "actor", "Korea", `"Korea" may be the Republic of Korea (KOR) or the Democratic People's Republic of Korea (PRK).`},
		},
		"unknown State in a list": {
			folder("positions.csv", positionsHead+"2020-01-01,EU,p,,,,S,,NOR;ICELND\n"),
			fault{"positions.csv", 2, "aligned_with", "NOR;ICELND", `There is no State "ICELND"; did you mean Iceland (ISL) or Ireland (IRL)?`},
		},
		"misspelt group": {
			folder("groups.csv", "group,label\nNON-ALIGNED,Non-Aligned Movement\n", "positions.csv", positionsHead+"2020-01-01,Non-Alligned,p,,,,S,,\n"),
			fault{"positions.csv", 2, "actor", "Non-Alligned", `There is no State or group "Non-Alligned"; did you mean Non-Aligned Movement (NON-ALIGNED)?`},
		},
		"State that is none at all": {
			folder("positions.csv", positionsHead+"2020-01-01,Atlantis,p,,,,S,,\n"),
			fault{"positions.csv", 2, "actor", "Atlantis", `There is no State or group "Atlantis".`},
		},
		"day that is none": {
			folder("positions.csv", positionsHead+"2023-02-30,FRA,p,,,,S,,\n"),
			fault{"positions.csv", 2, "date", "2023-02-30", `"2023-02-30" is no day; write it as YYYY-MM-DD, for example 2023-12-22.`},
		},
		"stance that is none": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,p,,,suport,S,,\n"),
			fault{"positions.csv", 2, "stance", "suport", `"suport" is no stance; it is one of support, support_with_reservations, neutral, concerned or oppose.`},
		},
		"two targets": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,p,e,o,,S,,\n"),
			fault{"positions.csv", 2, "proposal", "p", "Both a proposal and an option are named; a position is on one of the two."},
		},
		"no target": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,,,,,S,,\n"),
			fault{"positions.csv", 2, "proposal", "", "The row names nothing that the position is on; name a proposal, or an element and its option."},
		},
		"element without an option": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,,track,,,S,,\n"),
			fault{"positions.csv", 2, "option", "", "The element track is named without one of its options; a position is on an option."},
		},
		"option without its element": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,,,one,,S,,\n"),
			fault{"positions.csv", 2, "element", "", "The option one is named without its element."},
		},
		"kind of point that is none": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,p,,,,S,NEED: a | worry: b,\n"),
			fault{"positions.csv", 2, "points", "NEED: a | worry: b", `"worry" is no kind of point; write KIND: text, with | between two points; the kind is one of ` + points + "."},
		},
		"point without a kind": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,p,,,,S,Wants more,\n"),
			fault{"positions.csv", 2, "points", "Wants more", `"Wants more" is no kind of point; write KIND: text, with | between two points; the kind is one of ` + points + "."},
		},
		"point without a text": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,p,,,,S,NEED:,\n"),
			fault{"positions.csv", 2, "points", "NEED:", `The point "NEED:" has no text; write KIND: text, with | between two points.`},
		},
		"position twice": {
			folder("positions.csv", positionsHead+"2020-01-01,FRA,p,,,,S,,\n2020-01-02,FRA,p,,,,S,,\n2020-01-01,France,p,,,oppose,T,,\n"),
			fault{"positions.csv", 4, "date", "2020-01-01", "A position of FRA on proposal:p on 2020-01-01 stands in line 2 already; keep one of the two."},
		},
		"source told twice": {
			folder("positions.csv", "date,actor,proposal,summary,symbol,source_symbol\n2020-01-01,FRA,p,S,A/1,A/2\n"),
			fault{"positions.csv", 2, "symbol", "A/1", `The columns source_symbol and symbol name one thing, but the row has "A/2" in one and "A/1" in the other.`},
		},
		"grade that is none": {
			folder("positions.csv", "date,actor,proposal,summary,source_grade\n2020-01-01,FRA,p,S,rumour\n"),
			fault{"positions.csv", 2, "source_grade", "rumour", `"rumour" is no grade of a source; it is one of official_record, delegation_text, press, second_hand or machine_summary.`},
		},
		"kind of endorsement that is none": {
			folder("endorsements.csv", "date,proposal,actor,kind\n2020-01-01,p,FRA,backer\n"),
			fault{"endorsements.csv", 2, "kind", "backer", `"backer" is no kind of endorsement; it is one of sponsor, cosponsor, joint_statement, vote_yes, vote_no, vote_abstain, vote_absent, joined_consensus or dissociated.`},
		},
		"ballot among endorsements": {
			folder("endorsements.csv", "date,proposal,actor,kind\n2020-01-01,p,FRA,vote_yes\n"),
			fault{"endorsements.csv", 2, "kind", "vote_yes", "vote_yes is a ballot; it stands in ballots.csv, and its vote in votes.csv."},
		},
		"act twice": {
			folder("endorsements.csv", "date,proposal,actor,kind\n2020-01-01,p,FRA,sponsor\n2020-01-01,p,France,Sponsor\n"),
			fault{"endorsements.csv", 3, "actor", "France", "This act of FRA stands in line 2 already; keep one of the two."},
		},
		"language that is none": {
			folder("endorsements.csv", "date,proposal,actor,kind,source_language\n2020-01-01,p,FRA,sponsor,de\n"),
			fault{"endorsements.csv", 2, "source_language", "de", `"de" is no language; it is one of ar, zh, en, fr, ru or es.`},
		},
		"total that is none": {
			folder("votes.csv", votesHead+"p,A/1,Body,2020-01-01,true,120.0,0,0,0\n"),
			fault{"votes.csv", 2, "yes", "120.0", `"120.0" is no number of votes; write it with digits alone.`},
		},
		"total below nothing": {
			folder("votes.csv", votesHead+"p,A/1,Body,2020-01-01,true,0,-1,0,0\n"),
			fault{"votes.csv", 2, "no", "-1", `"-1" is no number of votes; write it with digits alone.`},
		},
		"neither true nor false": {
			folder("votes.csv", votesHead+"p,A/1,Body,2020-01-01,yes,0,0,0,0\n"),
			fault{"votes.csv", 2, "adopted", "yes", `"yes" is neither true nor false.`},
		},
		"vote twice": {
			folder("votes.csv", votesHead+"p,A/1,Body,2020-01-01,true,0,0,0,0\nq,A/1,Other,2020-01-02,true,0,0,0,0\n"),
			fault{"votes.csv", 3, "document_symbol", "A/1", "The vote on A/1 as a whole stands in line 2 already; keep one of the two."},
		},
		"ballots without a vote": {
			folder("votes.csv", votesHead+"p,A/1,Body,2020-01-01,true,0,0,0,0\n", "ballots.csv", "document_symbol,paragraph,state,ballot\nA/1,3,FRA,yes\nA/1,3,DEU,no\n"),
			fault{"ballots.csv", 2, "document_symbol", "A/1", "votes.csv has no vote on paragraph 3 of A/1; it has the day and the totals of this ballot (nor of 1 more row like it)."},
		},
		"ballot that is none": {
			folder("votes.csv", votesHead+"p,A/1,Body,2020-01-01,true,1,0,0,0\n", "ballots.csv", "document_symbol,state,ballot\nA/1,FRA,maybe\n"),
			fault{"ballots.csv", 2, "ballot", "maybe", `"maybe" is no ballot; it is one of yes, no, abstain or absent.`},
		},
		"ballot of a State twice": {
			folder("votes.csv", votesHead+"p,A/1,Body,2020-01-01,true,1,0,0,0\n", "ballots.csv", "document_symbol,state,ballot\nA/1,FRA,yes\nA/1,DEU,yes\nA/1,Франция,no\n"),
			fault{"ballots.csv", 4, "state", "Франция", "The ballot of FRA in this vote stands in line 2 already; keep one of the two."},
		},
		"group ballot": {
			folder("groups.csv", "group,label\nEU,European Union\n", "votes.csv", votesHead+"p,A/1,Body,2020-01-01,true,1,0,0,0\n", "ballots.csv", "document_symbol,state,ballot\nA/1,EU,yes\n"),
			fault{"ballots.csv", 2, "state", "EU", "EU is a group; name a State here."},
		},
		"capacity that is none": {
			folder("proposals.csv", "proposal,title,date,submitters,capacity\np,P,2020-01-01,FRA,host\n"),
			fault{"proposals.csv", 2, "capacity", "host", `"host" is no capacity; write chair, or leave the cell empty.`},
		},
		"status that is none": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,agreed,2020-01-02,,,\n"),
			fault{"proposals.csv", 2, "status", "agreed", `"agreed" is no status of a proposal; it is one of submitted, merged, superseded, withdrawn or adopted.`},
		},
		"merged into nothing": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,merged,2020-01-02,,,\n"),
			fault{"proposals.csv", 2, "successor", "", "The cell is empty; a proposal that is merged has its successor."},
		},
		"adopted on no day": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,adopted,,Body,true,\n"),
			fault{"proposals.csv", 2, "status_on", "", "The cell is empty; a proposal that is adopted has its status_on."},
		},
		"submitted with a successor": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,submitted,,,,q\n"),
			fault{"proposals.csv", 2, "successor", "q", "Only a proposal that is merged or superseded has its successor; this one is submitted."},
		},
		"submitted later than submitted": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,,2020-01-02,,,\n"),
			fault{"proposals.csv", 2, "status_on", "2020-01-02", "This proposal is submitted, which it was on its date; give the status that it had from this day on."},
		},
		"proposal twice": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,,,,,\np,Q,2020-01-02,DEU,,,,,,\n"),
			fault{"proposals.csv", 3, "proposal", "p", "The proposal p stands in line 2 already; keep one of the two."},
		},
		"option of no proposal": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,,,,,\n", "proposal-options.csv", "proposal,element,option\nq,e,o\n"),
			fault{"proposal-options.csv", 2, "proposal", "q", "Neither proposals.csv nor revisions.csv has a submission of q that could take the option."},
		},
		"option of no document": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,A/1,,,,,\n", "proposal-options.csv", "proposal,document_symbol,element,option\np,A/2,e,o\n"),
			fault{"proposal-options.csv", 2, "document_symbol", "A/2", "No submission of p has the document A/2."},
		},
		"option of which document": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,A/1,,,,,\n", "proposal-options.csv", "proposal,element,option\np,e,o\n"),
			fault{"proposal-options.csv", 2, "document_symbol", "", "Every submission of p has a document symbol; say which document takes the option."},
		},
		"option taken twice": {
			folder("proposals.csv", proposalsHead+"p,P,2020-01-01,FRA,,,,,,\n", "proposal-options.csv", "proposal,element,option\np,e,o\np,e,o\n"),
			fault{"proposal-options.csv", 3, "option", "o", "The option e/o of this document stands in line 2 already; keep one of the two."},
		},
		"revision twice": {
			folder("revisions.csv", "proposal,date,document_symbol\np,2020-01-01,A/1\np,2020-01-01,A/1\n"),
			fault{"revisions.csv", 3, "date", "2020-01-01", "This revision of p stands in line 2 already; keep one of the two."},
		},
		"option twice": {
			folder("options.csv", "element,option,label\ne,o,O\nf,o,O\ne,o,P\n"),
			fault{"options.csv", 4, "option", "o", "The option e/o stands in line 2 already; keep one of the two."},
		},
		"session twice": {
			folder("sessions.csv", "session,name,forum,starts_on,ends_on,decision_rule\ns,S,F,2020-01-01,2020-01-02,majority\ns,S,F,2020-01-01,2020-01-02,majority\n"),
			fault{"sessions.csv", 3, "session", "s", "The session s stands in line 2 already; keep one of the two."},
		},
		"decision rule that is none": {
			folder("sessions.csv", "session,name,forum,starts_on,ends_on,decision_rule\ns,S,F,2020-01-01,2020-01-02,unanimity\n"),
			fault{"sessions.csv", 2, "decision_rule", "unanimity", `"unanimity" is no decision rule; it is one of consensus or majority.`},
		},
		"group under two labels": {
			folder("groups.csv", "group,label,kind,member\nG,Gee,standing,FRA\nG,Gea,,DEU\n"),
			fault{"groups.csv", 3, "label", "Gea", `The label of G is "Gea" here and "Gee" in line 2; the rows of a group agree.`},
		},
		"group of two kinds": {
			folder("groups.csv", "group,label,kind,member\nG,Gee,standing,FRA\nG,,ad_hoc,DEU\n"),
			fault{"groups.csv", 3, "kind", "ad_hoc", `The kind of G is "ad_hoc" here and "standing" in line 2; the rows of a group agree.`},
		},
		"kind of group that is none": {
			folder("groups.csv", "group,label,kind\nG,Gee,loose\n"),
			fault{"groups.csv", 2, "kind", "loose", `"loose" is no kind of group; it is one of standing or ad_hoc.`},
		},
		"membership twice": {
			folder("groups.csv", "group,label,member,from\nG,Gee,FRA,2000-01-01\nG,Gee,France,2000-01-01\n"),
			fault{"groups.csv", 3, "member", "France", "This membership of FRA in G stands in line 2 already; keep one of the two."},
		},
		"membership of nobody": {
			folder("groups.csv", "group,label,member,from\nG,Gee,,2000-01-01\n"),
			fault{"groups.csv", 2, "member", "", "There are days of a membership but no member; name the State."},
		},
		"aliases alone": {
			folder("aliases.csv", "iso3,alias\nFRA,Gaul\n"),
			fault{"aliases.csv", 1, "", "", "There are aliases but no states.csv; add the States that they belong to, or take the file away and the built-in States serve with theirs."},
		},
		"alias of nobody": {
			folder("states.csv", "iso3,name_en,regional_group,admitted\nAAA,Ruritania,WEOG,1950-01-01\n", "aliases.csv", "iso3,alias\nBBB,Gaul\n"),
			fault{"aliases.csv", 2, "iso3", "BBB", "BBB has no row in states.csv; its aliases belong to no State."},
		},
		"alias twice": {
			folder("states.csv", "iso3,name_en,regional_group,admitted\nAAA,Ruritania,WEOG,1950-01-01\n", "aliases.csv", "iso3,lang,alias\nAAA,en,Gaul\nAAA,fr,Gaul\nAAA,en,Gaul\n"),
			fault{"aliases.csv", 4, "alias", "Gaul", "This alias of AAA stands in line 2 already; keep one of the two."},
		},
		"State twice": {
			folder("states.csv", "iso3,name_en,regional_group,admitted\nAAA,Ruritania,WEOG,1950-01-01\nAAA,Ruritania,WEOG,1950-01-01\n"),
			fault{"states.csv", 3, "iso3", "AAA", "AAA stands in line 2 already; keep one of the two."},
		},
		"regional group that is none": {
			folder("states.csv", "iso3,name_en,regional_group,admitted\nAAA,Ruritania,Europe,1950-01-01\n"),
			fault{"states.csv", 2, "regional_group", "Europe", `"Europe" is no regional group; it is African, Asia-Pacific, Eastern European, GRULAC or WEOG.`},
		},
		"formal name without a name": {
			folder("states.csv", "iso3,name_en,formal_fr,regional_group,admitted\nAAA,Ruritania,Royaume,WEOG,1950-01-01\n"),
			fault{"states.csv", 2, "name_fr", "", "There is a formal name in this language, but no name; give both."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := intake.Dataset(c.fsys)
			if diff := cmp.Diff([]fault{c.want}, told(faults)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Everything that is wrong is told at once, in the order of files, lines and columns.
func TestAllFaultsAtOnce(t *testing.T) {
	fsys := folder(
		"votes.csv", votesHead+"p,A/1,,2020-01-01,perhaps,1,x,0,0\n",
		"elements.csv", "element,label\na,\nb,B \"x\" y\n",
		"positions.csv", positionsHead+"yesterday,Urugay,p,,,suport,,,\n2020-01-01,FRA,p,,,,S,,\n2020-01-02,FRA\n",
		"ballots.csv", "document_symbol,state,ballot\nA/1,Urugay,yes\n",
		"sessions.csv", "session,name\n",
	)
	_, faults := intake.Dataset(fsys)
	var got []string
	for _, f := range faults {
		got = append(got, f.String())
	}
	want := []string{
		"sessions.csv:1: forum: The column forum is missing.",
		"sessions.csv:1: starts_on: The column starts_on is missing.",
		"sessions.csv:1: ends_on: The column ends_on is missing.",
		"sessions.csv:1: decision_rule: The column decision_rule is missing.",
		"elements.csv:2: label: The cell is empty; every row of elements.csv has its label.",
		`elements.csv:3: A double quote stands within a cell that does not begin with one; put the cell between double quotes, and write those within it twice ("").`,
		`positions.csv:2: date: "yesterday" is no day; write it as YYYY-MM-DD, for example 2023-12-22.`,
		`positions.csv:2: actor: There is no State or group "Urugay"; did you mean Uruguay (URY)?`,
		`positions.csv:2: stance: "suport" is no stance; it is one of support, support_with_reservations, neutral, concerned or oppose.`,
		"positions.csv:2: summary: The cell is empty; every row of positions.csv has its summary.",
		"positions.csv:4: The row has 2 cells where the header has 9; a cell that has a comma in it stands between double quotes.",
		"votes.csv:2: body: The cell is empty; every row of votes.csv has its body.",
		`votes.csv:2: adopted: "perhaps" is neither true nor false.`,
		`votes.csv:2: no: "x" is no number of votes; write it with digits alone.`,
		`ballots.csv:2: state: There is no State "Urugay"; did you mean Uruguay (URY)?`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// place is where a fault stands. What it says is the deciders' to choose.
type place struct {
	file          string
	line          int
	column, value string
}

func placeOf(f intake.Fault) place { return place{f.File, f.Line, f.Column, f.Value} }

// What deciders find is led back to the cell, also where that stands in another file than the row.
func TestCheckLeadsBackToTheCell(t *testing.T) {
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		want place
	}{
		"option that is not defined": {
			edit(t, "proposal-options.csv", "old,,track,one", "old,,track,onne"),
			place{"proposal-options.csv", 2, "option", "onne"},
		},
		"ballots beyond the total": {
			edit(t, "votes.csv", ",1,1,0,0,", ",0,1,0,0,"),
			// The position that explains the ballot does not find it now, which is not told again.
			place{"votes.csv", 2, "yes", "0"},
		},
		"alias too long": {
			edit(t, "aliases.csv", "en,Fenwick\n", "en,Fenwick\nAAA,en,a\u0001b\n"),
			place{"aliases.csv", 3, "alias", "a\u0001b"},
		},
		"session that is not defined": {
			edit(t, "positions.csv", "2020-01-04,S1", "2020-01-04,S2"),
			place{"positions.csv", 2, "session", "S2"},
		},
		"session with a fault": {
			edit(t, "sessions.csv", "2020-01-05", "2019-01-05"),
			place{"sessions.csv", 2, "ends_on", "2019-01-05"},
		},
		"act that is not there": {
			edit(t, "positions.csv", "N/3#4", "N/3"),
			place{"positions.csv", 2, "explains", "N/3"},
		},
		"withdrawn before it was said": {
			edit(t, "positions.csv", ",,2020-01-03,,", ",,2020-01-01,,"),
			place{"positions.csv", 3, "withdrawn_on", "2020-01-01"},
		},
		"address that is none": {
			edit(t, "proposals.csv", "https://example.org/new", "example.org/new"),
			place{"proposals.csv", 3, "source_url", "example.org/new"},
		},
		"successor that is not there": {
			edit(t, "proposals.csv", ",new,,https", ",neww,,https"),
			place{"proposals.csv", 2, "successor", "neww"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			faults := check(t, eventlogtest.NewMemory(), read(t, c.fsys), nil)
			if len(faults) != 1 || placeOf(faults[0]) != c.want || faults[0].Message == "" {
				t.Errorf("want one fault at %+v, got %q", c.want, faults)
			}
		})
	}
}

// A row with a fault of form is not told again by all that name what it defines; what else is wrong is.
func TestCheckBesideFaultsOfForm(t *testing.T) {
	fsys := edit(t, "proposals.csv", "2020-01-02,AAA", "2020-13-02,AAA")
	fsys["sessions.csv"].Data = []byte("session,name,forum,starts_on,ends_on,decision_rule\nS1,First,Forum,2020-01-01,2020-01-05,never\n")
	fsys["options.csv"].Data = []byte("element,option,label\ntrack,one,One\ntrakc,two,Two\n")
	in, faults := intake.Dataset(fsys)
	faults = check(t, eventlogtest.NewMemory(), in, faults)
	var got []place
	for _, f := range faults {
		got = append(got, placeOf(f))
	}
	want := []place{
		{"sessions.csv", 2, "decision_rule", "never"},
		{"proposals.csv", 3, "date", "2020-13-02"},
		{"options.csv", 3, "element", "trakc"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is on record with other content is told, and nothing of it recorded.
func TestCheckAgainstTheRecord(t *testing.T) {
	log := onRecord(t, small())
	got := check(t, log, read(t, edit(t, "positions.csv", "Neither.", "Either.")), nil)
	if len(got) != 1 || placeOf(got[0]) != (place{"positions.csv", 3, "summary", "Either."}) || got[0].Code != domain.Conflict {
		t.Errorf("got %q", got)
	}
}

// check decides the rows against a record, without recording them, and gives all faults, those of the files first.
func check(t *testing.T, log eventlog.Log, in intake.Input, faults []intake.Fault) []intake.Fault {
	t.Helper()
	_, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), in.Rows, recorder.AllOptions{
		By: "import", Today: today, DryRun: true, Faults: faults,
	})
	if refused := (*recorder.Faults)(nil); errors.As(err, &refused) {
		return refused.First
	} else if err != nil {
		t.Fatal(err)
	}
	return nil
}

// onRecord records a data set in a new record. The subject is not that of check, so that its rows are compared by content.
func onRecord(t *testing.T, fsys fs.FS) eventlog.Log {
	t.Helper()
	log := eventlogtest.NewMemory()
	if _, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), read(t, fsys).Rows, recorder.AllOptions{By: "before", Today: today}); err != nil {
		t.Fatal(err)
	}
	return log
}
