package direct_test

import (
	"bytes"
	"io"
	"math"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/graph/direct"
)

func generated(m graphql.Marshaler) string {
	var b bytes.Buffer
	m.MarshalGQL(&b)
	return b.String()
}

func FuzzStringIsWrittenAsByGqlgen(f *testing.F) {
	for _, s := range []string{"", "programme d’action", "a\"b\\c/d<>&", "\x00\x01\x1f\x7f\t\r\n\b\f", "\xff\xfe broken \xe2\x80", "\u2028\u2029", "安全"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var w direct.Writer
		w.String(s)
		if got, want := string(w.B), generated(graphql.MarshalString(s)); got != want {
			t.Errorf("%q is written %s, and by gqlgen %s", s, got, want)
		}
	})
}

func FuzzFloatIsWrittenAsByGqlgen(f *testing.F) {
	for _, v := range []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1.0 / 3, 1e5, 1e6, 1e20, 1e21, 1e22, 1e-4, 1e-5, 123456789, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.NaN()} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		var w direct.Writer
		if math.IsInf(v, 0) || math.IsNaN(v) {
			if w.Float(v) {
				t.Errorf("%v is written %s", v, w.B)
			}
			return
		}
		if got, want := w.Float(v), generated(graphql.MarshalFloat(v)); !got || string(w.B) != want {
			t.Errorf("%v is written %s, and by gqlgen %s", v, w.B, want)
		}
	})
}

func TestNumbersAndBooleansAreWrittenAsByGqlgen(t *testing.T) {
	for _, v := range []int64{0, -1, math.MaxInt64, math.MinInt64} {
		var w direct.Writer
		if w.Int(v); string(w.B) != generated(graphql.MarshalInt64(v)) {
			t.Errorf("%d is written %s", v, w.B)
		}
	}
	for _, v := range []bool{false, true} {
		var w direct.Writer
		if w.Bool(v); string(w.B) != generated(graphql.MarshalBoolean(v)) {
			t.Errorf("%t is written %s", v, w.B)
		}
	}
}

func TestWhatSaysItselfIsAppended(t *testing.T) {
	var w direct.Writer
	w.Null()
	w.Marshaler(graphql.MarshalIntID(7)) // It asks for a writer.
	w.Marshaler(word("x"))
	if string(w.B) != `null"7"x` {
		t.Errorf("written: %s", w.B)
	}
}

type word string

func (word) MarshalGQL(io.Writer)        { panic("not asked for") }
func (v word) AppendGQL(b []byte) []byte { return append(b, v...) }
