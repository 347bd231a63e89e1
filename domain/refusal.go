package domain

import "strings"

// Code classifies a refusal, in the public schema's words.
type Code string

// The codes of refusals, from the one that is told first.
const (
	BadUserInput Code = "BAD_USER_INPUT" // Malformed, out of range, or against a rule that the input alone decides.
	NotFound     Code = "NOT_FOUND"      // What is named does not exist.
	Conflict     Code = "CONFLICT"       // Taken, raced for, or forbidden by the present state.
)

// Fault is one thing that is wrong with an input.
type Fault struct {
	Code Code
	// Path names the field in the public schema's spelling, with list indexes from 0: points.0.text, source.title.
	// It is empty where the fault is not in one field.
	Path string
	// Message is one sentence for a person: what is wrong, and what would be right.
	Message string
}

// Refusal says why a command yields nothing. It carries every fault of the input.
type Refusal struct {
	Faults []Fault // At least one.
	// Expected and Actual are set where another revision was expected than the stream has.
	Expected, Actual *int64
}

// Error joins the sentences of all faults.
func (r *Refusal) Error() string {
	var b strings.Builder
	for i, f := range r.Faults {
		if i > 0 {
			b.WriteString(" ")
		}
		if f.Path != "" {
			b.WriteString(f.Path + ": ")
		}
		b.WriteString(f.Message)
	}
	return b.String()
}

// Code gives the code of the whole: that of its gravest fault, an input that is malformed before what is missing, what is
// missing before what is taken.
func (r *Refusal) Code() Code {
	for _, code := range []Code{BadUserInput, NotFound, Conflict} {
		for _, f := range r.Faults {
			if f.Code == code {
				return code
			}
		}
	}
	return BadUserInput // unreachable: a refusal has a fault.
}

// Refuse is a refusal with one fault.
func Refuse(code Code, path, message string) *Refusal {
	return &Refusal{Faults: []Fault{{Code: code, Path: path, Message: message}}}
}

// joinWords writes a list for a sentence: "a, b or c".
func joinWords(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
