package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Reminder is what a person wants to be reminded of.
type Reminder struct{ ent.Schema }

// Mixin of the table.
func (Reminder) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (Reminder) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "rem"},
		Shows{Fields: map[string][]string{"subjectId": {"subject_kind", "subject_id"}, "at": {"local_at", "time_zone"}}},
		entsql.Checks(map[string]string{"reminders_due": "((status = 'WAITING') = (due_at IS NOT NULL))"}),
	}
}

// Fields of the table.
func (Reminder) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("DATE", "SUBJECT", "POINTS_EXPIRY", "OFFER_END").Immutable().
			Comment("DATE: a moment; SUBJECT: a moment, about a product, an order or a ticket; POINTS_EXPIRY and OFFER_END: so many days before."),
		field.String("title"),
		field.String("note").Optional().Nillable(),
		field.String("subject_kind").Optional().Nillable().Immutable().Comment("The TypeID prefix of what it is about."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("local_at").Optional().Nillable().Comment("The wall clock, YYYY-MM-DDTHH:MM, of DATE and SUBJECT: kept as said, so that it stays when clocks change."),
		field.String("time_zone").Comment("IANA, of local_at."),
		field.Int("days_before").Optional().Nillable().Comment("Of POINTS_EXPIRY and OFFER_END."),
		field.Enum("repeats").Values("NEVER", "DAILY", "WEEKLY", "MONTHLY", "YEARLY").Default("NEVER"),
		field.Enum("status").Values("WAITING", "DONE", "GONE").Default("WAITING").Comment("GONE: what it was about is no more."),
		field.Time("due_at").Optional().Nillable().Comment("When the person is reminded next."),
		field.Time("last_at").Optional().Nillable(),
		field.Int("times").Default(0),
	}
}

// Indexes of the table.
func (Reminder) Indexes() []ent.Index {
	return []ent.Index{index.Fields("due_at").StorageKey("reminder_due").Annotations(entsql.IndexWhere("status = 'WAITING'"))}
}
