package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Article is one version of an article of the knowledge base in one language.
type Article struct{ ent.Schema }

// Mixin of the table.
func (Article) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (Article) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "art", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"category": {"category_id"}, "locales": {"key_id"}, "helpedCount": {"helped"}, "notHelpedCount": {"not_helped"},
			"myVote": {"key_id"}, "authorId": {"author_id"},
		}, Always: []string{"key_id", "locale"}},
		entsql.Checks(map[string]string{
			"articles_counts": "helped >= 0 AND not_helped >= 0 AND version > 0",
		}),
	}
}

// Fields of the table.
func (Article) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("key_id", uuid.UUID{}).Immutable().Comment("The edge id, the same in all versions and languages."),
		field.String("handle").Optional().Nillable().Immutable().Comment("How programs and links name it; the same in all versions and languages."),
		field.String("locale").Immutable(),
		field.Int("version").Immutable(),
		field.UUID("category_id", uuid.UUID{}).Optional().Nillable(),
		field.Enum("audience").Values("EVERYBODY", "SIGNED_IN", "PARTNERS").Default("EVERYBODY"),
		field.Enum("status").Values("DRAFT", "SCHEDULED", "PUBLISHED", "RETIRED").Default("DRAFT"),
		field.String("title"),
		field.String("summary").Default(""),
		field.String("body").Comment("Markdown without HTML."),
		field.JSON("keywords", []string{}).Optional(),
		field.Time("publish_at").Optional().Nillable(),
		field.Time("published_at").Optional().Nillable(),
		field.Int64("helped").Default(0),
		field.Int64("not_helped").Default(0),
		field.UUID("author_id", uuid.UUID{}).Optional().Nillable(),
		field.Int("position").Default(0).Annotations(entgql.OrderField("POSITION")),
	}
}

// Indexes of the table.
func (Article) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("key_id", "locale", "version").Unique(),
		index.Fields("key_id", "locale").Unique().StorageKey("article_in_force").Annotations(entsql.IndexWhere("status = 'PUBLISHED'")),
		index.Fields("handle", "locale", "version").Unique(),
		index.Fields("category_id", "position", "id"),
		index.Fields("position", "id").StorageKey("article_shown").Annotations(entsql.IndexWhere("status = 'PUBLISHED'")),
		index.Fields("publish_at").StorageKey("article_due").Annotations(entsql.IndexWhere("status = 'SCHEDULED'")),
	}
}
