// Package demo holds the built-in negotiation: what is on public record about the future regular institutional dialogue on ICT
// security, 2019 to 2026, as a data set folder. README.md beside this file says where the facts come from, what was coded by
// us, and what is missing.
//
// The States are not here: they are those of package roster, which serve every data set that brings none.
package demo

import "embed"

// Files has the data set's files at its root.
//
//go:embed *.csv
var Files embed.FS
