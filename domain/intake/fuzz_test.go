package intake_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
	"github.com/rapporteur/rapporteur/domain/intake"
)

// sound checks what holds of every answer, whatever was read.
func sound(t *testing.T, fsys fstest.MapFS, in intake.Input, faults []intake.Fault) {
	t.Helper()
	for _, f := range faults {
		file, ok := fsys[f.File]
		if !ok || f.Line < 0 || f.Line > bytes.Count(file.Data, []byte("\n"))+1 {
			t.Errorf("no such place: %v", f)
		}
		if !strings.ContainsAny(f.Message[len(f.Message)-1:], ".?") || len(f.Message) > 3000 {
			t.Errorf("no sentence: %v", f)
		}
	}
	if len(faults) > 0 {
		return
	}
	all := keys(in)
	slices.Sort(all)
	if n := len(all); len(slices.Compact(all)) != n {
		t.Error("two rows have one key")
	}
}

// A table that is read has what the standard library's reader has, cell by cell.
func FuzzTable(f *testing.F) {
	for _, s := range []string{
		"element,label\na,A\n", "label,element\r\nA,a\r\n", "element,label,description\na,\"A, \"\"B\"\"\",\"x\ny\"\n", "element,label\na,\"A\n",
		"\ufeffelement,label\n", "element,label\n\n\na,A\nb,B,C\n", "element;label\n", "", "\n", "element,label\na,\xff\n", "element,element,label\n", "element,label\n\"\",\"\"\n",
	} {
		f.Add([]byte(s))
	}
	states := small()["states.csv"]
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"states.csv": states, "elements.csv": {Data: data}}
		in, faults := intake.Dataset(fsys)
		sound(t, fsys, in, faults)
		if len(faults) > 0 {
			return
		}
		r := csv.NewReader(bytes.NewReader(data))
		table, err := r.ReadAll()
		if err != nil {
			t.Fatalf("read without a fault: %v", err)
		}
		at := func(column string) int {
			return slices.IndexFunc(table[0], func(h string) bool { return strings.TrimSpace(h) == column })
		}
		var want, got []domain.Command
		for _, cells := range table[1:] {
			c := domain.DefineElement{Key: strings.TrimSpace(cells[at("element")]), Label: strings.TrimSpace(cells[at("label")])}
			if i := at("description"); i >= 0 {
				c.Description = strings.TrimSpace(cells[i])
			}
			want = append(want, c)
		}
		for _, row := range in.Rows[3:] {
			c, _ := row.Command(domain.NewWorld())
			got = append(got, c)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-csv +intake):\n%s", diff)
		}
	})
}

// One file of a data set is anything: it is told what is wrong, the same each time, or every row is decided.
func FuzzDataset(f *testing.F) {
	var names []string
	for name := range small() {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		f.Add(uint8(i), small()[name].Data)
		f.Add(uint8(i), append(slices.Clone(small()[name].Data), "x,;x,,\"\",2020-01-01,Fenwick,,,,,,,,,\n"...))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		fsys := small()
		fsys[names[int(which)%len(names)]] = &fstest.MapFile{Data: data}
		in, faults := intake.Dataset(fsys)
		sound(t, fsys, in, faults)
		found := check(t, eventlogtest.NewMemory(), in, faults)
		sound(t, fsys, intake.Input{}, found)
		again, faultsAgain := intake.Dataset(fsys)
		if !slices.Equal(keys(in), keys(again)) || !slices.Equal(faults, faultsAgain) || !slices.Equal(found, check(t, eventlogtest.NewMemory(), again, faultsAgain)) {
			t.Error("read twice, told otherwise")
		}
	})
}

// A file of positions alone gives rows or faults with their places, whatever is in it; and the rows are those that a data set gives.
func FuzzPositions(f *testing.F) {
	for _, s := range []string{
		positionsHead + "2020-01-01,FRA,p,,,,S,,\n", positionsHead + "2020-01-01,France,,e,o,oppose,S,NEED: a | VIEW: b,DEU;Spain\n",
		"date,actor,summary,withdrawn_on,explains\n2020-01-01,EU,S,2020-01-02,A/1#3\n", "", "\ufeff", positionsHead + "x\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, faults := intake.Positions(data, "positions.csv").Against(domain.NewWorld())
		in, same := intake.Dataset(fstest.MapFS{"positions.csv": {Data: data}})
		if len(faults) != len(same) {
			t.Errorf("%v\nas a data set: %v", faults, same)
		}
		if len(faults) > 0 {
			return
		}
		var want []string
		for _, row := range in.Rows {
			if row.File == "positions.csv" {
				want = append(want, row.Key)
			}
		}
		if diff := cmp.Diff(want, keys(intake.Input{Rows: rows})); diff != "" {
			t.Error(diff)
		}
	})
}
