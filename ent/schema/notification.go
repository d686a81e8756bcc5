package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Notification is one item of a person's feed, its text rendered when made.
type Notification struct{ ent.Schema }

// NotificationAction is something to choose in a notification.
type NotificationAction struct {
	Key    string            `json:"key"`
	Labels map[string]string `json:"labels"` // locale -> text
	URL    string            `json:"url,omitempty"`
	Style  string            `json:"style"` // PRIMARY SECONDARY DANGER
}

// Mixin of the table.
func (Notification) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (Notification) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ntf"},
		Shows{Fields: map[string][]string{
			"subjectId": {"subject_kind", "subject_id"}, "actions": {"actions", "completed_action"}, "deliveries": {"id"},
		}},
		entsql.Checks(map[string]string{"notifications_snoozed": "(snoozed_until_at IS NULL OR archived_at IS NULL)"}),
	}
}

// Fields of the table.
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("event_id", uuid.UUID{}).Immutable().Comment("The fact it was made from: made once per fact, person and type."),
		field.Enum("topic").Values("ORDER", "PROMOTION", "SERVICE", "SUPPORT", "BONUS", "SECURITY", "REMINDER").Immutable(),
		field.String("type").Immutable().Comment("Such as order.shipped."),
		field.Enum("severity").Values("INFO", "SUCCESS", "WARNING", "CRITICAL").Default("INFO").Immutable(),
		field.String("title").Immutable(),
		field.String("body").Immutable(),
		field.JSON("data", map[string]any{}).Optional().Immutable(),
		field.JSON("params", map[string]any{}).Optional().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("What its words are made of, already in the person's language: what templates of channels may name."),
		field.String("subject_kind").Optional().Nillable().Immutable().Comment("The TypeID prefix of what it is about."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Time("seen_at").Optional().Nillable(),
		field.Time("read_at").Optional().Nillable(),
		field.Time("archived_at").Optional().Nillable().Comment("Set from the start where the person does not want the type in the feed."),
		field.Time("snoozed_until_at").Optional().Nillable().Comment("Out of the feed and not counted until then; nil again when it came back."),
		field.Time("interacted_at").Optional().Nillable().Comment("When the person followed it or chose an action."),
		field.String("group_key").Optional().Nillable().Immutable().Comment("What stands under one heading in the feed: the same key."),
		field.String("url").Optional().Nillable().Immutable().Comment("Where it leads, of notifications sent by staff, rules and systems."),
		field.JSON("actions", []NotificationAction{}).Optional().Immutable().Comment("What the person can choose, 3 at most."),
		field.String("completed_action").Optional().Nillable().Comment("The key of what was chosen; nil while nothing is, and after it was reverted."),
		field.Time("completed_at").Optional().Nillable(),
		field.UUID("broadcast_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.UUID("sender_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The member of staff who sent it."),
	}
}

// Indexes of the table.
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("event_id", "user_id", "type").Unique(),
		index.Fields("user_id", "id").StorageKey("notification_feed").Annotations(entsql.IndexWhere("archived_at is null")),
		index.Fields("user_id", "topic", "id").StorageKey("notification_unread").Annotations(entsql.IndexWhere("read_at is null")),
		index.Fields("user_id", "archived_at", "id"),
		index.Fields("snoozed_until_at").StorageKey("notification_snoozed").Annotations(entsql.IndexWhere("snoozed_until_at is not null")),
		index.Fields("created_at").StorageKey("notification_old"),
		index.Fields("user_id", "group_key", "id").StorageKey("notification_group").Annotations(entsql.IndexWhere("group_key is not null")),
		index.Fields("broadcast_id").StorageKey("notification_broadcast").Annotations(entsql.IndexWhere("broadcast_id is not null")),
	}
}
