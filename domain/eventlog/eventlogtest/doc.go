// Package eventlogtest holds the suite that every eventlog.Log passes, the obvious in-memory log that the adapters are
// compared with, and a wrapper whose appends fail on purpose.
//
// The suite has no flags and skips nothing: what cannot pass it is not an adapter.
package eventlogtest
