package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// TicketEdit is what a message was before it was edited, hidden, shown or removed; never changed.
type TicketEdit struct{ ent.Schema }

// Mixin of the table.
func (TicketEdit) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}} }

// Annotations of the table.
func (TicketEdit) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ted"},
		entsql.Checks(map[string]string{
			"ticket_edits_kind": "kind IN ('EDIT','REMOVE','HIDE','SHOW')",
		}),
	}
}

// Fields of the table.
func (TicketEdit) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("ticket_id", uuid.UUID{}).Immutable(),
		field.UUID("message_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("EDIT", "REMOVE", "HIDE", "SHOW").Immutable(),
		field.String("body").Optional().Immutable().Comment("The text before it."),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("actor_name").Default("").Immutable(),
	}
}

// Indexes of the table.
func (TicketEdit) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("message_id", "id"),
		index.Fields("ticket_id"),
	}
}
