// Package synthetic makes long valid records for benchmarks: 193 Member States and two observers, seven groups, thirteen
// proposals and 38 options, and on them mostly positions, with corrections, withdrawals, retractions, formal acts and votes in
// between, about as the demonstration data have them.
//
// A record is a function of its seed alone, and a shorter one is the beginning of a longer one. It begins on 1 January 2024 and
// goes on by one event a minute; first it is the world that is recorded, then what was said and done, much of it late.
//
// Nothing in here is data: no text was said by anybody, and no name but those of States and groups is one.
package synthetic
