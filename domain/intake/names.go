package intake

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/domain/roster"
)

// names resolves the cells in which States and groups stand: a code, or a name or alias in any language.
type names struct {
	states  *roster.Index        // The States of the data set.
	actors  *roster.Index        // And its groups.
	builtIn func() *roster.Index // For States that are on record, and not in this data set.
}

// state reads a cell with a State.
func (n *names) state(r *row, column string) string {
	cell := r.need(column)
	if cell == "" {
		return ""
	}
	code := n.stateNamed(r, column, cell)
	r.took(column, code)
	return code
}

// stateList reads a list of States.
func (n *names) stateList(r *row, column string) []string {
	var codes []string
	for _, item := range r.items(column) {
		codes = append(codes, n.stateNamed(r, column, item))
	}
	r.took(column, strings.Join(codes, ";"))
	return codes
}

// actor reads a cell with a State or a group.
func (n *names) actor(r *row, column string) string {
	cell := r.need(column)
	if cell == "" {
		return ""
	}
	code := n.actorNamed(r, column, cell)
	r.took(column, code)
	return code
}

// actorList reads a list of States and groups.
func (n *names) actorList(r *row, column string) []string {
	var codes []string
	for _, item := range r.items(column) {
		codes = append(codes, n.actorNamed(r, column, item))
	}
	r.took(column, strings.Join(codes, ";"))
	return codes
}

func (n *names) stateNamed(r *row, column, word string) string {
	if group := n.actors.Find(word); len(group) == 1 && len(n.states.Find(word)) == 0 {
		r.fault(column, "%s is a group; name a State here.", group[0])
		return ""
	}
	return n.resolve(r, column, word, "State", n.states)
}

// groupCode is what the code of a group looks like that is on record and not in this data set. Names of States that are
// misspelt have small letters, and are told as such; what is neither, the decider tells.
var groupCode = regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)*$`)

func (n *names) actorNamed(r *row, column, word string) string {
	if groupCode.MatchString(word) && len(n.actors.Find(word)) == 0 && len(n.builtIn().Find(word)) == 0 {
		r.needs = append(r.needs, word)
		return word
	}
	return n.resolve(r, column, word, "State or group", n.actors)
}

func (n *names) resolve(r *row, column, word, noun string, index *roster.Index) string {
	code, err := index.Resolve(word)
	var unknown *roster.UnknownName
	if errors.As(err, &unknown) && len(index.Find(word)) == 0 {
		if found := n.builtIn().Find(word); len(found) == 1 {
			code, err = found[0], nil
		}
	}
	if err != nil {
		end := ""
		if s := unknown.Sentence(noun); !strings.HasSuffix(s, "?") {
			end = "."
		}
		r.fault(column, "%s%s", unknown.Sentence(noun), end)
		return ""
	}
	if !slices.Contains(r.needs, code) {
		r.needs = append(r.needs, code)
	}
	return code
}
