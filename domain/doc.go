// Package domain is the vocabulary of rapporteur and its rules: who speaks, what is proposed, what is said and done, and which
// events a command yields or why it yields none.
//
// A State or a Group (an actor) takes a Position on a Target (a proposal, or an option that answers an element); it endorses
// a proposal's document by a formal act; both rest on a Source. Everything is recorded as events in streams, one stream a
// proposal, actor, element, State, group, session or import; the stream's name is the category, a hyphen and the key.
//
// For each stream category there is one decider, in one file with its commands, its events and its folded state:
//
//	Decide(state, command, facts) -> events, or a Refusal
//	Evolve(state, event)          -> state
//
// Laws:
//   - Nothing here reads a file, a socket, a clock or a random number, and nothing starts a goroutine. What a rule must know
//     of other streams or of the day comes as Facts.
//   - Evolve cannot fail. What was once recorded is true for ever, even if a rule of today would refuse it.
//   - A Refusal tells all faults of a command at once, and a refused command yields nothing.
//   - The zero value of a type means that nothing was said.
//
// Nothing in domain knows JSON's form (package codec), the store (eventlog) or figures (projections).
package domain
