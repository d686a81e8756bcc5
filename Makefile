# The targets people and CI use. The work is in tools/*.sh, where it can be read.
.DEFAULT_GOAL := help
# As the binary that is released: what tests, linters and it share is compiled once.
export CGO_ENABLED := 0
.PHONY: help build test lint generate generate-check migration graphiql run bench

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build ./kabinet, static
	go build -trimpath -ldflags '-s -w' -o kabinet .

run: ## serve a demonstration from ./data on 127.0.0.1:8080
	go run . --demo

test: ## run every test: Go on SQLite and PostgreSQL, then the npm clients
	@tools/test.sh

bench: ## compare kabinet with others on generated data, into bench/RESULTS.md: make bench args='-rounds 5'
	@tools/bench.sh $(args)

lint: ## run golangci-lint; it is built once and kept
	@tools/lint.sh

generate: ## generate ent/generated and graph/generated anew
	go generate ./ent
	go run ./graph/generate

generate-check: ## fail when make generate would change something
	@tools/generate-check.sh

migration: ## write the next migration of both dialects: make migration name=add_wishlist
	@test -n "$(name)" || { echo 'usage: make migration name=add_wishlist' >&2; exit 1; }
	go run ./internal/store/pgtest -- go run ent/diff.go '$(name)'

graphiql: ## bundle GraphiQL anew into internal/web/graphiql/assets
	cd internal/web/graphiql/build && npm ci && node build.mjs
