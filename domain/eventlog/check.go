package eventlog

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Check says whether a step can be recorded at all. What it refuses is a programming error above the port, so each
// adapter asks it first and nobody handles its errors: a step without a stream or without events, an event without type,
// data or metadata (their leaf would be no JSON), a name that is not UTF-8 (it has no canonical JSON).
func (step Append) Check() error {
	switch {
	case step.Stream == "":
		return errors.New("append without a stream")
	case !utf8.ValidString(step.Stream):
		return fmt.Errorf("append to %q: the stream's name is not UTF-8", step.Stream)
	case len(step.Events) == 0:
		return fmt.Errorf("append to %s: no events", step.Stream)
	case step.Expected < AnyRevision:
		return fmt.Errorf("append to %s: %d is no revision to expect", step.Stream, step.Expected)
	}
	for i, e := range step.Events {
		switch {
		case e.Type == "":
			return fmt.Errorf("append to %s: event %d of %d has no type", step.Stream, i+1, len(step.Events))
		case !utf8.ValidString(e.Type):
			return fmt.Errorf("append to %s: the type %q is not UTF-8", step.Stream, e.Type)
		case len(e.Data) == 0:
			return fmt.Errorf("append to %s: a %s has no data", step.Stream, e.Type)
		case len(e.Metadata) == 0:
			return fmt.Errorf("append to %s: a %s has no metadata", step.Stream, e.Type)
		}
	}
	return nil
}
