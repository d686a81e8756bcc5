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

// ReturnRequest is goods on the way back, or a request for it.
type ReturnRequest struct{ ent.Schema }

// ReturnLine is one line of a return, kept in the request's JSON.
type ReturnLine struct {
	OrderLineID *uuid.UUID `json:"orderLineId,omitempty"`
	SKU         string     `json:"sku"`
	Title       string     `json:"title"`
	Quantity    int64      `json:"quantity"`
	AmountMinor int64      `json:"amountMinor"`
}

// Mixin of the table.
func (ReturnRequest) Mixin() []ent.Mixin {
	return []ent.Mixin{Row{}, Revised{}, OfOwner{}, External{}}
}

// Annotations of the table.
func (ReturnRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ret"},
		Shows{
			Fields: map[string][]string{"lines": {"lines", "currency"}},
			Always: []string{"requested_at"},
		},
		entsql.Checks(map[string]string{"return_requests_amount": "amount_minor >= 0"}),
	}
}

// Fields of the table.
func (ReturnRequest) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("order_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Null where the purchase was not found."),
		field.String("number").Unique().Immutable(),
		field.Enum("kind").Values("RETURN", "EXCHANGE").Default("RETURN").Immutable(),
		field.Enum("status").Values("REQUESTED", "APPROVED", "IN_TRANSIT", "RECEIVED", "REFUNDED", "REJECTED", "CANCELLED").Default("REQUESTED"),
		field.JSON("lines", []ReturnLine{}),
		field.String("currency").Immutable(),
		field.Int64("amount_minor"),
		field.Time("requested_at").Immutable().Annotations(entgql.OrderField("REQUESTED_AT")),
		field.Time("decided_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (ReturnRequest) Edges() []ent.Edge {
	return []ent.Edge{edge.From("order", Order.Type).Ref("returns").Field("order_id").Unique().Immutable()}
}

// Indexes of the table.
func (ReturnRequest) Indexes() []ent.Index {
	return []ent.Index{index.Fields("owner_id", "requested_at", "id"), index.Fields("order_id"), index.Fields("status", "id")}
}
