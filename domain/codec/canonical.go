package codec

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Canonical gives the canonical form (RFC 8785) of a JSON text.
//
// Numbers are what ECMAScript reads in them: an integer within ±2^53 stays as it is, another number becomes the nearest
// double, and one beyond the doubles the largest of them. It is an error where the text is no I-JSON otherwise: invalid
// UTF-8, a lone surrogate, a name twice in one object, something behind the value.
func Canonical(json []byte) ([]byte, error) {
	v := jsontext.Value(bytes.Clone(json))
	if err := v.Canonicalize(); err != nil {
		return nil, fmt.Errorf("JSON: %w", err)
	}
	return v, nil
}
