package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventlogtest"
)

const (
	positionFields = `position { id actor { code revision } target { targetKey } stance form statedOn session { key } summary at recordedBy recordedAt endedOn
		points { kind text } source { title language grade } explains { id kind } alignedWith { code } dissociated { code } corrections { field before after reason at } } revision at`
	recordPosition    = `mutation($input: RecordPositionInput!) { recordPosition(input: $input) { ` + positionFields + ` } }`
	correctPosition   = `mutation($input: CorrectPositionInput!) { correctPosition(input: $input) { ` + positionFields + ` } }`
	retractPosition   = `mutation($input: RetractPositionInput!) { retractPosition(input: $input) { ` + positionFields + ` } }`
	recordEndorsement = `mutation($input: RecordEndorsementInput!) { recordEndorsement(input: $input) {
		endorsement { id actor { code } proposal { slug } kind on documentSymbol paragraph vote { id } at } revision at } }`
)

// position is a good input of recordPosition, with some fields replaced; a nil value leaves the field out.
func position(with map[string]any) map[string]any {
	in := map[string]any{
		"actor": "URY", "target": map[string]any{"proposal": "programme-of-action"}, "stance": "SUPPORT", "statedOn": "2026-01-15",
		"summary": "Made up.", "source": map[string]any{"title": "Made up"},
	}
	return replaced(in, with)
}

func endorsement(with map[string]any) map[string]any {
	in := map[string]any{
		"actor": "URY", "proposal": "programme-of-action", "kind": "COSPONSOR", "on": "2026-01-15", "source": map[string]any{"title": "Made up"},
	}
	return replaced(in, with)
}

func replaced(in, with map[string]any) map[string]any {
	maps.Copy(in, with)
	maps.DeleteFunc(in, func(_ string, v any) bool { return v == leftOut })
	return in
}

// leftOut is the value of a field that is not given, since nil is null.
const leftOut = "(left out)"

// faultsOf gives path and code of each fault.
func faultsOf(a *answer) (list []string) {
	for _, e := range a.Errors {
		for _, f := range e.Extensions.Faults {
			path, _ := json.Marshal(f.Path)
			list = append(list, string(path)+" "+f.Code)
		}
	}
	return list
}

func TestRecordPosition(t *testing.T) {
	b := newDemo(t)
	at := b.model.At()
	a := b.get(recordPosition, "input", position(map[string]any{
		"form": "STATEMENT", "session": "OEWG-9", "summary": "Cafe\u0301.", "idempotencyKey": "k1", "expectedRevision": -1,
		"points": []any{map[string]any{"kind": "NEED", "text": "Help."}},
		"source": map[string]any{"title": "Made up", "language": "ES", "grade": "SECOND_HAND"},
	}))
	p := a.at("recordPosition.position").(map[string]any)
	if inside(p["id"]) != fmt.Sprintf("po:%d", at+1) || p["summary"] != "Caf\u00e9." || p["recordedBy"] != "local" || p["recordedAt"] != "2026-11-20T09:00:00.123456Z" ||
		a.at("recordPosition.revision") != 0.0 || a.at("recordPosition.at") != fmt.Sprint(at+1) || a.Extensions.At != fmt.Sprint(at+1) ||
		at2(p, "session.key") != "OEWG-9" || at2(p, "points.0.text") != "Help." || at2(p, "actor.revision") != 0.0 || at2(p, "source.language") != "ES" {
		t.Errorf("answered %s", a.raw)
	}
	if b.model.At() != at+1 {
		t.Errorf("the record is at %d", b.model.At())
	}

	t.Run("the hash of the input stands in the record, as ever", func(t *testing.T) {
		b := *b
		b.t = t
		// What was recorded under a key must be known again by every later release: this text must not change.
		hash := sha256.Sum256([]byte("recordPosition\n" + `{"actor":"URY","expectedRevision":-1,"form":"STATEMENT","points":[{"kind":"NEED","text":"Help."}],"session":"OEWG-9",` +
			`"source":{"grade":"SECOND_HAND","language":"ES","title":"Made up"},"stance":"SUPPORT","statedOn":"2026-01-15","summary":"Café.","target":{"proposal":"programme-of-action"}}`))
		leaf := b.get(`query($after: String!) { events(first: 1, after: $after) { nodes { leaf } } }`, "after", fmt.Sprint(at)).at("events.nodes.0.leaf").(string)
		if want := `"inputHash":"` + hex.EncodeToString(hash[:]) + `"`; !strings.Contains(leaf, want) {
			t.Errorf("%s has not %s", leaf, want)
		}
	})

	t.Run("the same key again answers the same, as of then", func(t *testing.T) {
		b := *b
		b.t = t
		b.get(recordPosition, "input", position(map[string]any{"stance": "OPPOSE"}))
		newest := b.model.At()
		// Written down otherwise, it is the same input: decomposed or not, null or left out, members in any order.
		again := b.get(recordPosition, "input", position(map[string]any{
			"form": "STATEMENT", "session": "OEWG-9", "summary": "Caf\u00e9.", "idempotencyKey": "k1", "expectedRevision": -1,
			"points": []any{map[string]any{"text": "Help.", "kind": "NEED"}}, "explains": nil, "alignedWith": []any{},
			"source": map[string]any{"title": "Made up", "language": "ES", "grade": "SECOND_HAND", "quote": nil},
		}))
		if again.raw != a.raw {
			t.Errorf("answered otherwise (-first +again):\n%s", cmp.Diff(a.raw, again.raw))
		}
		if b.model.At() != newest {
			t.Error("something was recorded")
		}
	})

	t.Run("with another input the key is a CONFLICT", func(t *testing.T) {
		b := *b
		b.t = t
		a := b.ask(recordPosition, "input", position(map[string]any{"idempotencyKey": "k1"}))
		b.refused(a, "CONFLICT", "another input")
		if got := faultsOf(a); !cmp.Equal(got, []string{`["input","idempotencyKey"] CONFLICT`}) {
			t.Errorf("faults %v", got)
		}
	})

	t.Run("another revision is a CONFLICT", func(t *testing.T) {
		b := *b
		b.t = t
		a := b.ask(recordPosition, "input", position(map[string]any{"expectedRevision": 7}))
		b.refused(a, "CONFLICT", "revision 7 was expected, but it is 1")
		if e := a.Errors[0].Extensions; e.ExpectedRevision == nil || *e.ExpectedRevision != 7 || e.ActualRevision == nil || *e.ActualRevision != 1 {
			t.Errorf("answered %s", a.raw)
		}
	})

	t.Run("all faults at once, and no trace", func(t *testing.T) {
		b := *b
		b.t = t
		newest := b.model.At()
		a := b.ask(recordPosition, "input", position(map[string]any{
			"actor": "URX", "target": map[string]any{"proposal": "programme"}, "statedOn": "2026-11-22", "summary": " ", "session": "OEWG-99", "explains": "nonsense",
			"points": []any{map[string]any{"kind": "NEED", "text": "Help."}, map[string]any{"kind": "NEED", "text": ""}},
			"source": map[string]any{"title": strings.Repeat("a", 501)},
		}))
		got := faultsOf(a)
		for _, want := range []string{
			`["input","actor"] NOT_FOUND`, `["input","target","proposal"] NOT_FOUND`, `["input","statedOn"] BAD_USER_INPUT`, `["input","summary"] BAD_USER_INPUT`,
			`["input","session"] NOT_FOUND`, `["input","points",1,"text"] BAD_USER_INPUT`, `["input","source","title"] BAD_USER_INPUT`, `["input","explains"] BAD_USER_INPUT`,
		} {
			if !strings.Contains(strings.Join(got, "\n"), want) {
				t.Errorf("no fault %s", want)
			}
		}
		if len(got) != 8 || len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "BAD_USER_INPUT" || a.at("recordPosition") != nil {
			t.Errorf("answered %s", a.raw)
		}
		if b.model.At() != newest {
			t.Error("something was recorded")
		}
	})
}

func at2(v any, path string) any { return at(v, path) }

func TestRecordPositionThatExplains(t *testing.T) {
	b := newDemo(t)
	acts := b.get(`{
		rus: endorsements(filter: {actors: ["RUS"], kinds: [VOTE_YES], proposal: "l11-developments-2023"}, first: 1) { nodes { id documentSymbol vote { id } } }
		usa: endorsements(filter: {actors: ["USA"], proposal: "l11-developments-2023"}, first: 1, asOf: {log: "` + fmt.Sprint(b.model.At()) + `"}) { nodes { id } }
		ballot: state(by: {code: "FRA"}) { endorsements(first: 1) { nodes { id } } } }`)
	ballot := acts.at("rus.nodes.0.id")
	in := func(explains any) map[string]any {
		return position(map[string]any{"actor": "RUS", "target": map[string]any{"proposal": "l11-developments-2023"}, "form": "EXPLANATION", "explains": explains, "idempotencyKey": "k"})
	}
	a := b.get(recordPosition, "input", in(ballot))
	if got := a.at("recordPosition.position.explains.id"); got != ballot {
		t.Errorf("explains %s, want %s: %s", inside(got), inside(ballot), a.raw)
	}
	// Either form of the id is the same input.
	pinned := b.get(`query($at: LogPosition!) { endorsements(filter: {actors: ["RUS"], kinds: [VOTE_YES], proposal: "l11-developments-2023"}, first: 1, asOf: {log: $at}) { nodes { id } } }`,
		"at", fmt.Sprint(b.model.At())).at("endorsements.nodes.0.id")
	if pinned == ballot {
		t.Fatal("the pinned id is the plain one")
	}
	if again := b.get(recordPosition, "input", in(pinned)); again.raw != a.raw {
		t.Errorf("answered %s\nwant %s", again.raw, a.raw)
	}
	for explains, message := range map[any]string{
		acts.at("usa.nodes.0.id"):      "This is a ballot of USA; RUS explains an act of its own.",
		acts.at("rus.nodes.0.vote.id"): "This id is of the type Vote; one of the type Endorsement is asked for here.",
		"ZW46MQ":                       "There is no Endorsement with this id.",
		"":                             "is no id of this server",
	} {
		in := in(explains)
		in["idempotencyKey"] = nil
		a := b.ask(recordPosition, "input", in)
		if len(a.Errors) != 1 || !strings.Contains(a.raw, message) || len(faultsOf(a)) != 1 || !strings.HasPrefix(faultsOf(a)[0], `["input","explains"]`) {
			t.Errorf("answered %s\nwant %s", a.raw, message)
		}
	}
}

func TestCorrectPosition(t *testing.T) {
	b := newDemo(t)
	stated := b.get(recordPosition, "input", position(map[string]any{
		"form": "STATEMENT", "session": "OEWG-9", "points": []any{map[string]any{"kind": "NEED", "text": "Help."}}, "actor": "NORDIC", "alignedWith": []any{"EST"},
	}))
	id := stated.at("recordPosition.position.id")
	pinned := b.get(`query($at: LogPosition!) { positions(filter: {actors: ["NORDIC"]}, first: 1, asOf: {log: $at}) { nodes { id } } }`, "at", fmt.Sprint(b.model.At())).at("positions.nodes.0.id")

	// Left out stays, null clears, a list replaces.
	a := b.get(correctPosition, "input", map[string]any{
		"position": pinned, "reason": "Misheard.", "stance": "CONCERNED", "form": nil, "session": nil, "alignedWith": []any{"EST", "LVA"}, "idempotencyKey": "c",
	})
	p := a.at("correctPosition.position")
	if at2(p, "id") != id || at2(p, "stance") != "CONCERNED" || at2(p, "form") != nil || at2(p, "session") != nil || at2(p, "points.0.text") != "Help." ||
		at2(p, "statedOn") != "2026-01-15" || len(a.list("correctPosition.position.alignedWith")) != 2 || len(a.list("correctPosition.position.corrections")) != 4 ||
		at2(p, "corrections.0.before") != "SUPPORT" || a.at("correctPosition.revision") != at2(p, "actor.revision") {
		t.Errorf("answered %s", a.raw)
	}
	if again := b.get(correctPosition, "input", map[string]any{
		"position": id, "reason": "Misheard.", "stance": "CONCERNED", "form": nil, "session": nil, "alignedWith": []any{"EST", "LVA"}, "idempotencyKey": "c",
	}); again.raw != a.raw {
		t.Errorf("with the plain id answered %s\nwant %s", again.raw, a.raw)
	}
	// The session left out is another input than the session cleared.
	b.refused(b.ask(correctPosition, "input", map[string]any{
		"position": id, "reason": "Misheard.", "stance": "CONCERNED", "form": nil, "alignedWith": []any{"EST", "LVA"}, "idempotencyKey": "c",
	}), "CONFLICT", "another input")
	b.get(correctPosition, "input", map[string]any{"position": id, "reason": "No stance, no points.", "stance": nil, "points": nil})

	a = b.ask(correctPosition, "input", map[string]any{"position": id, "reason": "", "summary": nil, "source": nil, "statedOn": nil, "explains": "nonsense"})
	got := faultsOf(a)
	for _, want := range []string{`["input","reason"] BAD`, `["input","summary"] BAD`, `["input","source"`, `["input","statedOn"] BAD`, `["input","explains"] BAD`} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("no fault %s in %s", want, a.raw)
		}
	}
	for position, want := range map[any]string{
		"nonsense": "BAD_USER_INPUT", "c3Q6VVJZ": "BAD_USER_INPUT", "cG86MQ": "NOT_FOUND", "cG86OTk5OTk": "NOT_FOUND",
	} {
		a := b.ask(correctPosition, "input", map[string]any{"position": position, "reason": "x", "stance": "SUPPORT"})
		if got := faultsOf(a); !cmp.Equal(got, []string{`["input","position"] ` + want}) {
			t.Errorf("%v: answered %s", position, a.raw)
		}
	}
	b.refused(b.ask(correctPosition, "input", map[string]any{"position": id, "reason": "Nothing."}), "BAD_USER_INPUT", "")
}

func TestRetractPosition(t *testing.T) {
	b := newDemo(t)
	id := b.get(recordPosition, "input", position(nil)).at("recordPosition.position.id")
	in := map[string]any{"position": id, "reason": "Wrong State.", "idempotencyKey": "r"}
	a := b.get(retractPosition, "input", in)
	if a.at("retractPosition.position.id") != id || a.at("retractPosition.position.stance") != "SUPPORT" || a.at("retractPosition.revision") != 1.0 ||
		a.at("retractPosition.at") != fmt.Sprint(b.model.At()) || a.Extensions.At != fmt.Sprint(b.model.At()) {
		t.Errorf("answered %s", a.raw)
	}
	if again := b.get(retractPosition, "input", in); again.raw != a.raw {
		t.Errorf("again answered %s", again.raw)
	}
	if n := b.get(`query($id: ID!) { node(id: $id) { id } }`, "id", id); n.at("node") != nil {
		t.Errorf("the retracted position is %s", n.raw)
	}
	b.refused(b.ask(retractPosition, "input", map[string]any{"position": id, "reason": "Again."}), "CONFLICT", "")
	b.refused(b.ask(correctPosition, "input", map[string]any{"position": id, "reason": "Late.", "stance": "OPPOSE"}), "NOT_FOUND", "")
	a = b.ask(retractPosition, "input", map[string]any{"position": "", "reason": ""})
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "BAD_USER_INPUT" {
		t.Errorf("answered %s", a.raw)
	}
}

func TestRecordEndorsement(t *testing.T) {
	b := newDemo(t)
	at := b.model.At()
	in := endorsement(map[string]any{"documentSymbol": "A/C.1/80/L.1", "idempotencyKey": "e"})
	a := b.get(recordEndorsement, "input", in)
	if inside(a.at("recordEndorsement.endorsement.id")) != fmt.Sprintf("en:%d", at+1) || a.at("recordEndorsement.endorsement.vote") != nil ||
		a.at("recordEndorsement.endorsement.proposal.slug") != "programme-of-action" || a.at("recordEndorsement.at") != fmt.Sprint(at+1) {
		t.Errorf("answered %s", a.raw)
	}
	if again := b.get(recordEndorsement, "input", in); again.raw != a.raw {
		t.Errorf("again answered %s", again.raw)
	}
	delete(in, "idempotencyKey")
	b.refused(b.ask(recordEndorsement, "input", in), "CONFLICT", "")
	b.refused(b.ask(recordEndorsement, "input", endorsement(map[string]any{"kind": "VOTE_YES"})), "BAD_USER_INPUT", "")
	a = b.ask(recordEndorsement, "input", endorsement(map[string]any{
		"actor": "NOWHERE", "proposal": "nothing", "on": "2999-01-01", "source": map[string]any{"title": ""}, "idempotencyKey": nil,
	}))
	if got := faultsOf(a); len(got) != 4 {
		t.Errorf("faults %v in %s", got, a.raw)
	}
	b.refused(b.ask(recordEndorsement, "input", endorsement(map[string]any{"idempotencyKey": ""})), "BAD_USER_INPUT", "The idempotencyKey is empty")
}

// Within one operation the second mutation, and whatever asks for now after the first, sees what the first recorded.
func TestMutationsOfOneOperation(t *testing.T) {
	b := newDemo(t)
	a := b.get(`mutation($a: RecordPositionInput!, $b: RecordPositionInput!) {
		first: recordPosition(input: $a) { at position { actor { ... on State { positions(asOf: {}) { totalCount } } } } }
		second: recordPosition(input: $b) { at position { actor { ... on State { positions(asOf: {}) { totalCount } } } } }
	}`, "a", position(nil), "b", position(map[string]any{"stance": "OPPOSE", "statedOn": "2026-01-16"}))
	one, two := a.at("first.position.actor.positions.totalCount").(float64), a.at("second.position.actor.positions.totalCount").(float64)
	if one < 1 || two != one+1 || a.Extensions.At != a.at("second.at") {
		t.Errorf("answered %s", a.raw)
	}
}

func TestOutcomeUnknownIsUnavailable(t *testing.T) {
	log := eventlogtest.NewMemory()
	record, err := demoRecord()
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range record.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(t.Context(), eventlog.Append{Stream: r.Stream, Expected: r.Revision - 1, Events: []eventlog.Event{r.Event}}); err != nil {
			t.Fatal(err)
		}
	}
	faulty := eventlogtest.NewFaulty(log)
	b := newBed(t, log, faulty)
	in := position(map[string]any{"idempotencyKey": "u"})
	faulty.Plan(eventlogtest.Unavailable())
	a := b.ask(recordPosition, "input", in)
	b.refused(a, "UNAVAILABLE", "may be sent again with the same idempotencyKey")
	if a.Errors[0].Extensions.ID == "" || !strings.Contains(b.logged.String(), a.Errors[0].Extensions.ID) {
		t.Errorf("the id %q is not in the log:\n%s", a.Errors[0].Extensions.ID, b.logged)
	}
	// The recorder asks the stream a few times before it gives up; what it has not used of the plan is left for the next.
	for range 20 {
		faulty.Plan(eventlogtest.UnknownWithout())
	}
	b.refused(b.ask(recordPosition, "input", in), "UNAVAILABLE", "It is not known whether this was recorded")
	newest := b.model.At()
	for range 20 {
		if a = b.ask(recordPosition, "input", in); len(a.Errors) == 0 {
			break
		}
	}
	if len(a.Errors) > 0 || b.model.At() != newest+1 {
		t.Errorf("sent again until it went through: at %d, then %d: %s", newest, b.model.At(), a.raw)
	}
}
