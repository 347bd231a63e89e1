package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/rapporteur/rapporteur/domain/codec"
)

// release is the version of this source; a build of a tagged module says its own.
const release = "0.1.0"

type versionCommand struct {
	JSON bool `help:"Print as JSON."`
}

type versionReport struct {
	Version string         `json:"version"`
	Commit  string         `json:"commit"` // Empty where the build does not know it.
	Go      string         `json:"go"`
	Events  map[string]int `json:"events"` // The version in which each type of event is written.
}

func newVersionReport() versionReport {
	r := versionReport{Version: release, Go: runtime.Version(), Events: map[string]int{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		modified := ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				r.Commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = "+changes"
			}
		}
		r.Commit += modified
	}
	for _, v := range codec.Versions() {
		r.Events[v.Type] = max(r.Events[v.Type], v.Version)
	}
	return r
}

func versionLine() string { return "rapporteur " + release }

// Run prints what the program is.
func (c *versionCommand) Run(out output) error {
	r := newVersionReport()
	if c.JSON {
		return printJSON(out, r)
	}
	commit := r.Commit
	if commit == "" {
		commit = "not known to this build"
	}
	fmt.Fprintf(out.out, "rapporteur %s\ncommit     %s\nGo         %s\nevents     ", r.Version, commit, r.Go)
	for i, v := range codec.Versions() {
		if i > 0 {
			fmt.Fprint(out.out, ", ")
		}
		fmt.Fprintf(out.out, "%s %d", v.Type, v.Version)
	}
	fmt.Fprintln(out.out)
	return nil
}

func printJSON(out output, v any) error {
	encoder := json.NewEncoder(out.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
