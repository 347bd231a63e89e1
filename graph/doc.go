// Package graph is the HTTP server: the public schema over GraphQL (httpgraphql), the query editor (graphiql), and what tells an
// orchestrator how things are. NewHandler makes all of it.
//
// Around the resolvers it does three things that belong to no single field. It pins each operation to one position of the record
// and says in extensions.at which the answer holds at. It turns every error into one with a code (errors.go). And it says what an
// operation costs before it is run (complexity.go).
//
// Laws:
//   - Every error of an operation has a code of the schema's ErrorCode in extensions.code; faults of one input are all told.
//   - What is no fault of the client is told as an id, and stands with that id in the log of the server.
//   - Nothing here knows which store keeps the record.
package graph
