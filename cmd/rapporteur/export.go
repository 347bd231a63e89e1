package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/graph/export"
	"github.com/rapporteur/rapporteur/projections"
)

type exportCommands struct {
	Kind       exportCommand     `cmd:"" name:"KIND" default:"withargs" help:"Write one kind to the standard output: ${exportKinds}."`
	Package    packageCommand    `cmd:"" help:"Write all tables, citations, the network and the dictionary into a folder, as a Frictionless Data Package."`
	Dictionary dictionaryCommand `cmd:"" help:"Write the data dictionary: what every kind and column means."`
}

// fromFlags say what is exported from, and as of when.
type fromFlags struct {
	storeFlag
	serverFlags
	asOfFlags
}

type exportCommand struct {
	fromFlags
	fromAsOfFlags
	Kind string `arg:"" placeholder:"KIND" help:"What to export: ${exportKinds}."`
	As   string `default:"csv" placeholder:"FORMAT" help:"The format: csv or json; of affinities also gexf, of sources also csl.json, bib and ris (default ${default})."`
}

// Run writes one file.
func (c *exportCommand) Run(ctx context.Context, out output) (err error) {
	f, err := export.Find(c.Kind, c.As)
	if err != nil {
		return &usage{err.Error()}
	}
	if f.Timeless {
		return f.Write(ctx, out.out, export.Record{}, export.Moment{})
	}
	question := export.Question{AsOf: c.asOfFlags.moment()}
	if from := c.fromAsOfFlags.moment(); from != (export.AsOf{}) {
		question.From = &from
	}
	if asked := question.From != nil; asked != f.Between {
		if asked {
			return &usage{fmt.Sprintf("%s has one moment; --from-at, --from-recorded-at and --from-stated-on are for what compares two, as changes does", c.Kind)}
		}
		return &usage{fmt.Sprintf("%s tells what changed between two moments; give the earlier one, too, with --from-at, --from-recorded-at or --from-stated-on", c.Kind)}
	}
	if c.Server != "" {
		return c.fetch(ctx, f.Name(), question, out.out)
	}
	log, err := c.Store.openExisting(ctx, out)
	if err != nil {
		return err
	}
	defer closeLog(log, &err)
	record, moment, err := c.read(ctx, log, question, out)
	if err != nil {
		return err
	}
	return f.Write(ctx, out.out, record, moment)
}

// read reads a log, and finds the moment in it.
func (c *fromFlags) read(ctx context.Context, log eventlog.Log, q export.Question, out output) (export.Record, export.Moment, error) {
	record := export.Record{Model: projections.New(), Log: log}
	bar := newProgress(out.err, "reading the record", -1)
	_, err := record.Model.CatchUp(ctx, log, func(applied int) { bar.to(applied, -1) })
	bar.end()
	if err != nil {
		return record, export.Moment{}, fmt.Errorf("read %s: %w", c.Store, err)
	}
	moment, err := record.Resolve(ctx, q)
	var wrong export.Wrong
	if errors.As(err, &wrong) {
		err = &usage{err.Error()}
	}
	return record, moment, err
}

// fetch copies what a server exports.
func (c *fromFlags) fetch(ctx context.Context, name string, q export.Question, w io.Writer) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	from := address + export.Mount + name
	if query := q.Values(); len(query) > 0 {
		from += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", from, err)
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, errors.Unwrap(err)) // Without the address, which stands there already.
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		sentence := fmt.Sprintf("%s answers %s: %s", address, response.Status, strings.TrimSpace(string(said)))
		if response.StatusCode == http.StatusBadRequest || response.StatusCode == http.StatusNotFound {
			return &usage{sentence}
		}
		return errors.New(sentence)
	}
	if _, err := io.Copy(w, response.Body); err != nil {
		return fmt.Errorf("%s broke off; what was written is only a part: %w", address, err)
	}
	return nil
}

type dictionaryCommand struct {
	As string `default:"md" placeholder:"FORMAT" help:"The format: md, csv or json (default ${default})."`
}

// Run writes the dictionary.
func (c *dictionaryCommand) Run(ctx context.Context, out output) error {
	f, err := export.Find("dictionary", c.As)
	if err != nil {
		return &usage{err.Error()}
	}
	return f.Write(ctx, out.out, export.Record{}, export.Moment{})
}

// exportKinds names the kinds for the help.
func exportKinds() string {
	var names []string
	for _, f := range export.Files {
		if f.Format == "csv" && !f.Timeless {
			names = append(names, f.Kind.Name)
		}
	}
	return strings.Join(names, ", ")
}
