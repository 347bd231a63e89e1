package intake_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/domain/roster"
)

var today = domain.NewDate(2026, 10, 1)

// read reads a folder that has no fault.
func read(t *testing.T, fsys fs.FS) intake.Input {
	t.Helper()
	in, faults := intake.Dataset(fsys)
	for _, f := range faults {
		t.Error(f)
	}
	return in
}

// folder is a folder of these files: name, text, name, text …
func folder(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

// record records every row in its turn and gives what was recorded.
func record(t *testing.T, w *domain.World, in intake.Input) []domain.Event {
	t.Helper()
	var all []domain.Event
	for _, row := range in.Rows {
		command, refusal := row.Command(w)
		if refusal == nil {
			var events []domain.Event
			events, refusal = w.Folded(command.Stream()).Decide(command, w.Facts(today))
			for _, e := range events {
				w.Apply(e)
			}
			all = append(all, events...)
		}
		if refusal != nil {
			t.Errorf("%s:%d: %v", row.File, row.Line, refusal)
		}
	}
	return all
}

// kind is the kind of row that a key names.
func kind(row domain.Row) string { return row.Key[:strings.IndexByte(row.Key, ':')] }

func TestDemoRows(t *testing.T) {
	in := read(t, demo.Files)
	got, keys := map[string]int{}, map[string]bool{}
	var order []string
	for _, row := range in.Rows {
		got[kind(row)]++
		if n := len(order); n == 0 || order[n-1] != row.File {
			order = append(order, row.File)
		}
		if keys[row.Key] {
			t.Errorf("%s:%d: the key %s stands twice", row.File, row.Line, row.Key)
		}
		keys[row.Key] = true
		if _, digest, _ := strings.Cut(row.Key, ":"); len(digest) != 32 {
			t.Errorf("key %q", row.Key)
		}
	}
	want := map[string]int{"states": 195, "groups": 10, "memberships": 283, "sessions": 24, "elements": 18, "options": 38, "proposals": 13,
		"revisions": 2, "positions": 191, "endorsements": 27, "votes": 7, "positions.withdrawal": 1, "proposals.end": 7}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	wantOrder := []string{"built-in states.csv", "groups.csv", "sessions.csv", "elements.csv", "options.csv", "proposals.csv", "revisions.csv",
		"positions.csv", "endorsements.csv", "votes.csv", "positions.csv", "proposals.csv"}
	if diff := cmp.Diff(wantOrder, order); diff != "" {
		t.Errorf("order of recording (-want +got):\n%s", diff)
	}
}

func TestDemoIsRecordedWhole(t *testing.T) {
	w := domain.NewWorld()
	events := record(t, w, read(t, demo.Files))
	got, targets, taken, ballots := map[string]int{}, 0, 0, 0
	for _, e := range events {
		switch e := e.(type) {
		case domain.ProposalSubmitted:
			targets++
			taken += len(e.Options)
		case domain.ProposalRevised:
			taken += len(e.Options.Value)
		case domain.OptionDefined:
			targets++
		case domain.PositionStated:
			got["positions"]++
		case domain.PositionWithdrawn:
			got["withdrawals"]++
		case domain.MemberJoined:
			got["joined"]++
		case domain.MemberLeft:
			got["left"]++
		case domain.VoteRecorded:
			ballots += len(e.Ballots)
		case domain.DocumentRecorded:
			got["documents"]++
		}
	}
	want := map[string]int{"positions": 191, "withdrawals": 1, "joined": 283, "left": 1, "documents": 10}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if targets != 51 || taken != 79 || ballots != 965 {
		t.Errorf("%d targets, %d options taken, %d ballots; want 51, 79, 965", targets, taken, ballots)
	}

	// A second import finds every row on record.
	again := read(t, demo.Files)
	for _, row := range again.Rows {
		command, refusal := row.Command(w)
		if refusal != nil {
			t.Errorf("%s:%d: %v", row.File, row.Line, refusal)
		} else if m := w.Recorded(command); m != domain.Same {
			t.Errorf("%s:%d: on record is %v", row.File, row.Line, m)
		}
	}
	if faults := check(t, onRecord(t, demo.Files), again, nil); len(faults) > 0 {
		t.Errorf("checked again: %v", faults)
	}
}

// commands gives the commands of the rows of a kind, against an empty record or what the rows before yield.
func commands(t *testing.T, in intake.Input, of string) []domain.Command {
	t.Helper()
	w := domain.NewWorld()
	var all []domain.Command
	for _, row := range in.Rows {
		c, refusal := row.Command(w)
		if refusal != nil {
			t.Fatalf("%s:%d: %v", row.File, row.Line, refusal)
		}
		if kind(row) == of {
			all = append(all, c)
		}
		events, refusal := w.Folded(c.Stream()).Decide(c, w.Facts(today))
		if refusal != nil {
			t.Fatalf("%s:%d: %v", row.File, row.Line, refusal)
		}
		for _, e := range events {
			w.Apply(e)
		}
	}
	return all
}

func TestDemoCommands(t *testing.T) {
	in := read(t, demo.Files)
	const highlights = "https://dig.watch/updates/oewgs-eighth-substantive-session-the-highlights"
	for _, c := range []struct {
		kind string
		at   int
		want domain.Command
	}{
		{"groups", 0, domain.DefineGroup{Code: "EU", Kind: domain.Standing, Names: []domain.LocalizedName{{Language: domain.English, Name: "European Union"}}}},
		{"sessions", 0, domain.DefineSession{Key: "OEWG1-org", Name: "Organizational session", Forum: "Open-ended Working Group 2019-2021",
			StartsOn: domain.NewDate(2019, 6, 3), EndsOn: domain.NewDate(2019, 6, 4), DecisionRule: domain.ByConsensus}},
		{"revisions", 0, domain.ReviseProposal{Slug: "oewg-2021-2025", On: domain.NewDate(2020, 11, 9),
			Document: &domain.Document{Symbol: "A/C.1/75/L.8/Rev.1", Title: "Open-ended working group on security of and in the use of ICTs 2021-2025"},
			Options: domain.To([]domain.OptionRef{{Element: "permanence", Option: "time-limited"}, {Element: "decision-making", Option: "consensus-all"},
				{Element: "auspices", Option: "united-nations"}, {Element: "legal-nature", Option: "develop-norms"}}),
			// Without a source title the document's symbol serves.
			Source: domain.Source{Title: "A/C.1/75/L.8/Rev.1", URL: "https://press.un.org/en/2020/gadis3659.doc.htm"}}},
		{"endorsements", 23, domain.RecordEndorsement{Proposal: "permanent-mechanism-annex-c", Actor: "IRN", DocumentSymbol: "A/AC.292/2024/CRP.1",
			Paragraph: "27", Kind: domain.Dissociated, On: domain.NewDate(2024, 7, 12),
			Source: domain.Source{Title: "A/AC.292/2024/CRP.1", URL: highlights, Grade: domain.MachineSummary}}},
		// Nor a symbol: the short title of the proposal.
		{"endorsements", 1, domain.RecordEndorsement{Proposal: "programme-of-action", Actor: "EU", Kind: domain.Cosponsor, On: domain.NewDate(2020, 10, 1),
			Source: domain.Source{Title: "Programme of Action (concept)", URL: "https://directionsblog.eu/a-new-un-path-to-cyber-stability", Grade: domain.SecondHand}}},
		{"proposals.end", 6, domain.AdoptProposal{Slug: "global-mechanism", Symbol: "A/80/257", By: "Open-ended Working Group 2021-2025", WithoutVote: true,
			On: domain.NewDate(2025, 7, 11), Source: domain.Source{Title: "A/AC.292/2025/CRP.1", URL: "https://meetings.unoda.org/meeting/76825"}}},
	} {
		if diff := cmp.Diff(c.want, commands(t, in, c.kind)[c.at]); diff != "" {
			t.Errorf("%s %d (-want +got):\n%s", c.kind, c.at, diff)
		}
	}
	chairs := 0
	for _, c := range commands(t, in, "proposals") {
		if c.(domain.SubmitProposal).InCapacityOfChair {
			chairs++
		}
	}
	if chairs != 2 {
		t.Errorf("%d proposals are chair's texts, want 2", chairs)
	}
}

func TestMembershipSources(t *testing.T) {
	none, by := 0, map[domain.Source]int{}
	for _, c := range commands(t, read(t, demo.Files), "memberships") {
		if s := c.(domain.ChangeGroupMembership).Source; s == nil {
			none++
		} else {
			by[*s]++
		}
	}
	if none != 214 || by[domain.Source{Title: "African Group", Locator: "states.csv (regional_group)"}] != 54 || len(by) != 3 {
		t.Errorf("%d without a source; %v", none, by)
	}
}

func TestBuiltInStatesAreTheRosters(t *testing.T) {
	var want []domain.Command
	for _, s := range roster.Admissions() {
		want = append(want, s)
	}
	if diff := cmp.Diff(want, commands(t, read(t, demo.Files), "states")); diff != "" {
		t.Errorf("(-roster +intake):\n%s", diff)
	}
}

// A folder with copies of the built-in files is the same input as one without.
func TestBuiltInStatesCountAsIfInTheFolder(t *testing.T) {
	with := fstest.MapFS{}
	for _, fsys := range []fs.FS{demo.Files, roster.Files()} {
		names, _ := fs.Glob(fsys, "*.csv")
		for _, name := range names {
			data, _ := fs.ReadFile(fsys, name)
			with[name] = &fstest.MapFile{Data: data}
		}
	}
	a, b := read(t, demo.Files), read(t, with)
	if a.SHA256 != b.SHA256 || len(a.SHA256) != 64 {
		t.Errorf("digests %s and %s", a.SHA256, b.SHA256)
	}
	if !slices.Equal(keys(a), keys(b)) {
		t.Error("the keys differ")
	}
	if b.Rows[0].File != "states.csv" || b.Rows[0].Line != 2 {
		t.Errorf("the first row stands in %s:%d", b.Rows[0].File, b.Rows[0].Line)
	}
	with["votes.csv"].Data = append(with["votes.csv"].Data, '\n')
	if c := read(t, with); c.SHA256 == b.SHA256 {
		t.Error("another input has the same digest")
	}
}

func keys(in intake.Input) []string {
	var all []string
	for _, row := range in.Rows {
		all = append(all, row.Key)
	}
	return all
}

func TestReferenceIsThePartOfTheWhole(t *testing.T) {
	in, faults := intake.Reference(demo.Files)
	whole := keys(read(t, demo.Files))
	if len(faults) > 0 || len(in.Rows) != 195+10+283 || !slices.Equal(keys(in), whole[:len(in.Rows)]) {
		t.Errorf("%d rows, %v", len(in.Rows), faults)
	}
	if only, faults := intake.Reference(fstest.MapFS{"groups.csv": {Data: []byte("group,label\nX,Ex\n")}}); len(faults) > 0 || len(only.Rows) != 196 {
		t.Errorf("%d rows, %v", len(only.Rows), faults)
	}
}

func TestReadsAFolderOnDisk(t *testing.T) {
	dir := t.TempDir()
	names, _ := fs.Glob(demo.Files, "*.csv")
	for _, name := range names {
		data, _ := fs.ReadFile(demo.Files, name)
		if err := os.WriteFile(dir+"/"+name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if in := read(t, os.DirFS(dir)); in.SHA256 != read(t, demo.Files).SHA256 {
		t.Error("the folder on disk is another input")
	}
	if len(names) != 11 {
		t.Errorf("%v", names)
	}
}

// A file of positions alone is read against what is on record, and its rows are those of the data set.
// What a spreadsheet saves as UTF-8 begins with a byte order mark, which is no part of what is said: the same input, the same rows.
func TestAByteOrderMarkIsNotRead(t *testing.T) {
	marked, plain := fstest.MapFS{}, fstest.MapFS{}
	err := fs.WalkDir(demo.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(demo.Files, path)
		plain[path] = &fstest.MapFile{Data: data}
		marked[path] = &fstest.MapFile{Data: append([]byte("\ufeff"), data...)}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want, got := read(t, plain), read(t, marked)
	if diff := cmp.Diff(keys(want), keys(got)); diff != "" || got.SHA256 != want.SHA256 {
		t.Errorf("digests %s and %s\n%s", want.SHA256, got.SHA256, diff)
	}
	positions := plain["positions.csv"].Data
	if a, b := intake.Positions(positions, "p.csv"), intake.Positions(marked["positions.csv"].Data, "p.csv"); a.SHA256 != b.SHA256 {
		t.Errorf("digests %s and %s", a.SHA256, b.SHA256)
	}
}

func TestPositionsAlone(t *testing.T) {
	w := domain.NewWorld()
	all := read(t, demo.Files)
	record(t, w, all)
	data, err := demo.Files.ReadFile("positions.csv")
	if err != nil {
		t.Fatal(err)
	}
	file := intake.Positions(data, "mine.csv")
	rows, faults := file.Against(w)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var want []string
	for _, row := range all.Rows {
		if row.File == "positions.csv" {
			want = append(want, row.Key)
		}
	}
	if diff := cmp.Diff(want, keys(intake.Input{Rows: rows})); diff != "" || len(file.SHA256) != 64 || rows[0].File != "mine.csv" {
		t.Errorf("%s, %s, %s", rows[0].File, file.SHA256, diff)
	}
}

// Names are those that are on record: of a State that only this record has, of a group, and those of the built-in States where
// the record has them by their codes.
func TestPositionsAloneCallStatesAsTheRecordDoes(t *testing.T) {
	log := onRecord(t, small())
	const head = "date,actor,proposal,summary,source_title,aligned_with\n"
	text := head + "2020-05-05,Ruritania,old,Said.,T,\n2020-05-05,The Two,old,Said.,T,Fenwick;AAA\n2020-05-06,DUO,old,Said.,T,\n"
	readIt := func(text string) ([]domain.Row, []intake.Fault) {
		var rows []domain.Row
		var faults []intake.Fault
		_, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), nil, recorder.AllOptions{
			By: "b", Today: today, DryRun: true, Read: func(w *domain.World) ([]domain.Row, []domain.RowFault) {
				var found []intake.Fault
				rows, found = intake.Positions([]byte(text), "p.csv").Against(w)
				return rows, found
			},
		})
		var refused *recorder.Faults
		if errors.As(err, &refused) {
			faults = refused.First
		} else if err != nil {
			t.Fatal(err)
		}
		return rows, faults
	}
	if rows, faults := readIt(text); len(faults) > 0 || len(rows) != 3 {
		t.Errorf("%d rows, %v", len(rows), faults)
	}
	for cell, want := range map[string]string{
		"Ruritana": `p.csv:2: actor: There is no State or group "Ruritana"; did you mean Ruritania (AAA)?`,
		"The Too":  `p.csv:2: actor: There is no State or group "The Too"; did you mean The Two (DUO)?`,
		"France":   `p.csv:2: actor "France": There is no State or group "FRA".`,
		"ONCE":     `p.csv:2: actor: There is no State or group "ONCE"`,
	} {
		_, faults := readIt(head + "2020-05-05," + cell + ",old,Said.,T,\n")
		if len(faults) != 1 || !strings.HasPrefix(faults[0].String(), want) {
			t.Errorf("%s: %v", cell, faults)
		}
	}
	_, faults := readIt("date,actor,proposal,element,option,summary,source_title\n2020-05-05,AAA,oldd,,,Said.,\n2020-05-05,BBB,,track,one,Said.,\n")
	var got []string
	for _, f := range faults {
		got = append(got, f.String())
	}
	if diff := cmp.Diff([]string{
		`p.csv:2: proposal: There is no proposal "oldd"; did you mean old?`,
		"p.csv:3: source_title: The title of the source is missing; give one of at most 500 characters.",
	}, got); diff != "" {
		t.Error(diff)
	}
}

// Texts are read in Unicode's form NFC, as the public interface takes them.
func TestTextsAreReadInNFC(t *testing.T) {
	in := read(t, folder("elements.csv", "element,label\na,Cafe\u0301\n"))
	want := []domain.Command{domain.DefineElement{Key: "a", Label: "Caf\u00e9"}}
	if diff := cmp.Diff(want, commands(t, in, "elements")); diff != "" {
		t.Error(diff)
	}
}
