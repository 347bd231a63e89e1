package synthetic_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
	"github.com/rapporteur/rapporteur/projections/synthetic"
)

func TestRecordIsValid(t *testing.T) {
	var events []oracle.Event
	for e := range synthetic.Entries(10_000, 1) {
		events = append(events, oracle.Event{At: uint64(len(events)) + 1, RecordedAt: e.RecordedAt, Revision: e.Revision, Event: e.Event})
	}
	if err := history.Check(events); err != nil {
		t.Error(err)
	}
	if len(events) != 10_000 {
		t.Errorf("%d events, want 10000", len(events))
	}
}

func TestShorterRecordIsTheBeginningOfALongerOne(t *testing.T) {
	long := slices.Collect(synthetic.Events(3000, 7))
	for _, n := range []int{0, 1, 196, 700, 3000} {
		if !reflect.DeepEqual(long[:n], append([]domain.Event{}, slices.Collect(synthetic.Events(n, 7))...)) {
			t.Errorf("the first %d events differ from a record of so many", n)
		}
	}
	if reflect.DeepEqual(long, slices.Collect(synthetic.Events(3000, 8))) {
		t.Error("another seed gives the same record")
	}
}

// The proportions are those that the documentation claims, and the world has the size of the demonstration.
func TestProportions(t *testing.T) {
	count := map[string]int{}
	const n = 10_000
	for e := range synthetic.Events(n, 1) {
		switch e.(type) {
		case domain.StateAdmitted:
			count["states"]++
		case domain.OptionDefined, domain.ProposalSubmitted:
			count["targets"]++
		case domain.PositionStated:
			count["positions"]++
		case domain.PositionCorrected, domain.PositionWithdrawn, domain.PositionRetracted:
			count["changes of positions"]++
		case domain.EndorsementGiven, domain.EndorsementWithdrawn:
			count["acts"]++
		case domain.VoteRecorded, domain.IntendedBallotDeclared:
			count["votes"]++
		case domain.ProposalRevised:
			count["revisions"]++
		}
	}
	if count["states"] != 195 || count["targets"] != 51 {
		t.Errorf("%d States and %d targets, want 195 and 51", count["states"], count["targets"])
	}
	for _, c := range []struct {
		what        string
		least, most int
	}{{"positions", 70, 85}, {"changes of positions", 6, 12}, {"acts", 5, 10}, {"votes", 1, 2}} {
		if percent := 100 * count[c.what] / n; percent < c.least || percent > c.most {
			t.Errorf("%s: %d%% of the events, want %d to %d", c.what, percent, c.least, c.most)
		}
	}
	if count["revisions"] == 0 {
		t.Error("no revision")
	}
}

// What Append records is what Entries gives: the same model comes of both.
func TestAppendRecordsTheEntries(t *testing.T) {
	const n, seed = 5000, 3
	ctx, log := context.Background(), eventlogtest.NewMemory()
	if err := synthetic.Append(ctx, log, n, seed); err != nil {
		t.Fatal(err)
	}
	fromLog := projections.New()
	if applied, err := fromLog.CatchUp(ctx, log, nil); err != nil || applied != n {
		t.Fatalf("%d events applied, %v; want %d", applied, err, n)
	}
	fromEntries := projections.New()
	for e := range synthetic.Entries(n, seed) {
		if err := fromEntries.Apply(projections.Decoded{
			Stream: e.Event.Stream(), Revision: e.Revision, Event: e.Event, RecordedAt: e.RecordedAt, RecordedBy: synthetic.RecordedBy,
		}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := fromLog.Newest().Digest()
	if err != nil {
		t.Fatal(err)
	}
	if want, err := fromEntries.Newest().Digest(); err != nil || got != want {
		t.Errorf("digest of the log %s, of the entries %s, %v", got, want, err)
	}
	var wrong *eventlog.WrongRevision
	if err := synthetic.Append(ctx, log, 1, seed); !errors.As(err, &wrong) {
		t.Errorf("a second time into the same log: %v, want a wrong revision", err)
	}
}
