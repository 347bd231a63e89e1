package resolver

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// pageArgs are the arguments by which a client asks for a page.
type pageArgs struct {
	first *int
	after *string
}

// pageOf reads them. Key reads the order key of the connection's items.
func pageOf[K any](f *faults, args pageArgs, c relay.Connection, key func(relay.Key) (K, bool)) projections.Page[K] {
	var page projections.Page[K]
	first, err := relay.First(args.first)
	if err != nil {
		f.bad("first", "%v.", err)
	}
	page.First = first
	if args.after != nil {
		if parts, err := c.Parse(*args.after); err != nil {
			f.bad("after", "%v.", err)
		} else if k, ok := key(parts); ok {
			page.After = &k
		} else {
			f.bad("after", "%q is no cursor of this server; take one that was answered.", excerpt(*args.after))
		}
	}
	return page
}

func slugKey(k relay.Key) (string, bool) { return k[0], len(k) == 1 }

func positionKey(k relay.Key) (projections.PositionKey, bool) {
	on, at, more, ok := k.Day()
	return projections.PositionKey{On: on, At: at}, ok && len(more) == 0
}

func endorsementKey(k relay.Key) (projections.EndorsementKey, bool) {
	on, at, more, ok := k.Day()
	if !ok || len(more) != 1 {
		return projections.EndorsementKey{}, false
	}
	return projections.EndorsementKey{On: on, At: at, Actor: more[0]}, true
}

func openPointKey(k relay.Key) (projections.OpenPointKey, bool) {
	on, at, more, ok := k.Day()
	if !ok || len(more) != 1 {
		return projections.OpenPointKey{}, false
	}
	index, err := strconv.Atoi(more[0])
	return projections.OpenPointKey{On: on, At: at, Index: index}, err == nil
}

func affinityKey(k relay.Key) (key projections.AffinityKey, ok bool) {
	if len(k) != 4 {
		return key, false
	}
	// No record has so many targets that the products of these run over.
	shared, err := strconv.ParseUint(k[0], 10, 24)
	distance, err2 := strconv.ParseUint(k[1], 10, 26)
	key = projections.AffinityKey{A: k[2], B: k[3]}
	key.Shared, key.Distance = int(shared), int(distance)
	return key, err == nil && err2 == nil
}

func changeKey(k relay.Key) (projections.ChangeKey, bool) {
	if len(k) != 2 {
		return projections.ChangeKey{}, false
	}
	return projections.ChangeKey{Target: k[0], State: k[1]}, true
}

// eventPage reads the arguments of a page of events: their cursor is plainly their position.
func (r *Resolver) eventPage(f *faults, args pageArgs) projections.Page[uint64] {
	var page projections.Page[uint64]
	first, err := relay.First(args.first)
	if err != nil {
		f.bad("first", "%v.", err)
	}
	page.First = first
	if args.after != nil {
		at, ok := relay.ParsePosition(*args.after)
		switch newest := r.Model.At(); {
		case !ok:
			f.bad("after", "%q is no cursor of an event; that is its position in the record, a decimal number.", excerpt(*args.after))
		case at > newest:
			f.bad("after", "The position %d is beyond the newest, which is %d.", at, newest)
		default:
			page.After = &at
		}
	}
	return page
}

// parts writes a filter down, the same for the same question: lists sorted, what is not asked left out.
type parts []string

func (p *parts) add(name string, value fmt.Stringer, given bool) {
	if given {
		*p = append(*p, name+"="+value.String())
	}
}

func (p *parts) text(name, value string) {
	if value != "" {
		*p = append(*p, name+"="+value)
	}
}

// A list that is empty asks for nothing to match; no list asks nothing.
func (p *parts) list(name string, values []string) {
	if values == nil {
		return
	}
	values = slices.Clone(values)
	slices.Sort(values)
	*p = append(*p, name)
	*p = append(*p, slices.Compact(values)...)
	*p = append(*p, "")
}

func texts[T fmt.Stringer](values []T) []string {
	if values == nil {
		return nil
	}
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.String()
	}
	return list
}

func keysOf(targets []domain.Target) []string {
	if targets == nil {
		return nil
	}
	keys := make([]string, len(targets))
	for i, t := range targets {
		keys[i] = t.Key()
	}
	return keys
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// positions gives a page of positions: of all, of an actor, or on a target.
func (r *Resolver) positions(ctx context.Context, above *model.Moment, of any, filter *model.PositionFilter, args pageArgs, asOf *model.AsOf) (*model.PositionConnection, error) {
	var f faults
	m, err := r.moment(ctx, above, asOf)
	f.take(err)
	where, parent := r.positionFilter(&f, of, filter)
	p := parts{parent}
	p.list("actors", where.Actors)
	if where.Target != nil {
		p.text("target", where.Target.Key())
	}
	p.text("proposal", where.Proposal)
	p.text("element", where.Element)
	p.list("stances", texts(where.Stances))
	p.text("session", where.Session)
	p.add("from", where.StatedFrom, where.StatedFrom != 0)
	p.add("to", where.StatedTo, where.StatedTo != 0)
	p.add("region", where.RegionalGroup, where.RegionalGroup != 0)
	p.text("text", where.Text)
	c, page := connection(&f, m, "po", p, args, positionKey)
	if err := f.err(); err != nil {
		return nil, err
	}
	return model.NewPositionConnection(m, c, m.Positions(where, page)), nil
}

// longestText is the most characters that can be looked for.
const longestText = 500

// positionFilter reads a filter, and joins to it what the connection belongs to.
func (r *Resolver) positionFilter(f *faults, of any, filter *model.PositionFilter) (where projections.PositionFilter, parent string) {
	if filter != nil {
		n := r.names(f)
		where = projections.PositionFilter{
			Actors: filter.Actors, Proposal: value(filter.Proposal), Element: value(filter.Element), Stances: filter.Stances,
			Session: value(filter.Session), StatedFrom: filter.StatedFrom, StatedTo: filter.StatedTo, RegionalGroup: filter.RegionalGroup, Text: value(filter.Text),
		}
		if n := utf8.RuneCountInString(where.Text); n > longestText {
			f.bad("filter.text", "A text of %d characters is too long to look for; ask for the words that matter, in at most %d characters.", n, longestText)
		}
		n.actors("filter.actors", filter.Actors)
		if filter.Target != nil {
			target := n.target("filter.target", filter.Target)
			where.Target = &target
		}
		if filter.Proposal != nil {
			n.proposal("filter.proposal", *filter.Proposal)
		}
		if filter.Element != nil {
			n.element("filter.element", *filter.Element)
		}
		if filter.Session != nil {
			n.session("filter.session", *filter.Session)
		}
	}
	switch of := of.(type) {
	case actorCode:
		where.Actors = both(where.Actors, string(of))
		parent = "actor:" + string(of)
	case domain.Target:
		if where.Target != nil && *where.Target != of {
			where.Actors = []string{} // Nothing is on both.
		}
		where.Target = &of
		parent = of.Key()
	}
	return where, parent
}

// actorCode says that a connection belongs to an actor.
type actorCode string

// both narrows a list of codes to one: to nothing where the one is not in it.
func both(codes []string, code string) []string {
	if codes != nil && !slices.Contains(codes, code) {
		return []string{}
	}
	return []string{code}
}

// endorsementFilter reads a filter.
func (r *Resolver) endorsementFilter(f *faults, filter *model.EndorsementFilter) (where projections.EndorsementFilter) {
	if filter == nil {
		return where
	}
	n := r.names(f)
	n.actors("filter.actors", filter.Actors)
	if filter.Proposal != nil {
		n.proposal("filter.proposal", *filter.Proposal)
	}
	return projections.EndorsementFilter{
		Actors: filter.Actors, Proposal: value(filter.Proposal), Kinds: filter.Kinds, DocumentSymbol: asked(filter.DocumentSymbol),
	}
}

// endorsements gives a page of formal acts: of all, of a State, or on a proposal.
func (r *Resolver) endorsements(ctx context.Context, above *model.Moment, of any, filter *model.EndorsementFilter, args pageArgs, asOf *model.AsOf) (*model.EndorsementConnection, error) {
	var f faults
	m, err := r.moment(ctx, above, asOf)
	f.take(err)
	where := r.endorsementFilter(&f, filter)
	parent := ""
	switch of := of.(type) {
	case actorCode:
		where.Actors = both(where.Actors, string(of))
		parent = "actor:" + string(of)
	case domain.Target:
		if where.Proposal != "" && where.Proposal != of.Proposal {
			where.Actors = []string{} // Nothing is on both.
		}
		where.Proposal = of.Proposal
		parent = of.Key()
	}
	p := parts{parent}
	p.list("actors", where.Actors)
	p.text("proposal", where.Proposal)
	p.list("kinds", texts(where.Kinds))
	p.text("symbol", where.DocumentSymbol)
	c, page := connection(&f, m, "en", p, args, endorsementKey)
	if err := f.err(); err != nil {
		return nil, err
	}
	return model.NewEndorsementConnection(m, c, m.Endorsements(where, page)), nil
}

// connection names a connection and reads the arguments of a page of it. Where the moment was refused, a cursor cannot be
// judged, and is not.
func connection[K any](f *faults, m model.Moment, kind string, p parts, args pageArgs, key func(relay.Key) (K, bool)) (relay.Connection, projections.Page[K]) {
	if m.View == nil {
		return relay.Connection{}, pageOf(f, pageArgs{first: args.first}, relay.Connection{}, key)
	}
	c := relay.NewConnection(kind, m.Mark(), p...)
	return c, pageOf(f, args, c, key)
}
