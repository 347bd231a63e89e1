package projections_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// crowded is a world in which many items of a list share a day.
var crowded = history.World{States: 8, Observers: 1, StandingGroups: 2, AdHocGroups: 1, Proposals: 3, Options: 3, Sessions: 2, Days: 4, Events: 140}

// eachRandomView calls do with views of random histories at random moments.
func eachRandomView(t *testing.T, histories uint64, do func(t *testing.T, r *rand.Rand, events []oracle.Event, v *projections.View)) {
	t.Helper()
	if testing.Short() {
		histories = min(histories, 8)
	}
	for seed := range histories {
		events := history.Random(seed, crowded)
		m, r := modelOf(t, events), rand.New(rand.NewPCG(seed, 2))
		for _, at := range randomMoments(r, events, daysOf(events), 4) {
			do(t, r, events, m.View(projections.Moment{At: at.At, On: at.On}))
			if t.Failed() {
				t.Fatalf("history %d at %+v", seed, at)
			}
		}
	}
}

// differ gives how two lists differ, empty where they do not. Comparing is quick; telling the difference is not.
func differ[T any](want, got []T) string {
	if len(want) == 0 && len(got) == 0 || reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(projections.State{}, projections.Group{})) + "."
}

// pages checks that a list read in pages of any size is the whole list, and says so in Total, HasNext and HasPrevious.
func pages[T, K any](t *testing.T, name string, list func(projections.Page[K]) projections.Slice[T], key func(T) K) []T {
	t.Helper()
	whole := list(projections.Page[K]{First: everything})
	if whole.HasNext || whole.HasPrevious {
		t.Errorf("%s: the whole list has something behind (%v) or before (%v) it", name, whole.HasNext, whole.HasPrevious)
	}
	if got := whole.Total(); got != len(whole.Items) {
		t.Errorf("%s: total %d, want %d", name, got, len(whole.Items))
	}
	for _, size := range []int{1, 3, 7} {
		var read []T
		page := projections.Page[K]{First: size}
		for {
			s := list(page)
			read = append(read, s.Items...)
			if got := s.Total(); got != len(whole.Items) {
				t.Errorf("%s, pages of %d: total %d, want %d", name, size, got, len(whole.Items))
			}
			if want := len(read) < len(whole.Items); s.HasNext != want || len(s.Items) > size || want && len(s.Items) < size {
				t.Fatalf("%s, pages of %d: %d items after %d of %d, HasNext %v", name, size, len(s.Items), len(read), len(whole.Items), s.HasNext)
			}
			if want := page.After != nil; s.HasPrevious != want {
				t.Errorf("%s, pages of %d: HasPrevious %v after %d items", name, size, s.HasPrevious, len(read)-len(s.Items))
			}
			if !s.HasNext {
				break
			}
			last := key(s.Items[len(s.Items)-1])
			page.After = &last
		}
		if diff := differ(whole.Items, read); diff != "" {
			t.Errorf("%s in pages of %d (-whole list +pages):\n%s", name, size, diff)
		}
	}
	return whole.Items
}

func positionKey(p projections.Position) projections.PositionKey {
	return projections.PositionKey{On: p.StatedOn, At: p.At}
}

func endorsementKey(e projections.Endorsement) projections.EndorsementKey {
	return projections.EndorsementKey{On: e.On, At: e.At, Actor: e.Actor.Code()}
}

func slugOf(p *projections.Proposal) string { return p.Slug }

func eventKey(e projections.EventRef) uint64 { return e.At }

func positions(v *projections.View, f projections.PositionFilter) func(projections.Page[projections.PositionKey]) projections.Slice[projections.Position] {
	return func(p projections.Page[projections.PositionKey]) projections.Slice[projections.Position] {
		return v.Positions(f, p)
	}
}

func endorsements(v *projections.View, f projections.EndorsementFilter) func(projections.Page[projections.EndorsementKey]) projections.Slice[projections.Endorsement] {
	return func(p projections.Page[projections.EndorsementKey]) projections.Slice[projections.Endorsement] {
		return v.Endorsements(f, p)
	}
}

func TestPagesAreTheWholeList(t *testing.T) {
	eachRandomView(t, 40, func(t *testing.T, _ *rand.Rand, events []oracle.Event, v *projections.View) {
		pages(t, "positions", positions(v, projections.PositionFilter{}), positionKey)
		pages(t, "endorsements", endorsements(v, projections.EndorsementFilter{}), endorsementKey)
		pages(t, "proposals", func(p projections.Page[string]) projections.Slice[*projections.Proposal] {
			return v.Proposals(projections.ProposalFilter{}, p)
		}, slugOf)
		pages(t, "events", func(p projections.Page[uint64]) projections.Slice[projections.EventRef] {
			return v.Events(projections.EventFilter{}, p)
		}, eventKey)
		targets, _, _, slugs := known(events)
		for _, slug := range slugs {
			pages(t, "history of "+slug, func(p projections.Page[uint64]) projections.Slice[projections.EventRef] { return v.History(slug, p) }, eventKey)
		}
		for _, target := range targets {
			pages(t, "open points of "+target.Key(), func(p projections.Page[projections.OpenPointKey]) projections.Slice[projections.OpenPoint] {
				return v.OpenPoints(target, nil, p)
			}, func(o projections.OpenPoint) projections.OpenPointKey {
				p, _ := v.Position(o.PositionAt)
				return projections.OpenPointKey{On: p.StatedOn, At: o.PositionAt, Index: o.Index}
			})
		}
	})
}

// A page begins behind its key also where the item itself is not in the list any more, or stands elsewhere.
func TestPagesBeginBehindAnyKey(t *testing.T) {
	eachRandomView(t, 25, func(t *testing.T, r *rand.Rand, events []oracle.Event, v *projections.View) {
		days := daysOf(events)
		all := v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items
		acts := v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything}).Items
		for range 20 {
			key := projections.PositionKey{On: days[r.IntN(len(days))], At: uint64(r.IntN(len(events) + 2))}
			want := slices.DeleteFunc(slices.Clone(all), func(p projections.Position) bool {
				return p.StatedOn > key.On || p.StatedOn == key.On && p.At >= key.At
			})
			got := v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything, After: &key}).Items
			if diff := differ(want, got); diff != "" {
				t.Errorf("positions behind %+v (-want +got):\n%s", key, diff)
			}
			act := projections.EndorsementKey{On: key.On, At: key.At, Actor: "C"}
			wantActs := slices.DeleteFunc(slices.Clone(acts), func(e projections.Endorsement) bool {
				return e.On > act.On || e.On == act.On && (e.At > act.At || e.At == act.At && (e.VoteAt == 0 || e.Actor.Code() <= act.Actor))
			})
			gotActs := v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything, After: &act}).Items
			if diff := differ(wantActs, gotActs); diff != "" {
				t.Errorf("endorsements behind %+v (-want +got):\n%s", act, diff)
			}
		}
	})
}

// orSome gives nil, an empty list, or one or two of the values.
func orSome[T any](r *rand.Rand, values ...T) []T {
	switch r.IntN(6) {
	case 0:
		return []T{}
	case 1, 2:
		return nil
	case 3:
		return []T{values[r.IntN(len(values))]}
	}
	return []T{values[r.IntN(len(values))], values[r.IntN(len(values))]}
}

// orZero gives the zero value or one of the values.
func orZero[T any](r *rand.Rand, values ...T) (v T) {
	if len(values) > 0 && r.IntN(2) == 0 {
		v = values[r.IntN(len(values))]
	}
	return v
}

// anyOf is what all lists of a filter mean.
func anyOf[T comparable](list []T, value T) bool { return list == nil || slices.Contains(list, value) }

func TestPositionFilter(t *testing.T) {
	matched := map[string]int{}
	eachRandomView(t, 25, func(t *testing.T, r *rand.Rand, events []oracle.Event, v *projections.View) {
		targets, states, groups, slugs := known(events)
		all := v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items
		days := daysOf(events)
		for i := range 60 {
			var f projections.PositionFilter
			// Each field alone, then many together.
			only := func(field int) bool { return i%9 == field || i%9 == 8 && r.IntN(4) == 0 }
			name := [...]string{"actors", "target", "proposal", "element", "stances", "session", "stated", "regional group", "many"}[i%9]
			if only(0) {
				f.Actors = orSome(r, append(slices.Concat(states, groups), "XXX")...)
			}
			if only(1) {
				target := append(targets, domain.OnProposal("unknown"))[r.IntN(len(targets)+1)]
				f.Target = &target
			}
			if only(2) {
				f.Proposal = orZero(r, append(slugs, "unknown")...)
			}
			if only(3) {
				f.Element = orZero(r, "e", "e-1", "unknown")
			}
			if only(4) {
				f.Stances = orSome(r, 0, domain.Support, domain.Neutral, domain.Oppose)
			}
			if only(5) {
				f.Session = orZero(r, "S-0", "S-1", "unknown")
			}
			if only(6) {
				f.StatedFrom, f.StatedTo = orZero(r, days...), orZero(r, days...)
			}
			if only(7) {
				f.RegionalGroup = orZero(r, domain.RegionalGroups[:]...)
			}
			want := slices.DeleteFunc(slices.Clone(all), func(p projections.Position) bool {
				return !(anyOf(f.Actors, p.Actor.Code()) &&
					(f.Target == nil || *f.Target == p.Target) &&
					(f.Proposal == "" || f.Proposal == p.Target.Proposal) &&
					(f.Element == "" || f.Element == p.Target.Option.Element) &&
					anyOf(f.Stances, p.Stance) &&
					(f.Session == "" || f.Session == p.Session) &&
					(f.StatedFrom == 0 || f.StatedFrom <= p.StatedOn) && (f.StatedTo == 0 || p.StatedOn <= f.StatedTo) &&
					(f.RegionalGroup == 0 || p.Actor.State != nil && p.Actor.State.RegionalGroup == f.RegionalGroup))
			})
			got := pages(t, name, positions(v, f), positionKey)
			if diff := differ(want, got); diff != "" {
				t.Fatalf("%+v (-plain loop +filter):\n%s", f, diff)
			}
			if len(got) > 0 && len(got) < len(all) {
				matched[name]++
			}
		}
	})
	for _, name := range []string{"actors", "target", "proposal", "element", "stances", "session", "stated", "regional group", "many"} {
		if matched[name] == 0 {
			t.Errorf("no filter on %s let a part of a list through", name)
		}
	}
}

func TestEndorsementFilter(t *testing.T) {
	matched := 0
	eachRandomView(t, 60, func(t *testing.T, r *rand.Rand, events []oracle.Event, v *projections.View) {
		_, states, groups, slugs := known(events)
		all := v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything}).Items
		for range 30 {
			f := projections.EndorsementFilter{
				Actors: orSome(r, append(slices.Concat(states, groups), "XXX")...), Proposal: orZero(r, append(slugs, "unknown")...),
				Kinds: orSome(r, domain.Cosponsor, domain.VoteYes, domain.VoteNo, domain.Dissociated), DocumentSymbol: orZero(r, "A/1", "A/2", "unknown"),
			}
			want := slices.DeleteFunc(slices.Clone(all), func(e projections.Endorsement) bool {
				return !(anyOf(f.Actors, e.Actor.Code()) && (f.Proposal == "" || f.Proposal == e.Proposal) && anyOf(f.Kinds, e.Kind) &&
					(f.DocumentSymbol == "" || f.DocumentSymbol == e.DocumentSymbol))
			})
			got := pages(t, "endorsements", endorsements(v, f), endorsementKey)
			if diff := differ(want, got); diff != "" {
				t.Fatalf("%+v (-plain loop +filter):\n%s", f, diff)
			}
			if len(got) > 0 && len(got) < len(all) {
				matched++
			}
		}
	})
	if matched == 0 {
		t.Error("no filter let a part of a list through")
	}
}

func TestProposalFilter(t *testing.T) {
	matched := 0
	eachRandomView(t, 60, func(t *testing.T, r *rand.Rand, events []oracle.Event, v *projections.View) {
		_, states, groups, _ := known(events)
		all := v.AllProposals()
		for range 30 {
			f := projections.ProposalFilter{
				Statuses:  orSome(r, projections.Submitted, projections.Revised, projections.Merged, projections.Withdrawn, projections.Adopted),
				Submitter: orZero(r, append(slices.Concat(states, groups), "XXX")...), Text: orZero(r, "Title", "title 3", "another", "summ", "TITLE summary"),
			}
			want := slices.DeleteFunc(slices.Clone(all), func(p *projections.Proposal) bool {
				if f.Text != "" {
					for word := range strings.FieldsSeq(strings.ToLower(f.Text)) {
						if !slices.Contains(strings.Fields(p.Title+" "+p.Summary), word) {
							return true
						}
					}
				}
				return !(anyOf(f.Statuses, p.Status) && (f.Submitter == "" || slices.Contains(codes(p.Submitters), f.Submitter)))
			})
			got := pages(t, "proposals", func(p projections.Page[string]) projections.Slice[*projections.Proposal] { return v.Proposals(f, p) }, slugOf)
			if diff := differ(want, got); diff != "" {
				t.Fatalf("%+v (-plain loop +filter):\n%s", f, diff)
			}
			if len(got) > 0 && len(got) < len(all) {
				matched++
			}
		}
	})
	if matched == 0 {
		t.Error("no filter let a part of a list through")
	}
}

// RULES, section 9: text search folds by Unicode case folding and NFKD less combining marks; the words may stand in different
// fields. Whole words count; Chinese, which has no blanks, is found as consecutive characters.
func TestProposalText(t *testing.T) {
	w := newRecord(t)
	w.record(domain.StateAdmitted{State: "FRA", RegionalGroup: domain.WEOG, AdmittedOn: 1, Names: names("France")})
	for i, text := range [][2]string{
		{"Programme d'action", "Établir un mécanisme à voie unique"},
		{"Open-ended Action-Oriented Mechanism", "A single track, ﬁrst of all"},
		{"Große Straße", "ΣΊΣΥΦΟΣ"},
		{"关于信息安全的行动纲领", "单一轨道 2025"},
		{"İstanbul 2025", ""},
	} {
		w.record(domain.ProposalSubmitted{Proposal: string(rune('a' + i)), Title: text[0], Summary: text[1], Submitters: []string{"FRA"}, On: 100})
	}
	for _, c := range []struct{ text, want string }{
		{"", "abcde"},
		{" -- !", "abcde"}, // Without a letter or digit nothing is asked for.
		{"action", "ab"},
		{"ACTION", "ab"},
		{"act", ""}, // No part of a word.
		{"etablir", "a"},
		{"mecanisme", "a"},
		{"mécanisme action", "a"}, // One word in the summary, one in the title.
		{"mechanism single", "b"},
		{"single mecanisme", ""}, // All words.
		{"open ended", "b"},
		{"first", "b"}, // The ligature ﬁ folds to fi.
		{"GROSSE strasse", "c"},
		{"σισυφος", "c"},
		{"安全", "d"},
		{"行动纲领 轨道", "d"},
		{"全安", ""},
		{"安全行动", ""}, // Not consecutive.
		{"行动2025", "d"},
		{"2025", "de"},
		{"202", ""},
		{"istanbul", "e"},
	} {
		got := ""
		for _, p := range w.model.Newest().Proposals(projections.ProposalFilter{Text: c.text}, projections.Page[string]{First: everything}).Items {
			got += p.Slug
		}
		if got != c.want {
			t.Errorf("%q finds %q, want %q", c.text, got, c.want)
		}
	}
}

func TestEventFilter(t *testing.T) {
	eachRandomView(t, 30, func(t *testing.T, r *rand.Rand, events []oracle.Event, v *projections.View) {
		for range 30 {
			f := projections.EventFilter{
				StreamPrefix: orZero(r, "position-", "position-A", "submission-p", "state-AAA", "posit", "osition", "nothing"),
				Types:        orSome(r, "PositionStated", "PositionCorrected", "VoteRecorded", "StateAdmitted", "Unknown"),
				RecordedBy:   orZero(r, "test", "somebody"),
			}
			var want []uint64
			for i, d := range decoded(t, events[:v.Moment().At]) {
				if strings.HasPrefix(d.Stream, f.StreamPrefix) && anyOf(f.Types, d.Type) && (f.RecordedBy == "" || f.RecordedBy == d.RecordedBy) {
					want = append(want, uint64(i)+1)
				}
			}
			var got []uint64
			for _, e := range pages(t, "events", func(p projections.Page[uint64]) projections.Slice[projections.EventRef] { return v.Events(f, p) }, eventKey) {
				got = append(got, e.At)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%+v lets %v through, want %v", f, got, want)
			}
		}
	})
}
