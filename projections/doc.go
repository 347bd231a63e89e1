// Package projections is the read model: who stands where on what, at any moment, computed from the record alone.
//
// Model.Apply is its only writer, and catching up, following live and replaying are all this one call. A View of a Moment is
// its only reader. A moment has two times, a position in the record (what we knew) and a day (how things stood); "now" is only
// the newest moment, and there is no second, quicker path that answers it.
//
// What can decide a standing is kept in cells of package bitemporal, one for each actor and target, so that any moment is
// answered from the cells and never by replay. Figures over standings are those of package convergence.
//
// Laws:
//   - Same record, same position, same answer, for ever; the digest is the proof.
//   - Nothing in here asks the clock.
//   - Apply stops at an event that it cannot take in: a model that left one out must not answer.
//   - What a View gives away is a copy, or is never changed again.
//
// Nothing in projections writes to the log, knows GraphQL, or knows which store keeps the events.
package projections
