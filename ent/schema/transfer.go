package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Transfer is money on its way from one wallet to another: first a quote, then
// done or forgotten. The entries of the ledger name it.
type Transfer struct{ ent.Schema }

// Mixin of the table.
func (Transfer) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (Transfer) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "trf"},
		entsql.Checks(map[string]string{
			"transfers_amounts": "amount_minor > 0 AND fee_minor >= 0",
			"transfers_done":    "status = 'QUOTED' OR (completed_at IS NOT NULL AND to_account_id IS NOT NULL)",
		}),
	}
}

// Fields of the table.
func (Transfer) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("status").Values("QUOTED", "COMPLETED").Default("QUOTED"),
		field.UUID("from_account_id", uuid.UUID{}).Immutable(),
		field.UUID("to_owner_id", uuid.UUID{}).Immutable(),
		field.UUID("to_account_id", uuid.UUID{}).Optional().Nillable().Comment("Not known before the first money comes to an owner who has no wallet."),
		field.Bool("own").Default(false).Immutable().Comment("Between two wallets of one owner: free."),
		field.String("currency").Immutable(),
		field.Int64("amount_minor").Immutable().Comment("What arrives."),
		field.Int64("fee_minor").Default(0).Immutable(),
		field.Int64("free_left").Optional().Nillable().Immutable().Comment("Minor units that are free after it; none where nothing is charged."),
		field.UUID("fee_rule_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The version that decided."),
		field.Time("expires_at").Immutable().Comment("Of the quote."),
		field.Time("completed_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (Transfer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "currency", "completed_at").StorageKey("transfer_charged").Annotations(entsql.IndexWhere("status = 'COMPLETED' and not own")),
		index.Fields("expires_at").StorageKey("transfer_quoted").Annotations(entsql.IndexWhere("status = 'QUOTED'")),
	}
}
