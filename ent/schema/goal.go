package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Goal is what a person wants to reach each week or month.
type Goal struct{ ent.Schema }

// Mixin of the table.
func (Goal) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (Goal) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "goal"},
		entsql.Checks(map[string]string{"goals_target": "target > 0"}),
	}
}

// Fields of the table.
func (Goal) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("counter").Values("VISITS", "ORDERS", "POINTS").Immutable(),
		field.Enum("period").Values("WEEK", "MONTH").Default("WEEK").Immutable(),
		field.Int64("target"),
		field.String("name").Optional().Nillable(),
		field.String("reached_in").Optional().Nillable().Comment("The last period in which it was reached, so that the person hears of it once."),
	}
}

// Indexes of the table.
func (Goal) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "counter", "period").Unique()}
}
