package projections_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

func TestEventsAndRevisions(t *testing.T) {
	eachRandomView(t, 30, func(t *testing.T, _ *rand.Rand, events []oracle.Event, v *projections.View) {
		at, list := v.Moment().At, decoded(t, events)
		revisions := map[string]int64{}
		for i, d := range list {
			position := uint64(i) + 1
			got, ok := v.Event(position)
			if want := position <= at; ok != want {
				t.Fatalf("Event(%d) at %d: %v", position, at, ok)
			}
			if !ok {
				continue
			}
			want := projections.EventRef{
				Provenance: projections.Provenance{At: position, RecordedAt: d.RecordedAt, RecordedBy: d.RecordedBy}, Stream: d.Stream, Revision: d.Revision, Type: d.Type,
			}
			if got != want {
				t.Errorf("Event(%d) = %+v, want %+v", position, got, want)
			}
			revisions[d.Stream] = d.Revision
		}
		for _, d := range list {
			want, ok := revisions[d.Stream]
			if !ok {
				want = -1
			}
			if got := v.Revision(d.Stream); got != want {
				t.Errorf("Revision(%s) = %d, want %d", d.Stream, got, want)
			}
		}
		for _, position := range []uint64{0, at + 1, uint64(len(list)) + 1} {
			if _, ok := v.Event(position); ok {
				t.Errorf("Event(%d) at %d", position, at)
			}
		}
		if got := v.Revision("position-nobody"); got != -1 {
			t.Errorf("a stream without events is at revision %d", got)
		}
	})
}

func TestEventPosition(t *testing.T) {
	events := history.Random(1, crowded)
	m := modelOf(t, events)
	for _, e := range events {
		category, key, _ := strings.Cut(e.Event.Stream(), "-")
		if got, ok := m.EventPosition(category, key, e.Revision); !ok || got != e.At {
			t.Errorf("revision %d of %s stands at %d, %v; want %d", e.Revision, e.Event.Stream(), got, ok, e.At)
		}
		for _, revision := range []int64{-1, 1 << 40} {
			if _, ok := m.EventPosition(category, key, revision); ok {
				t.Errorf("there is a revision %d of %s", revision, e.Event.Stream())
			}
		}
	}
	if _, ok := m.EventPosition("position", "nobody", 0); ok {
		t.Error("there is an event of nobody")
	}
}

func TestPositionAsOf(t *testing.T) {
	for seed := range uint64(20) {
		events := history.Random(seed, history.Small)
		m, o := modelOf(t, events), oracle.New(events)
		for _, e := range events {
			for _, delta := range []time.Duration{-time.Microsecond, -time.Nanosecond, 0, time.Nanosecond, time.Microsecond, time.Hour} {
				if got, want := m.PositionAsOf(e.RecordedAt.Add(delta)), o.PositionAsOf(e.RecordedAt.Add(delta)); got != want {
					t.Fatalf("history %d: %v after event %d was recorded: position %d, want %d", seed, delta, e.At, got, want)
				}
			}
		}
		if got := m.PositionAsOf(time.Time{}); got != 0 {
			t.Errorf("in the year 1 the record has %d events", got)
		}
	}
}

// touching gives the positions of the events that touch a proposal: those of its two streams, those of another that went into it,
// and those of positions on it.
func touching(events []oracle.Event, slug string) (list []uint64) {
	on := map[string]bool{} // Positions on the proposal, by stream and revision.
	for _, e := range events {
		touches := e.Event.Stream() == "submission-"+slug || e.Event.Stream() == "endorsement-"+slug
		name := func(revision int64) string { return fmt.Sprint(e.Event.Stream(), revision) }
		switch v := e.Event.(type) {
		case domain.PositionStated:
			touches = v.Target == domain.OnProposal(slug)
			on[name(e.Revision)] = touches
		case domain.PositionCorrected:
			touches = on[name(v.Position)]
		case domain.PositionWithdrawn:
			touches = on[name(v.Position)]
		case domain.PositionRetracted:
			touches = on[name(v.Position)]
		case domain.ProposalMerged:
			touches = touches || v.Into == slug
		case domain.ProposalSuperseded:
			touches = touches || v.By == slug
		}
		if touches {
			list = append(list, e.At)
		}
	}
	return list
}

func TestHistoryHasWhatTouchesTheProposal(t *testing.T) {
	eachRandomView(t, 40, func(t *testing.T, _ *rand.Rand, events []oracle.Event, v *projections.View) {
		_, _, _, slugs := known(events)
		for _, slug := range append(slugs, "unknown") {
			var want []uint64
			if _, exists := v.Proposal(slug); exists {
				want = touching(events[:v.Moment().At], slug)
			}
			var got []uint64
			for _, e := range v.History(slug, projections.Page[uint64]{First: everything}).Items {
				got = append(got, e.At)
				if of, _ := v.Event(e.At); of != e {
					t.Errorf("%+v in the history of %s, %+v among the events", e, slug, of)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("history of %s: %v, want %v", slug, got, want)
			}
		}
	})
}

// What deciders are told by the read model is what the write side's own folding of the record says.
func TestFactsEqualTheWorldOfTheSameRecord(t *testing.T) {
	for seed := range uint64(10) {
		events := history.Random(seed, crowded)
		m, w := projections.New(), domain.NewWorld()
		targets, states, groups, slugs := known(events)
		codes := slices.Concat(states, groups, []string{"XXX"})
		for i, d := range decoded(t, events) {
			if err := m.Apply(d); err != nil {
				t.Fatal(err)
			}
			w.Apply(d.Event)
			if i%29 != 0 && i != len(events)-1 {
				continue
			}
			got, want := m.Facts(history.FirstDay), w.Facts(history.FirstDay)
			same := func(question string, got, want any) {
				if !reflect.DeepEqual(want, got) {
					t.Errorf("history %d at %d: %s: %v, the world says %v", seed, i+1, question, got, want)
				}
			}
			two := func(a, b any) [2]any { return [2]any{a, b} }
			same("Today", got.Today(), want.Today())
			for _, code := range codes {
				same("State "+code, got.State(code), want.State(code))
				gotKind, gotOK := got.Group(code)
				wantKind, wantOK := want.Group(code)
				same("Group "+code, two(gotKind, gotOK), two(wantKind, wantOK))
			}
			for _, key := range []string{"S-0", "S-1", "e", "e-1", "e0", "unknown"} {
				same("Session "+key, got.Session(key), want.Session(key))
				same("Element "+key, got.Element(key), want.Element(key))
			}
			for _, target := range targets {
				gotRetired, gotOK := got.Option(target.Option)
				wantRetired, wantOK := want.Option(target.Option)
				same("Option "+target.Key(), two(gotRetired, gotOK), two(wantRetired, wantOK))
			}
			for _, slug := range append(slugs, "unknown") {
				gotOn, gotOK := got.Proposal(slug)
				wantOn, wantOK := want.Proposal(slug)
				same("Proposal "+slug, two(gotOn, gotOK), two(wantOn, wantOK))
				for revision := int64(-1); revision < 25; revision++ {
					for _, code := range codes {
						ref := domain.ActRef{Proposal: slug, Revision: revision}
						gotOn, gotOK := got.Act(ref, code)
						wantOn, wantOK := want.Act(ref, code)
						if !wantOK { // The day of an act that is somebody else's means nothing.
							gotOn, wantOn = 0, 0
						}
						same(fmt.Sprint("Act ", ref, " of ", code), two(gotOn, gotOK), two(wantOn, wantOK))
					}
				}
			}
			for _, symbol := range []string{"A/1", "A/2", ""} {
				for _, paragraph := range []string{"", "OP6", "OP7"} {
					gotSlug, gotOK := got.Vote(symbol, paragraph)
					wantSlug, wantOK := want.Vote(symbol, paragraph)
					same("Vote "+symbol+"#"+paragraph, two(gotSlug, gotOK), two(wantSlug, wantOK))
				}
			}
			for kind := domain.ActorKey; kind <= domain.ProposalKey; kind++ {
				for _, word := range []string{"AAA", "HAB", "G-2", "G", "S-3", "e-2", "e/o9", "e/o0", "p-2", "q", "Stat AAA", ""} {
					same(fmt.Sprint("Near ", kind, " ", word), append([]string{}, got.Near(kind, word)...), append([]string{}, want.Near(kind, word)...))
				}
			}
		}
	}
}

// Who writes France means FRA, on the read model as on the world.
func TestNearKnowsNames(t *testing.T) {
	r, w := newRecord(t), domain.NewWorld()
	for _, e := range []domain.Event{
		domain.StateAdmitted{State: "CIV", RegionalGroup: domain.African, AdmittedOn: 1, Aliases: []string{"Ivory Coast"}, Names: []domain.LocalizedName{
			{Language: domain.English, Name: "Côte d'Ivoire"}, {Language: domain.French, Name: "Côte d'Ivoire", FormalName: "la République de Côte d'Ivoire"}}},
		domain.StateAdmitted{State: "FRA", RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names("France")},
		domain.GroupDefined{Group: "EU", Kind: domain.Standing, Names: names("European Union")},
	} {
		r.record(e)
		w.Apply(e)
	}
	for _, c := range []struct {
		kind domain.KeyKind
		word string
		want []string
	}{
		{domain.StateKey, "France", []string{"FRA"}}, {domain.ActorKey, "Frence", []string{"FRA"}}, {domain.StateKey, "Ivory Coats", []string{"CIV"}},
		{domain.ActorKey, "European Union", []string{"EU"}}, {domain.GroupKey, "European Unoin", []string{"EU"}}, {domain.GroupKey, "France", nil},
		{domain.StateKey, "European Union", nil},
	} {
		if got := w.Facts(1).Near(c.kind, c.word); !slices.Equal(got, c.want) {
			t.Errorf("the world: near %q are %v, want %v", c.word, got, c.want)
		}
		if got := r.model.Facts(1).Near(c.kind, c.word); !slices.Equal(got, c.want) {
			t.Errorf("the read model: near %q are %v, want %v", c.word, got, c.want)
		}
	}
}

// RULES, section 8: a long document is recorded in several events. At each position it has the parts known there.
func TestDocumentInParts(t *testing.T) {
	r := newRecord(t)
	paragraph := func(n int) domain.Paragraph {
		return domain.Paragraph{Kind: domain.Operative, Number: n, Text: fmt.Sprint("Decides ", n)}
	}
	r.record(domain.StateAdmitted{State: "FRA", RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names("France")})
	at := r.record(
		domain.ProposalSubmitted{Proposal: "poa", Title: "Programme", Submitters: []string{"FRA"}, On: 100, DocumentParts: 2},
		domain.DocumentRecorded{Proposal: "poa", Submission: 0, Part: 1, Parts: 2, Symbol: "A/1", Title: "Draft", Language: domain.French, IssuedOn: 99, URL: "https://example.org", Paragraphs: []domain.Paragraph{paragraph(1)}},
		domain.DocumentRecorded{Proposal: "poa", Submission: 0, Part: 2, Parts: 2, Paragraphs: []domain.Paragraph{paragraph(2), paragraph(3)}},
		domain.ProposalRevised{Proposal: "poa", On: 200, DocumentParts: 1},
		domain.DocumentRecorded{Proposal: "poa", Submission: 3, Part: 1, Parts: 1, Symbol: "A/1/Rev.1"},
		domain.ProposalRevised{Proposal: "poa", On: 300},
	)
	whole := &domain.Document{
		Symbol: "A/1", Title: "Draft", Language: domain.French, IssuedOn: 99, URL: "https://example.org", Paragraphs: []domain.Paragraph{paragraph(1), paragraph(2), paragraph(3)},
	}
	head := *whole
	head.Paragraphs = whole.Paragraphs[:1]
	revised := &domain.Document{Symbol: "A/1/Rev.1"}
	for i, want := range [][]*domain.Document{{nil}, {&head}, {whole}, {whole, nil}, {whole, revised}, {whole, revised, nil}} {
		v := r.model.View(projections.Moment{At: at + uint64(i)})
		p, _ := v.Proposal("poa")
		var got []*domain.Document
		for _, s := range p.Submissions {
			got = append(got, s.Document)
			if alone, ok := v.Submission(s.At); !ok || !cmp.Equal(*alone, s, cmpopts.IgnoreUnexported(projections.State{})) {
				t.Errorf("Submission(%d) differs from that of the proposal", s.At)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %d events (-want +got):\n%s", i+1, diff)
		}
	}
	if _, ok := r.model.View(projections.Moment{At: at + 5, On: 299}).Submission(at + 5); ok {
		t.Error("a submission is there before its day")
	}
}

func TestCorrectionsTellBeforeAndAfter(t *testing.T) {
	r := newRecord(t)
	r.record(
		domain.StateAdmitted{State: "FRA", RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names("France")},
		domain.StateAdmitted{State: "HUN", RegionalGroup: domain.EasternEuropean, AdmittedOn: 1, Names: names("Hungary")},
		domain.GroupDefined{Group: "EU", Kind: domain.Standing, Names: names("European Union")},
		domain.SessionDefined{Session: "S-1", Name: "First", Forum: "OEWG", StartsOn: 1, EndsOn: 2, DecisionRule: domain.ByConsensus},
		domain.ProposalSubmitted{Proposal: "poa", Title: "Programme", Submitters: []string{"FRA"}, InCapacityOfChair: true, On: 100},
	)
	act := r.record(domain.EndorsementGiven{Proposal: "poa", Actor: "EU", Kind: domain.Cosponsor, On: 101})
	stated := r.record(domain.PositionStated{
		Actor: "EU", Target: domain.OnProposal("poa"), Stance: domain.Support, StatedOn: domain.NewDate(2024, 3, 1), Summary: "Said.", Source: domain.Source{Title: "Statement"},
		AlignedWith: []string{"FRA"}, Points: []domain.Point{{Kind: domain.Need, Text: "Time"}}, Session: "S-1",
	})
	first := r.record(domain.PositionCorrected{Actor: "EU", Reason: "We misread it.", Changes: domain.PositionChanges{
		Stance: domain.To(domain.Oppose), Form: domain.To(domain.Explanation), Explains: domain.To(domain.ActRef{Proposal: "poa", Revision: 0}),
		StatedOn: domain.To(domain.NewDate(2024, 3, 2)), Session: domain.To(""), Summary: domain.To("Said so."), Points: domain.To([]domain.Point(nil)),
		Source: domain.To(domain.Source{Title: "Record", Locator: "p. 3"}), AlignedWith: domain.To([]string(nil)), Dissociated: domain.To([]string{"HUN"}),
	}})
	second := r.record(domain.PositionCorrected{Actor: "EU", Reason: "And again.", Changes: domain.PositionChanges{
		Stance: domain.To(domain.Stance(0)), Explains: domain.To(domain.ActRef{}),
	}})
	text := func(s string) *string { return &s }
	change := func(at uint64, reason, field string, before, after *string) projections.Correction {
		return projections.Correction{
			Provenance: projections.Provenance{At: at, RecordedAt: firstMinute.Add(time.Duration(at-1) * time.Minute), RecordedBy: "recorder"},
			Field:      field, Before: before, After: after, Reason: reason,
		}
	}
	// One for each field, in the order of the public schema; what is not set has no text.
	want := []projections.Correction{
		change(first, "We misread it.", "stance", text("SUPPORT"), text("OPPOSE")),
		change(first, "We misread it.", "form", nil, text("EXPLANATION")),
		change(first, "We misread it.", "explains", nil, text(projections.LogPosition(act))),
		change(first, "We misread it.", "statedOn", text("2024-03-01"), text("2024-03-02")),
		change(first, "We misread it.", "session", text("S-1"), nil),
		change(first, "We misread it.", "summary", text("Said."), text("Said so.")),
		change(first, "We misread it.", "points", text(`[{"kind":"NEED","text":"Time"}]`), nil),
		change(first, "We misread it.", "source", text(`{"title":"Statement"}`), text(`{"title":"Record","locator":"p. 3"}`)),
		change(first, "We misread it.", "alignedWith", text(`["FRA"]`), nil),
		change(first, "We misread it.", "dissociated", nil, text(`["HUN"]`)),
		change(second, "And again.", "stance", text("OPPOSE"), nil),
		change(second, "And again.", "explains", text(projections.LogPosition(act)), nil),
	}
	for _, c := range []struct {
		at   uint64
		want []projections.Correction
	}{{stated, nil}, {first, want[:10]}, {second, want}} {
		p, ok := r.model.View(projections.Moment{At: c.at}).Position(stated)
		if !ok {
			t.Fatalf("no position at %d", c.at)
		}
		if diff := cmp.Diff(c.want, p.Corrections, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("at %d (-want +got):\n%s", c.at, diff)
		}
		if wantExplains := map[uint64]uint64{first: act}[c.at]; p.ExplainsAt != wantExplains {
			t.Errorf("at %d it explains %d, want %d", c.at, p.ExplainsAt, wantExplains)
		}
	}
}

func TestVotesWithIntendedBallots(t *testing.T) {
	r := newRecord(t)
	for _, code := range []string{"TUV", "FRA", "IRN"} {
		r.record(domain.StateAdmitted{State: code, RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names(code)})
	}
	r.record(domain.ProposalSubmitted{Proposal: "poa", Title: "Programme", Submitters: []string{"FRA"}, On: 100})
	cast := []domain.CastBallot{{State: "FRA", Ballot: domain.Yes}, {State: "IRN", Ballot: domain.No}, {State: "TUV", Ballot: domain.Absent}}
	later := domain.VoteRecorded{Proposal: "poa", DocumentSymbol: "A/2", Body: "General Assembly", On: 300, Adopted: true, Yes: 1, No: 1, Absent: 1, Complete: true, Ballots: cast}
	earlier := domain.VoteRecorded{Proposal: "poa", DocumentSymbol: "A/1", Body: "First Committee", On: 200, Yes: 1, Ballots: cast[:1]}
	one := r.record(later)
	two := r.record(earlier)
	declared := r.record(domain.IntendedBallotDeclared{Proposal: "poa", Vote: 0, State: "TUV", Intended: domain.Yes, On: 310})
	again := r.record(domain.IntendedBallotDeclared{Proposal: "poa", Vote: 0, State: "TUV", Intended: domain.Abstain, On: 305})
	for _, c := range []struct {
		at   uint64
		on   domain.Date
		want []uint64 // Votes, oldest first.
		meant,
		kind domain.Ballot // Of Tuvalu in the later vote; what it meant is zero where nothing was declared.
	}{
		{one, 0, []uint64{one}, 0, domain.Absent},
		{two, 0, []uint64{two, one}, 0, domain.Absent},
		{two, 299, []uint64{two}, 0, 0},
		{two, 199, nil, 0, 0},
		{declared, 0, []uint64{two, one}, domain.Yes, domain.Yes},
		{declared, 309, []uint64{two, one}, 0, domain.Absent},
		{again, 0, []uint64{two, one}, domain.Yes, domain.Yes}, // The latest by day, whenever it was recorded.
		{again, 309, []uint64{two, one}, domain.Abstain, domain.Abstain},
		{again, 304, []uint64{two, one}, 0, domain.Absent},
	} {
		v := r.model.View(projections.Moment{At: c.at, On: c.on})
		var got []uint64
		for _, vote := range v.Votes("poa") {
			got = append(got, vote.At)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("votes at %d on %d: %v, want %v", c.at, c.on, got, c.want)
		}
		vote, ok := v.Vote(one)
		if ok != slices.Contains(c.want, one) {
			t.Errorf("the vote of %d at %d on %d: %v", one, c.at, c.on, ok)
		}
		if !ok {
			continue
		}
		// The vote keeps its ballots and totals.
		if diff := cmp.Diff(later, vote.VoteRecorded); diff != "" {
			t.Errorf("the vote at %d on %d (-want +got):\n%s", c.at, c.on, diff)
		}
		want := map[string]domain.Ballot{}
		if c.meant != 0 {
			want["TUV"] = c.meant
		}
		if diff := cmp.Diff(want, vote.Intended); diff != "" {
			t.Errorf("intended at %d on %d (-want +got):\n%s", c.at, c.on, diff)
		}
		act, ok := v.Endorsement(one, "TUV")
		if !ok || act.Kind != c.kind.Kind() || act.On != 300 || act.At != one || act.VoteAt != one {
			t.Errorf("the act of Tuvalu at %d on %d: %+v", c.at, c.on, act)
		}
	}
	v := r.model.Newest()
	if _, ok := v.Endorsement(two, "TUV"); ok {
		t.Error("a State without a ballot has an act")
	}
	if _, ok := v.Vote(declared); ok {
		t.Error("a declaration is a vote")
	}
	if got := v.Votes("unknown"); len(got) != 0 {
		t.Errorf("votes on an unknown proposal: %v", got)
	}
}

func TestCountsAreTheLengthsOfTheLists(t *testing.T) {
	eachRandomView(t, 10, func(t *testing.T, _ *rand.Rand, _ []oracle.Event, v *projections.View) {
		positions, acts := v.Counts()
		if want := len(v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items); positions != want {
			t.Errorf("%d positions, want %d", positions, want)
		}
		if want := len(v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything}).Items); acts != want {
			t.Errorf("%d acts, want %d", acts, want)
		}
	})
}

// Reference data: what was recorded later does not exist at an earlier position, whatever the day.
func TestActorsAndSessions(t *testing.T) {
	r := newRecord(t)
	r.record(domain.SessionDefined{Session: "S-2", Name: "Second", Forum: "OEWG", StartsOn: 200, EndsOn: 204, DecisionRule: domain.ByConsensus})
	r.record(domain.SessionDefined{Session: "S-1", Name: "First", Forum: "OEWG", StartsOn: 100, EndsOn: 104, DecisionRule: domain.ByConsensus})
	r.record(domain.SessionDefined{Session: "A-1", Name: "Other", Forum: "Committee", StartsOn: 100, EndsOn: 104, DecisionRule: domain.ByMajority})
	r.record(domain.StateAdmitted{
		State: "TUR", RegionalGroup: domain.WEOG, AdmittedOn: 50, Aliases: []string{"Turkey"},
		Names: []domain.LocalizedName{{Language: domain.English, Name: "Türkiye", FormalName: "Republic of Türkiye"}, {Language: domain.French, Name: "Türkiye (la)"}},
	})
	r.record(domain.GroupDefined{Group: "G", Kind: domain.Standing, Names: names("The Group")})
	r.record(domain.MemberJoined{Group: "G", State: "TUR", From: 60})
	keys := func(v *projections.View, forum string) (list []string) {
		for _, s := range v.Sessions(forum) {
			list = append(list, s.Session)
		}
		return list
	}
	newest := r.model.Newest()
	if got := keys(newest, ""); !slices.Equal(got, []string{"A-1", "S-1", "S-2"}) {
		t.Errorf("sessions by first day, then key: %v", got)
	}
	if got := keys(newest, "OEWG"); !slices.Equal(got, []string{"S-1", "S-2"}) {
		t.Errorf("sessions of a forum: %v", got)
	}
	if got := keys(r.model.View(projections.Moment{At: 1}), ""); !slices.Equal(got, []string{"S-2"}) {
		t.Errorf("sessions at 1: %v", got)
	}
	if r.model.View(projections.Moment{At: 1}).Session("S-1") != nil || newest.Session("S-1") == nil {
		t.Error("a session exists from its position on, and not before")
	}
	for _, name := range []string{"turkiye", "Turkey", "republic of türkiye", "TUR", "TÜRKİYE (LA)"} {
		if got := codesOf(newest.StatesNamed(name)); !slices.Equal(got, []string{"TUR"}) {
			t.Errorf("%q is %v", name, got)
		}
		if got := r.model.View(projections.Moment{At: 3, On: 9999}).StatesNamed(name); len(got) != 0 {
			t.Errorf("%q is %v before it was recorded", name, codesOf(got))
		}
	}
	s := newest.State("TUR")
	for _, c := range [][2]string{
		{s.Name(domain.English), "Türkiye"}, {s.Name(domain.French), "Türkiye (la)"}, {s.Name(domain.Chinese), "Türkiye"},
		{s.FormalName(domain.Chinese), "Republic of Türkiye"}, {newest.Group("G").Name(domain.Arabic), "The Group"},
	} {
		if c[0] != c[1] {
			t.Errorf("named %q, want %q", c[0], c[1])
		}
	}
	for _, c := range []struct {
		at   uint64
		on   domain.Date
		want int
	}{{6, 0, 1}, {6, 60, 1}, {6, 59, 0}, {5, 60, 0}, {4, 60, 0}} {
		v := r.model.View(projections.Moment{At: c.at, On: c.on})
		if got := len(v.GroupsOf("TUR")); got != c.want {
			t.Errorf("at %d on %d of %d groups, want %d", c.at, c.on, got, c.want)
		}
		if got := len(v.Members("G")); got != c.want {
			t.Errorf("at %d on %d %d members, want %d", c.at, c.on, got, c.want)
		}
	}
	if newest.Group("TUR") != nil || newest.State("G") != nil || len(newest.GroupsOf("G")) != 0 {
		t.Error("a State is no group, a group no State and no member")
	}
	if got := codesOf(newest.SuggestStates("Turkiey")); !slices.Contains(got, "TUR") {
		t.Errorf("Turkiey may be %v", got)
	}
	if got := codesOf(newest.States(domain.African, "")); len(got) != 0 {
		t.Errorf("African States: %v", got)
	}
	if a, ok := newest.Actor("G"); !ok || a.Code() != "G" {
		t.Errorf("the actor G is %+v", a)
	}
}
