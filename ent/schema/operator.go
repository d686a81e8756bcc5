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

// Operator is a staff member who answers tickets.
type Operator struct{ ent.Schema }

// Mixin of the table.
func (Operator) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (Operator) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "opr"},
		Shows{Fields: map[string][]string{"user": {"user_id"}, "openTickets": {"user_id"}}},
		entsql.Checks(map[string]string{
			"operators_capacity": "capacity >= 0 AND capacity <= 1000",
		}),
	}
}

// Fields of the table.
func (Operator) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("team_id", uuid.UUID{}).Optional().Nillable(),
		field.Int("capacity").Default(10).Comment("Open tickets at once that are given to him by turn."),
		field.JSON("skills", []string{}).Optional(),
		field.JSON("locales", []string{}).Optional().Comment("Languages he answers in; none: all."),
		field.Bool("away").Default(false),
		field.Time("last_given_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When a ticket was given to him by turn: who waited longest is next."),
	}
}

// Edges of the table.
func (Operator) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("team", SupportTeam.Type).Ref("operators").Field("team_id").Unique(),
	}
}

// Indexes of the table.
func (Operator) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id").Unique().StorageKey("operator_person"),
		index.Fields("team_id"),
	}
}
