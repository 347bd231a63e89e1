package domain_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
)

var today = domain.NewDate(2024, 6, 1)

func TestNearestWords(t *testing.T) {
	known := []string{"programme-of-action", "permanent-oewg", "permanent-mechanism-annex-c", "FRA", "FIN", "DEU", "Россия", "OEWG-8", "OEWG-9", "OEWG-10", "OEWG-11"}
	for _, tt := range []struct {
		word string
		want []string
	}{
		{"", nil},
		{"fra", []string{"FRA"}},
		{"FRO", []string{"FRA"}},
		{"FXX", nil},
		{"programme-of-acton", []string{"programme-of-action"}},
		{"Programme", []string{"programme-of-action"}},
		{"programme-of-action-2022", []string{"programme-of-action"}},
		{"permanent", []string{"permanent-mechanism-annex-c", "permanent-oewg"}},
		{"OEWG-1", []string{"OEWG-10", "OEWG-11", "OEWG-8"}}, // OEWG-9 is as near, but the fourth.
		{"россии", []string{"Россия"}},
		{"zzzzzz", nil},
		{string(make([]byte, 1_000_000)), nil},
	} {
		if diff := cmp.Diff(tt.want, domain.Nearest(tt.word, known)); diff != "" {
			t.Errorf("Nearest(%.30q) (-want +got):\n%s", tt.word, diff)
		}
	}
}

func TestWorldKnowsWhatResemblesAWord(t *testing.T) {
	facts := worldOf(sharedWorld(t)).Facts(today)
	for _, tt := range []struct {
		kind domain.KeyKind
		word string
		want []string
	}{
		{domain.ActorKey, "France", []string{"FRA"}},
		{domain.ActorKey, "Russia", []string{"RUS"}}, // An alias.
		{domain.ActorKey, "European", []string{"EU"}},
		{domain.StateKey, "European", nil},
		{domain.StateKey, "egypt", []string{"EGY"}},
		{domain.GroupKey, "lmg", []string{"LMG"}},
		{domain.GroupKey, "France", nil},
		{domain.SessionKey, "oewg8", []string{"OEWG-8"}},
		{domain.ElementKey, "decision", []string{"decisions"}},
		{domain.OptionKey, "decisions/by-cons", []string{"decisions/by-consensus"}},
		{domain.ProposalKey, "permanent", []string{"permanent-oewg"}},
		{domain.ProposalKey, "decisions", nil},
	} {
		if diff := cmp.Diff(tt.want, facts.Near(tt.kind, tt.word)); diff != "" {
			t.Errorf("Near(%d, %q) (-want +got):\n%s", tt.kind, tt.word, diff)
		}
	}
}

func TestWorldKeepsNoStreamThatIsOnlyAskedFor(t *testing.T) {
	w := domain.NewWorld()
	if got := w.Folded("state-FRA").Revision(); got != -1 {
		t.Errorf("revision of an empty stream is %d", got)
	}
	w.Folded("state-FRA").Evolve(domain.StateAdmitted{State: "FRA"})
	if w.Facts(today).State("FRA") {
		t.Error("a State exists that was never applied")
	}
	w.Apply(domain.StateAdmitted{State: "FRA"})
	if !w.Facts(today).State("FRA") {
		t.Error("a State does not exist that was applied")
	}
}

func TestWorldFindsPositions(t *testing.T) {
	w := worldOf(sharedWorld(t))
	day := domain.NewDate(2023, 3, 6)
	poa, oewg := domain.OnProposal("programme-of-action"), domain.OnProposal("permanent-oewg")
	stated := domain.PositionStated{Actor: "FRA", Target: poa, StatedOn: day, Summary: "Once more."}
	find := func(actor string, on domain.Date, target domain.Target, want int64, wantOK bool) {
		t.Helper()
		if got, ok := w.Position(actor, on, target); got != want || ok != wantOK {
			t.Errorf("Position(%s, %s, %s) = %d, %t; want %d, %t", actor, on, target.Key(), got, ok, want, wantOK)
		}
	}
	find("FRA", day, poa, 0, true)
	find("FRA", day, oewg, 0, false)
	find("FRA", day.Next(), oewg, 1, true)                                     // A withdrawn one is found.
	find("FRA", day+2, domain.OnOption("decisions", "by-consensus"), 0, false) // A retracted one is not.
	find("DEU", day, poa, 0, false)
	w.Apply(stated)                // Revision 6.
	find("FRA", day, poa, 6, true) // Of several the one recorded latest.
	w.Apply(domain.PositionRetracted{Actor: "FRA", Position: 6, Reason: "Twice."})
	find("FRA", day, poa, 0, true)
	w.Apply(domain.PositionCorrected{Actor: "FRA", Position: 0, Reason: "x", Changes: domain.PositionChanges{StatedOn: domain.To(day - 1)}})
	find("FRA", day, poa, 0, false) // The day is the corrected one.
	find("FRA", day-1, poa, 0, true)
}

func TestWorldFindsActs(t *testing.T) {
	w := worldOf(sharedWorld(t))
	find := func(actor, symbol, paragraph string, want int64) {
		t.Helper()
		got, ok := w.Act(actor, symbol, paragraph)
		if ok != (want >= 0) || ok && got != (domain.ActRef{Proposal: "programme-of-action", Revision: want}) {
			t.Errorf("Act(%s, %s, %s) = %v, %t; want %d", actor, symbol, paragraph, got, ok, want)
		}
	}
	find("FRA", "A/C.1/77/L.73", "", 0)
	find("EU", "A/C.1/77/L.73", "", 1) // A withdrawn one is found.
	find("DEU", "A/C.1/77/L.73", "", -1)
	find("FRA", "A/C.1/77/L.73", "2", -1)
	find("RUS", "A/RES/77/37", "", 3) // A ballot.
	find("EGY", "A/RES/77/37", "", -1)
	find("FRA", "", "", -1)
	given := domain.EndorsementGiven{Proposal: "programme-of-action", Actor: "RUS", DocumentSymbol: "A/RES/77/37", Kind: domain.Dissociated, On: today}
	w.Apply(given) // Revision 5.
	find("RUS", "A/RES/77/37", "", 3)
	given.DocumentSymbol = "A/1"
	w.Apply(given) // Revision 6.
	given.On--
	w.Apply(given) // Revision 7, of an earlier day.
	find("RUS", "A/1", "", 6)
}

// Whatever the order of the rows, a second run of an import finds each with equal content; another content is a fault.
func TestNaturalKeysTellEqualFromOtherContent(t *testing.T) {
	for _, tt := range []struct {
		archive, command, base, over string
		want                         domain.Match
	}{
		{"actor", "AdmitState", `{}`, `{}`, domain.Same},
		{"actor", "AdmitState", `{"aliases":["a","b"]}`, `{"aliases":["b","a"]}`, domain.Same},
		{"actor", "AdmitState", `{}`, `{"admittedOn":"1946-01-01"}`, domain.Different},
		{"actor", "AdmitState", `{}`, `{"names":[{"language":"EN","name":"Brasil"}]}`, domain.Different},
		{"actor", "AdmitState", `{}`, `{"code":"ARG"}`, domain.Missing},
		{"actor", "DefineGroup", `{}`, `{"kind":"STANDING"}`, domain.Different},
		{"actor", "DefineGroup", `{}`, `{"code":"ASEAN"}`, domain.Missing},
		{"actor", "ChangeGroupMembership", `{}`, `{"until":"2000-01-01"}`, domain.Different},
		{"actor", "ChangeGroupMembership", `{}`, `{"source":{"title":"x"}}`, domain.Different},
		{"actor", "ChangeGroupMembership", `{}`, `{"from":"1958-01-02"}`, domain.Missing},
		{"actor", "ChangeGroupMembership", `{}`, `{"state":"EGY"}`, domain.Missing},
		{"actor", "ChangeGroupMembership", `{"until":"2000-01-01"}`, `{"until":"2000-01-02"}`, domain.Different},
		{"actor", "ChangeGroupMembership", `{"until":"2000-01-01"}`, `{"until":"2000-01-01"}`, domain.Same},
		{"actor", "ChangeGroupMembership", `{"until":"2000-01-01"}`, `{}`, domain.Same}, // As it may have been recorded before it ended.
		{"actor", "ChangeGroupMembership", `{"state":"FRA","from":null,"until":"2000-01-01"}`, `{"state":"FRA","from":null,"until":"2000-01-01"}`, domain.Same},
		{"actor", "ChangeGroupMembership", `{"source":{"title":"x"}}`, `{"source":{"title":"x"}}`, domain.Same},
		{"actor", "ChangeGroupMembership", `{"source":{"title":"x"}}`, `{"source":{"title":"y"}}`, domain.Different},
		{"session", "DefineSession", `{}`, `{"forum":"x"}`, domain.Different},
		{"session", "CompleteImport", `{}`, `{"recorded":null,"skipped":197}`, domain.Same},
		{"element", "DefineElement", `{}`, `{"label":"x"}`, domain.Different},
		{"element", "DefineElement", `{}`, `{"key":"x"}`, domain.Missing},
		{"element", "DefineOption", `{}`, `{"description":"x"}`, domain.Different},
		{"element", "DefineOption", `{}`, `{"key":"x"}`, domain.Missing},
		{"element", "RetireOption", `{}`, `{"reason":"x"}`, domain.Different},
		{"submission", "SubmitProposal", `{"submitters":["FRA","EGY"]}`, `{"submitters":["EGY","FRA"]}`, domain.Same},
		{"submission", "SubmitProposal", `{}`, `{"title":"x"}`, domain.Different},
		{"submission", "SubmitProposal", `{}`, `{"document":{"title":"x"}}`, domain.Different},
		{"submission", "SubmitProposal", `{"document":{"title":"x"}}`, `{"document":{"title":"y"}}`, domain.Different},
		{"submission", "SubmitProposal", `{}`, `{"slug":"x"}`, domain.Missing},
		{"submission", "ReviseProposal", `{}`, `{"summary":null}`, domain.Different},
		{"submission", "ReviseProposal", `{}`, `{"document":{"title":"x"}}`, domain.Different},
		{"submission", "ReviseProposal", `{}`, `{"document":{"symbol":"A/1","title":"x"}}`, domain.Missing},
		{"submission", "ReviseProposal", `{}`, `{"on":"2024-05-02"}`, domain.Missing},
		{"submission", "MergeProposal", `{}`, `{"on":"2024-05-02"}`, domain.Different},
		{"submission", "AdoptProposal", `{}`, `{"withoutVote":false}`, domain.Different},
		{"position", "RecordPosition", `{}`, `{"stance":null}`, domain.Different},
		{"position", "RecordPosition", `{}`, `{"source":{"locator":"p. 1"}}`, domain.Different},
		{"position", "RecordPosition", `{}`, `{"points":[{"kind":"VIEW","text":"x"}]}`, domain.Different},
		{"position", "RecordPosition", `{}`, `{"statedOn":"2024-05-19"}`, domain.Missing},
		{"position", "RecordPosition", `{}`, `{"target":{"proposal":"permanent-oewg"}}`, domain.Missing},
		{"position", "RecordPosition", `{}`, `{"actor":"DEU"}`, domain.Missing},
		{"position", "WithdrawPosition", `{}`, `{"source":{"title":"x"}}`, domain.Different},
		{"position", "WithdrawPosition", `{}`, `{"on":"2024-05-02"}`, domain.Missing},
		{"position", "RetractPosition", `{}`, `{"reason":"x"}`, domain.Different},
		{"endorsement", "RecordEndorsement", `{}`, `{"source":{"title":"x"}}`, domain.Different},
		{"endorsement", "RecordEndorsement", `{}`, `{"kind":"SPONSOR"}`, domain.Missing},
		{"endorsement", "WithdrawEndorsement", `{}`, `{"source":{"title":"x"}}`, domain.Different},
		{"endorsement", "RecordVote", `{}`, `{"adopted":false}`, domain.Different},
		{"endorsement", "RecordVote", `{}`, `{"proposal":"programme-of-action"}`, domain.Different},
		{"endorsement", "RecordVote", `{}`, `{"paragraph":"1"}`, domain.Missing},
		{"endorsement", "DeclareIntendedBallot", `{}`, `{"intended":"NO"}`, domain.Missing},
	} {
		w := worldOf(sharedWorld(t))
		record(t, w, baseCommand(t, tt.archive, tt.command, tt.base))
		got, differences := w.Compare(baseCommand(t, tt.archive, tt.command, tt.over))
		if (got == domain.Different) != (len(differences) > 0) {
			t.Errorf("%s %s: %v with the differences %v", tt.command, tt.over, got, differences)
		}
		for _, d := range differences {
			if d.Recorded == d.Given {
				t.Errorf("%s %s: %s is %q on both sides", tt.command, tt.over, d.Path, d.Given)
			}
		}
		if got != tt.want {
			t.Errorf("%s %s, then %s: %d, want %d", tt.command, tt.base, tt.over, got, tt.want)
		}
	}
}

// record decides a command that is accepted, and applies its events.
func record(t *testing.T, w *domain.World, c domain.Command) []domain.Event {
	t.Helper()
	events, refusal := w.Folded(c.Stream()).Decide(c, w.Facts(today))
	if refusal != nil {
		t.Fatalf("%T: %v", c, refusal)
	}
	for _, e := range events {
		w.Apply(e)
	}
	return events
}

func TestCorrectedPositionIsOnRecordAsItWasAndAsItIs(t *testing.T) {
	w := worldOf(sharedWorld(t))
	stated := baseCommand(t, "position", "RecordPosition", "{}")
	record(t, w, stated) // Revision 6.
	record(t, w, domain.CorrectPosition{Actor: "FRA", Position: 6, Reason: "x", Changes: domain.PositionChanges{StatedOn: domain.To(domain.NewDate(2024, 5, 19)), Stance: domain.To(domain.Neutral)}})
	for over, want := range map[string]domain.Match{
		`{}`: domain.Same,
		`{"stance":"NEUTRAL","statedOn":"2024-05-19"}`: domain.Same,
		`{"stance":"NEUTRAL"}`:                         domain.Missing, // Nothing is on record for that day any more.
		`{"statedOn":"2024-05-19"}`:                    domain.Different,
	} {
		if got := w.Recorded(baseCommand(t, "position", "RecordPosition", over)); got != want {
			t.Errorf("%s: %d, want %d", over, got, want)
		}
	}
	record(t, w, domain.RetractPosition{Actor: "FRA", Position: 6, Reason: "x"})
	if got := w.Recorded(stated); got != domain.Same {
		t.Errorf("a retracted position would be recorded again: %d", got)
	}
	if got := w.Recorded(baseCommand(t, "position", "RecordPosition", `{"stance":"OPPOSE","statedOn":"2024-05-19"}`)); got != domain.Missing {
		t.Errorf("a retracted position stands in the way of the right one: %d", got)
	}
}

// Every sequence of three changes over four days against the days themselves: no day of membership is given twice, and what
// is refused would have given one twice, or ended nothing.
func TestMembershipsNeverOverlap(t *testing.T) {
	const first, days = domain.Date(738000), 4
	day := func(n int) domain.Date {
		if n == 0 {
			return 0
		}
		return first + domain.Date(n)
	}
	var changes [][2]int
	for from := range days + 1 {
		for until := range days + 1 {
			changes = append(changes, [2]int{from, until})
		}
	}
	for _, a := range changes {
		for _, b := range changes {
			for _, c := range changes {
				w := worldOf([]domain.Event{domain.StateAdmitted{State: "FRA"}, domain.GroupDefined{Group: "G"}})
				var spans [][2]int // Of day numbers, from 0 (always) to below days+1 (without an end).
				for i, change := range [][2]int{a, b, c} {
					asked := domain.ChangeGroupMembership{Group: "G", State: "FRA", From: day(change[0]), Until: day(change[1])}
					events, refusal := w.Folded(asked.Stream()).Decide(asked, w.Facts(today))
					next, ok := change, true
					open := slices.IndexFunc(spans, func(s [2]int) bool { return s[1] == days+1 })
					if change[0] == 0 && change[1] > 0 {
						ok = open >= 0 && change[1] > spans[open][0]
						if ok {
							spans[open][1] = change[1]
						}
					} else {
						if next[1] == 0 {
							next[1] = days + 1
						}
						ok = next[0] < next[1]
						for _, s := range spans {
							for d := range days + 1 {
								if s[0] <= d && d < s[1] && next[0] <= d && d < next[1] {
									ok = false
								}
							}
						}
						if ok {
							spans = append(spans, next)
						}
					}
					if ok != (refusal == nil) {
						t.Fatalf("%v %v %v: change %d is refused: %v, want accepted: %t", a, b, c, i, refusal, ok)
					}
					for _, e := range events {
						w.Apply(e)
					}
				}
			}
		}
	}
}

func TestLongDocumentsAreCutIntoEventsThatFit(t *testing.T) {
	const largest = 48 << 10 // Bytes of data; a leaf has 65,535 with id and metadata.
	text := func(rune string, n int) string {
		var b []byte
		for range n {
			b = append(b, rune...)
		}
		return string(b)
	}
	for name, tt := range map[string]struct {
		paragraphs int
		text       string
		parts      int
	}{
		"no paragraph":            {0, "", 1},
		"short paragraphs":        {200, "Requests.", 1},
		"the longest, four bytes": {3, text("𝔊", 10_000), 4}, // The head is so long that the first does not fit beside it.
		"the longest, escaped":    {5, text("\"", 10_000), 3},
		"many short paragraphs":   {3_000, text("x", 100), 11},
	} {
		d := &domain.Document{Symbol: text("\"", 200), Title: text("𝔊", 500), URL: "https://example.org/" + text("𝔊", 1_900), SHA256: text("A", 64)}
		for i := range tt.paragraphs {
			d.Paragraphs = append(d.Paragraphs, domain.Paragraph{Kind: domain.Operative, Number: i + 1, Text: tt.text})
		}
		w := worldOf(sharedWorld(t))
		c := baseCommand(t, "submission", "SubmitProposal", "{}").(domain.SubmitProposal)
		c.Document = d
		events := record(t, w, c)
		if got := events[0].(domain.ProposalSubmitted).DocumentParts; got != len(events)-1 {
			t.Errorf("%s: %d parts said, %d recorded", name, got, len(events)-1)
		}
		var parts []domain.DocumentRecorded
		for i, e := range events[1:] {
			p := e.(domain.DocumentRecorded)
			if p.Part != i+1 || p.Parts != len(events)-1 || p.Submission != 0 {
				t.Errorf("%s: part %d says %d of %d, of submission %d", name, i+1, p.Part, p.Parts, p.Submission)
			}
			if size := len(encode(t, p)) - len("DocumentRecorded "); size > largest {
				t.Errorf("%s: part %d has %d bytes", name, i+1, size)
			}
			parts = append(parts, p)
		}
		if len(parts) != tt.parts {
			t.Errorf("%s: %d parts, want %d", name, len(parts), tt.parts)
		}
		want := *d
		want.SHA256 = text("a", 64)
		if diff := cmp.Diff(&want, domain.ReadDocument(parts)); diff != "" {
			t.Errorf("%s: the parts give another document (-want +got):\n%s", name, diff)
		}
		if got := w.Recorded(c); got != domain.Same {
			t.Errorf("%s: Recorded is %d, not Same", name, got)
		}
	}
}

// A refusal is told by its gravest fault, and shares no memory with the command.
func TestRefusalsAndEventsStandAlone(t *testing.T) {
	r := &domain.Refusal{Faults: []domain.Fault{{Code: domain.Conflict, Message: "Taken."}, {Code: domain.NotFound, Path: "actor", Message: "Unknown."}}}
	if got := fmt.Sprint(r.Code(), " ", r.Error()); got != "NOT_FOUND Taken. actor: Unknown." {
		t.Errorf("refusal is told as %s", got)
	}
	w := worldOf(sharedWorld(t))
	c := baseCommand(t, "position", "RecordPosition", `{"actor":"EU","alignedWith":["EGY"],"points":[{"kind":"VIEW","text":"x"}],"explains":{"proposal":"programme-of-action","revision":1}}`).(domain.RecordPosition)
	events := record(t, w, c)
	before := encode(t, events[0])
	c.AlignedWith[0], c.Points[0].Text, c.Explains.Revision = "XXX", "y", 9
	if diff := cmp.Diff(before, encode(t, events[0])); diff != "" {
		t.Errorf("the event changed with the command (-before +after):\n%s", diff)
	}
}
