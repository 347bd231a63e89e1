// Package model has the Go shape of every type of the public schema: a value of the domain or of the read model, and the moment
// that it was read at, from which its id is made and its relations are followed.
//
// gqlgen binds fields to the struct fields and methods here. A relation that takes no moment of its own is a method: it asks the
// View of the object that it belongs to, so that whatever hangs on an object is answered as of the same moment. Fields that take
// an asOf, read the log or can be refused are in package resolver.
//
// Laws:
//   - Nothing here asks for "now": a moment comes from above or from an argument.
//   - Zero values of the domain mean that nothing was said; they are null in answers, never "" or 0.
//   - No method takes a context: gqlgen starts a goroutine for each that does, and a list of 193 standings has a thousand fields.
package model
