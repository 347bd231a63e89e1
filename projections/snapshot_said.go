package projections

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// ---- The log as such.

func (f *fields) event(e *eventEntry, before *eventEntry) {
	place := 0
	if !f.reading {
		place = e.stream.index
	}
	if num(f, &place); f.reading {
		if place >= len(f.streams) {
			f.fail()
			place = 0
		}
		e.stream = &f.streams[place]
	}
	f.str(&e.typ)
	f.str(&e.recordedBy)
	micros := e.recordedAt - before.recordedAt
	signed(f, &micros)
	if f.reading {
		e.recordedAt = before.recordedAt + micros
	}
	f.offset(&e.offset, before.offset)
	about := uint8(0)
	switch {
	case e.position != nil:
		about = 1
	case e.act != nil:
		about = 2
	}
	switch num(f, &about); about {
	case 1:
		f.position(&e.position)
	case 2:
		f.act(&e.act)
	}
}

func (f *fields) keyedItem(k *keyed) {
	if f.reading {
		k.KeyUse = new(KeyUse)
	}
	f.str(&k.subject)
	f.str(&k.key)
	f.str(&k.Stream)
	num(f, &k.First)
	last := k.Last
	if !f.reading {
		last = min(last, f.model.streams[k.Stream].revision(f.at))
	}
	if num(f, &last); f.reading {
		k.Last = last
	}
	f.str(&k.InputHash)
}

// ---- Positions.

func (f *fields) positionItem(p *position) {
	f.provenance(&p.Provenance)
	f.actor(&p.actor)
	f.target(&p.target)
	num(f, &p.revision)
	grown(f, &p.versions, func(v *positionVersion) uint64 { return v.at }, func(v *positionVersion) { f.version(v, p) })
	grown(f, &p.corrections, func(c *correction) uint64 { return c.At }, f.correction)
	f.withdrawal(&p.withdrawal)
	f.known(&p.retractedAt)
}

func (f *fields) version(v *positionVersion, p *position) {
	late := v.at - p.At
	num(f, &late)
	if f.reading {
		v.at = p.At + late
	}
	num(f, &v.Stance)
	num(f, &v.Form)
	num(f, &v.StatedOn)
	f.str(&v.Session)
	f.str(&v.Summary)
	list(f, &v.Points, f.point)
	f.source(&v.Source)
	if pointed(f, &v.Explains, f.actRef); v.Explains != nil {
		f.act(&v.explains)
	}
	alignedWith, dissociated := v.names.lists()
	f.strs(&alignedWith)
	f.strs(&dissociated)
	pointed(f, &v.names, func(n *naming) {
		n.alignedCodes, n.dissociatedCodes = alignedWith, dissociated
		list(f, &n.aligned, f.state)
		list(f, &n.dissociated, f.state)
	})
}

func (f *fields) correction(c *correction) {
	num(f, &c.At)
	f.provenance(&c.Provenance)
	f.str(&c.reason)
	change(f, &c.changes.Stance, numeric[domain.Stance](f))
	change(f, &c.changes.Form, numeric[domain.StatementForm](f))
	change(f, &c.changes.Explains, f.actRef)
	change(f, &c.changes.StatedOn, numeric[domain.Date](f))
	change(f, &c.changes.Session, f.str)
	change(f, &c.changes.Summary, f.str)
	change(f, &c.changes.Points, func(p *[]domain.Point) { list(f, p, f.point) })
	change(f, &c.changes.Source, f.source)
	change(f, &c.changes.AlignedWith, f.strs)
	change(f, &c.changes.Dissociated, f.strs)
}

func (f *fields) withdrawal(w **withdrawal) {
	at := uint64(0)
	if *w != nil {
		at = (*w).at
	}
	f.known(&at)
	if at == 0 || at > f.at {
		return
	}
	if f.reading {
		*w = &withdrawal{at: at}
	}
	num(f, &(*w).on)
}

// ---- Acts and votes.

func (f *fields) actItem(a *act) {
	f.provenance(&a.Provenance)
	f.actor(&a.actor)
	f.proposal(&a.proposal)
	num(f, &a.revision)
	f.str(&a.symbol)
	f.str(&a.paragraph)
	num(f, &a.kind)
	num(f, &a.on)
	if f.reading {
		a.source = new(domain.Source)
	}
	f.source(a.source)
	f.withdrawal(&a.withdrawal)
}

func (f *fields) voteItem(v *vote) {
	f.provenance(&v.Provenance)
	f.proposal(&v.proposal)
	num(f, &v.revision)
	f.str(&v.Proposal)
	f.str(&v.DocumentSymbol)
	f.str(&v.Paragraph)
	f.str(&v.Body)
	num(f, &v.On)
	f.flag(&v.Adopted)
	num(f, &v.Yes)
	num(f, &v.No)
	num(f, &v.Abstain)
	num(f, &v.Absent)
	f.flag(&v.Complete)
	list(f, &v.Ballots, func(b *domain.CastBallot) {
		f.str(&b.State)
		num(f, &b.Ballot)
	})
	f.source(&v.Source)
	list(f, &v.ballots, func(a **act) {
		f.act(a)
		f.ballot(*a, v)
	})
}

func (f *fields) ballot(a *act, of *vote) {
	if f.reading {
		of.share(a)
	}
	f.actor(&a.actor)
	num(f, &a.kind)
	// By day, and not by position of recording: those recorded beyond the snapshot's stand among the others.
	intended := a.intended
	if !f.reading {
		intended = nil
		for _, i := range a.intended {
			if i.at <= f.at {
				intended = append(intended, i)
			}
		}
	}
	list(f, &intended, func(i *intention) {
		num(f, &i.at)
		num(f, &i.on)
		num(f, &i.ballot)
	})
	if f.reading {
		a.intended = intended
	}
}

// ---- What stands in cells.

// cell is a whole cell, and says how many entries it has.
func cell[T any](f *fields, c *bitemporal.Cell[T], each func(e *bitemporal.Entry[T], day int32)) (n int) {
	if !f.reading {
		for e := range c.After(bitemporal.Before) {
			if e.Since <= f.at {
				n++
			}
		}
		f.append(uint64(n))
		day := int32(0)
		for e := range c.After(bitemporal.Before) {
			if e.Since <= f.at {
				each(&e, day)
				day = e.Day
			}
		}
		return n
	}
	if n = f.count(); n == 0 {
		return 0
	}
	entries := make([]bitemporal.Entry[T], n)
	for i := range entries {
		each(&entries[i], entries[max(i, 1)-1].Day)
	}
	*c = bitemporal.Of(entries)
	return n
}

func (f *fields) positionEntry(e *bitemporal.Entry[*position], day int32) {
	entry(f, e, day, func(p *position) uint64 { return p.At }, func(e *bitemporal.Entry[*position]) { f.position(&e.Item) })
}

func (f *fields) actEntry(e *bitemporal.Entry[*act], day int32) {
	entry(f, e, day, func(a *act) uint64 { return a.At }, func(e *bitemporal.Entry[*act]) { f.act(&e.Item) })
}

func (f *fields) declarationEntry(e *bitemporal.Entry[*declaration], day int32) {
	entry(f, e, day, (*declaration).at, f.declaration)
}

// What a declaration is made of.
const (
	declaresPosition uint8 = iota
	declaresSubmission
	declaresAct
	declaresEarlier = 4 // Beside these: it has another day than its entry.
)

// declaration is a declaration without whom it names, which its position says.
func (f *fields) declaration(e *bitemporal.Entry[*declaration]) {
	if f.reading {
		if len(f.declarations) == 0 {
			f.declarations = make([]declaration, 256)
		}
		e.Item, f.declarations = &f.declarations[0], f.declarations[1:]
	}
	d := e.Item
	kind := declaresAct
	switch {
	case d.position != nil:
		kind = declaresPosition
	case d.submission != nil:
		kind = declaresSubmission
	}
	if int32(d.own) != e.Day {
		kind |= declaresEarlier
	}
	num(f, &kind)
	switch kind &^ declaresEarlier {
	case declaresPosition:
		f.position(&d.position)
	case declaresSubmission:
		f.submission(&d.submission)
	default:
		f.act(&d.act)
	}
	num(f, &d.stance)
	if f.reading {
		d.own = domain.Date(e.Day)
	}
	if kind&declaresEarlier != 0 {
		num(f, &d.own)
	}
}

// at gives the position of first recording.
func (d *declaration) at() uint64 {
	switch {
	case d.position != nil:
		return d.position.At
	case d.submission != nil:
		return d.submission.At
	}
	return d.act.At
}

// evidenceItem is what one actor said and did on one target, as far as it stands in cells. It says how many entries they have.
func (f *fields) evidenceItem(e *evidence, on **target) int {
	f.target(on)
	f.actor(&e.actor)
	return cell(f, &e.positions, f.positionEntry) + cell(f, &e.declared, f.declarationEntry)
}
