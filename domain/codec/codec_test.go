package codec_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
)

var update = flag.Bool("update", false, "write the golden files of the current versions")

// TestEveryEventHasGoldenFiles walks the closed list of events: a type that is not in the table, or whose bytes are not
// kept, fails here.
func TestEveryEventHasGoldenFiles(t *testing.T) {
	versions := map[string]int{}
	for _, v := range codec.Versions() {
		versions[v.Type] = v.Version
	}
	if len(versions) != len(domain.EventTypes) || len(samples) != len(domain.EventTypes) {
		t.Errorf("%d types in the table, %d samples, %d types of events", len(versions), len(samples), len(domain.EventTypes))
	}
	for _, zero := range domain.EventTypes {
		// Today the names are those of the Go types. Where a Go type is renamed, its name in the record stays, and is said here.
		name := reflect.TypeOf(zero).Name()
		s, ok := samples[name]
		if !ok || versions[name] == 0 {
			t.Errorf("%s: no sample, or not in the table", name)
			continue
		}
		if reflect.TypeOf(s.full) != reflect.TypeOf(zero) || reflect.TypeOf(s.min) != reflect.TypeOf(zero) {
			t.Fatalf("%s: the samples are of another type", name)
		}
		version := versions[name]
		stem := filepath.Join("testdata", name, "v"+string(rune('0'+version)))
		for file, event := range map[string]domain.Event{stem + ".json": s.full, stem + "-min.json": s.min} {
			t.Run(file, func(t *testing.T) { golden(t, file, name, version, event) })
		}
		if field := unfilled(reflect.ValueOf(s.full), name); field != "" {
			t.Errorf("the full sample leaves %s empty", field)
		}
	}
}

func golden(t *testing.T, file, name string, version int, event domain.Event) {
	typ, v, data, err := codec.Encode(event)
	if err != nil {
		t.Fatal(err)
	}
	if typ != name || v != version {
		t.Errorf("encoded as %s version %d", typ, v)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		// With a line feed at the end, so that it is a text file; it is no part of the data.
		if err := os.WriteFile(file, append(slices.Clone(data), '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want = bytes.TrimSuffix(want, []byte("\n"))
	if !bytes.Equal(data, want) {
		t.Errorf("encoded\n%s\nrecorded\n%s", data, want)
	}
	if canonical, err := codec.Canonical(want); err != nil || !bytes.Equal(canonical, want) {
		t.Errorf("the golden file is not canonical: %v", err)
	}
	got, err := codec.Decode(name, version, want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(event, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("decoded (-sample +got):\n%s", diff)
	}
	// Nothing is missing in the file that its version asks for: Decode reads that as nothing, and Encode would write it.
	if _, _, again, err := codec.Encode(got); err != nil || !bytes.Equal(again, want) {
		t.Errorf("read and written again\n%s\nrecorded\n%s\n%v", again, want, err)
	}
	// What encoding/json makes of it, as a second opinion.
	foreign, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	foreign = bytes.ReplaceAll(foreign, []byte(`"ballots":null`), []byte(`"ballots":[]`))
	if canonical, err := codec.Canonical(foreign); err != nil || !bytes.Equal(canonical, data) {
		t.Errorf("encoding/json and Canonical give\n%s\nEncode gave\n%s\n%v", canonical, data, err)
	}
	other := reflect.New(reflect.TypeOf(event))
	if err := json.Unmarshal(want, other.Interface()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(other.Elem().Interface(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("decoded otherwise than encoding/json does (-json +codec):\n%s", diff)
	}
}

// unfilled names a field that has its zero value, or nothing. A target is either a proposal or an option, and a change to
// the zero value clears.
func unfilled(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[domain.Target]() {
			return ""
		}
		if strings.HasPrefix(v.Type().Name(), "Change[") {
			if !v.Field(0).Bool() {
				return path
			}
			return ""
		}
		for i := range v.NumField() {
			if p := unfilled(v.Field(i), path+"."+v.Type().Field(i).Name); p != "" {
				return p
			}
		}
		return ""
	case reflect.Slice:
		if v.Len() == 0 {
			return path
		}
		return unfilled(v.Index(0), path)
	}
	if v.IsZero() {
		return path
	}
	return ""
}

// TestOldGoldenFilesAreReadable reads every file in testdata, those of versions that are no longer written, too.
func TestOldGoldenFilesAreReadable(t *testing.T) {
	files, err := filepath.Glob("testdata/*/v*.json")
	if err != nil || len(files) < 2*len(domain.EventTypes) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		version := int(filepath.Base(file)[1] - '0')
		if _, err := codec.Decode(filepath.Base(filepath.Dir(file)), version, bytes.TrimSpace(data)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestUpcastersLeaveNoGap walks the table: from every version that is lifted there is a way to the current one.
func TestUpcastersLeaveNoGap(t *testing.T) {
	for _, v := range codec.Versions() {
		for from := 1; from < v.Version; from++ {
			if !slices.Contains(codec.Lifts(v.Type), from) {
				t.Errorf("%s: no way from version %d", v.Type, from)
			}
		}
	}
}

// TestOldVersionsAreLifted invents versions before the first: 0 has the day under another name, -1 has also the actor.
func TestOldVersionsAreLifted(t *testing.T) {
	rename := func(from, to string) func(map[string]jsontext.Value) error {
		return func(members map[string]jsontext.Value) error {
			members[to] = members[from]
			delete(members, from)
			return nil
		}
	}
	defer codec.RegisterLift("PositionStated", 0, rename("date", "statedOn"))()
	defer codec.RegisterLift("PositionStated", -1, rename("who", "actor"))()

	want := samples["PositionStated"].min
	for version, data := range map[int]string{
		1:  `{"actor":"FRA","source":{"title":"Statement in the Open-ended Working Group"},"statedOn":"2023-11-02","summary":"Speaks of it","target":{"proposal":"programme-of-action"}}`,
		0:  `{"actor":"FRA","date":"2023-11-02","source":{"title":"Statement in the Open-ended Working Group"},"summary":"Speaks of it","target":{"proposal":"programme-of-action"}}`,
		-1: `{"date":"2023-11-02","source":{"title":"Statement in the Open-ended Working Group"},"summary":"Speaks of it","target":{"proposal":"programme-of-action"},"who":"FRA"}`,
	} {
		got, err := codec.Decode("PositionStated", version, []byte(data))
		if err != nil {
			t.Errorf("version %d: %v", version, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
	}
	// The old form under the new version is as wrong as any unknown member, and the other way round.
	for version, data := range map[int]string{
		1: `{"actor":"FRA","date":"2023-11-02","source":{"title":"t"},"summary":"s","target":{"proposal":"p"}}`,
		0: `{"actor":"FRA","source":{"title":"t"},"statedOn":"2023-11-02","summary":"s","target":{"proposal":"p"}}`,
	} {
		if got, err := codec.Decode("PositionStated", version, []byte(data)); err == nil {
			t.Errorf("version %d: %s was read as %v", version, data, got)
		}
	}
	// What an upcaster cannot lift is an error, with the version.
	remove := codec.RegisterLift("PositionStated", 0, func(map[string]jsontext.Value) error { return errors.New("no day") })
	if _, err := codec.Decode("PositionStated", 0, []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "lift version 0: no day") {
		t.Error(err)
	}
	remove()
	// What it forgets is an error, too, and so is what it leaves empty and Encode leaves out.
	for lost, lift := range map[string]func(map[string]jsontext.Value) error{
		`"summary":""`: func(members map[string]jsontext.Value) error { delete(members, "summary"); return nil },
		"zero Date":    func(members map[string]jsontext.Value) error { delete(members, "statedOn"); return nil },
		`"session":""`: func(members map[string]jsontext.Value) error { members["session"] = jsontext.Value(`""`); return nil },
		"null into":    func(members map[string]jsontext.Value) error { members["session"] = nil; return nil },
	} {
		remove := codec.RegisterLift("PositionStated", 0, lift)
		_, err := codec.Decode("PositionStated", 0, []byte(`{"actor":"FRA","source":{"title":"t"},"statedOn":"2023-11-02","summary":"s","target":{"proposal":"p"}}`))
		if err == nil || !strings.Contains(err.Error(), lost) {
			t.Errorf("%s: %v", lost, err)
		}
		remove()
	}
	for _, bad := range []string{``, `null`, `[]`, `{"date" 1}`, `{1:1}`, `{"date":[1,{"a":}]}`, `{"date":{"a" 1}}`, `{"date":{1:1}}`, `{"date":[1 2]}`, `{"date":{"a":1 "b":2}}`, `{"date":1,"date":2}`, `{"date":"2023-11-02"`, `{"date":tru}`, `{} {}`} {
		if _, err := codec.Decode("PositionStated", 0, []byte(bad)); err == nil {
			t.Errorf("%q was lifted", bad)
		}
	}
}

// TestUnknownTypesAndVersionsAreNamed: the program stops at what it does not know, and says what that is.
func TestUnknownTypesAndVersionsAreNamed(t *testing.T) {
	for _, test := range []struct {
		typ     string
		version int
		want    []string
	}{
		{"PositionShouted", 1, []string{"PositionShouted", "version 1"}},
		{"PositionStated", 2, []string{"PositionStated", "version 2"}},
		{"PositionStated", 0, []string{"PositionStated", "version 0"}},
		{"positionstated", 1, []string{"positionstated"}},
	} {
		_, err := codec.Decode(test.typ, test.version, []byte(`{}`))
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %d: %v", test.typ, test.version, err)
			}
		}
	}
	if _, _, _, err := codec.Encode(nil); err == nil {
		t.Error("nil was encoded")
	}
	if _, _, _, err := codec.Encode(&domain.OptionRetired{}); err == nil {
		t.Error("a pointer was encoded")
	}
}

// TestChangesKeepClearedAndAbsentApart: null clears, absence leaves alone.
func TestChangesKeepClearedAndAbsentApart(t *testing.T) {
	for want, changes := range map[string]domain.PositionChanges{
		`{}`:                  {},
		`{"stance":null}`:     {Stance: domain.To(domain.Stance(0))},
		`{"stance":"OPPOSE"}`: {Stance: domain.To(domain.Oppose)},
		`{"explains":null}`:   {Explains: domain.To(domain.ActRef{})},
		`{"explains":{"proposal":"p","revision":0},"form":null}`: {Explains: domain.To(domain.ActRef{Proposal: "p"}), Form: domain.To(domain.StatementForm(0))},
		`{"points":null}`: {Points: domain.To([]domain.Point{})},
		`{"alignedWith":null,"dissociated":null,"points":null,"session":null}`: {AlignedWith: domain.To[[]string](nil), Dissociated: domain.To([]string{}), Points: domain.To[[]domain.Point](nil), Session: domain.To("")},
	} {
		event := domain.PositionCorrected{Actor: "FRA", Position: 1, Reason: "r", Changes: changes}
		_, version, data, err := codec.Encode(event)
		if err != nil {
			t.Fatal(err)
		}
		if whole := `{"actor":"FRA","changes":` + want + `,"position":1,"reason":"r"}`; string(data) != whole {
			t.Errorf("encoded %s, want %s", data, whole)
		}
		got, err := codec.Decode("PositionCorrected", version, data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(domain.Event(event), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want, diff)
		}
	}
}

// TestDecodeIsStrict: each of these differs in one thing from an event that is read.
func TestDecodeIsStrict(t *testing.T) {
	good := map[string]string{
		"PositionCorrected": `{"actor":"FRA","changes":{"source":{"title":"t"},"statedOn":"2023-11-02"},"position":1,"reason":"r"}`,
		"EndorsementGiven":  `{"actor":"DEU","kind":"SPONSOR","on":"2023-11-02","proposal":"p","source":{"title":"t"}}`,
		"ImportCompleted":   `{"name":"n","recorded":{"a":1},"sha256":"s","skipped":2}`,
		"VoteRecorded":      `{"absent":0,"abstain":0,"adopted":false,"ballots":[{"ballot":"YES","state":"FRA"}],"body":"b","complete":true,"documentSymbol":"s","no":0,"on":"2023-11-02","proposal":"p","source":{"title":"t"},"yes":1}`,
	}
	for typ, data := range good {
		if _, err := codec.Decode(typ, 1, []byte(data)); err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
	}
	for _, test := range []struct{ typ, old, new, why string }{
		{"PositionCorrected", `"title":"t"`, `"titel":"t"`, `unknown object member name "titel" within "/changes/source"`},
		{"PositionCorrected", `"title":"t"`, `"Title":"t"`, "unknown object member name"},
		{"PositionCorrected", `"title":"t"`, `"title":"t","more":1`, "unknown object member name"},
		{"PositionCorrected", `"reason":"r"`, `"reason":"r","reason":"q"`, "duplicate object member name"},
		{"PositionCorrected", `"title":"t"`, `"title":"t","title":"t"`, "duplicate object member name"},
		{"PositionCorrected", `"reason":"r"`, `"reason":null`, `null into Go string within "/reason"`},
		{"PositionCorrected", `"title":"t"`, `"title":null`, `null into Go string within "/changes/source/title"`},
		{"PositionCorrected", `"position":1`, `"position":null`, `null into Go int64 within "/position"`},
		{"PositionCorrected", `"position":1`, `"position":1.5`, `within "/position"`},
		{"PositionCorrected", `"position":1`, `"position":1e2`, `within "/position"`},
		{"PositionCorrected", `"position":1`, `"position":01`, ""},
		{"PositionCorrected", `"position":1`, `"position":"1"`, `within "/position"`},
		{"PositionCorrected", `"position":1`, `"position":9007199254740993`, "2^53"},
		{"PositionCorrected", `"position":1`, `"position":-9007199254740993`, "2^53"},
		{"PositionCorrected", `"position":1`, `"position":99999999999999999999`, "2^53"},
		{"PositionCorrected", `2023-11-02`, `2023-11-31`, `within "/changes/statedOn"`},
		{"PositionCorrected", `"r"}`, `"r"}}`, "after top-level value"},
		{"PositionCorrected", `"r"}`, `"r"`, "unexpected EOF"},
		{"PositionCorrected", `"r"}`, `"r",}`, ""},
		{"PositionCorrected", `"r"`, "\"r\xff\"", "UTF-8"},
		{"PositionCorrected", `"r"`, "\"r\n\"", "invalid character"},
		{"PositionCorrected", `"r"`, `"\ud800"`, "surrogate"},
		{"PositionCorrected", `"r"`, `"\ud800A"`, "surrogate"},
		{"PositionCorrected", `"r"`, `"\x"`, "escape"},
		{"PositionCorrected", `"reason":"r"`, `"reason":["r"]`, `within "/reason"`},
		{"EndorsementGiven", `"SPONSOR"`, `"SPONSORED"`, `within "/kind"`},
		{"EndorsementGiven", `"SPONSOR"`, `""`, `within "/kind"`},
		{"EndorsementGiven", `"SPONSOR"`, `null`, `within "/kind"`},
		{"EndorsementGiven", `{"title":"t"}`, `null`, `within "/source"`},
		{"ImportCompleted", `{"a":1}`, `{"a":1,"a":2}`, "duplicate object member name"},
		{"ImportCompleted", `{"a":1}`, `null`, `within "/recorded"`},
		{"ImportCompleted", `{"a":1}`, `{"a":null}`, `within "/recorded/a"`},
		{"VoteRecorded", `"YES"`, `"yes"`, `within "/ballots/0/ballot"`},
		{"VoteRecorded", `true`, `1`, `within "/complete"`},
		{"VoteRecorded", `}]`, `},]`, ""},
		{"VoteRecorded", `[{"ballot":"YES","state":"FRA"}]`, `null`, `within "/ballots"`},
		{"VoteRecorded", `{"ballot":"YES","state":"FRA"}`, `null`, `within "/ballots/0"`},
	} {
		bad := strings.Replace(good[test.typ], test.old, test.new, 1)
		if bad == good[test.typ] {
			t.Fatalf("%q is not in %s", test.old, bad)
		}
		_, err := codec.Decode(test.typ, 1, []byte(bad))
		if err == nil || !strings.Contains(err.Error(), test.why) || !strings.Contains(err.Error(), test.typ) {
			t.Errorf("%s:\n%v", bad, err)
		}
	}
	if _, err := codec.Decode("PositionStated", 1, []byte(strings.Repeat(`{"target":`, 10))); err == nil {
		t.Error("a target within a target was read")
	}
}

// TestWhatCannotBeWrittenIsRefused: nothing is written that another reader would take for something else.
func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	stated := samples["PositionStated"].min.(domain.PositionStated)
	for name, change := range map[string]func(*domain.PositionStated){
		`"/summary"`: func(e *domain.PositionStated) { e.Summary = "a\xffb" },
		`"/points/1/text"`: func(e *domain.PositionStated) {
			e.Points = []domain.Point{{Kind: domain.View, Text: "v"}, {Kind: domain.View, Text: "\xed\xa0\x80"}}
		},
		`"/statedOn"`:          func(e *domain.PositionStated) { e.StatedOn = 0 },
		`"/stance"`:            func(e *domain.PositionStated) { e.Stance = 77 },
		`"/explains/revision"`: func(e *domain.PositionStated) { e.Explains = &domain.ActRef{Revision: 1<<53 + 1} },
	} {
		e := stated
		change(&e)
		if _, _, data, err := codec.Encode(e); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
	}
	for _, v := range []int64{1 << 53, -(1 << 53)} {
		e := domain.PositionRetracted{Position: v}
		_, _, data, err := codec.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := codec.Decode("PositionRetracted", 1, data); err != nil || got != domain.Event(e) {
			t.Errorf("%d: %v, %v", v, got, err)
		}
	}
	if _, _, _, err := codec.Encode(domain.ImportCompleted{Recorded: map[string]int{"a\xff": 1}}); err == nil {
		t.Error("a name that is not UTF-8 was encoded")
	}
	if _, _, _, err := codec.Encode(domain.ImportCompleted{Recorded: map[string]int{"a": math.MaxInt}}); err == nil {
		t.Error("an integer beyond 2^53 was encoded")
	}
}

// TestNoListIsAnEmptyList: two ways to say nothing are one form.
func TestNoListIsAnEmptyList(t *testing.T) {
	vote := samples["VoteRecorded"].min.(domain.VoteRecorded)
	vote.Ballots = nil
	_, _, without, err := codec.Encode(vote)
	if err != nil {
		t.Fatal(err)
	}
	vote.Ballots = []domain.CastBallot{}
	_, _, with, err := codec.Encode(vote)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(with, without) || !bytes.Contains(with, []byte(`"ballots":[]`)) {
		t.Errorf("%s\n%s", without, with)
	}
}

func FuzzDecode(f *testing.F) {
	for name, s := range samples {
		for _, e := range []domain.Event{s.full, s.min} {
			_, version, data, err := codec.Encode(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(name, version, data)
		}
	}
	f.Add("PositionCorrected", 1, []byte(`{"actor":"\ud83d\ude00\/","reason":"r","position":-0, "changes":{"points":[],"explains":null}}`))
	f.Fuzz(func(t *testing.T, typ string, version int, data []byte) {
		e, err := codec.Decode(typ, version, data)
		if err != nil {
			return
		}
		typ2, version2, again, err := codec.Encode(e)
		// A member that is missing is read as nothing; a day or a word that says nothing cannot be written.
		var missing *jsonv2.SemanticError
		if errors.As(err, &missing) && missing.GoType.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
			return
		}
		if err != nil || typ2 != typ || version2 != version {
			t.Fatalf("%s %d %s: decoded and not encoded: %v", typ, version, data, err)
		}
		if canonical, err := codec.Canonical(again); err != nil || !bytes.Equal(canonical, again) {
			t.Fatalf("%s: not canonical, %v", again, err)
		}
		e2, err := codec.Decode(typ, version, again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, e2, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s %s:\n%s", typ, data, diff)
		}
		// encoding/json reads everything that Decode reads, and the same in it.
		other := reflect.New(reflect.TypeOf(e))
		if err := json.Unmarshal(data, other.Interface()); err != nil {
			t.Fatalf("%s: encoding/json does not read it: %v", data, err)
		}
		if diff := cmp.Diff(other.Elem().Interface(), e, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-json +codec):\n%s", data, diff)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	decoder := codec.NewDecoder()
	for _, name := range []string{"PositionStated", "EndorsementGiven", "VoteRecorded"} {
		e := samples[name].full
		if vote, ok := e.(domain.VoteRecorded); ok {
			vote.Ballots = slices.Repeat(vote.Ballots[:1], 193)
			e = vote
		}
		_, version, data, err := codec.Encode(e)
		if err != nil {
			b.Fatal(err)
		}
		for _, way := range []struct {
			name   string
			decode func() (domain.Event, error)
		}{
			{"", func() (domain.Event, error) { return codec.Decode(name, version, data) }},
			{"/decoder", func() (domain.Event, error) { return decoder.Decode(name, version, data) }},
			{"/strict", func() (domain.Event, error) { return codec.Strictly(name, data) }},
		} {
			b.Run(name+way.name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := way.decode(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				d := json.NewDecoder(bytes.NewReader(data))
				d.DisallowUnknownFields()
				if err := d.Decode(reflect.New(reflect.TypeOf(e)).Interface()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	e := samples["PositionStated"].full
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := codec.Encode(e); err != nil {
			b.Fatal(err)
		}
	}
}
