package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/migrate"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// madeRow is a row that will be there.
type madeRow struct {
	table   string
	columns []string
	values  []any
}

// parents come before what refers to them.
var parents = []string{"orders", "tickets", "ledger_accounts", "ledger_entries", "top_ups"}

// think makes up a row for an owner and a user in each table that has such a
// column, with their mark in each text.
func (w *strangers) think(owner, user uuid.UUID) {
	ids := map[string]uuid.UUID{}
	for _, table := range migrate.Tables {
		ids[table.Name] = w.newID()
	}
	fixed := w.fixedValues(ids, user)
	tables := slices.Clone(migrate.Tables)
	slices.SortStableFunc(tables, func(a, b *schema.Table) int { return rankOf(a.Name) - rankOf(b.Name) })
	for _, table := range tables {
		if table.Name == "roles" || table.Name == "memberships" {
			continue
		}
		row, held := madeRow{table: table.Name}, false
		for _, c := range table.Columns {
			v, given := fixed[table.Name][c.Name]
			switch {
			case c.Name == "id":
				v = ids[table.Name]
			case given:
			case c.Name == "owner_id":
				v = owner
			case c.Name == "user_id":
				v = user
			default:
				v = w.made(c)
			}
			held = held || slices.Contains([]string{"owner_id", "user_id", "invited_id"}, c.Name)
			row.columns, row.values = append(row.columns, c.Name), append(row.values, v)
		}
		if held {
			w.rows = append(w.rows, row)
			w.learn(table.Name, ids[table.Name], fixed[table.Name]["kind"])
		}
	}
}

func rankOf(table string) int {
	if i := slices.Index(parents, table); i >= 0 {
		return i
	}
	return len(parents)
}

// learn keeps an id as the edge writes it.
func (w *strangers) learn(table string, id uuid.UUID, kind any) {
	for typ, st := range ent.Stored {
		if st.Table != table {
			continue
		}
		prefix := st.Prefix
		if kind, ok := kind.(string); ok && st.PrefixByKind[kind] != "" {
			prefix = st.PrefixByKind[kind]
		}
		if prefix != "" {
			w.mine(typ, scalar.ID{Prefix: prefix, UUID: id}.String())
		}
	}
}

// arrive writes the rows, and forgets how often somebody guessed.
func (w *strangers) arrive() {
	w.t.Helper()
	check(w.t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM rate_limits`)
		return err
	}))
	for _, row := range w.rows {
		check(w.t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			holes := strings.TrimSuffix(strings.Repeat("?, ", len(row.values)), ", ")
			if _, err := tx.Exec(ctx, `INSERT INTO `+row.table+` (`+strings.Join(row.columns, ", ")+`) VALUES (`+holes+`)`, row.values...); err != nil {
				return fmt.Errorf("%s: %w", row.table, err)
			}
			return nil
		}))
	}
}

// newID is a UUIDv7 by chance.
func (w *strangers) newID() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(w.r.Uint32())
	}
	id[0], id[6], id[8] = 1, id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// made is a value of a column by its type.
func (w *strangers) made(c *schema.Column) any {
	switch {
	case slices.Contains([]string{"source", "external_id", "source_updated_at", "retired_at", "deleted_at", "archived_at", "left_at", "hidden_at"}, c.Name):
		return nil
	case len(c.Enums) > 0:
		return c.Enums[0]
	case c.Type == field.TypeUUID:
		return w.newID()
	case c.Type == field.TypeTime:
		return w.db.Now()
	case c.Type == field.TypeBool:
		return false
	case c.Type == field.TypeInt || c.Type == field.TypeInt64:
		return 1
	case c.Type == field.TypeJSON:
		return "null" // what every type can be read from
	}
	word := fmt.Sprint(theirs, c.Name, w.r.Uint64())
	if c.Type == field.TypeBytes {
		return []byte(word)
	}
	return word
}

// fixedValues are what CHECKs, foreign keys and readers of a column ask for.
func (w *strangers) fixedValues(ids map[string]uuid.UUID, user uuid.UUID) map[string]map[string]any {
	lines := `["` + theirs + `"]`
	return map[string]map[string]any{
		"identities":          {"kind": "OIDC"},
		"sessions":            {"kind": "TOKEN", "acting_staff_id": nil},
		"invitations":         {"invited_id": user},
		"addresses":           {"kind": "ADDRESS", "holder_id": user, "lines": lines, "country": "GB", "snapshot_of": nil},
		"orders":              {"status": "PLACED", "payment_status": "PENDING", "fulfillment_status": "NEW", "refunded_minor": 0, "currency": "GBP"},
		"order_lines":         {"order_id": ids["orders"], "product_id": nil, "quantity": 3, "currency": "GBP"},
		"order_events":        {"order_id": ids["orders"], "kind": "PLACED", "visibility": "ALL", "currency": "GBP"},
		"payments":            {"order_id": ids["orders"], "kind": "PAYMENT", "status": "SUCCEEDED", "currency": "GBP"},
		"shipments":           {"order_id": ids["orders"]},
		"return_requests":     {"order_id": ids["orders"], "status": "REQUESTED", "lines": "[]", "currency": "GBP"},
		"tickets":             {"status": "OPEN", "order_id": ids["orders"], "last_message_id": nil, "assignee_id": nil, "channel": "ACCOUNT", "merged_into_id": nil},
		"ticket_messages":     {"ticket_id": ids["tickets"], "author_id": user, "author_kind": "CUSTOMER", "visibility": "ALL"},
		"ticket_participants": {"ticket_id": ids["tickets"], "left_at": nil},
		"ledger_accounts":     {"kind": "WALLET", "unit": "GBP", "program_id": nil, "active": 100, "pending": 0, "held": 0, "floor": 0, "next_due_at": nil, "tier_review_at": nil, "visible": true},
		"ledger_entries":      {"account_id": ids["ledger_accounts"], "amount": 5, "bucket": "ACTIVE", "contra_bucket": "ACTIVE", "unit": "GBP", "kind": "TOPUP", "parent_id": nil},
		"ledger_lots":         {"account_id": ids["ledger_accounts"], "entry_id": ids["ledger_entries"], "remaining": 0, "bucket": "ACTIVE"},
		"tier_changes":        {"account_id": ids["ledger_accounts"]},
		"top_ups":             {"status": "PENDING", "entry_id": nil, "method": "PROVIDER", "account_id": ids["ledger_accounts"], "currency": "GBP"},
		"payment_notices":     {"top_up_id": ids["top_ups"]},
		"transfers":           {"status": "QUOTED", "from_account_id": ids["ledger_accounts"], "currency": "GBP"},
		"product_admissions":  {"kind": "CUSTOMER", "subject_id": user},
		"shopping_lists":      {"kind": "LIST", "for_id": nil},
		"invoice_quotes":      {"status": "QUOTED", "entry_id": nil, "completed_at": nil, "account_id": ids["ledger_accounts"], "currency": "GBP"},
		"gift_cards":          {"status": "ACTIVE", "remaining_minor": 1, "buyer_id": user, "currency": "GBP"},
		"referrals":           {"friend_id": w.newID()},
		"documents":           {"kind": "UPLOAD", "visibility": "ALL", "currency": nil, "amount_minor": nil, "paid_minor": 0},
		"payment_methods":     {"last4": "4242", "status": "ACTIVE"},
		"notifications":       {"snoozed_until_at": nil},
		"push_endpoints":      {"status": "ACTIVE", "ended_at": nil},
		"messenger_links":     {"status": "WAITING"},
		"deliveries":          {"status": "SENT", "due_at": nil},
		"reminders":           {"status": "DONE", "due_at": nil},
		"tasks":               {"kind": "test", "status": "DONE", "cursor": "{}", "counts": "{}"},
		"reward_redemptions":  {"status": "FULFILLED", "refund_entry_id": nil, "ended_at": nil, "cancelled_by": nil, "texts": "{}"},
	}
}

// operation calls a field with ids of the victims wherever an id may stand.
func (w *strangers) operation(root *ast.Definition, f *ast.FieldDefinition) string {
	var said []string
	for _, a := range f.Arguments {
		if a.Type.NonNull || w.r.IntN(2) == 0 {
			said = append(said, a.Name+": "+w.value(a.Type, f.Name, a.Name, 0))
		}
	}
	text := f.Name
	if len(said) > 0 {
		text += "(" + strings.Join(said, ", ") + ")"
	}
	if def := w.schema.Types[f.Type.Name()]; def.IsCompositeType() {
		text += " " + w.leaves(def, 2)
	}
	return strings.ToLower(root.Name) + " {" + text + "}"
}

// leaves selects what a type has, some levels deep.
func (w *strangers) leaves(def *ast.Definition, depth int) string {
	fields := []string{"__typename"}
	for _, f := range def.Fields {
		to := w.schema.Types[f.Type.Name()]
		switch {
		case strings.HasPrefix(f.Name, "__") || slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil }):
		case to.IsLeafType():
			fields = append(fields, f.Name)
		case depth > 0 && (depth == 2 || w.r.IntN(3) == 0):
			fields = append(fields, f.Name+" "+w.leaves(to, depth-1))
		}
	}
	return "{" + strings.Join(fields, " ") + "}"
}

func (w *strangers) value(typ *ast.Type, of, name string, depth int) string {
	if typ.Elem != nil {
		return "[" + w.value(typ.Elem, of, name, depth) + "]"
	}
	def := w.schema.Types[typ.NamedType]
	switch {
	case typ.NamedType == "ID" && name == "reasonId" && w.r.IntN(10) > 0:
		return `"` + pick(w.r, w.reasons) + `"`
	case typ.NamedType == "ID":
		return `"` + w.id(strings.ToLower(of+name)) + `"`
	case def.Kind == ast.Enum:
		return pick(w.r, def.EnumValues).Name
	case def.Kind != ast.InputObject:
		if w.words && typ.NamedType == "String" && w.r.IntN(3) == 0 {
			return `"` + pick(w.r, slices.Sorted(maps.Keys(w.ids))) + `"`
		}
		return anyValue(w.schema, typ)
	}
	var fields []string
	one, chosen := def.Directives.ForName("oneOf") != nil, w.r.IntN(len(def.Fields))
	for i, f := range def.Fields {
		if one && i == chosen || !one && (f.Type.NonNull || depth < 3 && w.r.IntN(2) == 0 || f.Type.Name() == "ID") {
			fields = append(fields, f.Name+": "+w.value(f.Type, def.Name, f.Name, depth+1))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// id is mostly one of the type that the name asks for.
func (w *strangers) id(name string) string {
	if w.r.IntN(6) > 0 {
		var fit []string
		for _, typ := range slices.Sorted(maps.Keys(w.byType)) {
			if strings.Contains(name, strings.ToLower(typ)) {
				fit = append(fit, w.byType[typ]...)
			}
		}
		if len(fit) > 0 {
			return pick(w.r, fit)
		}
	}
	return pick(w.r, slices.Sorted(maps.Keys(w.ids)))
}
