package resolver

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/projections"
)

// faults collects what is wrong with the arguments of a field, so that all is told at once.
type faults struct {
	list  []domain.Fault
	other error // What is no fault of the arguments.
}

func (f *faults) bad(path, format string, args ...any) {
	f.list = append(f.list, domain.Fault{Code: domain.BadUserInput, Path: path, Message: fmt.Sprintf(format, args...)})
}

// take takes an error in.
func (f *faults) take(err error) {
	var refusal *domain.Refusal
	switch {
	case err == nil:
	case errors.As(err, &refusal):
		f.list = append(f.list, refusal.Faults...)
	default:
		f.other = errors.Join(f.other, err)
	}
}

// err gives what was collected, nil for nothing.
func (f *faults) err() error {
	switch {
	case f.other != nil:
		return f.other
	case len(f.list) > 0:
		return &domain.Refusal{Faults: f.list}
	}
	return nil
}

// names checks that what arguments name is in the record at all, whatever the moment: what is in it and not at the moment is
// answered with null, what is not in it is a slip of whoever asks.
type names struct {
	*faults
	facts domain.Facts
	model *projections.Model
}

func (r *Resolver) names(f *faults) names {
	return names{faults: f, facts: r.Model.Facts(0), model: r.Model} // The day is of no account: nothing is decided.
}

func (n names) known(exists bool, path string, kind domain.KeyKind, noun, word string) {
	if exists {
		return
	}
	message := fmt.Sprintf("There is no %s %q.", noun, excerpt(word))
	if len(n.list) >= suggested {
		// Whoever named so many wrongly is helped by the first few, and looking for them takes its time.
	} else if near := n.facts.Near(kind, word); len(near) > 0 {
		message = fmt.Sprintf("There is no %s %q; did you mean %s?", noun, excerpt(word), oneOf(near))
	}
	n.list = append(n.list, domain.Fault{Code: domain.NotFound, Path: path, Message: message})
}

// suggested is for how many faults "did you mean" is looked for.
const suggested = 10

func (n names) state(path, code string) {
	n.known(n.facts.State(code), path, domain.StateKey, "State", code)
}

func (n names) states(path string, codes []string) {
	for i, code := range codes {
		n.state(fmt.Sprintf("%s.%d", path, i), code)
	}
}

func (n names) group(path, code string) {
	_, ok := n.facts.Group(code)
	n.known(ok, path, domain.GroupKey, "group", code)
}

func (n names) actor(path, code string) {
	_, group := n.facts.Group(code)
	n.known(group || n.facts.State(code), path, domain.ActorKey, "State or group", code)
}

func (n names) actors(path string, codes []string) {
	for i, code := range codes {
		n.actor(fmt.Sprintf("%s.%d", path, i), code)
	}
}

func (n names) session(path, key string) {
	n.known(n.facts.Session(key), path, domain.SessionKey, "session", key)
}

func (n names) element(path, key string) {
	n.known(n.facts.Element(key), path, domain.ElementKey, "element", key)
}

func (n names) proposal(path, slug string) {
	_, ok := n.facts.Proposal(slug)
	n.known(ok, path, domain.ProposalKey, "proposal", slug)
}

// option checks an option by its two keys; at names the arguments that they stand in.
func (n names) option(elementPath, keyPath string, ref domain.OptionRef) {
	if !n.facts.Element(ref.Element) {
		n.element(elementPath, ref.Element)
		return
	}
	_, ok := n.facts.Option(ref)
	n.known(ok, keyPath, domain.OptionKey, "option", ref.Element+"/"+ref.Option)
}

func (n names) target(path string, ref *model.TargetRef) domain.Target {
	target := ref.Domain()
	switch {
	case ref.Proposal != nil:
		n.proposal(path+".proposal", *ref.Proposal)
	case ref.Option != nil:
		n.option(path+".option.element", path+".option.key", target.Option)
	}
	return target
}

// targets gives nil for no list.
func (n names) targets(path string, refs []*model.TargetRef) []domain.Target {
	if refs == nil {
		return nil
	}
	targets := make([]domain.Target, len(refs))
	for i, ref := range refs {
		targets[i] = n.target(fmt.Sprintf("%s.%d", path, i), ref)
	}
	return targets
}

func (n names) document(path, symbol string) {
	known, near := n.model.KnownDocument(symbol)
	if known {
		return
	}
	message := fmt.Sprintf("There is no document %q.", excerpt(symbol))
	if len(near) > 0 {
		message = fmt.Sprintf("There is no document %q; did you mean %s?", excerpt(symbol), oneOf(near))
	}
	n.list = append(n.list, domain.Fault{Code: domain.NotFound, Path: path, Message: message})
}

// oneOf writes a list for a sentence: a, b or c.
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// excerpt keeps a word that a client sent short enough to be told back.
func excerpt(word string) string {
	const most = 60
	if runes := []rune(word); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return word
}

// stateNamed checks that a name is one State's. That a name is two States' is a slip too, whatever the moment.
func (n names) stateNamed(path, name string) {
	newest := n.model.Newest()
	switch states := newest.StatesNamed(name); len(states) {
	case 1:
	case 0:
		message := fmt.Sprintf("No State is called %q.", excerpt(name))
		if near := newest.SuggestStates(name); len(near) > 0 {
			message = fmt.Sprintf("No State is called %q; did you mean %s?", excerpt(name), oneOf(named(near)))
		}
		n.list = append(n.list, domain.Fault{Code: domain.NotFound, Path: path, Message: message})
	default:
		n.bad(path, "More than one State is called %q: %s; ask by code.", excerpt(name), oneOf(named(states)))
	}
}

func named(states []*projections.State) []string {
	list := make([]string, len(states))
	for i, s := range states {
		list[i] = fmt.Sprintf("%s (%s)", s.Name(domain.English), s.Code)
	}
	return list
}
