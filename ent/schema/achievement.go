package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Achievement is how far a person came in a campaign of kind ACHIEVEMENT or
// CHALLENGE in one of its periods, and when he had it.
type Achievement struct{ ent.Schema }

// Mixin of the table.
func (Achievement) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (Achievement) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ach"},
		Shows{Fields: map[string][]string{
			"campaign": {"campaign_id"}, "label": {"campaign_id"}, "progress": {"campaign_id", "current", "target", "period_ends_at"},
			"percent": {"current", "target"}, "isEarned": {"earned_at"},
		}},
		entsql.Checks(map[string]string{"achievements_target": "target > 0 AND current >= 0 AND points >= 0"}),
	}
}

// Fields of the table.
func (Achievement) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("campaign_id", uuid.UUID{}).Immutable(),
		field.String("period").Immutable().Comment("ever, 2026-11, 2026-W47 and the like."),
		field.Int64("current").Default(0),
		field.Int64("target").Immutable(),
		field.Int64("points").Default(0).Comment("Given for it."),
		field.Time("earned_at").Optional().Nillable(),
		field.Time("period_ends_at").Optional().Nillable().Immutable(),
	}
}

// Indexes of the table.
func (Achievement) Indexes() []ent.Index {
	return []ent.Index{index.Fields("campaign_id", "owner_id", "period").Unique()}
}
