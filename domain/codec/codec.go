package codec

import (
	"fmt"
	"reflect"

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
	plan  *plan
}

// The table by the name in the record, and by Go's type.
var byName, byType = index(types)

func index(types []*eventType) (map[string]*eventType, map[reflect.Type]*eventType) {
	byName, byType := map[string]*eventType{}, map[reflect.Type]*eventType{}
	for _, t := range types {
		t.plan = planOf(reflect.TypeOf(t.event))
		byName[t.name], byType[t.plan.typ] = t, t
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
	data, err = t.plan.encode(make([]byte, 0, 512), reflect.ValueOf(e))
	if err != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %w", t.name, err)
	}
	return t.name, t.version, data, nil
}

// Decode reads an event as a version of the program wrote it.
func Decode(typ string, version int, data []byte) (domain.Event, error) {
	t := byName[typ]
	if t == nil {
		return nil, fmt.Errorf("decode: unknown type of event %q (version %d)", typ, version)
	}
	if version != t.version {
		lifted, err := t.lift(version, data)
		if err != nil {
			return nil, fmt.Errorf("decode %s version %d: %w", typ, version, err)
		}
		data = lifted
	}
	s := scanner{data: data}
	v := reflect.New(t.plan.typ).Elem()
	err := t.plan.decode(&s, v)
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s version %d: %w", typ, version, err)
	}
	return v.Interface().(domain.Event), nil
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
