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

// AnnouncementMark is what a person did with an announcement.
type AnnouncementMark struct{ ent.Schema }

// Mixin of the table.
func (AnnouncementMark) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (AnnouncementMark) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "anm"}, entgql.Skip(entgql.SkipAll)}
}

// Fields of the table.
func (AnnouncementMark) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("announcement_id", uuid.UUID{}).Immutable(),
		field.Time("read_at").Optional().Nillable(),
		field.Time("dismissed_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (AnnouncementMark) Edges() []ent.Edge {
	return []ent.Edge{edge.From("announcement", Announcement.Type).Ref("marks").Field("announcement_id").Unique().Required().Immutable()}
}

// Indexes of the table.
func (AnnouncementMark) Indexes() []ent.Index {
	return []ent.Index{index.Fields("announcement_id", "user_id").Unique()}
}
