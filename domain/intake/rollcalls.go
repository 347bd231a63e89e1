package intake

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/roster"
)

// Resolution says which proposal a resolution's roll call belongs to.
type Resolution struct {
	Symbol   string // As in the column resolution of the file: an opaque key.
	Proposal string // The slug.
}

// RollCalls reads roll calls from voting data of the UN Digital Library: those of the resolutions that are named, out of a file of
// any length. It keeps no row but theirs. The Name of the Input is that of the file; its SHA256 is over the resolutions
// ("symbol=slug", a line each, in order), a blank line and the file's bytes, since they are the input as much as the file is.
func RollCalls(r io.Reader, name string, resolutions []Resolution) (Input, []Fault) {
	c := rollCalls{table: &table{name: name}, calls: map[string]*rollCall{}}
	digest := sha256.New()
	for _, resolution := range slices.SortedFunc(slices.Values(resolutions), func(a, b Resolution) int { return cmp.Compare(a.Symbol, b.Symbol) }) {
		fmt.Fprintf(digest, "%s=%s\n", resolution.Symbol, resolution.Proposal)
		c.calls[resolution.Symbol] = &rollCall{resolution: resolution, told: map[string]bool{}, once: unique{}}
	}
	fmt.Fprintln(digest)
	c.read(io.TeeReader(r, digest))
	in := Input{Name: name, SHA256: hex.EncodeToString(digest.Sum(nil))}
	if c.header != nil {
		for _, call := range slices.SortedFunc(maps.Values(c.calls), func(a, b *rollCall) int { return cmp.Compare(a.line(), b.line()) }) {
			if call.first != nil {
				in.Rows = append(in.Rows, c.row(call))
			} else if !c.broken {
				c.missing(call)
			}
		}
	}
	sortFaults(c.table.faults, nil)
	slices.SortStableFunc(c.findings, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	in.Findings = c.findings
	return in, c.table.faults
}

// The bounds of what is read.
const (
	longestRecord   = 1 << 20 // Bytes of one row: one whose quote is never closed would take in the rest of the file.
	toldOfRollCalls = 1000    // Faults after which reading ends: in a file of a million rows the rest says the same.
)

// rollCalls is a file while it is read.
type rollCalls struct {
	table    *table // Takes down the faults.
	header   map[string]int
	calls    map[string]*rollCall // By symbol.
	last     string               // The symbol of the row before that is not among them.
	findings []Fault
	broken   bool // The file was not read to its end.
}

// rollCall is the vote on one resolution.
type rollCall struct {
	resolution Resolution
	first      *row     // Its first row; nil where there is none.
	near       []string // What may have been meant while there is none.
	ballots    []domain.CastBallot
	lines      []int                  // Of the ballots.
	count      [domain.Absent + 1]int // Of all rows.
	unrecorded [domain.Absent + 1]int // Of these, those of States that are none now.
	rows       int
	once       unique
	told       map[string]bool // The columns in which rows were found to disagree.
	faulty     bool
}

func (c *rollCall) line() int {
	if c.first == nil {
		return 0
	}
	return c.first.line
}

// The columns by which a row is read, under the names that they have had. Others are not looked at.
var rollCallColumns = []struct {
	name     string
	others   []string
	required bool
}{
	{"undl_id", nil, true},
	{"ms_code", []string{"ms_codes"}, true},
	{"ms_name", []string{"ms_names"}, false},
	{"ms_vote", []string{"ms_votes"}, true},
	{"date", nil, true},
	{"resolution", []string{"resolutions"}, true},
	{"total_yes", []string{"yes"}, false},
	{"total_no", []string{"no"}, false},
	{"total_abstentions", []string{"abstentions"}, false},
	{"total_non_voting", []string{"non-voting"}, false},
	{"total_ms", nil, false},
}

// read reads the file to its end.
func (c *rollCalls) read(r io.Reader) {
	limit := &limitedReader{r: r}
	buffered := bufio.NewReader(limit)
	limit.left = longestRecord
	switch start, _ := buffered.Peek(3); {
	case bytes.Equal(start, byteOrderMark):
		_, _ = buffered.Discard(len(byteOrderMark))
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		c.table.fault(1, "", "", "The file is UTF-16; save it as UTF-8.")
		return
	}
	records := csv.NewReader(buffered)
	records.LazyQuotes = true // Titles have stray quotes; what that does to a row shows in the number of its cells.
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	width, line := 0, 0
	for {
		limit.left = longestRecord
		cells, err := records.Read()
		switch {
		case errors.Is(err, io.EOF):
			if c.header == nil && len(c.table.faults) == 0 {
				c.table.fault(1, "", "", "The file is empty; its first line names the columns, among them resolution, ms_code and ms_vote.")
			}
			return
		case err != nil:
			c.broken = true
			if errors.Is(err, errTooLong) {
				c.table.fault(line+1, "", "", "The row that begins here has more than %d bytes; a double quote in it may not be closed.", longestRecord)
			} else {
				c.table.fault(0, "", "", "The file cannot be read: %v.", err)
			}
			return
		}
		line, _ = records.FieldPos(0)
		if width == 0 {
			if !c.readHeader(cells) {
				c.broken = true
				return
			}
			width = len(cells)
			continue
		}
		if len(cells) != width {
			c.table.fault(line, "", "", "The row has %s where the header has %d; a cell that has a comma in it stands between double quotes.", count(len(cells), "cell"), width)
		} else {
			c.readRow(line, cells)
		}
		if len(c.table.faults) >= toldOfRollCalls {
			c.broken = true
			c.table.fault(line, "", "", "There are %d faults so far; reading ends here.", len(c.table.faults))
			return
		}
	}
}

// limitedReader ends a record that is too long. What the reader before it has read ahead is little against the limit.
type limitedReader struct {
	r    io.Reader
	left int
}

var errTooLong = errors.New("a row is too long")

func (l *limitedReader) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.r.Read(b[:min(len(b), l.left)])
	l.left -= n
	return n, err
}

// readHeader finds the columns by name.
func (c *rollCalls) readHeader(cells []string) bool {
	if len(cells) == 1 && strings.ContainsAny(cells[0], ";\t") {
		c.table.fault(1, "", "", "The columns are parted by semicolons or tabs; save the file as CSV with commas.")
		return false
	}
	header := map[string]int{}
	var others []string // Columns that are none of ours, or are misspelt.
	for i, cell := range cells {
		cell = strings.ToLower(strings.TrimSpace(cell))
		ours := false
		for _, column := range rollCallColumns {
			if cell != column.name && !slices.Contains(column.others, cell) {
				continue
			}
			if _, twice := header[column.name]; twice {
				c.table.fault(1, cell, cell, "The column %s stands twice; keep one.", column.name)
			}
			header[column.name], ours = i, true
		}
		if !ours {
			others = append(others, strings.Clone(cell))
		}
	}
	for _, column := range rollCallColumns {
		if _, ok := header[column.name]; ok || !column.required {
			continue
		}
		if near := nearest(column.name, others); len(near) > 0 {
			c.table.fault(1, column.name, "", "The column %s is missing; is it %s?", column.name, list(near, "or"))
		} else {
			c.table.fault(1, column.name, "", "The column %s is missing; the file has one row for each Member State and resolution.", column.name)
		}
	}
	if len(c.table.faults) > 0 {
		return false
	}
	c.header = header
	return true
}

// readRow takes in a row of a resolution that was asked for.
func (c *rollCalls) readRow(line int, cells []string) {
	symbol := strings.TrimSpace(cells[c.header["resolution"]])
	call, ok := c.calls[symbol]
	if !ok {
		if symbol != c.last { // The rows of a resolution stand together.
			c.last = strings.Clone(symbol)
			c.resembles(c.last)
		}
		return
	}
	r := &row{table: c.table, line: line, cells: map[string]string{}, canonical: map[string]string{}}
	for _, column := range rollCallColumns {
		if at, ok := c.header[column.name]; ok {
			cell := strings.TrimSpace(cells[at])
			if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
				r.fault(column.name, "The cell is no UTF-8; save the file as UTF-8.")
			}
			r.cells[column.name] = norm.NFC.String(strings.Clone(cell))
		}
	}
	if call.first == nil {
		call.first = r
		c.readTotals(call, r)
	} else {
		c.compare(call, r)
	}
	c.readBallot(call, r)
	call.faulty = call.faulty || r.faulty
}

// readTotals reads what the rows of a resolution have in common.
func (c *rollCalls) readTotals(call *rollCall, r *row) {
	r.needDay("date")
	r.took("resolution", call.resolution.Symbol)
	r.took("proposal", call.resolution.Proposal)
	id, ok := wholeNumber(r.need("undl_id"))
	if !ok && r.cells["undl_id"] != "" {
		r.fault("undl_id", "%q is no number of a record.", shown(r.cells["undl_id"]))
	}
	r.took("undl_id", strconv.Itoa(id))
	for _, column := range []string{"total_yes", "total_no", "total_abstentions", "total_non_voting", "total_ms"} {
		total, ok := wholeNumber(r.cells[column])
		switch {
		case r.cells[column] == "":
		case !ok:
			r.fault(column, "%q is no number of votes; write it with digits alone.", shown(r.cells[column]))
		default:
			r.took(column, strconv.Itoa(total))
		}
	}
}

// compare tells where a row says something else than the first of its resolution.
func (c *rollCalls) compare(call *rollCall, r *row) {
	for _, column := range []string{"undl_id", "date", "total_yes", "total_no", "total_abstentions", "total_non_voting", "total_ms"} {
		a, b := call.first.cells[column], r.cells[column]
		if a != b {
			x, okX := wholeNumber(a)
			y, okY := wholeNumber(b)
			if (!okX || !okY || x != y) && !call.told[column] {
				call.told[column] = true
				r.fault(column, "Line %d has %q for the same resolution; the rows of a roll call agree.", call.first.line, shown(a))
			}
		}
	}
}

var whole = regexp.MustCompile(`^([0-9]{1,9})(\.0*)?$`)

// wholeNumber reads 120 and 120.0: tools that know numbers with a fraction alone have written the file.
func wholeNumber(cell string) (int, bool) {
	m := whole.FindStringSubmatch(cell)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}

// ballotLetters are what ms_vote has. Absent and not participating are not told apart.
var ballotLetters = map[string]domain.Ballot{"Y": domain.Yes, "N": domain.No, "A": domain.Abstain, "X": domain.Absent, "NV": domain.Absent, "": domain.Absent}

// readBallot reads who voted, and how.
func (c *rollCalls) readBallot(call *rollCall, r *row) {
	call.rows++
	ballot, ok := ballotLetters[strings.ToUpper(r.cells["ms_vote"])]
	if !ok {
		r.fault("ms_vote", "%q is no ballot; it is Y, N, A or X (NV or nothing is X).", shown(r.cells["ms_vote"]))
	}
	call.count[ballot]++
	voter, err := roster.ParseVoter(r.cells["ms_code"], r.cells["ms_name"])
	var disagree *roster.Disagreement
	switch {
	case errors.As(err, &disagree):
		r.fault("ms_name", "The code %s means %s, but the name %s; correct one of the two.", shown(r.cells["ms_code"]), disagree.ByCode, disagree.ByName)
		return
	case voter.Code == "" && voter.Former == "":
		r.fault("ms_code", "The cell is empty, and the name %q is none that is known; give the code of three letters.", shown(r.cells["ms_name"]))
		return
	case voter.Code == "":
		call.unrecorded[ballot]++
		c.finding(r, "ms_name", "%s is no Member State now; its ballot (%s) in the vote on %s is not recorded, and so the vote is recorded as not complete.", voter.Former, ballot, call.resolution.Symbol)
		return
	case voter.Former != "":
		c.finding(r, "ms_name", "The ballot of %s in the vote on %s is recorded as that of %s, which has its seat.", voter.Former, call.resolution.Symbol, voter.Code)
	}
	call.once.twice(r, "ms_vote", "The ballot of "+voter.Code+" in the vote on "+call.resolution.Symbol, voter.Code)
	call.ballots = append(call.ballots, domain.CastBallot{State: voter.Code, Ballot: ballot})
	call.lines = append(call.lines, r.line)
}

func (c *rollCalls) finding(r *row, column, format string, args ...any) {
	c.findings = append(c.findings, Fault{File: c.table.name, Line: r.line, Column: column, Value: r.cells[column], Message: fmt.Sprintf(format, args...)})
}

// row makes the vote.
func (c *rollCalls) row(call *rollCall) domain.Row {
	r := call.first
	columns := map[string]string{"documentSymbol": "resolution", "on": "date", "yes": "total_yes", "no": "total_no",
		"abstain": "total_abstentions", "absent": "total_non_voting", "source": "undl_id"}
	cells := maps.Clone(r.cells)
	vote := domain.RecordVote{
		Proposal: call.resolution.Proposal, DocumentSymbol: call.resolution.Symbol, Body: "General Assembly", Adopted: true, Complete: true, Ballots: call.ballots,
		Source: domain.Source{Title: "UN Digital Library voting record " + r.canonical["undl_id"], URL: "https://digitallibrary.un.org/record/" + r.canonical["undl_id"]},
	}
	vote.On, _ = domain.ParseDate(r.canonical["date"]) // What it is not was told.
	for _, t := range []struct {
		ballot domain.Ballot
		column string
		total  *int
	}{{domain.Yes, "total_yes", &vote.Yes}, {domain.No, "total_no", &vote.No}, {domain.Abstain, "total_abstentions", &vote.Abstain}, {domain.Absent, "total_non_voting", &vote.Absent}} {
		counted := call.count[t.ballot]
		total, err := strconv.Atoi(r.canonical[t.column])
		if err != nil {
			total = counted
			if r.cells[t.column] == "" && !call.faulty {
				c.finding(r, t.column, "The vote on %s has no total of %s; that of its rows, %d, is recorded.", call.resolution.Symbol, t.ballot, counted)
			}
		}
		*t.total = total
		// More ballots than the total are refused by the decider: one of the two is wrong, and nobody here knows which.
		if counted < total && !call.faulty { // Rows that could not be read are told as that.
			c.finding(r, t.column, "The vote on %s has a total of %d %s, but %s; it is recorded with its total, as not complete.", call.resolution.Symbol, total, t.ballot, count(counted, "such row"))
		}
		vote.Complete = vote.Complete && !call.faulty && counted-call.unrecorded[t.ballot] == total
	}
	if members, err := strconv.Atoi(r.canonical["total_ms"]); err == nil && members != call.rows {
		c.finding(r, "total_ms", "The vote on %s has %d as its number of members, but %s.", call.resolution.Symbol, members, count(call.rows, "row"))
	}
	canonical := make([]string, len(call.ballots))
	for i, b := range call.ballots {
		canonical[i] = b.State + " " + b.Ballot.String()
		at := fmt.Sprintf("%s:%d:ms_", c.table.name, call.lines[i])
		path := "ballots." + strconv.Itoa(i)
		columns[path+".state"], columns[path+".ballot"] = at+"code", at+"vote"
		cells[at+"code"], cells[at+"vote"] = b.State, b.Ballot.String()
		r.needs = append(r.needs, b.State)
	}
	slices.Sort(canonical)
	r.took("ballots", strings.Join(canonical, "\n"))
	return domain.Row{
		File: c.table.name, Line: r.line, Columns: columns, Cells: cells, Faulty: call.faulty, Needs: append(r.needs, call.resolution.Proposal),
		Key: r.id("rollcalls", "undl_id", "date", "resolution", "proposal", "total_yes", "total_no", "total_abstentions", "total_non_voting", "ballots"),
		Command: func(w *domain.World) (domain.Command, *domain.Refusal) {
			// What the record is called is our own wording: one that is recorded with this very record as its source keeps its own.
			as := vote
			if recorded, ok := w.Vote(vote.DocumentSymbol, ""); ok && recorded.Source.URL == vote.Source.URL {
				as.Source = recorded.Source
			}
			return as, nil
		},
	}
}

// resembles notes a symbol that is not among those asked for, as what may have been meant by one that does not come.
func (c *rollCalls) resembles(symbol string) {
	for _, call := range c.calls {
		if call.first == nil {
			call.near = nearestSymbols(call.resolution.Symbol, append(call.near, symbol))
		}
	}
}

// nearestSymbols puts those first that differ in brackets, blanks and the like alone: A/RES/32/202A and A/RES/32/202[A] are two keys.
func nearestSymbols(symbol string, known []string) []string {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToUpper(r)
			}
			return -1
		}, s)
	}
	var near []string
	for _, k := range known {
		if bare(k) == bare(symbol) && !slices.Contains(near, k) {
			near = append(near, k)
		}
	}
	for _, k := range domain.Nearest(symbol, known) {
		if !slices.Contains(near, k) {
			near = append(near, k)
		}
	}
	return near[:min(len(near), 3)]
}

// missing tells that a resolution does not come in the file.
func (c *rollCalls) missing(call *rollCall) {
	hint := " It has recorded votes on resolutions that were adopted, and no others."
	if len(call.near) > 0 {
		hint = " Did you mean " + list(call.near, "or") + "?"
	}
	c.table.faults = append(c.table.faults, Fault{File: c.table.name, Code: domain.NotFound,
		Message: fmt.Sprintf("There is no vote on %q in the file.%s", shown(call.resolution.Symbol), hint)})
}
