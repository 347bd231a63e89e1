package resolver

import (
	"context"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/relay"
)

// node gives what an id names, as of the moment that it carries; nil where it names nothing then.
func (r *Resolver) node(ctx context.Context, path, text string) (model.Node, error) {
	id, err := relay.ParseID(text)
	if err != nil {
		return nil, domain.Refuse(domain.BadUserInput, path, err.Error()+"; take one that was answered.")
	}
	m, err := r.momentOf(ctx, id.Mark, path)
	if err != nil {
		return nil, err
	}
	switch id.Kind {
	case relay.State:
		return found(model.NewState(m, m.State(id.Key)))
	case relay.Group:
		return found(model.NewGroup(m, m.Group(id.Key)))
	case relay.Session:
		return found(model.NewSession(m, m.Session(id.Key)))
	case relay.Proposal:
		return found(model.FindProposal(m, id.Key))
	case relay.Element:
		return found(model.FindElement(m, id.Key))
	case relay.Option:
		return found(model.FindOption(m, optionRef(id.Key)))
	case relay.Submission:
		return found(model.FindSubmission(m, id.At))
	case relay.Position:
		return found(model.FindPosition(m, id.At))
	case relay.Endorsement:
		return found(model.FindEndorsement(m, id.At, id.Key))
	case relay.Vote:
		return found(model.FindVote(m, id.At))
	case relay.Event:
		return found(model.FindEvent(m, id.At, r.Log))
	}
	return nil, nil // unreachable: ParseID knows these kinds only.
}

// found makes a node of an object, and no node of none: a nil pointer in an interface is not nil.
func found[T any, P interface {
	*T
	model.Node
}](object P) (model.Node, error) {
	if object == nil {
		return nil, nil
	}
	return object, nil
}
