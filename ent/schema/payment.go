package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Payment is money in, or out again as a refund.
type Payment struct{ ent.Schema }

// Mixin of the table.
func (Payment) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, InOwner{}, External{}} }

// Annotations of the table.
func (Payment) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "pay", ByKind: map[string]string{"REFUND": "rfd"}},
		Shows{As: []string{"Payment", "Refund"}},
		entsql.Checks(map[string]string{"payments_amounts": "amount_minor > 0 AND refunded_minor >= 0 AND refunded_minor <= amount_minor"}),
	}
}

// Fields of the table.
func (Payment) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("order_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.UUID("invoice_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The invoice that was paid; with order_id where that is of an order."),
		field.Enum("kind").Values("PAYMENT", "REFUND").Immutable(),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The payment a refund gives back."),
		field.Enum("status").Values("PENDING", "AUTHORIZED", "SUCCEEDED", "FAILED", "VOID").Default("PENDING"),
		field.String("currency").Immutable(),
		field.Int64("amount_minor").Immutable(),
		field.Int64("refunded_minor").Default(0),
		field.String("method").Immutable().Comment("CARD, CASH, INVOICE, EXTERNAL …"),
		field.String("provider").Optional().Nillable().Immutable(),
		field.String("provider_ref").Optional().Nillable(),
		field.UUID("method_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The saved payment method that is charged."),
		field.String("url").Optional().Nillable().Comment("Where a PENDING payment is paid; none once it is settled."),
		field.String("return_url").Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.String("failure").Optional().Nillable().Comment("Why it failed, in the provider's words."),
		field.Time("expires_at").Optional().Nillable().Immutable().Comment("Until when a payment begun here can be paid."),
		field.Time("occurred_at").Immutable(),
	}
}

// Edges of the table.
func (Payment) Edges() []ent.Edge {
	return []ent.Edge{edge.From("order", Order.Type).Ref("payments").Field("order_id").Unique().Immutable()}
}

// Indexes of the table.
func (Payment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("provider", "provider_ref").Unique(), index.Fields("order_id"), index.Fields("invoice_id"), index.Fields("owner_id", "occurred_at", "id"),
		index.Fields("kind", "updated_at").StorageKey("payment_pending").Annotations(entsql.IndexWhere("status = 'PENDING'")), // what the clock looks at
	}
}
