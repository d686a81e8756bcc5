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

// ListItem is one product of a shopping list or a cart.
type ListItem struct{ ent.Schema }

// Mixin of the table.
func (ListItem) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, InOwner{}} }

// Annotations of the table.
func (ListItem) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "item"},
		Shows{Fields: map[string][]string{"addedAt": {"created_at"}}, Always: []string{"position"}},
		entsql.Checks(map[string]string{
			"list_items_quantity": "quantity > 0",
			"list_items_price":    "price_seen_minor >= 0",
			"list_items_product":  "product_id IS NOT NULL",
		}),
	}
}

// Fields of the table.
func (ListItem) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("list_id", uuid.UUID{}).Immutable(),
		field.Int("position").Comment("From 1."),
		field.UUID("product_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Never null: the edge is, where the product is not for the caller."),
		field.Int64("quantity"),
		field.Int64("price_seen_minor").Comment("Of one, when it was put here."),
		field.String("currency").Comment("ISO 4217; of price_seen_minor."),
	}
}

// Edges of the table.
func (ListItem) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("list", ShoppingList.Type).Ref("items").Field("list_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Immutable(),
	}
}

// Indexes of the table.
func (ListItem) Indexes() []ent.Index {
	return []ent.Index{index.Fields("list_id", "product_id").Unique()}
}
