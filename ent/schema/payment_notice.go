package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// PaymentNotice is a message of the payment provider, kept once with what
// became of it.
type PaymentNotice struct{ ent.Schema }

// Mixin of the table.
func (PaymentNotice) Mixin() []ent.Mixin { return []ent.Mixin{Log{}} }

// Annotations of the table.
func (PaymentNotice) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "pnt"},
		Shows{Fields: map[string][]string{"topUp": {"top_up_id"}}},
	}
}

// Fields of the table.
func (PaymentNotice) Fields() []ent.Field {
	return []ent.Field{
		field.String("provider").Immutable(),
		field.String("webhook_id").Immutable().Comment("The provider's id of the message, the same when it is sent again."),
		field.String("type").Immutable(),
		field.Enum("outcome").Values("APPLIED", "STALE", "MISMATCH", "UNKNOWN", "IGNORED").Immutable(),
		field.String("reference").Optional().Nillable().Immutable().Comment("As it was said."),
		field.String("amount").Optional().Nillable().Immutable().Comment("As it was said."),
		field.String("currency").Optional().Nillable().Immutable().Comment("As it was said."),
		field.UUID("top_up_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.UUID("payment_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The payment of an order that it is about."),
		field.JSON("payload", json.RawMessage{}).Immutable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.Time("sent_at").Immutable(),
	}
}

// Indexes of the table.
func (PaymentNotice) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("provider", "webhook_id").Unique(),
		index.Fields("outcome", "id"),
		index.Fields("top_up_id"),
		index.Fields("payment_id"),
	}
}
