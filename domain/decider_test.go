package domain_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/rapporteur/rapporteur/domain"
)

func TestEveryEventIsEvolvedByItsCategory(t *testing.T) {
	for _, e := range domain.EventTypes {
		state := domain.NewFolded(e.Stream())
		if got := state.Revision(); got != -1 {
			t.Errorf("%T: revision is %d before any event, not -1", e, got)
		}
		state.Evolve(e)
		if got := state.Revision(); got != 0 {
			t.Errorf("%T: revision is %d after one event, not 0", e, got)
		}
		// The states of all other categories stop the program.
		for _, other := range domain.EventTypes {
			if category(other.Stream()) != category(e.Stream()) {
				wantPanic(t, fmt.Sprintf("%T", e), func() { domain.NewFolded(other.Stream()).Evolve(e) })
			}
		}
	}
}

func TestEveryCommandIsDecidedByItsCategory(t *testing.T) {
	facts := worldOf(sharedWorld(t)).Facts(domain.NewDate(2024, 6, 1))
	for _, c := range domain.CommandTypes {
		events, refusal := domain.NewFolded(c.Stream()).Decide(c, facts)
		if len(events) > 0 || refusal == nil || len(refusal.Faults) == 0 {
			t.Errorf("%T: what says nothing yields %v, %v", c, events, refusal)
			continue
		}
		for _, f := range refusal.Faults {
			if f.Code != domain.BadUserInput && f.Code != domain.NotFound || f.Message == "" || !strings.HasSuffix(f.Message, ".") {
				t.Errorf("%T: %s %q: %q", c, f.Code, f.Path, f.Message)
			}
		}
		for _, other := range domain.EventTypes {
			if category(other.Stream()) != category(c.Stream()) {
				wantPanic(t, fmt.Sprintf("%T", c), func() { domain.NewFolded(other.Stream()).Decide(c, facts) })
			}
		}
	}
	wantPanic(t, "users-1", func() { domain.NewFolded("users-1") })
}

func category(stream string) string {
	category, _, _ := strings.Cut(stream, "-")
	return category
}

// wantPanic checks that a function panics and names something.
func wantPanic(t *testing.T, name string, f func()) {
	t.Helper()
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), name) {
			t.Errorf("panic is %v; it should name %s", r, name)
		}
	}()
	f()
}

// again says how a command is refused that was accepted just before; those that are not here are accepted twice.
var again = map[string]domain.Code{
	"SubmitProposal": domain.Conflict, "MergeProposal": domain.Conflict, "SupersedeProposal": domain.Conflict,
	"WithdrawProposal": domain.Conflict, "AdoptProposal": domain.Conflict,
	"CorrectPosition": domain.BadUserInput, "WithdrawPosition": domain.Conflict, "RetractPosition": domain.Conflict,
	"RecordEndorsement": domain.Conflict, "WithdrawEndorsement": domain.Conflict, "RecordVote": domain.Conflict, "DeclareIntendedBallot": domain.Conflict,
	"DefineElement": domain.Conflict, "DefineOption": domain.Conflict, "RetireOption": domain.Conflict,
	"AdmitState": domain.Conflict, "DefineGroup": domain.Conflict, "ChangeGroupMembership": domain.Conflict,
	"DefineSession": domain.Conflict, "CompleteImport": domain.Conflict,
}

func TestWhatIsOnRecordIsNotRecordedAgain(t *testing.T) {
	eachScenario(t, func(t *testing.T, s scenario, w *domain.World) {
		before := w.Recorded(s.when)
		events, refusal := w.Folded(s.when.Stream()).Decide(s.when, w.Facts(s.today))
		if refusal != nil {
			return
		}
		for _, e := range events {
			w.Apply(e)
		}
		name := strings.TrimPrefix(fmt.Sprintf("%T", s.when), "domain.")
		_, refusal = w.Folded(s.when.Stream()).Decide(s.when, w.Facts(s.today))
		switch want, refused := again[name]; {
		case refused && (refusal == nil || refusal.Code() != want):
			t.Errorf("the same again is refused with %v, not %s", refusal, want)
		case !refused && refusal != nil:
			t.Errorf("the same again is refused: %v", refusal)
		}

		// What is accepted is not on record before, save a position that is recorded twice; and is afterwards.
		if name == "CorrectPosition" {
			return
		}
		if before != domain.Missing && s.name != "the same position twice is two positions" {
			t.Errorf("Recorded is %d before the command", before)
		}
		if got := w.Recorded(s.when); got != domain.Same {
			t.Errorf("Recorded is %d after the command, not Same", got)
		}
	})
}

// baseCommand gives the accepted command of an archive, with some fields changed.
func baseCommand(t *testing.T, archive, name, over string) domain.Command {
	t.Helper()
	a, err := txtar.ParseFile("testdata/decide/" + archive + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	base := *a
	for _, f := range a.Files {
		if f.Name == "base" {
			base.Files = []txtar.File{f, {Name: name, Data: []byte("when " + name + " " + over + "\n")}}
		}
	}
	return scenarios(t, &base)[0].when
}

// limits are the longest texts, in characters, by what one replaces in the input of a command.
var limits = []struct {
	archive, command string
	path             string
	over             string // %s is the text.
	most             int
}{
	{"position", "RecordPosition", "summary", `{"summary":%s}`, 4_000},
	{"position", "RecordPosition", "points.0.text", `{"points":[{"kind":"VIEW","text":%s}]}`, 4_000},
	{"position", "RecordPosition", "source.title", `{"source":{"title":%s}}`, 500},
	{"position", "RecordPosition", "source.symbol", `{"source":{"symbol":%s}}`, 200},
	{"position", "RecordPosition", "source.locator", `{"source":{"locator":%s}}`, 500},
	{"position", "RecordPosition", "source.quote", `{"source":{"quote":%s}}`, 10_000},
	{"position", "CorrectPosition", "reason", `{"changes":{"stance":"NEUTRAL"},"reason":%s}`, 4_000},
	{"position", "CorrectPosition", "summary", `{"changes":{"summary":%s}}`, 4_000},
	{"position", "CorrectPosition", "points.0.text", `{"changes":{"points":[{"kind":"VIEW","text":%s}]}}`, 4_000},
	{"position", "CorrectPosition", "source.quote", `{"changes":{"source":{"title":"x","quote":%s}}}`, 10_000},
	{"position", "RetractPosition", "reason", `{"reason":%s}`, 4_000},
	{"submission", "SubmitProposal", "title", `{"title":%s}`, 500},
	{"submission", "SubmitProposal", "summary", `{"summary":%s}`, 4_000},
	{"submission", "SubmitProposal", "document.title", `{"document":{"title":%s}}`, 500},
	{"submission", "SubmitProposal", "document.symbol", `{"document":{"title":"x","symbol":%s}}`, 200},
	{"submission", "SubmitProposal", "document.paragraphs.0.text", `{"document":{"title":"x","paragraphs":[{"kind":"OPERATIVE","number":1,"text":%s}]}}`, 10_000},
	{"submission", "ReviseProposal", "title", `{"title":%s}`, 500},
	{"submission", "ReviseProposal", "summary", `{"summary":%s}`, 4_000},
	{"submission", "AdoptProposal", "by", `{"by":%s}`, 500},
	{"submission", "AdoptProposal", "symbol", `{"symbol":%s}`, 200},
	{"endorsement", "RecordEndorsement", "documentSymbol", `{"documentSymbol":%s}`, 200},
	{"endorsement", "RecordEndorsement", "paragraph", `{"paragraph":%s}`, 200},
	{"endorsement", "RecordVote", "documentSymbol", `{"documentSymbol":%s}`, 200},
	{"endorsement", "RecordVote", "paragraph", `{"paragraph":%s}`, 200},
	{"endorsement", "RecordVote", "body", `{"body":%s}`, 500},
	{"element", "DefineElement", "label", `{"label":%s}`, 500},
	{"element", "DefineElement", "description", `{"description":%s}`, 4_000},
	{"element", "DefineOption", "label", `{"label":%s}`, 500},
	{"element", "DefineOption", "description", `{"description":%s}`, 4_000},
	{"element", "RetireOption", "reason", `{"reason":%s}`, 4_000},
	{"actor", "AdmitState", "names.0.name", `{"names":[{"language":"EN","name":%s}]}`, 500},
	{"actor", "AdmitState", "names.0.formalName", `{"names":[{"language":"EN","name":"x","formalName":%s}]}`, 500},
	{"actor", "AdmitState", "aliases.0", `{"aliases":[%s]}`, 500},
	{"actor", "DefineGroup", "names.0.name", `{"names":[{"language":"EN","name":%s}]}`, 500},
	{"actor", "ChangeGroupMembership", "source.title", `{"source":{"title":%s}}`, 500},
	{"session", "DefineSession", "name", `{"name":%s}`, 500},
	{"session", "DefineSession", "forum", `{"forum":%s}`, 500},
	{"session", "CompleteImport", "name", `{"name":%s}`, 500},
}

// Lengths count characters, not bytes, and the text that is just short enough passes.
func TestTextsHaveLimitsInCharacters(t *testing.T) {
	w := worldOf(sharedWorld(t))
	facts := w.Facts(domain.NewDate(2024, 6, 1))
	for _, l := range limits {
		letter := "Я"
		if strings.HasSuffix(strings.ToLower(l.path), "symbol") {
			letter = "x" // Symbols of documents are written in ASCII.
		}
		for _, tt := range []struct {
			text string
			want []string // Paths of faults.
		}{
			{strings.Repeat(letter, l.most), nil},
			{strings.Repeat(letter, l.most+1), []string{l.path}},
			{letter + "\\u0000", []string{l.path}},
			{letter + "\\u0086", []string{l.path}},
			{letter + "\\ufffe", []string{l.path}},
		} {
			c := baseCommand(t, l.archive, l.command, fmt.Sprintf(l.over, `"`+tt.text+`"`))
			_, refusal := w.Folded(c.Stream()).Decide(c, facts)
			if diff := cmp.Diff(tt.want, paths(refusal)); diff != "" {
				t.Errorf("%s %s of %d bytes (-want +got):\n%s", l.command, l.path, len(tt.text), diff)
			}
		}
	}
}

func paths(r *domain.Refusal) []string {
	var paths []string
	if r != nil {
		for _, f := range r.Faults {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// JSON cannot say what is no UTF-8; readers of files can.
func TestTextsAreUTF8(t *testing.T) {
	w := worldOf(sharedWorld(t))
	c := baseCommand(t, "position", "RecordPosition", "{}").(domain.RecordPosition)
	c.Summary, c.Source.Title, c.Actor = "Supports\xff it.", "\xc3", "FR\xc0"
	_, refusal := w.Folded(c.Stream()).Decide(c, w.Facts(domain.NewDate(2024, 6, 1)))
	want := []domain.Fault{
		{Code: domain.NotFound, Path: "actor", Message: `There is no State or group "FR\xc0"; did you mean FRA? It has no valid UTF-8 at byte 3.`},
		{Code: domain.BadUserInput, Path: "summary", Message: "The summary is no valid UTF-8 at byte 9; send it in UTF-8."},
		{Code: domain.BadUserInput, Path: "source.title", Message: "The title of the source is no valid UTF-8 at byte 1; send it in UTF-8."},
	}
	if diff := cmp.Diff(want, refusal.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	c = baseCommand(t, "position", "RecordPosition", "{}").(domain.RecordPosition)
	c.Stance, c.Form, c.StatedOn, c.Source.Grade = 6, 99, -1, 6
	_, refusal = w.Folded(c.Stream()).Decide(c, w.Facts(domain.NewDate(2024, 6, 1)))
	if diff := cmp.Diff([]string{"stance", "form", "statedOn", "source.grade"}, paths(refusal)); diff != "" {
		t.Errorf("values that are none (-want +got):\n%s", diff)
	}
}
