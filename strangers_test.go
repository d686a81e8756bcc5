package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	entreason "kabinet/ent/generated/reason"
	"kabinet/internal/account"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// strangers is a world in which bob, and the company globex with dora in it,
// will have a row in every table that can hold one; alice, and carol for the
// company acme, try to come to it.
type strangers struct {
	*world
	t       *testing.T
	r       *rand.Rand
	schema  *ast.Schema
	ids     map[string]bool     // of the victims, as the edge writes them
	byType  map[string][]string // the same by type
	reasons []string            // the catalogue, which is everybody's
	victims []any
	rows    []madeRow
	words   bool // ids stand for words too: queries keep nothing
}

// theirs stands in each text of the victims.
const theirs = "⟦theirs⟧"

var (
	attackers = []step{{as: "nobody"}, {as: "alice"}, {as: "carol", company: "acme"}, {as: "alice", company: "globex"}}
	rightful  = []step{{as: "bob"}, {as: "dora", company: "globex"}}
)

func newStrangers(t *testing.T, db *storetest.DB) *strangers {
	t.Helper()
	seed := uint64(atoi(t, cmp.Or(os.Getenv("KABINET_TEST_SEED"), "1")))
	t.Logf("KABINET_TEST_SEED=%d", seed)
	db.Tampered() // the rows are made up: no book balances
	w := &strangers{world: newWorld(t, db), t: t, r: rand.New(rand.NewPCG(seed, 0)), schema: sdl(t), ids: map[string]bool{}, byType: map[string][]string{}}
	ctx := storetest.System()
	dora, err := w.app.people.CreateUser(ctx, account.CreateUser{Name: theirs, Email: "dora@example.com", Password: password, Verified: true})
	check(t, err)
	globex, err := w.app.people.CreateCompany(ctx, account.CreateCompany{Name: theirs, Source: "test", ExternalID: "globex"})
	check(t, err)
	check(t, w.app.people.AddMember(ctx, globex, dora, "Owner"))
	w.vars["dora"], w.vars["globex"] = scalar.ID{Prefix: "usr", UUID: dora}.String(), scalar.ID{Prefix: "com", UUID: globex}.String()
	w.token(t, "dora")
	bob := w.uuid(t, "bob")
	w.mine("User", w.vars["bob"])
	w.mine("User", w.vars["dora"])
	w.mine("Company", w.vars["globex"])
	w.mine("Order", w.vars["bobOrder"])
	catalogue, err := w.db.Client.Reason.Query().Where(entreason.KindEQ("CANCEL"), entreason.RetiredAtIsNil()).All(ctx)
	check(t, err)
	for _, r := range catalogue {
		w.reasons = append(w.reasons, r.GlobalID().String())
	}
	w.victims = []any{bob, dora, globex}
	w.think(bob, bob)
	w.think(globex, dora)
	w.settle(t)
	stop, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	check(t, w.app.jobs.Stop(stop)) // housework comes to everybody's rows
	return w
}

func (w *strangers) mine(typ, id string) {
	w.ids[id] = true
	w.byType[typ] = append(w.byType[typ], id)
}

var requestIDs = regexp.MustCompile(`"requestId":"[^"]*"`)

func (w *strangers) asks(who step, query string) string {
	b, err := json.Marshal(w.send(w.t, who, query))
	check(w.t, err)
	return requestIDs.ReplaceAllString(string(b), "")
}

// TestStrangersFindNothing asks for each row of the victims, and calls each
// query with ids and words of theirs, before the rows are there and after: the
// answers to whoever is a stranger are the same, counts, sorts and filters
// too. Of those who own a row at least one sees it.
//
// security F1, F3, F4, F11
func TestStrangersFindNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newStrangers(t, db)
		queries, known := w.queries(), map[string]string{}
		ask := func(who step, query string) (string, bool) {
			key := fmt.Sprint(who.as, " for ", who.company, ": ", query)
			answer, was := w.asks(who, query), known[key]
			known[key] = answer
			return was, answer == was
		}
		for _, who := range attackers {
			for _, query := range queries {
				_, _ = ask(who, query)
			}
		}
		nodes := w.nodes()
		for typ := range nodes {
			for _, who := range rightful {
				_, _ = ask(who, nodes[typ])
			}
		}
		w.arrive()
		for _, who := range attackers {
			for _, query := range queries {
				if was, same := ask(who, query); !same {
					t.Errorf("%s for %q sees a difference by %s\nbefore %s\nafter %s", who.as, who.company, query, was, w.asks(who, query))
				}
				w.guard(who, query, w.asks(who, query))
			}
		}
		for typ, query := range nodes {
			shown := slices.ContainsFunc(rightful, func(who step) bool { _, same := ask(who, query); return !same })
			if def := w.schema.Types[typ]; !shown && def != nil && slices.Contains(def.Interfaces, "Node") && !slices.Contains(houseOnly, typ) {
				t.Errorf("%s: its owner does not see it either: %s", typ, w.asks(rightful[0], query))
			}
		}
	})
}

// houseOnly are rows that concern a person and that staff alone sees, and
// those that were there before.
var houseOnly = []string{"AuditEntry", "Delivery", "Operator", "PaymentNotice", "User", "Company"}

// nodes is a query by type for all ids of it.
func (w *strangers) nodes() map[string]string {
	queries := map[string]string{}
	for typ, ids := range w.byType {
		queries[typ] = fmt.Sprintf(`{ node(id: %q) { __typename id } nodes(ids: ["%s"]) { __typename id } }`, ids[len(ids)-1], strings.Join(ids, `", "`))
	}
	return queries
}

// queries are what strangers ask for: each id, under a false name and the next
// one too, and each query of the SDL at random.
func (w *strangers) queries() (queries []string) {
	w.words = true
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	for _, id := range slices.Sorted(maps.Keys(w.ids)) {
		prefix, rest, _ := strings.Cut(id, "_")
		next := rest[:25] + alphabet[(strings.IndexByte(alphabet, rest[25])+1)%32:][:1]
		queries = append(queries, fmt.Sprintf(`{ node(id: %q) { __typename id } nodes(ids: [%q, "ord_%s", "%s_%s"]) { __typename id } }`, id, id, rest, prefix, next))
	}
	for range 4 {
		for _, f := range own(w.schema.Query.Fields) {
			queries = append(queries, w.operation(w.schema.Query, f))
		}
	}
	return queries
}

// guard looks for what is theirs in an answer.
func (w *strangers) guard(who step, query, answer string) {
	w.t.Helper()
	if i := strings.Index(answer, theirs); i >= 0 {
		w.t.Errorf("%s for %q sees %s by %s", who.as, who.company, answer[max(0, i-100):min(len(answer), i+60)], query)
	}
	for _, id := range anyID.FindAllString(answer, -1) {
		if w.ids[id] && !strings.Contains(query, id) {
			w.t.Errorf("%s for %q sees %s by %s", who.as, who.company, id, query)
		}
	}
}

var (
	// leaving are the mutations that end the caller's session.
	leaving = []string{"signOut", "signOutEverywhere"}
	// meant are those by which one person does something to another, by
	// intent, and those that leave out what is not the caller's.
	meant = []string{"inviteToFamily", "transferPoints", "quoteTransfer", "markNotificationsSeen"}
)

// TestStrangersDoNothing calls each mutation at random with ids of the victims:
// none succeeds by one of them, no answer holds an id or a word of theirs,
// nothing breaks, and no row of theirs changes. The same calls then do
// something for whom they belong to.
//
// security F1, F7, F8, F11
func TestStrangersDoNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newStrangers(t, db)
		w.arrive()
		rounds := atoi(t, cmp.Or(os.Getenv("KABINET_TEST_ROUNDS"), "5"))
		before, calls := w.prints(), map[string][]string{}
		for _, f := range own(w.schema.Mutation.Fields) {
			if slices.Contains(leaving, f.Name) {
				continue
			}
			for round := range rounds {
				query := w.operation(w.schema.Mutation, f)
				switch {
				case round < len(w.byType["Document"]) && f.Name == "deleteDocument": // one of them is his own file
					query = fmt.Sprintf(`mutation { deleteDocument(input: {id: %q}) { deletedId userErrors { code } } }`, w.byType["Document"][round])
				case f.Name == "replyToTicket" && round == 0: // nothing but words
					query = fmt.Sprintf(`mutation { replyToTicket(input: {ticketId: %q, body: "x"}) { message { id } userErrors { code } } }`, w.byType["Ticket"][0])
				}
				calls[f.Name] = append(calls[f.Name], query)
				for _, who := range attackers {
					w.fails(who, f.Name, query)
				}
			}
			after := w.prints()
			for table := range after {
				if gone, come := apart(before[table], after[table]); gone+come != "" {
					t.Errorf("%s changed %s of somebody else: %s is now %s", f.Name, table, gone, come)
				}
			}
			before = after
		}
		w.control(calls)
	})
}

func (w *strangers) fails(who step, name, query string) {
	w.t.Helper()
	answer := w.asks(who, query)
	w.guard(who, query, answer)
	said := slices.ContainsFunc(anyID.FindAllString(query, -1), func(id string) bool { return w.ids[id] })
	if strings.Contains(answer, `"INTERNAL"`) || said && strings.Contains(answer, `"userErrors":[]`) && !slices.Contains(meant, name) {
		w.t.Errorf("%s for %q: %s answers %s", who.as, who.company, query, answer)
	}
}

// control lets those do it whose rows they are.
func (w *strangers) control(calls map[string][]string) {
	w.t.Helper()
	done := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		for _, query := range calls[name] {
			for _, who := range rightful {
				answer := w.asks(who, query)
				if strings.Contains(answer, `"INTERNAL"`) {
					w.t.Errorf("%s: %s answers %s", who.as, query, answer)
				}
				if strings.Contains(answer, `"userErrors":[]`) {
					done[name] = true
				}
				for _, other := range []string{"alice", "carol", "acme", "aliceOrder"} {
					if strings.Contains(answer, w.vars[other]) {
						w.t.Errorf("%s sees %s by %s", who.as, other, query)
					}
				}
			}
		}
	}
	w.t.Logf("%d of %d mutations did something: %v", len(done), len(calls), slices.Sorted(maps.Keys(done)))
	for _, name := range []string{"cancelOrder", "deleteDocument", "markNotificationRead", "replyToTicket"} {
		if !done[name] {
			w.t.Errorf("%s does nothing for its owner either: the test proves nothing", name)
		}
	}
}

// apart are the lines that only one of two prints has.
func apart(a, b string) (gone, come string) {
	if a == b {
		return "", ""
	}
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	gone = strings.Join(slices.DeleteFunc(slices.Clone(as), func(s string) bool { return slices.Contains(bs, s) }), "\n")
	come = strings.Join(slices.DeleteFunc(slices.Clone(bs), func(s string) bool { return slices.Contains(as, s) }), "\n")
	return gone, come
}

// prints are all rows of the victims, by table.
func (w *strangers) prints() map[string]string {
	w.t.Helper()
	prints := map[string]string{}
	for _, st := range ent.Stored {
		var conditions []string
		for _, c := range []string{"owner_id", "user_id"} {
			if _, ok := st.Columns[c]; ok {
				conditions = append(conditions, c+" IN (?, ?, ?)")
			}
		}
		if st.Table == "users" || st.Table == "companies" {
			conditions = []string{"id IN (?, ?, ?)"}
		}
		if len(conditions) > 0 {
			prints[st.Table] = w.print(st.Table, slices.Sorted(maps.Keys(st.Columns)), conditions)
		}
	}
	return prints
}

func (w *strangers) print(table string, columns, conditions []string) string {
	w.t.Helper()
	var args []any
	for range conditions {
		args = append(args, w.victims...)
	}
	rows, err := w.db.Query(context.Background(), fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY id", strings.Join(columns, ", "), table, strings.Join(conditions, " OR ")), args...)
	check(w.t, err)
	defer rows.Close()
	var text strings.Builder
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		check(w.t, rows.Scan(into...))
		for i, v := range row {
			fmt.Fprintf(&text, "%s=%v ", columns[i], readable(v))
		}
		text.WriteByte('\n')
	}
	check(w.t, rows.Err())
	return text.String()
}

func readable(v any) any {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	if id, ok := v.([16]byte); ok {
		return uuid.UUID(id)
	}
	return v
}
