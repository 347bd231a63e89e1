// Package roster knows States by their names.
//
// It answers two questions. Which State does this word mean: an [Index] finds codes by name in any of the six official
// languages, by alias and by code, and says "did you mean" where it finds none. And which States does a new record start
// with: [Admissions] gives the 193 Member States and two observers of the built-in list. README.md beside this file says
// where that list comes from.
//
// Laws:
//   - Names are compared folded ([Fold]); what is recorded and shown is always the name as it was given.
//   - The built-in list only fills a new record. Afterwards the record counts: the read model builds its Index from the
//     StateAdmitted events, so that a program of a later release, with another list, resolves an old record as it stands.
//   - A word that may mean two States resolves to neither.
//   - Nothing here reads a file, a clock or a socket: the list is embedded.
//
// Why golang.org/x/text, in a package that should need the standard library only: folding is defined by Unicode
// normalization (NFKD, UAX #15) and full case folding (CaseFolding.txt), and the standard library has neither.
// strings.EqualFold folds simply (ß stays apart from ss), and strings.ToLower makes İ a rune with a mark. Tables of our own
// would be a copy of theirs.
package roster
