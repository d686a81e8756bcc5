package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	"kabinet/internal/compiled"
	"kabinet/internal/store/storetest"
)

// TestCompiledReadsAgreeOnRandomQueries asks random queries as everybody, both
// ways, in a world full of odd content. KABINET_TEST_SEED repeats a run,
// KABINET_TEST_QUERIES makes it longer.
func TestCompiledReadsAgreeOnRandomQueries(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KABINET_TEST_SEED"); s != "" {
		seed = uint64(atoi(t, s))
	}
	n := atoi(t, cmp.Or(os.Getenv("KABINET_TEST_QUERIES"), "2000"))
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		t.Logf("KABINET_TEST_SEED=%d KABINET_TEST_QUERIES=%d", seed, n)
		db.Tampered() // the rows are made up: no book balances
		c := newContest(t, db, seed)
		c.probe()
		for range n {
			if c.round(); len(c.disagreements) > 2 {
				break
			}
		}
		c.cover()
		c.together()
		c.judge()
	})
}

// contest is the two ways side by side.
type contest struct {
	*fullWorld
	t       *testing.T
	handler http.Handler
	asker   *asker

	sent, answered, short, refused int
	rounds, once                   int // once: disagreements that could not be repeated
	reasons                        map[string]int
	ways                           []route
	asked                          []asked // the last ones that took the short way
	disagreements, leaks           []string
}

type asked struct {
	who  caller
	text string
	vars map[string]any
}

// verdict is what became of one query.
type verdict struct {
	short  bool // the short way answered …
	data   []byte
	body   []byte // … and what the ordinary way did
	doc    *ast.QueryDocument
	answer struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
}

type verdictKey struct{}

// beside answers the queries that carry a verdict both ways, and any other in
// the ordinary way alone.
type beside struct {
	graphql.ExecutableSchema
	ordinary graphql.ExecutableSchema
}

func (b *beside) Exec(ctx context.Context) graphql.ResponseHandler {
	if v, ok := ctx.Value(verdictKey{}).(*verdict); ok {
		v.doc = graphql.GetOperationContext(ctx).Doc
		v.data, v.short = b.ExecutableSchema.(interface {
			Answer(context.Context) ([]byte, bool)
		}).Answer(ctx)
	}
	return b.ordinary.Exec(ctx)
}

func newContest(t *testing.T, db *storetest.DB, seed uint64) *contest {
	t.Helper()
	var schema *ast.Schema
	w := newWorldWith(t, db, func(es graphql.ExecutableSchema) graphql.ExecutableSchema {
		schema = es.Schema()
		return &beside{es, compiled.Ordinary(es)}
	})
	r := rand.New(rand.NewPCG(seed, 0))
	full := &fullWorld{world: w, r: r, schema: schema}
	full.fill(t)
	c := &contest{fullWorld: full, t: t, handler: w.app.edge.Handler(), reasons: map[string]int{}}
	c.asker = &asker{r: r, schema: schema, seen: newLearned(), shown: map[string]int{}}
	c.asker.seen.keys = full.keys
	for _, typ := range slices.Sorted(maps.Keys(ent.Stored)) {
		for _, mark := range []string{"", bobs} {
			for _, id := range slices.Sorted(maps.Keys(full.made[mark])) {
				if prefix, _, _ := strings.Cut(id, "_"); prefix == ent.Stored[typ].Prefix {
					note(c.asker.seen.ids, typ, id)
					note(c.asker.seen.ids, "", id)
				}
			}
		}
	}
	return c
}

// send asks both ways.
func (c *contest) send(who caller, text string, vars map[string]any) *verdict {
	c.t.Helper()
	said := map[string]any{}
	for name, v := range vars {
		said[strings.TrimPrefix(name, "$")] = v
	}
	params := map[string]any{"query": text, "variables": said}
	if strings.Contains(text, other) {
		params["operationName"] = "Q"
	}
	body, err := json.Marshal(params)
	check(c.t, err)
	v := &verdict{}
	req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body)).WithContext(context.WithValue(context.Background(), verdictKey{}, v))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Language", cmp.Or(who.locale, "en"))
	if token := c.signedIn(who.who); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if who.company != "" {
		req.Header.Set("X-Kabinet-Company", c.vars[who.company])
	}
	rec := httptest.NewRecorder()
	c.handler.ServeHTTP(rec, req)
	v.body = rec.Body.Bytes()
	if err := json.Unmarshal(v.body, &v.answer); err != nil {
		c.t.Fatalf("%s as %+v: %v: %s", text, who, err, v.body)
	}
	return v
}

// signedIn is token, more patient: the machine may be busy.
func (c *contest) signedIn(who string) string {
	if who == "nobody" || c.tokens[who] != "" {
		return c.tokens[who]
	}
	query := fmt.Sprintf(`mutation { signIn(input: {login: "%s@example.com", password: "%s"}) { session { token } } }`, who, password)
	for range 8 {
		if token, ok := dig(c.world.send(c.t, step{name: "sign-in", as: "nobody"}, query), "data.signIn.session.token"); ok {
			c.tokens[who] = fmt.Sprint(token)
			break
		}
		time.Sleep(time.Second)
	}
	return c.token(c.t, who)
}

// agree says whether the short way gave nothing, or the same bytes as the
// resolvers and no error beside them.
func (v *verdict) agree() bool {
	return !v.short || v.answer.Errors == nil && bytes.Equal(compact(v.answer.Data), compact(v.data))
}

// round makes a query and asks it as several people, with several values of
// its variables: what one of them left behind must not show to another.
func (c *contest) round() {
	c.rounds++
	q := c.asker.ask()
	for range 1 + c.r.IntN(4) {
		c.try(pick(c.r, everybody), q, c.asker.drawAll(q.vars))
	}
	if c.rounds%200 > 0 {
		return
	}
	c.db.Clock.Add(time.Duration(1+c.r.IntN(9)) * 24 * time.Hour)
	clear(c.tokens)
	c.db.Statements(func() {}) // forget those that were seen
	before := c.once
	for _, who := range everybody { // whose points fell due
		c.try(who, query{text: "{me {bonusAccount {balance available pending entries(first: 3) {nodes {label balanceAfter}} lots {remaining}}}}"}, nil)
	}
	if c.once > before {
		c.disagreements = append(c.disagreements, "the short way shows points that fell due")
	}
	c.world.settle(c.t)
}

func (c *contest) try(who caller, q query, vars map[string]any) {
	text := q.text
	v := c.send(who, text, vars)
	if c.sent++; v.doc == nil {
		c.refused++
		c.reasons[reason.ReplaceAllString(string(v.answer.Errors[:min(120, len(v.answer.Errors))]), "_")]++
		return
	}
	c.answered++
	if bytes.Contains(v.answer.Errors, []byte(`"INTERNAL"`)) {
		c.disagreements = append(c.disagreements, "no way answers, as "+c.report(who, text, vars, v))
	}
	if !v.short {
		c.learn(v, v.answer.Data, nil)
		return
	}
	c.short++
	c.guard(who, text, vars, v)
	if !v.agree() {
		c.world.settle(c.t) // something may have happened between the two
		switch again := c.send(who, text, vars); {
		case !again.agree():
			c.disagreements = append(c.disagreements, c.report(who, text, vars, again))
		case !bytes.Contains(v.answer.Errors, []byte("UNAVAILABLE")): // the machine was too busy
			c.once++
		}
		return
	}
	c.learn(v, v.data, c.asker.shown)
	if c.asked = append(c.asked, asked{who, text, vars}); len(c.asked) > 300 {
		c.asked = c.asked[1:]
	}
}

func (c *contest) report(who caller, text string, vars map[string]any, v *verdict) string {
	text, v = c.shrink(who, text, vars, v)
	said, _ := json.Marshal(vars)
	return fmt.Sprintf("as %+v\n%s\nvariables %s\n--- resolvers\n%s\n--- compiled\n%s\n", who, text, said, compact(v.body), compact(v.data))
}

// learn remembers what an answer showed.
func (c *contest) learn(v *verdict, data []byte, shown map[string]int) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var answer any
	if d.Decode(&answer) != nil || answer == nil {
		return
	}
	for _, op := range v.doc.Operations {
		c.walk(op.SelectionSet, answer, shown)
	}
}

func (c *contest) walk(set ast.SelectionSet, at any, shown map[string]int) {
	switch at := at.(type) {
	case []any:
		for _, e := range at {
			c.walk(set, e, shown)
		}
	case map[string]any:
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.InlineFragment:
				c.walk(sel.SelectionSet, at, shown)
			case *ast.FragmentSpread:
				c.walk(sel.Definition.SelectionSet, at, shown)
			case *ast.Field:
				value := at[sel.Alias]
				if value == nil {
					continue
				}
				if text, ok := value.(string); ok && sel.ObjectDefinition != nil {
					c.asker.seen.note(sel, text)
				}
				if shown != nil && sel.ObjectDefinition != nil {
					shown[sel.ObjectDefinition.Name+"."+sel.Name]++
				}
				c.walk(sel.SelectionSet, value, shown)
			}
		}
	}
}

// reason is what differs in errors of one kind.
var reason = regexp.MustCompile(`[0-9]+|\\"[^"]*\\"`)

var anyID = regexp.MustCompile(`[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}`)

// guard looks for what is bob's in the bytes that others get: nothing of his
// is shared with anybody but staff. Ids, numbers, outside keys and cursors of
// all people are asked for by everybody. // security F1 F3
func (c *contest) guard(who caller, text string, vars map[string]any, v *verdict) {
	if slices.Contains([]string{"bob", "staff", "support", "paul"}, who.who) {
		return
	}
	found := ""
	if bytes.Contains(v.data, []byte(bobs)) {
		found = bobs
	}
	for _, id := range anyID.FindAllString(string(v.data), -1) {
		if c.made[bobs][id] {
			found = id
		}
	}
	if found != "" {
		said, _ := json.Marshal(vars)
		c.leaks = append(c.leaks, fmt.Sprintf("%+v sees %s by\n%s\nvariables %s\n%s", who, found, text, said, v.data))
	}
}

// route leads to a type: what is selected of it becomes a query.
type route struct {
	typ  *ast.Definition
	wrap func(selected string) string
}

// probe finds out which fields the short way understands, by asking for each
// in the smallest query that leads there.
func (c *contest) probe() {
	a := c.asker
	known := map[string]bool{}
	for i := 0; i < len(c.ways) || i == 0; i++ {
		if i == 0 {
			c.ways = []route{{a.schema.Query, func(selected string) string { return "{" + selected + "}" }}}
		}
		at := c.ways[i]
		for _, f := range at.typ.Fields {
			if strings.HasPrefix(f.Name, "__") || !c.answersShort(at, f) {
				continue
			}
			known[at.typ.Name+"."+f.Name] = true
			if to := a.composite(f); to != nil {
				c.lead(at, f, to)
			}
		}
	}
	a.known = known
}

func (c *contest) answersShort(at route, f *ast.FieldDefinition) bool {
	tries := 8
	if len(f.Arguments) > 0 {
		tries = 40 // not every draw names something
	}
	for range tries {
		q := c.asker.along(at, f)
		v := c.send(pick(c.r, []caller{{who: "alice"}, {who: "staff"}}), q.text, c.asker.drawAll(q.vars))
		if v.doc != nil {
			c.learn(v, v.answer.Data, nil)
		}
		if v.short {
			return true
		}
	}
	return false
}

// along is the smallest query for a field at the end of a route.
func (a *asker) along(at route, f *ast.FieldDefinition) query {
	a.query = query{}
	text := at.wrap(a.smallest(at.typ, f))
	a.text = "query " + a.definitions() + text
	return a.query
}

// lead notes the way to the types of a field.
func (c *contest) lead(at route, f *ast.FieldDefinition, to *ast.Definition) {
	for _, d := range append([]*ast.Definition{to}, c.schema.GetPossibleTypes(to)...) {
		if slices.ContainsFunc(c.ways, func(w route) bool { return w.typ == d }) {
			continue
		}
		c.ways = append(c.ways, route{d, func(selected string) string {
			if d != to {
				selected = "... on " + d.Name + " {" + selected + "}"
			}
			return at.wrap(f.Name + c.asker.arguments(at.typ.Name, f) + " {" + selected + "}")
		}})
	}
}

// smallest is a field with what it must have.
func (a *asker) smallest(typ *ast.Definition, f *ast.FieldDefinition) string {
	text := f.Name
	if slices.ContainsFunc(f.Arguments, func(d *ast.ArgumentDefinition) bool { return d.Type.NonNull }) {
		text += a.arguments(typ.Name, f)
	}
	if a.composite(f) != nil {
		text += " {__typename}"
	}
	return text
}

// cover asks for what chance left out, and first for what a filter hides when
// nothing is said.
func (c *contest) cover() {
	for _, who := range everybody {
		c.try(who, query{text: "{me {notifications(first: 20, filter: {snoozed: ONLY}) {nodes {snoozedUntilAt}}}}"}, nil)
	}
	for _, at := range c.ways {
		for _, f := range at.typ.Fields {
			name := at.typ.Name + "." + f.Name
			for tries := 0; tries < 1500 && c.asker.known[name] && c.asker.shown[name] == 0; tries++ {
				q := c.asker.along(at, f)
				c.try(pick(c.r, everybody), q, c.asker.drawAll(q.vars))
			}
		}
	}
}

// together asks the last queries again, from several sides at once: what is
// kept of a document serves all its callers.
func (c *contest) together() {
	c.world.settle(c.t)
	for _, q := range c.asked {
		c.signedIn(q.who.who)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 4 {
		order := c.r.Perm(len(c.asked))
		wg.Go(func() {
			for _, i := range order {
				q := c.asked[i]
				v := c.send(q.who, q.text, q.vars)
				mu.Lock()
				c.guard(q.who, q.text, q.vars, v)
				if !v.agree() && !bytes.Contains(v.answer.Errors, []byte("UNAVAILABLE")) {
					c.disagreements = append(c.disagreements, fmt.Sprintf("asked at once by several, as %+v\n%s\n--- resolvers\n%s\n--- compiled\n%s\n", q.who, q.text, v.body, v.data))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// judge says what came of it.
func (c *contest) judge() {
	t := c.t
	t.Helper()
	t.Logf("%d queries: %d refused at the edge, %d answered, %d of them the short way (%d %%); %d disagreements that did not come back",
		c.sent, c.refused, c.answered, c.short, 100*c.short/max(c.answered, 1), c.once)
	for why, n := range c.reasons {
		if n > c.sent/100 {
			t.Logf("%d refused: %s", n, why)
		}
	}
	for _, d := range c.disagreements {
		t.Errorf("the two ways disagree: %s", d)
	}
	for _, l := range c.leaks[:min(3, len(c.leaks))] {
		t.Errorf("somebody else's: %s", l)
	}
	if 100*c.short < 40*c.answered || 10*c.refused > 3*c.sent {
		t.Errorf("too few queries took the short way, or too many were refused")
	}
	if c.once > 2+c.short/2000 {
		t.Errorf("%d times the two ways disagreed, and not when asked again", c.once)
	}
	described := describedFields(t)
	for _, name := range described {
		if !c.asker.known[name] {
			t.Errorf("%s is described in internal/compiled, and never answered by it", name)
		}
	}
	var missing []string
	for name := range c.asker.known {
		if c.asker.shown[name] == 0 {
			missing = append(missing, name)
		}
	}
	if slices.Sort(missing); len(missing) > 0 && c.sent > 2000 {
		t.Errorf("understood by the short way, but no value of it was compared: %v\nseen: %v", missing, slices.Sorted(maps.Keys(c.asker.shown)))
	}
}
