package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/graph/export"
	"github.com/rapporteur/rapporteur/projections"
)

type exportCommands struct {
	Kind       exportCommand     `cmd:"" name:"KIND" default:"withargs" help:"Write one kind to the standard output: ${exportKinds}."`
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
	Kind string `arg:"" placeholder:"KIND" help:"What to export: ${exportKinds}."`
	As   string `default:"csv" placeholder:"FORMAT" help:"The format: csv or json (default ${default})."`
}

// Run writes one file.
func (c *exportCommand) Run(ctx context.Context, out output) (err error) {
	f, err := export.Find(c.Kind, c.As)
	if err != nil {
		return &usage{err.Error()}
	}
	if f.Timeless {
		return f.Write(ctx, out.out, export.Record{}, projections.Moment{})
	}
	if c.Server != "" {
		return c.fetch(ctx, f.Name(), out.out)
	}
	record, moment, end, err := c.open(ctx, out)
	if err != nil {
		return err
	}
	defer end(&err)
	return f.Write(ctx, out.out, record, moment)
}

// open reads the store up to the moment.
func (c *fromFlags) open(ctx context.Context, out output) (record export.Record, moment projections.Moment, end func(*error), err error) {
	log, err := c.Store.openExisting(ctx, out)
	if err != nil {
		return record, moment, nil, err
	}
	end = func(err *error) { closeLog(log, err) }
	record, moment, err = c.read(ctx, log, out)
	if err != nil {
		end(&err)
	}
	return record, moment, end, err
}

func (c *fromFlags) read(ctx context.Context, log eventlog.Log, out output) (export.Record, projections.Moment, error) {
	record := export.Record{Model: projections.New(), Log: log}
	bar := newProgress(out.err, "reading the record", -1)
	_, err := record.Model.CatchUp(ctx, log, func(applied int) { bar.to(applied, -1) })
	bar.end()
	if err != nil {
		return record, projections.Moment{}, fmt.Errorf("read %s: %w", c.Store, err)
	}
	if newest := record.Model.At(); c.At != nil && *c.At > newest {
		return record, projections.Moment{}, &usage{fmt.Sprintf("--at %d lies beyond the newest position, which is %d", *c.At, newest)}
	}
	moment, err := record.Resolve(ctx, export.AsOf{At: c.At, RecordedAt: (*time.Time)(c.RecordedAt), StatedOn: c.StatedOn})
	return record, moment, err
}

// fetch copies what a server exports.
func (c *fromFlags) fetch(ctx context.Context, name string, w io.Writer) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.At != nil {
		query.Set("at", projections.LogPosition(*c.At))
	}
	if c.RecordedAt != nil {
		query.Set("recordedAt", time.Time(*c.RecordedAt).Format(time.RFC3339Nano))
	}
	if c.StatedOn != 0 {
		query.Set("statedOn", c.StatedOn.String())
	}
	from := address + export.Mount + name
	if len(query) > 0 {
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
	return f.Write(ctx, out.out, export.Record{}, projections.Moment{})
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
