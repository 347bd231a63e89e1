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
//   - Decode is strict. An unknown type, version or member, a member that is twice there, of another type, or null without
//     being a change that clears a field, is an error: a record that says more than this program understands must stop it,
//     not be read in part.
//   - A member that is missing is read as nothing. To find it, an event must be written again, and to read it takes three
//     times as long then. So it is looked for where it can come about: what an upcaster made must be what Encode writes,
//     and the tests hold the same of the golden files, so that no version asks for more than it did when it was written.
//   - What Decode reads, Encode writes, canonically, unless a day or a word is missing. An empty list and no list are written
//     alike.
//   - Old versions are met here alone. An upcaster (upcast_*.go) lifts the JSON of version n to version n+1, until it is
//     the current one; only that has a Go type.
//   - There are two readers and one meaning. The quick one knows the form in which events are written now and nothing else; what it
//     does not expect goes to the strict one, which reads any JSON and decides.
//   - Metadata are read leniently, since a store may add members of its own; what is not ours is not kept.
//
// Why go-json-experiment/json, which is the code of encoding/json/v2, and not encoding/json: that writes invalid UTF-8 as
// U+FFFD, without an error; it reads members whose names differ in case, and the later one of two of a name; its
// DisallowUnknownFields ends where a type has an UnmarshalJSON of its own, as domain.Change has; and it has no canonical
// form. What the library does otherwise than the record wants is in json.go: integers beyond 2^53, which other readers of
// JSON round, changes, and null. The tests compare with encoding/json.
//
// Why a reader of our own beside it (2026-11): a record is replayed at every start, and reading any JSON took most of that. Our own
// form has one order of members and no white space, so that what comes next is compared and not looked up. The reader is generated
// from the types (go generate), so that no member can be forgotten, and held against the strict one by fuzzing and by a test of
// every near miss. The figures stand beside BenchmarkDecode.
//
// Why it imports eventlog/leaf: a leaf is assembled from the bytes of this package, and its size is asked for here before
// it is recorded. An auditor takes leaf away alone, so it escapes its strings itself; a test holds both to one form.
//
// The package knows neither the store nor the rules: it does not check that an event makes sense, only that it can be written.
package codec
