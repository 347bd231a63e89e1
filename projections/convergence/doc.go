// Package convergence gives the figures over the standings of Member States on a target: tally, support, agreement,
// consensus, breadth. METHOD.md says what each means and where it comes from.
//
// Laws: figures are exact. Everything here is an integer or a Ratio of two; nothing here knows a floating-point number, and
// whoever serves a figure divides once. How a State comes to its standing is the business of package projections.
package convergence
