// Package codec writes events as JSON and reads them back, together with the metadata that the record keeps beside them.
//
// The form is canonical JSON (RFC 8785): members in the order of their names' UTF-16 code units, no white space, one way
// to escape a string, one way to write a number. So equal events are equal bytes, and a leaf of the record's Merkle tree
// is a concatenation.
//
// Laws:
//   - The name of an event's type in the record is a literal in the table of this package, with its version. Renaming a Go
//     type cannot rename history.
//   - What Encode gave, Decode reads back, in this release and in every later one: testdata holds an event of every version
//     that was ever written, and such a file never changes.
//   - Decode is strict. An unknown type, version or member, a member that is missing, twice there, or null without being a
//     change that clears a field, is an error: a record that says more than this program understands must stop it, not be
//     read in part.
//   - What Decode reads, Encode writes, canonically. An empty list and no list are the same, and read as no list.
//   - Old versions are met here alone. An upcaster (upcast_*.go) lifts the JSON of version n to version n+1, until it is
//     the current one; only that has a Go type.
//   - Metadata are read leniently, since a store may add members of its own; what is not ours is not kept.
//
// Why not encoding/json: it writes invalid UTF-8 as U+FFFD and integers beyond 2^53 that other readers of JSON round, both
// without an error; it reads members whose names differ in case, and the later one of two of a name; its DisallowUnknownFields
// ends where a type has an UnmarshalJSON of its own, as domain.Change has; and it goes over the bytes twice. The plan of a
// type (plan.go) is still made from the same field tags, and the tests compare with encoding/json.
//
// Why it imports eventlog/leaf: a leaf is assembled from the bytes of this package and from strings that leaf writes. There
// must be one way to escape a string, and an auditor takes leaf away alone, so it stands there.
//
// The package knows neither the store nor the rules: it does not check that an event makes sense, only that it can be written.
package codec
