package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/direct"
	"github.com/rapporteur/rapporteur/graph/generated"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
	"github.com/rapporteur/rapporteur/graph/model"
)

// TestWrittenDirectlyIsWhatIsGenerated asks random questions over the whole schema, at random moments of the built-in negotiation, of two
// servers on one model: one writes what is plain by itself, the other leaves all to gqlgen.
func TestWrittenDirectlyIsWhatIsGenerated(t *testing.T) {
	questions := 250
	if long {
		questions = 40_000
	}
	b := readOnly(t)
	c := graph.Config{Model: b.model, Log: b.log}
	// All errors are told: which are left out of too many depends on which came first.
	c.Limits.Tokens, c.Limits.FieldErrors, c.Limits.ErrorBytes = 5_000, 10_000, 1<<30
	directly, generated := graph.Written(c, true), graph.Written(c, false)
	asker := newAsker(t, b)
	answered, bytesAnswered := 0, 0
	for seed := range questions {
		asker.rand = rand.New(rand.NewPCG(uint64(seed), 7))
		query, variables := asker.question()
		want, got := put(t, generated, query, variables), put(t, directly, query, variables)
		if !bytes.Contains(want, []byte(`"errors"`)) {
			answered++
			bytesAnswered += len(want)
		}
		if !bytes.Equal(got, want) && comparable(t, got) != comparable(t, want) {
			t.Fatalf("question %d: %s\nvariables %v\nis answered     %s\nand generated   %s", seed, query, variables, excerptAround(got, want), excerptAround(want, got))
		}
	}
	t.Logf("%d of %d questions answered without errors, %d bytes", answered, questions, bytesAnswered)
	if answered < questions/3 || bytesAnswered < 500*questions {
		t.Errorf("only %d of %d questions were answered without errors, with %d bytes: too few to show anything", answered, questions, bytesAnswered)
	}
}

func put(t *testing.T, h http.Handler, query string, variables map[string]any) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.Bytes()
}

var idsOfErrors = regexp.MustCompile(`"id":"[0-9a-f]{16}"`)

// comparable is an answer with errors, whose ids are random and whose order is that in which fields were done.
func comparable(t *testing.T, answer []byte) string {
	t.Helper()
	var a struct {
		Errors           []json.RawMessage
		Data, Extensions json.RawMessage
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	errors := make([]string, len(a.Errors))
	for i, e := range a.Errors {
		errors[i] = idsOfErrors.ReplaceAllString(string(e), "")
	}
	slices.Sort(errors)
	return strings.Join(errors, "\n") + string(a.Data) + string(a.Extensions)
}

// excerptAround shows an answer where it begins to differ.
func excerptAround(a, b []byte) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("at %d: %s", i, a[max(0, i-200):min(len(a), i+200)])
}

// asker makes up questions from the schema.
type asker struct {
	schema    *ast.Schema
	rand      *rand.Rand
	newest    int
	pools     map[string][]string // What arguments of a name may be.
	fragments []string
	names     int // Of aliases and fragments.
	budget    int
}

func newAsker(t *testing.T, b *bed) *asker {
	a := b.get(`{ states { id code } groups { id code } proposals(first: 50) { nodes { id slug documents { symbol } } } elements { id key options { id key } }
		positions(first: 30) { nodes { id } } endorsements(first: 30) { nodes { id } } sessions { key } }`)
	text := func(path string, of ...string) []string {
		var list []string
		for _, v := range a.list(path, of...) {
			if s, ok := v.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	states, groups, slugs, elements := text("states", "code"), text("groups", "code"), text("proposals.nodes", "slug"), text("elements", "key")
	var options, symbols []string
	for i := range elements {
		options = append(options, text(fmt.Sprintf("elements.%d.options", i), "key")...)
	}
	for i := range slugs {
		symbols = append(symbols, text(fmt.Sprintf("proposals.nodes.%d.documents", i), "symbol")...)
	}
	ids := slices.Concat(text("states", "id"), text("groups", "id"), text("proposals.nodes", "id"), text("positions.nodes", "id"), text("endorsements.nodes", "id"), text("elements", "id"))
	if len(ids) < 200 || len(options) == 0 || len(symbols) == 0 {
		t.Fatalf("too little to ask for: %d ids, %d options, %d documents", len(ids), len(options), len(symbols))
	}
	return &asker{
		schema: b.schema(), newest: int(b.model.At()),
		pools: map[string][]string{
			"code": states, "a": states, "b": states, "state": states, "states": states, "group": groups, "groups": groups, "actor": states, "actors": states, "documentSymbol": symbols,
			"slug": slugs, "proposal": slugs, "with": slugs, "element": elements, "elements": elements, "key": options, "option": options, "session": text("sessions", "key"),
			"id": ids, "ids": ids, "symbol": symbols, "text": {"security", "the", "programme of action"}, "name": {"France", "Brésil"}, "from": symbols, "to": symbols,
		},
	}
}

// schema is the one that is served.
func (b *bed) schema() *ast.Schema {
	return generated.NewExecutableSchema(generated.Config{}).Schema()
}

func (a *asker) chance(percent int) bool { return a.rand.IntN(100) < percent }

func (a *asker) fresh(prefix string) string { a.names++; return prefix + strconv.Itoa(a.names) }

func (a *asker) question() (string, map[string]any) {
	a.fragments, a.names, a.budget = nil, 0, 40+a.rand.IntN(60)
	body := a.selection(a.schema.Query, 0)
	return "query Q($yes: Boolean!, $no: Boolean!) " + body + "\n" + strings.Join(a.fragments, "\n"), map[string]any{"yes": true, "no": false}
}

// selection makes up what is asked for of a type.
func (a *asker) selection(of *ast.Definition, depth int) string {
	var parts []string
	fields := of.Fields
	for range 1 + a.rand.IntN(5) {
		if len(fields) == 0 {
			break
		}
		f := fields[a.rand.IntN(len(fields))]
		if strings.HasPrefix(f.Name, "__") || depth == 0 && (f.Name == "landscape" || f.Name == "compareDocuments") && !a.chance(5) {
			continue
		}
		if text := a.field(f, depth); text != "" {
			parts = append(parts, text)
		}
	}
	if a.chance(25) || len(parts) == 0 {
		parts = append(parts, "__typename")
	}
	if a.chance(20) && depth < 6 {
		parts = append(parts, "... "+a.condition()+a.selection(of, depth+1))
	}
	if a.chance(15) && depth < 6 {
		name := a.fresh("F")
		a.fragments = append(a.fragments, "fragment "+name+" on "+of.Name+" "+a.selection(of, depth+1))
		parts = append(parts, "..."+name+" "+a.condition())
	}
	if of.IsAbstractType() {
		for _, one := range a.schema.GetPossibleTypes(of) {
			if a.chance(70) && depth < 6 {
				parts = append(parts, "... on "+one.Name+" "+a.condition()+a.selection(one, depth+1))
			}
		}
	}
	for _, i := range of.Interfaces {
		if a.chance(15) && depth < 6 {
			parts = append(parts, "... on "+i+" "+a.selection(a.schema.Types[i], depth+1))
		}
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (a *asker) condition() string {
	if !a.chance(20) {
		return ""
	}
	return []string{"@skip(if: $no) ", "@skip(if: $yes) ", "@include(if: $yes) ", "@include(if: $no) ", "@include(if: true) "}[a.rand.IntN(5)]
}

func (a *asker) field(f *ast.FieldDefinition, depth int) string {
	inner := a.schema.Types[f.Type.Name()]
	if inner.IsCompositeType() && (depth >= 5 || a.budget <= 0) {
		return ""
	}
	a.budget--
	text := f.Name
	// A name of its own, since two fields of one name must be the same in all that they may be asked of.
	if len(f.Arguments) > 0 || a.chance(60) || depth > 0 && f.Name != "id" && f.Name != "targetKey" {
		text = a.fresh("x") + ": " + f.Name
	}
	var arguments []string
	for _, argument := range f.Arguments {
		if argument.Name == "after" || !argument.Type.NonNull && !a.chance(40) && argument.Name != "first" {
			continue
		}
		arguments = append(arguments, argument.Name+": "+a.value(argument.Name, argument.Type, 0))
	}
	if len(arguments) > 0 {
		text += "(" + strings.Join(arguments, ", ") + ")"
	}
	text += " " + a.condition()
	if inner.IsCompositeType() {
		text += a.selection(inner, depth+1)
	}
	return text
}

// value makes up an argument.
func (a *asker) value(name string, t *ast.Type, depth int) string {
	if t.Elem != nil {
		var items []string
		for range 1 + a.rand.IntN(3) {
			items = append(items, a.value(name, t.Elem, depth))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	switch t.NamedType {
	case "Int":
		return strconv.Itoa(1 + a.rand.IntN(6))
	case "Float":
		return fmt.Sprintf("0.%d", a.rand.IntN(10))
	case "Boolean":
		return strconv.FormatBool(a.chance(50))
	case "LogPosition":
		return strconv.Quote(strconv.Itoa(1 + a.rand.IntN(a.newest)))
	case "Date":
		return fmt.Sprintf(`"20%02d-%02d-15"`, 20+a.rand.IntN(6), 1+a.rand.IntN(12))
	case "DateTime":
		return fmt.Sprintf(`"2026-10-20T09:%02d:00Z"`, a.rand.IntN(30))
	}
	definition := a.schema.Types[t.NamedType]
	switch definition.Kind {
	case ast.Enum:
		return definition.EnumValues[a.rand.IntN(len(definition.EnumValues))].Name
	case ast.InputObject:
		one := definition.Directives.ForName("oneOf") != nil
		var fields []string
		list := slices.Clone(definition.Fields)
		a.rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for _, f := range list {
			if one && len(fields) == 1 || !one && !f.Type.NonNull && (!a.chance(40) || f.Name == "recordedAt") {
				continue
			}
			required := *f.Type
			required.NonNull = true
			fields = append(fields, f.Name+": "+a.value(f.Name, &required, depth+1))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	pool := a.pools[name]
	if len(pool) == 0 {
		pool = []string{"nothing"}
	}
	return strconv.Quote(pool[a.rand.IntN(len(pool))])
}

// broken answers with what no resolver of ours does.
type broken struct {
	generated.QueryResolver
	end          context.CancelFunc
	convergences []*model.Convergence
}

type brokenRoot struct {
	generated.ResolverRoot
	query broken
}

func (r brokenRoot) Query() generated.QueryResolver { return r.query }

func (b broken) Viewer(context.Context) (*model.Viewer, error) {
	return &model.Viewer{Roles: []auth.Role{auth.Reader, 99}}, nil // A word that the schema does not have.
}

func (b broken) Convergence(context.Context, []*model.TargetRef, []string, bool, *model.AsOf) ([]*model.Convergence, error) {
	if b.end != nil {
		b.end()
	}
	return b.convergences, nil
}

func (b broken) Matrix(context.Context, []*model.TargetRef, []string, *string, *model.AsOf) (*model.Matrix, error) {
	return &model.Matrix{}, nil // Which panics when it is asked anything.
}

// TestFaultsBelowWhatIsPlainAreGenerated has the errors of values that cannot be written, their paths and what becomes null, from
// gqlgen's own code.
func TestFaultsBelowWhatIsPlainAreGenerated(t *testing.T) {
	view := readOnly(t).model.Newest()
	m := model.Moment{View: view}
	whole := view.Convergences(view.TargetsWhere(nil, nil, false))[:3]
	endless := *whole[1]
	endless.Declared = math.Inf(1)
	fine, infinite := model.NewConvergences(m, whole), model.NewConvergence(m, &endless)
	for name, test := range map[string]struct {
		broken
		query, want string
	}{
		"a value without a word":         {query: `{ viewer { roles } at: __typename }`, want: `"path":["viewer","roles",1]`},
		"a null among objects":           {broken: broken{convergences: []*model.Convergence{fine[0], nil, fine[2]}}, query: `{ convergence { declared } }`, want: `"path":["convergence",1]`},
		"a number without an end":        {broken: broken{convergences: []*model.Convergence{fine[0], infinite}}, query: `{ convergence { tally { support } declared } }`, want: `"path":["convergence",1,"declared"]`},
		"a panic":                        {query: `{ matrix { rows } viewer { subject } }`, want: `"path":["matrix","rows"]`},
		"a panic in one of many objects": {broken: broken{convergences: []*model.Convergence{fine[0], {}, fine[2]}}, query: `{ convergence { consensus } }`, want: `"path":["convergence",1,"consensus"]`},
		"nobody waits":                   {broken: broken{convergences: fine}, query: `{ convergence { declared } }`},
		"nothing is wrong":               {broken: broken{convergences: fine}, query: `{ convergence { declared standings { state { code } stance } } }`, want: `"declared":`},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(directly bool) string {
				ctx, end := context.WithCancel(t.Context())
				defer end()
				if name == "nobody waits" {
					test.end = end
				}
				config := httpgraphql.Config{Logger: slog.New(slog.DiscardHandler)}
				config.Prepare = func(ctx context.Context, _ *ast.OperationDefinition) context.Context { return direct.Begin(ctx) }
				if directly {
					config.Field = generated.Direct.Field
				}
				r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(fmt.Sprintf(`{"query":%q}`, test.query)))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				httpgraphql.New(generated.NewExecutableSchema(generated.Config{Resolvers: brokenRoot{query: test.broken}}), config).ServeHTTP(w, r)
				return comparable(t, w.Body.Bytes())
			}
			got, want := ask(true), ask(false)
			if got != want || !strings.Contains(want, test.want) {
				t.Errorf("answers   %s\ngenerated %s\nwant %s in it", got, want, test.want)
			}
		})
	}
}
