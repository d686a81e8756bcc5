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

// SurveyRequest is a survey that one person was asked about one ticket.
type SurveyRequest struct{ ent.Schema }

// Mixin of the table.
func (SurveyRequest) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (SurveyRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "srq"},
		Shows{As: []string{"TicketSurvey", "TicketRating"}, Fields: map[string][]string{
			"title":     {"survey_id", "locale"},
			"thanks":    {"survey_id", "locale"},
			"language":  {"survey_id", "locale"},
			"questions": {"survey_id", "locale"},
			"answers":   {"survey_id", "locale", "answers"},
			"surveyId":  {"survey_id"},
		}},
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
		field.Time("answered_at").Optional().Nillable().Annotations(entgql.OrderField("ANSWERED_AT")),
		field.JSON("answers", map[string]any{}).Optional(),
		field.Int("score").Optional().Nillable(),
		field.String("comment").Optional().Nillable(),
		field.UUID("operator_id", uuid.UUID{}).Optional().Nillable().Comment("Who had the ticket when it was closed."),
	}
}

// Edges of the table.
func (SurveyRequest) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("ticket", Ticket.Type).Field("ticket_id").Unique().Required().Immutable(),
		edge.To("customer", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("operator", User.Type).Field("operator_id").Unique(),
	}
}

// Indexes of the table.
func (SurveyRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ticket_id", "user_id"),
		index.Fields("user_id", "asked_at"),
		index.Fields("status", "ask_at"),
		index.Fields("answered_at", "id").StorageKey("survey_request_answered").Annotations(entsql.IndexWhere("answered_at is not null")),
		index.Fields("remind_at", "id").StorageKey("survey_request_remind").Annotations(entsql.IndexWhere("status = 'ASKED' and reminded_at is null")),
		index.Fields("expires_at", "id").StorageKey("survey_request_expires").Annotations(entsql.IndexWhere("status = 'ASKED'")),
	}
}
