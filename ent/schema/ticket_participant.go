package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// TicketParticipant is a person of the customer's side in a ticket, with his
// own read mark.
type TicketParticipant struct{ ent.Schema }

// Mixin of the table.
func (TicketParticipant) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (TicketParticipant) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "tpt"}, Shows{Fields: map[string][]string{
		"name": {"user_id"}, "isMe": {"user_id"}, "joinedAt": {"created_at"},
	}}}
}

// Fields of the table.
func (TicketParticipant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("ticket_id", uuid.UUID{}).Immutable(),
		field.UUID("owner_id", uuid.UUID{}).Immutable(),
		field.Enum("role").Values("REQUESTER", "FOLLOWER").Default("REQUESTER").Immutable(),
		field.Int64("read_seq").Default(0).Comment("Up to which of the ticket's public_seq he has read."),
		field.Int64("read_up_to").Default(0).Comment("The seq of the last message of staff that he has read."),
		field.Time("left_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (TicketParticipant) Edges() []ent.Edge {
	return []ent.Edge{edge.From("ticket", Ticket.Type).Ref("participants").Field("ticket_id").Unique().Required().Immutable()}
}

// Indexes of the table.
func (TicketParticipant) Indexes() []ent.Index {
	return []ent.Index{index.Fields("ticket_id", "user_id").Unique()}
}
