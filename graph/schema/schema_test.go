// Package schema_test checks the public schema: that it says no more and nothing else than the contract, that all of
// it is described, that it only grows, and that the examples beside it fit it.
package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

var update = flag.Bool("update", false, "rewrite testdata/base.graphqls")

// notServed lists what the contract has and the schema has not yet. A type stands for all its members, a field for its
// arguments. An entry that is served fails TestServesOnlyTheContract, so the list shrinks as things are built.
var notServed = []string{

	// Proof.
	"Query.checkpoint", "Checkpoint", "Query.inclusionProof", "InclusionProof",
	"Query.consistencyProof", "ConsistencyProof", "Query.digest", "Digest",
}

// extensions lists what is served beyond the contract ("extend where a capability needs more"), by capability. A type stands for all
// its members, a field for its arguments. An entry that is not served fails TestServesOnlyTheContract.
var extensions = []string{
	// Documents compared.
	"Query.compareDocuments", "DocumentComparison", "ParagraphComparison", "ParagraphChange", "TextRun", "TextRunKind",
}

// element is one thing that a schema declares, under its coordinate: Type, Type.field, Type.field(arg:), Enum.VALUE or
// @directive (GraphQL specification, appendix on schema coordinates).
type element struct {
	kind        string    // "OBJECT", "ENUM", …; "field", "argument", "input field", "value", "directive".
	typ         *ast.Type // Of fields and arguments.
	def         *ast.Value
	directives  []string // Written out with their arguments, sorted.
	interfaces  []string // Of objects and interfaces, sorted.
	members     []string // Of unions, sorted.
	description string
}

func (e element) String() string {
	var b strings.Builder
	b.WriteString(e.kind)
	if e.typ != nil {
		fmt.Fprintf(&b, " of type %s", e.typ)
	}
	if e.def != nil {
		fmt.Fprintf(&b, " = %s", e.def)
	}
	for _, d := range e.directives {
		b.WriteString(" " + d)
	}
	if len(e.interfaces) > 0 {
		b.WriteString(" implements " + strings.Join(e.interfaces, " & "))
	}
	if len(e.members) > 0 {
		b.WriteString(" = " + strings.Join(e.members, " | "))
	}
	return b.String()
}

// input says that clients write a value of e's type, so that asking less is what they survive; otherwise they read it.
func (e element) input() bool { return e.kind == "argument" || e.kind == "input field" }

// required says that a client which leaves e out is refused.
func (e element) required() bool { return e.typ.NonNull && e.def == nil }

// elements gives all that s declares itself, by coordinate: nothing of the language's own types and directives.
func elements(s *ast.Schema) map[string]element {
	all := make(map[string]element)
	for _, t := range s.Types {
		if t.BuiltIn {
			continue
		}
		all[t.Name] = element{
			kind: string(t.Kind), directives: written(t.Directives), description: t.Description,
			interfaces: slices.Sorted(slices.Values(t.Interfaces)), members: slices.Sorted(slices.Values(t.Types)),
		}
		kind := "field"
		if t.Kind == ast.InputObject {
			kind = "input field"
		}
		for _, f := range t.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			at := t.Name + "." + f.Name
			all[at] = element{kind: kind, typ: f.Type, def: f.DefaultValue, directives: written(f.Directives), description: f.Description}
			addArguments(all, at, f.Arguments)
		}
		for _, v := range t.EnumValues {
			all[t.Name+"."+v.Name] = element{kind: "value", directives: written(v.Directives), description: v.Description}
		}
	}
	for _, d := range s.Directives {
		if d.Position != nil && d.Position.Src != nil && d.Position.Src.BuiltIn {
			continue
		}
		all["@"+d.Name] = element{kind: "directive", description: d.Description}
		addArguments(all, "@"+d.Name, d.Arguments)
	}
	return all
}

func addArguments(all map[string]element, at string, arguments ast.ArgumentDefinitionList) {
	for _, a := range arguments {
		all[at+"("+a.Name+":)"] = element{
			kind: "argument", typ: a.Type, def: a.DefaultValue, directives: written(a.Directives), description: a.Description,
		}
	}
}

func written(directives ast.DirectiveList) []string {
	var all []string
	for _, d := range directives {
		var arguments []string
		for _, a := range d.Arguments {
			arguments = append(arguments, a.Name+": "+a.Value.String())
		}
		text := "@" + d.Name
		if len(arguments) > 0 {
			text += "(" + strings.Join(arguments, ", ") + ")"
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

// load reads the schema that the files of a pattern declare together.
func load(t *testing.T, pattern string) *ast.Schema {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no file matches %s", pattern)
	}
	var sources []*ast.Source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	s, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func served(t *testing.T) *ast.Schema   { return load(t, "*.graphqls") }
func contract(t *testing.T) *ast.Schema { return load(t, "testdata/contract.graphqls") }

func sorted(all map[string]element) []string { return slices.Sorted(maps.Keys(all)) }

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// The contract's own words may be fewer than three ("Who asks."); ours may not.
func TestEverythingIsDescribed(t *testing.T) {
	promised := elements(contract(t))
	all := elements(served(t))
	for _, at := range sorted(all) {
		is := words(all[at].description)
		if should := words(promised[at].description); should != "" {
			// More may be said than the contract does, nothing less and nothing else.
			if !strings.HasPrefix(is, should) {
				t.Errorf("%s is described differently from the contract:\n%s", at, cmp.Diff(should, is))
			}
			continue
		}
		switch {
		case is == "":
			t.Errorf("%s has no description", at)
		case len(strings.Fields(is)) < 3:
			t.Errorf("%s: %q is too little to be of use", at, is)
		case !strings.HasSuffix(is, "."):
			t.Errorf("%s: %q does not end in a full stop", at, is)
		}
		// Who has no stance on record may well have spoken: elsewhere, or unrecorded.
		if strings.Contains(strings.ToLower(strings.ReplaceAll(is, "SILENT", "")), "silent") {
			t.Errorf("%s: %q calls somebody silent; say %q", at, is, "no stance on record")
		}
	}
}

func TestServesOnlyTheContract(t *testing.T) {
	promised, all := elements(contract(t)), elements(served(t))
	for _, at := range sorted(all) {
		want, ok := promised[at]
		if !ok {
			if !slices.ContainsFunc(extensions, func(more string) bool { return within(at, more) }) {
				t.Errorf("%s is served and not in the contract, nor listed as an extension", at)
			}
			continue
		}
		if got := all[at].String(); got != want.String() {
			t.Errorf("%s is %s; the contract has %s", at, got, want)
		}
	}

	for _, at := range notServed {
		if _, ok := promised[at]; !ok {
			t.Errorf("%s is listed as not served, but the contract has no such thing", at)
		}
		if _, ok := all[at]; ok {
			t.Errorf("%s is served: take it off the list of what is not", at)
		}
	}
	for _, at := range sorted(promised) {
		if _, ok := all[at]; ok {
			continue
		}
		if !slices.ContainsFunc(notServed, func(left string) bool { return within(at, left) }) {
			t.Errorf("%s of the contract is neither served nor listed as not served", at)
		}
	}
	for _, more := range extensions {
		if _, ok := all[more]; !ok {
			t.Errorf("%s is listed as an extension and not served", more)
		}
		if _, ok := promised[more]; ok {
			t.Errorf("%s is in the contract: it is no extension", more)
		}
	}
	listed := slices.Clone(notServed)
	slices.Sort(listed)
	if n := len(listed) - len(slices.Compact(listed)); n > 0 {
		t.Errorf("%d entries are listed twice as not served", n)
	}
}

// within says whether a coordinate is that of a thing or of a part of it.
func within(at, thing string) bool {
	rest, ok := strings.CutPrefix(at, thing)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '(')
}

// What nothing leads to cannot be asked for: it would be served for nothing.
func TestEveryTypeIsReachable(t *testing.T) {
	s := served(t)
	seen := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		def := s.Types[name]
		for _, f := range def.Fields {
			visit(f.Type.Name())
			for _, a := range f.Arguments {
				visit(a.Type.Name())
			}
		}
		for _, i := range def.Interfaces {
			visit(i)
		}
		if def.IsAbstractType() {
			for _, p := range s.GetPossibleTypes(def) {
				visit(p.Name)
			}
		}
	}
	for _, root := range []*ast.Definition{s.Query, s.Mutation, s.Subscription} {
		if root != nil {
			visit(root.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Types)) {
		if def := s.Types[name]; !def.BuiltIn && !seen[name] {
			t.Errorf("%s %s is declared, and no operation leads to it", def.Kind, name)
		}
	}
}

// broken says what of the schema old a client may rely on and new does not keep: the schema may give more and ask less.
func broken(old, new map[string]element) []string {
	var faults []string
	fault := func(at, format string, args ...any) {
		faults = append(faults, at+" "+fmt.Sprintf(format, args...))
	}
	for _, at := range sorted(old) {
		was, is := old[at], new[at]
		if is.kind == "" {
			fault(at, "is gone")
			continue
		}
		if is.kind != was.kind {
			fault(at, "was %s and is %s", was.kind, is.kind)
			continue
		}
		if was.typ != nil {
			keeps := gives(was.typ, is.typ)
			if was.input() {
				keeps = gives(is.typ, was.typ)
			}
			if !keeps {
				fault(at, "was of type %s and is of type %s", was.typ, is.typ)
			}
			if was.input() && !was.required() && is.required() {
				fault(at, "could be left out and no longer can")
			}
			// Where it had to be given, a default is new freedom; else it changes what leaving it out means.
			if !was.required() && text(was.def) != text(is.def) {
				fault(at, "had the default %s and has %s", text(was.def), text(is.def))
			}
		}
		for _, i := range was.interfaces {
			if !slices.Contains(is.interfaces, i) {
				fault(at, "no longer implements %s", i)
			}
		}
		for _, m := range was.members {
			if !slices.Contains(is.members, m) {
				fault(at, "no longer has the member %s", m)
			}
		}
		undeprecated := func(all []string) []string {
			return slices.DeleteFunc(slices.Clone(all), func(d string) bool { return strings.HasPrefix(d, "@deprecated") })
		}
		if was, is := undeprecated(was.directives), undeprecated(is.directives); !slices.Equal(was, is) {
			fault(at, "had the directives %q and has %q", was, is)
		}
	}
	for _, at := range sorted(new) {
		if _, ok := old[at]; ok || !new[at].input() || !new[at].required() {
			continue
		}
		// A new argument of a new field, a new field of a new input, is free to be required.
		parent := at[:max(strings.LastIndexByte(at, '('), 0)]
		if parent == "" {
			parent = at[:strings.LastIndexByte(at, '.')]
		}
		if _, ok := old[parent]; ok {
			fault(at, "is new and cannot be left out")
		}
	}
	return faults
}

func text(v *ast.Value) string {
	if v == nil {
		return "none"
	}
	return v.String()
}

// gives says that whoever counts on a value of type was is content with one of type is.
func gives(was, is *ast.Type) bool {
	if was.NonNull && !is.NonNull {
		return false
	}
	if was.Elem != nil && is.Elem != nil {
		return gives(was.Elem, is.Elem)
	}
	return was.Elem == nil && is.Elem == nil && was.NamedType == is.NamedType
}

// canonical prints a schema in one fixed form, descriptions left out: sorted by type, and by member within.
func canonical(s *ast.Schema) []byte {
	for _, def := range s.Types {
		slices.SortFunc(def.Fields, func(a, b *ast.FieldDefinition) int { return strings.Compare(a.Name, b.Name) })
	}
	var b bytes.Buffer
	b.WriteString("# The public schema as clients know it. It only grows; `go test ./graph/schema -update` writes it anew.\n\n")
	formatter.NewFormatter(&b, formatter.WithoutDescription(), formatter.WithIndent("  ")).FormatSchema(s)
	return b.Bytes()
}

func TestSchemaOnlyGrows(t *testing.T) {
	const base = "testdata/base.graphqls"
	now := canonical(served(t))
	was, err := os.ReadFile(base)
	if err != nil && !(*update && errors.Is(err, fs.ErrNotExist)) {
		t.Fatal(err)
	}
	if err == nil {
		faults := broken(elements(load(t, base)), elements(served(t)))
		for _, f := range faults {
			t.Errorf("clients break: %s", f)
		}
		if *update && len(faults) > 0 {
			t.Logf("%s is written anew all the same: undo it unless no client has seen what is gone", base)
		}
	}
	if *update {
		if err := os.WriteFile(base, now, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	// What is new is promised from now on, so it belongs in the file as well.
	if diff := cmp.Diff(strings.Split(string(was), "\n"), strings.Split(string(now), "\n")); diff != "" {
		t.Errorf("%s is behind the schema; run with -update and read the diff (-base +schema):\n%s", base, diff)
	}
}

// The judge of TestSchemaOnlyGrows is judged itself, change by change.
func TestBrokenNamesWhatClientsLose(t *testing.T) {
	const before = `
		interface Named { name: String }
		type Query { one(a: Int, b: Int! = 1, c: Int!): Thing many: [Thing!] stays: Int! }
		type Thing implements Named { name: String kind: Kind }
		enum Kind { A B }
		input In { x: Int! y: [Int!] }
		input Either @oneOf { x: Int y: Int }
		extend type Query { in(in: In, either: Either): Int }`
	for _, test := range []struct {
		name, old, new string
		want           string // Empty where clients lose nothing.
	}{
		{"nothing", "", "", ""},
		{"new field", "stays: Int!", "stays: Int! fresh(must: Int!): Int", ""},
		{"new value", "{ A B }", "{ A B C }", ""},
		{"new optional argument", "a: Int,", "a: Int, d: Int,", ""},
		{"new optional input field", "input In {", "input In { z: Int", ""},
		{"never null any more", "many: [Thing!]", "many: [Thing!]!", ""},
		{"argument no longer required", "c: Int!", "c: Int", ""},
		{"argument gets a default", "c: Int!", "c: Int! = 3", ""},
		{"input field no longer required", "x: Int! y", "x: Int y", ""},
		{"deprecated", "stays: Int!", `stays: Int! @deprecated(reason: "old")`, ""},

		{"field gone", "stays: Int!", "", "Query.stays is gone"},
		{"value gone", "{ A B }", "{ A }", "Kind.B is gone"},
		{"argument gone", "a: Int,", "", "Query.one(a:) is gone"},
		{"input field gone", "y: [Int!]", "", "In.y is gone"},
		{"null now", "stays: Int!", "stays: Int", "Query.stays was of type Int! and is of type Int"},
		{"null in list now", "many: [Thing!]", "many: [Thing]", "Query.many was of type [Thing!] and is of type [Thing]"},
		{"one for many", "many: [Thing!]", "many: Thing", "Query.many was of type [Thing!] and is of type Thing"},
		{"other type", "stays: Int!", "stays: Float!", "Query.stays was of type Int! and is of type Float!"},
		{"argument required", "a: Int,", "a: Int! = 2,", "Query.one(a:) was of type Int and is of type Int!; Query.one(a:) had the default none and has 2"},
		{"default gone", "b: Int! = 1", "b: Int!", "Query.one(b:) could be left out and no longer can; Query.one(b:) had the default 1 and has none"},
		{"default changed", "b: Int! = 1", "b: Int! = 2", "Query.one(b:) had the default 1 and has 2"},
		{"null in input list refused", "input In { x: Int! y: [Int!] }", "input In { x: Int! y: [Int!]! }", "In.y was of type [Int!] and is of type [Int!]!; In.y could be left out and no longer can"},
		{"new required argument", "a: Int,", "a: Int, d: Int!,", "Query.one(d:) is new and cannot be left out"},
		{"new required input field", "input In {", "input In { z: Int!", "In.z is new and cannot be left out"},
		{"interface left", "Thing implements Named", "Thing", "Thing no longer implements Named"},
		{"other kind", "enum Kind { A B }", "scalar Kind", "Kind was ENUM and is SCALAR; Kind.A is gone; Kind.B is gone"},
		{"oneOf gone", " @oneOf", "", `Either had the directives ["@oneOf"] and has []`},
	} {
		t.Run(test.name, func(t *testing.T) {
			after := strings.Replace(before, test.old, test.new, 1)
			if test.old != "" && after == before {
				t.Fatalf("%q is not in the schema", test.old)
			}
			parse := func(text string) map[string]element {
				s, err := gqlparser.LoadSchema(&ast.Source{Input: text})
				if err != nil {
					t.Fatal(err)
				}
				return elements(s)
			}
			if got := strings.Join(broken(parse(before), parse(after)), "; "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// example is a file of the folder examples, read as its README says.
type example struct {
	text      string
	question  string
	variables map[string]any
	operation *ast.OperationDefinition
}

var variablesLine = regexp.MustCompile(`^# variables: (\{.*\})$`)

func readExamples(t *testing.T, s *ast.Schema) map[string]example {
	t.Helper()
	files, err := filepath.Glob("examples/*.graphql")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]example)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e := example{text: string(raw)}
		lines := strings.Split(e.text, "\n")
		e.question, _ = strings.CutPrefix(lines[0], "# ")
		if m := variablesLine.FindStringSubmatch(lines[1]); m != nil {
			if err := json.Unmarshal([]byte(m[1]), &e.variables); err != nil {
				t.Fatalf("%s:2: %v", file, err)
			}
		}
		document, faults := gqlparser.LoadQueryWithRules(s, e.text, rules.NewDefaultRules())
		if len(faults) > 0 {
			t.Errorf("%s does not fit the schema: %v", file, faults)
			continue
		}
		if len(document.Operations) != 1 {
			t.Errorf("%s has %d operations; one answers one question", file, len(document.Operations))
			continue
		}
		e.operation = document.Operations[0]
		all[filepath.Base(file)] = e
	}
	return all
}

func TestExamples(t *testing.T) {
	s := served(t)
	examples := readExamples(t, s)

	shown := make(map[string]bool)
	for name, e := range examples {
		if !strings.Contains(e.question, "?") {
			t.Errorf("%s does not begin with the question that it answers", name)
		}
		if e.operation.Name == "" {
			t.Errorf("%s: the operation has no name", name)
		}
		root := s.Query.Name
		switch e.operation.Operation {
		case ast.Mutation:
			root = s.Mutation.Name
		case ast.Subscription:
			root = s.Subscription.Name
		}
		for _, selection := range e.operation.SelectionSet {
			shown[root+"."+selection.(*ast.Field).Name] = true
		}
		for _, v := range e.operation.VariableDefinitions {
			if _, ok := e.variables[v.Variable]; !ok {
				t.Errorf("%s: the second line gives no value for $%s", name, v.Variable)
			}
		}
		for variable, value := range e.variables {
			if e.operation.VariableDefinitions.ForName(variable) == nil {
				t.Errorf("%s: the operation has no variable $%s", name, variable)
			}
			values, ok := value.([]any)
			if !ok {
				values = []any{value}
			}
			for _, value := range values {
				reference, ok := value.(string)
				file, pointer, found := strings.Cut(reference, "#")
				if !ok || !found {
					continue
				}
				other, ok := examples[file]
				if !ok {
					t.Errorf("%s: there is no example %s to take $%s from", name, file, variable)
					continue
				}
				if len(other.operation.VariableDefinitions) > 0 {
					t.Errorf("%s: %s has variables itself, so $%s cannot be taken from it", name, file, variable)
				}
				if !selects(other.operation.SelectionSet, pointer) {
					t.Errorf("%s: %s does not ask for %s", name, file, pointer)
				}
			}
		}
	}

	for _, root := range []*ast.Definition{s.Query, s.Mutation, s.Subscription} {
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			if at := root.Name + "." + f.Name; !strings.HasPrefix(f.Name, "__") && !shown[at] {
				t.Errorf("no example shows %s", at)
			}
		}
	}
}

// selects says that an answer to the selections has a single value where the JSON pointer leads.
func selects(selections ast.SelectionSet, pointer string) bool {
	key, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return false
	}
	key, rest, more := strings.Cut(key, "/")
	for _, selection := range selections {
		f, ok := selection.(*ast.Field)
		if !ok || f.Alias != key {
			continue
		}
		if f.Definition.Type.Elem != nil { // Of a list the pointer names one element.
			var index string
			if index, rest, more = strings.Cut(rest, "/"); !regexp.MustCompile(`^(0|[1-9][0-9]*)$`).MatchString(index) {
				return false
			}
		}
		if !more {
			return len(f.SelectionSet) == 0
		}
		return selects(f.SelectionSet, "/"+rest)
	}
	return false
}
