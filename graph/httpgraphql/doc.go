// Package httpgraphql serves an executable GraphQL schema over HTTP. It knows
// the protocols — GraphQL, GraphQL over HTTP, HTTP itself — and nothing of what
// the schema is about: a schema made by gqlgen goes in, an http.Handler comes out.
//
// gqlgen's executor runs the operations. What stands before and behind it is
// written here, because the executor assumes that whoever asks means well: it
// validates a document before it knows what the document costs, and some
// documents of two kilobytes cost it hours.
//
// # Laws
//
//  1. A request is measured before it is worked on. Each step is linear in what
//     the steps before it let through: bytes of the body, tokens, selections
//     counted with every fragment expanded, equal response keys of one level.
//     Only then is the document validated, and validation ends at the tenth error.
//  2. A refusal says which limit was met, how large it is, and carries its code in
//     extensions.code: BAD_USER_INPUT for what is malformed or too long,
//     COMPLEXITY_LIMIT_EXCEEDED for what is too deep, too wide or too costly.
//  3. An error that arises before execution has no data entry; one that arises in
//     execution has. The status code follows from that and from the media type,
//     as the specification lays down: https://graphql.github.io/graphql-over-http/draft/.
//  4. What execution wrote is sent as it is. Data is never decoded, never encoded
//     a second time.
//  5. Nobody outside learns how the program is made. An error that nobody vouched
//     for becomes "internal error" with an id; what happened stands in the log
//     under that id, with the stack if it was a panic.
//  6. GET and HEAD change nothing: they run queries, and GET subscriptions. POST takes only
//     application/json, which no page of another origin can send unasked (it
//     would need a preflight, and OPTIONS grants nothing). So there is no token
//     against cross-site requests, and none is needed.
//  7. A bounded number of operations runs at once and a bounded number waits. Who
//     comes on top of that is told so at once (503), instead of making all slow.
//     Of these places, and of those to run, one client has half at most, and a client that asks too
//     often is turned away before anything is read (429, RATE_LIMITED). Messages of
//     feeds have half of the places at most, and one client one of those at a time.
//  8. One document is validated once and shared afterwards: nothing in it is
//     written after it has entered the cache, and the cache is bounded by bytes.
//  9. An answer is given again only to the same question about the same state ([Answers]), never to who may not ask, and never if
//     anything in it went wrong. So whoever has seen something is not answered from before it.
//
// # Parts
//
// [New] makes the handler. It answers POST and GET, and follows subscriptions by
// WebSocket (graphql-transport-ws) and by server-sent events (distinct connections
// mode). All doors lead to the same limits. A subscription reads a [Source], which
// its resolver hands over with [Follow]; [Handler.Drain] ends all that are open in
// such a way that their clients come back, and [Handler.Stats] tells how many there are.
//
// [LoopbackOnly] protects a server without authentication from pages in the
// user's own browser; [CORS] lets pages of named origins ask; [Clients] tells
// clients apart and bounds how often each asks; [SecurityHeaders] and [NewServer]
// are what any server of ours wants around its handlers.
//
// # Why
//
// 2026-11: gqlgen brings transports of its own. They answer data: null to a
// document that does not parse, use application/graphql-response+json for a
// client that never heard of it, echo the body in error messages, and encode
// each answer twice. Bending them took more text than this package.
//
// 2026-11: batches (a JSON array of requests) are refused. They are not in the
// specification, and they multiply each limit by a number the client chooses.
//
// 2026-11: a subscription is no channel here. Its source is polled when the client
// has taken the message before, so that a slow client holds a place in the record
// and no messages; the operation is executed once for an event and shared, as
// bytes, by all who ask the same; and a WebSocket that waits costs two goroutines.
// gqlgen's transports resolve and encode each event for each subscriber.
//
// 2026-11: answers are kept whole, as bytes, by the hash of the question and the version of what is answered from, which an
// append-only record gives for nothing: nothing has to be invalidated, what nobody asks for any more makes room. They are
// looked up before a document is parsed, and need no place to run. They are not kept by WebSockets, whose queries are few.
//
// 2026-11: @defer is accepted and not acted on, which the proposal for it allows. A
// plain HTTP answer has one part; executing a deferred fragment for it would
// leave a goroutine that waits for ever to hand over a part nobody reads.
package httpgraphql
