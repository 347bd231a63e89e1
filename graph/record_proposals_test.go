package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

const (
	proposalFields = `proposal { id slug title summary revision status submittedOn submitters { code } options { targetKey } submissions { on inCapacityOfChair }
		documents { symbol title sha256 paragraphs { kind number text } } adoption { on by symbol withoutVote } mergedInto { slug } supersededBy { slug } } revision at`
	submitProposal    = `mutation($input: SubmitProposalInput!) { submitProposal(input: $input) { ` + proposalFields + ` } }`
	reviseProposal    = `mutation($input: ReviseProposalInput!) { reviseProposal(input: $input) { ` + proposalFields + ` } }`
	mergeProposal     = `mutation($input: MergeProposalInput!) { mergeProposal(input: $input) { ` + proposalFields + ` } }`
	supersedeProposal = `mutation($input: SupersedeProposalInput!) { supersedeProposal(input: $input) { ` + proposalFields + ` } }`
	withdrawProposal  = `mutation($input: WithdrawProposalInput!) { withdrawProposal(input: $input) { ` + proposalFields + ` } }`
	adoptProposal     = `mutation($input: AdoptProposalInput!) { adoptProposal(input: $input) { ` + proposalFields + ` } }`
)

var madeUp = map[string]any{"title": "Made up"}

// submission is a good input of submitProposal, with some fields replaced.
func submission(with map[string]any) map[string]any {
	return replaced(map[string]any{
		"slug": "made-up", "title": "Made up", "summary": "Made up.", "submitters": []any{"URY"}, "on": "2026-01-15", "source": madeUp,
		"options": []any{map[string]any{"element": "review-cycle", "key": "five-year"}},
	}, with)
}

// revision is a good input of what revises or ends the proposal of submission.
func revision(with map[string]any) map[string]any {
	return replaced(map[string]any{"slug": "made-up", "on": "2026-02-01", "source": madeUp}, with)
}

// wants checks what stands at paths of the data.
func (b *bed) wants(a *answer, want map[string]any) {
	b.t.Helper()
	for path, want := range want {
		if got := a.at(path); !cmp.Equal(got, want) {
			b.t.Errorf("%s is %.200v, want %.200v, in %.2000s", path, got, want, a.raw)
		}
	}
}

// repeats checks that the same input again answers the same and records nothing, whatever was recorded meanwhile.
func (b *bed) repeats(first *answer, mutation string, input map[string]any) {
	b.t.Helper()
	b.get(recordPosition, "input", position(nil))
	newest := b.model.At()
	if again := b.get(mutation, "input", input); again.raw != first.raw {
		b.t.Errorf("again answered otherwise (-first +again):\n%s", cmp.Diff(first.raw, again.raw))
	}
	if b.model.At() != newest {
		b.t.Error("the repetition was recorded")
	}
}

// faulty checks that an input is refused with these faults and no others, all at once, and leaves no trace.
func (b *bed) faulty(mutation string, input map[string]any, want ...string) *answer {
	b.t.Helper()
	newest := b.model.At()
	a := b.ask(mutation, "input", input)
	if got := faultsOf(a); len(a.Errors) != 1 || !cmp.Equal(got, want) {
		b.t.Errorf("faults (-want +got):\n%s\nin %.2000s", cmp.Diff(want, got), a.raw)
	}
	for field, v := range a.Data {
		if v != nil {
			b.t.Errorf("%s is %v beside its error", field, v)
		}
	}
	if events, err := b.events(); err != nil || events != newest {
		b.t.Errorf("the record went from %d to %d, %v", newest, events, err)
	}
	return a
}

// events counts what is in the log.
func (b *bed) events() (n uint64, err error) {
	for _, err := range b.log.ReadAll(context.Background(), eventlog.Offset{}) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// paragraphs makes a document's operative paragraphs, by their texts.
func paragraphs(texts ...string) (list []any) {
	for i, text := range texts {
		list = append(list, map[string]any{"kind": "OPERATIVE", "number": i + 1, "text": text})
	}
	return list
}

func TestSubmitProposal(t *testing.T) {
	b := newDemo(t)
	at := b.model.At()
	in := submission(map[string]any{
		"summary": "Cafe\u0301.", "submitters": []any{"URY", "NORDIC"}, "inCapacityOfChair": true, "idempotencyKey": "s",
		"document": map[string]any{"symbol": "A/MADE-UP/1", "title": "Cafe\u0301", "language": "EN", "sha256": strings.Repeat("AB", 32),
			// Too long for one event.
			"paragraphs": paragraphs(strings.Repeat("a", 9_990), strings.Repeat("b", 9_990)+"e\u0301", strings.Repeat("c", 9_990), strings.Repeat("d", 9_990), strings.Repeat("e", 9_990), "End."),
		},
	})
	a := b.get(submitProposal, "input", in)
	b.wants(a, map[string]any{
		"submitProposal.proposal.slug": "made-up", "submitProposal.proposal.summary": "Caf\u00e9.", "submitProposal.proposal.status": "SUBMITTED",
		"submitProposal.proposal.submitters.0.code": "NORDIC", "submitProposal.proposal.submissions.0.inCapacityOfChair": true,
		"submitProposal.proposal.options.0.targetKey":           "option:review-cycle/five-year",
		"submitProposal.proposal.documents.0.title":             "Caf\u00e9",
		"submitProposal.proposal.documents.0.sha256":            strings.Repeat("ab", 32),
		"submitProposal.proposal.submittedOn":                   "2026-01-15",
		"submitProposal.proposal.documents.0.paragraphs.1.text": strings.Repeat("b", 9_990) + "\u00e9",
		"submitProposal.proposal.documents.0.paragraphs.5":      map[string]any{"kind": "OPERATIVE", "number": 6.0, "text": "End."},
		"submitProposal.revision":                               2.0, "submitProposal.proposal.revision": 2.0, "submitProposal.at": fmt.Sprint(at + 3),
	})
	if a.Extensions.At != fmt.Sprint(at+3) || b.model.At() != at+3 {
		t.Errorf("answered at %s, the record is at %d", a.Extensions.At, b.model.At())
	}
	id := a.at("submitProposal.proposal.id")
	b.wants(b.get(`{ proposal(slug: "made-up") { id } convergence(targets: [{proposal: "made-up"}]) { consensus tally { support } } }`), map[string]any{
		"proposal.id": id, "convergence.0.tally.support": 0.0,
	})
	b.repeats(a, submitProposal, in)

	b.faulty(submitProposal, submission(map[string]any{"title": "Another"}), `["input","slug"] CONFLICT`)
	a = b.faulty(submitProposal, submission(map[string]any{
		"slug": "Made up", "title": "", "submitters": []any{"URY", "NORDICS", "URY"}, "on": "2026-12-24",
		"document": map[string]any{"title": " ", "sha256": "no", "paragraphs": paragraphs("")},
		"options":  []any{map[string]any{"element": "review-cycle", "key": "five-years"}}, "source": map[string]any{"title": "Made up", "url": "ftp://x"},
	}), `["input","slug"] BAD_USER_INPUT`, `["input","title"] BAD_USER_INPUT`, `["input","submitters",1] NOT_FOUND`, `["input","submitters",2] BAD_USER_INPUT`,
		`["input","on"] BAD_USER_INPUT`, `["input","document","title"] BAD_USER_INPUT`, `["input","document","sha256"] BAD_USER_INPUT`,
		`["input","document","paragraphs",0,"text"] BAD_USER_INPUT`, `["input","options",0] NOT_FOUND`, `["input","source","url"] BAD_USER_INPUT`)
	for _, near := range []string{"did you mean NORDIC", "did you mean review-cycle/five-year"} {
		if !strings.Contains(a.raw, near) {
			t.Errorf("no %q in %s", near, a.raw)
		}
	}
	b.faulty(submitProposal, submission(map[string]any{"slug": "other", "submitters": []any{}}), `["input","submitters"] BAD_USER_INPUT`)
}

func TestReviseProposal(t *testing.T) {
	b := newDemo(t)
	b.get(submitProposal, "input", submission(map[string]any{"submitters": []any{"URY", "NORDIC"}}))

	// Left out stays.
	in := revision(map[string]any{"title": "New", "idempotencyKey": "r", "expectedRevision": 0})
	a := b.get(reviseProposal, "input", in)
	b.wants(a, map[string]any{
		"reviseProposal.proposal.title": "New", "reviseProposal.proposal.summary": "Made up.", "reviseProposal.proposal.status": "REVISED",
		"reviseProposal.proposal.submitters.0.code": "NORDIC", "reviseProposal.proposal.options.0.targetKey": "option:review-cycle/five-year",
		"reviseProposal.proposal.submissions.1.on": "2026-02-01", "reviseProposal.revision": 1.0, "reviseProposal.at": fmt.Sprint(b.model.At()),
	})
	b.repeats(a, reviseProposal, in)
	// Left out and null are two inputs, an option left out and one cleared too.
	for _, field := range []string{"summary", "options"} {
		b.faulty(reviseProposal, revision(map[string]any{"title": "New", "idempotencyKey": "r", "expectedRevision": 0, field: nil}), `["input","idempotencyKey"] CONFLICT`)
	}
	// What is no more than absent where it is null is the same input.
	b.repeats(a, reviseProposal, replaced(in, map[string]any{"document": nil, "inCapacityOfChair": false}))

	// Null clears what can be cleared, a list replaces.
	a = b.get(reviseProposal, "input", revision(map[string]any{"on": "2026-02-02", "summary": nil, "options": nil, "submitters": []any{"EST"}}))
	b.wants(a, map[string]any{
		"reviseProposal.proposal.title": "New", "reviseProposal.proposal.summary": nil, "reviseProposal.proposal.options": []any{},
		"reviseProposal.proposal.submitters": []any{map[string]any{"code": "EST"}},
	})
	b.wants(b.get(`{ proposal(slug: "made-up", asOf: {statedOn: "2026-02-01"}) { summary options { key } submitters { code } } }`), map[string]any{
		"proposal.summary": "Made up.", "proposal.options.0.key": "five-year", "proposal.submitters.0.code": "NORDIC",
	})

	b.faulty(reviseProposal, revision(map[string]any{"title": nil, "submitters": nil}), `["input","title"] BAD_USER_INPUT`, `["input","submitters"] BAD_USER_INPUT`)
	b.faulty(reviseProposal, revision(map[string]any{"on": "2026-01-14", "options": []any{map[string]any{"element": "review", "key": "x"}}}),
		`["input","on"] BAD_USER_INPUT`, `["input","options",0] NOT_FOUND`)
	a = b.ask(reviseProposal, "input", revision(map[string]any{"expectedRevision": 0}))
	b.refused(a, "CONFLICT", "revision 0 was expected, but it is 2")
	if e := a.Errors[0].Extensions; e.ActualRevision == nil || *e.ActualRevision != 2 {
		t.Errorf("answered %s", a.raw)
	}
}

func TestEndsOfProposals(t *testing.T) {
	for _, end := range []struct {
		field, mutation string
		more            map[string]any // Besides slug, day and source.
		want            map[string]any // In the proposal.
		wrong           map[string]any
		faults          []string
	}{
		{"mergeProposal", mergeProposal, map[string]any{"into": "programme-of-action"},
			map[string]any{"status": "MERGED", "mergedInto.slug": "programme-of-action"},
			map[string]any{"into": "made-up"}, []string{`["input","into"] BAD_USER_INPUT`}},
		{"supersedeProposal", supersedeProposal, map[string]any{"by": "programme-of-action"},
			map[string]any{"status": "SUPERSEDED", "supersededBy.slug": "programme-of-action"},
			map[string]any{"by": "program-of-action"}, []string{`["input","by"] NOT_FOUND`}},
		{"withdrawProposal", withdrawProposal, nil,
			map[string]any{"status": "WITHDRAWN", "adoption": nil},
			map[string]any{"on": "2026-11-22"}, []string{`["input","on"] BAD_USER_INPUT`}},
		{"adoptProposal", adoptProposal, map[string]any{"by": "General Assembly", "symbol": "A/MADE-UP/1", "withoutVote": true},
			map[string]any{"status": "ADOPTED", "adoption": map[string]any{"on": "2026-02-01", "by": "General Assembly", "symbol": "A/MADE-UP/1", "withoutVote": true}},
			map[string]any{"by": " ", "symbol": " x"}, []string{`["input","symbol"] BAD_USER_INPUT`, `["input","by"] BAD_USER_INPUT`}},
	} {
		t.Run(end.field, func(t *testing.T) {
			b := newDemo(t)
			b.get(submitProposal, "input", submission(nil))
			with := func(with map[string]any) map[string]any { return replaced(revision(end.more), with) }

			b.faulty(end.mutation, with(end.wrong), end.faults...)
			b.faulty(end.mutation, with(map[string]any{"on": "2026-01-14"}), `["input","on"] BAD_USER_INPUT`)
			if a := b.faulty(end.mutation, with(map[string]any{"slug": "made-ups"}), `["input","slug"] NOT_FOUND`); !strings.Contains(a.raw, "did you mean made-up") {
				t.Errorf("answered %s", a.raw)
			}
			b.refused(b.ask(end.mutation, "input", with(map[string]any{"expectedRevision": 7})), "CONFLICT", "revision 7 was expected, but it is 0")

			in := with(map[string]any{"idempotencyKey": "e", "expectedRevision": 0})
			a := b.get(end.mutation, "input", in)
			for path, want := range end.want {
				b.wants(a, map[string]any{end.field + ".proposal." + path: want})
			}
			b.wants(a, map[string]any{end.field + ".revision": 1.0, end.field + ".at": fmt.Sprint(b.model.At())})
			b.wants(b.get(`{ proposal(slug: "made-up") { status } before: proposal(slug: "made-up", asOf: {statedOn: "2026-01-31"}) { status } }`),
				map[string]any{"proposal.status": end.want["status"], "before.status": "SUBMITTED"})
			b.repeats(a, end.mutation, in)

			// After an end there is neither another nor a revision.
			b.faulty(withdrawProposal, revision(nil), `["input","slug"] CONFLICT`)
			b.faulty(reviseProposal, revision(nil), `["input","slug"] CONFLICT`)
			b.faulty(end.mutation, with(map[string]any{"idempotencyKey": "e", "on": "2026-02-02"}), `["input","idempotencyKey"] CONFLICT`)
		})
	}
}
