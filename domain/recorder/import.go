package recorder

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
)

// AllOptions say how rows are recorded.
type AllOptions struct {
	// By is the subject: import, or reference for what the program brings itself. It must be given.
	By string
	// SHA256 and Name are those of the input as a whole, for its ImportCompleted. Without a SHA256 none is recorded.
	SHA256, Name string
	// CorrelationID is the one of all events of the import. Where it is empty, all runs of one input by one subject share one that
	// follows from the two; without a SHA256 it is minted.
	CorrelationID string
	// Today is the day on which the rows are decided; the clock's where it is zero.
	Today domain.Date
	// Clock says when an event is recorded; the recorder's where it is nil.
	Clock func() time.Time
	// DryRun decides everything, reports, and records nothing.
	DryRun bool
	// Faults are those that the reader of the input found: with any, nothing is recorded, and they are told before those that
	// are found here.
	Faults []domain.RowFault
	// Read, where given, reads the input once the record was read, so that it may name what is on record; then there are no rows yet.
	Read func(*domain.World) ([]domain.Row, []domain.RowFault)
	// Through, where given, has the steps recorded by somebody else who holds the record, in their order, and says how many were.
	// The log is only read then, and who says that the import is complete is left to him.
	Through func(ctx context.Context, steps []Step, progress func(done int)) (done int, err error)
	// Progress, where given, is told how many rows of those to record are on record. It is called from this goroutine.
	Progress func(done, total int)
}

// Step is a row that is to be recorded, and what it is decided to be.
type Step struct {
	Row      *domain.Row
	Command  domain.Command
	Revision int64 // Of its first event, as far as the record was read.
}

// Report says what an import recorded, or a dry run would record.
type Report struct {
	// Recorded counts the lines of which something was recorded, by file. Files of which nothing was recorded are not in it.
	Recorded map[string]int
	Skipped  int // Lines of which everything was on record already.
	Events   int // All events, that which says that the import is complete included.
}

// maxFaults is how many faults of an import are told one by one.
const maxFaults = 50

// batchSteps is how many rows are handed to the log at once: enough that the store's sync is shared by many, few enough that
// progress is seen.
const batchSteps = 500

// Faults refuses an import: some of its rows cannot be recorded, so none was.
type Faults struct {
	Total int               // All faults.
	First []domain.RowFault // The first of them, at most 50.
}

func (f *Faults) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; nothing was recorded", plural(f.Total, "fault"))
	for _, fault := range f.First {
		b.WriteString("\n" + fault.String())
	}
	if more := f.Total - len(f.First); more > 0 {
		fmt.Fprintf(&b, "\nand %d more", more)
	}
	return b.String()
}

// Incomplete says that an import was cut short. What it recorded stays; the same import again records the rest.
type Incomplete struct {
	Recorded, Total int         // Rows. With an outcome unknown, or a context that ended, more may be on record.
	At              *domain.Row // The row at which it ended, where that is known.
	Err             error
}

func (e *Incomplete) Error() string {
	var refusal *domain.Refusal
	why := fmt.Sprintf("; run the import again to complete it: %v", e.Err)
	if errors.Is(e.Err, context.Canceled) {
		why = "; run the import again to complete it" // That it was broken off, who did it knows.
	}
	switch {
	case e.At == nil:
		return fmt.Sprintf("%d of %s recorded%s", e.Recorded, plural(e.Total, "row"), why)
	case errors.As(e.Err, &refusal): // By who holds the record by now: it was decided here on what was on record a moment ago.
		text := fmt.Sprintf("%d of %s recorded, the others not: the record changed meanwhile; run the import again, which checks everything anew", e.Recorded, plural(e.Total, "row"))
		for _, f := range refusal.Faults {
			text += "\n" + e.At.Fault(f).String()
		}
		return text
	case errors.Is(e.Err, eventlog.ErrUnknown), errors.Is(e.Err, context.Canceled):
		return fmt.Sprintf("%d of %s recorded, and of %s:%d it is not known%s", e.Recorded, plural(e.Total, "row"), e.At.File, e.At.Line, why)
	}
	return fmt.Sprintf("%d of %s recorded, %s:%d and what comes after it not%s", e.Recorded, plural(e.Total, "row"), e.At.File, e.At.Line, why)
}
func (e *Incomplete) Unwrap() error { return e.Err }

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// RecordAll records the rows of an import. It reads the whole record, decides all rows in their order against it and against
// one another, and only then, if there is no fault, appends what they yield, in order, a row an atomic step.
//
// A row is skipped and counted where this subject has recorded its key already, or where what it says is on record under its
// natural key. If anything was recorded, an ImportCompleted follows. If nothing was, nothing is appended at all, save where an
// earlier run of the same input recorded the last row and not the end.
//
// The error is *Faults where rows are wrong, *Incomplete where recording was cut short: then too the report says what was
// meant to be recorded. It does not use the Reader; a read model follows the log by itself.
func (r *Recorder) RecordAll(ctx context.Context, rows []domain.Row, opts AllOptions) (Report, error) {
	if opts.By == "" {
		return Report{}, fmt.Errorf("import %s: no subject", opts.Name)
	}
	if opts.Clock == nil {
		opts.Clock = r.config.Clock
	}
	if opts.Today == 0 {
		opts.Today = domain.DateOf(opts.Clock())
	}
	if opts.CorrelationID == "" {
		if opts.CorrelationID = r.config.NewID().String(); opts.SHA256 != "" {
			opts.CorrelationID = deriveID("import", opts.By, opts.SHA256).String()
		}
	}
	i := &importing{
		log: r.log, opts: opts, rows: rows,
		causation: r.config.NewID().String(),
		world:     domain.NewWorld(), keys: map[string]bool{}, missing: map[string]bool{}, told: map[domain.RowFault]bool{},
		lines: map[line]bool{}, report: Report{Recorded: map[string]int{}},
	}
	i.read(opts.Faults)
	if err := i.readRecord(ctx); err != nil {
		return Report{}, fmt.Errorf("import %s: %w", opts.Name, err)
	}
	if opts.Read != nil {
		rows, faults := opts.Read(i.world)
		i.rows = rows
		i.read(faults)
	}
	if err := i.decide(ctx); err != nil {
		return Report{}, fmt.Errorf("import %s: %w", opts.Name, err)
	}
	if i.faults.Total > 0 {
		return Report{}, &i.faults
	}
	if opts.DryRun {
		return i.report, nil
	}
	if err := i.record(ctx); err != nil {
		return i.report, fmt.Errorf("import %s: %w", opts.Name, err)
	}
	return i.report, nil
}

// importing is one run of RecordAll.
type importing struct {
	log       eventlog.Log
	opts      AllOptions
	rows      []domain.Row
	causation string

	world   *domain.World   // The record, and every row so far.
	keys    map[string]bool // Under which the subject has recorded, and those of the rows so far.
	begun   bool            // The subject recorded some of this very input before.
	steps   []rowStep
	lines   map[line]bool            // The lines decided so far, and whether something of them is to be recorded.
	missing map[string]bool          // What rows with faults would have defined.
	told    map[domain.RowFault]bool // The places of the reader's faults.
	faults  Faults
	report  Report
}

// line is a line of a file. Two rows may stand in it: a position and its withdrawal.
type line struct {
	file   string
	number int
}

// rowStep is what a row yields.
type rowStep struct {
	row      *domain.Row // Nil for the end of the import.
	command  domain.Command
	stream   string
	expected eventlog.Revision
	events   []domain.Event
}

// read takes in the faults that a reader found.
func (i *importing) read(faults []domain.RowFault) {
	for _, f := range faults {
		i.told[place(f)] = true
		i.fault(f)
	}
}

// readRecord makes the world of the record.
func (i *importing) readRecord(ctx context.Context) error {
	for e, err := range i.log.ReadAll(ctx, eventlog.Offset{}) {
		if err != nil {
			return fmt.Errorf("read the record: %w", err)
		}
		event, metadata, err := decode(e)
		if err != nil {
			return fmt.Errorf("read the record: %w", err)
		}
		i.world.Apply(event)
		if metadata.RecordedBy == i.opts.By && metadata.IdempotencyKey != "" {
			i.keys[metadata.IdempotencyKey] = true
			i.begun = i.begun || metadata.CorrelationID == i.opts.CorrelationID
		}
	}
	return nil
}

// decide decides all rows, and the end of the import.
func (i *importing) decide(ctx context.Context) error {
	for n := range i.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := i.decideRow(ctx, &i.rows[n]); err != nil {
			return fmt.Errorf("%s:%d: %w", i.rows[n].File, i.rows[n].Line, err)
		}
	}
	for line, recorded := range i.lines {
		if recorded {
			i.report.Recorded[line.file]++
		} else {
			i.report.Skipped++
		}
	}
	if len(i.steps) == 0 && !i.begun || i.opts.SHA256 == "" || i.opts.Through != nil || i.faults.Total > 0 {
		return nil
	}
	complete := domain.CompleteImport{SHA256: i.opts.SHA256, Name: i.opts.Name, Recorded: i.report.Recorded, Skipped: i.report.Skipped}
	folded := i.world.Folded(complete.Stream())
	if folded.Revision() >= 0 {
		return nil // The same input was recorded to its end before; what is recorded now was lacking for another reason.
	}
	events, refusal := folded.Decide(complete, i.world.Facts(i.opts.Today))
	if refusal != nil {
		return refusal
	}
	i.take(rowStep{stream: complete.Stream(), expected: eventlog.Revision(folded.Revision()), events: events})
	return nil
}

// take puts what a row yields into the world.
func (i *importing) take(step rowStep) {
	for _, e := range step.events {
		i.world.Apply(e)
	}
	i.steps = append(i.steps, step)
	i.report.Events += len(step.events)
}

func (i *importing) decideRow(ctx context.Context, row *domain.Row) error {
	at := line{row.File, row.Line}
	if _, seen := i.lines[at]; !seen {
		i.lines[at] = false
	}
	if i.keys[row.Key] {
		return nil
	}
	command, refusal := row.Command(i.world)
	if refusal != nil {
		i.refuse(row, refusal)
		return nil
	}
	if row.Faulty {
		_, refusal = i.world.Folded(command.Stream()).Decide(command, i.world.Facts(i.opts.Today))
		i.refuse(row, refusal)
		return nil
	}
	match, differences := i.world.Compare(command)
	different := match == domain.Different
	switch {
	case match == domain.Same:
		return nil
	case different:
		if err := i.refuseDifferent(ctx, row, command, differences); err != nil {
			return err
		}
	}
	stream := command.Stream()
	folded := i.world.Folded(stream)
	events, refusal := folded.Decide(command, i.world.Facts(i.opts.Today))
	if different { // That its key is taken was told; what else is wrong with the row is told, too.
		if refusal != nil {
			refusal.Faults = slices.DeleteFunc(refusal.Faults, func(f domain.Fault) bool { return f.Code == domain.Conflict })
			i.refuse(row, refusal)
		}
		return nil
	}
	if refusal != nil {
		i.refuse(row, refusal)
		return nil
	}
	step := rowStep{row: row, command: command, stream: stream, expected: eventlog.Revision(folded.Revision()), events: events}
	// Whether it can be recorded is found out now, not when half of the rows are on record.
	encoded, err := i.encode(step)
	if err != nil {
		return err
	}
	for n, e := range encoded.Events {
		size := codec.LeafSize(stream, e.Type, int64(step.expected)+1+int64(n), e.Data, e.Metadata)
		if size > codec.MaxLeafSize {
			i.refuse(row, refuseTooLarge(&eventlog.TooLarge{Stream: stream, Type: e.Type, Size: size, Limit: codec.MaxLeafSize}))
			return nil
		}
	}
	i.take(step)
	i.keys[row.Key] = true
	i.lines[at] = true
	return nil
}

// refuse notes the faults of a row, and that what it defines is missing. What only follows from the fault of a row before, which
// would have defined what this one names, is no fault of its own: it would bury the one that matters. Of a row whose cells the
// reader could not read, only what is wrong with its other cells is told.
func (i *importing) refuse(row *domain.Row, refusal *domain.Refusal) {
	follows := slices.ContainsFunc(row.Needs, func(key string) bool { return i.missing[key] })
	for _, key := range row.Defines {
		i.missing[key] = true
	}
	if refusal == nil {
		return
	}
	for _, f := range refusal.Faults {
		fault := row.Fault(f)
		if f.Code == domain.NotFound && follows || row.Faulty && (fault.Column == "" || i.told[place(fault)]) {
			continue
		}
		i.fault(fault)
	}
}

// place is where a fault stands.
func place(f domain.RowFault) domain.RowFault {
	return domain.RowFault{File: f.File, Line: f.Line, Column: f.Column}
}

func (i *importing) fault(f domain.RowFault) {
	i.faults.Total++
	if len(i.faults.First) < maxFaults {
		i.faults.First = append(i.faults.First, f)
	}
}

// refuseDifferent notes that what a row would record is there already with other content, where, and in what it differs.
func (i *importing) refuseDifferent(ctx context.Context, row *domain.Row, command domain.Command, differences []domain.Difference) error {
	message := "This is on record already with other content" + inWhat(row, differences, "on record") + "; correct the record, or take the row out."
	if len(i.faults.First) < maxFaults { // Looking is dear, and only those are told.
		earlier, err := i.recordedAt(ctx, command)
		if err != nil {
			return err
		}
		if earlier != nil {
			message = fmt.Sprintf("%s, line %d, says this already with other content%s; keep one of the two.", earlier.File, earlier.Line, inWhat(row, differences, "there"))
		}
	}
	i.fault(row.Fault(domain.Fault{Code: domain.Conflict, Path: differences[0].Path, Message: message}))
	return nil
}

// inWhat tells the first differences, by the names of the columns.
func inWhat(row *domain.Row, differences []domain.Difference, there string) string {
	const most = 3
	var b strings.Builder
	for n, d := range differences {
		if n == most {
			fmt.Fprintf(&b, ", and %s more", plural(len(differences)-most, "difference"))
			break
		}
		name := row.Fault(domain.Fault{Path: d.Path}).Column
		if name == "" {
			name = d.Path
		}
		separator := ", "
		if n == 0 {
			separator = ": "
		}
		fmt.Fprintf(&b, "%s%s is %s %s and %s here", separator, cmp.Or(name, "it"), value(d.Recorded), there, value(d.Given))
	}
	return b.String()
}

// value writes one of two values that differ.
func value(text string) string {
	const most = 100
	if text == "" {
		return "empty"
	}
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// recordedAt gives the row of this import that recorded what is on record under the natural key of a command; nil where it
// was there before, or stands in another stream. It goes through the command's stream once more, an event at a time.
func (i *importing) recordedAt(ctx context.Context, command domain.Command) (*domain.Row, error) {
	stream := command.Stream()
	world := domain.NewWorld()
	for e, err := range i.log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", stream, err)
		}
		event, _, err := decode(e)
		if err != nil {
			return nil, err
		}
		world.Apply(event)
	}
	if world.Recorded(command) != domain.Different {
		for _, step := range i.steps {
			if step.stream != stream {
				continue
			}
			for _, e := range step.events {
				world.Apply(e)
			}
			if world.Recorded(command) == domain.Different {
				return step.row, nil
			}
		}
	}
	return nil, nil
}

// encode makes the step for the log.
func (i *importing) encode(step rowStep) (eventlog.Append, error) {
	metadata := codec.Metadata{RecordedBy: i.opts.By, RecordedAt: i.opts.Clock(), CorrelationID: i.opts.CorrelationID, CausationID: i.causation}
	key := "import:" + i.opts.SHA256
	if step.row != nil {
		key = step.row.Key
		metadata.IdempotencyKey = key
	}
	sum := sha256.Sum256([]byte(key))
	hash := hex.EncodeToString(sum[:])
	if step.row != nil {
		metadata.InputHash = hash
	}
	a := eventlog.Append{Stream: step.stream, Expected: step.expected}
	for n, e := range step.events {
		typ, version, data, err := codec.Encode(e)
		if err != nil {
			return a, err
		}
		metadata.SchemaVersion = version
		m, err := codec.EncodeMetadata(metadata)
		if err != nil {
			return a, err
		}
		a.Events = append(a.Events, eventlog.Event{ID: deriveID(i.opts.By, key, hash, n), Type: typ, Data: data, Metadata: m})
	}
	return a, nil
}

// record appends all steps.
func (i *importing) record(ctx context.Context) error {
	total := len(i.steps) // Rows: the end of the import is none.
	if total > 0 && i.steps[total-1].row == nil {
		total--
	}
	progress := func(done int) {
		if i.opts.Progress != nil {
			i.opts.Progress(min(done, total), total)
		}
	}
	if i.opts.Through != nil {
		return i.recordThrough(ctx, progress)
	}
	for from := 0; from < len(i.steps); {
		to := min(from+batchSteps, len(i.steps))
		batch := make([]eventlog.Append, 0, to-from)
		for _, step := range i.steps[from:to] {
			a, err := i.encode(step) // Again, so that recordedAt is the time of this batch.
			if err != nil {
				return &Incomplete{Recorded: from, Total: total, Err: err} // unreachable: it was encoded before.
			}
			batch = append(batch, a)
		}
		done, err := i.log.AppendAll(ctx, batch)
		from += done
		if err != nil {
			return &Incomplete{Recorded: min(from, total), Total: total, Err: err}
		}
		progress(from)
	}
	return nil
}

// recordThrough hands all steps to who holds the record.
func (i *importing) recordThrough(ctx context.Context, progress func(int)) error {
	if len(i.steps) == 0 {
		return nil
	}
	steps := make([]Step, len(i.steps))
	for n, s := range i.steps {
		steps[n] = Step{Row: s.row, Command: s.command, Revision: int64(s.expected) + 1}
	}
	done, err := i.opts.Through(ctx, steps, progress)
	var refusal *domain.Refusal
	switch {
	case err == nil:
		return nil
	case done == 0 && !errors.Is(err, eventlog.ErrUnknown) && !errors.Is(err, context.Canceled) && !errors.As(err, &refusal):
		return fmt.Errorf("nothing was recorded: %w", err)
	}
	return &Incomplete{Recorded: done, Total: len(steps), At: steps[min(done, len(steps)-1)].Row, Err: err}
}
