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

// Review is what a person says of a product he bought and received.
type Review struct{ ent.Schema }

// Mixin of the table.
func (Review) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (Review) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "rev"},
		Shows{Fields: map[string][]string{
			"authorId": {"user_id"}, "rejectReason": {"user_id", "reject_reason"}, "orderLineId": {"user_id", "order_line_id"},
		}},
		entsql.Checks(map[string]string{
			"reviews_rating":  "rating BETWEEN 1 AND 5",
			"reviews_status":  "status IN ('PENDING','PUBLISHED','REJECTED')",
			"reviews_product": "product_id IS NOT NULL",
		}),
	}
}

// Fields of the table.
func (Review) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Never null: the edge is, where the product is not for the caller."),
		field.UUID("order_line_id", uuid.UUID{}).Comment("By which the product was bought, last."),
		field.Int("rating").Comment("1 to 5."),
		field.String("title").Optional().Nillable(),
		field.String("body").Optional().Nillable(),
		field.String("author_name").Optional().Nillable().Comment("As the author's privacy shows it; kept up when the profile changes."),
		field.Enum("status").Values("PENDING", "PUBLISHED", "REJECTED").Default("PENDING"),
		field.String("reject_reason").Optional().Nillable().Comment("What staff tells the author."),
		field.Time("written_at").Comment("When the author wrote or changed it last."),
		field.Time("published_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (Review) Edges() []ent.Edge {
	return []ent.Edge{edge.To("product", Product.Type).Field("product_id").Unique().Immutable()}
}

// Indexes of the table.
func (Review) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "product_id").Unique(),
		index.Fields("user_id", "id"),
		index.Fields("product_id", "status", "id"),
		index.Fields("status", "id"),
	}
}
