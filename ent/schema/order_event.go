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

// OrderEvent is one entry of an order's book: agreements that change what is
// owed, steps that are shown, tracking. Append-only by trigger.
type OrderEvent struct{ ent.Schema }

// Mixin of the table.
func (OrderEvent) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}, External{}} }

// Annotations of the table.
func (OrderEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "oev"}, Shows{Always: []string{"occurred_at"}}}
}

// Fields of the table.
func (OrderEvent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("order_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable(),
		field.Enum("kind").Values("PLACED", "PAYMENT_CONFIRMED", "ASSEMBLING", "SHIPPED", "AT_PICKUP_POINT", "RECEIVED", "EDITED", "RETURNED", "REFUNDED", "CANCELLED", "COMPLETED", "TRACKING").Immutable(),
		field.UUID("shipment_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of TRACKING: the parcel."),
		field.Time("occurred_at").Immutable(),
		field.String("currency").Immutable(),
		field.Int64("amount_minor").Default(0).Immutable().Comment("What this agreement adds to the order's total."),
		field.JSON("data", map[string]any{}).Optional().Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Enum("visibility").Values("ALL", "STAFF").Default("ALL").Immutable(),
	}
}

// Edges of the table.
func (OrderEvent) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("order", Order.Type).Ref("events").Field("order_id").Unique().Required().Immutable(),
		edge.From("shipment", Shipment.Type).Ref("tracking").Field("shipment_id").Unique().Immutable().Annotations(entgql.Skip(entgql.SkipAll)),
	}
}

// Indexes of the table.
func (OrderEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("order_id", "seq").Unique(), index.Fields("order_id", "id"),
		index.Fields("shipment_id", "occurred_at", "id").Annotations(entsql.IndexWhere("shipment_id IS NOT NULL")),
	}
}
