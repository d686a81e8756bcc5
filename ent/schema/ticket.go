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

// Ticket is a request of a customer and the talk about it.
type Ticket struct{ ent.Schema }

// Mixin of the table.
func (Ticket) Mixin() []ent.Mixin {
	return []ent.Mixin{Row{}, Revised{}, OfOwner{}, External{}, Annotated{}}
}

// Annotations of the table.
func (Ticket) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "tkt"},
		Shows{Fields: map[string][]string{
			"statusLabel":      {"status_reason"},
			"availableActions": {"status", "owner_id", "user_id"},
			"isAssigned":       {"assignee_id"},
			"assignee":         {"assignee_id", "owner_id", "user_id"},
			"unreadCount":      {"public_seq", "staff_seq", "staff_read_seq", "owner_id", "user_id"},
		}},
		entsql.Checks(map[string]string{
			"tickets_status": "status IN ('OPEN','SNOOZED','CLOSED')",
			"tickets_seq":    "public_seq >= 0 AND staff_seq >= 0 AND staff_read_seq >= 0",
		}),
	}
}

// Fields of the table.
func (Ticket) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").Unique().Immutable(),
		field.Enum("kind").Values("QUESTION", "COMPLAINT", "CALLBACK", "CONSULTATION", "RETURN", "REFUND", "FEEDBACK").Default("QUESTION"),
		field.String("subject"),
		field.Enum("status").Values("OPEN", "SNOOZED", "CLOSED").Default("OPEN"),
		field.Enum("status_reason").Values("NEW", "NEW_REPLY", "IN_PROGRESS", "WAITING_FOR_CUSTOMER", "WAITING_FOR_DATE", "REOPENED", "RESOLVED", "CLOSED_BY_CUSTOMER", "DUPLICATE", "SPAM").Default("NEW"),
		field.Enum("priority").Values("LOW", "NORMAL", "HIGH", "URGENT").Default("NORMAL"),
		field.Enum("channel").Values("ACCOUNT", "EMAIL", "PHONE", "CHAT", "MESSENGER").Default("ACCOUNT"),
		field.String("locale").Default("en"),
		field.UUID("order_id", uuid.UUID{}).Optional().Nillable(),
		field.UUID("entry_id", uuid.UUID{}).Optional().Nillable().Comment("The bonus entry it is about."),
		field.UUID("assignee_id", uuid.UUID{}).Optional().Nillable(),
		field.UUID("last_message_id", uuid.UUID{}).Optional().Nillable().Comment("The last one visible to ALL."),
		field.Time("last_activity_at").Annotations(entgql.OrderField("LAST_ACTIVITY_AT")),
		field.Int64("seq").Default(0).Comment("The last number given in ticket_messages."),
		field.Int64("public_seq").Default(0).Comment("Messages of staff that the customer's side may read."),
		field.Int64("staff_seq").Default(0).Comment("Messages of the customer's side."),
		field.Int64("staff_read_seq").Default(0),
		field.Time("snoozed_until_at").Optional().Nillable(),
		field.Time("closed_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (Ticket) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("messages", TicketMessage.Type).Annotations(entgql.RelayConnection()),
		edge.To("last_message", TicketMessage.Type).Field("last_message_id").Unique(),
		edge.To("participants", TicketParticipant.Type),
		edge.To("customer", User.Type).Field("user_id").Unique(),
		edge.To("assignee", User.Type).Field("assignee_id").Unique(),
		edge.To("order", Order.Type).Field("order_id").Unique(),
	}
}

// Indexes of the table.
func (Ticket) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "last_activity_at", "id"),
		index.Fields("last_activity_at", "id"),
		index.Fields("status", "last_activity_at", "id"),
		index.Fields("assignee_id", "status", "id"),
		index.Fields("order_id"),
		index.Fields("snoozed_until_at"),
	}
}
