package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// ClubMember is an owner's membership of a club; one that left keeps its row
// and may come back.
type ClubMember struct{ ent.Schema }

// Mixin of the table.
func (ClubMember) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (ClubMember) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "clm"}, Shows{Fields: map[string][]string{"club": {"club_id"}}}}
}

// Fields of the table.
func (ClubMember) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("club_id", uuid.UUID{}).Immutable(),
		field.Time("joined_at"),
		field.Time("left_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (ClubMember) Indexes() []ent.Index {
	return []ent.Index{index.Fields("club_id", "owner_id").Unique()}
}
