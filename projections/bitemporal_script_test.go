package projections_test

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/oracle"
	"github.com/rapporteur/rapporteur/projections/oracle/history"
)

// TestBitemporalScripts runs testdata/bitemporal/*.txt; README.md there has the language. A script must be a valid record, its
// remarks "# e7" must name the event of their line, each answer must be as written, and the brute force must answer all
// moments that a script asks at as the read model does.
func TestBitemporalScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/bitemporal/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			runScript(t, file, string(text))
		})
	}
}

func runScript(t *testing.T, file, text string) {
	s := &script{clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), revisions: map[string]int64{}}
	for i, line := range strings.Split(text, "\n") {
		line, remark, _ := strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		before := len(s.events)
		if err := s.read(strings.TrimSpace(line), i+1); err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
		if name := strings.TrimSpace(remark); len(s.events) > before && strings.HasPrefix(name, "e") {
			if at, err := strconv.Atoi(strings.TrimPrefix(strings.Fields(name)[0], "e")); err == nil && at != before+1 {
				t.Errorf("%s:%d: this is e%d, and the remark says e%d", file, i+1, before+1, at)
			}
		}
	}
	if err := history.Check(s.events); err != nil {
		t.Fatalf("%s is no valid record: %v", file, err)
	}
	if len(s.questions) == 0 {
		t.Fatalf("%s asks nothing", file)
	}
	m, o := modelOf(t, s.events), oracle.New(s.events)
	asked := map[oracle.Moment]bool{}
	for _, q := range s.questions {
		at := projections.Moment{At: uint64(len(s.events)), On: q.on}
		switch {
		case !q.known.IsZero():
			at.At = m.PositionAsOf(q.known)
		case !q.now:
			at.At = q.at
		}
		got, err := answer(m.View(at), q.words)
		if err != nil {
			t.Fatalf("%s:%d: %v", file, q.line, err)
		}
		if want := strings.Join(q.words, " "); got != want {
			t.Errorf("%s:%d: at %d on %s\n got %s\nwant %s", file, q.line, at.At, q.on, got, want)
		}
		if moment := (oracle.Moment{At: at.At, On: at.On}); !asked[moment] {
			asked[moment] = true
			compare(t, m, o, s.events, moment)
		}
	}
}

// script is what a file says: a record, and questions about it.
type script struct {
	events    []oracle.Event
	revisions map[string]int64
	clock     time.Time
	questions []scriptQuestion
}

type scriptQuestion struct {
	line  int
	now   bool
	at    uint64
	known time.Time
	on    domain.Date
	words []string
}

func (s *script) record(events ...domain.Event) {
	for _, e := range events {
		revision := s.revisions[e.Stream()]
		s.revisions[e.Stream()]++
		s.events = append(s.events, oracle.Event{At: uint64(len(s.events)) + 1, RecordedAt: s.clock, Revision: revision, Event: e})
	}
	s.clock = s.clock.Add(time.Minute)
}

// scriptError is a fault of a script, thrown by the readers of words and caught where the line is known.
type scriptError string

func (e scriptError) Error() string { return string(e) }

func faulty(format string, args ...any) { panic(scriptError(fmt.Sprintf(format, args...))) }

// catch gives a fault that was thrown as an error, and lets any other panic go on.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case scriptError:
		*err = r
	default:
		panic(r)
	}
}

func (s *script) read(line string, number int) (err error) {
	defer catch(&err)
	moment, question, asks := strings.Cut(line, ": ")
	if w := strings.Fields(moment); asks && slices.Contains([]string{"at", "on", "now", "known"}, w[0]) {
		q := scriptQuestion{line: number, now: w[0] != "at", words: strings.Fields(question)}
		for ; len(w) > 1; w = w[2:] {
			switch w[0] {
			case "at":
				n, err := strconv.Atoi(w[1])
				if err != nil {
					faulty("%q is no position", w[1])
				}
				q.at = uint64(n)
			case "known":
				q.known = scriptTime(w[1])
			case "on":
				q.on = scriptDay(w[1])
			default:
				faulty("%q is no moment", moment)
			}
		}
		s.questions = append(s.questions, q)
		return nil
	}
	s.say(strings.Fields(line))
	return nil
}

func scriptDay(word string) domain.Date {
	d, err := domain.ParseDate(word)
	if err != nil {
		faulty("%v", err)
	}
	return d
}

func scriptTime(word string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, word)
	if err != nil {
		faulty("%v", err)
	}
	return t
}

// scriptTarget reads a target: a slug, or an element and an option with a slash between.
func scriptTarget(word string) domain.Target {
	if element, option, ok := strings.Cut(word, "/"); ok {
		return domain.OnOption(element, option)
	}
	return domain.OnProposal(word)
}

func scriptOptions(word string) []domain.OptionRef {
	var refs []domain.OptionRef
	for _, w := range scriptList(word) {
		refs = append(refs, scriptTarget(w).Option)
	}
	return refs
}

// scriptList reads codes with commas between; "-" is none.
func scriptList(word string) []string {
	if word == "-" {
		return nil
	}
	return strings.Split(word, ",")
}

// scriptWord reads a word of an enumeration; "-" is none.
func scriptWord[T any](word string, parse func(*T, []byte) error) (v T) {
	if word != "-" {
		if err := parse(&v, []byte(word)); err != nil {
			faulty("%v", err)
		}
	}
	return v
}

func scriptStance(word string) domain.Stance {
	return scriptWord(word, (*domain.Stance).UnmarshalText)
}

func scriptBallot(word string) domain.Ballot {
	return scriptWord(word, (*domain.Ballot).UnmarshalText)
}

func scriptPoints(word string) []domain.Point {
	var points []domain.Point
	for i, kind := range scriptList(word) {
		points = append(points, domain.Point{Kind: scriptWord(kind, (*domain.PointKind).UnmarshalText), Text: fmt.Sprintf("Point %d.", i)})
	}
	return points
}

// named gives the event that a word like e7 names.
func (s *script) named(word string) oracle.Event {
	n, err := strconv.Atoi(strings.TrimPrefix(word, "e"))
	if err != nil || n < 1 || n > len(s.events) {
		faulty("%q is no event so far", word)
	}
	return s.events[n-1]
}

func (s *script) act(word string) domain.ActRef {
	if word == "-" {
		return domain.ActRef{}
	}
	e := s.named(word)
	switch v := e.Event.(type) {
	case domain.EndorsementGiven:
		return domain.ActRef{Proposal: v.Proposal, Revision: e.Revision}
	case domain.VoteRecorded:
		return domain.ActRef{Proposal: v.Proposal, Revision: e.Revision}
	}
	faulty("%s is no act", word)
	return domain.ActRef{}
}

var scriptSource = domain.Source{Title: "A statement"}

// say records what a line says.
func (s *script) say(w []string) {
	verb, w := w[0], w[1:]
	take := func() string {
		if len(w) == 0 {
			faulty("%s needs more words", verb)
		}
		word := w[0]
		w = w[1:]
		return word
	}
	// with reads the rest of the line: words that stand alone, and words followed by a value.
	with := func(options map[string]func(string), flags map[string]func()) {
		for len(w) > 0 {
			word := take()
			if flag := flags[word]; flag != nil {
				flag()
			} else if option := options[word]; option != nil {
				option(take())
			} else {
				faulty("%s does not know %q", verb, word)
			}
		}
	}
	day := func(d *domain.Date) func(string) { return func(word string) { *d = scriptDay(word) } }
	switch verb {
	case "recorded": // recorded 2024-03-01T12:00:00Z: when the next event is.
		s.clock = scriptTime(take())

	case "state": // state FRA weog 1945-10-24, or state VAT observer
		e := domain.StateAdmitted{State: take()}
		e.Names = []domain.LocalizedName{{Language: domain.English, Name: "State " + e.State}}
		if region := take(); region == "observer" {
			e.Observer = true
		} else {
			e.RegionalGroup = scriptWord(strings.ToUpper(strings.ReplaceAll(region, "-", "_")), (*domain.RegionalGroup).UnmarshalText)
			e.AdmittedOn = scriptDay(take())
		}
		s.record(e)
	case "group": // group EU standing, or group Signers ad-hoc
		e := domain.GroupDefined{Group: take(), Kind: scriptWord(strings.ToUpper(strings.ReplaceAll(take(), "-", "_")), (*domain.GroupKind).UnmarshalText)}
		e.Names = []domain.LocalizedName{{Language: domain.English, Name: "Group " + e.Group}}
		s.record(e)
	case "join": // join FRA EU from 1958-01-01
		e := domain.MemberJoined{State: take(), Group: take()}
		with(map[string]func(string){"from": day(&e.From)}, nil)
		s.record(e)
	case "leave": // leave GBR EU from 1973-01-01 until 2020-02-01: from says which span is ended.
		e := domain.MemberLeft{State: take(), Group: take()}
		with(map[string]func(string){"from": day(&e.From), "until": day(&e.Until)}, nil)
		s.record(e)
	case "session": // session OEWG-1 2024-01-01 2024-01-05
		e := domain.SessionDefined{Session: take(), Forum: "OEWG", DecisionRule: domain.ByConsensus}
		e.Name, e.StartsOn, e.EndsOn = e.Session, scriptDay(take()), scriptDay(take())
		s.record(e)
	case "element": // element review
		key := take()
		s.record(domain.ElementDefined{Element: key, Label: key})
	case "option": // option review/conference
		ref := scriptTarget(take()).Option
		s.record(domain.OptionDefined{Element: ref.Element, Option: ref.Option, Label: ref.Option})
	case "retire": // retire review/conference
		ref := scriptTarget(take()).Option
		s.record(domain.OptionRetired{Element: ref.Element, Option: ref.Option, Reason: "Merged with another."})

	case "submit": // submit poa by FRA,EGY on 2022-10-13 [chair] [options a/b,c/d]
		e := domain.ProposalSubmitted{Proposal: take(), Source: scriptSource}
		e.Title = e.Proposal
		with(map[string]func(string){
			"by": func(v string) { e.Submitters = scriptList(v) }, "on": day(&e.On), "options": func(v string) { e.Options = scriptOptions(v) },
		}, map[string]func(){"chair": func() { e.InCapacityOfChair = true }})
		s.record(e)
	case "revise": // revise poa on 2023-03-01 [by FRA] [chair] [title words-so] [options a/b or -]
		e := domain.ProposalRevised{Proposal: take(), Source: scriptSource}
		with(map[string]func(string){
			"by": func(v string) { e.Submitters = domain.To(scriptList(v)) }, "on": day(&e.On),
			"title": func(v string) { e.Title = domain.To(v) }, "options": func(v string) { e.Options = domain.To(scriptOptions(v)) },
		}, map[string]func(){"chair": func() { e.InCapacityOfChair = true }})
		s.record(e)
	case "merge": // merge poa into pom on 2023-03-01
		e := domain.ProposalMerged{Proposal: take(), Source: scriptSource}
		with(map[string]func(string){"into": func(v string) { e.Into = v }, "on": day(&e.On)}, nil)
		s.record(e)
	case "supersede": // supersede poa by pom on 2023-03-01
		e := domain.ProposalSuperseded{Proposal: take(), Source: scriptSource}
		with(map[string]func(string){"by": func(v string) { e.By = v }, "on": day(&e.On)}, nil)
		s.record(e)
	case "take-back": // take-back poa on 2023-03-01: the proposal, by its submitters.
		e := domain.ProposalWithdrawn{Proposal: take(), Source: scriptSource}
		with(map[string]func(string){"on": day(&e.On)}, nil)
		s.record(e)
	case "adopt": // adopt poa on 2023-03-01 [without-vote]
		e := domain.ProposalAdopted{Proposal: take(), By: "General Assembly", Source: scriptSource}
		with(map[string]func(string){"on": day(&e.On)}, map[string]func(){"without-vote": func() { e.WithoutVote = true }})
		s.record(e)

	case "say": // say FRA poa SUPPORT on 2024-03-01 [aligned DEU] [apart HUN] [explains e5] [session OEWG-1] [points CONCERN,NEED]
		e := domain.PositionStated{Actor: take(), Target: scriptTarget(take()), Stance: scriptStance(take()), Summary: "Said.", Source: scriptSource}
		with(map[string]func(string){
			"on": day(&e.StatedOn), "aligned": func(v string) { e.AlignedWith = scriptList(v) }, "apart": func(v string) { e.Dissociated = scriptList(v) },
			"explains": func(v string) { ref := s.act(v); e.Explains = &ref }, "session": func(v string) { e.Session = v },
			"points": func(v string) { e.Points = scriptPoints(v) },
		}, nil)
		s.record(e)
	case "correct": // correct e7 stance OPPOSE [on 2024-03-01] [explains e5 or -] [aligned …] [apart …] [session … or -] [points … or -]
		at := s.named(take())
		said, ok := at.Event.(domain.PositionStated)
		if !ok {
			faulty("e%d is no position", at.At)
		}
		e := domain.PositionCorrected{Actor: said.Actor, Position: at.Revision, Reason: "We had it wrong."}
		with(map[string]func(string){
			"stance": func(v string) { e.Changes.Stance = domain.To(scriptStance(v)) }, "on": func(v string) { e.Changes.StatedOn = domain.To(scriptDay(v)) },
			"explains": func(v string) { e.Changes.Explains = domain.To(s.act(v)) }, "aligned": func(v string) { e.Changes.AlignedWith = domain.To(scriptList(v)) },
			"apart":   func(v string) { e.Changes.Dissociated = domain.To(scriptList(v)) },
			"session": func(v string) { e.Changes.Session = domain.To(strings.Trim(v, "-")) }, "points": func(v string) { e.Changes.Points = domain.To(scriptPoints(v)) },
		}, nil)
		s.record(e)
	case "withdraw": // withdraw e7 on 2024-03-01: a position or an act.
		at, on := s.named(take()), domain.Date(0)
		with(map[string]func(string){"on": day(&on)}, nil)
		switch v := at.Event.(type) {
		case domain.PositionStated:
			s.record(domain.PositionWithdrawn{Actor: v.Actor, Position: at.Revision, On: on, Source: scriptSource})
		case domain.EndorsementGiven:
			s.record(domain.EndorsementWithdrawn{Proposal: v.Proposal, Endorsement: at.Revision, On: on, Source: scriptSource})
		default:
			faulty("e%d can not be withdrawn", at.At)
		}
	case "retract": // retract e7
		at := s.named(take())
		said, ok := at.Event.(domain.PositionStated)
		if !ok {
			faulty("e%d is no position", at.At)
		}
		s.record(domain.PositionRetracted{Actor: said.Actor, Position: at.Revision, Reason: "Somebody else said it."})

	case "act": // act FRA poa COSPONSOR on 2024-03-01 [symbol A/1] [paragraph OP6]
		e := domain.EndorsementGiven{Actor: take(), Proposal: take(), Kind: scriptWord(take(), (*domain.EndorsementKind).UnmarshalText), Source: scriptSource}
		with(map[string]func(string){"on": day(&e.On), "symbol": func(v string) { e.DocumentSymbol = v }, "paragraph": func(v string) { e.Paragraph = v }}, nil)
		s.record(e)
	case "vote": // vote poa on 2024-03-01 symbol A/1 cast FRA=YES,IRN=NO [paragraph OP6]
		e := domain.VoteRecorded{Proposal: take(), Body: "General Assembly", Adopted: true, Complete: true, Source: scriptSource}
		with(map[string]func(string){
			"on": day(&e.On), "symbol": func(v string) { e.DocumentSymbol = v }, "paragraph": func(v string) { e.Paragraph = v },
			"cast": func(v string) {
				for _, b := range scriptList(v) {
					state, ballot, _ := strings.Cut(b, "=")
					e.Ballots = append(e.Ballots, domain.CastBallot{State: state, Ballot: scriptBallot(ballot)})
					*[]*int{&e.Yes, &e.No, &e.Abstain, &e.Absent}[scriptBallot(ballot)-1]++
				}
			},
		}, nil)
		s.record(e)
	case "intend": // intend e9 FRA ABSTAIN on 2024-03-02
		at := s.named(take())
		v, ok := at.Event.(domain.VoteRecorded)
		if !ok {
			faulty("e%d is no vote", at.At)
		}
		e := domain.IntendedBallotDeclared{Proposal: v.Proposal, Vote: at.Revision, State: take(), Intended: scriptBallot(take()), Source: scriptSource}
		with(map[string]func(string){"on": day(&e.On)}, nil)
		s.record(e)
	default:
		faulty("%q says nothing", verb)
	}
}

// answer gives the whole sentence of a question with what the view answers in it. Fractions are taken from the question where
// they are right: a view serves the nearest float64 alone.
func answer(v *projections.View, w []string) (got string, err error) {
	defer catch(&err)
	var sentence []string
	say := func(words ...any) {
		for _, word := range words {
			sentence = append(sentence, fmt.Sprint(word))
		}
	}
	head := strings.TrimSuffix(w[0], ":")
	word := func(i int) string {
		if i >= len(w) {
			faulty("%s asks for more", head)
		}
		return strings.TrimSuffix(w[i], ":")
	}
	switch head {
	case "targets", "counted", "positions", "acts", "proposals", "position-in-the-record":
		say(head + ":")
	case "tally", "consensus", "declared", "support", "at-least", "at-most", "agreement", "cross-regional", "earlier-version", "status", "title", "position", "matrix":
		say(head, word(1))
	case "members", "submitters", "points", "timeline", "objectors", "options":
		say(head, word(1)+":")
	}
	convergenceOf := func(target string) *projections.Convergence {
		c, ok := v.Convergence(scriptTarget(target))
		if !ok {
			say("nothing")
			return nil
		}
		return c
	}
	fraction := func(served float64) {
		r, ok := new(big.Rat).SetString(word(2))
		if !ok {
			faulty("%q is no fraction", word(2))
		}
		if f, _ := r.Float64(); f == served {
			say(word(2))
		} else {
			say(served)
		}
	}
	nullable := func(served *float64) {
		switch {
		case served == nil:
			say("null")
		case word(2) == "null" || word(2) == "nothing":
			say(*served)
		default:
			fraction(*served)
		}
	}
	switch head {
	case "position-in-the-record":
		say(v.Moment().At)
	case "targets":
		for _, t := range v.Targets() {
			say(t.Key())
		}
	case "counted":
		for _, code := range codesOf(v.MemberStates()) {
			say(code)
		}
	case "members":
		for _, code := range codesOf(v.Members(word(1))) {
			say(code)
		}
	case "positions":
		for _, p := range v.Positions(projections.PositionFilter{}, projections.Page[projections.PositionKey]{First: everything}).Items {
			say(fmt.Sprint("e", p.At))
		}
	case "acts":
		for _, e := range v.Endorsements(projections.EndorsementFilter{}, projections.Page[projections.EndorsementKey]{First: everything}).Items {
			name := fmt.Sprint("e", e.At)
			if e.VoteAt != 0 {
				name += "/" + e.Actor.Code()
			}
			name += "=" + e.Kind.String()
			if e.WithdrawnOn != 0 {
				name += "(withdrawn:" + e.WithdrawnOn.String() + ")"
			}
			say(name)
		}
	case "proposals":
		for _, p := range v.AllProposals() {
			say(p.Slug)
		}
	case "tally": // tally poa 3 0 1 0 0 of 10
		if c := convergenceOf(word(1)); c != nil {
			t := c.Figures.Tally
			say(t[1], t[2], t[3], t[4], t[5], "of", t.Members())
		}
	case "consensus":
		if c := convergenceOf(word(1)); c != nil {
			say(c.Consensus)
		}
	case "declared":
		if c := convergenceOf(word(1)); c != nil {
			fraction(c.Declared)
		}
	case "at-least":
		if c := convergenceOf(word(1)); c != nil {
			fraction(c.SupportAtLeast)
		}
	case "at-most":
		if c := convergenceOf(word(1)); c != nil {
			fraction(c.SupportAtMost)
		}
	case "cross-regional":
		if c := convergenceOf(word(1)); c != nil {
			fraction(c.CrossRegional)
		}
	case "support":
		if c := convergenceOf(word(1)); c != nil {
			nullable(c.Support)
		}
	case "agreement":
		if c := convergenceOf(word(1)); c != nil {
			nullable(c.Agreement)
		}
	case "earlier-version":
		if c := convergenceOf(word(1)); c != nil {
			say(c.OnEarlierVersion)
		}
	case "objectors":
		if c := convergenceOf(word(1)); c != nil {
			for _, s := range c.Standings {
				if s.Stance == domain.Oppose {
					say(s.State.Code)
				}
			}
		}
	case "status", "title", "submitters", "options":
		p, ok := v.Proposal(word(1))
		switch {
		case !ok:
			say("nothing")
		case head == "status":
			say(p.Status)
		case head == "title":
			say(p.Title)
		case head == "submitters":
			for _, code := range codes(p.Submitters) {
				say(code)
			}
		default:
			for _, o := range p.Options {
				say(o.Element + "/" + o.Option)
			}
		}
	case "position": // position e7 SUPPORT said 2024-03-01 [withdrawn 2024-04-01] [ended 2024-05-01] [corrected 1]
		at, err := strconv.Atoi(strings.TrimPrefix(word(1), "e"))
		if err != nil {
			faulty("%q is no event", word(1))
		}
		p, ok := v.Position(uint64(at))
		if !ok {
			say("nothing")
			break
		}
		say(dash(p.Stance.String()), "said", p.StatedOn)
		if p.WithdrawnOn != 0 {
			say("withdrawn", p.WithdrawnOn)
		}
		if p.EndedOn != 0 {
			say("ended", p.EndedOn)
		}
		if len(p.Corrections) > 0 {
			say("corrected", len(p.Corrections))
		}
	case "matrix": // matrix FRA S-!: one letter a target, by key.
		m := v.Matrix(nil, []string{word(1)}, "")
		for i := range m.States {
			if i > 0 {
				faulty("%q are two States", word(1))
			}
			say(m.Row(i))
		}
	case "points":
		for _, p := range v.OpenPoints(scriptTarget(word(1)), nil, projections.Page[projections.OpenPointKey]{First: everything}).Items {
			say(fmt.Sprint("e", p.PositionAt, ".", p.Index))
		}
	case "timeline": // timeline poa: 2024-03-01 1+0+0+0+0/5 NO_OBJECTION, 2024-04-01 …
		for i, p := range v.Timeline(scriptTarget(word(1)), 0, 0) {
			if i > 0 {
				sentence[len(sentence)-1] += ","
			}
			t := p.Tally
			say(p.On, fmt.Sprintf("%d+%d+%d+%d+%d/%d", t[1], t[2], t[3], t[4], t[5], t.Members()), p.Consensus)
		}
	default: // FRA poa SUPPORT [as OWN_STATEMENT] because e7 e5 [on an earlier version]
		state, target := word(0), word(1)
		say(state, target)
		st, ok := v.Standing(state, scriptTarget(target))
		if !ok {
			say("unknown")
			break
		}
		if st.Stance != 0 {
			say(st.Stance)
		} else {
			say(st.Basis)
		}
		if slices.Contains(w, "as") {
			say("as", st.Basis)
		}
		for i, e := range v.Evidence(state, scriptTarget(target)) {
			if i == 0 {
				say("because")
			}
			say(fmt.Sprint("e", e.At))
		}
		if st.OnEarlierVersion {
			say("on", "an", "earlier", "version")
		}
	}
	return strings.Join(sentence, " "), nil
}

func dash(word string) string {
	if word == "" {
		return "-"
	}
	return word
}
