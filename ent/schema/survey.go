package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Survey is what customers are asked when a ticket is closed.
type Survey struct{ ent.Schema }

// Mixin of the table.
func (Survey) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (Survey) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "srv", Column: "KeyID"},
		entsql.Checks(map[string]string{
			"surveys_times": "delay_seconds >= 0 AND coalesce(remind_seconds, 1) > 0 AND valid_seconds > 0 AND every_seconds >= 0",
		}),
	}
}

// SurveyQuestion is one question of a survey.
type SurveyQuestion struct {
	Handle   string                       `json:"handle"`
	Kind     string                       `json:"kind"` // SCORE 1 to 5, CHOICE, TEXT, YES_NO
	Required bool                         `json:"required,omitempty"`
	Choices  []string                     `json:"choices,omitempty"` // handles, of CHOICE
	Texts    map[string]map[string]string `json:"texts"`             // locale -> text, and one key a choice
}

// Fields of the table.
func (Survey) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable(),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("locale -> title, thanks."),
		field.JSON("questions", []SurveyQuestion{}).Immutable(),
		field.JSON("kinds", []string{}).Optional().Immutable().Comment("Kinds of tickets; none: all."),
		field.Int("delay_seconds").Default(3600).Immutable(),
		field.Int("remind_seconds").Optional().Nillable().Immutable().Comment("After it was asked; none: no reminder."),
		field.Int("valid_seconds").Default(1209600).Immutable().Comment("After it was asked."),
		field.Int("every_seconds").Default(0).Immutable().Comment("A person is asked at most once in this time."),
		field.Int("position").Default(0).Immutable(),
	}
}

// Indexes of the table.
func (Survey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("position").StorageKey("survey_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
