package export

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// AsOf is a moment that is asked for (RULES, section 1): At or RecordedAt, not both, say how much of the record counts; neither is
// all of it. StatedOn says how things stood on a day; zero is no limit.
type AsOf struct {
	At         *uint64
	RecordedAt *time.Time
	StatedOn   domain.Date
}

// pinned says whether the position is given: then the answer is the same for ever.
func (m AsOf) pinned() bool { return m.At != nil }

// Question is what is asked for: a moment, and of a File that is Between two moments the other one.
type Question struct {
	AsOf
	From *AsOf // Nil where it is not asked for.
}

func (q Question) pinned() bool { return q.AsOf.pinned() && (q.From == nil || q.From.pinned()) }

// Query writes a moment as the query of an address.
func Query(m Moment) string {
	q := "at=" + projections.LogPosition(m.At)
	if m.On != 0 {
		q += "&statedOn=" + m.On.String()
	}
	if m.From != nil {
		q += "&fromAt=" + projections.LogPosition(m.From.At)
		if m.From.On != 0 {
			q += "&fromStatedOn=" + m.From.On.String()
		}
	}
	return q
}

// parameters are the query parameters that a moment is asked for with; those of the earlier one begin with from.
var (
	parameters     = []string{"at", "recordedAt", "statedOn"}
	fromParameters = []string{"fromAt", "fromRecordedAt", "fromStatedOn"}
)

// Wrong is what is wrong with a question, in sentences for whoever asked.
type Wrong []string

func (w Wrong) Error() string { return strings.Join(w, "\n") }

// ParseQuestion reads what is asked for from query parameters. The error has a sentence for each that is wrong.
func (f File) ParseQuestion(query url.Values) (Question, error) {
	known := parameters
	if f.Between {
		known = append(slices.Clone(parameters), fromParameters...)
	}
	var faults Wrong
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(known, name) {
			faults = append(faults, fmt.Sprintf("There is no parameter %q; there are %s.", excerpt(name), sentence(known)))
		} else if n := len(query[name]); n > 1 {
			faults = append(faults, fmt.Sprintf("%s is given %d times; give it once.", name, n))
		}
	}
	q := Question{AsOf: parseAsOf(query, parameters, &faults)}
	if f.Between {
		from := parseAsOf(query, fromParameters, &faults)
		q.From = &from
		if !slices.ContainsFunc(fromParameters, query.Has) {
			faults = append(faults, fmt.Sprintf("%s tells what changed between two moments: give the earlier one, too, with %s.", f.Kind.Name, choice(fromParameters)))
		}
	}
	if len(faults) > 0 {
		return Question{}, faults
	}
	return q, nil
}

// Values writes what is asked for as query parameters: what ParseQuestion reads.
func (q Question) Values() url.Values {
	values := url.Values{}
	add := func(m AsOf, names []string) {
		if m.At != nil {
			values.Set(names[0], projections.LogPosition(*m.At))
		}
		if m.RecordedAt != nil {
			values.Set(names[1], m.RecordedAt.Format(time.RFC3339Nano))
		}
		if m.StatedOn != 0 {
			values.Set(names[2], m.StatedOn.String())
		}
	}
	add(q.AsOf, parameters)
	if q.From != nil {
		add(*q.From, fromParameters)
	}
	return values
}

// parseAsOf reads a moment from the parameters with these names.
func parseAsOf(query url.Values, names []string, faults *Wrong) (m AsOf) {
	for i, name := range names {
		if len(query[name]) != 1 {
			continue
		}
		var err error
		switch value := query[name][0]; i {
		case 0:
			m.At, err = parseAt(value)
		case 1:
			m.RecordedAt, err = parseRecordedAt(value)
		case 2:
			m.StatedOn, err = domain.ParseDate(value)
		}
		if err != nil {
			*faults = append(*faults, fmt.Sprintf("%s: %v.", name, err))
		}
	}
	if query.Has(names[0]) && query.Has(names[1]) {
		*faults = append(*faults, fmt.Sprintf("Both %s and %s say what had been recorded; give one of the two.", names[0], names[1]))
	}
	return m
}

func parseAt(value string) (*uint64, error) {
	at, ok := relay.ParsePosition(value)
	if !ok {
		return nil, fmt.Errorf("%q is no position in the record; write a decimal number without sign or leading zeros, for example 42", excerpt(value))
	}
	return &at, nil
}

func parseRecordedAt(value string) (*time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return nil, fmt.Errorf("%q is no instant; write it as in 2023-12-22T15:04:05Z (RFC 3339, UTC)", excerpt(value))
	}
	return &t, nil
}

// patience is how long a position beyond the newest is waited for: another node may have recorded it (RULES, section 1).
const patience = 500 * time.Millisecond

// Resolve gives the moment that is asked for. A position beyond the newest is waited for, and then is a fault of whoever asked;
// any other error is the context's.
func (r Record) Resolve(ctx context.Context, q Question) (Moment, error) {
	waiting, stop := context.WithTimeout(ctx, patience)
	defer stop()
	newest := r.Model.At()
	asOf, err := r.resolve(ctx, waiting, q.AsOf, newest)
	m := Moment{Moment: asOf}
	if err == nil && q.From != nil {
		var from projections.Moment
		from, err = r.resolve(ctx, waiting, *q.From, newest)
		m.From = &from
	}
	return m, err
}

func (r Record) resolve(ctx, waiting context.Context, m AsOf, newest uint64) (projections.Moment, error) {
	moment := projections.Moment{At: newest, On: m.StatedOn}
	switch {
	case m.RecordedAt != nil:
		// What is recorded meanwhile is not for this export, however late the instant.
		moment.At = min(r.Model.PositionAsOf(*m.RecordedAt), newest)
	case m.At != nil:
		moment.At = *m.At
		if err := r.Model.WaitAt(waiting, *m.At); err != nil {
			if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
				return moment, err
			}
			return moment, Wrong{fmt.Sprintf("The position %d is beyond the newest, which is %d.", *m.At, r.Model.At())}
		}
	}
	return moment, nil
}

// sentence writes a list for a sentence: a, b and c.
func sentence(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// choice writes a list for a sentence: a, b or c.
func choice(words []string) string { return strings.ReplaceAll(sentence(words), " and ", " or ") }

// excerpt keeps a word that a client sent short enough to be told back.
func excerpt(word string) string {
	const most = 60
	if runes := []rune(word); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return word
}
