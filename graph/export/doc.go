// Package export takes the record away: positions, formal acts, votes, standings, figures and the events themselves, as files that
// open elsewhere. What each file has in it stands in FORMAT.md, which is made of the same table as the writers (a test compares).
//
// A File is written by Write, for the command line, and served by Handler; both give the same bytes.
//
// Laws:
//   - The same record, the same moment, the same bytes. Columns may be added behind the others; none is renamed, moved or dropped.
//   - A figure is the one that the API serves, and so is its text.
//   - Memory does not grow with the number of rows: they come from the read model a page at a time, from the log a batch at a time,
//     and leave in chunks. While a slow reader takes its chunk, nothing is held back from others.
//   - Nothing that was recorded is taken for a formula by a spreadsheet; in JSON every text is exact.
//   - A part is never taken for the whole: what fails on the way breaks the connection off.
//
// Why no compression: a proxy in front does it better, with a choice of the reader's; bytes that are kept for ever are kept plain.
package export
