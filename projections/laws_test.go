package projections_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

func digest(t testing.TB, v *projections.View) string {
	t.Helper()
	d, err := v.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// However the events come in, one by one, all at once or in any batches, the read model is the same at every position.
func TestBatchesMakeNoDifference(t *testing.T) {
	for seed := range uint64(12) {
		events := history.Random(seed, history.Small)
		list := decoded(t, events)
		digests := make([]string, len(list)+1)
		one := projections.New()
		digests[0] = digest(t, one.Newest())
		for i, d := range list {
			if err := one.Apply(d); err != nil {
				t.Fatal(err)
			}
			digests[i+1] = digest(t, one.Newest())
		}
		some, r := projections.New(), rand.New(rand.NewPCG(seed, 3))
		for rest := list; len(rest) > 0; {
			n := min(len(rest), r.IntN(12))
			if err := some.Apply(rest[:n]...); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			if at := some.At(); digest(t, some.Newest()) != digests[at] {
				t.Fatalf("history %d: another digest at %d after a batch of %d", seed, at, n)
			}
		}
		all := modelOf(t, events)
		for at, want := range digests {
			if got := digest(t, all.View(projections.Moment{At: uint64(at)})); got != want {
				t.Fatalf("history %d: digest at %d is %s in one batch, %s one by one", seed, at, got, want)
			}
		}
	}
}

// A record that goes on answers at P as one that ends there: same record, same position, same answer, for ever.
func TestLongerRecordAnswersAsTheShorterOne(t *testing.T) {
	histories := uint64(25)
	if testing.Short() {
		histories = 5
	}
	for seed := range histories {
		events := history.Random(seed, history.Small)
		long, r := modelOf(t, events), rand.New(rand.NewPCG(seed, 4))
		for _, at := range randomMoments(r, events, daysOf(events), 6) {
			short := modelOf(t, events[:at.At])
			if got, want := answersOf(long, events, at), answersOf(short, events, at); !reflect.DeepEqual(got, want) {
				t.Fatalf("history %d at %+v (-record that ends there +longer one):\n%s", seed, at, cmp.Diff(want, got))
			}
			moment := projections.Moment{At: at.At, On: at.On}
			if got, want := digest(t, long.View(moment)), digest(t, short.Newest()); got != want {
				t.Fatalf("history %d at %+v: digest %s, of the record that ends there %s", seed, at, got, want)
			}
			compareLists(t, long.View(moment), short.View(moment))
		}
	}
}

// compareLists compares in full what answersOf puts in a few words.
func compareLists(t *testing.T, got, want *projections.View) {
	t.Helper()
	lists := func(v *projections.View) []any {
		list := []any{v.Elements(), v.Sessions(""), v.AllProposals(), v.Groups(), v.States(0, "")}
		positions := v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything})
		acts := v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything})
		events := v.Events(projections.EventFilter{}, projections.Page[uint64]{First: everything})
		list = append(list, positions.Items, positions.Total(), acts.Items, acts.Total(), events.Items, events.Total())
		for _, p := range v.AllProposals() {
			list = append(list, v.Votes(p.Slug), v.History(p.Slug, projections.Page[uint64]{First: everything}).Items)
			for _, o := range p.Options {
				list = append(list, v.ProposalsTaking(o))
			}
		}
		return list
	}
	if diff := cmp.Diff(lists(want), lists(got), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(projections.State{}, projections.Group{})); diff != "" {
		t.Errorf("at %+v (-record that ends there +longer one):\n%s", want.Moment(), diff)
	}
}

// Readers go on while the model grows, and what they were told at a position they are told again. Run it with -race.
func TestReadersAreNotDisturbed(t *testing.T) {
	world := history.Small
	world.Events = 200
	events := history.Random(5, world)
	list, half := decoded(t, events), len(events)/2
	m := projections.New()
	if err := m.Apply(list[:half]...); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 5))
	var moments []oracle.Moment
	var before []answers
	for _, at := range randomMoments(r, events[:half], daysOf(events), 6) {
		moments, before = append(moments, at), append(before, answersOf(m, events, at))
	}
	var grown atomic.Bool
	var rounds atomic.Int64
	var readers sync.WaitGroup
	for reader := range 4 {
		readers.Go(func() {
			for round := 0; ; round++ {
				last := grown.Load()
				i := (reader + round) % len(moments)
				if got := answersOf(m, events, moments[i]); !reflect.DeepEqual(got, before[i]) {
					t.Errorf("at %+v (-before +while the model grows):\n%s", moments[i], cmp.Diff(before[i], got))
					return
				}
				newest := m.Newest() // Its position stays what it is.
				if a, b := len(newest.Events(projections.EventFilter{}, projections.Page[uint64]{First: everything}).Items), newest.Moment().At; uint64(a) != b {
					t.Errorf("%d events at position %d", a, b)
				}
				rounds.Add(1)
				if last {
					return
				}
			}
		})
	}
	for _, d := range list[half:] {
		read := rounds.Load()
		if err := m.Apply(d); err != nil {
			t.Error(err)
		}
		for rounds.Load() == read && !t.Failed() { // Some reader reads between any two events, most in the midst of one.
			runtime.Gosched()
		}
	}
	grown.Store(true)
	readers.Wait()
}

// What a View gave away is not changed by what comes after.
func TestWhatWasGivenAwayStays(t *testing.T) {
	events := history.Random(9, history.Small)
	list, half := decoded(t, events), len(events)/2
	take := func(m *projections.Model) []any {
		v := m.View(projections.Moment{At: uint64(half)})
		return []any{
			v.AllProposals(), v.Elements(), v.Convergences(nil), rowsOf(v.Matrix(nil, nil, "")), v.States(0, ""), v.Groups(),
			v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items,
			v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything}).Items,
		}
	}
	m := modelOf(t, events[:half])
	given := take(m)
	if err := m.Apply(list[half:]...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(take(modelOf(t, events[:half])), given, cmpopts.IgnoreUnexported(projections.State{}, projections.Group{})); diff != "" {
		t.Errorf("(-of a record that ends there +given before the record went on):\n%s", diff)
	}
}

func rowsOf(m *projections.Matrix) (rows []string) {
	for i := range m.States {
		rows = append(rows, m.Row(i))
	}
	return rows
}

// A model that cannot take an event in says which, and why.
func TestApplyStopsAtWhatItCannotTakeIn(t *testing.T) {
	world := []domain.Event{
		domain.StateAdmitted{State: "FRA", RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names("France")},
		domain.GroupDefined{Group: "EU", Kind: domain.Standing, Names: names("European Union")},
		domain.MemberJoined{Group: "EU", State: "FRA", From: 10},
		domain.SessionDefined{Session: "S-1", Name: "First", Forum: "OEWG", StartsOn: 1, EndsOn: 2, DecisionRule: domain.ByConsensus},
		domain.ElementDefined{Element: "e", Label: "e"},
		domain.OptionDefined{Element: "e", Option: "o", Label: "o"},
		domain.ProposalSubmitted{Proposal: "p", Title: "p", Submitters: []string{"FRA"}, On: 100},
		domain.EndorsementGiven{Proposal: "p", Actor: "FRA", Kind: domain.Sponsor, On: 100},
		domain.VoteRecorded{Proposal: "p", DocumentSymbol: "A/1", On: 100, Ballots: []domain.CastBallot{{State: "FRA", Ballot: domain.Yes}}},
		domain.PositionStated{Actor: "FRA", Target: domain.OnProposal("p"), StatedOn: 100},
	}
	says := func(p domain.PositionStated) domain.PositionStated {
		if p.Actor == "" {
			p.Actor = "EU"
		}
		if p.Target == (domain.Target{}) {
			p.Target = domain.OnProposal("p")
		}
		return p
	}
	for _, c := range []struct {
		event domain.Event
		want  string // In the error.
	}{
		{domain.StateAdmitted{State: "FRA"}, "the code FRA is taken"},
		{domain.StateAdmitted{State: "EU"}, "the code EU is taken"},
		{domain.GroupDefined{Group: "FRA"}, "the code FRA is taken"},
		{domain.SessionDefined{Session: "S-1"}, "the session S-1 is defined already"},
		{domain.MemberJoined{Group: "NAM", State: "FRA"}, "the group NAM is not defined"},
		{domain.MemberJoined{Group: "FRA", State: "FRA"}, "the group FRA is not defined"},
		{domain.MemberJoined{Group: "EU", State: "XXX"}, "the State XXX is not on record"},
		{domain.MemberLeft{Group: "EU", State: "FRA", From: 11, Until: 12}, "FRA has no open membership of EU"},
		{domain.ElementDefined{Element: "e"}, "the element e is defined already"},
		{domain.OptionDefined{Element: "f", Option: "o"}, "the element f is not defined"},
		{domain.OptionDefined{Element: "e", Option: "o"}, "the option o of e is defined already"},
		{domain.OptionRetired{Element: "e", Option: "q"}, "the option q of e is not defined"},
		{domain.ProposalSubmitted{Proposal: "p", Submitters: []string{"FRA"}}, "the proposal p is submitted already"},
		{domain.ProposalSubmitted{Proposal: "q", Submitters: []string{"XXX"}}, "the submitter XXX is not on record"},
		{domain.ProposalRevised{Proposal: "q"}, "the proposal q is not submitted"},
		{domain.ProposalRevised{Proposal: "p", Submitters: domain.To([]string{"XXX"})}, "the submitter XXX is not on record"},
		{domain.DocumentRecorded{Proposal: "q"}, "the proposal q is not submitted"},
		{domain.DocumentRecorded{Proposal: "p", Submission: 1}, "revision 1 of the stream is no submission"},
		{domain.ProposalMerged{Proposal: "p", Into: "q"}, "the proposal q is not submitted"},
		{domain.ProposalSuperseded{Proposal: "q", By: "p"}, "the proposal q is not submitted"},
		{domain.ProposalWithdrawn{Proposal: "q"}, "the proposal q is not submitted"},
		{domain.ProposalAdopted{Proposal: "q"}, "the proposal q is not submitted"},
		{says(domain.PositionStated{Actor: "XXX"}), "the actor XXX is not on record"},
		{says(domain.PositionStated{Target: domain.OnProposal("q")}), "the target proposal:q is not on record"},
		{says(domain.PositionStated{Target: domain.OnOption("e", "q")}), "the target option:e/q is not on record"},
		{says(domain.PositionStated{Session: "S-2"}), "the session S-2 is not on record"},
		{says(domain.PositionStated{AlignedWith: []string{"XXX"}}), "the State XXX is not on record"},
		{says(domain.PositionStated{Dissociated: []string{"EU"}}), "the State EU is not on record"},
		{says(domain.PositionStated{Explains: &domain.ActRef{Proposal: "p", Revision: 0}}), "EU did no act at revision 0 of the endorsements of p"},
		{says(domain.PositionStated{Explains: &domain.ActRef{Proposal: "p", Revision: 7}}), "EU did no act at revision 7"},
		{domain.PositionCorrected{Actor: "FRA", Position: 1}, "revision 1 of the positions of FRA is no position"},
		{domain.PositionCorrected{Actor: "FRA", Position: 0, Changes: domain.PositionChanges{Session: domain.To("S-2")}}, "the session S-2 is not on record"},
		{domain.PositionWithdrawn{Actor: "EU", Position: 0}, "revision 0 of the positions of EU is no position"},
		{domain.PositionRetracted{Actor: "FRA", Position: -1}, "revision -1 of the positions of FRA is no position"},
		{domain.EndorsementGiven{Proposal: "p", Actor: "XXX"}, "the actor XXX is not on record"},
		{domain.EndorsementGiven{Proposal: "q", Actor: "FRA"}, "the proposal q is not submitted"},
		{domain.EndorsementWithdrawn{Proposal: "p", Endorsement: 1}, "revision 1 of the endorsements of p is no endorsement"},
		{domain.EndorsementWithdrawn{Proposal: "p", Endorsement: 5}, "the endorsements of p have no revision 5"},
		{domain.VoteRecorded{Proposal: "q"}, "the proposal q is not submitted"},
		{domain.VoteRecorded{Proposal: "p", Ballots: []domain.CastBallot{{State: "EU"}}}, "the State EU is not on record"},
		{domain.IntendedBallotDeclared{Proposal: "p", Vote: 0, State: "FRA"}, "revision 0 of the endorsements of p is no vote with a ballot of FRA"},
		{domain.IntendedBallotDeclared{Proposal: "p", Vote: 1, State: "EU"}, "revision 1 of the endorsements of p is no vote with a ballot of EU"},
	} {
		r := newRecord(t)
		r.record(world...)
		d := r.decoded(c.event)
		applied := d
		applied.Event, applied.Stream, applied.Revision = domain.ImportCompleted{SHA256: "x"}, "import-x", 0
		err := r.model.Apply(applied, d)
		place := fmt.Sprintf("position %d (%s, revision %d of %s)", len(world)+2, d.Type, d.Revision, d.Stream)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), place) {
			t.Errorf("%+v: %v; want %q at %s", c.event, err, c.want, place)
		}
		if at := r.model.At(); at != uint64(len(world))+1 {
			t.Errorf("%+v: the model is at %d, want the event before it", c.event, at)
		}
	}
}

func TestApplyStopsAtARevisionOutOfPlace(t *testing.T) {
	for _, revision := range []int64{-1, 1} {
		r := newRecord(t)
		d := r.decoded(domain.StateAdmitted{State: "FRA"})
		d.Revision = revision
		if err := r.model.Apply(d); err == nil || !strings.Contains(err.Error(), "next revision is 0") {
			t.Errorf("revision %d of a new stream: %v", revision, err)
		}
	}
}

// A new type of event cannot be forgotten: the model knows all.
func TestApplyKnowsEveryTypeOfEvent(t *testing.T) {
	for _, e := range domain.EventTypes {
		err := projections.New().Apply(projections.Decoded{Stream: e.Stream(), Event: e})
		if err != nil && strings.Contains(err.Error(), "is not known here") {
			t.Error(err)
		}
	}
	if err := projections.New().Apply(projections.Decoded{}); err == nil || !strings.Contains(err.Error(), "is not known here") {
		t.Errorf("no event at all: %v", err)
	}
}

// An idempotency key belongs to who records, and to one append: the first that it stands at.
func TestKeys(t *testing.T) {
	r := newRecord(t)
	apply := func(subject, key, input string, events ...domain.Event) {
		for _, e := range events {
			d := r.decoded(e)
			r.revisions[d.Stream]++
			d.RecordedBy, d.Key, d.Input = subject, key, input
			if err := r.model.Apply(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	apply("ann", "k", "i1", domain.ElementDefined{Element: "e", Label: "e"}, domain.OptionDefined{Element: "e", Option: "o"})
	apply("bob", "k", "i2", domain.ElementDefined{Element: "f", Label: "f"})
	apply("eve", "k", "i5", domain.OptionDefined{Element: "f", Option: "o"}, domain.OptionDefined{Element: "f", Option: "q"})
	apply("ann", "", "i3", domain.OptionDefined{Element: "e", Option: "p"})
	apply("ann", "k", "i4", domain.OptionDefined{Element: "f", Option: "p"})
	for _, c := range []struct {
		subject, key string
		want         projections.KeyUse
		ok           bool
	}{
		{"ann", "k", projections.KeyUse{Stream: "element-e", First: 0, Last: 1, InputHash: "i1"}, true},
		{"bob", "k", projections.KeyUse{Stream: "element-f", First: 0, Last: 0, InputHash: "i2"}, true},
		{"eve", "k", projections.KeyUse{Stream: "element-f", First: 1, Last: 2, InputHash: "i5"}, true},
		{"ann", "", projections.KeyUse{}, false},
		{"ann", "l", projections.KeyUse{}, false},
	} {
		if got, ok := r.model.Key(c.subject, c.key); got != c.want || ok != c.ok {
			t.Errorf("key %q of %s: %+v, %v; want %+v", c.key, c.subject, got, ok, c.want)
		}
	}
}
