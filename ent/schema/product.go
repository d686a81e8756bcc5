package schema

import (
	"entgo.io/contrib/entgql"
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
		Shows{Fields: map[string][]string{"boughtTogether": {"id"}, "rating": {"rating_sum", "rating_count"}, "availability": {"status", "stock"}}},
		entsql.Checks(map[string]string{
			"products_amounts": "price_minor >= 0 AND (stock IS NULL OR stock >= 0)",
			"products_rating":  "rating_count >= 0 AND rating_sum >= rating_count AND rating_sum <= 5 * rating_count",
		}),
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
		field.Bool("exclusive").Default(false).Comment("Seen only by whom product_admissions admits."),
		field.Time("released_at").Optional().Nillable().Comment("When an exclusive product is for everybody; null: never."),
		field.Time("price_source_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When the outside system gave the price; an older one never overwrites."),
		field.Time("stock_source_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The same of the stock."),
		field.Int64("rating_sum").Default(0).Comment("Of the published reviews."),
		field.Int64("rating_count").Default(0).Comment("How many of them there are."),
	}
}

// Indexes of the table.
func (Product) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("status", "id"),
		index.Fields("released_at").StorageKey("product_to_release").Annotations(entsql.IndexWhere("exclusive and released_at is not null")),
	}
}
