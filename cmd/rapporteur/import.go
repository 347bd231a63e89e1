package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/client"
)

// importer is the subject under which imports record in a store. A server records under that of the token.
const importer = "import"

type importCommands struct {
	Dataset   importDatasetCommand   `cmd:"" help:"Record a data set folder: CSV files in the form of the built-in negotiation."`
	Positions importPositionsCommand `cmd:"" help:"Record a CSV file of positions, in the form of a data set's positions.csv."`
	Votes     importVotesCommand     `cmd:"" help:"Record roll calls out of the UN Digital Library's General Assembly voting data (CSV)."`
}

// importFlags are those of every import.
type importFlags struct {
	storeFlag
	serverFlags
	DryRun bool `help:"Read and check everything, say what would be recorded, and record nothing."`
	JSON   bool `help:"Print as JSON."`
}

type importDatasetCommand struct {
	importFlags
	Dir string `arg:"" placeholder:"DIR" help:"The folder of the data set."`
}

type importPositionsCommand struct {
	importFlags
	File string `arg:"" placeholder:"FILE.csv" help:"The file. What it names (proposals, options, sessions) must be on record."`
}

type importVotesCommand struct {
	importFlags
	File       string   `arg:"" placeholder:"FILE.csv" help:"The file, of any length: one row for each Member State and resolution."`
	Resolution []string `required:"" placeholder:"SYMBOL=PROPOSAL" help:"A resolution and the slug of the proposal that its vote belongs to, for example A/RES/73/27=oewg-2019-2021. May be given more than once; votes on others are not recorded."`
}

// importInput is what an import has read.
type importInput struct {
	intake.Input
	faults []intake.Fault
	// read, where it is given, reads the rows once what is on record is known.
	read func(*domain.World) ([]domain.Row, []intake.Fault)
}

type importReport struct {
	Recorded map[string]int  `json:"recorded"` // Lines, by file.
	Skipped  int             `json:"skipped"`  // Lines that were on record already.
	Events   int             `json:"events"`
	DryRun   bool            `json:"dryRun"`
	Findings []importFinding `json:"findings"`
}

type importFinding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  string `json:"column"`
	Value   string `json:"value"`
	Message string `json:"message"`
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
	return c.record(ctx, importInput{Input: input, faults: faults}, out)
}

// Run reads the file, checks everything, tells all faults at once, and records if there are none.
func (c *importPositionsCommand) Run(ctx context.Context, out output) error {
	file, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return fmt.Errorf("import %s: %w", c.File, err)
	}
	positions := intake.Positions(data, filepath.Base(c.File))
	return c.record(ctx, importInput{Input: intake.Input{Name: positions.Name, SHA256: positions.SHA256}, read: positions.Against}, out)
}

// Run reads the file as a stream, checks everything, tells all faults at once, and records if there are none.
func (c *importVotesCommand) Run(ctx context.Context, out output) error {
	var resolutions []intake.Resolution
	for _, word := range c.Resolution {
		symbol, proposal, _ := strings.Cut(word, "=")
		symbol, proposal = strings.TrimSpace(symbol), strings.TrimSpace(proposal)
		switch {
		case symbol == "" || proposal == "":
			return &usage{fmt.Sprintf("--resolution %q names no resolution and proposal; write for example --resolution A/RES/73/27=oewg-2019-2021", word)}
		case slices.ContainsFunc(resolutions, func(r intake.Resolution) bool { return r.Symbol == symbol }):
			return &usage{fmt.Sprintf("--resolution names %s twice; a vote belongs to one proposal", symbol)}
		}
		resolutions = append(resolutions, intake.Resolution{Symbol: symbol, Proposal: proposal})
	}
	file, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	input, faults := intake.RollCalls(interruptible{ctx, file}, filepath.Base(c.File), resolutions)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.record(ctx, importInput{Input: input, faults: faults}, out)
}

// openInput opens a file that is to be imported.
func openInput(name string) (*os.File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w; name a CSV file", name, err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		_ = file.Close()
		return nil, fmt.Errorf("import %s: it is a folder; name a CSV file", name)
	}
	return file, nil
}

// interruptible is a reader that ends with its context.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(b)
}

// record records an input, in the store or through the server.
func (f importFlags) record(ctx context.Context, input importInput, out output) (err error) {
	if f.Server != "" {
		return f.recordThrough(ctx, input, out)
	}
	record := func(log eventlog.Log, dryRun bool, out output) error {
		return importRows(ctx, recorder.New(log, nil, recorder.Config{}), input, recorder.AllOptions{By: importer, DryRun: dryRun}, f.JSON, out)
	}
	absent, err := f.Store.absent()
	if err != nil {
		return err
	}
	if absent {
		// There is no store yet, and what is at fault, or only tried, makes none.
		if f.DryRun {
			return record(emptyLog{}, true, out)
		}
		if err := record(emptyLog{}, true, output{io.Discard, io.Discard}); err != nil {
			tellFindings(out.err, input.Findings)
			return err
		}
	}
	log, err := f.Store.open(ctx, out)
	if err != nil {
		return err
	}
	defer closeLog(log, &err)
	return record(log, f.DryRun, out)
}

// recordThrough has a running server record an input. Everything is decided here first, against the server's record as it is now;
// what then is to be recorded goes to it row by row, under the rows' idempotency keys. That the import is complete is not recorded:
// there is no mutation that would say so, since a server cannot know what its callers read.
func (f importFlags) recordThrough(ctx context.Context, input importInput, out output) error {
	server, err := f.connect(ctx, out.err)
	var wrong *usage
	switch {
	case errors.As(err, &wrong):
		return err
	case err != nil:
		return fmt.Errorf("import %s: %w", input.Name, err)
	}
	through := func(ctx context.Context, steps []recorder.Step, progress func(int)) (int, error) {
		commands := make([]client.Command, len(steps))
		for i, s := range steps {
			commands[i] = client.Command{Command: s.Command, Key: s.Row.Key, Revision: s.Revision, Where: fmt.Sprintf("%s:%d", s.Row.File, s.Row.Line)}
		}
		return server.Record(ctx, commands, progress)
	}
	return importRows(ctx, recorder.New(server.Log(), nil, recorder.Config{}), input,
		recorder.AllOptions{By: server.Subject(), DryRun: f.DryRun, Through: through}, f.JSON, out)
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
func importRows(ctx context.Context, r *recorder.Recorder, input importInput, opts recorder.AllOptions, json bool, out output) error {
	bar := newProgress(out.err, "recording", -1)
	opts.SHA256, opts.Name, opts.Faults, opts.Read, opts.Progress = input.SHA256, input.Name, input.faults, input.read, bar.to
	report, err := r.RecordAll(ctx, input.Rows, opts)
	bar.end()
	if err != nil || !json {
		tellFindings(out.err, input.Findings)
	}
	if err != nil {
		return err
	}
	if json {
		told := importReport{Recorded: report.Recorded, Skipped: report.Skipped, Events: report.Events, DryRun: opts.DryRun, Findings: []importFinding{}}
		for _, f := range input.Findings {
			told.Findings = append(told.Findings, importFinding{f.File, f.Line, f.Column, f.Value, f.Message})
		}
		return printJSON(out, told)
	}
	verb := "recorded"
	if opts.DryRun {
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

// tellFindings tells what was noticed in the files and hinders nothing.
func tellFindings(w io.Writer, findings []intake.Fault) {
	for _, f := range findings {
		fmt.Fprintf(w, "finding: %v\n", f)
	}
}

// Help says what all imports have in common.
func (importFlags) Help() string {
	return `Everything is read and checked first, and all faults are told at once, with file, line and column; with any, nothing is recorded. The same input again records nothing, and one that was cut short is completed.

Through a server (--server) rows are recorded under the caller's name. The role RECORDER is needed, and EDITOR where States, groups, sessions, elements or options are defined. That an import is complete is recorded in a store alone: no mutation says so.`
}
