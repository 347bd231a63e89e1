package resolver

import (
	"context"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/model"
)

// What positions are about and who takes them: elements, options, States, groups, sessions.

func (r *Resolver) defineElement(ctx context.Context, in model.DefineElementInput) (*model.ElementPayload, error) {
	c := domain.DefineElement{Key: nfc(in.Key), Label: nfc(in.Label), Description: nfcOf(in.Description)}
	return recorded(ctx, r, request{mutation: "defineElement", input: in, key: in.IdempotencyKey, command: c},
		func(m model.Moment, result recorder.Result) *model.ElementPayload {
			return &model.ElementPayload{Element: model.FindElement(m, c.Key), At: result.At}
		})
}

func optionPayload(element, key string) func(model.Moment, recorder.Result) *model.OptionPayload {
	return func(m model.Moment, result recorder.Result) *model.OptionPayload {
		return &model.OptionPayload{Option: model.FindOption(m, domain.OptionRef{Element: element, Option: key}), At: result.At}
	}
}

func (r *Resolver) defineOption(ctx context.Context, in model.DefineOptionInput) (*model.OptionPayload, error) {
	c := domain.DefineOption{Element: nfc(in.Element), Key: nfc(in.Key), Label: nfc(in.Label), Description: nfcOf(in.Description)}
	return recorded(ctx, r, request{mutation: "defineOption", input: in, key: in.IdempotencyKey, command: c}, optionPayload(c.Element, c.Key))
}

func (r *Resolver) retireOption(ctx context.Context, in model.RetireOptionInput) (*model.OptionPayload, error) {
	c := domain.RetireOption{Element: nfc(in.Element), Key: nfc(in.Key), Reason: nfc(in.Reason)}
	return recorded(ctx, r, request{mutation: "retireOption", input: in, key: in.IdempotencyKey, command: c}, optionPayload(c.Element, c.Key))
}

func (r *Resolver) admitState(ctx context.Context, in model.AdmitStateInput) (*model.StatePayload, error) {
	c := domain.AdmitState{
		Code: nfc(in.Code), Names: localized(in.Names), RegionalGroup: in.RegionalGroup, Observer: in.Observer, AdmittedOn: in.AdmittedOn,
		Aliases: nfcAll(in.Aliases),
	}
	return recorded(ctx, r, request{mutation: "admitState", input: in, key: in.IdempotencyKey, command: c},
		func(m model.Moment, result recorder.Result) *model.StatePayload {
			return &model.StatePayload{State: model.NewState(m, m.State(c.Code)), At: result.At}
		})
}

func groupPayload(code string) func(model.Moment, recorder.Result) *model.GroupPayload {
	return func(m model.Moment, result recorder.Result) *model.GroupPayload {
		return &model.GroupPayload{Group: model.NewGroup(m, m.Group(code)), At: result.At}
	}
}

func (r *Resolver) defineGroup(ctx context.Context, in model.DefineGroupInput) (*model.GroupPayload, error) {
	c := domain.DefineGroup{Code: nfc(in.Code), Kind: in.Kind, Names: localized(in.Names)}
	return recorded(ctx, r, request{mutation: "defineGroup", input: in, key: in.IdempotencyKey, command: c}, groupPayload(c.Code))
}

func (r *Resolver) changeGroupMembership(ctx context.Context, in model.ChangeGroupMembershipInput) (*model.GroupPayload, error) {
	c := domain.ChangeGroupMembership{Group: nfc(in.Group), State: nfc(in.State), From: in.From, Until: in.Until}
	if in.Source != nil {
		s := source(*in.Source)
		c.Source = &s
	}
	return recorded(ctx, r, request{mutation: "changeGroupMembership", input: in, key: in.IdempotencyKey, command: c}, groupPayload(c.Group))
}

func (r *Resolver) defineSession(ctx context.Context, in model.DefineSessionInput) (*model.SessionPayload, error) {
	c := domain.DefineSession{
		Key: nfc(in.Key), Name: nfc(in.Name), Forum: nfc(in.Forum), StartsOn: in.StartsOn, EndsOn: in.EndsOn, DecisionRule: in.DecisionRule,
	}
	return recorded(ctx, r, request{mutation: "defineSession", input: in, key: in.IdempotencyKey, command: c},
		func(m model.Moment, result recorder.Result) *model.SessionPayload {
			return &model.SessionPayload{Session: model.NewSession(m, m.Session(c.Key)), At: result.At}
		})
}

func localized(in []model.LocalizedNameInput) []domain.LocalizedName {
	list := make([]domain.LocalizedName, len(in))
	for i, n := range in {
		list[i] = domain.LocalizedName{Language: n.Language, Name: nfc(n.Name), FormalName: nfcOf(n.FormalName)}
	}
	return list
}
