// Package history makes valid histories for tests to compare answers over: random ones over a small world (Random), and all
// short ones over a tiny world (All). Only tests may import it.
//
// Valid means that the rules would accept each event after those before it; Check says whether a history is. All histories
// are functions of their arguments alone, the same on every machine.
package history
