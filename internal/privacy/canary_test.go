package privacy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"kabinet/ent/generated/migrate"
	"kabinet/internal/privacy"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// filler puts a row of a person into every table, and a canary into every
// column that is not kept for a reason.
type filler struct {
	t   *testing.T
	db  *storetest.DB
	me  uuid.UUID
	ids map[string]uuid.UUID // the row of each table
	n   int
}

// canary is a word that stands nowhere else; mine begin with the person's id.
func (f *filler) canary(table, column string) string {
	f.n++
	return fmt.Sprintf("canary-%s-%s.%s-%d", f.me.String()[24:], table, column, f.n)
}

// fixed are values that CHECKs and foreign keys ask for, as SQL; the rest is
// made up by type.
func (f *filler) fixed() map[string]map[string]any {
	id := func(table string) uuid.UUID { return f.id(table) }
	address := f.canary("letters", "sender")
	return map[string]map[string]any{
		"users":               {"id": f.me, "status": "ACTIVE", "interests": `["` + f.canary("users", "interests") + `"]`, "manager_contacts": "[]"},
		"sessions":            {"kind": "TOKEN", "token_hash": []byte(f.me.String()), "refresh_hash": nil, "refresh_prev_hash": nil},
		"invitations":         {"invited_id": f.me},
		"memberships":         {"owner_id": id("companies")},
		"companies":           {"kind": "FAMILY", "parent_id": nil},
		"addresses":           {"kind": "ADDRESS", "holder_id": f.me, "lines": `["` + f.canary("addresses", "lines") + `"]`},
		"orders":              {"status": "COMPLETED", "payment_status": "PAID", "fulfillment_status": "DELIVERED", "refunded_minor": 0},
		"order_lines":         {"order_id": id("orders"), "product_id": nil, "quantity": 3},
		"order_events":        {"order_id": id("orders"), "kind": "PLACED"},
		"payments":            {"order_id": id("orders"), "kind": "PAYMENT", "status": "SUCCEEDED"},
		"shipments":           {"order_id": id("orders")},
		"return_requests":     {"order_id": id("orders"), "status": "REFUNDED", "lines": "[]"},
		"tickets":             {"status": "OPEN", "order_id": nil, "last_message_id": nil, "assignee_id": nil},
		"ticket_messages":     {"ticket_id": id("tickets"), "author_id": f.me, "author_kind": "CUSTOMER", "visibility": "ALL", "removed_at": nil},
		"ticket_attachments":  {"ticket_id": id("tickets"), "message_id": id("ticket_messages")},
		"ticket_edits":        {"ticket_id": id("tickets"), "message_id": id("ticket_messages")},
		"contact_points":      {"kind": "EMAIL", "value_key": address},
		"letters":             {"ticket_id": id("tickets"), "sender": address},
		"article_votes":       {"voter": f.me.String()},
		"ticket_participants": {"ticket_id": id("tickets"), "left_at": nil},
		"survey_requests":     {"ticket_id": id("tickets"), "status": "ANSWERED", "score": 4},
		"ledger_accounts":     {"kind": "BONUS", "unit": "PTS:x", "active": 0, "pending": 0, "held": 0, "floor": 0, "next_due_at": nil, "tier_review_at": nil},
		"ledger_entries":      {"account_id": id("ledger_accounts"), "amount": 5, "bucket": "ACTIVE", "contra_bucket": "ACTIVE", "transfer_id": nil, "actor_id": f.me, "kind": "ACCRUAL", "parent_id": nil},
		"ledger_lots":         {"account_id": id("ledger_accounts"), "entry_id": id("ledger_entries"), "remaining": 0, "bucket": "ACTIVE"},
		"tier_changes":        {"account_id": id("ledger_accounts")},
		"top_ups":             {"status": "FAILED", "entry_id": nil, "method": "PROVIDER", "account_id": id("ledger_accounts")},
		"payment_notices":     {"top_up_id": id("top_ups")},
		"transfers":           {"status": "QUOTED", "from_account_id": id("ledger_accounts")},
		"product_admissions":  {"kind": "CUSTOMER", "subject_id": f.me},
		"shopping_lists":      {"kind": "LIST", "for_id": nil},
		"invoice_quotes":      {"status": "QUOTED", "entry_id": nil, "completed_at": nil, "account_id": id("ledger_accounts")},
		"gift_cards":          {"status": "ACTIVE", "remaining_minor": 1, "buyer_id": f.me},
		"referrals":           {"friend_id": uuid.Must(uuid.NewV7())},
		"campaign_entries":    {"data": `{"text":"` + f.canary("campaign_entries", "data") + `"}`},
		"documents":           {"kind": "UPLOAD"},
		"payment_methods":     {"last4": "4242", "status": "ACTIVE"},
		"audit_entries":       {"actor_id": f.me, "subject_id": f.me, "actor_kind": "USER"},
		"tasks":               {"kind": "test", "status": "DONE", "cursor": "{}", "counts": "{}"},
		"notifications":       {"read_at": nil, "snoozed_until_at": nil},
		"push_endpoints":      {"ended_at": nil},
		"reward_redemptions":  {"status": "FULFILLED", "refund_entry_id": nil, "ended_at": nil, "cancelled_by": nil},
	}
}

func (f *filler) id(table string) uuid.UUID {
	if f.ids[table] == uuid.Nil {
		f.ids[table] = uuid.Must(uuid.NewV7())
	}
	return f.ids[table]
}

// kept says which columns of a table are kept for a reason.
func kept(table string) map[string]bool {
	all := map[string]bool{}
	for _, e := range store.Erasures {
		if e.Table == table {
			for c := range e.Texts {
				all[c] = true
			}
		}
	}
	return all
}

// concerned says whether a person can have rows in a table at all.
func concerned(table string) bool {
	return slices.ContainsFunc(store.Erasures, func(e store.Erasure) bool { return e.Table == table && e.Mine != "" })
}

func (f *filler) fill(ctx context.Context) {
	f.t.Helper()
	fixed := f.fixed()
	tables := slices.Clone(migrate.Tables)
	order := []string{"users", "companies", "orders", "tickets", "ledger_accounts", "ledger_entries", "top_ups"}
	slices.SortStableFunc(tables, func(a, b *schema.Table) int { return rank(order, a.Name) - rank(order, b.Name) })
	for _, table := range tables {
		if !concerned(table.Name) {
			continue
		}
		var names, marks []string
		var args []any
		for _, c := range table.Columns {
			v, given := fixed[table.Name][c.Name]
			if !given {
				v = f.value(table.Name, c)
			}
			names, marks, args = append(names, c.Name), append(marks, "?"), append(args, v)
		}
		f.exec(ctx, `INSERT INTO `+table.Name+` (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`, args...)
	}
	now := f.db.Now()
	f.exec(ctx, `INSERT INTO account_events (stream_id, seq, event_id, kind, subject_kind, subject_id, actor_id, visibility, payload, created_at, relayed, heard)
		VALUES (?, 1, ?, 'account.profile_updated', 'usr', ?, ?, 'ALL', ?, ?, true, true)`, f.me, uuid.New(), f.me, f.me, `{"userId":"`+f.me.String()+`","x":"`+f.canary("account_events", "payload")+`"}`, now)
	f.exec(ctx, `INSERT INTO idempotencies (actor_id, key, operation, input_hash, result, expires_at) VALUES (?, ?, 'x', 'x', ?, ?)`,
		f.me, f.canary("idempotencies", "key"), `{"a":"`+f.canary("idempotencies", "result")+`"}`, now.Add(time.Hour))
	f.exec(ctx, `INSERT INTO challenges (id, purpose, user_id, secret_hash, data, max_attempts, created_at, expires_at) VALUES (?, 'x', ?, ?, ?, 1, ?, ?)`,
		uuid.New(), f.me, []byte("x"), []byte(f.canary("challenges", "data")), now, now.Add(time.Hour))
	f.tellColleague(ctx)
	words := "?"
	if f.db.Dialect() == dialect.Postgres {
		words = "CAST(? AS tsvector)"
	}
	f.exec(ctx, `INSERT INTO search_docs (object_id, kind, owner_id, placed_at, words) VALUES (?, 'ord', ?, ?, `+words+`)`, uuid.New(), f.me, now, f.canary("search_docs", "words"))
}

// tellColleague makes what a member of staff was told of the person's request.
func (f *filler) tellColleague(ctx context.Context) {
	f.t.Helper()
	colleague, now := uuid.Must(uuid.NewV7()), f.db.Now()
	f.exec(ctx, `INSERT INTO memberships (id, created_at, updated_at, owner_id, user_id, kind, role_id, status, earns_to_owner) VALUES (?, ?, ?, ?, ?, 'STAFF', ?, 'ACTIVE', false)`,
		uuid.New(), now, now, viewer.House, colleague, uuid.New())
	var subject string
	one(f.t, f.db, `SELECT subject FROM tickets WHERE id = '`+f.id("tickets").String()+`'`, &subject)
	for _, title := range []string{"You were given a request", "New: " + subject} { // ours, and the House's own
		f.exec(ctx, `INSERT INTO notifications (id, created_at, updated_at, user_id, event_id, topic, type, severity, title, body, params, subject_kind, subject_id)
			VALUES (?, ?, ?, ?, ?, 'SUPPORT', 'ticket.assigned', 'INFO', ?, ?, ?, 'tkt', ?)`, uuid.New(), now, now, colleague, uuid.New(), title, subject, `{"subject":"`+subject+`"}`, f.id("tickets"))
	}
}

func rank(order []string, name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

func (f *filler) exec(ctx context.Context, query string, args ...any) {
	f.t.Helper()
	err := f.db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		f.t.Fatalf("%v\n%s", err, query)
	}
}

// value makes up a value of a column.
func (f *filler) value(table string, c *schema.Column) any {
	switch c.Name {
	case "id":
		return f.id(table)
	case "user_id", "owner_id":
		return f.me
	case "source", "external_id", "source_updated_at", "delete_at", "retired_at":
		if table != "users" {
			return nil
		}
	}
	switch {
	case len(c.Enums) > 0:
		return c.Enums[0]
	case c.Type == field.TypeUUID:
		return uuid.Must(uuid.NewV7())
	case c.Type == field.TypeTime:
		if c.Name == "delete_at" {
			return nil
		}
		return f.db.Now().Add(-time.Hour)
	case c.Type == field.TypeBool:
		return false
	case c.Type == field.TypeInt || c.Type == field.TypeInt64:
		return 1
	}
	word := f.canary(table, c.Name)
	if kept(table)[c.Name] {
		word = "kept-" + uuid.NewString()
	}
	switch c.Type {
	case field.TypeJSON:
		return `{"text":"` + word + `"}`
	case field.TypeBytes:
		return []byte(word)
	}
	return word
}

// sing scans every column of the whole database for a word, and says where it stands.
func sing(t *testing.T, db *storetest.DB, word string) (where []string) {
	t.Helper()
	query := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'search_words%' AND m.name NOT LIKE 'article_index%'`
	text := `CAST(%s AS text)`
	if db.Dialect() == dialect.Postgres {
		query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()`
	}
	rows, err := db.Query(storetest.System(), query)
	if err != nil {
		t.Fatal(err)
	}
	var columns [][2]string
	for rows.Next() {
		var c [2]string
		if err := rows.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	rows.Close()
	for _, c := range columns {
		column := fmt.Sprintf(text, `"`+c[1]+`"`)
		like := column + ` LIKE '%` + word + `%'`
		if db.Dialect() == dialect.Postgres { // bytes are hex as text
			like += ` OR ` + column + fmt.Sprintf(` LIKE '%%%x%%'`, word)
		}
		var n int
		one(t, db, `SELECT count(*) FROM `+c[0]+` WHERE `+like, &n)
		if n > 0 {
			where = append(where, fmt.Sprintf("%s.%s (%d)", c[0], c[1], n))
		}
	}
	if db.Dialect() == dialect.SQLite { // an index without a table behind it is asked instead of read
		var n int
		one(t, db, `SELECT count(*) FROM search_words WHERE search_words MATCH '"`+strings.TrimPrefix(word, "canary-")+`"'`, &n)
		if n > 0 {
			where = append(where, fmt.Sprintf("search_words (%d)", n))
		}
	}
	return where
}

func one(t *testing.T, db *storetest.DB, query string, into ...any) {
	t.Helper()
	rows, err := db.Query(storetest.System(), query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(query, rows.Err())
	}
	if err := rows.Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// security F15, J9: a person with rows in every table is erased, and none of
// his words is left anywhere in the database; another's stay.
func TestErasedWithoutATrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		db.Tampered() // the rows are made up
		ctx := storetest.System()
		me, other := &filler{t: t, db: db, me: uuid.Must(uuid.NewV7()), ids: map[string]uuid.UUID{}}, &filler{t: t, db: db, me: uuid.Must(uuid.NewV7()), ids: map[string]uuid.UUID{}}
		me.fill(ctx)
		other.fill(ctx)
		mine, his := "canary-"+me.me.String()[24:], "canary-"+other.me.String()[24:]
		before := sing(t, db, his)
		if got := sing(t, db, mine); len(got) != len(before) || len(got) < 100 {
			t.Fatalf("%d columns sing, of the other %d", len(got), len(before))
		}
		w.schedule(me.me)
		db.Clock.Add(w.Delay + time.Minute)
		w.run()
		if left := sing(t, db, mine); len(left) > 0 {
			t.Errorf("something is left in %s", strings.Join(left, ", "))
		}
		if after := sing(t, db, his); !slices.Equal(before, after) {
			t.Errorf("another person's words went: before\n%v\nafter\n%v", before, after)
		}
		var name, status string
		one(t, db, `SELECT display_name, status FROM users WHERE id = '`+me.me.String()+`'`, &name, &status)
		if name != privacy.Nobody() || status != "ERASED" {
			t.Errorf("he is called %q and %s", name, status)
		}
	})
}
