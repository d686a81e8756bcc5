package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// TicketView is a saved way of looking at the queue.
type TicketView struct{ ent.Schema }

// Mixin of the table.
func (TicketView) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (TicketView) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "view"},
		Shows{Fields: map[string][]string{"isMine": {"user_id"}}},
	}
}

// Fields of the table.
func (TicketView) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.Bool("shared").Default(false).Comment("Whether colleagues see it."),
		field.JSON("filter", map[string]any{}),
		field.String("sort"),
		field.Int("position").Default(0),
	}
}

// Indexes of the table.
func (TicketView) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "name").Unique(),
	}
}
