// Package eventlog is the port to the record: an append-only log of events in streams.
//
// It moves names and bytes and knows no event of the domain. Two adapters stand below it, embedded (one file on this machine)
// and eventstoredb (a cluster); eventlogtest holds the suite that both pass, and nothing above the port knows which it has.
//
// Laws:
//   - An acknowledged append is on disk.
//   - An append is atomic: a reader sees all of its events or none.
//   - Streams have revisions 0, 1, 2 … without a gap; the log has one total order that never changes.
//   - An event is never changed and never deleted.
//   - An append has three results: done, refused, or outcome unknown (ErrUnknown).
//   - Appending the same events (by ID) again at the same expected revision after ErrUnknown is safe: either it is
//     recorded now, or it is answered as the first time, or it is refused with *WrongRevision and reading the stream shows the events.
//   - What is read was checked: bytes that are not those that were recorded give ErrCorrupt, never an event.
package eventlog
