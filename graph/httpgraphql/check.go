package httpgraphql

import (
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// fault is one thing wrong with a document, found before it is validated.
type fault struct {
	code     string
	message  string
	position *ast.Position
}

// measured is what check learned about a document that passed.
type measured struct {
	nodes      int      // parts of the syntax tree, to estimate its size in memory
	conditions []string // variables that decide a @skip or @include
}

// check refuses documents that would be costly to validate or to run, before
// either happens. The document has been parsed and nothing else: names may be
// unknown, fragments missing, doubled or in a circle.
//
// Three passes, each bounded by the one before:
//
//  1. the document as written — linear in its tokens;
//  2. selections and depth with fragments expanded — still linear in its tokens,
//     for each fragment is measured once and sums saturate: thirty fragments
//     that double are 2^30 fields in two kilobytes of text;
//  3. the levels that execution will merge — linear in the expanded selections,
//     whose number pass 2 has limited.
func check(doc *ast.QueryDocument, limits Limits) (measured, *fault) {
	c := checker{
		limits:    limits,
		fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)),
		extents:   make(map[string]extent, len(doc.Fragments)),
	}
	for _, fragment := range doc.Fragments {
		// Of two fragments with one name the first counts, as in validation, which then refuses both.
		if _, ok := c.fragments[fragment.Name]; !ok {
			c.fragments[fragment.Name] = fragment
		}
	}
	c.written(doc)
	roots := c.roots(doc)
	if c.fault == nil {
		c.measure(doc, roots)
	}
	if c.fault == nil {
		for _, root := range roots {
			c.merge(root, newLevel())
		}
	}
	return c.measured, c.fault
}

type checker struct {
	measured
	limits    Limits
	fragments map[string]*ast.FragmentDefinition
	extents   map[string]extent
	fault     *fault // the first one; every walk ends at it

	directives int
	seen       map[string]bool // names in conditions
}

func (c *checker) refuse(position *ast.Position, code, message string) {
	if c.fault == nil {
		c.fault = &fault{code: code, message: message, position: position}
	}
}

// Pass 1: the document as written.

func (c *checker) written(doc *ast.QueryDocument) {
	for _, operation := range doc.Operations {
		c.name(operation.Position, operation.Name)
		for _, variable := range operation.VariableDefinitions {
			c.nodes++
			c.name(variable.Position, variable.Variable)
			c.namedType(variable.Type)
			c.value(variable.DefaultValue)
			c.directiveList(variable.Directives)
		}
		c.directiveList(operation.Directives)
		c.selections(operation.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		c.name(fragment.Position, fragment.Name)
		c.name(fragment.Position, fragment.TypeCondition)
		// Variables of fragments are a syntax that never became part of the
		// language; the parser reads them, the validator passes over them.
		if len(fragment.VariableDefinition) > 0 {
			c.refuse(fragment.Position, BadUserInput, "A fragment cannot define variables.")
		}
		c.directiveList(fragment.Directives)
		c.selections(fragment.SelectionSet)
	}
}

func (c *checker) selections(set ast.SelectionSet) {
	for _, selection := range set {
		if c.fault != nil {
			return
		}
		c.nodes++
		switch s := selection.(type) {
		case *ast.Field:
			c.name(s.Position, s.Name)
			c.name(s.Position, s.Alias)
			c.arguments(s.Arguments)
			c.directiveList(s.Directives)
			c.selections(s.SelectionSet)
		case *ast.InlineFragment:
			c.name(s.Position, s.TypeCondition)
			c.directiveList(s.Directives)
			c.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			c.name(s.Position, s.Name)
			c.directiveList(s.Directives)
		}
	}
}

func (c *checker) directiveList(directives ast.DirectiveList) {
	for _, directive := range directives {
		c.nodes++
		c.directives++
		if c.directives > c.limits.Directives {
			c.refuse(directive.Position, ComplexityLimitExceeded,
				"The document has more than "+number(c.limits.Directives)+" directives, which is the limit.")
			return
		}
		c.name(directive.Position, directive.Name)
		c.arguments(directive.Arguments)
		if directive.Name == "skip" || directive.Name == "include" {
			for _, argument := range directive.Arguments {
				if argument.Value != nil && argument.Value.Kind == ast.Variable {
					c.condition(argument.Value.Raw)
				}
			}
		}
	}
}

func (c *checker) condition(variable string) {
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	if !c.seen[variable] {
		c.seen[variable] = true
		c.conditions = append(c.conditions, variable)
	}
}

func (c *checker) arguments(arguments ast.ArgumentList) {
	for _, argument := range arguments {
		c.nodes++
		c.name(argument.Position, argument.Name)
		c.value(argument.Value)
	}
}

func (c *checker) value(value *ast.Value) {
	if value == nil || c.fault != nil {
		return
	}
	c.nodes++
	switch value.Kind {
	case ast.IntValue:
		// The executor panics over a number that does not fit, if the argument is
		// of a type it leaves to the schema.
		if _, err := strconv.ParseInt(value.Raw, 10, 64); err != nil {
			c.refuse(value.Position, BadUserInput, "The whole number "+excerpt(value.Raw, 40)+" does not fit into 64 bits.")
		}
	case ast.FloatValue:
		if _, err := strconv.ParseFloat(value.Raw, 64); err != nil {
			c.refuse(value.Position, BadUserInput, "The number "+excerpt(value.Raw, 40)+" is too large.")
		}
	case ast.Variable, ast.EnumValue:
		c.name(value.Position, value.Raw)
	}
	for _, child := range value.Children {
		c.name(child.Position, child.Name)
		c.value(child.Value)
	}
}

func (c *checker) namedType(t *ast.Type) {
	for ; t != nil; t = t.Elem {
		c.name(t.Position, t.NamedType)
	}
}

func (c *checker) name(position *ast.Position, name string) {
	if len(name) > c.limits.Name {
		c.refuse(position, BadUserInput,
			"The name that begins with "+strconv.Quote(excerpt(name, 40))+" is longer than "+number(c.limits.Name)+" characters, which is the limit.")
	}
}

// Pass 2: selections and depth with fragments expanded.

// extent is what a selection set amounts to once its fragments are expanded.
type extent struct {
	selections int // fields, fragment spreads and inline fragments; saturating
	depth      int // fields nested in fields
	open       bool
}

func (c *checker) measure(doc *ast.QueryDocument, roots []ast.SelectionSet) {
	total := 0
	for i, root := range roots {
		position := rootPosition(doc, i, root)
		e := c.extent(root)
		if c.fault != nil {
			return
		}
		total = add(total, e.selections)
		if total > c.limits.Selections {
			c.refuse(position, ComplexityLimitExceeded,
				"The document selects more than "+number(c.limits.Selections)+" fields once its fragments are expanded, which is the limit.")
			return
		}
		if e.depth > c.limits.Depth {
			c.refuse(position, ComplexityLimitExceeded,
				"The document nests fields "+number(e.depth)+" deep; the limit is "+number(c.limits.Depth)+".")
			return
		}
	}
}

func (c *checker) extent(set ast.SelectionSet) extent {
	var sum extent
	for _, selection := range set {
		if c.fault != nil {
			return sum
		}
		var part extent
		switch s := selection.(type) {
		case *ast.Field:
			part = c.extent(s.SelectionSet)
			part.depth++
		case *ast.InlineFragment:
			part = c.extent(s.SelectionSet)
		case *ast.FragmentSpread:
			part = c.fragmentExtent(s)
		}
		sum.selections = add(sum.selections, add(part.selections, 1))
		sum.depth = max(sum.depth, part.depth)
	}
	return sum
}

func (c *checker) fragmentExtent(spread *ast.FragmentSpread) extent {
	known, ok := c.extents[spread.Name]
	if known.open {
		// Validation finds circles too, but by then other rules have walked them.
		c.refuse(spread.Position, BadUserInput, "The fragment "+strconv.Quote(spread.Name)+" contains itself, directly or through others.")
		return extent{}
	}
	if ok {
		return known
	}
	fragment := c.fragments[spread.Name]
	if fragment == nil {
		return extent{} // Validation will name it.
	}
	c.extents[spread.Name] = extent{open: true}
	e := c.extent(fragment.SelectionSet)
	c.extents[spread.Name] = e
	return e
}

// add saturates: the sums of doubling fragments leave any integer behind.
func add(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// roots are the selection sets from which everything in the document is
// reached: its operations, then the fragments no operation reaches. Validation
// refuses the latter, yet works through them first.
func (c *checker) roots(doc *ast.QueryDocument) []ast.SelectionSet {
	roots := make([]ast.SelectionSet, 0, len(doc.Operations))
	reached := make(map[string]bool, len(doc.Fragments))
	var reach func(set ast.SelectionSet)
	reach = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				reach(s.SelectionSet)
			case *ast.InlineFragment:
				reach(s.SelectionSet)
			case *ast.FragmentSpread:
				if fragment := c.fragments[s.Name]; fragment != nil && !reached[s.Name] {
					reached[s.Name] = true
					reach(fragment.SelectionSet)
				}
			}
		}
	}
	for _, operation := range doc.Operations {
		roots = append(roots, operation.SelectionSet)
		reach(operation.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		// A second fragment of the same name is reached by nobody.
		if !reached[fragment.Name] || c.fragments[fragment.Name] != fragment {
			roots = append(roots, fragment.SelectionSet)
		}
	}
	return roots
}

func rootPosition(doc *ast.QueryDocument, i int, root ast.SelectionSet) *ast.Position {
	if i < len(doc.Operations) {
		return doc.Operations[i].Position
	}
	if len(root) > 0 {
		return root[0].GetPosition()
	}
	return nil
}

// Pass 3: levels as execution merges them.

// level is one selection set of the answer: all selections that end up in the
// same object, from wherever in the document they come. The rule that
// overlapping fields must be mergeable compares every two that share a response
// name, so their number on one level is what has to be small.
type level struct {
	keys   map[string]*responseKey
	fields map[string]int  // response names in use for a field
	spread map[string]bool // fragments already expanded here: a second spread adds nothing
}

type responseKey struct {
	occurrences int
	below       *level
}

func newLevel() *level {
	return &level{keys: map[string]*responseKey{}, fields: map[string]int{}}
}

func (c *checker) merge(set ast.SelectionSet, here *level) {
	for _, selection := range set {
		if c.fault != nil {
			return
		}
		switch s := selection.(type) {
		case *ast.Field:
			name := s.Alias // The parser puts the name there if there is no alias.
			key := here.keys[name]
			if key == nil {
				key = &responseKey{}
				here.keys[name] = key
				here.fields[s.Name]++
				if here.fields[s.Name] > c.limits.Aliases {
					c.refuse(s.Position, ComplexityLimitExceeded,
						"The field "+strconv.Quote(s.Name)+" has more than "+number(c.limits.Aliases)+" aliases in one place, which is the limit.")
					return
				}
			}
			key.occurrences++
			if key.occurrences > c.limits.Repeats {
				c.refuse(s.Position, ComplexityLimitExceeded,
					strconv.Quote(name)+" is selected more than "+number(c.limits.Repeats)+" times in one place, which is the limit.")
				return
			}
			if len(s.SelectionSet) > 0 {
				if key.below == nil {
					key.below = newLevel()
				}
				c.merge(s.SelectionSet, key.below)
			}
		case *ast.InlineFragment:
			c.merge(s.SelectionSet, here)
		case *ast.FragmentSpread:
			fragment := c.fragments[s.Name]
			if fragment == nil || here.spread[s.Name] {
				continue
			}
			if here.spread == nil {
				here.spread = map[string]bool{}
			}
			here.spread[s.Name] = true
			c.merge(fragment.SelectionSet, here)
		}
	}
}

// withoutDefer takes @defer off a document; see the package comment for why.
func withoutDefer(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			withoutDefer(s.SelectionSet)
		case *ast.InlineFragment:
			s.Directives = dropDefer(s.Directives)
			withoutDefer(s.SelectionSet)
		case *ast.FragmentSpread:
			s.Directives = dropDefer(s.Directives)
		}
	}
}

func dropDefer(directives ast.DirectiveList) ast.DirectiveList {
	if directives.ForName("defer") == nil {
		return directives
	}
	kept := make(ast.DirectiveList, 0, len(directives))
	for _, directive := range directives {
		if directive.Name != "defer" {
			kept = append(kept, directive)
		}
	}
	return kept
}
