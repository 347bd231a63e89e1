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

// Written serves /graphql alone, with what package direct writes, or with gqlgen's code alone; no answer is given again.
func Written(c Config, directly bool) http.Handler {
	return alone(c, func(config *httpgraphql.Config) {
		config.Answers = httpgraphql.Answers{}
		if !directly {
			config.Field = nil
		}
	})
}

// Executed serves /graphql alone, and executes whatever it is asked.
func Executed(c Config) http.Handler {
	return alone(c, func(config *httpgraphql.Config) { config.Answers = httpgraphql.Answers{} })
}

func alone(c Config, change func(*httpgraphql.Config)) http.Handler {
	c.Logger = slog.Default()
	if c.Authenticator == nil {
		c.Authenticator = auth.None{}
	}
	schema, config := served(c)
	change(&config)
	api := httpgraphql.New(schema, config)
	return newGuard(c, api).Protect(api)
}
