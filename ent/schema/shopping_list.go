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

// ShoppingList is what somebody means to buy: a list with a name, or the cart.
// A list that is shared belongs to the company, any other to who made it. A
// cart belongs to a person, one for himself and one for each owner he acts for.
type ShoppingList struct{ ent.Schema }

// Mixin of the table.
func (ShoppingList) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfOwner{}} }

// Annotations of the table.
func (ShoppingList) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "list", ByKind: map[string]string{"CART": "cart"}},
		Shows{As: []string{"ShoppingList", "Cart"}, Fields: map[string][]string{
			"shared": {"owner_id", "user_id"}, "companyId": {"owner_id", "user_id"},
			"forCompanyId": {"owner_id", "for_id"}, "totals": {"id"}, "gaps": {"id"},
		}},
		entsql.Checks(map[string]string{"shopping_lists_for": "((kind = 'CART') = (for_id IS NOT NULL))"}),
	}
}

// Fields of the table.
func (ShoppingList) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("SHOPPING", "CART").Default("SHOPPING").Immutable(),
		field.String("name").Default("").Comment("Empty of a cart."),
		field.UUID("for_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Of a cart: the owner it is to be ordered for."),
	}
}

// Edges of the table.
func (ShoppingList) Edges() []ent.Edge {
	return []ent.Edge{edge.To("items", ListItem.Type)}
}

// Indexes of the table.
func (ShoppingList) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "for_id").Unique().StorageKey("shopping_list_one_cart").Annotations(entsql.IndexWhere("kind = 'CART'")),
	}
}
