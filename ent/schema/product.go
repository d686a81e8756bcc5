package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Product is something sold: goods, services, tariffs.
type Product struct{ ent.Schema }

// Mixin of the table.
func (Product) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, External{}, Annotated{}} }

// Annotations of the table.
func (Product) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "prd"},
		entsql.Checks(map[string]string{"products_amounts": "price_minor >= 0 AND (stock IS NULL OR stock >= 0)"}),
	}
}

// Fields of the table.
func (Product) Fields() []ent.Field {
	return []ent.Field{
		field.String("sku").Unique().Immutable(),
		field.String("title"),
		field.String("category").Optional().Nillable(),
		field.String("image_url").Optional().Nillable(),
		field.String("url").Optional().Nillable(),
		field.Int64("price_minor"),
		field.String("currency").Comment("ISO 4217."),
		field.Int64("stock").Optional().Nillable().Comment("Units on hand; null: not counted."),
		field.Enum("status").Values("ACTIVE", "DISCONTINUED", "DRAFT").Default("ACTIVE"),
	}
}

// Indexes of the table.
func (Product) Indexes() []ent.Index { return []ent.Index{index.Fields("status", "id")} }
