package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ContactPoint is an address at which a person is reached, verified on its own.
type ContactPoint struct{ ent.Schema }

// Mixin of the table.
func (ContactPoint) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (ContactPoint) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "cpt"}}
}

// Fields of the table.
func (ContactPoint) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("EMAIL", "PHONE"),
		field.String("value").Comment("As the person wrote it."),
		field.String("value_key").Comment("Folded in Go: how it is found, whatever the case."),
		field.Time("verified_at").Optional().Nillable(),
		field.Bool("is_primary").Default(false),
		field.Time("bounced_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When letters to it came back last; cleared by the next proof."),
	}
}

// Edges of the table.
func (ContactPoint) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("contact_points").Field("user_id").Unique().Required().Immutable()}
}

// Indexes of the table.
func (ContactPoint) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("kind", "value_key").Unique(),
		index.Fields("user_id", "kind").Unique().StorageKey("contact_point_one_primary").Annotations(entsql.IndexWhere("is_primary")),
	}
}
