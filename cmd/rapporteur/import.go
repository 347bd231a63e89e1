package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// importer is the subject under which imports record.
const importer = "import"

type importCommands struct {
	Dataset importDatasetCommand `cmd:"" help:"Record a data set folder: CSV files in the form of the built-in negotiation."`
}

type importDatasetCommand struct {
	storeFlag
	Dir    string `arg:"" placeholder:"DIR" help:"The folder of the data set."`
	DryRun bool   `help:"Read and check everything, say what would be recorded, and record nothing."`
	JSON   bool   `help:"Print as JSON."`
}

type importReport struct {
	Recorded map[string]int `json:"recorded"` // Rows, by file.
	Skipped  int            `json:"skipped"`  // Rows that were on record already.
	Events   int            `json:"events"`
	DryRun   bool           `json:"dryRun"`
}

// Run reads the folder, checks everything, tells all faults at once, and records if there are none.
func (c *importDatasetCommand) Run(ctx context.Context, out output) (err error) {
	if info, err := os.Stat(c.Dir); err != nil {
		return fmt.Errorf("import %s: %w; name the folder of a data set", c.Dir, err)
	} else if !info.IsDir() {
		return fmt.Errorf("import %s: it is a file; name the folder that holds the CSV files", c.Dir)
	}
	input, faults := intake.Dataset(os.DirFS(c.Dir))
	input.Name = filepath.Base(filepath.Clean(c.Dir))

	dir, err := c.dir()
	if err != nil {
		return err
	}
	record := func(log eventlog.Log, dryRun bool, out output) error {
		return importRows(ctx, recorder.New(log, nil, recorder.Config{}), input, faults, dryRun, c.JSON, out)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		// There is no store yet, and what is at fault, or only tried, makes none.
		if c.DryRun {
			return record(emptyLog{}, true, out)
		}
		if err := record(emptyLog{}, true, output{io.Discard, io.Discard}); err != nil {
			return err
		}
	}
	log, err := c.open()
	if err != nil {
		return err
	}
	defer closeLog(log, &err)
	return record(log, c.DryRun, out)
}

// emptyLog is the record of a store that is not there: it has no events, and takes none.
type emptyLog struct{ eventlog.Log }

func (emptyLog) ReadAll(context.Context, eventlog.Offset) iter.Seq2[eventlog.Recorded, error] {
	return func(func(eventlog.Recorded, error) bool) {}
}

func (emptyLog) ReadStream(context.Context, string, eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(func(eventlog.Recorded, error) bool) {}
}

// importRows records the rows of an input and reports.
func importRows(ctx context.Context, r *recorder.Recorder, input intake.Input, faults []intake.Fault, dryRun, json bool, out output) error {
	bar := newProgress(out.err, "recording", -1)
	report, err := r.RecordAll(ctx, input.Rows, recorder.AllOptions{
		By: importer, SHA256: input.SHA256, Name: input.Name, DryRun: dryRun, Faults: faults, Progress: bar.to,
	})
	bar.end()
	if err != nil {
		return err
	}
	if json {
		return printJSON(out, importReport{Recorded: report.Recorded, Skipped: report.Skipped, Events: report.Events, DryRun: dryRun})
	}
	verb := "recorded"
	if dryRun {
		verb = "would record"
	}
	fmt.Fprintf(out.out, "%s %d events\n", verb, report.Events)
	for _, file := range slices.Sorted(maps.Keys(report.Recorded)) {
		fmt.Fprintf(out.out, "  %-22s %6d rows\n", file, report.Recorded[file])
	}
	if report.Skipped > 0 {
		fmt.Fprintf(out.out, "  on record already      %6d rows\n", report.Skipped)
	}
	return nil
}
