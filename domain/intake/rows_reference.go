package intake

import (
	"maps"
	"strconv"
	"strings"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/roster"
)

// readStates reads states.csv and aliases.csv: each State with its aliases is one row.
func (d *dataset) readStates() {
	aliases := map[string][]*row{} // By code.
	once := unique{}
	for _, r := range d.tables["aliases"].rows {
		code := r.need("iso3")
		r.need("alias")
		word[domain.Language](r, "lang")
		once.twice(r, "alias", "This alias of "+code, code, r.cells["lang"], r.cells["alias"])
		aliases[code] = append(aliases[code], r)
	}
	known := map[string]bool{}
	once = unique{}
	for _, r := range d.tables["states"].rows {
		code := r.need("iso3")
		known[code] = true
		once.twice(r, "iso3", code, code)
		d.readState(r, code, aliases[code])
	}
	for _, r := range d.tables["aliases"].rows {
		if code := r.cells["iso3"]; code != "" && !known[code] && len(d.tables["states"].faults) == 0 {
			r.fault("iso3", "%s has no row in states.csv; its aliases belong to no State.", code)
		}
	}
}

func (d *dataset) readState(r *row, code string, aliases []*row) {
	columns := map[string]string{"code": "iso3", "names": "name_en", "regionalGroup": "regional_group", "observer": "observer", "admittedOn": "admitted"}
	used := []string{"iso3", "regional_group", "observer", "admitted", "aliases"}
	c := domain.AdmitState{Code: code, Observer: r.yes("observer", false), AdmittedOn: r.day("admitted")}
	r.need("name_en")
	for _, language := range domain.Languages {
		xx := strings.ToLower(language.String())
		n := domain.LocalizedName{Language: language, Name: r.text("name_" + xx), FormalName: r.text("formal_" + xx)}
		used = append(used, "name_"+xx, "formal_"+xx)
		switch {
		case n.Name != "":
			at := "names." + strconv.Itoa(len(c.Names))
			columns[at+".name"], columns[at+".formalName"] = "name_"+xx, "formal_"+xx
			c.Names = append(c.Names, n)
		case n.FormalName != "" && language != domain.English:
			r.fault("name_"+xx, "There is a formal name in this language, but no name; give both.")
		}
	}
	if cell := r.cells["regional_group"]; cell != "" {
		group, err := roster.ParseRegionalGroup(cell)
		if err != nil {
			r.fault("regional_group", "%q is no regional group; it is African, Asia-Pacific, Eastern European, GRULAC or WEOG.", cell)
		}
		c.RegionalGroup = group
		r.took("regional_group", group.String())
	}
	made := domain.Row{Columns: columns, Cells: maps.Clone(r.cells)}
	var words []string
	for _, a := range aliases {
		words = append(words, a.cells["alias"])
		r.faulty = r.faulty || a.faulty
	}
	c.Aliases = roster.Distinct(words)
	for i, alias := range c.Aliases {
		for _, a := range aliases {
			if a.cells["alias"] == alias {
				at := elsewhere(a, "alias")
				columns["aliases."+strconv.Itoa(i)], made.Cells[at] = at, alias
				break
			}
		}
	}
	r.took("aliases", strings.Join(c.Aliases, "\n"))
	// Also where the row has a fault: what names the State is not at fault for it.
	all := roster.Names(c.Names, c.Aliases)
	d.names.states.Add(code, all)
	d.names.actors.Add(code, all)
	made.Key, made.Command = r.id("states", used...), always(c)
	d.add(admissions, r, made, code)
}

// readGroups reads groups.csv: the first row of a group defines it, and each row with a member is a membership.
func (d *dataset) readGroups() {
	first := map[string]*row{}
	once := unique{}
	for _, r := range d.tables["groups"].rows {
		code := r.key("group")
		if code == "" {
			continue
		}
		f := first[code]
		if f == nil {
			f, first[code] = r, r
			d.labels[code] = r.need("label")
			d.names.actors.Add(code, []string{r.cells["label"]})
		}
		for _, column := range []string{"label", "kind"} {
			cell := r.cells[column]
			agree := cell == "" || cell == f.cells[column] || column == "kind" && schemaWord(cell) == schemaWord(f.cells[column])
			if !agree {
				r.fault(column, "The %s of %s is %q here and %q in line %d; the rows of a group agree.", column, code, shown(cell), shown(f.cells[column]), f.line)
			}
		}
		definition := domain.DefineGroup{Code: code, Kind: domain.Standing, Names: []domain.LocalizedName{{Language: domain.English, Name: d.labels[code]}}}
		if f == r && r.cells["kind"] != "" { // Without a kind it is standing, the default of the public schema.
			definition.Kind = word[domain.GroupKind](r, "kind")
		}
		r.took("group", code)
		r.took("label", d.labels[code])
		r.took("kind", definition.Kind.String())
		membership, columns := d.membership(r, code, once)
		if f == r {
			d.add(groups, r, domain.Row{
				Key:     r.id("groups", "group", "label", "kind"),
				Columns: map[string]string{"code": "group", "kind": "kind", "names": "label"},
				Command: always(definition),
			}, code)
		}
		if r.cells["member"] != "" {
			d.add(groups, r, domain.Row{
				Key:     r.id("memberships", append([]string{"group", "member", "from", "until"}, sourceColumns...)...),
				Columns: columns,
				Command: always(membership),
			})
		}
	}
}

func (d *dataset) membership(r *row, group string, once unique) (domain.ChangeGroupMembership, map[string]string) {
	columns := map[string]string{"group": "group", "state": "member", "from": "from", "until": "until"}
	c := domain.ChangeGroupMembership{Group: group, From: r.day("from"), Until: r.day("until")}
	if r.cells["member"] == "" {
		if c.From != 0 || c.Until != 0 {
			r.fault("member", "There are days of a membership but no member; name the State.")
		}
		once.twice(r, "group", "A row of "+group+" without a member", group)
		return c, columns
	}
	c.State = d.names.state(r, "member")
	// The key of a membership is its group, member and first day; what only ends one has its own.
	kind := ""
	if c.From == 0 && c.Until != 0 {
		kind = "ends " + c.Until.String()
	}
	once.twice(r, "member", "This membership of "+c.State+" in "+group, group, c.State, c.From.String(), kind)
	source := r.source(columns, d.labels[group])
	// Where a list was taken from need not have an address: "states.csv (regional_group)".
	if source.URL != "" && !strings.Contains(source.URL, "://") && source.Locator == "" {
		source.URL, source.Locator = "", source.URL
	}
	// Of a membership that nobody looked up there is no source: the label alone says nothing on where it can be read.
	if source != (domain.Source{Title: d.labels[group]}) {
		c.Source = &source
	}
	return c, columns
}

func (d *dataset) readSessions() {
	once := unique{}
	for _, r := range d.tables["sessions"].rows {
		c := domain.DefineSession{
			Key: r.need("session"), Name: r.need("name"), Forum: r.need("forum"),
			StartsOn: r.needDay("starts_on"), EndsOn: r.needDay("ends_on"), DecisionRule: needWord[domain.DecisionRule](r, "decision_rule"),
		}
		once.twice(r, "session", "The session "+c.Key, c.Key)
		d.add(sessions, r, domain.Row{
			Key: r.id("sessions", "session", "name", "forum", "starts_on", "ends_on", "decision_rule"),
			Columns: map[string]string{"key": "session", "name": "name", "forum": "forum", "startsOn": "starts_on", "endsOn": "ends_on",
				"decisionRule": "decision_rule"},
			Command: always(c),
		}, c.Key)
	}
}

func (d *dataset) readElements() {
	once := unique{}
	for _, r := range d.tables["elements"].rows {
		c := domain.DefineElement{Key: r.need("element"), Label: r.need("label"), Description: r.text("description")}
		once.twice(r, "element", "The element "+c.Key, c.Key)
		d.add(elements, r, domain.Row{
			Key:     r.id("elements", "element", "label", "description"),
			Columns: map[string]string{"key": "element", "label": "label", "description": "description"},
			Command: always(c),
		}, c.Key)
	}
}

func (d *dataset) readOptions() {
	once := unique{}
	for _, r := range d.tables["options"].rows {
		c := domain.DefineOption{Element: r.key("element"), Key: r.need("option"), Label: r.need("label"), Description: r.text("description")}
		once.twice(r, "option", "The option "+c.Element+"/"+c.Key, c.Element, c.Key)
		d.add(options, r, domain.Row{
			Key:     r.id("options", "element", "option", "label", "description"),
			Columns: map[string]string{"element": "element", "key": "option", "label": "label", "description": "description"},
			Command: always(c),
		}, c.Element+"/"+c.Key)
	}
}
