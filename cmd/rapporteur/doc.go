// Command rapporteur records a negotiation as event streams and answers where the views of States converge.
//
// A tour of the house, from the bottom up:
//
//   - domain is the vocabulary and the rules: commands, events, and one decider a stream category. It is pure. Beside it
//     stand codec (events as canonical JSON, every version ever written), roster (the names of States in six languages) and
//     intake (files to commands).
//   - domain/eventlog is the port to the record; embedded keeps it in one SQLite file whose every byte is checked, eventstoredb
//     on an EventStoreDB cluster. leaf says what an event is in the record's Merkle tree.
//   - domain/recorder is the write side's shell: read a stream, decide, append, and answer a repeated idempotency key the same.
//   - projections is the read model in two times: Apply writes it, a View of a Moment reads it. bitemporal keeps the cells,
//     convergence the figures; oracle computes them all again by brute force, for the tests. router brings the record to it,
//     and to whoever else follows, by Watermill. relay publishes feeds to brokers and webhooks, as a client of a server.
//   - graph serves it: schema, resolvers, limits, the query editor.
//     graph/client asks a running server and has it record, for imports.
//   - this package is the only one that reads flags and environment, and the only one that chooses a store.
package main
