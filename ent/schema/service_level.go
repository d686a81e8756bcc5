package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// ServiceLevel says in what time tickets are answered and solved.
type ServiceLevel struct{ ent.Schema }

// Mixin of the table.
func (ServiceLevel) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (ServiceLevel) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "sla", Column: "KeyID"},
		Shows{Fields: map[string][]string{"calendar": {"calendar_id"}}},
		entsql.Checks(map[string]string{
			"service_levels_times": "first_reply_seconds > 0 AND coalesce(next_reply_seconds, 1) > 0 AND coalesce(resolve_seconds, 1) > 0 AND warn_seconds >= 0",
		}),
	}
}

// Fields of the table.
func (ServiceLevel) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable(),
		field.Int("position").Default(0).Immutable().Comment("The first one that fits a ticket is its own."),
		field.String("condition").Optional().Nillable().Immutable().Comment("CEL, a bool; none: every ticket."),
		field.Int("first_reply_seconds").Default(3600).Immutable().Comment("Of working time."),
		field.Int("next_reply_seconds").Optional().Nillable().Immutable(),
		field.Int("resolve_seconds").Optional().Nillable().Immutable(),
		field.Int("warn_seconds").Default(900).Immutable().Comment("Of working time, before a target is missed; 0: no warning."),
		field.JSON("pauses", []string{}).Immutable().Comment("Reasons of the state in which the clock stands still."),
		field.UUID("calendar_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The calendar's key_id; none: day and night."),
	}
}

// Indexes of the table.
func (ServiceLevel) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("position").StorageKey("service_level_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
