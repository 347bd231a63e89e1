package domain_test

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain"
)

// What an act declares (RULES, section 3).
func TestActsDeclareStances(t *testing.T) {
	want := map[domain.EndorsementKind]domain.Stance{
		domain.Sponsor: domain.Support, domain.Cosponsor: domain.Support, domain.JointStatement: domain.Support, domain.VoteYes: domain.Support,
		domain.VoteNo: domain.Oppose, domain.VoteAbstain: domain.Neutral, domain.Dissociated: domain.Concerned,
		domain.VoteAbsent: 0, domain.JoinedConsensus: 0,
	}
	for kind, stance := range want {
		if got := kind.Stance(); got != stance {
			t.Errorf("%s declares %s, want %s", kind, got, stance)
		}
		if got, want := kind.IsBallot(), strings.HasPrefix(kind.String(), "VOTE_"); got != want {
			t.Errorf("%s is a ballot: %t", kind, got)
		}
	}
	for _, b := range []domain.Ballot{domain.Yes, domain.No, domain.Abstain, domain.Absent} {
		if got := b.Kind().String(); got != "VOTE_"+b.String() {
			t.Errorf("ballot %s is an act of kind %s", b, got)
		}
	}
	if got := domain.Ballot(0).Kind(); got != 0 {
		t.Errorf("no ballot is an act of kind %s", got)
	}
}

// Every word that is written is read again, and nothing else is.
func TestWordsOfEnumerations(t *testing.T) {
	for _, v := range []encoding.TextUnmarshaler{
		new(domain.Stance), new(domain.StatementForm), new(domain.EndorsementKind), new(domain.Ballot), new(domain.PointKind),
		new(domain.SourceGrade), new(domain.RegionalGroup), new(domain.Language), new(domain.GroupKind), new(domain.DecisionRule), new(domain.ParagraphKind),
	} {
		value := reflect.ValueOf(v).Elem()
		seen := map[string]bool{}
		for n := 1; ; n++ {
			value.SetUint(uint64(n))
			word, err := value.Interface().(encoding.TextMarshaler).MarshalText()
			if err != nil {
				if n < 3 {
					t.Errorf("%T has fewer than two words", v)
				}
				if got, want := fmt.Sprint(value.Interface()), fmt.Sprintf("(%d)", n); got != want {
					t.Errorf("a value that is none of %T is shown as %s, want %s", v, got, want)
				}
				break
			}
			if seen[string(word)] || fmt.Sprint(value.Interface()) != string(word) {
				t.Errorf("%T: %s", v, word)
			}
			seen[string(word)] = true
			value.SetUint(0)
			if err := v.UnmarshalText(word); err != nil || value.Uint() != uint64(n) {
				t.Errorf("%T: %s is read as %d, %v", v, word, value.Uint(), err)
			}
		}
		value.SetUint(0)
		if word, err := value.Interface().(encoding.TextMarshaler).MarshalText(); err == nil {
			t.Errorf("%T: zero is written as %s", v, word)
		}
		var unknown *domain.UnknownWord
		if err := v.UnmarshalText([]byte("support")); !errors.As(err, &unknown) || unknown.Word != "support" || !strings.HasPrefix(err.Error(), `"support" is no `) {
			t.Errorf("%T: an unknown word gives %v", v, err)
		}
		if err := v.UnmarshalText(nil); err == nil {
			t.Errorf("%T: no word is read", v)
		}
	}
}

func TestDatesAreTheDaysOfTheCalendar(t *testing.T) {
	d := domain.Date(1)
	for want := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); want.Year() < 10_000; want = want.AddDate(0, 0, 1) {
		if domain.DateOf(want) != d || domain.DateOf(want.Add(24*time.Hour-1)) != d {
			t.Fatalf("%s is day %d, want %d", want, domain.DateOf(want), d)
		}
		if d%97 == 0 { // Text is slow.
			if back, err := domain.ParseDate(want.Format("2006-01-02")); err != nil || back != d || d.String() != want.Format("2006-01-02") {
				t.Fatalf("%s is read as %s, %v", want, back, err)
			}
		}
		d = d.Next()
	}
	for _, bad := range []string{"", "2023-02-29", "2023-13-01", "23-01-01", "2023-1-1", "0000-01-01", "2023-01-01T00:00:00Z", "10000-01-01"} {
		if got, err := domain.ParseDate(bad); err == nil {
			t.Errorf("%q is read as %s", bad, got)
		}
	}
	if domain.NewDate(2024, 2, 30) != domain.NewDate(2024, 3, 1) {
		t.Error("what lies beyond a month's end does not run over")
	}
	if _, err := domain.Date(0).MarshalText(); err == nil || domain.Date(0).String() != "" {
		t.Error("the zero Date has a text")
	}
}

func TestTargetsHaveKeys(t *testing.T) {
	for key, want := range map[string]domain.Target{
		"proposal:a-b": domain.OnProposal("a-b"),
		"option:a/b-c": domain.OnOption("a", "b-c"),
	} {
		got, ok := domain.ParseTarget(key)
		if !ok || got != want || got.Key() != key || got.Compare(want) != 0 {
			t.Errorf("%s is read as %v, %t", key, got, ok)
		}
	}
	for _, bad := range []string{"", "a", "proposal:", "option:", "option:a", "option:/b", "option:a/", "proposals:a"} {
		if got, ok := domain.ParseTarget(bad); ok {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
	if domain.OnOption("z", "z").Compare(domain.OnProposal("a")) >= 0 {
		t.Error("options come after proposals; keys compare bytewise")
	}
}

// In JSON, absent, null and a value are three things.
func TestChangesTellAbsentFromCleared(t *testing.T) {
	for text, want := range map[string]domain.PositionChanges{
		`{}`:                            {},
		`{"stance":null,"points":null}`: {Stance: domain.Change[domain.Stance]{Given: true}, Points: domain.Change[[]domain.Point]{Given: true}},
		`{"statedOn":"2024-01-02","summary":"x"}`:    {StatedOn: domain.To(domain.NewDate(2024, 1, 2)), Summary: domain.To("x")},
		`{"explains":null,"alignedWith":["FRA"]}`:    {Explains: domain.Change[domain.ActRef]{Given: true}, AlignedWith: domain.To([]string{"FRA"})},
		`{"explains":{"proposal":"a","revision":0}}`: {Explains: domain.To(domain.ActRef{Proposal: "a"})},
	} {
		var got domain.PositionChanges
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if back, err := json.Marshal(got); err != nil || string(back) != text {
			t.Errorf("%s is written as %s, %v", text, back, err)
		}
	}
}
