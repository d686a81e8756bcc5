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
	OrderLineID *uuid.UUID    `json:"orderLineId,omitempty"`
	SKU         string        `json:"sku"`
	Title       string        `json:"title"`
	Quantity    int64         `json:"quantity"`           // asked for
	Approved    *int64        `json:"approved,omitempty"` // nil: not decided yet
	Received    *int64        `json:"received,omitempty"` // nil: not come yet
	AmountMinor int64         `json:"amountMinor"`        // what is given back, the fee taken off, for what counts now: received, else approved, else asked for
	FeeMinor    int64         `json:"feeMinor,omitempty"`
	Reason      *ReturnReason `json:"reason,omitempty"`
	ExchangeSKU *string       `json:"exchangeSku,omitempty"` // what is wanted in its place
	Exchanged   *int64        `json:"exchanged,omitempty"`   // how many of it went out; nil: none was wanted, or nothing came yet
}

// ReturnReason is a reason of the catalogue as it was when it was chosen.
type ReturnReason struct {
	ReasonID uuid.UUID                    `json:"reasonId"` // the edge id
	Handle   string                       `json:"handle"`
	Texts    map[string]map[string]string `json:"texts"` // locale -> name, description
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
			Fields: map[string][]string{
				"lines": {"lines", "currency"}, "statusLabel": {"status"}, "availableActions": {"status", "owner_id", "user_id", "order_id"},
				"photos": {"photos"}, "rejectReason": {"reject_reason"}, "exchangeOrderId": {"exchange_order_id"},
			},
			Always: []string{"requested_at"},
		},
		entsql.Checks(map[string]string{"return_requests_amount": "amount_minor >= 0 AND fee_minor >= 0"}),
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
		field.Int64("amount_minor").Comment("What is given back, the fee taken off."),
		field.Int64("fee_minor").Default(0).Comment("What is kept."),
		field.Enum("refund_to").Values("SOURCE", "WALLET").Default("SOURCE").Immutable(),
		field.String("note").Optional().Nillable().Immutable().Comment("The customer's."),
		field.JSON("photos", []uuid.UUID{}).Optional().Immutable().Comment("Documents of the owner."),
		field.String("carrier").Optional().Nillable(),
		field.String("tracking_number").Optional().Nillable(),
		field.String("label_url").Optional().Nillable().Comment("What to stick on the parcel."),
		field.JSON("reject_reason", &ReturnReason{}).Optional(),
		field.String("decision_note").Optional().Nillable().Comment("For the customer."),
		field.UUID("decided_by_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.UUID("exchange_order_id", uuid.UUID{}).Optional().Nillable().Comment("Placed when the goods of an EXCHANGE came."),
		field.Time("received_at").Optional().Nillable(),
		field.Time("refunded_at").Optional().Nillable(),
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
