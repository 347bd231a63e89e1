package export

import (
	"context"
	"iter"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// ---- Standings.

type standingRow struct {
	projections.Standing
	label    string   // Of the target.
	evidence []string // Ids.
	decides  decision
}

// decision is what decides a standing. The zero decision is none.
type decision struct {
	evidence projections.Evidence
	actors   []string
	on       domain.Date
	source   *domain.Source
}

// evidenceTypes are the API's types of evidence.
var evidenceTypes = map[projections.EvidenceKind]relay.Kind{
	projections.PositionEvidence: relay.Position, projections.SubmissionEvidence: relay.Submission, projections.EndorsementEvidence: relay.Endorsement,
}

// evidenceID gives the API's id, as of now.
func evidenceID(v *projections.View, e projections.Evidence) string {
	if e.Kind == projections.EndorsementEvidence {
		if a, ok := v.Endorsement(e.At, e.Actor); ok {
			return endorsementID(a).text
		}
	}
	return id(evidenceTypes[e.Kind], e.At, "").text
}

var standings = &table[standingRow]{
	Kind: Kind{
		Name: "standings", Title: "Standings",
		Meaning: "One row for each Member State and target: where it stands, and what decides it. By target, then by the State's code. Without a stance on record, stance is empty: that is not to say that the State was silent.",
	},
	columns: with([]column[standingRow]{
		{Field{Name: "target", Type: Word, Always: true, Key: true, Meaning: "`proposal:<slug>` or `option:<element>/<key>`."}, func(r standingRow) cell { return coded(r.Target.Key()) }},
		{Field{Name: "state", Type: Word, Always: true, Key: true, Meaning: "Code of the Member State."}, func(r standingRow) cell { return coded(r.State.Code) }},
		{Field{Name: "targetLabel", Type: Text, Always: true, Meaning: "The proposal's title or the option's label."}, func(r standingRow) cell { return said(r.label) }},
		{Field{Name: "stateName", Type: Text, Always: true, Meaning: "The State's name in English."}, func(r standingRow) cell { return said(r.State.Name(domain.English)) }},
		{Field{Name: "regionalGroup", Type: Enum, Always: true, Words: words(domain.WEOG), Meaning: "The State's regional group."}, func(r standingRow) cell { return coded(r.State.RegionalGroup.String()) }},
		{Field{Name: "stance", Type: Enum, Words: words(domain.Oppose), Meaning: "The resolved stance; empty where none is on record, and where the State's groups diverge."}, func(r standingRow) cell { return coded(r.Stance.String()) }},
		{Field{Name: "basis", Type: Enum, Always: true, Words: words(convergence.None), Meaning: "What the stance rests on."}, func(r standingRow) cell { return coded(r.Basis.String()) }},
		{Field{Name: "onEarlierVersion", Type: Boolean, Always: true, Meaning: "Whether what decides is older than the proposal's latest submission."}, func(r standingRow) cell { return truth(r.OnEarlierVersion) }},
		{Field{Name: "decidedBy", Type: Enum, Words: []string{"Position", "Submission", "Endorsement"}, Meaning: "Type of what decides; empty where nothing does (GROUPS_DIVERGE, NONE)."}, func(r standingRow) cell {
			if r.decides.source == nil {
				return cell{}
			}
			return coded(evidenceTypes[r.decides.evidence.Kind].String())
		}},
		{Field{Name: "decidedByAt", Type: Position, Meaning: "`at` of what decides: of a position, an act or a submission; of a ballot that of the vote."}, func(r standingRow) cell { return place(r.decides.evidence.At) }},
		{Field{Name: "decidedByActors", Type: List, Meaning: "Codes of those who said or did it: one, or all submitters of a submission."}, func(r standingRow) cell { return codes(r.decides.actors) }},
		{Field{Name: "decidedOn", Type: Day, Meaning: "Day of what decides."}, func(r standingRow) cell { return day(r.decides.on) }},
		{Field{Name: "evidence", Type: List, Meaning: "API ids, as of now, of all that bears on the standing and is in force: what decides first (where anything does)."}, func(r standingRow) cell { return codes(r.evidence) }},
	}, sourceColumns(func(r standingRow) *domain.Source { return r.decides.source })),
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[standingRow, error] {
		return func(yield func(standingRow, error) bool) {
			for _, t := range v.Targets() {
				c, ok := v.Convergence(t)
				if !ok {
					continue // unreachable: the target exists at the moment.
				}
				label, _ := v.TargetLabel(t)
				evidence := v.EvidenceOn(t)
				for i, s := range c.Standings {
					row := standingRow{Standing: s, label: label, evidence: make([]string, len(evidence[i]))}
					for j, e := range evidence[i] {
						row.evidence[j] = evidenceID(v.View, e)
					}
					if s.Stance != 0 {
						row.decides = decides(v.View, evidence[i][0])
					}
					if !yield(row, nil) {
						return
					}
				}
			}
		}
	},
}

// decides reads what is shown of the evidence that decides.
func decides(v *projections.View, e projections.Evidence) decision {
	d := decision{evidence: e, source: &domain.Source{}}
	switch e.Kind {
	case projections.PositionEvidence:
		if p, ok := v.Position(e.At); ok {
			d.actors, d.on, d.source = []string{p.Actor.Code()}, p.StatedOn, &p.Source
		}
	case projections.SubmissionEvidence:
		if s, ok := v.Submission(e.At); ok {
			d.on, d.source = s.On, &s.Source
			for _, a := range s.Submitters {
				d.actors = append(d.actors, a.Code())
			}
		}
	case projections.EndorsementEvidence:
		if a, ok := v.Endorsement(e.At, e.Actor); ok {
			d.actors, d.on, d.source = []string{a.Actor.Code()}, a.On, &a.Source
		}
	}
	return d
}

// ---- Convergence.

type convergenceRow struct {
	*projections.Convergence
	label string
}

// tallyColumns has the six counts of a tally.
func tallyColumns(prefix, of string, tally func(convergenceRow) *convergence.Tally) []column[convergenceRow] {
	var list []column[convergenceRow]
	for _, c := range []struct {
		name, what string
		stance     domain.Stance
	}{
		{"Support", "SUPPORT", domain.Support}, {"SupportWithReservations", "SUPPORT_WITH_RESERVATIONS", domain.SupportWithReservations},
		{"Neutral", "NEUTRAL", domain.Neutral}, {"Concerned", "CONCERNED", domain.Concerned}, {"Oppose", "OPPOSE", domain.Oppose},
		{"Undeclared", "no stance on record", 0},
	} {
		list = append(list, column[convergenceRow]{
			Field{Name: prefix + c.name, Type: Integer, Always: true, Unit: "Member States", Meaning: "How many " + of + " have " + c.what + "."},
			func(r convergenceRow) cell { return count(tally(r)[c.stance]) },
		})
	}
	return list
}

// regionalColumns has the five tallies of the regional groups.
func regionalColumns() []column[convergenceRow] {
	var list []column[convergenceRow]
	for i, prefix := range []string{"african", "asiaPacific", "easternEuropean", "grulac", "weog"} {
		list = append(list, tallyColumns(prefix, "of the "+domain.RegionalGroups[i].String()+" group",
			func(r convergenceRow) *convergence.Tally { return &r.Figures.Regional[i] })...)
	}
	return list
}

const (
	ofMembers  = "share of Member States, 0 to 1"
	ofDeclared = "share of those with a stance on record, 0 to 1"
)

var convergences = &table[convergenceRow]{
	Kind: Kind{
		Name: "convergence", Title: "Convergence",
		Meaning: "One row for each target: the figures over the standings of all Member States. Most agreed first, as the API orders them: by consensus, crossRegional, supportAtLeast, agreement and declared, each highest first, then by target.",
	},
	columns: with([]column[convergenceRow]{
		{Field{Name: "target", Type: Word, Always: true, Key: true, Meaning: "`proposal:<slug>` or `option:<element>/<key>`."}, func(r convergenceRow) cell { return coded(r.Target.Key()) }},
		{Field{Name: "targetLabel", Type: Text, Always: true, Meaning: "The proposal's title or the option's label."}, func(r convergenceRow) cell { return said(r.label) }},
		{Field{Name: "consensus", Type: Enum, Always: true, Words: words(convergence.Silent), Meaning: "The state of views on the target."}, func(r convergenceRow) cell { return coded(r.Consensus.String()) }},
		{Field{Name: "agreement", Type: Number, Unit: "van der Eijk's A, -1 to 1", Meaning: "Agreement over the five stances; empty while nobody has declared. Read it beside the tally, never alone."}, func(r convergenceRow) cell { return shareOrNone(r.Agreement) }},
		{Field{Name: "declared", Type: Number, Always: true, Unit: ofMembers, Meaning: "Those with a stance on record."}, func(r convergenceRow) cell { return share(r.Declared) }},
		{Field{Name: "support", Type: Number, Unit: ofDeclared, Meaning: "Those that support, with or without reservations; empty while nobody has declared."}, func(r convergenceRow) cell { return shareOrNone(r.Support) }},
		{Field{Name: "supportAtLeast", Type: Number, Always: true, Unit: ofMembers, Meaning: "Those that support, with or without reservations: what holds even if nobody else does."}, func(r convergenceRow) cell { return share(r.SupportAtLeast) }},
		{Field{Name: "supportAtMost", Type: Number, Always: true, Unit: ofMembers, Meaning: "The same if all who have no stance on record supported it."}, func(r convergenceRow) cell { return share(r.SupportAtMost) }},
		{Field{Name: "crossRegional", Type: Number, Always: true, Unit: ofDeclared, Meaning: "The lowest support among the declared of any regional group; a group without any counts as 0."}, func(r convergenceRow) cell { return share(r.CrossRegional) }},
		{Field{Name: "onEarlierVersion", Type: Integer, Always: true, Unit: "Member States", Meaning: "How many of the declared rest on evidence older than the proposal's latest submission."}, func(r convergenceRow) cell { return count(r.OnEarlierVersion) }},
	},
		tallyColumns("tally", "Member States", func(r convergenceRow) *convergence.Tally { return &r.Figures.Tally }),
		tallyColumns("own", "of those that spoke or acted for themselves", func(r convergenceRow) *convergence.Tally { return &r.Figures.Own }),
		[]column[convergenceRow]{
			{Field{Name: "objectors", Type: List, Meaning: "Codes of the Member States that oppose."}, func(r convergenceRow) cell { return codes(statesWith(r, domain.Oppose)) }},
			{Field{Name: "undeclared", Type: List, Meaning: "Codes of the Member States with no stance on record, those whose groups diverge included."}, func(r convergenceRow) cell { return codes(statesWith(r, 0)) }},
		},
		regionalColumns()),
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[convergenceRow, error] {
		return func(yield func(convergenceRow, error) bool) {
			for _, c := range v.Convergences(nil) {
				label, _ := v.TargetLabel(c.Target)
				if !yield(convergenceRow{c, label}, nil) {
					return
				}
			}
		}
	},
}

func statesWith(r convergenceRow, stance domain.Stance) []string {
	list := []string{}
	for _, s := range r.Standings {
		if s.Stance == stance {
			list = append(list, s.State.Code)
		}
	}
	return list
}

// ---- Matrix.

type matrixRow struct {
	*projections.Matrix
	index int
}

func (r matrixRow) state() *projections.State { return r.States[r.index] }

var letters = []string{"S", "R", "N", "C", "O", "-", "s", "r", "n", "c", "o", "!"}

var matrix = &table[matrixRow]{
	Kind: Kind{
		Name: "matrix", Title: "Matrix of standings",
		Meaning: "One row for each Member State, by code, and behind the three first columns one column for each target that exists at the moment, by targetKey, which is its name. A cell has the letter of the API's matrix: S support, R with reservations, N neutral, C concerned, O oppose, - nothing declared; lower case where a group's statement decides; ! where its groups diverge.",
	},
	columns: []column[matrixRow]{
		{Field{Name: "state", Type: Word, Always: true, Key: true, Meaning: "Code of the Member State."}, func(r matrixRow) cell { return coded(r.state().Code) }},
		{Field{Name: "stateName", Type: Text, Always: true, Meaning: "Its name in English."}, func(r matrixRow) cell { return said(r.state().Name(domain.English)) }},
		{Field{Name: "regionalGroup", Type: Enum, Always: true, Words: words(domain.WEOG), Meaning: "Its regional group."}, func(r matrixRow) cell { return coded(r.state().RegionalGroup.String()) }},
	},
	more: func(v view) []column[matrixRow] {
		var list []column[matrixRow]
		for i, t := range v.Targets() {
			label, _ := v.TargetLabel(t)
			list = append(list, column[matrixRow]{
				Field{Name: t.Key(), Type: Enum, Always: true, Words: letters, Meaning: "Where the State stands on: " + label},
				func(r matrixRow) cell { return coded(string(rune(r.Standing(r.index, i).Letter()))) },
			})
		}
		return list
	},
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[matrixRow, error] {
		return func(yield func(matrixRow, error) bool) {
			m := v.Matrix(nil, nil, "")
			for i := range m.States {
				if !yield(matrixRow{m, i}, nil) {
					return
				}
			}
		}
	},
}
