package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/recorder"
)

// row is a row that gives a command.
func row(file string, line int, c domain.Command) domain.Row {
	return domain.Row{
		File: file, Line: line, Key: fmt.Sprintf("%s %+v", file, c),
		Columns: map[string]string{"summary": "summary", "points": "points", "stance": "stance", "target": "option", "target.option": "option", "source": "source_title", "source.url": "source_url"},
		Cells:   map[string]string{"summary": "the summary", "points": "the points", "option": "decision-making/majority", "source_url": "gopher://x"},
		Command: func(*domain.World) (domain.Command, *domain.Refusal) { return c, nil },
	}
}

const inputSHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

var options = recorder.AllOptions{By: "import", SHA256: inputSHA, Name: "demo", Today: today}

// dataset are rows of a small data set: the vocabulary and n positions, each of its own day.
func dataset(n int) (rows []domain.Row) {
	for i, c := range vocabulary() {
		rows = append(rows, row("vocabulary.csv", i+2, c))
	}
	for i := range n {
		c := position([]string{"FRA", "EGY"}[i%2], domain.Support, fmt.Sprint("summary ", i))
		c.StatedOn = today - domain.Date(i)
		rows = append(rows, row("positions.csv", i+2, c))
	}
	return rows
}

func recordAll(t *testing.T, log eventlog.Log, rows []domain.Row, opts recorder.AllOptions) (recorder.Report, error) {
	t.Helper()
	return recorder.New(log, nil, config).RecordAll(t.Context(), rows, opts) // Another process each time, without a read model.
}

func TestAnImportIsRecordedInOrder(t *testing.T) {
	log := eventlogtest.NewMemory()
	opts := options
	var progress []int
	opts.Progress = func(done, total int) { progress = append(progress, done, total) }
	clock := monday
	opts.Clock = func() time.Time { return clock }
	rows := dataset(1100)
	got, err := recordAll(t, log, rows, opts)
	if err != nil {
		t.Fatal(err)
	}
	want := recorder.Report{Recorded: map[string]int{"vocabulary.csv": 4, "positions.csv": 1100}, Events: 1105}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !slices.Equal(progress, []int{500, 1104, 1000, 1104, 1104, 1104}) {
		t.Errorf("progress %v", progress)
	}
	var at int
	correlations := map[string]bool{}
	for e, err := range log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		metadata, err := codec.DecodeMetadata(e.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		event, err := codec.Decode(e.Type, 1, e.Data)
		if err != nil {
			t.Fatal(err)
		}
		correlations[metadata.CorrelationID] = true
		if metadata.RecordedBy != "import" || metadata.RecordedAt != monday {
			t.Errorf("%+v", metadata)
		}
		if at < len(rows) {
			c, _ := rows[at].Command(nil)
			if e.Stream != c.Stream() || metadata.IdempotencyKey != rows[at].Key || len(metadata.InputHash) != 64 {
				t.Errorf("event %d is of %s with %+v, not of %v", at+1, e.Stream, metadata, c)
			}
		} else if diff := cmp.Diff(domain.Event(domain.ImportCompleted{SHA256: inputSHA, Name: "demo", Recorded: want.Recorded}), event); diff != "" {
			t.Errorf("the end (-want +got):\n%s", diff)
		}
		at++
	}
	if len(correlations) != 1 {
		t.Errorf("%d correlation ids", len(correlations))
	}
}

// TestTheSameImportRecordsNothingMore, be it by the keys of its rows, or by what is on record under their natural keys.
func TestTheSameImportRecordsNothingMore(t *testing.T) {
	log := eventlogtest.NewMemory()
	if _, err := recordAll(t, log, dataset(7), options); err != nil {
		t.Fatal(err)
	}
	before := size(t, log)
	for _, by := range []string{"import", "reference"} {
		opts := options
		opts.By = by
		got, err := recordAll(t, log, dataset(7), opts)
		if want := (recorder.Report{Recorded: map[string]int{}, Skipped: 11}); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	if n := size(t, log); n != before {
		t.Errorf("%d events, %d before", n, before)
	}
	// More rows under the same name: only they are recorded, and the end of this input.
	opts := options
	opts.SHA256 = strings.Repeat("ab", 32)
	got, err := recordAll(t, log, dataset(9), opts)
	if want := (recorder.Report{Recorded: map[string]int{"positions.csv": 2}, Skipped: 11, Events: 3}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	// An input that was recorded to its end is so once.
	if got, err := recordAll(t, log, dataset(10), opts); err != nil || got.Events != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	// The same row twice in one input is there once, and so is its line.
	rows := dataset(11)
	got, err = recordAll(t, log, append(rows, rows[len(rows)-1]), opts)
	if want := (recorder.Report{Recorded: map[string]int{"positions.csv": 1}, Skipped: 14, Events: 1}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// TestTheKeyOfARowDecidesFirst: what was recorded under a row's key was recorded, whatever the row has come to mean since; but
// only under this subject.
func TestTheKeyOfARowDecidesFirst(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	first, second := row("positions.csv", 2, position("FRA", domain.Support, "s")), row("positions.csv", 3, position("FRA", domain.Oppose, "other"))
	second.Key = first.Key
	got, err := recordAll(t, log, []domain.Row{first, second}, options)
	if want := (recorder.Report{Recorded: map[string]int{"positions.csv": 1}, Skipped: 1, Events: 2}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	got, err = recordAll(t, log, []domain.Row{second}, options)
	if want := (recorder.Report{Recorded: map[string]int{}, Skipped: 1}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	opts := options
	opts.By = "reference"
	_, err = recordAll(t, log, []domain.Row{second}, opts)
	var faults *recorder.Faults
	if !errors.As(err, &faults) || faults.Total != 1 {
		t.Errorf("%v", err)
	}
}

func TestADryRunRecordsNothing(t *testing.T) {
	log := eventlogtest.NewMemory()
	opts := options
	opts.DryRun = true
	got, err := recordAll(t, log, dataset(3), opts)
	if want := (recorder.Report{Recorded: map[string]int{"vocabulary.csv": 4, "positions.csv": 3}, Events: 8}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if n := size(t, log); n != 0 {
		t.Errorf("%d events", n)
	}
}

// TestACutShortImportIsCompletedByTheNext: the log fails at each step of the import, without effect and with.
func TestACutShortImportIsCompletedByTheNext(t *testing.T) {
	rows := dataset(3)
	for _, fault := range []*eventlogtest.Fault{eventlogtest.UnknownWithout(), eventlogtest.UnknownWith(), eventlogtest.Unavailable()} {
		for step := range len(rows) + 1 {
			log := eventlogtest.NewFaulty(eventlogtest.NewMemory())
			log.Plan(append(make([]*eventlogtest.Fault, step), fault)...)
			_, err := recordAll(t, log, rows, options)
			var cut *recorder.Incomplete
			if !errors.As(err, &cut) || !errors.Is(err, fault.Err) || cut.Recorded != step || cut.Total != len(rows) {
				t.Fatalf("cut at step %d: %v", step, err)
			}
			if want := fmt.Sprintf("%d of 7 rows recorded; run the import again", step); !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
			onRecord := step
			if fault.Effect {
				onRecord++
			}
			if n := size(t, log); n != onRecord {
				t.Fatalf("cut at step %d: %d events", step, n)
			}
			got, err := recordAll(t, log, rows, options)
			if err != nil || got.Skipped != min(onRecord, len(rows)) {
				t.Errorf("cut at step %d: %+v, %v", step, got, err)
			}
			// Also where all rows were there, and only the end of the import was not.
			if n, want := size(t, log), len(rows)+1; n != want {
				t.Errorf("cut at step %d: completed to %d events, want %d", step, n, want)
			}
			if got, err := recordAll(t, log, rows, options); err != nil || got.Events != 0 {
				t.Errorf("cut at step %d, and once more: %+v, %v", step, got, err)
			}
		}
	}
}

// TestAnImportThatIsRacedForIsCutShort and completed by the next.
func TestAnImportThatIsRacedForIsCutShort(t *testing.T) {
	memory := eventlogtest.NewMemory()
	begin(t, memory)
	other := recorder.New(memory, newModel(memory), config)
	log := &between{Log: memory, before: func() {
		if _, err := other.Record(t.Context(), recorder.Request{Command: position("EGY", domain.Oppose, "meanwhile"), By: "jane"}); err != nil {
			t.Error(err)
		}
	}}
	rows := dataset(4)[4:]
	for i := range rows { // None of today, which the other speaks of.
		c, _ := rows[i].Command(nil)
		p := c.(domain.RecordPosition)
		p.StatedOn -= 10
		rows[i] = row("positions.csv", i+2, p)
	}
	_, err := recordAll(t, log, rows, options)
	var cut *recorder.Incomplete
	var wrong *eventlog.WrongRevision
	if !errors.As(err, &cut) || !errors.As(err, &wrong) || cut.Recorded != 1 {
		t.Fatalf("%v", err)
	}
	if got, err := recordAll(t, memory, rows, options); err != nil || got.Skipped != 1 || got.Recorded["positions.csv"] != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

// between does something before the first batch.
type between struct {
	eventlog.Log
	before func()
}

func (b *between) AppendAll(ctx context.Context, steps []eventlog.Append) (int, error) {
	b.before()
	b.before = func() {}
	return b.Log.AppendAll(ctx, steps)
}

// TestAllFaultsOfAnImportAreToldAtOnce, with file, line, column and value, and nothing is recorded.
func TestAllFaultsOfAnImportAreToldAtOnce(t *testing.T) {
	log := eventlogtest.NewMemory()
	rows := dataset(2)
	bad := position("FRA", domain.Support, "")
	bad.Points = []domain.Point{{Kind: domain.View, Text: "v"}, {Kind: domain.View}}
	bad.Source.URL = "gopher://x"
	bad.StatedOn -= 10
	unknown := position("FRA", domain.Support, "s")
	unknown.Target = domain.OnOption("decision-making", "majority")
	other := position("EGY", domain.Oppose, "") // With the key of a row before.
	other.StatedOn--
	resolve := row("positions.csv", 40, nil)
	resolve.Command = func(*domain.World) (domain.Command, *domain.Refusal) {
		return nil, domain.Refuse(domain.NotFound, "nowhere", "There is no such thing.")
	}
	rows = append(rows, row("positions.csv", 20, bad), row("positions.csv", 30, unknown), row("positions.csv", 35, other), resolve)
	_, err := recordAll(t, log, rows, options)
	var faults *recorder.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("%v", err)
	}
	var got []string
	for _, f := range faults.First {
		if f.Message == "" {
			t.Errorf("%+v says nothing", f)
		}
		got = append(got, fmt.Sprintf("%s:%d %s=%s %s", f.File, f.Line, f.Column, f.Value, f.Code))
	}
	slices.Sort(got)
	want := []string{
		"positions.csv:20 points=the points BAD_USER_INPUT",
		"positions.csv:20 source_url=gopher://x BAD_USER_INPUT",
		"positions.csv:20 summary=the summary BAD_USER_INPUT",
		"positions.csv:30 option=decision-making/majority NOT_FOUND",
		"positions.csv:35 stance= CONFLICT",
		"positions.csv:35 summary=the summary BAD_USER_INPUT",
		"positions.csv:40 = NOT_FOUND",
	}
	if diff := cmp.Diff(want, got); diff != "" || faults.Total != len(want) {
		t.Errorf("%d faults (-want +got):\n%s", faults.Total, diff)
	}
	for _, want := range []string{"7 faults", "nothing was recorded", `positions.csv:30: option: There is no option "decision-making/majority"`, "positions.csv:40: There is no such thing."} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if n := size(t, log); n != 0 {
		t.Errorf("%d events", n)
	}
}

func TestManyFaultsAreCounted(t *testing.T) {
	log := eventlogtest.NewMemory()
	rows := dataset(0)
	for i := range 10_000 {
		rows = append(rows, row("positions.csv", i+2, position("FRA", domain.Support, "")))
	}
	_, err := recordAll(t, log, rows, options)
	var faults *recorder.Faults
	if !errors.As(err, &faults) || faults.Total != 10_000 || len(faults.First) != 50 || faults.First[49].Line != 51 {
		t.Fatalf("%.200v", err)
	}
	if !strings.HasPrefix(err.Error(), "10000 faults") || !strings.HasSuffix(err.Error(), "and 9950 more") {
		t.Errorf("%v", err)
	}
	if n := size(t, log); n != 0 {
		t.Errorf("%d events", n)
	}
}

// TestOtherContentUnderOneKeyIsAFault that says where the first is: in the record, or in a row before.
func TestOtherContentUnderOneKeyIsAFault(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	r := recorder.New(log, newModel(log), config)
	if _, err := r.Record(t.Context(), recorder.Request{Command: position("FRA", domain.Support, "recorded"), By: "jane"}); err != nil {
		t.Fatal(err)
	}
	before := size(t, log)
	_, err := recordAll(t, log, []domain.Row{
		row("positions.csv", 2, position("FRA", domain.Oppose, "otherwise")),
		row("positions.csv", 3, position("EGY", domain.Oppose, "first")),
		row("more.csv", 4, position("EGY", domain.Support, "second")),
	}, options)
	var faults *recorder.Faults
	if !errors.As(err, &faults) || faults.Total != 2 {
		t.Fatalf("%v", err)
	}
	for i, want := range []string{"on record already", "positions.csv, line 3"} {
		if f := faults.First[i]; f.Code != domain.Conflict || !strings.Contains(f.Message, want) || f.Line != []int{2, 4}[i] {
			t.Errorf("%+v does not say %q", f, want)
		}
	}
	if n := size(t, log); n != before {
		t.Errorf("%d events, %d before", n, before)
	}
}

// TestWhatFollowsFromAFaultIsNoFault: a row that would define something is wrong; those that name it are not.
func TestWhatFollowsFromAFaultIsNoFault(t *testing.T) {
	rows := dataset(0)
	wrong := domain.DefineOption{Element: "decision-making", Key: "majority"} // No label.
	named := position("FRA", domain.Support, "s")
	named.Target = domain.OnOption("decision-making", "majority")
	typo := position("EGY", domain.Support, "s")
	typo.Target = domain.OnOption("decision-making", "majorty")
	typoRow := row("positions.csv", 4, typo)
	typoRow.Cells = map[string]string{"option": "decision-making/majorty"}
	wrongRow, namedRow := row("options.csv", 2, wrong), row("positions.csv", 3, named)
	wrongRow.Defines = []string{"decision-making/majority"}
	namedRow.Needs, typoRow.Needs = wrongRow.Defines, []string{"decision-making/majorty"}
	rows = append(rows, wrongRow, namedRow, typoRow)
	_, err := recordAll(t, eventlogtest.NewMemory(), rows, options)
	var faults *recorder.Faults
	if !errors.As(err, &faults) || faults.Total != 2 || faults.First[0].File != "options.csv" || faults.First[1].Line != 4 {
		t.Errorf("%v", err)
	}
}

// TestWhatIsTooLargeIsAFaultBeforeAnythingIsRecorded at exactly the size that the store refuses.
func TestWhatIsTooLargeIsAFaultBeforeAnythingIsRecorded(t *testing.T) {
	large := position("FRA", domain.Support, "s")
	for range 17 {
		large.Points = append(large.Points, domain.Point{Kind: domain.View, Text: strings.Repeat("x", 4000)})
	}
	// The last text is cut so that the leaf has exactly the largest size; then it is made one byte longer.
	attempt := func(n int) (*eventlogtest.Memory, error) {
		large.Points[16].Text = strings.Repeat("x", n)
		rows := dataset(0)
		last := row("positions.csv", 2, large)
		last.Key = "k" // Of one length, whatever the text.
		log := eventlogtest.NewMemory()
		_, err := recordAll(t, log, append(rows, last), options)
		return log, err
	}
	least, most := 1, 4000 // Fits, does not.
	for most-least > 1 {
		n := (least + most) / 2
		if _, err := attempt(n); err == nil {
			least = n
		} else {
			most = n
		}
	}
	log, err := attempt(least)
	if err != nil || size(t, log) != 6 {
		t.Errorf("%v", err) // Did the store refuse what was thought to fit, it would be *Incomplete.
	}
	log, err = attempt(most)
	var faults *recorder.Faults
	if !errors.As(err, &faults) || faults.Total != 1 || !strings.Contains(err.Error(), "65536 bytes") || size(t, log) != 0 {
		t.Errorf("%v", err)
	}
}

func TestAnImportNeedsASubject(t *testing.T) {
	opts := options
	opts.By = ""
	if _, err := recordAll(t, eventlogtest.NewMemory(), dataset(1), opts); err == nil {
		t.Error("recorded")
	}
	// Without the hash of an input no end is recorded.
	opts = options
	opts.SHA256 = ""
	if got, err := recordAll(t, eventlogtest.NewMemory(), dataset(1), opts); err != nil || got.Events != 5 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAnEndThatCannotBeRecordedIsFoundOutFirst: nothing of the import is recorded then.
func TestAnEndThatCannotBeRecordedIsFoundOutFirst(t *testing.T) {
	log := eventlogtest.NewMemory()
	opts := options
	opts.SHA256 = "abc"
	_, err := recordAll(t, log, dataset(1), opts)
	refusal(t, err, domain.BadUserInput, "sha256")
	if n := size(t, log); n != 0 {
		t.Errorf("%d events", n)
	}
}

func TestAnImportEndsWithItsContext(t *testing.T) {
	log := eventlogtest.NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	rows := dataset(3)
	first := rows[0].Command
	rows[0].Command = func(w *domain.World) (domain.Command, *domain.Refusal) { cancel(); return first(w) }
	if _, err := recorder.New(log, nil, config).RecordAll(ctx, rows, options); !errors.Is(err, context.Canceled) || size(t, log) != 0 {
		t.Errorf("%v", err)
	}
}

func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		benchmarkLog(b, 10_000, 193)
	}
}

// What the reader of the input found is told first, and nothing is recorded. Of a row that it could not read whole the other cells
// are decided, too; what only follows from such a row is not told.
func TestFaultsOfTheFilesAreToldBeforeThoseOfTheRows(t *testing.T) {
	log := eventlogtest.NewMemory()
	torn := row("options.csv", 2, domain.DefineOption{Element: "decision-making", Key: "majority"}) // Neither label nor description.
	torn.Faulty, torn.Defines, torn.Columns["label"] = true, []string{"decision-making/majority"}, "label"
	alsoWrong := position("FRA", domain.Support, "")
	alsoWrong.Source.URL = "gopher://x"
	half := row("positions.csv", 2, alsoWrong)
	half.Faulty = true
	orphan := position("FRA", domain.Support, "s")
	orphan.Target = domain.OnOption("decision-making", "majority")
	orphanRow := row("positions.csv", 3, orphan)
	orphanRow.Needs = torn.Defines
	opts := options
	opts.Faults = []domain.RowFault{
		{File: "options.csv", Line: 2, Column: "label", Message: "No."}, {File: "positions.csv", Line: 2, Column: "summary", Message: "No."},
	}
	_, err := recordAll(t, log, append(dataset(1), torn, half, orphanRow, row("positions.csv", 4, position("EGY", domain.Support, ""))), opts)
	var faults *recorder.Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range faults.First {
		got = append(got, fmt.Sprintf("%s:%d:%s", f.File, f.Line, f.Column))
	}
	want := []string{"options.csv:2:label", "positions.csv:2:summary", "positions.csv:2:source_url", "positions.csv:4:summary"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := size(t, log); n != 0 {
		t.Errorf("%d events", n)
	}
}

// TestAnotherInputIsNotTakenForOneThatWasCutShort: only the end of an input of which rows were recorded is made up for.
func TestAnotherInputIsNotTakenForOneThatWasCutShort(t *testing.T) {
	log := eventlogtest.NewMemory()
	cut := options
	cut.SHA256 = "" // As if the end had not been recorded.
	if _, err := recordAll(t, log, dataset(3), cut); err != nil {
		t.Fatal(err)
	}
	if got, err := recordAll(t, log, dataset(3), options); err != nil || got.Events != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestCountsAreLines: what a line yields twice, such as a position and its withdrawal, counts once; and a line is on record
// already only where all of it is.
func TestCountsAreLines(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	stated := row("positions.csv", 2, position("FRA", domain.Support, "s"))
	withdrawn := row("positions.csv", 2, domain.WithdrawPosition{Actor: "FRA", Position: 0, On: today, Source: domain.Source{Title: "T"}})
	if got, err := recordAll(t, log, []domain.Row{stated}, recorder.AllOptions{By: "import", Today: today}); err != nil || got.Recorded["positions.csv"] != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range []recorder.Report{
		{Recorded: map[string]int{"positions.csv": 1}, Events: 2},
		{Recorded: map[string]int{}, Skipped: 1},
	} {
		got, err := recordAll(t, log, []domain.Row{stated, withdrawn}, options)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("run %d: %+v, %v, want %+v", i+1, got, err, want)
		}
	}
}

// TestOtherContentIsToldByItsFields: which differ, what is on record and what the row has.
func TestOtherContentIsToldByItsFields(t *testing.T) {
	log := eventlogtest.NewMemory()
	if _, err := recordAll(t, log, dataset(1), options); err != nil {
		t.Fatal(err)
	}
	c := position("FRA", domain.Oppose, "another summary")
	c.StatedOn = today
	_, err := recordAll(t, log, []domain.Row{row("positions.csv", 9, c)}, options)
	want := `positions.csv:9: stance: This is on record already with other content: stance is "SUPPORT" on record and "OPPOSE" here, ` +
		`summary is "summary 0" on record and "another summary" here; correct the record, or take the row out.`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// TestStepsGoThroughWhoHoldsTheRecord: decided here, recorded there; nothing reaches the log.
func TestStepsGoThroughWhoHoldsTheRecord(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	before := size(t, log)
	rows := dataset(4)[4:]
	opts := options
	var got []recorder.Step
	opts.Through = func(_ context.Context, steps []recorder.Step, progress func(int)) (int, error) {
		got = steps
		progress(len(steps))
		return len(steps), nil
	}
	report, err := recordAll(t, log, rows, opts)
	if want := (recorder.Report{Recorded: map[string]int{"positions.csv": 4}, Events: 4}); err != nil || !cmp.Equal(report, want) {
		t.Errorf("%+v, %v, want %+v", report, err, want)
	}
	for i, step := range got {
		if step.Row.Key != rows[i].Key || step.Revision != int64(i/2) {
			t.Errorf("step %d: %s at revision %d", i, step.Row.Key, step.Revision)
		}
	}
	if len(got) != 4 || size(t, log) != before {
		t.Errorf("%d steps, %d events in the log, %d before", len(got), size(t, log), before)
	}
	for _, c := range []struct {
		done int
		err  error
		want string
	}{
		{0, errors.New("no"), "import demo: nothing was recorded: no"},
		{0, eventlog.ErrUnknown, "0 of 4 rows recorded, and of positions.csv:2 it is not known; run the import again"},
		{2, errors.New("no"), "2 of 4 rows recorded, positions.csv:4 and what comes after it not; run the import again to complete it: no"},
		{3, domain.Refuse(domain.Conflict, "summary", "Taken."), "3 of 4 rows recorded, the others not: the record changed meanwhile; run the import again, which checks everything anew\npositions.csv:5: summary \"the summary\": Taken."},
	} {
		opts.Through = func(context.Context, []recorder.Step, func(int)) (int, error) { return c.done, c.err }
		if _, err := recordAll(t, log, rows, opts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestAnInputMayBeReadOnceTheRecordWas, so that it names what is there.
func TestAnInputMayBeReadOnceTheRecordWas(t *testing.T) {
	log := eventlogtest.NewMemory()
	begin(t, log)
	opts := options
	opts.Read = func(w *domain.World) ([]domain.Row, []domain.RowFault) {
		if !w.Facts(today).State("FRA") {
			t.Error("the record was not read")
		}
		return dataset(2)[4:], nil
	}
	if got, err := recordAll(t, log, nil, opts); err != nil || got.Recorded["positions.csv"] != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	opts.Read = func(*domain.World) ([]domain.Row, []domain.RowFault) {
		return dataset(3)[4:], []domain.RowFault{{File: "positions.csv", Line: 9, Message: "Wrong."}}
	}
	var faults *recorder.Faults
	if _, err := recordAll(t, log, nil, opts); !errors.As(err, &faults) || faults.Total != 1 {
		t.Errorf("%v", err)
	}
}
