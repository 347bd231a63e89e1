// Package bitemporal keeps what is known of one thing in two times: since which position in the record we know it, and on
// which days of the world it holds.
//
// A Cell holds entries. Each entry has its place in an order (which of two entries is the later one) and a rectangle: it is
// known from position Since until before Gone, and for those who know, it holds on the days from From until before Until.
// When what is known changes, the entry is closed at that position and a new one is opened; nothing is ever removed, so that
// a question about an earlier position is answered from the same cell in the same way as one about the newest.
//
// Nothing here knows stances, days of the calendar or events.
package bitemporal
