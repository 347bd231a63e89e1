package codec

import (
	"maps"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rapporteur/rapporteur/domain"
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

// Quickly reads an event by the quick reader alone; ok is false where that gives up.
func (d *Decoder) Quickly(typ string, data []byte) (e domain.Event, ok bool) {
	d.quick.read(data)
	e = d.quick.event(byName[typ].event)
	return e, d.quick.done()
}

// MetadataQuickly does so with metadata.
func (d *Decoder) MetadataQuickly(data []byte) (m Metadata, ok bool) {
	d.quick.read(data)
	m = d.quick.metadata()
	return m, d.quick.done()
}

// Strictly reads an event of the current version by the strict reader alone.
func Strictly(typ string, data []byte) (domain.Event, error) {
	t := byName[typ]
	return t.decode(t.version, data)
}

// MetadataStrictly does so with metadata.
func MetadataStrictly(data []byte) (Metadata, error) { return decodeMetadata(data) }
