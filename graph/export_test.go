package graph

import (
	"log/slog"
	"net/http"

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

// Written serves /graphql alone, with what package direct writes, or with gqlgen's code alone.
func Written(c Config, directly bool) http.Handler {
	c.Logger, c.Authenticator = slog.Default(), auth.None{}
	schema, config := served(c)
	if !directly {
		config.Field = nil
	}
	api := httpgraphql.New(schema, config)
	return newGuard(c, api).Protect(api)
}
