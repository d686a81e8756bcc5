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

// TicketMessage is one item of a ticket's timeline.
type TicketMessage struct{ ent.Schema }

// Mixin of the table.
func (TicketMessage) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, InOwner{}, External{}} }

// Annotations of the table.
func (TicketMessage) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "msg"},
		Shows{Fields: map[string][]string{
			"isMine": {"author_id"}, "authorId": {"author_id", "ticket_id"}, "clientMessageId": {"client_id"}, "isRemoved": {"removed_at"}, "suggestedArticleIds": {"data"},
			"seenByOtherSide": {"ticket_id", "seq", "kind", "author_kind"},
		}, Always: []string{"removed_at"}}, // files of what is removed are not shown
	}
}

// Fields of the table.
func (TicketMessage) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("ticket_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable(),
		field.String("client_id").Optional().Nillable().Immutable().Comment("Minted by the client: a retry never doubles."),
		field.Enum("kind").Values("MESSAGE", "NOTE", "EVENT").Default("MESSAGE").Immutable(),
		field.Enum("visibility").Values("ALL", "STAFF").Default("ALL"),
		field.UUID("author_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Enum("author_kind").Values("CUSTOMER", "STAFF", "SYSTEM", "BOT").Immutable(),
		field.String("author_name").Default("").Immutable().Comment("As shown when it was written."),
		field.String("body").Optional(),
		field.Enum("channel").Values("ACCOUNT", "EMAIL", "PHONE", "CHAT", "MESSENGER").Default("ACCOUNT").Immutable(),
		field.Time("edited_at").Optional().Nillable(),
		field.Time("removed_at").Optional().Nillable(),
		field.UUID("copied_from_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The message of another ticket that was merged or split."),
		field.JSON("data", map[string]any{}).Optional().Comment("Of an EVENT: what changed."),
	}
}

// Edges of the table.
func (TicketMessage) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("ticket", Ticket.Type).Ref("messages").Field("ticket_id").Unique().Required().Immutable(),
		edge.To("attachments", TicketAttachment.Type),
	}
}

// Indexes of the table.
func (TicketMessage) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ticket_id", "seq").Unique(),
		index.Fields("ticket_id", "id"),
		index.Fields("ticket_id", "author_id", "client_id").Unique(),
		index.Fields("created_at").StorageKey("ticket_message_replies").Annotations(entsql.IndexWhere("kind = 'MESSAGE' and author_kind = 'STAFF'")),
	}
}
