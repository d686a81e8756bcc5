package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ArticleSeeker is what a person looked for in the knowledge base; the last 50
// are kept.
type ArticleSeeker struct{ ent.Schema }

// Mixin of the table.
func (ArticleSeeker) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (ArticleSeeker) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "ask"}, entgql.Skip(entgql.SkipAll)}
}

// Fields of the table.
func (ArticleSeeker) Fields() []ent.Field {
	return []ent.Field{
		field.String("words").Immutable().Comment("The stems, sorted, with spaces between."),
		field.Time("sought_at").Comment("The last time."),
	}
}

// Indexes of the table.
func (ArticleSeeker) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "words").Unique(), index.Fields("user_id", "sought_at", "id")}
}
