package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Letter is one letter that came in by mail, and what became of it.
type Letter struct{ ent.Schema }

// Mixin of the table.
func (Letter) Mixin() []ent.Mixin { return []ent.Mixin{Log{}} }

// Annotations of the table.
func (Letter) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "let"},
		Shows{Fields: map[string][]string{"whole": {"message_id"}}},
	}
}

// Fields of the table.
func (Letter) Fields() []ent.Field {
	return []ent.Field{
		field.String("message_key").Unique().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("SHA-256 of its Message-ID and sender, hex: the same one is taken once."),
		field.String("sender").Optional().Nillable().Immutable(),
		field.Enum("outcome").Values("JOINED", "OPENED", "BOUNCE", "IGNORED", "REFUSED").Immutable(),
		field.String("reason").Default("").Immutable().Comment("A code: why it was ignored or refused."),
		field.UUID("ticket_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.UUID("message_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Int64("size").Default(0).Immutable(),
	}
}

// Edges of the table.
func (Letter) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("ticket", Ticket.Type).Field("ticket_id").Unique().Immutable(),
		edge.To("message", TicketMessage.Type).Field("message_id").Unique().Immutable(),
	}
}

// Indexes of the table.
func (Letter) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ticket_id"),
	}
}
