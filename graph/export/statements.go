package export

import (
	"context"
	"iter"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// words lists the words of an enumeration up to its last value.
func words[E interface {
	~uint8
	String() string
}](last E) []string {
	var list []string
	for v := E(1); v <= last; v++ {
		list = append(list, v.String())
	}
	return list
}

// id is the id by which the API knows an object as of now: node(id:) answers it, and mutations take it.
func id(kind relay.Kind, at uint64, key string) cell {
	return coded(relay.ID{Kind: kind, At: at, Key: key}.String())
}

// with puts columns behind one another.
func with[R any](lists ...[]column[R]) []column[R] {
	var all []column[R]
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// sourceColumns say where a row can be read.
func sourceColumns[R any](of func(R) *domain.Source) []column[R] {
	from := func(pick func(*domain.Source) cell) func(R) cell {
		return func(r R) cell {
			if s := of(r); s != nil {
				return pick(s)
			}
			return cell{}
		}
	}
	return []column[R]{
		{Field{Name: "sourceTitle", Type: Text, Meaning: "Title of the source."}, from(func(s *domain.Source) cell { return said(s.Title) })},
		{Field{Name: "sourceUrl", Type: Text, Meaning: "Address of the source."}, from(func(s *domain.Source) cell { return said(s.URL) })},
		{Field{Name: "sourceSymbol", Type: Text, Meaning: "United Nations document symbol of the source."}, from(func(s *domain.Source) cell { return said(s.Symbol) })},
		{Field{Name: "sourceLocator", Type: Text, Meaning: "Paragraph, page or time mark in the source."}, from(func(s *domain.Source) cell { return said(s.Locator) })},
		{Field{Name: "sourceLanguage", Type: Enum, Words: words(domain.Spanish), Meaning: "Language of the source."}, from(func(s *domain.Source) cell { return coded(s.Language.String()) })},
		{Field{Name: "sourceQuote", Type: Text, Meaning: "The words themselves, in the source's language."}, from(func(s *domain.Source) cell { return said(s.Quote) })},
		{Field{Name: "sourceGrade", Type: Enum, Words: words(domain.MachineSummary), Meaning: "How near the source is to what was said or done."}, from(func(s *domain.Source) cell { return coded(s.Grade.String()) })},
	}
}

// provenanceColumns say by whom and when a row was recorded.
func provenanceColumns[R any](of func(R) projections.Provenance) []column[R] {
	return []column[R]{
		{Field{Name: "recordedAt", Type: Instant, Always: true, Meaning: "When it was recorded."}, func(r R) cell { return instant(of(r).RecordedAt) }},
		{Field{Name: "recordedBy", Type: Text, Always: true, Meaning: "Who recorded it: the subject of a token, or `local`, `import`, `reference`."}, func(r R) cell { return said(of(r).RecordedBy) }},
	}
}

// actorName is the name in English.
func actorName(a projections.Actor) cell {
	if a.State != nil {
		return said(a.State.Name(domain.English))
	}
	return said(a.Group.Name(domain.English))
}

// ---- Positions.

type positionRow struct {
	*projections.Position
	label    string // Of the target.
	explains uint64 // Position of the act that it explains; zero where there is none at the moment.
}

var positions = &table[positionRow]{
	Kind: Kind{
		Name: "positions", Title: "Positions",
		Meaning: "One row for each position on record: what an actor said on a target on a day. The withdrawn and the replaced are included (withdrawnOn, endedOn), the retracted are not. Newest day first, on the same day what was recorded later first.",
	},
	columns: with([]column[positionRow]{
		{Field{Name: "at", Type: Position, Always: true, Key: true, Meaning: "Position in the record at which it was first recorded: the same at every moment."}, func(r positionRow) cell { return place(r.At) }},
		{Field{Name: "id", Type: Word, Always: true, Meaning: "Its id in the API, as of now."}, func(r positionRow) cell { return id(relay.Position, r.At, "") }},
		{Field{Name: "actor", Type: Word, Always: true, Meaning: "Code of the State or group that said it."}, func(r positionRow) cell { return coded(r.Actor.Code()) }},
		{Field{Name: "actorName", Type: Text, Always: true, Meaning: "Its name in English."}, func(r positionRow) cell { return actorName(r.Actor) }},
		{Field{Name: "target", Type: Word, Always: true, Meaning: "What it was said on: `proposal:<slug>` or `option:<element>/<key>`."}, func(r positionRow) cell { return coded(r.Target.Key()) }},
		{Field{Name: "targetLabel", Type: Text, Always: true, Meaning: "The proposal's title or the option's label."}, func(r positionRow) cell { return said(r.label) }},
		{Field{Name: "stance", Type: Enum, Words: words(domain.Oppose), Meaning: "The stance taken; empty where the actor spoke without taking one."}, func(r positionRow) cell { return coded(r.Stance.String()) }},
		{Field{Name: "form", Type: Enum, Words: words(domain.WorkingPaper), Meaning: "Form of the statement."}, func(r positionRow) cell { return coded(r.Form.String()) }},
		{Field{Name: "statedOn", Type: Day, Always: true, Meaning: "Day on which it was said."}, func(r positionRow) cell { return day(r.StatedOn) }},
		{Field{Name: "session", Type: Word, Meaning: "Key of the session in which it was said."}, func(r positionRow) cell { return coded(r.Session) }},
		{Field{Name: "summary", Type: Text, Always: true, Meaning: "What was said, in the recorder's words."}, func(r positionRow) cell { return said(r.Summary) }},
		{Field{Name: "points", Type: Nested, Meaning: "The points made: a list of objects with kind (" + sentence(words(domain.Offer)) + ") and text, in the order recorded."}, pointsCell},
		{Field{Name: "alignedWith", Type: List, Meaning: "Codes of the States named as aligning themselves with a group's statement, or as signing it."}, func(r positionRow) cell { return codes(r.AlignedWith) }},
		{Field{Name: "dissociated", Type: List, Meaning: "Codes of the members that set themselves apart from a group's statement."}, func(r positionRow) cell { return codes(r.Dissociated) }},
		{Field{Name: "explains", Type: Position, Meaning: "`at` of the act or, for a ballot, of the vote that the position explains."}, func(r positionRow) cell { return place(r.explains) }},
		{Field{Name: "endedOn", Type: Day, Meaning: "Day from which on it is no longer the actor's last word on the target."}, func(r positionRow) cell { return day(r.EndedOn) }},
		{Field{Name: "withdrawnOn", Type: Day, Meaning: "Day from which on the actor took it back."}, func(r positionRow) cell { return day(r.WithdrawnOn) }},
		{Field{Name: "corrections", Type: Integer, Always: true, Unit: "fields", Meaning: "How many fields were corrected since; the values here are the corrected ones."}, func(r positionRow) cell { return count(len(r.Corrections)) }},
	}, sourceColumns(func(r positionRow) *domain.Source { return &r.Source }),
		provenanceColumns(func(r positionRow) projections.Provenance { return r.Provenance })),
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[positionRow, error] {
		labels := labelsOf(v.View)
		return func(yield func(positionRow, error) bool) {
			for p := range inPages(func(page projections.Page[projections.PositionKey]) projections.Slice[projections.Position] {
				return v.Positions(projections.PositionFilter{}, page)
			}, func(p *projections.Position) projections.PositionKey {
				return projections.PositionKey{On: p.StatedOn, At: p.At}
			}) {
				row := positionRow{Position: p, label: labels(p.Target)}
				if p.ExplainsAt != 0 { // An explanation given before the vote has none at a day before it.
					if e, ok := v.Endorsement(p.ExplainsAt, p.Actor.Code()); ok {
						row.explains = e.At
					}
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	},
}

// pointsCell has the points as JSON.
func pointsCell(r positionRow) cell {
	if len(r.Points) == 0 {
		return cell{form: list}
	}
	text := []byte{'['}
	for i, p := range r.Points {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, `{"kind":"`...)
		text = append(text, p.Kind.String()...)
		text = append(text, `","text":`...)
		text = append(appendString(text, p.Text), '}')
	}
	return cell{form: nested, text: string(append(text, ']'))}
}

// labelsOf remembers labels: there are few targets, and many rows on each.
func labelsOf(v *projections.View) func(domain.Target) string {
	known := map[domain.Target]string{}
	return func(t domain.Target) string {
		label, ok := known[t]
		if !ok {
			label, _ = v.TargetLabel(t)
			known[t] = label
		}
		return label
	}
}

// ---- Formal acts.

var endorsements = &table[*projections.Endorsement]{
	Kind: Kind{
		Name: "endorsements", Title: "Formal acts",
		Meaning: "One row for each formal act on a proposal's document, each ballot of a recorded vote included (kind VOTE_*, with the vote in voteAt). The withdrawn are included (withdrawnOn). Newest day first, on the same day what was recorded later first, ballots of one vote by code.",
	},
	columns: with([]column[*projections.Endorsement]{
		{Field{Name: "at", Type: Position, Always: true, Key: true, Meaning: "Position in the record at which it was first recorded; of a ballot that of the vote, so that only together with the actor it names the row."}, func(e *projections.Endorsement) cell { return place(e.At) }},
		{Field{Name: "id", Type: Word, Always: true, Meaning: "Its id in the API, as of now."}, func(e *projections.Endorsement) cell { return endorsementID(e) }},
		{Field{Name: "actor", Type: Word, Always: true, Key: true, Meaning: "Code of the State or group whose act it is."}, func(e *projections.Endorsement) cell { return coded(e.Actor.Code()) }},
		{Field{Name: "actorName", Type: Text, Always: true, Meaning: "Its name in English."}, func(e *projections.Endorsement) cell { return actorName(e.Actor) }},
		{Field{Name: "proposal", Type: Word, Always: true, Meaning: "Slug of the proposal."}, func(e *projections.Endorsement) cell { return coded(e.Proposal) }},
		{Field{Name: "documentSymbol", Type: Text, Meaning: "Symbol of the document."}, func(e *projections.Endorsement) cell { return said(e.DocumentSymbol) }},
		{Field{Name: "paragraph", Type: Text, Meaning: "The paragraph, for an act on one paragraph only."}, func(e *projections.Endorsement) cell { return said(e.Paragraph) }},
		{Field{Name: "kind", Type: Enum, Always: true, Words: words(domain.Dissociated), Meaning: "Kind of the act; of a ballot as it was meant, where the delegation later declared another intention (ballots have both)."}, func(e *projections.Endorsement) cell { return coded(e.Kind.String()) }},
		{Field{Name: "on", Type: Day, Always: true, Meaning: "Day of the act."}, func(e *projections.Endorsement) cell { return day(e.On) }},
		{Field{Name: "voteAt", Type: Position, Refers: "votes.at", Meaning: "Of a ballot: `at` of the vote."}, func(e *projections.Endorsement) cell { return place(e.VoteAt) }},
		{Field{Name: "withdrawnOn", Type: Day, Meaning: "Day from which on the act was withdrawn."}, func(e *projections.Endorsement) cell { return day(e.WithdrawnOn) }},
	}, sourceColumns(func(e *projections.Endorsement) *domain.Source { return &e.Source }),
		provenanceColumns(func(e *projections.Endorsement) projections.Provenance { return e.Provenance })),
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[*projections.Endorsement, error] {
		return inPages(func(page projections.Page[projections.EndorsementKey]) projections.Slice[projections.Endorsement] {
			return v.Endorsements(projections.EndorsementFilter{}, page)
		}, func(e *projections.Endorsement) projections.EndorsementKey {
			return projections.EndorsementKey{On: e.On, At: e.At, Actor: e.Actor.Code()}
		})
	},
}

func endorsementID(e *projections.Endorsement) cell {
	if e.VoteAt != 0 {
		return id(relay.Endorsement, e.At, e.Actor.Code())
	}
	return id(relay.Endorsement, e.At, "")
}

// ---- Votes.

var votes = &table[*projections.Vote]{
	Kind: Kind{
		Name: "votes", Title: "Recorded votes",
		Meaning: "One row for each recorded vote with its official totals; the ballots are in kind ballots. By proposal, then oldest first.",
	},
	columns: with(voteColumns, []column[*projections.Vote]{
		{Field{Name: "body", Type: Text, Always: true, Meaning: "The body that voted."}, func(v *projections.Vote) cell { return said(v.Body) }},
		{Field{Name: "adopted", Type: Boolean, Always: true, Meaning: "Whether the text was adopted."}, func(v *projections.Vote) cell { return truth(v.Adopted) }},
		{Field{Name: "yes", Type: Integer, Always: true, Unit: "ballots", Meaning: "Official total of YES."}, func(v *projections.Vote) cell { return count(v.Yes) }},
		{Field{Name: "no", Type: Integer, Always: true, Unit: "ballots", Meaning: "Official total of NO."}, func(v *projections.Vote) cell { return count(v.No) }},
		{Field{Name: "abstain", Type: Integer, Always: true, Unit: "ballots", Meaning: "Official total of ABSTAIN."}, func(v *projections.Vote) cell { return count(v.Abstain) }},
		{Field{Name: "absent", Type: Integer, Always: true, Unit: "ballots", Meaning: "How many did not vote."}, func(v *projections.Vote) cell { return count(v.Absent) }},
		{Field{Name: "complete", Type: Boolean, Always: true, Meaning: "Whether all ballots are known; otherwise only some."}, func(v *projections.Vote) cell { return truth(v.Complete) }},
	}, sourceColumns(func(v *projections.Vote) *domain.Source { return &v.Source }),
		provenanceColumns(func(v *projections.Vote) projections.Provenance { return v.Provenance })),
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[*projections.Vote, error] {
		return func(yield func(*projections.Vote, error) bool) {
			for vote := range eachVote(v.View) {
				if !yield(vote, nil) {
					return
				}
			}
		}
	},
}

// voteColumns name a vote.
var voteColumns = []column[*projections.Vote]{
	{Field{Name: "at", Type: Position, Always: true, Key: true, Meaning: "Position in the record at which it was recorded."}, func(v *projections.Vote) cell { return place(v.At) }},
	{Field{Name: "id", Type: Word, Always: true, Meaning: "Its id in the API, as of now."}, func(v *projections.Vote) cell { return id(relay.Vote, v.At, "") }},
	{Field{Name: "proposal", Type: Word, Always: true, Meaning: "Slug of the proposal."}, func(v *projections.Vote) cell { return coded(v.Proposal) }},
	{Field{Name: "documentSymbol", Type: Text, Always: true, Meaning: "Symbol of the document voted on."}, func(v *projections.Vote) cell { return said(v.DocumentSymbol) }},
	{Field{Name: "paragraph", Type: Text, Meaning: "The paragraph, for a vote on one paragraph only."}, func(v *projections.Vote) cell { return said(v.Paragraph) }},
	{Field{Name: "on", Type: Day, Always: true, Meaning: "Day of the vote."}, func(v *projections.Vote) cell { return day(v.On) }},
}

func eachVote(v *projections.View) iter.Seq[*projections.Vote] {
	return func(yield func(*projections.Vote) bool) {
		for _, t := range v.Targets() {
			if !t.IsProposal() {
				continue
			}
			list := v.Votes(t.Proposal)
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
	}
}

type ballotRow struct {
	vote  *projections.Vote
	cast  domain.CastBallot
	state *projections.State
}

var ballots = &table[ballotRow]{
	Kind: Kind{
		Name: "ballots", Title: "Ballots",
		Meaning: "One row for each ballot of each recorded vote, as cast and as meant; in the order of votes, then by code.",
	},
	columns: []column[ballotRow]{
		{Field{Name: "voteAt", Type: Position, Always: true, Key: true, Refers: "votes.at", Meaning: "`at` of the vote."}, func(r ballotRow) cell { return place(r.vote.At) }},
		{Field{Name: "state", Type: Word, Always: true, Key: true, Meaning: "Code of the State."}, func(r ballotRow) cell { return coded(r.cast.State) }},
		{Field{Name: "stateName", Type: Text, Always: true, Meaning: "Its name in English."}, func(r ballotRow) cell { return said(r.state.Name(domain.English)) }},
		{Field{Name: "regionalGroup", Type: Enum, Words: words(domain.WEOG), Meaning: "Its regional group; an observer has none."}, func(r ballotRow) cell { return coded(r.state.RegionalGroup.String()) }},
		{Field{Name: "ballot", Type: Enum, Always: true, Words: words(domain.Absent), Meaning: "What it cast."}, func(r ballotRow) cell { return coded(r.cast.Ballot.String()) }},
		{Field{Name: "intended", Type: Enum, Words: words(domain.Absent), Meaning: "What the delegation later told the Secretariat it had meant to cast. The result of the vote stands; the standing follows this."}, func(r ballotRow) cell { return coded(r.vote.Intended[r.cast.State].String()) }},
		{Field{Name: "proposal", Type: Word, Always: true, Meaning: "Slug of the proposal."}, func(r ballotRow) cell { return coded(r.vote.Proposal) }},
		{Field{Name: "documentSymbol", Type: Text, Always: true, Meaning: "Symbol of the document voted on."}, func(r ballotRow) cell { return said(r.vote.DocumentSymbol) }},
		{Field{Name: "paragraph", Type: Text, Meaning: "The paragraph, for a vote on one paragraph only."}, func(r ballotRow) cell { return said(r.vote.Paragraph) }},
		{Field{Name: "on", Type: Day, Always: true, Meaning: "Day of the vote."}, func(r ballotRow) cell { return day(r.vote.On) }},
	},
	rows: func(_ context.Context, _ Record, v view) iter.Seq2[ballotRow, error] {
		return func(yield func(ballotRow, error) bool) {
			for vote := range eachVote(v.View) {
				for _, cast := range vote.Ballots {
					if !yield(ballotRow{vote, cast, v.State(cast.State)}, nil) {
						return
					}
				}
			}
		}
	},
}
