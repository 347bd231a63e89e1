package resolver_test

import (
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/resolver"
	"github.com/rapporteur/rapporteur/projections"
)

func admit(t *testing.T, m *projections.Model, code string) {
	t.Helper()
	err := m.Apply(projections.Decoded{
		Stream: "state-" + code, Type: "StateAdmitted", RecordedAt: time.Unix(0, 0), RecordedBy: "import",
		Event: domain.StateAdmitted{State: code, Names: []domain.LocalizedName{{Language: domain.English, Name: code}}, RegionalGroup: domain.WEOG, AdmittedOn: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is recorded after an operation began is not for it, in whatever order its fields begin.
func TestOperationIsPinnedWhenItBegins(t *testing.T) {
	m := projections.New()
	admit(t, m, "AAA")
	r := &resolver.Resolver{Model: m}
	ctx := r.Begin(t.Context())
	admit(t, m, "BBB")

	if at, err := r.Query().At(ctx); err != nil || at != 1 {
		t.Errorf("at is %d (%v), want 1", at, err)
	}
	for name, asOf := range map[string]*model.AsOf{"none": nil, "empty": {}, "a day": {StatedOn: domain.NewDate(2024, 1, 1)}} {
		states, err := r.Query().States(ctx, nil, nil, asOf)
		if err != nil || len(states) != 1 {
			t.Errorf("asOf %s: %d States (%v), want 1", name, len(states), err)
		}
	}
	if got := resolver.At(ctx); got != 1 {
		t.Errorf("answered at %d", got)
	}
	two := uint64(2)
	if states, err := r.Query().States(ctx, nil, nil, &model.AsOf{Log: &two}); err != nil || len(states) != 2 || resolver.At(ctx) != 2 {
		t.Errorf("pinned to 2: %d States (%v), answered at %d", len(states), err, resolver.At(ctx))
	}
}
