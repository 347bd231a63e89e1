package httpgraphql_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// BenchmarkLimits measures what the limits cost a request: the handler behind every guard of a server, as against gqlgen's own
// with the same schema and cache and no limit at all, taken in turns in the same run. "times-baseline" is the ratio of the two
// and "added-ns/op" their difference; "ns/op" is the sum of both and says nothing by itself.
//
// A document that is known costs neither of them a validation; one that was never seen costs both, and here the measuring
// before it as well.
func BenchmarkLimits(b *testing.B) {
	bare := handler.New(newWorld())
	bare.AddTransport(transport.POST{})
	bare.SetQueryCache(lru.New[*ast.QueryDocument](1000))

	var guarded http.Handler = newHandler(httpgraphql.Config{Limits: httpgraphql.Limits{Complexity: 300_000}})
	guarded = httpgraphql.LoopbackOnly(httpgraphql.CORS(httpgraphql.SecurityHeaders(guarded), "https://rid.example"), []string{"rid.example"}, nil)
	guarded = httpgraphql.Clients{Rate: 1e9, Burst: 1 << 30}.Limit(guarded)

	wide := strings.Repeat("list(first: 2) { hello position } ", 40)
	for name, text := range map[string]func(i int) string{
		"small/known": func(int) string { return "{ hello }" },
		"wide/known":  func(int) string { return "{" + wide + "}" },
		"wide/new":    func(i int) string { return "{" + wide + "} # " + strconv.Itoa(i) },
	} {
		b.Run(name, func(b *testing.B) {
			var with, without time.Duration
			serve := func(h http.Handler, i int) time.Duration {
				r := query(text(i))
				r.RemoteAddr, r.Host = "192.0.2.7:1234", "rid.example"
				w := httptest.NewRecorder()
				start := time.Now()
				h.ServeHTTP(w, r)
				took := time.Since(start)
				if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"errors"`) {
					b.Fatalf("%d %.300s", w.Code, w.Body)
				}
				return took
			}
			i := 0
			for b.Loop() {
				with += serve(guarded, i)
				without += serve(bare, i)
				i++
			}
			b.ReportMetric(float64(with)/float64(without), "times-baseline")
			b.ReportMetric(float64(with-without)/float64(i), "added-ns/op")
		})
	}
}
