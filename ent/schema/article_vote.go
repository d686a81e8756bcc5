package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// ArticleVote is what one person said of an article.
type ArticleVote struct{ ent.Schema }

// Mixin of the table.
func (ArticleVote) Mixin() []ent.Mixin { return []ent.Mixin{Row{}} }

// Annotations of the table.
func (ArticleVote) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "avo"},
	}
}

// Fields of the table.
func (ArticleVote) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("article_id", uuid.UUID{}).Immutable().Comment("The key_id."),
		field.String("locale").Immutable(),
		field.String("voter").Immutable().Comment("Whose vote: a person's id, or a hash of who was not signed in."),
		field.Bool("helped"),
		field.String("comment").Optional().Nillable(),
	}
}

// Indexes of the table.
func (ArticleVote) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("article_id", "voter").Unique(),
		index.Fields("article_id", "id"),
	}
}
