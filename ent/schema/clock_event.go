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

// ClockEvent is one entry of the log that is the clock of a ticket; never changed.
type ClockEvent struct{ ent.Schema }

// Mixin of the table.
func (ClockEvent) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}} }

// Annotations of the table.
func (ClockEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "clk"},
		Shows{Fields: map[string][]string{"text": {"kind", "target", "reason", "at", "due_at", "spent_seconds"}}},
		entsql.Checks(map[string]string{
			"clock_events_seq": "seq > 0",
		}),
	}
}

// Fields of the table.
func (ClockEvent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("ticket_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable().Annotations(entgql.OrderField("SEQ")).Comment("Its number in the ticket."),
		field.Enum("target").Values("FIRST_REPLY", "NEXT_REPLY", "RESOLUTION").Immutable(),
		field.Int("round").Default(1).Immutable().Comment("Which next reply, which resolution: one up each time the target starts anew."),
		field.Enum("kind").Values("ACTIVATE", "PAUSE", "RESUME", "WARN", "BREACH", "FULFIL", "CANCEL").Immutable(),
		field.Time("at").Immutable().Comment("When it happened; of WARN and BREACH, when it was due."),
		field.Time("due_at").Optional().Nillable().Immutable().Comment("Of ACTIVATE and RESUME: when the target is missed, as it stands."),
		field.Int("spent_seconds").Default(0).Immutable().Comment("Working time used until then."),
		field.String("reason").Default("").Immutable().Comment("Of the state, or what was done."),
		field.UUID("level_id", uuid.UUID{}).Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The version of the service level."),
	}
}

// Indexes of the table.
func (ClockEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ticket_id", "seq").Unique(),
		index.Fields("ticket_id", "target", "round", "kind").Unique().StorageKey("clock_event_once").Annotations(entsql.IndexWhere("kind <> 'ACTIVATE' and kind <> 'PAUSE' and kind <> 'RESUME'")),
	}
}
