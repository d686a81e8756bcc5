package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// MessengerLink ties a person to a chat of a messenger, by a code that he gives
// to our bot there.
type MessengerLink struct{ ent.Schema }

// Mixin of the table.
func (MessengerLink) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (MessengerLink) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "mlk"},
		entsql.Checks(map[string]string{"messenger_links_active": "(status <> 'ACTIVE' OR chat_key IS NOT NULL)"}),
	}
}

// Fields of the table.
func (MessengerLink) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("messenger").Values("TELEGRAM", "WHATSAPP").Immutable(),
		field.Enum("status").Values("WAITING", "ACTIVE", "ENDED").Default("WAITING"),
		field.String("code_key").Optional().Nillable().Unique().Annotations(entgql.Skip(entgql.SkipAll)).Comment("HMAC of the code, while it waits."),
		field.Time("expires_at").Optional().Nillable().Comment("Until when the code is good."),
		field.String("chat_key").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("HMAC of the chat."),
		field.Bytes("sealed").Optional().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The chat, sealed."),
		field.String("label").Optional().Nillable().Comment("What the messenger calls the person."),
		field.Time("linked_at").Optional().Nillable(),
		field.Time("ended_at").Optional().Nillable(),
		field.Enum("end_reason").Values("BY_PERSON", "BLOCKED_BOT", "REPLACED", "EXPIRED").Optional().Nillable(),
	}
}

// Indexes of the table.
func (MessengerLink) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("messenger", "chat_key").Unique().StorageKey("messenger_link_chat").Annotations(entsql.IndexWhere("status = 'ACTIVE'")),
		index.Fields("user_id", "messenger").Unique().StorageKey("messenger_link_one").Annotations(entsql.IndexWhere("status = 'ACTIVE'")),
		index.Fields("expires_at").StorageKey("messenger_link_waiting").Annotations(entsql.IndexWhere("status = 'WAITING'")),
		index.Fields("ended_at").StorageKey("messenger_link_ended").Annotations(entsql.IndexWhere("ended_at is not null")),
	}
}
