package projections

import (
	"cmp"
	"slices"
	"sync"

	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// link makes what follows from the tables of a snapshot, as applying the record would have made it.
func (l *loading) link() {
	m := l.model
	for i := range l.actors {
		m.actors[l.actors[i].Code()] = &l.actors[i]
	}
	m.byCode = slices.SortedFunc(slices.Values(m.states), func(a, b *State) int { return cmp.Compare(a.Code, b.Code) })
	for i := range l.sessions {
		s := &l.sessions[i]
		m.sessions = append(m.sessions, s)
		m.session[s.Session] = s
	}
	for _, t := range m.ordered {
		t.key = t.Key()
		m.targets[t.Target] = t
	}
	var links sync.WaitGroup
	for _, part := range []func(){l.linkNames, l.linkLog, l.linkPositions, l.linkActs, l.linkEvidence} {
		links.Go(part)
	}
	links.Wait()
}

func (l *loading) linkNames() {
	for _, s := range l.model.states {
		l.model.names.Add(s.Code, s.allNames())
	}
}

// linkLog makes streams, the times that never fall, keys, and the order of texts.
func (l *loading) linkLog() {
	m := l.model
	lengths := make([]int, len(l.streams))
	for i := range m.events {
		lengths[m.events[i].stream.index]++
	}
	for i := range l.streams {
		s := &l.streams[i]
		s.at = make([]uint64, 0, lengths[i])
		m.streams[s.name] = s
	}
	m.newest = make([]int64, len(m.events), cap(m.events))
	newest := int64(0)
	for i := range m.events {
		e, at := &m.events[i], uint64(i)+1
		e.revision = int64(len(e.stream.at))
		e.stream.at = append(e.stream.at, at)
		if i == 0 {
			newest = e.recordedAt
		}
		newest = max(newest, e.recordedAt)
		m.newest[i] = newest
		if e.position == nil {
			continue
		}
		if n, ok := e.position.versionOf(at); ok {
			m.texts.recorded = append(m.texts.recorded, textVersion{e.position, n, at})
		}
	}
	m.keys = make(map[subjectKey]*KeyUse, len(m.keyed))
	for _, k := range m.keyed {
		m.keys[k.subjectKey] = k.KeyUse
	}
}

// versionOf gives the number of the version that the event at a position brought.
func (p *position) versionOf(at uint64) (int, bool) {
	return slices.BinarySearchFunc(p.versions, at, func(v positionVersion, at uint64) int { return cmp.Compare(v.at, at) })
}

func (l *loading) linkPositions() {
	m := l.model
	m.positionsAt = make(map[uint64]*position, len(l.positions))
	for i := range l.positions {
		m.positionsAt[l.positions[i].At] = &l.positions[i]
	}
	m.positions = bitemporal.Of(l.listed)
	shareOut(l.listed, func(p *position) *bitemporal.Cell[*position] { return &p.actor.positions })
	shareOut(l.listed, func(p *position) *bitemporal.Cell[*position] { return &p.target.positions })
}

func (l *loading) linkActs() {
	m := l.model
	for i := range l.acts[:l.size.acts] {
		m.actsAt[l.acts[i].At] = &l.acts[i]
	}
	for i := range l.submissions {
		m.submissionsAt[l.submissions[i].At] = &l.submissions[i]
	}
	for i := range l.votes {
		v := &l.votes[i]
		m.votesAt[v.At] = v
		m.votesOn[voteKey{v.DocumentSymbol, v.Paragraph}] = v
		v.proposal.votes = append(v.proposal.votes, v)
	}
	m.endorsements = bitemporal.Of(l.acted)
	shareOut(l.acted, func(a *act) *bitemporal.Cell[*act] { return &a.actor.endorsements })
	shareOut(l.acted, func(a *act) *bitemporal.Cell[*act] { return &a.proposal.acts })
}

// shareOut gives each of some cells what is its own of a list, in the list's order.
func shareOut[T any](list []bitemporal.Entry[T], cell func(T) *bitemporal.Cell[T]) {
	lengths := map[*bitemporal.Cell[T]]int{}
	for i := range list {
		lengths[cell(list[i].Item)]++
	}
	parts := make(map[*bitemporal.Cell[T]][]bitemporal.Entry[T], len(lengths))
	for i := range list {
		c := cell(list[i].Item)
		part, ok := parts[c]
		if !ok {
			part = make([]bitemporal.Entry[T], 0, lengths[c])
		}
		parts[c] = append(part, list[i])
	}
	for c, part := range parts {
		*c = bitemporal.Of(part)
	}
}

// linkEvidence makes what targets know of actors.
func (l *loading) linkEvidence() {
	for _, p := range l.evidence {
		p.on.evidence[p.actor.Code()] = p.evidence
	}
	for i := range l.positions {
		p := &l.positions[i]
		e := p.target.evidence[p.actor.Code()]
		e.said = append(e.said, p)
		for j := range p.versions {
			if names := p.versions[j].names; names != nil {
				for _, state := range slices.Concat(names.aligned, names.dissociated) {
					e.named[state] = true
				}
			}
		}
	}
	for _, p := range l.evidence {
		for e := range p.declared.After(bitemporal.Before) {
			if d := e.Item; d.position != nil {
				d.names = d.position.version(e.Since).names
			}
		}
	}
	for _, t := range l.model.ordered {
		if t.proposal != nil {
			l.linkSubmissions(t.proposal)
		}
	}
}

// linkSubmissions finds the cells in which the submissions of a proposal stand open.
func (l *loading) linkSubmissions(pr *proposal) {
	for _, s := range pr.resolve(l.at) {
		if s.chair {
			continue
		}
		for _, code := range s.submitters {
			e := pr.target.evidence[code]
			if e == nil {
				continue
			}
			order := bitemporal.Order{Day: int32(s.on), Rank: rankAct, At: s.At}
			e.declared.NewestFrom(order, l.at, int32(s.on), func(o bitemporal.Order, d *declaration) bool {
				if d.submission == s.submission {
					s.open = append(s.open, openDeclaration{evidence: e, order: order, declaration: d})
				}
				return o == order && d.submission != s.submission
			})
		}
	}
}
