package graph

import (
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// Routes gives what is served, and whether everybody may see it.
func Routes(c Config) map[string]bool {
	c.Authenticator = auth.None{}
	open := map[string]bool{}
	for _, r := range routes(c, &httpgraphql.Handler{}) {
		open[r.pattern] = r.open
	}
	return open
}
