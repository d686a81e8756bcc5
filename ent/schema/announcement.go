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

// Announcement is told to everybody at once: one row and one stream, never a
// row a person.
type Announcement struct{ ent.Schema }

// Mixin of the table.
func (Announcement) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (Announcement) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ann"},
		Shows{Fields: map[string][]string{"title": {"texts"}, "body": {"texts"}, "translations": {"texts"}, "readAt": {"id"}, "dismissedAt": {"id"}, "status": {"starts_at", "ends_at", "withdrawn_at"}}},
	}
}

// Fields of the table.
func (Announcement) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("severity").Values("INFO", "SUCCESS", "WARNING", "CRITICAL").Default("INFO"),
		field.Enum("audience").Values("EVERYBODY", "CUSTOMERS", "PARTNERS", "STAFF").Default("CUSTOMERS").Comment("EVERYBODY: also who is not signed in."),
		field.JSON("texts", map[string]map[string]string{}).Comment("locale -> title, body."),
		field.String("url").Optional().Nillable(),
		field.Bool("dismissible").Default(true),
		field.Time("starts_at"),
		field.Time("ends_at").Optional().Nillable(),
		field.Time("told_at").Optional().Nillable().Comment("When the stream was told last that it began or was over."),
		field.Bool("told_over").Default(false).Annotations(entgql.Skip(entgql.SkipAll)).Comment("The stream was told that it is over."),
		field.Time("withdrawn_at").Optional().Nillable(),
		field.UUID("saved_by_id", uuid.UUID{}).Optional().Nillable(),
	}
}

// Edges of the table.
func (Announcement) Edges() []ent.Edge { return []ent.Edge{edge.To("marks", AnnouncementMark.Type)} }

// Indexes of the table.
func (Announcement) Indexes() []ent.Index {
	return []ent.Index{index.Fields("starts_at"), index.Fields("ends_at")}
}
