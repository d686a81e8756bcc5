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

// WishlistItem is a product that a person put aside, and what he wants to hear
// of it.
type WishlistItem struct{ ent.Schema }

// Mixin of the table.
func (WishlistItem) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (WishlistItem) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "wish"},
		Shows{Fields: map[string][]string{"addedAt": {"created_at"}}},
		entsql.Checks(map[string]string{
			"wishlist_items_price":   "price_seen_minor >= 0 AND price_told_minor >= 0",
			"wishlist_items_product": "product_id IS NOT NULL",
		}),
	}
}

// Fields of the table.
func (WishlistItem) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Never null: the edge is, where the product is not for the caller."),
		field.Int64("price_seen_minor").Comment("Of one, when it was put here."),
		field.String("currency").Comment("ISO 4217; of the prices."),
		field.Bool("price_drop").Default(true).Comment("Tell when it is cheaper than was seen or told."),
		field.Bool("back_in_stock").Default(true).Comment("Tell when it is on hand again."),
		field.Int64("price_told_minor").Comment("The price last told of; price_seen_minor at first. Only a lower one is told."),
		field.Time("stock_told_at").Optional().Nillable().Comment("When it was last told of stock; not oftener than once a day."),
	}
}

// Edges of the table.
func (WishlistItem) Edges() []ent.Edge {
	return []ent.Edge{edge.To("product", Product.Type).Field("product_id").Unique().Immutable()}
}

// Indexes of the table.
func (WishlistItem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "product_id").Unique(),
		index.Fields("user_id", "id"),
		index.Fields("product_id", "id"),
	}
}
