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

// OrderLine is one line of an order, as it was sold.
type OrderLine struct{ ent.Schema }

// Mixin of the table.
func (OrderLine) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, InOwner{}} }

// Annotations of the table.
func (OrderLine) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "line"},
		Shows{Always: []string{"position"}},
		entsql.Checks(map[string]string{"order_lines_quantities": "quantity > 0 AND cancelled >= 0 AND shipped >= 0 AND returned >= 0 AND cancelled + returned <= quantity"}),
	}
}

// Fields of the table.
func (OrderLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("order_id", uuid.UUID{}).Immutable(),
		field.Int("position").Immutable(),
		field.UUID("product_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("sku").Immutable(),
		field.String("title").Immutable(),
		field.String("category").Optional().Nillable().Immutable(),
		field.String("image_url").Optional().Nillable().Immutable(),
		field.String("url").Optional().Nillable().Immutable(),
		field.Int64("quantity").Immutable(),
		field.String("currency").Immutable().Comment("The order's, repeated so that a line gives Money by itself."),
		field.Int64("unit_price_minor").Immutable(),
		field.Int64("discount_minor").Default(0).Immutable(),
		field.Int64("tax_minor").Default(0).Immutable(),
		field.Int64("total_minor").Immutable(),
		field.Int64("cancelled").Default(0),
		field.Int64("shipped").Default(0),
		field.Int64("returned").Default(0),
		field.Int64("points").Default(0).Comment("Earned by this line."),
	}
}

// Edges of the table.
func (OrderLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("order", Order.Type).Ref("lines").Field("order_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Immutable(),
	}
}

// Indexes of the table.
func (OrderLine) Indexes() []ent.Index {
	return []ent.Index{index.Fields("order_id", "position").Unique(), index.Fields("product_id", "order_id")}
}
