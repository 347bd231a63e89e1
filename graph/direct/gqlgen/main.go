// Command gqlgen is gqlgen's own, with one plugin: it writes direct.go beside gqlgen's files, which says how values of plain types are
// written (package direct). It is run as `go tool gqlgen generate`, in the folder of gqlgen.yml.
//
// A field is plain if it is bound to a struct field, or to a method that takes no context and gives no error, and if gqlgen would add
// nothing to its value. Whatever this program does not know in gqlgen's data is not plain, so that gqlgen goes on writing it.
package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

func main() {
	if len(os.Args) != 2 || os.Args[1] != "generate" {
		fmt.Fprintln(os.Stderr, "usage: go tool gqlgen generate")
		os.Exit(2)
	}
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err == nil {
		err = api.Generate(cfg, api.AddPlugin(plugin{}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type plugin struct{}

// Name names the plugin.
func (plugin) Name() string { return "direct" }

//go:embed direct.gotpl
var template string

// GenerateCode writes direct.go.
func (plugin) GenerateCode(data *codegen.Data) error {
	if len(data.AllDirectives.LocationDirectives("FIELD")) > 0 {
		return fmt.Errorf("direct: the schema has directives on fields of an operation, which direct.go would not obey")
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        filepath.Join(data.Config.Exec.DirName, "direct.go"),
		Template:        template,
		Data:            newSchema(data),
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
	})
}

// schema is what the template writes.
type schema struct {
	Objects    []object
	Interfaces []abstract
	Values     []value                 // Fields that answer with objects.
	Types      []*config.TypeReference // Of all that is written, with those of elements.

	data  *codegen.Data
	known map[string]bool
}

type object struct {
	*codegen.Object
	Plain []field
}

type field struct {
	*codegen.Field
	Number int
	Of     []string
}

type value struct {
	Name string
	Type *config.TypeReference
	Of   []string
}

type abstract struct {
	*codegen.Interface
	Of []string
}

func newSchema(data *codegen.Data) *schema {
	s := &schema{data: data, known: map[string]bool{}}
	for _, o := range data.Objects {
		if o.IsReserved() || o.Stream {
			continue
		}
		plain := object{Object: o}
		for _, f := range o.Fields {
			if f.IsReserved() {
				continue
			}
			if isPlain(f) && s.writes(f.TypeReference) {
				s.add(f.TypeReference)
				plain.Plain = append(plain.Plain, field{f, len(plain.Plain) + 1, s.of(f.TypeReference)})
			}
			if f.TypeReference.Definition.IsCompositeType() && !f.Stream && s.writes(f.TypeReference) {
				s.add(f.TypeReference)
				s.Values = append(s.Values, value{o.Name + "." + f.Name, f.TypeReference, s.of(f.TypeReference)})
			}
		}
		if !o.Root {
			s.Objects = append(s.Objects, plain)
		}
	}
	for _, i := range data.Interfaces {
		s.Interfaces = append(s.Interfaces, abstract{i, implementors(i)})
	}
	slices.SortFunc(s.Interfaces, func(a, b abstract) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Types, func(a, b *config.TypeReference) int { return strings.Compare(a.UniquenessKey(), b.UniquenessKey()) })
	return s
}

// isPlain says whether a field has nothing to it but its value.
func isPlain(f *codegen.Field) bool {
	return !f.IsResolver && !f.MethodHasContext && (f.IsVariable() || f.IsMethod() && f.NoErr) &&
		!f.VOkFunc && !f.HasHaser && !f.IsBatch() && !f.Stream && !f.HasDirectives()
}

// writes says whether the template knows how a type is written.
func (s *schema) writes(t *config.TypeReference) bool {
	switch {
	case t.IsPtrToPtr() || t.IsOmittable || t.IsRoot || t.IsMap() || t.HasEnumValues():
		return false
	case t.IsSlice() || t.IsPtrToSlice() || t.IsPtrToIntf():
		return s.writes(t.Elem())
	}
	switch t.Definition.Kind {
	case ast.Scalar, ast.Enum:
		return t.IsMarshaler && !t.IsContext || t.Marshaler != nil && (!t.IsContext || Leaf(t) == "Float")
	case ast.Object:
		return !strings.HasPrefix(t.Definition.Name, "__")
	case ast.Interface, ast.Union:
		return s.data.Interfaces[t.Definition.Name] != nil
	}
	return false
}

// add notes a type, and those of its elements.
func (s *schema) add(t *config.TypeReference) {
	if t == nil || s.known[t.UniquenessKey()] {
		return
	}
	s.known[t.UniquenessKey()] = true
	s.Types = append(s.Types, t)
	if t.IsSlice() || t.IsPtrToSlice() || t.IsPtrToIntf() {
		s.add(t.Elem())
	}
}

// of names the objects that a type may be.
func (s *schema) of(t *config.TypeReference) []string {
	switch t.Definition.Kind {
	case ast.Object:
		return []string{t.Definition.Name}
	case ast.Interface, ast.Union:
		return implementors(s.data.Interfaces[t.Definition.Name])
	}
	return nil
}

// implementors are objects alone: those of an interface that implements another are among its own.
func implementors(i *codegen.Interface) []string {
	var names []string
	for _, one := range i.Implementors {
		if one.Kind == ast.Object && !slices.Contains(names, one.Name) {
			names = append(names, one.Name)
		}
	}
	return names
}

// Number is the place of an implementor among the objects of its interface.
func (a abstract) Number(name string) int { return slices.Index(a.Of, name) }

// Call gives the arguments of a field's method.
func (f field) Call() string { return strings.ReplaceAll(f.CallArgs(), "fc.Args[", "f.Arguments[") }

// Composite says whether a type has fields.
func (s *schema) Composite(t *config.TypeReference) bool { return t.Definition.IsCompositeType() }

// Leaf names what direct writes by itself: a type of the GraphQL specification as gqlgen writes it.
func (s *schema) Leaf(t *config.TypeReference) string { return Leaf(t) }

// Leaf is schema.Leaf.
func Leaf(t *config.TypeReference) string {
	if t.Marshaler == nil {
		return ""
	}
	switch t.Marshaler.FullName() {
	case "github.com/99designs/gqlgen/graphql.MarshalString", "github.com/99designs/gqlgen/graphql.MarshalID":
		return "String"
	case "github.com/99designs/gqlgen/graphql.MarshalInt", "github.com/99designs/gqlgen/graphql.MarshalInt64":
		return "Int"
	case "github.com/99designs/gqlgen/graphql.MarshalBoolean":
		return "Bool"
	case "github.com/99designs/gqlgen/graphql.MarshalFloatContext":
		return "Float"
	}
	return ""
}
