package intake_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
)

// small is a data set of States of its own, with one of everything.
func small() fstest.MapFS {
	return folder(
		"states.csv", "iso3,name_en,name_fr,regional_group,observer,admitted\n"+
			"AAA,Ruritania,Ruritanie,Eastern European,false,1950-01-02\n"+
			"BBB,Republic of Grand Fenwick,,WEOG,FALSE,1951-02-03\n"+
			"CCC,Holy Fen,,,true,\n",
		"aliases.csv", "iso3,lang,alias\nBBB,en,Fenwick\n",
		"groups.csv", "group,label,kind,member,from,until\nDUO,The Two,ad_hoc,,,\nDUO,,,AAA,2000-01-01,\nDUO,The Two,ad-hoc,Fenwick,2000-01-01,2001-01-01\n",
		"sessions.csv", "session,name,forum,starts_on,ends_on,decision_rule\nS1,First,Forum,2020-01-01,2020-01-05,consensus\n",
		"elements.csv", "element,label\ntrack,Track\n",
		"options.csv", "element,option,label\ntrack,one,One\ntrack,two,Two\n",
		"proposals.csv", "proposal,title,short_title,date,submitters,capacity,document_symbol,status,status_on,adopted_by,without_vote,successor,outcome_symbol,source_url\n"+
			"old,Old plan,Old,2020-01-01,Ruritania;DUO,,,merged,2020-03-01,,,new,,https://example.org/old\n"+
			"new,New plan,,2020-01-02,AAA,Chair,N/1,,,,,,,https://example.org/new\n",
		"revisions.csv", "proposal,date,submitters,document_symbol,source_url\nnew,2020-01-03,,N/2,\n",
		"proposal-options.csv", "proposal,document_symbol,element,option\nold,,track,one\nnew,N/2,track,two\nnew,N/2,track,one\n",
		"positions.csv", "date,session,actor,aligned_with,proposal,element,option,stance,summary,points,withdrawn_on,source_title,explains,dissociated,quote,symbol,locator,language,form\n"+
			"2020-01-04,S1,Ruritanie,,new,,,Support-With Reservations,Explains.,need: money | CONCERN: a: b,,T,N/3#4,,,,,,explanation\n"+
			"2020-01-02,,DUO,AAA;Fenwick,,track,one,,Neither.,,2020-01-03,,,CCC,words,N/9,par. 3,fr,\n",
		"endorsements.csv", "date,proposal,document_symbol,paragraph,actor,kind,source_title,source_symbol,source_language,source_url,source_grade\n"+
			"2020-01-03,new,N/2,,BBB,joined_consensus,,,,,official_record\n",
		"votes.csv", "proposal,document_symbol,paragraph,body,date,adopted,yes,no,abstain,absent,complete\nnew,N/3,4,Body,2020-01-03,true,1,1,0,0,\n",
		"ballots.csv", "document_symbol,paragraph,state,ballot\nN/3,4,Fenwick,no\nN/3,4,AAA,YES\n",
	)
}

func TestRowsBecomeCommands(t *testing.T) {
	in := read(t, small())
	oldSource, newSource := domain.Source{Title: "Old", URL: "https://example.org/old"}, domain.Source{Title: "N/1", URL: "https://example.org/new"}
	for kind, want := range map[string][]domain.Command{
		"states": {
			domain.AdmitState{Code: "AAA", Names: []domain.LocalizedName{{Language: domain.English, Name: "Ruritania"}, {Language: domain.French, Name: "Ruritanie"}},
				RegionalGroup: domain.EasternEuropean, AdmittedOn: domain.NewDate(1950, 1, 2)},
			domain.AdmitState{Code: "BBB", Names: []domain.LocalizedName{{Language: domain.English, Name: "Republic of Grand Fenwick"}},
				RegionalGroup: domain.WEOG, AdmittedOn: domain.NewDate(1951, 2, 3), Aliases: []string{"Fenwick"}},
			domain.AdmitState{Code: "CCC", Names: []domain.LocalizedName{{Language: domain.English, Name: "Holy Fen"}}, Observer: true},
		},
		"groups": {domain.DefineGroup{Code: "DUO", Kind: domain.AdHoc, Names: []domain.LocalizedName{{Language: domain.English, Name: "The Two"}}}},
		"memberships": {
			domain.ChangeGroupMembership{Group: "DUO", State: "AAA", From: domain.NewDate(2000, 1, 1)},
			domain.ChangeGroupMembership{Group: "DUO", State: "BBB", From: domain.NewDate(2000, 1, 1), Until: domain.NewDate(2001, 1, 1)},
		},
		"proposals": {
			domain.SubmitProposal{Slug: "old", Title: "Old plan", Submitters: []string{"AAA", "DUO"}, On: domain.NewDate(2020, 1, 1),
				Options: []domain.OptionRef{{Element: "track", Option: "one"}}, Source: oldSource},
			domain.SubmitProposal{Slug: "new", Title: "New plan", Submitters: []string{"AAA"}, InCapacityOfChair: true, On: domain.NewDate(2020, 1, 2),
				Document: &domain.Document{Symbol: "N/1", Title: "New plan"}, Source: newSource},
		},
		// A revision without submitters has those before: the chair stays the chair.
		"revisions": {domain.ReviseProposal{Slug: "new", InCapacityOfChair: true, On: domain.NewDate(2020, 1, 3),
			Document: &domain.Document{Symbol: "N/2", Title: "New plan"},
			Options:  domain.To([]domain.OptionRef{{Element: "track", Option: "two"}, {Element: "track", Option: "one"}}), Source: domain.Source{Title: "N/2"}}},
		"positions": {
			domain.RecordPosition{Actor: "DUO", AlignedWith: []string{"AAA", "BBB"}, Dissociated: []string{"CCC"}, Target: domain.OnOption("track", "one"),
				StatedOn: domain.NewDate(2020, 1, 2), Summary: "Neither.",
				Source: domain.Source{Title: "N/9", Symbol: "N/9", Locator: "par. 3", Language: domain.French, Quote: "words"}},
			// It explains a ballot, so it comes after the votes.
			domain.RecordPosition{Actor: "AAA", Target: domain.OnProposal("new"), Stance: domain.SupportWithReservations, Form: domain.Explanation,
				Explains: &domain.ActRef{Proposal: "new", Revision: 1}, StatedOn: domain.NewDate(2020, 1, 4), Session: "S1", Summary: "Explains.",
				Points: []domain.Point{{Kind: domain.Need, Text: "money"}, {Kind: domain.Concern, Text: "a: b"}}, Source: domain.Source{Title: "T"}},
		},
		"endorsements": {domain.RecordEndorsement{Proposal: "new", Actor: "BBB", DocumentSymbol: "N/2", Kind: domain.JoinedConsensus,
			On: domain.NewDate(2020, 1, 3), Source: domain.Source{Title: "N/2", Grade: domain.OfficialRecord}}},
		"votes": {domain.RecordVote{Proposal: "new", DocumentSymbol: "N/3", Paragraph: "4", Body: "Body", On: domain.NewDate(2020, 1, 3), Adopted: true,
			Yes: 1, No: 1, Complete: true, Ballots: []domain.CastBallot{{State: "BBB", Ballot: domain.No}, {State: "AAA", Ballot: domain.Yes}},
			Source: domain.Source{Title: "N/3"}}},
		"positions.withdrawal": {domain.WithdrawPosition{Actor: "DUO", Position: 0, On: domain.NewDate(2020, 1, 3),
			Source: domain.Source{Title: "N/9", Symbol: "N/9", Locator: "par. 3", Language: domain.French, Quote: "words"}}},
		"proposals.end": {domain.MergeProposal{Slug: "old", Into: "new", On: domain.NewDate(2020, 3, 1), Source: oldSource}},
	} {
		if diff := cmp.Diff(want, commands(t, in, kind)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

func TestEndsOfProposals(t *testing.T) {
	const head = "proposal,title,date,submitters,status,status_on,successor\n"
	on, source := domain.NewDate(2020, 2, 1), domain.Source{Title: "X"}
	for row, want := range map[string]domain.Command{
		"x,X,2020-01-01,FRA,withdrawn,2020-02-01,":   domain.WithdrawProposal{Slug: "x", On: on, Source: source},
		"x,X,2020-01-01,FRA,SUPERSEDED,2020-02-01,y": domain.SupersedeProposal{Slug: "x", By: "y", On: on, Source: source},
	} {
		in := read(t, folder("proposals.csv", head+row+"\ny,Y,2020-01-01,FRA,submitted,2020-01-01,\n"))
		if diff := cmp.Diff([]domain.Command{want}, commands(t, in, "proposals.end")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// edit gives the small data set with one file changed, each old text found once.
func edit(t *testing.T, file string, oldNew ...string) fstest.MapFS {
	t.Helper()
	fsys := small()
	text := string(fsys[file].Data)
	for i := 0; i < len(oldNew); i += 2 {
		if strings.Count(text, oldNew[i]) != 1 {
			t.Fatalf("%q stands %d times in %s", oldNew[i], strings.Count(text, oldNew[i]), file)
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	fsys[file] = &fstest.MapFile{Data: []byte(text)}
	return fsys
}

// The keys of rows follow what is recorded, not how it is written down.
func TestKeys(t *testing.T) {
	was := keys(read(t, small()))
	same := map[string]fstest.MapFS{
		"a State by another name":   edit(t, "positions.csv", ",Ruritanie,", ",aaa,", "AAA;Fenwick", "Ruritania; BBB ;"),
		"another spelling":          edit(t, "positions.csv", "Support-With Reservations", "support_with_reservations"),
		"another order of columns":  edit(t, "elements.csv", "element,label\ntrack,Track\n", "label,element\nTrack,track\n"),
		"a column not recorded":     edit(t, "elements.csv", "element,label\ntrack,Track\n", "element,label,note\ntrack,Track,seen\n"),
		"an empty column":           edit(t, "elements.csv", "element,label\ntrack,Track\n", "element,label,description,quote\ntrack,Track,,\n"),
		"blanks around":             edit(t, "elements.csv", "track,Track", " track , Track\t"),
		"lines with CR LF":          edit(t, "elements.csv", "element,label\ntrack,Track\n", "element,label\r\ntrack,Track\r\n"),
		"another order of ballots":  edit(t, "ballots.csv", "N/3,4,Fenwick,no\nN/3,4,AAA,YES\n", "N/3,4,AAA,yes\nN/3,4,BBB,no\n"),
		"a default that is written": edit(t, "votes.csv", ",1,1,0,0,\n", ",1,1,00,0,true\n"),
	}
	for what, fsys := range same {
		if got := keys(read(t, fsys)); !slices.Equal(got, was) {
			t.Errorf("%s: %s", what, cmp.Diff(was, got))
		}
	}
	for what, c := range map[string]struct {
		fsys fstest.MapFS
		kind string
	}{
		"a ballot":             {edit(t, "ballots.csv", "Fenwick,no", "Fenwick,abstain"), "votes"},
		"an option taken":      {edit(t, "proposal-options.csv", "old,,track,one", "old,,track,two"), "proposals"},
		"an alias":             {edit(t, "aliases.csv", "en,Fenwick\n", "en,Fenwick\nAAA,en,Rurit\n"), "states"},
		"a stance":             {edit(t, "positions.csv", "Support-With Reservations", "neutral"), "positions"},
		"a day of ending":      {edit(t, "proposals.csv", "2020-03-01", "2020-03-02"), "proposals.end"},
		"a day of taking back": {edit(t, "positions.csv", ",,2020-01-03,,", ",,2020-01-04,,"), "positions.withdrawal"},
		"a span":               {edit(t, "groups.csv", "AAA,2000-01-01", "AAA,1999-01-01"), "memberships"},
	} {
		got := keys(read(t, c.fsys))
		if len(got) != len(was) {
			t.Fatalf("%s: %d rows, want %d", what, len(got), len(was))
		}
		changed := 0
		for i := range got {
			if got[i] != was[i] {
				changed++
				if !strings.HasPrefix(got[i], c.kind+":") {
					t.Errorf("%s changes the key %s", what, got[i])
				}
			}
		}
		if changed != 1 {
			t.Errorf("%s changes %d keys, want 1", what, changed)
		}
	}
}

// A key does not confuse what stands in two columns.
func TestKeysKeepColumnsApart(t *testing.T) {
	seen := map[string]string{}
	for _, row := range []string{"x,a,", "x,a,a", "x,ab,", "x,a,b", "x,a,1 b", `x,"a
description 1 b",`} {
		row = strings.ReplaceAll(row, `\n`, "\n")
		all := keys(read(t, folder("elements.csv", "element,label,description\n"+row+"\n")))
		key := all[len(all)-1]
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q have one key", row, other)
		}
		seen[key] = row
	}
}

// Groups and States that are on record need not be in the data set.
func TestWhatIsOnRecordNeedNotBeInTheFolder(t *testing.T) {
	log := onRecord(t, small())
	in := read(t, folder(
		"states.csv", "iso3,name_en,regional_group,admitted\nDDD,Freedonia,WEOG,1950-01-01\n",
		"positions.csv", "date,actor,proposal,summary\n2020-05-05,DUO,old,Said.\n2020-05-05,Freedonia,old,Said.\n2020-05-05,France,old,Said.\n2020-05-05,NO-ONE,old,Said.\n"))
	var got []place
	for _, f := range check(t, log, in, nil) {
		got = append(got, placeOf(f))
	}
	want := []place{{"positions.csv", 4, "actor", "France"}, {"positions.csv", 5, "actor", "NO-ONE"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
