package model

import (
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

func compareCodes(a, b *State) int { return strings.Compare(a.state.Code, b.state.Code) }

// Convergence is where views stand on one target at a moment.
type Convergence struct {
	c *projections.Convergence
	M Moment
	// target is shared by all standings: to look it up for each of 193 would cost more than the standings.
	target Target
}

// NewConvergence makes the Convergence.
func NewConvergence(m Moment, c *projections.Convergence) *Convergence {
	return &Convergence{c: c, M: m, target: NewTarget(m, c.Target)}
}

// NewConvergences makes a list.
func NewConvergences(m Moment, convergences []*projections.Convergence) []*Convergence {
	list := make([]*Convergence, len(convergences))
	for i, c := range convergences {
		list[i] = NewConvergence(m, c)
	}
	return list
}

// On names the target.
func (c *Convergence) On() domain.Target { return c.c.Target }

func (c *Convergence) Target() Target                   { return c.target }
func (c *Convergence) At() uint64                       { return c.M.Moment().At }
func (c *Convergence) Tally() *Tally                    { return newTally(c.c.Figures.Tally) }
func (c *Convergence) OwnTally() *Tally                 { return newTally(c.c.Figures.Own) }
func (c *Convergence) Declared() float64                { return c.c.Declared }
func (c *Convergence) Support() *float64                { return c.c.Support }
func (c *Convergence) SupportAtLeast() float64          { return c.c.SupportAtLeast }
func (c *Convergence) SupportAtMost() float64           { return c.c.SupportAtMost }
func (c *Convergence) Agreement() *float64              { return c.c.Agreement }
func (c *Convergence) Consensus() convergence.Consensus { return c.c.Consensus }
func (c *Convergence) OnEarlierVersion() int            { return c.c.OnEarlierVersion }
func (c *Convergence) CrossRegional() float64           { return c.c.CrossRegional }
func (c *Convergence) Objectors() []*State              { return c.statesWith(domain.Oppose) }
func (c *Convergence) Undeclared() []*State             { return c.statesWith(0) }

func (c *Convergence) statesWith(stance domain.Stance) []*State {
	list := []*State{}
	for i := range c.c.Standings {
		if s := &c.c.Standings[i]; s.Stance == stance {
			list = append(list, NewState(c.M, s.State))
		}
	}
	return list
}

// ByRegionalGroup gives the tally of each regional group.
func (c *Convergence) ByRegionalGroup() []*RegionalTally {
	list := make([]*RegionalTally, len(domain.RegionalGroups))
	for i, region := range domain.RegionalGroups {
		list[i] = &RegionalTally{RegionalGroup: region, Tally: newTally(c.c.Figures.Regional[i])}
	}
	return list
}

// Standings gives those of all Member States, or of those that have one of these stances and belong to this regional group.
func (c *Convergence) Standings(stances []domain.Stance, regionalGroup domain.RegionalGroup) []*Standing {
	made := make([]Standing, 0, len(c.c.Standings))
	states := make([]State, 0, len(c.c.Standings)) // In one piece, since there are many.
	list := make([]*Standing, 0, len(c.c.Standings))
	for i := range c.c.Standings {
		s := &c.c.Standings[i]
		if stances != nil && !slices.Contains(stances, s.Stance) || regionalGroup != 0 && s.State.RegionalGroup != regionalGroup {
			continue
		}
		states = append(states, State{state: s.State, M: c.M})
		made = append(made, Standing{standing: s, m: c.M, State: &states[len(states)-1], Target: c.target})
		list = append(list, &made[len(made)-1])
	}
	return list
}

// Timeline gives one point for each day on which a figure changed.
func (c *Convergence) Timeline(from, to domain.Date) []*ConvergencePoint {
	points := c.M.Timeline(c.c.Target, from, to)
	list := make([]*ConvergencePoint, len(points))
	for i, p := range points {
		list[i] = newConvergencePoint(p)
	}
	return list
}

// Standing is a State's resolved stance on a target.
type Standing struct {
	standing *projections.Standing
	m        Moment
	State    *State
	Target   Target
}

// NewStanding makes a single Standing.
func NewStanding(m Moment, s projections.Standing) *Standing {
	return &Standing{standing: &s, m: m, State: NewState(m, s.State), Target: NewTarget(m, s.Target)}
}

func (s *Standing) Stance() domain.Stance    { return s.standing.Stance }
func (s *Standing) Basis() convergence.Basis { return s.standing.Basis }
func (s *Standing) OnEarlierVersion() bool   { return s.standing.OnEarlierVersion }

// Evidence gives everything that bears on the standing, what decides first.
func (s *Standing) Evidence() []Evidence {
	named := s.m.Evidence(s.standing.State.Code, s.standing.Target)
	list := make([]Evidence, len(named))
	for i, e := range named {
		list[i] = newEvidence(s.m, e)
	}
	return list
}

// Tally counts Member States by stance.
type Tally struct {
	Support, SupportWithReservations, Neutral, Concerned, Oppose, Undeclared int
}

func newTally(t convergence.Tally) *Tally {
	return &Tally{
		Undeclared: t[0], Support: t[domain.Support], SupportWithReservations: t[domain.SupportWithReservations],
		Neutral: t[domain.Neutral], Concerned: t[domain.Concerned], Oppose: t[domain.Oppose],
	}
}

// RegionalTally is the tally within one regional group.
type RegionalTally struct {
	RegionalGroup domain.RegionalGroup
	Tally         *Tally
}

// ConvergencePoint has the figures of a target at the end of one day.
type ConvergencePoint struct {
	On        domain.Date
	Tally     *Tally
	Support   *float64
	Agreement *float64
	Consensus convergence.Consensus
}

func newConvergencePoint(p projections.ConvergencePoint) *ConvergencePoint {
	return &ConvergencePoint{On: p.On, Tally: newTally(p.Tally), Support: p.Support, Agreement: p.Agreement, Consensus: p.Consensus}
}

// Matrix has the stances of many States on many targets.
type Matrix struct {
	matrix *projections.Matrix
	m      Moment
}

// NewMatrix makes the Matrix.
func NewMatrix(m Moment, matrix *projections.Matrix) *Matrix { return &Matrix{matrix: matrix, m: m} }

func (x *Matrix) At() uint64       { return x.m.Moment().At }
func (x *Matrix) States() []*State { return NewStates(x.m, x.matrix.States) }

// Targets gives the columns.
func (x *Matrix) Targets() []Target {
	list := make([]Target, len(x.matrix.Targets))
	for i, t := range x.matrix.Targets {
		list[i] = NewTarget(x.m, t)
	}
	return list
}

// Rows gives the stances as one string a State.
func (x *Matrix) Rows() []string {
	rows := make([]string, len(x.matrix.States))
	for i := range rows {
		rows[i] = x.matrix.Row(i)
	}
	return rows
}

// Stances gives the stance of each State on each target.
func (x *Matrix) Stances() [][]domain.Stance {
	return cells(x, func(s projections.Standing) domain.Stance { return s.Stance })
}

// Bases gives what each stance rests on.
func (x *Matrix) Bases() [][]convergence.Basis {
	return cells(x, func(s projections.Standing) convergence.Basis { return s.Basis })
}

func cells[T any](x *Matrix, of func(projections.Standing) T) [][]T {
	rows := make([][]T, len(x.matrix.States))
	for i := range rows {
		rows[i] = make([]T, len(x.matrix.Targets))
		for j := range rows[i] {
			rows[i][j] = of(x.matrix.Standing(i, j))
		}
	}
	return rows
}
