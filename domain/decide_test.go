package domain_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/rapporteur/rapporteur/domain"
)

var update = flag.Bool("update", false, "rewrite what follows then in testdata/decide")

// The tables of testdata/decide are txtar archives, one a stream category; world.txtar holds what every case finds on record.
// A case is a file of the archive, named by the rule that it shows:
//
//	today 2024-06-01              the day, if it is another
//	given <Event> <JSON>          what else is on record, in order
//	when <Command> <JSON>         what is asked: the fields in which it differs from the archive's base of that command
//	then <Event> <JSON>           what it yields, or
//	then <CODE> <path>: <sentence>   every fault that it is refused for
//
// The file base holds, for each command, one that is accepted.

const defaultToday = "2024-06-01"

type scenario struct {
	name  string
	today domain.Date
	given []domain.Event
	when  domain.Command
	input []string // All lines but those of then.
	then  []string
}

var (
	eventTypes   = byName(domain.EventTypes)
	commandTypes = byName(domain.CommandTypes)
)

func byName[T any](list []T) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, v := range list {
		types[reflect.TypeOf(v).Name()] = reflect.TypeOf(v)
	}
	return types
}

// decode reads a line "<Type> <JSON>" into a value of one of the types.
func decode(t *testing.T, types map[string]reflect.Type, line string) any {
	t.Helper()
	name, text, _ := strings.Cut(line, " ")
	typ, ok := types[name]
	if !ok {
		t.Fatalf("%s: unknown type in %q", name, line)
	}
	v := reflect.New(typ)
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Interface()); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return v.Elem().Interface()
}

// encode writes a line as decode reads it.
func encode(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	return reflect.TypeOf(v).Name() + " " + strings.TrimSpace(b.String())
}

// merged lays an object over another, fields of objects within it likewise.
func merged(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for k, v := range over {
		inner, ok := v.(map[string]any)
		if outer, both := out[k].(map[string]any); ok && both && len(inner) > 0 {
			out[k] = merged(outer, inner)
		} else {
			out[k] = v
		}
	}
	return out
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

// sharedWorld gives the events that every case finds on record.
func sharedWorld(t *testing.T) []domain.Event {
	t.Helper()
	a, err := txtar.ParseFile("testdata/decide/world.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var events []domain.Event
	for _, f := range a.Files {
		for line := range strings.Lines(string(f.Data)) {
			if line = strings.TrimSpace(line); line != "" {
				events = append(events, decode(t, eventTypes, line).(domain.Event))
			}
		}
	}
	return events
}

// scenarios reads an archive of cases.
func scenarios(t *testing.T, a *txtar.Archive) []scenario {
	t.Helper()
	base := map[string]string{}
	var all []scenario
	for _, f := range a.Files {
		today, _ := domain.ParseDate(defaultToday)
		s := scenario{name: f.Name, today: today}
		for line := range strings.Lines(string(f.Data)) {
			line = strings.TrimRight(line, "\n")
			word, rest, _ := strings.Cut(line, " ")
			switch {
			case line == "":
				continue
			case f.Name == "base":
				base[word] = rest
				continue
			case word == "then":
				s.then = append(s.then, rest)
				continue
			case word == "today":
				if s.today, _ = domain.ParseDate(rest); s.today == 0 {
					t.Fatalf("%s: %s", f.Name, line)
				}
			case word == "given":
				s.given = append(s.given, decode(t, eventTypes, rest).(domain.Event))
			case word == "when":
				name, over, _ := strings.Cut(rest, " ")
				full := merged(object(t, base[name]), object(t, over))
				text, err := json.Marshal(full)
				if err != nil {
					t.Fatal(err)
				}
				s.when = decode(t, commandTypes, name+" "+string(text)).(domain.Command)
			default:
				t.Fatalf("%s: %s", f.Name, line)
			}
			s.input = append(s.input, line)
		}
		if f.Name != "base" {
			if s.when == nil {
				t.Fatalf("%s: no when", f.Name)
			}
			all = append(all, s)
		}
	}
	return all
}

// eachScenario runs a test for every case of every archive, with the world in which it is decided.
func eachScenario(t *testing.T, run func(*testing.T, scenario, *domain.World)) {
	files, err := filepath.Glob("testdata/decide/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	shared := sharedWorld(t)
	cases := 0
	for _, file := range files {
		if filepath.Base(file) == "world.txtar" {
			continue
		}
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			for _, s := range scenarios(t, a) {
				cases++
				t.Run(s.name, func(t *testing.T) { run(t, s, worldOf(shared, s.given)) })
			}
		})
	}
	if cases < 150 {
		t.Errorf("%d cases; there were more than 150", cases)
	}
}

func worldOf(lists ...[]domain.Event) *domain.World {
	w := domain.NewWorld()
	for _, events := range lists {
		for _, e := range events {
			w.Apply(e)
		}
	}
	return w
}

// outcome tells what a command yields, a line an event or fault.
func outcome(t *testing.T, events []domain.Event, refusal *domain.Refusal) []string {
	t.Helper()
	var lines []string
	for _, e := range events {
		lines = append(lines, encode(t, e))
	}
	if refusal != nil {
		for _, f := range refusal.Faults {
			lines = append(lines, fmt.Sprintf("%s %s: %s", f.Code, f.Path, f.Message))
		}
	}
	return lines
}

func TestDecide(t *testing.T) {
	written := map[string][]string{}
	eachScenario(t, func(t *testing.T, s scenario, w *domain.World) {
		state := w.Folded(s.when.Stream())
		before := state.Revision()
		events, refusal := state.Decide(s.when, w.Facts(s.today))
		got := outcome(t, events, refusal)
		written[t.Name()] = append(append([]string{}, s.input...), prefixed("then ", got)...)
		if *update {
			return
		}
		if diff := cmp.Diff(s.then, got); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}

		// Three results, not two: events or a refusal with a fault, never both or neither.
		if (len(events) > 0) == (refusal != nil && len(refusal.Faults) > 0) {
			t.Errorf("%d events and refusal %v", len(events), refusal)
		}
		if state.Revision() != before {
			t.Errorf("deciding moved the revision from %d to %d", before, state.Revision())
		}
		again, refusedAgain := state.Decide(s.when, w.Facts(s.today))
		if diff := cmp.Diff(got, outcome(t, again, refusedAgain)); diff != "" {
			t.Errorf("the same state decided otherwise (-first +second):\n%s", diff)
		}
		for i, e := range events {
			if e.Stream() != s.when.Stream() {
				t.Errorf("event %d belongs to stream %s, not %s", i, e.Stream(), s.when.Stream())
			}
			if back := decode(t, eventTypes, encode(t, e)); !cmp.Equal(back, any(e), cmp.AllowUnexported()) {
				t.Errorf("event %d does not come back from JSON: %s", i, cmp.Diff(any(e), back))
			}
			w.Apply(e)
		}
		if got := w.Folded(s.when.Stream()).Revision(); got != before+int64(len(events)) {
			t.Errorf("revision is %d after %d events on %d", got, len(events), before)
		}
	})
	if *update {
		rewrite(t, written)
	}
}

func prefixed(prefix string, lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, prefix+l)
	}
	return out
}

// rewrite puts the lines of every case into its archive.
func rewrite(t *testing.T, written map[string][]string) {
	t.Helper()
	files, _ := filepath.Glob("testdata/decide/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		category := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for i, f := range a.Files {
			name := "TestDecide/" + category + "/" + strings.ReplaceAll(f.Name, " ", "_")
			if lines, ok := written[name]; ok {
				a.Files[i].Data = []byte(strings.Join(lines, "\n") + "\n\n")
			}
		}
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
