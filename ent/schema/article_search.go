package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ArticleSearch is what was looked for on one day in one language, and how often in vain.
type ArticleSearch struct{ ent.Schema }

// Mixin of the table.
func (ArticleSearch) Mixin() []ent.Mixin { return []ent.Mixin{Row{}} }

// Annotations of the table.
func (ArticleSearch) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ase"},
		entsql.Checks(map[string]string{
			"article_searches_counts": "times >= 0 AND empty >= 0",
		}),
	}
}

// Fields of the table.
func (ArticleSearch) Fields() []ent.Field {
	return []ent.Field{
		field.String("words").Immutable().Comment("The stems, sorted, with spaces between: what the texts have in common."),
		field.String("text").Comment("As somebody wrote it last."),
		field.String("locale").Immutable(),
		field.String("on_date").Immutable().Comment("YYYY-MM-DD, UTC."),
		field.Int64("times").Default(0),
		field.Int64("empty").Default(0).Comment("How many of them found nothing."),
	}
}

// Indexes of the table.
func (ArticleSearch) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("words", "locale", "on_date").Unique(),
		index.Fields("on_date", "empty", "id"),
	}
}
