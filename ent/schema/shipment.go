package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Shipment is one parcel of an order.
type Shipment struct{ ent.Schema }

// DeliveryPoint is where a parcel can be picked up, or is brought to.
type DeliveryPoint struct {
	Name    string  `json:"name"`
	Address *string `json:"address,omitempty"`
	Code    *string `json:"code,omitempty"`  // the carrier's name for it
	Hours   *string `json:"hours,omitempty"` // when it is open, in words
}

// Mixin of the table.
func (Shipment) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, InOwner{}, External{}} }

// Annotations of the table.
func (Shipment) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "shp"}}
}

// Fields of the table.
func (Shipment) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("order_id", uuid.UUID{}).Immutable(),
		field.Enum("status").Values("PREPARING", "IN_TRANSIT", "AT_PICKUP_POINT", "DELIVERED", "LOST", "RETURNED").Default("PREPARING"),
		field.String("carrier").Optional().Nillable(),
		field.String("tracking_number").Optional().Nillable(),
		field.String("tracking_url").Optional().Nillable(),
		field.JSON("point", &DeliveryPoint{}).Optional().Comment("Where it is picked up."),
		field.Time("promised_from_at").Optional().Nillable(),
		field.Time("promised_to_at").Optional().Nillable(),
		field.Time("shipped_at").Optional().Nillable(),
		field.Time("received_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (Shipment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("order", Order.Type).Ref("shipments").Field("order_id").Unique().Required().Immutable(),
		edge.To("tracking", OrderEvent.Type).Annotations(entgql.MapsTo("events")),
	}
}

// Indexes of the table.
func (Shipment) Indexes() []ent.Index {
	return []ent.Index{index.Fields("order_id"), index.Fields("carrier", "tracking_number")}
}
