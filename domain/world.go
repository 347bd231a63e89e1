package domain

import (
	"cmp"
	"maps"
	"slices"
)

// World is everything recorded, folded by stream. It is the scratch model against which the rows of an import are decided,
// and gives Facts where no read model stands.
type World struct {
	streams map[string]Folded
	votes   map[voteKey]string // The proposals under which votes are recorded.
}

// NewWorld is the World of an empty record.
func NewWorld() *World {
	return &World{streams: map[string]Folded{}, votes: map[voteKey]string{}}
}

// Apply takes the next event in. Events of one stream come in their order.
func (w *World) Apply(e Event) {
	name := e.Stream()
	stream, ok := w.streams[name]
	if !ok {
		stream = NewFolded(name)
		w.streams[name] = stream
	}
	stream.Evolve(e)
	if v, ok := e.(VoteRecorded); ok {
		w.votes[v.key()] = v.Proposal
	}
}

// Folded gives the state of a stream, an empty one where it has no events. Only Apply changes what the World holds.
func (w *World) Folded(stream string) Folded {
	if s, ok := w.streams[stream]; ok {
		return s
	}
	return NewFolded(stream)
}

// Position gives the revision, in its actor's stream, of the position that an actor took on a target on a day, as it stands
// after corrections: the one recorded latest that is not retracted.
func (w *World) Position(actor string, statedOn Date, target Target) (revision int64, ok bool) {
	for _, p := range slices.Backward(stream[*Positions](w, positionStream(actor)).inOrder) {
		if is := p.now(); p.retracted == nil && is.StatedOn == statedOn && is.Target == target {
			return p.revision, true
		}
	}
	return 0, false
}

// Act gives the act or ballot of an actor on a document, or on one paragraph of it. A ballot is taken before other acts, since
// it is votes that are explained most; of several acts the one of the latest day, on one day the one recorded later.
func (w *World) Act(actor, symbol, paragraph string) (ActRef, bool) {
	if symbol == "" {
		return ActRef{}, false
	}
	key := voteKey{symbol: symbol, paragraph: paragraph}
	if proposal, ok := w.votes[key]; ok {
		if v := stream[*Endorsements](w, endorsementStream(proposal)).voteByKey[key]; v.ballots[actor] != 0 {
			return ActRef{Proposal: proposal, Revision: v.revision}, true
		}
	}
	var latest *act
	for _, name := range w.names(EndorsementCategory) {
		for _, a := range stream[*Endorsements](w, name).actsInTurn {
			if a.Actor == actor && a.DocumentSymbol == symbol && a.Paragraph == paragraph && (latest == nil || a.On >= latest.On) {
				latest = a
			}
		}
	}
	if latest == nil {
		return ActRef{}, false
	}
	return ActRef{Proposal: latest.Proposal, Revision: latest.revision}, true
}

// Vote gives the vote that is recorded on a document, or on one paragraph of it, as it was recorded.
func (w *World) Vote(symbol, paragraph string) (VoteRecorded, bool) {
	key := voteKey{symbol: symbol, paragraph: paragraph}
	proposal, ok := w.votes[key]
	if !ok {
		return VoteRecorded{}, false
	}
	return stream[*Endorsements](w, endorsementStream(proposal)).voteByKey[key].VoteRecorded, true
}

// stream gives the state of a stream in its own type; an empty one is not kept.
func stream[S Folded](w *World, name string) S { return w.Folded(name).(S) }

// names gives the names of the streams of a category that have events, in order.
func (w *World) names(category string) []string {
	var names []string
	for name := range w.streams {
		if len(name) > len(category) && name[:len(category)] == category && name[len(category)] == '-' {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// States gives the States that are on record, by code.
func (w *World) States() []StateAdmitted {
	var all []StateAdmitted
	for _, name := range w.names(StateCategory) {
		if s := stream[*StateStream](w, name).admitted; s != nil {
			all = append(all, *s)
		}
	}
	return all
}

// Groups gives the groups that are on record, by code.
func (w *World) Groups() []GroupDefined {
	var all []GroupDefined
	for _, name := range w.names(GroupCategory) {
		if g := stream[*GroupStream](w, name).defined; g != nil {
			all = append(all, *g)
		}
	}
	return all
}

// Facts gives what deciders may ask, on a day. They change with the World.
func (w *World) Facts(today Date) Facts { return worldFacts{w: w, today: today} }

type worldFacts struct {
	w     *World
	today Date
}

func (f worldFacts) Today() Date { return f.today }

func (f worldFacts) State(code string) bool {
	return stream[*StateStream](f.w, stateStream(code)).admitted != nil
}

func (f worldFacts) Group(code string) (GroupKind, bool) {
	if g := stream[*GroupStream](f.w, groupStream(code)).defined; g != nil {
		return g.Kind, true
	}
	return 0, false
}

func (f worldFacts) Session(key string) bool {
	return stream[*SessionStream](f.w, sessionStream(key)).defined != nil
}

func (f worldFacts) Element(key string) bool {
	return stream[*ElementStream](f.w, elementStream(key)).defined != nil
}

func (f worldFacts) Option(ref OptionRef) (retired, ok bool) {
	o := stream[*ElementStream](f.w, elementStream(ref.Element)).options[ref.Option]
	return o != nil && o.retired != nil, o != nil
}

func (f worldFacts) Proposal(slug string) (submittedOn Date, ok bool) {
	if p := stream[*Submission](f.w, submissionStream(slug)).submitted; p != nil {
		return p.On, true
	}
	return 0, false
}

func (f worldFacts) Act(ref ActRef, actor string) (on Date, ok bool) {
	return stream[*Endorsements](f.w, endorsementStream(ref.Proposal)).act(ref.Revision, actor)
}

func (f worldFacts) Vote(symbol, paragraph string) (proposal string, ok bool) {
	proposal, ok = f.w.votes[voteKey{symbol: symbol, paragraph: paragraph}]
	return proposal, ok
}

// Near looks at keys, and at the names of actors as well: who writes France means FRA.
func (f worldFacts) Near(kind KeyKind, word string) []string {
	keys := map[string]string{} // From what may have been meant to the key.
	switch kind {
	case ActorKey:
		f.stateNames(keys)
		f.groupNames(keys)
	case StateKey:
		f.stateNames(keys)
	case GroupKey:
		f.groupNames(keys)
	case SessionKey:
		for _, name := range f.w.names(SessionCategory) {
			key := stream[*SessionStream](f.w, name).defined.Session
			keys[key] = key
		}
	case ElementKey, OptionKey:
		for _, name := range f.w.names(ElementCategory) {
			s := stream[*ElementStream](f.w, name)
			if kind == ElementKey && s.defined != nil {
				keys[s.defined.Element] = s.defined.Element
			}
			for _, o := range s.options {
				if key := o.Element + "/" + o.Option; kind == OptionKey {
					keys[key] = key
				}
			}
		}
	case ProposalKey:
		for _, name := range f.w.names(SubmissionCategory) {
			if p := stream[*Submission](f.w, name).submitted; p != nil {
				keys[p.Proposal] = p.Proposal
			}
		}
	}
	var near []string
	for _, k := range Nearest(word, slices.Sorted(maps.Keys(keys))) {
		if key := keys[k]; !slices.Contains(near, key) {
			near = append(near, key)
		}
	}
	return near
}

// stateNames adds the codes, names and aliases of all States. Of a name that two have, the first by code counts.
func (f worldFacts) stateNames(keys map[string]string) {
	for _, s := range f.w.States() {
		keys[s.State] = s.State
		addNames(keys, s.State, s.Names)
		for _, alias := range s.Aliases {
			keys[alias] = cmp.Or(keys[alias], s.State)
		}
	}
}

func (f worldFacts) groupNames(keys map[string]string) {
	for _, g := range f.w.Groups() {
		keys[g.Group] = g.Group
		addNames(keys, g.Group, g.Names)
	}
}

func addNames(keys map[string]string, code string, all []LocalizedName) {
	for _, n := range all {
		keys[n.Name] = cmp.Or(keys[n.Name], code)
	}
}
