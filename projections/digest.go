package projections

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
)

// Digest gives the SHA-256, in hexadecimal, of the whole read model at the view's position, without a limit of days: whoever
// replays the record up to there gets the same, on any store and any machine.
//
// It is taken over one object in canonical JSON (RFC 8785) with these members; one of which nothing is on record is left out,
// so that a program that knows more kinds gives the same digest for an older record.
//
//	at            the position, a number
//	states        by code: {"<code>": StateAdmitted as recorded, with "at"}
//	groups        by code: {"kind", "names", "at", "members": {"<code>": [["<from or empty>","<until or empty>"], …]}}
//	sessions      by key: {"name", "forum", "startsOn", "endsOn", "decisionRule", "at"}
//	elements      by key: {"label", "description", "at", "options": {"<key>": {"label","description","at","retired"}}}
//	proposals     by slug: all that the public schema shows of a proposal, its submissions with their documents included, and
//	              "ends": [{"status", "on", "other", "source", "at"}, …]
//	positions     by the position of first recording, in decimal: the fields as corrected, the days on which the position was
//	              withdrawn and ended, and "corrections": [{"field", "before", "after", "reason", "at"}, …]; retracted ones are
//	              left out
//	endorsements  by "<at>/<actor>": every act and ballot, with its kind as it is meant
//	votes         by the position of recording: all but the ballots, and "intended": {"<code>": [["<day>", "<ballot>"], …]}
//	standings     by target's key: one string, for every State on record by code its letter as in the public schema's matrix
//
// No figure with a fraction is in it.
func (v *View) Digest() (string, error) {
	at := &View{model: v.model, moment: Moment{At: v.moment.At}}
	text, err := json.Marshal(at.content())
	if err == nil {
		text, err = codec.Canonical(text)
	}
	if err != nil {
		return "", fmt.Errorf("write the read model at position %d as canonical JSON: %w", v.moment.At, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// object is a JSON object; canonical JSON sorts its members.
type object = map[string]any

// part adds a member unless it is empty.
func part(content object, name string, members object) {
	if len(members) > 0 {
		content[name] = members
	}
}

const everything = 1 << 40 // A page that holds any list.

func (v *View) content() object {
	content := object{"at": v.moment.At}
	states, groups, sessions, elements, proposals := object{}, object{}, object{}, object{}, object{}
	for _, s := range v.States(0, "") {
		states[s.Code] = s.content()
	}
	for _, g := range v.Groups() {
		groups[g.Code] = object{"kind": g.Kind.String(), "names": g.names[1:], "at": g.At, "members": v.spans(g)}
	}
	for _, s := range v.Sessions("") {
		sessions[s.Session] = object{
			"name": s.Name, "forum": s.Forum, "startsOn": s.StartsOn.String(), "endsOn": s.EndsOn.String(), "decisionRule": s.DecisionRule.String(), "at": s.At,
		}
	}
	for _, e := range v.Elements() {
		options := object{}
		for _, o := range e.Options {
			options[o.Option] = object{"label": o.Label, "description": o.Description, "at": o.At, "retired": o.Retired}
		}
		elements[e.Element] = object{"label": e.Label, "description": e.Description, "at": e.At, "options": options}
	}
	for _, p := range v.AllProposals() {
		content := p.content()
		content["ends"] = v.ends(p.Slug)
		proposals[p.Slug] = content
	}
	positions, endorsements, votes, standings := object{}, object{}, object{}, object{}
	for _, p := range v.Positions(PositionFilter{}, Page[PositionKey]{First: everything}).Items {
		positions[LogPosition(p.At)] = object{
			"fields": p.PositionStated, "withdrawnOn": p.WithdrawnOn.String(), "endedOn": p.EndedOn.String(), "explainsAt": p.ExplainsAt,
			"corrections": correctionsContent(p.Corrections),
		}
	}
	for _, e := range v.Endorsements(EndorsementFilter{}, Page[EndorsementKey]{First: everything}).Items {
		endorsements[LogPosition(e.At)+"/"+e.Actor.Code()] = object{
			"proposal": e.Proposal, "symbol": e.DocumentSymbol, "paragraph": e.Paragraph, "kind": e.Kind.String(), "on": e.On.String(),
			"source": e.Source, "withdrawnOn": e.WithdrawnOn.String(),
		}
	}
	for slug := range proposals {
		for _, vote := range v.Votes(slug) {
			votes[LogPosition(vote.At)] = object{
				"proposal": slug, "body": vote.Body, "adopted": vote.Adopted, "complete": vote.Complete,
				"yes": vote.Yes, "no": vote.No, "abstain": vote.Abstain, "absent": vote.Absent, "symbol": vote.DocumentSymbol,
				"paragraph": vote.Paragraph, "on": vote.On.String(), "source": vote.Source, "intended": v.intentions(vote.At),
			}
		}
	}
	v.letters(standings)
	for _, p := range []struct {
		name    string
		members object
	}{
		{"states", states}, {"groups", groups}, {"sessions", sessions}, {"elements", elements}, {"proposals", proposals},
		{"positions", positions}, {"endorsements", endorsements}, {"votes", votes}, {"standings", standings},
	} {
		part(content, p.name, p.members)
	}
	return content
}

func (s *State) content() object {
	return object{
		"names": s.names[1:], "formal": s.formal[1:], "aliases": s.Aliases, "regionalGroup": s.RegionalGroup.String(),
		"observer": s.Observer, "admittedOn": s.AdmittedOn.String(), "at": s.At,
	}
}

// spans gives the spans of membership known at the moment, by State's code, in order of recording.
func (v *View) spans(g *Group) object {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	members := object{}
	for state, spans := range v.model.groups[g.index].members {
		var list [][2]string
		for _, s := range spans {
			if s.joinedAt > v.moment.At {
				continue
			}
			until := ""
			if s.ended(v.moment.At) {
				until = s.until.String()
			}
			list = append(list, [2]string{s.from.String(), until})
		}
		if list != nil {
			members[v.model.states[state].Code] = list
		}
	}
	return members
}

func (p *Proposal) content() object {
	submissions := make([]object, len(p.Submissions))
	for i, s := range p.Submissions {
		submissions[i] = object{
			"at": s.At, "on": s.On.String(), "submitters": codes(s.Submitters), "chair": s.InCapacityOfChair, "options": s.Options,
			"source": s.Source, "document": documentContent(s.Document),
		}
	}
	content := object{
		"title": p.Title, "summary": p.Summary, "status": p.Status.String(), "mergedInto": p.MergedInto, "supersededBy": p.SupersededBy,
		"submissions": submissions, "revision": p.Revision, "endorsementRevision": p.EndorsementRevision,
	}
	if p.Adoption != nil {
		content["adoption"] = p.Adoption
	}
	return content
}

// ends gives what ended a proposal, in order of recording.
func (v *View) ends(slug string) []object {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	list := []object{}
	for _, e := range v.model.proposals[slug].ends {
		if e.At <= v.moment.At {
			list = append(list, object{"status": e.status.String(), "on": e.on.String(), "other": e.other, "source": e.source, "at": e.At})
		}
	}
	return list
}

// intentions gives what delegations declared about their ballots in a vote, by day, then recording.
func (v *View) intentions(voteAt uint64) object {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	content := object{}
	for _, b := range v.model.votesAt[voteAt].ballots {
		var list [][2]string
		for _, i := range b.intended {
			if i.at <= v.moment.At {
				list = append(list, [2]string{i.on.String(), i.ballot.String()})
			}
		}
		if list != nil {
			content[b.actor.Code()] = list
		}
	}
	return content
}

func correctionsContent(corrections []Correction) []object {
	list := make([]object, len(corrections))
	for i, c := range corrections {
		list[i] = object{"field": c.Field, "before": c.Before, "after": c.After, "reason": c.Reason, "at": c.At}
	}
	return list
}

func codes(actors []Actor) []string {
	list := make([]string, len(actors))
	for i, a := range actors {
		list[i] = a.Code()
	}
	return list
}

func documentContent(d *domain.Document) any {
	if d == nil {
		return nil
	}
	return object{
		"symbol": d.Symbol, "title": d.Title, "language": d.Language.String(), "issuedOn": d.IssuedOn.String(), "url": d.URL,
		"sha256": d.SHA256, "paragraphs": d.Paragraphs,
	}
}

// letters gives, by target's key, the standing of every State on record, by code.
func (v *View) letters(standings object) {
	v.model.mu.RLock()
	defer v.model.mu.RUnlock()
	for _, t := range v.model.ordered {
		if !v.exists(t) {
			continue
		}
		b, row := v.board(t), make([]byte, 0, len(v.model.byCode))
		for _, s := range v.model.byCode {
			if s.At <= v.moment.At {
				row = append(row, b.byState[s.index].Letter())
			}
		}
		standings[t.key] = string(row)
	}
}
