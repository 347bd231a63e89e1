// Package router brings the record to those who follow it, by Watermill.
//
// A Subscriber is a Watermill subscriber over the record: each event a message, in the record's order, the next one after the Ack.
// Follow is what a running program keeps its read model up to date with: a Watermill router whose handlers call Apply.
//
// # Messages
//
// The message of an event has the event's id as its UUID and the event's data as its payload: what handlers decode, byte for byte
// what was recorded. The leaf (RULES, section 8) is not the payload, since it would have to be taken apart again to be of use;
// whoever proves something makes it from the message with package leaf.
//
//	position        The event's position in the record, a decimal number.
//	stream          The stream that it stands in.
//	revision        Its revision there, from 0.
//	type            The type of the event.
//	correlation_id  One for all that a request or an import brought about; absent where the event has none.
//
// and, under their own names, the members of the event's metadata that are text, numbers or truth values. A topic is the name of
// a stream, or Record for all of them.
//
// # Laws
//
//   - One message is under way in a subscription at a time. An Ack brings the next, a Nack the same again, at once: whoever wants
//     a pause takes it before the Nack.
//   - A subscription that was cut off begins again where it is told to; nothing is remembered for it. What is remembered, and
//     when, is the business of whoever receives.
//   - It waits for the log to grow and never asks it by the clock.
//   - What cannot be taken in ends Follow. There is no retry, and nobody recovers to go on: the model holds part of it.
//
// # Why
//
// 2026-11: under Follow a message carries a stretch of the record, all that was read in one go, and not one event. An Apply wakes
// everybody who waits for what they recorded; done for each event, 64 writers are each woken 64 times for what one commit brought.
// The figures stand beside BenchmarkAcknowledged. The order is the same, and so is Apply.
//
// 2026-11: there is no publisher. What is recorded goes through package recorder, which decides whether it may be; a publisher over
// the log would be a door beside that one. The tests have one, for Watermill's own suite.
package router
