package resolver

import (
	"context"
	"fmt"

	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/feed"
)

// Resolver is what all resolvers stand on.
type Resolver struct {
	Model    *projections.Model
	Feeds    *feed.Feeds        // Of the model.
	Log      model.Reader       // Gives the bytes of events.
	Recorder *recorder.Recorder // Nil where nothing is recorded here.
}

// principal is who asks. Nothing that needs one is reached without (package graph).
func principal(ctx context.Context) auth.Principal {
	p, _ := auth.FromContext(ctx)
	return p
}

// mayChange lets those correct or retract a position who recorded it, and those who may edit. Who recorded it never changes, so
// that an earlier view tells it as well as the stream. What names no position is for others to refuse.
func (r *Resolver) mayChange(ctx context.Context, mutation, position string) error {
	p := principal(ctx)
	if p.May(auth.Editor) {
		return nil
	}
	id, err := relay.ParseID(position)
	if err != nil {
		return nil
	}
	if event, ok := r.Model.Newest().Event(id.At); !ok || event.Type != "PositionStated" || event.RecordedBy == p.Subject {
		return nil
	}
	return &auth.Refusal{Code: auth.Forbidden, Message: fmt.Sprintf(
		"%s of what another recorded needs the role EDITOR, which %q does not have; a RECORDER changes what it recorded itself.", mutation, p.Subject)}
}
