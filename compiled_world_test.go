package main

import (
	"context"
	binaryenc "encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/migrate"
	"kabinet/internal/account"
	"kabinet/internal/bonus"
	"kabinet/internal/demo"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// caller is one way of asking.
type caller struct{ who, company, locale string }

// everybody are the callers; what each is, fill says.
var everybody = []caller{
	{who: "alice"}, {who: "alice"}, {who: "bob"}, {who: "carol"}, {who: "carol", company: "acme"}, {who: "dora", company: "acme"},
	{who: "erik", company: "acme"}, {who: "fred", locale: "ru"}, {who: "staff"}, {who: "support"}, {who: "paul"},
	{who: "paul", company: "acme"}, {who: "nobody"}, {who: "nobody", locale: "ru"},
}

// fullWorld is a world with rows of every kind and every odd content, made by
// chance. Rows are written past the domains, so that they hold what no verb
// makes today.
type fullWorld struct {
	*world
	r      *rand.Rand
	schema *ast.Schema
	people map[string]uuid.UUID
	mark   string                     // stands in each text of the owner whose rows are being made
	made   map[string]map[string]bool // by mark, the ids at the edge
	keys   [][2]string                // outside keys of orders
	n      int
	rows   []func(context.Context, *store.Tx) error

	items, foreign []uuid.UUID // products; orders of bob's
}

// insert adds a row of an ent type. Columns that are not given are filled by
// their kind, and half of those that may be null are.
func (w *fullWorld) insert(typ string, given map[string]any) uuid.UUID {
	st := ent.Stored[typ]
	w.n++
	id := w.id()
	var names, holes []string
	var args []any
	for _, name := range slices.Sorted(maps.Keys(st.Columns)) {
		v, ok := given[name]
		switch {
		case name == "id":
			v = id
		case !ok:
			v = w.column(typ, name, st.Columns[name])
		}
		if p, isID := v.(*uuid.UUID); isID {
			if v = nil; p != nil {
				v = *p
			}
		}
		names, holes, args = append(names, name), append(holes, "?"), append(args, v)
	}
	query := "INSERT INTO " + st.Table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(holes, ", ") + ")"
	w.rows = append(w.rows, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return fmt.Errorf("%s: %w", typ, err)
		}
		return nil
	})
	if w.made[w.mark] == nil {
		w.made[w.mark] = map[string]bool{}
	}
	prefix := st.Prefix
	if kind, ok := given["kind"].(string); ok && st.PrefixByKind[kind] != "" {
		prefix = st.PrefixByKind[kind]
	}
	w.made[w.mark][scalar.ID{Prefix: prefix, UUID: id}.String()] = true
	return id
}

// save writes the rows that were made, in their order.
func (w *fullWorld) save(t testing.TB) {
	t.Helper()
	check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for _, row := range w.rows {
			if err := row(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}))
	w.rows = nil
}

// id is a UUIDv7 by chance, so that a seed gives the same world.
func (w *fullWorld) id() (id uuid.UUID) {
	binaryenc.BigEndian.PutUint64(id[:8], uint64(storetest.Start.UnixMilli()-int64(w.r.IntN(5)))<<16|0x7000|w.r.Uint64()&0xfff)
	binaryenc.BigEndian.PutUint64(id[8:], w.r.Uint64()&^(3<<62)|2<<62)
	return id
}

func (w *fullWorld) column(typ, name string, c ent.StoredColumn) any {
	switch {
	case c.Nullable && w.r.IntN(10) < 4 || name == "provider_ref":
		return nil
	case name == "external_id":
		return fmt.Sprint(w.mark, "out ", w.n) // once in a source
	}
	def := &ast.FieldDefinition{Type: ast.NamedType("String", nil)}
	var fields ast.FieldList // of some tables the SDL has a type of the same name
	if sdl := w.schema.Types[typ]; sdl != nil {
		fields = sdl.Fields
	}
	for _, field := range fields {
		columns := ent.Stored[typ].Fields[field.Name]
		if len(columns) == 1 && columns[0] == name && (c.Kind != "enum" || len(w.schema.Types[field.Type.Name()].EnumValues) > 0) {
			def = field
		}
	}
	switch c.Kind {
	case "enum":
		if values := w.schema.Types[def.Type.Name()].EnumValues; len(values) > 0 {
			return values[w.r.IntN(len(values))].Name
		}
		return pick(w.r, enumOf(ent.Stored[typ].Table, name))
	case "int":
		return pick(w.r, []int64{0, 1, 2, 7, 100, 4096, 1<<31 - 1})
	case "bool":
		return w.r.IntN(2) == 0
	case "time":
		return w.time()
	case "json":
		return w.json()
	case "uuid":
		return w.id()
	case "bytes":
		return []byte(w.text())
	}
	switch def.Type.Name() {
	case "URL":
		return pick(w.r, []string{"https://example.com/a?b=c&d=%20<e>", "http://пример.рф/\"x\""})
	case "Date":
		return pick(w.r, []string{"1990-05-17", "2004-02-29"})
	}
	return w.text()
}

// enumOf are the values of a column that the SDL shows under another name.
func enumOf(table, column string) []string {
	for _, t := range migrate.Tables {
		for _, c := range t.Columns {
			if t.Name == table && c.Name == column {
				return c.Enums
			}
		}
	}
	return nil
}

var oddTexts = []string{
	"plain", "", "Ünïcödé Привет 日本", "👩‍👩‍👧 \U0001F680", "line\nbreak\r\n\ttab", `quote " back \ slash / end`, "<b>&amp;</b> 'x' `y`",
	"\x01\x1f\x7f\u0080", "\u2028 and \u2029", "null", "\b\f\v", "\ufeff\ufffd", `A\n`, "true", `[1]`, `{"a":1}`, "%s {{x}} $1 ?", strings.Repeat("long ", 60),
}

// text carries the owner's mark.
func (w *fullWorld) text() string {
	if w.mark != "" || w.r.IntN(2) == 0 {
		return w.mark + pick(w.r, oddTexts)
	}
	return pick(w.r, oddTexts)
}

var oddJSON = []string{
	`{}`, `{"n":1.50,"e":1e3,"big":9007199254740993,"tiny":0.1e-7,"zero":-0.0,"huge":1e21,"frac":123456789.125}`,
	`{"z":1,"a":{"ü":"\\ \" \n <>& \u2028","b":[1,[],{},null,"x"]},"":true,"null":null}`, `{"<k>&\"":"\u0001\u007f","👩":[{"b":2,"a":1}]}`,
	`{ "spaced" : [ 1 , 2 ] , "t" : false }`, `{"forgiven":true}`,
}

func (w *fullWorld) json() any {
	text := pick(w.r, oddJSON)
	switch {
	case w.mark != "":
		text = `{"mark":"` + w.mark + `",` + strings.TrimPrefix(strings.Replace(text, "{}", `{"o":{}}`, 1), "{")
	case w.r.IntN(8) == 0:
		text = "null"
	}
	return w.asJSON(text)
}

// asJSON gives JSON to the driver as ent does.
func (w *fullWorld) asJSON(text string) any {
	if w.db.Dialect() == dialect.SQLite {
		return []byte(text)
	}
	return text
}

// time is one of a few, so that many rows share one.
func (w *fullWorld) time() time.Time {
	return storetest.Start.Add(-pick(w.r, []time.Duration{0, time.Hour, time.Hour + 100*time.Millisecond, 24 * time.Hour,
		24*time.Hour + 123456*time.Microsecond, 30 * 24 * time.Hour, 400*24*time.Hour + time.Microsecond, -48 * time.Hour}))
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// some is a pointer to one of list, or nil.
func some[T any](r *rand.Rand, list []T) *T {
	if len(list) == 0 || r.IntN(3) == 0 {
		return nil
	}
	v := pick(r, list)
	return &v
}

// fill makes people: carol buys for acme in a role that reaches what is her
// own, dora in one that reaches all, erik reads; gina was a colleague; paul is
// support staff and acts for acme; fred has nothing. Each text of bob's carries
// a mark, and nothing of his is shared with any other customer.
func (w *fullWorld) fill(t testing.TB) {
	t.Helper()
	ctx := storetest.System()
	w.people, w.made = map[string]uuid.UUID{}, map[string]map[string]bool{}
	for _, who := range []string{"alice", "bob", "carol", "staff", "support", "acme"} {
		id, err := scalar.ParseID(w.vars[who])
		check(t, err)
		w.people[who] = id.UUID
	}
	for _, p := range []account.CreateUser{{Name: "Dora", Locale: "ru"}, {Name: "Erik"}, {Name: "Fred"}, {Name: "Gina"}, {Name: "Paul", Staff: true, Role: "Support"}} {
		who := strings.ToLower(p.Name)
		p.Email, p.Password, p.Verified = who+"@example.com", password, true
		id, err := w.app.people.CreateUser(ctx, p)
		check(t, err)
		w.people[who], w.vars[who] = id, scalar.ID{Prefix: "usr", UUID: id}.String()
	}
	for who, role := range map[string]string{"dora": "Owner", "erik": "Accountant", "gina": "Owner", "paul": "Owner"} {
		check(t, w.app.people.AddMember(ctx, w.people["acme"], w.people[who], role))
	}
	w.exec("UPDATE memberships SET status = 'ENDED' WHERE user_id = ?", w.people["gina"])
	w.exec("UPDATE users SET locale = 'ru', given_name = ?, middle_name = ?, birth_on = '1990-05-17', time_zone = 'Europe/Moscow', nickname = 'лиса', sex = 'FEMALE', job_title = 'CTO', region = 'RU-MOW' WHERE id = ?", "Алиса <\x7f>", "", w.people["alice"])
	w.goods()
	stars := w.programme()
	for _, who := range []string{"bob", "alice", "carol", "acme", "staff"} {
		if w.mark = ""; who == "bob" {
			w.mark = bobs
			w.made[bobs] = map[string]bool{w.vars["bob"]: true}
			w.exec("UPDATE users SET display_name = ?, family_name = ?, given_name = ?, kind = 'LEGAL_ENTITY' WHERE id = ?", bobs+"Bob", bobs, bobs, w.people["bob"])
		}
		if who == "staff" {
			all, err := w.app.points.Programs(ctx)
			check(t, err)
			w.belongings(who, all[0].KeyID, all[0].Unit)
			continue
		}
		w.belongings(who, stars, "PTS:stars")
	}
	w.mark = ""
	w.orders(viewer.House, nil, 3) // of guests
	w.save(t)
	w.verbs(t)
	w.db.Clock.Add(10 * time.Second) // programmes are believed for a while
	w.settle(t)
}

// bobs stands in every text of bob's.
const bobs = "⟦bob's⟧"

func (w *fullWorld) exec(query string, args ...any) {
	w.rows = append(w.rows, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// verbs make points in the ordinary way, falling due as the clock goes on.
func (w *fullWorld) verbs(t testing.TB) {
	t.Helper()
	staff := demo.AsStaff(storetest.System(), w.people["staff"])
	for i, who := range []string{"alice", "alice", "bob", "carol", "alice", "dora", "bob"} {
		expires := w.db.Now().Add(time.Duration(i*9+3) * 24 * time.Hour)
		_, err := w.app.points.Accrue(staff, bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: w.people[who]}, Amount: int64(10 + i),
			Reason: "gift", ExpiresAt: &expires, IdempotencyKey: fmt.Sprint("gift", i)})
		check(t, err)
	}
	for i, who := range []string{"alice", "bob"} {
		_, err := w.app.points.Adjust(staff, bonus.AdjustPointsInput{UserID: scalar.ID{Prefix: "usr", UUID: w.people[who]}, Amount: int64(-1 - i), Reason: "took <one>", IdempotencyKey: fmt.Sprint("took", i)})
		check(t, err)
		_, err = w.app.points.Redeem(storetest.As(w.people[who]), bonus.RedeemPointsInput{Amount: 3, IdempotencyKey: "spend"})
		check(t, err)
	}
}
