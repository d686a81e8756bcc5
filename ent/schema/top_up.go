package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// TopUp is money put into a wallet, or about to be: through the payment
// provider, who knows it by its id, or at a desk.
type TopUp struct{ ent.Schema }

// Mixin of the table.
func (TopUp) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (TopUp) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "topup"},
		Shows{Fields: map[string][]string{"wallet": {"account_id"}}},
		entsql.Checks(map[string]string{
			"top_ups_amount": "amount_minor > 0",
			"top_ups_done":   "((status = 'SUCCEEDED') = (entry_id IS NOT NULL))",
		}),
	}
}

// Fields of the table.
func (TopUp) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.Enum("method").Values("PROVIDER", "CASH").Immutable(),
		field.Enum("status").Values("PENDING", "SUCCEEDED", "FAILED", "EXPIRED").Default("PENDING"),
		field.String("currency").Immutable(),
		field.Int64("amount_minor").Immutable(),
		field.String("provider").Optional().Nillable().Immutable(),
		field.String("provider_ref").Optional().Nillable().Comment("The provider's id; none until it has answered."),
		field.String("url").Optional().Nillable().Comment("Where the person pays; none once it is settled."),
		field.String("return_url").Optional().Nillable().Immutable(),
		field.String("receipt_number").Optional().Nillable().Unique().Immutable(),
		field.String("failure").Optional().Nillable(),
		field.UUID("entry_id", uuid.UUID{}).Optional().Nillable(),
		field.Time("expires_at").Optional().Nillable(),
		field.Time("settled_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (TopUp) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("provider", "provider_ref").Unique(),
		index.Fields("owner_id", "created_at", "id"),
		index.Fields("expires_at").StorageKey("top_up_due").Annotations(entsql.IndexWhere("status = 'PENDING'")),
	}
}
