package schema

import (
	"slices"

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
			"streamPosition":   {"id"}, // read beside the row
			"serviceLevel":     {"level_id", "level_status", "owner_id", "user_id"},
			"replyDueAt":       {"first_reply_due_at", "next_reply_due_at"},
			"availableActions": {"status", "owner_id", "user_id", "merged_into_id"},
			"isAssigned":       {"assignee_id"},
			"about":            {"order_id", "line_id", "return_id", "entry_id", "document_id", "booking_key"},
			"replyAddress":     {"number", "status", "owner_id", "user_id", "merged_into_id"},
			"links":            {"owner_id"}, // by the id, which is always there
			"participants":     {"owner_id"}, // by the id
			"assignee":         {"assignee_id", "owner_id", "user_id"},
			"contactEmail":     {"contact_email", "owner_id", "user_id"},
			"team":             {"team_id", "owner_id", "user_id"},
			"neededSkill":      {"skill", "owner_id", "user_id"},
			"unreadCount":      {"public_seq", "staff_seq", "staff_read_seq", "owner_id", "user_id"},
			"bot":              {"bot_state", "bot_outcome", "bot_due_at"},
			"callback":         {"callback_at", "callback_phone"},
			"survey":           {"status"}, // asked by the ticket's id; the id is always there
		}},
		entsql.Checks(map[string]string{
			"tickets_status": "status IN ('OPEN','SNOOZED','CLOSED')",
			"tickets_rating": "coalesce(rating, 1) BETWEEN 1 AND 5",
			"tickets_seq":    "public_seq >= 0 AND staff_seq >= 0 AND staff_read_seq >= 0",
		}),
	}
}

// Fields of the table.
func (Ticket) Fields() []ent.Field { return slices.Concat(requested(), worked()) }

// requested are what the customer wants, and where it stands.
func requested() []ent.Field {
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
		field.UUID("line_id", uuid.UUID{}).Optional().Nillable().Comment("The order line it is about."),
		field.UUID("return_id", uuid.UUID{}).Optional().Nillable().Comment("The return it is about."),
		field.UUID("document_id", uuid.UUID{}).Optional().Nillable().Comment("The paper it is about."),
		field.String("booking_key").Optional().Nillable().Comment("The booking it is about, by its key in the business's own system."),
	}
}

// worked are who works on it, its clock and its counters.
func worked() []ent.Field {
	return []ent.Field{
		field.UUID("assignee_id", uuid.UUID{}).Optional().Nillable(),
		field.Time("assigned_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.UUID("team_id", uuid.UUID{}).Optional().Nillable(),
		field.String("skill").Optional().Nillable().Comment("What an operator must know to answer it."),
		field.Int("urgency").Default(1).Annotations(entgql.OrderField("URGENCY")).Comment("The priority as a number, 0 to 3, for the queue's order."),
		field.UUID("merged_into_id", uuid.UUID{}).Optional().Nillable(),
		field.Time("callback_at").Optional().Nillable().Comment("When the customer wishes to be called."),
		field.String("callback_phone").Optional().Nillable(),
		field.String("contact_email").Optional().Nillable().Comment("Who wrote by mail without an account; the ticket is the House's then."),
		field.Enum("bot_state").Values("NONE", "ANSWERING", "DONE").Default("NONE"),
		field.Enum("bot_outcome").Values("CONFIRMED", "ASSUMED", "ROUTED", "ABANDONED").Optional().Nillable(),
		field.Time("bot_due_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When the bot's answer is taken as helpful, or as left."),
		field.UUID("level_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The version of its service level."),
		field.Enum("level_status").Values("PENDING", "PAUSED", "IMMINENT_BREACH", "BREACHED", "ACHIEVED", "CANCELLED").Optional().Nillable(),
		field.Time("first_reply_due_at").Optional().Nillable(),
		field.Time("next_reply_due_at").Optional().Nillable(),
		field.Time("resolve_due_at").Optional().Nillable(),
		field.Time("due_at").Annotations(entgql.OrderField("DUE_AT")).Comment("The first of those that run; 9999-12-31 where none does."),
		field.Time("clock_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When its clock warns or breaks next."),
		field.Time("first_replied_at").Optional().Nillable(),
		field.Int("first_reply_seconds").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Working time until then."),
		field.Int("resolve_seconds").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Working time until it was closed last."),
		field.Int("first_reply_breaches").Default(0).Annotations(entgql.Skip(entgql.SkipAll)),
		field.Int("next_reply_breaches").Default(0).Annotations(entgql.Skip(entgql.SkipAll)),
		field.Int("resolve_breaches").Default(0).Annotations(entgql.Skip(entgql.SkipAll)),
		field.Int("reopened").Default(0).Annotations(entgql.Skip(entgql.SkipAll)).Comment("How many times."),
		field.Int("rating").Optional().Nillable().Comment("What the customer gave last, 1 to 5; kept when it opens again."),
		field.Time("rated_at").Optional().Nillable(),
		field.UUID("last_message_id", uuid.UUID{}).Optional().Nillable().Comment("The last one visible to ALL."),
		field.Time("last_activity_at").Annotations(entgql.OrderField("LAST_ACTIVITY_AT")),
		field.Int64("seq").Default(0).Comment("The last number given in ticket_messages."),
		field.Int64("public_seq").Default(0).Comment("Messages of staff that the customer's side may read."),
		field.Int64("staff_seq").Default(0).Comment("Messages of the customer's side."),
		field.Int64("staff_read_seq").Default(0),
		field.Int64("read_by_staff_up_to").Default(0).Comment("The seq of the last customer's message that staff have read."),
		field.Int64("read_by_customer_up_to").Default(0).Comment("The seq of the last message of staff that somebody of the customer's side has read."),
		field.Time("snoozed_until_at").Optional().Nillable(),
		field.Time("closed_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (Ticket) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("messages", TicketMessage.Type).Annotations(entgql.RelayConnection()),
		edge.To("last_message", TicketMessage.Type).Field("last_message_id").Unique(),
		edge.To("participants", TicketParticipant.Type).Annotations(entgql.Skip(entgql.SkipAll)),
		edge.To("merged", Ticket.Type).Annotations(entgql.Skip(entgql.SkipAll)).From("merged_into").Field("merged_into_id").Unique(),
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
		index.Fields("created_at", "id"),
		index.Fields("status", "due_at", "id"),
		index.Fields("status", "urgency", "id"),
		index.Fields("team_id", "status", "last_activity_at", "id"),
		index.Fields("assignee_id", "status", "last_activity_at", "id"),
		index.Fields("merged_into_id"),
		index.Fields("contact_email"),
		index.Fields("clock_at").StorageKey("ticket_clock").Annotations(entsql.IndexWhere("clock_at is not null")),
		index.Fields("bot_due_at").StorageKey("ticket_bot").Annotations(entsql.IndexWhere("bot_due_at is not null")),
		index.Fields("snoozed_until_at"),
		index.Fields("closed_at").StorageKey("ticket_closed").Annotations(entsql.IndexWhere("closed_at is not null")),
		index.Fields("first_replied_at").StorageKey("ticket_first_replied").Annotations(entsql.IndexWhere("first_replied_at is not null")),
		index.Fields("rated_at").StorageKey("ticket_rated").Annotations(entsql.IndexWhere("rated_at is not null")),
	}
}
