package history_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// The deciders accept what Check accepts: each append of a history is what they yield for its command.
func TestDecidersAccept(t *testing.T) {
	for seed := range uint64(100) {
		for _, w := range []history.World{history.Small, history.Friendly} {
			decide(t, history.Random(seed, w))
		}
	}
	for h := range history.All(3) {
		decide(t, h)
		if t.Failed() {
			break
		}
	}
}

func decide(t *testing.T, h []oracle.Event) {
	w := domain.NewWorld()
	for i := 0; i < len(h); {
		command := commandOf(h[i:])
		yields, refusal := w.Folded(h[i].Event.Stream()).Decide(command, w.Facts(domain.DateOf(h[i].RecordedAt)))
		if refusal != nil {
			t.Errorf("event %d, %+v: %v", h[i].At, command, refusal)
			return
		}
		for _, e := range yields {
			if got, want := written(t, e), written(t, h[i].Event); got != want {
				t.Errorf("event %d: got %s, want %s", h[i].At, got, want)
				return
			}
			w.Apply(e)
			i++
		}
	}
}

// written gives an event's type and its data as they are written, so that an absent list is as good as an empty one.
func written(t *testing.T, e domain.Event) string {
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%T %s", e, data)
}

// commandOf gives the command that yields the first of some events, and those after it that belong to the same append.
func commandOf(h []oracle.Event) domain.Command {
	document := func() *domain.Document {
		if len(h) > 1 {
			if d, ok := h[1].Event.(domain.DocumentRecorded); ok {
				return &domain.Document{Symbol: d.Symbol, Title: d.Title}
			}
		}
		return nil
	}
	switch v := h[0].Event.(type) {
	case domain.StateAdmitted:
		return domain.AdmitState{Code: v.State, Names: v.Names, RegionalGroup: v.RegionalGroup, Observer: v.Observer, AdmittedOn: v.AdmittedOn}
	case domain.GroupDefined:
		return domain.DefineGroup{Code: v.Group, Kind: v.Kind, Names: v.Names}
	case domain.MemberJoined:
		c := domain.ChangeGroupMembership{Group: v.Group, State: v.State, From: v.From}
		if len(h) > 1 && v.From != 0 && h[0].RecordedAt.Equal(h[1].RecordedAt) {
			if left, ok := h[1].Event.(domain.MemberLeft); ok && left.Group == v.Group && left.State == v.State && left.From == v.From {
				c.Until = left.Until
			}
		}
		return c
	case domain.MemberLeft:
		return domain.ChangeGroupMembership{Group: v.Group, State: v.State, Until: v.Until}
	case domain.SessionDefined:
		return domain.DefineSession{Key: v.Session, Name: v.Name, Forum: v.Forum, StartsOn: v.StartsOn, EndsOn: v.EndsOn, DecisionRule: v.DecisionRule}
	case domain.ElementDefined:
		return domain.DefineElement{Key: v.Element, Label: v.Label}
	case domain.OptionDefined:
		return domain.DefineOption{Element: v.Element, Key: v.Option, Label: v.Label}
	case domain.OptionRetired:
		return domain.RetireOption{Element: v.Element, Key: v.Option, Reason: v.Reason}
	case domain.ProposalSubmitted:
		return domain.SubmitProposal{
			Slug: v.Proposal, Title: v.Title, Summary: v.Summary, Submitters: v.Submitters, InCapacityOfChair: v.InCapacityOfChair, On: v.On,
			Document: document(), Options: v.Options, Source: v.Source,
		}
	case domain.ProposalRevised:
		return domain.ReviseProposal{
			Slug: v.Proposal, Title: v.Title, Summary: v.Summary, Submitters: v.Submitters, InCapacityOfChair: v.InCapacityOfChair, On: v.On,
			Document: document(), Options: v.Options, Source: v.Source,
		}
	case domain.ProposalMerged:
		return domain.MergeProposal{Slug: v.Proposal, Into: v.Into, On: v.On, Source: v.Source}
	case domain.ProposalSuperseded:
		return domain.SupersedeProposal{Slug: v.Proposal, By: v.By, On: v.On, Source: v.Source}
	case domain.ProposalWithdrawn:
		return domain.WithdrawProposal{Slug: v.Proposal, On: v.On, Source: v.Source}
	case domain.ProposalAdopted:
		return domain.AdoptProposal{Slug: v.Proposal, Symbol: v.Symbol, By: v.By, WithoutVote: v.WithoutVote, On: v.On, Source: v.Source}
	case domain.PositionStated:
		return domain.RecordPosition(v)
	case domain.PositionCorrected:
		return domain.CorrectPosition(v)
	case domain.PositionWithdrawn:
		return domain.WithdrawPosition(v)
	case domain.PositionRetracted:
		return domain.RetractPosition(v)
	case domain.EndorsementGiven:
		return domain.RecordEndorsement(v)
	case domain.EndorsementWithdrawn:
		return domain.WithdrawEndorsement(v)
	case domain.VoteRecorded:
		return domain.RecordVote(v)
	case domain.IntendedBallotDeclared:
		return domain.DeclareIntendedBallot(v)
	case domain.ImportCompleted:
		return domain.CompleteImport{SHA256: v.SHA256, Name: v.Name}
	}
	return nil
}
