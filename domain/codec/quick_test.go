package codec_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
)

// TestWhatIsWrittenIsReadQuickly: the quick reader gives up nothing that Encode writes, save for a map.
func TestWhatIsWrittenIsReadQuickly(t *testing.T) {
	d, r := codec.NewDecoder(), rand.New(rand.NewPCG(1, 2))
	for name, s := range samples {
		for i := range 200 {
			e := []domain.Event{s.full, s.min}[i%2]
			if i > 1 {
				e = randomEvent(r, reflect.TypeOf(e))
			}
			_, version, data, err := codec.Encode(e)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if imported, ok := e.(domain.ImportCompleted); ok && len(imported.Recorded) > 0 {
				continue
			}
			got, ok := d.Quickly(name, data)
			if !ok {
				t.Fatalf("given up: %s", data)
			}
			if diff := cmp.Diff(e, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s (-written +read):\n%s", data, diff)
			}
			asStrictly(t, d, name, data)
			if again, err := codec.Decode(name, version, data); err != nil || !reflect.DeepEqual(again, got) {
				t.Fatalf("%s: without a decoder %v, %v", data, again, err)
			}
		}
	}
	for _, m := range []codec.Metadata{fullMetadata, {RecordedAt: fullMetadata.RecordedAt, SchemaVersion: 1}} {
		data, err := codec.EncodeMetadata(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := d.MetadataQuickly(data); !ok || got != m {
			t.Errorf("%s: %v, %+v", data, ok, got)
		}
	}
}

// TestStrangeTextIsReadAsStrictly changes what is written in all ways that it can think of. What the quick reader still reads, the
// strict one must, and the same in it.
func TestStrangeTextIsReadAsStrictly(t *testing.T) {
	rounds := 400
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		rounds = 100_000
	}
	d, r := codec.NewDecoder(), rand.New(rand.NewPCG(3, 4))
	var written [][]byte
	names := slices.Sorted(maps.Keys(samples))
	taken, given := 0, 0
	for range rounds {
		for _, name := range names {
			_, _, data, err := codec.Encode(randomEvent(r, reflect.TypeOf(samples[name].full)))
			if err != nil {
				t.Fatal(err)
			}
			written = append(written, data)
			if len(written) > 100 {
				written[r.IntN(100)] = data
				written = written[:100]
			}
			for range 3 {
				data = strange(r, data, written)
				if asStrictly(t, d, name, data) {
					taken++
				}
				given++
			}
		}
		metadata, err := codec.EncodeMetadata(randomMetadata(r))
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			metadataAsStrictly(t, d, strange(r, metadata, written))
		}
	}
	// Were all given up, or none, nothing would have been compared.
	if taken < given/50 || taken > given-given/50 {
		t.Errorf("of %d texts %d were read quickly", given, taken)
	}
}

// TestEveryNearMissIsReadAsStrictly loses and doubles each byte of what is written, and puts each of the pieces in the place of each
// string, number, list and object.
func TestEveryNearMissIsReadAsStrictly(t *testing.T) {
	d := codec.NewDecoder()
	// What stands between the quotes is a value, too, as a day or a word is put there.
	value := regexp.MustCompile(`^("[^"\\]*"|[0-9]+|true|false|\[[^]]*\]|\{[^{}]*\})`)
	each := func(data []byte, check func([]byte)) {
		for i := range data {
			check(slices.Delete(bytes.Clone(data), i, i+1))
			check(slices.Insert(bytes.Clone(data), i, data[i]))
			at := value.FindIndex(data[i:])
			if at == nil || i > 0 && '0' <= data[i-1] && data[i-1] <= '9' {
				continue
			}
			for _, piece := range pieces {
				check(slices.Replace(bytes.Clone(data), i, i+at[1], []byte(piece)...))
				if data[i] == '"' {
					check(slices.Replace(bytes.Clone(data), i+1, i+at[1]-1, []byte(piece)...))
				}
			}
		}
	}
	metadata, err := codec.EncodeMetadata(fullMetadata)
	if err != nil {
		t.Fatal(err)
	}
	each(metadata, func(data []byte) { metadataAsStrictly(t, d, data) })
	for name, s := range samples {
		_, _, data, err := codec.Encode(s.full)
		if err != nil {
			t.Fatal(err)
		}
		each(data, func(data []byte) { asStrictly(t, d, name, data) })
	}
}

// asStrictly reads an event in both ways, and says whether it was read quickly.
func asStrictly(t *testing.T, d *codec.Decoder, name string, data []byte) bool {
	t.Helper()
	want, wrong := codec.Strictly(name, data)
	own := bytes.Clone(data)
	got, ok := d.Quickly(name, own)
	for i := range own {
		own[i] = 'x' // What was read is not to share memory with what it was read from.
	}
	if ok && (wrong != nil || !reflect.DeepEqual(got, want)) {
		t.Fatalf("%s %q\nis read as %#v\nstrictly   %#v, %v", name, data, got, want, wrong)
	}
	_, version, _, _ := codec.Encode(samples[name].min)
	if decoded, err := d.Decode(name, version, data); (err == nil) != (wrong == nil) || err != nil && !strings.HasSuffix(err.Error(), ": "+wrong.Error()) || err == nil && !reflect.DeepEqual(decoded, want) {
		t.Fatalf("%s %q\nis decoded as %#v, %v\nstrictly      %#v, %v", name, data, decoded, err, want, wrong)
	}
	return ok
}

func metadataAsStrictly(t *testing.T, d *codec.Decoder, data []byte) {
	t.Helper()
	want, wrong := codec.MetadataStrictly(data)
	own := bytes.Clone(data)
	got, ok := d.MetadataQuickly(own)
	for i := range own {
		own[i] = 'x'
	}
	if ok && (wrong != nil || !reflect.DeepEqual(got, want)) {
		t.Fatalf("%q\nis read as %#v\nstrictly   %#v, %v", data, got, want, wrong)
	}
	if decoded, err := d.DecodeMetadata(data); (err == nil) != (wrong == nil) || err != nil && err.Error() != wrong.Error() || !reflect.DeepEqual(decoded, want) {
		t.Fatalf("%q\nis decoded as %#v, %v\nstrictly      %#v, %v", data, decoded, err, want, wrong)
	}
}

// pieces are what texts are made of, and changed by.
var pieces = []string{
	"", "a", "FRA", "null", "true", "false", "{", "}", "[", "]", ",", ":", `"`, `\"`, `\\`, `\`, `\/`, `\n`, `\u0041`, `\u00e9`, `\ud83d\ude00`, `\ud800`, `\x`, "é", "\u2028", "🕊", "نص", "中文",
	"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x80", "\x00", "\x1f", "\x7f", " ", "\n", "\t", "-", "-0", "0", "00", "01", "1.5", "1e2", "9007199254740992", "9007199254740993", "99999999999999999999",
	"2024-02-29", "2023-02-29", "2023-04-31", "0000-01-01", "0001-01-01", "9999-12-31", "2024-13-01", "2024-00-10", "2024-1-01", "2024-03-01T24:00:00.000000Z", "2024-03-01T09:60:00.000000Z", "2024-03-01T09:05:60.000000Z", "2023-02-29T09:05:00.000000Z", "0001-01-01T00:00:00.000000Z",
	"SUPPORT", "support", "YES", "EN", `"actor":"x",`, `,"title":"t"`, `"source":null`, `{}`, `[]`, `[null]`, `""`, "  plain text that is longer than eight bytes  ", strings.Repeat("long ", 300),
}

// strange changes a text.
func strange(r *rand.Rand, data []byte, others [][]byte) []byte {
	data = bytes.Clone(data)
	for range 1 + r.IntN(2) {
		i := r.IntN(len(data) + 1)
		j := min(i+r.IntN(6), len(data))
		if r.IntN(4) == 0 {
			j = r.IntN(len(data)-i+1) + i
		}
		switch r.IntN(8) {
		case 0: // A byte becomes another.
			if i < len(data) {
				data[i] = byte(r.IntN(256))
			}
		case 1: // A bit flips.
			if i < len(data) {
				data[i] ^= 1 << r.IntN(8)
			}
		case 2: // A part is lost.
			data = slices.Delete(data, i, j)
		case 3: // A part stands twice.
			data = slices.Insert(data, j, data[i:j]...)
		case 4: // A part becomes, or there is, something else.
			data = slices.Replace(data, i, j, []byte(pieces[r.IntN(len(pieces))])...)
		case 5: // A string becomes something else, with its quotes or within them.
			if from := bytes.IndexByte(data[i:], '"'); from >= 0 {
				if n := bytes.IndexByte(data[i+from+1:], '"'); n >= 0 {
					in := r.IntN(2)
					data = slices.Replace(data, i+from+in, i+from+n+2-in, []byte(pieces[r.IntN(len(pieces))])...)
				}
			}
		case 6: // A value or a member is lost, or stands where another did.
			ends := []byte(`,}]`)
			if from := bytes.IndexAny(data[i:], `,:[{`); from >= 0 {
				if n := bytes.IndexAny(data[i+from+1:], string(ends)); n >= 0 {
					data = slices.Delete(data, i+from, i+from+1+n)
				}
			}
		default: // A part of another event.
			other := others[r.IntN(len(others))]
			from := r.IntN(len(other))
			data = slices.Replace(data, i, j, other[from:min(from+r.IntN(40), len(other))]...)
		}
	}
	return data
}

// randomText gives a text that can be written: what is not UTF-8 is left out.
func randomText(r *rand.Rand) string {
	var text strings.Builder
	for range r.IntN(4) {
		text.WriteString(strings.ToValidUTF8(pieces[r.IntN(len(pieces))], ""))
	}
	return text.String()
}

// randomEvent gives an event of a type: each field at random, with what must be there.
func randomEvent(r *rand.Rand, t reflect.Type) domain.Event {
	v := reflect.New(t).Elem()
	fillAtRandom(r, v, true)
	return v.Interface().(domain.Event)
}

func fillAtRandom(r *rand.Rand, v reflect.Value, must bool) {
	if !must && r.IntN(3) == 0 {
		return
	}
	switch t := v.Type(); {
	case t == reflect.TypeFor[domain.Date]():
		v.SetInt(1 + r.Int64N(int64(domain.NewDate(9999, 12, 31))))
	case t.Kind() == reflect.Uint8: // A word: that of 1 or 2 there is in all enumerations.
		v.SetUint(1 + r.Uint64N(2))
	case t.Kind() == reflect.String:
		v.SetString(randomText(r))
	case t.Kind() == reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		v.SetInt([]int64{0, 7, -7, 42, 1 << 53, -(1 << 53), r.Int64N(1 << 53)}[r.IntN(7)])
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		fillAtRandom(r, v.Elem(), true)
	case t.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(t, r.IntN(4), 4))
		for i := range v.Len() {
			fillAtRandom(r, v.Index(i), true)
		}
	case t.Kind() == reflect.Map:
		v.Set(reflect.ValueOf(map[string]int{randomText(r): r.IntN(9)}))
	case strings.HasPrefix(t.Name(), "Change["):
		if v.Field(0).SetBool(r.IntN(2) == 0); v.Field(0).Bool() {
			fillAtRandom(r, v.Field(1), false)
		}
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			_, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			fillAtRandom(r, v.Field(i), options == "")
		}
	default:
		panic(t)
	}
}

func randomMetadata(r *rand.Rand) codec.Metadata {
	return codec.Metadata{
		RecordedAt:  time.Date(1+r.IntN(9998), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), 1000*r.IntN(1_000_000), time.UTC),
		CausationID: randomText(r), CorrelationID: randomText(r), RecordedBy: randomText(r), IdempotencyKey: randomText(r), InputHash: randomText(r), SchemaVersion: r.IntN(3),
	}
}

// FuzzQuick holds the quick reader against the strict one.
func FuzzQuick(f *testing.F) {
	for name, s := range samples {
		for _, e := range []domain.Event{s.full, s.min} {
			_, _, data, err := codec.Encode(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(name, data)
		}
	}
	f.Add("PositionCorrected", []byte(`{"actor":"\ud83d\ude00\/","changes":{"explains":null,"points":[]},"position":-0,"reason":"r"}`))
	f.Add("PositionCorrected", []byte(`{"actor":"`+strings.Repeat("é", 40)+`\\","changes":{},"position":9007199254740993,"reason":"\u0000"}`))
	f.Add("VoteRecorded", []byte(`{"absent":0,"ballots":[{"ballot":"YES"},{"state":"FRA"}{}],"on":"2023-02-29"}`))
	d := codec.NewDecoder() // One for all: what it keeps from event to event is not to show.
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if _, ok := samples[name]; ok {
			asStrictly(t, d, name, data)
		}
		metadataAsStrictly(t, d, data)
	})
}

// TestDecoderKeepsWordsOnce: what repeats is one string.
func TestDecoderKeepsWordsOnce(t *testing.T) {
	_, version, data, err := codec.Encode(samples["PositionStated"].full)
	if err != nil {
		t.Fatal(err)
	}
	d := codec.NewDecoder()
	var read [2]domain.PositionStated
	for i := range read {
		e, err := d.Decode("PositionStated", version, data)
		if err != nil {
			t.Fatal(err)
		}
		read[i] = e.(domain.PositionStated)
	}
	for _, words := range [][2]string{
		{read[0].Actor, read[1].Actor}, {read[0].AlignedWith[1], read[1].AlignedWith[1]}, {read[0].Target.Option.Option, read[1].Target.Option.Option}, {read[0].Source.Title, read[1].Source.Title},
	} {
		if unsafe.StringData(words[0]) != unsafe.StringData(words[1]) {
			t.Errorf("%q is kept twice", words[0])
		}
	}
}
