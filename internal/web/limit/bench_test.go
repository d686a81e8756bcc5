package limit_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/web/limit"
	"kabinet/internal/web/webtest"
)

// The gate before an operation runs, for a document of a screen: seen for the
// first time, known by its text, and named out of the manifest.
func BenchmarkGate(b *testing.B) {
	const screen = `query Screen($n: Int = 10, $after: Cursor) { me { ...Person friend { ...Person }
		orders(first: $n, after: $after) { edges { cursor node { ...Row } } pageInfo { hasNextPage endCursor } totalCount }
		addresses { city owner { ...Person } } tags } orders(last: 5) { nodes { ...Row } } node(id: "x") { id } }
		fragment Person on User { id name email } fragment Row on Order { id number buyer { ...Person } lines { title } }`
	id := "sha256:" + sum(screen)
	trusted, err := limit.Trust(webtest.New().Schema(), limit.DefaultLimits(), false, manifest(screen))
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]struct {
		trusted *limit.Trusted
		cache   int
		params  func() *graphql.RawParams
	}{
		"first":   {nil, 0, func() *graphql.RawParams { return &graphql.RawParams{Query: screen} }},
		"known":   {nil, 32 << 20, func() *graphql.RawParams { return &graphql.RawParams{Query: screen} }},
		"trusted": {trusted, 32 << 20, func() *graphql.RawParams { return named(id) }},
	} {
		b.Run(name, func(b *testing.B) {
			exec, _ := gateOf(c.trusted, c.cache)
			b.ReportAllocs()
			for b.Loop() {
				if _, code := pass(exec, c.params()); code != "" {
					b.Fatal(code)
				}
			}
		})
	}
}
