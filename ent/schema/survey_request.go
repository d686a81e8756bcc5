package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// SurveyRequest is a survey that one person was asked about one ticket.
type SurveyRequest struct{ ent.Schema }

// Mixin of the table.
func (SurveyRequest) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (SurveyRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "srq"},
		entsql.Checks(map[string]string{
			"survey_requests_score": "coalesce(score, 1) BETWEEN 1 AND 5",
		}),
	}
}

// Fields of the table.
func (SurveyRequest) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("ticket_id", uuid.UUID{}).Immutable(),
		field.UUID("survey_id", uuid.UUID{}).Immutable().Comment("The version that is asked."),
		field.String("locale").Immutable(),
		field.Enum("status").Values("PLANNED", "ASKED", "ANSWERED", "EXPIRED", "CANCELLED").Default("PLANNED"),
		field.Time("ask_at"),
		field.Time("asked_at").Optional().Nillable(),
		field.Time("remind_at").Optional().Nillable(),
		field.Time("reminded_at").Optional().Nillable(),
		field.Time("expires_at").Optional().Nillable(),
		field.Time("answered_at").Optional().Nillable(),
		field.JSON("answers", map[string]any{}).Optional(),
		field.Int("score").Optional().Nillable(),
		field.String("comment").Optional().Nillable(),
		field.UUID("operator_id", uuid.UUID{}).Optional().Nillable().Comment("Who had the ticket when it was closed."),
	}
}

// Indexes of the table.
func (SurveyRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ticket_id", "user_id"),
		index.Fields("user_id", "asked_at"),
		index.Fields("status", "ask_at"),
	}
}
