package codec

import (
	"maps"

	"github.com/go-json-experiment/json/jsontext"
)

// RegisterLift adds an upcaster from a version of a type, and gives the way to take it away again.
func RegisterLift(typ string, from int, lift func(map[string]jsontext.Value) error) (remove func()) {
	t := byName[typ]
	before := t.lifts
	t.lifts = map[int]upcaster{}
	maps.Copy(t.lifts, before)
	t.lifts[from] = lift
	return func() { t.lifts = before }
}

// Lifts gives the versions from which a type is lifted.
func Lifts(typ string) (versions []int) {
	for version := range byName[typ].lifts {
		versions = append(versions, version)
	}
	return versions
}
