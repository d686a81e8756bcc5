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

// Order is what somebody bought, or is about to.
type Order struct{ ent.Schema }

// GuestContact is how a guest is reached.
type GuestContact struct {
	Name  *string `json:"name,omitempty"`
	Email *string `json:"email,omitempty"` // as it is sent to
	Phone *string `json:"phone,omitempty"` // E.164
}

// Mixin of the table.
func (Order) Mixin() []ent.Mixin {
	return []ent.Mixin{Row{}, Revised{}, OfOwner{}, External{}, Annotated{}}
}

// Annotations of the table.
func (Order) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "order"},
		Shows{Fields: map[string][]string{
			"statusLabel":      {"status", "payment_status", "fulfillment_status"},
			"availableActions": {"status", "payment_status", "fulfillment_status", "owner_id", "user_id", "total_minor", "paid_minor"},
			"companyId":        {"owner_id", "user_id"},
			"whoBought":        {"owner_id", "user_id"},
			"documents":        {"id"},
			"steps":            {"status", "payment_status", "fulfillment_status", "payment_confirmed_at", "assembling_at", "shipped_at", "received_at"},
		}},
		entsql.Checks(map[string]string{
			"orders_total":       "total_minor >= 0",
			"orders_paid":        "refunded_minor >= 0 AND refunded_minor <= paid_minor",
			"orders_points":      "points_earned >= 0 AND points_spent >= 0",
			"orders_status":      "status IN ('DRAFT','QUOTED','AWAITING_APPROVAL','PLACED','COMPLETED','CANCELLED')",
			"orders_payment":     "payment_status IN ('PENDING','AUTHORIZED','PAID','PARTIALLY_REFUNDED','REFUNDED')",
			"orders_fulfillment": "fulfillment_status IN ('NEW','ASSEMBLING','SHIPPED','AT_PICKUP_POINT','DELIVERED','PARTIALLY_RETURNED','RETURNED')",
		}),
	}
}

// Fields of the table.
func (Order) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").Unique().Immutable().Comment("What people read out: date + random, or the outside system's."),
		field.Enum("status").Values("DRAFT", "QUOTED", "AWAITING_APPROVAL", "PLACED", "COMPLETED", "CANCELLED").Default("PLACED"),
		field.Enum("payment_status").Values("PENDING", "AUTHORIZED", "PAID", "PARTIALLY_REFUNDED", "REFUNDED").Default("PENDING"),
		field.Enum("fulfillment_status").Values("NEW", "ASSEMBLING", "SHIPPED", "AT_PICKUP_POINT", "DELIVERED", "PARTIALLY_RETURNED", "RETURNED").Default("NEW"),
		field.Enum("channel").Values("ONLINE", "STORE", "PHONE", "MARKETPLACE").Default("ONLINE"),
		field.String("currency").Immutable().Comment("ISO 4217."),
		field.Int64("subtotal_minor"),
		field.Int64("discount_minor").Default(0),
		field.Int64("shipping_minor").Default(0),
		field.Int64("tax_minor").Default(0).Comment("Contained in the total."),
		field.Int64("total_minor").Annotations(entgql.OrderField("TOTAL")).Comment("The sum of order_events.amount_minor."),
		field.Int64("paid_minor").Default(0),
		field.Int64("refunded_minor").Default(0),
		field.Int64("points_earned").Default(0),
		field.Int64("points_spent").Default(0),
		field.JSON("delivery", map[string]any{}).Optional().Comment("The address as it was when placed."),
		field.String("note").Optional().Nillable(),
		field.JSON("guest", &GuestContact{}).Optional().Comment("Who bought it without an account; a code sent there proves a claim."),
		field.UUID("repeat_of_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The order that it repeats."),
		field.Enum("cancel_reason").Values("CHANGED_MIND", "ORDERED_BY_MISTAKE", "FOUND_BETTER_PRICE", "TOO_SLOW", "OUT_OF_STOCK", "PAYMENT_FAILED", "OTHER").Optional().Nillable(),
		field.String("cancel_note").Optional().Nillable(),
		field.Time("placed_at").Annotations(entgql.OrderField("PLACED_AT")).Comment("When it was placed; for drafts, made."),
		field.Time("cancelled_at").Optional().Nillable(),
		field.Time("payment_confirmed_at").Optional().Nillable().Comment("Of the first PAYMENT_CONFIRMED in the book; so are the three below of their steps."),
		field.Time("assembling_at").Optional().Nillable(),
		field.Time("shipped_at").Optional().Nillable(),
		field.Time("received_at").Optional().Nillable(),
		field.Int64("event_seq").Default(0).Comment("The last number given in order_events."),
	}
}

// Edges of the table.
func (Order) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("lines", OrderLine.Type),
		edge.To("events", OrderEvent.Type).Annotations(entgql.RelayConnection()),
		edge.To("payments", Payment.Type).Annotations(entgql.MapsTo("payments", "refunds")),
		edge.To("shipments", Shipment.Type),
		edge.To("returns", ReturnRequest.Type),
		edge.To("customer", User.Type).Field("user_id").Unique(),
	}
}

// Indexes of the table.
func (Order) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "placed_at", "id"),
		index.Fields("owner_id", "total_minor", "id"),
		index.Fields("placed_at", "id"),
		index.Fields("status", "placed_at", "id"),
		index.Fields("fulfillment_status", "placed_at", "id"),
		// A list narrowed to one of an axis, of which somebody with many orders has few.
		index.Fields("owner_id", "status", "placed_at", "id"),
		index.Fields("owner_id", "payment_status", "placed_at", "id"),
		index.Fields("owner_id", "fulfillment_status", "placed_at", "id"),
		index.Fields("owner_id", "channel", "placed_at", "id"),
		index.Fields("owner_id", "currency", "placed_at", "id", "total_minor"), // amounts are looked at in the index alone
	}
}
