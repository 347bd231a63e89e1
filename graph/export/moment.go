package export

import (
	"context"
	"errors"
	"fmt"
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

// Query writes the moment as the query of an address; pinned, with the position that it was answered at.
func Query(m projections.Moment) string {
	q := "at=" + projections.LogPosition(m.At)
	if m.On != 0 {
		q += "&statedOn=" + m.On.String()
	}
	return q
}

// Parameters are the query parameters that a moment is asked for with.
var Parameters = []string{"at", "recordedAt", "statedOn"}

// wrong is what is wrong with a question, in sentences for whoever asked.
type wrong []string

func (w wrong) Error() string { return strings.Join(w, "\n") }

// ParseAsOf reads a moment from query parameters. The error has a sentence for each that is wrong.
func ParseAsOf(query url.Values) (AsOf, error) {
	var m AsOf
	var faults wrong
	for _, name := range sortedNames(query) {
		values := query[name]
		switch {
		case !slices.Contains(Parameters, name):
			faults = append(faults, fmt.Sprintf("There is no parameter %q; there are %s.", excerpt(name), sentence(Parameters)))
			continue
		case len(values) > 1:
			faults = append(faults, fmt.Sprintf("%s is given %d times; give it once.", name, len(values)))
			continue
		}
		var err error
		switch value := values[0]; name {
		case "at":
			m.At, err = parseAt(value)
		case "recordedAt":
			m.RecordedAt, err = parseRecordedAt(value)
		case "statedOn":
			m.StatedOn, err = domain.ParseDate(value)
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v.", name, err))
		}
	}
	if query.Has("at") && query.Has("recordedAt") {
		faults = append(faults, "Both at and recordedAt say what had been recorded; give one of the two.")
	}
	if len(faults) > 0 {
		return AsOf{}, faults
	}
	return m, nil
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
func (r Record) Resolve(ctx context.Context, m AsOf) (projections.Moment, error) {
	newest := r.Model.At()
	moment := projections.Moment{At: newest, On: m.StatedOn}
	switch {
	case m.RecordedAt != nil:
		// What is recorded meanwhile is not for this export, however late the instant.
		moment.At = min(r.Model.PositionAsOf(*m.RecordedAt), newest)
	case m.At != nil:
		moment.At = *m.At
		if *m.At <= newest {
			break
		}
		waiting, stop := context.WithTimeout(ctx, patience)
		defer stop()
		if err := r.Model.WaitAt(waiting, *m.At); err != nil {
			if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
				return moment, err
			}
			return moment, wrong{fmt.Sprintf("The position %d is beyond the newest, which is %d.", *m.At, r.Model.At())}
		}
	}
	return moment, nil
}

func sortedNames(query url.Values) []string {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sentence writes a list for a sentence: a, b and c.
func sentence(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// excerpt keeps a word that a client sent short enough to be told back.
func excerpt(word string) string {
	const most = 60
	if runes := []rune(word); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return word
}
