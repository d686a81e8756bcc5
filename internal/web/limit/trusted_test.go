package limit_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/web/limit"
	"kabinet/internal/web/webtest"
	"kabinet/internal/web/wire"
)

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func manifest(texts ...string) limit.Manifest {
	m := limit.Manifest{Name: "m.json"}
	for _, text := range texts {
		m.Documents = append(m.Documents, limit.ManifestDocument{ID: "sha256:" + sum(text), Text: text})
	}
	return m
}

func trust(t *testing.T, manifests ...limit.Manifest) *limit.Trusted {
	t.Helper()
	trusted, err := limit.Trust(webtest.New().Schema(), limit.DefaultLimits(), false, manifests...)
	if err != nil {
		t.Fatal(err)
	}
	return trusted
}

func TestReadManifest(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"plain":             {`{"sha256:60ef":"{ me { id } }","ab":"{ echo }"}`, ""},
		"apollo":            {`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"60","name":"A","type":"query","body":"query A { echo }"}]}`, ""},
		"list":              {`[]`, "no JSON object"},
		"half":              {`{"a":`, "no JSON object"},
		"nothing":           {`{}`, "no documents"},
		"number":            {`{"a":1}`, `"a" is not the text`},
		"null":              {`{"a":null}`, `"a" is not the text`},
		"other version":     {`{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}`, "version 2"},
		"other format":      {`{"format":"relay","operations":[]}`, `"relay"`},
		"apollo no body":    {`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"60"}]}`, "operation 1"},
		"apollo by objects": {`{"format":"apollo-persisted-query-manifest","version":1,"operations":{}}`, "Apollo"},
	} {
		m, err := limit.ReadManifest("x", []byte(c.text))
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (len(m.Documents) == 0 || m.Documents[0].Text == "" || m.Documents[0].ID == "") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// Everything that is wrong is said at once, each with its hash, its operation
// and the reason.
func TestTrustRefuses(t *testing.T) {
	bad := map[string]string{
		"query A { nothing }":                                  "Cannot query field",
		"query B { me { id }":                                  "Expected Name",
		"query C { ...F } fragment F on Query { ...F }":        "spreads itself",
		"query D { __schema { types { name } } }":              "introspection is turned off",
		"query E { orders(first: 1000) { nodes { id } } }":     "it must be 1 to 100",
		"fragment G on User { id }":                            "no operation",
		"query H { " + strings.Repeat("echo ", 4001) + "}":     "more tokens than the 4000",
		`query I { echo(points: 99999999999999999999) }`:       "out of range",
		"query J($f: Filter) { user(filter: $f) { id } ...K }": "Unknown fragment",
		// 100 x 100 orders with their lines: more than 10,000 nodes whatever the variables.
		"query L { orders(first: 100) { nodes { lines { order { lines { title } } } } } }": "nodes, 10000 are allowed",
	}
	var texts []string
	for text := range bad {
		texts = append(texts, text)
	}
	_, err := limit.Trust(webtest.New().Schema(), limit.DefaultLimits(), false, manifest(append(texts, "{ me { id } }")...))
	if err == nil {
		t.Fatal("all is trusted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(bad) {
		t.Errorf("%d lines for %d documents:\n%s", len(lines), len(bad), err)
	}
	for text, says := range bad {
		found := false
		for _, line := range lines {
			found = found || strings.HasPrefix(line, "m.json: sha256:"+sum(text)) && strings.Contains(line, says)
		}
		if !found {
			t.Errorf("%.60s: nothing says %q", text, says)
		}
	}
	if !strings.Contains(err.Error(), sum("query A { nothing }")+" (query A): Cannot") {
		t.Errorf("the operation is not named:\n%s", err)
	}

	changed := limit.Manifest{Name: "m.json", Documents: []limit.ManifestDocument{{ID: "sha256:" + sum("{ echo }"), Text: "{ echo } "}}}
	if _, err := limit.Trust(webtest.New().Schema(), limit.DefaultLimits(), false, changed); err == nil || !strings.Contains(err.Error(), "not that of the text") {
		t.Errorf("a text of another hash: %v", err)
	}
	twice := limit.Manifest{Name: "m.json", Documents: []limit.ManifestDocument{{ID: "a", Text: "{ echo }"}, {ID: "a", Text: "{ me { id } }"}}}
	if _, err := limit.Trust(webtest.New().Schema(), limit.DefaultLimits(), false, twice); err == nil || !strings.Contains(err.Error(), "two texts") {
		t.Errorf("one name for two texts: %v", err)
	}
}

// What the business wrote itself may be as big as it needs: 4,000 tokens, any
// depth, any number of aliases.
func TestTrustedAreFreeOfShape(t *testing.T) {
	deep := "{ me { " + strings.Repeat("friend { ", 40) + "id" + strings.Repeat(" }", 40) + " } }"
	var wide strings.Builder
	for i := range 1300 {
		wide.WriteString(" a" + strconv.Itoa(i) + ": echo")
	}
	trusted := trust(t, manifest(deep, "{"+wide.String()+" }"), manifest(deep, "{ echo }"))
	if trusted.Len() != 3 {
		t.Errorf("%d documents", trusted.Len())
	}
}

// counting is a cache of parsed documents that counts its use.
type counting struct {
	*limit.Documents
	added int
}

// gate is the checks in the order of the edge, up to the point where an
// operation would be executed.
func gate(trusted *limit.Trusted) (*executor.Executor, *counting) {
	return gateOf(trusted, limit.DefaultLimits().QueryCache)
}

func gateOf(trusted *limit.Trusted, cache int) (*executor.Executor, *counting) {
	l := limit.DefaultLimits()
	exec := executor.New(webtest.New())
	seen := &counting{Documents: limit.NewDocuments(cache)}
	exec.SetQueryCache(seen)
	exec.SetParserTokenLimit(l.Tokens)
	persisted := limit.Persisted{Cache: limit.NewQueryTexts(l.PersistedCache), Trusted: trusted}
	exec.Use(limit.Fill{Persisted: persisted})
	exec.Use(limit.Shape{Limits: l, Seen: seen})
	exec.Use(limit.Nodes{Limits: l})
	exec.Use(&limit.Inputs{Limits: l})
	exec.Use(limit.Keep{Persisted: persisted})
	return exec, seen
}

func pass(exec *executor.Executor, p *graphql.RawParams) (*graphql.OperationContext, string) {
	op, errs := exec.CreateOperationContext(graphql.StartOperationTrace(context.Background()), p)
	if len(errs) > 0 {
		code, _ := errs[0].Extensions["code"].(string)
		return op, code
	}
	return op, ""
}

func (c *counting) Add(ctx context.Context, text string, doc *ast.QueryDocument) {
	c.added++
	c.Documents.Add(ctx, text, doc)
}

// A trusted document is parsed at the start and never again, whoever names it
// in whatever way; and what depends on its variables is still looked at.
func TestTrustedIsParsedOnce(t *testing.T) {
	const page = "query P($n: Int) { orders(first: $n) { nodes { id } } }"
	exec, seen := gate(trust(t, manifest(page)))
	hash := sum(page)
	var docs []*ast.QueryDocument
	for _, p := range []*graphql.RawParams{
		named(hash), named("sha256:" + hash), automatic(hash), automatic("sha256:" + hash), {Query: page},
	} {
		p.Variables = map[string]any{"n": 7}
		op, code := pass(exec, p)
		if code != "" || limit.Complexity(op) != 7 || op.RawQuery != page {
			t.Fatalf("%v: %s, %d nodes", p.Extensions, code, limit.Complexity(op))
		}
		docs = append(docs, op.Doc)
		p = &graphql.RawParams{Query: p.Query, Extensions: p.Extensions, Variables: map[string]any{"n": 1000}}
		if _, code := pass(exec, p); code != "INVALID_REQUEST" {
			t.Errorf("a page of 1000: %q", code)
		}
	}
	for _, d := range docs {
		if d != docs[0] {
			t.Error("it was parsed again")
		}
	}
	if seen.added != 0 {
		t.Errorf("%d documents went into the cache of others", seen.added)
	}
}

// What the checks remember of a document holds for other variables too.
func TestPlansAreRemembered(t *testing.T) {
	exec, seen := gate(nil)
	const mixed = "query M($n: Int, $c: Cursor) { a: orders(first: 3) { nodes { id } } b: orders(first: $n, after: $c) { nodes { id } } }"
	for _, n := range []int64{5, 9, 5} {
		op, code := pass(exec, &graphql.RawParams{Query: mixed, Variables: map[string]any{"n": n}})
		if code != "" || limit.Complexity(op) != 3+n {
			t.Errorf("%d: %s, %d nodes", n, code, limit.Complexity(op))
		}
	}
	const fixed = "query A { orders(first: 4) { nodes { id } } } query B { orders(first: 6) { nodes { id } } }"
	for range 2 {
		for name, want := range map[string]int64{"A": 4, "B": 6} {
			op, code := pass(exec, &graphql.RawParams{Query: fixed, OperationName: name})
			if code != "" || limit.Complexity(op) != want {
				t.Errorf("%s: %s, %d nodes, want %d", name, code, limit.Complexity(op), want)
			}
		}
	}
	const dear = "{ orders(first: 101) { nodes { id } } }"
	for range 3 { // a refusal is found anew each time
		if _, code := pass(exec, &graphql.RawParams{Query: dear}); code != "INVALID_REQUEST" {
			t.Errorf("a page too long: %q", code)
		}
	}
	if seen.added != 3 {
		t.Errorf("%d documents were parsed, want 3", seen.added)
	}
}

func named(id string) *graphql.RawParams {
	p := &graphql.RawParams{}
	wire.NameDocument(p, id)
	return p
}

func automatic(hash string) *graphql.RawParams {
	return &graphql.RawParams{Extensions: map[string]any{"persistedQuery": map[string]any{"version": one{}, "sha256Hash": hash}}}
}

type one struct{}

func (one) String() string { return "1" }
