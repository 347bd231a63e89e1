package graph_test

import (
	"fmt"
	"strings"
	"testing"
)

const (
	withdrawPosition      = `mutation($input: WithdrawPositionInput!) { withdrawPosition(input: $input) { ` + positionFields + ` } }`
	withdrawEndorsement   = `mutation($input: WithdrawEndorsementInput!) { withdrawEndorsement(input: $input) { endorsement { id kind on withdrawnOn } revision at } }`
	voteFields            = `vote { id documentSymbol paragraph yes no abstain absent complete adopted body on ballots { state { code } ballot intended } } revision at`
	recordVote            = `mutation($input: RecordVoteInput!) { recordVote(input: $input) { ` + voteFields + ` } }`
	declareIntendedBallot = `mutation($input: DeclareIntendedBallotInput!) { declareIntendedBallot(input: $input) { ` + voteFields + ` } }`
)

// pinned gives the second form of an id: as of the newest position.
func (b *bed) pinned(id any) string {
	b.t.Helper()
	return encoded(fmt.Sprintf("%s@%d", inside(id), b.model.At()))
}

func TestWithdrawPosition(t *testing.T) {
	b := newDemo(t)
	id := b.get(recordPosition, "input", position(nil)).at("recordPosition.position.id")
	in := map[string]any{"position": b.pinned(id), "on": "2026-02-01", "source": madeUp, "idempotencyKey": "w"}

	b.faulty(withdrawPosition, map[string]any{"position": id, "on": "2026-01-14", "source": map[string]any{"title": ""}},
		`["input","on"] BAD_USER_INPUT`, `["input","source","title"] BAD_USER_INPUT`)
	for wrong, code := range map[string]string{"nonsense": "BAD_USER_INPUT", "": "BAD_USER_INPUT", encoded("st:URY"): "BAD_USER_INPUT", encoded("po:1"): "NOT_FOUND"} {
		// What else is wrong is told all the same.
		b.faulty(withdrawPosition, map[string]any{"position": wrong, "on": "2026-12-24", "source": madeUp},
			`["input","on"] BAD_USER_INPUT`, `["input","position"] `+code)
	}

	a := b.get(withdrawPosition, "input", in)
	b.wants(a, map[string]any{
		"withdrawPosition.position.id": id, "withdrawPosition.position.endedOn": "2026-02-01", "withdrawPosition.position.stance": "SUPPORT",
		"withdrawPosition.revision": 1.0, "withdrawPosition.at": fmt.Sprint(b.model.At()),
	})
	standing := b.get(`query Standing { state(by: {code: "URY"}) {
		before: standing(target: {proposal: "programme-of-action"}, asOf: {statedOn: "2026-01-31"}) { evidence { id } }
		after: standing(target: {proposal: "programme-of-action"}) { evidence { id } } } }`)
	if inside(standing.at("state.before.evidence.0.id")) != inside(id)+"~2026-01-31" || standing.at("state.after.evidence.0.id") == id {
		t.Errorf("the standing is %s", standing.raw)
	}
	in["position"] = id
	b.repeats(a, withdrawPosition, in)
	b.faulty(withdrawPosition, map[string]any{"position": id, "on": "2026-02-02", "source": madeUp}, `["input","position"] CONFLICT`)
	b.get(retractPosition, "input", map[string]any{"position": id, "reason": "Wrong."})
	b.faulty(withdrawPosition, map[string]any{"position": id, "on": "2026-02-02", "source": madeUp}, `["input","position"] NOT_FOUND`)
}

func TestWithdrawEndorsement(t *testing.T) {
	b := newDemo(t)
	id := b.get(recordEndorsement, "input", endorsement(nil)).at("recordEndorsement.endorsement.id")
	in := map[string]any{"endorsement": b.pinned(id), "on": "2026-02-01", "source": madeUp, "idempotencyKey": "w"}
	revision := b.get(`{ proposal(slug: "programme-of-action") { endorsementRevision } }`).at("proposal.endorsementRevision").(float64)

	ballots := b.get(`{ state(by: {code: "FRA"}) { endorsements(filter: {kinds: [VOTE_YES, VOTE_NO, VOTE_ABSTAIN]}, first: 1) { nodes { id vote { id } } } } }`)
	ballot := ballots.at("state.endorsements.nodes.0.id")
	a := b.faulty(withdrawEndorsement, map[string]any{"endorsement": ballot, "on": "2026-02-01", "source": madeUp}, `["input","endorsement"] BAD_USER_INPUT`)
	b.refused(a, "BAD_USER_INPUT", "A ballot cannot be withdrawn")
	vote, _, _ := strings.Cut(inside(ballot), "/")
	for wrong, code := range map[any]string{
		ballots.at("state.endorsements.nodes.0.vote.id"): "BAD_USER_INPUT", "nonsense": "BAD_USER_INPUT", encoded("en:1"): "NOT_FOUND",
		// Neither a vote nor a State without a ballot in it is an act, and an act is none of its ballots.
		encoded(vote): "NOT_FOUND", encoded(vote + "/XXE"): "NOT_FOUND", encoded(inside(id) + "/URY"): "NOT_FOUND",
	} {
		b.faulty(withdrawEndorsement, map[string]any{"endorsement": wrong, "on": "2026-12-24", "source": madeUp},
			`["input","on"] BAD_USER_INPUT`, `["input","endorsement"] `+code)
	}
	b.faulty(withdrawEndorsement, map[string]any{"endorsement": id, "on": "2026-01-14", "source": map[string]any{"title": ""}},
		`["input","on"] BAD_USER_INPUT`, `["input","source","title"] BAD_USER_INPUT`)

	a = b.get(withdrawEndorsement, "input", in)
	b.wants(a, map[string]any{
		"withdrawEndorsement.endorsement.id": id, "withdrawEndorsement.endorsement.withdrawnOn": "2026-02-01",
		"withdrawEndorsement.revision": revision + 1, "withdrawEndorsement.at": fmt.Sprint(b.model.At()),
	})
	b.wants(b.get(`query($id: ID!) { node(id: $id) { ... on Endorsement { withdrawnOn } } proposal(slug: "programme-of-action") { endorsementRevision } }`, "id", id),
		map[string]any{"node.withdrawnOn": "2026-02-01", "proposal.endorsementRevision": revision + 1})
	in["endorsement"] = id
	b.repeats(a, withdrawEndorsement, in)
	b.faulty(withdrawEndorsement, map[string]any{"endorsement": id, "on": "2026-02-02", "source": madeUp}, `["input","endorsement"] CONFLICT`)
}

// vote is a good input of recordVote, with some fields replaced.
func vote(with map[string]any) map[string]any {
	return replaced(map[string]any{
		"proposal": "programme-of-action", "documentSymbol": "A/MADE-UP/1", "body": "Made up", "on": "2026-01-15", "adopted": true,
		"yes": 1, "no": 1, "abstain": 0, "absent": 0, "source": madeUp,
		"ballots": []any{map[string]any{"state": "URY", "ballot": "YES"}, map[string]any{"state": "EST", "ballot": "NO"}},
	}, with)
}

func TestRecordVote(t *testing.T) {
	b := newDemo(t)
	in := vote(map[string]any{"idempotencyKey": "v"})
	a := b.get(recordVote, "input", in)
	b.wants(a, map[string]any{
		"recordVote.vote.documentSymbol": "A/MADE-UP/1", "recordVote.vote.paragraph": nil, "recordVote.vote.complete": true, "recordVote.vote.yes": 1.0,
		"recordVote.vote.ballots.0": map[string]any{"state": map[string]any{"code": "EST"}, "ballot": "NO", "intended": nil},
		"recordVote.at":             fmt.Sprint(b.model.At()),
	})
	b.wants(b.get(`{ endorsements(filter: {documentSymbol: "A/MADE-UP/1"}) { totalCount nodes { kind vote { id } } } proposal(slug: "programme-of-action") { endorsementRevision } }`),
		map[string]any{"endorsements.totalCount": 2.0, "endorsements.nodes.0.kind": "VOTE_NO", "endorsements.nodes.1.vote.id": a.at("recordVote.vote.id"),
			"proposal.endorsementRevision": a.at("recordVote.revision")})
	b.repeats(a, recordVote, replaced(in, map[string]any{"complete": true, "paragraph": nil}))

	b.faulty(recordVote, vote(nil), `["input","documentSymbol"] CONFLICT`)
	b.get(recordVote, "input", vote(map[string]any{"paragraph": "OP 1", "complete": false, "yes": 90}))
	a = b.faulty(recordVote, vote(map[string]any{
		"proposal": "program-of-action", "documentSymbol": " ", "body": "", "on": "2026-11-22", "yes": -1, "no": 2,
		"ballots": []any{map[string]any{"state": "URX", "ballot": "NO"}, map[string]any{"state": "EST", "ballot": "ABSENT"}, map[string]any{"state": "EST", "ballot": "ABSENT"}},
	}), `["input","proposal"] NOT_FOUND`, `["input","documentSymbol"] BAD_USER_INPUT`, `["input","body"] BAD_USER_INPUT`, `["input","on"] BAD_USER_INPUT`,
		`["input","ballots",0,"state"] NOT_FOUND`, `["input","ballots",2,"state"] BAD_USER_INPUT`,
		`["input","yes"] BAD_USER_INPUT`, `["input","no"] BAD_USER_INPUT`, `["input","absent"] BAD_USER_INPUT`)
	if !strings.Contains(a.raw, "did you mean URY") {
		t.Errorf("answered %s", a.raw)
	}
}

func TestDeclareIntendedBallot(t *testing.T) {
	b := newDemo(t)
	id := b.get(recordVote, "input", vote(nil)).at("recordVote.vote.id")
	declaration := func(with map[string]any) map[string]any {
		return replaced(map[string]any{"vote": id, "state": "EST", "intended": "YES", "on": "2026-01-20", "source": madeUp}, with)
	}
	b.faulty(declareIntendedBallot, declaration(map[string]any{"intended": "NO"}), `["input","intended"] CONFLICT`)
	b.faulty(declareIntendedBallot, declaration(map[string]any{"state": "LVA"}), `["input","state"] NOT_FOUND`)
	b.faulty(declareIntendedBallot, declaration(map[string]any{"on": "2026-01-14", "source": map[string]any{"title": " "}}),
		`["input","on"] BAD_USER_INPUT`, `["input","source","title"] BAD_USER_INPUT`)
	for wrong, code := range map[string]string{encoded("en:1"): "BAD_USER_INPUT", "": "BAD_USER_INPUT", encoded("vo:1"): "NOT_FOUND"} {
		b.faulty(declareIntendedBallot, declaration(map[string]any{"vote": wrong, "on": "2026-12-24"}), `["input","on"] BAD_USER_INPUT`, `["input","vote"] `+code)
	}

	in := declaration(map[string]any{"vote": b.pinned(id), "idempotencyKey": "d"})
	a := b.get(declareIntendedBallot, "input", in)
	b.wants(a, map[string]any{
		"declareIntendedBallot.vote.id": id, "declareIntendedBallot.vote.no": 1.0, "declareIntendedBallot.at": fmt.Sprint(b.model.At()),
		"declareIntendedBallot.vote.ballots.0": map[string]any{"state": map[string]any{"code": "EST"}, "ballot": "NO", "intended": "YES"},
	})
	b.wants(b.get(`{ now: endorsements(filter: {actors: ["EST"], documentSymbol: "A/MADE-UP/1"}) { nodes { kind } }
		before: endorsements(filter: {actors: ["EST"], documentSymbol: "A/MADE-UP/1"}, asOf: {statedOn: "2026-01-19"}) { nodes { kind } }
		proposal(slug: "programme-of-action") { endorsementRevision } }`), map[string]any{
		"now.nodes.0.kind": "VOTE_YES", "before.nodes.0.kind": "VOTE_NO", "proposal.endorsementRevision": a.at("declareIntendedBallot.revision"),
	})
	in["vote"] = id
	b.repeats(a, declareIntendedBallot, in)
	b.faulty(declareIntendedBallot, declaration(map[string]any{"on": "2026-01-21"}), `["input","intended"] CONFLICT`)
	b.get(declareIntendedBallot, "input", declaration(map[string]any{"on": "2026-01-21", "intended": "ABSTAIN"}))
}
