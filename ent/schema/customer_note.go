package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// CustomerNote is what staff keeps in mind about a customer.
type CustomerNote struct{ ent.Schema }

// Mixin of the table.
func (CustomerNote) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (CustomerNote) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "cno"},
		Shows{Fields: map[string][]string{"authorId": {"author_id"}, "isMine": {"author_id"}}},
	}
}

// Fields of the table.
func (CustomerNote) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("author_id", uuid.UUID{}).Immutable(),
		field.String("author_name").Immutable(),
		field.String("body"),
		field.Bool("pinned").Default(false),
		field.String("client_id").Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Minted by the client: a retry never doubles."),
		field.Time("removed_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
	}
}

// Indexes of the table.
func (CustomerNote) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id"),
		index.Fields("user_id", "author_id", "client_id").Unique(),
	}
}
