package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
)

type demoCommand struct {
	listenFlag
	Keep string `placeholder:"DIR" help:"Keep the record in this folder; without it the store is removed at the end."`
}

// Run records the built-in negotiation and serves it until the context ends.
func (c *demoCommand) Run(ctx context.Context, out output) error {
	listener, err := c.listen(false, "")
	if err != nil {
		return err
	}
	defer listener.Close()
	dir, where := c.Keep, c.Keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "rapporteur-demo-"); err != nil {
			return fmt.Errorf("make a folder for the record: %w; name one with --keep DIR", err)
		}
		defer os.RemoveAll(dir)
		where = "in " + dir + ", removed at the end (--keep DIR keeps it)"
	}
	log, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer log.Close()
	n, err := newNode(ctx, log, out)
	if err != nil {
		return err
	}
	n.passing = true
	if _, err := n.recordReference(ctx); err != nil {
		return err
	}
	input, faults := intake.Dataset(demo.Files)
	input.Name = "demo"
	// A store that was kept has it all already, and perhaps more: then nothing is recorded.
	if err := importRows(ctx, n.recorder, importInput{Input: input, faults: faults}, recorder.AllOptions{By: importer}, false, output{io.Discard, out.err}); err != nil {
		return err
	}
	if _, err := n.model.CatchUp(ctx, log, nil); err != nil {
		return err
	}
	return n.serve(ctx, listener, graph.Config{}, func(address string) { n.describe(out.out, address, where) })
}

// demoQuery is the one that the demo and the README show: where views converge, who objects, for whom nothing is on record,
// and why.
const demoQuery = `{ convergence { target { targetKey label } consensus agreement
    tally { support supportWithReservations neutral concerned oppose undeclared }
    objectors { code } undeclared { code }
    standings(stances: [OPPOSE]) { state { code } basis evidence { on source { title url } } } } }`

// describe says in one screen what was recorded, where to look, and one query to try.
func (n *node) describe(w io.Writer, address, where string) {
	v := n.model.Newest()
	members := len(v.MemberStates())
	options := 0
	elements := v.Elements()
	for _, e := range elements {
		options += len(e.Options)
	}
	votes, ballots := 0, 0
	proposals := v.AllProposals()
	for _, p := range proposals {
		for _, vote := range v.Votes(p.Slug) {
			votes++
			ballots += len(vote.Ballots)
		}
	}
	positions, acts := v.Counts()
	query := strings.Join(strings.Fields(demoQuery), " ")
	fmt.Fprintf(w, `The regular institutional dialogue on ICT security, 2019 to 2026.

  recorded  %d events: %d Member States, %d observers, %d groups, %d sessions
            %d proposals, %d elements with %d options
            %d positions, %d formal acts, %d votes with %d ballots
  store     %s
  GraphQL   http://%s/graphql
  editor    http://%s/graphiql

Where do views converge, who objects, for whom is no stance on record, and why?

  curl -s http://%s/graphql -H 'Content-Type: application/json' -d '{"query":"%s"}'

The same in the editor: http://%s/graphiql?query=%s

Ctrl-C ends it.
`, v.Moment().At, members, len(v.States(0, ""))-members, len(v.Groups()), len(v.Sessions("")),
		len(proposals), len(elements), options, positions, acts-ballots, votes, ballots, where, address, address, address, query, address, url.QueryEscape(demoQuery))
}
