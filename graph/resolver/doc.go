// Package resolver answers the fields of the public schema that take a moment or a page, read the log, or record. Each takes its
// arguments in, makes one call to a View or to the recorder, and maps what comes out; all else is bound in package model.
//
// The files named as those of the schema are kept in step by gqlgen: they hold resolvers and nothing else. What resolvers share
// stands in the others.
//
// Laws:
//   - An operation sees one newest position, taken when it begins (Begin), whatever is recorded meanwhile.
//   - A field without asOf is answered as of the moment of what it hangs on. An asOf replaces that moment as a whole.
//   - What a client got wrong is a *domain.Refusal with all faults, each with the path of its argument; any other error is a fault
//     of ours or of the store. Package graph turns both into what is shown.
//   - "Does not exist at this moment" is null. "Exists nowhere in the record" is null and NOT_FOUND, with what may have been meant.
package resolver
