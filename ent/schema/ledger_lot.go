package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// LedgerLot is a batch of points that came together and falls due together.
type LedgerLot struct{ ent.Schema }

// Mixin of the table.
func (LedgerLot) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, InOwner{}} }

// Annotations of the table.
func (LedgerLot) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "lot"},
		Shows{As: []string{"BonusLot"}},
		entsql.Checks(map[string]string{"ledger_lots_remaining": "remaining >= 0 AND remaining <= amount"}),
	}
}

// Fields of the table.
func (LedgerLot) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("entry_id", uuid.UUID{}).Immutable().Comment("The entry that made it."),
		field.Enum("bucket").Values("PENDING", "ACTIVE", "HELD").Immutable(),
		field.Int64("amount").Immutable(),
		field.Int64("remaining").Comment("The sum of its ledger_lot_moves."),
		field.Time("due_at").Optional().Nillable().Comment("PENDING activates, ACTIVE expires, HELD is released; moved where lots slide."),
		field.UUID("origin_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The lot it came out of; of a HELD one the lot to which it goes back."),
	}
}

// Indexes of the table.
func (LedgerLot) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account_id", "bucket", "due_at", "id").StorageKey("ledger_lot_open").Annotations(entsql.IndexWhere("remaining > 0")),
		index.Fields("account_id", "id"),
		index.Fields("origin_id").StorageKey("ledger_lot_origin").Annotations(entsql.IndexWhere("origin_id is not null")),
	}
}
