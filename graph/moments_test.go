package graph_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inside shows what an id or a cursor carries.
func inside(id any) string {
	text, _ := base64.RawURLEncoding.DecodeString(fmt.Sprint(id))
	return string(text)
}

// submittedAt finds where a proposal came into the record.
func (b *bed) submittedAt(slug string) uint64 {
	b.t.Helper()
	a := b.get(`query($s: String!) { proposal(slug: $s) { submissions { at } } }`, "s", slug)
	at, err := strconv.ParseUint(fmt.Sprint(a.at("proposal.submissions.0.at")), 10, 64)
	if err != nil {
		b.t.Fatalf("%s: %v", a.raw, err)
	}
	return at
}

func TestMomentOfAField(t *testing.T) {
	b := readOnly(t)
	newest := fmt.Sprint(b.model.At())
	first := b.submittedAt("global-mechanism")
	before, since := strconv.FormatUint(first-1, 10), strconv.FormatUint(first, 10)

	t.Run("without asOf a field has that of the nearest above", func(t *testing.T) {
		b := *b
		b.t = t
		a := b.get(`query($at: LogPosition!) { state(by: {code: "FRA"}, asOf: {log: $at, statedOn: "2024-01-01"}) {
			id
			groups { id }
			inherits: positions(asOf: null, first: 2) { edges { cursor node { id statedOn target { id convergence { at } } } } }
			other: positions(asOf: {statedOn: "2022-01-01"}, first: 1) { nodes { id actor { id } } }
			now: positions(asOf: {}, first: 1) { nodes { id actor { id } } }
		} }`, "at", newest)
		for path, want := range map[string]string{
			"state.id":                      "st:FRA@" + newest + "~2024-01-01",
			"state.other.nodes.0.actor.id":  "st:FRA~2022-01-01",
			"state.now.nodes.0.actor.id":    "st:FRA",
			"state.groups.0.id":             "gr:EU@" + newest + "~2024-01-01",
			"state.inherits.edges.0.cursor": "", // Below.
		} {
			if got := inside(a.at(path)); want != "" && got != want {
				t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		for _, path := range []string{"cursor", "node.id", "node.target.id"} {
			if got := inside(a.at("state.inherits.edges.0." + path)); !strings.HasSuffix(got, "@"+newest+"~2024-01-01") {
				t.Errorf("%s is %s, without the moment above", path, got)
			}
		}
		if got := a.at("state.inherits.edges.0.node.statedOn").(string); got > "2024-01-01" {
			t.Errorf("a position of %s is shown as of 2024-01-01", got)
		}
		if got := a.at("state.inherits.edges.0.node.target.convergence.at"); got != newest {
			t.Errorf("convergence at %v", got)
		}
	})

	t.Run("what does not exist at a position is null and in no list", func(t *testing.T) {
		b := *b
		b.t = t
		const query = `query($at: LogPosition!) {
			proposal(slug: "global-mechanism", asOf: {log: $at}) { slug }
			proposals(first: 500, asOf: {log: $at}) { totalCount nodes { slug } }
			convergence(targets: [{proposal: "global-mechanism"}], asOf: {log: $at}) { at }
			matrix(targets: [{proposal: "global-mechanism"}], asOf: {log: $at}) { at targets { targetKey } rows }
			state(by: {code: "FRA"}, asOf: {log: $at}) { standing(target: {proposal: "global-mechanism"}) { basis } }
		}`
		was, is := b.get(query, "at", before), b.get(query, "at", since)
		if was.at("proposal") != nil || len(was.list("convergence")) != 0 || len(was.list("matrix.targets")) != 0 || was.at("state.standing") != nil {
			t.Errorf("before its submission: %s", was.raw)
		}
		if is.at("proposal.slug") != "global-mechanism" || len(is.list("convergence")) != 1 || len(is.list("matrix.targets")) != 1 || is.at("state.standing.basis") == nil {
			t.Errorf("from its submission on: %s", is.raw)
		}
		if n := is.at("proposals.totalCount").(float64) - was.at("proposals.totalCount").(float64); n != 1 {
			t.Errorf("the list grew by %v", n)
		}
		if was.Extensions.At != before || is.Extensions.At != since {
			t.Errorf("extensions.at is %s and %s", was.Extensions.At, is.Extensions.At)
		}
	})

	t.Run("what does not exist on a day is null, and its figures an error", func(t *testing.T) {
		b := *b
		b.t = t
		a := b.get(`{ proposal(slug: "programme-of-action", asOf: {statedOn: "2020-09-30"}) { slug } }`)
		if a.at("proposal") != nil || a.Extensions.At != newest {
			t.Errorf("answered %s", a.raw)
		}
		b.refused(b.ask(`{ proposal(slug: "programme-of-action") { convergence(asOf: {statedOn: "2020-09-30"}) { consensus } } }`),
			"NOT_FOUND", "proposal:programme-of-action does not exist at this moment")
	})

	t.Run("recordedAt means the last position that was recorded by then", func(t *testing.T) {
		b := *b
		b.t = t
		const before, since = "616", "617" // Each an append of its own.
		at := b.get(`query($after: String!) { events(first: 1, after: $after) { nodes { at recordedAt } } }`, "after", before)
		instant := at.at("events.nodes.0.recordedAt").(string)
		if !strings.HasSuffix(instant, ".123456Z") {
			t.Errorf("%s has not six decimals", instant)
		}
		earlier, err := time.Parse(time.RFC3339Nano, instant)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			instant string
			at      string
		}{
			{instant, since}, // Equal is not after.
			{earlier.Add(-time.Microsecond).Format(time.RFC3339Nano), before},
			{earlier.Add(-time.Microsecond).In(time.FixedZone("", 7200)).Format(time.RFC3339Nano), before},
			{earlier.Add(500 * time.Nanosecond).Format(time.RFC3339Nano), since},
			{"1999-01-01T00:00:00Z", "0"},
			{"2999-01-01T00:00:00Z", newest},
		} {
			a := b.get(`query($t: DateTime!) { matrix(states: ["FRA"], targets: [], asOf: {recordedAt: $t}) { at states { id } } }`, "t", test.instant)
			if a.at("matrix.at") != test.at || a.Extensions.At != test.at {
				t.Errorf("%s: answered %s, want %s", test.instant, a.raw, test.at)
			}
			if id := inside(a.at("matrix.states.0.id")); test.at != "0" && id != "st:FRA@"+test.at {
				t.Errorf("%s: the id is %s", test.instant, id)
			}
		}
	})

	t.Run("extensions.at is the largest position", func(t *testing.T) {
		b := *b
		b.t = t
		for query, want := range map[string]string{
			`{ a: groups(asOf: {log: "5"}) { code } b: groups(asOf: {log: "7"}) { code } }`: "7",
			`{ a: groups(asOf: {log: "5"}) { code } b: groups { code } }`:                   newest,
			`{ a: groups(asOf: {log: "0"}) { code } }`:                                      "0",
			`{ a: groups(asOf: {log: "5"}) { code } viewer { subject } errorCodes }`:        "5",
			`{ a: groups(asOf: {log: "5"}) { code } at }`:                                   newest,
			`{ viewer { subject } }`:                                                        newest,
		} {
			if got := b.get(query).Extensions.At; got != want {
				t.Errorf("%s: at %s, want %s", query, got, want)
			}
		}
	})
}

func TestPinnedAnswerIsTheSameForEver(t *testing.T) {
	b := newDemo(t)
	const query = `query($at: LogPosition!) {
		proposal(slug: "global-mechanism", asOf: {log: $at}) { id revision endorsementRevision status
			convergence { at consensus support openPoints(first: 3) { totalCount edges { cursor node { text position { id recordedAt } } } } timeline { on support } }
			positions(first: 5) { totalCount pageInfo { endCursor hasNextPage } nodes { id endedOn corrections { at } } }
			endorsements(first: 5) { totalCount pageInfo { endCursor } nodes { id } }
			history(first: 5) { totalCount nodes { id leafHash } } }
		convergence(asOf: {log: $at, statedOn: "2024-06-01"}) { target { targetKey } tally { support undeclared } }
		states(asOf: {log: $at}) { id revision }
		matrix(asOf: {log: $at}) { rows }
		unknown: proposal(slug: "nowhere", asOf: {log: $at}) { id }
		events(first: 2, asOf: {log: $at}) { totalCount edges { cursor node { leaf } } }
	}`
	at := fmt.Sprint(b.model.At())
	before := b.ask(query, "at", at).raw
	if again := b.ask(query, "at", at).raw; again != before {
		t.Errorf("asked twice (-first +second):\n%s", cmp.Diff(before, again))
	}
	unpinned := b.get(`{ proposal(slug: "global-mechanism") { positions { totalCount } } }`)
	b.get(recordPosition, "input", position(map[string]any{"target": map[string]any{"proposal": "global-mechanism"}}))
	if again := b.ask(query, "at", at).raw; again != before {
		t.Errorf("asked after something was recorded (-before +after):\n%s", cmp.Diff(before, again))
	}
	if again := b.get(`{ proposal(slug: "global-mechanism") { positions { totalCount } } }`); again.raw == unpinned.raw {
		t.Error("without a pin the new position is not seen: the test above shows nothing")
	}
}

func TestOneOperationSeesOnePosition(t *testing.T) {
	b := newDemo(t)
	// While the operation waits for a position to come, another is recorded; what hangs on the field that waits begins afterwards,
	// and must not see it where now is asked for.
	var at uint64
	var a *answer
	for head := 20 * time.Millisecond; ; head *= 2 {
		at = b.model.At()
		done := make(chan *answer)
		go func() {
			done <- b.ask(`query($at: LogPosition!) { at waits: proposal(slug: "programme-of-action", asOf: {log: $at}) {
				waited: convergence { at }
				now: convergence(asOf: {}) { at }
				instant: convergence(asOf: {recordedAt: "2999-01-01T00:00:00Z"}) { at }
				day: convergence(asOf: {statedOn: "2026-01-01"}) { at }
			} }`, "at", fmt.Sprint(at+1))
		}()
		time.Sleep(head)
		b.get(recordPosition, "input", position(nil))
		if a = <-done; a.at("at") == fmt.Sprint(at) || head > 300*time.Millisecond {
			break
		}
		// On a busy machine the recording came first: again, with a longer head start. It must stay below the 500 ms of the wait.
	}
	for path, want := range map[string]uint64{
		"at": at, "waits.waited.at": at + 1, "waits.now.at": at, "waits.instant.at": at, "waits.day.at": at,
	} {
		if got := a.at(path); got != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %d", path, got, want)
		}
	}
	if len(a.Errors) > 0 || a.Extensions.At != fmt.Sprint(at+1) {
		t.Errorf("answered %s", a.raw)
	}
}

func TestMomentsThatAreRefused(t *testing.T) {
	b := readOnly(t)
	beyond := fmt.Sprint(b.model.At() + 1)
	begun := time.Now()
	a := b.ask(`query($at: LogPosition!) { good: proposal(slug: "global-mechanism") { slug } bad: proposal(slug: "global-mechanism", asOf: {log: $at}) { slug } }`, "at", beyond)
	b.refused(a, "BAD_USER_INPUT", "The position "+beyond+" is beyond the newest, which is "+fmt.Sprint(b.model.At()))
	if took := time.Since(begun); took < 500*time.Millisecond {
		t.Errorf("waited %v only", took)
	}
	if a.at("good.slug") == nil || a.at("bad") != nil || !cmp.Equal(a.Errors[0].Path, []any{"bad"}) ||
		!cmp.Equal(a.Errors[0].Extensions.Faults[0].Path, []any{"asOf", "log"}) {
		t.Errorf("the refused field took others with it, or has no path: %s", a.raw)
	}
	for asOf, message := range map[string]string{
		`{log: "1", recordedAt: "2024-01-01T00:00:00Z"}`: "give one of the two",
		`{log: "01"}`:                         `"01" is no LogPosition`,
		`{log: "-1"}`:                         `"-1" is no LogPosition`,
		`{log: 1}`:                            `a LogPosition is a text`,
		`{log: "18446744073709551616"}`:       `is no LogPosition`,
		`{statedOn: "2023-02-30"}`:            `"2023-02-30" is no day; write it as YYYY-MM-DD`,
		`{statedOn: 2023}`:                    `YYYY-MM-DD`,
		`{recordedAt: "2023-02-03"}`:          `"2023-02-03" is no instant`,
		`{recordedAt: "2023-02-03T00:00Z"}`:   `is no instant`,
		`{recordedAt: "2023-02-03T00:00:00"}`: `is no instant`,
	} {
		b.refused(b.ask(`{ proposal(slug: "global-mechanism", asOf: `+asOf+`) { slug } }`), "BAD_USER_INPUT", message)
	}
}
