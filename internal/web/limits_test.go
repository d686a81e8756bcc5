package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

// nest is a query n fields deep.
func nest(n int) string {
	return "{ me " + strings.Repeat("{ friend ", n-2) + "{ id }" + strings.Repeat(" }", n-2) + " }"
}

func times(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

func TestShape(t *testing.T) {
	s := open(t, nil)
	doubling := "query { me { ...F0 } } " + times(20, func(i int) string {
		return fmt.Sprintf("fragment F%d on User { a%d: friend { ...F%d } b%d: friend { ...F%d } } ", i, i, i+1, i, i+1)
	}) + "fragment F20 on User { id }"
	flat := "query { me { ...F0 } } " + times(20, func(i int) string {
		return fmt.Sprintf("fragment F%d on User { ...F%d ...F%d } ", i, i+1, i+1)
	}) + "fragment F20 on User { id }"
	wide := "{ me " + strings.Repeat("{ friend { id name email } f: friend ", 7) + "{ id }" + strings.Repeat(" }", 7) + " }"
	for _, c := range []struct{ name, query, code, limit string }{
		{"depth 10", nest(10), "", ""},
		{"depth 11", nest(11), "TOO_COMPLEX", "levels"},       // security G1
		{"depth 50", nest(50), "TOO_COMPLEX", "levels"},       // security G1
		{"depth 1000", nest(1000), "TOO_COMPLEX", "tokens"},   // security G1
		{"depth 10^4", nest(10_000), "TOO_COMPLEX", "tokens"}, // security G1, S1
		{"depth by fragments", "{ me { ...A } } fragment A on User { friend { friend { friend { friend { ...B } } } } } fragment B on User { friend { friend { friend { friend { friend { id } } } } } }", "TOO_COMPLEX", "levels"},
		{"connections are not counted", "{ me { friend { friend { friend { orders { edges { node { lines { order { buyer { id } } } } } } } } } } }", "", ""},
		{"aliases 15", "{ me {" + times(15, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " } }", "", ""},
		{"aliases 16", "{ me {" + times(16, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " } }", "TOO_COMPLEX", "aliases"}, // security G2
		{"aliases 101", "{ me {" + times(101, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " } }", "TOO_COMPLEX", "aliases"},
		{"aliases 5000", "{ me {" + times(5000, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " } }", "TOO_COMPLEX", "tokens"},
		{"sign-in by aliases", "mutation {" + times(11, func(i int) string { return fmt.Sprintf(" a%d: signIn", i) }) + " }", "TOO_COMPLEX", "root fields"},                                                                                                                                                // security A3
		{"sign-in by fragments", "mutation { ...A ...B } fragment A on Mutation {" + times(6, func(i int) string { return fmt.Sprintf(" a%d: signIn", i) }) + " } fragment B on Mutation {" + times(6, func(i int) string { return fmt.Sprintf(" b%d: signIn", i) }) + " }", "TOO_COMPLEX", "root fields"}, // security A3
		{"same field x20", "{ me {" + strings.Repeat(" id", 20) + " } }", "", ""},
		{"same field x21", "{ me {" + strings.Repeat(" id", 21) + " } }", "TOO_COMPLEX", "fields with the same response key"}, // security G3
		{"same field x500", "{ me {" + strings.Repeat(" id", 500) + " } }", "TOO_COMPLEX", "fields with the same response key"},
		{"same field x7000", "{ me {" + strings.Repeat(" id", 7000) + " } }", "TOO_COMPLEX", "tokens"},                             // security G3, S2
		{"a{n} x3500", "{" + strings.Repeat(" me{id}", 3500) + " }", "TOO_COMPLEX", "tokens"},                                      // security G3
		{"a{n} x200", "{" + strings.Repeat(" me{id}", 200) + " }", "TOO_COMPLEX", "fields with the same response key"},             // security G3
		{"merged over parents", "{" + strings.Repeat(" me{id id}", 15) + " }", "TOO_COMPLEX", "fields with the same response key"}, // security G3
		{"same field in a fragment nobody uses", "{ me { id } } fragment F on User {" + strings.Repeat(" id", 21) + " }", "TOO_COMPLEX", "fields with the same response key"},
		{"directives 21", "{ me { id" + strings.Repeat(" @include(if: true)", 21) + " } }", "TOO_COMPLEX", "directives"},                  // security G4
		{"directives 500", "{ me { id" + strings.Repeat(" @a", 490) + " } }", "TOO_COMPLEX", "directives"},                                // security G4
		{"directives 7000", "{ me { id" + strings.Repeat(" @a", 7000) + " } }", "TOO_COMPLEX", "tokens"},                                  // security G4, S10
		{"cycle", "{ me { ...A } } fragment A on User { friend { ...B } } fragment B on User { friend { ...A } }", "INVALID_REQUEST", ""}, // security G5
		{"itself", "{ me { ...A } } fragment A on User { ...A }", "INVALID_REQUEST", ""},                                                  // security G5
		{"2^20 fields", doubling, "TOO_COMPLEX", ""}, // security G5
		{"2^20 spreads of one field", flat, "", ""},  // security G5
		{"wide and deep", wide, "", ""},
		{"huge integer", "{ echo(points: 99999999999999999999) }", "INVALID_REQUEST", ""}, // security G11, G13
		{"huge number", "{ echo(points: 1e999999) }", "INVALID_REQUEST", ""},              // security G11
		{"deep input", "{ user(filter: " + strings.Repeat("{deeper: ", 12) + "{}" + strings.Repeat("}", 12) + ") { id } }", "TOO_COMPLEX", "levels of input"},         // security G9
		{"deep list", "{ echo(text: " + strings.Repeat("[", 400) + strings.Repeat("]", 400) + ") }", "TOO_COMPLEX", "levels of input"},                                // security S1
		{"deeper list", "{ echo(text: " + strings.Repeat("[", 50_000), "TOO_COMPLEX", "tokens"},                                                                       // security S1
		{"introspection", "{ __schema { types { name } } }", "INVALID_REQUEST", "introspection"},                                                                      // security G6
		{"type introspection", `{ __type(name: "User") { fields { name } } }`, "INVALID_REQUEST", "introspection"},                                                    // security G6
		{"hidden introspection", `{ ...F } fragment F on Query { x: __schema { types { name } } }`, "INVALID_REQUEST", "introspection"},                               // security G6
		{"circular introspection", "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }", "INVALID_REQUEST", "introspection"}, // security G6
		{"operations", times(5, func(i int) string { return fmt.Sprintf("query Q%d { me { id } } ", i) }), "INVALID_REQUEST", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.ask(t, c.query, nil)
			if got := r.code(t); got != c.code {
				t.Fatalf("code %q, want %q: %d %.300s", got, c.code, r.StatusCode, r.body)
			}
			if want := map[bool]int{true: 200, false: 400}[c.code == ""]; r.StatusCode != want {
				t.Errorf("status %d, want %d", r.StatusCode, want)
			}
			if c.limit != "" {
				ext := r.errors(t)[0].Extensions
				if ext["limit"] != c.limit {
					t.Errorf("limit %v, want %s: %s", ext["limit"], c.limit, r.body)
				}
				if c.limit != "introspection" && ext["allowed"] == nil {
					t.Errorf("what is allowed is not said: %s", r.body)
				}
			}
			if len(r.errors(t)) > 10 || len(r.body) > 4<<10 { // security S10
				t.Errorf("%d errors, %d bytes", len(r.errors(t)), len(r.body))
			}
			// What passed once is not looked at again, and still passes.
			if again := s.ask(t, c.query, nil); again.code(t) != c.code {
				t.Errorf("the second time: %s", again.body)
			}
		})
	}
}

// security S1: one body must not end the process.
func TestDeepestDocumentLeavesTheProcessAlive(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Limits.Body = 8 << 20 })
	for _, query := range []string{strings.Repeat("{a", 1_000_000), "{a(x:" + strings.Repeat("[", 1_000_000)} {
		if r := s.ask(t, query, nil); r.code(t) != "TOO_COMPLEX" {
			t.Errorf("%d %.200s", r.StatusCode, r.body)
		}
	}
}

// security G8, S8, S9
func TestPagesAndNodes(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Development = true })
	ids := func(n int) []string {
		return strings.Split(strings.TrimSuffix(strings.Repeat("x,", n), ","), ",")
	}
	for _, c := range []struct {
		name, query string
		vars        map[string]any
		code        string
		limit       string
	}{
		{"first 100", "{ orders(first: 100) { nodes { id } } }", nil, "", ""},
		{"first 101", "{ orders(first: 101) { nodes { id } } }", nil, "INVALID_REQUEST", "first"},
		{"first 0", "{ orders(first: 0) { nodes { id } } }", nil, "INVALID_REQUEST", "first"},
		{"first -1", "{ orders(first: -1) { nodes { id } } }", nil, "INVALID_REQUEST", "first"},
		{"first 2^31-1", "{ orders(first: 2147483647) { nodes { id } } }", nil, "INVALID_REQUEST", "first"},
		{"last 101", "{ orders(last: 101) { nodes { id } } }", nil, "INVALID_REQUEST", "last"},
		{"both", "{ orders(first: 1, last: 1) { nodes { id } } }", nil, "INVALID_REQUEST", "page"},
		{"last beside a default first", "{ me { orders(last: 5) { nodes { id } } } }", nil, "", ""},
		{"null is not said", "{ orders(first: null) { nodes { id } } }", nil, "", ""},
		{"by variable", "query($n: Int) { orders(first: $n) { nodes { id } } }", map[string]any{"n": 101}, "INVALID_REQUEST", "first"},
		{"by variable, fine", "query($n: Int) { orders(first: $n) { nodes { id } } }", map[string]any{"n": 100}, "", ""},
		{"by variable, absent", "query($n: Int) { orders(first: $n) { nodes { id } } }", nil, "", ""},
		{"by variable's default", "query($n: Int = 500) { orders(first: $n) { nodes { id } } }", nil, "INVALID_REQUEST", "first"},
		{"even when skipped later", "query($n: Int) { orders(first: $n) @include(if: false) { nodes { id } } }", map[string]any{"n": 9999}, "INVALID_REQUEST", "first"},
		{"100 x 20 x 4 fit", "{ orders(first: 100) { nodes { lines { title } buyer { addresses { city } } } } }", nil, "", ""},
		{"100 x 100", "{ orders(first: 100) { nodes { buyer { orders(first: 100) { nodes { id } } } } } }", nil, "TOO_COMPLEX", "nodes"},
		{"100 x 100 x 100", "{ orders(first: 100) { edges { node { buyer { orders(first: 100) { edges { node { buyer { orders(first: 100) { nodes { id } } } } } } } } } } }", nil, "TOO_COMPLEX", "nodes"},
		{"in a fragment", "{ orders(first: 100) { nodes { ...O } } } fragment O on Order { buyer { orders(first: 100) { nodes { id } } } }", nil, "TOO_COMPLEX", "nodes"},
		{"plain lists multiply", "{ orders(first: 50) { nodes { lines { order { lines { title } } } } } }", nil, "TOO_COMPLEX", "nodes"},
		{"100 ids", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": ids(100)}, "", ""},
		{"101 ids", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": ids(101)}, "INVALID_REQUEST", "ids"},
		{"101 ids inside", "query($f: Filter) { user(filter: $f) { id } }", map[string]any{"f": map[string]any{"ranges": []any{map[string]any{"ids": ids(101)}}}}, "INVALID_REQUEST", "ids"},
		{"10^4 ids", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": ids(10_000)}, "TOO_COMPLEX", "values in variables"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.ask(t, c.query, c.vars)
			if got := r.code(t); got != c.code {
				t.Fatalf("code %q, want %q: %.300s", got, c.code, r.body)
			}
			if c.limit != "" && r.errors(t)[0].Extensions["limit"] != c.limit {
				t.Errorf("%s", r.body)
			}
		})
	}
}

// security G9, G11
func TestVariables(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Bulk = func(v viewer.Viewer) bool { return v.SignedIn() } })
	nested := func(n int) any {
		var v any = "x"
		for range n {
			v = []any{v}
		}
		return v
	}
	many := map[string]any{}
	for i := range 3000 {
		many[fmt.Sprint("v", i)] = 1
	}
	deep := s.ask(t, "{ echo }", map[string]any{"v": nested(5000)})
	if deep.code(t) != "TOO_COMPLEX" {
		t.Errorf("deep: %s", deep.body)
	}
	if r := s.ask(t, "{ echo }", map[string]any{"v": nested(8)}); r.code(t) != "" {
		t.Errorf("not deep: %s", r.body)
	}
	if r := s.ask(t, "{ echo }", many); r.code(t) != "TOO_COMPLEX" {
		t.Errorf("many: %s", r.body)
	}
	if r := s.ask(t, "{ echo }", many, "Authorization", "Bearer bulk"); r.code(t) != "" {
		t.Errorf("many of an integration: %s", r.body)
	}
	huge := s.do(t, "POST", "/graphql", `{"query":"query($p: Points) { echo(points: $p) }","variables":{"p":1e999999}}`,
		"Content-Type", "application/json")
	if huge.code(t) != "INVALID_REQUEST" {
		t.Errorf("huge: %s", huge.body)
	}
}

// security G13: U+0000 comes to no database, from wherever it stands.
func TestNul(t *testing.T) {
	s := open(t, nil)
	for name, c := range map[string]struct {
		query string
		vars  map[string]any
		path  string
	}{
		"literal":           {`{ echo(text: "a\u0000b") }`, nil, "[text]"},
		"literal below":     {`{ user(filter: {ranges: [{ids: ["a"]}, {ids: ["\u0000"]}]}) { id } }`, nil, "[filter ranges 1 ids 0]"},
		"default":           {`query($t: String = "\u0000") { echo(text: $t) }`, nil, "[]"},
		"variable":          {`query($t: String) { echo(text: $t) }`, map[string]any{"t": "\x00"}, "[t]"},
		"variable below":    {`query($f: Filter) { user(filter: $f) { id } }`, map[string]any{"f": map[string]any{"ranges": []any{map[string]any{"ids": []any{"a", "a\x00"}}}}}, "[f ranges 0 ids 1]"},
		"key of a variable": {`{ echo }`, map[string]any{"input": map[string]any{"interface": map[string]any{"a\x00": 1}}}, "[input interface]"},
	} {
		r := s.ask(t, c.query, c.vars)
		if r.code(t) != "INVALID_VALUE" || fmt.Sprint(r.errors(t)[0].Extensions["path"]) != c.path {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	if r := s.ask(t, `{ echo(text: "a\\u0000b \u0001") }`, nil); r.code(t) != "" {
		t.Errorf("none: %s", r.body)
	}
}

func TestCursors(t *testing.T) {
	var mu sync.Mutex
	var lists []string
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		o.CheckCursor = func(list, value string) error {
			mu.Lock()
			defer mu.Unlock()
			lists = append(lists, list)
			if value != "good:"+list {
				return errors.New("bad cursor")
			}
			return nil
		}
		schema.Fields["Query.orders"] = func(context.Context, map[string]any) (any, error) {
			t.Error("a bad cursor came through")
			return nil, nil
		}
	})
	for name, c := range map[string]struct {
		query string
		vars  map[string]any
	}{
		"literal":      {`{ orders(after: "bad") { totalCount } }`, nil},
		"variable":     {`query($c: Cursor) { orders(before: $c) { totalCount } }`, map[string]any{"c": "bad"}},
		"default":      {`query($c: Cursor = "bad") { orders(before: $c) { totalCount } }`, nil},
		"number":       {`query($c: Cursor) { orders(before: $c) { totalCount } }`, map[string]any{"c": 7}},
		"another's":    {`{ orders(after: "good:User.orders") { totalCount } }`, nil},
		"fragment":     {`{ ...F } fragment F on Query { orders(after: "bad") { totalCount } }`, nil},
		"inline":       {`{ ... on Query { orders(after: "bad") { totalCount } } }`, nil},
		"nested":       {`{ me { friend { orders(after: "bad") { totalCount } } } }`, nil},
		"input":        {`{ user(filter: {range: {after: "bad"}}) { id } }`, nil},
		"input list":   {`{ user(filter: {deeper: {ranges: [{after: "good:Query.user"}, {after: "bad"}]}}) { id } }`, nil},
		"input value":  {`query($f: Filter) { user(filter: $f) { id } }`, map[string]any{"f": map[string]any{"ranges": []any{map[string]any{"after": "bad"}}}}},
		"in an input":  {`query($c: Cursor) { user(filter: {range: {after: $c}}) { id } }`, map[string]any{"c": "bad"}},
		"one for many": {`query($f: Filter) { user(filter: $f) { id } }`, map[string]any{"f": map[string]any{"ranges": map[string]any{"after": "bad"}}}},
	} {
		for range 2 { // the second time the document is known
			if r := s.ask(t, c.query, c.vars); r.code(t) != "INVALID_CURSOR" || strings.Contains(r.body, `"data"`) {
				t.Errorf("%s: %s", name, r.body)
			}
		}
	}
	r := s.ask(t, `{ me { orders(after: "good:User.orders") { totalCount } } user(filter: {range: {after: "good:Query.user"}}) { id } }`, nil)
	if r.code(t) != "" {
		t.Errorf("good cursors: %s", r.body)
	}
	if s.ask(t, `{ me { orders(after: null) { totalCount } } }`, nil).code(t) != "" {
		t.Error("no cursor is refused")
	}
}

// security G12, S14, S5: names of the schema are not told.
func TestSuggestions(t *testing.T) {
	production := open(t, nil)
	development := open(t, func(o *web.Options, _ *webtest.Schema) { o.Development = true })
	for name, query := range map[string]string{
		"field":       `{ m }`,
		"deep field":  `{ me { emial } }`,
		"argument":    `{ echo(txt: "x") }`,
		"enum":        `{ echo(status: OPN) }`,
		"input field": `{ user(filter: {txet: "x"}) { id } }`,
		"type":        `{ me { ... on Userr { id } } }`,
		"leaf":        `{ me }`,
		"directive":   `{ echo @skip(iff: true) }`,
	} {
		r := production.ask(t, query, nil)
		if r.code(t) != "INVALID_REQUEST" || strings.Contains(r.body, "Did you mean") {
			t.Errorf("%s: %s", name, r.body)
		}
		for _, secret := range []string{"email", `"text"`, "OPEN", `"User"?`} {
			if secret == "email" && name != "deep field" {
				continue
			}
			if strings.Contains(r.body, secret) {
				t.Errorf("%s tells %s: %s", name, secret, r.body)
			}
		}
		if d := development.ask(t, query, nil); name != "field" && name != "type" && !strings.Contains(d.body, "Did you mean") {
			t.Errorf("%s: no help in development: %s", name, d.body)
		}
	}
}

func TestIntrospectionInDevelopment(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Development = true })
	deep := "{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } }"
	if r := s.ask(t, deep, nil); r.code(t) != "" {
		t.Errorf("introspection counts as depth: %s", r.body)
	}
	if r := s.ask(t, nest(11), nil); r.code(t) != "TOO_COMPLEX" {
		t.Errorf("everything is exempt: %s", r.body)
	}
}

// security S10
func TestErrorsAreCapped(t *testing.T) {
	s := open(t, nil)
	r := s.ask(t, "{ me {"+times(40, func(i int) string { return fmt.Sprintf(" unknown%d", i) })+" } }", nil)
	if n := len(r.errors(t)); n != 10 {
		t.Errorf("%d errors", n)
	}
	r = s.ask(t, `{ me { `+strings.Repeat("u", 100_000)+` } }`, nil)
	if len(r.body) > 2<<10 {
		t.Errorf("%d bytes answer a long name", len(r.body))
	}
}

// security G16
func TestTimeout(t *testing.T) {
	stopped := make(chan struct{}, 2)
	wait := func(ctx context.Context, _ map[string]any) (any, error) {
		<-ctx.Done()
		stopped <- struct{}{}
		return nil, ctx.Err()
	}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		o.Limits.Query = 50 * time.Millisecond
		schema.Fields["Query.slow"], schema.Fields["Mutation.slow"] = wait, wait
	})
	for _, query := range []string{"{ slow }", "mutation { slow }"} {
		r := s.ask(t, query, nil)
		if r.StatusCode != 200 || r.code(t) != "UNAVAILABLE" || !strings.Contains(r.body, `"data":null`) {
			t.Errorf("%d %s", r.StatusCode, r.body)
		}
		<-stopped
	}
	// A client who leaves takes the work with him.
	long := open(t, func(_ *web.Options, schema *webtest.Schema) { schema.Fields["Query.slow"] = wait })
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "POST", long.URL+"/graphql", strings.NewReader(`{"query":"{ slow }"}`))
	req.Header.Set("Content-Type", "application/json")
	time.AfterFunc(50*time.Millisecond, cancel)
	if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
		resp.Body.Close()
	}
	select {
	case <-stopped:
	case <-time.After(3 * time.Second):
		t.Error("the resolver goes on")
	}
}

func TestAnonymousPlaces(t *testing.T) {
	inside, free := make(chan struct{}), make(chan struct{})
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		o.Limits.Anonymous, o.Limits.AnonymousWait = 1, 20*time.Millisecond
		schema.Fields["Query.slow"] = func(context.Context, map[string]any) (any, error) {
			inside <- struct{}{}
			<-free
			return "x", nil
		}
	})
	done := make(chan reply)
	go func() { done <- s.ask(t, "{ slow }", nil) }()
	<-inside
	r := s.ask(t, "{ echo }", nil)
	if r.StatusCode != 429 || r.code(t) != "RATE_LIMITED" || r.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	if r := s.ask(t, "{ echo }", nil, "Authorization", "Bearer alice"); r.StatusCode != 200 {
		t.Errorf("a customer waits for strangers: %d", r.StatusCode)
	}
	close(free)
	if r := <-done; r.StatusCode != 200 {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	if r := s.ask(t, "{ echo }", nil); r.StatusCode != 200 {
		t.Errorf("the place is not given back: %d", r.StatusCode)
	}
}

// security G15
func TestPersistedQueries(t *testing.T) {
	s := open(t, nil)
	ask := func(query, hash string, version any) reply {
		body := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": version, "sha256Hash": hash}}}
		if query != "" {
			body["query"] = query
		}
		b, _ := json.Marshal(body)
		return s.do(t, "POST", "/graphql", string(b), "Content-Type", "application/json")
	}
	hash := func(q string) string { sum := sha256.Sum256([]byte(q)); return hex.EncodeToString(sum[:]) }
	const query = "{ echo }"
	r := ask("", hash(query), 1)
	if r.StatusCode != 200 || r.code(t) != "PERSISTED_QUERY_NOT_FOUND" || r.errors(t)[0].Message != "PersistedQueryNotFound" {
		t.Errorf("unknown: %d %s", r.StatusCode, r.body)
	}
	if r := ask(query, hash("{ me { id } }"), 1); r.code(t) != "INVALID_REQUEST" {
		t.Errorf("mismatch: %s", r.body)
	}
	if r := ask("", hash(query), 1); r.code(t) != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("a mismatch was kept: %s", r.body)
	}
	if r := ask(query, hash(query), 1); r.code(t) != "" {
		t.Errorf("register: %s", r.body)
	}
	if r := ask("", hash(query), 1); r.body != `{"data":{"echo":"x"}}` {
		t.Errorf("known: %s", r.body)
	}
	// What is refused is not kept.
	bad := nest(20)
	ask(bad, hash(bad), 1)
	if r := ask("", hash(bad), 1); r.code(t) != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("a refused query was kept: %s", r.body)
	}
	for _, malformed := range []reply{ask("", "short", 1), ask(query, hash(query), 2), ask(query, hash(query), "1")} {
		if malformed.code(t) != "INVALID_REQUEST" {
			t.Errorf("malformed: %s", malformed.body)
		}
	}
}
