# What every commit must show is `make test`; .ci/run calls exactly that.
export CGO_ENABLED ?= 0
GO ?= go
# Everything staticcheck knows, save that a comment must begin with the name: ours are sentences.
CHECKS = all,-ST1000,-ST1020,-ST1021,-ST1022

.PHONY: build test test-long test-race bench generate check-generated setup lint

build: ## The one binary, static.
	$(GO) build -trimpath -o rapporteur ./cmd/rapporteur

setup: ## Whatever the tests need on a fresh machine: a browser, and the npm packages of the real clients.
	@sh .ci/setup

generate: ## Code made from the schema, the server's and the client's, and from the types of events.
	$(GO) generate ./domain/codec
	$(GO) tool gqlgen generate
	$(GO) tool genqlient graph/client/genqlient.yaml

check-generated: generate ## Generated code is committed as it is made.
	@git diff --exit-code -- graph/generated graph/client/generated.go domain/codec/quick_events.go || { echo "generated code is not what its sources make: commit the result of make generate" >&2; exit 1; }

lint:
	@unformatted=$$(git ls-files '*.go' | grep -v '^graph/generated/' | xargs gofmt -l); test -z "$$unformatted" || { echo "gofmt would change:" $$unformatted >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck -checks=$(CHECKS) ./...

test: setup lint check-generated ## What every commit must show.
	cd graph/graphiql && npm run --silent check
	$(GO) test -timeout 14m ./...
	cd deploy/check && $(GO) test -count=1 ./...

test-race: ## The same tests, short, with the race detector (needs a C compiler).
	CGO_ENABLED=1 $(GO) test -race -short -timeout 20m ./...

test-long: test test-race ## Also what takes long: all short histories, many kills and flipped bits.
	RAPPORTEUR_LONG=1 $(GO) test -count=1 -timeout 3h ./...

bench: ## Each figure with its baseline in the same run.
	$(GO) test -run '^$$' -bench . -benchtime 2s -timeout 60m ./domain/... ./projections/... ./graph/... ./cmd/...
