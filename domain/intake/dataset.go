package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/roster"
)

// Input is what was read from a file or a folder.
type Input struct {
	Rows []domain.Row // In the order of recording.
	// SHA256 is the digest of the input, 64 hexadecimal digits: over every file that was read, in the order of the files, its
	// name, a blank, its number of bytes, a line feed and the bytes without a byte order mark. The built-in States count as if they
	// stood in the folder.
	SHA256 string
	Name   string // What the input is called. Where the reader does not know, who calls it sets it.
	// Findings are what was noticed and hinders nothing.
	Findings []Fault
}

// Dataset reads the folder of a data set. Where there are faults, the Rows are not to be recorded;
// recording them without recording (AllOptions.DryRun) tells what else is wrong.
func Dataset(fsys fs.FS) (Input, []Fault) {
	return read(fsys, layouts)
}

// Reference reads of a data set only what a new record starts with: the States and the groups. The rows have the keys that
// Dataset gives them, so a later import of the whole records none of them again.
func Reference(fsys fs.FS) (Input, []Fault) {
	return read(fsys, []layout{layoutOf("states"), layoutOf("aliases"), layoutOf("groups")})
}

// PositionsFile is a file of positions alone, in the layout of a data set's positions.csv.
type PositionsFile struct {
	Name   string
	SHA256 string // Over "positions.csv", a blank, the number of bytes, a line feed and the bytes, as Input has it, without a byte order mark.
	data   []byte
}

// Positions takes a file of positions in. What it says depends on what is on record.
func Positions(data []byte, name string) PositionsFile {
	data = unmarked(data)
	digest := sha256.New()
	fmt.Fprintf(digest, "positions.csv %d\n", len(data))
	digest.Write(data)
	return PositionsFile{Name: name, SHA256: hex.EncodeToString(digest.Sum(nil)), data: data}
}

// Against reads the file against what is on record: States and groups may be called by the names that they have there. What a
// position is on, and the session, are on record or the decider tells. The rows have the keys that Dataset gives them. A source
// without a title is called by the symbol of its document, else by the proposal's slug, since short titles are not on record.
func (f PositionsFile) Against(onRecord *domain.World) ([]domain.Row, []Fault) {
	d := newDataset()
	for _, s := range onRecord.States() {
		named := roster.Names(s.Names, s.Aliases)
		d.names.states.Add(s.State, named)
		d.names.actors.Add(s.State, named)
	}
	for _, g := range onRecord.Groups() {
		d.names.actors.Add(g.Group, roster.Names(g.Names, nil))
	}
	l := layoutOf("positions")
	t := readTable(f.Name, f.data, l.columns(), l.required)
	d.tables[l.kind] = t
	d.readPositions()
	sortFaults(t.faults, map[string][]string{f.Name: t.header})
	return d.rows(), t.faults
}

// builtIn is the built-in list by name. It is made when it is first needed, and only read.
var builtIn = sync.OnceValue(roster.BuiltIn)

// dataset is a folder while it is read.
type dataset struct {
	tables map[string]*table // By kind; one without rows for a file that is not there.
	digest hash.Hash
	faults []Fault // Of the folder.
	names  names

	proposals map[string]*proposal
	labels    map[string]string // Of the groups, by code.

	stages [stages]stage
}

// The stages of recording (RULES, section 10). States, groups and the like come before what names them; positions that explain
// an act come after the acts, and what ends something comes last.
const (
	admissions = iota
	groups
	sessions
	elements
	options
	submissions
	revisions
	positions
	endorsements
	votes
	explanations
	withdrawals
	ends
	stages
)

type stage struct{ rows []domain.Row }

func newDataset() *dataset {
	return &dataset{
		tables: map[string]*table{}, digest: sha256.New(), proposals: map[string]*proposal{}, labels: map[string]string{},
		names: names{states: roster.NewIndex(), actors: roster.NewIndex(), builtIn: builtIn},
	}
}

// rows gives the rows of all stages, in the order of recording.
func (d *dataset) rows() []domain.Row {
	var all []domain.Row
	for _, s := range d.stages {
		all = append(all, s.rows...)
	}
	return all
}

func read(fsys fs.FS, files []layout) (Input, []Fault) {
	d := newDataset()
	d.open(fsys, files)

	// In this order, since later files name what earlier ones define.
	d.readStates()
	d.readGroups()
	d.readSessions()
	d.readElements()
	d.readOptions()
	d.readProposals()
	d.readPositions()
	d.readEndorsements()
	d.readVotes()

	in := Input{SHA256: hex.EncodeToString(d.digest.Sum(nil)), Rows: d.rows()}
	faults, columns := d.faults, map[string][]string{}
	for _, t := range d.tables {
		faults = append(faults, t.faults...)
		columns[t.name] = t.header
	}
	sortFaults(faults, columns)
	return in, faults
}

// open reads the files. A missing file is an empty one, except that the built-in States serve where there is neither states.csv
// nor aliases.csv. A folder with States of its own has its own aliases, too: without aliases.csv they have none. Aliases alone
// are refused: to add them to the built-in States would give States that differ from those that a new record starts with.
func (d *dataset) open(fsys fs.FS, files []layout) {
	data, found := map[string][]byte{}, false
	for _, l := range layouts {
		d.tables[l.kind] = &table{name: l.file()}
	}
	for _, l := range files {
		bytes, err := fs.ReadFile(fsys, l.file())
		switch {
		case err == nil:
			data[l.kind], found = unmarked(bytes), true
		case !errors.Is(err, fs.ErrNotExist):
			found = true
			d.faults = append(d.faults, Fault{File: l.file(), Message: fmt.Sprintf("The file cannot be read: %v.", err)})
		}
	}
	d.lookAround(fsys, found)
	prefix := ""
	if data["states"] == nil {
		if data["aliases"] != nil {
			d.tables["aliases"].fault(1, "", "", "There are aliases but no states.csv; add the States that they belong to, or take the file away and the built-in States serve with theirs.")
			delete(data, "aliases")
		} else {
			prefix = "built-in "
			for _, kind := range []string{"states", "aliases"} {
				data[kind], _ = fs.ReadFile(roster.Files(), layoutOf(kind).file()) // Embedded: it cannot fail.
			}
		}
	}
	for _, l := range files {
		bytes, ok := data[l.kind]
		if !ok {
			continue
		}
		fmt.Fprintf(d.digest, "%s %d\n", l.file(), len(bytes))
		d.digest.Write(bytes)
		name := l.file()
		if l.kind == "states" || l.kind == "aliases" {
			name = prefix + name
		}
		d.tables[l.kind] = readTable(name, bytes, l.columns(), l.required)
	}
}

// lookAround finds files that are not read because their name is nearly right; a folder with none that is right is no data set.
func (d *dataset) lookAround(fsys fs.FS, found bool) {
	known := make([]string, len(layouts))
	for i, l := range layouts {
		known[i] = l.file()
	}
	if !found {
		d.faults = append(d.faults, Fault{Message: "None of the files of a data set is here; it has one or more of " + list(known, "and") + "."})
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return // The folder cannot be listed, which says nothing about its files.
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.EqualFold(path.Ext(name), ".csv") || slices.Contains(known, name) {
			continue
		}
		for _, near := range nearest(name, known) {
			if missing := !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == near }); missing {
				d.faults = append(d.faults, Fault{File: name, Message: fmt.Sprintf("A data set has no file %q; did you mean %s? Rename it, or take it out of the folder.", name, near)})
				break
			}
		}
	}
}

// add gives a stage its next row.
func (d *dataset) add(stage int, r *row, made domain.Row, defines ...string) {
	made.File, made.Line = r.table.name, r.line
	if made.Cells == nil {
		made.Cells = r.cells
	}
	made.Defines, made.Needs, made.Faulty = defines, r.needs, r.faulty
	d.stages[stage].rows = append(d.stages[stage].rows, made)
}

// always is the command of a row that is the same whatever is on record.
func always(c domain.Command) func(*domain.World) (domain.Command, *domain.Refusal) {
	return func(*domain.World) (domain.Command, *domain.Refusal) { return c, nil }
}

// unique finds rows of one file with the same key.
type unique map[string]int

// twice takes down a fault where the key stood in an earlier row. What names the key in the sentence. An empty cell is told as
// such, and no key.
func (u unique) twice(r *row, column, what string, key ...string) {
	if r.cells[column] == "" {
		return
	}
	k := strings.Join(key, "\x00")
	if line, ok := u[k]; ok {
		r.fault(column, "%s stands in line %d already; keep one of the two.", what, line)
		return
	}
	u[k] = r.line
}
