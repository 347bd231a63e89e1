package feed

import (
	"math"
	"runtime"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/convergence"
)

// Feeds gives the feeds of one model. It may be used from many goroutines.
type Feeds struct {
	model *projections.Model
	// turns has room for as many followers as may read on from far back at a time.
	turns chan struct{}

	mu sync.Mutex // Guards what follows, and has figures computed once though thousands ask for them at the same moment.
	// moved has what changed in figures at a position.
	moved *simplelru.LRU[uint64, []TargetChange]
}

// movedKept bounds the cache of what events changed: most change one target, and that takes about 300 bytes.
const movedKept = 4096

// New makes the feeds of a model.
func New(model *projections.Model) *Feeds {
	moved, err := simplelru.NewLRU[uint64, []TargetChange](movedKept, nil)
	if err != nil {
		panic(err) // unreachable: the size is positive.
	}
	return &Feeds{model: model, turns: make(chan struct{}, runtime.GOMAXPROCS(0)), moved: moved}
}

// at gives the model as of a position, without a limit of days: as feeds show everything.
func (f *Feeds) at(at uint64) *projections.View { return f.model.View(projections.Moment{At: at}) }

// ---- Positions.

// PositionChangeKind says what happened to a position.
type PositionChangeKind uint8

// The kinds, in the order of the public schema.
const (
	Stated PositionChangeKind = 1 + iota
	Replaced
	Corrected
	Withdrawn
	Retracted
)

var positionChangeKinds = [...]string{"", "STATED", "REPLACED", "CORRECTED", "WITHDRAWN", "RETRACTED"}

// String gives the public schema's word.
func (k PositionChangeKind) String() string { return positionChangeKinds[k] }

// PositionChange is what an event did to a position.
type PositionChange struct {
	Kind PositionChangeKind
	// Position is as of View: the event, but of a retracted position just before it.
	Position *projections.Position
	View     *projections.View
	// Before is the stance that the position had or, of one that replaces another, which the other has; zero for none.
	Before domain.Stance
}

// PositionChanged gives one message for each event that touches a position. The filter looks at the position as the message shows it.
func (f *Feeds) PositionChanged(filter projections.PositionFilter) *Feed[PositionChange] {
	s := projections.Search{EventFilter: projections.EventFilter{StreamPrefix: domain.PositionCategory + "-"}}
	switch {
	case filter.Target != nil:
		s.Target = filter.Target
	case filter.Proposal != "":
		on := domain.OnProposal(filter.Proposal)
		s.Target = &on
	case filter.Actors != nil:
		s.Streams = streams(domain.PositionCategory, filter.Actors)
	}
	return &Feed[PositionChange]{f, s, func(at uint64) (PositionChange, bool) { return f.positionChange(filter, at) }}
}

// streams names streams. No keys give a list that is empty and not nil: nothing is in one of no streams.
func streams(category string, keys []string) []string {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = category + "-" + key
	}
	return names
}

func (f *Feeds) positionChange(filter projections.PositionFilter, at uint64) (PositionChange, bool) {
	before, now := f.at(at-1), f.at(at)
	event, ok := now.Event(at)
	if !ok {
		return PositionChange{}, false
	}
	place, ok := now.PositionOf()
	if !ok {
		return PositionChange{}, false
	}
	c := PositionChange{View: now}
	switch event.Type {
	case "PositionStated":
		c.Kind = Stated
	case "PositionCorrected":
		c.Kind = Corrected
	case "PositionWithdrawn":
		c.Kind = Withdrawn
	case "PositionRetracted":
		c.Kind, c.View = Retracted, before
	}
	if !c.View.PositionIn(filter, place) {
		return PositionChange{}, false
	}
	c.Position, ok = c.View.Position(place)
	if !ok {
		return PositionChange{}, false // unreachable: what is in a list can be had by itself.
	}
	if c.Kind != Stated {
		if was, ok := before.Position(place); ok {
			c.Before = was.Stance
		}
		return c, true
	}
	// It replaces where it becomes its actor's latest on the target, by day, then recording, while an earlier one was in force.
	if last, ok := before.LastWord(c.Position.Actor.Code(), c.Position.Target); ok && last.StatedOn <= c.Position.StatedOn {
		c.Kind, c.Before = Replaced, last.Stance
	}
	return c, true
}

// ---- Endorsements.

// EndorsementChangeKind says what happened to acts.
type EndorsementChangeKind uint8

// The kinds, in the order of the public schema.
const (
	Given EndorsementChangeKind = 1 + iota
	TakenBack
)

var endorsementChangeKinds = [...]string{"", "GIVEN", "WITHDRAWN"}

// String gives the public schema's word.
func (k EndorsementChangeKind) String() string { return endorsementChangeKinds[k] }

// EndorsementChange is what an event did to formal acts: of a vote, all ballots that the filter lets through, by code.
type EndorsementChange struct {
	Kind         EndorsementChangeKind
	Endorsements []projections.Endorsement
	View         *projections.View
}

// EndorsementChanged gives one message for each event that gives or changes an act. The filter looks at each act as the message
// shows it.
func (f *Feeds) EndorsementChanged(filter projections.EndorsementFilter) *Feed[EndorsementChange] {
	s := projections.Search{EventFilter: projections.EventFilter{StreamPrefix: domain.EndorsementCategory + "-"}}
	if filter.Proposal != "" {
		s.Streams = streams(domain.EndorsementCategory, []string{filter.Proposal})
	}
	return &Feed[EndorsementChange]{f, s, func(at uint64) (EndorsementChange, bool) { return f.endorsementChange(filter, at) }}
}

func (f *Feeds) endorsementChange(filter projections.EndorsementFilter, at uint64) (EndorsementChange, bool) {
	now := f.at(at)
	event, _ := now.Event(at)
	c := EndorsementChange{Kind: Given, Endorsements: now.ActsOf(filter), View: now}
	if event.Type == "EndorsementWithdrawn" {
		c.Kind = TakenBack
	}
	return c, len(c.Endorsements) > 0
}

// ---- Convergence.

// ConvergenceChange has the targets whose figures an event changed, by key.
type ConvergenceChange struct {
	Changes []TargetChange
	View    *projections.View
}

// TargetChange has the figures of a target just before an event and as of it, on the UTC day on which the event was recorded.
type TargetChange struct {
	Target        domain.Target
	Before, After projections.ConvergencePoint
	// by is how far the agreement moved; infinite where it was or became null.
	by float64
	// always says that the consensus differs, tally that the tally does.
	always, tally bool
}

// ConvergenceChanged gives one message for each event by which the consensus on a target changes, or its agreement by at least so
// much, or, where by is zero, its tally: on all targets, or on one. By is not negative.
func (f *Feeds) ConvergenceChanged(target *domain.Target, by float64) *Feed[ConvergenceChange] {
	s := projections.Search{Target: target}
	return &Feed[ConvergenceChange]{f, s, func(at uint64) (ConvergenceChange, bool) { return f.convergenceChange(target, by, at) }}
}

func (f *Feeds) convergenceChange(target *domain.Target, by float64, at uint64) (ConvergenceChange, bool) {
	c := ConvergenceChange{View: f.at(at)}
	for _, t := range f.changesAt(at) {
		if (target == nil || t.Target == *target) && (t.always || t.by > 0 && t.by >= by || by == 0 && t.tally) {
			c.Changes = append(c.Changes, t)
		}
	}
	return c, len(c.Changes) > 0
}

// changesAt gives every target of which an event changed any figure that a feed looks at.
func (f *Feeds) changesAt(at uint64) []TargetChange {
	f.mu.Lock()
	defer f.mu.Unlock()
	if list, ok := f.moved.Get(at); ok {
		return list
	}
	before, now := f.at(at-1), f.at(at)
	event, _ := now.Event(at)
	on := domain.DateOf(event.RecordedAt)
	var list []TargetChange
	for _, t := range now.Touched() {
		was, is := before.Count(t), now.Count(t)
		c := TargetChange{
			Target: t, Before: was.Point(on), After: is.Point(on),
			always: was.Consensus != is.Consensus, tally: was.Tally != is.Tally, by: distance(was.Agreement, is.Agreement),
		}
		if c.always || c.tally || c.by > 0 {
			list = append(list, c)
		}
	}
	f.moved.Add(at, list)
	return list
}

// distance gives how far apart two agreements are: the float64 nearest to the exact difference. Null is infinitely far from any
// value, and not at all from null.
func distance(a, b convergence.Ratio) float64 {
	switch {
	case a.Null() && b.Null():
		return 0
	case a.Null() || b.Null():
		return math.Inf(1)
	}
	// Denominators are at most 72 times the number of States, so that all of this is exact, and the quotient is rounded once.
	num := a.Num*b.Den - b.Num*a.Den
	if num < 0 {
		num = -num
	}
	return float64(num) / float64(a.Den*b.Den)
}

// ---- Events.

// EventRecorded gives one message for each event.
func (f *Feeds) EventRecorded(filter projections.EventFilter) *Feed[projections.EventRef] {
	return &Feed[projections.EventRef]{f, projections.Search{EventFilter: filter}, func(at uint64) (projections.EventRef, bool) {
		return f.at(at).Event(at)
	}}
}
