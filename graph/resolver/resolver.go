package resolver

import (
	"context"

	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/projections"
)

// Resolver is what all resolvers stand on.
type Resolver struct {
	Model    *projections.Model
	Log      model.Reader       // Gives the bytes of events.
	Recorder *recorder.Recorder // Nil where nothing is recorded here.
	// Principal says who asks; nil is for a server that asks nobody who he is.
	Principal func(context.Context) Principal
}

// Principal is who asks: the subject that recordings are recorded under, and what it may do.
type Principal struct {
	Subject string
	Roles   []model.Role
}

// Local is who asks where nobody is asked who he is: whoever sits at this machine.
var Local = Principal{Subject: "local", Roles: model.Roles}

func (r *Resolver) principal(ctx context.Context) Principal {
	if r.Principal == nil {
		return Local
	}
	return r.Principal(ctx)
}
