// Package intake reads files that people write, and says where they are wrong.
//
// [Dataset] reads the folder of a data set. It gives one [domain.Row] for each thing that a file would record, in the order of
// recording, and one [Fault] for each thing that is wrong, all at once, with file, line, column, value and what would be right.
//
// # The files
//
// CSV (RFC 4180), UTF-8 without a byte order mark, LF or CR LF, a header line; columns go by name, in any order. A missing file
// is an empty one. A list within a cell is parted by semicolons. Days are YYYY-MM-DD. Words (support_with_reservations) may be
// in capitals and have hyphens or blanks for underscores. Where a State is asked for, its code, or a name or alias in any of
// the six languages will do; where an actor is, also a group's code or label. An empty cell says nothing. Columns such as note,
// iso2, m49 and the kind of an alias are not recorded.
//
//	states            iso3 name_en; iso2 m49 regional_group observer admitted name_xx formal_xx
//	aliases           iso3 alias; lang kind valid_from valid_to
//	groups            group label; kind (standing) member from until
//	sessions          session name forum starts_on ends_on decision_rule
//	elements          element label; description
//	options           element option label; description
//	proposals         proposal title date submitters; short_title capacity document_symbol summary,
//	                  status status_on adopted_by without_vote successor outcome_symbol
//	revisions         proposal date; submitters capacity document_symbol title summary
//	proposal-options  proposal element option; document_symbol
//	positions         date actor summary; proposal | element option; session aligned_with stance points withdrawn_on
//	endorsements      date proposal actor kind; document_symbol paragraph
//	votes             proposal document_symbol body date adopted yes no abstain absent; paragraph complete (true)
//	ballots           document_symbol state ballot; paragraph
//
// Before the semicolon stand the columns that a file must have. Everywhere there may be form, explains, dissociated, quote,
// symbol, locator, language, source_title, source_url, source_grade, source_symbol, source_locator, source_language,
// source_quote (the last four are quote, symbol … under another name) and note; in files whose rows have no use for one it is
// not read.
//
//   - The first row of a group defines it; each row with a member is a membership. The rows of a group agree in label and kind.
//   - A proposal has a document where it has a symbol; the document's title is the proposal's. Its options are the rows of
//     proposal-options with this symbol. A revision without submitters has those before, and their capacity; one without
//     options keeps those before.
//   - A status other than submitted ends the proposal on status_on. Only an adopted one has adopted_by, without_vote and
//     outcome_symbol, only a merged or superseded one a successor.
//   - Points are "KIND: text", parted by " | ".
//   - explains is the document symbol, and #paragraph, of an act or ballot of the same actor.
//   - Ballots belong to the vote of the same document_symbol and paragraph.
//   - Without a source_title the source is called by the row's document symbol, else the proposal's short_title, else the
//     group's label. The source of an end is that of its proposal's row, of a withdrawal that of its position's row. A membership
//     without anything on its source has none.
//   - Without states.csv and aliases.csv the built-in States serve, as if they stood in the folder. States of one's own have no
//     aliases but one's own; aliases alone are refused.
//
// # What becomes of them
//
// A row of a file can yield two rows to record: a position and its withdrawal, a proposal and its end, a group and its first
// member. States take in their aliases, votes their ballots, submissions their options; where a decider finds fault with such a
// cell, Row.Columns names it file:line:column, and [Explain] and [At] lead back to it.
//
// Row.Key is made of the kind of row and what was read from its cells, in one spelling. So the same row gives the same key in
// whatever order columns stand, with or without columns that are not recorded, and however a State is named; and a position
// that is later given a withdrawn_on, or a proposal that is later given a status, keeps the key that it had.
//
// # Laws
//
//   - Nothing is guessed: a cell is read as written, or told.
//   - What a decider finds (does the option exist, is the day too late) is left to it, since only it knows the record; what
//     cannot be asked of the record (a ballot without its vote) is told here. Nothing is told twice. [Input.Check] puts both
//     together.
//   - A reader is given bytes and gives values: nothing here opens a file by itself, or knows the day.
//
// Names are folded by package roster; this package needs nothing outside the standard library for it.
package intake
