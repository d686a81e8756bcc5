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

// ViewedProduct is a product that a person looked at; the last 50 are kept.
type ViewedProduct struct{ ent.Schema }

// Mixin of the table.
func (ViewedProduct) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (ViewedProduct) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Shows{Always: []string{"viewed_at"}},
		entsql.Checks(map[string]string{"viewed_products_product": "product_id IS NOT NULL"}),
	}
}

// Fields of the table.
func (ViewedProduct) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Never null: the edge is, where the product is not for the caller."),
		field.Time("viewed_at").Comment("The last time."),
	}
}

// Edges of the table.
func (ViewedProduct) Edges() []ent.Edge {
	return []ent.Edge{edge.To("product", Product.Type).Field("product_id").Unique().Immutable()}
}

// Indexes of the table.
func (ViewedProduct) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "product_id").Unique(),
		index.Fields("user_id", "viewed_at", "id"),
	}
}
