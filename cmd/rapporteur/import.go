package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
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
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		// There is no store yet. What is only tried, or is at fault, leaves none behind.
		if err := c.try(ctx, input, faults, out); err != nil || c.DryRun {
			return err
		}
	}
	log, err := c.open()
	if err != nil {
		return err
	}
	defer log.Close()
	return importRows(ctx, log, recorder.New(log, nil, recorder.Config{}), input, faults, c.DryRun, c.JSON, out)
}

// try decides the rows against an empty record, which is thrown away. What it says is only shown where nothing else follows.
func (c *importDatasetCommand) try(ctx context.Context, input intake.Input, faults []intake.Fault, out output) error {
	dir, err := os.MkdirTemp("", "rapporteur-import-")
	if err != nil {
		return fmt.Errorf("make a folder to check the data set in: %w", err)
	}
	defer os.RemoveAll(dir)
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer log.Close()
	if !c.DryRun {
		out.out = io.Discard
	}
	return importRows(ctx, log, recorder.New(log, nil, recorder.Config{}), input, faults, true, c.JSON, out)
}

// importRows records the rows of an input and reports.
func importRows(ctx context.Context, log eventlog.Log, r *recorder.Recorder, input intake.Input, faults []intake.Fault, dryRun, json bool, out output) error {
	if len(faults) > 0 {
		refused, err := check(ctx, log, input)
		if err != nil {
			return fmt.Errorf("import %s: %w", input.Name, err)
		}
		return faultsError(faults, refused, len(faults)+len(refused))
	}
	bar := newProgress(out.err, "recording", -1)
	report, err := r.RecordAll(ctx, input.Rows, recorder.AllOptions{
		By: importer, SHA256: input.SHA256, Name: input.Name, DryRun: dryRun, Progress: bar.to,
	})
	bar.end()
	if wrong := (*recorder.Faults)(nil); errors.As(err, &wrong) {
		return faultsError(nil, wrong.First, wrong.Total)
	}
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

// check tells what the deciders find in the rows of an input whose other rows are at fault already, so that all faults are told
// at once. Rows that are on record already are not looked at, as when they are recorded: they may have been corrected since.
func check(ctx context.Context, log eventlog.Log, input intake.Input) ([]recorder.RowFault, error) {
	world, recorded := domain.NewWorld(), map[string]bool{}
	for e, err := range log.ReadAll(ctx, eventlog.Offset{}) {
		if err != nil {
			return nil, err
		}
		metadata, err := codec.DecodeMetadata(e.Metadata)
		if err != nil {
			return nil, err
		}
		event, err := codec.Decode(e.Type, metadata.SchemaVersion, e.Data)
		if err != nil {
			return nil, err
		}
		world.Apply(event)
		if metadata.RecordedBy == importer {
			recorded[metadata.IdempotencyKey] = true
		}
	}
	type place struct {
		file string
		line int
	}
	skipped := map[place]bool{}
	for _, row := range input.Rows {
		if recorded[row.Key] {
			skipped[place{row.File, row.Line}] = true
		}
	}
	var faults []recorder.RowFault
	for _, f := range input.Check(world, domain.DateOf(time.Now())) {
		if !skipped[place{f.File, f.Line}] {
			faults = append(faults, recorder.RowFault{File: f.File, Line: f.Line, Column: f.Column, Value: f.Value, Message: f.Message})
		}
	}
	return faults, nil
}

// shownFaults is how many faults are told one by one.
const shownFaults = 50

// faultsError tells the first faults of a data set: those of the files, then those that the deciders found in the rows.
func faultsError(files []intake.Fault, rows []recorder.RowFault, total int) error {
	var lines []string
	for _, f := range files {
		lines = append(lines, f.String())
	}
	for _, f := range rows {
		at := intake.At(f.File, f.Line, f.Column, f.Value, f.Message) // The cell may stand in another file than the row.
		f.File, f.Line, f.Column = at.File, at.Line, at.Column
		lines = append(lines, f.String())
	}
	lines = lines[:min(len(lines), shownFaults)]
	text := "1 fault"
	if total != 1 {
		text = fmt.Sprintf("%d faults", total)
	}
	text += "; nothing was recorded\n" + strings.Join(lines, "\n")
	if more := total - len(lines); more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	return errors.New(text)
}
