package intake_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// bulkColumns are those of the voting data, in the order of the bulk file.
var bulkColumns = []string{"undl_id", "ms_code", "ms_name", "ms_vote", "date", "session", "resolution", "draft", "committee_report", "meeting", "title",
	"agenda_title", "subjects", "vote_note", "total_yes", "total_no", "total_abstentions", "total_non_voting", "total_ms", "undl_link"}

// bulk gives the rows of all real roll calls, as the bulk file has them.
func bulk(t testing.TB) []map[string]string {
	t.Helper()
	f, err := os.Open("testdata/undl/rollcalls.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, cells := range table[1:] {
		for ballot := range strings.SplitSeq(cells[len(cells)-1], ";") {
			row := map[string]string{}
			for i, column := range table[0] {
				row[column] = cells[i]
			}
			parts := strings.SplitN(ballot, " ", 3)
			row["ms_code"], row["ms_vote"], row["ms_name"] = parts[0], parts[1], parts[2]
			rows = append(rows, row)
		}
	}
	return rows
}

// written writes rows as CSV.
func written(columns []string, rows []map[string]string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(columns)
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = row[column]
		}
		w.Write(cells)
	}
	w.Flush()
	return b.String()
}

// asked are the five resolutions of the built-in negotiation, each with its proposal.
var asked = []intake.Resolution{
	{Symbol: "A/RES/78/237", Proposal: "l11-developments-2023"}, {Symbol: "A/RES/75/240", Proposal: "oewg-2021-2025"},
	{Symbol: "A/RES/77/36", Proposal: "l23-developments-2022"}, {Symbol: "A/RES/77/37", Proposal: "l73-programme-of-action-2022"},
	{Symbol: "A/RES/78/16", Proposal: "l60-mechanism-2023"},
}

func rollCalls(t testing.TB, text string, resolutions ...intake.Resolution) intake.Input {
	t.Helper()
	in, faults := intake.RollCalls(strings.NewReader(text), "ga.csv", resolutions)
	for _, f := range faults {
		t.Error(f)
	}
	return in
}

// votesOf gives the votes that rows would record.
func votesOf(t testing.TB, in intake.Input) map[string]domain.RecordVote {
	t.Helper()
	all := map[string]domain.RecordVote{}
	for _, row := range in.Rows {
		c, refusal := row.Command(domain.NewWorld())
		if refusal != nil {
			t.Fatal(refusal)
		}
		all[c.(domain.RecordVote).DocumentSymbol] = c.(domain.RecordVote)
	}
	return all
}

// Every real roll call is read right: its totals are those of its ballots, and nothing is found but the one State that is no more.
func TestRealRollCalls(t *testing.T) {
	rows := bulk(t)
	members := map[string]map[string]int{}
	var resolutions []intake.Resolution
	for _, row := range rows {
		symbol := row["resolution"]
		if members[symbol] == nil {
			members[symbol] = map[string]int{}
			resolutions = append(resolutions, intake.Resolution{Symbol: symbol, Proposal: "oewg-2021-2025"})
		}
		members[symbol][row["ms_vote"]]++
	}
	in := rollCalls(t, written(bulkColumns, rows), resolutions...)
	votes := votesOf(t, in)
	if len(in.Rows) != 15 || len(votes) != 15 || len(resolutions) != 15 {
		t.Fatalf("%d rows, %d votes, %d resolutions", len(in.Rows), len(votes), len(resolutions))
	}
	for symbol, v := range votes {
		m := members[symbol]
		got := map[string]int{"Y": v.Yes, "N": v.No, "A": v.Abstain, "X": v.Absent}
		for letter, n := range got {
			if m[letter] != n {
				t.Errorf("%s has %d %s, read are %d", symbol, m[letter], letter, n)
			}
		}
		cast := len(v.Ballots)
		if former := symbol == "A/RES/60/45"; v.Complete == former || former != (cast != v.Yes+v.No+v.Abstain+v.Absent) {
			t.Errorf("%s: %d ballots, complete: %v", symbol, cast, v.Complete)
		}
		if !v.Adopted || v.Body != "General Assembly" || v.Paragraph != "" || v.Source.URL == "" {
			t.Errorf("%s: %+v", symbol, v)
		}
	}
	if v := votes["A/RES/73/27"]; v.Yes != 119 || v.No != 46 || v.Abstain != 14 || v.Absent != 14 || v.On != domain.NewDate(2018, 12, 5) ||
		!slices.Contains(v.Ballots, domain.CastBallot{State: "TUR", Ballot: domain.Abstain}) || !slices.Contains(v.Ballots, domain.CastBallot{State: "CIV", Ballot: domain.Yes}) {
		t.Errorf("%+v", v)
	}
	if len(in.Findings) != 1 || !strings.HasPrefix(in.Findings[0].Message, "SERBIA AND MONTENEGRO is no Member State now; its ballot (YES) in the vote on A/RES/60/45 is not recorded") {
		t.Errorf("%v", in.Findings)
	}
	// They are recorded as they are; votes of years before the proposal are no matter.
	log := eventlogtest.NewMemory()
	others, _ := fs.Sub(demo.Files, ".")
	recordInto(t, log, read(t, without(t, others, "votes.csv", "ballots.csv")).Rows, "a")
	if report := recordInto(t, log, in.Rows, "b"); report.Events != 15 || report.Recorded["ga.csv"] != 15 {
		t.Errorf("%+v", report)
	}
}

// without gives a folder without some of its files.
func without(t *testing.T, from fs.FS, names ...string) fs.FS {
	t.Helper()
	fsys := fstest.MapFS{}
	all, err := fs.Glob(from, "*.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(names, name) {
			fsys[name] = &fstest.MapFile{Data: data}
		}
	}
	return fsys
}

func recordInto(t *testing.T, log *eventlogtest.Memory, rows []domain.Row, by string) recorder.Report {
	t.Helper()
	report, err := recorder.New(log, nil, recorder.Config{}).RecordAll(t.Context(), rows, recorder.AllOptions{By: by, Today: today})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// The same vote is on record already, whichever way it came first.
func TestTheSameVoteEitherWay(t *testing.T) {
	text := written(bulkColumns, bulk(t))
	dataset := read(t, demo.Files)
	for _, first := range []string{"data set", "roll calls"} {
		log := eventlogtest.NewMemory()
		if first == "data set" {
			recordInto(t, log, dataset.Rows, "a")
			if got := recordInto(t, log, rollCalls(t, text, asked...).Rows, "b"); got.Events != 0 || got.Skipped != 5 {
				t.Errorf("the roll calls after the data set: %+v", got)
			}
			continue
		}
		recordInto(t, log, read(t, without(t, demo.Files, "votes.csv", "ballots.csv")).Rows, "a")
		if got := recordInto(t, log, rollCalls(t, text, asked...).Rows, "b"); got.Events != 5 {
			t.Errorf("the roll calls: %+v", got)
		}
		// What is lacking are the two votes of the Committee.
		if got := recordInto(t, log, dataset.Rows, "c"); got.Recorded["votes.csv"] != 2 || got.Events != 2 {
			t.Errorf("the data set after the roll calls: %+v", got)
		}
	}
}

// A vote that somebody recorded with this very voting record as its source is the same, however he calls it; with another fact it
// is not, and the fault says which.
func TestAVoteThatIsOnRecordOtherwise(t *testing.T) {
	text := written(bulkColumns, bulk(t))
	vote := votesOf(t, rollCalls(t, text, asked[0]))["A/RES/78/237"]
	vote.Source.Title, vote.Source.Grade = "Roll call", domain.OfficialRecord
	log := onRecord(t, without(t, demo.Files, "votes.csv", "ballots.csv")).(*eventlogtest.Memory)
	given := domain.Row{File: "by hand", Line: 1, Key: "k", Command: func(*domain.World) (domain.Command, *domain.Refusal) { return vote, nil }}
	recordInto(t, log, []domain.Row{given}, "somebody")
	if faults := check(t, log, rollCalls(t, text, asked[0]), nil); len(faults) > 0 {
		t.Error(faults)
	}
	other := strings.Replace(text, "4031008,FRA,FRANCE,N", "4031008,FRA,FRANCE,A", 1)
	for _, column := range []string{",104,53,7,29,", ",104,52,8,29,"} {
		other = strings.ReplaceAll(other, ",104,53,7,29,", column)
	}
	faults := check(t, log, rollCalls(t, other, asked[0]), nil)
	if len(faults) != 1 || faults[0].Code != domain.Conflict ||
		!strings.Contains(faults[0].Message, `total_no is "53" on record and "52" here, total_abstentions is "7" on record and "8" here, ballots is "FRA NO" on record and "FRA ABSTAIN" here;`) {
		t.Error(faults)
	}
}

const rollHead = "undl_id,ms_code,ms_name,ms_vote,date,resolution,total_yes,total_no,total_abstentions,total_non_voting,total_ms\n"

// One fault each, with its place.
func TestFaultyRollCalls(t *testing.T) {
	one := []intake.Resolution{{Symbol: "A/RES/1/1", Proposal: "p"}}
	for name, c := range map[string]struct{ text, want string }{
		"empty file":            {"", "ga.csv:1: The file is empty; its first line names the columns, among them resolution, ms_code and ms_vote."},
		"UTF-16":                {"\xff\xfeu\x00", "ga.csv:1: The file is UTF-16; save it as UTF-8."},
		"semicolons":            {"undl_id;ms_code\n", "ga.csv:1: The columns are parted by semicolons or tabs; save the file as CSV with commas."},
		"one column a State":    {strings.ReplaceAll(rollHead, ",ms_vote", ""), "ga.csv:1: ms_vote: The column ms_vote is missing; the file has one row for each Member State and resolution."},
		"misspelt column":       {strings.ReplaceAll(rollHead, "ms_code", "ms_cod"), "ga.csv:1: ms_code: The column ms_code is missing; is it ms_cod?"},
		"column twice":          {strings.ReplaceAll(rollHead, "ms_name", "ms_codes"), `ga.csv:1: ms_codes "ms_codes": The column ms_code stands twice; keep one.`},
		"too few cells":         {rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n7,DEU\n", "ga.csv:3: The row has 2 cells where the header has 11; a cell that has a comma in it stands between double quotes."},
		"letter that is none":   {rollHead + "7,FRA,FRANCE,Q,2020-01-01,A/RES/1/1,1,0,0,0,1\n", `ga.csv:2: ms_vote: "Q" is no ballot; it is Y, N, A or X (NV or nothing is X).`},
		"code against name":     {rollHead + "7,FRA,SPAIN,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", `ga.csv:2: ms_name "SPAIN": The code FRA means France (FRA), but the name Spain (ESP); correct one of the two.`},
		"former against name":   {rollHead + "7,SCG,YUGOSLAVIA,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", `ga.csv:2: ms_name: The code SCG means SERBIA AND MONTENEGRO (SCG), but the name YUGOSLAVIA; correct one of the two.`},
		"present for former":    {rollHead + "7,SRB,SERBIA AND MONTENEGRO,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", `ga.csv:2: ms_name: The code SRB means Serbia (SRB), but the name SERBIA AND MONTENEGRO; correct one of the two.`},
		"neither code nor name": {rollHead + "7,,ATLANTIS,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", `ga.csv:2: ms_code: The cell is empty, and the name "ATLANTIS" is none that is known; give the code of three letters.`},
		"no day":                {rollHead + "7,FRA,FRANCE,Y,,A/RES/1/1,1,0,0,0,1\n", `ga.csv:2: date: The cell is empty; every row of ga.csv has its date.`},
		"record that is none":   {rollHead + "x7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", `ga.csv:2: undl_id: "x7" is no number of a record.`},
		"total that is none":    {rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,1.5,0,0,0,1\n", `ga.csv:2: total_yes: "1.5" is no number of votes; write it with digits alone.`},
		"State twice":           {rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n7,,France,N,2020-01-01,A/RES/1/1,1,0,0,0,1\n", `ga.csv:3: ms_vote "N": The ballot of FRA in the vote on A/RES/1/1 stands in line 2 already; keep one of the two.`},
		"rows that disagree":    {rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,2,0,0,0,2\n7,DEU,GERMANY,Y,2020-01-02,A/RES/1/1,2,0,0,0,2\n7,ESP,SPAIN,Y,2020-01-03,A/RES/1/1,2,0,0,0,2\n", `ga.csv:3: date "2020-01-02": Line 2 has "2020-01-01" for the same resolution; the rows of a roll call agree.`},
		"two records":           {rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,2,0,0,0,2\n8,DEU,GERMANY,Y,2020-01-01,A/RES/1/1,2,0,0,0,2\n", `ga.csv:3: undl_id "8": Line 2 has "7" for the same resolution; the rows of a roll call agree.`},
		"no UTF-8":              {rollHead + "7,FRA,FRAN\xc7E,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", "ga.csv:2: ms_name: The cell is no UTF-8; save the file as UTF-8."},
		"not in the file":       {rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/12,1,0,0,0,1\n", `ga.csv: There is no vote on "A/RES/1/1" in the file. Did you mean A/RES/1/12?`},
		"nothing like it":       {rollHead, `ga.csv: There is no vote on "A/RES/1/1" in the file. It has recorded votes on resolutions that were adopted, and no others.`},
		"in brackets":           {rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/2,1,0,0,0,1\n8,FRA,FRANCE,Y,2020-01-01,A/RES/1[/1],1,0,0,0,1\n", `ga.csv: There is no vote on "A/RES/1/1" in the file. Did you mean A/RES/1[/1] or A/RES/1/2?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := intake.RollCalls(strings.NewReader(c.text), "ga.csv", one)
			if len(faults) != 1 || faults[0].String() != c.want {
				t.Errorf("%v\nwant %s", faults, c.want)
			}
		})
	}
}

// Faults that only the deciders find, led back to the cell.
func TestRollCallsAreDecidedAgainstTheRecord(t *testing.T) {
	log := onRecord(t, demo.Files)
	for name, c := range map[string]struct{ text, proposal, want string }{
		"proposal": {"7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", "programme-of-actoin", `ga.csv:2: There is no proposal "programme-of-actoin"; did you mean programme-of-action?`},
		"State":    {"7,XKX,KOSOVO,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", "programme-of-action", `ga.csv:2: ms_code: There is no State "XKX"`},
		"totals":   {"7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,0,1,0,0,1\n", "programme-of-action", `ga.csv:2: total_yes: The total of YES is 0, but the number of such ballots given is 1; correct one of the two.`},
		"day":      {"7,FRA,FRANCE,Y,2999-01-01,A/RES/1/1,1,0,0,0,1\n", "programme-of-action", `ga.csv:2: date: The day of the vote, 2999-01-01, is later than tomorrow`},
	} {
		in := rollCalls(t, rollHead+c.text, intake.Resolution{Symbol: "A/RES/1/1", Proposal: c.proposal})
		if faults := check(t, log, in, nil); len(faults) != 1 || !strings.HasPrefix(faults[0].String(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, faults, c.want)
		}
	}
}

// What is noticed and hinders nothing, and what becomes of the vote.
func TestFindingsOfRollCalls(t *testing.T) {
	const rows = "7,FRA,FRANCE,y,2020-01-01,A/RES/1/1,%s\n7,DEU,GERMANY,n,2020-01-01,A/RES/1/1,%[1]s\n7,ESP,SPAIN,NV,2020-01-01,A/RES/1/1,%[1]s\n7,ITA,ITALY,,2020-01-01,A/RES/1/1,%[1]s\n"
	for name, c := range map[string]struct {
		text     string
		complete bool
		totals   [4]int
		want     []string
	}{
		"all right":        {fmt.Sprintf(rows, "1,1.0,0,2.00,4"), true, [4]int{1, 1, 0, 2}, nil},
		"a ballot missing": {fmt.Sprintf(rows, "1,2,0,2,4"), false, [4]int{1, 2, 0, 2}, []string{"ga.csv:2: total_no: The vote on A/RES/1/1 has a total of 2 NO, but 1 such row; it is recorded with its total, as not complete."}},
		"members":          {fmt.Sprintf(rows, "1,1,0,2,5"), true, [4]int{1, 1, 0, 2}, []string{"ga.csv:2: total_ms: The vote on A/RES/1/1 has 5 as its number of members, but 4 rows."}},
		"no totals": {fmt.Sprintf(rows, "1,1,0,,"), true, [4]int{1, 1, 0, 2},
			[]string{"ga.csv:2: total_non_voting: The vote on A/RES/1/1 has no total of ABSENT; that of its rows, 2, is recorded."}},
		"a State that is no more": {fmt.Sprintf(rows, "2,1,0,2,5") + "7,CSK,CZECHOSLOVAKIA,Y,2020-01-01,A/RES/1/1,2,1,0,2,5\n", false, [4]int{2, 1, 0, 2},
			[]string{"ga.csv:6: ms_name: CZECHOSLOVAKIA is no Member State now; its ballot (YES) in the vote on A/RES/1/1 is not recorded, and so the vote is recorded as not complete."}},
		"a seat that goes on": {fmt.Sprintf(rows, "2,1,0,2,5") + "7,SUN,USSR,Y,2020-01-01,A/RES/1/1,2,1,0,2,5\n", true, [4]int{2, 1, 0, 2},
			[]string{"ga.csv:6: ms_name: The ballot of USSR in the vote on A/RES/1/1 is recorded as that of RUS, which has its seat."}},
		"a name of another day": {strings.ReplaceAll(fmt.Sprintf(rows, "1,1,0,2,4"), "ESP,SPAIN", "SWZ,SWAZILAND"), true, [4]int{1, 1, 0, 2}, nil},
		"a name that is none":   {strings.ReplaceAll(fmt.Sprintf(rows, "1,1,0,2,4"), "ESP,SPAIN", "ESP,IBERIA"), true, [4]int{1, 1, 0, 2}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := rollCalls(t, rollHead+c.text, intake.Resolution{Symbol: "A/RES/1/1", Proposal: "p"})
			var got []string
			for _, f := range in.Findings {
				got = append(got, f.String())
			}
			v := votesOf(t, in)["A/RES/1/1"]
			if diff := cmp.Diff(c.want, got); diff != "" || v.Complete != c.complete || [4]int{v.Yes, v.No, v.Abstain, v.Absent} != c.totals {
				t.Errorf("%+v\n(-want +got)\n%s", v, diff)
			}
		})
	}
}

// However a tool writes the file down, the same is read.
func TestRollCallsInWhateverForm(t *testing.T) {
	rows := bulk(t)
	want := votesOf(t, rollCalls(t, written(bulkColumns, rows), asked...))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		columns := slices.Clone(bulkColumns)
		rng.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		var changed []map[string]string
		old := rng.IntN(2) == 0 // The names of the columns of 2024.
		for _, row := range rows {
			r := map[string]string{"extra": `a "b", c`}
			for column, cell := range row {
				switch {
				case strings.HasPrefix(column, "total_") && rng.IntN(2) == 0:
					cell += ".0"
				case column == "ms_vote" && cell == "X":
					cell = []string{"X", "NV", "", "x", "nv"}[rng.IntN(5)]
				case column == "ms_vote" && rng.IntN(2) == 0:
					cell = strings.ToLower(cell)
				case column == "ms_name" && rng.IntN(4) == 0:
					cell = strings.ReplaceAll(cell, "Ü", "U\u0308")
				case column == "title" && rng.IntN(4) == 0:
					cell += " the ~Programme~ again"
				}
				r[column] = cell
			}
			changed = append(changed, r)
		}
		text := written(append(columns, "extra"), changed)
		if old {
			head, rest, _ := strings.Cut(text, "\n")
			text = strings.NewReplacer("ms_code", "ms_codes", "ms_name", "ms_names", "ms_vote", "ms_votes", "resolution", "resolutions",
				"total_yes", "yes", "total_abstentions", "abstentions", "total_non_voting", "non-voting").Replace(head) + "\n" + rest
		}
		if rng.IntN(2) == 0 {
			text = "\ufeff" + text
		}
		if rng.IntN(2) == 0 {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		if rng.IntN(2) == 0 {
			text = strings.ReplaceAll(text, "~", `"`) // Stray quotes.
		}
		in := rollCalls(t, text, asked...)
		if diff := cmp.Diff(want, votesOf(t, in)); diff != "" || len(in.Findings) > 0 {
			t.Fatalf("%v\n%s", in.Findings, diff)
		}
	}
}

// The digest is of the file and of what was asked of it, in whatever order.
func TestDigestOfRollCalls(t *testing.T) {
	text := written(bulkColumns, bulk(t))
	a, b := rollCalls(t, text, asked...), rollCalls(t, text, asked[3], asked[1], asked[0], asked[4], asked[2])
	if a.SHA256 != b.SHA256 || len(a.SHA256) != 64 || !slices.Equal(keys(a), keys(b)) {
		t.Error("the order of the resolutions matters")
	}
	if c := rollCalls(t, text, asked[:4]...); c.SHA256 == a.SHA256 {
		t.Error("another input, the same digest")
	}
	if c := rollCalls(t, text+"\n", asked...); c.SHA256 == a.SHA256 {
		t.Error("another file, the same digest")
	}
}

// stream is a bulk file of any length, made as it is read; it looks at the heap on the way.
type stream struct {
	row, rows int
	left      []byte
	at        map[int]uint64 // The rows at which the heap is measured, and what it was.
}

func (s *stream) Read(b []byte) (int, error) {
	for len(s.left) == 0 {
		if _, ok := s.at[s.row]; ok {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.at[s.row] = m.HeapAlloc
		}
		switch {
		case s.row == 0:
			s.left = []byte(rollHead)
		case s.row > s.rows:
			return 0, io.EOF
		case s.row%1000 == 500: // One in the middle of each thousand is asked for, a member a row.
			s.left = fmt.Appendf(nil, "7,%c%c%c,,Y,2020-01-01,A/RES/1/1,,,,,\n", 'A'+s.row/1000/676%26, 'A'+s.row/1000/26%26, 'A'+s.row/1000%26)
		default:
			s.left = fmt.Appendf(nil, "%d,FRA,FRANCE,Y,2020-01-01,A/RES/%d/%d%s,1,0,0,0,1\n", s.row/193, s.row/20000, s.row/193, strings.Repeat("x", 300))
		}
		s.row++
	}
	n := copy(b, s.left)
	s.left = s.left[n:]
	return n, nil
}

// Memory does not grow with the length of the file: 20 thousand rows or 100 thousand (RAPPORTEUR_LONG: 50 and 900) are one.
func TestRollCallsAreStreamed(t *testing.T) {
	few, many := 20_000, 100_000
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		few, many = 50_000, 900_000
	}
	s := &stream{rows: many, at: map[int]uint64{few: 0, many: 0}}
	in, faults := intake.RollCalls(s, "ga.csv", []intake.Resolution{{Symbol: "A/RES/1/1", Proposal: "p"}, {Symbol: "A/RES/1/1x", Proposal: "p"}})
	if len(faults) != 1 || len(in.Rows) != 1 {
		t.Fatalf("%v, %d rows", faults, len(in.Rows))
	}
	if grown := int64(s.at[many]) - int64(s.at[few]); grown > 2<<20 {
		t.Errorf("the heap has %d bytes more after %d rows than after %d", grown, many, few)
	}
	t.Logf("heap after %d rows %d, after %d rows %d", few, s.at[few], many, s.at[many])
}

// A quote that is never closed does not take in the rest of the file, nor do faults without end.
func TestRollCallsAreBounded(t *testing.T) {
	one := []intake.Resolution{{Symbol: "A/RES/1/1", Proposal: "p"}}
	_, faults := intake.RollCalls(io.MultiReader(strings.NewReader(rollHead+"7,\"FRA\n"), &stream{row: 1, rows: 100_000, at: map[int]uint64{}}), "ga.csv", one)
	if len(faults) != 1 || faults[0].Line != 2 || !strings.Contains(faults[0].Message, "may not be closed") {
		t.Error(faults)
	}
	_, faults = intake.RollCalls(strings.NewReader(rollHead+strings.Repeat("7,FRA\n", 5000)), "ga.csv", one)
	if len(faults) != 1001 || !strings.HasPrefix(faults[1000].Message, "There are 1000 faults so far; reading ends here.") {
		t.Errorf("%d faults", len(faults))
	}
}

// failing is a file whose disk fails.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestARollCallFileThatCannotBeRead(t *testing.T) {
	_, faults := intake.RollCalls(io.MultiReader(strings.NewReader(rollHead), failing{}), "ga.csv", []intake.Resolution{{Symbol: "A/RES/1/1", Proposal: "p"}})
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "cannot be read") {
		t.Error(faults)
	}
}

// Whatever the bytes, there are votes or faults with a place, and a second reading gives the same.
func FuzzRollCalls(f *testing.F) {
	for _, s := range []string{
		rollHead + "7,FRA,FRANCE,Y,2020-01-01,A/RES/1/1,1,0,0,0,1\n", "\ufeff" + rollHead, rollHead + "7,\"FRA\"x,\"A,Y\n", "", "\n\n", "a,b\n\"",
		rollHead + "7,SUN,USSR,nv,2020-01-01,A/RES/1/1,1.0,,0,0,1\n\n7,FRA\n", strings.ToUpper(rollHead) + "7,FRA,FRANCE,,2020-01-01,A/RES/1/1,9,9,9,9,9\n",
	} {
		f.Add([]byte(s))
	}
	one := []intake.Resolution{{Symbol: "A/RES/1/1", Proposal: "p"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, faults := intake.RollCalls(bytes.NewReader(data), "ga.csv", one)
		again, same := intake.RollCalls(iotestOneByte{bytes.NewReader(data)}, "ga.csv", one)
		if diff := cmp.Diff(faults, same); diff != "" || in.SHA256 != again.SHA256 && len(faults) == 0 {
			t.Error(diff)
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		for _, fault := range slices.Concat(faults, in.Findings) {
			if fault.Line < 0 || fault.Line > lines || fault.Message == "" {
				t.Errorf("%v", fault)
			}
		}
		if len(faults) == 0 && len(in.Rows) != 1 {
			t.Errorf("%d rows and no fault", len(in.Rows))
		}
		for _, row := range in.Rows {
			if c, refusal := row.Command(domain.NewWorld()); c == nil || refusal != nil {
				t.Errorf("%v, %v", c, refusal)
			}
		}
	})
}

// iotestOneByte gives a byte at a time.
type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(b []byte) (int, error) { return o.r.Read(b[:min(len(b), 1)]) }
