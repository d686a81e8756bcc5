package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// NotificationTemplate is how notifications of a type read on a channel in a
// language. Where there is none, the words compiled in are used.
type NotificationTemplate struct{ ent.Schema }

// Mixin of the table.
func (NotificationTemplate) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (NotificationTemplate) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "tpl", Column: "KeyID"}}
}

// Fields of the table.
func (NotificationTemplate) Fields() []ent.Field {
	return []ent.Field{
		field.String("type").Immutable().Comment("The type of notifications; layout: the frame around all letters."),
		field.Enum("channel").Values("IN_APP", "EMAIL", "SMS", "TELEGRAM", "WHATSAPP", "WEB_PUSH", "MOBILE_PUSH").Immutable(),
		field.String("locale").Immutable().Comment("en or ru."),
		field.String("title").Optional().Nillable().Immutable().Comment("Of IN_APP and push; the subject of a letter."),
		field.String("text").Immutable().Comment("Plain text with variables."),
		field.String("html").Optional().Nillable().Immutable().Comment("Of EMAIL; made of the text when empty."),
		field.UUID("saved_by_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("note").Optional().Nillable().Immutable().Comment("Why it was changed."),
	}
}

// Indexes of the table.
func (NotificationTemplate) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("type", "channel", "locale").Unique().StorageKey("notification_template_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
