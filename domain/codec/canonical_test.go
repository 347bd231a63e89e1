package codec_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// TestNumbersOfTheStandard has the samples of RFC 8785, appendix B: the bits of a double and how it is written.
func TestNumbersOfTheStandard(t *testing.T) {
	for _, test := range []struct{ bits, want string }{
		{"0000000000000000", "0"},
		{"8000000000000000", "0"},
		{"0000000000000001", "5e-324"},
		{"8000000000000001", "-5e-324"},
		{"7fefffffffffffff", "1.7976931348623157e+308"},
		{"ffefffffffffffff", "-1.7976931348623157e+308"},
		{"4340000000000000", "9007199254740992"},
		{"c340000000000000", "-9007199254740992"},
		{"4430000000000000", "295147905179352830000"},
		{"44b52d02c7e14af5", "9.999999999999997e+22"},
		{"44b52d02c7e14af6", "1e+23"},
		{"44b52d02c7e14af7", "1.0000000000000001e+23"},
		{"444b1ae4d6e2ef4e", "999999999999999700000"},
		{"444b1ae4d6e2ef4f", "999999999999999900000"},
		{"444b1ae4d6e2ef50", "1e+21"},
		{"3eb0c6f7a0b5ed8c", "9.999999999999997e-7"},
		{"3eb0c6f7a0b5ed8d", "0.000001"},
		{"41b3de4355555553", "333333333.3333332"},
		{"41b3de4355555554", "333333333.33333325"},
		{"41b3de4355555555", "333333333.3333333"},
		{"41b3de4355555556", "333333333.3333334"},
		{"41b3de4355555557", "333333333.33333343"},
		{"becbf647612f3696", "-0.0000033333333333333333"},
		{"43143ff3c1cb0959", "1424953923781206.2"},
	} {
		bits, err := strconv.ParseUint(test.bits, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		f := math.Float64frombits(bits)
		for _, form := range []byte{'e', 'E', 'f'} {
			text := strconv.FormatFloat(f, form, -1, 64)
			if got, err := codec.Canonical([]byte(text)); err != nil || string(got) != test.want {
				t.Errorf("%s becomes %s, want %s (%v)", text, got, test.want, err)
			}
		}
	}
	for _, bad := range []string{"NaN", "Infinity", "-Infinity", "-", "+1", "01", "1.", ".5", "1e", "0x10", "1_000"} {
		if got, err := codec.Canonical([]byte(bad)); err == nil {
			t.Errorf("%s became %s", bad, got)
		}
	}
}

// TestIntegersStayAsTheyAre up to 2^53; beyond, a number is what ECMAScript reads.
func TestIntegersStayAsTheyAre(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "7": "7", "-7": "-7", "10": "10", "1.0": "1", "1e2": "100", "100E-2": "1",
		"9007199254740991": "9007199254740991", "9007199254740992": "9007199254740992", "-9007199254740992": "-9007199254740992",
		// Beyond the doubles it is the largest of them.
		"1e309": "1.7976931348623157e+308", "-1e309": "-1.7976931348623157e+308",
		"9007199254740993": "9007199254740992", "9007199254740995": "9007199254740996", "123456789012345678901234567890": "1.2345678901234568e+29",
	} {
		if got, err := codec.Canonical([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%s becomes %s, want %s (%v)", in, got, want, err)
		}
	}
}

// TestSampleOfTheStandard is the worked example of RFC 8785, sections 3.2.2 to 3.2.4.
func TestSampleOfTheStandard(t *testing.T) {
	in := `{
  "numbers": [333333333.33333329, 1E30, 4.50,
              2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}`
	want, err := hex.DecodeString(strings.ReplaceAll(
		"7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 "+
			"75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a "+
			"5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 "+
			"65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37 "+
			"5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 "+
			"30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d", " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.Canonical([]byte(in))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

// TestEveryEscapeIsReadAndOneIsWritten: the short ones where there is one, then \u00xx in small letters, and nothing else.
func TestEveryEscapeIsReadAndOneIsWritten(t *testing.T) {
	in := `"\"\\\/\b\f\n\r\t\u0041\u000A\u001f\u007F\u00E9\u2028\ud83d\uDE00"`
	want := `"\"\\/\b\f\n\r\tA\n\u001f` + "\x7fé\u2028😀\""
	got, err := codec.Canonical([]byte(in))
	if err != nil || string(got) != want {
		t.Errorf("got  %q\nwant %q\n%v", got, want, err)
	}
	if again, err := codec.Canonical(got); err != nil || string(again) != want {
		t.Errorf("got  %q\nwant %q\n%v", again, want, err)
	}
}

// TestNamesAreSortedByUTF16 is the example of RFC 8785, section 3.2.3: the emoji stands before the Hebrew letter.
func TestNamesAreSortedByUTF16(t *testing.T) {
	in := `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
		"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`
	want := "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\"," +
		"\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"
	got, err := codec.Canonical([]byte(in))
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

// TestCanonicalRefusesWhatIsNoIJSON: what two readers may understand in two ways has no canonical form.
func TestCanonicalRefusesWhatIsNoIJSON(t *testing.T) {
	for _, bad := range []string{
		``, ` `, `{`, `[`, `"`, `nul`, `truefalse`, `{} {}`, `[1,]`, `[,1]`, `{"a":1,}`, `{,}`, `{"a"}`, `{a:1}`, `{"a":1 "b":2}`, `[1 2]`, `]`, `'a'`,
		`{"a":1,"a":2}`, `{"a":1,"b":0,"\u0061":2}`, `"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\u12"`, `"\u123g"`, `"\`, `"\u`, "\"\x00\"", "\"\xff\"", "\"\\n\xff\"", "\"\xc0\x80\"",
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000), "\ufeff1", "1\x00",
	} {
		if got, err := codec.Canonical([]byte(bad)); err == nil {
			t.Errorf("%.40q became %.40q", bad, got)
		}
	}
}

// TestDepthIsBounded, so that hostile input cannot exhaust the stack.
func TestDepthIsBounded(t *testing.T) {
	nested := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	if got, err := codec.Canonical(nested(10_000)); err != nil || !bytes.Equal(got, nested(10_000)) {
		t.Error(err)
	}
	if _, err := codec.Canonical(nested(10_001)); err == nil || !strings.Contains(err.Error(), "max depth") {
		t.Errorf("%v", err)
	}
	if _, err := codec.DecodeMetadata([]byte(`{"recordedAt":"2024-03-01T09:05:00.000120Z","x":` + string(nested(10_000)) + `}`)); err == nil {
		t.Error("metadata of 10 001 levels were read")
	}
}

// TestLeafOfCanonicalPartsIsCanonical is the law for which the form is kept: the concatenation that is the leaf is itself
// canonical JSON.
func TestLeafOfCanonicalPartsIsCanonical(t *testing.T) {
	for name, s := range samples {
		_, _, data, err := codec.Encode(s.full)
		if err != nil {
			t.Fatal(err)
		}
		metadata, err := codec.EncodeMetadata(fullMetadata)
		if err != nil {
			t.Fatal(err)
		}
		b := leaf.Append(nil, "00000000-0000-8000-8000-000000000001", s.full.Stream(), name, 3, data, metadata)
		if canonical, err := codec.Canonical(b); err != nil || !bytes.Equal(canonical, b) {
			t.Errorf("%s: %v\n%s\n%s", name, err, b, canonical)
		}
		if size := codec.LeafSize(s.full.Stream(), name, 3, data, metadata); size != len(b) {
			t.Errorf("%s: size %d, want %d", name, size, len(b))
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":[1,2.50,-0,1e400],"a":{"\ud83d\ude00":null,"":true}}`, `"\u00e9\/"`, `{"a":1,"a":2}`, ` [ ] `, `123456789012345678901234567890`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := codec.Canonical(data)
		if err != nil {
			return
		}
		again, err := codec.Canonical(got)
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%s becomes %s, and that %s, %v", data, got, again, err)
		}
		if !utf8.Valid(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		// encoding/json sees the same in both, but for a number beyond the doubles, which it does not read.
		var a, b any
		var beyond *json.UnmarshalTypeError
		if err := json.Unmarshal(data, &a); errors.As(err, &beyond) {
			return
		} else if err != nil {
			t.Fatalf("%q: encoding/json does not read it: %v", data, err)
		}
		if err := json.Unmarshal(got, &b); err != nil {
			t.Fatal(err)
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if !bytes.Equal(bytes.ReplaceAll(x, []byte("-0"), []byte("0")), bytes.ReplaceAll(y, []byte("-0"), []byte("0"))) {
			t.Fatalf("%q becomes %q", x, y)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	_, _, data, err := codec.Encode(samples["PositionStated"].full)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Canonical(data); err != nil {
			b.Fatal(err)
		}
	}
}
