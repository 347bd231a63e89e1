// Package feed is what every follower of the record reads, whatever the door it came by: the four feeds of the public schema,
// each a pure function of the record, a filter and a position (RULES, section 7).
//
// A Feed answers one question: which is the first message behind this position, of those up to that one? It keeps nothing
// between two questions. A Cursor asks it again and again, and waits for the model to go on where there is no more; the model
// wakes all who wait by one broadcast. So a follower costs its cursor, two numbers, whether it is quick, slow or away: what it
// has not read stands in the record and nowhere else.
//
// Laws:
//   - At most one message a position, so that resuming after an `at` loses nothing and repeats nothing.
//   - Two cursors over the same feed that begin at the same position give the same messages, whenever they run.
//   - A message is answered from Views of the model at its own position and the one before it, never from what is newest.
//   - Reading on from far back goes in stretches that lock the model for moments only; a bounded number of followers does
//     so at a time, and those who are up to date never wait for them.
//
// # Where the rules leave a choice
//
//   - An endorsementChanged message shows those of the acts that the filter lets through; where it lets none through, there is
//     no message. A vote recorded without ballots gives nothing, so there is none either.
//   - A declaration of what a ballot was meant to be is a GIVEN: the ballot is given anew, as it is meant from now on. That it was
//     cast before shows in its own `at`, which is the vote's. Without the message, whoever keeps a list of acts by this feed
//     would keep a wrong one.
//   - `by` is compared with the difference of two agreements as with any figure: exact, then the nearest float64.
//
// # Why
//
// 2026-11: no channel and no queue a follower. A queue either drops what the slow do not fetch or holds up the writer, and it
// takes memory that grows with what was not read. The record is the queue.
package feed
