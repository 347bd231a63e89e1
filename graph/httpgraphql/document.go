package httpgraphql

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// document is a document that was parsed, measured and found valid. Operations
// that run at the same time share it, so nothing writes to it any more.
type document struct {
	query      *ast.QueryDocument
	conditions []string // variables that decide a @skip or @include
	bytes      int      // about what it holds in memory
}

// nodeBytes is about what a node of the syntax tree takes, its positions and
// comment group included; the text itself is counted apart.
const nodeBytes = 400

// prepare makes a document of text, or says why it is none that may be run.
func (h *Handler) prepare(text string) (*document, *Refusal) {
	key := sha256.Sum256([]byte(text))
	if doc, ok := h.documents.get(key); ok {
		return doc, nil
	}
	limits := h.config.Limits
	if h.config.Registered != nil && h.config.Registered(text) {
		limits.Tokens *= registeredFactor
	}
	query, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return nil, unparsed(err, limits)
	}
	if len(query.Operations) == 0 {
		return nil, refuseDocument(BadUserInput, "The document contains no operation.")
	}
	measured, found := check(query, limits)
	if found != nil {
		refusal := refuseDocument(found.code, found.message)
		refusal.Errors[0].Locations = locations(found.position)
		return nil, refusal
	}
	if errs, more := validate(h.schema.Schema(), query, limits.Errors, h.rules); len(errs) > 0 {
		return nil, invalid(errs, more)
	}
	for _, operation := range query.Operations {
		withoutDefer(operation.SelectionSet)
	}
	for _, fragment := range query.Fragments {
		withoutDefer(fragment.SelectionSet)
	}
	doc := &document{
		query:      query,
		conditions: measured.conditions,
		bytes:      len(text) + nodeBytes*(1+measured.nodes),
	}
	h.documents.add(key, doc, doc.bytes)
	return doc, nil
}

func unparsed(err error, limits Limits) *Refusal {
	refusal := refuseDocument(BadUserInput, "The document does not parse.")
	parsed, ok := err.(*gqlerror.Error)
	if !ok {
		return refusal // unreachable: the parser reports no other errors
	}
	first := refusal.Errors[0]
	first.Locations = parsed.Locations
	switch {
	case strings.HasPrefix(parsed.Message, "exceeded token limit"):
		first.Message = "The document has more than " + number(limits.Tokens) + " tokens, which is the limit."
		first.Locations = nil
	case strings.HasPrefix(parsed.Message, "exceeded maximum nesting depth"):
		first.Message = "The document nests deeper than the parser reads (" + number(parser.MaxNestingDepth) + " levels)."
		first.Extensions["code"] = ComplexityLimitExceeded
	default:
		first.Message = "The document does not parse: " + excerpt(parsed.Message, messageLength)
	}
	return refusal
}

func invalid(errs gqlerror.List, more bool) *Refusal {
	refusal := &Refusal{Status: 400, WellFormed: true}
	for _, err := range errs {
		message := err.Message
		if len(err.Path) > 0 {
			message = err.Path.String() + " " + message
		}
		refusal.Errors = append(refusal.Errors, &gqlerror.Error{
			Err:        errPresented,
			Message:    excerpt(message, messageLength),
			Locations:  err.Locations,
			Extensions: map[string]any{"code": BadUserInput},
		})
	}
	if more {
		refusal.Extensions = map[string]any{"validation": "ended after " + number(len(errs)) + " errors; there are more"}
	}
	return refusal
}

func locations(position *ast.Position) []gqlerror.Location {
	if position == nil {
		return nil
	}
	return []gqlerror.Location{{Line: position.Line, Column: position.Column}}
}

// ruleSet is the specification's rules in one order for all times, so that the
// same document gets the same errors.
var ruleSet = func() []core.Rule {
	var set []core.Rule
	for name, rule := range rules.NewDefaultRules().GetInner() {
		set = append(set, core.Rule{Name: name, RuleFunc: rule})
	}
	slices.SortFunc(set, func(a, b core.Rule) int { return strings.Compare(a.Name, b.Name) })
	return set
}()

// scalarRule refuses literals that a scalar of the schema does not take: the specification knows no more of them than that the
// server does, and an operation of which one field is malformed must not run at all.
func scalarRule(scalars map[string]func(any) error) core.Rule {
	return core.Rule{Name: "ValuesOfOwnScalars", RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, value *ast.Value) {
			if value.Definition == nil || value.Kind == ast.Variable || value.Kind == ast.NullValue {
				return
			}
			parse := scalars[value.Definition.Name]
			if parse == nil {
				return
			}
			literal, err := value.Value(nil)
			if err == nil {
				err = parse(literal)
			}
			if err != nil {
				addError(core.Message("%s", err.Error()), core.At(value.Position))
			}
		})
	}}
}

// enough ends a validation from within: the walker has no other way out.
type enough struct{}

// validate applies the specification's rules and ends at the error after the
// max-th. Unknown names are cheap to write and dear to report: each is compared
// with all names it could have meant.
func validate(schema *ast.Schema, query *ast.QueryDocument, max int, set []core.Rule) (errs gqlerror.List, more bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(enough); !ok {
				panic(r)
			}
			more = true
		}
	}()
	var events core.Events
	for _, rule := range set {
		rule.RuleFunc(&events, func(options ...core.ErrorOption) {
			if len(errs) == max {
				panic(enough{})
			}
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			errs = append(errs, err)
		})
	}
	core.Walk(schema, query, &events)
	return errs, false
}
