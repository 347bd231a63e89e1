package httpgraphql_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

func Example() {
	handler := httpgraphql.New(newWorld(), httpgraphql.Config{
		Prepare: func(ctx context.Context, _ *ast.OperationDefinition) context.Context {
			return context.WithValue(ctx, position{}, 42)
		},
		Extensions: func(ctx context.Context) map[string]any {
			return map[string]any{"at": ctx.Value(position{})}
		},
	})
	mux := http.NewServeMux()
	mux.Handle("/graphql", handler)
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpgraphql.NewServer(httpgraphql.LoopbackOnly(httpgraphql.SecurityHeaders(mux), nil, nil), nil)
	server.Start()
	defer server.Close()

	for _, document := range []string{"{ position }", "{ positon }"} {
		response, err := http.Post(server.URL+"/graphql", "application/json", strings.NewReader(fmt.Sprintf(`{"query":%q}`, document)))
		if err != nil {
			fmt.Println(err)
			return
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Printf("%d %s", response.StatusCode, text)
	}
	// Output:
	// 200 {"data":{"position":42},"extensions":{"at":42}}
	// 200 {"errors":[{"message":"Cannot query field \"positon\" on type \"Query\". Did you mean \"position\"?","locations":[{"line":1,"column":3}],"extensions":{"code":"BAD_USER_INPUT"}}]}
}
