package resolver

import (
	"context"
	"fmt"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/projections"
)

func optionRef(key string) domain.OptionRef {
	element, option, _ := strings.Cut(key, "/")
	return domain.OptionRef{Element: element, Option: option}
}

// convergenceOn gives where views stand on a target at a moment. The schema promises a Convergence, so before the target exists
// there is an error and not a figure: nobody could have declared anything.
func (r *Resolver) convergenceOn(ctx context.Context, above model.Moment, target domain.Target, asOf *model.AsOf) (*model.Convergence, error) {
	m, err := r.moment(ctx, &above, asOf)
	if err != nil {
		return nil, err
	}
	c, ok := m.Convergence(target)
	if !ok {
		return nil, domain.Refuse(domain.NotFound, "asOf", fmt.Sprintf("%s does not exist at this moment; ask for a later one.", target.Key()))
	}
	return model.NewConvergence(m, c), nil
}

func (r *Resolver) proposalFilter(f *faults, filter *model.ProposalFilter) (where projections.ProposalFilter, p parts) {
	if filter == nil {
		return where, parts{""}
	}
	where = projections.ProposalFilter{Statuses: filter.Statuses, Submitter: value(filter.Submitter), Text: value(filter.Text)}
	if filter.Submitter != nil {
		r.names(f).actor("filter.submitter", *filter.Submitter)
	}
	p = parts{""}
	p.list("statuses", texts(where.Statuses))
	p.text("submitter", where.Submitter)
	p.text("text", where.Text)
	return where, p
}

func eventFilter(filter *model.EventFilter) projections.EventFilter {
	if filter == nil {
		return projections.EventFilter{}
	}
	return projections.EventFilter{StreamPrefix: value(filter.StreamPrefix), Types: filter.Types, RecordedBy: asked(filter.RecordedBy)}
}

// nothing is a text that no field of the record is: what a filter says that was given and is empty, for in the filters of the read
// model what is empty was not given.
const nothing = "\x00"

// asked is the text that a filter asks for; empty where it asks for none.
func asked(text *string) string {
	if text != nil && *text == "" {
		return nothing
	}
	return value(text)
}
