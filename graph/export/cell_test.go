package export_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/graph/export"
)

// TestFormulasAreNeutralised: what a spreadsheet would run has an apostrophe in front, in CSV and of texts alone.
func TestFormulasAreNeutralised(t *testing.T) {
	for text, want := range map[string]string{
		`=1+2`:                   `'=1+2`,
		`+1`:                     `'+1`,
		`-1`:                     `'-1`,
		`@SUM(A1)`:               `'@SUM(A1)`,
		"\t=1":                   "'\t=1",
		"\r=1":                   "\"'\r=1\"",
		"\n=1":                   "\"'\n=1\"",
		"＝1":                     "'＝1",
		"＋1":                     "'＋1",
		"－1":                     "'－1",
		"＠a":                     "'＠a",
		`=HYPERLINK("x","y")`:    `"'=HYPERLINK(""x"",""y"")"`,
		`'=1`:                    `''=1`, // Else it could not be told from =1.
		`''=1`:                   `'''=1`,
		`'quoted'`:               `'quoted'`,
		`'`:                      `'`,
		`a=1`:                    `a=1`,
		`a,b`:                    `"a,b"`,
		` a`:                     `" a"`,
		`a "b" c`:                `"a ""b"" c"`,
		"two\nlines":             "\"two\nlines\"",
		"two\r\nlines":           "\"two\r\nlines\"",
		"ﬁ":                      "ﬁ", // It begins with the same byte as the full-width signs.
		"各国":                     "各国",
		``:                       ``,
		`{"data":"=1"}`:          `"{""data"":""=1""}"`,
		"\u202e=1":               "\u202e=1", // A spreadsheet does not look behind it.
		`https://example.org/?=`: `https://example.org/?=`,
	} {
		if got := export.CSVText(text); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
		var back string
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(export.JSONText(text)), &back); err != nil || back != text {
			t.Errorf("%q is %q in JSON: %v", text, export.JSONText(text), err)
		}
	}
	if got := export.CSVWord("-"); got != "-" {
		t.Errorf("the letter of the matrix for nothing declared is written %q", got)
	}
}

// FuzzCells: every text comes back from both formats, and what a spreadsheet reads begins no formula.
func FuzzCells(f *testing.F) {
	for _, s := range []string{"=1", "'=1", "''", "a,\"b\"\r\n", "\x00\x1f\u2028", "＝", " x ", "\xff", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line := export.CSVText(s)
		field := line
		if strings.HasPrefix(line, `"`) {
			if !strings.HasSuffix(line, `"`) || len(line) < 2 {
				t.Fatalf("%q is written %q", s, line)
			}
			field = strings.ReplaceAll(line[1:len(line)-1], `""`, `"`)
		}
		if strings.ContainsAny(line, "\",\r\n") && !strings.HasPrefix(line, `"`) {
			t.Fatalf("%q is written without quotes: %q", s, line)
		}
		if signed(field) {
			t.Fatalf("%q is written as the formula %q", s, field)
		}
		back := field
		if rest, ok := strings.CutPrefix(field, "'"); ok && signed(strings.TrimLeft(rest, "'")) {
			back = rest
		}
		if back != s {
			t.Fatalf("%q comes back as %q", s, back)
		}
		// The reader of the standard library, which makes CRLF inside a field to LF.
		if !strings.Contains(s, "\r") {
			rows, err := csv.NewReader(strings.NewReader("x," + line + "\r\n")).ReadAll()
			if err != nil || len(rows) != 1 || len(rows[0]) != 2 || rows[0][1] != field {
				t.Fatalf("%q is read back as %q: %v", line, rows, err)
			}
		}
		if s == "" || !utf8.ValidString(s) {
			return
		}
		var text string
		if err := json.Unmarshal([]byte(export.JSONText(s)), &text); err != nil || text != s {
			t.Fatalf("%q comes back from JSON as %q: %v", s, text, err)
		}
	})
}

func signed(s string) bool {
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, sign) {
			return true
		}
	}
	return false
}

// TestFormat: the document beside the code is made of the table that drives the writers. -update writes it.
func TestFormat(t *testing.T) {
	const file = "FORMAT.md"
	if *update {
		if err := os.WriteFile(file, []byte(export.Dictionary()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != export.Dictionary() {
		t.Errorf("%s is not what the table says; read the difference, then go test ./graph/export -run TestFormat -update", file)
	}
}
