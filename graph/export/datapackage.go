package export

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/rapporteur/rapporteur/projections"
)

// The descriptor of a Frictionless Data Package (datapackage.org/standard): version 2, in what version 1 has as well, since most
// programs that read packages know that one alone. So a list is a string here, whose description says how it is cut.

type descriptor struct {
	Schema      string     `json:"$schema"`
	Profile     string     `json:"profile"`
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Version     string     `json:"version"`
	Resources   []resource `json:"resources"`
}

type resource struct {
	Profile     string          `json:"profile"`
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Path        string          `json:"path"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Format      string          `json:"format"`
	MediaType   string          `json:"mediatype"`
	Encoding    string          `json:"encoding"`
	Bytes       int64           `json:"bytes,omitempty"`
	Hash        string          `json:"hash,omitempty"`
	Dialect     dialect         `json:"dialect"`
	Schema      resourceColumns `json:"schema"`
}

type dialect struct {
	Delimiter      string `json:"delimiter"`
	LineTerminator string `json:"lineTerminator"`
	QuoteChar      string `json:"quoteChar"`
	DoubleQuote    bool   `json:"doubleQuote"`
	Header         bool   `json:"header"`
}

type resourceColumns struct {
	Fields      []resourceField `json:"fields"`
	PrimaryKey  []string        `json:"primaryKey"`
	ForeignKeys []foreignKey    `json:"foreignKeys,omitempty"`
}

type resourceField struct {
	Name        string         `json:"name"`
	Type        string         `json:"type"`
	Format      string         `json:"format,omitempty"`
	Description string         `json:"description"`
	Constraints map[string]any `json:"constraints,omitempty"`
}

type foreignKey struct {
	Fields    string `json:"fields"`
	Reference struct {
		Resource string `json:"resource"`
		Fields   string `json:"fields"`
	} `json:"reference"`
}

// Package describes the tables of a moment as a data package: of each resource under which path it lies, and if they are known its
// bytes and its SHA-256 in hex.
func Package(record Record, m Moment, path func(File) string, size func(File) (bytes int64, sha256 string)) ([]byte, error) {
	v := view{record.Model.View(m.Moment), m.From}
	d := descriptor{
		Schema: "https://datapackage.org/profiles/2.0/datapackage.json", Profile: "tabular-data-package",
		Name: "rapporteur", Title: "Positions of States and where they converge",
		Description: "What rapporteur has on record " + spoken(v) + ". In columns of words that somebody said, a field that a spreadsheet would take for a formula has an apostrophe in front.",
		Version:     "at-" + projections.LogPosition(m.At),
	}
	if m.On != 0 {
		d.Version += "-on-" + m.On.String()
	}
	for _, f := range PackageFiles() {
		t := f.table
		r := resource{
			Profile: "tabular-data-resource", Name: f.Kind.Name, Type: "table", Path: path(f), Title: f.Kind.Title, Description: f.Kind.Meaning,
			Format: "csv", MediaType: "text/csv", Encoding: "utf-8",
			Dialect: dialect{Delimiter: ",", LineTerminator: "\r\n", QuoteChar: `"`, DoubleQuote: true, Header: true},
		}
		if size != nil {
			r.Bytes, r.Hash = size(f)
			r.Hash = "sha256:" + r.Hash
		}
		for _, field := range t.fields(v) {
			r.Schema.Fields = append(r.Schema.Fields, describe(field))
			if field.Key {
				r.Schema.PrimaryKey = append(r.Schema.PrimaryKey, field.Name)
			}
			if resource, column, ok := strings.Cut(field.Refers, "."); ok {
				key := foreignKey{Fields: field.Name}
				key.Reference.Resource, key.Reference.Fields = resource, column
				r.Schema.ForeignKeys = append(r.Schema.ForeignKeys, key)
			}
		}
		d.Resources = append(d.Resources, r)
	}
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

// PackageFiles are the tables that a package has: all that take one moment.
func PackageFiles() []File {
	var list []File
	for _, f := range Files {
		if f.Format == "csv" && !f.Between && !f.Timeless {
			list = append(list, f)
		}
	}
	return list
}

// describe is a field of a Table Schema.
func describe(f Field) resourceField {
	d := resourceField{Name: f.Name, Description: f.Meaning, Constraints: map[string]any{}}
	switch f.Type {
	case Position, Integer:
		d.Type = "integer"
	case Number, Boolean:
		d.Type = string(f.Type)
	case Day:
		d.Type = "date"
	case Instant:
		d.Type, d.Format = "datetime", "any" // With six decimals, which the default format of version 1 has not.
	case Nested:
		d.Type = "array"
	case List:
		d.Type, d.Description = "string", f.Meaning+" Semicolons stand between them."
	default:
		d.Type = "string"
		if f.Type == Enum {
			d.Constraints["enum"] = f.Words
		}
	}
	if f.Unit != "" {
		d.Description += " Unit: " + f.Unit + "."
	}
	if f.Always {
		d.Constraints["required"] = true
	}
	return d
}

// packageKind is the descriptor's.
var packageKind = Kind{
	Name: "datapackage", Title: "Data package",
	Meaning: "The tables above as a Frictionless Data Package, with their schemas, for programs that read such packages.",
}

// writePackage writes the descriptor with the pinned addresses of the tables, relative to its own.
func writePackage(_ context.Context, w io.Writer, record Record, v view) error {
	m := Moment{Moment: v.Moment()}
	text, err := Package(record, m, func(f File) string { return f.Name() + "?" + Query(m) }, nil)
	if err != nil {
		return fmt.Errorf("export %s: %w", packageKind.Name, err)
	}
	_, err = w.Write(text)
	return err
}
