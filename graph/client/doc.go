// Package client asks a running server and has it record: the API from the other side.
//
// [Open] finds out whether a rapporteur answers, and as whom one speaks to it. [Client.Log] reads its record, event by event as it
// was recorded and pinned to one position, as an [eventlog.Log]; so whatever reads a store reads a server. [Client.Record] sends
// commands as the mutations of the public schema.
//
// Laws:
//   - Nothing is decided here. What is sent is what domain's commands say; the server decides, and its refusal comes back as a
//     [domain.Refusal] with the paths that deciders give.
//   - A request is repeated only where that is safe: a query, or a mutation with its idempotency key. That goes on for Config.Patience
//     at most, with pauses that grow. Whatever then is not certain is called unknown (eventlog.ErrUnknown).
//   - The token goes to the server that was named and to no other: a redirection is an error. It stands in no error and no log.
//
// The code in generated.go is made by genqlient from operations.graphql and our own schema, so that a field that the schema does
// not have, or a type that does not fit, fails when it is made and not when it is sent.
package client
