// Package relay makes and reads what clients hand back: global ids, cursors, and the sizes of pages (Relay's conventions for
// GraphQL servers). To clients an id and a cursor are opaque; that they are short texts is for people who look into a log.
//
// An id is base64url (RFC 4648, section 5, without padding) of
//
//	<kind>:<key>[@<P>][~<D>]
//
// Kind is two letters. Key is what names the object at every moment: a slug, a code, a key, element/option; or its position in
// the record; of a ballot, the vote's position, a slash and the State's code. P and D are the moment that the object was
// answered as of (RULES, section 1): P where a position or an instant of recording was asked for, D where a day was.
//
// A cursor is base64url of
//
//	<kind>:<digest>:<order key>[@<P>][~<D>]
//
// The digest is of all that makes the connection: whose it is, and its filter. The order key is the place of the item in the
// order of the list and not a count, so that pages go on where they ended while the record grows. Only the cursor of an event is
// plain: its position in the record.
//
// Laws:
//   - What was given out is read back for ever: kinds and forms are only added.
//   - Reading is strict: a text that would not be written exactly so is no id and no cursor. One object at one moment has one id.
//
// Whether what an id names exists is the read model's to say.
package relay
