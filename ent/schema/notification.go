package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Notification is one item of a person's feed, its text rendered when made.
type Notification struct{ ent.Schema }

// Mixin of the table.
func (Notification) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (Notification) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ntf"},
		Shows{Fields: map[string][]string{"subjectId": {"subject_kind", "subject_id"}}},
	}
}

// Fields of the table.
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("event_id", uuid.UUID{}).Immutable().Comment("The fact it was made from: made once per fact, person and type."),
		field.Enum("topic").Values("ORDER", "PROMOTION", "SERVICE", "SUPPORT", "BONUS", "SECURITY").Immutable(),
		field.String("type").Immutable().Comment("Such as order.shipped."),
		field.Enum("severity").Values("INFO", "SUCCESS", "WARNING", "CRITICAL").Default("INFO").Immutable(),
		field.String("title").Immutable(),
		field.String("body").Immutable(),
		field.JSON("data", map[string]any{}).Optional().Immutable(),
		field.String("subject_kind").Optional().Nillable().Immutable().Comment("The TypeID prefix of what it is about."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Time("seen_at").Optional().Nillable(),
		field.Time("read_at").Optional().Nillable(),
		field.Time("archived_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("event_id", "user_id", "type").Unique(),
		index.Fields("user_id", "id").StorageKey("notification_feed").Annotations(entsql.IndexWhere("archived_at is null")),
		index.Fields("user_id", "topic", "id").StorageKey("notification_unread").Annotations(entsql.IndexWhere("read_at is null")),
		index.Fields("user_id", "archived_at", "id"),
	}
}
