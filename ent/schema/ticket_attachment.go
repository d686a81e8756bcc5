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

// TicketAttachment is a file that a message of a ticket carries.
type TicketAttachment struct{ ent.Schema }

// Mixin of the table.
func (TicketAttachment) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}} }

// Annotations of the table.
func (TicketAttachment) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "att"},
		Shows{Fields: map[string][]string{"url": {"document_id"}}, Always: []string{"position"}},
		entsql.Checks(map[string]string{
			"ticket_attachments_size": "size >= 0",
		}),
	}
}

// Fields of the table.
func (TicketAttachment) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("ticket_id", uuid.UUID{}).Immutable(),
		field.UUID("message_id", uuid.UUID{}).Immutable(),
		field.UUID("document_id", uuid.UUID{}).Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Where the bytes are."),
		field.String("title").Immutable().Comment("What it is called."),
		field.String("mime").Immutable().Comment("As the bytes were found to be."),
		field.Int64("size").Immutable().Comment("Bytes."),
		field.Int("position").Default(0).Immutable(),
	}
}

// Edges of the table.
func (TicketAttachment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("message", TicketMessage.Type).Ref("attachments").Field("message_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (TicketAttachment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("message_id", "position").Unique(),
		index.Fields("ticket_id"),
		index.Fields("document_id"),
	}
}
