// Package intake reads files that people write, and says where they are wrong.
//
// [Dataset] reads the folder of a data set, [Positions] a file of positions alone, [RollCalls] voting data of the UN Digital Library.
// Each gives one [domain.Row] for each thing that a file would record, in the order of recording, and one [Fault] for each thing
// that is wrong, all at once, with file, line, column, value and what would be right.
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
// # Voting data of the UN Digital Library
//
// One row for each Member State and resolution (https://digitallibrary.un.org/record/4060887). Columns go by name, in any order, also
// under their names of 2024: undl_id, ms_code, ms_name, ms_vote, date, resolution, total_yes, total_no, total_abstentions,
// total_non_voting, total_ms. The file has hundreds of thousands of rows and is read as a stream; a byte order mark is passed over and
// stray quotes are taken as they stand, since nobody can mend such a file by hand, but each row has as many cells as the header.
//
//   - A resolution is an opaque key, and the symbol of the document that was voted on: A/RES/32/202A and A/RES/32/202[A] are two.
//   - ms_vote is Y, N, A, X, NV or nothing, in either case. The last three are ABSENT: who was absent and who did not take part are
//     not told apart.
//   - The vote is one of the General Assembly, on the document as a whole, and adopted, since the file has no others. Its source is the
//     voting record, called by its number as in the built-in negotiation: so a vote that came by a data set is on record already.
//   - Totals are the official ones, 120 or 120.0. Fewer rows than a total is a finding: the vote is recorded with its total and as
//     not complete, which is what that means. More rows than a total is a fault: one of the two is wrong, nobody here knows which,
//     and no vote may have more ballots of a kind than its total (see the deciders). A total that is not there is counted.
//   - The code decides who voted, the name is evidence (see roster.ParseVoter): where they mean two States, that is a fault. The ballot
//     of a State whose seat nobody has now is told as a finding and not recorded; nor is the vote complete then. That of a State whose
//     seat another has is the other's, and told.
//   - The rows of a resolution agree in record, day and totals; a State has one ballot.
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
// Names are folded by package roster. Texts are normalised to NFC as the public interface normalises them, so that a file gives the
// same record whichever way it is sent; the standard library does not have that.
package intake
