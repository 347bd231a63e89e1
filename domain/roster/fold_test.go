package roster_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain/roster"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"ꭰᏸ Ꭰ":                "ᎠᏰ Ꭰ",
		"  Cote   d’Ivoire\n": "cote d'ivoire",
		"Côte d´Ivoire":       "cote d'ivoire",
		"Straße":              "strasse",
		"TÜRKİYE":             "turkiye",
		"Гвинея — Бисау":      "гвинея-бисау",
		"a - b":               "a-b",
		"a -- b":              "a-b",
		"- a -":               "-a-",
		"（布）":                 "(布)",
		"جمـــهورية":          "جمهورية",
		"\u200fإيران\u200f":   "ايران",
		"Й":                   "и",
		"a\u00a0b\tc":         "a b c",
		"bad\xffbyte":         "badbyte",
		"":                    "",
		"\u0301":              "",
		"ﬁn":                  "fin",
		"هولندا (مملكة _)":    "هولندا (مملكة-)",
		"Timor\u2010Leste":    "timor-leste",
		"soft\u00adhyphen":    "softhyphen",
		"ΌΣΟΣ":                "οσοσ",
	} {
		if got := roster.Fold(in); got != want {
			t.Errorf("%q folds to %q, want %q", in, got, want)
		}
	}
}

// Every character folds to something that folds to itself, within a text and at its end.
func TestFoldTwiceIsFoldOnce(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		once := roster.Fold("a " + string(r) + " b" + string(r))
		if twice := roster.Fold(once); twice != once {
			t.Fatalf("%U: %q folds to %q", r, once, twice)
		}
		if r == 0xffff && testing.Short() {
			break
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Côte d’Ivoire", "Папуа — Новая Гвинея", "تيمور- ليشتي", "刚果（布）", "a - - b", "- ", "\xff\u0345", "ẞ ŉ ΐ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := roster.Fold(s)
		if twice := roster.Fold(once); twice != once {
			t.Errorf("%q folds to %q, and that to %q", s, once, twice)
		}
		if !utf8.ValidString(once) || strings.TrimSpace(once) != once || strings.Contains(once, "  ") || strings.ContainsAny(once, "\n\tـ’—") {
			t.Errorf("%q folds to %q", s, once)
		}
	})
}

// FuzzResolve looks for words that make the index fall over.
func FuzzResolve(f *testing.F) {
	index := roster.BuiltIn()
	for _, s := range []string{"Urugay", "Korea", "(", "-", "中", strings.Repeat("é", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, err := index.Resolve(s)
		if (code == "") == (err == nil) {
			t.Errorf("%q: %q, %v", s, code, err)
		}
		if err != nil && len(err.Error()) > 2000 {
			t.Errorf("%q: a sentence of %d bytes", s, len(err.Error()))
		}
		index.ByPrefix(s)
	})
}
