package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// TicketLink ties two tickets; each of them has a row of its own.
type TicketLink struct{ ent.Schema }

// Mixin of the table.
func (TicketLink) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}} }

// Annotations of the table.
func (TicketLink) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "tln"},
		Shows{Fields: map[string][]string{"ticket": {"other_id"}}},
		entsql.Checks(map[string]string{
			"ticket_links_self": "ticket_id <> other_id",
		}),
	}
}

// Fields of the table.
func (TicketLink) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("ticket_id", uuid.UUID{}).Immutable(),
		field.UUID("other_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("MERGED_INTO", "MERGED_FROM", "SPLIT_INTO", "SPLIT_FROM", "RELATED").Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable(),
	}
}

// Edges of the table.
func (TicketLink) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("other", Ticket.Type).Field("other_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (TicketLink) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ticket_id", "other_id", "kind").Unique(),
		index.Fields("other_id"),
	}
}
