package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

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
func (c *importDatasetCommand) Run(ctx context.Context, out output) error {
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
	_, err = os.Stat(dir)
	isNew := errors.Is(err, fs.ErrNotExist)
	log, err := c.open()
	if err != nil {
		return err
	}
	recorded, err := importRows(ctx, recorder.New(log, nil, recorder.Config{}), input, faults, c.DryRun, c.JSON, out)
	if closed := log.Close(); err == nil {
		err = closed
	}
	if isNew && !recorded {
		// A store that was made only to decide the rows against it is not left behind.
		_ = os.RemoveAll(dir)
	}
	return err
}

// importRows records the rows of an input and reports. It says whether anything may have been recorded.
func importRows(ctx context.Context, r *recorder.Recorder, input intake.Input, faults []intake.Fault, dryRun, json bool, out output) (recorded bool, err error) {
	bar := newProgress(out.err, "recording", -1)
	report, err := r.RecordAll(ctx, input.Rows, recorder.AllOptions{
		By: importer, SHA256: input.SHA256, Name: input.Name, DryRun: dryRun, Faults: faults, Doubtful: input.Doubtful, Progress: bar.to,
	})
	bar.end()
	if err != nil {
		incomplete := (*recorder.Incomplete)(nil)
		return errors.As(err, &incomplete), err
	}
	recorded = report.Events > 0 && !dryRun
	if json {
		return recorded, printJSON(out, importReport{Recorded: report.Recorded, Skipped: report.Skipped, Events: report.Events, DryRun: dryRun})
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
	return recorded, nil
}
