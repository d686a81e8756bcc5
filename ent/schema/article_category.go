package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// ArticleCategory is a shelf of the knowledge base.
type ArticleCategory struct{ ent.Schema }

// Mixin of the table.
func (ArticleCategory) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (ArticleCategory) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "acat"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "handle"}, "description": {"texts"}, "translations": {"texts"}, "parent": {"parent_id"}, "children": {"id"},
		}},
	}
}

// Fields of the table.
func (ArticleCategory) Fields() []ent.Field {
	return []ent.Field{
		field.String("handle").Unique(),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable(),
		field.Int("position").Default(0),
		field.JSON("texts", map[string]map[string]string{}).Comment("locale -> name, description."),
		field.Enum("audience").Values("EVERYBODY", "SIGNED_IN", "PARTNERS").Default("EVERYBODY"),
		field.Enum("shown_to").Values("EVERYBODY", "SIGNED_IN", "PARTNERS", "NOBODY").Default("EVERYBODY").Comment("The narrowest audience of it and what it stands in; NOBODY where one of them is retired. The fence's column."),
		field.Bool("retired").Default(false),
	}
}

// Indexes of the table.
func (ArticleCategory) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("parent_id", "position"),
	}
}
