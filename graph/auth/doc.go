// Package auth says who asks, and what they may do.
//
// A request brings a credential, an [Authenticator] makes a [Principal] of it, and the principal goes along in the context of the
// request ([NewContext], [FromContext]). [Guard] does this for requests over HTTP; a transport that takes credentials in another
// way, as WebSocket does in its first message, calls the authenticator itself.
//
// Laws:
//   - Who has no role is no principal: an authenticator refuses it. So whoever is in a context may read.
//   - Nothing that refuses a credential repeats it, nor any part of it.
//   - Credentials come in the header Authorization or in a message, never in an address: addresses stand in logs and histories.
//   - local, reference and import are what the program itself records under (RULES, section 8); nobody else is taken for them.
//
// What a role opens is not said here but by the table of the mutations (package graph).
package auth
