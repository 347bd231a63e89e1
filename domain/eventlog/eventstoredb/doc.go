// Package eventstoredb is the log on an EventStoreDB (KurrentDB) server or cluster, reached through EventStore-Client-Go v4.
//
// Any number of programs record into one cluster and read from it. What this program calls a stream s is the server's stream
// PREFIX+s (`rapporteur.` unless `rapporteur-prefix` in the connection string says otherwise); streams without the prefix, those
// of the system among them, are not ours and are seen by nobody above.
//
// Laws:
//   - An append is acknowledged when the cluster has acknowledged it.
//   - What this process knows to be recorded, every later reading of this process gives, from whichever node it reads: a node that
//     has not come so far is read again until it has, or the reading fails with ErrUnavailable.
//   - No method waits longer than its context, whatever the client does; and none fails because one node died.
//   - Wait is woken by one subscription for all who wait. A subscription that says nothing any more is found out by looking
//     at the end of $all every few seconds, by another connection, and then replaced.
//   - Credentials stand in no error and no log line.
//
// # What the client and the servers do, and what is done about it
//
// Seen with EventStore-Client-Go v4.2.0 against servers 20.10 to 26.1, 2026-11-23. Each has its test.
//
//  1. A client whose discovery fails once is dead for ever, and calls on it hang. So a client is tried before anybody gets it,
//     and replaced as a whole when it fails (see connection).
//  2. Discovery does not heed the caller's context. So it is done by nobody who has a caller, and every call runs in a goroutine of
//     its own, of which there are so many and no more.
//  3. The request for the leader is never sent. So a client may sit on a follower, which forwards appends and answers reads late:
//     nothing here is decided by a read alone, an append carries its exact revision, and see the second law.
//  4. A dropped subscription stays dropped. The feed subscribes again from the newest event that it knows.
//  5. An answer "not the leader" closes the client's connection under everybody's feet. So appends have a client of their own,
//     and what was cut off on the way is read again or tried again.
//  6. Servers may keep a subscription without sending anything (KurrentDB #5672). See the fourth law.
//  7. A refusal while an append is still being sent arrives as EOF, without its reason. So sizes are checked before,
//     and EOF is an outcome unknown.
//  8. Errors come wrapped. They are looked for with errors.As.
//  9. A client that connects again leaks the connection before. So no client is used when one call on it has failed; what calls
//     that were under way then leave behind is one connection a failure at most, and mostly none.
//  10. The client panics, and ends the program, on messages that it does not expect. Panics end one call. The end of the
//     program (an event without its time) cannot be kept off from here; no server sends that.
//  11. A server of a pre-release version is not connected to; the error says so.
//  12. An empty append is answered with a wrong revision. There is none here.
//  13. Streaming calls have no deadline. A reading that gives nothing for some seconds is given up and begun again.
//
// # Appends whose outcome is unknown
//
// The server knows an append at an exact revision again by the ids of its events, and answers it as it did. So after an outcome
// unknown such an append is sent again, for as long as patience lasts, and only then is ErrUnknown told. An append at any
// revision would be there twice, and is sent once.
//
// # What the store must be
//
// Reading $all and subscribing to it must be allowed to the user. Server 20.10 or later. Those before 22.10 do not say where in $all an
// event of a stream stands, so nobody is asked: ReadStream gives events without an Offset. Streams of ours may
// not be truncated or deleted: that is ErrCorrupt. The server checks what it stores; its events carry no hash of ours, so that bytes changed
// there are found by whoever compares the record with a signed checkpoint.
package eventstoredb
