package graph_test

import (
	"fmt"
	"testing"
)

const (
	defineElement         = `mutation($input: DefineElementInput!) { defineElement(input: $input) { element { id key label description options { key } } at } }`
	optionFields          = `option { id key targetKey label description retired element { key } } at`
	defineOption          = `mutation($input: DefineOptionInput!) { defineOption(input: $input) { ` + optionFields + ` } }`
	retireOption          = `mutation($input: RetireOptionInput!) { retireOption(input: $input) { ` + optionFields + ` } }`
	admitState            = `mutation($input: AdmitStateInput!) { admitState(input: $input) { state { id code name en: name(language: EN) fr: name(language: FR) formalName regionalGroup observer admittedOn } at } }`
	groupFields           = `group { id code kind name members { code } } at`
	defineGroup           = `mutation($input: DefineGroupInput!) { defineGroup(input: $input) { ` + groupFields + ` } }`
	changeGroupMembership = `mutation($input: ChangeGroupMembershipInput!) { changeGroupMembership(input: $input) { ` + groupFields + ` } }`
	defineSession         = `mutation($input: DefineSessionInput!) { defineSession(input: $input) { session { id key name forum startsOn endsOn decisionRule } at } }`
)

func TestDefineElement(t *testing.T) {
	b := newDemo(t)
	in := map[string]any{"key": "made-up", "label": "Cafe\u0301", "idempotencyKey": "e"}
	a := b.get(defineElement, "input", in)
	b.wants(a, map[string]any{
		"defineElement.element": map[string]any{"id": encoded("el:made-up"), "key": "made-up", "label": "Caf\u00e9", "description": nil, "options": []any{}},
		"defineElement.at":      fmt.Sprint(b.model.At()),
	})
	b.wants(b.get(`query($id: ID!) { node(id: $id) { ... on Element { label } } }`, "id", encoded("el:made-up")), map[string]any{"node.label": "Caf\u00e9"})
	b.repeats(a, defineElement, replaced(in, map[string]any{"description": nil, "label": "Caf\u00e9"}))
	b.faulty(defineElement, map[string]any{"key": "made-up", "label": "Again"}, `["input","key"] CONFLICT`)
	b.faulty(defineElement, map[string]any{"key": "Made up", "label": "", "description": " "},
		`["input","key"] BAD_USER_INPUT`, `["input","label"] BAD_USER_INPUT`, `["input","description"] BAD_USER_INPUT`)
}

func TestDefineAndRetireOption(t *testing.T) {
	b := newDemo(t)
	in := map[string]any{"element": "review-cycle", "key": "made-up", "label": "Made up", "description": "Says it.", "idempotencyKey": "o"}
	a := b.get(defineOption, "input", in)
	option := map[string]any{
		"id": encoded("op:review-cycle/made-up"), "key": "made-up", "targetKey": "option:review-cycle/made-up", "label": "Made up", "description": "Says it.",
		"retired": false, "element": map[string]any{"key": "review-cycle"},
	}
	b.wants(a, map[string]any{"defineOption.option": option, "defineOption.at": fmt.Sprint(b.model.At())})
	b.repeats(a, defineOption, in)
	b.faulty(defineOption, map[string]any{"element": "review-cycle", "key": "made-up", "label": "Again"}, `["input","key"] CONFLICT`)
	b.faulty(defineOption, map[string]any{"element": "review-cycles", "key": "", "label": ""},
		`["input","element"] NOT_FOUND`, `["input","key"] BAD_USER_INPUT`, `["input","label"] BAD_USER_INPUT`)

	target := map[string]any{"target": map[string]any{"option": map[string]any{"element": "review-cycle", "key": "made-up"}}}
	b.get(recordPosition, "input", position(target))
	b.faulty(retireOption, map[string]any{"element": "review-cycle", "key": "made-ups", "reason": ""}, `["input","key"] NOT_FOUND`, `["input","reason"] BAD_USER_INPUT`)
	in = map[string]any{"element": "review-cycle", "key": "made-up", "reason": "Made up.", "idempotencyKey": "r"}
	a = b.get(retireOption, "input", in)
	option["retired"] = true
	b.wants(a, map[string]any{"retireOption.option": option, "retireOption.at": fmt.Sprint(b.model.At())})
	b.repeats(a, retireOption, in)
	b.faulty(retireOption, map[string]any{"element": "review-cycle", "key": "made-up", "reason": "Again."}, `["input","key"] CONFLICT`)
	// What was said stays, and nothing new is said.
	b.wants(b.get(`{ option(element: "review-cycle", key: "made-up") { retired positions { totalCount } } }`),
		map[string]any{"option.retired": true, "option.positions.totalCount": 1.0})
	b.refused(b.ask(recordPosition, "input", position(target)), "CONFLICT", "retired")
	b.faulty(submitProposal, submission(map[string]any{"options": []any{map[string]any{"element": "review-cycle", "key": "made-up"}}}), `["input","options",0] CONFLICT`)
}

func TestAdmitState(t *testing.T) {
	b := newDemo(t)
	english := map[string]any{"language": "EN", "name": "Exampleland", "formalName": "Republic of Exampleland"}
	in := map[string]any{
		"code": "XXE", "names": []any{english, map[string]any{"language": "FR", "name": "Exemplie\u0301"}}, "regionalGroup": "WEOG", "admittedOn": "2020-01-01",
		"aliases": []any{"Example Islands"}, "idempotencyKey": "a",
	}
	a := b.get(admitState, "input", in)
	b.wants(a, map[string]any{
		"admitState.state": map[string]any{"id": encoded("st:XXE"), "code": "XXE", "name": "Exampleland", "en": "Exampleland", "fr": "Exempli\u00e9",
			"formalName": "Republic of Exampleland", "regionalGroup": "WEOG", "observer": false, "admittedOn": "2020-01-01"},
		"admitState.at": fmt.Sprint(b.model.At()),
	})
	b.wants(b.get(`{ state(by: {name: "example islands"}) { code } }`), map[string]any{"state.code": "XXE"})
	b.repeats(a, admitState, replaced(in, map[string]any{"observer": false}))
	// Of an observer null says what leaving out says.
	a = b.get(admitState, "input", map[string]any{"code": "XXO", "names": []any{english}, "observer": true, "regionalGroup": nil, "admittedOn": nil, "aliases": nil})
	b.wants(a, map[string]any{"admitState.state.observer": true, "admitState.state.regionalGroup": nil, "admitState.state.admittedOn": nil})

	b.faulty(admitState, map[string]any{"code": "URY", "names": []any{english}, "observer": true}, `["input","code"] CONFLICT`)
	b.faulty(admitState, map[string]any{"code": "xxe", "names": []any{map[string]any{"language": "FR", "name": ""}}, "aliases": []any{"A", ""}},
		`["input","code"] BAD_USER_INPUT`, `["input","names",0,"name"] BAD_USER_INPUT`, `["input","names"] BAD_USER_INPUT`,
		`["input","regionalGroup"] BAD_USER_INPUT`, `["input","admittedOn"] BAD_USER_INPUT`, `["input","aliases",1] BAD_USER_INPUT`)
}

func TestDefineGroupAndItsMembers(t *testing.T) {
	b := newDemo(t)
	names := []any{map[string]any{"language": "EN", "name": "Made-up Group"}}
	in := map[string]any{"code": "MADE-UP", "names": names, "idempotencyKey": "g"}
	a := b.get(defineGroup, "input", in)
	b.wants(a, map[string]any{
		"defineGroup.group": map[string]any{"id": encoded("gr:MADE-UP"), "code": "MADE-UP", "kind": "STANDING", "name": "Made-up Group", "members": []any{}},
		"defineGroup.at":    fmt.Sprint(b.model.At()),
	})
	b.repeats(a, defineGroup, replaced(in, map[string]any{"kind": "STANDING"}))
	b.wants(b.get(defineGroup, "input", map[string]any{"code": "MADE-UP-2", "names": names, "kind": "AD_HOC"}), map[string]any{"defineGroup.group.kind": "AD_HOC"})
	b.faulty(defineGroup, map[string]any{"code": "MADE-UP", "names": names}, `["input","code"] CONFLICT`)
	b.faulty(defineGroup, map[string]any{"code": "Made up", "names": []any{}}, `["input","code"] BAD_USER_INPUT`, `["input","names"] BAD_USER_INPUT`)

	membership := func(with map[string]any) map[string]any {
		return replaced(map[string]any{"group": "MADE-UP", "state": "URY"}, with)
	}
	in = membership(map[string]any{"from": "2020-01-01", "source": madeUp, "idempotencyKey": "m"})
	a = b.get(changeGroupMembership, "input", in)
	b.wants(a, map[string]any{"changeGroupMembership.group.members.0.code": "URY", "changeGroupMembership.at": fmt.Sprint(b.model.At())})
	b.repeats(a, changeGroupMembership, replaced(in, map[string]any{"until": nil}))
	b.faulty(changeGroupMembership, membership(nil), `["input","state"] CONFLICT`)
	b.faulty(changeGroupMembership, membership(map[string]any{"until": "2019-01-01"}), `["input","until"] BAD_USER_INPUT`)
	b.faulty(changeGroupMembership, membership(map[string]any{"group": "MADE-UPS", "state": "URX", "from": "2021-01-01", "until": "2021-01-01", "source": map[string]any{"title": ""}}),
		`["input","group"] NOT_FOUND`, `["input","state"] NOT_FOUND`, `["input","source","title"] BAD_USER_INPUT`, `["input","until"] BAD_USER_INPUT`)
	// Until alone ends the membership; the day itself is none of it any more. From and until together are one that is over.
	b.wants(b.get(changeGroupMembership, "input", membership(map[string]any{"until": "2030-01-01"})), map[string]any{"changeGroupMembership.group.members": []any{}})
	b.wants(b.get(changeGroupMembership, "input", membership(map[string]any{"state": "EST", "from": "2030-01-01", "until": "2031-01-01"})),
		map[string]any{"changeGroupMembership.at": fmt.Sprint(b.model.At())})
	b.wants(b.get(`{ last: group(code: "MADE-UP", asOf: {statedOn: "2029-12-31"}) { members { code } } first: group(code: "MADE-UP", asOf: {statedOn: "2030-01-01"}) { members { code } } }`),
		map[string]any{"last.members": []any{map[string]any{"code": "URY"}}, "first.members": []any{map[string]any{"code": "EST"}}})
	b.faulty(changeGroupMembership, membership(map[string]any{"until": "2031-01-01"}), `["input","until"] CONFLICT`)
}

func TestDefineSession(t *testing.T) {
	b := newDemo(t)
	in := map[string]any{"key": "MADE-UP-1", "name": "First", "forum": "Made-up Forum", "startsOn": "2027-03-01", "endsOn": "2027-03-05", "decisionRule": "CONSENSUS", "idempotencyKey": "s"}
	a := b.get(defineSession, "input", in)
	b.wants(a, map[string]any{
		"defineSession.session": map[string]any{"id": encoded("se:MADE-UP-1"), "key": "MADE-UP-1", "name": "First", "forum": "Made-up Forum", "startsOn": "2027-03-01",
			"endsOn": "2027-03-05", "decisionRule": "CONSENSUS"},
		"defineSession.at": fmt.Sprint(b.model.At()),
	})
	b.wants(b.get(`{ sessions(forum: "Made-up Forum") { key } }`), map[string]any{"sessions": []any{map[string]any{"key": "MADE-UP-1"}}})
	b.repeats(a, defineSession, in)
	b.faulty(defineSession, replaced(in, map[string]any{"idempotencyKey": nil}), `["input","key"] CONFLICT`)
	b.faulty(defineSession, map[string]any{"key": "", "name": " ", "forum": "", "startsOn": "2027-03-01", "endsOn": "2027-02-28", "decisionRule": "MAJORITY"},
		`["input","key"] BAD_USER_INPUT`, `["input","name"] BAD_USER_INPUT`, `["input","forum"] BAD_USER_INPUT`, `["input","endsOn"] BAD_USER_INPUT`)
}
