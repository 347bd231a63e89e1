package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestWhatIsWrongIsToldAndNotRecorded sends what people and programs get wrong, over HTTP: each kind is refused with its code and the
// path of each fault, in a sentence, while the record stays where it is.
func TestWhatIsWrongIsToldAndNotRecorded(t *testing.T) {
	b := newDemo(t)
	server := httptest.NewServer(b.handler)
	defer server.Close()

	// What the inputs are about: of each kind one that is there.
	b.get(submitProposal, "input", submission(nil))
	b.get(defineElement, "input", map[string]any{"key": "made-up", "label": "Made up"})
	said := b.get(recordPosition, "input", position(nil)).at("recordPosition.position.id").(string)
	retracted := b.get(recordPosition, "input", position(map[string]any{"summary": "Retracted."})).at("recordPosition.position.id").(string)
	b.get(retractPosition, "input", map[string]any{"position": retracted, "reason": "Wrong."})
	act := b.get(recordEndorsement, "input", endorsement(nil)).at("recordEndorsement.endorsement.id").(string)
	voted := b.get(`{ state(by: {code: "FRA"}) { endorsements(filter: {kinds: [VOTE_YES]}, first: 1) { nodes { id on vote { id } } } } }`)
	voteID, votedOn := voted.at("state.endorsements.nodes.0.vote.id").(string), voted.at("state.endorsements.nodes.0.on").(string)
	ballot := voted.at("state.endorsements.nodes.0.id").(string)
	const tomorrowButOne = "2026-11-22" // The server's day is 2026-11-20.

	// with replaces things in an input, at paths with dots.
	with := func(in map[string]any, pairs ...any) map[string]any {
		in = copied(in).(map[string]any)
		for i := 0; i < len(pairs); i += 2 {
			at, parts := in, strings.Split(pairs[i].(string), ".")
			for _, part := range parts[:len(parts)-1] {
				at = at[part].(map[string]any)
			}
			at[parts[len(parts)-1]] = pairs[i+1]
			maps.DeleteFunc(at, func(_ string, v any) bool { return v == leftOut })
		}
		return in
	}
	list := func(values ...any) []any { return values }
	option := func(element, key string) map[string]any {
		return map[string]any{"option": map[string]any{"element": element, "key": key}}
	}
	correction := map[string]any{"position": said, "reason": "Misread."}
	withdrawal := map[string]any{"position": said, "on": "2026-02-01", "source": madeUp}
	retraction := map[string]any{"position": said, "reason": "Wrong."}
	actWithdrawal := map[string]any{"endorsement": act, "on": "2026-02-01", "source": madeUp}
	merger, successor := revision(map[string]any{"into": "programme-of-action"}), revision(map[string]any{"by": "programme-of-action"})
	adoption := revision(map[string]any{"by": "General Assembly", "withoutVote": true})
	intention := map[string]any{"vote": voteID, "state": "FRA", "intended": "NO", "on": votedOn, "source": madeUp}
	element := map[string]any{"key": "new", "label": "New"}
	newOption := map[string]any{"element": "made-up", "key": "new", "label": "New"}
	retirement := map[string]any{"element": "track", "key": "single-track", "reason": "Not used."}
	state := map[string]any{"code": "XYZ", "names": list(map[string]any{"language": "EN", "name": "Xyz"}), "regionalGroup": "WEOG", "admittedOn": "2020-01-01"}
	group := map[string]any{"code": "XYZ-1", "names": list(map[string]any{"language": "EN", "name": "Xyz"})}
	membership := map[string]any{"group": "EU", "state": "URY", "from": "2026-01-01"}
	session := map[string]any{"key": "XYZ-1", "name": "Xyz", "forum": "Xyz", "startsOn": "2026-01-01", "endsOn": "2026-01-02", "decisionRule": "CONSENSUS"}

	const bad, missing, conflict = "BAD_USER_INPUT", "NOT_FOUND", "CONFLICT"
	type kind struct {
		name     string
		mutation string
		input    any
		want     string // Path within the input and code of each fault, in any order: "summary BAD_USER_INPUT, actor NOT_FOUND".
		says     string // In the message of a fault.
	}
	one := func(path, code string) string { return path + " " + code }
	kinds := []kind{
		// Texts.
		{"an empty text", recordPosition, with(position(nil), "summary", ""), one("summary", bad), ""},
		{"only spaces", recordPosition, with(position(nil), "summary", " \t\n"), one("summary", bad), ""},
		{"only what cannot be seen", recordPosition, with(position(nil), "summary", "\u200b\u2060"), one("summary", bad), ""},
		{"a text that is too long", recordPosition, with(position(nil), "summary", strings.Repeat("é", 4001)), one("summary", bad), "4,000"},
		{"a title that is too long", submitProposal, submission(map[string]any{"slug": "other", "title": strings.Repeat("x", 501)}), one("title", bad), "500"},
		{"a quotation that is too long", recordPosition, with(position(nil), "source.quote", strings.Repeat("x", 10_001)), one("source.quote", bad), "10,000"},
		{"NUL in a text", recordPosition, with(position(nil), "summary", "a\u0000b"), one("summary", bad), ""},
		{"NUL in a key", defineElement, with(element, "key", "a\u0000b"), one("key", bad), ""},
		{"a text that turns its direction", recordPosition, with(position(nil), "actor", "UR\u202eY"), one("actor", missing), "U+202E"},
		{"a symbol that turns its direction", recordEndorsement, endorsement(map[string]any{"documentSymbol": "A/C.1/\u202e80/L.1"}), one("documentSymbol", bad), ""},
		{"a paragraph that turns its direction", recordEndorsement, endorsement(map[string]any{"paragraph": "2\u202e7"}), one("paragraph", bad), "U+202E"},
		{"a paragraph of a vote with what cannot be seen", recordVote, vote(map[string]any{"paragraph": "2\u200b7"}), one("paragraph", bad), "U+200B"},
		{"a list of too many points", recordPosition, with(position(nil), "points", slices.Repeat(list(map[string]any{"kind": "NEED", "text": ""}), 3)), "points.0.text BAD_USER_INPUT, points.1.text BAD_USER_INPUT, points.2.text BAD_USER_INPUT", ""},
		{"a symbol with a letter of another script", recordVote, vote(map[string]any{"documentSymbol": "\u0410/RES/80/1"}), one("documentSymbol", bad), "U+0410"},
		{"a symbol of a source", recordPosition, with(position(nil), "source.symbol", "A/C.1/80/\u200bL.1"), one("source.symbol", bad), "U+200B"},
		{"all at once", recordPosition, map[string]any{"actor": "NOWHERE", "target": map[string]any{"proposal": "nothing"}, "statedOn": tomorrowButOne, "summary": "", "source": map[string]any{"title": "", "url": "javascript:alert(1)"}, "session": "NONE-1"},
			"actor NOT_FOUND, target.proposal NOT_FOUND, statedOn BAD_USER_INPUT, summary BAD_USER_INPUT, source.title BAD_USER_INPUT, source.url BAD_USER_INPUT, session NOT_FOUND", ""},

		// Codes and keys.
		{"a letter of another script in a code", recordPosition, with(position(nil), "actor", "UR\u0423"), one("actor", missing), "U+0423"},
		{"a letter of another script in a slug", submitProposal, submission(map[string]any{"slug": "m\u0430de-up"}), one("slug", bad), ""},
		{"a letter of another script in a State", admitState, with(state, "code", "XY\u0417"), one("code", bad), ""},
		{"a full-width code", recordPosition, with(position(nil), "actor", "ＵＲＹ"), one("actor", missing), "U+FF35"},
		{"a code in small letters", recordPosition, with(position(nil), "actor", "ury"), one("actor", missing), "URY"},
		{"a code that is not there", recordPosition, with(position(nil), "actor", "URX"), one("actor", missing), "did you mean URY"},
		{"a slug that is not there", recordPosition, with(position(nil), "target", map[string]any{"proposal": "program-of-action"}), one("target.proposal", missing), "did you mean programme-of-action"},
		{"an option that is not there", recordPosition, with(position(nil), "target", option("track", "single-trak")), one("target.option", missing), "single-track"},
		{"an element that is not there", defineOption, with(newOption, "element", "trak"), one("element", missing), "track"},
		{"a session that is not there", recordPosition, with(position(nil), "session", "OEWG-99"), one("session", missing), ""},
		{"a slug with capitals", submitProposal, submission(map[string]any{"slug": "Made-Up-2"}), one("slug", bad), ""},
		{"a slug that goes up", submitProposal, submission(map[string]any{"slug": "../../etc"}), one("slug", bad), ""},
		{"a slug that is too long", submitProposal, submission(map[string]any{"slug": strings.Repeat("x", 65)}), one("slug", bad), "64"},
		{"an empty key", defineOption, with(newOption, "key", ""), one("key", bad), ""},
		{"a key with a space", defineSession, with(session, "key", "XYZ 1"), one("key", bad), ""},
		{"a code with four letters", admitState, with(state, "code", "WXYZ"), one("code", bad), ""},
		{"a group code with a slash", defineGroup, with(group, "code", "X/Y"), one("code", bad), ""},

		// Days.
		{"a day after tomorrow", recordPosition, with(position(nil), "statedOn", tomorrowButOne), one("statedOn", bad), "tomorrow"},
		{"a vote after tomorrow", recordVote, vote(map[string]any{"on": "2999-01-01"}), one("on", bad), ""},
		{"an act after tomorrow", recordEndorsement, endorsement(map[string]any{"on": tomorrowButOne}), one("on", bad), ""},
		{"a State admitted after tomorrow", admitState, with(state, "admittedOn", tomorrowButOne), one("admittedOn", bad), ""},
		{"a withdrawal before what it withdraws", withdrawPosition, with(withdrawal, "on", "2026-01-14"), one("on", bad), ""},
		{"an act withdrawn before it was done", withdrawEndorsement, with(actWithdrawal, "on", "2026-01-14"), one("on", bad), ""},
		{"a revision before the first submission", reviseProposal, with(revision(map[string]any{"title": "T"}), "on", "2026-01-14"), one("on", bad), ""},
		{"an end before the first submission", withdrawProposal, revision(map[string]any{"on": "2025-01-14"}), one("on", bad), ""},
		{"an intention before the vote", declareIntendedBallot, with(intention, "on", "2000-01-01"), one("on", bad), ""},
		{"a session that ends before it begins", defineSession, with(session, "endsOn", "2025-12-31"), one("endsOn", bad), ""},
		{"a member that leaves before it joins", changeGroupMembership, with(membership, "until", "2025-12-31"), one("until", bad), ""},
		{"a correction to a day after tomorrow", correctPosition, with(correction, "statedOn", tomorrowButOne), one("statedOn", bad), ""},

		// Ids.
		{"no id", correctPosition, with(correction, "position", "nonsense", "summary", "S"), one("position", bad), ""},
		{"an empty id", retractPosition, with(retraction, "position", ""), one("position", bad), ""},
		{"the id of another type", retractPosition, with(retraction, "position", encoded("st:URY")), one("position", bad), "State"},
		{"the id of a vote where an act is asked for", withdrawEndorsement, with(actWithdrawal, "endorsement", voteID), one("endorsement", bad), "Vote"},
		{"the id of an act where a vote is asked for", declareIntendedBallot, with(intention, "vote", act), one("vote", bad), "Endorsement"},
		{"the id of nothing", withdrawPosition, with(withdrawal, "position", encoded("po:1")), one("position", missing), ""},
		{"an id beyond the record", retractPosition, with(retraction, "position", encoded("po:18446744073709551615")), one("position", missing), ""},
		{"an id with a moment, of another type", retractPosition, with(retraction, "position", encoded("st:URY@5~2020-01-01")), one("position", bad), ""},
		{"an id with a moment that is none", retractPosition, with(retraction, "position", encoded("po:829@-1")), one("position", bad), ""},
		{"what was retracted", correctPosition, with(correction, "position", retracted, "summary", "S"), one("position", missing), ""},
		{"what was retracted, again", retractPosition, with(retraction, "position", retracted), one("position", conflict), ""},
		{"another's act explained", recordPosition, with(position(nil), "actor", "FRA", "explains", act), one("explains", missing), "same actor"},

		// Against the present state, or against itself.
		{"another revision", recordPosition, with(position(nil), "expectedRevision", 99), one("expectedRevision", conflict), "revision 99 was expected"},
		{"another revision of a proposal", reviseProposal, with(revision(map[string]any{"title": "T"}), "expectedRevision", -1), one("expectedRevision", conflict), ""},
		{"a slug that is taken", submitProposal, submission(nil), one("slug", conflict), ""},
		{"an element that is there", defineElement, with(element, "key", "track"), one("key", conflict), ""},
		{"an option that is there", defineOption, with(newOption, "element", "track", "key", "single-track"), one("key", conflict), ""},
		{"a State that is there", admitState, with(state, "code", "URY"), one("code", conflict), ""},
		{"a group that is there", defineGroup, with(group, "code", "EU"), one("code", conflict), ""},
		{"a session that is there", defineSession, with(session, "key", "OEWG-9"), one("key", conflict), ""},
		{"the same act twice", recordEndorsement, endorsement(nil), one("", conflict), ""},
		{"a member that is one", changeGroupMembership, with(membership, "state", "FRA"), one("from", conflict), ""},
		{"a group in a group", changeGroupMembership, with(membership, "state", "EU"), one("state", missing), ""},
		{"a proposal merged into itself", mergeProposal, with(merger, "into", "made-up"), one("into", bad), ""},
		{"a proposal superseded by none", supersedeProposal, with(successor, "by", "nothing"), one("by", missing), ""},
		{"a proposal that is not there withdrawn", withdrawProposal, revision(map[string]any{"slug": "made-upp"}), one("slug", missing), "made-up"},
		{"a proposal adopted by nobody", adoptProposal, with(adoption, "by", " "), one("by", bad), ""},
		{"an adoption with an odd symbol", adoptProposal, with(adoption, "symbol", "A/RES/\u202e80"), one("symbol", bad), ""},
		{"a revision that changes nothing it may not", reviseProposal, revision(map[string]any{"title": nil}), one("title", bad), ""},
		{"submitters twice", submitProposal, submission(map[string]any{"slug": "other", "submitters": list("URY", "URY")}), one("submitters.1", bad), ""},
		{"no submitters", submitProposal, submission(map[string]any{"slug": "other", "submitters": list()}), one("submitters", bad), ""},
		{"options twice", submitProposal, submission(map[string]any{"slug": "other", "options": slices.Repeat(list(map[string]any{"element": "review-cycle", "key": "five-year"}), 2)}), one("options.1", bad), ""},
		{"names twice", admitState, with(state, "names", slices.Repeat(list(map[string]any{"language": "EN", "name": "Xyz"}), 2)), one("names.1.language", bad), ""},
		{"no English name", defineGroup, with(group, "names", list(map[string]any{"language": "FR", "name": "Xyz"})), one("names", bad), ""},
		{"a Member State without its group", admitState, with(state, "regionalGroup", leftOut), one("regionalGroup", bad), ""},
		{"an observer with a regional group", admitState, with(state, "observer", true), one("regionalGroup", bad), ""},
		{"aligned with a State twice", recordPosition, with(position(nil), "actor", "EU", "alignedWith", list("URY", "URY")), one("alignedWith.1", bad), ""},
		{"aligned with a State that speaks", recordPosition, with(position(nil), "alignedWith", list("FRA")), one("alignedWith", bad), ""},
		{"aligned and dissociated", recordPosition, with(position(nil), "actor", "EU", "alignedWith", list("URY"), "dissociated", list("URY")), one("dissociated.0", bad), ""},
		{"a ballot by hand", recordEndorsement, endorsement(map[string]any{"kind": "VOTE_YES"}), one("kind", bad), "recordVote"},
		{"a ballot withdrawn", withdrawEndorsement, with(actWithdrawal, "endorsement", ballot), one("endorsement", bad), ""},
		{"ballots beyond the total", recordVote, vote(map[string]any{"yes": 0}), one("yes", bad), ""},
		{"a negative total", recordVote, vote(map[string]any{"no": -1}), one("no", bad), ""},
		{"a State that votes twice", recordVote, vote(map[string]any{"complete": false, "yes": 2, "ballots": slices.Repeat(list(map[string]any{"state": "URY", "ballot": "YES"}), 2)}), one("ballots.1.state", bad), ""},
		{"a vote of a group", recordVote, vote(map[string]any{"complete": false, "ballots": list(map[string]any{"state": "EU", "ballot": "YES"})}), one("ballots.0.state", missing), ""},
		{"an intention of who did not vote", declareIntendedBallot, with(intention, "state", "VAT"), one("state", missing), ""},
		{"an intention that is the ballot", declareIntendedBallot, with(intention, "intended", "YES"), one("intended", conflict), ""},
		{"a correction of nothing", correctPosition, correction, one("", bad), ""},
		{"a correction to what is there", correctPosition, with(correction, "summary", "Made up."), one("summary", bad), ""},
		{"a correction that clears what must be", correctPosition, with(correction, "summary", nil), one("summary", bad), ""},
		{"a correction without a reason", correctPosition, with(correction, "summary", "S", "reason", ""), one("reason", bad), ""},
		{"an option that is not there retired", retireOption, with(retirement, "key", "single-trak"), one("key", missing), "single-track"},
		{"an option retired without a reason", retireOption, with(retirement, "reason", ""), one("reason", bad), ""},
		{"an empty idempotency key", defineElement, with(element, "idempotencyKey", ""), one("idempotencyKey", bad), ""},
		{"an idempotency key that is too long", defineElement, with(element, "idempotencyKey", strings.Repeat("k", 201)), one("idempotencyKey", bad), "200"},
		{"a control character in an idempotency key", retractPosition, with(retraction, "idempotencyKey", "a\nb"), one("idempotencyKey", bad), ""},
		{"an address that is none", recordPosition, with(position(nil), "source.url", "not an address"), one("source.url", bad), ""},
		{"an address with a password", adoptProposal, with(adoption, "source", map[string]any{"title": "T", "url": "https://a:b@example.org"}), one("source.url", bad), ""},
		{"a hash that is none", submitProposal, submission(map[string]any{"slug": "other", "document": map[string]any{"title": "T", "sha256": "abc"}}), one("document.sha256", bad), ""},
		{"a paragraph without a number", submitProposal, submission(map[string]any{"slug": "other", "document": map[string]any{"title": "T", "paragraphs": list(map[string]any{"kind": "OPERATIVE", "number": 0, "text": "T"})}}), one("document.paragraphs.0.number", bad), ""},
		{"a superseded proposal without a source", supersedeProposal, with(successor, "source", map[string]any{"title": ""}), one("source.title", bad), ""},
		{"a merger into nothing", mergeProposal, with(merger, "into", ""), one("into", bad), ""},

		// What the schema refuses before anything runs.
		{"a day that there is not", recordPosition, with(position(nil), "statedOn", "2025-02-29"), one("statedOn", bad), "2025-02-29"},
		{"a day in another form", recordVote, vote(map[string]any{"on": "15.01.2026"}), one("on", bad), ""},
		{"a day as a number", withdrawProposal, revision(map[string]any{"on": 20260115}), one("on", bad), ""},
		{"a number for a text", recordPosition, with(position(nil), "summary", 7), one("summary", bad), ""},
		{"a text for a number", recordVote, vote(map[string]any{"yes": "7"}), one("yes", bad), ""},
		{"a fraction for a number", recordVote, vote(map[string]any{"yes": 0.5}), one("yes", bad), ""},
		{"a number beyond 32 bits", recordVote, vote(map[string]any{"yes": 1 << 40}), one("yes", bad), ""},
		{"a word that the enum does not have", recordPosition, with(position(nil), "stance", "LIKES"), one("stance", bad), ""},
		{"a word in small letters", declareIntendedBallot, with(intention, "intended", "yes"), one("intended", bad), ""},
		{"null where none may be", defineGroup, with(group, "names", nil), one("names", bad), ""},
		{"null in a list", defineGroup, with(group, "names", list(nil)), one("names.0", bad), ""},
		{"left out", mergeProposal, with(merger, "into", leftOut), one("into", bad), ""},
		{"a field that the input does not have", retireOption, with(retirement, "because", "B"), one("because", bad), ""},
		{"two targets", recordPosition, with(position(nil), "target", map[string]any{"proposal": "programme-of-action", "option": map[string]any{"element": "track", "key": "single-track"}}), one("target", bad), ""},
		{"no target", recordPosition, with(position(nil), "target", map[string]any{}), one("target", bad), ""},
		{"a target that is null", recordPosition, with(position(nil), "target", map[string]any{"proposal": nil}), one("target.proposal", bad), ""},
		{"a list for an object", changeGroupMembership, list(membership, membership), one("", bad), ""},
		{"a text for an object", retireOption, "track", one("", bad), ""},
		{"null for the input", supersedeProposal, nil, one("", bad), ""},
	}
	used := map[string]int{}
	names := map[string]bool{}
	for _, k := range kinds {
		mutation, _, _ := strings.Cut(k.mutation[strings.Index(k.mutation, "{ ")+2:], "(")
		used[mutation]++
		if names[k.name] {
			t.Errorf("two kinds are called %q", k.name)
		}
		names[k.name] = true
		t.Run(k.name, func(t *testing.T) {
			before, err := b.events()
			if err != nil {
				t.Fatal(err)
			}
			a := overHTTP(t, server.URL, k.mutation, k.input)
			if len(a.Errors) != 1 || a.Data[mutation] != nil {
				t.Fatalf("answered %.1000s", a.raw)
			}
			e := a.Errors[0]
			var got, codes []string
			told := e.Message
			for _, f := range e.Extensions.Faults {
				var path []string
				for _, part := range f.Path {
					path = append(path, fmt.Sprint(part))
				}
				if len(path) == 0 || path[0] != "input" {
					t.Errorf("the path %v leads nowhere", f.Path)
					continue
				}
				got = append(got, strings.Join(path[1:], ".")+" "+f.Code)
				codes = append(codes, f.Code)
				told += " " + f.Message
				if len(f.Message) < 10 || !strings.HasSuffix(f.Message, ".") && !strings.HasSuffix(f.Message, "?") {
					t.Errorf("%q is no sentence", f.Message)
				}
			}
			want := strings.Split(k.want, ", ")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("faults %q, want %q, in %.1000s", got, want, a.raw)
			}
			for _, code := range []string{bad, missing, conflict} { // The gravest is that of the whole.
				if slices.Contains(codes, code) {
					if e.Extensions.Code != code {
						t.Errorf("code %s, want %s", e.Extensions.Code, code)
					}
					break
				}
			}
			if !strings.Contains(told, k.says) {
				t.Errorf("%q does not say %q", told, k.says)
			}
			if after, err := b.events(); err != nil || after != before || b.model.At() != before {
				t.Errorf("the record went from %d to %d, %v", before, after, err)
			}
		})
	}
	mutations, _, _ := b.inputs()
	for mutation := range mutations {
		if used[mutation] < 2 {
			t.Errorf("%d kinds are of %s", used[mutation], mutation)
		}
	}
	if len(kinds) < 60 {
		t.Errorf("%d kinds", len(kinds))
	}
}

// copied is a JSON value that shares nothing with another.
func copied(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, value := range v {
			m[name] = copied(value)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, value := range v {
			l[i] = copied(value)
		}
		return l
	}
	return v
}

func overHTTP(t *testing.T, address, mutation string, input any) *answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": mutation, "variables": map[string]any{"input": input}})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(address+"/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := &answer{raw: string(text), status: response.StatusCode}
	if err := json.Unmarshal(text, a); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return a
}
