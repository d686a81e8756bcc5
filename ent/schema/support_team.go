package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// SupportTeam is a group of operators that tickets are given to.
type SupportTeam struct{ ent.Schema }

// Mixin of the table.
func (SupportTeam) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (SupportTeam) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "team"},
	}
}

// Fields of the table.
func (SupportTeam) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Unique(),
		field.Enum("assignment").Values("MANUAL", "ROUND_ROBIN").Default("MANUAL"),
		field.JSON("kinds", []string{}).Optional().Comment("Kinds of tickets that it takes by itself; none: all."),
		field.JSON("locales", []string{}).Optional().Comment("Languages that it takes; none: all."),
		field.Int("position").Default(0).Comment("The first one that fits takes a ticket."),
		field.Bool("retired").Default(false),
	}
}

// Edges of the table.
func (SupportTeam) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("operators", Operator.Type),
	}
}
