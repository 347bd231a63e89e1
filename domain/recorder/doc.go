// Package recorder is the shell of the write side: it reads a stream, folds it, has the command decided, encodes what that
// yields, and appends it at the revision at which it was decided.
//
// Laws:
//   - A Record has three results. Done: the events are on disk and this node's read model has applied them, so that whoever
//     was answered reads what was written. Refused: a *domain.Refusal, and no trace in the record. Unknown: an error that
//     wraps eventlog.ErrUnknown; the same request with the same idempotency key is safe.
//   - What is appended was decided on the very state it follows. Who loses a race reads again and decides again; who said
//     which revision is expected is refused instead.
//   - A key belongs to its subject. The same key with the same input answers what it answered and records nothing; with
//     another input it is refused. On one node that holds over the whole record, and whatever comes at the same time;
//     between nodes, until the other has caught up, within one stream.
//   - The ids of events follow from subject, key and input, or are minted once a Record. So an append whose outcome is unknown
//     can be found again in its stream, and appended again without being there twice.
//   - An import (RecordAll) is decided as a whole before anything is recorded: all faults are told at once, and then nothing is
//     recorded. Rows on record already are skipped, so running a cut-short import again completes it. Who records what was decided
//     may be another, who holds the record (AllOptions.Through): the rules are here once, whichever way an import goes.
//
// Which facts of other streams a decider sees is the Reader's business; they may be older than the append (see domain.Facts).
// Who may do what is the caller's (Request.May). Nothing here knows the form of events (codec) or the store.
//
// Why folded states are kept: a stream of ten thousand events takes a tenth of a second to read and decode, once a command, and
// the commands of one stream wait for one another. A kept state is only ever advanced by reading the stream on from where it stands,
// never by what was just appended, so that it cannot differ from the record; and every append is checked against the stream's revision.
package recorder
