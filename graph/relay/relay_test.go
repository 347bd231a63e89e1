package relay_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
)

var someDay = domain.NewDate(2023, 12, 22)

// goldens are ids as clients keep them. Never change one: what was given out is read for ever.
var goldens = []struct {
	id   relay.ID
	text string // As it is before base64url.
	want string
}{
	{relay.ID{Kind: relay.State, Key: "URY"}, "st:URY", "c3Q6VVJZ"},
	{relay.ID{Kind: relay.Group, Key: "AFRICAN-GROUP"}, "gr:AFRICAN-GROUP", "Z3I6QUZSSUNBTi1HUk9VUA"},
	{relay.ID{Kind: relay.Session, Key: "OEWG-8"}, "se:OEWG-8", "c2U6T0VXRy04"},
	{relay.ID{Kind: relay.Proposal, Key: "programme-of-action"}, "pr:programme-of-action", "cHI6cHJvZ3JhbW1lLW9mLWFjdGlvbg"},
	{relay.ID{Kind: relay.Element, Key: "stakeholders"}, "el:stakeholders", "ZWw6c3Rha2Vob2xkZXJz"},
	{relay.ID{Kind: relay.Option, Key: "stakeholders/open"}, "op:stakeholders/open", "b3A6c3Rha2Vob2xkZXJzL29wZW4"},
	{relay.ID{Kind: relay.Submission, At: 7}, "su:7", "c3U6Nw"},
	{relay.ID{Kind: relay.Position, At: 829}, "po:829", "cG86ODI5"},
	{relay.ID{Kind: relay.Endorsement, At: 831}, "en:831", "ZW46ODMx"},
	{relay.ID{Kind: relay.Endorsement, At: 831, Key: "USA"}, "en:831/USA", "ZW46ODMxL1VTQQ"},
	{relay.ID{Kind: relay.Vote, At: 1}, "vo:1", "dm86MQ"},
	{relay.ID{Kind: relay.Event, At: 18446744073709551615}, "ev:18446744073709551615", "ZXY6MTg0NDY3NDQwNzM3MDk1NTE2MTU"},
	{relay.ID{Kind: relay.State, Key: "URY", Mark: relay.Mark{Pinned: true}}, "st:URY@0", "c3Q6VVJZQDA"},
	{relay.ID{Kind: relay.State, Key: "URY", Mark: relay.Mark{Pinned: true, At: 42}}, "st:URY@42", "c3Q6VVJZQDQy"},
	{relay.ID{Kind: relay.State, Key: "URY", Mark: relay.Mark{On: someDay}}, "st:URY~2023-12-22", "c3Q6VVJZfjIwMjMtMTItMjI"},
	{relay.ID{Kind: relay.Position, At: 9, Mark: relay.Mark{Pinned: true, At: 42, On: someDay}}, "po:9@42~2023-12-22", "cG86OUA0Mn4yMDIzLTEyLTIy"},
}

func TestIDsAreWrittenAsEver(t *testing.T) {
	for _, g := range goldens {
		if want := base64.RawURLEncoding.EncodeToString([]byte(g.text)); want != g.want {
			t.Errorf("the golden of %s is %s, not %s", g.text, want, g.want)
		}
		if got := g.id.String(); got != g.want {
			t.Errorf("%+v is written %s, want %s (%s)", g.id, got, g.want, g.text)
		}
		got, err := relay.ParseID(g.want)
		if err != nil {
			t.Errorf("%s: %v", g.text, err)
		}
		if diff := cmp.Diff(g.id, got); diff != "" {
			t.Errorf("%s is read otherwise (-want +got):\n%s", g.text, diff)
		}
	}
}

func TestOnlyWhatIsWrittenSoIsAnID(t *testing.T) {
	for _, text := range []string{
		"", "st", "st:", ":URY", "xx:URY", "ST:URY", "st:URY ", "st: URY", "st:U RY", "st:URÝ", "st:URY@", "st:URY@-1", "st:URY@+1", "st:URY@042",
		"st:URY@42@42", "st:URY~", "st:URY~2023-2-1", "st:URY~2023-02-30", "st:URY~0000-01-01", "st:URY~2023-12-22@42", "st:URY~2023-12-22~2023-12-22",
		"st:" + strings.Repeat("a", 65), "op:stakeholders", "op:stakeholders/", "op:/open", "op:a/b/c", "po:", "po:0", "po:-1", "po:01", "po:9/USA",
		"po:18446744073709551616", "en:831/", "en:831/USA/USA", "en:/USA", "en:0/USA", "st:URY\x00",
	} {
		if id, err := relay.ParseID(base64.RawURLEncoding.EncodeToString([]byte(text))); err == nil {
			t.Errorf("%q is read as %+v", text, id)
		}
	}
	for _, raw := range []string{
		"c3Q6VVJZ=", "c3Q6VVJZ\n", " c3Q6VVJZ", "c3Q6VVJ", "URY", "42", "c3U6Nx", // The last: bits that no writer sets.
		strings.Repeat("A", 5000),
	} {
		if id, err := relay.ParseID(raw); err == nil {
			t.Errorf("%q is read as %+v", raw, id)
		} else if len(err.Error()) > 200 {
			t.Errorf("the error has %d bytes", len(err.Error()))
		}
	}
}

func FuzzParseID(f *testing.F) {
	for _, g := range goldens {
		f.Add(g.want)
		f.Add(g.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, text := range []string{text, base64.RawURLEncoding.EncodeToString([]byte(text))} {
			id, err := relay.ParseID(text)
			if err != nil {
				continue
			}
			if again := id.String(); again != text {
				t.Errorf("%q is read, but would be written %q", text, again)
			}
			if _, err := relay.ParseID(id.Plain().String()); err != nil {
				t.Errorf("the plain id of %q: %v", text, err)
			}
		}
	})
}

func TestCursorServesOnlyItsConnection(t *testing.T) {
	pinned := relay.Mark{Pinned: true, At: 42}
	connections := map[string]relay.Connection{
		"all positions":         relay.NewConnection("po", relay.Mark{}),
		"positions of FRA":      relay.NewConnection("po", relay.Mark{}, "actor:FRA"),
		"parts are apart":       relay.NewConnection("po", relay.Mark{}, "actor:", "FRA"),
		"pinned":                relay.NewConnection("po", pinned, "actor:FRA"),
		"as of a day":           relay.NewConnection("po", relay.Mark{On: someDay}, "actor:FRA"),
		"pinned, as of a day":   relay.NewConnection("po", relay.Mark{Pinned: true, At: 42, On: someDay}, "actor:FRA"),
		"endorsements by FRA":   relay.NewConnection("en", relay.Mark{}, "actor:FRA"),
		"an empty part is one":  relay.NewConnection("po", relay.Mark{}, ""),
		"another empty part is": relay.NewConnection("po", relay.Mark{}, "", ""),
	}
	key := relay.DayKey(someDay, 17)
	for name, c := range connections {
		cursor := c.Cursor(key)
		for other, d := range connections {
			got, err := d.Parse(cursor)
			if (err == nil) != (name == other) {
				t.Errorf("the cursor of %q in %q: %v", name, other, err)
			}
			if err == nil && !cmp.Equal(got, key) {
				t.Errorf("%v is read as %v", key, got)
			}
		}
	}
	on, at, more, ok := relay.DayKey(someDay, 17, "USA").Day()
	if on != someDay || at != 17 || !ok || !cmp.Equal(more, []string{"USA"}) {
		t.Errorf("read as %v %v %v %v", on, at, more, ok)
	}
}

func TestCursorIsWrittenAsEver(t *testing.T) {
	c := relay.NewConnection("po", relay.Mark{Pinned: true, At: 42}, "actor:FRA")
	const want = "po:yNQiKwwNtsA:2023-12-22.17@42"
	got, err := base64.RawURLEncoding.DecodeString(c.Cursor(relay.DayKey(someDay, 17)))
	if err != nil || string(got) != want {
		t.Errorf("the cursor is %s, want %s (%v)", got, want, err)
	}
}

func FuzzCursor(f *testing.F) {
	c := relay.NewConnection("po", relay.Mark{}, "actor:FRA")
	f.Add(c.Cursor(relay.DayKey(someDay, 17)))
	f.Add("po:x:y")
	f.Fuzz(func(t *testing.T, text string) {
		for _, text := range []string{text, base64.RawURLEncoding.EncodeToString([]byte(text))} {
			if key, err := c.Parse(text); err == nil && c.Cursor(key) != text {
				t.Errorf("%q is read, but would be written %q", text, c.Cursor(key))
			}
		}
	})
}

func TestFirst(t *testing.T) {
	n := func(n int) *int { return &n }
	for _, test := range []struct {
		first *int
		want  int
		ok    bool
	}{{nil, 50, true}, {n(0), 0, true}, {n(500), 500, true}, {n(-1), 0, false}, {n(501), 0, false}} {
		got, err := relay.First(test.first)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("got %d, %v; want %d, %v", got, err, test.want, test.ok)
		}
	}
}
