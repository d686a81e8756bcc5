package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// NotificationRule makes notifications of facts: when one of a kind is told
// and the condition holds, those whom it concerns get one of a type.
type NotificationRule struct{ ent.Schema }

// Mixin of the table.
func (NotificationRule) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (NotificationRule) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "nrl", Column: "KeyID"}, Shows{Fields: map[string][]string{"delaySeconds": {"delay_s"}}}}
}

// Fields of the table.
func (NotificationRule) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable(),
		field.String("event").Immutable().Comment("The kind of the fact, such as order.status_changed."),
		field.String("condition").Optional().Nillable().Immutable().Comment("CEL over event.… and customer.…, a bool; nil: always."),
		field.String("type").Immutable().Comment("Of the notification."),
		field.Enum("severity").Values("INFO", "SUCCESS", "WARNING", "CRITICAL").Default("INFO").Immutable(),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("locale -> title, body; templates with variables of the event."),
		field.String("url").Optional().Nillable().Immutable(),
		field.String("group_key").Optional().Nillable().Immutable().Comment("A template too."),
		field.Int("delay_s").Default(0).Immutable().Comment("So many seconds after the fact; the condition is asked again then."),
		field.Bool("active").Default(true).Immutable(),
		field.UUID("saved_by_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Int("made").Default(0).Comment("Notifications that this version made."),
		field.Int("failures").Default(0).Comment("Facts on which this version failed."),
		field.String("last_error").Optional().Nillable().Comment("Why it failed last, in English; nothing of the person."),
		field.Time("last_error_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (NotificationRule) Indexes() []ent.Index {
	return []ent.Index{index.Fields("event").StorageKey("notification_rule_in_force").Annotations(entsql.IndexWhere("retired_at is null"))}
}
