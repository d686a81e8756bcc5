package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Address is a place to deliver to, or a recipient.
type Address struct{ ent.Schema }

// Mixin of the table.
func (Address) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfOwner{}} }

// Annotations of the table.
func (Address) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "adr", ByKind: map[string]string{"RECIPIENT": "rcp"}},
		Shows{As: []string{"Address", "Recipient"}, Fields: map[string][]string{
			"formatted": {"country", "name", "organization", "lines", "district", "city", "region", "postal_code", "sorting_code"},
		}},
	}
}

// Fields of the table.
func (Address) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("ADDRESS", "RECIPIENT").Default("ADDRESS").Immutable(),
		field.UUID("holder_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The owner again where it is a person; binds the edge."),
		field.String("label").Optional().Nillable(),
		field.String("name").Optional().Nillable(),
		field.String("organization").Optional().Nillable(),
		field.String("phone").Optional().Nillable(),
		field.String("email").Optional().Nillable().Comment("Of recipients."),
		field.String("country").Optional().Nillable().Comment("ISO 3166-1 alpha-2."),
		field.Strings("lines"),
		field.String("district").Optional().Nillable().Comment("A part of the city, where addresses have one."),
		field.String("city").Optional().Nillable(),
		field.String("region").Optional().Nillable(),
		field.String("postal_code").Optional().Nillable(),
		field.String("sorting_code").Optional().Nillable(),
		field.String("note").Optional().Nillable().Comment("What a courier should know."),
		field.Bool("is_default").Default(false),
	}
}

// Edges of the table.
func (Address) Edges() []ent.Edge {
	return []ent.Edge{edge.From("holder", User.Type).Ref("addresses").Field("holder_id").Unique().Immutable()}
}

// Indexes of the table.
func (Address) Indexes() []ent.Index {
	return []ent.Index{index.Fields("owner_id", "kind").Unique().StorageKey("address_one_default").Annotations(entsql.IndexWhere("is_default"))}
}
