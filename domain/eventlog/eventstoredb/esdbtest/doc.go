// Package esdbtest is a stand-in for an EventStoreDB cluster in the test's own process: nodes that speak the real protocol
// (the client's generated stubs, gRPC over loopback) and share one log. Nodes are killed and restarted on their ports, the
// leader moves, a follower lags, and each call can be made to fail in each of the ways in which servers and networks do.
//
// What it does as the server does (IndexWriter.CheckCommit and the gRPC services of EventStoreDB 23.10.6 and KurrentDB 26.1.0):
//   - Appends at an exact revision are idempotent by the ids of their events; at any revision they are not.
//   - The positions of $all grow by bytes and have gaps; system events and other programs' streams stand between ours.
//   - An append beyond the largest size is refused before its stream of messages was read to the end.
//   - A subscription with a filter sends checkpoints, and tells when it has caught up.
//   - A node that is not the leader forwards appends, or refuses them in the words of a server that was asked for the leader.
//
// What it cannot show: the timing of real elections, replication, the layout of the transaction log, scavenging,
// access lists and TLS. For these the suite of the adapter runs against an address, see there.
package esdbtest
