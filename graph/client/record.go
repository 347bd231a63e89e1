package client

import (
	"context"
	"fmt"
	"strconv"

	"github.com/Khan/genqlient/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
)

// Command is one command on its way to the server.
type Command struct {
	domain.Command
	// Key is the idempotency key.
	Key string
	// Revision is that of the first event of the command by what was read: what later commands name is found by it.
	Revision int64
	// Where says for a person where the command comes from, such as positions.csv:7.
	Where string
}

// Record has the server record commands, one after another, and says how many it did. It stops at the first that is refused (a
// *domain.Refusal) or of which it is not known (eventlog.ErrUnknown). Log must have been read before: ids are made of what stands
// there. That the caller may record them all is found out before the first is sent.
func (c *Client) Record(ctx context.Context, commands []Command, progress func(done int)) (done int, err error) {
	if err := c.may(commands); err != nil {
		return 0, err
	}
	for _, command := range commands {
		at, err := c.send(ctx, command)
		if err != nil {
			return done, err
		}
		typ := ""
		if _, ok := command.Command.(domain.RecordVote); ok {
			typ = voteType
		}
		c.places.note(command.Stream(), command.Revision, at, typ)
		done++
		if progress != nil {
			progress(done)
		}
	}
	return done, nil
}

// send sends a command and gives the position of its last event.
func (c *Client) send(ctx context.Context, command Command) (at uint64, err error) {
	mutation, err := c.mutation(command)
	if err != nil {
		return 0, err
	}
	answer, err := repeated(ctx, c, func(ctx context.Context, g graphql.Client) (*string, error) { return mutation(ctx, g) })
	if err != nil {
		return 0, err
	}
	if at, err = strconv.ParseUint(*answer, 10, 64); err != nil {
		return 0, fmt.Errorf("%s gives %q as a position: %w", c.endpoint, *answer, err)
	}
	return at, nil
}

// mutation makes of a command the mutation that is sent.
func (c *Client) mutation(command Command) (func(context.Context, graphql.Client) (*string, error), error) {
	key := &command.Key
	switch d := command.Command.(type) {
	case domain.AdmitState:
		return through(admitState, AdmitStateInput{Code: d.Code, Names: names(d.Names), RegionalGroup: given(d.RegionalGroup), Observer: d.Observer,
			AdmittedOn: given(d.AdmittedOn), Aliases: d.Aliases, IdempotencyKey: key}, func(r *admitStateResponse) string { return r.AdmitState.At }), nil
	case domain.DefineGroup:
		return through(defineGroup, DefineGroupInput{Code: d.Code, Kind: d.Kind, Names: names(d.Names), IdempotencyKey: key},
			func(r *defineGroupResponse) string { return r.DefineGroup.At }), nil
	case domain.ChangeGroupMembership:
		in := ChangeGroupMembershipInput{Group: d.Group, State: d.State, From: given(d.From), Until: given(d.Until), IdempotencyKey: key}
		if d.Source != nil {
			s := source(*d.Source)
			in.Source = &s
		}
		return through(changeGroupMembership, in, func(r *changeGroupMembershipResponse) string { return r.ChangeGroupMembership.At }), nil
	case domain.DefineSession:
		return through(defineSession, DefineSessionInput{Key: d.Key, Name: d.Name, Forum: d.Forum, StartsOn: d.StartsOn, EndsOn: d.EndsOn,
			DecisionRule: d.DecisionRule, IdempotencyKey: key}, func(r *defineSessionResponse) string { return r.DefineSession.At }), nil
	case domain.DefineElement:
		return through(defineElement, DefineElementInput{Key: d.Key, Label: d.Label, Description: given(d.Description), IdempotencyKey: key},
			func(r *defineElementResponse) string { return r.DefineElement.At }), nil
	case domain.DefineOption:
		return through(defineOption, DefineOptionInput{Element: d.Element, Key: d.Key, Label: d.Label, Description: given(d.Description), IdempotencyKey: key},
			func(r *defineOptionResponse) string { return r.DefineOption.At }), nil

	case domain.SubmitProposal:
		return through(submitProposal, SubmitProposalInput{Slug: d.Slug, Title: d.Title, Summary: given(d.Summary), Submitters: some(d.Submitters),
			InCapacityOfChair: d.InCapacityOfChair, On: d.On, Document: document(d.Document), Options: options(d.Options), Source: source(d.Source),
			IdempotencyKey: key}, func(r *submitProposalResponse) string { return r.SubmitProposal.At }), nil
	case domain.ReviseProposal:
		if d.Submitters.Given && len(d.Submitters.Value) == 0 || d.Options.Given && len(d.Options.Value) == 0 {
			return nil, fmt.Errorf("%s: a revision that clears its submitters or options is not sent", command.Where) // unreachable: no file has one.
		}
		return through(reviseProposal, ReviseProposalInput{Slug: d.Slug, Title: changed(d.Title), Summary: changed(d.Summary), Submitters: d.Submitters.Value,
			InCapacityOfChair: d.InCapacityOfChair, On: d.On, Document: document(d.Document), Options: options(d.Options.Value), Source: source(d.Source),
			IdempotencyKey: key}, func(r *reviseProposalResponse) string { return r.ReviseProposal.At }), nil
	case domain.MergeProposal:
		return through(mergeProposal, MergeProposalInput{Slug: d.Slug, Into: d.Into, On: d.On, Source: source(d.Source), IdempotencyKey: key},
			func(r *mergeProposalResponse) string { return r.MergeProposal.At }), nil
	case domain.SupersedeProposal:
		return through(supersedeProposal, SupersedeProposalInput{Slug: d.Slug, By: d.By, On: d.On, Source: source(d.Source), IdempotencyKey: key},
			func(r *supersedeProposalResponse) string { return r.SupersedeProposal.At }), nil
	case domain.WithdrawProposal:
		return through(withdrawProposal, WithdrawProposalInput{Slug: d.Slug, On: d.On, Source: source(d.Source), IdempotencyKey: key},
			func(r *withdrawProposalResponse) string { return r.WithdrawProposal.At }), nil
	case domain.AdoptProposal:
		return through(adoptProposal, AdoptProposalInput{Slug: d.Slug, Symbol: given(d.Symbol), By: d.By, WithoutVote: d.WithoutVote, On: d.On,
			Source: source(d.Source), IdempotencyKey: key}, func(r *adoptProposalResponse) string { return r.AdoptProposal.At }), nil

	case domain.RecordPosition:
		explains, err := c.act(d.Explains, d.Actor)
		if err != nil {
			return nil, err
		}
		return through(recordPosition, RecordPositionInput{Actor: d.Actor, AlignedWith: d.AlignedWith, Dissociated: d.Dissociated, Target: target(d.Target),
			Stance: given(d.Stance), Form: given(d.Form), Explains: explains, StatedOn: d.StatedOn, Session: given(d.Session), Summary: d.Summary,
			Points: points(d.Points), Source: source(d.Source), IdempotencyKey: key}, func(r *recordPositionResponse) string { return r.RecordPosition.At }), nil
	case domain.WithdrawPosition:
		at, ok := c.places.of(d.Stream(), d.Position)
		if !ok {
			return nil, fmt.Errorf("revision %d of %s has no known place", d.Position, d.Stream()) // unreachable: it was read, or sent before.
		}
		id := relay.ID{Kind: relay.Position, At: at}
		return through(withdrawPosition, WithdrawPositionInput{Position: id.String(), On: d.On, Source: source(d.Source), IdempotencyKey: key},
			func(r *withdrawPositionResponse) string { return r.WithdrawPosition.At }), nil

	case domain.RecordEndorsement:
		return through(recordEndorsement, RecordEndorsementInput{Actor: d.Actor, Proposal: d.Proposal, DocumentSymbol: given(d.DocumentSymbol),
			Paragraph: given(d.Paragraph), Kind: d.Kind, On: d.On, Source: source(d.Source), IdempotencyKey: key},
			func(r *recordEndorsementResponse) string { return r.RecordEndorsement.At }), nil
	case domain.RecordVote:
		in := RecordVoteInput{Proposal: d.Proposal, DocumentSymbol: d.DocumentSymbol, Paragraph: given(d.Paragraph), Body: d.Body, On: d.On,
			Adopted: d.Adopted, Yes: d.Yes, No: d.No, Abstain: d.Abstain, Absent: d.Absent, Complete: d.Complete,
			Ballots: make([]BallotInput, len(d.Ballots)), Source: source(d.Source), IdempotencyKey: key}
		for i, b := range d.Ballots {
			in.Ballots[i] = BallotInput{State: b.State, Ballot: b.Ballot}
		}
		return through(recordVote, in, func(r *recordVoteResponse) string { return r.RecordVote.At }), nil
	}
	return nil, fmt.Errorf("there is no mutation for a %T from a file", command.Command)
}

// through makes a mutation whose answer is the position of its payload.
func through[In, Out any](send func(context.Context, graphql.Client, In) (*Out, error), in In, at func(*Out) string) func(context.Context, graphql.Client) (*string, error) {
	return func(ctx context.Context, g graphql.Client) (*string, error) {
		out, err := send(ctx, g, in)
		if err != nil {
			return nil, err
		}
		position := at(out)
		return &position, nil
	}
}

// act gives the id of the act or ballot that a position explains.
func (c *Client) act(ref *domain.ActRef, actor string) (*string, error) {
	if ref == nil {
		return nil, nil
	}
	stream := domain.EndorsementCategory + "-" + ref.Proposal
	at, ok := c.places.of(stream, ref.Revision)
	if !ok {
		return nil, fmt.Errorf("revision %d of %s has no known place", ref.Revision, stream) // unreachable: it was read, or sent before.
	}
	id := relay.ID{Kind: relay.Endorsement, At: at}
	if c.places.votes[at] {
		id.Key = actor
	}
	text := id.String()
	return &text, nil
}

// given is nil for what says nothing.
func given[T comparable](value T) *T {
	var nothing T
	if value == nothing {
		return nil
	}
	return &value
}

// changed is nil for what stays as it is.
func changed[T any](c domain.Change[T]) *T {
	if !c.Given {
		return nil
	}
	return &c.Value
}

// some is a list where the schema wants one, if of nothing.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func source(s domain.Source) SourceInput {
	return SourceInput{Title: s.Title, Url: given(s.URL), Symbol: given(s.Symbol), Locator: given(s.Locator), Language: given(s.Language),
		Quote: given(s.Quote), Grade: given(s.Grade)}
}

func names(list []domain.LocalizedName) []LocalizedNameInput {
	in := make([]LocalizedNameInput, len(list))
	for i, n := range list {
		in[i] = LocalizedNameInput{Language: n.Language, Name: n.Name, FormalName: given(n.FormalName)}
	}
	return in
}

func options(list []domain.OptionRef) []OptionRef {
	var in []OptionRef
	for _, o := range list {
		in = append(in, OptionRef{Element: o.Element, Key: o.Option})
	}
	return in
}

func points(list []domain.Point) []PointInput {
	var in []PointInput
	for _, p := range list {
		in = append(in, PointInput{Kind: p.Kind, Text: p.Text})
	}
	return in
}

func target(t domain.Target) TargetRef {
	if t.IsProposal() {
		return TargetRef{Proposal: &t.Proposal}
	}
	return TargetRef{Option: &OptionRef{Element: t.Option.Element, Key: t.Option.Option}}
}

func document(d *domain.Document) *DocumentInput {
	if d == nil {
		return nil
	}
	in := &DocumentInput{Symbol: given(d.Symbol), Title: d.Title, Language: given(d.Language), IssuedOn: given(d.IssuedOn), Url: given(d.URL), Sha256: given(d.SHA256)}
	for _, p := range d.Paragraphs {
		in.Paragraphs = append(in.Paragraphs, ParagraphInput{Kind: p.Kind, Number: p.Number, Text: p.Text})
	}
	return in
}
