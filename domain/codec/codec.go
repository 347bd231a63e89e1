package codec

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rapporteur/rapporteur/domain"
)

// types is the table of all types of events: the name that stands in the record, the version in which it is written now,
// and how versions before it are lifted. A name, once used, is never used for anything else.
//
// To change the form of an event: raise its version, write the upcaster from the one before into upcast_<name>.go and name
// it here, and keep the golden files of all versions.
var types = []*eventType{
	{name: "ProposalSubmitted", version: 1, event: domain.ProposalSubmitted{}},
	{name: "ProposalRevised", version: 1, event: domain.ProposalRevised{}},
	{name: "DocumentRecorded", version: 1, event: domain.DocumentRecorded{}},
	{name: "ProposalMerged", version: 1, event: domain.ProposalMerged{}},
	{name: "ProposalSuperseded", version: 1, event: domain.ProposalSuperseded{}},
	{name: "ProposalWithdrawn", version: 1, event: domain.ProposalWithdrawn{}},
	{name: "ProposalAdopted", version: 1, event: domain.ProposalAdopted{}},
	{name: "PositionStated", version: 1, event: domain.PositionStated{}},
	{name: "PositionCorrected", version: 1, event: domain.PositionCorrected{}},
	{name: "PositionWithdrawn", version: 1, event: domain.PositionWithdrawn{}},
	{name: "PositionRetracted", version: 1, event: domain.PositionRetracted{}},
	{name: "EndorsementGiven", version: 1, event: domain.EndorsementGiven{}},
	{name: "EndorsementWithdrawn", version: 1, event: domain.EndorsementWithdrawn{}},
	{name: "VoteRecorded", version: 1, event: domain.VoteRecorded{}},
	{name: "IntendedBallotDeclared", version: 1, event: domain.IntendedBallotDeclared{}},
	{name: "ElementDefined", version: 1, event: domain.ElementDefined{}},
	{name: "OptionDefined", version: 1, event: domain.OptionDefined{}},
	{name: "OptionRetired", version: 1, event: domain.OptionRetired{}},
	{name: "StateAdmitted", version: 1, event: domain.StateAdmitted{}},
	{name: "GroupDefined", version: 1, event: domain.GroupDefined{}},
	{name: "MemberJoined", version: 1, event: domain.MemberJoined{}},
	{name: "MemberLeft", version: 1, event: domain.MemberLeft{}},
	{name: "SessionDefined", version: 1, event: domain.SessionDefined{}},
	{name: "ImportCompleted", version: 1, event: domain.ImportCompleted{}},
}

// eventType is a row of the table.
type eventType struct {
	name    string
	version int
	event   domain.Event // A zero value.
	// lifts has the upcaster from each version before the current one, by that version.
	lifts map[int]upcaster
}

// The table by the name in the record, and by Go's type.
var byName, byType = index(types)

func index(types []*eventType) (map[string]*eventType, map[reflect.Type]*eventType) {
	byName, byType := map[string]*eventType{}, map[reflect.Type]*eventType{}
	for _, t := range types {
		byName[t.name], byType[reflect.TypeOf(t.event)] = t, t
	}
	return byName, byType
}

// Encode gives the name of the event's type in the record, the version in which it is written, and its canonical JSON.
// It is an error where the event cannot be written: text that is not UTF-8, an integer beyond ±2^53, a day or a word that
// must be there and is not.
func Encode(e domain.Event) (typ string, version int, data []byte, err error) {
	t := byType[reflect.TypeOf(e)]
	if t == nil {
		return "", 0, nil, fmt.Errorf("encode: %T is no type of event", e)
	}
	data, err = encode(e)
	if err != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %w", t.name, err)
	}
	return t.name, t.version, data, nil
}

// encode gives the canonical JSON of an event.
func encode(e domain.Event) ([]byte, error) {
	data, err := write(e)
	if err != nil {
		return nil, err
	}
	canonical := jsontext.Value(data)
	err = canonical.Canonicalize()
	return canonical, err
}

// Decode reads an event as a version of the program wrote it.
func Decode(typ string, version int, data []byte) (domain.Event, error) {
	q := idle.Get().(*quick)
	defer idle.Put(q)
	return q.decode(typ, version, data)
}

// idle has quick readers that keep nothing from one event to the next but the room that they read lists into.
var idle = sync.Pool{New: func() any { return new(quick) }}

// Decoder reads as Decode and DecodeMetadata do, and is for who reads many events and keeps them: words that are met again are one
// string, and texts are parts of larger pieces of memory. It is used by one goroutine at a time.
type Decoder struct{ quick quick }

// NewDecoder makes a decoder.
func NewDecoder() *Decoder { return &Decoder{quick{words: make([]string, wordsHeld)}} }

// Decode is as the package's Decode.
func (d *Decoder) Decode(typ string, version int, data []byte) (domain.Event, error) {
	return d.quick.decode(typ, version, data)
}

// DecodeMetadata is as the package's DecodeMetadata.
func (d *Decoder) DecodeMetadata(data []byte) (Metadata, error) { return d.quick.decodeMetadata(data) }

func (q *quick) decode(typ string, version int, data []byte) (domain.Event, error) {
	t := byName[typ]
	if t == nil {
		return nil, fmt.Errorf("decode: unknown type of event %q (version %d)", typ, version)
	}
	if version == t.version {
		q.read(data)
		if e := q.event(t.event); q.done() {
			return e, nil
		}
	}
	e, err := t.decode(version, data)
	if err != nil {
		return nil, fmt.Errorf("decode %s version %d: %w", typ, version, err)
	}
	return e, nil
}

// decode reads an event strictly, whatever form its JSON has.
func (t *eventType) decode(version int, data []byte) (domain.Event, error) {
	lifted := version != t.version
	if lifted {
		var err error
		if data, err = t.lift(version, data); err != nil {
			return nil, err
		}
	}
	v := reflect.New(reflect.TypeOf(t.event))
	if err := read(data, v.Interface(), true); err != nil {
		return nil, err
	}
	e := v.Elem().Interface().(domain.Event)
	if lifted {
		if err := whole(e, data); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// TypeVersion is a type of event and the version in which it is written.
type TypeVersion struct {
	Type    string
	Version int
}

// Versions gives all types with the version in which they are written, in the order of the catalogue.
func Versions() []TypeVersion {
	versions := make([]TypeVersion, len(types))
	for i, t := range types {
		versions[i] = TypeVersion{Type: t.name, Version: t.version}
	}
	return versions
}
