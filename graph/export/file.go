package export

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/projections"
)

// File is something that can be taken away: a kind in a format.
type File struct {
	Kind      Kind
	Format    string // What the name ends with: csv.
	MediaType string
	// Timeless says that it tells nothing of a record, and is the same for every moment.
	Timeless bool
	// Between says that it tells what changed from one moment to another, and so takes two.
	Between bool
	table   rowsOf // Nil where it is no table.
	write   func(context.Context, io.Writer, Record, view) error
}

// Name is the last part of its address: positions.csv.
func (f File) Name() string { return f.Kind.Name + "." + f.Format }

// DownloadName is the name under which it is kept, which says when it was so.
func (f File) DownloadName(m Moment) string {
	name := "rapporteur-" + f.Kind.Name
	if !f.Timeless {
		name += "-at-" + projections.LogPosition(m.At)
		if m.On != 0 {
			name += "-on-" + m.On.String()
		}
	}
	return name + "." + f.Format
}

// Write writes the file as of a moment. What it writes is a function of the record and the moment alone. It keeps no more in memory
// than a page of rows, save where a kind is small by its nature (the States, the targets). It ends with the context's error when
// the context does.
func (f File) Write(ctx context.Context, w io.Writer, record Record, m Moment) error {
	if f.Timeless {
		return f.write(ctx, w, record, view{})
	}
	return f.write(ctx, w, record, view{record.Model.View(m.Moment), m.From})
}

// Files are all of them.
var Files []File

func init() { Files = allFiles() } // Here, since the data package is among the files and tells of all of them.

func allFiles() []File {
	var list []File
	for _, t := range tables {
		f := File{Kind: t.kind(), table: t, Timeless: t == rowsOf(dictionary), Between: t == rowsOf(changes)}
		add := func(format, mediaType string, write func(context.Context, io.Writer, Record, view) error) {
			f := f
			f.Format, f.MediaType, f.write = format, mediaType, write
			list = append(list, f)
		}
		add("csv", "text/csv; charset=utf-8; header=present", func(ctx context.Context, w io.Writer, r Record, v view) error { return writeCSV(ctx, w, t, r, v) })
		add("json", "application/json", func(ctx context.Context, w io.Writer, r Record, v view) error { return writeJSON(ctx, w, t, r, v) })
		switch t {
		case affinities:
			add("gexf", "application/gexf+xml", gexf)
		case sources:
			add("csl.json", "application/vnd.citationstyles.csl+json", writeCSL)
			add("bib", "application/x-bibtex; charset=utf-8", writeBibTeX)
			add("ris", "application/x-research-info-systems; charset=utf-8", writeRIS)
		case dictionary:
			add("md", "text/markdown; charset=utf-8", func(_ context.Context, w io.Writer, _ Record, _ view) error {
				_, err := io.WriteString(w, Dictionary())
				return err
			})
		}
	}
	return append(list, File{Kind: packageKind, Format: "json", MediaType: "application/json", write: writePackage})
}

// Find gives the file of a kind in a format. The error is a sentence that says what there is.
func Find(kind, format string) (File, error) {
	var kinds, formats []string
	for _, f := range Files {
		if f.Kind.Name == kind {
			if f.Format == format {
				return f, nil
			}
			formats = append(formats, f.Format)
		}
		if !slices.Contains(kinds, f.Kind.Name) {
			kinds = append(kinds, f.Kind.Name)
		}
	}
	if formats != nil {
		return File{}, fmt.Errorf("%s cannot be had as %q; it can be had as %s", kind, excerpt(format), strings.Join(formats, ", "))
	}
	return File{}, fmt.Errorf("there is no kind %q to export; there are %s", excerpt(kind), sentence(kinds))
}
