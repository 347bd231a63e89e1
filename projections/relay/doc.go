// Package relay publishes a feed of a running server, as CloudEvents, to where others read: a stream of NATS JetStream, or a webhook.
//
// A Source gives the messages of a feed behind a position, as any client of the server gets them. Run brings one after the other to a
// Watermill publisher and moves on when it was taken. How far that went is kept by a Progress, beside the messages at the receiving
// side where that can be, else in a file. CLOUDEVENTS.md says what the receivers get.
//
// # Laws
//
//   - In order, one message a position, at least once. A message is sent again until it was taken; only then is the next one sent,
//     and the position kept. So whatever ends the relay, at whatever moment, the next start begins with the first message that is
//     not known to have been taken.
//   - What is sent again is the same, byte for byte: it is a function of the record, the feed and its arguments.
//   - Nothing is skipped silently: each message names the one before it, and one that does not fit ends the line, which is then taken
//     up anew.
//   - Progress belongs to one feed of one record. A server that has another record, or another past, is refused by name.
//   - No secret and no address with a secret in it stands in a log or an error.
//
// # Why
//
// 2026-11: a relay is a client of a server and not a part of one. An embedded store can be opened once only, and its server has it;
// and what goes out is then what everybody can check by the public API. A receiver that is slow or away holds up its own relay and
// nobody else: the record is the queue.
package relay
